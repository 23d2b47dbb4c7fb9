"""Marks for a digest: muted, irrelevant and followed stories."""

import asyncio
from datetime import time, timedelta

import pytest
from support.feedback_desk import ORCHARD, PLAN, FeedbackDesk, reported

from monitor.domain.digest import Digest, DigestPlan
from monitor.domain.feedback import MarkKind
from monitor.domain.mention import HitKind
from monitor.domain.poll_state import SourceState
from monitor.domain.source_health import SourceDiagnosis, notice_due, with_diagnosis, with_notice
from monitor.domain.values import replace
from monitor.store.database import Database

SECOND = (
    "Forty ships a day can use the harbour of Northport since Monday, when Ada Lovell opened its piers. Fishermen want "
    "to keep the old quay for their boats, and the mayor of Northport promised the fishermen a new quay."
)
THIRD = (
    "Boats of the fishermen blocked the new harbour of Northport for an hour. The mayor asked Ada Lovell to "
    "leave the fishermen their old quay, because forty ships a day do not need both piers of the harbour."
)
NOBODY = (
    "The mayor of Northport thanked the workers of the new harbour again. Two piers for forty ships a day were built "
    "in three years, the mayor said, and the fishermen with their boats at the old quay of the harbour were in the way."
)
NOBODY_EITHER = (
    "Fishermen left the old quay of Northport with their boats at noon. The mayor had shown them the piers of the new "
    "harbour for forty ships, and a quay next to the piers where their boats have a place."
)

DAY = timedelta(days=1)
DAILY = replace(PLAN, at=time(7))


def mark(desk: FeedbackDesk, kind: MarkKind, article: int = 1, **more: object) -> int:
    """Mark the story of an article for the digest; return the number of the change."""
    desk.clock.advance(timedelta(minutes=1))
    story = desk.database.queries.get_article(article).story_id
    done = asyncio.run(desk.service.mark(story, kind, desk.actor(), plan_id=PLAN.id, **more))  # type: ignore[arg-type]
    return done.change.id


def block_source(desk: FeedbackDesk, name: str) -> None:
    """Store a poll by which a source is blocked."""
    (lease,) = desk.database.sources.lease_due(desk.now, 1, desk.now + timedelta(minutes=5), only={name})
    state = with_diagnosis(lease.poll_state, SourceDiagnosis(SourceState.BLOCKED, "403"), desk.now)
    state = replace(state, failures=1.0)
    desk.database.sources.record_poll(lease, with_notice(state, notice_due(state, desk.now), desk.now))


def lines(digests: list[Digest]) -> list[str]:
    """Return the lines about muted stories."""
    return [text for digest in digests for text in digest.notices if text.startswith("Muted")]


def report_first(desk: FeedbackDesk) -> None:
    """Report the story that the tests mark."""
    desk.compose(DAY)
    desk.add()
    assert reported(desk.compose(DAY)) == [1]


@pytest.fixture
def desk(database: Database) -> FeedbackDesk:
    """Set up the installation with a reported story."""
    found = FeedbackDesk(database)
    report_first(found)
    return found


def test_a_muted_story_is_one_line_among_other_news(desk: FeedbackDesk) -> None:
    """Its reports then count as reported."""
    mark(desk, MarkKind.MUTED)
    second, other = desk.add(SECOND, outlet="post"), desk.add(ORCHARD, "Apples")
    digests = desk.compose()
    assert reported(digests) == [other]
    (line,) = lines(digests)
    assert line.startswith("Muted: one report of “The harbour of Northport” [s1] (until ")
    assert desk.waiting() == set()
    assert desk.reject(second).rescreened.reported == 1
    assert desk.compose() == []


@pytest.mark.parametrize("plan", [PLAN, DAILY], ids=["immediate", "daily"])
def test_reports_of_a_muted_story_wait_for_other_news(plan: DigestPlan, database: Database) -> None:
    """Alone they cause no digest and do not count as reported; the next digest that is sent has the line."""
    desk = FeedbackDesk(database, plan=plan)
    report_first(desk)
    mark(desk, MarkKind.MUTED)
    desk.add(SECOND, outlet="post")
    assert desk.compose(DAY) == []
    desk.add(THIRD, outlet="echo")
    assert desk.compose(DAY) == []
    assert len(desk.waiting()) == 2
    other = desk.add(ORCHARD, "Apples")
    digests = desk.compose(DAY)
    assert (reported(digests), len(lines(digests)), desk.waiting()) == ([other], 1, set())
    assert lines(digests)[0].startswith("Muted: 2 reports of")
    assert "Muted: 2 reports of" in desk.database.deliveries.list_deliveries()[0].message.rendered.text


@pytest.mark.parametrize("plan", [PLAN, DAILY], ids=["immediate", "daily"])
def test_undoing_a_mute_reports_what_waits(plan: DigestPlan, database: Database) -> None:
    """Reports that a digest has counted in its line are not repeated."""
    desk = FeedbackDesk(database, plan=plan)
    report_first(desk)
    change = mark(desk, MarkKind.MUTED)
    desk.add(SECOND, outlet="post")
    desk.add(ORCHARD, "Apples")
    assert len(lines(desk.compose(DAY))) == 1
    third = desk.add(THIRD, outlet="echo")
    assert desk.compose(DAY) == []
    desk.undo(change)
    digests = desk.compose(DAY)
    assert (reported(digests), lines(digests), desk.waiting()) == ([third], [], set())


def test_waiting_reports_of_a_muted_story_do_not_make_a_digest_overdue(desk: FeedbackDesk) -> None:
    """Only the time of a report that the digest shows counts."""
    mark(desk, MarkKind.MUTED)
    desk.add(SECOND, outlet="post")
    assert desk.compose() == []
    desk.clock.advance(timedelta(hours=1))
    desk.add(ORCHARD, "Apples")
    (digest,) = asyncio.run(desk.composer.run_due(desk.configuration))
    assert not digest.is_overdue


def test_reports_of_an_irrelevant_story_wait_with_those_of_a_muted_one(desk: FeedbackDesk) -> None:
    """A digest is not composed for them; they count as reported with the next one that is sent."""
    desk.add(ORCHARD, "Apples")
    desk.compose()
    mark(desk, MarkKind.MUTED)
    mark(desk, MarkKind.IRRELEVANT, article=2)
    desk.add(SECOND, outlet="post")
    desk.add(ORCHARD + " Pears will be scarce, too.", "Pears", outlet="echo")
    assert desk.compose() == []
    assert len(desk.waiting()) == 2
    other = desk.add(SECOND + " Ben Harcastle was there, too.", outlet="times")
    assert (reported(desk.compose()), desk.waiting()) == ([other], set())


def test_a_mute_lasts_while_the_story_goes_on(desk: FeedbackDesk) -> None:
    """Each hidden report prolongs it; reports that still wait are shown when it ends."""
    mark(desk, MarkKind.MUTED)
    second = desk.add(SECOND, outlet="post")
    assert desk.compose(timedelta(days=3)) == []
    third = desk.add(THIRD, outlet="echo")
    assert desk.compose(timedelta(days=12)) == []
    assert reported(desk.compose(timedelta(days=3))) == [second, third]


def test_a_mute_that_has_ended_stays_ended(desk: FeedbackDesk) -> None:
    """A report after its end does not bring it back."""
    mark(desk, MarkKind.MUTED)
    desk.clock.advance(timedelta(days=15))
    second = desk.add(SECOND, outlet="post")
    assert reported(desk.compose()) == [second]
    third = desk.add(THIRD, outlet="echo")
    assert reported(desk.compose()) == [third]


def test_reports_of_a_muted_story_do_not_go_with_a_notice_about_a_source(desk: FeedbackDesk) -> None:
    """It goes only to channels without another digest, so the reports still wait."""
    mark(desk, MarkKind.MUTED)
    desk.add(SECOND, outlet="post")
    assert desk.compose() == []
    block_source(desk, "echo")
    (digest,) = desk.compose(timedelta(hours=2))
    assert (lines([digest]), len(desk.waiting())) == ([], 1)


def test_another_person_in_a_muted_story_is_reported(desk: FeedbackDesk) -> None:
    """The mark stays: later reports about the person known before are hidden."""
    mark(desk, MarkKind.MUTED)
    both = desk.add(SECOND + " Ben Harcastle was there, too.", outlet="post")
    assert reported(desk.compose()) == [both]
    desk.add(THIRD, outlet="echo")
    assert desk.compose() == []


def test_a_mark_ends_by_time_or_undo(desk: FeedbackDesk) -> None:
    """Without an end it ends 14 days after the last report."""
    change = mark(desk, MarkKind.MUTED)
    desk.undo(change)
    second = desk.add(SECOND, outlet="post")
    assert reported(desk.compose()) == [second]
    mark(desk, MarkKind.MUTED, until_at=desk.now + timedelta(hours=2))
    desk.clock.advance(timedelta(hours=3))
    third = desk.add(THIRD, outlet="echo")
    assert reported(desk.compose()) == [third]


def test_an_irrelevant_story_is_left_out_without_a_line(desk: FeedbackDesk) -> None:
    """For all readers of the digest."""
    mark(desk, MarkKind.IRRELEVANT)
    desk.add(SECOND, outlet="post")
    other = desk.add(ORCHARD, "Apples")
    digests = desk.compose()
    assert (reported(digests), lines(digests)) == ([other], [])


def test_a_followed_story_is_reported_with_every_new_article(desk: FeedbackDesk) -> None:
    """Also with one that names nobody, once; a copy of a text is not a new report."""
    mark(desk, MarkKind.FOLLOWED)
    article = desk.add(NOBODY, outlet="post")
    assert desk.database.queries.get_article(article).story_id == "s1"
    assert desk.waiting() == set()
    digests = desk.compose()
    (item,) = digests[0].stories[0].items
    assert (item.article_id, item.kind, item.rule_ids) == (article, HitKind.FOLLOWED, ())
    assert item.passages[0].text.startswith("The mayor of Northport thanked")
    assert "Followed stories" in desk.database.deliveries.list_deliveries()[0].message.rendered.text
    desk.add(NOBODY, outlet="echo")
    assert desk.compose() == []


def test_articles_from_before_a_story_was_followed_take_no_place(
    desk: FeedbackDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the places in a digest, also if another story has been followed for longer."""
    monkeypatch.setattr("monitor.store.marks.MAX_FOLLOWED_ARTICLES", 1)
    mark(desk, MarkKind.FOLLOWED, desk.add(ORCHARD, "Apples"))
    desk.add(NOBODY, outlet="post")
    desk.compose()
    mark(desk, MarkKind.FOLLOWED)
    later = desk.add(NOBODY_EITHER, outlet="echo")
    assert desk.database.queries.get_article(later).story_id == "s1"
    assert reported(desk.compose()) == [later]


def test_the_newest_of_mute_and_follow_counts(desk: FeedbackDesk) -> None:
    """Undoing it lets the older one count again."""
    mark(desk, MarkKind.MUTED)
    change = mark(desk, MarkKind.FOLLOWED)
    second = desk.add(SECOND, outlet="post")
    assert reported(desk.compose()) == [second]
    desk.undo(change)
    desk.add(THIRD, outlet="echo")
    assert desk.compose() == []

"""Marks for a digest: muted, irrelevant and followed stories."""

import asyncio
from datetime import timedelta

import pytest
from support.feedback_desk import ORCHARD, PLAN, FeedbackDesk, reported

from monitor.domain.digest import Digest
from monitor.domain.feedback import MarkKind
from monitor.domain.mention import HitKind
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


def mark(desk: FeedbackDesk, kind: MarkKind, **more: object) -> int:
    """Mark the story of the first article for the digest; return the number of the change."""
    desk.clock.advance(timedelta(minutes=1))
    story = desk.database.queries.get_article(1).story_id
    done = asyncio.run(desk.service.mark(story, kind, desk.actor(), plan_id=PLAN.id, **more))  # type: ignore[arg-type]
    return done.change.id


def lines(digests: list[Digest]) -> list[str]:
    """Return the lines about muted stories."""
    return [text for digest in digests for text in digest.notices if text.startswith("Muted")]


@pytest.fixture
def desk(database: Database) -> FeedbackDesk:
    """Set up the installation with a reported story."""
    found = FeedbackDesk(database)
    found.compose()
    found.add()
    assert reported(found.compose()) == [1]
    return found


def test_a_muted_story_is_one_line_among_other_news(desk: FeedbackDesk) -> None:
    """Its reports count as reported; alone they cause no digest."""
    mark(desk, MarkKind.MUTED)
    second, other = desk.add(SECOND, outlet="post"), desk.add(ORCHARD, "Apples")
    digests = desk.compose()
    assert reported(digests) == [other]
    (line,) = lines(digests)
    assert line.startswith("Muted: one report of “The harbour of Northport” [s1] (until ")
    desk.add(THIRD, outlet="echo")
    assert desk.compose() == []
    assert desk.waiting() == set()
    assert desk.reject(second).rescreened.reported == 1
    assert desk.compose() == []


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


def test_the_newest_of_mute_and_follow_counts(desk: FeedbackDesk) -> None:
    """Undoing it lets the older one count again."""
    mark(desk, MarkKind.MUTED)
    change = mark(desk, MarkKind.FOLLOWED)
    second = desk.add(SECOND, outlet="post")
    assert reported(desk.compose()) == [second]
    desk.undo(change)
    desk.add(THIRD, outlet="echo")
    assert desk.compose() == []

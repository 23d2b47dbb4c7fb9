"""Verdicts of readers: what they change at once, on copies, in digests, and that each can be undone."""

import asyncio
from datetime import time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.feedback_desk import HARBOUR, ORCHARD, PLAN, WATCHLIST, FeedbackDesk, notices, reported
from support.stores import open_database

from monitor.domain.article import Article
from monitor.domain.digest import ReportedContent
from monitor.domain.errors import UsageError
from monitor.domain.feedback import Proposal, ProposalKind, RejectionReason, VerdictKind
from monitor.domain.mention import HitKind, MatchForm
from monitor.domain.revision import ArticleEvent
from monitor.domain.values import replace
from monitor.domain.watchlist import Rule, Watchlist
from monitor.match.engine import compile_watchlist
from monitor.store.database import Database

LADY = "Lady ada lovell wrote to the council. The bridge of Northport is closed until May, the council said on Friday."
NEAR = "The barge Lovell sank off Northport. The crew of five was saved by a fishing boat, the harbour police said."


def test_a_rejected_mention_leaves_the_next_digest(desk: FeedbackDesk) -> None:
    """The short name that leaned on it goes, too; the near miss says who rejected it and why."""
    article = desk.add()
    assert desk.waiting() == {(article, ("ada",))}
    result = desk.reject(article, reason=RejectionReason.NAMESAKE)
    assert (result.rescreened.withdrawn, result.rescreened.reported) == (1, 0)
    assert desk.waiting() == set()
    findings = desk.database.queries.get_findings(article)
    assert (findings.mentions, findings.hits) == ((), ())
    assert next(one.reason for one in findings.near_misses).startswith("rejected by ann on ")
    assert desk.compose() == []


def test_a_rejection_of_one_text_keeps_the_others(desk: FeedbackDesk) -> None:
    """Only the mentions with this text become near misses; another spelling of the name still counts."""
    article = desk.add(HARBOUR + " Dame Ada  Lovell left at noon.")
    desk.reject(article, written="Lovell")
    assert {one.text for one in desk.database.queries.get_findings(article).mentions} == {"Ada Lovell", "Ada  Lovell"}
    assert desk.waiting() == {(article, ("ada",))}


def test_a_reported_hit_is_taken_back_once(desk: FeedbackDesk) -> None:
    """The next digest has one notice and no later one does."""
    article = desk.add()
    assert reported(desk.compose()) == [article]
    result = desk.reject(article, reason=RejectionReason.OTHER_PERSON)
    assert (result.rescreened.withdrawn, result.rescreened.reported) == (1, 1)
    digests = desk.compose()
    (notice,) = notices(digests)
    assert notice.startswith("Taken back about Ada Lovell: “The harbour of Northport” (Times), reported before and ")
    assert notice.endswith(f"rejected by ann on {desk.now - timedelta(hours=1):%-d %b %Y}: other-person.")
    newest, _first = desk.database.deliveries.list_deliveries()
    assert newest.message.rendered.subject == "Taken back: The harbour of Northport"
    assert desk.compose() == []


def test_an_undone_rejection_is_reported_again_after_it_was_taken_back(desk: FeedbackDesk) -> None:
    """After the correction it is news; before the correction, readers know it already."""
    article = desk.add()
    desk.compose()
    first = desk.reject(article)
    desk.undo(first.change.id)
    assert (desk.waiting(), desk.compose()) == (set(), [])
    second = desk.reject(article)
    assert notices(desk.compose())
    desk.undo(second.change.id)
    assert reported(desk.compose()) == [article]
    assert desk.compose() == []


def test_a_verdict_counts_for_every_copy_of_the_text(desk: FeedbackDesk) -> None:
    """For copies that are stored, whichever of them was meant, and for one that comes later."""
    first = desk.add(outlet="times")
    copy = desk.add(outlet="post")
    assert desk.database.queries.get_article(copy).duplicate_of == first
    result = desk.reject(copy)
    assert (result.verdict.root_id, result.rescreened.articles) == (first, 2)
    later = desk.add(outlet="echo")
    assert desk.database.queries.get_article(later).duplicate_of == first
    assert desk.database.queries.get_findings(later).mentions == ()
    assert desk.waiting() == set()


def test_a_copy_that_waits_to_be_screened_again_is_not_reported(desk: FeedbackDesk) -> None:
    """Also if the program ends between grouping and screening."""
    first = desk.add(outlet="times")
    desk.reject(first)
    desk.store(HARBOUR, outlet="post")
    desk.match()
    asyncio.run(desk.grouping.run_all())
    assert desk.waiting() == set()
    assert desk.compose() == []
    desk.restart()
    desk.process()
    assert (desk.waiting(), desk.compose()) == (set(), [])


def test_a_verdict_on_a_story_counts_for_its_later_articles(desk: FeedbackDesk) -> None:
    """An article that joins the story is screened with the verdict before it is reported."""
    first = desk.add(HARBOUR)
    desk.reject(first, whole_story=True)
    second = desk.add(HARBOUR.replace("forty ships", "fifty ships") + " Ada Lovell will return in June.", outlet="post")
    stored = desk.database.queries.get_article(second)
    assert stored.story_id == desk.database.queries.get_article(first).story_id
    assert desk.waiting() == set()


def test_a_confirmed_near_miss_is_reported_once_and_says_who_confirmed_it(desk: FeedbackDesk) -> None:
    """It is a mention of a form of its own, with the highest confidence."""
    article = desk.add(NEAR, "A barge sinks")
    assert desk.waiting() == set()
    desk.confirm(article, "ada", "Lovell")
    (mention,) = desk.database.queries.get_findings(article).mentions
    assert (mention.text, mention.form, mention.confidence) == ("Lovell", MatchForm.CONFIRMED, 1.0)
    digests = desk.compose()
    (item,) = digests[0].stories[0].items
    assert (item.article_id, item.note) == (article, mention.reason)
    assert item.note.startswith("confirmed by ann on ")
    assert desk.compose() == []


def test_an_official_confirmed_in_a_reported_article_is_reported_as_an_update(desk: FeedbackDesk) -> None:
    """The rule has a hit in the article already, for another official."""
    article = desk.add(NEAR + " " + ORCHARD, "A barge sinks")
    assert reported(desk.compose()) == [article]
    desk.confirm(article, "ada", "Lovell")
    (item,) = desk.compose()[0].stories[0].items
    assert (item.kind, set(item.official_ids)) == (HitKind.UPDATE, {"ada", "ben"})
    assert desk.compose() == []


def test_one_of_two_reported_officials_is_taken_back(desk: FeedbackDesk) -> None:
    """The hit still holds for the other one."""
    article = desk.add(HARBOUR + " " + ORCHARD)
    desk.compose()
    desk.reject(article, "ada")
    (notice,) = notices(desk.compose())
    assert "Ada Lovell" in notice
    assert "Harcastle" not in notice
    assert desk.compose() == []


def test_the_same_verdict_again_changes_nothing(desk: FeedbackDesk) -> None:
    """A second press is one act."""
    article = desk.add()
    first = desk.reject(article)
    again = desk.reject(article)
    assert (again.is_repeated, again.change.id) == (True, first.change.id)
    assert len(desk.database.feedback.list_verdicts()) == 1


@pytest.mark.parametrize(
    ("official", "written", "reason"),
    [
        ("nobody", "", "there is no official 'nobody'"),
        ("ben", "", "does not name ben so"),
        ("ada", "Byron", "it names ada as 'Ada Lovell', 'Lovell'"),
    ],
)
def test_a_rejection_of_nothing_is_refused(desk: FeedbackDesk, official: str, written: str, reason: str) -> None:
    """The message names the mentions that the article has."""
    article = desk.add()
    with pytest.raises(UsageError, match=reason):
        desk.reject(article, official, written=written)


@pytest.mark.parametrize(("written", "reason"), [("Byron", "has no text"), ("barge", "capital letter")])
def test_a_confirmation_of_no_name_is_refused(desk: FeedbackDesk, written: str, reason: str) -> None:
    """Nothing is stored."""
    article = desk.add(NEAR)
    with pytest.raises(UsageError, match=reason):
        desk.confirm(article, "ada", written)
    assert desk.database.feedback.list_verdicts() == []


def test_a_verdict_survives_an_edit_of_the_article(desk: FeedbackDesk) -> None:
    """A new version is matched with the verdict; a text that it does not cover still counts."""
    article = desk.add()
    desk.reject(article, written="Ada Lovell")
    stored = desk.database.queries.get_article(article)
    findings = desk.database.queries.get_findings(article)
    edited = replace(stored.article, body=HARBOUR.replace("forty", "sixty"))
    recheck_with(desk, article, edited, findings)
    desk.process()
    assert all(one.text != "Ada Lovell" for one in desk.database.queries.get_findings(article).mentions)


def recheck_with(desk: FeedbackDesk, article: int, edited: Article, before: object) -> None:
    """Store a new version as a recheck does that knows nothing of the verdict."""
    from monitor.store.core_tables import RECHECK

    stored = desk.database.queries.get_article(article)
    with desk.database._connections.write_transaction() as connection:
        connection.execute(
            RECHECK.insert().values(article_id=article, due_at=desk.now, missing_count=0, lease_token="")
        )
    (recheck,) = desk.database.rechecks.lease_due(desk.now, 1, desk.now)
    findings = compile_watchlist(WATCHLIST).match(edited, stored.source_id, stored.first_seen_at)
    events = [ArticleEvent(hit, HitKind.UPDATE, "it now names what is watched") for hit in findings.hits]
    desk.database.rechecks.record_change(recheck, edited, findings, events, desk.now, None)


def test_a_digest_composed_while_a_verdict_is_given_is_composed_again(desk: FeedbackDesk) -> None:
    """The commit is refused, and the next run composes without the withdrawn hit."""
    article = desk.add()
    hits = desk.database.digests.undelivered_hits(PLAN, desk.now + timedelta(days=1))
    digest, hit_ids = asyncio.run(desk.composer.preview(PLAN, desk.configuration))
    desk.reject(article)
    assert not desk.database.digests.commit_digest(
        digest, [], hit_ids, ReportedContent({one.id: one.official_ids for one in hits})
    )
    assert desk.compose() == []


def test_near_misses_of_verdicts_are_not_suggested_as_missed_names(desk: FeedbackDesk) -> None:
    """The list of near misses is about names that the program may have missed."""
    from monitor.domain.digest import Window

    desk.reject(desk.add())
    window = Window(desk.now - timedelta(days=1), desk.now + timedelta(days=1))
    found = desk.database.digests.list_near_misses(["ada"], window, 10)
    assert all(not one.reason.startswith("rejected by") for one in found)


Verdicts = st.lists(
    st.tuples(st.sampled_from(list(VerdictKind)), st.integers(0, 3), st.sampled_from(["ada", "ben"]), st.booleans()),
    max_size=4,
)


def build(folder: Path) -> tuple[FeedbackDesk, list[int]]:
    """Make a desk with two copies of a text, another text, and one with a near miss."""
    desk = FeedbackDesk(open_database(folder))
    desk.compose()
    ids = [desk.add(outlet="times"), desk.add(outlet="post"), desk.add(ORCHARD, "Apples"), desk.add(NEAR, "A barge")]
    return desk, ids


def give(desk: FeedbackDesk, ids: list[int], verdict: tuple[VerdictKind, int, str, bool]) -> int | None:
    """Give a verdict if it is possible; return its change."""
    kind, at, official, is_specific = verdict
    try:
        if kind is VerdictKind.CONFIRMED:
            result = desk.confirm(ids[at], official, "Lovell")
        else:
            result = desk.reject(ids[at], official, written="Lovell" if is_specific else "")
    except UsageError:
        return None
    return None if result.is_repeated else int(result.change.id)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(Verdicts, st.booleans())
def test_verdicts_that_are_undone_leave_everything_as_before(
    verdicts: list[tuple[VerdictKind, int, str, bool]], is_reported: bool
) -> None:
    """Whatever was given before: undone in reverse order, findings and waiting hits are the same after each."""
    with TemporaryDirectory() as folder:
        desk, ids = build(Path(folder))
        if is_reported:
            desk.compose()
        states, changes = [desk.state()], []
        for verdict in verdicts:
            change = give(desk, ids, verdict)
            if change is not None:
                changes.append(change)
                states.append(desk.state())
        for change in reversed(changes):
            assert desk.state() == states.pop()
            desk.undo(change)
        assert desk.state() == states.pop()
        desk.database.close()


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["ada", "ben"]), st.permutations([0, 1, 2]))
def test_the_order_of_verdicts_does_not_matter(official: str, order: list[int]) -> None:
    """Rejections of one text, of every text, and a verdict on a copy instead of its original lead to one state."""
    given = [(VerdictKind.REJECTED, 0, "ada", True), (VerdictKind.CONFIRMED, 3, "ada", True)]
    given.append((VerdictKind.REJECTED, 2, "ben", False))
    results = []
    for sequence in ([0, 1, 2], order):
        with TemporaryDirectory() as folder:
            desk, ids = build(Path(folder))
            for at in sequence:
                kind, number, who, specific = given[at]
                give(desk, ids, (kind, 1 if number == 0 and sequence is order else number, who, specific))
            findings = desk.state()["findings"]
            results.append({number: (len(one.mentions), len(one.hits)) for number, one in findings.items()})
            desk.database.close()
    assert results[0] == results[1]


def test_a_query_that_needs_a_mention_is_withdrawn_with_it(database: object) -> None:
    """A rule without officials of its own can depend on a mention."""
    watchlist = Watchlist(WATCHLIST.officials, (Rule("people", query="@ada AND harbour"),))
    desk = FeedbackDesk(database, watchlist)  # type: ignore[arg-type]
    desk.compose()
    article = desk.add()
    assert reported(desk.compose()) == [article]
    desk.reject(article)
    assert len(notices(desk.compose())) == 1
    assert desk.compose() == []


def test_a_name_that_is_rejected_again_and_again_is_named_once_a_week(database: Database) -> None:
    """With the near misses of the week, and with the command that suggests what would help."""
    desk = FeedbackDesk(database, plan=replace(PLAN, at=time(7), send_when_empty=True))
    desk.compose()
    texts = ("Ada Lovell won the chess match.", "The painter Lovell called Ada Lovell a friend.", "Ada Lovell slept.")
    for number, text in enumerate(texts):
        body = f"{text} {' '.join(f'word{number}{one}' for one in range(30))}"
        desk.reject(desk.add(body, f"Title {number}"))
    desk.clock.advance(timedelta(days=8))
    (digest,) = desk.compose()
    (notice,) = [one for one in digest.notices if one.startswith("Rejected by readers")]
    assert "Ada Lovell, 3 times. `monitor suggest` shows what would help." in notice


def propose(desk: FeedbackDesk, kind: ProposalKind, article: int, login: str = "viv", **more: Any) -> int:
    """Store a proposal of a viewer, and return its number."""
    values: dict[str, Any] = {"official_id": "ada"} | more
    proposal = Proposal(0, kind, "", desk.now, article, **values)
    return asyncio.run(desk.service.propose(proposal, desk.actor(login))).id


def test_feedback_closes_the_proposals_that_ask_for_it(desk: FeedbackDesk) -> None:
    """Also about a copy and about one spelling; others stay open."""
    article, copy = desk.add(), desk.add(outlet="post")
    asked = [
        propose(desk, ProposalKind.REJECTED, article, reason="namesake"),
        propose(desk, ProposalKind.REJECTED, copy, reason="other", written="LOVELL"),
        propose(desk, ProposalKind.REJECTED, article, reason="other", story_id="s1"),
        propose(desk, ProposalKind.CONFIRMED, article, written="Northport"),
    ]
    desk.reject(article)
    found = list(map(desk.database.proposals.get, asked))
    assert [one.outcome for one in found] == ["done", "done", "", ""]
    assert found[0].decided_by == "ann"
    with pytest.raises(UsageError, match="was done by ann"):
        asyncio.run(desk.service.accept(asked[0], desk.actor()))
    with pytest.raises(UsageError):  # the rejection of one article is not that of its story
        asyncio.run(desk.service.accept(asked[2], desk.actor()))
    assert desk.database.proposals.get(asked[2]).outcome == ""


def test_feedback_on_a_story_closes_the_proposals_about_its_articles(desk: FeedbackDesk) -> None:
    article = desk.add()
    asked = [
        propose(desk, ProposalKind.REJECTED, article, reason="other"),
        propose(desk, ProposalKind.REJECTED, article, reason="other", story_id="s1"),
    ]
    desk.reject(article, whole_story=True)
    assert [desk.database.proposals.get(one).outcome for one in asked] == ["done", "done"]


def test_an_accepted_proposal_closes_the_same_one_of_another_reader(desk: FeedbackDesk) -> None:
    article = desk.add()
    mute = {"official_id": "", "story_id": "s1", "plan_id": "morning"}
    numbers = [propose(desk, ProposalKind.MUTED, 0, login, **mute) for login in ("viv", "wim")]
    numbers += [propose(desk, ProposalKind.REJECTED, article, login, reason="other") for login in ("viv", "wim")]
    for number in (numbers[0], numbers[2]):
        asyncio.run(desk.service.accept(number, desk.actor()))
    outcomes = [str(desk.database.proposals.get(number).outcome) for number in numbers]
    assert outcomes == ["accepted", "done", "accepted", "done"]

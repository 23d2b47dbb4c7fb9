"""Edited rules and officials: what waits for a digest is screened again, what was reported stays."""

import asyncio
import json
from datetime import time

import pytest
from sqlalchemy import text
from support.feedback_desk import ADA, BEN, HARBOUR, ORCHARD, PLAN, WATCHLIST, FeedbackDesk, reported

from monitor.domain.errors import UsageError
from monitor.domain.feedback import Proposal, ProposalKind
from monitor.domain.values import replace
from monitor.domain.watchlist import Examples, Rule, Watchlist
from monitor.pipeline.rescreen import RESCREEN_KEY, RescreenStep, hash_watchlist
from monitor.store import digests
from monitor.store.database import Database
from monitor.store.rescreening import enqueue_rescreen

DAILY = replace(PLAN, at=time(7))
ONLY_ADA = Watchlist((ADA, BEN), (Rule("people", ("ada",)),))


@pytest.fixture
def daily(database: Database) -> FeedbackDesk:
    """Set up the installation with a digest once a day."""
    desk = FeedbackDesk(database, ONLY_ADA, DAILY)
    desk.compose()
    rescreen(desk)
    return desk


def rescreen(desk: FeedbackDesk) -> None:
    """Run the step as the program does after a start or an edit."""
    asyncio.run(RescreenStep(desk.database, desk.matcher, desk.clock, desk.configuration).run_all())


def test_an_added_official_is_found_in_what_waits(daily: FeedbackDesk) -> None:
    """The hit says that the rules were edited; the result is stored for `monitor status`."""
    article = daily.add(ORCHARD)
    assert daily.waiting() == set()
    daily.configure(WATCHLIST)
    rescreen(daily)
    assert daily.waiting() == {(article, ("ben",))}
    (hit,) = daily.database.digests.undelivered_hits(DAILY, daily.now.replace(year=2100))
    assert hit.note == "found after rules or officials were edited"
    record = json.loads(daily.database.key_values.get(RESCREEN_KEY))
    assert (record["added"], record["withdrawn"]) == (1, 0)


def test_a_removed_official_leaves_what_waits(daily: FeedbackDesk) -> None:
    """Adding the official again restores the hit."""
    article = daily.add(HARBOUR)
    daily.configure(Watchlist((ADA, BEN), (Rule("people", ("ben",)),)))
    rescreen(daily)
    assert daily.waiting() == set()
    daily.configure(WATCHLIST)
    rescreen(daily)
    assert daily.waiting() == {(article, ("ada",))}


def test_what_was_reported_is_neither_withdrawn_nor_retracted(desk: FeedbackDesk) -> None:
    """Only a verdict retracts a report."""
    rescreen(desk)
    article = desk.add(HARBOUR)
    assert reported(desk.compose()) == [article]
    desk.configure(Watchlist((ADA, BEN), (Rule("people", ("ben",)),)))
    rescreen(desk)
    assert desk.compose() == []
    assert len(desk.database.queries.get_findings(article).hits) == 1


def test_a_restart_without_an_edit_screens_nothing_again(daily: FeedbackDesk) -> None:
    """Also if only the examples were edited, which decide nothing."""
    daily.add(HARBOUR)
    rescreen(daily)
    assert daily.database.key_values.get(RESCREEN_KEY) == ""
    rules = tuple(replace(rule, examples=Examples(("text",))) for rule in ONLY_ADA.rules)
    assert hash_watchlist(replace(ONLY_ADA, rules=rules)) == hash_watchlist(ONLY_ADA)


def test_an_edit_is_not_forgotten_by_a_crash(daily: FeedbackDesk) -> None:
    """Articles that wait to be screened again are not reported, and the next start screens them."""
    daily.add(HARBOUR)
    daily.configure(Watchlist((ADA, BEN), (Rule("people", ("ben",)),)))
    step = RescreenStep(daily.database, daily.matcher, daily.clock, daily.configuration)
    asyncio.run(step._request_after_edit(daily.configuration))
    assert daily.waiting() == set()
    assert daily.database.feedback.load_rescreen_queue(10).articles
    rescreen(daily)
    assert daily.waiting() == set()
    assert not daily.database.feedback.load_rescreen_queue(10).articles


def enqueue(desk: FeedbackDesk, *article_ids: int) -> None:
    """Let articles wait to be screened again."""
    with desk.database._connections.write_transaction() as connection:
        enqueue_rescreen(connection, article_ids)


def test_hits_that_wait_during_a_digest_are_in_a_later_one(desk: FeedbackDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the digest reported much newer hits."""
    monkeypatch.setattr(digests, "HIT_ID_MARGIN", 1)
    waiting = [desk.add(HARBOUR), desk.add(ORCHARD, "Apples")]
    enqueue(desk, *waiting)
    desk.store("Ben Harcastle swam across the lake of Northport in forty minutes on Sunday, alone.", "A swimmer")
    desk.store("Ada Lovell sold her collection of clocks and pipes to the museum of Easton.", "Clocks")
    desk.match()
    assert reported(desk.compose()) == [3, 4]
    rescreen(desk)
    assert reported(desk.compose()) == waiting


def test_a_digest_is_composed_again_if_one_of_its_articles_must_be_screened_again(desk: FeedbackDesk) -> None:
    """The article was enqueued while the digest was composed."""
    article = desk.add(HARBOUR)
    digest, hit_ids = asyncio.run(desk.composer.preview(PLAN, desk.configuration))
    enqueue(desk, article)
    assert not desk.database.digests.commit_digest(digest, [], hit_ids)
    rescreen(desk)
    assert reported(desk.compose()) == [article]


def test_a_damaged_article_does_not_stop_the_step(desk: FeedbackDesk) -> None:
    """The others are screened again; the damaged one leaves the queue with its findings as they were."""
    damaged, other = desk.add(HARBOUR), desk.add(ORCHARD, "Apples")
    with desk.database._connections.write_transaction() as connection:
        connection.execute(text("UPDATE article SET authors = '[' WHERE id = :id"), {"id": damaged})
    enqueue(desk, damaged, other)
    rescreen(desk)
    assert not desk.database.feedback.load_rescreen_queue(10).waiting_ids


def test_a_proposal_that_an_edit_has_answered_is_closed(daily: FeedbackDesk) -> None:
    """The editor reads that nothing is left to do, and the proposal leaves the list."""
    article = daily.add()
    made = Proposal(0, ProposalKind.REJECTED, "", daily.now, article, "ada", reason="other")
    number = asyncio.run(daily.service.propose(made, daily.actor("viv"))).id
    daily.configure(replace(WATCHLIST, officials=(replace(ADA, exclude_phrases=("Ada Lovell opened",)), BEN)))
    rescreen(daily)
    with pytest.raises(UsageError, match="nothing is left to do"):
        asyncio.run(daily.service.accept(number, daily.actor()))
    assert daily.database.proposals.get(number).outcome == "done"

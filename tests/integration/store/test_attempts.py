"""Attempts at a step: counted before they begin, not counted if the program ends them, and limited."""

from datetime import timedelta

import pytest
from support.rows import MINUTE, NOW, draft, found, kept, screened

from monitor.domain.article import ArticleAttempt, Stage
from monitor.domain.digest import Window
from monitor.store.attempts import MAX_FAILED_ATTEMPTS, MAX_INTERRUPTED_ATTEMPTS
from monitor.store.database import Database

HOUR = timedelta(hours=1)


def numbers(database: Database, limit: int = 10, max_chars: int = 1000) -> list[int]:
    """Claim a batch and return the ids of its articles."""
    return [stored.id for stored in database.attempts.claim_unmatched(limit, max_chars)[0]]


def test_an_article_is_claimed_once_until_it_is_matched(database: Database) -> None:
    """A second batch has the articles after the first; a matched article leaves no attempt behind."""
    first, _, third = kept(database, draft("a"), draft("b"), draft("c"))
    assert numbers(database, limit=2) == [1, 2]
    assert numbers(database) == [3]
    database.findings.save([(first, found("r")), (third, found())], NOW)
    assert database.attempts.waiting(Stage.EXTRACTED) == []
    database.attempts.mark_interrupted()
    assert database.attempts.waiting(Stage.EXTRACTED) == [ArticleAttempt(2, "times")]
    assert database.attempts.begin(first.id, Stage.EXTRACTED, NOW) is None


def test_a_long_article_waits_for_an_attempt_of_its_own(database: Database) -> None:
    """It is counted among the claimed ones, but not returned with them."""
    kept(database, draft("a"), draft("long", body="word " * 1000), draft("b"))
    short, waiting_count = database.attempts.claim_unmatched(10, 1000)
    assert ([stored.id for stored in short], waiting_count) == ([1, 3], 1)
    database.findings.save([(stored, found()) for stored in short], NOW)
    assert database.attempts.waiting(Stage.EXTRACTED) == [ArticleAttempt(2, "times")]


def test_each_source_has_one_article_at_the_head_of_the_queue(database: Database) -> None:
    """Many waiting articles of one source do not hide the articles of another."""
    kept(database, *(draft(f"long{at}", body="word " * 1000) for at in range(30)))
    kept(database, draft("other", body="word " * 1000), name="herald")
    database.attempts.claim_unmatched(100, 1000)
    assert database.attempts.waiting(Stage.EXTRACTED) == [ArticleAttempt(1, "times"), ArticleAttempt(31, "herald")]


def test_an_attempt_that_the_program_ended_itself_does_not_count(database: Database) -> None:
    """A stop in the middle of a batch leaves its articles new; a failure before the stop stays known."""
    kept(database, draft("a"), draft("b"))
    (first, second), _ = database.attempts.claim_unmatched(10, 1000)
    database.attempts.record_failure(second, "odd", NOW)
    database.attempts.release([first.id, second.id])
    assert numbers(database) == [1]
    assert database.attempts.waiting(Stage.EXTRACTED) == [ArticleAttempt(2, "times")]


def test_an_article_whose_attempts_never_end_is_abandon(database: Database) -> None:
    """A process that dies at each attempt records no failure; the count alone ends it."""
    (stored,) = kept(database, draft("a"))
    database.attempts.claim_unmatched(10, 1000)
    begun = [database.attempts.begin(stored.id, Stage.EXTRACTED, NOW) for _ in range(MAX_INTERRUPTED_ATTEMPTS)]
    assert begun[-1] is None
    assert None not in begun[:-1]
    (abandoned,) = database.attempts.list_abandoned(NOW)
    assert (abandoned.source_id, abandoned.error) == ("times", f"{MAX_INTERRUPTED_ATTEMPTS} attempts were interrupted")


@pytest.mark.parametrize("is_in_window", [True, False])
def test_an_abandoned_article_is_reported_in_the_digest_of_that_time(database: Database, is_in_window: bool) -> None:
    """It is in the period in which it was abandoned, also if it was first seen in an earlier one."""
    kept(database, draft("a"))
    (stored,), _ = database.attempts.claim_unmatched(10, 1000)
    database.attempts.record_failure(stored, "too long", NOW + HOUR)
    database.attempts.begin(stored.id, Stage.EXTRACTED, NOW + HOUR)
    assert database.attempts.record_failure(stored, "too long", NOW + HOUR)
    start = NOW + (MINUTE if is_in_window else -MINUTE)
    lines = database.digests.list_quarantined(Window(start, start + HOUR))
    assert [(line.source_id, line.article_count, line.reason) for line in lines] == (
        [("times", 1, "not matched in 2 attempts")] if is_in_window else []
    )


def test_a_released_article_is_new_again(database: Database) -> None:
    """`monitor articles release` gives it its attempts back."""
    kept(database, draft("a"))
    (stored,), _ = database.attempts.claim_unmatched(10, 1000)
    database.attempts.begin(stored.id, Stage.EXTRACTED, NOW)
    assert database.attempts.record_failure(stored, "too long", NOW)
    assert numbers(database) == []
    assert database.stories.release_quarantined("times") == 1
    (again,), _ = database.attempts.claim_unmatched(10, 1000)
    assert again.is_alertable
    assert database.attempts.list_abandoned(NOW - HOUR) == []


@pytest.mark.parametrize("is_single", [True, False])
def test_an_article_that_was_not_grouped_is_released_to_be_grouped_again(database: Database, is_single: bool) -> None:
    """It was matched, so that only its grouping is tried again; articles without a fault are not changed."""
    articles = screened(database, draft("a"), draft("b"))
    database.attempts.begin_grouping([articles[0].id])
    for _ in range(MAX_FAILED_ATTEMPTS):
        stored = database.attempts.begin(articles[0].id, Stage.MATCHED, NOW)
        assert stored
        is_abandoned = database.attempts.record_failure(stored, "odd text", NOW)
        if is_abandoned:
            break
    assert database.attempts.find_abandonment(articles[0].id) == "odd text"
    assert [one.id for one in database.stories.ungrouped(9)] == [articles[1].id]
    release = database.stories.release_article
    assert (release(articles[0].id) if is_single else database.stories.release_quarantined("times")) == 1
    assert release(articles[1].id) == 0
    assert database.attempts.find_abandonment(articles[0].id) == ""
    assert [one.id for one in database.stories.ungrouped(9)] == [one.id for one in articles]

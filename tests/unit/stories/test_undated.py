"""Undated entries of a first poll."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.poll_state import PollState
from monitor.domain.source import Entry, Feed
from monitor.domain.values import replace
from monitor.stories.identity import assign_entry_keys
from monitor.stories.novelty import PollNovelty, classify_entries
from monitor.stories.undated import (
    FEW_UNDATED_REASON,
    MANY_UNDATED_REASON,
    MAX_UNDATED_NEWS,
    decide_undated_entries,
)

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
BACKFILL = timedelta(days=2)
FIRST = PollState("daily")
LATER = replace(FIRST, baseline_at=NOW - timedelta(days=30), last_success_at=NOW - timedelta(hours=1))


def entry(number: int, published_at: datetime | None = None, updated_at: datetime | None = None) -> Entry:
    return Entry(
        url=f"https://daily.example/{number}",
        title=f"Story number {number}",
        published_at=published_at,
        updated_at=updated_at,
    )


def poll(entries: list[Entry], state: PollState = FIRST, *, reads_pages: bool = True) -> PollNovelty:
    novelty = classify_entries(assign_entry_keys(Feed(tuple(entries))), {}, state, BACKFILL, NOW)
    return decide_undated_entries(novelty, state, BACKFILL, NOW, reads_pages=reads_pages)


@pytest.mark.parametrize(
    "published_at",
    [None, datetime(1970, 1, 1, tzinfo=UTC), datetime(1994, 5, 1, tzinfo=UTC), NOW + timedelta(days=400)],
)
def test_undated_entries_wait_for_their_pages(published_at: datetime | None) -> None:
    """A date of the epoch or the future is none."""
    novelty = poll([entry(1, published_at), entry(2, NOW - timedelta(hours=3)), entry(3, NOW - timedelta(days=9))])
    assert [(one.is_alertable, one.quarantine_reason) for one in novelty.new] == [
        (False, FEW_UNDATED_REASON),
        (True, ""),
        (False, ""),
    ]
    assert novelty.new[0].entry.published_at is None
    assert novelty.summary == "1 entry without a date: the dates on the pages decide"


def test_few_undated_entries_are_news_where_no_page_is_read() -> None:
    novelty = poll([entry(number) for number in range(MAX_UNDATED_NEWS)], reads_pages=False)
    assert all(one.is_alertable and not one.quarantine_reason for one in novelty.new)
    assert novelty.summary == f"{MAX_UNDATED_NEWS} entries without a date: reported as news"


def test_an_undated_entry_without_an_address_does_not_wait_for_a_page() -> None:
    """It has none, so it would always stay in quarantine."""
    novelty = poll([entry(1), replace(entry(2), url="", content="Two ministers met.")])
    assert [(one.is_alertable, one.quarantine_reason) for one in novelty.new] == [
        (False, FEW_UNDATED_REASON),
        (True, ""),
    ]
    assert novelty.summary == (
        "1 entry without a date: the dates on the pages decide; 1 entry without a date: reported as news"
    )


@pytest.mark.parametrize("reads_pages", [True, False])
def test_many_undated_entries_are_in_quarantine_and_said(*, reads_pages: bool) -> None:
    novelty = poll([entry(number) for number in range(MAX_UNDATED_NEWS + 1)], reads_pages=reads_pages)
    assert {(one.is_alertable, one.quarantine_reason) for one in novelty.new} == {(False, MANY_UNDATED_REASON)}
    assert novelty.summary.startswith(f"{MAX_UNDATED_NEWS + 1} entries without a date: ")


def test_an_entry_changed_before_the_backfill_is_old() -> None:
    """As in a sitemap, which tells only the last change; a change of today tells nothing."""
    novelty = poll([entry(1, None, NOW - timedelta(days=3)), entry(2, None, NOW - timedelta(hours=3))])
    assert [one.quarantine_reason for one in novelty.new] == ["", FEW_UNDATED_REASON]
    assert not novelty.new[0].is_alertable


def test_later_polls_are_unchanged() -> None:
    novelty = poll([entry(1), entry(2)], LATER)
    assert all(one.is_alertable and not one.quarantine_reason for one in novelty.new)
    assert novelty.summary == ""

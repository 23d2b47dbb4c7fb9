"""Poll plan: the decision on every entry of a document."""

from datetime import timedelta

import pytest
from support.fakes import NOON

from monitor.domain.article import KnownArticle
from monitor.domain.fetch_result import Blocked, Failed, Fetched, NotModified
from monitor.domain.poll_state import EntryCounts, PollState, SourceState
from monitor.domain.source import Entry, Feed, Source
from monitor.domain.values import replace
from monitor.pipeline.feed_documents import FetchedFeed, ParsedFeed, PollAttempt, UnchangedFeed
from monitor.pipeline.poll_plan import PollOutcome, PollPlan, keys_to_look_up, plan_poll
from monitor.stories.identity import assign_entry_keys
from monitor.stories.novelty import EntryDecision

SOURCE = Source("daily", "Daily", feed="https://daily.example/rss")
READ_BEFORE = PollState("daily", baseline_at=NOON - timedelta(days=9), last_success_at=NOON - timedelta(hours=1))


def entry(number: int, days_ago: float = 0.1) -> Entry:
    published_at = NOON - timedelta(days=days_ago, seconds=number)
    return Entry(f"https://daily.example/{number}", f"guid-{number}", f"Headline {number}", published_at)


def plan(entries: tuple[Entry, ...], known: tuple[Entry, ...] = (), poll_state: PollState = READ_BEFORE) -> PollPlan:
    feed = Feed(entries, url=SOURCE.url)
    response = Fetched(SOURCE.url, 200, (), b"")
    attempt = PollAttempt(poll_state, FetchedFeed(response, "hash", ParsedFeed(feed), assign_entry_keys(feed)))
    stored = {
        key: KnownArticle(number, one.entry.url, one.entry.title, one.entry.published_at)
        for number, one in enumerate(assign_entry_keys(Feed(known, url=SOURCE.url)), start=1)
        for key in (*one.keys, *one.evidence_keys)
    }
    known_articles = {key: stored[key] for key in keys_to_look_up(attempt) if key in stored}
    return plan_poll(SOURCE, attempt, known_articles, timedelta(days=1), NOON)


def test_every_entry_has_a_decision_in_the_order_of_the_document() -> None:
    """New, repeated, known and quarantined entries of one document are all accounted for."""
    entries = (entry(1), entry(1), entry(2), entry(3, days_ago=30), entry(4))
    result = plan(entries, known=(entry(2),))
    assert [one.entry for one in result.entries] == list(entries)
    assert [one.decision for one in result.entries] == [
        EntryDecision.NEW,
        EntryDecision.REPEATED,
        EntryDecision.KNOWN,
        EntryDecision.QUARANTINED,
        EntryDecision.NEW,
    ]
    assert len(result.new_entries) == 3
    assert (result.outcome, result.entry_count) == (PollOutcome.NEW, 5)


def test_republished_entries_have_a_decision_of_their_own() -> None:
    """Known articles under new addresses are not new."""
    old = tuple(replace(entry(number), published_at=NOON - timedelta(days=2)) for number in range(5))
    moved = tuple(
        Entry(f"https://daily.example/moved/{one.url[-1]}", f"new-{one.guid}", one.title, one.published_at)
        for one in old
    )
    result = plan(moved, known=old)
    assert {one.decision for one in result.entries} == {EntryDecision.REPUBLISHED}
    assert (result.outcome, result.new_entries) == (PollOutcome.KNOWN, ())


def test_an_entry_without_a_decision_makes_the_source_a_gap() -> None:
    """The total is counted apart from the decisions, so an entry that a step loses is noticed."""
    feed = Feed((entry(1), entry(2)), url=SOURCE.url)
    lost_one = FetchedFeed(Fetched(SOURCE.url, 200, (), b""), "hash", ParsedFeed(feed), assign_entry_keys(feed)[:1])
    result = plan_poll(SOURCE, PollAttempt(READ_BEFORE, lost_one), {}, timedelta(days=1), NOON)
    assert result.poll_state.counts == EntryCounts(total=2, new=1)
    assert (result.poll_state.state, result.poll_state.detail) == (
        SourceState.GAP,
        "2 entries: 1 new, 1 unaccounted for: articles may be missing",
    )


def test_every_entry_of_a_document_is_counted_once() -> None:
    """New, known, held, merged, empty and unchanged entries add up to the document."""
    entries = (entry(1), entry(1), entry(2), entry(3, days_ago=30), entry(4), Entry(""))
    result = plan(entries, known=(entry(2),))
    assert result.poll_state.counts == EntryCounts(total=6, new=2, quarantined=1, known=1, merged=1, empty=1)
    assert result.entries[1].merged_into is entries[0]


def test_an_empty_document_after_a_full_one_is_a_failure() -> None:
    """The plan stores no entries and the poll state keeps its validators."""
    result = plan((), poll_state=PollState("daily", etag='"1"', entries=3, baseline_at=NOON))
    assert (result.outcome, result.entries, result.poll_state.etag) == (PollOutcome.FAILED, (), '"1"')


@pytest.mark.parametrize(
    ("response", "stored"),
    [
        (NotModified(etag='"2"'), ('"2"', "Thu, 05 Mar 2026 09:00:00 GMT")),
        (NotModified(last_modified="Fri, 06 Mar 2026 09:00:00 GMT"), ('"1"', "Fri, 06 Mar 2026 09:00:00 GMT")),
        (NotModified(), ('"1"', "Thu, 05 Mar 2026 09:00:00 GMT")),
    ],
)
def test_new_validators_of_an_unchanged_document_are_kept(response: NotModified, stored: tuple[str, str]) -> None:
    """A server may rename the version that it has; validators that it does not repeat stay."""
    before = replace(READ_BEFORE, etag='"1"', last_modified="Thu, 05 Mar 2026 09:00:00 GMT")
    after = plan_poll(SOURCE, PollAttempt(before, UnchangedFeed(response)), {}, timedelta(days=1), NOON).poll_state
    assert (after.etag, after.last_modified) == stored


@pytest.mark.parametrize("hours", [1, 5, 24, 48])
@pytest.mark.parametrize("interval", [None, timedelta(minutes=15), timedelta(days=1)])
def test_retry_after_is_never_undercut(hours: int, interval: timedelta | None) -> None:
    """Whatever its jitter, no source comes sooner than the server demands, up to a day; they do not come at once."""
    asked, times = timedelta(hours=hours), set()
    for number in range(50):
        source = replace(SOURCE, id=f"s{number}", poll_interval=interval)
        for failure in (Failed("busy", retry_after=asked), Blocked("refused", retry_after=asked)):
            attempt = PollAttempt(replace(READ_BEFORE, source_id=source.id), failure)
            due = plan_poll(source, attempt, {}, timedelta(days=1), NOON).poll_state.next_poll_at
            assert due is not None
            assert due - NOON >= min(asked, timedelta(days=1))
            times.add(due)
    assert len(times) > 10

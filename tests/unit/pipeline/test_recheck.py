"""Looking again at told articles: what is told, what is kept quietly, and what is left alone."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from support.fakes import NOON, FakeClock, FakeFetcher, InlineProcessPool

from monitor.domain.article import Article, StoredArticle
from monitor.domain.fetch_result import Failed, Fetched, FetchResult, Gone
from monitor.domain.mention import Findings, HitKind
from monitor.domain.revision import CONFIRM_MISSING_AFTER, ArticleEvent, Recheck, next_recheck_at
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.extract.extractor import extract_page
from monitor.match.engine import compile_watchlist
from monitor.pipeline.recheck import Rechecker, RecheckResult

T = TypeVar("T")
URL = "http://daily.example/bridge"
OFFICIAL = Official("phan-van-giang", "Phan Văn Giang", "Vietnam")
FILLER = "The ministry said that work on the road had begun in the spring and would be over before the rains. "
SENTENCE = "General Phan Van Giang opened the bridge with 300 soldiers on Monday."

TITLE, AROUND = "Bridge opened in the north", "the sentence around a mention changed"


def page(title: str = TITLE, sentence: str = SENTENCE, more: str = "") -> bytes:
    """Write a page as an outlet would."""
    paragraphs = "".join(f"<p>{text}</p>" for text in (sentence, *([FILLER * 2] * 5), more) if text)
    article = f"<article><h1>{title}</h1>{paragraphs}</article>"
    return f"<html><head><title>{title}</title></head><body>{article}</body></html>".encode()


@dataclass
class Store:
    """Leases one article, and remembers what becomes of it."""

    due: list[Recheck]
    settled: list[tuple[datetime | None, int]] = field(default_factory=list)
    kept: list[tuple[Article, Sequence[ArticleEvent]]] = field(default_factory=list)

    def lease_due(self, _now: datetime, _limit: int, _until_at: datetime) -> list[Recheck]:
        """Hand it out."""
        return self.due

    def record_result(self, _recheck: Recheck, _now: datetime, due_at: datetime | None, missing_count: int = 0) -> None:
        """Remember."""
        self.settled.append((due_at, missing_count))

    def record_change(
        self,
        _recheck: Recheck,
        article: Article,
        _findings: Findings,
        events: Sequence[ArticleEvent],
        _now: datetime,
        _at: object,
    ) -> None:
        """Remember."""
        self.kept.append((article, events))


@dataclass
class Database:
    """Calls the store directly."""

    rechecks: Store

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call it."""
        return work(*args)


def look(
    outcome: FetchResult, *, changes: bool = False, missing: int = 0, revisions: int = 0
) -> tuple[RecheckResult, Store]:
    """Look again at an article that was told an hour ago, whose page answers so now."""
    rule = Rule("giang", officials=(OFFICIAL.id,), report_edits=changes)
    watcher = compile_watchlist(Watchlist((OFFICIAL,), (rule,)))
    article = extract_page(page(), URL, "text/html")
    stored = StoredArticle(7, "daily", article, NOON - timedelta(hours=1), revisions=revisions)
    store = Store([Recheck(stored, watcher.match(article), missing, "t")])
    rechecker = Rechecker(
        Database(store), FakeFetcher({URL: outcome}), InlineProcessPool(), watcher, (rule,), FakeClock()
    )
    [seen] = asyncio.run(rechecker.run_due({}))
    return seen, store


def answer(body: bytes) -> Fetched:
    """Answer with a page."""
    return Fetched(URL, 200, (), body, "text/html")


def test_an_unchanged_page_is_left_alone() -> None:
    """The next look comes later; nothing is told."""
    seen, store = look(answer(page()))
    assert seen.outcome == "same"
    assert store.settled == [(NOON - timedelta(hours=1) + timedelta(hours=6), 0)]


@pytest.mark.parametrize(
    ("body", "kind", "note"),
    [
        (page(title="Bridge closed in the north"), HitKind.UPDATE, f"the headline changed, before: “{TITLE}”"),
        (page(sentence=SENTENCE.replace("300", "500")), HitKind.UPDATE, f"{AROUND}, before: “{SENTENCE}”"),
        (page(sentence=SENTENCE.replace("opened", "inspected")), HitKind.UPDATE, f"{AROUND}, before: “{SENTENCE}”"),
        (
            page(sentence="The bridge was opened on Monday."),
            HitKind.UPDATE,
            f"it no longer names what is watched, before: “{SENTENCE}”",
        ),
        (page(more="General Giang also cut a ribbon."), HitKind.UPDATE, "a further sentence names what is watched"),
        (
            page(more="Correction: the bridge is in the south."),
            HitKind.CORRECTION,
            "the text has a correction notice",
        ),
    ],
)
def test_what_matters_is_told(body: bytes, kind: HitKind, note: str) -> None:
    """A changed headline, sentence, figure or mention, and a correction, are told with the reason."""
    seen, store = look(answer(body))
    assert seen.outcome == "reported"
    [(_, [event])] = store.kept
    assert (event.kind, event.note, event.hit.rule_id) == (kind, note, "giang")


def test_a_silent_edit_is_kept_and_told_only_where_it_is_asked_for() -> None:
    """An edit far from any mention is a version; rules with ``report_edits`` hear of it."""
    body = page(more="The governor thanked the engineers.")
    seen, store = look(answer(body))
    assert (seen.outcome, store.kept[0][1]) == ("changed", [])
    seen, store = look(answer(body), changes=True)
    assert store.kept[0][1][0].note == "text changed (0 sentences removed, 1 added), not disclosed by the page"


def test_a_text_that_never_stands_still_is_no_news() -> None:
    """After twenty-four quiet versions, no more are kept."""
    seen, store = look(answer(page(more="The governor thanked the engineers.")), revisions=24)
    assert (seen.outcome, store.kept) == ("same", [])


@pytest.mark.parametrize("outcome", [Gone("410"), Failed("not found", status=404)])
def test_a_page_must_be_gone_twice_to_be_withdrawn(outcome: FetchResult) -> None:
    """A server may answer 404 for a moment."""
    seen, store = look(outcome)
    assert (seen.outcome, store.settled) == ("missing", [(NOON + CONFIRM_MISSING_AFTER, 1)])
    seen, store = look(outcome, missing=1)
    assert seen.outcome == "withdrawn"
    assert store.kept[0][1][0].kind is HitKind.WITHDRAWN


@pytest.mark.parametrize("outcome", [Failed("timed out"), answer(b"<html><body>Log in</body></html>")])
def test_a_page_that_cannot_be_read_changes_nothing(outcome: FetchResult) -> None:
    """A login wall or a dead server is no edit."""
    seen, store = look(outcome)
    assert seen.outcome in {"unreadable", "same"}
    assert not store.kept


def test_a_clock_far_from_any_mention_is_no_version() -> None:
    """What ticks on every visit is not even kept."""
    ticking = page(more="Updated 12:04 1,204 views")
    article = extract_page(ticking, URL, "text/html")
    rule = Rule("giang", officials=(OFFICIAL.id,), report_edits=True)
    watcher = compile_watchlist(Watchlist((OFFICIAL,), (rule,)))
    store = Store([Recheck(StoredArticle(7, "daily", article, NOON), watcher.match(article), 0, "t")])
    fetcher = FakeFetcher({URL: answer(page(more="Updated 13:37 2,377 views"))})
    rechecker = Rechecker(Database(store), fetcher, InlineProcessPool(), watcher, (rule,), FakeClock())
    [seen] = asyncio.run(rechecker.run_due({}))
    assert (seen.outcome, store.kept) == ("same", [])


def test_looks_are_spaced_over_days_and_end() -> None:
    """An hour, six hours, a day, three days, a week; then no more."""
    begun, times = NOON, []
    now: datetime | None = NOON
    while now is not None and (now := next_recheck_at(begun, now)):
        times.append(now - begun)
    assert times == [timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7)]

"""Matching with a real worker process: a text that never ends is abandoned and does not block the others."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from support.adversarial_texts import OFFICIALS, RULES
from support.fakes import NOON, FakeClock
from support.rows import draft, kept
from support.stores import open_database

from monitor.domain.article import Article, Stage
from monitor.domain.errors import WorkerKilled
from monitor.domain.feedback import Verdict
from monitor.domain.mention import Findings
from monitor.domain.read_models import ArticleFilter
from monitor.domain.watchlist import Watchlist
from monitor.match.engine import compile_watchlist
from monitor.pipeline import bounded_matching
from monitor.pipeline.bounded_matching import MAX_INLINE_CHARS, BoundedMatcher, MatchingResult
from monitor.pipeline.match_articles import MatchingStep
from monitor.schedule.process_pool import JobLimits, SubprocessPool
from monitor.store.database import Database

T = TypeVar("T")
LONG = "Wang Yi met nobody. " * (MAX_INLINE_CHARS // 20 + 1)
WATCHLIST = Watchlist(OFFICIALS, RULES[:1])


class SlowMatcher:
    """Matcher that never ends for a text with a certain word, in this process or another."""

    def match(
        self,
        article: Article,
        source_id: str = "",
        seen_at: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> Findings:
        """Match as the engine does, unless the text is the bad one."""
        while "endless" in article.body:
            pass
        if "deadly" in article.body:
            os._exit(1)
        return compile_watchlist(WATCHLIST).match(article, source_id, seen_at, verdicts)


class SlowPool:
    """Pool whose worker processes use the slow matcher instead of the engine."""

    def __init__(self, pool: SubprocessPool) -> None:
        self.pool = pool

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run the call after the slow matcher is in its place."""
        return await self.pool.run(_match_slowly, work, *args)


class CountingPool(SlowPool):
    """Pool that records for each call whether it had the watchlist."""

    def __init__(self, pool: SubprocessPool) -> None:
        super().__init__(pool)
        self.has_watchlist: list[bool] = []

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run the call as it is."""
        self.has_watchlist.append(args[1] is not None)
        return await self.pool.run(work, *args)


def _match_slowly(work: Callable[..., T], key: int, *args: Any) -> T:
    bounded_matching._compiled[key] = SlowMatcher()
    return work(key, *args)


@asynccontextmanager
async def slow_step(database: Database) -> AsyncIterator[MatchingStep]:
    """Open a matching step whose worker process has a short limit of processor time, which no load of others uses."""
    async with SubprocessPool(1, JobLimits(wall_seconds=300.0, cpu_seconds=3)) as pool:
        step = MatchingStep(database, BoundedMatcher(SlowMatcher(), WATCHLIST, SlowPool(pool)), FakeClock())
        try:
            yield step
        finally:
            await step.aclose()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Open an empty database."""
    opened = open_database(tmp_path)
    yield opened
    opened.close()


def hit_titles(database: Database) -> list[str]:
    """Return the titles of the articles with a hit."""
    return sorted(hit.title for hit in database.queries.list_hits(ArticleFilter()))


def test_a_long_text_is_matched_in_a_worker_that_compiles_the_watchlist_once(database: Database) -> None:
    """The engine gives the same findings; the watchlist is sent for the first article only."""

    async def match() -> tuple[list[Findings], list[bool]]:
        async with SubprocessPool(1) as pool:
            counting = CountingPool(pool)
            matcher = BoundedMatcher(compile_watchlist(WATCHLIST), WATCHLIST, counting)
            found = [await matcher.match(Article("", body=LONG + end)) for end in "abc"]
            return found, counting.has_watchlist

    found, has_watchlist = asyncio.run(match())
    assert found == [compile_watchlist(WATCHLIST).match(Article("", body=LONG + end)) for end in "abc"]
    assert has_watchlist == [False, True, False, False]


@pytest.mark.parametrize("word", ["endless", "deadly"])
def test_a_text_that_never_ends_is_abandoned_after_two_attempts(database: Database, word: str) -> None:
    """The other articles of the pass are matched; the bad one is recorded with the reason and not tried again."""
    kept(
        database,
        draft("one", body="Wang Yi spoke."),
        draft("bad", body=LONG + word),
        draft("long", body=LONG),
        now=NOON,
    )

    async def run() -> MatchingResult:
        async with slow_step(database) as step:
            return await step.run_all()

    assert asyncio.run(run()) == MatchingResult(article_count=3, hit_count=2, failed_count=1)
    assert hit_titles(database) == ["About long", "About one"]
    (abandoned,) = database.attempts.list_abandoned(NOON)
    assert abandoned.title == "About bad"
    assert abandoned.error.endswith("exceeded its limit of memory or processor time")
    assert asyncio.run(run()) == MatchingResult()


def test_short_articles_and_other_sources_do_not_wait_for_long_ones(database: Database) -> None:
    """Alerts are sent while one source's long texts are matched; the other source's long text is second in line."""
    kept(database, *(draft(f"bad{at}", body=LONG + "endless") for at in range(20)), now=NOON)
    kept(database, draft("other", body=LONG), draft("short", body="Wang Yi spoke."), name="herald", now=NOON)

    async def run() -> None:
        async with slow_step(database) as step:
            result = await step.run_all(max_articles=512)
            assert result == MatchingResult(article_count=22, hit_count=1)
            while "About other" not in hit_titles(database):  # noqa: ASYNC110 - the step has no event for it
                await asyncio.sleep(0.05)
            assert len(database.attempts.list_abandoned(NOON)) <= 1

    asyncio.run(run())


def test_a_stop_does_not_count_as_a_failed_attempt(database: Database) -> None:
    """The article that was in work when the program stopped is new for the next process."""
    kept(database, draft("bad", body=LONG + "endless"), now=NOON)

    async def run() -> None:
        async with slow_step(database) as step:
            await step.run_all(max_articles=512)
            await asyncio.sleep(0.2)

    for _ in range(3):
        asyncio.run(run())
    assert [stored.id for stored in database.articles.unmatched(9)] == [1]
    assert database.attempts.list_abandoned(NOON) == []


def test_a_short_text_that_ends_the_process_is_tried_in_a_worker_next_time(database: Database) -> None:
    """The attempt was counted before it began; the second one cannot end the program, and is the last."""
    kept(database, draft("bad", body="deadly"), draft("one", body="Wang Yi spoke."), now=NOON)
    database.attempts.claim_unmatched(10, MAX_INLINE_CHARS)  # a process that dies here has counted an attempt of both

    async def run() -> MatchingResult:
        async with slow_step(database) as step:
            return await step.run_all()

    assert asyncio.run(run()) == MatchingResult(hit_count=1, failed_count=1)
    assert hit_titles(database) == ["About one"]
    assert database.attempts.waiting(Stage.EXTRACTED) == []


def test_a_worker_without_the_watchlist_asks_for_it() -> None:
    """A restarted worker process requests the watchlist instead of matching without one."""

    async def run() -> Findings:
        async with SubprocessPool(1) as pool:
            matcher = BoundedMatcher(compile_watchlist(WATCHLIST), WATCHLIST, pool)
            await matcher.match(Article("", body=LONG))
            with pytest.raises(WorkerKilled):
                await pool.run(os._exit, 1)
            return await matcher.match(Article("", body=LONG))

    assert asyncio.run(run()).hits

"""Articles matched together with their poll: the same findings and stories as step by step, and nothing is lost."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from integration.test_offload import SOURCE, FailingEntryPool, KillingPool, feed
from support.fakes import FakeFetcher
from support.http_server import on_loop
from support.rows import NOW

from monitor.domain.article import Stage
from monitor.domain.fetch_result import Fetched
from monitor.domain.mention import Findings
from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.match.engine import compile_watchlist
from monitor.pipeline import bounded_matching, process_offloader
from monitor.pipeline.bounded_matching import BoundedMatcher, MatchingResult
from monitor.pipeline.build_articles import ArticleBuilder, BuiltArticles, work_on_entries
from monitor.pipeline.collect import Collector
from monitor.pipeline.early_matching import EarlyMatching
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingStep
from monitor.pipeline.process_offloader import OFFLOAD_THRESHOLD, ProcessOffloader
from monitor.schedule.process_pool import SubprocessPool
from monitor.store.database import Database
from monitor.stories.novelty import ClassifiedEntry

WATCHLIST = Watchlist(
    officials=(Official("somphone", "Keo Somphone", country="Laos"),),
    rules=(Rule("people", officials=("somphone",)), Rule("works", query="bridge OR ferry")),
)
SOURCES = {name: Source(name, name, feed=f"https://{name}.example/rss", text_from=TextOrigin.FEED) for name in "abc"}


class Pool(FailingEntryPool):
    """Process pool that kills its process for an entry titled "poison", and remembers what it was asked to do."""

    async def run(self, work: Any, *args: Any) -> Any:
        if work is process_offloader.run_calls:
            return await super().run(work, *args)
        return await KillingPool.run(self, work, *args)


class HerePool:
    """Process pool that does the work in this process."""

    async def run(self, work: Any, *args: Any) -> Any:
        return work(*args)


def processed(
    path: Path, early: EarlyMatching | None, poison: str = "", *, restart: bool = False
) -> tuple[dict[str, tuple[Findings, str, int | None]], MatchingResult, list[Stage]]:
    """Poll, match and group; return findings, story and original of each article, counts, and the stages after polls.

    With ``restart``, another process groups.
    """
    text = feed("a").replace(b"once", b"Keo Somphone").replace(b"<title>", b"<title>Minister Keo Somphone: ")
    bodies = {name: text.replace(b"https://a.example", f"https://{name}.example".encode()) for name in SOURCES}
    if poison:
        bodies[poison] = bodies[poison].replace(b"Keo Somphone:  7<", b"Keo Somphone: poison 7<")
    answers = {one.url: Fetched(one.url, 200, (), bodies[one.id], "application/rss+xml") for one in SOURCES.values()}
    database = Database.open(f"sqlite:///{path}")
    try:
        database.sources.register(list(SOURCES.values()), NOW)

        async def run() -> tuple[MatchingResult, list[Stage]]:
            pool = Pool(SubprocessPool(1))
            offloader = ProcessOffloader(pool)
            collector = Collector(
                database, FakeFetcher({**answers}), SubprocessPool(), lambda: NOW, timedelta(days=1), offloader, early
            )
            offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
            matching = MatchingStep(database, BoundedMatcher(compile_watchlist(WATCHLIST)), lambda: NOW)
            async with pool.pool:
                for name in SOURCES:
                    await collector.run_due(SOURCES, source_ids=[name])
                stages = [one.stage for one in database.queries.list_articles(ArticleFilter(limit=100))]
                result = await matching.run_all()
                await GroupingStep(database, lambda: NOW, offloader, None if restart else early).run_all()
            return result + early.take_result() if early else result, stages

        result, stages = on_loop(run())
        found = {
            one.article.url: (database.queries.get_findings(one.id), one.story_id, one.duplicate_of)
            for one in database.queries.list_articles(ArticleFilter(limit=100))
        }
        return found, result, stages
    finally:
        database.close()


@pytest.fixture(autouse=True)
def backlog_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the backlog, which a slow machine would see drained."""
    monkeypatch.setattr(process_offloader, "DRAIN_RATE", 0.0)


def test_findings_and_stories_are_the_same_as_step_by_step(tmp_path: Path) -> None:
    """Mentions, hits, near misses, stories, duplicates and counts; also if another process groups."""
    expected, counts, stages = processed(tmp_path / "steps.db", None)
    assert set(stages) == {Stage.EXTRACTED}
    assert counts == MatchingResult(60, counts.hit_count)
    assert counts.hit_count > 60
    assert len({story for _, story, _ in expected.values()}) < 60
    for name, restart in (("early", False), ("restart", True)):
        early = EarlyMatching(WATCHLIST)
        found, early_counts, stages = processed(tmp_path / f"{name}.db", early, restart=restart)
        assert set(stages) == {Stage.MATCHED}
        assert found == expected
        assert early_counts == counts
        assert bool(early.ready) == restart


def test_an_article_that_kills_its_process_is_matched_later(tmp_path: Path) -> None:
    """Its feed is built entry by entry, and the matching step matches all of them."""
    expected, counts, _ = processed(tmp_path / "steps.db", None, "b")
    found, early_counts, stages = processed(tmp_path / "early.db", EarlyMatching(WATCHLIST), "b")
    assert stages.count(Stage.EXTRACTED) == 20
    assert early_counts == counts
    assert {url: one[1:] for url, one in found.items()} == {url: one[1:] for url, one in expected.items()}


def test_a_large_watchlist_stays_in_the_main_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worker processes build the articles and do not match."""
    monkeypatch.setattr("monitor.pipeline.early_matching.MAX_OFFICIALS", 0)
    found, _, stages = processed(tmp_path / "large.db", EarlyMatching(WATCHLIST))
    assert set(stages) == {Stage.EXTRACTED}
    assert len(found) == 60


def test_an_article_that_cannot_be_matched_is_left_to_the_matching_step() -> None:
    """It has no findings; a long one is not tried."""
    entries = [Entry("https://a.example/1", title="Keo Somphone", content="<p>Words " * 9000)]
    assert work_on_entries(entries, SOURCE, NOW, -1, None).needs_watchlist
    worked = work_on_entries(entries, SOURCE, NOW, -1, WATCHLIST)
    assert list(worked.findings) == [None]
    assert worked.features


class BrokenMatcher:
    """Matcher that fails for every article."""

    def match(self, *_arguments: object) -> Findings:
        raise ValueError("the index is damaged")


def test_a_matcher_that_fails_in_a_worker_process_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The matching step would match the articles again and, if it succeeds, record no error."""
    early = EarlyMatching(WATCHLIST)
    monkeypatch.setitem(bounded_matching._compiled, early.key, BrokenMatcher())
    entries = [Entry(f"https://a.example/{n}", title="Keo Somphone", content=f"<p>Words {n}") for n in range(10)]
    classified = [ClassifiedEntry(entry, (entry.url,), (), is_alertable=True) for entry in entries]

    async def run() -> tuple[BuiltArticles, str]:
        offloader = ProcessOffloader(HerePool())
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        built = await ArticleBuilder(offloader, asyncio.Lock(), early).build(classified, SOURCE, NOW)
        return built, offloader.problem

    built, problem = on_loop(run())
    assert set(built.findings) == {None}
    assert "failed once" in problem
    assert problem.endswith("work_on_entries: ValueError: the index is damaged")

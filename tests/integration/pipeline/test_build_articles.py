"""Building articles from entries: in this or another process, with fallback articles."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pytest
from support.rows import NOW

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.errors import WorkerKilled
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.pipeline.build_articles import MAX_BATCH_ENTRIES, MAX_KILLED_PROCESSES, ArticleBuilder, BuiltArticles
from monitor.pipeline.process_offloader import OFFLOAD_THRESHOLD, ProcessOffloader, run_calls
from monitor.stories.novelty import ClassifiedEntry
from monitor.text.search_text import index_text

T = TypeVar("T")
SOURCE = Source("daily", "Daily", feed="https://daily.example/rss")
WHOLE = "<p>" + "</p><p>".join("Words of a whole article, one after the other. " * 12 for _ in range(4)) + "</p>"


class Deadly:
    """Process pool in which some entries kill the process; with ``refuses`` no process can be started."""

    def __init__(self, *deadly: str, refuses: bool = False) -> None:
        self.deadly, self.refuses, self.sizes = deadly, refuses, list[int]()

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        if self.refuses:
            raise OSError("no more processes")
        batch = args[0][0][1][0] if work is run_calls else args[0]
        self.sizes.append(len(batch))
        if any(entry.title in self.deadly for entry in batch):
            raise WorkerKilled("too long")
        return work(*args)


def entries(count: int) -> list[ClassifiedEntry]:
    """Return entries, every third with the complete text."""
    texts = [f"{WHOLE}{n}" if n % 3 == 0 else f"<p>Teaser {n}" for n in range(count)]
    return [
        ClassifiedEntry(
            Entry(f"https://daily.example/{n}", title=f"t{n}", content=text), (f"guid:{n}",), (), n % 2 == 0
        )
        for n, text in enumerate(texts)
    ]


def made(kept: Sequence[ClassifiedEntry], pool: Deadly | None, source: Source = SOURCE) -> BuiltArticles:
    async def run() -> BuiltArticles:
        offloader = ProcessOffloader(pool)
        offloader.add_backlog(2 * OFFLOAD_THRESHOLD)
        return await ArticleBuilder(offloader, asyncio.Lock()).build(kept, source, NOW)

    return asyncio.run(run())


def without_search_text(drafts: Sequence[NewArticle]) -> list[tuple[Article, Stage, bool, str, tuple[str, ...]]]:
    return [(one.article, one.stage, one.is_alertable, one.quarantine_reason, one.entry_keys) for one in drafts]


@pytest.mark.parametrize("pool", [Deadly(), Deadly(refuses=True)], ids=["elsewhere", "none to be had"])
def test_articles_are_the_same_in_both_processes(pool: Deadly) -> None:
    """Order, keys, stage and decision are equal; only the worker process adds the search text."""
    kept = entries(MAX_BATCH_ENTRIES + 20)
    here, there = made(kept, None), made(kept, pool)
    assert without_search_text(there.articles) == without_search_text(here.articles)
    assert {one.stage for one in here.articles} == {Stage.EXTRACTED, Stage.LISTED}
    assert pool.sizes == ([] if pool.refuses else [MAX_BATCH_ENTRIES, 20])
    for one in there.articles:
        assert one.search_text == (None if pool.refuses or one.stage is Stage.LISTED else index_text(one.article))


@pytest.mark.parametrize("mode", TextOrigin)
def test_an_entry_that_kills_its_process_becomes_a_fallback_article(mode: TextOrigin) -> None:
    """Only this entry loses its markup, and no entry is missing or repeated."""
    kept, source = entries(12), Source("daily", "Daily", feed=SOURCE.url, text_from=mode)
    pool = Deadly("t6")
    there, here = made(kept, pool, source), made(kept, None, source)
    assert there.fallback_count == 1
    changed = [
        n
        for n, (one, other) in enumerate(zip(there.articles, here.articles, strict=True))
        if one.article != other.article
    ]
    assert changed == [6]
    bare = there.articles[6]
    assert bare.article.body.startswith("Words of a whole article")
    assert bare.stage is (Stage.EXTRACTED if mode is TextOrigin.FEED else Stage.LISTED)
    assert pool.sizes == [12, *[1] * 12]


def test_many_killing_entries_are_not_all_tried() -> None:
    """After a few kills the remaining entries are tried together once."""
    kept = entries(12)
    pool = Deadly("t1", "t2", "t9")
    there = made(kept, pool)
    assert pool.sizes == [12, 1, 1, 1, 9]
    assert there.fallback_count == MAX_KILLED_PROCESSES + 9
    assert [one.entry_keys for one in there.articles] == [one.keys for one in kept]
    assert all("Words" in one.article.body or "Teaser" in one.article.body for one in there.articles)

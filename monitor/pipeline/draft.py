"""New entries made into articles: a handful right here, many in a process beside this one.

What a feed holds is foreign. A process that dies over it costs only those entries that killed it: they are kept with
their words alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.entry import Entry
from monitor.domain.errors import WorkerKilled
from monitor.domain.source import Source, TextOrigin
from monitor.pipeline.aside import ProcessOffloader
from monitor.stories.floods import ClassifiedEntry

MAX_BATCH_ENTRIES = 100
MAX_KILLED_PROCESSES = 2
_INLINE_BATCH_ENTRIES = 4
_BuiltArticle = tuple[Article, Stage, str | None]


@dataclass(frozen=True, slots=True)
class BuiltArticles:
    """Articles to be kept, and how many of them have no more than their bare words."""

    articles: tuple[NewArticle, ...]
    fallback_count: int = 0


class ArticleBuilder:
    """Makes drafts of entries that were judged to be new. ``turn`` is held while that keeps the loop busy."""

    def __init__(self, offloader: ProcessOffloader, cpu_slot: asyncio.Lock) -> None:
        self._offloader, self._cpu_slot = offloader, cpu_slot

    async def build(self, classified: Sequence[ClassifiedEntry], source: Source) -> BuiltArticles:
        """Make a draft of each."""
        drafts, bare = list[NewArticle](), 0
        for start in range(0, len(classified), MAX_BATCH_ENTRIES):
            part = classified[start : start + MAX_BATCH_ENTRIES]
            entries = [judged.entry for judged in part]
            try:
                made = await self._offloader.run_in_pool(
                    build_indexed_articles, entries, source
                ) or await self._build_inline(entries, source)
            except WorkerKilled:
                made, killed = await self._build_one_by_one(entries, source)
                bare += killed
            drafts += (
                NewArticle(judged.keys, article, judged.is_alertable, stage, judged.quarantine_reason, words)
                for judged, (article, stage, words) in zip(part, made, strict=True)
            )
        return BuiltArticles(tuple(drafts), bare)

    async def _build_inline(self, entries: Sequence[Entry], source: Source) -> list[_BuiltArticle]:
        made: list[_BuiltArticle] = []
        for start in range(0, len(entries), _INLINE_BATCH_ENTRIES):
            async with self._cpu_slot:
                made += build_articles(entries[start : start + _INLINE_BATCH_ENTRIES], source)
        return made

    async def _build_one_by_one(self, entries: Sequence[Entry], source: Source) -> tuple[list[_BuiltArticle], int]:
        """Make articles one by one, after a process died over all, and count those that killed one again.

        When there were a few such entries, the rest is tried together, so that no feed holds others up for long.
        """
        from monitor.extract.bare import build_fallback_article

        made: list[_BuiltArticle] = []
        killed = bare = 0
        unread = Stage.EXTRACTED if source.text_from is TextOrigin.FEED else Stage.LISTED
        while len(made) < len(entries):
            rest = entries[len(made) :]
            part = rest[:1] if killed < MAX_KILLED_PROCESSES else rest
            try:
                made += await self._offloader.run_separately(build_indexed_articles, part, source)
            except WorkerKilled:
                killed, bare = killed + 1, bare + len(part)
                made += ((build_fallback_article(entry, source), unread, None) for entry in part)
        return made, bare


def build_articles(entries: Sequence[Entry], source: Source) -> list[_BuiltArticle]:
    """Make articles of what a feed says; where it holds the whole text, the page need not be fetched."""
    from monitor.extract.fragment import (
        article_from_entry,
        is_complete,
    )  # long to load, and most polls bring nothing new

    articles = [article_from_entry(entry, source) for entry in entries]
    feed = source.text_from is TextOrigin.FEED
    return [(one, Stage.EXTRACTED if feed or is_complete(one) else Stage.LISTED, None) for one in articles]


def build_indexed_articles(entries: Sequence[Entry], source: Source) -> list[_BuiltArticle]:
    """Make articles, and of those that are whole the words for the search index too."""
    from monitor.text.index import index_text

    return [
        (article, stage, index_text(article) if stage is Stage.EXTRACTED else None)
        for article, stage, _ in build_articles(entries, source)
    ]

"""New entries made into articles: a handful right here, many in a process beside this one.

What a feed holds is foreign. A process that dies over it costs only those entries that killed it: they are kept with
their words alone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.domain.article import Article, Draft, Stage
from monitor.domain.entry import Entry
from monitor.domain.errors import WorkerKilled
from monitor.domain.source import ArticleMode, Source
from monitor.pipeline.aside import Aside
from monitor.stories.floods import Judged

AT_ONCE = 100
MOST_KILLED = 2
_AT_A_TURN = 4
_Made = tuple[Article, Stage, str | None]


@dataclass(frozen=True, slots=True)
class Drafts:
    """Articles to be kept, and how many of them have no more than their bare words."""

    drafts: tuple[Draft, ...]
    bare: int = 0


class Drafter:
    """Makes drafts of entries that were judged to be new. ``turn`` is held while that keeps the loop busy."""

    def __init__(self, aside: Aside, turn: asyncio.Lock) -> None:
        self._aside, self._turn = aside, turn

    async def make(self, kept: Sequence[Judged], source: Source) -> Drafts:
        """Make a draft of each."""
        drafts, bare = list[Draft](), 0
        for start in range(0, len(kept), AT_ONCE):
            part = kept[start : start + AT_ONCE]
            entries = [judged.entry for judged in part]
            try:
                made = await self._aside.run(index_articles, entries, source) or await self._here(entries, source)
            except WorkerKilled:
                made, killed = await self._apart(entries, source)
                bare += killed
            drafts += (
                Draft(judged.keys, article, judged.news, stage, judged.held, words)
                for judged, (article, stage, words) in zip(part, made, strict=True)
            )
        return Drafts(tuple(drafts), bare)

    async def _here(self, entries: Sequence[Entry], source: Source) -> list[_Made]:
        made: list[_Made] = []
        for start in range(0, len(entries), _AT_A_TURN):
            async with self._turn:
                made += make_articles(entries[start : start + _AT_A_TURN], source)
        return made

    async def _apart(self, entries: Sequence[Entry], source: Source) -> tuple[list[_Made], int]:
        """Make articles one by one, after a process died over all, and count those that killed one again.

        When there were a few such entries, the rest is tried together, so that no feed holds others up for long.
        """
        from monitor.extract.bare import bare_article

        made: list[_Made] = []
        killed = bare = 0
        unread = Stage.READ if source.article is ArticleMode.FEED else Stage.LISTED
        while len(made) < len(entries):
            rest = entries[len(made) :]
            part = rest[:1] if killed < MOST_KILLED else rest
            try:
                made += await self._aside.send(index_articles, part, source)
            except WorkerKilled:
                killed, bare = killed + 1, bare + len(part)
                made += ((bare_article(entry, source), unread, None) for entry in part)
        return made, bare


def make_articles(entries: Sequence[Entry], source: Source) -> list[_Made]:
    """Make articles of what a feed says; where it holds the whole text, the page need not be fetched."""
    from monitor.extract.fragment import extract_entry, is_complete  # long to load, and most polls bring nothing new

    articles = [extract_entry(entry, source) for entry in entries]
    feed = source.article is ArticleMode.FEED
    return [(one, Stage.READ if feed or is_complete(one) else Stage.LISTED, None) for one in articles]


def index_articles(entries: Sequence[Entry], source: Source) -> list[_Made]:
    """Make articles, and of those that are whole the words for the search index too."""
    from monitor.text.index import index_text

    return [
        (article, stage, index_text(article) if stage is Stage.READ else None)
        for article, stage, _ in make_articles(entries, source)
    ]

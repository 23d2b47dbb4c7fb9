"""Pure work on many articles at once, done in a worker process beside this one where there is much of it.

One interpreter keeps one core busy. What a first pass does to thousands of articles and needs no database for is done
on another core. Results are the same wherever it is done: whoever calls does the work here when told to.

A process that has answered waits until this one, which is busy, reads the answer and hands it more. So what has piled
up meanwhile goes out together, and those who asked for it hear of each other only if it takes too long.

New entries made into articles: a handful right here, many in a process beside this one.

What a feed holds is foreign. A process that dies over it costs only those entries that killed it: they are kept with
their words alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.errors import WorkerKilled
from monitor.domain.ports import ProcessPool
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.stories.novelty import ClassifiedEntry

T = TypeVar("T")
MIN_OFFLOAD_ARTICLES = 8
"""So few articles cost less than the way there and back."""

OFFLOAD_THRESHOLD = 1_000
"""With so many articles to come, a worker is worth its start: it costs as much as 900 of them."""

DRAIN_RATE = 100.0
"""So many articles a second this process does beside all else; only what is more piles up."""

MAX_MESSAGE_ARTICLES = 150
"""With so many articles a message is full: its work takes 10 to 20 ms, longer than the wait for the next one."""


@dataclass(frozen=True, slots=True)
class _OffloadedCall:
    """A piece of work, how many articles it is about, and who waits for what comes of it."""

    work: Callable[..., Any]
    args: tuple[Any, ...]
    article_count: int
    future: "asyncio.Future[Any]"


class ProcessOffloader:
    """Does pure work elsewhere while there is much of it, ``places`` messages at once. Without a workshop, never."""

    def __init__(self, process_pool: ProcessPool | None = None, concurrency: int = 1) -> None:
        self._process_pool, self._concurrency = process_pool, concurrency
        self._backlog, self._backlog_at = 0.0, 0.0
        self._queue: deque[_OffloadedCall] = deque()
        self._tasks, self._active_tasks = set[asyncio.Task[None]](), 0

    def add_backlog(self, article_count: int) -> None:
        """Tell that about so many articles are to come at once."""
        now = asyncio.get_running_loop().time()
        left = max(0.0, self._backlog - DRAIN_RATE * (now - self._backlog_at))
        self._backlog, self._backlog_at = min(left + article_count, 2.0 * OFFLOAD_THRESHOLD), now

    async def run_in_pool(self, work: Callable[..., T], batch: Sequence[Any], *args: object) -> T | None:
        """Do ``work(batch, *more)`` elsewhere; None if it is to be done here. Raises as ``send`` does.

        It is done here if there is little of it, or if no process can be started.
        """
        if self._process_pool is None or len(batch) < MIN_OFFLOAD_ARTICLES:
            return None
        self.add_backlog(len(batch))
        if self._backlog < OFFLOAD_THRESHOLD:
            return None
        job = _OffloadedCall(work, (batch, *args), len(batch), asyncio.get_running_loop().create_future())
        self._queue.append(job)
        if self._active_tasks < self._concurrency:
            self._active_tasks += 1
            carrier = asyncio.create_task(self._send_queue())
            self._tasks.add(carrier)
            carrier.add_done_callback(self._tasks.discard)
        try:
            result: T = await job.future
        except OSError:
            return None
        return result

    async def run_separately(self, work: Callable[..., T], *args: object) -> T:
        """Do some work elsewhere by itself, however little. Raises what it raises, ``WorkerKilled`` or ``OSError``."""
        assert self._process_pool is not None  # noqa: S101 - without one, nothing is ever killed that would be tried again
        return await self._process_pool.run(work, *args)

    async def _send_queue(self) -> None:
        """Hand out what waits, until nothing does."""
        try:
            while self._queue:
                jobs = [self._queue.popleft()]
                room = MAX_MESSAGE_ARTICLES - jobs[0].article_count
                while self._queue and self._queue[0].article_count <= room:
                    jobs.append(self._queue.popleft())
                    room -= jobs[-1].article_count
                if wanted := [job for job in jobs if not job.future.done()]:
                    await self._send_message(wanted)
        finally:
            self._active_tasks -= 1

    async def _send_message(self, calls: list[_OffloadedCall]) -> None:
        """Have jobs done in one message; if that fails, each by itself, so that only who is at fault hears of it."""
        try:
            results = await self.run_separately(run_calls, [(job.work, job.args) for job in calls])
        except Exception as error:  # noqa: BLE001 - of several, whose it is shows when each is done by itself
            if len(calls) == 1 and not calls[0].future.done():
                calls[0].future.set_exception(error)
            for job in calls if len(calls) > 1 else ():
                await self._send_message([job])
            return
        for job, result in zip(calls, results, strict=True):
            if not job.future.done():
                job.future.set_result(result)


def run_calls(calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]]) -> list[Any]:
    """Do several pieces of work. Raises what the first of them raises that does."""
    return [work(*args) for work, args in calls]


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
        from monitor.extract.feed_content import build_fallback_article

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
    from monitor.extract.feed_content import article_from_entry, is_complete

    articles = [article_from_entry(entry, source) for entry in entries]
    feed = source.text_from is TextOrigin.FEED
    return [(one, Stage.EXTRACTED if feed or is_complete(one) else Stage.LISTED, None) for one in articles]


def build_indexed_articles(entries: Sequence[Entry], source: Source) -> list[_BuiltArticle]:
    """Make articles, and of those that are whole the words for the search index too."""
    from monitor.text.search_text import index_text

    return [
        (article, stage, index_text(article) if stage is Stage.EXTRACTED else None)
        for article, stage, _ in build_articles(entries, source)
    ]

"""Put every article that was screened where it belongs: to the text it is a copy of, to the story it tells.

What compares articles is long to load, and many a pass from cron has none: it is imported where it is at work.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import repeat
from typing import TYPE_CHECKING

from monitor.domain.article import Article, Stored
from monitor.domain.errors import StoreError
from monitor.domain.grouping import COPY_WINDOW, WINDOW, GroupingDatabase, Shelf
from monitor.domain.ports import Clock
from monitor.pipeline.aside import Aside

if TYPE_CHECKING:
    from monitor.stories.features import Vocabulary
    from monitor.stories.group import Newcomer

BATCH = 200
KEEP_VOCABULARY_EVERY = 500
FORGET_EVERY = timedelta(days=1)


class StoryKeeper:
    """Groups stored articles batch by batch. The shelf is in the database; only the vocabulary is kept here too.

    Losing the last counts of the vocabulary in a crash changes weights a little and no story.
    """

    def __init__(self, database: GroupingDatabase, clock: Clock, aside: Aside | None = None) -> None:
        self._database, self._clock, self._aside = database, clock, aside or Aside()
        self._vocabulary: Vocabulary | None = None
        self._kept = 0
        self._forgot_at: datetime | None = None

    async def tick(self, limit: int = BATCH) -> int:
        """Group one batch and return its size; repeat until it is 0."""
        batch = await self._waiting(limit)
        if batch:
            await self._settle(batch, await self._prepared(batch))
        return len(batch)

    async def drain(self) -> int:
        """Group all that is there; return how many."""
        await self._forget()
        total = 0
        while done := await self._sweep():
            total += done
        return total

    async def _sweep(self) -> int:
        """Group what waits, oldest first; while one batch is placed, the next is prepared."""
        batch, done = await self._waiting(BATCH), 0
        ready = asyncio.create_task(self._prepared(batch))
        try:
            while batch:
                following = await self._waiting(BATCH, batch[-1].id) if len(batch) == BATCH else []
                comers = await ready
                ready = asyncio.create_task(self._prepared(following))
                await self._settle(batch, comers)
                done += len(batch)
                batch = following
        finally:
            ready.cancel()
        return done

    async def _waiting(self, limit: int, after: int = 0) -> list[Stored]:
        return await self._database.run(self._database.stories.ungrouped, limit, after)

    async def _prepared(self, batch: Sequence[Stored]) -> "list[Newcomer]":
        """Put a batch in order, and read of it what can be read ahead; what is not is read when it is placed."""
        if not batch:
            return []
        from monitor.stories.group import Newcomer, in_order
        from monitor.stories.prepare import prepare, text_of, unpack

        ordered = in_order((str(stored.id), _dated(stored)) for stored in batch)
        texts = [text_of(article) for _, article in ordered]
        try:
            packed = await self._aside.run(prepare, texts)
        except Exception:  # noqa: BLE001 - one of them is at fault, which will show when it is placed
            packed = None
        sketches = unpack(packed, texts) if packed else repeat(None)
        return [
            Newcomer(int(name), article, f"s{name}", sketch)
            for (name, article), sketch in zip(ordered, sketches, strict=False)
        ]

    async def _settle(self, batch: Sequence[Stored], comers: "Sequence[Newcomer]") -> None:
        vocabulary = await self._learned()
        try:
            await self._place(batch, comers, vocabulary)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - the guard: one of them is at fault, so each is tried alone
            for stored in batch:
                await self._alone(stored, vocabulary)

    async def _learned(self) -> "Vocabulary":
        if self._vocabulary is None:
            from monitor.stories.features import Vocabulary

            self._vocabulary = Vocabulary(await self._database.run(self._database.stories.vocabulary))
            self._kept = self._vocabulary.articles
        return self._vocabulary

    async def _place(self, batch: Sequence[Stored], comers: "Sequence[Newcomer]", vocabulary: "Vocabulary") -> None:
        from monitor.stories.group import Grouper

        def place(shelf: Shelf) -> None:
            Grouper(shelf, vocabulary).place(comers)

        due = vocabulary.articles - self._kept >= min(KEEP_VOCABULARY_EVERY, max(20, self._kept // 4))
        kept = vocabulary.dump() if due else b""
        await self._database.run(self._database.stories.group, batch, place, kept)
        if due:
            self._kept = vocabulary.articles

    async def _alone(self, stored: Stored, vocabulary: "Vocabulary") -> None:
        try:
            from monitor.stories.group import Newcomer

            await self._place([stored], [Newcomer(stored.id, _dated(stored), f"s{stored.id}")], vocabulary)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - the guard of one article: recorded on its row, the others go on
            reason = f"{type(error).__name__}: {error}"
            await self._database.run(self._database.stories.give_up, stored, reason)

    async def _forget(self) -> None:
        now = self._clock()
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            stories = self._database.stories
            await self._database.run(stories.forget, now, COPY_WINDOW, 2 * WINDOW)


def _dated(stored: Stored) -> Article:
    """Return the article with a date: that of its publication, or when it was first seen."""
    article = stored.article
    return article if article.published_at else replace(article, published_at=stored.first_seen_at)

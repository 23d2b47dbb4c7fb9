"""Put every article that was screened where it belongs: to the text it is a copy of, to the story it tells."""

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.article import Article, Stored
from monitor.domain.errors import StoreError
from monitor.domain.grouping import GroupingDatabase, Shelf
from monitor.domain.ports import Clock
from monitor.stories.cluster import WINDOW
from monitor.stories.features import Vocabulary
from monitor.stories.group import COPY_WINDOW, Grouper, Newcomer, in_order

BATCH = 200
KEEP_VOCABULARY_EVERY = 500
FORGET_EVERY = timedelta(days=1)


class StoryKeeper:
    """Groups stored articles batch by batch. The shelf is in the database; only the vocabulary is kept here too.

    Losing the last counts of the vocabulary in a crash changes weights a little and no story.
    """

    def __init__(self, database: GroupingDatabase, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._vocabulary: Vocabulary | None = None
        self._kept = 0
        self._forgot_at: datetime | None = None

    async def tick(self, limit: int = BATCH) -> int:
        """Group one batch and return its size; repeat until it is 0."""
        batch = await self._database.run(self._database.stories.ungrouped, limit)
        if batch:
            vocabulary = await self._learned()
            try:
                await self._group(batch, vocabulary)
            except StoreError:
                raise
            except Exception:  # noqa: BLE001 - the guard: one of them is at fault, so each is tried alone
                for stored in batch:
                    await self._alone(stored, vocabulary)
        return len(batch)

    async def drain(self) -> int:
        """Group all that is there; return how many."""
        await self._forget()
        total = 0
        while done := await self.tick():
            total += done
        return total

    async def _learned(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(await self._database.run(self._database.stories.vocabulary))
            self._kept = self._vocabulary.articles
        return self._vocabulary

    async def _group(self, batch: list[Stored], vocabulary: Vocabulary) -> None:
        ordered = in_order((str(stored.id), _dated(stored)) for stored in batch)
        comers = [Newcomer(int(name), article, f"s{name}") for name, article in ordered]

        def place(shelf: Shelf) -> None:
            Grouper(shelf, vocabulary).place(comers)

        due = vocabulary.articles - self._kept >= min(KEEP_VOCABULARY_EVERY, max(20, self._kept // 4))
        kept = vocabulary.dump() if due else b""
        await self._database.run(self._database.stories.group, batch, place, kept)
        if due:
            self._kept = vocabulary.articles

    async def _alone(self, stored: Stored, vocabulary: Vocabulary) -> None:
        try:
            await self._group([stored], vocabulary)
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

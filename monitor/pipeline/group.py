"""Grouping step: finds duplicate texts and assigns articles to stories.

The modules that compare articles are slow to load, and often no article is new, so they are imported only when needed.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING

from monitor.domain.article import Stage, StoredArticle
from monitor.domain.errors import StoreError
from monitor.domain.grouping import DUPLICATE_WINDOW, STORY_WINDOW, GroupingIndex, GroupingWindow
from monitor.domain.ports import Clock
from monitor.pipeline.early_matching import EarlyMatching, with_date
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.store.database import Database
from monitor.stories.identity import list_reference_keys

if TYPE_CHECKING:
    from monitor.stories.features import Vocabulary
    from monitor.stories.grouping import IncomingArticle


GROUPING_BATCH_SIZE = 200
VOCABULARY_SAVE_ARTICLES = 500
GROUPING_CLEANUP_INTERVAL = timedelta(days=1)
MAX_REPLY_WAIT = timedelta(minutes=15)
"""Maximum time for which the replies to a post wait until the post is grouped, from the moment it was first seen.

A post may be grouped late, because its page must be read first.
"""


class GroupingStep:
    """Step that groups matched articles into stories, in batches.

    It uses the grouping window, an index of recent articles and open stories in memory, which is loaded from the
    database for the first batch. The frequencies of terms are also in memory, and are stored only from time to time.
    After a crash, the latest frequencies are missing, and terms have slightly different weights. No stored story is
    lost.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        offloader: ProcessOffloader | None = None,
        early: EarlyMatching | None = None,
    ) -> None:
        self._database, self._clock, self._offloader = database, clock, offloader or ProcessOffloader()
        self._early = early
        self._vocabulary: Vocabulary | None = None
        self._saved_article_count = 0
        self._cleaned_up_at: datetime | None = None
        self._has_interrupted = True  # an earlier process may have left interrupted attempts

    async def run_batch(self, limit: int = GROUPING_BATCH_SIZE) -> int:
        """Group one batch, and return its number of articles. The number is 0 if no article waits."""
        await self._group_interrupted()
        batch = await self._load_batch(limit)
        if batch:
            await self._group_batch(batch, await self._prepare(batch))
        return len(batch)

    async def run_all(self) -> int:
        """Group all waiting articles and return their number."""
        await self._delete_expired()
        total = 0
        while done := await self._group_pending():
            total += done
        return total

    async def _group_pending(self) -> int:
        """Group all waiting articles, the oldest first.

        While one batch is assigned to stories, the next one is prepared.
        """
        await self._group_interrupted()
        batch, done = await self._load_batch(GROUPING_BATCH_SIZE), 0
        ready = asyncio.create_task(self._prepare(batch))
        try:
            while batch:
                following = (
                    await self._load_batch(GROUPING_BATCH_SIZE, batch[-1].id)
                    if len(batch) == GROUPING_BATCH_SIZE
                    else []
                )
                incoming = await ready
                ready = asyncio.create_task(self._prepare(following))
                await self._group_batch(batch, incoming)
                done += len(batch)
                batch = following
        finally:
            ready.cancel()
        return done

    async def _group_interrupted(self) -> None:
        """Group articles whose grouping was interrupted by the end of an earlier process, one at a time.

        One of these articles may have caused the end of that process. If it ends this process, too, only its own
        attempt is interrupted.
        """
        if not self._has_interrupted:
            return
        attempts = self._database.attempts
        await self._database.run(attempts.mark_interrupted)
        while waiting := await self._database.run(attempts.waiting, Stage.MATCHED):
            for one in waiting:
                stored = await self._database.run(attempts.begin, one.article_id, Stage.MATCHED, self._clock())
                if stored:
                    await self._place_single(stored, await self._load_vocabulary())
        self._has_interrupted = False

    async def _load_batch(self, limit: int, after_id: int = 0) -> list[StoredArticle]:
        """Load articles to group. A reply waits until the post that it answers is grouped or in the same batch."""
        known = self._early.ready if self._early else {}
        while True:
            found = await self._database.run(self._database.stories.ungrouped, limit, after_id, known)
            batch = found
            if replies := [stored for stored in found if stored.article.reply_to]:
                answered = await self._find_answered(replies)
                loaded, now = {stored.id for stored in found}, self._clock()
                waiting = {
                    reply
                    for reply, post in answered.items()
                    if post.stage is not Stage.GROUPED
                    and post.id not in loaded
                    and now - post.first_seen_at < MAX_REPLY_WAIT
                }
                batch = [stored for stored in found if stored.id not in waiting]
            if batch or len(found) < limit:
                return batch
            after_id = found[-1].id

    async def _find_answered(self, batch: Sequence[StoredArticle]) -> dict[int, StoredArticle]:
        """Return a dictionary that maps the id of each reply in a batch to the post that it answers.

        Only posts of the same source and writer are included, because only such a post and its reply form a thread.
        """
        answered: dict[int, StoredArticle] = {}
        replies = [stored for stored in batch if stored.article.reply_to]
        for source_id in {stored.source_id for stored in replies}:
            keys = {one.id: list_reference_keys(one.article.reply_to) for one in replies if one.source_id == source_id}
            sought = frozenset(chain.from_iterable(keys.values()))
            known = await self._database.read(self._database.articles.known_articles, source_id, sought)
            posts = await self._database.read(self._database.queries.load_articles, {one.id for one in known.values()})
            by_id = {post.id: post for post in posts}
            for reply in replies:
                found = (by_id.get(known[key].id) for key in keys.get(reply.id, ()) if key in known)
                if post := next((post for post in found if post and _have_same_writer(post, reply)), None):
                    answered[reply.id] = post
        return answered

    async def _prepare(self, batch: Sequence[StoredArticle]) -> "list[IncomingArticle]":
        """Sort a batch in the order in which articles are grouped, and add the features by which texts are compared.

        If many articles wait, the features are computed in a worker process. Otherwise they are computed when they are
        needed.
        """
        if not batch:
            return []
        from monitor.stories.fingerprints import extract_grouping_text, pack_features, unpack_features
        from monitor.stories.grouping import IncomingArticle, sort_articles

        ordered = sort_articles((str(stored.id), with_date(stored.article, stored.first_seen_at)) for stored in batch)
        ready = self._early.features if self._early else {}
        features = {stored.id: ready.get(stored.id) for stored in batch}
        missing = [(int(name), extract_grouping_text(article)) for name, article in ordered if not features[int(name)]]
        texts = [text for _, text in missing]
        try:
            packed = await self._offloader.run_in_pool(pack_features, texts)
        except Exception:  # noqa: BLE001 - the article that raised it is found when it is placed
            packed = None
        if packed:
            features |= zip((number for number, _ in missing), unpack_features(packed, texts), strict=True)
        answered = await self._find_answered(batch)
        return [
            IncomingArticle(int(name), article, f"s{name}", features[int(name)], _id_of(answered.get(int(name))))
            for name, article in ordered
        ]

    async def _group_batch(self, batch: Sequence[StoredArticle], incoming: "Sequence[IncomingArticle]") -> None:
        vocabulary = await self._load_vocabulary()
        await self._database.run(self._database.attempts.begin_grouping, [stored.id for stored in batch])
        try:
            await self._place(batch, incoming, vocabulary)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - one article raised it; placing each alone finds which
            for stored in batch:
                await self._place_single(stored, vocabulary)
        if self._early:
            self._early.forget([stored.id for stored in batch])

    async def _load_window(self) -> GroupingWindow:
        """Return the grouping window of this process: recent articles and open stories, in memory.

        If it is not in memory yet, it is loaded from the database. Because this may take several seconds, it is done
        before the first write transaction.
        """
        stories = self._database.stories
        if stories.window is None:
            from monitor.stories.grouping_window import StoryWindow

            window = StoryWindow()
            await self._database.read(stories.load_window, window)
            stories.window = window
        return stories.window

    async def _load_vocabulary(self) -> "Vocabulary":
        if self._vocabulary is None:
            from monitor.stories.features import Vocabulary

            self._vocabulary = Vocabulary(await self._database.run(self._database.stories.load_term_frequencies))
            self._saved_article_count = self._vocabulary.article_count
        return self._vocabulary

    async def _place(
        self, batch: Sequence[StoredArticle], incoming: "Sequence[IncomingArticle]", vocabulary: "Vocabulary"
    ) -> None:
        from monitor.stories.grouping import Grouper

        def place(index: GroupingIndex) -> None:
            Grouper(index, vocabulary).place(incoming)

        is_save_due = vocabulary.article_count - self._saved_article_count >= min(
            VOCABULARY_SAVE_ARTICLES, max(20, self._saved_article_count // 4)
        )
        saved = vocabulary.to_bytes() if is_save_due else b""
        window = await self._load_window()
        await self._database.run(self._database.stories.apply_grouping, batch, window, place, saved)
        if is_save_due:
            self._saved_article_count = vocabulary.article_count

    async def _place_single(self, stored: StoredArticle, vocabulary: "Vocabulary") -> None:
        try:
            from monitor.stories.grouping import IncomingArticle

            answered_id = _id_of((await self._find_answered([stored])).get(stored.id))
            article = with_date(stored.article, stored.first_seen_at)
            incoming = IncomingArticle(stored.id, article, f"s{stored.id}", answered_id=answered_id)
            await self._place([stored], [incoming], vocabulary)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - an error in one article is stored with it and does not stop the others
            reason = f"{type(error).__name__}: {error}"
            record_failure = self._database.attempts.record_failure
            if not await self._database.run(record_failure, stored, reason, self._clock()):
                self._has_interrupted = True  # the article is tried once more

    async def _delete_expired(self) -> None:
        now = self._clock()
        if self._cleaned_up_at is None or now - self._cleaned_up_at >= GROUPING_CLEANUP_INTERVAL:
            self._cleaned_up_at = now
            stories = self._database.stories
            await self._database.run(stories.delete_expired, now, DUPLICATE_WINDOW, 2 * STORY_WINDOW)


def _have_same_writer(post: StoredArticle, reply: StoredArticle) -> bool:
    """Return whether a post and a reply have the same writers. Unknown writers are assumed to be the same."""
    first, second = post.article.authors, reply.article.authors
    return first == second or not (first and second)


def _id_of(post: StoredArticle | None) -> int | None:
    return post.id if post else None

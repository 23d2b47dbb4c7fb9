"""Store of stories: articles that wait to be grouped, the result of grouping, and queries for stories."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from monitor.domain.article import Stage, StoredArticle, Story
from monitor.domain.errors import UsageError
from monitor.domain.grouping import GroupingChanges, GroupingIndex, GroupingWindow
from monitor.store.attempts import delete_attempts
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import (
    ARTICLE,
    ARTICLE_ATTEMPT,
    INDEXED_ARTICLE,
    MENTION,
    STORY,
    STORY_CENTROID,
    TERM_FREQUENCY,
)
from monitor.store.damaged_rows import read_rows
from monitor.store.grouping_index import load_grouped_article, load_new_rows, lock_and_catch_up, write_changes
from monitor.store.key_value import trusted_now
from monitor.store.rescreening import follow_grouping, has_feedback
from monitor.store.row_mapping import (
    IS_IN_PROGRESS,
    AnyRow,
    is_in_stories,
    select_stored_articles,
    stored_article_from_row,
)


class StoryStore:
    """Store of stories; every method is one transaction and may raise ``StoreError``.

    ``window`` is the grouping window of this process: the index in memory of the latest articles and the open stories.
    The grouping step sets it. It is an attribute of the store because it must survive a change of the configuration,
    which replaces the grouping step.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self.window: GroupingWindow | None = None

    def ungrouped(
        self, limit: int, after_id: int = 0, known: Mapping[int, StoredArticle] = MappingProxyType({})
    ) -> list[StoredArticle]:
        """Return articles that are matched, but not assigned to a story yet, oldest first.

        Only articles with ids above ``after_id`` are returned. ``known`` maps ids to articles that the caller already
        has in memory. These are not read from the database again.
        """
        waiting = select(ARTICLE.c.id).where(
            ARTICLE.c.stage == str(Stage.MATCHED), IS_IN_PROGRESS, ARTICLE.c.id > after_id
        )
        with self._connections.read_transaction() as connection:
            article_ids = connection.execute(waiting.order_by(ARTICLE.c.id).limit(limit)).scalars().all()
            found = {number: known[number] for number in article_ids if number in known}
            if missing := [number for number in article_ids if number not in found]:
                rows = connection.execute(select_stored_articles().where(ARTICLE.c.id.in_(missing)))
                found |= {stored.id: stored for stored in read_rows(ARTICLE, rows, stored_article_from_row)}
        return [found[number] for number in article_ids if number in found]

    def load_term_frequencies(self) -> bytes:
        """Return the number of articles that contain each term, as packed bytes.

        ``apply_grouping`` stores these bytes. The result is empty if none were stored yet.
        """
        with self._connections.read_transaction() as connection:
            packed = connection.execute(select(TERM_FREQUENCY.c.counts)).scalar()
        return zlib.decompress(packed) if packed else b""

    def load_window(self, window: GroupingWindow) -> None:
        """Load into ``window`` all rows that were written to the database since it was last loaded.

        ``window`` is the grouping window: the index in memory of the latest articles and the open stories.
        """
        with self._connections.read_transaction() as connection:
            load_new_rows(connection, window)
        return_free_memory()

    def apply_grouping(
        self,
        articles: Sequence[StoredArticle],
        window: GroupingWindow,
        place: Callable[[GroupingIndex], object],
        term_frequencies: bytes = b"",
    ) -> None:
        """Group a batch of articles with the function ``place``, and store the result, in one transaction.

        ``window`` has the latest articles and stories in memory. ``place`` is called with an index of the window. In
        this index, it records the story of each article, and its original: the article that it duplicates, if any.
        ``term_frequencies`` (the number of articles with each term, as packed bytes) are stored too, if given. Nothing
        is stored if ``place`` raises an exception. If another process has grouped one of the articles in the meantime,
        ``place`` is not called. The window in memory changes only after the commit.
        """
        article_ids = [stored.id for stored in articles]
        packed = zlib.compress(term_frequencies, 1) if term_frequencies else b""  # loaded before the transaction begins
        changes: GroupingChanges | None = None
        with self._connections.write_transaction() as connection:
            version = lock_and_catch_up(connection, window)
            waiting = (ARTICLE.c.id.in_(article_ids), ARTICLE.c.stage == str(Stage.MATCHED))
            query = select(func.count().label("waiting"), has_feedback().label("has_feedback")).where(*waiting)
            found = connection.execute(query).one()
            if found.waiting == len(article_ids):
                batch = window.begin(partial(load_grouped_article, connection))
                place(batch)
                changes = batch.changes()
                write_changes(connection, changes, version)
                if found.has_feedback:
                    merged = {story.story_id: story.merged_into for story in changes.stories if story.merged_into}
                    follow_grouping(connection, article_ids, merged)
            delete_attempts(connection, article_ids)
            if packed:
                row = {"id": 1, "counts": packed}
                connection.execute(upsert(TERM_FREQUENCY, connection, "id", row), row)
        if changes:
            window.load(changes.articles, changes.stories)
            window.version = version

    def delete_expired(self, now: datetime, fingerprint_age: timedelta, story_age: timedelta) -> None:
        """Delete old fingerprints, and close stories that have had no new article for ``story_age``.

        Fingerprints are hashes by which duplicates are found. A fingerprint is old if its article was first seen more
        than ``fingerprint_age`` ago.
        """
        with self._connections.write_transaction() as connection:
            now = trusted_now(connection, now)
            young = select(func.min(ARTICLE.c.id)).where(ARTICLE.c.first_seen_at >= now - fingerprint_age)
            first_id = connection.execute(young).scalar() or 0
            connection.execute(delete(INDEXED_ARTICLE).where(INDEXED_ARTICLE.c.article_id < first_id))
            is_closed = STORY_CENTROID.c.last_article_at < now - story_age
            connection.execute(delete(STORY_CENTROID).where(is_closed))
            open_ids = set(connection.execute(select(STORY_CENTROID.c.story_id)).scalars())
        if self.window:
            self.window.drop(first_id, open_ids)

    def release_quarantined(self, source_id: str) -> int:
        """Release the quarantined articles of a source, and retry its abandoned articles.

        Return the number of these articles. A quarantined article is stored, but not reported until it is released;
        then it is matched again. An abandoned article is not tried again by itself, because several attempts to process
        it failed.
        """
        return self._release(ARTICLE.c.source_id == source_id)

    def release_article(self, article_id: int) -> int:
        """Release one article from quarantine, or retry it if it was abandoned after several failed attempts.

        See ``release_quarantined``. Return 1, or 0 if the article is neither quarantined nor abandoned.
        """
        return self._release(ARTICLE.c.id == article_id)

    def _release(self, is_chosen: ColumnElement[bool]) -> int:
        is_quarantined = (is_chosen, ARTICLE.c.quarantine_reason != "")
        is_ungrouped = (
            is_chosen,
            ARTICLE.c.quarantine_reason == "",
            ARTICLE.c.stage == str(Stage.GROUPED),
            exists().where(ARTICLE_ATTEMPT.c.article_id == ARTICLE.c.id, ARTICLE_ATTEMPT.c.abandoned_at.is_not(None)),
        )
        rematch = (
            update(ARTICLE)
            .where(*is_quarantined, ARTICLE.c.stage != str(Stage.LISTED))
            .values(stage=str(Stage.EXTRACTED))
        )
        with self._connections.write_transaction() as connection:
            delete_attempts(connection, connection.execute(select(ARTICLE.c.id).where(*is_quarantined)).scalars().all())
            connection.execute(rematch)
            released = connection.execute(
                update(ARTICLE).where(*is_quarantined).values(is_alertable=True, quarantine_reason="")
            ).rowcount
            ungrouped = connection.execute(select(ARTICLE.c.id).where(*is_ungrouped)).scalars().all()
            regroup = update(ARTICLE).where(ARTICLE.c.id.in_(ungrouped)).values(stage=str(Stage.MATCHED), last_error="")
            connection.execute(regroup)
            delete_attempts(connection, ungrouped)
        return released + len(ungrouped)

    def list_stories(
        self, since_at: datetime | None = None, limit: int = 100, after: Story | None = None
    ) -> list[Story]:
        """Return stories with their articles and the officials that the articles name, latest first.

        Merged stories are left out. With ``after``, the list begins after this story.
        """
        conditions: list[ColumnElement[bool]] = [STORY.c.merged_into == ""]
        if since_at:
            conditions.append(STORY.c.last_seen_at >= since_at)
        if after:
            is_later_id = (STORY.c.last_seen_at == after.last_seen_at) & (STORY.c.id > after.id)
            conditions.append((STORY.c.last_seen_at < after.last_seen_at) | is_later_id)
        query = select(STORY).where(*conditions).order_by(STORY.c.last_seen_at.desc(), STORY.c.id).limit(limit)
        with self._connections.read_transaction() as connection:
            return _load_stories(connection, connection.execute(query).all())

    def load_stories(self, story_ids: Sequence[str]) -> list[Story]:
        """Return the stories with these ids, in the order of ``story_ids``. Ids without a story are left out."""
        with self._connections.read_transaction() as connection:
            rows = connection.execute(select(STORY).where(STORY.c.id.in_(story_ids))).all()
            found = {story.id: story for story in _load_stories(connection, rows)}
        return [found[story_id] for story_id in story_ids if story_id in found]

    def get_story(self, story_id: str) -> Story:
        """Return one story. If it was merged, return the story into which it was merged.

        Raises ``UsageError`` if the story does not exist.
        """
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(STORY).where(STORY.c.id == story_id)).first()
            if row and row.merged_into:
                row = connection.execute(select(STORY).where(STORY.c.id == row.merged_into)).first()
            if row is None:
                raise UsageError(f"there is no story {story_id!r}; 'monitor stories' lists them")
            return _load_stories(connection, [row])[0]


def return_free_memory() -> None:
    """Return freed memory to the operating system, if the C library can do this.

    While the index of articles and stories (grouping window) is loaded, additional memory is needed, about as much as
    the loaded index occupies.
    """
    import ctypes

    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _load_stories(connection: Connection, rows: Sequence[AnyRow]) -> list[Story]:
    story_ids = [row.id for row in rows]
    article_ids: defaultdict[str, list[int]] = defaultdict(list)
    members = select(ARTICLE.c.id, ARTICLE.c.story_id).where(*is_in_stories(story_ids))
    for member in connection.execute(members.order_by(ARTICLE.c.id)):
        article_ids[member.story_id].append(member.id)
    officials: defaultdict[str, set[str]] = defaultdict(set)
    named = select(ARTICLE.c.story_id, MENTION.c.official_id).join_from(ARTICLE, MENTION)
    for mention in connection.execute(named.where(*is_in_stories(story_ids)).distinct()):
        officials[mention.story_id].add(mention.official_id)
    return [_story_from_row(row, article_ids[row.id], officials[row.id]) for row in rows]


def _story_from_row(row: AnyRow, article_ids: list[int], official_ids: set[str]) -> Story:
    return Story(
        row.id, row.title, row.first_seen_at, row.last_seen_at, tuple(article_ids), tuple(sorted(official_ids))
    )

"""Store of stories: articles to group, the result of grouping, and queries for stories."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from monitor.domain.article import Stage, StoredArticle, Story
from monitor.domain.errors import UsageError
from monitor.domain.grouping import GroupingIndex
from monitor.store.attempts import delete_attempts
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import ARTICLE, FINGERPRINT, MENTION, STORY, STORY_CENTROID, STORY_TERM, TERM_FREQUENCY
from monitor.store.grouping_index import DatabaseGroupingIndex
from monitor.store.key_value import trusted_now
from monitor.store.rescreening import follow_grouping, has_feedback
from monitor.store.row_mapping import (
    IS_IN_PROGRESS,
    AnyRow,
    is_in_stories,
    select_stored_articles,
    stored_article_from_row,
)

_FINGERPRINT_RANGE, _TERM_RANGE = 1 << 63, 1 << 32
_SLICE_COUNT = 16
"""Expired rows are deleted in this many transactions, so that other writers wait for a short time only."""


class StoryStore:
    """Store of stories; every method but ``delete_expired`` is one transaction and may raise ``StoreError``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ungrouped(self, limit: int, after_id: int = 0) -> list[StoredArticle]:
        """Return articles at stage ``MATCHED`` with ids above ``after_id``, oldest first."""
        waiting = select_stored_articles().where(
            ARTICLE.c.stage == str(Stage.MATCHED), IS_IN_PROGRESS, ARTICLE.c.id > after_id
        )
        with self._connections.read_transaction() as connection:
            return [
                stored_article_from_row(row) for row in connection.execute(waiting.order_by(ARTICLE.c.id).limit(limit))
            ]

    def load_term_frequencies(self) -> bytes:
        """Return the term frequencies that ``apply_grouping`` stored last, or empty bytes."""
        with self._connections.read_transaction() as connection:
            packed = connection.execute(select(TERM_FREQUENCY.c.counts)).scalar()
        return zlib.decompress(packed) if packed else b""

    def apply_grouping(
        self,
        articles: Sequence[StoredArticle],
        place: Callable[[GroupingIndex], object],
        term_frequencies: bytes = b"",
    ) -> None:
        """Call ``place`` with the grouping index and move the articles to the grouped stage, in one transaction.

        Stores ``term_frequencies`` too, if given. Nothing is stored if ``place`` raises; it is not called if another
        process has grouped one of the articles meanwhile.
        """
        article_ids = [stored.id for stored in articles]
        packed = zlib.compress(term_frequencies, 1) if term_frequencies else b""  # before the transaction begins
        with self._connections.write_transaction() as connection:
            if not self._connections.is_sqlite:
                connection.exec_driver_sql("LOCK TABLE story_centroid IN EXCLUSIVE MODE")  # one at a time
            waiting = (ARTICLE.c.id.in_(article_ids), ARTICLE.c.stage == str(Stage.MATCHED))
            query = select(func.count().label("waiting"), has_feedback().label("has_feedback")).where(*waiting)
            found = connection.execute(query).one()
            if found.waiting == len(article_ids):
                index = DatabaseGroupingIndex(connection)
                place(index)
                index.flush()
                if found.has_feedback:
                    follow_grouping(connection, article_ids, index.merged_stories)
            delete_attempts(connection, article_ids)
            if packed:
                row = {"id": 1, "counts": packed}
                connection.execute(upsert(TERM_FREQUENCY, connection, "id", row), row)

    def delete_expired(self, now: datetime, fingerprint_age: timedelta, story_age: timedelta) -> None:
        """Delete fingerprints older than ``fingerprint_age``, and close stories without articles for ``story_age``.

        Fingerprints and terms of closed stories are scanned slice by slice. An index by article would be faster here,
        but would cost each new article more than the daily scan.
        """
        with self._connections.write_transaction() as connection:
            now = trusted_now(connection, now)
            young = select(func.min(ARTICLE.c.id)).where(ARTICLE.c.first_seen_at >= now - fingerprint_age)
            oldest = connection.execute(young).scalar() or 0
            connection.execute(delete(STORY_CENTROID).where(STORY_CENTROID.c.last_article_at < now - story_age))
        closed = ~exists().where(STORY_CENTROID.c.story_id == STORY_TERM.c.story_id)
        for slice_index in range(_SLICE_COUNT):
            fingerprints, terms = (
                _slice_condition(FINGERPRINT.c.value, _FINGERPRINT_RANGE, slice_index),
                _slice_condition(STORY_TERM.c.term, _TERM_RANGE, slice_index),
            )
            with self._connections.write_transaction() as connection:
                connection.execute(delete(FINGERPRINT).where(fingerprints, FINGERPRINT.c.article_id < oldest))
            with self._connections.write_transaction() as connection:
                connection.execute(delete(STORY_TERM).where(terms, closed))

    def release_quarantined(self, source_id: str) -> int:
        """Make the quarantined articles of a source alertable, to be matched again; return their number."""
        is_quarantined = (ARTICLE.c.source_id == source_id, ARTICLE.c.quarantine_reason != "")
        rematch = (
            update(ARTICLE)
            .where(*is_quarantined, ARTICLE.c.stage != str(Stage.LISTED))
            .values(stage=str(Stage.EXTRACTED))
        )
        with self._connections.write_transaction() as connection:
            delete_attempts(connection, connection.execute(select(ARTICLE.c.id).where(*is_quarantined)).scalars().all())
            connection.execute(rematch)
            return connection.execute(
                update(ARTICLE).where(*is_quarantined).values(is_alertable=True, quarantine_reason="")
            ).rowcount

    def list_stories(self, since_at: datetime | None = None, limit: int = 100) -> list[Story]:
        """Return stories with their articles and the officials they name, latest first; merged ones are left out."""
        conditions: list[ColumnElement[bool]] = [STORY.c.merged_into == ""]
        if since_at:
            conditions.append(STORY.c.last_seen_at >= since_at)
        query = select(STORY).where(*conditions).order_by(STORY.c.last_seen_at.desc(), STORY.c.id).limit(limit)
        with self._connections.read_transaction() as connection:
            return _load_stories(connection, connection.execute(query).all())

    def get_story(self, story_id: str) -> Story:
        """Return one story; the id of a merged story returns the story that absorbed it. Raises ``UsageError``."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(STORY).where(STORY.c.id == story_id)).first()
            if row and row.merged_into:
                row = connection.execute(select(STORY).where(STORY.c.id == row.merged_into)).first()
            if row is None:
                raise UsageError(f"there is no story {story_id!r}; 'monitor stories' lists them")
            return _load_stories(connection, [row])[0]


def _slice_condition(column: ColumnElement[int], value_count: int, slice_index: int) -> ColumnElement[bool]:
    """Return the condition for one of ``_SLICE_COUNT`` equal parts of the values from 0 to ``value_count``."""
    size = value_count // _SLICE_COUNT
    return column.between(slice_index * size, (slice_index + 1) * size - 1)


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

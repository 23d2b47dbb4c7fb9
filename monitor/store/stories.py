"""Stories: articles on their way to their place, and the stories for those who look."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from monitor.domain.article import Stage, StoredArticle, Story
from monitor.domain.errors import UsageError
from monitor.domain.grouping import GroupingIndex
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import ARTICLE, CLUSTER, FINGERPRINT, MENTION, STORY, TERM, VOCABULARY
from monitor.store.grouping_index import DatabaseGroupingIndex
from monitor.store.key_value import trusted_now
from monitor.store.row_mapping import (
    IS_IN_PROGRESS,
    AnyRow,
    is_in_stories,
    select_stored_articles,
    stored_article_from_row,
)

_FINGERPRINT_RANGE, _TERM_RANGE, _SLICE_COUNT = 1 << 63, 1 << 32, 16


class StoryStore:
    """The ``StoryStore`` of ``domain/grouping.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ungrouped(self, limit: int, after_id: int = 0) -> list[StoredArticle]:
        """Return articles at stage ``SCREENED``, oldest first, of those that came after the one with this id."""
        waiting = select_stored_articles().where(
            ARTICLE.c.stage == str(Stage.MATCHED), IS_IN_PROGRESS, ARTICLE.c.id > after_id
        )
        with self._connections.read_transaction() as connection:
            return [
                stored_article_from_row(row) for row in connection.execute(waiting.order_by(ARTICLE.c.id).limit(limit))
            ]

    def load_term_frequencies(self) -> bytes:
        """Return what was last kept by ``group``, or nothing."""
        with self._connections.read_transaction() as connection:
            packed = connection.execute(select(VOCABULARY.c.counts)).scalar()
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
        numbers = [stored.id for stored in articles]
        packed = (
            zlib.compress(term_frequencies, 1) if term_frequencies else b""
        )  # a megabyte, which nobody should wait for
        with self._connections.write_transaction() as connection:
            if not self._connections.is_sqlite:
                connection.exec_driver_sql("LOCK TABLE cluster IN EXCLUSIVE MODE")  # one groups at a time
            waiting = (ARTICLE.c.id.in_(numbers), ARTICLE.c.stage == str(Stage.MATCHED))
            if connection.execute(select(func.count()).where(*waiting)).scalar_one() == len(numbers):
                shelf = DatabaseGroupingIndex(connection)
                place(shelf)
                shelf.flush()
            if packed:
                row = {"id": 1, "counts": packed}
                connection.execute(upsert(VOCABULARY, connection, "id", row), row)

    def mark_grouping_failed(self, stored: StoredArticle, error: str) -> None:
        """Record that an article could not be grouped; it stays alone, at stage ``GROUPED``."""
        values = {"stage": str(Stage.GROUPED), "last_error": error}
        with self._connections.write_transaction() as connection:
            connection.execute(update(ARTICLE).where(ARTICLE.c.id == stored.id).values(values))

    def delete_expired(self, now: datetime, fingerprint_age: timedelta, story_age: timedelta) -> None:
        """Drop prints of articles first seen so long ago, and close stories that ended so long ago.

        Prints, and the terms of closed and merged stories, are looked through slice by slice in a transaction each, so
        that nobody waits for all of them. An index of who has a print would cost each article more than this the day.
        """
        with self._connections.write_transaction() as connection:
            now = trusted_now(connection, now)
            young = select(func.min(ARTICLE.c.id)).where(ARTICLE.c.first_seen_at >= now - fingerprint_age)
            oldest = connection.execute(young).scalar() or 0
            connection.execute(delete(CLUSTER).where(CLUSTER.c.last_at < now - story_age))
        closed = ~exists().where(CLUSTER.c.story_id == TERM.c.story_id)
        for piece in range(_SLICE_COUNT):
            prints, terms = (
                _slice_condition(FINGERPRINT.c.print, _FINGERPRINT_RANGE, piece),
                _slice_condition(TERM.c.term, _TERM_RANGE, piece),
            )
            with self._connections.write_transaction() as connection:
                connection.execute(delete(FINGERPRINT).where(prints, FINGERPRINT.c.article_id < oldest))
            with self._connections.write_transaction() as connection:
                connection.execute(delete(TERM).where(terms, closed))

    def release_quarantined(self, source_id: str) -> int:
        """Make news of the articles of a source that were held back, to be screened again; return how many."""
        held = (ARTICLE.c.source_id == source_id, ARTICLE.c.held != "")
        again = update(ARTICLE).where(*held, ARTICLE.c.stage != str(Stage.LISTED)).values(stage=str(Stage.EXTRACTED))
        with self._connections.write_transaction() as connection:
            connection.execute(again)
            return connection.execute(update(ARTICLE).where(*held).values(news=True, held="")).rowcount

    def list_stories(self, since_at: datetime | None = None, limit: int = 100) -> list[Story]:
        """Return stories with their articles and the officials they name, latest first; merged ones are left out."""
        conditions: list[ColumnElement[bool]] = [STORY.c.merged_into == ""]
        if since_at:
            conditions.append(STORY.c.last_seen_at >= since_at)
        query = select(STORY).where(*conditions).order_by(STORY.c.last_seen_at.desc(), STORY.c.id).limit(limit)
        with self._connections.read_transaction() as connection:
            return _load_stories(connection, connection.execute(query).all())

    def get_story(self, story_id: str) -> Story:
        """Return one story; the id of a merged one leads to the one that took it over. Raises ``UsageError``."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(STORY).where(STORY.c.id == story_id)).first()
            if row and row.merged_into:
                row = connection.execute(select(STORY).where(STORY.c.id == row.merged_into)).first()
            if row is None:
                raise UsageError(f"there is no story {story_id!r}; 'monitor stories' lists them")
            return _load_stories(connection, [row])[0]


def _slice_condition(column: ColumnElement[int], value_count: int, slice_index: int) -> ColumnElement[bool]:
    """Return the condition for one of the parts into which a range of values is cut."""
    size = value_count // _SLICE_COUNT
    return column.between(slice_index * size, (slice_index + 1) * size - 1)


def _load_stories(connection: Connection, rows: Sequence[AnyRow]) -> list[Story]:
    names = [row.id for row in rows]
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    members = select(ARTICLE.c.id, ARTICLE.c.story_id).where(*is_in_stories(names))
    for member in connection.execute(members.order_by(ARTICLE.c.id)):
        numbers[member.story_id].append(member.id)
    officials: defaultdict[str, set[str]] = defaultdict(set)
    named = select(ARTICLE.c.story_id, MENTION.c.official_id).join_from(ARTICLE, MENTION)
    for mention in connection.execute(named.where(*is_in_stories(names)).distinct()):
        officials[mention.story_id].add(mention.official_id)
    return [_story_from_row(row, numbers[row.id], officials[row.id]) for row in rows]


def _story_from_row(row: AnyRow, article_ids: list[int], official_ids: set[str]) -> Story:
    return Story(
        row.id, row.title, row.first_seen_at, row.last_seen_at, tuple(article_ids), tuple(sorted(official_ids))
    )

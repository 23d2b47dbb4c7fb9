"""Stories: articles on their way to their place, and the stories for those who look."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, update

from monitor.domain.article import Stage, Stored
from monitor.domain.errors import UsageError
from monitor.domain.grouping import Shelf
from monitor.domain.story import Story
from monitor.store.catalogue import ARTICLE, CLUSTER, FINGERPRINT, MENTION, STORY, TERM, VOCABULARY
from monitor.store.engine import Connections, insert_or_replace
from monitor.store.recovery import believed
from monitor.store.rows import WAITING, AnyRow, in_stories, stored_of, stored_query
from monitor.store.shelf import SqlShelf

_PRINTS, _TERMS, _SLICES = 1 << 63, 1 << 32, 16


class SqlStories:
    """The ``StoryStore`` of ``domain/grouping.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ungrouped(self, limit: int, after: int = 0) -> list[Stored]:
        """Return articles at stage ``SCREENED``, oldest first, of those that came after the one with this id."""
        waiting = stored_query().where(ARTICLE.c.stage == str(Stage.SCREENED), WAITING, ARTICLE.c.id > after)
        with self._connections.reading() as connection:
            return [stored_of(row) for row in connection.execute(waiting.order_by(ARTICLE.c.id).limit(limit))]

    def vocabulary(self) -> bytes:
        """Return what was last kept by ``group``, or nothing."""
        with self._connections.reading() as connection:
            packed = connection.execute(select(VOCABULARY.c.counts)).scalar()
        return zlib.decompress(packed) if packed else b""

    def group(
        self,
        articles: Sequence[Stored],
        place: Callable[[Shelf], object],
        vocabulary: bytes = b"",
    ) -> None:
        """Let ``place`` put each of the articles on the shelf, in one transaction; see the port."""
        numbers = [stored.id for stored in articles]
        packed = zlib.compress(vocabulary, 1) if vocabulary else b""  # a megabyte, which nobody should wait for
        with self._connections.writing() as connection:
            if not self._connections.sqlite:
                connection.exec_driver_sql("LOCK TABLE cluster IN EXCLUSIVE MODE")  # one groups at a time
            waiting = (ARTICLE.c.id.in_(numbers), ARTICLE.c.stage == str(Stage.SCREENED))
            if connection.execute(select(func.count()).where(*waiting)).scalar_one() == len(numbers):
                shelf = SqlShelf(connection)
                place(shelf)
                shelf.write()
            if packed:
                row = {"id": 1, "counts": packed}
                connection.execute(insert_or_replace(VOCABULARY, connection, "id", row), row)

    def give_up(self, stored: Stored, error: str) -> None:
        """Record that an article could not be grouped; it stays alone, at stage ``GROUPED``."""
        values = {"stage": str(Stage.GROUPED), "last_error": error}
        with self._connections.writing() as connection:
            connection.execute(update(ARTICLE).where(ARTICLE.c.id == stored.id).values(values))

    def forget(self, now: datetime, texts: timedelta, stories: timedelta) -> None:
        """Drop prints of articles first seen so long ago, and close stories that ended so long ago; see the port.

        Prints, and the terms of closed and merged stories, are looked through slice by slice in a transaction each, so
        that nobody waits for all of them. An index of who has a print would cost each article more than this the day.
        """
        with self._connections.writing() as connection:
            now = believed(connection, now)
            young = select(func.min(ARTICLE.c.id)).where(ARTICLE.c.first_seen_at >= now - texts)
            oldest = connection.execute(young).scalar() or 0
            connection.execute(delete(CLUSTER).where(CLUSTER.c.last_at < now - stories))
        closed = ~exists().where(CLUSTER.c.story_id == TERM.c.story_id)
        for piece in range(_SLICES):
            prints, terms = _slice(FINGERPRINT.c.print, _PRINTS, piece), _slice(TERM.c.term, _TERMS, piece)
            with self._connections.writing() as connection:
                connection.execute(delete(FINGERPRINT).where(prints, FINGERPRINT.c.article_id < oldest))
            with self._connections.writing() as connection:
                connection.execute(delete(TERM).where(terms, closed))

    def release(self, source_id: str) -> int:
        """Make news of the articles of a source that were held back, to be screened again; return how many."""
        held = (ARTICLE.c.source_id == source_id, ARTICLE.c.held != "")
        again = update(ARTICLE).where(*held, ARTICLE.c.stage != str(Stage.LISTED)).values(stage=str(Stage.READ))
        with self._connections.writing() as connection:
            connection.execute(again)
            return connection.execute(update(ARTICLE).where(*held).values(news=True, held="")).rowcount

    def stories(self, since_at: datetime | None = None, limit: int = 100) -> list[Story]:
        """Return stories with their articles and the officials they name, latest first; merged ones are left out."""
        conditions: list[ColumnElement[bool]] = [STORY.c.merged_into == ""]
        if since_at:
            conditions.append(STORY.c.last_seen_at >= since_at)
        query = select(STORY).where(*conditions).order_by(STORY.c.last_seen_at.desc(), STORY.c.id).limit(limit)
        with self._connections.reading() as connection:
            return _stories(connection, connection.execute(query).all())

    def story(self, story_id: str) -> Story:
        """Return one story; the id of a merged one leads to the one that took it over. Raises ``UsageError``."""
        with self._connections.reading() as connection:
            row = connection.execute(select(STORY).where(STORY.c.id == story_id)).first()
            if row and row.merged_into:
                row = connection.execute(select(STORY).where(STORY.c.id == row.merged_into)).first()
            if row is None:
                raise UsageError(f"there is no story {story_id!r}; 'monitor stories' lists them")
            return _stories(connection, [row])[0]


def _slice(column: ColumnElement[int], values: int, piece: int) -> ColumnElement[bool]:
    """Return the condition for one of the parts into which a range of values is cut."""
    size = values // _SLICES
    return column.between(piece * size, (piece + 1) * size - 1)


def _stories(connection: Connection, rows: Sequence[AnyRow]) -> list[Story]:
    names = [row.id for row in rows]
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    members = select(ARTICLE.c.id, ARTICLE.c.story_id).where(*in_stories(names))
    for member in connection.execute(members.order_by(ARTICLE.c.id)):
        numbers[member.story_id].append(member.id)
    officials: defaultdict[str, set[str]] = defaultdict(set)
    named = select(ARTICLE.c.story_id, MENTION.c.official_id).join_from(ARTICLE, MENTION)
    for mention in connection.execute(named.where(*in_stories(names)).distinct()):
        officials[mention.story_id].add(mention.official_id)
    return [_story(row, numbers[row.id], officials[row.id]) for row in rows]


def _story(row: AnyRow, numbers: list[int], officials: set[str]) -> Story:
    return Story(row.id, row.title, row.first_seen_at, row.last_seen_at, tuple(numbers), tuple(sorted(officials)))

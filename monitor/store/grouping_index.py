"""Storage of the grouping window: the index in memory of the latest articles and the open stories.

A process loads the window when it starts, and writes the changes of each batch of grouped articles. ``grouping_state``
has one row, whose ``version`` counts the transactions that changed grouping. Each row of ``indexed_article`` and
``story_centroid`` has the version in which it was written. To group a batch, a process locks ``grouping_state``, and
reads the rows that other processes have written since the version of its own window. Then it assigns the articles of
the batch to stories, and writes its changes with the next version. Therefore, the window contains all earlier batches
when a batch is grouped, even if other processes have grouped them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from monitor.domain.article import Stage
from monitor.domain.grouping import GroupingChanges, GroupingWindow, IndexedArticle, IndexedStory, Placement
from monitor.store.column_types import UtcDateTime

ROWS_PER_LOAD = 5_000
_UTC_DATETIME = UtcDateTime()
_SELECT_STATE = "SELECT version, reload_version FROM grouping_state WHERE id = 1"
_UPSERT_STATE = (
    "INSERT INTO grouping_state (id, version, reload_version) VALUES (1, ?, 0) "
    "ON CONFLICT (id) DO UPDATE SET version = excluded.version"
)
_INVALIDATE = "UPDATE grouping_state SET version = version + 1, reload_version = version + 1 WHERE id = 1"
_SELECT_ARTICLES = (
    "SELECT article_id, story_id, fingerprints, terms FROM indexed_article JOIN article ON article.id = article_id "
    "WHERE indexed_article.version > ? ORDER BY indexed_article.version, article_id"
)
_SELECT_STORIES = (
    "SELECT story_id, centroid FROM story_centroid WHERE story_centroid.version > ? ORDER BY story_centroid.version"
)
_SELECT_MERGED = "SELECT merged_into FROM story WHERE id = ?"
_SELECT_ARTICLE = (
    "SELECT story_id, duplicate_of, published_at, first_seen_at, title, body "
    "FROM article JOIN article_text ON article_id = id WHERE id = ?"
)
_UPSERT_ARTICLE = (
    "INSERT INTO indexed_article (article_id, version, fingerprints, terms) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (article_id) DO UPDATE SET version = excluded.version, fingerprints = excluded.fingerprints, "
    "terms = excluded.terms"
)
_UPSERT_CENTROID = (
    "INSERT INTO story_centroid (story_id, version, centroid, last_article_at) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (story_id) DO UPDATE SET version = excluded.version, centroid = excluded.centroid, "
    "last_article_at = excluded.last_article_at"
)
_UPSERT_STORY = (
    "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) "
    "SELECT ?, title, first_seen_at, first_seen_at, '' FROM article WHERE id = ? "
    "ON CONFLICT (id) DO UPDATE SET last_seen_at = "
    "CASE WHEN excluded.last_seen_at > story.last_seen_at THEN excluded.last_seen_at ELSE story.last_seen_at END"
)
_UPDATE_ARTICLE = "UPDATE article SET story_id = ?, duplicate_of = ?, stage = ? WHERE id = ?"
_MERGE_STATEMENTS = (  # conditions as in the partial indexes; otherwise these are not used
    ("UPDATE article SET story_id = ? WHERE story_id = ? AND story_id != ''", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE id = ?", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE merged_into = ? AND merged_into != ''", ("older", "younger")),
)


class RawExecutor(Struct, frozen=True):
    """Executor of SQL statements that bypasses SQLAlchemy's compiler.

    The compiler would take longer than the database needs to run the statement. Each `?` in a statement is the
    placeholder for a value.
    """

    connection: Connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Run a statement with a tuple of values.

        If ``values`` is a list of tuples, run the statement once for each tuple.
        """
        if self.connection.dialect.name != "sqlite":
            statement = statement.replace("?", "%s")
        return self.connection.exec_driver_sql(statement, values)


def lock_and_catch_up(connection: Connection, window: GroupingWindow) -> int:
    """Lock grouping until the transaction ends, so that other processes wait, and load new rows into ``window``.

    ``window`` is the index in memory of the latest articles and the open stories. Return the version number with which
    this transaction must write its changes.
    """
    lock_grouping(connection)
    return load_new_rows(connection, window) + 1


def lock_grouping(connection: Connection) -> None:
    """Prevent other processes from grouping articles and from storing verdicts, until the transaction ends."""
    if connection.dialect.name != "sqlite":  # on SQLite, a write transaction has the database to itself
        connection.exec_driver_sql("LOCK TABLE grouping_state IN EXCLUSIVE MODE")


def load_new_rows(connection: Connection, window: GroupingWindow) -> int:
    """Load all rows that were written since the last load into ``window``. Return the number of its new version.

    ``window`` is the index in memory of the latest articles and the open stories.
    """
    executor = RawExecutor(connection)
    version, reload_version = executor.execute(_SELECT_STATE).first() or (0, 0)
    if window.version < reload_version:
        window.clear()
    if window.version < version:
        found = executor.execute(_SELECT_STORIES, (window.version,))
        while stories := found.fetchmany(ROWS_PER_LOAD):
            window.load((), [_indexed_story(executor, *row) for row in stories])
        found = executor.execute(_SELECT_ARTICLES, (window.version,))
        while articles := found.fetchmany(ROWS_PER_LOAD):
            window.load([IndexedArticle(*row) for row in articles], ())
        window.version = version
    return int(version)


def invalidate_windows(connection: Connection) -> None:
    """Make all processes load their indexes of articles and stories in memory (grouping windows) again from the start.

    This is necessary after any change of stories other than the grouping of a batch.
    """
    connection.exec_driver_sql(_INVALIDATE)


def _indexed_story(executor: RawExecutor, story_id: str, centroid: bytes) -> IndexedStory:
    merged_into = "" if centroid else executor.execute(_SELECT_MERGED, (story_id,)).scalar()
    return IndexedStory(story_id, centroid, None, merged_into or "")


def load_grouped_article(connection: Connection, article_id: int) -> tuple[Placement | None, str, str]:
    """Return the placement of an article (its story and original), its title and its body.

    The placement is None if the article was deleted or has no story. Title and body are empty if the article was
    deleted.
    """
    row = RawExecutor(connection).execute(_SELECT_ARTICLE, (article_id,)).first()
    if row is None:
        return None, "", ""
    story_id, duplicate_of, published_at, first_seen_at, title, body = row
    at = _to_datetime(published_at) or _to_datetime(first_seen_at)
    return Placement(article_id, story_id, duplicate_of, at) if story_id else None, title, body


def write_changes(connection: Connection, changes: GroupingChanges, version: int) -> None:
    """Write the changes that result from grouping a batch of articles.

    The written rows of the grouping window (the index of the latest articles and the open stories) get ``version`` as
    their version.
    """
    executor = RawExecutor(connection)
    executor.execute(_UPSERT_STATE, (version,))
    if changes.placements:
        executor.execute(_UPSERT_STORY, [(one.story_id, one.article_id) for one in changes.placements])
        stage = str(Stage.GROUPED)
        placed = [(one.story_id, one.duplicate_of, stage, one.article_id) for one in changes.placements]
        executor.execute(_UPDATE_ARTICLE, placed)
    for story in changes.stories:
        if story.merged_into:
            story_ids = {"younger": story.story_id, "older": story.merged_into}
            for statement, parameters in _MERGE_STATEMENTS:
                executor.execute(statement, tuple(story_ids[name] for name in parameters))
    if changes.stories:
        executor.execute(_UPSERT_CENTROID, [_centroid_row(connection, one, version) for one in changes.stories])
    if indexed := [one for one in changes.articles if one.fingerprints or one.terms]:
        rows = [(one.article_id, version, one.fingerprints, one.terms) for one in indexed]
        executor.execute(_UPSERT_ARTICLE, rows)


def _centroid_row(connection: Connection, story: IndexedStory, version: int) -> tuple[Any, ...]:
    last_article_at = _UTC_DATETIME.process_bind_param(story.last_article_at, connection.dialect)
    return story.story_id, version, story.centroid, last_article_at


def _to_datetime(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value

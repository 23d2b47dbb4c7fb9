"""Store of the statements that articles make about the posts (offices) of officials.

It also stores the successions (changes in who holds a post) that digests have announced, and the last article that was
searched for such statements.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, and_, delete, func, select

from monitor.domain.article import Stage, StoredArticle
from monitor.domain.mention import Mention
from monitor.domain.succession import Announcement, ReportedStatement, StatementKind
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import ARTICLE, MENTION, POST_STATEMENT, SETTING, SOURCE, SUCCESSION_NOTICE
from monitor.store.damaged_rows import read_rows
from monitor.store.findings import mention_from_row
from monitor.store.row_mapping import AnyRow, chunk_ids, insert_rows, select_stored_articles, stored_article_from_row

PROGRESS_KEY = "succession_progress"
MAX_PENDING = 2_000
"""Maximum number of articles whose ids are kept because the articles are not matched yet.

They are searched for statements about posts (offices) after they have been matched. If there are more articles, the
newest ones are kept.
"""
_DONE = (str(Stage.MATCHED), str(Stage.GROUPED))


class SearchProgress(Struct, frozen=True):
    """Progress of the search for statements about posts (offices).

    All articles with ids up to ``last_id`` were searched, except the ones in ``pending``, which were not matched yet.
    """

    last_id: int = 0
    pending: tuple[int, ...] = ()


class SearchBatch(Struct, frozen=True):
    """Batch of articles to search for statements about posts (offices).

    ``progress`` is the progress of the search after this batch. ``is_last`` is true if there are no further articles
    now.
    """

    articles: tuple[StoredArticle, ...]
    progress: SearchProgress
    is_last: bool


class SuccessionStore:
    """Store of the statements in articles that an official has left a post, has a new post, or has a successor.

    Every method is one transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def load_batch(self, limit: int, since_at: datetime) -> SearchBatch:
        """Return the next articles to search for statements about posts (offices), in the order of their ids.

        Up to ``limit`` articles are read that no earlier call has read and that were first seen since ``since_at``. The
        ones that are not matched yet are remembered, and returned by a later call in addition to the articles that it
        reads.
        """
        with self._connections.read_transaction() as connection:
            progress = _load_progress(connection)
            newer = and_(ARTICLE.c.id > progress.last_id, ARTICLE.c.first_seen_at >= since_at)
            ids = connection.execute(
                select(ARTICLE.c.id, ARTICLE.c.stage).where(newer).order_by(ARTICLE.c.id).limit(limit)
            ).all()
            waiting = [row.id for row in ids if row.stage not in _DONE]
            ready = [row.id for row in ids if row.stage in _DONE]
            if progress.pending:
                done = select(ARTICLE.c.id, ARTICLE.c.stage).where(ARTICLE.c.id.in_(progress.pending))
                stages = {row.id: row.stage for row in connection.execute(done)}
                ready += [number for number, stage in stages.items() if stage in _DONE]
                waiting += [number for number, stage in stages.items() if stage not in _DONE]
            rows = connection.execute(
                select_stored_articles().where(ARTICLE.c.id.in_(ready)).order_by(ARTICLE.c.id)
            ).all()
        last_id = max((progress.last_id, *(row.id for row in ids)))
        pending = tuple(sorted(waiting)[-MAX_PENDING:])
        articles = tuple(read_rows(ARTICLE, rows, stored_article_from_row))
        return SearchBatch(articles, SearchProgress(last_id, pending), is_last=len(ids) < limit)

    def load_mentions(self, article_ids: Sequence[int]) -> dict[int, list[Mention]]:
        """Return a dictionary that maps the id of each of these articles to its mentions."""
        found: dict[int, list[Mention]] = {}
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(article_ids):
                rows = connection.execute(select(MENTION).where(MENTION.c.article_id.in_(chunk)))
                for article_id, mention in read_rows(
                    MENTION, rows, lambda row: (row.article_id, mention_from_row(row))
                ):
                    found.setdefault(article_id, []).append(mention)
        return found

    def save(self, batch: SearchBatch, statements: Iterable[ReportedStatement], now: datetime) -> None:
        """Replace the stored statements about posts in a batch of articles, and store the progress of the search.

        A repeated call changes nothing.
        """
        article_ids = [stored.id for stored in batch.articles]
        with self._connections.write_transaction() as connection:
            known = _load_progress(connection)
            connection.execute(delete(POST_STATEMENT).where(POST_STATEMENT.c.article_id.in_(article_ids)))
            insert_rows(connection, POST_STATEMENT, [_statement_row(one) for one in statements])
            progress = batch.progress if batch.progress.last_id >= known.last_id else known
            if progress != known:
                row = {"name": PROGRESS_KEY, "value": to_json(progress), "changed_at": now}
                connection.execute(upsert(SETTING, connection, "name", row), row)

    def list_statements(self, since_at: datetime, official_ids: Collection[str] = ()) -> list[ReportedStatement]:
        """Return the statements about posts (offices) in articles first seen since a time, oldest first.

        If ``official_ids`` is empty, the statements about all officials are returned. Statements of quarantined
        articles (stored, but not reported) are left out.
        """
        query = (
            select(
                POST_STATEMENT,
                ARTICLE.c.duplicate_of,
                ARTICLE.c.source_id,
                ARTICLE.c.title,
                ARTICLE.c.url,
                func.coalesce(SOURCE.c.name, ARTICLE.c.source_id).label("outlet"),
            )
            .join(ARTICLE, ARTICLE.c.id == POST_STATEMENT.c.article_id)
            .outerjoin(SOURCE, SOURCE.c.id == ARTICLE.c.source_id)
            .where(POST_STATEMENT.c.seen_at >= since_at, ARTICLE.c.quarantine_reason == "")
            .order_by(POST_STATEMENT.c.article_id, POST_STATEMENT.c.id)
        )
        if official_ids:
            query = query.where(POST_STATEMENT.c.official_id.in_(sorted(official_ids)))
        with self._connections.read_transaction() as connection:
            return read_rows(POST_STATEMENT, connection.execute(query), _statement_from_row)

    def list_announced(self, plan_id: str) -> list[Announcement]:
        """Return the successions (changes in who holds a post) that the digests of a plan have announced."""
        query = select(SUCCESSION_NOTICE).where(SUCCESSION_NOTICE.c.plan_id == plan_id)
        with self._connections.read_transaction() as connection:
            return read_rows(SUCCESSION_NOTICE, connection.execute(query), _announcement_from_row)


def record_announced(connection: Connection, plan_id: str, announced: Sequence[Announcement], at: datetime) -> None:
    """Record that a digest has announced these successions (changes in who holds a post).

    The caller opens the transaction.
    """
    rows = [
        {
            "plan_id": plan_id,
            "official_id": one.official_id,
            "kind": str(one.kind),
            "person": one.person,
            "post": one.post,
            "announced_at": at,
        }
        for one in announced
    ]
    insert_rows(connection, SUCCESSION_NOTICE, rows)


def _load_progress(connection: Connection) -> SearchProgress:
    stored = connection.execute(select(SETTING.c.value).where(SETTING.c.name == PROGRESS_KEY)).scalar()
    return from_json(SearchProgress, stored) if stored else SearchProgress()


def _statement_row(one: ReportedStatement) -> dict[str, object]:
    return {
        "article_id": one.article_id,
        "official_id": one.official_id,
        "kind": str(one.kind),
        "person": one.person,
        "post": one.post,
        "is_direct": one.is_direct,
        "passage": one.passage,
        "seen_at": one.seen_at,
    }


def _statement_from_row(row: AnyRow) -> ReportedStatement:
    return ReportedStatement(
        row.official_id,
        StatementKind(row.kind),
        row.person,
        row.post,
        bool(row.is_direct),
        row.passage,
        row.seen_at,
        row.article_id,
        row.duplicate_of or row.article_id,
        row.source_id,
        row.outlet,
        row.title,
        row.url,
    )


def _announcement_from_row(row: AnyRow) -> Announcement:
    return Announcement(row.official_id, StatementKind(row.kind), row.person, row.post)

"""Look-ups for people: the command line, the dashboard and the health report. Nothing here writes."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import Column, ColumnElement, Connection, Select, exists, func, select

from monitor.domain.article import Article, Stage, StoredArticle
from monitor.domain.errors import UsageError
from monitor.domain.mention import Findings, HitKind
from monitor.domain.read_models import ArticleFilter, ArticleVersion, DatabaseInfo, HitSummary, SourceStatus
from monitor.domain.source_health import effective_poll_state
from monitor.store.column_types import from_json
from monitor.store.connections import Connections
from monitor.store.core_tables import ADDRESS, ARTICLE, DIGEST, HIT, MENTION, REVISION, SOURCE, TOLD
from monitor.store.findings import load_findings
from monitor.store.full_text import parse_search_query, search_newest
from monitor.store.migrate import schema_version
from monitor.store.row_mapping import (
    IS_IN_PROGRESS,
    IS_LISTED,
    AnyRow,
    decode_texts,
    hash_text,
    is_in_stories,
    select_stored_articles,
    stored_article_from_row,
)
from monitor.store.sources import IS_CONFIGURED, poll_state_from_row

_MAX_SUBQUERY_IDS = 1000


class QueryStore:
    """Read-only queries for the command line and the web interface; may raise ``StoreError``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def get_article(self, article_id: int) -> StoredArticle:
        """Return one article. Raises ``UsageError`` if there is none with this number."""
        found = self._load_articles(select_stored_articles().where(ARTICLE.c.id == article_id))
        if not found:
            raise UsageError(f"there is no article {article_id}")
        return found[0]

    def find_by_url(self, url: str) -> list[StoredArticle]:
        """Return the articles that were met under a URL, or have it as their canonical one, oldest first."""
        numbers = select(ADDRESS.c.article_id).where(ADDRESS.c.url == hash_text(url))
        return self._load_articles(select_stored_articles().where(ARTICLE.c.id.in_(numbers)).order_by(ARTICLE.c.id))

    def list_articles(self, article_filter: ArticleFilter) -> list[StoredArticle]:
        """Return articles, newest first."""
        timed = (article_filter.since_at or article_filter.until_at) and not article_filter.source_id
        order = (ARTICLE.c.first_seen_at.desc(), ARTICLE.c.id.desc()) if timed else (ARTICLE.c.id.desc(),)
        with self._connections.read_transaction() as connection:
            query = select_stored_articles().where(*_filter_conditions(connection, article_filter, ARTICLE.c.id))
            if article_filter.rule_id:
                query = query.where(
                    _is_among(connection, ARTICLE.c.id, HIT.c.article_id, HIT.c.rule_id == article_filter.rule_id)
                )
            return [
                stored_article_from_row(row)
                for row in connection.execute(query.order_by(*order).limit(article_filter.limit))
            ]

    def search(self, query: str, limit: int = 20) -> list[StoredArticle]:
        """Return articles with the words, "phrases" and beginnings* of a query, newest first; -word excludes."""
        with self._connections.read_transaction() as connection:
            found = select_stored_articles().where(
                ARTICLE.c.id.in_(search_newest(connection, parse_search_query(query), limit))
            )
            return [stored_article_from_row(row) for row in connection.execute(found.order_by(ARTICLE.c.id.desc()))]

    def get_findings(self, article_id: int) -> Findings:
        """Return what was found in an article: mentions, hits and near misses, as they stand now."""
        with self._connections.read_transaction() as connection:
            return load_findings(connection, article_id)

    def list_versions(self, article_id: int) -> list[ArticleVersion]:
        """Return an article's earlier versions, oldest first."""
        query = select(REVISION).where(REVISION.c.article_id == article_id).order_by(REVISION.c.number)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query).all()
        return [ArticleVersion(row.number, from_json(Article, row.article), row.replaced_at) for row in rows]

    def list_hits(self, article_filter: ArticleFilter) -> list[HitSummary]:
        """Return hits with when and by which digest they were first told, newest first."""
        first = select(func.min(TOLD.c.digest)).where(TOLD.c.hit_id == HIT.c.id).scalar_subquery()
        columns = (DIGEST.c.composed_at.label("told_at"), DIGEST.c.digest_id.label("told_by"))
        query = select(HIT, ARTICLE.c.title, ARTICLE.c.url, *columns)
        query = query.outerjoin_from(HIT, ARTICLE)  # not to be read from the article's side: every hit has one
        query = query.outerjoin(DIGEST, DIGEST.c.id == first)
        if article_filter.rule_id:
            query = query.where(HIT.c.rule_id == article_filter.rule_id)
        with self._connections.read_transaction() as connection:
            query = query.where(*_filter_conditions(connection, article_filter, HIT.c.article_id))
            return [
                _hit_summary_from_row(row)
                for row in connection.execute(query.order_by(HIT.c.id.desc()).limit(article_filter.limit))
            ]

    def digests_by_hit(self, hit_ids: Collection[int]) -> dict[int, list[tuple[str, datetime]]]:
        """Return which digests told each of these hits, and when, the first one first."""
        query = (
            select(TOLD.c.hit_id, DIGEST.c.digest_id, DIGEST.c.composed_at)
            .join_from(TOLD, DIGEST, TOLD.c.digest == DIGEST.c.id)
            .where(TOLD.c.hit_id.in_(hit_ids))
            .order_by(DIGEST.c.id)
        )
        found: dict[int, list[tuple[str, datetime]]] = {}
        with self._connections.read_transaction() as connection:
            for hit_id, digest_id, told_at in connection.execute(query):
                found.setdefault(hit_id, []).append((digest_id, told_at))
        return found

    def list_sources(self) -> list[SourceStatus]:
        """Return every configured source with its memory and how many articles it ever brought."""
        columns = (SOURCE.c.name, SOURCE.c.memory, SOURCE.c.pages, SOURCE.c.articles)
        query = select(*columns).where(IS_CONFIGURED)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query.order_by(SOURCE.c.id)).all()
        return [SourceStatus(effective_poll_state(poll_state_from_row(row)), row.name, row.articles) for row in rows]

    def get_database_info(self) -> DatabaseInfo:
        """Return what there is to know of the database itself, at a cost that does not grow with it."""
        read = ARTICLE.c.stage == str(Stage.EXTRACTED)
        schema = schema_version(self._connections)
        with self._connections.read_transaction() as connection:
            return DatabaseInfo(
                engine=connection.dialect.name,
                schema=schema,
                size=_database_size_bytes(connection, self._connections.database_file),
                articles=_fetch_count(connection, select(func.coalesce(func.sum(SOURCE.c.articles), 0))),
                unread=_fetch_count(connection, select(func.count()).select_from(ARTICLE).where(IS_LISTED)),
                unscreened=_fetch_count(
                    connection, select(func.count()).select_from(ARTICLE).where(read, IS_IN_PROGRESS)
                ),
            )

    def oldest_unmatched_at(self) -> datetime | None:
        """Return when the oldest article that waits to be matched was first seen, or None if none waits."""
        oldest = select(func.min(ARTICLE.c.first_seen_at)).where(
            ARTICLE.c.stage == str(Stage.EXTRACTED), IS_IN_PROGRESS
        )
        with self._connections.read_transaction() as connection:
            first_seen_at: datetime | None = connection.execute(oldest).scalar_one()
        return first_seen_at

    def _load_articles(self, query: Select[*tuple[object, ...]]) -> list[StoredArticle]:
        with self._connections.read_transaction() as connection:
            return [stored_article_from_row(row) for row in connection.execute(query)]


def _filter_conditions(
    connection: Connection, article_filter: ArticleFilter, id_column: Column[int]
) -> list[ColumnElement[bool]]:
    """Return the conditions on ``article``, or on the column that has its number, that a filter stands for."""
    conditions: list[ColumnElement[bool]] = []
    if article_filter.source_id:
        conditions.append(ARTICLE.c.source_id == article_filter.source_id)
    if article_filter.story_id:
        conditions += is_in_stories([article_filter.story_id])
    if article_filter.official_id:
        conditions.append(
            _is_among(connection, id_column, MENTION.c.article_id, MENTION.c.official_id == article_filter.official_id)
        )
    if article_filter.since_at:
        conditions.append(ARTICLE.c.first_seen_at >= article_filter.since_at)
    if article_filter.until_at:
        conditions.append(ARTICLE.c.first_seen_at < article_filter.until_at)
    return conditions


def _is_among(
    connection: Connection, id_column: Column[int], article_id_column: Column[int], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition that an article is among those that other rows name.

    Few are looked up by their numbers; of many, the newest are soon met on the way down the archive.
    """
    few = select(article_id_column).where(condition)
    if (
        _fetch_count(connection, select(func.count()).select_from(few.limit(_MAX_SUBQUERY_IDS).subquery()))
        < _MAX_SUBQUERY_IDS
    ):
        return id_column.in_(few)
    return exists().where(article_id_column == id_column, condition)


def _hit_summary_from_row(row: AnyRow) -> HitSummary:
    return HitSummary(
        id=row.id,
        article_id=row.article_id,
        rule_id=row.rule_id,
        official_ids=decode_texts(row.officials),
        found_at=row.found_at,
        kind=HitKind(row.kind),
        title=row.title,
        url=row.url,
        reported_at=row.told_at,
        plan_id=row.told_by or "",
    )


def _fetch_count(connection: Connection, query: Select[int]) -> int:
    return connection.execute(query).scalar_one()


def _database_size_bytes(connection: Connection, file: str) -> int:
    if file:
        return sum(path.stat().st_size for path in (Path(file), Path(f"{file}-wal")) if path.exists())
    return _fetch_count(connection, select(func.pg_database_size(func.current_database())))

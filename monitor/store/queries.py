"""Read-only queries for the command line, the web interface and the health report."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, exists, func, select, tuple_

from monitor.domain.article import Article, Stage, StoredArticle
from monitor.domain.errors import UsageError
from monitor.domain.mention import Findings, HitKind, Passage
from monitor.domain.read_models import ArticleFilter, ArticleVersion, Cursor, DatabaseInfo, HitSummary, SourceStatus
from monitor.domain.source_health import effective_poll_state
from monitor.domain.values import replace
from monitor.store.column_types import BIG_INTEGER, UtcDateTime, from_json
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, ARTICLE_URL, ARTICLE_VERSION, DIGEST, DIGEST_HIT, HIT, MENTION, SOURCE
from monitor.store.damaged_rows import read_part, read_row, read_rows
from monitor.store.findings import load_findings
from monitor.store.full_text import parse_search_query, search_newest
from monitor.store.migrate import schema_version
from monitor.store.row_mapping import (
    IS_IN_PROGRESS,
    IS_LISTED,
    AnyRow,
    chunk_ids,
    decode_texts,
    hash_text,
    is_in_stories,
    select_stored_articles,
    stored_article_from_row,
)
from monitor.store.sources import IS_CONFIGURED, poll_state_from_row

_MAX_SUBQUERY_IDS = 1000
"""Number of matching rows that is too high to look up their articles by id.

If fewer rows match, the ids of their articles are read first, and the articles are then found by id. Otherwise it is
faster to read the articles, newest first, and to test each until there are enough results.
"""

_CURSOR_TYPES = (UtcDateTime(), BIG_INTEGER)


class QueryStore:
    """Read-only queries for the command line and the web interface; may raise ``StoreError``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def get_article(self, article_id: int) -> StoredArticle:
        """Return one article. Raises ``UsageError`` if it does not exist."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(select_stored_articles().where(ARTICLE.c.id == article_id)).first()
        if row is None:
            raise UsageError(f"there is no article {article_id}; `monitor articles` lists the ids")
        return read_row(ARTICLE, article_id, partial(stored_article_from_row, row))

    def load_articles(self, article_ids: Collection[int]) -> list[StoredArticle]:
        """Return the articles with these ids, in the order of their ids. Ids without an article are left out."""
        return [
            stored
            for chunk in chunk_ids(sorted(article_ids))
            for stored in self._load_articles(
                select_stored_articles().where(ARTICLE.c.id.in_(chunk)).order_by(ARTICLE.c.id)
            )
        ]

    def find_by_url(self, url: str) -> list[StoredArticle]:
        """Return the articles with this URL or canonical URL, oldest first."""
        article_ids = select(ARTICLE_URL.c.article_id).where(ARTICLE_URL.c.url_hash == hash_text(url))
        return self._load_articles(select_stored_articles().where(ARTICLE.c.id.in_(article_ids)).order_by(ARTICLE.c.id))

    def list_articles(self, article_filter: ArticleFilter) -> list[StoredArticle]:
        """Return the articles that a filter selects, newest first."""
        has_period = (article_filter.since_at or article_filter.until_at) and not article_filter.source_id
        order = (ARTICLE.c.first_seen_at.desc(), ARTICLE.c.id.desc()) if has_period else (ARTICLE.c.id.desc(),)
        with self._connections.read_transaction() as connection:
            query = select_stored_articles().where(*_filter_conditions(connection, article_filter, ARTICLE.c.id))
            if article_filter.rule_id:
                query = query.where(
                    is_among(
                        connection,
                        ARTICLE.c.id,
                        HIT.c.article_id,
                        and_(HIT.c.rule_id == article_filter.rule_id, HIT.c.withdrawn_at.is_(None)),
                    )
                )
            position = tuple_(ARTICLE.c.first_seen_at, ARTICLE.c.id)

            def fetch(last: AnyRow | None) -> Sequence[AnyRow]:
                cursor = Cursor(last.first_seen_at, last.id) if last else article_filter.after
                part = query.order_by(*order).limit(article_filter.limit)
                if cursor and has_period:
                    part = part.where(position < tuple_(cursor.at, cursor.id, types=_CURSOR_TYPES))
                elif cursor:
                    part = part.where(ARTICLE.c.id < cursor.id)
                return connection.execute(part).all()

            return read_part(fetch, lambda rows: read_rows(ARTICLE, rows, stored_article_from_row))

    def search(self, query: str, limit: int = 20) -> list[StoredArticle]:
        """Return the articles that satisfy a full-text query, newest first.

        The query consists of words, "phrases" and prefixes*. A word after a minus (-word) must not occur in the
        article.
        """
        with self._connections.read_transaction() as connection:
            article_ids = search_newest(connection, parse_search_query(query), limit)
            rows = (
                row
                for chunk in chunk_ids(article_ids)
                for row in connection.execute(
                    select_stored_articles().where(ARTICLE.c.id.in_(chunk)).order_by(ARTICLE.c.id.desc())
                )
            )
            return read_rows(ARTICLE, rows, stored_article_from_row)

    def get_findings(self, article_id: int) -> Findings:
        """Return the mentions, hits and near misses (rejected mentions) in the present version of an article."""
        with self._connections.read_transaction() as connection:
            return load_findings(connection, article_id)

    def list_versions(self, article_id: int) -> list[ArticleVersion]:
        """Return an article's earlier versions, oldest first."""
        query = select(ARTICLE_VERSION).where(ARTICLE_VERSION.c.article_id == article_id)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query.order_by(ARTICLE_VERSION.c.version)).all()
        return read_rows(
            ARTICLE_VERSION,
            rows,
            lambda row: ArticleVersion(row.version, from_json(Article, row.snapshot), row.replaced_at),
            "article_id",
        )

    def list_hits(self, article_filter: ArticleFilter) -> list[HitSummary]:
        """Return the hits that a filter selects, newest first, each with the digest that first reported it.

        Withdrawn hits, which a verdict or a changed configuration has made invalid, are included.
        """
        found = select(HIT.c.id).outerjoin_from(HIT, ARTICLE)  # with an outer join, the planner starts from the hits
        if article_filter.rule_id:
            found = found.where(HIT.c.rule_id == article_filter.rule_id)
        first = select(func.min(DIGEST_HIT.c.digest_id)).where(DIGEST_HIT.c.hit_id == HIT.c.id).scalar_subquery()
        columns = (DIGEST.c.composed_at.label("reported_at"), DIGEST.c.plan_id)
        query = select(HIT, *_HIT_ARTICLE_COLUMNS, *columns).outerjoin_from(HIT, ARTICLE)
        query = query.outerjoin(DIGEST, DIGEST.c.id == first).outerjoin(SOURCE, SOURCE.c.id == ARTICLE.c.source_id)
        with self._connections.read_transaction() as connection:
            found = found.where(*_filter_conditions(connection, article_filter, HIT.c.article_id))
            if article_filter.since_at:  # A hit is found after its article, and the newest hits have the highest ids.
                oldest = select(func.min(HIT.c.id)).where(HIT.c.found_at >= article_filter.since_at)
                found = found.where(HIT.c.id >= oldest.scalar_subquery())

            def fetch(last: AnyRow | None) -> Sequence[AnyRow]:
                before = last or article_filter.after
                part = found.where(HIT.c.id < before.id) if before else found
                newest = part.order_by(HIT.c.id.desc()).limit(article_filter.limit)
                return connection.execute(query.where(HIT.c.id.in_(newest)).order_by(HIT.c.id.desc())).all()

            return read_part(fetch, partial(_hit_summaries_from_rows, connection))

    def list_article_hits(self, article_id: int) -> list[HitSummary]:
        """Return the hits of an article, once for each digest that has reported the hit.

        Hits that no digest has reported are included once, at the end.
        """
        query = select(HIT, *_HIT_ARTICLE_COLUMNS, DIGEST.c.composed_at.label("reported_at"), DIGEST.c.plan_id)
        query = query.join_from(HIT, ARTICLE).outerjoin(DIGEST_HIT, DIGEST_HIT.c.hit_id == HIT.c.id)
        query = query.outerjoin(DIGEST, DIGEST.c.id == DIGEST_HIT.c.digest_id).where(HIT.c.article_id == article_id)
        query = query.outerjoin(SOURCE, SOURCE.c.id == ARTICLE.c.source_id)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query.order_by(HIT.c.id, DIGEST.c.id)).all()
            hits = _hit_summaries_from_rows(connection, rows)
        return sorted(hits, key=lambda hit: hit.reported_at is None)

    def load_source_statuses(self, source_ids: Collection[str]) -> dict[str, SourceStatus]:
        """Return a dictionary that maps the id of each of these sources to its poll state, name and number of articles.

        Sources that are not configured are left out.
        """
        columns = (SOURCE.c.id, SOURCE.c.name, SOURCE.c.poll_state, SOURCE.c.page_quality, SOURCE.c.article_count)
        query = select(*columns).where(IS_CONFIGURED, SOURCE.c.id.in_(source_ids))
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query).all()
        return {
            row.id: SourceStatus(effective_poll_state(poll_state_from_row(row)), row.name, row.article_count)
            for row in rows
        }

    def list_sources(self) -> list[SourceStatus]:
        """Return every configured source with its poll state and the number of articles that it has ever had."""
        columns = (SOURCE.c.id, SOURCE.c.name, SOURCE.c.poll_state, SOURCE.c.page_quality, SOURCE.c.article_count)
        query = select(*columns).where(IS_CONFIGURED)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query.order_by(SOURCE.c.id)).all()
        return [
            SourceStatus(effective_poll_state(poll_state_from_row(row)), row.name, row.article_count) for row in rows
        ]

    def get_database_info(self) -> DatabaseInfo:
        """Return the engine, schema version and size of the database, and three numbers of articles.

        These are the number of all articles, of articles whose page was not read yet, and of articles that were not
        matched yet. The cost does not grow with the size of the database.
        """
        is_extracted = ARTICLE.c.stage == str(Stage.EXTRACTED)
        schema = schema_version(self._connections)
        with self._connections.read_transaction() as connection:
            return DatabaseInfo(
                engine=connection.dialect.name,
                schema_version=schema,
                size_bytes=_database_size_bytes(connection, self._connections.database_file),
                article_count=_fetch_count(connection, select(func.coalesce(func.sum(SOURCE.c.article_count), 0))),
                pending_pages=_fetch_count(connection, select(func.count()).select_from(ARTICLE).where(IS_LISTED)),
                unmatched=_fetch_count(
                    connection, select(func.count()).select_from(ARTICLE).where(is_extracted, IS_IN_PROGRESS)
                ),
            )

    def oldest_unmatched_at(self) -> datetime | None:
        """Return the time at which the oldest unmatched article was first seen, or None if all are matched."""
        oldest = select(func.min(ARTICLE.c.first_seen_at)).where(
            ARTICLE.c.stage == str(Stage.EXTRACTED), IS_IN_PROGRESS
        )
        with self._connections.read_transaction() as connection:
            first_seen_at: datetime | None = connection.execute(oldest).scalar_one()
        return first_seen_at

    def _load_articles(self, query: Select[*tuple[object, ...]]) -> list[StoredArticle]:
        with self._connections.read_transaction() as connection:
            return read_rows(ARTICLE, connection.execute(query), stored_article_from_row)


def _filter_conditions(
    connection: Connection, article_filter: ArticleFilter, id_column: Column[int]
) -> list[ColumnElement[bool]]:
    """Return the SQL conditions that correspond to a filter for articles.

    ``id_column`` is the column with the article id in the table that the query reads.
    """
    conditions: list[ColumnElement[bool]] = []
    if article_filter.source_id:
        conditions.append(ARTICLE.c.source_id == article_filter.source_id)
    if article_filter.story_id:
        conditions += is_in_stories([article_filter.story_id])
    if article_filter.official_id:
        conditions.append(
            is_among(connection, id_column, MENTION.c.article_id, MENTION.c.official_id == article_filter.official_id)
        )
    if article_filter.language:
        conditions.append(
            (ARTICLE.c.language == article_filter.language)
            | ARTICLE.c.language.startswith(f"{article_filter.language}-", autoescape=True)
        )
    if article_filter.since_at:
        conditions.append(ARTICLE.c.first_seen_at >= article_filter.since_at)
    if article_filter.until_at:
        conditions.append(ARTICLE.c.first_seen_at < article_filter.until_at)
    return conditions


def is_among(
    connection: Connection, id_column: Column[int], article_id_column: Column[int], condition: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the SQL condition that another table has a row for an article, and that this row satisfies ``condition``.

    ``article_id_column`` is the column of the other table that refers to the article. ``id_column`` is the column with
    the id of the article in the query to which the caller adds the result.
    """
    matching = select(article_id_column).where(condition)
    if (
        _fetch_count(connection, select(func.count()).select_from(matching.limit(_MAX_SUBQUERY_IDS).subquery()))
        < _MAX_SUBQUERY_IDS
    ):
        return id_column.in_(matching)
    return exists().where(article_id_column == id_column, condition)


_HIT_ARTICLE_COLUMNS = (
    *(ARTICLE.c.title, ARTICLE.c.url, ARTICLE.c.source_id, ARTICLE.c.published_at, ARTICLE.c.language),
    SOURCE.c.name.label("outlet"),
)


def _hit_summaries_from_rows(connection: Connection, rows: Sequence[AnyRow]) -> list[HitSummary]:
    """Build hits from their rows.

    A hit may have several mentions of officials. Its confidence and its form (``MatchForm``, such as a full name) are
    taken from the mention with the highest confidence.
    """
    mentions: defaultdict[tuple[int, str], list[tuple[float, str]]] = defaultdict(list)
    columns = (MENTION.c.article_id, MENTION.c.official_id, MENTION.c.confidence, MENTION.c.form)
    for chunk in chunk_ids(sorted({row.article_id for row in rows})):
        for article_id, official_id, confidence, form in connection.execute(
            select(*columns).where(MENTION.c.article_id.in_(chunk))
        ):
            mentions[article_id, official_id].append((confidence, form))
    found = []
    for hit in read_rows(HIT, rows, _hit_summary_from_row):
        surest = max((one for name in hit.official_ids for one in mentions[hit.article_id, name]), default=None)
        found.append(replace(hit, confidence=surest[0], form=surest[1]) if surest else hit)
    return found


def _hit_summary_from_row(row: AnyRow) -> HitSummary:
    passages = from_json(tuple[Passage, ...], row.passages)
    return HitSummary(
        id=row.id,
        article_id=row.article_id,
        rule_id=row.rule_id,
        official_ids=decode_texts(row.official_ids),
        found_at=row.found_at,
        kind=HitKind(row.kind),
        title=row.title,
        url=row.url,
        reported_at=row.reported_at,
        plan_id=row.plan_id or "",
        source_id=row.source_id,
        outlet=row.outlet or row.source_id,
        published_at=row.published_at,
        language=row.language,
        passage=passages[0].text if passages else "",
        page=passages[0].page if passages else 0,
        withdrawn_at=row.withdrawn_at,
    )


def _fetch_count(connection: Connection, query: Select[int]) -> int:
    return connection.execute(query).scalar_one()


def _database_size_bytes(connection: Connection, file: str) -> int:
    if file:
        return sum(path.stat().st_size for path in (Path(file), Path(f"{file}-wal")) if path.exists())
    return _fetch_count(connection, select(func.pg_database_size(func.current_database())))

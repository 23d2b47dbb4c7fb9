"""Look-ups for people: the command line, the dashboard and the health report. Nothing here writes."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, exists, func, select

from monitor.domain.archive import DatabaseFacts, Filter, HitLine, SourceLine, Version
from monitor.domain.article import Article, Stage, Stored
from monitor.domain.digest import Kind
from monitor.domain.errors import UsageError
from monitor.domain.health import standing
from monitor.domain.mention import Findings, Passage, RuleHit
from monitor.store.catalogue import ADDRESS, ARTICLE, DIGEST, HIT, MENTION, NEARMISS, REVISION, SOURCE, TOLD
from monitor.store.codec import loads
from monitor.store.engine import Connections
from monitor.store.hits import mention_of, near_miss_of
from monitor.store.rows import LISTED, WAITING, AnyRow, digest, in_stories, several_of, stored_of, stored_query
from monitor.store.schema import version
from monitor.store.search import newest, read_query
from monitor.store.sources import CONFIGURED, memory_of

_FEW = 1000


class SqlArchive:
    """The ``Archive`` of ``domain/ports.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def article(self, article_id: int) -> Stored:
        """Return one article. Raises ``UsageError`` if there is none with this number."""
        found = self._stored(stored_query().where(ARTICLE.c.id == article_id))
        if not found:
            raise UsageError(f"there is no article {article_id}")
        return found[0]

    def by_url(self, url: str) -> list[Stored]:
        """Return the articles that were met under a URL, or have it as their canonical one, oldest first."""
        numbers = select(ADDRESS.c.article_id).where(ADDRESS.c.url == digest(url))
        return self._stored(stored_query().where(ARTICLE.c.id.in_(numbers)).order_by(ARTICLE.c.id))

    def articles(self, wanted: Filter) -> list[Stored]:
        """Return articles, newest first."""
        timed = (wanted.since_at or wanted.until_at) and not wanted.source_id
        order = (ARTICLE.c.first_seen_at.desc(), ARTICLE.c.id.desc()) if timed else (ARTICLE.c.id.desc(),)
        with self._connections.reading() as connection:
            query = stored_query().where(*_narrowed(connection, wanted, ARTICLE.c.id))
            if wanted.rule_id:
                query = query.where(_among(connection, ARTICLE.c.id, HIT.c.article_id, HIT.c.rule_id == wanted.rule_id))
            return [stored_of(row) for row in connection.execute(query.order_by(*order).limit(wanted.limit))]

    def search(self, query: str, limit: int = 20) -> list[Stored]:
        """Return articles with the words, "phrases" and beginnings* of a query, newest first; -word excludes."""
        with self._connections.reading() as connection:
            found = stored_query().where(ARTICLE.c.id.in_(newest(connection, read_query(query), limit)))
            return [stored_of(row) for row in connection.execute(found.order_by(ARTICLE.c.id.desc()))]

    def findings(self, article_id: int) -> Findings:
        """Return what was found in an article: mentions, hits and near misses, as they stand now."""
        with self._connections.reading() as connection:
            return findings_of(connection, article_id)

    def versions(self, article_id: int) -> list[Version]:
        """Return an article's earlier versions, oldest first."""
        query = select(REVISION).where(REVISION.c.article_id == article_id).order_by(REVISION.c.number)
        with self._connections.reading() as connection:
            rows = connection.execute(query).all()
        return [Version(row.number, loads(Article, row.article), row.replaced_at) for row in rows]

    def hits(self, wanted: Filter) -> list[HitLine]:
        """Return hits with when and by which digest they were first told, newest first."""
        first = select(func.min(TOLD.c.digest)).where(TOLD.c.hit_id == HIT.c.id).scalar_subquery()
        columns = (DIGEST.c.composed_at.label("told_at"), DIGEST.c.digest_id.label("told_by"))
        query = select(HIT, ARTICLE.c.title, ARTICLE.c.url, *columns)
        query = query.outerjoin_from(HIT, ARTICLE)  # not to be read from the article's side: every hit has one
        query = query.outerjoin(DIGEST, DIGEST.c.id == first)
        if wanted.rule_id:
            query = query.where(HIT.c.rule_id == wanted.rule_id)
        with self._connections.reading() as connection:
            query = query.where(*_narrowed(connection, wanted, HIT.c.article_id))
            return [_hit_line(row) for row in connection.execute(query.order_by(HIT.c.id.desc()).limit(wanted.limit))]

    def tellings(self, hit_ids: Collection[int]) -> dict[int, list[tuple[str, datetime]]]:
        """Return which digests told each of these hits, and when, the first one first."""
        query = (
            select(TOLD.c.hit_id, DIGEST.c.digest_id, DIGEST.c.composed_at)
            .join_from(TOLD, DIGEST, TOLD.c.digest == DIGEST.c.id)
            .where(TOLD.c.hit_id.in_(hit_ids))
            .order_by(DIGEST.c.id)
        )
        found: dict[int, list[tuple[str, datetime]]] = {}
        with self._connections.reading() as connection:
            for hit_id, digest_id, told_at in connection.execute(query):
                found.setdefault(hit_id, []).append((digest_id, told_at))
        return found

    def sources(self) -> list[SourceLine]:
        """Return every configured source with its memory and how many articles it ever brought."""
        columns = (SOURCE.c.name, SOURCE.c.memory, SOURCE.c.pages, SOURCE.c.articles)
        query = select(*columns).where(CONFIGURED)
        with self._connections.reading() as connection:
            rows = connection.execute(query.order_by(SOURCE.c.id)).all()
        return [SourceLine(standing(memory_of(row)), row.name, row.articles) for row in rows]

    def facts(self) -> DatabaseFacts:
        """Return what there is to know of the database itself, at a cost that does not grow with it."""
        read = ARTICLE.c.stage == str(Stage.READ)
        schema = version(self._connections)
        with self._connections.reading() as connection:
            return DatabaseFacts(
                engine=connection.dialect.name,
                schema=schema,
                size=_size(connection, self._connections.file),
                articles=_number(connection, select(func.coalesce(func.sum(SOURCE.c.articles), 0))),
                unread=_number(connection, select(func.count()).select_from(ARTICLE).where(LISTED)),
                unscreened=_number(connection, select(func.count()).select_from(ARTICLE).where(read, WAITING)),
            )

    def _stored(self, query: Select[*tuple[object, ...]]) -> list[Stored]:
        with self._connections.reading() as connection:
            return [stored_of(row) for row in connection.execute(query)]


def _narrowed(connection: Connection, wanted: Filter, number: Column[int]) -> list[ColumnElement[bool]]:
    """Return the conditions on ``article``, or on the column that has its number, that a filter stands for."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.source_id:
        conditions.append(ARTICLE.c.source_id == wanted.source_id)
    if wanted.story_id:
        conditions += in_stories([wanted.story_id])
    if wanted.official_id:
        conditions.append(_among(connection, number, MENTION.c.article_id, MENTION.c.official_id == wanted.official_id))
    if wanted.since_at:
        conditions.append(ARTICLE.c.first_seen_at >= wanted.since_at)
    if wanted.until_at:
        conditions.append(ARTICLE.c.first_seen_at < wanted.until_at)
    return conditions


def _among(
    connection: Connection, number: Column[int], of: Column[int], wanted: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition that an article is among those that other rows name.

    Few are looked up by their numbers; of many, the newest are soon met on the way down the archive.
    """
    few = select(of).where(wanted)
    if _number(connection, select(func.count()).select_from(few.limit(_FEW).subquery())) < _FEW:
        return number.in_(few)
    return exists().where(of == number, wanted)


def findings_of(connection: Connection, article_id: int) -> Findings:
    """Return what was found in an article, hits in the order in which they were found."""
    return Findings(
        tuple(mention_of(row) for row in connection.execute(_of(MENTION, article_id))),
        tuple(_rule_hit(row) for row in connection.execute(_of(HIT, article_id))),
        tuple(near_miss_of(row) for row in connection.execute(_of(NEARMISS, article_id))),
    )


def _of(rows: Table, article_id: int) -> Select[*tuple[object, ...]]:
    return select(rows).where(rows.c.article_id == article_id).order_by(rows.c.id)


def _rule_hit(row: AnyRow) -> RuleHit:
    return RuleHit(row.rule_id, several_of(row.officials), loads(tuple[Passage, ...], row.passages))


def _hit_line(row: AnyRow) -> HitLine:
    return HitLine(
        id=row.id,
        article_id=row.article_id,
        rule_id=row.rule_id,
        officials=several_of(row.officials),
        found_at=row.found_at,
        kind=Kind(row.kind),
        title=row.title,
        url=row.url,
        told_at=row.told_at,
        digest_id=row.told_by or "",
    )


def _number(connection: Connection, query: Select[int]) -> int:
    return connection.execute(query).scalar_one()


def _size(connection: Connection, file: str) -> int:
    if file:
        return sum(path.stat().st_size for path in (Path(file), Path(f"{file}-wal")) if path.exists())
    return _number(connection, select(func.pg_database_size(func.current_database())))

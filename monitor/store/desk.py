"""Store with the queries of the desk, the web pages of this program.

Each query returns a limited number of rows. Texts of articles are returned only for a single article.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Select, and_, case, exists, func, or_, select, tuple_

from monitor.domain.article import Region
from monitor.domain.delivery import DeliveryState
from monitor.domain.desk_models import (
    ArticleLine,
    ArticlePage,
    DeliveryLine,
    HitLine,
    HourCount,
    MentionPlace,
    NamedCount,
    NameForm,
    OfficialSample,
    ReportLine,
    SourceLine,
    StoryHour,
    StoryLine,
)
from monitor.domain.errors import UsageError
from monitor.domain.mention import HitKind, MatchForm, Passage
from monitor.domain.poll_state import HEALTHY_STATES
from monitor.domain.read_models import ArticleFilter, Cursor
from monitor.domain.source_health import effective_poll_state
from monitor.store.column_types import BIG_INTEGER, UtcDateTime, from_json
from monitor.store.connections import Connections
from monitor.store.core_tables import (
    ARTICLE,
    ARTICLE_ATTEMPT,
    DELIVERY,
    DIGEST,
    DIGEST_HIT,
    HIT,
    MENTION,
    PAGE_SNAPSHOT,
    SOURCE,
    STORY,
)
from monitor.store.damaged_rows import read_rows
from monitor.store.full_text import IndexQuery, find_candidates
from monitor.store.queries import QueryStore, is_among
from monitor.store.row_mapping import AnyRow, chunk_ids, decode_texts, is_in_stories
from monitor.store.sources import IS_CONFIGURED, poll_state_from_row

MAX_MEMBERS, MAX_DUPLICATES = 300, 50
MAX_MENTIONS_COUNTED, MAX_FORM_MENTIONS, MAX_SAMPLE_ARTICLES = 200_000, 20_000, 2_000
"""Maximum numbers of rows that one query reads.

- ``MAX_MENTIONS_COUNTED`` mentions are counted by hour.
- ``MAX_FORM_MENTIONS`` mentions are read to list the spellings of a name.
- ``MAX_SAMPLE_ARTICLES`` articles or mentions are read by other queries.

If more rows exist, a number on a page is the result for this sample only. The page then also shows the size of the
sample.
"""

_LINE_COLUMNS = (
    *(ARTICLE.c[name] for name in ("id", "title", "url", "source_id", "language", "published_at", "first_seen_at")),
    *(ARTICLE.c[name] for name in ("story_id", "duplicate_of", "version_count")),
    SOURCE.c.name.label("outlet"),
)
_SOURCE_COLUMNS = tuple(
    SOURCE.c[name] for name in ("id", "name", "kind", "url", "poll_state", "page_quality", "article_count")
)
_HIT_COLUMNS = (
    *(HIT.c[name].label(f"hit_{name}") for name in ("id", "rule_id", "official_ids", "kind", "found_at", "note")),
)
_CURSOR_TYPES = (UtcDateTime(), BIG_INTEGER)


class DeskStore:
    """Store with the queries for the web pages of this program (the desk).

    Every method is one read transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def list_hits(
        self,
        limit: int,
        *,
        after_id: int = 0,
        before_id: int | None = None,
        rule_ids: Collection[str] | None = None,
        official_id: str = "",
    ) -> list[HitLine]:
        """Return hits with ids above ``after_id`` and below ``before_id``, newest first.

        With ``rule_ids``, only hits of these rules are returned. With ``official_id``, only hits in articles that
        mention the official are returned.
        """
        query = _select_hits().where(HIT.c.id > after_id)
        if before_id is not None:
            query = query.where(HIT.c.id < before_id)
        if rule_ids is not None:
            query = query.where(HIT.c.rule_id.in_(rule_ids))
        if official_id:
            named = exists().where(MENTION.c.article_id == HIT.c.article_id, MENTION.c.official_id == official_id)
            query = query.where(named)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(query.order_by(HIT.c.id.desc()).limit(limit))
            return read_rows(HIT, rows, _hit_from_row, "hit_id")

    def list_story_hits(self, story_id: str, limit: int = 2 * MAX_MEMBERS) -> list[HitLine]:
        """Return the hits (satisfied rules) in the articles of a story, newest first. Withdrawn hits are left out."""
        query = _select_hits().where(*is_in_stories([story_id])).order_by(HIT.c.id.desc()).limit(limit)
        with self._connections.read_transaction() as connection:
            return read_rows(HIT, connection.execute(query), _hit_from_row, "hit_id")

    def list_reports(self, hit_ids: Sequence[int]) -> list[ReportLine]:
        """Return the digests that reported any of these hits, oldest first."""
        found: dict[int, ReportLine] = {}
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(hit_ids):
                query = select(DIGEST.c.id, DIGEST.c.plan_id, DIGEST.c.composed_at).distinct()
                query = query.join_from(DIGEST_HIT, DIGEST, DIGEST.c.id == DIGEST_HIT.c.digest_id)
                for row in connection.execute(query.where(DIGEST_HIT.c.hit_id.in_(chunk))):
                    found[row.id] = ReportLine(row.id, row.plan_id, row.composed_at)
        return [found[number] for number in sorted(found)]

    def newest_hit_id(self) -> int:
        """Return the id of the newest hit, or 0 if no hit is stored."""
        with self._connections.read_transaction() as connection:
            newest: int | None = connection.execute(select(func.max(HIT.c.id))).scalar_one()
        return newest or 0

    def load_passages(self, hit_ids: Sequence[int]) -> dict[int, tuple[Passage, ...]]:
        """Return a dictionary that maps the id of each hit to its passages, the sentences that prove the hit."""
        found: dict[int, tuple[Passage, ...]] = {}
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(hit_ids):
                rows = connection.execute(select(HIT.c.id, HIT.c.passages).where(HIT.c.id.in_(chunk)))
                found |= dict(read_rows(HIT, rows, lambda row: (row.id, from_json(tuple[Passage, ...], row.passages))))
        return found

    def count_members(self, story_ids: Sequence[str]) -> dict[str, int]:
        """Return a dictionary that maps the id of each story to its number of articles, duplicates included."""
        query = select(ARTICLE.c.story_id, func.count()).where(*is_in_stories(story_ids)).group_by(ARTICLE.c.story_id)
        with self._connections.read_transaction() as connection:
            return {row[0]: row[1] for row in connection.execute(query)} if story_ids else {}

    def get_story(self, story_id: str) -> StoryLine:
        """Return a story as it is stored. If it was merged into another story, it is not replaced by that story.

        Raises ``UsageError`` if the story does not exist.
        """
        with self._connections.read_transaction() as connection:
            row = connection.execute(select(STORY).where(STORY.c.id == story_id)).first()
        if row is None:
            raise UsageError(f"there is no story {story_id!r}")
        return StoryLine(row.id, row.title, row.first_seen_at, row.last_seen_at, row.merged_into)

    def list_stories(
        self,
        limit: int,
        since_at: datetime | None = None,
        after: tuple[datetime, str] | None = None,
        official_id: str = "",
    ) -> list[StoryLine]:
        """Return stories, the last seen first. Stories that were merged into another story are left out.

        ``after`` is the time and the id of the last story on the previous page of results. With ``official_id``, only
        stories that name the official are returned; they are found in the newest ``MAX_SAMPLE_ARTICLES`` articles that
        name the official.
        """
        conditions: list[ColumnElement[bool]] = [STORY.c.merged_into == ""]
        if since_at:
            conditions.append(STORY.c.last_seen_at >= since_at)
        if after:
            last_seen_at, story_id = after
            is_later_id = and_(STORY.c.last_seen_at == last_seen_at, STORY.c.id > story_id)
            conditions.append(or_(STORY.c.last_seen_at < last_seen_at, is_later_id))
        with self._connections.read_transaction() as connection:
            if official_id:
                article_ids = _newest_articles(official_id)
                named = select(ARTICLE.c.story_id).where(ARTICLE.c.id.in_(article_ids), ARTICLE.c.story_id != "")
                conditions.append(STORY.c.id.in_(named))
            query = select(STORY).where(*conditions).order_by(STORY.c.last_seen_at.desc(), STORY.c.id).limit(limit)
            return [
                StoryLine(row.id, row.title, row.first_seen_at, row.last_seen_at) for row in connection.execute(query)
            ]

    def list_members(self, story_id: str, limit: int = MAX_MEMBERS) -> list[ArticleLine]:
        """Return the newest articles of a story, at most ``limit``, in the order of their dates, oldest first.

        Duplicates are included.
        """
        query = _select_lines().where(*is_in_stories([story_id])).order_by(ARTICLE.c.id.desc()).limit(limit)
        with self._connections.read_transaction() as connection:
            lines = [_line_from_row(row) for row in connection.execute(query)]
        return sorted(lines, key=lambda line: (line.dated_at, line.id))

    def list_officials_of(self, article_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return a dictionary that maps the id of each article to the ids of the officials that it names."""
        found: dict[int, dict[str, None]] = {}
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(article_ids):
                query = select(MENTION.c.article_id, MENTION.c.official_id).where(MENTION.c.article_id.in_(chunk))
                for row in connection.execute(query.order_by(MENTION.c.id)):
                    found.setdefault(row.article_id, {})[row.official_id] = None
        return {article_id: tuple(officials) for article_id, officials in found.items()}

    def load_mention_places(self, article_ids: Sequence[int]) -> dict[tuple[int, str], tuple[MentionPlace, ...]]:
        """Return the positions of all mentions in these articles.

        The keys of the result are pairs: the id of the article, and the id of the mentioned official.
        """
        found: defaultdict[tuple[int, str], list[MentionPlace]] = defaultdict(list)
        columns = (MENTION.c.article_id, MENTION.c.official_id, MENTION.c.region, MENTION.c.start, MENTION.c.end)
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(article_ids):
                query = select(*columns).where(MENTION.c.article_id.in_(chunk)).order_by(MENTION.c.id)
                for row in connection.execute(query):
                    found[row.article_id, row.official_id].append(MentionPlace(Region(row.region), row.start, row.end))
        return {key: tuple(places) for key, places in found.items()}

    def load_lines(self, article_ids: Sequence[int]) -> dict[int, ArticleLine]:
        """Return a dictionary that maps each article id to the article, without its text."""
        found: dict[int, ArticleLine] = {}
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(article_ids):
                for row in connection.execute(_select_lines().where(ARTICLE.c.id.in_(chunk))):
                    found[row.id] = _line_from_row(row)
        return found

    def load_article_page(self, article_id: int) -> ArticlePage:
        """Return everything that the page of an article in the web interface shows.

        Raises ``UsageError`` if no article has this id.
        """
        queries = QueryStore(self._connections)
        with self._connections.shared_read_transaction():
            stored = queries.get_article(article_id)
            findings, hits = queries.get_findings(article_id), queries.list_article_hits(article_id)
            root = stored.duplicate_of or stored.id
            with self._connections.read_transaction() as connection:
                same = select(ARTICLE.c.id).where(ARTICLE.c.duplicate_of == root, ARTICLE.c.id != stored.id)
                ids = list(connection.execute(same.order_by(ARTICLE.c.id).limit(MAX_DUPLICATES)).scalars())
                snapshot = select(exists().where(PAGE_SNAPSHOT.c.article_id == article_id))
                has_snapshot = bool(connection.execute(snapshot).scalar())
                title = select(STORY.c.title).where(STORY.c.id == stored.story_id)
                story_title = (connection.execute(title).scalar() or "") if stored.story_id else ""
                outlet = connection.execute(select(SOURCE.c.name).where(SOURCE.c.id == stored.source_id)).scalar()
                failed = select(ARTICLE_ATTEMPT.c.error).where(ARTICLE_ATTEMPT.c.article_id == article_id)
                error = connection.execute(failed).scalar() or ""
            lines = self.load_lines([*ids, root])
        return ArticlePage(
            stored=stored,
            outlet=outlet or stored.source_id,
            findings=findings,
            hits=tuple(hits),
            story_title=story_title,
            duplicates=tuple(lines[number] for number in ids if number in lines),
            original=lines.get(root) if stored.duplicate_of else None,
            has_snapshot=has_snapshot,
            attempts_error=error,
        )

    def list_source_problems(self, limit: int = 1000) -> list[SourceLine]:
        """Return the configured sources whose state is not healthy, in the order of their ids."""
        may_have_problem = SOURCE.c.layout_changed_at.is_not(None) | SOURCE.c.state.not_in(
            [str(state) for state in HEALTHY_STATES]
        )
        query = select(*_SOURCE_COLUMNS).where(IS_CONFIGURED, may_have_problem).order_by(SOURCE.c.id).limit(limit)
        with self._connections.read_transaction() as connection:
            lines = [_source_from_row(row) for row in connection.execute(query)]
        return [line for line in lines if line.poll_state.state not in HEALTHY_STATES]

    def list_sources(self, limit: int, after_id: str = "", text: str = "") -> list[SourceLine]:
        """Return sources whose id, name or URL contains ``text``, in the order of their ids.

        Only sources with ids after ``after_id`` are returned.
        """
        query = select(*_SOURCE_COLUMNS).where(IS_CONFIGURED, SOURCE.c.id > after_id)
        if text:
            columns = (SOURCE.c.id, SOURCE.c.name, SOURCE.c.url)
            query = query.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
        with self._connections.read_transaction() as connection:
            return [_source_from_row(row) for row in connection.execute(query.order_by(SOURCE.c.id).limit(limit))]

    def list_source_ids(self) -> frozenset[str]:
        """Return the ids of the sources that are marked as configured in the database.

        A source that was added to the configuration is missing until a daemon or a poll has stored it.
        """
        with self._connections.read_transaction() as connection:
            return frozenset(connection.execute(select(SOURCE.c.id).where(IS_CONFIGURED)).scalars())

    def get_source(self, source_id: str) -> SourceLine:
        """Return a configured source.

        Raises ``UsageError`` if no source with this id is stored, or if the source is no longer configured.
        """
        query = select(*_SOURCE_COLUMNS).where(IS_CONFIGURED, SOURCE.c.id == source_id)
        with self._connections.read_transaction() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise UsageError(f"there is no source {source_id!r}")
        return _source_from_row(row)

    def list_source_articles(self, source_id: str, limit: int) -> list[ArticleLine]:
        """Return the newest articles of a source, newest first."""
        query = _select_lines().where(ARTICLE.c.source_id == source_id).order_by(ARTICLE.c.id.desc()).limit(limit)
        with self._connections.read_transaction() as connection:
            return [_line_from_row(row) for row in connection.execute(query)]

    def list_source_hours(self, source_id: str, limit: int = MAX_SAMPLE_ARTICLES) -> list[HourCount]:
        """Return the number of articles of a source for each hour, oldest hour first.

        An article counts for the hour in which it was first seen. Only the newest ``limit`` articles are counted.
        """
        newest = select(ARTICLE.c.first_seen_at).where(ARTICLE.c.source_id == source_id)
        newest = newest.order_by(ARTICLE.c.id.desc()).limit(limit)
        with self._connections.read_transaction() as connection:
            return _count_hours(connection, newest.subquery().c.first_seen_at)

    def count_quarantined(self, source_id: str) -> int:
        """Return the number of quarantined articles of a source. A quarantined article is stored, but not reported."""
        query = select(func.count()).where(ARTICLE.c.source_id == source_id, ARTICLE.c.quarantine_reason != "")
        with self._connections.read_transaction() as connection:
            return connection.execute(query).scalar_one()

    def list_deliveries(
        self,
        limit: int,
        *,
        states: Collection[DeliveryState] = (),
        before_id: int | None = None,
        digest_id: int | None = None,
    ) -> list[DeliveryLine]:
        """Return deliveries, newest first.

        If ``states`` or ``digest_id`` is given, only deliveries in these states or of this digest are returned. If
        ``before_id`` is given, only deliveries with lower ids are returned.
        """
        names = [field for field in DeliveryLine.__struct_fields__ if field != "state"]
        query = select(*(DELIVERY.c[name] for name in names), DELIVERY.c.state).order_by(DELIVERY.c.id.desc())
        if states:
            query = query.where(DELIVERY.c.state.in_([str(state) for state in states]))
        if before_id is not None:
            query = query.where(DELIVERY.c.id < before_id)
        if digest_id is not None:
            query = query.where(DELIVERY.c.digest_id == digest_id)
        with self._connections.read_transaction() as connection:
            return [
                DeliveryLine(state=DeliveryState(row.state), **{name: getattr(row, name) for name in names})
                for row in connection.execute(query.limit(limit))
            ]

    def find_delivery(self, key: str) -> DeliveryLine:
        """Return the delivery whose key begins with ``key``. Raises ``UsageError`` if no delivery has such a key."""
        names = [field for field in DeliveryLine.__struct_fields__ if field != "state"]
        query = select(*(DELIVERY.c[name] for name in names), DELIVERY.c.state)
        query = query.where(DELIVERY.c.key >= key, DELIVERY.c.key < f"{key}g").limit(1)
        with self._connections.read_transaction() as connection:
            row = connection.execute(query).first()
        if row is None or not key:
            raise UsageError(f"there is no delivery {key!r}")
        return DeliveryLine(state=DeliveryState(row.state), **{name: getattr(row, name) for name in names})

    def list_official_hours(self, official_id: str, since_at: datetime) -> list[HourCount]:
        """Return the number of articles that name an official for each hour, oldest hour first.

        An article counts for the hour in which it was first seen. Only the newest ``MAX_MENTIONS_COUNTED`` mentions
        since ``since_at`` are counted.
        """
        newest = (
            select(MENTION.c.seen_at, MENTION.c.article_id)
            .where(MENTION.c.official_id == official_id, MENTION.c.seen_at >= since_at)
            .order_by(MENTION.c.seen_at.desc())
            .limit(MAX_MENTIONS_COUNTED)
            .subquery()
        )
        with self._connections.read_transaction() as connection:
            return _count_hours(connection, newest.c.seen_at, func.count(newest.c.article_id.distinct()))

    def load_official_sample(self, official_id: str, since_at: datetime) -> OfficialSample:
        """Return the outlets, languages and other officials in the newest articles about an official.

        Each is returned with its number of articles. At most ``MAX_SAMPLE_ARTICLES`` articles are counted, all of them
        seen since ``since_at``.
        """
        with self._connections.read_transaction() as connection:
            rows = connection.execute(
                select(MENTION.c.article_id, func.min(MENTION.c.seen_at).label("at"))
                .where(MENTION.c.official_id == official_id, MENTION.c.seen_at >= since_at)
                .group_by(MENTION.c.seen_at, MENTION.c.article_id)
                .order_by(MENTION.c.seen_at.desc(), MENTION.c.article_id.desc())
                .limit(MAX_SAMPLE_ARTICLES)
            ).all()
            outlets: dict[str, NamedCount] = {}
            languages: dict[str, int] = {}
            named_with: dict[str, int] = {}
            for chunk in chunk_ids([row.article_id for row in rows]):
                _add_outlets(connection, chunk, outlets)
                _add_counts(
                    connection,
                    select(ARTICLE.c.language, func.count())
                    .where(ARTICLE.c.id.in_(chunk))
                    .group_by(ARTICLE.c.language),
                    languages,
                )
                others = (MENTION.c.article_id.in_(chunk), MENTION.c.official_id != official_id)
                count = func.count(MENTION.c.article_id.distinct())
                _add_counts(
                    connection,
                    select(MENTION.c.official_id, count).where(*others).group_by(MENTION.c.official_id),
                    named_with,
                )
        return OfficialSample(
            size=len(rows),
            since_at=rows[-1].at if rows else None,
            outlets=tuple(sorted(outlets.values(), key=lambda one: (-one.count, one.name))),
            languages=_sorted_counts(languages),
            named_with=_sorted_counts(named_with),
        )

    def find_candidates(self, query: IndexQuery, limit: int, before_id: int | None = None) -> list[int]:
        """Return the ids of the newest articles that contain the words of a query, newest first.

        With ``before_id``, only lower ids are returned.
        """
        with self._connections.read_transaction() as connection:
            return find_candidates(connection, query, limit, before_id)

    def filter_candidates(self, query: IndexQuery, article_ids: Sequence[int]) -> list[int]:
        """Return the ids of those articles in ``article_ids`` that contain the words of a query, newest first."""
        found: list[int] = []
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(article_ids):
                found += find_candidates(connection, query, len(chunk), among=chunk)
        return sorted(found, reverse=True)

    def first_id_since(self, at: datetime) -> int | None:
        """Return the id of the first article that was first seen at ``at`` or later, or None if there is none.

        An article that is stored later has a higher id.
        """
        first = select(ARTICLE.c.id).where(ARTICLE.c.first_seen_at >= at).order_by(ARTICLE.c.first_seen_at).limit(1)
        with self._connections.read_transaction() as connection:
            found: int | None = connection.execute(first).scalar()
        return found

    def list_selected_ids(self, wanted: ArticleFilter, limit: int, before_id: int | None = None) -> list[int] | None:
        """Return the ids of the newest articles that belong to the official, rule or source in a filter, newest first.

        Only ids below ``before_id`` are returned, at most ``limit``. If the filter has more than one of the three, only
        the one with the fewest articles is used, so that the returned ids cover the longest time. The result is None if
        the filter has none of the three.
        """
        columns = []
        if wanted.official_id:
            columns.append((MENTION.c.article_id, MENTION.c.official_id == wanted.official_id))
        if wanted.rule_id:
            columns.append((HIT.c.article_id, HIT.c.rule_id == wanted.rule_id))
        if wanted.source_id:
            columns.append((ARTICLE.c.id, ARTICLE.c.source_id == wanted.source_id))
        found: list[list[int]] = []
        with self._connections.read_transaction() as connection:
            for article_id, condition in columns:
                query = select(article_id).distinct().where(condition).order_by(article_id.desc()).limit(limit)
                if before_id is not None:
                    query = query.where(article_id < before_id)
                found.append(list(connection.execute(query).scalars()))
        return min(found, key=lambda ids: (len(ids), ids[-1] if ids else 0), default=None)

    def filter_lines(self, article_ids: Sequence[int], wanted: ArticleFilter) -> list[ArticleLine]:
        """Return the articles among ``article_ids`` that satisfy a filter, newest first, without their texts."""
        found: list[ArticleLine] = []
        conditions = _filter_conditions(wanted)
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(article_ids):
                query = _select_lines().where(ARTICLE.c.id.in_(chunk), *conditions)
                found += map(_line_from_row, connection.execute(query))
        return sorted(found, key=lambda line: -line.id)

    def newest_article_id(self) -> int:
        """Return the id of the newest article, or 0 if no article is stored."""
        with self._connections.read_transaction() as connection:
            newest: int | None = connection.execute(select(func.max(ARTICLE.c.id))).scalar_one()
        return newest or 0

    def list_lines(self, wanted: ArticleFilter, before_id: int | None = None, min_id: int = 0) -> list[ArticleLine]:
        """Return the newest articles that satisfy a filter, newest first, without their texts.

        Articles with ids below ``min_id`` are left out. With ``before_id``, only articles with lower ids are returned.
        """
        query = _select_lines().where(*_filter_conditions(wanted), ARTICLE.c.id >= min_id)
        if before_id is not None:
            query = query.where(ARTICLE.c.id < before_id)
        with self._connections.read_transaction() as connection:
            if wanted.official_id:
                is_named = MENTION.c.official_id == wanted.official_id
                query = query.where(is_among(connection, ARTICLE.c.id, MENTION.c.article_id, is_named))
            if wanted.rule_id:
                is_hit = HIT.c.rule_id == wanted.rule_id
                query = query.where(is_among(connection, ARTICLE.c.id, HIT.c.article_id, is_hit))
            if wanted.since_at:  # Ids grow with time, so this condition limits the rows that are read.
                oldest = select(ARTICLE.c.id).where(ARTICLE.c.first_seen_at >= wanted.since_at)
                oldest = oldest.order_by(ARTICLE.c.first_seen_at).limit(1)
                query = query.where(ARTICLE.c.id >= func.coalesce(oldest.scalar_subquery(), 0))
            if wanted.until_at:
                newest = select(ARTICLE.c.id).where(ARTICLE.c.first_seen_at < wanted.until_at)
                newest = newest.order_by(ARTICLE.c.first_seen_at.desc(), ARTICLE.c.id.desc()).limit(1)
                query = query.where(ARTICLE.c.id <= func.coalesce(newest.scalar_subquery(), 0))
            rows = connection.execute(query.order_by(ARTICLE.c.id.desc()).limit(wanted.limit))
            return [_line_from_row(row) for row in rows]

    def load_mentions(self, article_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
        """Return a dictionary that maps the id of each article to its mentions.

        Each mention is a pair: the id of the official, and the text of the mention.
        """
        found: dict[int, list[tuple[str, str]]] = {}
        columns = (MENTION.c.article_id, MENTION.c.official_id, MENTION.c.text)
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(article_ids):
                for row in connection.execute(select(*columns).where(MENTION.c.article_id.in_(chunk))):
                    found.setdefault(row.article_id, []).append((row.official_id, row.text))
        return found

    def count_mentions_by_hour(self, official_ids: Collection[str], since_at: datetime) -> dict[str, list[HourCount]]:
        """Return a dictionary that maps the id of each official to hourly counts of the articles about them.

        An article counts for the hour in which it was first seen. The caller computes counts per day from the result.
        """
        found: dict[str, list[HourCount]] = {}
        if not official_ids:
            return found
        with self._connections.read_transaction() as connection:
            hour = _hour_of(connection, MENTION.c.seen_at)
            count = func.count(MENTION.c.article_id.distinct())
            query = select(MENTION.c.official_id, hour, count).where(
                MENTION.c.official_id.in_(official_ids), MENTION.c.seen_at >= since_at
            )
            for official_id, at, total in connection.execute(query.group_by(MENTION.c.official_id, hour)):
                found.setdefault(official_id, []).append(HourCount(_read_hour(at), total))
        return found

    def count_mentions(self, since_at: datetime) -> dict[str, int]:
        """Return a dictionary that maps the id of each official to the number of articles that name the official.

        Only articles since ``since_at`` are counted.
        """
        named = (
            select(MENTION.c.official_id, func.count(MENTION.c.article_id.distinct()))
            .where(MENTION.c.article_id >= _first_article_since(since_at), MENTION.c.seen_at >= since_at)
            .group_by(MENTION.c.official_id)
        )
        with self._connections.read_transaction() as connection:
            return {row[0]: row[1] for row in connection.execute(named)}

    def list_name_forms(self, official_id: str, limit: int = 200) -> list[NameForm]:
        """Return the spellings of an official's name, the most frequent first.

        Only the newest ``MAX_FORM_MENTIONS`` mentions of the official are read.
        """
        newest = (
            select(MENTION.c.text, MENTION.c.form, MENTION.c.seen_at, MENTION.c.article_id)
            .where(MENTION.c.official_id == official_id)
            .order_by(MENTION.c.seen_at.desc(), MENTION.c.article_id.desc())
            .limit(MAX_FORM_MENTIONS)
            .subquery()
        )
        count = func.count().label("mention_count")
        query = (
            select(newest.c.text, newest.c.form, count, func.max(newest.c.seen_at), func.max(newest.c.article_id))
            .group_by(newest.c.text, newest.c.form)
            .order_by(count.desc(), newest.c.text)
            .limit(limit)
        )
        with self._connections.read_transaction() as connection:
            return [
                NameForm(text, MatchForm(form), number, last_at, article_id)
                for text, form, number, last_at, article_id in connection.execute(query)
            ]

    def list_official_articles(
        self, official_id: str, limit: int, *, since_at: datetime | None = None, after: Cursor | None = None
    ) -> list[ArticleLine]:
        """Return the newest articles that name an official, newest first, without their texts.

        ``after`` is the last article of the previous page of results; the result begins with the article that follows
        it.
        """
        query = select(MENTION.c.seen_at, MENTION.c.article_id).where(MENTION.c.official_id == official_id).distinct()
        if since_at:
            query = query.where(MENTION.c.seen_at >= since_at)
        if after:
            position = tuple_(MENTION.c.seen_at, MENTION.c.article_id)
            query = query.where(position < tuple_(after.at, after.id, types=_CURSOR_TYPES))
        query = query.order_by(MENTION.c.seen_at.desc(), MENTION.c.article_id.desc()).limit(limit)
        with self._connections.shared_read_transaction():
            with self._connections.read_transaction() as connection:
                ids = [row.article_id for row in connection.execute(query)]
            lines = self.load_lines(ids)
        return [lines[number] for number in ids if number in lines]

    def list_story_hours(self, official_ids: Collection[str], since_at: datetime) -> dict[str, list[StoryHour]]:
        """Return a dictionary that maps the id of each official to the stories that named the official in each hour.

        A story is listed once for each hour in which at least one of its articles that name the official was first
        seen. Only the newest ``MAX_MENTIONS_COUNTED`` mentions are read. A duplicate belongs to the story of its
        original.
        """
        newest = (
            select(MENTION.c.official_id, MENTION.c.seen_at, MENTION.c.article_id)
            .where(MENTION.c.official_id.in_(official_ids), MENTION.c.seen_at >= since_at)
            .order_by(MENTION.c.seen_at.desc())
            .limit(MAX_MENTIONS_COUNTED)
            .subquery()
        )
        found: dict[str, list[StoryHour]] = {}
        with self._connections.read_transaction() as connection:
            hour = _hour_of(connection, newest.c.seen_at).label("hour")
            alone = case((ARTICLE.c.story_id == "", ARTICLE.c.id), else_=0).label("alone")
            query = select(newest.c.official_id, hour, ARTICLE.c.story_id, alone).distinct()
            query = query.join_from(newest, ARTICLE, ARTICLE.c.id == newest.c.article_id)
            for official_id, at, story_id, article_id in connection.execute(query):
                found.setdefault(official_id, []).append(StoryHour(_read_hour(at), story_id or f"a{article_id}"))
        return found

    def count_rules(self, official_id: str, since_at: datetime) -> tuple[NamedCount, ...]:
        """Return the rules that have hits in articles about an official, each with the number of these articles.

        Only articles with the newest ``MAX_SAMPLE_ARTICLES`` mentions of the official since ``since_at`` are counted.
        """
        newest = select(MENTION.c.article_id).where(MENTION.c.official_id == official_id, MENTION.c.seen_at >= since_at)
        newest = newest.order_by(MENTION.c.seen_at.desc()).limit(MAX_SAMPLE_ARTICLES)
        query = (
            select(HIT.c.rule_id, func.count(HIT.c.article_id.distinct()))
            .where(HIT.c.article_id.in_(select(newest.subquery().c.article_id)), HIT.c.withdrawn_at.is_(None))
            .group_by(HIT.c.rule_id)
        )
        counts: dict[str, int] = {}
        with self._connections.read_transaction() as connection:
            _add_counts(connection, query, counts)
        return _sorted_counts(counts)

    def count_articles(self, since_at: datetime) -> int:
        """Return the number of articles first seen since ``since_at``."""
        query = select(func.count()).select_from(ARTICLE).where(ARTICLE.c.first_seen_at >= since_at)
        with self._connections.read_transaction() as connection:
            return int(connection.execute(query).scalar_one())

    def list_mention_places(
        self, official_id: str, since_at: datetime, article_limit: int
    ) -> dict[int, list[MentionPlace]]:
        """Return a dictionary that maps the id of each article to the positions at which it mentions an official.

        A position is a region, such as the headline or the body, with a start and end offset. The articles are the
        newest ``article_limit`` articles since ``since_at`` that name the official.
        """
        newest = (
            select(MENTION.c.article_id)
            .where(MENTION.c.official_id == official_id, MENTION.c.seen_at >= since_at)
            .group_by(MENTION.c.article_id)
            .order_by(func.max(MENTION.c.seen_at).desc(), MENTION.c.article_id.desc())
            .limit(article_limit)
        )
        found: dict[int, list[MentionPlace]] = {}
        with self._connections.read_transaction() as connection:
            columns = (MENTION.c.article_id, MENTION.c.region, MENTION.c.start, MENTION.c.end)
            for chunk in chunk_ids(list(connection.execute(newest).scalars())):
                query = select(*columns).where(MENTION.c.article_id.in_(chunk), MENTION.c.official_id == official_id)
                for row in connection.execute(query.order_by(MENTION.c.id)):
                    place = MentionPlace(Region(row.region), row.start, row.end)
                    found.setdefault(row.article_id, []).append(place)
        return found

    def first_article_at(self) -> datetime | None:
        """Return the time at which the first stored article was first seen, or None if no article is stored."""
        with self._connections.read_transaction() as connection:
            first_at: datetime | None = connection.execute(select(func.min(ARTICLE.c.first_seen_at))).scalar()
        return first_at

    def first_seen(self, official_id: str) -> datetime | None:
        """Return the time at which the first article that names an official was seen, or None if there is none."""
        query = select(func.min(MENTION.c.seen_at)).where(MENTION.c.official_id == official_id)
        with self._connections.read_transaction() as connection:
            first_at: datetime | None = connection.execute(query).scalar()
        return first_at

    def last_seen(self, official_ids: Sequence[str]) -> dict[str, datetime]:
        """Return a dictionary that maps the id of each official to the time of the last article about them.

        It is the time at which this article was first seen. Officials that no article names are left out.
        """
        found: dict[str, datetime] = {}
        with self._connections.read_transaction() as connection:
            for official_id in official_ids:  # one index step each; grouping would read all mentions
                newest = select(func.max(MENTION.c.seen_at)).where(MENTION.c.official_id == official_id)
                if last_at := connection.execute(newest).scalar():
                    found[official_id] = last_at
        return found


def _select_lines() -> Select[Any]:
    return select(*_LINE_COLUMNS).join_from(ARTICLE, SOURCE, ARTICLE.c.source_id == SOURCE.c.id)


def _select_hits() -> Select[Any]:
    """Return the query for hits with their articles. Hits that were withdrawn are left out."""
    return (
        select(*_LINE_COLUMNS, *_HIT_COLUMNS)
        .join_from(HIT, ARTICLE, HIT.c.article_id == ARTICLE.c.id)
        .join(SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
        .where(HIT.c.withdrawn_at.is_(None))
    )


def _newest_articles(official_id: str) -> Select[Any]:
    """Return the query for the ids of the articles with the newest ``MAX_SAMPLE_ARTICLES`` mentions of an official."""
    newest = select(MENTION.c.article_id).where(MENTION.c.official_id == official_id)
    return select(newest.order_by(MENTION.c.seen_at.desc()).limit(MAX_SAMPLE_ARTICLES).subquery().c.article_id)


def _add_outlets(connection: Connection, article_ids: Sequence[int], outlets: dict[str, NamedCount]) -> None:
    query = (
        select(SOURCE.c.id, SOURCE.c.name, func.count())
        .join_from(ARTICLE, SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
        .where(ARTICLE.c.id.in_(article_ids))
        .group_by(SOURCE.c.id, SOURCE.c.name)
    )
    for source_id, name, count in connection.execute(query):
        before = outlets.get(source_id)
        outlets[source_id] = NamedCount(source_id, name, count + (before.count if before else 0))


def _add_counts(connection: Connection, query: Select[Any], counts: dict[str, int]) -> None:
    for name, count in connection.execute(query):
        counts[name] = counts.get(name, 0) + count


def _sorted_counts(counts: dict[str, int]) -> tuple[NamedCount, ...]:
    return tuple(
        NamedCount(name, name, count) for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _filter_conditions(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Return the SQL conditions on the table ``article`` that correspond to a filter."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.source_id:
        conditions.append(ARTICLE.c.source_id == wanted.source_id)
    if wanted.source_ids:
        conditions.append(ARTICLE.c.source_id.in_(wanted.source_ids))
    if wanted.story_id:
        conditions += is_in_stories([wanted.story_id])
    if wanted.language:
        code = ARTICLE.c.language
        conditions.append((code == wanted.language) | code.startswith(f"{wanted.language}-", autoescape=True))
    if wanted.official_id:
        named = (MENTION.c.article_id == ARTICLE.c.id, MENTION.c.official_id == wanted.official_id)
        conditions.append(exists().where(*named))
    if wanted.rule_id:
        conditions.append(exists().where(HIT.c.article_id == ARTICLE.c.id, HIT.c.rule_id == wanted.rule_id))
    if wanted.since_at:
        conditions.append(ARTICLE.c.first_seen_at >= wanted.since_at)
    if wanted.until_at:
        conditions.append(ARTICLE.c.first_seen_at < wanted.until_at)
    return conditions


def _first_article_since(since_at: datetime) -> Any:
    """Return the subquery for the id of the first article that was seen at or after ``since_at``."""
    first = select(ARTICLE.c.id).where(ARTICLE.c.first_seen_at >= since_at)
    return func.coalesce(first.order_by(ARTICLE.c.first_seen_at).limit(1).scalar_subquery(), 2**62)


def _hour_of(connection: Connection, column: Any) -> Any:
    return func.substr(column, 1, 13) if connection.dialect.name == "sqlite" else func.date_trunc("hour", column)


def _read_hour(value: Any) -> datetime:
    if isinstance(value, str):
        return datetime.strptime(value, "%Y-%m-%dT%H").replace(tzinfo=UTC)
    at: datetime = value.astimezone(UTC)
    return at


def _count_hours(
    connection: Connection, column: Column[datetime] | ColumnElement[datetime], count: Any = None
) -> list[HourCount]:
    """Return the number of rows per hour, oldest hour first. The hour of a row is taken from ``column``.

    If the SQL expression ``count`` is given, its value for each hour is returned instead of the number of rows.
    """
    number = func.count() if count is None else count
    hour = _hour_of(connection, column)
    rows = connection.execute(select(hour, number).group_by(hour).order_by(hour)).all()
    return [HourCount(_read_hour(at), total) for at, total in rows]


def _line_from_row(row: AnyRow) -> ArticleLine:
    return ArticleLine(
        id=row.id,
        title=row.title,
        url=row.url,
        source_id=row.source_id,
        outlet=row.outlet,
        language=row.language,
        published_at=row.published_at,
        first_seen_at=row.first_seen_at,
        story_id=row.story_id,
        duplicate_of=row.duplicate_of,
        version_count=row.version_count,
    )


def _hit_from_row(row: AnyRow) -> HitLine:
    return HitLine(
        id=row.hit_id,
        rule_id=row.hit_rule_id,
        official_ids=decode_texts(row.hit_official_ids),
        kind=HitKind(row.hit_kind),
        found_at=row.hit_found_at,
        note=row.hit_note,
        article=_line_from_row(row),
    )


def _source_from_row(row: AnyRow) -> SourceLine:
    state = effective_poll_state(poll_state_from_row(row))
    return SourceLine(row.id, row.name, row.kind, row.url, state, row.article_count)

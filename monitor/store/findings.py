"""Store of findings in articles: mentions of officials, near misses (rejected mentions), and hits of rules.

It also schedules rechecks: later fetches of reported articles, to find changes.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    select,
    text,
    update,
)

from monitor.domain.article import Region, Stage, StoredArticle
from monitor.domain.configuration import PageRetention
from monitor.domain.digest import Window
from monitor.domain.feedback import VERDICT_REASON_PREFIX
from monitor.domain.mention import Findings, MatchForm, Mention, NearMiss, Passage, RuleHit
from monitor.domain.read_models import NearMissSummary
from monitor.domain.revision import MIN_RECHECK_INTERVAL, RECHECK_DELAYS
from monitor.store.attempts import delete_attempts
from monitor.store.column_types import UtcDateTime, from_json, to_json
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, HIT, MENTION, NEAR_MISS, RECHECK
from monitor.store.damaged_rows import read_rows
from monitor.store.evidence import append_records, delete_unmatched_snapshots
from monitor.store.row_mapping import AnyRow, decode_texts, encode_texts, insert_rows


class FindingStore:
    """Store of the findings in articles: mentions of officials, near misses (rejected mentions), and hits of rules."""

    def __init__(self, connections: Connections, page_retention: PageRetention = PageRetention.MATCHED) -> None:
        self._connections, self._page_retention = connections, page_retention

    def save(self, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> int:
        """Store the findings in articles, and move the articles to stage ``MATCHED``. Return the number of new hits.

        Hits are stored only for articles that may be reported. The same transaction schedules a recheck (a later fetch,
        to find changes) of each article with hits, and adds records to the evidence chain, which proves when pages were
        read. A repeated call changes nothing.
        """
        article_ids = [stored.id for stored, _found in findings]
        with self._connections.write_transaction() as connection:
            new = _save_findings(connection, findings, now)
            schedule_rechecks(
                connection, [stored.id for stored, found in findings if stored.is_alertable and found.hits], now
            )
            append_records(connection, article_ids, now)
            delete_attempts(connection, article_ids)
            if self._page_retention is PageRetention.MATCHED:
                delete_unmatched_snapshots(connection, article_ids)
        return new


def _save_findings(connection: Connection, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> int:
    """Replace the stored findings in the given articles, and move these articles to stage ``MATCHED``.

    Return the number of new hits. An article that another process has matched in the meantime is left unchanged.
    """
    article_ids = [stored.id for stored, _found in findings]
    waiting = select(ARTICLE.c.id).where(ARTICLE.c.id.in_(article_ids), ARTICLE.c.stage == str(Stage.EXTRACTED))
    unmatched = set(connection.execute(waiting.with_for_update()).scalars())
    rows = [(stored, found) for stored, found in findings if stored.id in unmatched]
    if not rows:
        return 0
    replace_mentions(connection, rows)
    added = _insert_hits(connection, rows, now)
    connection.execute(update(ARTICLE).where(ARTICLE.c.id.in_(unmatched)).values(stage=str(Stage.MATCHED)))
    return added


def insert_findings(connection: Connection, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> int:
    """Insert the findings in newly stored articles. Return the number of new hits. The caller opens the transaction."""
    _insert_mentions(connection, findings)
    return _insert_hits(connection, findings, now)


def replace_mentions(connection: Connection, findings: Sequence[tuple[StoredArticle, Findings]]) -> None:
    """Replace the stored mentions and near misses (rejected mentions) of the given articles.

    The stored hits of these articles are not changed.
    """
    article_ids = [stored.id for stored, _found in findings]
    for rows in (MENTION, NEAR_MISS):
        connection.execute(delete(rows).where(rows.c.article_id.in_(article_ids)))
    _insert_mentions(connection, findings)


def _insert_mentions(connection: Connection, findings: Sequence[tuple[StoredArticle, Findings]]) -> None:
    insert_rows(connection, MENTION, [mention_row(stored, one) for stored, found in findings for one in found.mentions])
    insert_rows(
        connection, NEAR_MISS, [near_miss_row(stored, one) for stored, found in findings for one in found.near_misses]
    )


def _insert_hits(connection: Connection, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> int:
    hits = [hit_row(stored, hit, now) for stored, found in findings if stored.is_alertable for hit in found.hits]
    return insert_rows(connection, HIT, hits, skip_existing=True)


def hit_row(stored: StoredArticle, hit: RuleHit, now: datetime, note: str = "") -> dict[str, Any]:
    """Build the row of a new hit. ``note`` is a text that digests show with the hit."""
    return {
        "article_id": stored.id,
        "rule_id": hit.rule_id,
        "kind": "new",
        "version": 0,
        "official_ids": encode_texts(hit.official_ids),
        "passages": to_json(hit.passages),
        "found_at": now,
        "note": note,
    }


def list_near_misses(
    connection: Connection, official_ids: Collection[str], window: Window, limit: int
) -> list[NearMissSummary]:
    """Return the near misses of these officials in articles that were first seen in a window (period).

    The most frequent are first. A near miss is a text that was rejected as the name of an official. Articles that also
    have an accepted mention of the official are left out. Texts that a reader has rejected by a verdict are left out,
    too.
    """
    named = exists().where(
        MENTION.c.article_id == NEAR_MISS.c.article_id, MENTION.c.official_id == NEAR_MISS.c.official_id
    )
    count, latest = func.count(NEAR_MISS.c.article_id.distinct()), func.max(NEAR_MISS.c.article_id)
    spellings = (NEAR_MISS.c.official_id, NEAR_MISS.c.text, NEAR_MISS.c.reason)
    counted = (
        select(*spellings, count.label("article_count"), latest.label("article_id"))
        .where(
            NEAR_MISS.c.seen_at >= window.start_at,
            NEAR_MISS.c.seen_at < window.end_at,
            NEAR_MISS.c.official_id.in_(official_ids),
            NEAR_MISS.c.reason.not_like(f"{VERDICT_REASON_PREFIX}%"),
            ~named,
        )
        .group_by(*spellings)
        .order_by(count.desc(), latest.desc(), *spellings)
        .limit(limit)
        .subquery()
    )
    query = (
        select(counted, ARTICLE.c.title, ARTICLE.c.url)
        .join_from(counted, ARTICLE, counted.c.article_id == ARTICLE.c.id)
        .order_by(counted.c.article_count.desc(), counted.c.article_id.desc(), counted.c.official_id, counted.c.text)
    )
    return [NearMissSummary(*row) for row in connection.execute(query)]


def _find_seen_at(stored: StoredArticle) -> datetime:
    """Return the time by which a finding is assigned to a day in statistics.

    Normally, it is the time at which the article was first seen. For an article that must not be reported, such as one
    from an archive, it is the publication time if this is earlier. Otherwise all articles of an archive would be
    assigned to the day of their import.
    """
    published_at = stored.article.published_at
    if stored.is_alertable or published_at is None:
        return stored.first_seen_at
    return min(published_at, stored.first_seen_at)


def mention_row(stored: StoredArticle, mention: Mention) -> dict[str, Any]:
    """Build the table row of a mention."""
    return {
        "article_id": stored.id,
        "official_id": mention.official_id,
        "seen_at": _find_seen_at(stored),
        "text": mention.text,
        "region": str(mention.region),
        "start": mention.start,
        "end": mention.end,
        "form": str(mention.form),
        "confidence": mention.confidence,
        "reason": mention.reason,
    }


def near_miss_row(stored: StoredArticle, near_miss: NearMiss) -> dict[str, Any]:
    """Build the table row of a near miss, a text that was rejected as the name of an official."""
    return {
        "article_id": stored.id,
        "official_id": near_miss.official_id,
        "seen_at": _find_seen_at(stored),
        "text": near_miss.text,
        "region": str(near_miss.region),
        "start": near_miss.start,
        "end": near_miss.end,
        "reason": near_miss.reason,
    }


def mention_from_row(row: AnyRow) -> Mention:
    """Build a mention from its table row."""
    return Mention(
        row.official_id,
        row.text,
        Region(row.region),
        row.start,
        row.end,
        MatchForm(row.form),
        row.confidence,
        row.reason,
    )


def near_miss_from_row(row: AnyRow) -> NearMiss:
    """Build a near miss (a text that was rejected as the name of an official) from its table row."""
    return NearMiss(row.official_id, row.text, Region(row.region), row.start, row.end, row.reason)


_INSERT_RECHECKS = text(
    "INSERT INTO recheck (article_id, due_at, checked_at, missing_count, lease_token) "
    "SELECT article.id, :due_at, NULL, 0, '' FROM article "
    "WHERE article.id = :article_id AND article.attempts > 0 AND article.last_error = '' "
    "ON CONFLICT (article_id) DO NOTHING"
).bindparams(bindparam("due_at", type_=UtcDateTime()))


def schedule_rechecks(connection: Connection, article_ids: Collection[int], now: datetime) -> None:
    """Schedule the first recheck of each given article: a later fetch of its page, to find changes.

    Articles whose text comes from the feed are left out, because there is no earlier version of their pages with which
    a later version could be compared.
    """
    due_at = now + RECHECK_DELAYS[0]
    if article_ids:
        connection.execute(
            _INSERT_RECHECKS, [{"article_id": article_id, "due_at": due_at} for article_id in sorted(article_ids)]
        )


def expedite_rechecks(connection: Connection, article_ids: Collection[int], now: datetime) -> None:
    """Make the rechecks of the given articles (later fetches of their pages, to find changes) due now.

    An article is left unchanged if its recheck is in progress or was done within ``MIN_RECHECK_INTERVAL``.
    """
    if not article_ids:
        return
    is_allowed = RECHECK.c.checked_at.is_(None) | (RECHECK.c.checked_at <= now - MIN_RECHECK_INTERVAL)
    is_idle = (RECHECK.c.article_id.in_(sorted(article_ids)), RECHECK.c.lease_token == "")
    connection.execute(update(RECHECK).where(is_allowed, *is_idle).values(due_at=now))


def load_findings(connection: Connection, article_id: int) -> Findings:
    """Return the mentions, near misses (rejected mentions) and hits in an article.

    The hits are in the order in which they were found. Withdrawn hits are left out.
    """
    hits = _select_rows_of(HIT, article_id).where(HIT.c.withdrawn_at.is_(None))
    return Findings(
        tuple(read_rows(MENTION, connection.execute(_select_rows_of(MENTION, article_id)), mention_from_row)),
        tuple(read_rows(HIT, connection.execute(hits), _rule_hit_from_row)),
        tuple(read_rows(NEAR_MISS, connection.execute(_select_rows_of(NEAR_MISS, article_id)), near_miss_from_row)),
    )


def _select_rows_of(table: Table, article_id: int) -> Select[*tuple[object, ...]]:
    return select(table).where(table.c.article_id == article_id).order_by(table.c.id)


def _rule_hit_from_row(row: AnyRow) -> RuleHit:
    return RuleHit(row.rule_id, decode_texts(row.official_ids), from_json(tuple[Passage, ...], row.passages))

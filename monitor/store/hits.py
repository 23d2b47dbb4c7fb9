"""What was found in articles: mentions, near misses and hits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update

from monitor.domain.archive import NearMissSummary
from monitor.domain.article import Region, Stage, StoredArticle
from monitor.domain.digest import Window
from monitor.domain.mention import Findings, MatchForm, Mention, NearMiss
from monitor.store.bulk import insert_rows
from monitor.store.catalogue import ARTICLE, HIT, MENTION, NEARMISS
from monitor.store.codec import to_json
from monitor.store.rows import AnyRow, encode_texts


def save_findings(connection: Connection, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> int:
    """Replace what was found in these articles and move them to ``SCREENED``; return the number of new hits.

    An article that somebody else screened meanwhile is left as it is.
    """
    numbers = [stored.id for stored, _found in findings]
    waiting = select(ARTICLE.c.id).where(ARTICLE.c.id.in_(numbers), ARTICLE.c.stage == str(Stage.EXTRACTED))
    open_ones = set(connection.execute(waiting.with_for_update()).scalars())
    rows = [(stored, found) for stored, found in findings if stored.id in open_ones]
    if not rows:
        return 0
    connection.execute(delete(MENTION).where(MENTION.c.article_id.in_(open_ones)))
    connection.execute(delete(NEARMISS).where(NEARMISS.c.article_id.in_(open_ones)))
    insert_rows(connection, MENTION, [mention_row(stored, one) for stored, found in rows for one in found.mentions])
    insert_rows(
        connection, NEARMISS, [near_miss_row(stored, one) for stored, found in rows for one in found.near_misses]
    )
    hits = [_hit_rows(stored, found, now) for stored, found in rows if stored.news]
    added = insert_rows(connection, HIT, [hit for several_hits in hits for hit in several_hits], skip_existing=True)
    connection.execute(update(ARTICLE).where(ARTICLE.c.id.in_(open_ones)).values(stage=str(Stage.MATCHED)))
    return added


def _hit_rows(stored: StoredArticle, found: Findings, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "article_id": stored.id,
            "rule_id": hit.rule_id,
            "kind": "new",
            "revision": 0,
            "officials": encode_texts(hit.officials),
            "passages": to_json(hit.passages),
            "found_at": now,
            "note": "",
        }
        for hit in found.hits
    ]


def list_near_misses(
    connection: Connection, official_ids: Collection[str], window: Window, limit: int
) -> list[NearMissSummary]:
    """Return what was nearly taken for these officials in a period; see the port."""
    named = exists().where(
        MENTION.c.article_id == NEARMISS.c.article_id, MENTION.c.official_id == NEARMISS.c.official_id
    )
    count, latest = func.count(NEARMISS.c.article_id.distinct()), func.max(NEARMISS.c.article_id)
    spellings = (NEARMISS.c.official_id, NEARMISS.c.text, NEARMISS.c.reason)
    counted = (
        select(*spellings, count.label("articles"), latest.label("article_id"))
        .where(
            NEARMISS.c.seen_at >= window.start_at,
            NEARMISS.c.seen_at < window.end_at,
            NEARMISS.c.official_id.in_(official_ids),
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
        .order_by(counted.c.articles.desc(), counted.c.article_id.desc(), counted.c.official_id, counted.c.text)
    )
    return [NearMissSummary(*row) for row in connection.execute(query)]


def mention_row(stored: StoredArticle, mention: Mention) -> dict[str, Any]:
    """Make the row of a mention."""
    return {
        "article_id": stored.id,
        "official_id": mention.official_id,
        "seen_at": stored.first_seen_at,
        "text": mention.text,
        "region": str(mention.region),
        "start": mention.start,
        "end": mention.end,
        "form": str(mention.form),
        "confidence": mention.confidence,
        "reason": mention.reason,
    }


def near_miss_row(stored: StoredArticle, near_miss: NearMiss) -> dict[str, Any]:
    """Make the row of a near miss."""
    return {
        "article_id": stored.id,
        "official_id": near_miss.official_id,
        "seen_at": stored.first_seen_at,
        "text": near_miss.text,
        "region": str(near_miss.region),
        "start": near_miss.start,
        "end": near_miss.end,
        "reason": near_miss.reason,
    }


def mention_from_row(row: AnyRow) -> Mention:
    """Make the mention of its row."""
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
    """Make the near miss of its row."""
    return NearMiss(row.official_id, row.text, Region(row.region), row.start, row.end, row.reason)

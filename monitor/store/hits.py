"""What was found in articles: mentions, near misses and hits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, func, select, update

from monitor.domain.archive import MissLine
from monitor.domain.article import Region, Stage, Stored
from monitor.domain.digest import Window
from monitor.domain.mention import Findings, Form, Mention, NearMiss
from monitor.store.bulk import insert_rows
from monitor.store.catalogue import ARTICLE, HIT, MENTION, NEARMISS
from monitor.store.codec import dumps
from monitor.store.rows import AnyRow, several


def keep_findings(connection: Connection, findings: Sequence[tuple[Stored, Findings]], now: datetime) -> int:
    """Replace what was found in these articles and move them to ``SCREENED``; return the number of new hits.

    An article that somebody else screened meanwhile is left as it is.
    """
    numbers = [stored.id for stored, _found in findings]
    waiting = select(ARTICLE.c.id).where(ARTICLE.c.id.in_(numbers), ARTICLE.c.stage == str(Stage.READ))
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
    hits = [_hit(stored, found, now) for stored, found in rows if stored.news]
    added = insert_rows(connection, HIT, [hit for several_hits in hits for hit in several_hits], new=True)
    connection.execute(update(ARTICLE).where(ARTICLE.c.id.in_(open_ones)).values(stage=str(Stage.SCREENED)))
    return added


def _hit(stored: Stored, found: Findings, now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "article_id": stored.id,
            "rule_id": hit.rule_id,
            "kind": "new",
            "revision": 0,
            "officials": several(hit.officials),
            "passages": dumps(hit.passages),
            "found_at": now,
            "note": "",
        }
        for hit in found.hits
    ]


def misses_of(connection: Connection, officials: Collection[str], window: Window, limit: int) -> list[MissLine]:
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
            NEARMISS.c.official_id.in_(officials),
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
    return [MissLine(*row) for row in connection.execute(query)]


def mention_row(stored: Stored, mention: Mention) -> dict[str, Any]:
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


def near_miss_row(stored: Stored, miss: NearMiss) -> dict[str, Any]:
    """Make the row of a near miss."""
    return {
        "article_id": stored.id,
        "official_id": miss.official_id,
        "seen_at": stored.first_seen_at,
        "text": miss.text,
        "region": str(miss.region),
        "start": miss.start,
        "end": miss.end,
        "reason": miss.reason,
    }


def mention_of(row: AnyRow) -> Mention:
    """Make the mention of its row."""
    return Mention(
        row.official_id,
        row.text,
        Region(row.region),
        row.start,
        row.end,
        Form(row.form),
        row.confidence,
        row.reason,
    )


def near_miss_of(row: AnyRow) -> NearMiss:
    """Make the near miss of its row."""
    return NearMiss(row.official_id, row.text, Region(row.region), row.start, row.end, row.reason)

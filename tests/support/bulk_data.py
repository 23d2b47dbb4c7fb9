"""Fill a database with any number of articles, to test that costs do not grow with it.

There is one article a minute, with about 600 characters. One in ten names an official and is a hit that was reported
within the hour, one in ten is a duplicate, and five make a story. All tables that a query reads are filled as the
pipeline fills them.
"""

import random
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, text
from sqlalchemy.dialects import sqlite

from monitor.domain.delivery import RenderedDigest
from monitor.domain.digest import Digest, Window
from monitor.domain.grouping import StoryCentroid
from monitor.domain.poll_state import PollState
from monitor.domain.source import Source
from monitor.store.column_types import to_json
from monitor.store.core_tables import (
    ARTICLE,
    ARTICLE_TEXT,
    ARTICLE_URL,
    DELIVERY,
    DIGEST,
    DIGEST_HIT,
    ENTRY_KEY,
    GROUPING_STATE,
    HIT,
    INDEXED_ARTICLE,
    MENTION,
    RENDERED_DIGEST,
    SOURCE,
    STORY,
    STORY_CENTROID,
)
from monitor.store.database import Database
from monitor.store.row_mapping import hash_text, insert_rows
from monitor.stories.grouping_window import pack_centroid

RENDERED = to_json(RenderedDigest("Daily", "text", "html", "{}"))
START = datetime(2024, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BATCH_SIZE = 5_000
HIT_EVERY, DUPLICATE_EVERY, PER_STORY, HITS_PER_DIGEST, OFFICIALS, RARE_POSITION = 10, 10, 5, 4, 40, 7
INDEXED = 20_000  # the newest articles, which are still in the grouping window
FINGERPRINTS, TERMS = 8, 12
WORDS = ("the minister of defence met border guards in hanoi and spoke of trade rivers floods schools " * 3).split()


def now(articles: int) -> datetime:
    """Return the time at which a number of articles are stored."""
    return START + articles * MINUTE


def fill_sources(database: Database, count: int) -> None:
    """Configure sources that were polled a minute before they are due, at times spread over an hour."""
    sources = [Source(f"s{n}", f"Outlet {n}", feed=f"https://s{n}.example/rss") for n in range(count)]
    database.sources.register(sources, START)
    due = [START + timedelta(seconds=3600 * n / count) for n in range(count)]
    memories = [PollState(f"s{n}", etag='"1"', polls=9, next_poll_at=at) for n, at in enumerate(due)]
    rows = [
        {"poll_state": to_json(memory), "next_poll_at": column(SOURCE, "next_poll_at", at), "id": memory.source_id}
        for memory, at in zip(memories, due, strict=True)
    ]
    with connection(database) as open_:
        open_.execute(
            text("UPDATE source SET poll_state = :poll_state, next_poll_at = :next_poll_at WHERE id = :id"), rows
        )


def fill(database: Database, first: int, last: int, sources: int) -> None:
    """Add the articles ``first + 1`` to ``last``; the grouping window then holds the newest of them."""
    for start in range(first, last, BATCH_SIZE):
        numbers = range(start + 1, min(start + BATCH_SIZE, last) + 1)
        with connection(database) as open_:
            for rows_of, rows in _rows(numbers, sources):
                insert_rows(open_, rows_of, list(rows))
            words = [(row["article_id"], row["search_text"]) for row in map(_content, numbers)]
            open_.exec_driver_sql("INSERT INTO article_search (rowid, search_text) VALUES (?, ?)", words)
    with connection(database) as open_:
        for table in (INDEXED_ARTICLE, STORY_CENTROID, GROUPING_STATE):
            open_.execute(table.delete())
        newest = range(max(1, last - INDEXED), last + 1)
        insert_rows(open_, INDEXED_ARTICLE, [_indexed_article(n) for n in newest])
        insert_rows(open_, STORY_CENTROID, [_centroid(n) for n in newest if n % PER_STORY == 0])
        insert_rows(open_, GROUPING_STATE, [{"id": 1, "version": last, "reload_version": 0}])
    database.maintenance.optimize()


def connection(database: Database) -> Any:
    """Open a write transaction of the database."""
    return database._connections.write_transaction()


def column(rows: Table, name: str, value: object) -> object:
    """Return a value as its column stores it."""
    dialect = sqlite.dialect()
    process = rows.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return process(value) if process else value


def _rows(numbers: range, sources: int) -> Iterator[tuple[Table, Iterator[dict[str, Any]]]]:
    hits = [n for n in numbers if n % HIT_EVERY == 0]
    digests = [n // (HIT_EVERY * HITS_PER_DIGEST) for n in hits if n % (HIT_EVERY * HITS_PER_DIGEST) == 0]
    yield ARTICLE, (_article(n, sources) for n in numbers)
    yield ARTICLE_TEXT, (_content(n) for n in numbers)
    yield ARTICLE_URL, ({"url_hash": hash_text(url(n)), "article_id": n} for n in numbers)
    yield ENTRY_KEY, ({"source_id": f"s{n % sources}", "key": hash_text(f"g{n}"), "article_id": n} for n in numbers)
    yield STORY, (_story(n) for n in numbers if n % PER_STORY == 0)
    yield MENTION, (_mention(n) for n in hits)
    yield HIT, (_hit(n) for n in hits)
    yield DIGEST, (_digest(n) for n in digests)
    yield DIGEST_HIT, (_digest_hit(n) for n in hits if n // (HIT_EVERY * HITS_PER_DIGEST) in digests)
    yield RENDERED_DIGEST, ({"id": n, "digest_id": n, "content": RENDERED} for n in digests)
    yield DELIVERY, (_delivery(n) for n in digests)


def url(number: int) -> str:
    """Return the address of an article."""
    return f"https://s.example/news/{number}.html"


def story(number: int) -> str:
    """Return the story of an article."""
    return f"s{number - number % PER_STORY}"


def _article(number: int, sources: int) -> dict[str, Any]:
    return {
        "id": number,
        "source_id": f"s{number % sources}",
        "url": url(number),
        "title": f"Report {number} of the border",
        "published_at": now(number),
        "first_seen_at": now(number),
        "stage": "grouped",
        "story_id": story(number),
        "duplicate_of": number - 1 if number % DUPLICATE_EVERY == 0 else None,
        **dict.fromkeys(("canonical_url", "authors", "agency", "section", "last_error"), ""),
        "partial_reason": "",
        "quarantine_reason": "",
        "language": "en",
        "confidence": 1.0,
        "is_alertable": True,
        "version_count": 0,
        "attempts": 0,
        "lease_token": "",
    }


def _content(number: int) -> dict[str, Any]:
    rng = random.Random(number)
    words = [*rng.choices(WORDS, k=60), *(f"w{rng.randrange(40_000)}" for _ in range(40))]
    body = " ".join(words)
    return {"article_id": number, "standfirst": "", "dateline": "", "captions": "", "body": body, "search_text": body}


def _story(number: int) -> dict[str, Any]:
    seen = {"first_seen_at": now(number), "last_seen_at": now(number + PER_STORY - 1)}
    return {"id": story(number), "title": f"Story {number}", "merged_into": "", **seen}


def _official(number: int) -> str:
    """Return the official of a hit; ``rare`` is named only once."""
    place = number // HIT_EVERY
    return "rare" if place == RARE_POSITION else f"p{place % OFFICIALS}"


def _mention(number: int) -> dict[str, Any]:
    found = {"text": "Some Body", "region": "body", "start": 0, "end": 9, "form": "full", "confidence": 1.0}
    return {
        "article_id": number,
        "official_id": _official(number),
        "seen_at": now(number),
        **found,
        "reason": "full name",
    }


def _hit(number: int) -> dict[str, Any]:
    fields = {"kind": "new", "version": 0, "official_ids": f'["{_official(number)}"]', "passages": "[]", "note": ""}
    return {"id": number // HIT_EVERY, "article_id": number, "rule_id": "people", "found_at": now(number), **fields}


def _digest(number: int) -> dict[str, Any]:
    end = now((number + 1) * HIT_EVERY * HITS_PER_DIGEST)
    window = Window(now(number * HIT_EVERY * HITS_PER_DIGEST), end)
    content = to_json(Digest("daily", "Daily", window, end, "UTC"))
    times = {"start_at": window.start_at, "end_at": end, "composed_at": end}
    return {
        "id": number,
        "plan_id": "daily",
        **times,
        "is_overdue": False,
        "last_hit_id": number * HITS_PER_DIGEST,
        "content": content,
    }


def _digest_hit(number: int) -> dict[str, Any]:
    return {"hit_id": number // HIT_EVERY, "plan_id": "daily", "digest_id": number // (HIT_EVERY * HITS_PER_DIGEST)}


def _delivery(number: int) -> dict[str, Any]:
    at = now(number * HIT_EVERY * HITS_PER_DIGEST)
    return {
        "id": number,
        "key": f"{number:040x}",
        "digest_id": number,
        "plan_id": "daily",
        "channel_id": "desk",
        "target": "desk@example.org",
        "rendered_digest_id": number,
        "created_at": at,
        "state": "sent",
        "attempts": 1,
        "finished_at": at,
        "last_error": "",
        "lease_token": "",
    }


def _fingerprints(number: int) -> list[int]:
    rng = random.Random(number - 1 if number % DUPLICATE_EVERY == 0 else number)
    return [rng.getrandbits(62) for _ in range(FINGERPRINTS)]


def _terms(number: int) -> list[int]:
    rng = random.Random(-number)
    return [rng.randrange(60_000) for _ in range(TERMS)]


def _indexed_article(number: int) -> dict[str, Any]:
    terms = _terms(number) if number % PER_STORY == 0 else []
    packed = {"fingerprints": array("Q", _fingerprints(number)).tobytes(), "terms": array("I", terms).tobytes()}
    return {"article_id": number, "version": number, **packed}


def _centroid(number: int) -> dict[str, Any]:
    terms = list(dict.fromkeys(_terms(number)))
    packed, weights = array("I", terms).tobytes(), array("f", [1.0] * len(terms)).tobytes()
    last = now(number + PER_STORY - 1)
    centroid = StoryCentroid(
        story(number), packed, weights, bytes(len(terms)), frozenset(), PER_STORY, now(number), last
    )
    row = {"story_id": centroid.id, "version": number, "last_article_at": last}
    return row | {"centroid": pack_centroid(centroid)}


def lookup_keys(number: int) -> tuple[list[int], list[int]]:
    """Return the fingerprints of an article and the terms of a story that are in the grouping window."""
    return _fingerprints(number), _terms(number - number % PER_STORY)

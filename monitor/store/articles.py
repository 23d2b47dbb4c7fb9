"""Articles on their way from an entry in a feed to a text that was looked at."""

import secrets
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from monitor.domain.article import Article, Draft, Stage, Stored, Unread
from monitor.domain.errors import LeaseLost
from monitor.domain.exchange import Fetched
from monitor.domain.mention import Findings
from monitor.domain.settings import KeepPages
from monitor.domain.source import Lease, SourceMemory
from monitor.store.bulk import insert_rows, keys_of_source
from monitor.store.captures import drop_unmatched, keep_capture
from monitor.store.catalogue import ADDRESS, ARTICLE, CONTENT, IDENTITY
from monitor.store.engine import Connections
from monitor.store.evidence import seal
from monitor.store.hits import keep_findings
from monitor.store.rechecks import begin_rechecks, hasten_rechecks
from monitor.store.rows import (
    LISTED,
    WAITING,
    addresses,
    article_of,
    digest,
    heading,
    stored_of,
    stored_query,
    wording,
)
from monitor.store.search import add_words, drop_words
from monitor.store.sources import note_page, settle
from monitor.text.index import index_text

_AT_ONCE = 1000  # values in one statement; both engines take many more


class SqlArticles:
    """The ``ArticleStore`` of ``domain/ports.py``."""

    def __init__(self, connections: Connections, keep_pages: KeepPages = KeepPages.MATCHED) -> None:
        self._connections, self._keep_pages = connections, keep_pages

    def known(self, source_id: str, keys: Collection[str]) -> set[str]:
        """Return those identity keys that this source has had before, tombstones included."""
        texts = {digest(key): key for key in keys}
        with self._connections.writing() as connection:  # where the poll will write: the pages are at hand there
            return {texts[found] for found in _owners(connection, source_id, list(texts))}

    def keep_poll(
        self,
        lease: Lease,
        memory: SourceMemory,
        drafts: Sequence[Draft],
        now: datetime,
        touched: Collection[str] = (),
    ) -> int:
        """Insert the drafts that are new, then the memory with its validators, in one transaction; see the port."""
        with self._connections.writing() as connection:
            fresh, learned = _judge(connection, lease.source_id, drafts, sqlite=self._connections.sqlite)
            insert_rows(
                connection, ARTICLE, [_draft_row(number, lease.source_id, draft, now) for number, draft in fresh]
            )
            texts = [_content_row(number, draft) for number, draft in fresh]
            insert_rows(connection, CONTENT, texts)
            add_words(connection, [(text["article_id"], text["folded"]) for text in texts])
            urls = [row for number, draft in fresh for row in _address_rows(number, draft.article)]
            insert_rows(connection, ADDRESS, urls)
            insert_rows(connection, IDENTITY, learned, new=True)
            settle(connection, lease, memory, more=len(fresh))
            if touched:
                known = _owners(connection, lease.source_id, [digest(key) for key in touched])
                hasten_rechecks(connection, set(known.values()) - {number for number, _draft in fresh}, now)
        return len(fresh)

    def lease_unread(self, now: datetime, limit: int, until_at: datetime, source_id: str | None = None) -> list[Unread]:
        """Lease articles whose page is to be fetched now, oldest first; an attempt counts from here on."""
        token = secrets.token_hex(8)
        due = (LISTED, ARTICLE.c.next_attempt_at <= now)
        chosen = (
            select(ARTICLE.c.id)
            .where(*due, *(() if source_id is None else (ARTICLE.c.source_id == source_id,)))
            .order_by(ARTICLE.c.next_attempt_at, ARTICLE.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claim = (
            update(ARTICLE)
            .where(ARTICLE.c.id.in_(chosen.scalar_subquery()))
            .values(lease_token=token, next_attempt_at=until_at, attempts=ARTICLE.c.attempts + 1)
            .returning(ARTICLE.c.id)
        )
        with self._connections.writing() as connection:
            numbers = [row.id for row in connection.execute(claim)]
            if not numbers:
                return []
            rows = connection.execute(stored_query().where(ARTICLE.c.id.in_(numbers)).order_by(ARTICLE.c.id))
            return [Unread(row.id, row.source_id, article_of(row), row.attempts - 1, token) for row in rows]

    def keep_page(
        self,
        unread: Unread,
        article: Article,
        page: Fetched | None = None,
        error: str = "",
        confidence: float | None = None,
    ) -> None:
        """Keep the article and move it to ``READ``; see the port."""
        with self._connections.writing() as connection:
            _settle_unread(connection, unread, {**heading(article), "stage": str(Stage.READ), "last_error": error})
            keep_text(connection, unread.id, article)
            insert_rows(connection, ADDRESS, _address_rows(unread.id, article), new=True)
            if page and self._keep_pages is not KeepPages.NONE:
                keep_capture(connection, unread.id, page)
            if page and page.fetched_at and confidence is not None:
                note_page(connection, unread.source_id, confidence, unread.article.url, page.fetched_at)

    def postpone(self, unread: Unread, error: str, next_attempt_at: datetime) -> None:
        """Record why the page could not be read, and when to try again. Raises ``LeaseLost``."""
        with self._connections.writing() as connection:
            _settle_unread(connection, unread, {"last_error": error, "next_attempt_at": next_attempt_at})

    def unscreened(self, limit: int) -> list[Stored]:
        """Return articles at stage ``READ``, oldest first."""
        return self._at_stage(Stage.READ, limit)

    def give_up(self, stored: Stored, error: str) -> None:
        """Record that an article could not be screened, and move it to ``SCREENED``."""
        with self._connections.writing() as connection:
            values = {"stage": str(Stage.SCREENED), "last_error": error}
            connection.execute(update(ARTICLE).where(ARTICLE.c.id == stored.id).values(values))

    def keep_findings(self, findings: Sequence[tuple[Stored, Findings]], now: datetime) -> int:
        """Store mentions, near misses and, for news, hits; move the articles to ``SCREENED``; see the port."""
        with self._connections.writing() as connection:
            new = keep_findings(connection, findings, now)
            screened = [stored.id for stored, _found in findings]
            begin_rechecks(connection, [stored.id for stored, found in findings if stored.news and found.hits], now)
            seal(connection, screened, now)
            if self._keep_pages is KeepPages.MATCHED:
                drop_unmatched(connection, screened)
        return new

    def _at_stage(self, stage: Stage, limit: int) -> list[Stored]:
        waiting = stored_query().where(ARTICLE.c.stage == str(stage), WAITING)
        with self._connections.reading() as connection:
            return [stored_of(row) for row in connection.execute(waiting.order_by(ARTICLE.c.id).limit(limit))]


def _owners(connection: Connection, source_id: str, keys: Sequence[bytes]) -> dict[bytes, int]:
    owners: dict[bytes, int] = {}
    for start in range(0, len(keys), _AT_ONCE):
        sought = keys[start : start + _AT_ONCE]
        owners.update(keys_of_source(connection, source_id, sought))
    return owners


def _judge(
    connection: Connection, source_id: str, drafts: Sequence[Draft], *, sqlite: bool
) -> tuple[list[tuple[int, Draft]], list[dict[str, Any]]]:
    """Return the new drafts with the ids they get, and the identity rows to learn. Drafts that share a key are one."""
    keys = [[digest(key) for key in draft.keys] for draft in drafts]
    owners = _owners(connection, source_id, list(dict.fromkeys(key for several in keys for key in several)))
    numbers: Iterator[int] | None = None
    fresh, learned = [], []
    for draft, several in zip(drafts, keys, strict=True):
        owner = next((owners[key] for key in several if key in owners), None)
        if owner is None:
            numbers = numbers or _numbers(connection, len(drafts), sqlite=sqlite)
            owner = next(numbers)
            fresh.append((owner, draft))
        for key in several:
            if key not in owners:
                owners[key] = owner
                learned.append({"source_id": source_id, "key": key, "article_id": owner})
    return fresh, learned


def _numbers(connection: Connection, count: int, *, sqlite: bool) -> Iterator[int]:
    """Yield ids for new articles: known before the insert, so that all rows go in at once."""
    if sqlite:
        last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'article'").scalar() or 0
        return iter(range(last + 1, last + 1 + count))
    query = "SELECT nextval(pg_get_serial_sequence('article', 'id')) FROM generate_series(1, %s)"
    return iter(connection.exec_driver_sql(query, (count,)).scalars().all())


def _draft_row(number: int, source_id: str, draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "source_id": source_id,
        **heading(draft.article),
        "first_seen_at": now,
        "news": draft.news,
        "held": draft.held,
        "stage": str(draft.stage),
        "next_attempt_at": now if draft.stage is Stage.LISTED else None,
        **_START,
    }


_START = {"story_id": "", "copy_of": None, "revisions": 0, "attempts": 0, "last_error": "", "lease_token": ""}


def _content_row(number: int, draft: Draft) -> dict[str, Any]:
    folded = "" if draft.stage is Stage.LISTED else draft.words
    if folded is None:
        folded = index_text(draft.article)
    return {"article_id": number, **wording(draft.article, folded)}


def _address_rows(number: int, article: Article) -> list[dict[str, Any]]:
    return [{"url": url, "article_id": number} for url in addresses(article)]


def keep_text(connection: Connection, article_id: int, article: Article) -> None:
    """Put an article's text in place of what was there, inside a transaction; search finds the new one."""
    drop_words(connection, [article_id])
    folded = index_text(article)
    connection.execute(update(CONTENT).where(CONTENT.c.article_id == article_id).values(wording(article, folded)))
    add_words(connection, [(article_id, folded)])


def _settle_unread(connection: Connection, unread: Unread, values: dict[str, Any]) -> None:
    held = (ARTICLE.c.id == unread.id) & (ARTICLE.c.lease_token == unread.token)
    settled = update(ARTICLE).where(held, ARTICLE.c.lease_token != "").values(lease_token="", **values)
    if connection.execute(settled).rowcount != 1:
        raise LeaseLost(f"the lease of article {unread.id} ended; another worker reads it")

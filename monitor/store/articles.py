"""Store of articles in every stage of their processing, from the feed entry to the extracted text."""

import secrets
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, literal, select, tuple_, update

from monitor.domain.article import Article, DuePage, KnownArticle, NewArticle, PendingPage, Stage, StoredArticle
from monitor.domain.configuration import PageRetention
from monitor.domain.errors import LeaseLost
from monitor.domain.fetch_result import Fetched
from monitor.domain.mention import Findings
from monitor.domain.poll_state import Lease, PollState
from monitor.domain.values import replace
from monitor.store.column_types import UtcDateTime
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, ARTICLE_TEXT, ARTICLE_URL, ENTRY_KEY, SOURCE
from monitor.store.damaged_rows import read_rows
from monitor.store.evidence import save_page_snapshot
from monitor.store.findings import expedite_rechecks, insert_findings
from monitor.store.full_text import index_texts, remove_from_index, stored_search_text
from monitor.store.row_mapping import (
    IS_IN_PROGRESS,
    IS_LISTED,
    AnyRow,
    article_columns,
    article_from_row,
    find_keys_of_source,
    find_known_articles,
    hash_text,
    hash_urls,
    insert_rows,
    select_stored_articles,
    stored_article_from_row,
    text_columns,
)
from monitor.store.sources import record_page_quality, record_poll
from monitor.text.search_text import index_text

_MAX_KEYS_PER_STATEMENT = 1000  # SQLite allows 32,766 parameters, PostgreSQL 65,535


class ArticleStore:
    """Store of articles in every stage of their processing. Every method is one transaction."""

    def __init__(self, connections: Connections, page_retention: PageRetention = PageRetention.MATCHED) -> None:
        self._connections, self._page_retention = connections, page_retention

    def known_keys(self, source_id: str, keys: Collection[str]) -> set[str]:
        """Return the entry keys among ``keys`` that are already stored for this source.

        An entry key identifies a feed entry, such as its URL. The keys of deleted articles are kept, and are returned,
        too.
        """
        return set(self.known_articles(source_id, keys))

    def known_articles(self, source_id: str, keys: Collection[str]) -> dict[str, KnownArticle]:
        """Return a dictionary that maps the entry keys among ``keys`` that are stored for a source to their articles.

        An entry key, such as a URL, identifies the article of a feed entry. Deleted articles are included, because
        their keys are kept.
        """
        texts = {hash_text(key): key for key in keys}
        # The keys are read on the connection that will write the poll, because its page cache then holds the index
        # pages.
        with self._connections.write_transaction() as connection:
            found = find_articles_of_keys(connection, source_id, list(texts))
            return {texts[key]: article for key, article in found.items()}

    def commit_poll(
        self,
        lease: Lease,
        poll_state: PollState,
        new_articles: Sequence[NewArticle],
        now: datetime,
        changed_article_ids: Collection[int] = (),
        findings: Sequence[Findings | None] = (),
    ) -> dict[int, int]:
        """Store the new articles of a poll and the next poll state, in one transaction.

        Return a dictionary that maps the index of each stored article in ``new_articles`` to the id of the article.
        ``findings[i]`` are the findings in ``new_articles[i]``, or None if the article was not matched. ``findings``
        may be shorter than ``new_articles``.

        An article with a known entry key is not stored again. Its other keys and its URL are added to the known
        article. If another process has stored some of the new articles first, the poll state counts these articles as
        known instead of new. Reported articles in ``changed_article_ids`` are fetched again soon, to find changes.
        Raises ``LeaseLost`` if the lease has ended; then nothing is stored.
        """
        with self._connections.write_transaction() as connection:
            fresh, aliases, new_keys = _assign_article_ids(
                connection, lease.source_id, new_articles, is_sqlite=self._connections.is_sqlite
            )
            positions = {id(new): position for position, new in enumerate(new_articles)}
            stored = {positions[id(new)]: article_id for article_id, new in fresh}
            matched = [
                (_matched_article(article_id, lease.source_id, new_articles[position], now), found)
                for position, article_id in stored.items()
                if position < len(findings) and (found := findings[position]) is not None
            ]
            matched_ids = {one.id for one, _ in matched}
            rows = [
                _article_row(article_id, lease.source_id, new, now, is_matched=article_id in matched_ids)
                for article_id, new in fresh
            ]
            _insert_articles(connection, rows, fresh, aliases, new_keys)
            insert_findings(connection, matched, now)
            record_poll(connection, lease, _with_stored(poll_state, new_articles, fresh), new_article_count=len(fresh))
            expedite_rechecks(connection, changed_article_ids, now)
        return stored

    def store_archive(self, source_id: str, new_articles: Sequence[NewArticle], now: datetime) -> int:
        """Store older articles of a source, which were found in its archive and not by a poll. This is one transaction.

        Return the number of stored articles. Articles with a known entry key are not stored. The poll state of the
        source is not changed.
        """
        with self._connections.write_transaction() as connection:
            is_sqlite = self._connections.is_sqlite
            fresh, aliases, new_keys = _assign_article_ids(connection, source_id, new_articles, is_sqlite=is_sqlite)
            rows = [_article_row(article_id, source_id, new, now, is_matched=False) for article_id, new in fresh]
            _insert_articles(connection, rows, fresh, aliases, new_keys)
            count = {"article_count": SOURCE.c.article_count + len(fresh)}
            connection.execute(update(SOURCE).where(SOURCE.c.id == source_id).values(count))
        return len(fresh)

    def lease_pages(
        self, now: datetime, limit: int, expires_at: datetime, source_id: str | None = None
    ) -> list[PendingPage]:
        """Lease at most ``limit`` pages that are due to be read, choosing the most overdue ones.

        With ``source_id``, only pages of this source are leased. Each lease counts as one attempt to read the page.
        """
        due = (IS_LISTED, ARTICLE.c.next_attempt_at <= now)
        chosen = (
            select(ARTICLE.c.id)
            .where(*due, *(() if source_id is None else (ARTICLE.c.source_id == source_id,)))
            .order_by(ARTICLE.c.next_attempt_at, ARTICLE.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return self._lease_pages(ARTICLE.c.id.in_(chosen.scalar_subquery()), expires_at)

    def list_due_pages(self, now: datetime, limit: int, after: DuePage | None = None) -> list[DuePage]:
        """Return the pages whose time to be fetched has come, the most overdue first.

        ``after`` is the last page of the previous call: the list then continues with the page that follows it.
        """
        order = (ARTICLE.c.next_attempt_at, ARTICLE.c.id)
        query = select(*order, ARTICLE.c.source_id, ARTICLE.c.url).where(IS_LISTED, ARTICLE.c.next_attempt_at <= now)
        if after:
            query = query.where(tuple_(*order) > tuple_(literal(after.due_at, UtcDateTime()), after.article_id))
        with self._connections.read_transaction() as connection:
            return [DuePage(*row) for row in connection.execute(query.order_by(*order).limit(limit))]

    def list_waiting_pages(self, now: datetime, limit: int = 500) -> list[DuePage]:
        """Return the pages that are due but not leased by any process, the most overdue first."""
        waiting = (IS_LISTED, ARTICLE.c.next_attempt_at <= now, ARTICLE.c.lease_token == "")
        order = (ARTICLE.c.next_attempt_at, ARTICLE.c.id)
        query = select(*order, ARTICLE.c.source_id, ARTICLE.c.url).where(*waiting).order_by(*order).limit(limit)
        with self._connections.read_transaction() as connection:
            return [DuePage(*row) for row in connection.execute(query)]

    def lease_chosen_pages(self, article_ids: Sequence[int], now: datetime, expires_at: datetime) -> list[PendingPage]:
        """Lease the given pages, except for pages that another process has leased in the meantime.

        Each lease counts as one attempt to read the page.
        """
        chosen = (ARTICLE.c.id.in_(article_ids), IS_LISTED, ARTICLE.c.next_attempt_at <= now)
        return self._lease_pages(and_(*chosen), expires_at)

    def _lease_pages(self, condition: ColumnElement[bool], expires_at: datetime) -> list[PendingPage]:
        token = secrets.token_hex(8)
        claim = (
            update(ARTICLE)
            .where(condition)
            .values(lease_token=token, next_attempt_at=expires_at, attempts=ARTICLE.c.attempts + 1)
            .returning(ARTICLE.c.id)
        )
        with self._connections.write_transaction() as connection:
            article_ids = [row.id for row in connection.execute(claim)]
            if not article_ids:
                return []
            query = select_stored_articles().add_columns(ARTICLE.c.quarantine_reason)
            rows = connection.execute(query.where(ARTICLE.c.id.in_(article_ids)).order_by(ARTICLE.c.id))
            return [_pending_page_from_row(row, token) for row in rows]

    def save_page(
        self,
        pending_page: PendingPage,
        article: Article,
        page: Fetched | None = None,
        error: str = "",
        confidence: float | None = None,
        alerting: tuple[bool, str] | None = None,
    ) -> None:
        """Store the article that was extracted from its page, and set its stage to ``EXTRACTED``.

        - ``page`` is the raw response, which is kept as evidence if this is configured.
        - ``error`` is the reason why the page could not be read. Then ``article`` has the text of the feed.
        - ``confidence`` (0 to 1) is how likely the extracted text is the whole article. It updates the record of how
          well the pages of the source can be read, unless it is None.
        - ``alerting`` is a pair that replaces the stored values: whether the article may be reported, and the reason
          for a quarantine (storing the article without reporting it), which may be empty. If ``alerting`` is None, the
          stored values are kept.

        Raises ``LeaseLost`` if the lease of the page has ended.
        """
        with self._connections.write_transaction() as connection:
            _finish_page(
                connection,
                pending_page,
                {
                    **article_columns(article),
                    "stage": str(Stage.EXTRACTED),
                    "last_error": error,
                    **(dict(zip(("is_alertable", "quarantine_reason"), alerting, strict=True)) if alerting else {}),
                },
            )
            replace_text(connection, pending_page.id, article)
            insert_rows(connection, ARTICLE_URL, _url_rows(pending_page.id, article), skip_existing=True)
            if page and self._page_retention is not PageRetention.NONE:
                save_page_snapshot(connection, pending_page.id, page)
            if page and page.fetched_at and confidence is not None:
                record_page_quality(
                    connection, pending_page.source_id, confidence, pending_page.article.url, page.fetched_at
                )

    def postpone_page(self, pending_page: PendingPage, error: str, next_attempt_at: datetime) -> None:
        """Record why a page could not be read, and when to fetch it again.

        Raises ``LeaseLost`` if the lease of the page has ended.
        """
        with self._connections.write_transaction() as connection:
            _finish_page(connection, pending_page, {"last_error": error, "next_attempt_at": next_attempt_at})

    def unmatched(self, limit: int) -> list[StoredArticle]:
        """Return the articles at stage ``EXTRACTED``, which are not matched yet, oldest first."""
        return self._load_at_stage(Stage.EXTRACTED, limit)

    def _load_at_stage(self, stage: Stage, limit: int) -> list[StoredArticle]:
        waiting = select_stored_articles().where(ARTICLE.c.stage == str(stage), IS_IN_PROGRESS)
        with self._connections.read_transaction() as connection:
            rows = connection.execute(waiting.order_by(ARTICLE.c.id).limit(limit))
            return read_rows(ARTICLE, rows, stored_article_from_row)


def _pending_page_from_row(row: AnyRow, token: str) -> PendingPage:
    return PendingPage(
        row.id, row.source_id, article_from_row(row), row.attempts - 1, token, row.first_seen_at, row.quarantine_reason
    )


def _article_ids_by_key(connection: Connection, source_id: str, keys: Sequence[bytes]) -> dict[bytes, int]:
    article_ids: dict[bytes, int] = {}
    for start in range(0, len(keys), _MAX_KEYS_PER_STATEMENT):
        portion = keys[start : start + _MAX_KEYS_PER_STATEMENT]
        article_ids.update(find_keys_of_source(connection, source_id, portion))
    return article_ids


def find_articles_of_keys(connection: Connection, source_id: str, keys: Sequence[bytes]) -> dict[bytes, KnownArticle]:
    """Return a dictionary that maps hashes of entry keys to the articles of a source.

    ``keys`` are the hashes to look up; the result contains only the stored ones. Entry keys, such as the guid or URL of
    a feed entry, identify the article of an entry when a feed lists the entry again.
    """
    articles: dict[bytes, KnownArticle] = {}
    for start in range(0, len(keys), _MAX_KEYS_PER_STATEMENT):
        sought = keys[start : start + _MAX_KEYS_PER_STATEMENT]
        articles.update(find_known_articles(connection, source_id, sought))
    return articles


_AssignedArticles = list[tuple[int, NewArticle]]


def _assign_article_ids(
    connection: Connection, source_id: str, new_articles: Sequence[NewArticle], *, is_sqlite: bool
) -> tuple[_AssignedArticles, _AssignedArticles, list[dict[str, Any]]]:
    """Assign ids to the new articles of a poll.

    Return three lists: the new articles with their new ids, the articles that were known before the poll with their
    ids, and the rows of entry keys to insert. An article that another process has stored since the poll began is in
    neither of the first two lists; only its keys are inserted. The ``evidence_keys`` of an article are also inserted,
    but they are not used to find the article among the stored ones.
    """
    hashed_keys = [[hash_text(key) for key in new.entry_keys] for new in new_articles]
    distinct_keys = list(dict.fromkeys(chain.from_iterable(hashed_keys)))
    article_ids: dict[bytes, int] = _article_ids_by_key(connection, source_id, distinct_keys)
    reserved: Iterator[int] | None = None
    fresh, aliases = _AssignedArticles(), _AssignedArticles()
    new_keys: dict[bytes, int] = {}
    for new, keys in zip(new_articles, hashed_keys, strict=True):
        article_id = new.known_article_id or next((article_ids[key] for key in keys if key in article_ids), None)
        if article_id is None:
            reserved = reserved or _reserve_article_ids(connection, len(new_articles), is_sqlite=is_sqlite)
            article_id = next(reserved)
            fresh.append((article_id, new))
        elif new.known_article_id:
            aliases.append((article_id, new))
        for key in (*keys, *map(hash_text, new.evidence_keys)):
            article_ids.setdefault(key, article_id)
            new_keys.setdefault(key, article_ids[key])
    rows = [{"source_id": source_id, "key": key, "article_id": article_id} for key, article_id in new_keys.items()]
    return fresh, aliases, rows


def _with_stored(poll_state: PollState, new_articles: Sequence[NewArticle], fresh: _AssignedArticles) -> PollState:
    """Return the poll state with corrected counts, if another process has stored some of the new articles first.

    These articles are counted as known instead of new or quarantined. ``fresh`` are the articles that this process
    stores.
    """
    stored = {id(new) for _, new in fresh}
    missed = [new for new in new_articles if new.known_article_id is None and id(new) not in stored]
    if not missed:
        return poll_state
    quarantined = sum(bool(new.quarantine_reason) for new in missed)
    counts, new_count = poll_state.counts, len(missed) - quarantined
    counts = replace(
        counts,
        new=counts.new - new_count,
        quarantined=counts.quarantined - quarantined,
        known=counts.known + len(missed),
    )
    return replace(poll_state, counts=counts)


def _insert_articles(
    connection: Connection,
    rows: Sequence[dict[str, Any]],
    fresh: Sequence[tuple[int, NewArticle]],
    aliases: Sequence[tuple[int, NewArticle]],
    new_keys: Sequence[dict[str, Any]],
) -> None:
    """Insert new articles with their texts, index words, URLs and entry keys. Add URLs and keys to known articles."""
    insert_rows(connection, ARTICLE, rows)
    words = [(article_id, _search_text(new)) for article_id, new in fresh]
    texts = [
        {"article_id": article_id, **text_columns(new.article, stored_search_text(connection, text))}
        for (article_id, new), (_, text) in zip(fresh, words, strict=True)
    ]
    insert_rows(connection, ARTICLE_TEXT, texts)
    index_texts(connection, words)
    urls = [row for article_id, new in (*fresh, *aliases) for row in _url_rows(article_id, new.article)]
    insert_rows(connection, ARTICLE_URL, urls, skip_existing=True)
    insert_rows(connection, ENTRY_KEY, new_keys, skip_existing=True)


def _reserve_article_ids(connection: Connection, count: int, *, is_sqlite: bool) -> Iterator[int]:
    """Reserve unused article ids, and return them.

    The ids are chosen before the insert, so that one statement per table can insert all rows.
    """
    if is_sqlite:
        last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'article'").scalar() or 0
        return iter(range(last + 1, last + 1 + count))
    query = "SELECT nextval(pg_get_serial_sequence('article', 'id')) FROM generate_series(1, %s)"
    return iter(connection.exec_driver_sql(query, (count,)).scalars().all())


def _article_row(
    article_id: int, source_id: str, new_article: NewArticle, now: datetime, *, is_matched: bool
) -> dict[str, Any]:
    return {
        "id": article_id,
        "source_id": source_id,
        **article_columns(new_article.article),
        "first_seen_at": now,
        "is_alertable": new_article.is_alertable,
        "quarantine_reason": new_article.quarantine_reason,
        "stage": str(Stage.MATCHED if is_matched else new_article.stage),
        "next_attempt_at": now if new_article.stage is Stage.LISTED else None,
        **_INITIAL_COLUMNS,
    }


def _matched_article(article_id: int, source_id: str, new_article: NewArticle, now: datetime) -> StoredArticle:
    return StoredArticle(article_id, source_id, new_article.article, now, new_article.is_alertable, Stage.MATCHED)


_INITIAL_COLUMNS = {
    "story_id": "",
    "duplicate_of": None,
    "version_count": 0,
    "attempts": 0,
    "last_error": "",
    "lease_token": "",
}


def _search_text(new_article: NewArticle) -> str:
    if new_article.stage is Stage.LISTED:
        return ""
    return index_text(new_article.article) if new_article.search_text is None else new_article.search_text


def _url_rows(article_id: int, article: Article) -> list[dict[str, Any]]:
    return [{"url_hash": url_hash, "article_id": article_id} for url_hash in hash_urls(article)]


def replace_text(connection: Connection, article_id: int, article: Article) -> None:
    """Replace the stored text of an article and its entry in the full-text index.

    Call this function before the new title is stored. To remove the old index entry, the function must know the old
    words, and it computes them from the old title.
    """
    remove_from_index(connection, [article_id])
    search_text = index_text(article)
    columns = text_columns(article, stored_search_text(connection, search_text))
    connection.execute(update(ARTICLE_TEXT).where(ARTICLE_TEXT.c.article_id == article_id).values(columns))
    index_texts(connection, [(article_id, search_text)])


def _finish_page(connection: Connection, pending_page: PendingPage, values: dict[str, Any]) -> None:
    is_leased = (ARTICLE.c.id == pending_page.id, ARTICLE.c.lease_token == pending_page.token)
    finish = update(ARTICLE).where(*is_leased, ARTICLE.c.lease_token != "").values(lease_token="", **values)
    if connection.execute(finish).rowcount != 1:
        raise LeaseLost(f"the lease of article {pending_page.id} has expired; another worker reads its page")

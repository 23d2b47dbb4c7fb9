"""Store of sources: configuration, poll states (what is kept between two polls) and poll leases."""

import logging
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, bindparam, case, func, literal, or_, select, text, update

from monitor.domain.errors import DamagedRow, LeaseLost, PageProblem, UsageError
from monitor.domain.poll_state import (
    HEALTHY_STATES,
    UNKNOWN_PAGE_QUALITY,
    Lease,
    PageQuality,
    PollState,
    SourceState,
    add_page_problem,
    update_page_quality,
)
from monitor.domain.source import Source
from monitor.domain.source_health import effective_poll_state
from monitor.domain.values import replace
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import SOURCE
from monitor.store.damaged_rows import read_row, read_rows
from monitor.store.row_mapping import AnyRow, execute_update

IS_CONFIGURED = text("source.configured")  # the same text as in the partial index, else the index is not used
_STATE_COLUMNS = (SOURCE.c.id, SOURCE.c.poll_state, SOURCE.c.page_quality)
log = logging.getLogger(__name__)

_RUNTIME_COLUMNS = {"article_count", "lease_token", "lease_expires_at"}  # not changed by a new configuration
_REPORTED_MARKS = ('"notice":"', '"merged":', '"empty":', '"left_out":')  # as ``to_json`` writes what is not default
_RECORD_POLL = """
    UPDATE source SET poll_state = ?, state = ?, next_poll_at = ?, last_success_at = ?,
        article_count = article_count + ?, lease_token = '', lease_expires_at = NULL
    WHERE id = ? AND lease_token = ?
"""  # does not use the statement compiler, because every poll runs this statement


LEASE_COLUMNS = (*_STATE_COLUMNS, SOURCE.c.lease_token)
_UNMARKED = "0123456789abcdef."  # the characters of a token without marks
INTERRUPTED = "+"
"""Character that is appended to a lease token for each interrupted poll of the source (one that began and never ended).

The number of these characters in a token is the number of interrupted polls since the last poll that ended. The release
of a lease deletes the rest of the token and keeps these characters.
"""


def next_lease_token(token: str) -> ColumnElement[str]:
    """Return the SQL expression for a new lease token: ``token``, followed by one character per interrupted poll.

    If the source still has an expired lease, the poll that held the lease never ended. One more character is then
    appended for this poll.
    """
    added = case((SOURCE.c.lease_expires_at.is_(None), ""), else_=INTERRUPTED)
    return literal(token).concat(interruption_marks()).concat(added)


def interruption_marks() -> ColumnElement[str]:
    """Return the SQL expression for the characters at the end of a lease token that count interrupted polls.

    There is one character for each poll of the source that began and never ended.
    """
    return func.ltrim(SOURCE.c.lease_token, _UNMARKED)


def lease_from_row(row: AnyRow, expires_at: datetime) -> Lease:
    """Build a poll lease from a row with ``LEASE_COLUMNS``.

    The poll state in the lease contains the number of interrupted polls.
    """
    poll_state = poll_state_from_row(row)
    interrupted_count = poll_state.interrupted_polls + row.lease_token.count(INTERRUPTED)
    return Lease(row.id, row.lease_token, expires_at, replace(poll_state, interrupted_polls=interrupted_count))


class SourceReads(Struct, frozen=True):
    """Time of the last successful poll of any source, and the number of healthy sources that were never read."""

    last_success_at: datetime | None
    new_count: int


class SourceStore:
    """Store of sources and their poll states (what is kept between two polls).

    Every method is one transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def register(self, sources: Sequence[Source], now: datetime) -> None:
        """Update the stored sources to the configured ones. New sources and sources with a new URL are due now.

        Sources that are no longer configured keep their poll state.
        """
        with self._connections.write_transaction() as connection:
            before = {row.id: row for row in connection.execute(select(SOURCE).with_for_update())}
            rows = [
                _source_row(source, row, now)
                for source in sources
                if (row := before.get(source.id)) is None or not _matches_configuration(source, row)
            ]
            configured_ids = {source.id for source in sources}
            removed = [
                {"removed": source_id}
                for source_id, row in before.items()
                if row.configured and source_id not in configured_ids
            ]
            if removed:
                deconfigure = update(SOURCE).where(SOURCE.c.id == bindparam("removed")).values(configured=False)
                connection.execute(deconfigure, removed)
            if rows:
                columns = [name for name in rows[0] if name not in _RUNTIME_COLUMNS]
                connection.execute(upsert(SOURCE, connection, "id", columns), rows)

    def lease_due(
        self, now: datetime, limit: int, expires_at: datetime, only: Collection[str] | None = None
    ) -> list[Lease]:
        """Lease at most ``limit`` sources that are due to be polled, the longest overdue first.

        With ``only``, the sources with these ids are leased instead, whether they are due or not. Sources that another
        process has leased are left out.
        """
        free = or_(SOURCE.c.lease_expires_at.is_(None), SOURCE.c.lease_expires_at <= now)
        wanted = (
            (SOURCE.c.next_poll_at <= now) & (SOURCE.c.paused == "") if only is None else SOURCE.c.id.in_(sorted(only))
        )
        chosen = (
            select(SOURCE.c.id)
            .where(IS_CONFIGURED, wanted, free)
            .order_by(SOURCE.c.next_poll_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        token = secrets.token_hex(8)
        claim = (
            update(SOURCE)
            .where(SOURCE.c.id.in_(chosen.scalar_subquery()))
            .values(lease_token=next_lease_token(token), lease_expires_at=expires_at)
            .returning(*LEASE_COLUMNS)
        )
        with self._connections.write_transaction() as connection:
            leases = [lease_from_row(row, expires_at) for row in connection.execute(claim)]
        return sorted(
            leases, key=lambda lease: (lease.poll_state.next_poll_at is not None, lease.poll_state.next_poll_at or now)
        )

    def record_poll(self, lease: Lease, poll_state: PollState) -> None:
        """Store the poll state after a poll without new entries, and end the lease.

        Raises ``LeaseLost`` if another process has leased the source.
        """
        with self._connections.write_transaction() as connection:
            record_poll(connection, lease, poll_state)

    def load_poll_states(self) -> dict[str, PollState]:
        """Return a dictionary that maps the id of each configured source to its poll state.

        The state also shows whether the text of the source's article pages can be read.
        """
        query = select(*_STATE_COLUMNS).where(IS_CONFIGURED)
        with self._connections.read_transaction() as connection:
            return {row.id: effective_poll_state(poll_state_from_row(row)) for row in connection.execute(query)}

    def load_states_with_notices(self, since_at: datetime) -> list[PollState]:
        """Return the poll states of sources about which a digest may have to report something.

        These are sources with a notice about a problem, and sources whose last document had entries that repeated
        others, were empty, or were not read. A healthy source is included only if it was read since ``since_at``. The
        database searches the JSON text of the poll states for such facts, so that only the few states that have one are
        decoded.
        """
        is_healthy = SOURCE.c.state.in_([str(state) for state in HEALTHY_STATES])
        is_recent = or_(~is_healthy, SOURCE.c.last_success_at >= since_at)
        is_marked = or_(*(SOURCE.c.poll_state.contains(mark) for mark in _REPORTED_MARKS))
        query = select(*_STATE_COLUMNS).where(IS_CONFIGURED, is_recent, is_marked)
        with self._connections.read_transaction() as connection:
            return [effective_poll_state(poll_state_from_row(row)) for row in connection.execute(query)]

    def count_by_state(self) -> Counter[SourceState]:
        """Return the number of configured sources in each state."""
        plain = select(SOURCE.c.state, func.count()).where(IS_CONFIGURED, SOURCE.c.layout_changed_at.is_(None))
        changed = select(*_STATE_COLUMNS).where(IS_CONFIGURED, SOURCE.c.layout_changed_at.is_not(None))
        with self._connections.read_transaction() as connection:
            found = Counter(
                {SourceState(state): count for state, count in connection.execute(plain.group_by(SOURCE.c.state))}
            )
            found.update(effective_poll_state(poll_state_from_row(row)).state for row in connection.execute(changed))
        return found

    def count_reads(self) -> SourceReads:
        """Return the time of the last successful poll of any source, and the number of new sources.

        A source is new if it is healthy and was never read.
        """
        is_new = (SOURCE.c.state == str(SourceState.OK), SOURCE.c.last_success_at.is_(None))
        newest = select(func.max(SOURCE.c.last_success_at)).where(IS_CONFIGURED, SOURCE.c.paused == "")
        with self._connections.read_transaction() as connection:
            last_success_at: datetime | None = connection.execute(newest).scalar_one()
            new_count = connection.execute(select(func.count()).where(IS_CONFIGURED, *is_new)).scalar_one()
        return SourceReads(last_success_at, new_count)

    def make_due(self, source_id: str, now: datetime) -> None:
        """Make a configured source due now. Raises ``UsageError`` if the source does not exist or is paused."""
        is_active = (SOURCE.c.id == source_id, IS_CONFIGURED, SOURCE.c.paused == "")
        with self._connections.write_transaction() as connection:
            if connection.execute(update(SOURCE).where(*is_active).values(next_poll_at=now)).rowcount == 0:
                raise UsageError(f"there is no source {source_id!r} that can be polled")

    def count_read_since(self, since_at: datetime) -> int:
        """Return the number of configured sources that were read successfully since a time."""
        query = select(func.count()).where(IS_CONFIGURED, SOURCE.c.last_success_at >= since_at)
        with self._connections.read_transaction() as connection:
            return connection.execute(query).scalar_one()

    def record_page_problem(self, source_id: str, problem: PageProblem, detail: str, url: str, now: datetime) -> None:
        """Record that the text of a page of a source could not be read, and why.

        The problem is added to the page quality, the record of how well the pages of the source can be read.
        """
        with self._connections.write_transaction() as connection:
            quality = _page_quality_from_row(_lock_source_state(connection, source_id))
            _save_page_quality(connection, source_id, add_page_problem(quality, problem, detail, url, now))

    def next_due_at(self) -> datetime | None:
        """Return the time at which the next poll of an active source is due, which may be in the past.

        The result is None if no source is active.
        """
        at = SOURCE.c.next_poll_at
        query = select(at).where(IS_CONFIGURED, SOURCE.c.paused == "", at.is_not(None)).order_by(at).limit(1)
        with self._connections.read_transaction() as connection:
            due_at: datetime | None = connection.execute(query).scalar()
            return due_at


def record_poll(connection: Connection, lease: Lease, poll_state: PollState, *, new_article_count: int = 0) -> None:
    """Store the poll state, end the lease, and add the new articles to the article count of the source.

    The caller opens the transaction. Raises ``LeaseLost`` if another process has leased the source.
    """
    values = {
        "poll_state": to_json(replace(poll_state, page_quality=UNKNOWN_PAGE_QUALITY)),
        "state": str(poll_state.state),
        "next_poll_at": poll_state.next_poll_at,
        "last_success_at": poll_state.last_success_at,
        "article_count": new_article_count,
        "id": lease.source_id,
        "lease_token": lease.token,
    }
    if not lease.token or execute_update(connection, SOURCE, _RECORD_POLL, values) != 1:
        raise LeaseLost(f"the lease of source {lease.source_id} has expired; another worker polls it")


def record_page_quality(connection: Connection, source_id: str, confidence: float, url: str, now: datetime) -> None:
    """Update the page quality of a source, the record of how well its pages can be read, after one more page was read.

    ``confidence`` (0 to 1) is how likely the text that was extracted from this page is the whole article and nothing
    else. The caller opens the transaction.
    """
    row = _lock_source_state(connection, source_id)
    before = _page_quality_from_row(row)
    changed_at = before.layout_changed_at
    is_accepted = changed_at is not None and decode_poll_state(row).accepted_at == changed_at
    _save_page_quality(
        connection, source_id, update_page_quality(before, confidence, url, now, is_accepted=is_accepted)
    )


def _lock_source_state(connection: Connection, source_id: str) -> AnyRow:
    query = select(*_STATE_COLUMNS).where(SOURCE.c.id == source_id)
    return connection.execute(query.with_for_update(key_share=True)).one()


def _save_page_quality(connection: Connection, source_id: str, quality: PageQuality) -> None:
    problem_at = quality.problem_since_at if quality.has_problem else None
    values = {"page_quality": to_json(quality), "layout_changed_at": quality.layout_changed_at or problem_at}
    connection.execute(update(SOURCE).where(SOURCE.c.id == source_id).values(values))


def poll_state_from_row(row: AnyRow) -> PollState:
    """Return the poll state that is stored in a row of the table ``source``, together with the page quality.

    The page quality, the record of how well the article pages can be read, has a column of its own.
    """
    poll_state = decode_poll_state(row)
    return replace(poll_state, page_quality=_page_quality_from_row(row)) if row.page_quality else poll_state


def decode_poll_state(row: AnyRow) -> PollState:
    """Return the poll state that is stored in the row of a source.

    If the stored state is damaged, return the state of a new source, so that the source is polled.
    """
    try:
        return read_row(SOURCE, row.id, partial(from_json, PollState, row.poll_state))
    except DamagedRow as error:
        log.error("%s; its poll state starts anew", error)  # noqa: TRY400 - the traceback is of no use
        return PollState(row.id)


def _page_quality_from_row(row: AnyRow) -> PageQuality:
    if not row.page_quality:
        return UNKNOWN_PAGE_QUALITY
    found = read_rows(SOURCE, [row], lambda one: from_json(PageQuality, one.page_quality))
    return found[0] if found else UNKNOWN_PAGE_QUALITY


def _matches_configuration(source: Source, row: AnyRow) -> bool:
    """Return whether a stored row equals the configured source, so that no update is needed."""
    stored = (row.configured, row.name, row.kind, row.url, row.paused, row.state == SourceState.PAUSED)
    return stored == (True, source.name, str(source.kind), source.url, source.paused, bool(source.paused))


def _source_row(source: Source, row: AnyRow | None, now: datetime) -> dict[str, Any]:
    """Return the table row to store for a configured source.

    ``row`` is the present row of the source, or None for a new source. The poll state is kept unless the URL or the
    kind has changed.
    """
    poll_state = decode_poll_state(row) if row else PollState(source.id, next_poll_at=now)
    is_same = row is not None and (row.url, row.kind) == (source.url, source.kind)
    if row and not is_same:
        poll_state = replace(poll_state, etag="", last_modified="", body_hash="", failures=0.0)
        poll_state = replace(poll_state, moved_to="", moved_count=0, next_poll_at=now)
    if source.paused:
        poll_state = replace(poll_state, state=SourceState.PAUSED, detail=source.paused, suggestion="")
    elif poll_state.state is SourceState.PAUSED:
        poll_state = replace(poll_state, state=SourceState.OK, detail="", next_poll_at=now)
    return {
        "id": source.id,
        "name": source.name,
        "kind": str(source.kind),
        "url": source.url,
        "paused": source.paused,
        "configured": True,
        "state": str(poll_state.state),
        "poll_state": to_json(poll_state),
        "page_quality": row.page_quality if row and is_same else "",
        "layout_changed_at": row.layout_changed_at if row and is_same else None,
        "article_count": 0,
        "next_poll_at": poll_state.next_poll_at,
        "last_success_at": poll_state.last_success_at,
        "lease_token": "",
        "lease_expires_at": None,
    }

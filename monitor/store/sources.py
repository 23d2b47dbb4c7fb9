"""Sources: what is configured, what a poll left behind, and who polls now."""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from monitor.domain.errors import LeaseLost
from monitor.domain.poll_state import (
    HEALTHY_STATES,
    UNKNOWN_PAGE_QUALITY,
    Lease,
    PageQuality,
    PollState,
    SourceState,
    update_page_quality,
)
from monitor.domain.source import Source
from monitor.domain.source_health import effective_poll_state
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import SOURCE
from monitor.store.row_mapping import AnyRow, execute_update

IS_CONFIGURED = text("source.configured")  # in the words of the index of what is due
_RUNTIME_COLUMNS = {"articles", "lease_token", "leased_until_at"}  # what a new configuration leaves as it is
_RECORD_POLL = """
    UPDATE source SET memory = ?, state = ?, next_poll_at = ?, last_success_at = ?, articles = articles + ?,
        lease_token = '', leased_until_at = NULL
    WHERE id = ? AND lease_token = ?
"""  # past the statement compiler: every poll ends with it


class SourceStore:
    """Store of sources and their poll states; every method is one transaction and may raise ``StoreError``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def register(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the stored sources match the configured ones; new sources and changed URLs are due at once.

        Sources that are no longer configured keep their state.
        """
        with self._connections.write_transaction() as connection:
            before = {row.id: row for row in connection.execute(select(SOURCE).with_for_update())}
            rows = [
                _source_row(source, row, now)
                for source in sources
                if (row := before.get(source.id)) is None or not _matches_configuration(source, row)
            ]
            named = {source.id for source in sources}
            gone = [{"gone": name} for name, row in before.items() if row.configured and name not in named]
            if gone:
                connection.execute(
                    update(SOURCE).where(SOURCE.c.id == bindparam("gone")).values(configured=False), gone
                )
            if rows:
                ours = [name for name in rows[0] if name not in _RUNTIME_COLUMNS]
                connection.execute(upsert(SOURCE, connection, "id", ours), rows)

    def lease_due(
        self, now: datetime, limit: int, expires_at: datetime, only: Collection[str] | None = None
    ) -> list[Lease]:
        """Lease at most ``limit`` due sources, longest overdue first, or those of ``only`` whether due or not."""
        free = or_(SOURCE.c.leased_until_at.is_(None), SOURCE.c.leased_until_at <= now)
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
            .values(lease_token=token, leased_until_at=expires_at)
            .returning(SOURCE.c.id, SOURCE.c.memory, SOURCE.c.pages)
        )
        with self._connections.write_transaction() as connection:
            leases = [Lease(row.id, token, expires_at, poll_state_from_row(row)) for row in connection.execute(claim)]
        return sorted(
            leases, key=lambda lease: (lease.poll_state.next_poll_at is not None, lease.poll_state.next_poll_at or now)
        )

    def record_poll(self, lease: Lease, poll_state: PollState) -> None:
        """Keep what a poll without new entries left, and end the lease. Raises ``LeaseLost``."""
        with self._connections.write_transaction() as connection:
            record_poll(connection, lease, poll_state)

    def load_poll_states(self) -> dict[str, PollState]:
        """Return the memory of every configured source, in the state in which it stands."""
        query = select(SOURCE.c.id, SOURCE.c.memory, SOURCE.c.pages).where(IS_CONFIGURED)
        with self._connections.read_transaction() as connection:
            return {row.id: effective_poll_state(poll_state_from_row(row)) for row in connection.execute(query)}

    def load_states_with_notices(self, since_at: datetime) -> list[PollState]:
        """Return the memories of sources that ever had a notice; of those that are well, only if read since a time.

        Every digest asks, and few rows have what it asks for: the others are not unpacked.
        """
        well = SOURCE.c.state.in_([str(state) for state in HEALTHY_STATES])
        told = (or_(~well, SOURCE.c.last_success_at >= since_at), SOURCE.c.memory.contains('"notice":"'))
        with self._connections.read_transaction() as connection:
            rows = connection.execute(select(SOURCE.c.memory, SOURCE.c.pages).where(IS_CONFIGURED, *told))
            return [effective_poll_state(poll_state_from_row(row)) for row in rows]

    def count_by_state(self) -> Counter[SourceState]:
        """Return how many configured sources stand in each state."""
        plain = select(SOURCE.c.state, func.count()).where(IS_CONFIGURED, SOURCE.c.changed_at.is_(None))
        changed = select(SOURCE.c.memory, SOURCE.c.pages).where(IS_CONFIGURED, SOURCE.c.changed_at.is_not(None))
        with self._connections.read_transaction() as connection:
            found = Counter(
                {SourceState(state): count for state, count in connection.execute(plain.group_by(SOURCE.c.state))}
            )
            found.update(effective_poll_state(poll_state_from_row(row)).state for row in connection.execute(changed))
        return found

    def next_due_at(self) -> datetime | None:
        """Return when the first source that is not paused is due, be it in the past."""
        at = SOURCE.c.next_poll_at
        query = select(at).where(IS_CONFIGURED, SOURCE.c.paused == "", at.is_not(None)).order_by(at).limit(1)
        with self._connections.read_transaction() as connection:
            due_at: datetime | None = connection.execute(query).scalar()
            return due_at


def record_poll(connection: Connection, lease: Lease, poll_state: PollState, *, new_article_count: int = 0) -> None:
    """End a lease inside a transaction, and count ``more`` articles. Raises ``LeaseLost``."""
    values = {
        "memory": to_json(replace(poll_state, pages=UNKNOWN_PAGE_QUALITY)),
        "state": str(poll_state.state),
        "next_poll_at": poll_state.next_poll_at,
        "last_success_at": poll_state.last_success_at,
        "articles": new_article_count,
        "id": lease.source_id,
        "lease_token": lease.token,
    }
    if not lease.token or execute_update(connection, SOURCE, _RECORD_POLL, values) != 1:
        raise LeaseLost(f"the lease of source {lease.source_id} ended; another worker polls it")


def record_page_quality(connection: Connection, source_id: str, confidence: float, url: str, now: datetime) -> None:
    """Take a page that was read into what is usual with its source, inside a transaction."""
    query = select(SOURCE.c.memory, SOURCE.c.pages, SOURCE.c.changed_at).where(SOURCE.c.id == source_id)
    row = connection.execute(query.with_for_update(key_share=True)).one()
    accepted = row.changed_at is not None and from_json(PollState, row.memory).accepted_at == row.changed_at
    pages = update_page_quality(_page_quality_from_row(row), confidence, url, now, is_accepted=accepted)
    values = {"pages": to_json(pages), "changed_at": pages.changed_at}
    connection.execute(update(SOURCE).where(SOURCE.c.id == source_id).values(values))


def poll_state_from_row(row: AnyRow) -> PollState:
    """Return a memory whole: what polls left in it, and what the reading of pages did."""
    memory = from_json(PollState, row.memory)
    return replace(memory, pages=_page_quality_from_row(row)) if row.pages else memory


def _page_quality_from_row(row: AnyRow) -> PageQuality:
    return from_json(PageQuality, row.pages) if row.pages else UNKNOWN_PAGE_QUALITY


def _matches_configuration(source: Source, row: AnyRow) -> bool:
    """Tell whether a row says of a source what its configuration says: then nothing is to be written."""
    said = (row.configured, row.name, row.kind, row.url, row.paused, row.state == SourceState.PAUSED)
    return said == (True, source.name, str(source.kind), source.url, source.paused, bool(source.paused))


def _source_row(source: Source, row: AnyRow | None, now: datetime) -> dict[str, Any]:
    """Return the row of a configured source: its memory goes on unless it is now read from somewhere else."""
    memory = from_json(PollState, row.memory) if row else PollState(source.id, next_poll_at=now)
    same = row is not None and (row.url, row.kind) == (source.url, source.kind)
    if row and not same:
        memory = replace(memory, etag="", last_modified="", body_hash="", failures=0.0, moved_to="", moved_count=0)
        memory = replace(memory, next_poll_at=now)
    if source.paused:
        memory = replace(memory, state=SourceState.PAUSED, detail=source.paused, suggestion="")
    elif memory.state is SourceState.PAUSED:
        memory = replace(memory, state=SourceState.OK, detail="", next_poll_at=now)
    return {
        "id": source.id,
        "name": source.name,
        "kind": str(source.kind),
        "url": source.url,
        "paused": source.paused,
        "configured": True,
        "state": str(memory.state),
        "memory": to_json(memory),
        "pages": row.pages if row and same else "",
        "changed_at": row.changed_at if row and same else None,
        "articles": 0,
        "next_poll_at": memory.next_poll_at,
        "last_success_at": memory.last_success_at,
        "lease_token": "",
        "leased_until_at": None,
    }

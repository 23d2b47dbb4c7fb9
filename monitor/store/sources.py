"""Sources: what is configured, what a poll left behind, and who polls now."""

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from monitor.domain.errors import LeaseLost
from monitor.domain.health import standing
from monitor.domain.pages import NO_PAGES, Pages, with_page
from monitor.domain.source import WELL, Lease, Source, SourceMemory, SourceState
from monitor.store.bulk import change_row
from monitor.store.catalogue import SOURCE
from monitor.store.codec import dumps, loads
from monitor.store.engine import Connections, insert_or_replace
from monitor.store.rows import AnyRow

CONFIGURED = text("source.configured")  # in the words of the index of what is due
_RUNNING = {"articles", "lease_token", "leased_until_at"}  # what a new configuration leaves as it is
_SETTLE = """
    UPDATE source SET memory = ?, state = ?, next_poll_at = ?, last_success_at = ?, articles = articles + ?,
        lease_token = '', leased_until_at = NULL
    WHERE id = ? AND lease_token = ?
"""  # past the statement compiler: every poll ends with it


class SqlSources:
    """The ``SourceStore`` of ``domain/ports.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def register(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the stored sources those configured; see the port. A changed URL is polled at once, unconditionally."""
        with self._connections.writing() as connection:
            before = {row.id: row for row in connection.execute(select(SOURCE).with_for_update())}
            rows = [
                _configured(source, row, now)
                for source in sources
                if (row := before.get(source.id)) is None or not _stands(source, row)
            ]
            named = {source.id for source in sources}
            gone = [{"gone": name} for name, row in before.items() if row.configured and name not in named]
            if gone:
                connection.execute(
                    update(SOURCE).where(SOURCE.c.id == bindparam("gone")).values(configured=False), gone
                )
            if rows:
                ours = [name for name in rows[0] if name not in _RUNNING]
                connection.execute(insert_or_replace(SOURCE, connection, "id", ours), rows)

    def lease_due(
        self, now: datetime, limit: int, until_at: datetime, only: Collection[str] | None = None
    ) -> list[Lease]:
        """Lease at most ``limit`` due and unleased sources, longest overdue first; see the port."""
        free = or_(SOURCE.c.leased_until_at.is_(None), SOURCE.c.leased_until_at <= now)
        wanted = (
            (SOURCE.c.next_poll_at <= now) & (SOURCE.c.paused == "") if only is None else SOURCE.c.id.in_(sorted(only))
        )
        chosen = (
            select(SOURCE.c.id)
            .where(CONFIGURED, wanted, free)
            .order_by(SOURCE.c.next_poll_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        token = secrets.token_hex(8)
        claim = (
            update(SOURCE)
            .where(SOURCE.c.id.in_(chosen.scalar_subquery()))
            .values(lease_token=token, leased_until_at=until_at)
            .returning(SOURCE.c.id, SOURCE.c.memory, SOURCE.c.pages)
        )
        with self._connections.writing() as connection:
            leases = [Lease(row.id, token, until_at, memory_of(row)) for row in connection.execute(claim)]
        return sorted(
            leases, key=lambda lease: (lease.memory.next_poll_at is not None, lease.memory.next_poll_at or now)
        )

    def settle(self, lease: Lease, memory: SourceMemory) -> None:
        """Keep what a poll without new entries left, and end the lease. Raises ``LeaseLost``."""
        with self._connections.writing() as connection:
            settle(connection, lease, memory)

    def memories(self) -> dict[str, SourceMemory]:
        """Return the memory of every configured source, in the state in which it stands."""
        query = select(SOURCE.c.id, SOURCE.c.memory, SOURCE.c.pages).where(CONFIGURED)
        with self._connections.reading() as connection:
            return {row.id: standing(memory_of(row)) for row in connection.execute(query)}

    def noticed(self, since_at: datetime) -> list[SourceMemory]:
        """Return the memories of sources that ever had a notice; of those that are well, only if read since a time.

        Every digest asks, and few rows have what it asks for: the others are not unpacked.
        """
        well = SOURCE.c.state.in_([str(state) for state in WELL])
        told = (or_(~well, SOURCE.c.last_success_at >= since_at), SOURCE.c.memory.contains('"notice":"'))
        with self._connections.reading() as connection:
            rows = connection.execute(select(SOURCE.c.memory, SOURCE.c.pages).where(CONFIGURED, *told))
            return [standing(memory_of(row)) for row in rows]

    def states(self) -> Counter[SourceState]:
        """Return how many configured sources stand in each state."""
        plain = select(SOURCE.c.state, func.count()).where(CONFIGURED, SOURCE.c.changed_at.is_(None))
        changed = select(SOURCE.c.memory, SOURCE.c.pages).where(CONFIGURED, SOURCE.c.changed_at.is_not(None))
        with self._connections.reading() as connection:
            found = Counter(
                {SourceState(state): count for state, count in connection.execute(plain.group_by(SOURCE.c.state))}
            )
            found.update(standing(memory_of(row)).state for row in connection.execute(changed))
        return found

    def first_due(self) -> datetime | None:
        """Return when the first source that is not paused is due, be it in the past."""
        at = SOURCE.c.next_poll_at
        query = select(at).where(CONFIGURED, SOURCE.c.paused == "", at.is_not(None)).order_by(at).limit(1)
        with self._connections.reading() as connection:
            due_at: datetime | None = connection.execute(query).scalar()
            return due_at


def settle(connection: Connection, lease: Lease, memory: SourceMemory, *, more: int = 0) -> None:
    """End a lease inside a transaction, and count ``more`` articles. Raises ``LeaseLost``."""
    values = {
        "memory": dumps(replace(memory, pages=NO_PAGES)),
        "state": str(memory.state),
        "next_poll_at": memory.next_poll_at,
        "last_success_at": memory.last_success_at,
        "articles": more,
        "id": lease.source_id,
        "lease_token": lease.token,
    }
    if not lease.token or change_row(connection, SOURCE, _SETTLE, values) != 1:
        raise LeaseLost(f"the lease of source {lease.source_id} ended; another worker polls it")


def note_page(connection: Connection, source_id: str, confidence: float, url: str, now: datetime) -> None:
    """Take a page that was read into what is usual with its source, inside a transaction."""
    query = select(SOURCE.c.memory, SOURCE.c.pages, SOURCE.c.changed_at).where(SOURCE.c.id == source_id)
    row = connection.execute(query.with_for_update(key_share=True)).one()
    accepted = row.changed_at is not None and loads(SourceMemory, row.memory).accepted_at == row.changed_at
    pages = with_page(_pages(row), confidence, url, now, accepted=accepted)
    values = {"pages": dumps(pages), "changed_at": pages.changed_at}
    connection.execute(update(SOURCE).where(SOURCE.c.id == source_id).values(values))


def memory_of(row: AnyRow) -> SourceMemory:
    """Return a memory whole: what polls left in it, and what the reading of pages did."""
    memory = loads(SourceMemory, row.memory)
    return replace(memory, pages=_pages(row)) if row.pages else memory


def _pages(row: AnyRow) -> Pages:
    return loads(Pages, row.pages) if row.pages else NO_PAGES


def _stands(source: Source, row: AnyRow) -> bool:
    """Tell whether a row says of a source what its configuration says: then nothing is to be written."""
    said = (row.configured, row.name, row.kind, row.url, row.paused, row.state == SourceState.PAUSED)
    return said == (True, source.name, str(source.kind), source.url, source.paused, bool(source.paused))


def _configured(source: Source, row: AnyRow | None, now: datetime) -> dict[str, Any]:
    """Return the row of a configured source: its memory goes on unless it is now read from somewhere else."""
    memory = loads(SourceMemory, row.memory) if row else SourceMemory(source.id, next_poll_at=now)
    same = row is not None and (row.url, row.kind) == (source.url, source.kind)
    if row and not same:
        memory = replace(memory, etag="", last_modified="", body_hash="", failures=0.0, moved_to="", moved_count=0)
        memory = replace(memory, next_poll_at=now)
    if source.paused:
        memory = replace(memory, state=SourceState.PAUSED, detail=source.paused, remedy="")
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
        "memory": dumps(memory),
        "pages": row.pages if row and same else "",
        "changed_at": row.changed_at if row and same else None,
        "articles": 0,
        "next_poll_at": memory.next_poll_at,
        "last_success_at": memory.last_success_at,
        "lease_token": "",
        "leased_until_at": None,
    }

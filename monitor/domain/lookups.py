"""Ports for those who look at what was kept: the command line, the dashboard, the health report.

Each call is one short transaction. All times are aware UTC. Any method may raise ``StoreError``.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from monitor.domain.archive import (
    Capture,
    DatabaseFacts,
    DigestLine,
    Filter,
    HitLine,
    OutboxCounts,
    Proof,
    Room,
    Snapshot,
    SourceLine,
    Version,
)
from monitor.domain.article import Stored
from monitor.domain.delivery import Delivery, DeliveryState
from monitor.domain.digest import Digest
from monitor.domain.mention import Findings
from monitor.domain.trust import Turn


class Archive(Protocol):
    """What was kept, for those who look. Reads only."""

    def article(self, article_id: int) -> Stored:
        """Return one article. Raises ``UsageError`` if there is none with this number."""
        ...

    def by_url(self, url: str) -> list[Stored]:
        """Return the articles that were met under a URL, or have it as their canonical one, oldest first."""
        ...

    def articles(self, wanted: Filter) -> list[Stored]:
        """Return articles, newest first."""
        ...

    def search(self, query: str, limit: int = 20) -> list[Stored]:
        """Return articles with the words, "phrases" and beginnings* of a query, newest first; -word excludes.

        Any text is a query; spelling with or without marks and capitals is the same.
        """
        ...

    def findings(self, article_id: int) -> Findings:
        """Return what was found in an article: mentions, hits and near misses, as they stand now."""
        ...

    def versions(self, article_id: int) -> list[Version]:
        """Return an article's earlier versions, oldest first."""
        ...

    def hits(self, wanted: Filter) -> list[HitLine]:
        """Return hits with when and by which digest they were first told, newest first."""
        ...

    def sources(self) -> list[SourceLine]:
        """Return every configured source with its memory and how many articles it ever brought."""
        ...

    def facts(self) -> DatabaseFacts:
        """Return what there is to know of the database itself."""
        ...


class Deliveries(Protocol):
    """The outbox and the digests as people see and mend them."""

    def deliveries(self, states: Sequence[DeliveryState] = (), limit: int = 100) -> list[Delivery]:
        """Return deliveries in these states (all, if none is named), newest first."""
        ...

    def show(self, delivery_id: int) -> Delivery:
        """Return one delivery. Raises ``UsageError`` if there is none with this number."""
        ...

    def replay(self, delivery_id: int, now: datetime) -> Delivery:
        """Make a delivery due at once, whatever came of it before, its attempts counted anew and its key the same.

        Raises ``UsageError`` if there is none with this number.
        """
        ...

    def drop(self, delivery_id: int, now: datetime) -> Delivery:
        """Give a pending delivery up. Raises ``UsageError`` if there is none with this number, or it is not pending."""
        ...

    def counts(self) -> OutboxCounts:
        """Count what waits and what failed."""
        ...

    def digests(self, digest_id: str = "", limit: int = 50) -> list[DigestLine]:
        """Return the digests that were composed, newest first."""
        ...

    def digest(self, number: int) -> Digest:
        """Return a digest as it was composed. Raises ``UsageError`` if there is none with this number."""
        ...


class Captures(Protocol):
    """Raw pages kept as evidence."""

    def capture(self, article_id: int) -> Capture | None:
        """Return the raw page of an article, or None if it was not kept."""
        ...


class Ledger(Protocol):
    """Facts about the whole installation."""

    def installed_at(self, now: datetime) -> datetime:
        """Return when this database was first asked this; the first time, that is ``now``."""
        ...

    def snapshot(self) -> Snapshot | None:
        """Return the last configuration that was good, or None before the first."""
        ...

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep a good configuration, or the faults of a bad edit beside the good one that goes on."""
        ...

    def get(self, name: str) -> str:
        """Return a fact by its name, or an empty text."""
        ...

    def set(self, name: str, value: str, now: datetime) -> None:
        """Keep a fact under a name, in place of what was there."""
        ...

    def named(self, prefix: str) -> dict[str, str]:
        """Return the facts whose names begin so."""
        ...

    def drop(self, names: Collection[str]) -> None:
        """Forget facts."""
        ...


class Evidence(Protocol):
    """The chain of evidence."""

    def proofs(self, article_id: int) -> list[Proof]:
        """Return the records of an article, oldest first."""
        ...

    def since(self, number: int) -> list[tuple[str, str]]:
        """Return for each record after a number the SHA-256 of its text, and its hash: the chain up to now."""
        ...


class Upkeep(Protocol):
    """The care of the database: health, backups, what is let go of, space."""

    def back_up(self, now: datetime, folder: Path | None = None, keep: int = 7) -> Path:
        """Write a verified copy, delete all but the ``keep`` newest, and return where it is. Writers go on meanwhile.

        Raises ``UsageError`` on PostgreSQL, ``StoreError`` if there is no room or the copy is not sound.
        """
        ...

    def last_backup(self) -> Path | None:
        """Return the newest backup in the folder beside the database, or None."""
        ...

    def forget(self, now: datetime, age: timedelta, after_id: int = 0) -> tuple[int, int]:
        """Delete a portion of the articles first seen so long ago in which nothing was found.

        Returns how many, and the number to go on from in the next call: 0 at the end. By a clock that has only just
        jumped far ahead nothing is deleted that was not old before.
        """
        ...

    def forget_rest(self, now: datetime, age: timedelta) -> int:
        """Delete near misses and settled deliveries of so long ago; return how many."""
        ...

    def tidy(self) -> None:
        """Refresh what the planner knows, merge the search index a little, and give the log's space back."""
        ...

    def keep_time(self, now: datetime) -> Turn:
        """Note the time. Returns whether the clock was set back, or far ahead, since it was last noted.

        What was planned by a clock since set back is brought forward by as much.
        """
        ...

    def room(self) -> Room | None:
        """Return the space on the database's disk, or None where it is not ours to watch."""
        ...

    def load_ballast(self) -> None:
        """Put a file in place that can be thrown off when the disk is full. Raises ``StoreError``."""
        ...

    def throw_off_ballast(self) -> None:
        """Give the ballast's space to the database."""
        ...

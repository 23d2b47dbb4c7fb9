"""Ports for those who look at what was kept: the command line, the dashboard, the health report.

Each call is one short transaction. All times are aware UTC. Any method may raise ``StoreError``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from monitor.domain.archive import (
    Capture,
    DatabaseFacts,
    DigestLine,
    Filter,
    HitLine,
    OutboxCounts,
    Snapshot,
    SourceLine,
    Version,
)
from monitor.domain.article import Stored
from monitor.domain.delivery import Delivery, DeliveryState
from monitor.domain.digest import Digest
from monitor.domain.mention import Findings


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

"""Ports for those who look at what was kept: the command line, the dashboard, the health report.

Each call is one short transaction. All times are aware UTC. Any method may raise ``StoreError``.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from monitor.domain.archive import (
    ArticleFilter,
    ArticleVersion,
    DatabaseInfo,
    DigestSummary,
    DiskSpace,
    EvidenceProof,
    HitSummary,
    OutboxCounts,
    PageSnapshot,
    SavedConfiguration,
    SourceStatus,
)
from monitor.domain.article import StoredArticle
from monitor.domain.delivery import Delivery, DeliveryState
from monitor.domain.digest import Digest
from monitor.domain.mention import Findings
from monitor.domain.trust import ClockChange


class QueryStore(Protocol):
    """What was kept, for those who look. Reads only."""

    def get_article(self, article_id: int) -> StoredArticle:
        """Return one article. Raises ``UsageError`` if there is none with this number."""
        ...

    def find_by_url(self, url: str) -> list[StoredArticle]:
        """Return the articles that were met under a URL, or have it as their canonical one, oldest first."""
        ...

    def list_articles(self, article_filter: ArticleFilter) -> list[StoredArticle]:
        """Return articles, newest first."""
        ...

    def search(self, query: str, limit: int = 20) -> list[StoredArticle]:
        """Return articles with the words, "phrases" and beginnings* of a query, newest first; -word excludes.

        Any text is a query; spelling with or without marks and capitals is the same.
        """
        ...

    def get_findings(self, article_id: int) -> Findings:
        """Return what was found in an article: mentions, hits and near misses, as they stand now."""
        ...

    def list_versions(self, article_id: int) -> list[ArticleVersion]:
        """Return an article's earlier versions, oldest first."""
        ...

    def list_hits(self, article_filter: ArticleFilter) -> list[HitSummary]:
        """Return hits with when and by which digest they were first told, newest first."""
        ...

    def list_sources(self) -> list[SourceStatus]:
        """Return every configured source with its memory and how many articles it ever brought."""
        ...

    def get_database_info(self) -> DatabaseInfo:
        """Return what there is to know of the database itself."""
        ...


class DeliveryStore(Protocol):
    """The outbox and the digests as people see and mend them."""

    def list_deliveries(self, states: Sequence[DeliveryState] = (), limit: int = 100) -> list[Delivery]:
        """Return deliveries in these states (all, if none is named), newest first."""
        ...

    def get_delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery. Raises ``UsageError`` if there is none with this number."""
        ...

    def resend(self, delivery_id: int, now: datetime) -> Delivery:
        """Make a delivery due at once, whatever came of it before, its attempts counted anew and its key the same.

        Raises ``UsageError`` if there is none with this number.
        """
        ...

    def cancel(self, delivery_id: int, now: datetime) -> Delivery:
        """Give a pending delivery up. Raises ``UsageError`` if there is none with this number, or it is not pending."""
        ...

    def count_outbox(self) -> OutboxCounts:
        """Count what waits and what failed."""
        ...

    def list_digests(self, plan_id: str = "", limit: int = 50) -> list[DigestSummary]:
        """Return the digests that were composed, newest first."""
        ...

    def get_digest(self, digest_id: int) -> Digest:
        """Return a digest as it was composed. Raises ``UsageError`` if there is none with this number."""
        ...


class PageSnapshotStore(Protocol):
    """Raw pages kept as evidence."""

    def get_page_snapshot(self, article_id: int) -> PageSnapshot | None:
        """Return the raw page of an article, or None if it was not kept."""
        ...


class KeyValueStore(Protocol):
    """Facts about the whole installation."""

    def installed_at(self, now: datetime) -> datetime:
        """Return when this database was first asked this; the first time, that is ``now``."""
        ...

    def get_saved_configuration(self) -> SavedConfiguration | None:
        """Return the last configuration that was good, or None before the first."""
        ...

    def save_configuration(self, configuration: SavedConfiguration) -> None:
        """Keep a good configuration, or the faults of a bad edit beside the good one that goes on."""
        ...

    def get(self, name: str) -> str:
        """Return a fact by its name, or an empty text."""
        ...

    def set(self, name: str, value: str, now: datetime) -> None:
        """Keep a fact under a name, in place of what was there."""
        ...

    def get_by_prefix(self, prefix: str) -> dict[str, str]:
        """Return the facts whose names begin so."""
        ...

    def delete(self, names: Collection[str]) -> None:
        """Forget facts."""
        ...


class EvidenceStore(Protocol):
    """The chain of evidence."""

    def list_proofs(self, article_id: int) -> list[EvidenceProof]:
        """Return the records of an article, oldest first."""
        ...

    def list_chain_after(self, record_id: int) -> list[tuple[str, str]]:
        """Return for each record after a number the SHA-256 of its text, and its hash: the chain up to now."""
        ...


class MaintenanceStore(Protocol):
    """The care of the database: health, backups, what is let go of, space."""

    def back_up(self, now: datetime, folder: Path | None = None, keep: int = 7) -> Path:
        """Write a verified copy, delete all but the ``keep`` newest, and return where it is. Writers go on meanwhile.

        Raises ``UsageError`` on PostgreSQL, ``StoreError`` if there is no room or the copy is not sound.
        """
        ...

    def last_backup(self) -> Path | None:
        """Return the newest backup in the folder beside the database, or None."""
        ...

    def delete_expired_articles(self, now: datetime, age: timedelta, after_id: int = 0) -> tuple[int, int]:
        """Delete a portion of the articles first seen so long ago in which nothing was found.

        Returns how many, and the number to go on from in the next call: 0 at the end. By a clock that has only just
        jumped far ahead nothing is deleted that was not old before.
        """
        ...

    def delete_expired_records(self, now: datetime, age: timedelta) -> int:
        """Delete near misses and settled deliveries of so long ago; return how many."""
        ...

    def optimize(self) -> None:
        """Refresh what the planner knows, merge the search index a little, and give the log's space back."""
        ...

    def record_clock(self, now: datetime) -> ClockChange:
        """Note the time. Returns whether the clock was set back, or far ahead, since it was last noted.

        What was planned by a clock since set back is brought forward by as much.
        """
        ...

    def measure_disk_space(self) -> DiskSpace | None:
        """Return the space on the database's disk, or None where it is not ours to watch."""
        ...

    def create_reserve(self) -> None:
        """Put a file in place that can be thrown off when the disk is full. Raises ``StoreError``."""
        ...

    def release_reserve(self) -> None:
        """Give the ballast's space to the database."""
        ...

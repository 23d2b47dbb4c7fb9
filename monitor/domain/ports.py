"""What the use cases need from the world, as Protocols; ``app.py`` hands them the real thing, tests a fake.

Stores are synchronous and are called through ``Database.run`` on the one writer thread. Every method is one short
transaction unless it says otherwise: it commits whole or leaves nothing. All times are aware UTC. Any store method
may raise ``StoreError``.

Ports for those who look at what was kept: the command line, the dashboard, the health report.

Each call is one short transaction. All times are aware UTC. Any method may raise ``StoreError``.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from monitor.domain.article import Article, NewArticle, PendingPage, StoredArticle
from monitor.domain.delivery import Delivery, DeliveryResult, DeliveryState, Message, SendResult
from monitor.domain.digest import Coverage, Digest, DigestPlan, ReportableHit, Window
from monitor.domain.fetch_result import Fetched, FetchRequest, FetchResult
from monitor.domain.mention import Findings
from monitor.domain.poll_state import Lease, PollState
from monitor.domain.polling_policy import ClockChange
from monitor.domain.read_models import (
    ArticleFilter,
    ArticleVersion,
    DatabaseInfo,
    DigestSummary,
    DiskSpace,
    EvidenceProof,
    HitSummary,
    NearMissSummary,
    OutboxCounts,
    PageSnapshot,
    QuarantineSummary,
    SavedConfiguration,
    SourceStatus,
)
from monitor.domain.source import Source


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


T = TypeVar("T")
Clock = Callable[[], datetime]


class Fetcher(Protocol):
    """One GET under every rule of politeness and safety; never raises for what a server does."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Fetch a URL and say what came of it, within the total deadline."""
        ...


class ProcessPool(Protocol):
    """Worker processes for foreign bytes."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run a pure module-level function elsewhere; raises what it raises, or ``WorkerKilled``."""
        ...


class ChannelSender(Protocol):
    """One channel: one message, one attempt."""

    async def send(self, message: Message, attempt_at: datetime) -> SendResult:
        """Try once, within a total deadline; never raises for what the other side does."""
        ...


class DigestSchedule(Protocol):
    """When digests are due."""

    def last_due(self, plan: DigestPlan, after: datetime, now: datetime) -> datetime | None:
        """Return the latest time in (after, now] at which the digest was due, or None."""
        ...


class SourceStore(Protocol):
    """Sources and what the program remembers of them."""

    def register(self, sources: Sequence[Source], now: datetime) -> None:
        """Make the stored sources those configured: new ones are due at once, missing ones rest with their state."""
        ...

    def lease_due(
        self, now: datetime, limit: int, expires_at: datetime, only: Collection[str] | None = None
    ) -> list[Lease]:
        """Lease at most ``limit`` due and unleased sources, longest overdue first.

        ``only`` names sources to be leased whether due or not.
        """
        ...

    def record_poll(self, lease: Lease, poll_state: PollState) -> None:
        """Keep what a poll without new entries left, and end the lease. Raises ``LeaseLost``."""
        ...

    def load_poll_states(self) -> dict[str, PollState]:
        """Return the memory of every configured source."""
        ...

    def load_states_with_notices(self, since_at: datetime) -> list[PollState]:
        """Return the memories of sources that ever had a notice; of those that are well, only if read since a time."""
        ...


class ArticleStore(Protocol):
    """Articles from the entry in a feed to the extracted text."""

    def known_keys(self, source_id: str, keys: Collection[str]) -> set[str]:
        """Return those identity keys that this source has had before, tombstones included."""
        ...

    def commit_poll(
        self,
        lease: Lease,
        poll_state: PollState,
        new_articles: Sequence[NewArticle],
        now: datetime,
        changed_keys: Collection[str] = (),
    ) -> int:
        """Insert the drafts that are new, then the memory with its validators, in one transaction.

        A draft any of whose keys is known is not inserted; its other keys are learned. Told articles under ``touched``
        keys, whose entries changed, are looked at again soon. Returns how many were new.
        Raises ``LeaseLost``, and then nothing is written.
        """
        ...

    def lease_pages(
        self, now: datetime, limit: int, expires_at: datetime, source_id: str | None = None
    ) -> list[PendingPage]:
        """Lease articles (of one source, if it is named) whose page is to be fetched now, oldest first."""
        ...

    def save_page(
        self,
        pending_page: PendingPage,
        article: Article,
        page: Fetched | None = None,
        error: str = "",
        confidence: float | None = None,
    ) -> None:
        """Keep the article and move it to ``READ``. Raises ``LeaseLost``.

        ``page`` is the raw answer, kept as evidence as the settings say; ``error`` tells why the page could not be
        read, when the article is what the feed said. ``confidence`` is that of the page itself, for what is usual with
        its source; without one the page says nothing about that.
        """
        ...

    def postpone_page(self, pending_page: PendingPage, error: str, next_attempt_at: datetime) -> None:
        """Record why the page could not be read, and when to try again. Raises ``LeaseLost``."""
        ...

    def unmatched(self, limit: int) -> list[StoredArticle]:
        """Return articles at stage ``READ``, oldest first."""
        ...

    def mark_matching_failed(self, stored: StoredArticle, error: str) -> None:
        """Record that an article could not be screened, and move it to ``SCREENED`` so that it stops nothing else."""
        ...

    def save_findings(self, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> int:
        """Store mentions, near misses and, for news, hits; move the articles to ``SCREENED``.

        Returns the number of new hits. Doing it twice changes nothing.
        """
        ...


class OutboxStore(Protocol):
    """Hits waiting to be told, digests composed, deliveries on their way."""

    def last_window_end(self, plan_id: str) -> datetime | None:
        """Return where the digest's last window ended, or None before the first."""
        ...

    def initial_lookback_start(self, plan_id: str) -> datetime | None:
        """Return from when a digest looks back that was opened and has told nothing yet, or None."""
        ...

    def undelivered_hits(self, plan: DigestPlan, before: datetime) -> list[ReportableHit]:
        """Return the hits of the plan's rules found before a time and not yet told by this digest, oldest first.

        ``copy_told`` marks those whose text this digest has told already, at another outlet.
        """
        ...

    def hits_between(self, plan: DigestPlan, since: datetime, before: datetime) -> list[ReportableHit]:
        """Return the hits of the plan's rules found in a period, told or not, oldest first."""
        ...

    def load_coverage(self, window: Window) -> Coverage:
        """Sum up what was read in a window and which sources are not well now."""
        ...

    def count_daily_mentions(
        self, official_ids: Collection[str], days: Sequence[datetime]
    ) -> dict[str, tuple[int, ...]]:
        """Count articles naming each official in each of the days that begin at ``days``; the last lasts 24 hours."""
        ...

    def list_near_misses(self, official_ids: Collection[str], window: Window, limit: int) -> list[NearMissSummary]:
        """Return what was nearly taken for these officials in articles first seen in a period, the most frequent first.

        Articles that name the official otherwise are left out: there nothing was missed.
        """
        ...

    def list_quarantined(self, window: Window) -> list[QuarantineSummary]:
        """Count what was stored without alerting in a period, by source and reason, the most first."""
        ...

    def commit_digest(self, digest: Digest, messages: Sequence[Message], reported_hit_ids: Sequence[int]) -> bool:
        """Write the digest, its deliveries and the marks on its hits in one transaction.

        Returns False, and writes nothing, if this (digest, window start) was written before, or another process has
        told one of the hits in this digest meanwhile: what is left is composed anew.
        """
        ...

    def create_digest(self, initial_digest: Digest, plan: DigestPlan, before: datetime) -> bool:
        """Write the first window of a digest, and mark what the plan's rules found before a time as told.

        Returns False, and writes nothing, if this (digest, window start) was written before.
        """
        ...

    def lease_deliveries(
        self,
        now: datetime,
        limit: int,
        expires_at: datetime,
        max_per_target: int = 16,
        paused_targets: Collection[tuple[str, str]] = (),
    ) -> list[Delivery]:
        """Lease due deliveries, oldest first and fair between targets: at most ``each`` a target.

        ``resting`` names targets as (channel, target) that get nothing now: one attempt is under way, or just failed.
        """
        ...

    def record_result(
        self, delivery: Delivery, send_result: SendResult, now: datetime, next_attempt_at: datetime | None
    ) -> None:
        """Record an attempt. A ``Retry`` without a next attempt is dead. Raises ``LeaseLost``.

        A ``Retry`` with ``pause`` also holds the channel's other pending deliveries until then; a ``Refused`` with
        ``stop`` refuses all that waits for the target.
        """
        ...

    def record_results(self, results: Sequence[DeliveryResult], now: datetime) -> list[int]:
        """Record several attempts in one transaction; returns the ids of those whose lease was lost, unwritten."""
        ...

    def list_failed_deliveries(self, after: datetime, before: datetime) -> list[Delivery]:
        """Return the deliveries that were given up or refused in a period, oldest first."""
        ...


class Database(Protocol):
    """The stores, and the one thread on which they are called."""

    @property
    def sources(self) -> SourceStore:
        """Sources and their memory."""
        ...

    @property
    def articles(self) -> ArticleStore:
        """Articles on their way through the stages."""
        ...

    @property
    def outbox(self) -> OutboxStore:
        """Hits, digests and deliveries."""
        ...

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a store's method on the writer thread."""
        ...


class ApplicationDatabase(Database, Protocol):
    """A database with all that is looked up in it by people and by the care of the installation."""

    @property
    def queries(self) -> QueryStore:
        """What was kept."""
        ...

    @property
    def deliveries(self) -> DeliveryStore:
        """The outbox and the digests, to be looked at and mended."""
        ...

    @property
    def page_snapshots(self) -> PageSnapshotStore:
        """Raw pages."""
        ...

    @property
    def key_values(self) -> KeyValueStore:
        """Facts about the installation."""
        ...

    @property
    def evidence(self) -> EvidenceStore:
        """The chain of evidence."""
        ...

    @property
    def maintenance(self) -> MaintenanceStore:
        """The care of the database."""
        ...

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Call a method that only reads, beside the writer: for people who look, and for long look-ups."""
        ...

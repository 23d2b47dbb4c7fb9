"""What is shown of the database to those who look: the command line, the dashboard, the health report."""

from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.article import Article
from monitor.domain.delivery import DeliveryState
from monitor.domain.mention import HitKind
from monitor.domain.poll_state import PollState


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Which articles, hits or stories are wanted; empty fields let everything through. Times are "first seen"."""

    source_id: str = ""
    rule_id: str = ""
    official_id: str = ""
    story_id: str = ""
    since_at: datetime | None = None
    until_at: datetime | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class HitSummary:
    """A hit and whether it was told: ``told_at`` and ``digest_id`` are those of the first digest that told it."""

    id: int
    article_id: int
    rule_id: str
    official_ids: tuple[str, ...]
    found_at: datetime
    kind: HitKind
    title: str
    url: str
    reported_at: datetime | None = None
    plan_id: str = ""


@dataclass(frozen=True, slots=True)
class QuarantineSummary:
    """How many articles of a source were stored without alerting anybody, and why."""

    source_id: str
    outlet: str
    reason: str
    article_count: int


@dataclass(frozen=True, slots=True)
class NearMissSummary:
    """A spelling that was nearly taken for an official, in articles that do not name him otherwise, and the latest one.

    ``text`` stands as the press wrote it; ``articles`` counts those with this spelling refused for this reason.
    """

    official_id: str
    text: str
    reason: str
    articles: int
    article_id: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class DigestSummary:
    """A digest that was composed, by its number, with the states of its deliveries."""

    id: int
    plan_id: str
    start_at: datetime
    end_at: datetime
    composed_at: datetime
    is_overdue: bool
    hit_count: int
    delivery_states: tuple[DeliveryState, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A configured source as ``status`` shows it."""

    poll_state: PollState
    name: str
    article_count: int


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """What waits in the outbox; ``oldest_at`` is when the oldest pending delivery was composed.

    ``refused_at`` is when a target last refused one.
    """

    pending: int = 0
    failed: int = 0
    rejected: int = 0
    oldest_pending_at: datetime | None = None
    last_rejected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """The database itself: its schema's revision, bytes on disk, and how far the pipeline is behind."""

    engine: str
    schema: str
    size: int
    articles: int
    unread: int
    unscreened: int


@dataclass(frozen=True, slots=True)
class SavedConfiguration:
    """The last configuration that was good, as its text, and the faults of the one that is not taken."""

    text: str
    loaded_at: datetime
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """An article as it was before a change. ``number`` counts from 0, the first version."""

    version: int
    article: Article
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """A raw page as the server gave it: evidence. ``sha256`` is of the body, in hexadecimal."""

    article_id: int
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    captured_at: datetime | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceProof:
    """A record of the chain of evidence: JSON text, the hash of the record before, and its own."""

    record_id: int
    article_id: int
    record: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Space on a disk, in bytes."""

    free_bytes: int
    total_bytes: int

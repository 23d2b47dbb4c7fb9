"""Query results for the command line, the web interface and the health report."""

from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.article import Article
from monitor.domain.delivery import DeliveryState
from monitor.domain.mention import HitKind
from monitor.domain.poll_state import PollState


@dataclass(frozen=True, slots=True)
class Cursor:
    """Position after a row of a list that is sorted newest first: the time and the id of the row."""

    at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """Filter for articles, hits and stories; empty fields do not filter. Times are of first discovery.

    ``language`` is a code without region, such as ``en``. ``after`` continues a list after a row. ``source_ids`` are
    sources of which any is selected.
    """

    source_id: str = ""
    rule_id: str = ""
    official_id: str = ""
    story_id: str = ""
    language: str = ""
    since_at: datetime | None = None
    until_at: datetime | None = None
    limit: int = 100
    after: Cursor | None = None
    source_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HitSummary:
    """Hit with the first digest that reported it: ``reported_at`` and ``plan_id``, or None and empty.

    ``passage`` is its first one; ``form`` and ``confidence`` are of the surest mention of its officials.
    ``withdrawn_at`` is set if a verdict or an edited rule has withdrawn it.
    """

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
    source_id: str = ""
    outlet: str = ""
    published_at: datetime | None = None
    language: str = ""
    passage: str = ""
    form: str = ""
    confidence: float | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuarantineSummary:
    """Number of a source's articles that were quarantined for one reason."""

    source_id: str
    outlet: str
    reason: str
    article_count: int


@dataclass(frozen=True, slots=True)
class NearMissSummary:
    """Spelling that was nearly matched to an official, in articles that do not name the official otherwise.

    ``text`` is as printed; ``article_count`` counts the articles with this spelling and rejection reason. The other
    fields describe the latest of them.
    """

    official_id: str
    text: str
    reason: str
    article_count: int
    article_id: int
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class DigestSummary:
    """Composed digest with the states of its deliveries."""

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
    """Configured source as `monitor status` shows it."""

    poll_state: PollState
    name: str
    article_count: int


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """Numbers of pending, failed and rejected deliveries.

    ``oldest_pending_at`` is when the oldest pending delivery was composed, ``last_rejected_at`` when a target last
    rejected one. ``retried`` of the pending ones have failed more than once; ``retry_error`` is the error of one.
    """

    pending: int = 0
    failed: int = 0
    rejected: int = 0
    oldest_pending_at: datetime | None = None
    last_rejected_at: datetime | None = None
    retried: int = 0
    retry_error: str = ""


@dataclass(frozen=True, slots=True)
class AbandonedArticle:
    """Article that could not be processed in several attempts, with the last error; it is not tried again."""

    article_id: int
    source_id: str
    outlet: str
    title: str
    url: str
    error: str
    abandoned_at: datetime


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """Database engine, schema version, size in bytes, and the number of articles in total and waiting for each step."""

    engine: str
    schema_version: str
    size_bytes: int
    article_count: int
    pending_pages: int
    unmatched: int


@dataclass(frozen=True, slots=True)
class SavedConfiguration:
    """Last valid configuration as text, and the errors of a rejected edit."""

    text: str
    loaded_at: datetime
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleVersion:
    """Article as it was before a change. ``version`` counts from 0, the first version."""

    version: int
    article: Article
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """Raw page as received from the server, kept as evidence. ``sha256`` is the hexadecimal hash of the body."""

    article_id: int
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    captured_at: datetime | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceProof:
    """Record of the evidence chain: JSON text, the hash of the previous record, and its own hash."""

    record_id: int
    article_id: int
    record: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Free and total space of a disk, in bytes."""

    free_bytes: int
    total_bytes: int

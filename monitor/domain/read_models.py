"""Results of database queries for the command line, the desk and the health report."""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from monitor.domain.article import Article
from monitor.domain.delivery import DeliveryState
from monitor.domain.mention import HitKind
from monitor.domain.poll_state import PollState


class Cursor(Struct, frozen=True):
    """A position in a list that is sorted newest first: the time and the id of the last row that was shown."""

    at: datetime
    id: int


class ArticleFilter(Struct, frozen=True):
    """A filter for articles, hits and stories. Empty fields do not filter.

    - ``since_at`` and ``until_at`` limit the time at which an article was first seen.
    - ``language`` is a code without region, such as ``en``.
    - ``after`` is the last row of the previous part of the list: the selection begins with the row that follows it.
    - ``source_ids`` selects articles of any of these sources.
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


class HitSummary(Struct, frozen=True):
    """A hit with the first digest that reported it.

    - ``reported_at`` and ``plan_id`` describe that digest. If the hit is undelivered, ``reported_at`` is None and
      ``plan_id`` is empty.
    - ``passage`` is the first passage. If the article is a PDF document, ``page`` is the number of the page with it.
    - ``form`` and ``confidence`` belong to the mention with the highest confidence.
    - ``withdrawn_at`` is the time at which a verdict or a changed configuration withdrew the hit, or None.
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
    page: int = 0
    form: str = ""
    confidence: float | None = None
    withdrawn_at: datetime | None = None


class QuarantineSummary(Struct, frozen=True):
    """The number of articles of one source that were quarantined (stored, but not reported) for one reason."""

    source_id: str
    outlet: str
    reason: str
    article_count: int


class NearMissSummary(Struct, frozen=True):
    """A spelling that was rejected as the name of an official, in articles that do not mention the official.

    ``text`` is the spelling as printed. ``article_count`` is the number of articles with this spelling and this reason
    of rejection. The other fields describe the latest of these articles.
    """

    official_id: str
    text: str
    reason: str
    article_count: int
    article_id: int
    title: str
    url: str


class DigestSummary(Struct, frozen=True):
    """A composed digest with the states of its deliveries."""

    id: int
    plan_id: str
    start_at: datetime
    end_at: datetime
    composed_at: datetime
    is_overdue: bool
    hit_count: int
    delivery_states: tuple[DeliveryState, ...] = ()


class SourceStatus(Struct, frozen=True):
    """A configured source with its poll state and its number of articles, as `monitor status` shows it."""

    poll_state: PollState
    name: str
    article_count: int


class OutboxCounts(Struct, frozen=True):
    """The numbers of pending, failed and rejected deliveries.

    - ``oldest_pending_at`` is the time at which the oldest pending delivery was composed.
    - ``last_rejected_at`` is the time at which a target last rejected a delivery.
    - ``retried`` is the number of pending deliveries that have failed more than once, and ``retry_error`` is the error
      of one of them.
    """

    pending: int = 0
    failed: int = 0
    rejected: int = 0
    oldest_pending_at: datetime | None = None
    last_rejected_at: datetime | None = None
    retried: int = 0
    retry_error: str = ""


class AbandonedArticle(Struct, frozen=True):
    """An article whose processing has failed in several attempts and is not tried again.

    ``error`` is the last error.
    """

    article_id: int
    source_id: str
    outlet: str
    title: str
    url: str
    error: str
    abandoned_at: datetime


class DatabaseInfo(Struct, frozen=True):
    """The database engine, the schema version, the size in bytes, and the numbers of articles.

    ``pending_pages`` is the number of articles whose pages must still be fetched. ``unmatched`` is the number of
    articles that must still be searched for officials and rules.
    """

    engine: str
    schema_version: str
    size_bytes: int
    article_count: int
    pending_pages: int
    unmatched: int


class SavedConfiguration(Struct, frozen=True):
    """The last valid configuration as text. ``errors`` are the errors of a later edit that was rejected."""

    text: str
    loaded_at: datetime
    errors: tuple[str, ...] = ()


class ArticleVersion(Struct, frozen=True):
    """An earlier version of an article. ``version`` counts from 0, the first version."""

    version: int
    article: Article
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class PageSnapshot:
    """A page as received from the server, stored as evidence. ``sha256`` is the hexadecimal hash of the body."""

    article_id: int
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    captured_at: datetime | None = None
    sha256: str = ""


class EvidenceProof(Struct, frozen=True):
    """Record that proves how a page looked at a time, or that a reader gave a verdict.

    The records form a chain: the hash of each record also covers ``previous_hash``, the hash of the record before it.
    ``record`` is the record as JSON text. If ``is_verdict`` is true, the record is about a verdict on an article;
    otherwise it is about an article's page.
    """

    record_id: int
    article_id: int
    record: str
    previous_hash: str
    hash: str
    is_verdict: bool = False


class DiskSpace(Struct, frozen=True):
    """The free and total space of a disk, in bytes."""

    free_bytes: int
    total_bytes: int

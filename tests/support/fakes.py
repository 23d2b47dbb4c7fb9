"""Small stand-ins for the ports of domain/ports.py, for tests of the use cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from monitor.domain.article import Article, PendingPage, StoredArticle
from monitor.domain.fetch_result import Fetched, FetchRequest, FetchResult
from monitor.domain.mention import Findings
from monitor.domain.poll_state import PollState

T = TypeVar("T")
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move on."""
        self.now += by


class FakeFetcher:
    """Answers each URL as told; anything else is an error of the test."""

    def __init__(self, answers: dict[str, FetchResult]) -> None:
        self.answers, self.asked = answers, list[FetchRequest]()

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Give the answer that was laid out."""
        self.asked.append(request)
        return self.answers[request.url]


class InlineProcessPool:
    """Runs foreign bytes' work right here."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call it."""
        return work(*args)


class NoSources:
    """No source was ever polled."""

    def load_states_with_notices(self, _since_at: datetime) -> list[PollState]:
        """Return nothing."""
        return []


@dataclass
class FakeDatabase:
    """Stores of the test's choosing, called directly."""

    articles: Any = None
    sources: Any = field(default_factory=NoSources)
    outbox: Any = None

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call a store's method."""
        return work(*args)


@dataclass
class FakeArticles:
    """Remembers what the reading and screening steps hand over."""

    unread: list[PendingPage] = field(default_factory=list)
    waiting: list[StoredArticle] = field(default_factory=list)
    kept: list[tuple[PendingPage, Article, Fetched | None, str]] = field(default_factory=list)
    confidences: list[float | None] = field(default_factory=list)
    postponed: list[tuple[PendingPage, str, datetime]] = field(default_factory=list)
    findings: list[tuple[StoredArticle, Findings]] = field(default_factory=list)
    given_up: list[tuple[StoredArticle, str]] = field(default_factory=list)

    def lease_pages(
        self, _now: datetime, limit: int, _until_at: datetime, _source_id: str | None = None
    ) -> list[PendingPage]:
        """Hand out what is listed, once."""
        leased, self.unread = self.unread[:limit], self.unread[limit:]
        return leased

    def save_page(
        self,
        pending_page: PendingPage,
        article: Article,
        page: Fetched | None = None,
        error: str = "",
        confidence: float | None = None,
    ) -> None:
        """Remember."""
        self.confidences.append(confidence)
        self.kept.append((pending_page, article, page, error))

    def postpone_page(self, pending_page: PendingPage, error: str, next_attempt_at: datetime) -> None:
        """Remember."""
        self.postponed.append((pending_page, error, next_attempt_at))

    def unmatched(self, limit: int) -> list[StoredArticle]:
        """Hand out what waits, once."""
        batch, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return batch

    def mark_matching_failed(self, stored: StoredArticle, error: str) -> None:
        """Remember."""
        self.given_up.append((stored, error))

    def save_findings(self, findings: Sequence[tuple[StoredArticle, Findings]], _now: datetime) -> int:
        """Remember, and count the hits."""
        self.findings += findings
        return sum(len(found.hits) for _, found in findings)

"""Small stand-ins for the ports of domain/ports.py, for tests of the use cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from monitor.domain.article import Article, Stored, Unread
from monitor.domain.exchange import Fetched, Outcome, Request
from monitor.domain.mention import Findings
from monitor.domain.source import SourceMemory

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

    def __init__(self, answers: dict[str, Outcome]) -> None:
        self.answers, self.asked = answers, list[Request]()

    async def fetch(self, request: Request) -> Outcome:
        """Give the answer that was laid out."""
        self.asked.append(request)
        return self.answers[request.url]


class InlineWorkshop:
    """Runs foreign bytes' work right here."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call it."""
        return work(*args)


class NoSources:
    """No source was ever polled."""

    def noticed(self, _since_at: datetime) -> list[SourceMemory]:
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

    unread: list[Unread] = field(default_factory=list)
    waiting: list[Stored] = field(default_factory=list)
    kept: list[tuple[Unread, Article, Fetched | None, str]] = field(default_factory=list)
    confidences: list[float | None] = field(default_factory=list)
    postponed: list[tuple[Unread, str, datetime]] = field(default_factory=list)
    findings: list[tuple[Stored, Findings]] = field(default_factory=list)
    given_up: list[tuple[Stored, str]] = field(default_factory=list)

    def lease_unread(
        self, _now: datetime, limit: int, _until_at: datetime, _source_id: str | None = None
    ) -> list[Unread]:
        """Hand out what is listed, once."""
        leased, self.unread = self.unread[:limit], self.unread[limit:]
        return leased

    def keep_page(
        self,
        unread: Unread,
        article: Article,
        page: Fetched | None = None,
        error: str = "",
        confidence: float | None = None,
    ) -> None:
        """Remember."""
        self.confidences.append(confidence)
        self.kept.append((unread, article, page, error))

    def postpone(self, unread: Unread, error: str, next_attempt_at: datetime) -> None:
        """Remember."""
        self.postponed.append((unread, error, next_attempt_at))

    def unscreened(self, limit: int) -> list[Stored]:
        """Hand out what waits, once."""
        batch, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return batch

    def give_up(self, stored: Stored, error: str) -> None:
        """Remember."""
        self.given_up.append((stored, error))

    def keep_findings(self, findings: Sequence[tuple[Stored, Findings]], _now: datetime) -> int:
        """Remember, and count the hits."""
        self.findings += findings
        return sum(len(found.hits) for _, found in findings)

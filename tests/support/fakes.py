"""Fakes of the protocols of domain/ports.py, for tests of the pipeline."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from monitor.domain.fetch_result import FetchRequest, FetchResult
from monitor.domain.read_models import SavedConfiguration

T = TypeVar("T")
NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


class FakeClock:
    """Clock that changes only by ``advance``."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move the clock, forward or back."""
        self.now += by


class FakeFetcher:
    """Fetcher with a given result per URL; other URLs are an error of the test."""

    def __init__(self, answers: dict[str, FetchResult]) -> None:
        self.answers, self.asked = answers, list[FetchRequest]()

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return the given result."""
        self.asked.append(request)
        return self.answers[request.url]


async def run_inline(work: Callable[..., T], *args: object) -> T:
    """Call the function, in this thread."""
    return work(*args)


class InlineProcessPool:
    """Process pool that runs calls in this process."""

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Call the function."""
        return work(*args)


class FakeKeyValueStore:
    """Key-value store in memory, with the last valid configuration."""

    def __init__(self) -> None:
        self.saved: SavedConfiguration | None = None
        self.values: dict[str, str] = {}

    def get_saved_configuration(self) -> SavedConfiguration | None:
        """Return the configuration that was saved last."""
        return self.saved

    def save_configuration(self, configuration: SavedConfiguration) -> None:
        """Save a configuration."""
        self.saved = configuration

    def get(self, name: str) -> str:
        """Return a value, or an empty text."""
        return self.values.get(name, "")

    def set(self, name: str, value: str, now: datetime) -> None:
        """Save a value."""
        self.values[name] = value

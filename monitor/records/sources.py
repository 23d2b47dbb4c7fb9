"""JSON records of configured sources, and of feeds that a search for sources has found."""

from datetime import datetime

from typing_extensions import TypedDict

from monitor.domain.backfill import BackfillProgress, find_complete_since
from monitor.domain.poll_state import PollState
from monitor.domain.read_models import SourceStatus
from monitor.domain.source import Source

SOURCE_COLUMNS = (
    "id",
    "name",
    "kind",
    "url",
    "state",
    "last_success_at",
    "next_poll_at",
    "articles",
    "groups",
    "complete_since",
)
STATE_PAUSED, STATE_NEVER_POLLED = "paused", "never polled"


class SourceRecord(TypedDict):
    """JSON record of a configured source, as in ``sources list --json``.

    ``articles`` is the number of articles that the source has had since it was added. ``complete_since`` is the time
    since which no article is missing: that of the first poll, or an earlier one if older articles were loaded later
    (backfill).
    """

    id: str
    name: str
    kind: str
    url: str
    state: str
    last_success_at: datetime | None
    next_poll_at: datetime | None
    articles: int
    groups: list[str]
    complete_since: datetime | None


class FeedRecord(TypedDict):
    """JSON record of a feed found by ``sources discover --json``."""

    url: str
    kind: str
    title: str
    entries: int
    newest: datetime | None
    language: str
    found: str


def source_record(
    source: Source, status: SourceStatus | None, backfill: BackfillProgress | None = None
) -> SourceRecord:
    """Return the JSON record of a source.

    ``status`` is None if the source was never polled. ``backfill`` is None if its older articles were never loaded.
    """
    poll_state = status.poll_state if status else None
    state = poll_state.state.value if poll_state and _was_polled(poll_state) else STATE_NEVER_POLLED
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind.value,
        "url": source.url,
        "state": STATE_PAUSED if source.paused else state,
        "last_success_at": poll_state.last_success_at if poll_state else None,
        "next_poll_at": None if source.paused or poll_state is None else poll_state.next_poll_at,
        "articles": status.article_count if status else 0,
        "groups": list(source.groups),
        "complete_since": find_complete_since(poll_state.baseline_at if poll_state else None, backfill),
    }


def _was_polled(poll_state: PollState) -> bool:
    return bool(poll_state.last_attempt_at or poll_state.last_success_at)

"""JSON records of the status report: sources, deliveries, configuration and worker processes."""

from collections.abc import Mapping
from datetime import datetime

from typing_extensions import TypedDict


class SourceStatusRecord(TypedDict):
    """JSON record of the state of a source. ``entries`` are the counts of entries in its last document.

    ``complete_since`` is the time since which no article is missing, as in ``SourceRecord``.
    """

    id: str
    state: str
    detail: str
    suggestion: str
    last_success_at: datetime | None
    next_poll_at: datetime | None
    failures: float
    articles: int
    complete_since: datetime | None
    entries: Mapping[str, int]


class OutboxRecord(TypedDict):
    """JSON record of the deliveries that were not sent: the numbers of pending, failed and rejected ones."""

    pending: int
    failed: int
    rejected: int
    oldest_pending_at: datetime | None
    retried: int


class ConfigurationRecord(TypedDict):
    """JSON record of the time when the configuration was loaded, and of the errors in a rejected edit of its file."""

    loaded_at: datetime | None
    errors: list[str]


class WorkerRecord(TypedDict):
    """JSON record of a worker process, with its counts of jobs and articles since it started."""

    id: str
    state: str
    seen_at: datetime
    started_at: datetime
    running: int
    done: int
    failed: int
    new_articles: int
    problems: list[str]


class WorkersRecord(TypedDict):
    """JSON record of all worker processes, and of the number of jobs in the queue in each state."""

    workers: list[WorkerRecord]
    jobs: dict[str, int]


class StatusRecord(WorkersRecord):
    """JSON record of the status report, as in ``status --json``."""

    healthy: bool
    sources: list[SourceStatusRecord]
    deliveries: OutboxRecord
    config: ConfigurationRecord
    database: Mapping[str, object]
    daemon: Mapping[str, object]
    page_due_at: datetime | None
    abandoned: list[Mapping[str, object]]
    rescreened: Mapping[str, object]

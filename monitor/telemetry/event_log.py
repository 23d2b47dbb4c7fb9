"""Log events and metrics of polls, jobs and configuration changes."""

from typing import Protocol

import structlog

from monitor.domain.poll_state import SourceState
from monitor.domain.source_health import SourceNotice
from monitor.telemetry.metrics import Metrics

SOURCE_NOTICE_EVENTS = {
    "change": "source failing",
    "reminder": "source still failing",
    "recovery": "source recovered",
}

log = structlog.get_logger("monitor")


class PollReport(Protocol):
    """What came of a poll, as far as it is told."""

    @property
    def source_id(self) -> str:
        """The source that was polled."""
        ...

    @property
    def new_count(self) -> int:
        """How many new articles it brought."""
        ...

    @property
    def state_after(self) -> SourceState:
        """The state the source is in now."""
        ...

    @property
    def note(self) -> str:
        """What is remarkable, and no fault."""
        ...

    @property
    def notice(self) -> SourceNotice | None:
        """What the reader is told of the source, if anything."""
        ...


def log_poll(metrics: Metrics, poll: PollReport) -> None:
    """Count what a poll has brought, and log what its reader is told of the source."""
    metrics.record_new_articles(poll.new_count)
    if poll.note:
        log.info("source note", source=poll.source_id, reason=poll.note)
    if notice := poll.notice:
        tell = log.info if notice.kind == "recovery" else log.warning
        tell(SOURCE_NOTICE_EVENTS[notice.kind], source=poll.source_id, state=poll.state_after.value, reason=notice.text)


def log_job_error(metrics: Metrics, job_name: str, problem: str, error: BaseException | None) -> None:
    """Log a job that failed, or could not be run at its time."""
    metrics.record_job_problem(problem)
    if error is None:  # a run that takes longer than its period, and the next one does what is left
        log.debug("job still running", job=job_name, what=problem)
        return
    log.error("job failed", job=job_name, what=problem, reason=str(error), exc_info=error)

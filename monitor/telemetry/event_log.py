"""Event log: writes log lines and counts metrics for polls and jobs."""

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
    """Protocol for the result of a poll, with the fields that are logged."""

    @property
    def source_id(self) -> str:
        """Id of the source that was polled."""
        ...

    @property
    def new_count(self) -> int:
        """Number of new articles in the poll."""
        ...

    @property
    def state_after(self) -> SourceState:
        """State of the source after the poll."""
        ...

    @property
    def note(self) -> str:
        """Remark about the entries of the source, or an empty string. It does not mean a problem."""
        ...

    @property
    def notice(self) -> SourceNotice | None:
        """Notice that a problem of the source began, continues or ended, or None."""
        ...


def log_poll(metrics: Metrics, poll: PollReport) -> None:
    """Log the result of a poll, and count its new articles in the metrics.

    The poll itself is logged with `--verbose` only. A remark about its entries (``poll.note``), and a notice about a
    problem of the source (``poll.notice``), are always logged.
    """
    metrics.record_new_articles(poll.new_count)
    log.debug("polled", source=poll.source_id, state=poll.state_after.value, new=poll.new_count)
    if poll.note:
        log.info("source note", source=poll.source_id, reason=poll.note)
    if notice := poll.notice:
        log_method = log.info if notice.kind == "recovery" else log.warning
        log_method(
            SOURCE_NOTICE_EVENTS[notice.kind], source=poll.source_id, state=poll.state_after.value, reason=notice.text
        )


def log_job_error(metrics: Metrics, job_name: str, problem: str, error: BaseException | None) -> None:
    """Log that a run of a job failed, or did not start on time, and count it in the metrics.

    ``problem`` is "failed", "missed" or "still running". ``error`` is None if the run did not start, because the
    previous run has not ended.
    """
    metrics.record_job_problem(problem)
    if error is None:  # the run takes longer than its period, and the next run does the rest
        log.debug("job still running", job=job_name, what=problem)
        return
    log.error("job failed", job=job_name, what=problem, reason=str(error), exc_info=error)

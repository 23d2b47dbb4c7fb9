"""Log events and metrics for polls and jobs."""

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
    """Protocol of the result of a poll: the fields that are logged."""

    @property
    def source_id(self) -> str:
        """The id of the source that was polled."""
        ...

    @property
    def new_count(self) -> int:
        """The number of new articles of the poll."""
        ...

    @property
    def state_after(self) -> SourceState:
        """The state of the source after the poll."""
        ...

    @property
    def note(self) -> str:
        """A remark about the entries that is not a problem, or an empty string."""
        ...

    @property
    def notice(self) -> SourceNotice | None:
        """A notice that a problem of the source began or ended, or None."""
        ...


def log_poll(metrics: Metrics, poll: PollReport) -> None:
    """Log the result of a poll, and add the number of its new articles to the metrics.

    The poll itself is logged with `--verbose` only. ``poll.note`` (a remark about the entries) and ``poll.notice`` (the
    beginning or end of a problem) are logged if they are set.
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
    """Log that a job failed or could not start on time, and count it in the metrics.

    ``error`` is None if the job did not start, because its previous run has not ended.
    """
    metrics.record_job_problem(problem)
    if error is None:  # the run takes longer than its period, and the next run does the rest
        log.debug("job still running", job=job_name, what=problem)
        return
    log.error("job failed", job=job_name, what=problem, reason=str(error), exc_info=error)

"""What daemon and worker say alike: what a poll has brought, and which job is in trouble."""

from typing import Protocol

import structlog

from monitor.domain.health import Notice
from monitor.domain.source import SourceState
from monitor.telemetry.metrics import Metrics

SOURCE_NEWS = {"change": "source in trouble", "reminder": "source still in trouble", "recovery": "source well again"}

log = structlog.get_logger("monitor")


class Polled(Protocol):
    """What came of a poll, as far as it is told."""

    @property
    def source_id(self) -> str:
        """The source that was polled."""
        ...

    @property
    def new(self) -> int:
        """How many new articles it brought."""
        ...

    @property
    def after(self) -> SourceState:
        """The state the source is in now."""
        ...

    @property
    def remark(self) -> str:
        """What is remarkable, and no fault."""
        ...

    @property
    def notice(self) -> Notice | None:
        """What the reader is told of the source, if anything."""
        ...


def tell_poll(metrics: Metrics, poll: Polled) -> None:
    """Count what a poll has brought, and log what its reader is told of the source."""
    metrics.found(poll.new)
    if poll.remark:
        log.info("remark on a source", source=poll.source_id, reason=poll.remark)
    if notice := poll.notice:
        tell = log.info if notice.kind == "recovery" else log.warning
        tell(SOURCE_NEWS[notice.kind], source=poll.source_id, state=poll.after.value, reason=notice.text)


def tell_trouble(metrics: Metrics, job: str, what: str, error: BaseException | None) -> None:
    """Log a job that failed, or could not be run at its time."""
    metrics.troubled(what)
    if error is None:  # a run that takes longer than its period, and the next one does what is left
        log.debug("job goes on", job=job, what=what)
        return
    log.error("job in trouble", job=job, what=what, reason=str(error), exc_info=error)

"""The timetable of the daemon: what stands on it, and what is expected of it."""

from typing import cast
from unittest.mock import Mock

from monitor.daemon import LIMITS
from monitor.jobs import Board, Desk
from monitor.pipeline.line import Line


def test_every_job_has_a_limit_to_its_silence() -> None:
    """A job that nobody expects cannot be missed, and its beat would be an error at every run."""
    desk = Desk(cast("Line", Mock(sources={})), Board())
    assert {job.name for job in desk.jobs()} <= LIMITS.keys()

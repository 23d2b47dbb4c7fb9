"""Run ``monitor`` and die as by kill -9 at the Nth commit: before it, or right after it."""

import os
import sys
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from monitor.cli.main import main

LAST, WHEN = int(sys.argv.pop(1)), sys.argv.pop(1)
COMMITS = count(1)


def reached(_connection: Connection) -> None:
    """Die before the chosen commit, or arm the death after it."""
    if next(COMMITS) == LAST:
        if WHEN == "before":
            os._exit(137)
        whole = DefaultDialect.do_commit

        def commit(dialect: DefaultDialect, connection: Any) -> None:
            whole(dialect, connection)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
            os._exit(137)

        # death comes between two instructions, where no hook is offered
        DefaultDialect.do_commit = commit  # type: ignore[method-assign]


event.listen(Engine, "commit", reached)
main()

"""Run ``monitor`` and exit as by kill -9 at the Nth commit that changes rows: before it, or right after it."""

import os
import sys
from itertools import count
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

from monitor.cli.main import main

LAST, WHEN = int(sys.argv.pop(1)), sys.argv.pop(1)
COMMITS = count(1)
CHANGES: dict[int, int] = {}  # rows that each SQLite connection had changed at its last commit


def changes_rows(connection: Connection) -> bool:
    """Return whether the connection has inserted, updated or deleted rows since its last commit."""
    raw: Any = connection.connection.dbapi_connection
    before, CHANGES[id(raw)] = CHANGES.get(id(raw), 0), raw.total_changes
    return CHANGES[id(raw)] != before


def reached(connection: Connection) -> None:
    """Exit before the chosen commit, or prepare the exit after it."""
    if changes_rows(connection) and next(COMMITS) == LAST:
        if WHEN == "before":
            os._exit(137)
        whole = DefaultDialect.do_commit

        def commit(dialect: DefaultDialect, connection: Any) -> None:
            whole(dialect, connection)  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
            os._exit(137)

        # the exit is between two instructions, where there is no hook
        DefaultDialect.do_commit = commit  # type: ignore[method-assign]


event.listen(Engine, "commit", reached)
main()

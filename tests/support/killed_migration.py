"""Process that kills itself in a migration: `python -m support.killed_migration URL STATEMENT`.

STATEMENT is the number of the statement before which it dies, or "commit".
"""

import os
import signal
import sys

from sqlalchemy import Connection, Engine, event

from monitor.store.connections import Connections
from monitor.store.migrate import migrate

url, killed_at = sys.argv[1:]
statements = 0


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@event.listens_for(Engine, "before_cursor_execute")
def count(*_: object) -> None:
    global statements  # noqa: PLW0603 - the listener has no other place
    statements += 1
    if str(statements) == killed_at:
        die()


@event.listens_for(Engine, "commit")
def commit(connection: Connection) -> None:
    if killed_at == "commit":
        die()


connections = Connections(url)
migrate(connections)
connections.close()
print(f"{statements} statements")  # noqa: T201 - shown if it was not killed

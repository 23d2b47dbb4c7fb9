"""Empty SQLite databases for tests of the pipeline, opened within milliseconds."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from monitor.store.database import Database


@cache
def _migrated_file() -> bytes:
    """Return the file of an empty database with the current schema; the migrations run once per process."""
    with tempfile.TemporaryDirectory() as folder:
        Database.open(f"sqlite:///{folder}/empty.db").close()
        return (Path(folder) / "empty.db").read_bytes()


def open_database(folder: Path, name: str = "monitor") -> Database:
    """Open a new empty database in a folder; the caller closes it."""
    file = folder / f"{name}.db"
    file.write_bytes(_migrated_file())
    return Database.open(f"sqlite:///{file}")


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Let another program hold the write lock of a SQLite database; writes to it fail at once in the block."""
    connections = database._connections
    with connections.write_transaction() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=1")
    with closing(sqlite3.connect(connections.database_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")

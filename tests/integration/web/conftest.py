"""A desk on a database with a few articles."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import Desk
from support.rows import draft, screened
from support.stores import open_database

from monitor.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Open a database with two articles that name an official."""
    opened = open_database(tmp_path)
    screened(opened, draft("a", body="Some Body spoke.\nOther people listened."), draft("b"))
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database) -> Desk:
    """Build the desk on the database."""
    return Desk(database)

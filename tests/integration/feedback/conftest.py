"""Fixtures for the tests of feedback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.feedback_desk import FeedbackDesk
from support.stores import open_database

from monitor.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Open an empty database."""
    opened = open_database(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database) -> FeedbackDesk:
    """Set up the small installation, with its first window opened."""
    found = FeedbackDesk(database)
    found.compose()
    return found

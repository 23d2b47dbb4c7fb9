"""Fixtures for the tests of the pipeline."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.stores import open_database

from monitor.store.database import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Open an empty database."""
    opened = open_database(tmp_path)
    yield opened
    opened.close()

"""The same tests on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Postgres

from monitor.store.database import SqlDatabase

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]


@pytest.fixture(scope="session")
def server() -> Iterator[tuple[Postgres, str]]:
    """Start one PostgreSQL a session; also give the name of a database with our schema to copy."""
    with Postgres() as postgres:
        template = postgres.new()
        SqlDatabase.open(postgres.url(template)).close()
        yield postgres, template


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database on either engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/monitor.db"
    postgres, template = request.getfixturevalue("server")
    return str(postgres.url(postgres.new(template)))


@pytest.fixture
def database(url: str) -> Iterator[SqlDatabase]:
    """Open a database."""
    opened = SqlDatabase.open(url)
    yield opened
    opened.close()

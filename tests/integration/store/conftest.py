"""The same tests on both engines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, inspect, text
from support.postgres import Postgres

from monitor.store.database import Database

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))]


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """Start one PostgreSQL a session."""
    with Postgres() as postgres:
        yield postgres


@pytest.fixture(scope="session")
def shared(server: Postgres) -> str:
    """Name a database with our schema, to be emptied for each test."""
    url = server.url(server.new())
    Database.open(url).close()
    return url


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database on either engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/monitor.db"
    return emptied(str(request.getfixturevalue("shared")))


def emptied(shared: str) -> str:
    """Empty a PostgreSQL database."""
    engine = create_engine(shared, poolclass=NullPool)
    with engine.begin() as connection:
        tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
        connection.execute(text(f"TRUNCATE {', '.join(sorted(tables))} RESTART IDENTITY"))
    return shared


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Open a database."""
    opened = Database.open(url)
    yield opened
    opened.close()

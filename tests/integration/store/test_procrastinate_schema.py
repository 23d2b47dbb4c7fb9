"""The tables of Procrastinate: made, migrated and guarded along with ours; on PostgreSQL alone."""

from pathlib import Path

import pytest
from sqlalchemy import text
from support.postgres import Postgres
from support.rows import MINUTE, NOW, source

from monitor.domain.errors import SchemaMismatch
from monitor.store import job_queue
from monitor.store.connections import Connections
from monitor.store.database import Database, list_pending_migrations
from monitor.store.job_queue import apply_migrations, pending_migrations
from monitor.store.migrate import pending_queue_migrations, pending_revisions

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def fresh(server: Postgres) -> str:
    """Name an empty database."""
    return server.url(server.new())


def tell(url: str, statement: str) -> None:
    connections = Connections(url)
    with connections.write_transaction() as connection:
        connection.execution_options(no_parameters=True).exec_driver_sql(statement)
    connections.close()


def test_the_queue_is_created_by_an_upgrade(fresh: str) -> None:
    """Its migrations are listed; a second upgrade has none."""
    steps = list_pending_migrations(fresh)
    assert steps[0] == "0001"
    assert steps[-1].startswith("03.")
    Database.open(fresh).close()
    assert list_pending_migrations(fresh) == ()


def test_a_newer_procrastinate_applies_its_further_migrations(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the schema of one that was installed before; the queue then works."""
    scripts = job_queue._migration_scripts()
    older = scripts[: next(number for number, path in enumerate(scripts) if path.stem.startswith("03.03"))]
    for path in older:
        tell(fresh, path.read_text(encoding="utf-8"))
    tell(fresh, f"COMMENT ON TABLE procrastinate_jobs IS 'kept by monitor, schema {older[-1].stem}'")
    connections = Connections(fresh)
    assert pending_queue_migrations(connections) == tuple(path.stem for path in scripts[len(older) :])
    connections.close()
    database = Database.open(fresh)
    assert database.job_queue is not None
    database.sources.register([source()], NOW)
    with database._connections.write_transaction() as connection:
        connection.execute(text("SELECT procrastinate_register_worker_v1()"))
    assert database.job_queue.enqueue_due_jobs(NOW, NOW + MINUTE).poll_jobs == 1
    database.close()
    assert list_pending_migrations(fresh) == ()
    monkeypatch.setattr(job_queue, "_migration_scripts", lambda: older)
    with pytest.raises(SchemaMismatch, match="install the newer version"):
        Database.open(fresh)


def test_a_queue_of_another_program_is_refused(fresh: str) -> None:
    """Nothing is created in its database."""
    tell(fresh, "CREATE TABLE procrastinate_jobs (id int)")
    with pytest.raises(SchemaMismatch, match="use a database for monitor alone"):
        Database.open(fresh)
    connections = Connections(fresh)
    assert pending_revisions(connections)[0] == "0001"
    connections.close()


def test_without_procrastinate_there_is_no_queue(fresh: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon works on PostgreSQL all the same."""
    for module in ("job_queue", "database"):
        monkeypatch.setattr(f"monitor.store.{module}.is_installed", lambda: False)
    database = Database.open(fresh)
    assert database.job_queue is None
    database.close()


def test_sqlite_has_no_queue(tmp_path: Path) -> None:
    """No table, no migration, no queue."""
    url = f"sqlite:///{tmp_path}/monitor.db"
    assert all(step.isdigit() for step in list_pending_migrations(url))
    database = Database.open(url)
    assert (database.job_queue, database.conninfo) == (None, {})
    with database._connections.write_transaction() as connection:
        apply_migrations(connection)
        assert pending_migrations(connection) == ()
    database.close()

"""Store under kills, parallel access, a full disk and server restarts; its queries use indexes."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event
from support.postgres import Postgres
from support.rows import MINUTE, NOW, digest, draft, found, kept, leased, message, plan, screened, source
from support.wait import wait_until

from monitor.domain.digest import Window
from monitor.domain.errors import StoreInUse
from monitor.domain.read_models import ArticleFilter
from monitor.store.backup import check_integrity
from monitor.store.core_tables import CORE_METADATA
from monitor.store.database import Database

ROOT = Path(__file__).parents[2]
FULL = Path(__file__).parents[1] / "support" / "fill_disk.py"


def fork(work: Callable[[], object]) -> int:
    """Run work in a child process and return its id."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(status)
    return pid


def test_kills_during_writes_lose_no_acknowledged_article(tmp_path: Path) -> None:
    """Twenty-five writers are killed at random times; every article that was reported as stored is there."""
    file, acknowledged = tmp_path / "monitor.db", tmp_path / "acked"
    acknowledged.touch()
    database = Database.open(f"sqlite:///{file}")
    database.sources.register([source()], NOW)
    database.close()
    chance = random.Random(7)

    def write(life: int) -> None:
        opened = Database.open(f"sqlite:///{file}")
        with acknowledged.open("a") as log:
            for number in range(10_000):
                name = f"{life}-{number}"
                lease = leased(opened, now=NOW + (life * 100 + number // 100) * timedelta(days=1))
                opened.articles.commit_poll(lease, lease.poll_state, [draft(name, body="some words " * 200)], NOW)
                log.write(f"guid:{name}\n")
                log.flush()

    def written(size: int) -> bool:
        return acknowledged.stat().st_size >= size

    for life in range(25):
        pid = fork(lambda life=life: write(life))  # type: ignore[misc]  # bound now
        size_before = acknowledged.stat().st_size
        enough = size_before + chance.randrange(1, 100)
        assert wait_until(partial(written, enough), 120, 0.001)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert check_integrity(file) == ()
    names = [line for line in acknowledged.read_text().splitlines(keepends=True) if line.endswith("\n")]
    database = Database.open(f"sqlite:///{file}")
    keys = {name.strip() for name in names}
    assert len(keys) >= 25
    assert database.articles.known_keys("times", keys) == keys
    assert len(database.queries.search("words", limit=10**6)) == len(
        database.queries.list_articles(ArticleFilter(limit=10**6))
    )
    assert database.maintenance.check_database() == ()
    database.close()


def test_parallel_writers_and_a_reader_do_not_fail(tmp_path: Path) -> None:
    """Four writers wait for one another, and each read transaction sees one state."""
    url = f"sqlite:///{tmp_path}/monitor.db"
    database = Database.open(url)
    names = [f"s{number}" for number in range(4)]
    database.sources.register([source(name) for name in names], NOW)
    database.close()

    def write(name: str) -> None:
        opened = Database.open(url)
        for number in range(25):
            lease = leased(opened, name, NOW + number * timedelta(hours=1))
            opened.articles.commit_poll(lease, lease.poll_state, [draft(f"{name}-{number}-{n}") for n in range(5)], NOW)
        opened.close()

    def read() -> None:
        opened = Database.open(url)
        other_connection = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
        seen = 0

        def grown(before: int) -> bool:
            return before == 500 or int(other_connection.execute("SELECT count(*) FROM article").fetchone()[0]) > before

        while seen < 500:
            with opened._connections.read_transaction() as connection:
                first = connection.exec_driver_sql("SELECT count(*) FROM article").scalar_one()
                assert wait_until(partial(grown, first), 120, 0.001), "another process writes during this transaction"
                texts = connection.exec_driver_sql("SELECT count(*) FROM article_text").scalar_one()
            assert first == texts
            assert first % 5 == 0
            assert first >= seen
            seen = first
        opened.close()

    pids = [fork(lambda name=name: write(name)) for name in names]  # type: ignore[misc]  # bound now
    pids.append(fork(read))
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * 5


def test_a_second_daemon_is_rejected(tmp_path: Path) -> None:
    """The error names the running process; reading is allowed; a killed daemon leaves no lock."""
    url = f"sqlite:///{tmp_path}/monitor.db"
    ready = tmp_path / "ready"

    def daemon() -> None:
        database = Database.open(url, exclusive=True)
        ready.touch()
        signal.pause()
        database.close()

    pid = fork(daemon)
    try:
        assert wait_until(ready.exists, 120)
        with pytest.raises(StoreInUse, match=f"process {pid}"):
            Database.open(url, exclusive=True)
        Database.open(url).close()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    Database.open(url, exclusive=True).close()


def test_collecting_continues_after_the_disk_was_full(tmp_path: Path) -> None:
    """While it is full, collecting is skipped and sent deliveries are recorded; nothing is lost."""
    disk = tmp_path / "disk"
    disk.mkdir()
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*own, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine does not allow to mount a disk")
    script = f"mount -t tmpfs -o size=5m none {disk} && exec {sys.executable} {FULL} {disk}"
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run([*own, "sh", "-c", script], check=False, capture_output=True, text=True, env=environ)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["articles"] == result["kept"] > 20
    assert (result["skipped"], result["is_recorded"], result["reserve"], result["problems"]) == (2, True, True, [])


@pytest.mark.xdist_group("postgres")
def test_a_restart_of_the_server_loses_nothing() -> None:
    """Closed connections are replaced, and all committed rows are there."""
    with Postgres() as server:
        database = Database.open(server.url(server.new()))
        kept(database, draft("a"))
        server.restart()
        kept(database, draft("b"), now=NOW + timedelta(hours=1))
        server.restart()
        assert [one.article.title for one in database.queries.search("about")] == ["About b", "About a"]
        database.close()


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that a database executes."""
    executed: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        executed.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield executed
    event.remove(Engine, "before_cursor_execute", note)


def run_all_queries(database: Database) -> list[tuple[str, Any]]:
    """Run the queries of the daemon and its users, and return the executed statements."""
    screened(database, draft("a"))
    database.digests.commit_digest(digest("one"), [message("1")], [])
    later = NOW + timedelta(hours=1)
    with statements() as executed:
        database.articles.known_keys("times", ["guid:a", "guid:b"])
        lease = leased(database, now=later)
        database.articles.commit_poll(lease, lease.poll_state, [draft("b")], later)
        database.articles.lease_pages(later, 10, later + MINUTE)
        stored = database.articles.unmatched(10)
        database.findings.save([(one, found("rule")) for one in stored], later)
        database.digests.undelivered_hits(plan("one"), later + MINUTE)
        database.digests.last_window_end("one")
        database.digests.load_coverage(Window(NOW, later))
        database.digests.count_daily_mentions(["somebody"], [NOW])
        database.deliveries.lease_deliveries(later, 10, later + MINUTE)
        database.deliveries.list_failed_deliveries(NOW, later)
        database.queries.find_by_url("https://times.example/a")
        database.queries.get_article(1)
        database.queries.search('some "words of"')
        database.queries.get_findings(1)
        database.queries.get_database_info()
        database.deliveries.count_outbox()
        database.maintenance.delete_expired_articles(NOW, timedelta(days=1))
    assert len(executed) > 20
    return [
        (statement, parameters[0] if isinstance(parameters, list) else parameters)
        for statement, parameters in executed
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
    ]


def test_no_query_scans_a_whole_table(tmp_path: Path) -> None:
    """SQLite's query plan uses an index for each, so that a query costs the same with a million articles."""
    file = tmp_path / "monitor.db"
    database = Database.open(f"sqlite:///{file}")
    executed = run_all_queries(database)
    database.close()
    connection = sqlite3.connect(file)
    scans = []
    for statement, values in executed:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        tables = [(step[3], statement) for step in steps if step[3].split()[1] in CORE_METADATA.tables]
        scans += [one for one in tables if one[0].startswith("SCAN") and "INDEX" not in one[0]]
    connection.close()
    assert [scan for scan in scans if scan[0] != "SCAN source"] == []


@pytest.mark.xdist_group("postgres")
def test_no_query_needs_a_whole_table_on_postgresql() -> None:
    """With sequential scans disabled, PostgreSQL finds an index for each query."""
    with Postgres() as server:
        name = server.new()
        database = Database.open(server.url(name))
        executed = run_all_queries(database)
        database.close()
        scans = []
        with psycopg.connect(host=str(server.home), user="tester", dbname=name) as connection:
            connection.execute("SET enable_seqscan = off")
            for statement, values in executed:
                steps = connection.execute(f"EXPLAIN {statement}".encode(), values).fetchall()
                scans += [(step, statement) for (step,) in steps if "Seq Scan" in step and " on source" not in step]
        assert scans == []


@pytest.mark.xdist_group("postgres")
def test_postgresql_uses_the_index_for_a_word_that_does_not_occur() -> None:
    """Its planner assumes that a word occurs in one of 200 texts, and would otherwise read every text."""
    with Postgres() as server:
        name = server.new()
        database = Database.open(server.url(name))
        kept(database, draft("a"))
        with statements() as executed:
            assert database.queries.search("nowhere") == []
        database.close()
        plans = ""
        with psycopg.connect(host=str(server.home), user="tester", dbname=name) as connection:
            for statement, values in executed:
                is_query = statement.startswith("SELECT")
                done = connection.execute(f"{'EXPLAIN ' * is_query}{statement}".encode(), values if is_query else None)
                plans += "".join(line for (line,) in done.fetchall()) if is_query else ""
        assert "Bitmap Index Scan on ix_article_search" in plans
        assert "Seq Scan" not in plans

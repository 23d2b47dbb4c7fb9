"""The store under what a machine does to it: kills, crowds, a full disk, a server that restarts, a million rows."""

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


def child(work: Callable[[], object]) -> int:
    """Run work in a process of its own and return its id."""
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


def test_kills_during_writes_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Twenty-five writers are killed somewhere in their work; what each had said was kept is there."""
    file, acked = tmp_path / "monitor.db", tmp_path / "acked"
    acked.touch()
    database = Database.open(f"sqlite:///{file}")
    database.sources.register([source()], NOW)
    database.close()
    chance = random.Random(7)

    def write(life: int) -> None:
        opened = Database.open(f"sqlite:///{file}")
        with acked.open("a") as log:
            for number in range(10_000):
                name = f"{life}-{number}"
                lease = leased(opened, now=NOW + (life * 100 + number // 100) * timedelta(days=1))
                opened.articles.commit_poll(lease, lease.poll_state, [draft(name, body="some words " * 200)], NOW)
                log.write(f"guid:{name}\n")
                log.flush()

    def written(size: int) -> bool:
        return acked.stat().st_size >= size

    for life in range(25):
        pid = child(lambda life=life: write(life))  # type: ignore[misc]  # bound now
        said = acked.stat().st_size
        enough = said + chance.randrange(1, 100)
        assert wait_until(partial(written, enough), 120, 0.001)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert check_integrity(file) == ()
    names = [line for line in acked.read_text().splitlines(keepends=True) if line.endswith("\n")]
    database = Database.open(f"sqlite:///{file}")
    keys = {name.strip() for name in names}
    assert len(keys) >= 25
    assert database.articles.known_keys("times", keys) == keys
    assert len(database.queries.search("words", limit=10**6)) == len(
        database.queries.list_articles(ArticleFilter(limit=10**6))
    )
    assert database.maintenance.check_database() == ()
    database.close()


def test_four_writers_and_a_reader_wait_for_one_another(tmp_path: Path) -> None:
    """Nobody is turned away, and the reader sees one state all the while."""
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
        beside = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
        seen = 0

        def grown(before: int) -> bool:
            return before == 500 or int(beside.execute("SELECT count(*) FROM article").fetchone()[0]) > before

        while seen < 500:
            with opened._connections.read_transaction() as connection:
                first = connection.exec_driver_sql("SELECT count(*) FROM article").scalar_one()
                assert wait_until(partial(grown, first), 120, 0.001), "somebody writes while this is read"
                texts = connection.exec_driver_sql("SELECT count(*) FROM article_text").scalar_one()
            assert first == texts
            assert first % 5 == 0
            assert first >= seen
            seen = first
        opened.close()

    pids = [child(lambda name=name: write(name)) for name in names]  # type: ignore[misc]  # bound now
    pids.append(child(read))
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * 5


def test_a_second_daemon_is_refused(tmp_path: Path) -> None:
    """With the process that is there; those who only look are welcome; a killed daemon leaves no lock."""
    url = f"sqlite:///{tmp_path}/monitor.db"
    ready = tmp_path / "ready"

    def daemon() -> None:
        held = Database.open(url, exclusive=True)
        ready.touch()
        signal.pause()
        held.close()

    pid = child(daemon)
    try:
        assert wait_until(ready.exists, 120)
        with pytest.raises(StoreInUse, match=f"process {pid}"):
            Database.open(url, exclusive=True)
        Database.open(url).close()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    Database.open(url, exclusive=True).close()


def test_a_full_disk_is_survived(tmp_path: Path) -> None:
    """Collecting rests, what was sent is noted, and with space it goes on by itself, nothing lost."""
    disk = tmp_path / "disk"
    disk.mkdir()
    own = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*own, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a disk of his own")
    script = f"mount -t tmpfs -o size=5m none {disk} && exec {sys.executable} {FULL} {disk}"
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run([*own, "sh", "-c", script], check=False, capture_output=True, text=True, env=environ)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["articles"] == told["kept"] > 20
    assert (told["rested"], told["noted"], told["reserve"], told["faults"]) == (2, True, True, [])


@pytest.mark.xdist_group("postgres")
def test_a_server_that_restarts_costs_at_most_one_attempt() -> None:
    """Connections are made anew, and nothing that was committed is lost."""
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
    """Collect what is asked of a database."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def ask_all(database: Database) -> list[tuple[str, Any]]:
    """Ask a database what the daemon and its users ask, and return the statements that this took."""
    screened(database, draft("a"))
    database.digests.commit_digest(digest("one"), [message("1")], [])
    later = NOW + timedelta(hours=1)
    with statements() as asked:
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
    assert len(asked) > 20
    return [
        (statement, parameters[0] if isinstance(parameters, list) else parameters)
        for statement, parameters in asked
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
    ]


def test_no_look_up_of_the_daemon_reads_a_whole_table(tmp_path: Path) -> None:
    """Each is led by an index, so that it costs the same at a million articles; the planner itself says so."""
    file = tmp_path / "monitor.db"
    database = Database.open(f"sqlite:///{file}")
    asked = ask_all(database)
    database.close()
    connection = sqlite3.connect(file)
    scans = []
    for statement, values in asked:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()
        tables = [(step[3], statement) for step in steps if step[3].split()[1] in CORE_METADATA.tables]
        scans += [one for one in tables if one[0].startswith("SCAN") and "INDEX" not in one[0]]
    connection.close()
    assert [scan for scan in scans if scan[0] != "SCAN source"] == []


@pytest.mark.xdist_group("postgres")
def test_no_look_up_needs_a_whole_table_on_postgres() -> None:
    """Where its planner may read no table from end to end, it finds an index for each."""
    with Postgres() as server:
        name = server.new()
        database = Database.open(server.url(name))
        asked = ask_all(database)
        database.close()
        scans = []
        with psycopg.connect(host=str(server.home), user="tester", dbname=name) as connection:
            connection.execute("SET enable_seqscan = off")
            for statement, values in asked:
                steps = connection.execute(f"EXPLAIN {statement}".encode(), values).fetchall()
                scans += [(step, statement) for (step,) in steps if "Seq Scan" in step and " on source" not in step]
        assert scans == []


@pytest.mark.xdist_group("postgres")
def test_postgres_looks_a_word_up_that_stands_nowhere() -> None:
    """It would read every text there is, for it guesses that the word stands in one of two hundred."""
    with Postgres() as server:
        name = server.new()
        database = Database.open(server.url(name))
        kept(database, draft("a"))
        with statements() as asked:
            assert database.queries.search("nowhere") == []
        database.close()
        plans = ""
        with psycopg.connect(host=str(server.home), user="tester", dbname=name) as connection:
            for statement, values in asked:
                looks = statement.startswith("SELECT")
                done = connection.execute(f"{'EXPLAIN ' * looks}{statement}".encode(), values if looks else None)
                plans += "".join(line for (line,) in done.fetchall()) if looks else ""
        assert "Bitmap Index Scan on ix_article_search" in plans
        assert "Seq Scan" not in plans

"""Workers and daemons as real processes on PostgreSQL: killed, frozen, doubled, without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.postgres import Postgres
from support.worker_cluster import Outlet, WorkerCluster, resume, stop

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Start one PostgreSQL for all tests of this module."""
    with Postgres() as postgres:
        yield postgres


def test_killed_and_frozen_workers_are_replaced(server: Postgres, tmp_path: Path) -> None:
    """Their jobs are requeued, and the late result of a frozen worker is discarded."""
    outlets = [Outlet(1, blocked_requests=1), Outlet(2, blocked_requests=1)]
    with WorkerCluster(tmp_path, server, outlets, every="1h") as cluster:
        for outlet in outlets:
            outlet.publish("a")
        frozen, killed = cluster.start_workers(2, jobs=1)
        daemon = cluster.start("run")
        cluster.wait(lambda: all(outlet.request_count == 1 for outlet in outlets))
        stop(frozen)
        killed.kill()
        cluster.start_workers(1)
        cluster.wait(lambda: cluster.articles().total() == 2)
        assert [outlet.request_count for outlet in outlets] == [2, 2]
        assert "requeued jobs of dead workers" in cluster.log(daemon)
        for outlet in outlets:
            outlet.release()
        resume(frozen)
        cluster.wait(lambda: "lease expired" in cluster.log(frozen))
        assert cluster.articles() == {"Phan Van Giang on a": 2}
        cluster.end(frozen)
        assert "Traceback" not in cluster.log(frozen)
        cluster.wait(lambda: cluster.worker_states() == {"alive": 1, "silent": 1})


def test_a_worker_of_an_older_version_ends_and_changes_nothing(server: Postgres, tmp_path: Path) -> None:
    """A worker that runs during the upgrade finishes its jobs and ends; one that starts later ends at once."""
    with WorkerCluster(tmp_path, server, [Outlet(1)], every="1h") as cluster:
        (running,) = cluster.start_workers(1)
        cluster.execute("UPDATE alembic_version SET version_num = '8888'")
        cluster.wait(lambda: running.poll() is not None)
        late = cluster.start("worker")
        cluster.wait(lambda: late.poll() is not None)
        assert (running.returncode, late.returncode) == (3, 3)
        assert "a newer monitor has upgraded the database to schema 8888" in cluster.log(running)
        assert "the database has schema 8888 of a newer monitor; install that version" in cluster.log(late)
        assert "Traceback" not in cluster.log(running) + cluster.log(late)
        assert cluster.value("SELECT version_num::int FROM alembic_version") == 8888
        assert cluster.articles().total() == 0


def test_two_daemons_enqueue_each_due_source_once(server: Postgres, tmp_path: Path) -> None:
    """There are as many jobs as polls and as requests."""
    outlets = [Outlet(number) for number in range(1, 7)]
    with WorkerCluster(tmp_path, server, outlets, every="1s") as cluster:
        for outlet in outlets:
            outlet.publish("a")
        (worker,) = cluster.start_workers(1)
        daemons = [cluster.start("run"), cluster.start("run")]
        cluster.wait(
            lambda: (
                all(outlet.request_count >= 4 for outlet in outlets)
                and cluster.reported_articles().total() >= len(outlets)
            )
        )
        assert all("collection delegated to workers" in cluster.log(daemon) for daemon in daemons)
        for daemon in daemons:
            cluster.end(daemon)
        cluster.wait(lambda: cluster.value("SELECT count(*) FROM procrastinate_jobs") == 0)
        request_count = sum(outlet.request_count for outlet in outlets)
        assert cluster.value("SELECT last_value FROM procrastinate_jobs_id_seq") == request_count
        assert cluster.value("SELECT sum((poll_state::json ->> 'polls')::int) FROM source") == request_count
        assert "lease expired" not in cluster.log(worker)
        assert set(cluster.reported_articles().values()) == {1}, "each article is reported once"
        cluster.end(worker)


def test_no_article_is_lost_when_postgresql_restarts(server: Postgres, tmp_path: Path) -> None:
    """Daemon and worker reconnect and continue."""
    outlets = [Outlet(number) for number in range(1, 4)]
    with WorkerCluster(tmp_path, server, outlets, every="1s", article="page") as cluster:
        daemon, worker = cluster.start("run"), *cluster.start_workers(1)
        for guid in ("a", "b", "c"):
            for outlet in outlets:
                outlet.publish(guid)
            if guid == "b":
                server.restart()
            if guid == "c":
                with server.down():
                    cluster.wait(
                        lambda: all("component failing" in cluster.log(process) for process in (worker, daemon))
                    )
            cluster.wait(lambda: cluster.articles().total() == len(outlets) * (ord(guid) - ord("a") + 1))  # noqa: B023 - waits here
        assert set(cluster.articles().values()) == {len(outlets)}
        read = "SELECT count(*) FROM article_text WHERE body LIKE '%thanked the engineers%'"
        cluster.wait(lambda: cluster.value(read) == cluster.articles().total())
        cluster.wait(lambda: all("component recovered" in cluster.log(process) for process in (worker, daemon)))
        cluster.wait(
            lambda: cluster.value("SELECT max((value::json ->> 'done')::int) FROM setting WHERE name ~ '^worker:'") > 0
        )
        for process in (worker, daemon):
            cluster.end(process)
        assert "Traceback" not in cluster.log(worker)


def test_a_stopped_worker_finishes_its_running_job(server: Postgres, tmp_path: Path) -> None:
    """Then the daemon collects locally."""
    outlets = [Outlet(1, blocked_requests=1)]
    with WorkerCluster(tmp_path, server, outlets, every="1s") as cluster:
        outlets[0].publish("a")
        (worker,) = cluster.start_workers(1)
        daemon = cluster.start("run")
        cluster.wait(lambda: outlets[0].request_count == 1)
        worker.terminate()
        cluster.wait(lambda: cluster.value("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == 1)
        outlets[0].release()
        assert worker.wait(120) == 0
        assert '"done": 1' in cluster.log(worker)
        assert cluster.articles().total() == 1
        outlets[0].publish("b")
        cluster.wait(lambda: cluster.articles().total() == 2)
        assert "no worker alive, collecting locally" in cluster.log(daemon)
        cluster.wait(lambda: cluster.worker_states() == {})
        cluster.end(daemon)

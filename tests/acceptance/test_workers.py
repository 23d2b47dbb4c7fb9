"""Workers beside the daemon, as real processes on a real PostgreSQL: killed, frozen, doubled, without their server.

Threats 61, 62 and 63: what a dead worker had begun is done by another, a due source is enqueued once however many
daemons there are, and a server that restarts costs no article.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.postgres import Postgres
from support.worker_cluster import Outlet, Team, go_on, stop

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """Start one PostgreSQL for all tests here."""
    with Postgres() as postgres:
        yield postgres


def test_killed_and_frozen_workers_are_replaced(server: Postgres, tmp_path: Path) -> None:
    """Others do what was begun, and what a frozen one writes when it awakes is dropped."""
    outlets = [Outlet(1, held=1), Outlet(2, held=1)]
    with Team(tmp_path, server, outlets, every="1h") as team:
        for outlet in outlets:
            outlet.publish("a")
        frozen, killed = team.workers(2, jobs=1)
        daemon = team.start("run")
        team.wait(lambda: all(outlet.asked == 1 for outlet in outlets))
        stop(frozen)
        killed.kill()
        team.workers(1)
        team.wait(lambda: team.articles().total() == 2)
        assert [outlet.asked for outlet in outlets] == [2, 2]
        assert "requeued jobs of dead workers" in team.log(daemon)
        for outlet in outlets:
            outlet.let_go()
        go_on(frozen)
        team.wait(lambda: "lease expired" in team.log(frozen))
        assert team.articles() == {"Phan Van Giang on a": 2}
        team.end(frozen)
        assert "Traceback" not in team.log(frozen)
        team.wait(lambda: team.crew() == {"alive": 1, "silent": 1})


def test_two_daemons_enqueue_once(server: Postgres, tmp_path: Path) -> None:
    """As many jobs as due times as polls as requests, whoever looks when."""
    outlets = [Outlet(number) for number in range(1, 7)]
    with Team(tmp_path, server, outlets, every="1s") as team:
        for outlet in outlets:
            outlet.publish("a")
        (worker,) = team.workers(1)
        daemons = [team.start("run"), team.start("run")]
        team.wait(lambda: all(outlet.asked >= 4 for outlet in outlets) and team.told().total() >= len(outlets))
        assert all("collection delegated to workers" in team.log(daemon) for daemon in daemons)
        for daemon in daemons:
            team.end(daemon)
        team.wait(lambda: team.value("SELECT count(*) FROM procrastinate_jobs") == 0)
        asked = sum(outlet.asked for outlet in outlets)
        assert team.value("SELECT last_value FROM procrastinate_jobs_id_seq") == asked
        assert team.value("SELECT sum((memory::json ->> 'polls')::int) FROM source") == asked
        assert "lease expired" not in team.log(worker)
        assert set(team.told().values()) == {1}, "nor is anything told twice"
        team.end(worker)


def test_a_server_that_restarts_costs_no_article(server: Postgres, tmp_path: Path) -> None:
    """Daemon and worker find it again by themselves, and go on where they were."""
    outlets = [Outlet(number) for number in range(1, 4)]
    with Team(tmp_path, server, outlets, every="1s", article="full") as team:
        daemon, worker = team.start("run"), *team.workers(1)
        for guid in ("a", "b", "c"):
            for outlet in outlets:
                outlet.publish(guid)
            if guid == "b":
                server.restart()
            if guid == "c":
                with server.down():
                    team.wait(lambda: all("component failing" in team.log(process) for process in (worker, daemon)))
            team.wait(lambda: team.articles().total() == len(outlets) * (ord(guid) - ord("a") + 1))  # noqa: B023 - waits here
        assert set(team.articles().values()) == {len(outlets)}
        read = "SELECT count(*) FROM content WHERE body LIKE '%thanked the engineers%'"
        team.wait(lambda: team.value(read) == team.articles().total())
        team.wait(lambda: all("component recovered" in team.log(process) for process in (worker, daemon)))
        team.wait(lambda: team.value("SELECT max((value::json ->> 'done')::int) FROM meta WHERE name ~ '^worker:'") > 0)
        for process in (worker, daemon):
            team.end(process)
        assert "Traceback" not in team.log(worker)


def test_a_worker_told_to_stop_ends_what_it_has_begun(server: Postgres, tmp_path: Path) -> None:
    """As the daemon does; and then the daemon collects by itself."""
    outlets = [Outlet(1, held=1)]
    with Team(tmp_path, server, outlets, every="1s") as team:
        outlets[0].publish("a")
        (worker,) = team.workers(1)
        daemon = team.start("run")
        team.wait(lambda: outlets[0].asked == 1)
        worker.terminate()
        team.wait(lambda: team.value("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == 1)
        outlets[0].let_go()
        assert worker.wait(120) == 0
        assert '"done": 1' in team.log(worker)
        assert team.articles().total() == 1
        outlets[0].publish("b")
        team.wait(lambda: team.articles().total() == 2)
        assert "no worker alive, collecting locally" in team.log(daemon)
        team.wait(lambda: team.crew() == {})
        team.end(daemon)

"""The real daemon: edits of its file, restarts, secrets, systemd, logs."""

import contextlib
import json
import signal
import socket
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.daemon_process import Monitor
from support.hostile_server import HostileServers
from support.wait import wait_until

CANARY = "c4nary/With+signs"
FEED = "  {name}: {{feed: '{url}/feed/{name}', poll_interval: 1s, text_from: feed}}\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configuration(servers: HostileServers, port: int, *names: str) -> str:
    return (
        f"settings:\n  allowed_networks: [127.0.0.0/8]\n  probe_address: 127.0.0.1:{port}\n  operator: [outbox]\n"
        "sources:\n" + "".join(FEED.format(name=name, url=servers.url) for name in names) + "officials:\n"
        "  giang: {name: Phan Văn Giang, country: Vietnam}\nrules:\n  people: {officials: all}\n"
        "channels:\n  desk: {email: {to: a@b.example, from: c@d.example, server: 'smtps://u:${MAIL}@127.0.0.1:9'}}\n"
        "digests:\n  now: {rules: people, at: immediately, channels: [desk, outbox]}\n"
    )


def get(port: int, page: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


@pytest.fixture
def servers() -> Iterator[HostileServers]:
    with HostileServers() as servers:
        yield servers


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def monitor(servers: HostileServers, port: int, tmp_path: Path) -> Iterator[Monitor]:
    monitor = Monitor(tmp_path, configuration(servers, port, "one", "two"))
    monitor.environ["MAIL"] = CANARY
    yield monitor
    if monitor.process and monitor.process.poll() is None:
        monitor.kill()


def has_logged(monitor: Monitor, words: str) -> bool:
    return words in monitor.log.read_text(encoding="utf-8", errors="replace")


def save(monitor: Monitor, text: str) -> None:
    other = monitor.folder / ".sources.yaml.new"
    other.write_text(text, encoding="utf-8")
    other.replace(monitor.folder / "sources.yaml")


def test_valid_edits_are_applied_and_invalid_ones_reported(
    monitor: Monitor, servers: HostileServers, port: int
) -> None:
    """A valid edit is used without a restart; an invalid one is reported once with its line, even after a restart."""
    monitor.start()
    assert wait_until(lambda: get(port, "/readyz")[0] == 200, 120)
    assert wait_until(lambda: servers.state.requests["one"] > 0, 120)
    save(monitor, configuration(servers, port, "one", "two", "three"))
    assert wait_until(lambda: servers.state.requests["three"] > 0, 120)
    assert 'monitor_sources{state="ok"}' in get(port, "/metrics")[1]
    save(monitor, "sources:\n  one: [\n")
    assert wait_until(lambda: has_logged(monitor, "sources.yaml:3:1: this cannot be read as YAML"), 120)
    assert "monitor_config_reload_success 0.0" in get(port, "/metrics")[1]
    before = servers.state.requests["three"]
    assert wait_until(lambda: servers.state.requests["three"] > before, 120)
    servers.publish("one", "g9", "Phan Van Giang leaves", "Minister Phan Văn Giang left Vientiane.")
    assert wait_until(lambda: "sources.yaml:3:1" in digests(monitor), 120)
    assert "! The configuration is rejected" in monitor.call("status")
    status = json.loads(monitor.call("status", "--json"))
    assert (status["healthy"], status["daemon"]["state"]) == (False, "running")
    assert status["config"]["errors"][0].startswith("sources.yaml:")
    monitor.kill()
    monitor.start()
    before = servers.state.requests["three"]
    assert wait_until(lambda: servers.state.requests["three"] > before, 120)
    assert monitor.log.read_text(encoding="utf-8").count("configuration rejected") == 1
    monitor.stop()
    assert json.loads(monitor.call("status", "--json"))["daemon"]["state"] == "stopped"


def test_a_channel_that_cannot_work_is_a_problem_of_the_channel(
    monitor: Monitor, servers: HostileServers, port: int
) -> None:
    """The daemon starts and serves the other channels; log and status name the channel; hits and sends are logged."""
    broken = configuration(servers, port, "one").replace("digests:", "  chat: {chat: 'slak://token-a'}\ndigests:")
    save(monitor, broken.replace("[desk, outbox]", "[chat, outbox]"))
    monitor.start()
    assert wait_until(lambda: servers.state.requests["one"] > 0, 120)
    servers.publish("one", "g9", "Phan Van Giang leaves", "Minister Phan Văn Giang left Vientiane.")
    assert wait_until(lambda: "Phan Van Giang leaves" in digests(monitor), 120)
    assert wait_until(lambda: has_logged(monitor, '"not sent, will be tried again"'), 120)
    monitor.stop()
    lines = [json.loads(line) for line in monitor.log.read_text(encoding="utf-8").splitlines()]
    by_event = {line["event"]: line for line in lines}
    assert (by_event["channel unusable"]["channel"], by_event["sent"]["channel"]) == ("chat", "outbox")
    assert (by_event["found"]["officials"], by_event["found"]["source"]) == (["giang"], "one")
    assert "Apprise" in by_event["not sent, will be tried again"]["reason"]
    assert not has_logged(monitor, "token-a")
    assert "polled" not in by_event
    assert "sources.yaml" in monitor.call("check", code=1)


def test_removal_of_most_sources_needs_confirmation(monitor: Monitor, servers: HostileServers, port: int) -> None:
    """If three of four sources are removed, the edit is reported, and applied after `monitor check --accept`."""
    save(monitor, configuration(servers, port, "one", "two", "three", "four"))
    monitor.start()
    assert wait_until(lambda: servers.state.requests["four"] > 0, 120)
    save(monitor, configuration(servers, port, "one"))
    assert wait_until(lambda: has_logged(monitor, "more than half of the sources are removed (two, three, four)"), 120)
    before = servers.state.requests["four"]
    assert wait_until(lambda: servers.state.requests["four"] > before, 120)
    assert "is confirmed" in monitor.call("check", "--accept")
    assert wait_until(lambda: has_logged(monitor, "in use now: 1 source,"), 120)
    monitor.stop()


def digests(monitor: Monitor) -> str:
    """Return the text of all digests in the outbox folder."""
    return "".join(path.read_text(encoding="utf-8") for path in (monitor.folder / "outbox").glob("*.json"))


def attempts(monitor: Monitor) -> int:
    """Count in the database how often delivery was tried."""
    with contextlib.suppress(sqlite3.OperationalError), sqlite3.connect(monitor.folder / "monitor.db") as database:
        return int(database.execute("SELECT coalesce(sum(attempts), 0) FROM delivery").fetchone()[0])
    return 0


def test_no_output_shows_a_secret(monitor: Monitor, servers: HostileServers, port: int) -> None:
    """A canary password is in no log, status, metric, error, digest or listing, though it is used at every attempt."""
    servers.publish("one", "g1", "Phan Van Giang visits", "Minister Phan Văn Giang came to Vientiane.")
    monitor.start()
    assert wait_until(lambda: attempts(monitor) > 0, 120)
    pages = "".join(get(port, page)[1] for page in ("/livez", "/readyz", "/metrics"))
    shown = [monitor.call("check"), monitor.call("status"), monitor.call("status", "--json"), monitor.call("hits")]
    save(monitor, configuration(servers, port, "one").replace("smtps://", "smtpx://"))
    assert wait_until(lambda: has_logged(monitor, "smtpx"), 120)
    shown.append(monitor.call("check", code=1))
    monitor.kill()
    text = "".join([*shown, pages, monitor.log.read_text(encoding="utf-8")])
    for face in (CANARY, "c4nary", "c4nary%2FWith%2Bsigns"):
        assert face not in text


def test_a_second_daemon_and_a_missing_file_are_rejected(monitor: Monitor, port: int) -> None:
    """A second daemon on the same database ends with 3, a missing file with 1."""
    monitor.start()
    assert wait_until(lambda: get(port, "/readyz")[0] == 200, 120)
    monitor.call("run", code=3)
    monitor.stop()
    monitor.call("run", "--config", "nowhere.yaml", code=1)
    assert not (monitor.folder / "nowhere.db").exists()


def test_systemd_is_notified(monitor: Monitor, tmp_path: Path) -> None:
    """READY at start, WATCHDOG while it runs, STOPPING at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(120)
        monitor.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        monitor.start()
        words: list[str] = []
        while not {"READY=1", "WATCHDOG=1"} <= set(words):
            words.append(listener.recv(4096).decode())
        monitor.stop()
        while "STOPPING=1" not in words:
            words.append(listener.recv(4096).decode())
    assert words.index("READY=1") < words.index("STOPPING=1")
    assert "STATUS=running" in words


@pytest.fixture
def stalling(monitor: Monitor, servers: HostileServers, port: int) -> Monitor:
    """Make a daemon that pings a heartbeat five times a second and can be made to hang."""
    text = configuration(servers, port, "one").replace(
        "  probe_address:", f"  heartbeat_url: {servers.url}/alive\n  probe_address:"
    )
    save(monitor, text)
    monitor.launcher = (str(Path(__file__).parents[1] / "support" / "run_with_stalled_loop.py"),)
    return monitor


def test_a_blocked_event_loop_stops_the_watchdog_pings(
    stalling: Monitor, servers: HostileServers, port: int, tmp_path: Path
) -> None:
    """While the event loop is blocked, systemd and the heartbeat URL get no ping; a restart works."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        stalling.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        received: list[bytes] = []

        def fed() -> int:
            with contextlib.suppress(BlockingIOError):
                while True:
                    received.append(listener.recv(4096))
            return received.count(b"WATCHDOG=1")

        stalling.start()
        assert wait_until(lambda: fed() > 1 and servers.state.requests["alive"] > 1, 120)
        assert stalling.process
        stalling.process.send_signal(signal.SIGUSR1)
        assert wait_until((tmp_path / "loop_blocked").exists, 120)
        before, alive = fed(), servers.state.requests["alive"]
        assert wait_until((tmp_path / "loop_blocked_long").exists, 120)
        assert fed() == before
        assert servers.state.requests["alive"] <= alive + 1, "one request may have been in progress"
        stalling.kill()
        stalling.start()
        assert wait_until(lambda: fed() > before, 120)
        stalling.stop()


def test_a_stalled_poll_job_is_reported(stalling: Monitor, servers: HostileServers, port: int) -> None:
    """If the daemon runs but polls nothing, /readyz names the job and the heartbeat URL gets failure pings only."""
    stalling.start()
    assert wait_until(lambda: servers.state.requests["alive"] > 1, 120)
    assert stalling.process
    stalling.process.send_signal(signal.SIGUSR2)
    alive, failures = 0, 0

    def only_failures() -> bool:
        """Return whether the last ten pings were failures."""
        nonlocal alive, failures
        if servers.state.requests["alive"] > alive:
            alive, failures = servers.state.requests["alive"], servers.state.requests["fail"]
        return servers.state.requests["fail"] >= failures + 10

    assert wait_until(only_failures, 120)
    assert get(port, "/livez")[0] == 200
    assert "poll: no progress" in get(port, "/readyz")[1]
    stalling.kill()


def test_a_piped_log_is_json(monitor: Monitor, servers: HostileServers, port: int) -> None:
    """Each line is one JSON document; a failing source is logged once, and its recovery."""
    dead = free_port()
    save(
        monitor, configuration(servers, port, "one").replace(f"{servers.url}/feed/one", f"http://127.0.0.1:{dead}/feed")
    )
    monitor.start()
    assert wait_until(lambda: get(port, "/readyz")[0] == 200, 120)
    assert wait_until(lambda: has_logged(monitor, "source failing"), 120)
    save(monitor, configuration(servers, port, "one"))
    assert wait_until(lambda: has_logged(monitor, "source recovered"), 120)
    monitor.stop()
    assert monitor.log.read_text(encoding="utf-8").count("source failing") == 1
    records = [json.loads(line) for line in monitor.log.read_text(encoding="utf-8").splitlines()]
    assert {"started", "stopped"} <= {record["event"] for record in records}

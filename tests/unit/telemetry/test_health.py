"""Health follows progress: probes, watchdog and heartbeat say the same."""

import asyncio
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from monitor.domain.configuration import Settings
from monitor.domain.fetch_result import Failed, Fetched, FetchRequest, FetchResult
from monitor.domain.secret import Secret
from monitor.telemetry.health import EVENT_LOOP, SD_READY, Liveness, SystemdNotifier, Watchdog, ping_heartbeat
from monitor.telemetry.metrics import Metrics
from monitor.telemetry.probes import ProbeServer

LIMITS = {EVENT_LOOP: 5.0, "poll": 3.0, "database": 10.0}


def beating(now: float) -> Liveness:
    pulse = Liveness(LIMITS, 0.0)
    for part in LIMITS:
        pulse.beat(part, now)
    return pulse


def test_all_parts_beat_and_all_is_well() -> None:
    """While every part makes progress the daemon is live and ready."""
    health = beating(100.0).health(102.0)
    assert (health.is_live, health.is_ready, health.problems) == (True, True, ())


def test_a_silent_part_is_named() -> None:
    """A tick that did not run for three periods makes the daemon not ready, and says so; the process still lives."""
    pulse = beating(100.0)
    pulse.beat(EVENT_LOOP, 104.0)
    health = pulse.health(104.0)
    assert (health.is_live, health.is_ready) == (True, False)
    assert health.problems == ("poll: no progress for 4 s",)
    assert pulse.is_stalled(104.0)


def test_a_blocked_loop_is_not_live() -> None:
    """When the loop itself is silent the process is to be restarted."""
    assert not beating(100.0).health(106.0).is_live


def test_a_part_that_never_beat_is_silent_since_the_start() -> None:
    """A job that was never begun cannot pass for healthy."""
    pulse = Liveness(LIMITS, 50.0)
    assert pulse.health(51.0).is_ready
    assert not pulse.health(54.0).is_ready
    with pytest.raises(KeyError):
        pulse.beat("unheard of", 51.0)


def test_a_known_trouble_is_reported_and_no_reason_to_restart() -> None:
    """A full disk makes the daemon not ready, but a restart would not help; when it is over, all is well again."""
    pulse = beating(100.0)
    pulse.set_problem("disk", "full, polling is paused")
    assert pulse.health(101.0).problems == ("disk: full, polling is paused",)
    assert not pulse.is_stalled(101.0)
    pulse.set_problem("disk", "")
    assert pulse.health(101.0).is_ready


def test_beats_may_come_out_of_order() -> None:
    """An older beat never hides a newer one."""
    pulse = beating(100.0)
    pulse.beat("poll", 90.0)
    assert pulse.health(102.0).is_ready


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)
        yield listener


def heard(listener: socket.socket) -> list[str]:
    words = []
    while True:
        try:
            words.append(listener.recv(4096).decode())
        except BlockingIOError:
            return words


def test_systemd_is_told(tmp_path: Path) -> None:
    """READY and one-line status arrive at the socket that systemd names; without systemd nothing happens."""
    with listening(tmp_path / "notify") as listener:
        notifier = SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert notifier.notify(SD_READY)
        assert notifier.set_status("two\nlines")
        assert heard(listener) == ["READY=1", "STATUS=two lines"]
    assert not notifier.notify(SD_READY)
    assert not SystemdNotifier({}).notify(SD_READY)


def test_watchdog_is_fed_only_by_progress(tmp_path: Path) -> None:
    """The dog is fed while all parts beat, and starves when one is silent, although the loop still runs."""
    with listening(tmp_path / "notify") as listener:
        pulse, metrics = beating(0.0), Metrics("1")
        guardian = Watchdog(pulse, SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}), metrics)
        guardian.tick(1.0)
        assert heard(listener) == ["WATCHDOG=1", "STATUS=running"]
        guardian.tick(4.5)
        assert heard(listener) == ["STATUS=poll: no progress for 4 s"]
        pulse.beat("poll", 5.0)
        guardian.tick(5.5)
        assert heard(listener) == ["WATCHDOG=1", "STATUS=running"]
    assert b"monitor_event_loop_lag_seconds 0.0" in metrics.render()


def test_loop_lag_is_measured() -> None:
    """A beat that comes late shows by how much."""
    metrics = Metrics("1")
    guardian = Watchdog(beating(0.0), SystemdNotifier({}), metrics)
    guardian.tick(1.0)
    guardian.tick(2.5)
    assert b"monitor_event_loop_lag_seconds 0.5" in metrics.render()


class FakeFetcher:
    """Gives one outcome, and remembers what was asked for."""

    def __init__(self, outcome: FetchResult) -> None:
        self.outcome, self.urls = outcome, list[str]()

    async def fetch(self, request: FetchRequest) -> FetchResult:
        self.urls.append(request.url)
        return self.outcome


def test_heartbeat_tells_well_from_unwell() -> None:
    """The ping goes to the URL while all is well, to its /fail otherwise, and its own failure raises nothing."""
    url = Secret("https://hc.example/abc")
    fetcher = FakeFetcher(Fetched(url.reveal(), 200, (), b"OK"))
    assert asyncio.run(ping_heartbeat(fetcher, url, beating(0.0), 1.0))
    assert asyncio.run(ping_heartbeat(fetcher, url, beating(0.0), 4.0))
    assert fetcher.urls == ["https://hc.example/abc", "https://hc.example/abc/fail"]
    assert not asyncio.run(ping_heartbeat(FakeFetcher(Failed("down")), url, beating(0.0), 1.0))


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_probes_stand_on_loopback_unless_told_otherwise() -> None:
    """Who says nothing shows nobody anything."""
    address, _port = Settings(Secret("sqlite://")).probe_address or ("", 0)
    assert ip_address(address).is_loopback


def test_probes_answer_on_loopback() -> None:
    """Probes tell parts and numbers; anything else is not found; the port is that of this machine alone."""
    pulse, now = beating(0.0), [1.0]
    probes = ProbeServer("127.0.0.1", 0, lambda: pulse.health(now[0]), Metrics("1"))
    try:
        assert get(probes.port, "/livez") == (200, "ok\n")
        assert get(probes.port, "/readyz?verbose") == (200, "ok\n")
        assert get(probes.port, "/metrics")[1].startswith("# HELP")
        now[0] = 4.0
        assert get(probes.port, "/livez")[0] == 200
        assert get(probes.port, "/readyz") == (503, "not well\npoll: no progress for 4 s\n")
        now[0] = 6.0
        assert get(probes.port, "/livez")[0] == 503
        assert get(probes.port, "/etc/passwd")[0] == 404
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", probes.port), 5)
    finally:
        probes.close()
    with pytest.raises(urllib.error.URLError):
        get(probes.port, "/livez")

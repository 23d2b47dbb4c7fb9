"""Health: probes, watchdog and heartbeat ping agree, and depend on progress."""

import asyncio
import contextlib
import socket
import threading
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
from monitor.telemetry.probes import MAX_CONNECTIONS, ProbeServer

LIMITS = {EVENT_LOOP: 5.0, "poll": 3.0, "database": 10.0}


def beating(now: float) -> Liveness:
    liveness = Liveness(LIMITS, 0.0)
    for part in LIMITS:
        liveness.beat(part, now)
    return liveness


def test_daemon_is_live_and_ready_while_all_components_have_heartbeats() -> None:
    """It is healthy as long as every component makes progress."""
    health = beating(100.0).health(102.0)
    assert (health.is_live, health.is_ready, health.problems) == (True, True, ())


def test_a_silent_component_is_reported() -> None:
    """A component silent for three periods makes the daemon not ready, but the process is still live."""
    liveness = beating(100.0)
    liveness.beat(EVENT_LOOP, 104.0)
    health = liveness.health(104.0)
    assert (health.is_live, health.is_ready) == (True, False)
    assert health.problems == ("poll: no progress for 4 s",)
    assert liveness.is_stalled(104.0)


def test_a_blocked_event_loop_is_not_live() -> None:
    """If the loop itself is silent, the process must be restarted."""
    assert not beating(100.0).health(106.0).is_live


def test_a_component_without_heartbeat_is_silent_since_the_start() -> None:
    """A job that never started is not healthy."""
    liveness = Liveness(LIMITS, 50.0)
    assert liveness.health(51.0).is_ready
    assert not liveness.health(54.0).is_ready
    with pytest.raises(KeyError):
        liveness.beat("unknown", 51.0)


def test_a_known_problem_is_reported_without_a_restart() -> None:
    """A full disk makes the daemon not ready, but a restart would not help; clearing it makes the daemon ready."""
    liveness = beating(100.0)
    liveness.set_problem("disk", "full, polling is paused")
    assert liveness.health(101.0).problems == ("disk: full, polling is paused",)
    assert not liveness.is_stalled(101.0)
    liveness.set_problem("disk", "")
    assert liveness.health(101.0).is_ready


def test_heartbeats_may_arrive_out_of_order() -> None:
    """An older heartbeat never replaces a newer one."""
    liveness = beating(100.0)
    liveness.beat("poll", 90.0)
    assert liveness.health(102.0).is_ready


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.setblocking(False)
        yield listener


def receive_all(listener: socket.socket) -> list[str]:
    words = []
    while True:
        try:
            words.append(listener.recv(4096).decode())
        except BlockingIOError:
            return words


def test_systemd_is_notified(tmp_path: Path) -> None:
    """READY and the one-line status arrive at the socket that systemd names; without systemd nothing is sent."""
    with listening(tmp_path / "notify") as listener:
        notifier = SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert notifier.notify(SD_READY)
        assert notifier.set_status("two\nlines")
        assert receive_all(listener) == ["READY=1", "STATUS=two lines"]
    assert not notifier.notify(SD_READY)
    assert not SystemdNotifier({}).notify(SD_READY)


def test_watchdog_is_notified_only_while_components_make_progress(tmp_path: Path) -> None:
    """It is not notified while a component is silent, although the loop still runs."""
    with listening(tmp_path / "notify") as listener:
        pulse, metrics = beating(0.0), Metrics("1")
        guardian = Watchdog(pulse, SystemdNotifier({"NOTIFY_SOCKET": str(tmp_path / "notify")}), metrics)
        guardian.tick(1.0)
        assert receive_all(listener) == ["WATCHDOG=1", "STATUS=running"]
        guardian.tick(4.5)
        assert receive_all(listener) == ["STATUS=poll: no progress for 4 s"]
        pulse.beat("poll", 5.0)
        guardian.tick(5.5)
        assert receive_all(listener) == ["WATCHDOG=1", "STATUS=running"]
    assert b"monitor_event_loop_lag_seconds 0.0" in metrics.render()


def test_event_loop_lag_is_measured() -> None:
    """The metric has the delay of a late tick."""
    metrics = Metrics("1")
    watchdog = Watchdog(beating(0.0), SystemdNotifier({}), metrics)
    watchdog.tick(1.0)
    watchdog.tick(2.5)
    assert b"monitor_event_loop_lag_seconds 0.5" in metrics.render()


class FakeFetcher:
    """Fetcher that returns one result and records the requested URLs."""

    def __init__(self, result: FetchResult) -> None:
        self.result, self.urls = result, list[str]()

    async def fetch(self, request: FetchRequest) -> FetchResult:
        self.urls.append(request.url)
        return self.result


def test_heartbeat_ping_reports_healthy_and_unhealthy() -> None:
    """The URL is requested while the daemon is healthy, else its /fail; a failed ping raises nothing."""
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


def test_probes_are_on_loopback_by_default() -> None:
    """Without a setting they are not reachable from other machines."""
    address, _port = Settings(Secret("sqlite://")).probe_address or ("", 0)
    assert ip_address(address).is_loopback


def test_probes_respond_on_loopback() -> None:
    """They return component names and numbers; other paths are not found, and other addresses refuse connections."""
    liveness, now = beating(0.0), [1.0]
    probes = ProbeServer("127.0.0.1", 0, lambda: liveness.health(now[0]), Metrics("1"))
    try:
        assert get(probes.port, "/livez") == (200, "ok\n")
        assert get(probes.port, "/readyz?verbose") == (200, "ok\n")
        assert get(probes.port, "/metrics")[1].startswith("# HELP")
        now[0] = 4.0
        assert get(probes.port, "/livez")[0] == 200
        assert get(probes.port, "/readyz") == (503, "unhealthy\npoll: no progress for 4 s\n")
        now[0] = 6.0
        assert get(probes.port, "/livez")[0] == 503
        assert get(probes.port, "/etc/passwd")[0] == 404
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", probes.port), 5)
    finally:
        probes.close()
    with pytest.raises(urllib.error.URLError):
        get(probes.port, "/livez")


def open_slow_client(port: int) -> socket.socket:
    """Connect and send the beginning of a request only."""
    client = socket.create_connection(("127.0.0.1", port), 30)
    client.sendall(b"GET /livez HTTP/1.1\r\nX-Slow: ")
    return client


def drip(client: socket.socket) -> None:
    """Send a byte again and again, for far longer than any deadline."""
    for _ in range(10_000):
        client.sendall(b"x")
        with contextlib.suppress(TimeoutError):
            client.recv(1)


def test_slow_clients_hold_few_threads_and_probes_are_still_answered() -> None:
    """The oldest of too many connections is ended in favour of a new one, so an orchestrator gets its answer."""
    probes = ProbeServer("127.0.0.1", 0, lambda: beating(0.0).health(1.0), Metrics("1"), request_deadline_seconds=600)
    before = threading.active_count()
    clients = []
    try:
        for _ in range(2 * MAX_CONNECTIONS):
            clients.append(open_slow_client(probes.port))
            assert threading.active_count() <= before + MAX_CONNECTIONS
        assert get(probes.port, "/livez") == (200, "ok\n")
        assert threading.active_count() <= before + MAX_CONNECTIONS
        assert clients[0].recv(1) == b""
    finally:
        for client in clients:
            client.close()
        probes.close()


def test_a_request_ends_at_its_total_deadline() -> None:
    """A client that sends a byte again and again is ended, although each byte arrives in time."""
    probes = ProbeServer("127.0.0.1", 0, lambda: beating(0.0).health(1.0), Metrics("1"), request_deadline_seconds=0.2)
    client = open_slow_client(probes.port)
    client.settimeout(0.05)
    try:
        with pytest.raises(OSError, match=r"reset|pipe"):
            drip(client)
    finally:
        client.close()
        probes.close()

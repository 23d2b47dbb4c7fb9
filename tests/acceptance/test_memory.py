"""Memory of the daemon over many fetches: it does not grow."""

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from acceptance.test_chaos import story
from support.daemon_process import Monitor
from support.hostile_server import HostileServers
from support.wait import wait_until

PAGE = 4096
REPORTS = 10
MEMORY_REPORT = Path(__file__).parents[1] / "support" / "run_with_memory_report.py"


def configuration(servers: HostileServers, feeds: int) -> str:
    sources = "".join(
        f"  feed-{n}: {{feed: '{servers.urls[n % len(servers.urls)]}/feed/{n}', poll_interval: 1s}}\n"
        for n in range(feeds)
    )
    return (
        f"settings: {{allowed_networks: [127.0.0.0/8], probe_address: off}}\nsources:\n{sources}"
        "officials:\n  giang: {name: Phan Văn Giang, country: Vietnam}\nrules:\n  people: {officials: all}\n"
        "digests:\n  now: {rules: people, at: immediately, channels: [outbox]}\n"
    )


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE


def slope(points: Sequence[tuple[int, int]]) -> float:
    """Return the least-squares slope in bytes per fetch."""
    middle = sum(fetches for fetches, _ in points) / len(points)
    height = sum(size for _, size in points) / len(points)
    across = sum((fetches - middle) ** 2 for fetches, _ in points)
    return sum((fetches - middle) * (size - height) for fetches, size in points) / across


def publish(servers: HostileServers, dice: Random, feeds: int, number: int) -> None:
    """Add one article to a random feed."""
    title, text = story(dice, number)
    servers.publish(str(dice.randrange(feeds)), f"a{number}", title, text)


def allocated_bytes(monitor: Monitor) -> int:
    """Return the bytes that the daemon has allocated: the minimum of ten reports, without running tasks."""
    file, reports = monitor.folder / "allocated_bytes", list[int]()
    assert monitor.process
    for _ in range(REPORTS):
        file.unlink(missing_ok=True)
        monitor.process.send_signal(signal.SIGUSR1)
        assert wait_until(file.exists, 120)
        reports.append(int(file.read_text(encoding="ascii")))
    return min(reports)


def test_allocated_memory_does_not_grow_with_fetches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The daemon allocates less than 500 bytes per fetch.

    One response in fifty is late, broken or wrong. All articles are published before, because caches of articles
    fill over days. Allocated bytes are counted instead of memory pages, to show small leaks after few fetches.
    """
    feeds, warm, last = 300, 1_500, 3_500
    dice = Random(3)
    with HostileServers(20) as servers:
        servers.state.feeds |= {str(n): [] for n in range(feeds)}
        servers.state.fault_rate, servers.state.hang_seconds = 0.02, 1.0
        for number in range(50):
            publish(servers, dice, feeds, number)
        monitor = Monitor(tmp_path, configuration(servers, feeds))
        monitor.launcher = (str(MEMORY_REPORT),)
        monitor.environ["PYTHONMALLOC"] = "malloc"
        monitor.start()
        points = []
        for mark in (warm, last):
            assert wait_until(lambda mark=mark: servers.state.requests.total() >= mark, 600)  # type: ignore[misc]  # bound now
            points.append((servers.state.requests.total(), allocated_bytes(monitor)))
        monitor.stop()
    (fewer, before), (more, after) = points
    bytes_per_fetch = (after - before) / (more - fewer)
    with capsys.disabled():
        sys.stdout.write(f"\n{before / 2**20:.1f} MB after {fewer}, {after / 2**20:.1f} MB after {more} fetches\n")
    assert bytes_per_fetch < 500


@pytest.mark.soak
def test_resident_memory_does_not_grow_over_100_000_fetches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After the first 10,000 fetches resident memory grows by less than 1.5 MB per 10,000, with new articles.

    One response in fifty is late, broken or wrong.
    """
    feeds, warm, last = 1_000, 10_000, 100_000
    dice, points, published = Random(3), list[tuple[int, int]](), 0
    with HostileServers(20) as servers:
        servers.state.feeds |= {str(n): [] for n in range(feeds)}
        servers.state.fault_rate, servers.state.hang_seconds = 0.02, 1.0
        monitor = Monitor(tmp_path, configuration(servers, feeds))
        monitor.start()
        assert monitor.process
        fetches = 0
        while fetches < last:
            before = fetches
            assert wait_until(lambda before=before: servers.state.requests.total() >= before + last // 100, 600)  # type: ignore[misc]  # bound now
            fetches = servers.state.requests.total()
            published += 1
            publish(servers, dice, feeds, published)
            if fetches > warm:
                points.append((fetches, resident(monitor.process.pid)))
        monitor.stop()
    growth = slope(points) * 10_000 / 2**20
    with capsys.disabled():
        sizes = f"{points[0][1] / 2**20:.1f} MB after {points[0][0]}, {points[-1][1] / 2**20:.1f} MB after {fetches}"
        sys.stdout.write(f"\n{sizes} fetches; slope {growth:+.2f} MB in 10,000 fetches\n")
    assert growth < 1.5

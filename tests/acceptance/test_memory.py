"""The daemon's memory over many fetches: it finds its size, and keeps it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from acceptance.test_chaos import story
from support.daemon_process import Monitor
from support.hostile_server import World
from support.wait import wait_until

PAGE = 4096
FEEDS = 1_000  # each is polled every other second, so 10^5 fetches take a few minutes


def configuration(world: World) -> str:
    sources = "".join(
        f"  feed-{n}: {{feed: '{world.urls[n % len(world.urls)]}/feed/{n}', every: 1s}}\n" for n in range(FEEDS)
    )
    return (
        f"settings: {{allow_networks: [127.0.0.0/8], probes: off}}\nsources:\n{sources}"
        "officials:\n  giang: {name: Phan Văn Giang, country: Vietnam}\nrules:\n  people: {officials: all}\n"
        "digests:\n  now: {rules: people, at: once, to: [outbox]}\n"
    )


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE


def slope(points: Sequence[tuple[int, int]]) -> float:
    """Fit a line by least squares: bytes a fetch."""
    middle = sum(fetches for fetches, _ in points) / len(points)
    height = sum(size for _, size in points) / len(points)
    across = sum((fetches - middle) ** 2 for fetches, _ in points)
    return sum((fetches - middle) * (size - height) for fetches, size in points) / across


def test_row_70_memory_does_not_grow_with_the_fetches(
    tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the first thousands of fetches, with news among them, memory stays what it is; with --soak over 10^5.

    One answer in fifty is late, broken or false. The short run has its news before, for caches of articles fill over
    days; it shows what is held of every fetch: half a kilobyte would be too much.
    """
    soak = request.config.getoption("--soak")
    warm, last, most = (10_000, 100_000, 1.5) if soak else (5_000, 15_000, 5.0)
    dice, points, published = Random(3), list[tuple[int, int]](), 0
    with World(20) as world:
        world.state.feeds |= {str(n): [] for n in range(FEEDS)}
        world.state.fault_rate, world.state.patience = 0.02, 1.0
        monitor = Monitor(tmp_path, configuration(world))
        monitor.start()
        assert monitor.process
        fetches = 0
        while fetches < last:
            before = fetches
            assert wait_until(lambda before=before: world.state.requests.total() >= before + last // 100, 120)  # type: ignore[misc]  # bound now
            fetches = world.state.requests.total()
            if soak or fetches < warm * 0.8:
                published += 1
                title, text = story(dice, published)
                world.publish(str(dice.randrange(FEEDS)), f"a{published}", title, text)
            if fetches > warm:
                points.append((fetches, resident(monitor.process.pid)))
        monitor.stop()
    growth = slope(points) * 10_000 / 2**20
    with capsys.disabled():
        held = f"{points[0][1] / 2**20:.1f} MB after {points[0][0]}, {points[-1][1] / 2**20:.1f} MB after {fetches}"
        sys.stdout.write(f"\n{held} fetches; slope {growth:+.2f} MB in 10,000 fetches\n")
    assert growth < most

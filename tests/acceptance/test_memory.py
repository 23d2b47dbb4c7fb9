"""The daemon's memory over many fetches: it finds its size, and keeps it."""

import signal
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
LOOKS = 10
MEMORY_REPORT = Path(__file__).parents[1] / "support" / "run_with_memory_report.py"


def configuration(world: World, feeds: int) -> str:
    sources = "".join(
        f"  feed-{n}: {{feed: '{world.urls[n % len(world.urls)]}/feed/{n}', poll_interval: 1s}}\n" for n in range(feeds)
    )
    return (
        f"settings: {{allowed_networks: [127.0.0.0/8], probe_address: off}}\nsources:\n{sources}"
        "officials:\n  giang: {name: Phan Văn Giang, country: Vietnam}\nrules:\n  people: {officials: all}\n"
        "digests:\n  now: {rules: people, at: immediately, channels: [outbox]}\n"
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


def publish(world: World, dice: Random, feeds: int, number: int) -> None:
    """Put one article into some feed."""
    title, text = story(dice, number)
    world.publish(str(dice.randrange(feeds)), f"a{number}", title, text)


def weight(monitor: Monitor) -> int:
    """Return the bytes that the daemon has allocated: the least of some looks, for what is under way comes and goes."""
    file, looks = monitor.folder / "weight", list[int]()
    assert monitor.process
    for _ in range(LOOKS):
        file.unlink(missing_ok=True)
        monitor.process.send_signal(signal.SIGUSR1)
        assert wait_until(file.exists, 120)
        looks.append(int(file.read_text(encoding="ascii")))
    return min(looks)


def test_nothing_is_kept_of_a_fetch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the daemon has allocated after hundreds of fetches, it has after thousands.

    One answer in fifty is late, broken or false. The news come before, for caches of articles fill over days. The
    bytes in use are counted, not the pages of memory, so that half a kilobyte a fetch shows in a few thousand.
    """
    feeds, warm, last = 300, 1_500, 3_500
    dice = Random(3)
    with World(20) as world:
        world.state.feeds |= {str(n): [] for n in range(feeds)}
        world.state.fault_rate, world.state.patience = 0.02, 1.0
        for number in range(50):
            publish(world, dice, feeds, number)
        monitor = Monitor(tmp_path, configuration(world, feeds))
        monitor.launcher = (str(MEMORY_REPORT),)
        monitor.environ["PYTHONMALLOC"] = "malloc"
        monitor.start()
        points = []
        for mark in (warm, last):
            assert wait_until(lambda mark=mark: world.state.requests.total() >= mark, 600)  # type: ignore[misc]  # bound now
            points.append((world.state.requests.total(), weight(monitor)))
        monitor.stop()
    (fewer, before), (more, after) = points
    held = (after - before) / (more - fewer)
    with capsys.disabled():
        sys.stdout.write(f"\n{before / 2**20:.1f} MB after {fewer}, {after / 2**20:.1f} MB after {more} fetches\n")
    assert held < 500


@pytest.mark.soak
def test_memory_does_not_grow_over_100_000_fetches(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After the first ten thousand fetches, with news among them, resident memory stays what it is.

    One answer in fifty is late, broken or false.
    """
    feeds, warm, last = 1_000, 10_000, 100_000
    dice, points, published = Random(3), list[tuple[int, int]](), 0
    with World(20) as world:
        world.state.feeds |= {str(n): [] for n in range(feeds)}
        world.state.fault_rate, world.state.patience = 0.02, 1.0
        monitor = Monitor(tmp_path, configuration(world, feeds))
        monitor.start()
        assert monitor.process
        fetches = 0
        while fetches < last:
            before = fetches
            assert wait_until(lambda before=before: world.state.requests.total() >= before + last // 100, 600)  # type: ignore[misc]  # bound now
            fetches = world.state.requests.total()
            published += 1
            publish(world, dice, feeds, published)
            if fetches > warm:
                points.append((fetches, resident(monitor.process.pid)))
        monitor.stop()
    growth = slope(points) * 10_000 / 2**20
    with capsys.disabled():
        held = f"{points[0][1] / 2**20:.1f} MB after {points[0][0]}, {points[-1][1] / 2**20:.1f} MB after {fetches}"
        sys.stdout.write(f"\n{held} fetches; slope {growth:+.2f} MB in 10,000 fetches\n")
    assert growth < 1.5

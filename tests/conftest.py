"""What all tests share: property tests try the same examples on every run and every machine."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from time_machine import travel

settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)
settings.load_profile("same")

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # compiling all modules takes each of some 200 processes a second
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix) / "bytecode")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of our own."""
    parser.addoption("--soak", action="store_true", help="run the long, large forms of the soak tests")
    parser.addoption(
        "--clock-shift",
        type=int,
        default=0,
        metavar="DAYS",
        help="run the session with the clock so many days ahead (or back, if negative); subprocesses keep the "
        "real one, so leave out tests/acceptance",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Shift the clock of this process if that is wanted; it goes on from there."""
    if days := config.getoption("--clock-shift"):
        clock = travel(datetime.now(UTC) + timedelta(days=days), tick=True)
        clock.start()
        config.add_cleanup(clock.stop)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests that only run with --soak out of other runs."""
    if not config.getoption("--soak"):
        left_out = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]

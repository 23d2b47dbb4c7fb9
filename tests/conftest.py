"""Configuration of the test session: property tests try the same examples on every run and every machine."""

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
settings.register_profile("quick", settings.get_profile("same"), max_examples=25)  # for `make quick`
settings.load_profile("same")

if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):  # compiling all modules takes a second in each of about 200 processes
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix) / "bytecode")

_TERMINAL_VARIABLES = (
    *("COLUMNS", "LINES", "TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"),
    *("TTY_COMPATIBLE", "TTY_INTERACTIVE", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this project."""
    parser.addoption("--soak", action="store_true", help="run the long, large forms of the soak tests")
    parser.addoption(
        "--clock-shift",
        type=int,
        default=0,
        metavar="DAYS",
        help="run the session with the clock shifted by this number of days (may be negative); subprocesses keep "
        "the real clock, so leave out tests/acceptance",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Shift the clock of this process if the option requests it; the clock continues from there."""
    if days := config.getoption("--clock-shift"):
        clock = travel(datetime.now(UTC) + timedelta(days=days), tick=True)
        clock.start()
        config.add_cleanup(clock.stop)


def pytest_sessionstart() -> None:
    """Remove the variables by which a terminal changes the output of a program, here and in all subprocesses.

    The modules of the command line are imported later; the report of pytest itself is already configured.
    """
    for name in _TERMINAL_VARIABLES:
        os.environ.pop(name, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that need --soak if it is not given."""
    if not config.getoption("--soak"):
        deselected = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item not in deselected]

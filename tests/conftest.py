"""What all tests share: property tests try the same examples on every run and every machine."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=False
)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag for the tests that run for minutes."""
    parser.addoption("--soak", action="store_true", help="run the long, large forms of the soak tests")

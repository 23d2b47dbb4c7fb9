"""Floors of quality and ceilings of cost: one number per measure, see tests/quality/README.md for their changes."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

BASELINE = Path(__file__).parents[1] / "quality" / "baseline.json"


CEILINGS = Path(__file__).parents[1] / "quality" / "ceilings.json"


@cache
def floors() -> dict[str, float]:
    """Return all floors."""
    read: dict[str, float] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return read


def tags_with_floors(prefix: str) -> list[str]:
    """Return the tags whose passages have floors of their own: ``prefix[tag].measure``."""
    found = (re.fullmatch(rf"{re.escape(prefix)}\[([^]]+)\]\.\w+", name) for name in floors())
    return list(dict.fromkeys(match[1] for match in found if match))


def assert_floor(name: str, value: float, shown: object = "") -> None:
    """Fail if a measure is below its floor; ``shown`` is the text that explains the result."""
    floor = floors()[name]
    assert value >= floor - 5e-4, f"{name} fell to {value:.4f}, its floor is {floor}\n{shown}"


def assert_floors(prefix: str, values: Mapping[str, float], shown: str = "") -> None:
    """Fail if any measure of a set is below its floor or has none; ``shown`` as above."""
    pinned = {name: floors().get(f"{prefix}.{name}") for name in values}
    fallen = [
        f"{prefix}.{name} is {value:.4f}, its floor is {pinned[name]}"
        for name, value in values.items()
        if pinned[name] is None or value < (pinned[name] or 0) - 5e-4
    ]
    assert not fallen, "\n".join([*fallen, shown])


@cache
def ceilings() -> dict[str, float]:
    """Return all ceilings."""
    read: dict[str, float] = json.loads(CEILINGS.read_text(encoding="utf-8"))
    return read


def assert_ceilings(counts: Mapping[str, float]) -> None:
    """Fail if a count is above its ceiling, or if a count that has a ceiling is missing."""
    wrong = [
        f"{name}: {count:.2f}, its ceiling is {ceilings().get(name, 0)}"
        for name, count in counts.items()
        if count > ceilings().get(name, 0) + 5e-3 or (not count and ceilings().get(name))
    ]
    assert not wrong, "\n".join(wrong)

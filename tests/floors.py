"""Quality has floors: ``tests/quality/baseline.json`` holds one number a measure, and it may only rise."""

import json
from functools import cache
from pathlib import Path

BASELINE = Path(__file__).parent / "quality" / "baseline.json"


@cache
def floors() -> dict[str, float]:
    """Read all floors."""
    read: dict[str, float] = json.loads(BASELINE.read_text(encoding="utf-8"))
    return read


def hold(name: str, value: float, shown: object = "") -> None:
    """Fail if a measure is below its floor; ``shown`` is what a person needs to see why."""
    floor = floors()[name]
    assert value >= floor - 5e-4, f"{name} fell to {value:.4f}, its floor is {floor}\n{shown}"

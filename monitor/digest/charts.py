"""Mentions a day as something every mail client can show: numbers for table cells, and a line of text."""

from collections.abc import Sequence
from dataclasses import dataclass

BLOCKS = " ▁▂▃▄▅▆▇█"
HEIGHT = 28  # pixels of the tallest bar


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: its count, the height of its bar in pixels, and whether it is today."""

    count: int
    height: int
    today: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and what it says in words. ``line`` draws it with block characters."""

    bars: tuple[Bar, ...]
    line: str
    total: int
    description: str


def chart(daily: Sequence[int]) -> Chart | None:
    """Draw counts a day, oldest first; nothing if no day has any."""
    if not any(daily):
        return None
    peak = max(daily)
    last = len(daily) - 1
    bars = tuple(
        Bar(count, max(3, round(count * HEIGHT / peak)) if count else 1, day == last) for day, count in enumerate(daily)
    )
    line = "".join(BLOCKS[-(-count * (len(BLOCKS) - 1) // peak)] if count else "·" for count in daily)
    numbers = ", ".join(str(count) for count in daily)
    description = f"Articles a day over {len(daily)} days, oldest first: {numbers}."
    return Chart(bars, line, sum(daily), description)

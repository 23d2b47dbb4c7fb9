"""Mentions a day as something every mail client can show: numbers for table cells, and a line of text."""

from collections.abc import Sequence
from dataclasses import dataclass

SPARKLINE_CHARS = " ▁▂▃▄▅▆▇█"
MAX_BAR_HEIGHT_PX = 28  # pixels of the tallest bar


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One day: its count, the height of its bar in pixels, and whether it is today."""

    count: int
    height_px: int
    is_today: bool


@dataclass(frozen=True, slots=True)
class DailyChart:
    """A chart and what it says in words. ``line`` draws it with block characters."""

    bars: tuple[ChartBar, ...]
    sparkline: str
    total: int
    description: str


def build_chart(daily_counts: Sequence[int]) -> DailyChart | None:
    """Draw counts a day, oldest first; nothing if no day has any."""
    if not any(daily_counts):
        return None
    peak = max(daily_counts)
    last = len(daily_counts) - 1
    bars = tuple(
        ChartBar(count, max(3, round(count * MAX_BAR_HEIGHT_PX / peak)) if count else 1, day == last)
        for day, count in enumerate(daily_counts)
    )
    line = "".join(
        SPARKLINE_CHARS[-(-count * (len(SPARKLINE_CHARS) - 1) // peak)] if count else "·" for count in daily_counts
    )
    numbers = ", ".join(str(count) for count in daily_counts)
    description = f"Articles a day over {len(daily_counts)} days, oldest first: {numbers}."
    return DailyChart(bars, line, sum(daily_counts), description)

"""Charts of a timeline: as lines of text for a terminal, and as an SVG image."""

from collections.abc import Sequence
from html import escape

from monitor.insight.timeline import Bar

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720, 240, 44, 36, 28
_MAX_LABELS = 8


def draw_bars(bars: Sequence[Bar], width: int) -> list[str]:
    """Return one line of text for each bar of a timeline: the first day, a horizontal bar, and the number of articles.

    A bar is at most ``width`` columns long.
    """
    most = max((bar.count for bar in bars), default=0) or 1
    lines = []
    for bar in bars:
        eighths = -(-bar.count * width * 8 // most)
        drawn = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        lines.append(f"{bar.start}  {drawn}{' ' if drawn else ''}{bar.count}")
    return lines


def render_svg(bars: Sequence[Bar], title: str) -> str:
    """Return an SVG image of a timeline, with axes.

    Each bar is a column whose height is the number of articles; its darker part is the number of stories.
    """
    most = max((bar.count for bar in bars), default=0) or 1
    step = (_WIDTH - _LEFT - 8) / max(1, len(bars))
    height = _HEIGHT - _TOP - _BOTTOM
    base = _TOP + height
    label_every = -(-len(bars) // _MAX_LABELS) or 1
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            'font-family="sans-serif" font-size="11" fill="#333">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for value in sorted({0, most // 2, most}):
        y = base - height * value / most
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - 8}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value}</text>')
    for number, bar in enumerate(bars):
        x = _LEFT + number * step
        for value, color in ((bar.count, "#9db7d5"), (bar.stories, "#2b5c94")):
            size = height * value / most
            label = f"{bar.start}: {bar.count} articles, {bar.stories} stories"
            parts.append(
                f'<rect x="{x + step * 0.1:.1f}" y="{base - size:.1f}" width="{step * 0.8:.1f}" '
                f'height="{size:.1f}" fill="{color}"><title>{label}</title></rect>'
            )
        if number % label_every == 0:
            parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - 10}">{bar.start}</text>')
    parts.append("</svg>\n")
    return "\n".join(parts)

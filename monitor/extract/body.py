"""Which part of a page is the article: the box that holds its prose, less what only looks like it."""

import re
from dataclasses import dataclass

from monitor.extract.blocks import Layout, Run

_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_BAD = re.compile(
    r"\b(?:related|recommend\w*|read-?more|more-?(?:news|stories|from)|most-?(?:read|viewed|popular)|trending|popular|"
    r"share|sharing|social|newsletter|subscri\w+|sign-?up|promo\w*|advert\w*|sponsor\w*|comments?|disqus|breadcrumbs?|"
    r"cookie\w*|consent|gdpr|sidebar|footer|header|nav(?:igation|bar)?|menu|toolbar|tags?|tag-?list|topics?|byline|"
    r"author\w*|meta|teasers?|outbrain|taboola|widget|banner|copyright|print|pagination|pager|rating|modal|popup|overlay)\b"
)
_PROSE = 40  # weighted characters from which a run counts as prose


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen box, its paragraphs in order, and how sure we are of it."""

    box: int
    runs: tuple[Run, ...]
    confidence: float


def weigh(text: str) -> int:
    """Return a text's length in Latin characters: an ideograph says as much as three."""
    return len(text) if text.isascii() else len(text) + 2 * len(_WIDE.findall(text))


def choose(layout: Layout) -> Choice:
    """Find the box whose own paragraphs carry the most prose, and keep what reads like prose in it."""
    scores = [0.0] * len(layout.boxes)
    total = 0.0
    for run in layout.runs:
        weight = weigh(run.text)
        if weight < _PROSE or run.link_chars * 2 > len(run.text):
            continue
        value = min(weight, 600.0)
        total += value
        index, share = layout.boxes[run.box].parent, 1.0
        scores[run.box] += value * 0.5
        while index >= 0 and share > 0.01:
            scores[index] += value * share
            index, share = layout.boxes[index].parent, share * 0.6
    if not total:
        return Choice(0, (), 0.0)
    best = max(range(len(scores)), key=lambda index: (scores[index], index))
    box = layout.boxes[best]
    kept = [run for run in layout.runs[box.start : box.end] if _reads(layout, run, best)]
    share = sum(weigh(run.text) for run in kept) / max(total, 1.0)
    return Choice(best, tuple(kept), min(1.0, share) * min(1.0, total / 1500))


def _reads(layout: Layout, run: Run, root: int) -> bool:
    if run.link_chars * 2 > len(run.text):
        return False
    index = run.box
    while index > root:
        box = layout.boxes[index]
        if box.tag in {"figcaption", "figure", "aside", "footer", "header", "form", "h1"} or _BAD.search(box.mark):
            return False
        index = box.parent
    return True

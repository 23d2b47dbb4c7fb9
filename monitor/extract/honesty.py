"""How much of the article we hold, and how sure we are of it."""

import re

from monitor.extract.body import Page, squeeze, weigh
from monitor.extract.lines import is_sentence
from monitor.extract.marks import WALL
from monitor.extract.metadata import Metadata

_SHORT = 1_800  # weight below which a page that mentions a wall is taken to stand before it
_CUT = re.compile(r"(?:…|\.{3}|\[…\]|\[\.\.\.\])[\s\"'”’»)\]]*$")
_AGREED = 0.7  # of the page's own text must be in the metadata's copy for that to be believed
_GAIN = 1.4  # times longer it must be to be worth it


def find_partial(page: Page, metadata: Metadata, text: str) -> str:
    """Return "paywall" or "teaser" if the text is a beginning only, else nothing."""
    weight = weigh(text)
    if weight < _SHORT and (metadata.locked or any(name and WALL.search(name) for name in page.names)):
        return "paywall"
    last = text.rpartition("\n")[2]
    return "teaser" if text and weight < _SHORT // 2 and _CUT.search(last) else ""


def fuller_text(text: str, claimed: str) -> tuple[str, str]:
    """Return the metadata's copy of the text if it goes on where the page breaks off, and why it was taken."""
    if not text or weigh(claimed) < _GAIN * weigh(text) or "<" in claimed or "&lt;" in claimed:
        return text, ""
    whole = squeeze(claimed)
    lines = text.split("\n")
    agreed = sum(weigh(line) for line in lines if squeeze(line) in whole)
    if agreed < _AGREED * weigh(text) or squeeze(lines[0])[:60] not in whole[:2_000]:
        return text, ""
    paragraphs = [" ".join(line.split()) for line in claimed.splitlines()]
    return "\n".join(filter(None, paragraphs)), "json-ld articleBody: the page shows its beginning only"


def judge(page: Page, title: str, dated: bool, selector: str = "") -> float:
    """Return the confidence that body and title are the article's, from 0 to 1.

    A body found in spite of the user's ``selector``, which matched nothing, counts half: the page is not as it was.
    """
    kept = [at for at, fate in enumerate(page.fate) if not fate]
    weight = sum(page.weights[at] for at in kept)
    if not weight:
        return 0.0
    sentences = sum(page.weights[at] for at in kept if is_sentence(page.layout.runs[at].text)) / weight
    around = sum(value for value, fate in zip(page.prose, page.fate, strict=True) if fate == "outside")
    share = weight / (weight + around)
    sure = 0.4 * min(1.0, weight / 1_200) + 0.2 * share + 0.15 * min(1.0, sentences + 0.2)
    sure += 0.1 * bool(title) + 0.1 * (page.title_at >= 0) + 0.05 * dated
    if selector and not page.selected:
        sure *= 0.5
    return round(sure * (1.0 - max(0.0, page.link_share(page.root) - 0.4)), 2)

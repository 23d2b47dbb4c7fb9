"""How much of the article we hold, and how sure we are of it."""

import re

from monitor.extract.body import PageAnalysis, alnum_key, measure_weight
from monitor.extract.lines import is_sentence
from monitor.extract.marks import PAYWALL_NAMES
from monitor.extract.metadata import PageMetadata

_MAX_PAYWALLED_WEIGHT = 1_800  # weight below which a page that mentions a wall is taken to stand before it
_TRUNCATION_MARK = re.compile(r"(?:…|\.{3}|\[…\]|\[\.\.\.\])[\s\"'”’»)\]]*$")
_MIN_AGREEMENT_SHARE = 0.7  # of the page's own text must be in the metadata's copy for that to be believed
_MIN_LENGTH_RATIO = 1.4  # times longer it must be to be worth it


def find_partial_reason(page: PageAnalysis, metadata: PageMetadata, text: str) -> str:
    """Return "paywall" or "teaser" if the text is a beginning only, else nothing."""
    weight = measure_weight(text)
    if weight < _MAX_PAYWALLED_WEIGHT and (
        metadata.is_paywalled or any(name and PAYWALL_NAMES.search(name) for name in page.box_hints)
    ):
        return "paywall"
    last = text.rpartition("\n")[2]
    return "teaser" if text and weight < _MAX_PAYWALLED_WEIGHT // 2 and _TRUNCATION_MARK.search(last) else ""


def choose_fuller_text(text: str, claimed_text: str) -> tuple[str, str]:
    """Return the metadata's copy of the text if it goes on where the page breaks off, and why it was taken."""
    if (
        not text
        or measure_weight(claimed_text) < _MIN_LENGTH_RATIO * measure_weight(text)
        or "<" in claimed_text
        or "&lt;" in claimed_text
    ):
        return text, ""
    whole = alnum_key(claimed_text)
    lines = text.split("\n")
    agreed = sum(measure_weight(line) for line in lines if alnum_key(line) in whole)
    if agreed < _MIN_AGREEMENT_SHARE * measure_weight(text) or alnum_key(lines[0])[:60] not in whole[:2_000]:
        return text, ""
    paragraphs = [" ".join(line.split()) for line in claimed_text.splitlines()]
    return "\n".join(filter(None, paragraphs)), "json-ld articleBody: the page shows its beginning only"


def estimate_confidence(page: PageAnalysis, title: str, has_date: bool, body_selector: str = "") -> float:
    """Return the confidence that body and title are the article's, from 0 to 1.

    A body found in spite of the user's ``selector``, which matched nothing, counts half: the page is not as it was.
    """
    kept = [at for at, fate in enumerate(page.rejection_reasons) if not fate]
    weight = sum(page.weights[at] for at in kept)
    if not weight:
        return 0.0
    sentences = sum(page.weights[at] for at in kept if is_sentence(page.layout.runs[at].text)) / weight
    around = sum(
        value for value, fate in zip(page.prose_values, page.rejection_reasons, strict=True) if fate == "outside"
    )
    share = weight / (weight + around)
    sure = 0.4 * min(1.0, weight / 1_200) + 0.2 * share + 0.15 * min(1.0, sentences + 0.2)
    sure += 0.1 * bool(title) + 0.1 * (page.title_run_index >= 0) + 0.05 * has_date
    if body_selector and not page.is_body_selected:
        sure *= 0.5
    return round(sure * (1.0 - max(0.0, page.link_share(page.root_box_index) - 0.4)), 2)

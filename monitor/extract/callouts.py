"""Offers and machine-made summaries inside an article: known by one of their lines, dropped with the box around it."""

from monitor.extract.body import Page
from monitor.extract.lines import sells

PLEA = "word to the reader"
SUMMARY = "machine-made summary"
_CALLOUT = 1_500  # weight from which a box is no callout
_BRIEF = 150  # weight below which lines beside an offer belong to it wherever they stand


def drop_callouts(page: Page) -> None:
    """Drop the rest of an offer, and the summary under a label that a machine wrote it: what shares their small box."""
    boxes = page.layout.boxes
    total = sum(weight for weight, fate in zip(page.weights, page.fate, strict=True) if not fate)
    for at, run in enumerate(page.layout.runs):
        why = page.fate[at]
        if why != SUMMARY and not (why == PLEA and sells(run.text)):
            continue
        index, widest = run.box, -1
        while index > 0 and not index <= page.root < boxes[index].last and _is_callout(page, index, why, total):
            index, widest = boxes[index].parent, index
        if widest >= 0:
            page.reject(widest, f"beside a {why}")


def _is_callout(page: Page, index: int, why: str, total: int) -> bool:
    """Tell a box with little of the article's text: an offer's heads the box, or a third of its short lines are such.

    The first box around a label that holds anything else is that of the summary.
    """
    box = page.layout.boxes[index]
    lines = [at for at in range(box.start, box.end) if page.fate[at] in {"", why}]
    kept = [page.weights[at] for at in lines if not page.fate[at]]
    if sum(kept) >= min(_CALLOUT, total // 4):
        return False
    if why == SUMMARY:
        return not any(_holds_more(page, child, why) for child in page.children[index])
    return 3 * (len(lines) - len(kept)) >= len(lines) and (page.fate[lines[0]] == why or max(kept, default=0) < _BRIEF)


def _holds_more(page: Page, index: int, why: str) -> bool:
    """Tell a box with a line of that fate and an undecided one."""
    box = page.layout.boxes[index]
    fates = page.fate[box.start : box.end]
    return why in fates and "" in fates

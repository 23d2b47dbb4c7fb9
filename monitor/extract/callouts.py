"""Offers and machine-made summaries inside an article: known by one of their lines, dropped with the box around it."""

from monitor.extract.body import PageAnalysis
from monitor.extract.lines import is_sales_pitch

READER_APPEAL = "word to the reader"
MACHINE_SUMMARY = "machine-made summary"
_MAX_CALLOUT_WEIGHT = 1_500  # weight from which a box is no callout
_MAX_OFFER_LINE_WEIGHT = 150  # weight below which lines beside an offer belong to it wherever they stand


def drop_callouts(page: PageAnalysis) -> None:
    """Drop the rest of an offer, and the summary under a label that a machine wrote it: what shares their small box."""
    boxes = page.layout.boxes
    total = sum(weight for weight, fate in zip(page.weights, page.rejection_reasons, strict=True) if not fate)
    for at, run in enumerate(page.layout.runs):
        why = page.rejection_reasons[at]
        if why != MACHINE_SUMMARY and not (why == READER_APPEAL and is_sales_pitch(run.text)):
            continue
        index, widest = run.box_index, -1
        while (
            index > 0
            and not index <= page.root_box_index < boxes[index].subtree_end
            and _is_callout(page, index, why, total)
        ):
            index, widest = boxes[index].parent_index, index
        if widest >= 0:
            page.reject(widest, f"beside a {why}")


def _is_callout(page: PageAnalysis, box_index: int, reason: str, total_weight: int) -> bool:
    """Tell a box with little of the article's text: an offer's heads the box, or a third of its short lines are such.

    The first box around a label that holds anything else is that of the summary.
    """
    box = page.layout.boxes[box_index]
    lines = [at for at in range(box.run_start, box.run_end) if page.rejection_reasons[at] in {"", reason}]
    kept = [page.weights[at] for at in lines if not page.rejection_reasons[at]]
    if sum(kept) >= min(_MAX_CALLOUT_WEIGHT, total_weight // 4):
        return False
    if reason == MACHINE_SUMMARY:
        return not any(_has_undecided_text(page, child, reason) for child in page.child_boxes[box_index])
    return 3 * (len(lines) - len(kept)) >= len(lines) and (
        page.rejection_reasons[lines[0]] == reason or max(kept, default=0) < _MAX_OFFER_LINE_WEIGHT
    )


def _has_undecided_text(page: PageAnalysis, box_index: int, reason: str) -> bool:
    """Tell a box with a line of that fate and an undecided one."""
    box = page.layout.boxes[box_index]
    fates = page.rejection_reasons[box.run_start : box.run_end]
    return reason in fates and "" in fates

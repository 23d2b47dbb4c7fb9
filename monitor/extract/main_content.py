"""Which part of a page is the article: the box that holds its prose, and the boxes beside it that carry it on.

No language is assumed: prose is text of some length without links; ideographs weigh three letters, so that scripts
without spaces count like others. Sums over subtrees come from running totals over the flat list of runs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from monitor.extract.dom_blocks import (
    BODY_NAMES,
    BOILERPLATE_NAMES,
    LINK_LIST_NAMES,
    PageLayout,
    TextRun,
    split_camel_case,
)

HEADING_TAGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LEAF_TAGS = HEADING_TAGS | {"p", "li", "dt", "dd", "blockquote", "figcaption", "pre", "td", "th"}
_CELL_TAGS = frozenset(("td", "th"))
_SIDEBAR_TAGS = frozenset(("aside", "footer"))
_ASCII_NON_ALNUM = bytes(code for code in range(0x80) if not chr(code).isalnum())
_WIDE_CHARS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_MIN_PROSE_WEIGHT = 40  # weight from which a run counts as prose
_MIN_SHORT_PROSE_WEIGHT = 15  # the same, on a page that has nothing longer
_MAX_PARAGRAPH_WEIGHT = 1000  # weight beyond which a paragraph proves no more
_MAX_BOILERPLATE_SHARE = 0.35  # of the page's prose: a box with more is no furniture, whatever it is called
_PARENT_SCORE_FACTOR = 0.6  # of a paragraph's value goes on to the next box outwards
_BEFORE_TITLE_FACTOR = 0.25  # of its value is left to prose before the headline


@dataclass(slots=True)
class PageAnalysis:
    """A layout with what is computed of it. ``fate`` says of a run why it is no body text; empty means it is.

    ``selected`` tells that the user's own selector found the body.
    """

    layout: PageLayout
    weights: list[int]
    prose_values: list[float]
    rejection_reasons: list[str]
    title_run_index: int = -1
    is_body_selected: bool = False
    root_box_index: int = 0
    article_box_index: int = 0
    box_hints: list[str] = field(default_factory=list)
    boilerplate_reasons: dict[str, str] = field(default_factory=dict)
    prose_sums: list[float] = field(default_factory=list)
    char_sums: list[int] = field(default_factory=list)
    link_sums: list[int] = field(default_factory=list)
    child_boxes: list[list[int]] = field(default_factory=list)

    def prose_in(self, box_index: int) -> float:
        """Sum the prose inside a box, furniture counted as nothing."""
        box = self.layout.boxes[box_index]
        return self.prose_sums[box.run_end] - self.prose_sums[box.run_start]

    def chars_in(self, box_index: int) -> int:
        """Count the characters inside a box."""
        box = self.layout.boxes[box_index]
        return self.char_sums[box.run_end] - self.char_sums[box.run_start]

    def link_share(self, box_index: int) -> float:
        """Return which part of a box's text is links."""
        box = self.layout.boxes[box_index]
        return (self.link_sums[box.run_end] - self.link_sums[box.run_start]) / max(1, self.chars_in(box_index))

    def update_prose_sums(self) -> None:
        """Bring the running total of prose up to date with the fates."""
        pairs = zip(self.prose_values, self.rejection_reasons, strict=True)
        self.prose_sums = list(accumulate((0.0 if fate else value for value, fate in pairs), initial=0.0))

    def reject(self, box_index: int, reason: str) -> None:
        """Give every undecided run of a box a fate."""
        box = self.layout.boxes[box_index]
        for at in range(box.run_start, box.run_end):
            self.rejection_reasons[at] = self.rejection_reasons[at] or reason


def measure_weight(text: str) -> int:
    """Return a text's length in Latin characters: an ideograph says as much as three."""
    return len(text) if text.isascii() else len(text) + 2 * len(_WIDE_CHARS.findall(text))


def compute_link_ratio(run: TextRun) -> float:
    """Return which part of a run is links."""
    return run.link_chars / len(run.text)


def analyze_page(layout: PageLayout, titles: list[str]) -> PageAnalysis:
    """Compute what the choice needs, and find the headline among the runs."""
    weights = [measure_weight(run.text) for run in layout.runs]
    prose = _compute_prose_values(layout, weights, _MIN_PROSE_WEIGHT)
    if not any(prose):
        prose = _compute_prose_values(layout, weights, _MIN_SHORT_PROSE_WEIGHT)
    page = PageAnalysis(
        layout, weights, prose, [""] * len(prose), box_hints=[split_camel_case(box.hint) for box in layout.boxes]
    )
    page.char_sums = list(accumulate((len(run.text) for run in layout.runs), initial=0))
    page.link_sums = list(accumulate((run.link_chars for run in layout.runs), initial=0))
    page.child_boxes = [[] for _ in layout.boxes]
    for index, box in enumerate(layout.boxes[1:], 1):
        page.child_boxes[box.parent_index].append(index)
    page.update_prose_sums()
    page.title_run_index = _find_title(page, titles)
    return page


def _compute_prose_values(layout: PageLayout, weights: list[int], min_weight: int) -> list[float]:
    """Give each run its worth as prose: its weight up to a cap, nothing if it is short, a heading or mostly links."""
    return [
        float(min(weight, _MAX_PARAGRAPH_WEIGHT))
        if weight >= min_weight
        and run.link_chars * 2 < len(run.text)
        and layout.boxes[run.box_index].tag not in HEADING_TAGS
        else 0.0
        for run, weight in zip(layout.runs, weights, strict=True)
    ]


def find_content(page: PageAnalysis) -> None:
    """Find the root box of the article and give every run outside it, or in furniture, a fate."""
    total = page.prose_in(0)
    _reject_boilerplate(page, lambda index: page.prose_in(index) <= _MAX_BOILERPLATE_SHARE * total)
    page.update_prose_sums()
    scores = _score_boxes(page)
    page.article_box_index = _find_article_box(page, max(range(len(scores)), key=scores.__getitem__))
    inside = range(page.article_box_index, page.layout.boxes[page.article_box_index].subtree_end)
    page.root_box_index = max(inside, key=lambda index: (scores[index], index))
    _reject_boilerplate(page, lambda index: not (index <= page.root_box_index < page.layout.boxes[index].subtree_end))
    page.update_prose_sums()
    _expand(page)
    root = page.layout.boxes[page.root_box_index]
    for at in range(len(page.rejection_reasons)):
        if not root.run_start <= at < root.run_end:
            page.rejection_reasons[at] = page.rejection_reasons[at] or "outside"


def _find_article_box(page: PageAnalysis, best_box_index: int) -> int:
    """Return the smallest box around the headline that holds an article's worth of prose: pages may hold several.

    ``best`` is the box with the highest score of the whole page; a header with a long summary must not pass for it.
    """
    if page.title_run_index < 0:
        return 0
    boxes = page.layout.boxes
    index = page.layout.runs[page.title_run_index].box_index
    enough = max(600.0, 0.3 * page.prose_in(best_box_index))
    while index > 0:
        prose = page.prose_in(index)
        if prose >= enough or (boxes[index].tag == "article" and prose >= 400):
            return index
        index = boxes[index].parent_index
    return 0


def _find_title(page: PageAnalysis, titles: list[str]) -> int:
    """Return the run that is the headline: an h1 that the metadata repeat, else a heading they do, else an h1."""
    wanted = [alnum_key(title) for title in titles if title]
    printed = {title.casefold() for title in titles}
    ranked: list[tuple[int, int]] = []
    for at, run in enumerate(page.layout.runs):
        tag = page.layout.boxes[run.box_index].tag
        if tag not in HEADING_TAGS and not (14 < len(run.text) < 250 and _begins_like_title(run.text, printed)):
            continue
        text = alnum_key(run.text)
        known = any(_is_same_title(text, title, 0.3 if tag == "h1" else 0.6) for title in wanted)
        if tag == "h1":
            ranked.append((0 if known else 2, at))
        elif known and len(text) > 14 and (tag in HEADING_TAGS or text in wanted):
            ranked.append((1 if tag in HEADING_TAGS else 3, at))
    return min(ranked)[1] if ranked else -1


def _is_same_title(text: str, title: str, min_share: float) -> bool:
    """Tell whether two squeezed headlines are one, or one is at least that share of the other."""
    shorter, longer = sorted((text, title), key=len)
    return len(shorter) > 5 and shorter in longer and len(shorter) >= min_share * len(longer)


def _begins_like_title(text: str, titles: set[str]) -> bool:
    """Tell whether a title begins as the text does: cheaper than to squeeze every line of a page."""
    begin = text[:12].casefold()
    return any(title.startswith(begin) for title in titles)


def alnum_key(text: str) -> str:
    """Reduce a text to its letters and digits in one case, for comparison."""
    if text.isascii():
        return text.encode().translate(None, _ASCII_NON_ALNUM).decode().lower()
    return "".join(filter(str.isalnum, text)).casefold()


def _reject_boilerplate(page: PageAnalysis, is_small: Callable[[int], bool]) -> None:
    index, boxes = 1, page.layout.boxes
    title = page.title_run_index
    while index < len(boxes):
        box = boxes[index]
        if (
            box.run_end > box.run_start
            and not box.run_start <= title < box.run_end
            and is_small(index)
            and (why := _find_boilerplate_reason(page, index))
        ):
            page.reject(index, why)
            index = box.subtree_end
        else:
            index += 1


def _find_boilerplate_reason(page: PageAnalysis, box_index: int) -> str:
    box, name = page.layout.boxes[box_index], page.box_hints[box_index]
    if box.tag in _SIDEBAR_TAGS:
        return box.tag
    if name not in page.boilerplate_reasons:
        found = BOILERPLATE_NAMES.search(name) if name else None
        page.boilerplate_reasons[name] = f"furniture: {found.group().strip(' _:-')}" if found else ""
    if page.boilerplate_reasons[name]:
        return page.boilerplate_reasons[name]
    found = LINK_LIST_NAMES.search(name) if name and page.link_share(box_index) > 0.3 else None
    if found:
        return f"links: {found.group().strip(' _:-')}"
    return "teasers" if _is_teaser_list(page, box_index) else ""


def _is_teaser_list(page: PageAnalysis, box_index: int) -> bool:
    """Tell a list of other stories: three or more children alike, most of them with a line that is wholly a link."""
    children = page.child_boxes[box_index]
    if len(children) < 3 or page.link_share(box_index) < 0.2:
        return False
    runs, boxes = page.layout.runs, page.layout.boxes
    teasers = 0
    for child in children:
        box = boxes[child]
        teasers += any(
            compute_link_ratio(run) > 0.9 and len(run.text) > 14
            for run in runs[box.run_start : min(box.run_end, box.run_start + 6)]
        )
    return teasers >= 3 and teasers * 10 >= len(children) * 6


def _score_boxes(page: PageAnalysis) -> list[float]:
    boxes = page.layout.boxes
    scores = [0.0] * len(boxes)
    late = sum(
        value
        for value, fate in zip(
            page.prose_values[page.title_run_index + 1 :],
            page.rejection_reasons[page.title_run_index + 1 :],
            strict=True,
        )
        if not fate
    )
    for at, (run, value) in enumerate(zip(page.layout.runs, page.prose_values, strict=True)):
        if not value or page.rejection_reasons[at]:
            continue
        share = value * (_BEFORE_TITLE_FACTOR if at < page.title_run_index and late > 200 else 1.0)
        index = run.box_index
        if boxes[index].tag in _LEAF_TAGS:
            index = boxes[index].parent_index
        while index >= 0 and share > 1:
            scores[index] += share
            index, share = boxes[index].parent_index, share * _PARENT_SCORE_FACTOR
    for index, name in enumerate(page.box_hints):
        if scores[index] and name:
            scores[index] *= (
                1.5 if "articlebody" in name or "article-body" in name else 1.25 if BODY_NAMES.search(name) else 1.0
            )
    return scores


def _expand(page: PageAnalysis) -> None:
    """Widen the root to boxes around it whose other children carry the article on."""
    boxes = page.layout.boxes
    for _ in range(6):
        parent = boxes[page.root_box_index].parent_index
        if parent < 0 or (
            page.title_run_index >= 0
            and boxes[page.root_box_index].run_start <= page.title_run_index < boxes[page.root_box_index].run_end
        ):
            return
        inside, around = page.prose_in(page.root_box_index), page.prose_in(parent)
        taken = [
            child
            for child in page.child_boxes[parent]
            if child != page.root_box_index and _is_continuation(page, child, inside)
        ]
        if (
            around - inside > 0
            and not taken
            and boxes[parent].run_end - boxes[parent].run_start > 3 * len(page.layout.runs) // 4
        ):
            return
        for child in page.child_boxes[parent]:
            if child != page.root_box_index and child not in taken:
                page.reject(child, "beside the article")
        page.update_prose_sums()
        page.root_box_index = parent


def _is_continuation(page: PageAnalysis, child_index: int, root_prose: float) -> bool:
    box = page.layout.boxes[child_index]
    prose = page.prose_in(child_index)
    if not prose or page.link_share(child_index) > 0.3:
        return False
    if box.tag in _CELL_TAGS:
        return prose >= 0.2 * root_prose
    alike = (
        box.tag == page.layout.boxes[page.root_box_index].tag
        and page.box_hints[child_index] == page.box_hints[page.root_box_index]
    )
    leads_in = (
        box.run_end <= page.layout.boxes[page.root_box_index].run_start and box.run_start > page.title_run_index >= 0
    )
    if (
        leads_in and page.link_share(child_index) < 0.05 and box.node.css_first("li") is None
    ):  # a list there sums the text up
        return True
    return alike or box.tag in _LEAF_TAGS or not page.child_boxes[child_index] or prose >= 0.2 * root_prose

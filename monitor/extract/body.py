"""Which part of a page is the article: the box that holds its prose, and the boxes beside it that carry it on.

No language is assumed: prose is text of some length without links; ideographs weigh three letters, so that scripts
without spaces count like others. Sums over subtrees come from running totals over the flat list of runs.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from monitor.extract.blocks import Layout, Run
from monitor.extract.marks import BODY, FURNITURE, LINKED, words

HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_LEAVES = HEADINGS | {"p", "li", "dt", "dd", "blockquote", "figcaption", "pre", "td", "th"}
_CELLS = frozenset(("td", "th"))
_ASIDE = frozenset(("aside", "footer"))
_SIGNS = bytes(code for code in range(0x80) if not chr(code).isalnum())
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_PROSE = 40  # weight from which a run counts as prose
_BRIEF = 15  # the same, on a page that has nothing longer
_CAP = 1000  # weight beyond which a paragraph proves no more
_SHARE = 0.35  # of the page's prose: a box with more is no furniture, whatever it is called
_FADE = 0.6  # of a paragraph's value goes on to the next box outwards
_EARLY = 0.25  # of its value is left to prose before the headline


@dataclass(slots=True)
class Page:
    """A layout with what is computed of it. ``fate`` says of a run why it is no body text; empty means it is.

    ``selected`` tells that the user's own selector found the body.
    """

    layout: Layout
    weights: list[int]
    prose: list[float]
    fate: list[str]
    title_at: int = -1
    selected: bool = False
    root: int = 0
    around: int = 0
    names: list[str] = field(default_factory=list)
    furniture: dict[str, str] = field(default_factory=dict)
    prose_sums: list[float] = field(default_factory=list)
    char_sums: list[int] = field(default_factory=list)
    link_sums: list[int] = field(default_factory=list)
    children: list[list[int]] = field(default_factory=list)

    def prose_in(self, index: int) -> float:
        """Sum the prose inside a box, furniture counted as nothing."""
        box = self.layout.boxes[index]
        return self.prose_sums[box.end] - self.prose_sums[box.start]

    def chars_in(self, index: int) -> int:
        """Count the characters inside a box."""
        box = self.layout.boxes[index]
        return self.char_sums[box.end] - self.char_sums[box.start]

    def link_share(self, index: int) -> float:
        """Return which part of a box's text is links."""
        box = self.layout.boxes[index]
        return (self.link_sums[box.end] - self.link_sums[box.start]) / max(1, self.chars_in(index))

    def recount(self) -> None:
        """Bring the running total of prose up to date with the fates."""
        pairs = zip(self.prose, self.fate, strict=True)
        self.prose_sums = list(accumulate((0.0 if fate else value for value, fate in pairs), initial=0.0))

    def reject(self, index: int, why: str) -> None:
        """Give every undecided run of a box a fate."""
        box = self.layout.boxes[index]
        for at in range(box.start, box.end):
            self.fate[at] = self.fate[at] or why


def weigh(text: str) -> int:
    """Return a text's length in Latin characters: an ideograph says as much as three."""
    return len(text) if text.isascii() else len(text) + 2 * len(_WIDE.findall(text))


def linked(run: Run) -> float:
    """Return which part of a run is links."""
    return run.link_chars / len(run.text)


def open_page(layout: Layout, titles: list[str]) -> Page:
    """Compute what the choice needs, and find the headline among the runs."""
    weights = [weigh(run.text) for run in layout.runs]
    prose = _values(layout, weights, _PROSE)
    if not any(prose):
        prose = _values(layout, weights, _BRIEF)
    page = Page(layout, weights, prose, [""] * len(prose), names=[words(box.mark) for box in layout.boxes])
    page.char_sums = list(accumulate((len(run.text) for run in layout.runs), initial=0))
    page.link_sums = list(accumulate((run.link_chars for run in layout.runs), initial=0))
    page.children = [[] for _ in layout.boxes]
    for index, box in enumerate(layout.boxes[1:], 1):
        page.children[box.parent].append(index)
    page.recount()
    page.title_at = _find_title(page, titles)
    return page


def _values(layout: Layout, weights: list[int], least: int) -> list[float]:
    """Give each run its worth as prose: its weight up to a cap, nothing if it is short, a heading or mostly links."""
    return [
        float(min(weight, _CAP))
        if weight >= least and run.link_chars * 2 < len(run.text) and layout.boxes[run.box].tag not in HEADINGS
        else 0.0
        for run, weight in zip(layout.runs, weights, strict=True)
    ]


def choose(page: Page) -> None:
    """Find the root box of the article and give every run outside it, or in furniture, a fate."""
    total = page.prose_in(0)
    _reject_furniture(page, lambda index: page.prose_in(index) <= _SHARE * total)
    page.recount()
    scores = _score(page)
    page.around = _around_title(page, max(range(len(scores)), key=scores.__getitem__))
    inside = range(page.around, page.layout.boxes[page.around].last)
    page.root = max(inside, key=lambda index: (scores[index], index))
    _reject_furniture(page, lambda index: not (index <= page.root < page.layout.boxes[index].last))
    page.recount()
    _climb(page)
    root = page.layout.boxes[page.root]
    for at in range(len(page.fate)):
        if not root.start <= at < root.end:
            page.fate[at] = page.fate[at] or "outside"


def _around_title(page: Page, best: int) -> int:
    """Return the smallest box around the headline that holds an article's worth of prose: pages may hold several.

    ``best`` is the box with the highest score of the whole page; a header with a long summary must not pass for it.
    """
    if page.title_at < 0:
        return 0
    boxes = page.layout.boxes
    index = page.layout.runs[page.title_at].box
    enough = max(600.0, 0.3 * page.prose_in(best))
    while index > 0:
        prose = page.prose_in(index)
        if prose >= enough or (boxes[index].tag == "article" and prose >= 400):
            return index
        index = boxes[index].parent
    return 0


def _find_title(page: Page, titles: list[str]) -> int:
    """Return the run that is the headline: an h1 that the metadata repeat, else a heading they do, else an h1."""
    wanted = [squeeze(title) for title in titles if title]
    printed = {title.casefold() for title in titles}
    ranked: list[tuple[int, int]] = []
    for at, run in enumerate(page.layout.runs):
        tag = page.layout.boxes[run.box].tag
        if tag not in HEADINGS and not (14 < len(run.text) < 250 and _begins(run.text, printed)):
            continue
        text = squeeze(run.text)
        known = any(_says(text, title, 0.3 if tag == "h1" else 0.6) for title in wanted)
        if tag == "h1":
            ranked.append((0 if known else 2, at))
        elif known and len(text) > 14 and (tag in HEADINGS or text in wanted):
            ranked.append((1 if tag in HEADINGS else 3, at))
    return min(ranked)[1] if ranked else -1


def _says(text: str, title: str, share: float) -> bool:
    """Tell whether two squeezed headlines are one, or one is at least that share of the other."""
    shorter, longer = sorted((text, title), key=len)
    return len(shorter) > 5 and shorter in longer and len(shorter) >= share * len(longer)


def _begins(text: str, titles: set[str]) -> bool:
    """Tell whether a title begins as the text does: cheaper than to squeeze every line of a page."""
    begin = text[:12].casefold()
    return any(title.startswith(begin) for title in titles)


def squeeze(text: str) -> str:
    """Reduce a text to its letters and digits in one case, for comparison."""
    if text.isascii():
        return text.encode().translate(None, _SIGNS).decode().lower()
    return "".join(filter(str.isalnum, text)).casefold()


def _reject_furniture(page: Page, small: Callable[[int], bool]) -> None:
    index, boxes = 1, page.layout.boxes
    title = page.title_at
    while index < len(boxes):
        box = boxes[index]
        if (
            box.end > box.start
            and not box.start <= title < box.end
            and small(index)
            and (why := _furniture(page, index))
        ):
            page.reject(index, why)
            index = box.last
        else:
            index += 1


def _furniture(page: Page, index: int) -> str:
    box, name = page.layout.boxes[index], page.names[index]
    if box.tag in _ASIDE:
        return box.tag
    if name not in page.furniture:
        found = FURNITURE.search(name) if name else None
        page.furniture[name] = f"furniture: {found.group().strip(' _:-')}" if found else ""
    if page.furniture[name]:
        return page.furniture[name]
    found = LINKED.search(name) if name and page.link_share(index) > 0.3 else None
    if found:
        return f"links: {found.group().strip(' _:-')}"
    return "teasers" if _is_teaser_list(page, index) else ""


def _is_teaser_list(page: Page, index: int) -> bool:
    """Tell a list of other stories: three or more children alike, most of them with a line that is wholly a link."""
    children = page.children[index]
    if len(children) < 3 or page.link_share(index) < 0.2:
        return False
    runs, boxes = page.layout.runs, page.layout.boxes
    teasers = 0
    for child in children:
        box = boxes[child]
        teasers += any(
            linked(run) > 0.9 and len(run.text) > 14 for run in runs[box.start : min(box.end, box.start + 6)]
        )
    return teasers >= 3 and teasers * 10 >= len(children) * 6


def _score(page: Page) -> list[float]:
    boxes = page.layout.boxes
    scores = [0.0] * len(boxes)
    late = sum(
        value
        for value, fate in zip(page.prose[page.title_at + 1 :], page.fate[page.title_at + 1 :], strict=True)
        if not fate
    )
    for at, (run, value) in enumerate(zip(page.layout.runs, page.prose, strict=True)):
        if not value or page.fate[at]:
            continue
        share = value * (_EARLY if at < page.title_at and late > 200 else 1.0)
        index = run.box
        if boxes[index].tag in _LEAVES:
            index = boxes[index].parent
        while index >= 0 and share > 1:
            scores[index] += share
            index, share = boxes[index].parent, share * _FADE
    for index, name in enumerate(page.names):
        if scores[index] and name:
            scores[index] *= (
                1.5 if "articlebody" in name or "article-body" in name else 1.25 if BODY.search(name) else 1.0
            )
    return scores


def _climb(page: Page) -> None:
    """Widen the root to boxes around it whose other children carry the article on."""
    boxes = page.layout.boxes
    for _ in range(6):
        parent = boxes[page.root].parent
        if parent < 0 or (page.title_at >= 0 and boxes[page.root].start <= page.title_at < boxes[page.root].end):
            return
        inside, around = page.prose_in(page.root), page.prose_in(parent)
        taken = [child for child in page.children[parent] if child != page.root and _carries_on(page, child, inside)]
        if (
            around - inside > 0
            and not taken
            and boxes[parent].end - boxes[parent].start > 3 * len(page.layout.runs) // 4
        ):
            return
        for child in page.children[parent]:
            if child != page.root and child not in taken:
                page.reject(child, "beside the article")
        page.recount()
        page.root = parent


def _carries_on(page: Page, child: int, inside: float) -> bool:
    box = page.layout.boxes[child]
    prose = page.prose_in(child)
    if not prose or page.link_share(child) > 0.3:
        return False
    if box.tag in _CELLS:
        return prose >= 0.2 * inside
    alike = box.tag == page.layout.boxes[page.root].tag and page.names[child] == page.names[page.root]
    leads_in = box.end <= page.layout.boxes[page.root].start and box.start > page.title_at >= 0
    if leads_in and page.link_share(child) < 0.05 and box.node.css_first("li") is None:  # a list there sums the text up
        return True
    return alike or box.tag in _LEAVES or not page.children[child] or prose >= 0.2 * inside

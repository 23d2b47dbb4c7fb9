"""The runs of the article's box become regions: standfirst, captions, dateline, body, agency; the rest is dropped."""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from monitor.extract.blocks import Run
from monitor.extract.body import HEADINGS, Page, linked, squeeze
from monitor.extract.callouts import PLEA, SUMMARY, drop_callouts
from monitor.extract.endings import drop_biographies, drop_headings, drop_imprint
from monitor.extract.lines import (
    is_byline,
    is_credit,
    is_machine_made,
    is_sentence,
    is_stamp,
    is_stamped,
    speaks_to_reader,
    split_credit,
    split_dateline,
)
from monitor.extract.marks import CAPTION, PICTURE, SMALL, STANDFIRST

_LONG = 300  # characters from which a repetition is taken by the letter
_PLAIN = frozenset(("div", "section", "article", "main", "header"))
_FIGURES = frozenset(("figure", "figcaption"))
_NEAR = 8  # runs below the headline that belong to it, whatever box they stand in
_BESIDE = frozenset(("before the text", "beside the article"))
_OPEN = frozenset(("", "before the text", "beside the article", "outside"))


@dataclass(slots=True)
class Regions:
    """The regions of one page, body paragraphs in order."""

    standfirst: str = ""
    captions: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    dateline: str = ""
    agency: str = ""


def sort_runs(page: Page, title: str, descriptions: list[str], authors: list[str]) -> Regions:
    """Decide the fate of every run, and gather those that are of use."""
    seen = {squeeze(title)} if title else set()
    names = {plain: name for name in authors if len(plain := squeeze(name)) > 5}
    box = page.layout.boxes[page.root]
    inside = range(box.start, box.end)
    first = next((at for at in inside if _opens(page, at)), box.end)
    for at in inside:
        if not page.fate[at]:
            page.fate[at] = _by_place(page, at, first, seen) or _by_words(page, at, names)
    drop_callouts(page)
    last = next((at for at in reversed(inside) if not page.fate[at]), box.start)
    for at in range(max(page.title_at, 0), last):
        if page.fate[at] == "beside the article" and _is_caption(page, at):
            page.fate[at] = "caption"
    _find_standfirst(page, {squeeze(text) for text in descriptions}, first)
    drop_headings(page)
    drop_imprint(page)
    drop_biographies(page, names)
    return gather(page)


def gather(page: Page) -> Regions:
    """Collect the regions from the fates, and part dateline and agency from the text."""
    regions = Regions()
    for at, run in enumerate(page.layout.runs):
        if page.fate[at] == "caption" and run.text not in regions.captions:
            regions.captions.append(run.text)
        elif page.fate[at] == "standfirst":
            regions.standfirst = f"{regions.standfirst}\n{run.text}".strip()
        elif not page.fate[at]:
            regions.body.append(run.text)
    if regions.body:
        regions.dateline, regions.body[0], regions.agency = split_dateline(regions.body[0])
        regions.body[-1], agency = split_credit(regions.body[-1])
        regions.agency = agency or regions.agency
        regions.body = [text for text in regions.body if text]
    return regions


def _opens(page: Page, at: int) -> bool:
    """Tell whether the text may begin here."""
    run = page.layout.runs[at]
    if page.fate[at] or not page.prose[at] or _is_caption(page, at):
        return False
    return page.weights[at] > 250 or not is_stamped(run.text)


def _by_place(page: Page, at: int, first: int, seen: set[str]) -> str:
    """Judge a run by where it stands."""
    run = page.layout.runs[at]
    tag = page.layout.boxes[run.box].tag
    plain = squeeze(run.text) if len(run.text) < _LONG else run.text
    fate = ""
    if _is_caption(page, at):
        return "caption"
    if tag == "h1" or plain in seen:
        fate = "repeated"
    elif _is_linked(page, at, tag):
        fate = "links"
    elif at < first and not _leads(page, at, first):
        fate = "before the text"
    elif not page.prose[at]:
        if _is_small(page, run):
            fate = "small print"
        elif tag in _PLAIN and not is_sentence(run.text):
            fate = "fragment"
    if len(plain) > 20 or page.prose[at]:
        seen.add(plain)
    return fate


def _leads(page: Page, at: int, first: int) -> bool:
    """Tell a first paragraph that is no prose by its many links, from its being a paragraph like those below it."""
    boxes, runs = page.layout.boxes, page.layout.runs
    box, below = boxes[runs[at].box], boxes[runs[first].box] if first < len(runs) else boxes[0]
    return (
        box.tag == "p" == below.tag
        and box.parent == below.parent
        and page.weights[at] > 60
        and is_sentence(runs[at].text)
    )


def _is_linked(page: Page, at: int, tag: str) -> bool:
    run = page.layout.runs[at]
    share = linked(run)
    if share <= 0.5:
        return False
    if not is_sentence(run.text):
        return True
    return page.weights[at] <= 80 and (tag != "p" or (share >= 0.95 and run.text.rstrip("\"'”’»")[-1:] in "!?"))


def _by_words(page: Page, at: int, names: dict[str, str]) -> str:
    """Judge a run by what it says: dates, bylines, credits, and words to the reader are not the article's text."""
    text, weight = page.layout.runs[at].text, page.weights[at]
    if weight < 400 and (spoken := SUMMARY if is_machine_made(text) else PLEA if speaks_to_reader(text) else ""):
        return spoken
    if weight < 250 and is_credit(text):
        return "caption"
    if weight < 160:
        plain = squeeze(text)
        if is_stamp(_without(text, names)):
            return "date line"
        if plain in names:
            return "byline"
        if weight < 90 and is_byline(text):
            return "byline"
    return ""


def _is_caption(page: Page, at: int) -> bool:
    """Tell what stands in a figure, in a box named for captions, in a picture's box, or right below a picture."""
    layout = page.layout
    index = layout.runs[at].box
    while index > 0 and index != page.root and (chars := page.chars_in(index)) < 900:
        box, name = layout.boxes[index], page.names[index]
        if box.tag in _FIGURES or (name and CAPTION.search(name)):
            return True
        if (
            name
            and chars < 600
            and PICTURE.search(name)
            and any(index <= there < box.last for there, _ in layout.pictures)
        ):
            return True
        index = box.parent
    return _is_below_picture(page, at)


def _is_below_picture(page: Page, at: int) -> bool:
    """Tell text set small, slanted or apart in the paragraph of a picture, or centred or slanted below one."""
    run = page.layout.runs[at]
    pictures = [there for there, following in page.layout.pictures if following == at]
    if not pictures or run.box == page.root or page.chars_in(run.box) >= 250:
        return False
    node = page.layout.boxes[run.box].node
    slanted = node.css_first("em, i") is not None
    if run.box in pictures:
        return slanted or node.css_first("br, small") is not None
    attributes = node.attributes
    centred = "center" in f"{attributes.get('style')} {attributes.get('align')} {attributes.get('class')}"
    return centred or (slanted and _is_all_slanted(node))


def _is_all_slanted(node: LexborNode) -> bool:
    slanted = sum(len(part.text(strip=True)) for part in node.css("em, i"))
    return slanted >= len(node.text(strip=True))


def _is_small(page: Page, run: Run) -> bool:
    if page.layout.boxes[run.box].tag in HEADINGS:
        return False
    index = run.box
    while index > page.root and page.chars_in(index) < 250:
        if page.names[index] and SMALL.search(page.names[index]):
            return True
        index = page.layout.boxes[index].parent
    return False


def _find_standfirst(page: Page, known: set[str], first: int) -> None:
    """Find the summary printed between headline and text, or at the head of the text, be it of several paragraphs."""
    done = False
    for at in range(max(page.title_at, 0), min(first + 1, len(page.layout.runs))):
        run = page.layout.runs[at]
        if at == page.title_at or page.fate[at] not in _OPEN or linked(run) > 0.5 or _is_caption(page, at):
            continue
        if _by_words(page, at, {}):
            continue
        named = _is_known(squeeze(run.text), known) or (page.weights[at] > 40 and _in_box(page, run, STANDFIRST))
        if (named and not done) or _is_lead(page, at):
            page.fate[at] = "standfirst"
            done = done or named


def _is_lead(page: Page, at: int) -> bool:
    """Tell a paragraph between headline and text that nothing names; lists there are sums of what follows."""
    run = page.layout.runs[at]
    below = 0 <= page.title_at < at <= page.title_at + _NEAR and page.fate[at] == "outside"
    beside = below or page.fate[at] in _BESIDE
    plain = beside and page.prose[at] > 0 and linked(run) < 0.3 and is_sentence(run.text)
    listed = page.layout.boxes[run.box].tag == "li"
    return plain and page.weights[at] < 500 and not listed and not _in_box(page, run, SMALL)


def _is_known(plain: str, known: set[str]) -> bool:
    """Tell whether a description begins like the run; many are cut short."""
    return len(plain) > 25 and any(plain == text or (len(text) > 50 and plain[:50] == text[:50]) for text in known)


def _in_box(page: Page, run: Run, names: re.Pattern[str]) -> bool:
    """Tell whether a run stands in a small box that is called one of the names."""
    index = run.box
    while index > 0 and page.chars_in(index) < 700:
        if page.names[index] and names.search(page.names[index]):
            return True
        index = page.layout.boxes[index].parent
    return False


def _without(text: str, names: dict[str, str]) -> str:
    """Cut the authors' names out of a line."""
    for name in names.values():
        text = text.replace(name, " ")
    return text

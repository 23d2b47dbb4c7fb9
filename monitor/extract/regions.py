"""The runs of the article's box become regions: standfirst, captions, dateline, body, agency; the rest is dropped."""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from monitor.extract.boilerplate import (
    MACHINE_SUMMARY,
    READER_APPEAL,
    drop_biographies,
    drop_callouts,
    drop_empty_headings,
    drop_imprint,
)
from monitor.extract.dom_blocks import CAPTION_NAMES, PICTURE_NAMES, SMALL_PRINT_NAMES, STANDFIRST_NAMES, TextRun
from monitor.extract.line_classifier import (
    is_byline,
    is_credit,
    is_date_line,
    is_fact_line,
    is_machine_summary_label,
    is_reader_appeal,
    is_sentence,
    split_agency_signature,
    split_dateline,
)
from monitor.extract.main_content import HEADING_TAGS, PageAnalysis, alnum_key, compute_link_ratio

_MIN_EXACT_REPEAT_CHARS = 300  # characters from which a repetition is taken by the letter
_GENERIC_TAGS = frozenset(("div", "section", "article", "main", "header"))
_FIGURE_TAGS = frozenset(("figure", "figcaption"))
_MAX_STANDFIRST_DISTANCE_RUNS = 8  # runs below the headline that belong to it, whatever box they stand in
_ADJACENT_REASONS = frozenset(("before the text", "beside the article"))
_STANDFIRST_CANDIDATE_REASONS = frozenset(("", "before the text", "beside the article", "outside"))


@dataclass(slots=True)
class ArticleRegions:
    """The regions of one page, body paragraphs in order."""

    standfirst: str = ""
    captions: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    dateline: str = ""
    agency: str = ""


def assemble_regions(page: PageAnalysis, title: str, descriptions: list[str], authors: list[str]) -> ArticleRegions:
    """Decide the fate of every run, and gather those that are of use."""
    seen = {alnum_key(title)} if title else set()
    names = {plain: name for name in authors if len(plain := alnum_key(name)) > 5}
    box = page.layout.boxes[page.root_box_index]
    inside = range(box.run_start, box.run_end)
    first = next((at for at in inside if _can_start_body(page, at)), box.run_end)
    for at in inside:
        if not page.rejection_reasons[at]:
            page.rejection_reasons[at] = _classify_by_layout(page, at, first, seen) or _classify_by_text(
                page, at, names
            )
    drop_callouts(page)
    last = next((at for at in reversed(inside) if not page.rejection_reasons[at]), box.run_start)
    for at in range(max(page.title_run_index, 0), last):
        if page.rejection_reasons[at] == "beside the article" and _is_caption(page, at):
            page.rejection_reasons[at] = "caption"
    _find_standfirst(page, {alnum_key(text) for text in descriptions}, first)
    drop_empty_headings(page)
    drop_imprint(page)
    drop_biographies(page, names)
    return collect_regions(page)


def collect_regions(page: PageAnalysis) -> ArticleRegions:
    """Collect the regions from the fates, and part dateline and agency from the text."""
    regions = ArticleRegions()
    for at, run in enumerate(page.layout.runs):
        if page.rejection_reasons[at] == "caption" and run.text not in regions.captions:
            regions.captions.append(run.text)
        elif page.rejection_reasons[at] == "standfirst":
            regions.standfirst = f"{regions.standfirst}\n{run.text}".strip()
        elif not page.rejection_reasons[at]:
            regions.body.append(run.text)
    if regions.body:
        regions.dateline, regions.body[0], regions.agency = split_dateline(regions.body[0])
        regions.body[-1], agency = split_agency_signature(regions.body[-1])
        regions.agency = agency or regions.agency
        regions.body = [text for text in regions.body if text]
    return regions


def _can_start_body(page: PageAnalysis, run_index: int) -> bool:
    """Tell whether the text may begin here."""
    run = page.layout.runs[run_index]
    if page.rejection_reasons[run_index] or not page.prose_values[run_index] or _is_caption(page, run_index):
        return False
    return page.weights[run_index] > 250 or not is_fact_line(run.text)


def _classify_by_layout(page: PageAnalysis, run_index: int, first_body_index: int, seen: set[str]) -> str:
    """Judge a run by where it stands."""
    run = page.layout.runs[run_index]
    tag = page.layout.boxes[run.box_index].tag
    plain = alnum_key(run.text) if len(run.text) < _MIN_EXACT_REPEAT_CHARS else run.text
    fate = ""
    if _is_caption(page, run_index):
        return "caption"
    if tag == "h1" or plain in seen:
        fate = "repeated"
    elif _is_link_line(page, run_index, tag):
        fate = "links"
    elif run_index < first_body_index and not _is_linked_first_paragraph(page, run_index, first_body_index):
        fate = "before the text"
    elif not page.prose_values[run_index]:
        if _is_small_print(page, run):
            fate = "small print"
        elif tag in _GENERIC_TAGS and not is_sentence(run.text):
            fate = "fragment"
    if len(plain) > 20 or page.prose_values[run_index]:
        seen.add(plain)
    return fate


def _is_linked_first_paragraph(page: PageAnalysis, run_index: int, first_body_index: int) -> bool:
    """Tell a first paragraph that is no prose by its many links, from its being a paragraph like those below it."""
    boxes, runs = page.layout.boxes, page.layout.runs
    box, below = (
        boxes[runs[run_index].box_index],
        boxes[runs[first_body_index].box_index] if first_body_index < len(runs) else boxes[0],
    )
    return (
        box.tag == "p" == below.tag
        and box.parent_index == below.parent_index
        and page.weights[run_index] > 60
        and is_sentence(runs[run_index].text)
    )


def _is_link_line(page: PageAnalysis, run_index: int, tag: str) -> bool:
    run = page.layout.runs[run_index]
    share = compute_link_ratio(run)
    if share <= 0.5:
        return False
    if not is_sentence(run.text):
        return True
    return page.weights[run_index] <= 80 and (tag != "p" or (share >= 0.95 and run.text.rstrip("\"'”’»")[-1:] in "!?"))


def _classify_by_text(page: PageAnalysis, run_index: int, author_names: dict[str, str]) -> str:
    """Judge a run by what it says: dates, bylines, credits, and words to the reader are not the article's text."""
    text, weight = page.layout.runs[run_index].text, page.weights[run_index]
    if weight < 400 and (
        spoken := MACHINE_SUMMARY if is_machine_summary_label(text) else READER_APPEAL if is_reader_appeal(text) else ""
    ):
        return spoken
    if weight < 250 and is_credit(text):
        return "caption"
    if weight < 160:
        plain = alnum_key(text)
        if is_date_line(_remove_names(text, author_names)):
            return "date line"
        if plain in author_names:
            return "byline"
        if weight < 90 and is_byline(text):
            return "byline"
    return ""


def _is_caption(page: PageAnalysis, run_index: int) -> bool:
    """Tell what stands in a figure, in a box named for captions, in a picture's box, or right below a picture."""
    layout = page.layout
    index = layout.runs[run_index].box_index
    while index > 0 and index != page.root_box_index and (chars := page.chars_in(index)) < 900:
        box, name = layout.boxes[index], page.box_hints[index]
        if box.tag in _FIGURE_TAGS or (name and CAPTION_NAMES.search(name)):
            return True
        if (
            name
            and chars < 600
            and PICTURE_NAMES.search(name)
            and any(index <= there < box.subtree_end for there, _ in layout.pictures)
        ):
            return True
        index = box.parent_index
    return _is_below_picture(page, run_index)


def _is_below_picture(page: PageAnalysis, run_index: int) -> bool:
    """Tell text set small, slanted or apart in the paragraph of a picture, or centred or slanted below one."""
    run = page.layout.runs[run_index]
    pictures = [there for there, following in page.layout.pictures if following == run_index]
    if not pictures or run.box_index == page.root_box_index or page.chars_in(run.box_index) >= 250:
        return False
    node = page.layout.boxes[run.box_index].node
    slanted = node.css_first("em, i") is not None
    if run.box_index in pictures:
        return slanted or node.css_first("br, small") is not None
    attributes = node.attributes
    centred = "center" in f"{attributes.get('style')} {attributes.get('align')} {attributes.get('class')}"
    return centred or (slanted and _is_all_italic(node))


def _is_all_italic(node: LexborNode) -> bool:
    slanted = sum(len(part.text(strip=True)) for part in node.css("em, i"))
    return slanted >= len(node.text(strip=True))


def _is_small_print(page: PageAnalysis, run: TextRun) -> bool:
    if page.layout.boxes[run.box_index].tag in HEADING_TAGS:
        return False
    index = run.box_index
    while index > page.root_box_index and page.chars_in(index) < 250:
        if page.box_hints[index] and SMALL_PRINT_NAMES.search(page.box_hints[index]):
            return True
        index = page.layout.boxes[index].parent_index
    return False


def _find_standfirst(page: PageAnalysis, description_keys: set[str], first_body_index: int) -> None:
    """Find the summary printed between headline and text, or at the head of the text, be it of several paragraphs."""
    done = False
    for at in range(max(page.title_run_index, 0), min(first_body_index + 1, len(page.layout.runs))):
        run = page.layout.runs[at]
        if (
            at == page.title_run_index
            or page.rejection_reasons[at] not in _STANDFIRST_CANDIDATE_REASONS
            or compute_link_ratio(run) > 0.5
            or _is_caption(page, at)
        ):
            continue
        if _classify_by_text(page, at, {}):
            continue
        named = _is_in_descriptions(alnum_key(run.text), description_keys) or (
            page.weights[at] > 40 and _is_in_named_box(page, run, STANDFIRST_NAMES)
        )
        if (named and not done) or _is_unnamed_standfirst(page, at):
            page.rejection_reasons[at] = "standfirst"
            done = done or named


def _is_unnamed_standfirst(page: PageAnalysis, run_index: int) -> bool:
    """Tell a paragraph between headline and text that nothing names; lists there are sums of what follows."""
    run = page.layout.runs[run_index]
    below = (
        0 <= page.title_run_index < run_index <= page.title_run_index + _MAX_STANDFIRST_DISTANCE_RUNS
        and page.rejection_reasons[run_index] == "outside"
    )
    beside = below or page.rejection_reasons[run_index] in _ADJACENT_REASONS
    plain = beside and page.prose_values[run_index] > 0 and compute_link_ratio(run) < 0.3 and is_sentence(run.text)
    listed = page.layout.boxes[run.box_index].tag == "li"
    return plain and page.weights[run_index] < 500 and not listed and not _is_in_named_box(page, run, SMALL_PRINT_NAMES)


def _is_in_descriptions(text_key: str, description_keys: set[str]) -> bool:
    """Tell whether a description begins like the run; many are cut short."""
    return len(text_key) > 25 and any(
        text_key == text or (len(text) > 50 and text_key[:50] == text[:50]) for text in description_keys
    )


def _is_in_named_box(page: PageAnalysis, run: TextRun, box_names: re.Pattern[str]) -> bool:
    """Tell whether a run stands in a small box that is called one of the names."""
    index = run.box_index
    while index > 0 and page.chars_in(index) < 700:
        if page.box_hints[index] and box_names.search(page.box_hints[index]):
            return True
        index = page.layout.boxes[index].parent_index
    return False


def _remove_names(text: str, author_names: dict[str, str]) -> str:
    """Cut the authors' names out of a line."""
    for name in author_names.values():
        text = text.replace(name, " ")
    return text

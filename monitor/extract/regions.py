"""Article regions: assigns each text run of the article to a region, or drops it.

The regions are standfirst, captions, dateline and body.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from selectolax.lexbor import LexborNode

from monitor.extract.boilerplate import (
    MACHINE_SUMMARY,
    READER_APPEAL,
    drop_after_end_mark,
    drop_biographies,
    drop_callouts,
    drop_empty_headings,
    drop_imprint,
    drop_name_signature,
)
from monitor.extract.box_names import (
    CAPTION_NAMES,
    GALLERY_NAMES,
    PICTURE_NAMES,
    QUOTE_NAMES,
    SMALL_PRINT_NAMES,
    STANDFIRST_NAMES,
    TEXT_NAMES,
    is_same_kind,
)
from monitor.extract.dom_blocks import TextRun
from monitor.extract.line_classifier import (
    is_byline,
    is_credit,
    is_date_line,
    is_dated_fact_line,
    is_fact_line,
    is_machine_summary_label,
    is_reader_appeal,
    is_rights_notice,
    is_sentence,
    is_signed_by_agency,
    split_agency_signature,
    split_dateline,
)
from monitor.extract.main_content import (
    HEADING_TAGS,
    PageAnalysis,
    alnum_key,
    compute_link_ratio,
    is_emphasized,
)

_MIN_EXACT_REPEAT_CHARS = 300  # characters; longer repetitions are compared exactly, not by their letters and digits
_UNPUNCTUATED_SCRIPTS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_MIN_SENTENCE_WEIGHT = 15  # weight; a shorter line is a name or a place
_MAX_CAPTION_RATIO = 1.5  # captions with more prose than this many times the text are the text
_OPENING_QUOTES = '"“„«‘「『'
_MIN_LIST_WEIGHT = 50  # weight of a list above the text; a shorter one has the author or the section
_MIN_LIST_ITEM_WEIGHT = 80  # weight of the paragraph below a heading that is a link
_MAX_LIST_ITEM_DISTANCE = 3  # text runs, such as a caption, between such a heading and the paragraph
_LINE_LABEL = re.compile(r"([^\W\d][^:：]{0,30}?)\s*[:：](?=\s*\w)")
_MAX_LISTED_CHARS = 25  # characters of a name in a list of names that are links; headlines are longer
_MAX_LABELLED_LINES = 5  # lines before and after a line with a label that are compared with it
_ENUMERATION_COMMA = re.compile("[,،，、]")
_MIN_ENUMERATION_COMMAS = 2
_MAX_ENUMERATION_LINK_RATIO = 0.95  # more means that a line is only links
_MIN_HEADING_CAPTION_WEIGHT = 100  # weight; a longer sentence below a picture is a caption, also in a heading's tag
_GENERIC_TAGS = frozenset(("div", "section", "article", "main", "header"))
_TABLE_CELL_TAGS = frozenset(("td", "th"))
_ITEM_TAGS = _TABLE_CELL_TAGS | {"li"}
_MAX_PICTURE_BOX_CHARS = 600  # characters in a box that consists of a picture and its caption
_MAX_PICTURE_BOX_RUNS = 3
_MAX_PICTURE_LINE_CHARS = 200  # characters of a caption that is not a sentence
_MAX_CREDIT_CHARS = 60
_MIN_CAPTION_WORDS = 5  # a shorter line next to a picture above the text has the name of the author
_MIN_WIDE_CHARS = 24  # the same for twice the number of ideographs
_MIN_PICTURE_TEXT_WEIGHT = 80  # weight; a shorter sentence in a box with a picture is a caption
_FIGURE_TAGS = frozenset(("figure", "figcaption"))
_MAX_STANDFIRST_DISTANCE_RUNS = 8  # text runs below the headline that may be its standfirst, in any box
_MAX_HEADING_DISTANCE_RUNS = 3  # text runs below the headline in which a summary may lack a full stop
_MAX_BYLINE_WEIGHT = 90  # weight; a longer line that begins like a byline must contain a year
_MIN_SUMMARY_WEIGHT = 40
_MIN_SUMMARY_WORDS = 6
_MIN_QUOTE_CHARS = 20
_MAX_QUOTES = 50  # quotations of a page that are compared with its text; with all of them, the time would be quadratic
_MAX_DATA_ROW_CHARS = 300  # characters; a row with more lays out a page
_MIN_SERIES = 3  # pictures of a series, or posts of a live blog
_MAX_SHARED_CAPTIONS = 1 / 3  # share of captions with a name from the article in a series about other news
_WORD = re.compile(r"\w+")
_INNER_NAME = re.compile(r"(?<=[^\W\d_.!?,;:] )[^\W\d_a-z]\w{3,}")
_POST_TIME = re.compile(r"(?<!\d)\d{1,2}[:.hH]\d{2}(?!\d)|^\W*\d{1,3}(?:\+\d)?['’′]")
_YEAR = re.compile(r"(?:19|20)\d\d")  # a line with a year is the date of another story more often
_MAX_POST_TIME_CHARS = 40
_MAX_POST_TIME_LETTERS = 16  # of the month, the zone or a word such as "Uhr"
_ADJACENT_REASONS = frozenset(("before the text", "next to the article"))
_STANDFIRST_CANDIDATE_REASONS = frozenset(("", "before the text", "next to the article", "outside"))


@dataclass(slots=True)
class ArticleRegions:
    """The texts of an article by region. ``body`` has the paragraphs in order, and ``agency`` is the news agency."""

    standfirst: str = ""
    captions: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    dateline: str = ""
    agency: str = ""


def assemble_regions(page: PageAnalysis, title: str, descriptions: list[str], authors: list[str]) -> ArticleRegions:
    """Classify every text run of the article, and return the resulting regions."""
    seen = {alnum_key(title)} if title else set()
    names = {plain: name for name in authors if len(plain := alnum_key(name)) > 5}
    box = page.layout.boxes[page.root_box_index]
    inside = range(box.run_start, box.run_end)
    first = next((at for at in inside if _can_start_body(page, at)), box.run_end)
    page.pull_quotes = _find_pull_quotes(page)
    galleries = _list_galleries(page)
    for start, end in galleries:
        for at in range(start, end):
            page.rejection_reasons[at] = page.rejection_reasons[at] or "caption"
    post_times = _find_post_times(page, inside)
    for at in inside:
        if not page.rejection_reasons[at] and at not in post_times:
            page.rejection_reasons[at] = _classify_by_layout(page, at, first, seen) or _classify_by_text(
                page, at, names
            )
    _restore_captions(page, inside)
    _drop_other_pictures(page, galleries, title)
    _mark_summary_labels(page, inside)
    _drop_repeated_quotes(page, inside)
    drop_callouts(page)
    last = next((at for at in reversed(inside) if not page.rejection_reasons[at]), box.run_start)
    for at in range(max(page.title_run_index, 0), last):
        reason = page.rejection_reasons[at]
        if reason == "caption" and is_reader_appeal(page.layout.runs[at].text):
            page.rejection_reasons[at] = READER_APPEAL
        elif reason in _ADJACENT_REASONS and (_is_caption(page, at) or _is_line_of_first_picture(page, at)):
            page.rejection_reasons[at] = "caption"
    _find_standfirst(page, {alnum_key(text) for text in descriptions}, first)
    drop_empty_headings(page)
    drop_after_end_mark(page)
    drop_imprint(page)
    drop_biographies(page, names)
    drop_name_signature(page)
    return collect_regions(page)


def collect_regions(page: PageAnalysis) -> ArticleRegions:
    """Build the regions from the text runs, which must already be classified.

    The dateline and the news agency are then moved from the body to their own fields.
    """
    regions = ArticleRegions()
    for at, run in enumerate(page.layout.runs):
        if page.rejection_reasons[at] == "caption":
            if run.text not in regions.captions and any(map(str.isalpha, run.text)):  # not "1 / 3"
                regions.captions.append(run.text)
        elif page.rejection_reasons[at] == "standfirst":
            regions.standfirst = f"{regions.standfirst}\n{run.text}".strip()
        elif not page.rejection_reasons[at]:
            regions.body.append(run.text)
    split_signatures(regions)
    return regions


def split_signatures(regions: ArticleRegions) -> None:
    """Move the dateline and the signature of the news agency from the body to their own fields.

    The dateline begins the first paragraph, and the signature ends the last paragraph.
    """
    if regions.body:
        regions.dateline, regions.body[0], regions.agency = split_dateline(regions.body[0])
        regions.body[-1], agency = split_agency_signature(regions.body[-1])
        regions.agency = agency or regions.agency
        regions.body = [text for text in regions.body if text]


def _can_start_body(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a text run can be the first paragraph of the body."""
    run = page.layout.runs[run_index]
    if page.rejection_reasons[run_index] or not page.prose_values[run_index] or run_index == page.title_run_index:
        return False
    if _is_caption(page, run_index) or _is_line_of_picture(page, run_index):
        return False
    return page.weights[run_index] > 250 or not is_fact_line(run.text)


def _classify_by_layout(page: PageAnalysis, run_index: int, first_body_index: int, seen: set[str]) -> str:
    """Return the reason why a text run is not body text, judged by its position and box, or an empty string.

    ``seen`` has the normalized texts before this one, to recognize repetitions; this text is added to it.
    """
    run = page.layout.runs[run_index]
    tag = page.layout.boxes[run.box_index].tag
    key = alnum_key(run.text) if len(run.text) < _MIN_EXACT_REPEAT_CHARS else run.text
    reason = ""
    if _is_caption(page, run_index):
        return "caption"
    if key in seen or run_index == page.title_run_index or (tag == "h1" and run_index < first_body_index):
        reason = "repeated"
    elif _is_link_line(page, run_index, tag):
        reason = "links"
    elif run_index < first_body_index and not (
        _is_linked_first_paragraph(page, run_index, first_body_index)
        or _is_short_first_paragraph(page, run_index, first_body_index)
        or _is_opening_list(page, run_index, first_body_index)
    ):
        reason = "before the text"
    elif not page.prose_values[run_index]:
        if _is_small_print(page, run):
            reason = "small print"
        elif tag in _GENERIC_TAGS and not (_is_whole_line(page, run_index) or _is_bold_subheading(page, run_index)):
            reason = "fragment"
    if reason in {"", "fragment"} and _is_line_of_picture(page, run_index):
        return "caption"
    if len(key) > 20 or page.prose_values[run_index]:
        seen.add(key)
    return reason


def _is_linked_first_paragraph(page: PageAnalysis, run_index: int, first_body_index: int) -> bool:
    """Return whether a text run with many links is the real first paragraph of the article.

    ``first_body_index`` is the index of the text run below it that would otherwise be the first paragraph. The text run
    with links must be a sentence. Both must be in ``p`` elements with the same parent.
    """
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


def _is_short_first_paragraph(page: PageAnalysis, run_index: int, first_body_index: int) -> bool:
    """Return whether a short text run between the headline and the text is itself a paragraph of the text.

    It must be a sentence, and formatted like the text below it. In scripts without a full stop, a minimum length
    replaces the test for a sentence.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    if run_index <= page.title_run_index or first_body_index >= len(runs):
        return False
    run = runs[run_index]
    box, below = boxes[run.box_index], boxes[runs[first_body_index].box_index]
    is_alike = run.box_index == runs[first_body_index].box_index or (
        box.tag == below.tag
        and box.parent_index == below.parent_index
        and is_same_kind(page.box_hints[run.box_index], page.box_hints[runs[first_body_index].box_index])
    )
    if not is_alike or page.weights[run_index] < _MIN_SENTENCE_WEIGHT or compute_link_ratio(run) > 0.3:
        return False
    return _is_whole_line(page, run_index) and not is_byline(run.text.rstrip(". ")) and not is_fact_line(run.text)


def _is_opening_list(page: PageAnalysis, run_index: int, first_body_index: int) -> bool:
    """Return whether a text run is an item of a list between the headline and the text that belongs to the article.

    The list has no links, and is next to the first paragraph or in a box of its own there.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    item = boxes[runs[run_index].box_index]
    if item.tag != "li" or run_index <= page.title_run_index or first_body_index >= len(runs):
        return False
    index, around = item.parent_index, boxes[runs[first_body_index].box_index].parent_index
    if boxes[index].parent_index != around:
        index = boxes[index].parent_index
    lines = range(boxes[index].run_start, boxes[index].run_end)
    return (
        boxes[index].parent_index == around
        and not any(runs[at].link_chars for at in lines)
        and not any(_classify_by_text(page, at, {}) or is_fact_line(runs[at].text) for at in lines)
        and sum(page.weights[at] for at in lines) >= _MIN_LIST_WEIGHT
        and not (page.box_hints[index] and SMALL_PRINT_NAMES.search(page.box_hints[index]))
    )


def _is_whole_line(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a text run is a sentence.

    In scripts without a full stop, it must have a minimum length instead.
    """
    text = page.layout.runs[run_index].text
    is_long = page.weights[run_index] >= _MIN_SENTENCE_WEIGHT
    return is_sentence(text) or (is_long and _UNPUNCTUATED_SCRIPTS.search(text[-1:]) is not None)


def _is_bold_subheading(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a bold line is directly between two paragraphs in the box of both, as a heading without a tag."""
    runs = page.layout.runs
    if not 0 < run_index < len(runs) - 1:
        return False
    is_between = all(
        runs[at].box_index == runs[run_index].box_index and page.prose_values[at] and not page.rejection_reasons[at]
        for at in (run_index - 1, run_index + 1)
    )
    return is_between and is_emphasized(page, run_index)


def _is_link_line(page: PageAnalysis, run_index: int, tag: str) -> bool:
    """Return whether a text run consists mostly of links and is not a sentence of the article."""
    run = page.layout.runs[run_index]
    share = compute_link_ratio(run)
    if share <= 0.5:
        return False
    if not is_sentence(run.text):
        return not (
            _is_list_heading(page, run_index)
            or _is_list_of_links(page, run_index)
            or _is_labelled_line(page, run_index, tag)
        )
    return page.weights[run_index] <= 80 and (tag != "p" or (share >= 0.95 and run.text.rstrip("\"'”’»")[-1:] in "!?"))


def _is_list_heading(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a heading that is a link begins a section of the article, as in a list of products or places.

    The next line with prose must be long, and in the same parent box as the heading. This box must contain most of the
    article's prose. Otherwise the line is probably the excerpt of another story, which has a box of its own.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    heading = boxes[runs[run_index].box_index]
    if heading.tag not in HEADING_TAGS:
        return False
    around = boxes[heading.parent_index]
    end = min(around.run_end, run_index + 1 + _MAX_LIST_ITEM_DISTANCE)
    below = next((at for at in range(run_index + 1, end) if page.prose_values[at]), -1)
    if below < 0 or page.weights[below] < _MIN_LIST_ITEM_WEIGHT:
        return False
    is_same_box = boxes[runs[below].box_index].parent_index == heading.parent_index
    return is_same_box and 2 * page.prose_in(heading.parent_index) > page.prose_in(page.root_box_index)


def _is_labelled_line(page: PageAnalysis, run_index: int, tag: str) -> bool:
    """Return whether a line with links is one of several lines that each begin with a label of their own.

    An example is "Saxony: Dresden, Leipzig" in a list of places: names, without the headlines that links to other
    stories have. "Read also: ..." has the same label each time.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    label = _LINE_LABEL.match(runs[run_index].text)
    if not label:
        return False
    names = _ENUMERATION_COMMA.split(runs[run_index].text[label.end() :])
    if max(map(len, names)) > _MAX_LISTED_CHARS:
        return False
    parent = boxes[runs[run_index].box_index].parent_index
    if runs[run_index].box_index == page.root_box_index or tag in _GENERIC_TAGS:
        parent = runs[run_index].box_index  # lines with <br> between them
    near = range(max(0, run_index - _MAX_LABELLED_LINES), min(len(runs), run_index + _MAX_LABELLED_LINES + 1))
    labels = {
        match[1].casefold()
        for at in near
        if parent in {runs[at].box_index, boxes[runs[at].box_index].parent_index}
        and (match := _LINE_LABEL.match(runs[at].text))
    }
    return len(labels) >= _MIN_SERIES


def _is_list_of_links(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a line with several links is an enumeration in the text of the article.

    The links must have commas between them, and other words before them. The line must have the same tag and parent as
    the paragraph above it.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    box = boxes[runs[run_index].box_index]
    if box.tag != "p" or run_index == 0 or compute_link_ratio(runs[run_index]) > _MAX_ENUMERATION_LINK_RATIO:
        return False
    above = boxes[runs[run_index - 1].box_index]
    is_alike = above.tag == "p" and above.parent_index == box.parent_index
    text = runs[run_index].text
    if not is_alike or len(_ENUMERATION_COMMA.findall(text)) < _MIN_ENUMERATION_COMMAS:
        return False
    links = box.node.css("a")
    return len(links) > _MIN_ENUMERATION_COMMAS and not text.startswith(links[0].text(strip=True))


def _classify_by_text(page: PageAnalysis, run_index: int, author_names: dict[str, str]) -> str:
    """Return the reason why a text run is not body text, judged by its words, or an empty string.

    Reasons are that it is a date, byline, credit, appeal to the reader, or the label of a machine-generated summary.
    """
    text, weight = page.layout.runs[run_index].text, page.weights[run_index]
    if weight < 400 and (
        label := MACHINE_SUMMARY if is_machine_summary_label(text) else READER_APPEAL if is_reader_appeal(text) else ""
    ):
        return label
    if weight < 250 and is_credit(text) and not is_signed_by_agency(text):
        return "imprint" if is_rights_notice(text) else "caption"
    if weight < 160:
        key = alnum_key(text)
        if not _is_in_data_row(page, run_index) and (
            is_date_line(_remove_names(text, author_names)) or is_dated_fact_line(text)
        ):
            return "date line"
        if key in author_names:
            return "byline"
        if is_byline(text) and (weight < _MAX_BYLINE_WEIGHT or _YEAR.search(text)):
            return "byline"
    return ""


def _is_in_data_row(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a text run is in a row of a table that has several cells with text, all of them short."""
    boxes = page.layout.boxes
    index = page.layout.runs[run_index].box_index
    if boxes[index].tag not in _TABLE_CELL_TAGS:
        return False
    row = boxes[index].parent_index
    if page.chars_in(row) >= _MAX_DATA_ROW_CHARS:
        return False
    return sum(boxes[cell].run_end > boxes[cell].run_start for cell in page.child_boxes[row]) > 1


def _is_caption(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a text run is a caption: in a figure, in a box for captions or pictures, or below a picture."""
    layout = page.layout
    index = layout.runs[run_index].box_index
    while index > 0 and index != page.root_box_index and (chars := page.chars_in(index)) < 900:
        box, name = layout.boxes[index], page.box_hints[index]
        if box.tag in _FIGURE_TAGS:
            is_cell = layout.boxes[layout.runs[run_index].box_index].tag in _TABLE_CELL_TAGS
            return not is_cell and run_index not in page.pull_quotes
        has_headline = box.run_start <= page.title_run_index < box.run_end
        is_named = (
            name
            and not has_headline
            and (
                CAPTION_NAMES.search(name)
                or (
                    chars < 600
                    and PICTURE_NAMES.search(name)
                    and any(index <= there < box.subtree_end for there, _ in layout.pictures)
                )
            )
        )
        if is_named:
            return not (_is_text_with_picture(page, index) or _is_in_text_box(page, run_index, index))
        index = box.parent_index
    return _is_below_picture(page, run_index)


def _is_line_of_picture(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a box without a name consists of a picture and this text run, as a caption.

    The box has a picture and at most three text runs below it. Either the last of them is a credit, or all of them are
    short and none is a sentence or a heading. List items and cells of tables often have pictures, and are excluded.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    index = runs[run_index].box_index
    if any(there == index for there, _ in page.layout.pictures):
        return False
    if not any(page.prose_values[run_index + 1 : boxes[page.root_box_index].run_end]):
        return False  # it is the box of the author below the text
    while index > 0 and index != page.root_box_index and page.chars_in(index) < _MAX_PICTURE_BOX_CHARS:
        box = boxes[index]
        inside = range(box.run_start, box.run_end)
        if len(inside) > _MAX_PICTURE_BOX_RUNS or box.tag in _ITEM_TAGS or page.title_run_index in inside:
            return False
        starts = [start for there, start in page.layout.pictures if index <= there < box.subtree_end]
        if starts:
            last = runs[inside[-1]].text
            is_credited = len(last) < _MAX_CREDIT_CHARS and is_credit(last)
            is_short = page.chars_in(index) < _MAX_PICTURE_LINE_CHARS and not any(
                boxes[runs[at].box_index].tag in HEADING_TAGS or _is_whole_line(page, at) for at in inside
            )
            return starts[0] == box.run_start and (is_credited or is_short)
        index = box.parent_index
    return False


def _is_line_of_first_picture(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a line between headline and text is the caption of the picture there, not a name next to it."""
    text = page.layout.runs[run_index].text
    is_long = len(text.split()) >= _MIN_CAPTION_WORDS or page.weights[run_index] >= 2 * len(text) >= _MIN_WIDE_CHARS
    return (
        is_long
        and 0 <= page.title_run_index < run_index
        and not _classify_by_text(page, run_index, {})
        and _is_line_of_picture(page, run_index)
    )


def _find_pull_quotes(page: PageAnalysis) -> frozenset[int]:
    """Return the text runs that are quotations in figures without a picture.

    Quotations that are a part of a longer text run are excluded.
    """
    boxes, runs = page.layout.boxes, page.layout.runs
    if not any(box.tag == "blockquote" for box in boxes):
        return frozenset()
    pictures = sorted(index for index, _ in page.layout.pictures)
    found = []
    for at, run in enumerate(runs):
        tags, index = set[str](), run.box_index
        while index > page.root_box_index and boxes[index].tag not in _FIGURE_TAGS:
            tags.add(boxes[index].tag)
            index = boxes[index].parent_index
        if "blockquote" in tags and boxes[index].tag in _FIGURE_TAGS:
            first = bisect_left(pictures, index)
            if first == len(pictures) or pictures[first] >= boxes[index].subtree_end:
                found.append(at)
    return frozenset(found) - _find_contained(page, found, range(len(runs)))


def _drop_repeated_quotes(page: PageAnalysis, inside: range) -> None:
    """Drop quotations in boxes of their own that repeat a part of a paragraph."""
    boxes, runs = page.layout.boxes, page.layout.runs
    kept = [at for at in inside if not page.rejection_reasons[at]]
    quotes = []
    for at in kept:
        parent = boxes[runs[at].box_index].parent_index
        names = f"{page.box_hints[runs[at].box_index]} {page.box_hints[parent] if parent >= 0 else ''}"
        if QUOTE_NAMES.search(names) and len(alnum_key(runs[at].text)) >= _MIN_QUOTE_CHARS:
            quotes.append(at)
    for at in _find_contained(page, quotes, kept):
        page.rejection_reasons[at] = "repeated"


def _find_contained(page: PageAnalysis, quotes: Sequence[int], others: Iterable[int]) -> frozenset[int]:
    """Return the text runs among ``quotes`` whose text is a part of a longer text run among ``others``.

    Only the first ``_MAX_QUOTES`` quotes are compared.
    """
    if not quotes:
        return frozenset()
    keys = {at: alnum_key(page.layout.runs[at].text) for at in others}
    return frozenset(
        at for at in quotes[:_MAX_QUOTES] if any(keys[at] in key for key in keys.values() if len(key) > len(keys[at]))
    )


def _is_text_with_picture(page: PageAnalysis, box_index: int) -> bool:
    """Return whether a box whose class or id contains a word for a picture also contains text of the article.

    This is so if the box has several paragraphs, or one paragraph and a separate caption.
    """
    box = page.layout.boxes[box_index]
    has_caption = any(
        inner.tag == "figcaption" or CAPTION_NAMES.search(page.box_hints[at])
        for at, inner in enumerate(page.layout.boxes[box_index + 1 : box.subtree_end], box_index + 1)
    )
    paragraphs = [
        at
        for at in range(box.run_start, box.run_end)
        if page.prose_values[at] and is_sentence(page.layout.runs[at].text) and not is_credit(page.layout.runs[at].text)
    ]
    return len(paragraphs) > 1 or (has_caption and len(paragraphs) > 0)


def _mark_summary_labels(page: PageAnalysis, inside: range) -> None:
    """Give the labels of machine-generated summaries their own rejection reason.

    Without this, a label in a box with a class such as ``disclaimer`` would be rejected as other boilerplate.
    """
    for at in inside:
        if page.rejection_reasons[at].startswith("boilerplate") and is_machine_summary_label(page.layout.runs[at].text):
            page.rejection_reasons[at] = MACHINE_SUMMARY


def _list_galleries(page: PageAnalysis) -> list[tuple[int, int]]:
    """Find the picture series in the article.

    Each is returned as a pair: the index of its first text run, and the index after its last one. A box is a picture
    series if its class or id indicates this, if it has at least three pictures, and if it has hardly more paragraphs
    than pictures.
    """
    boxes = page.layout.boxes
    pictures = sorted(box_index for box_index, _ in page.layout.pictures)
    found: list[tuple[int, int]] = []
    for index in range(page.root_box_index + 1, boxes[page.root_box_index].subtree_end):
        box, name = boxes[index], page.box_hints[index]
        if not name or (found and box.run_start < found[-1][1]):
            continue
        count = bisect_left(pictures, box.subtree_end) - bisect_left(pictures, index)
        if count < _MIN_SERIES or not GALLERY_NAMES.search(name):
            continue
        paragraphs = sum(value > 0 for value in page.prose_values[box.run_start : box.run_end])
        if paragraphs <= count + 1:
            found.append((box.run_start, box.run_end))
    return found


def _drop_other_pictures(page: PageAnalysis, galleries: list[tuple[int, int]], title: str) -> None:
    """Drop the captions of picture series about other news.

    A series is about other news if most of its captions contain names, but hardly any of these names is in the article.
    """
    if not galleries:
        return
    kept = [run.text for run, reason in zip(page.layout.runs, page.rejection_reasons, strict=True) if not reason]
    known = set(_WORD.findall(" ".join((title, *kept))))
    for start, end in galleries:
        series = [at for at in range(start, end) if page.rejection_reasons[at] == "caption"]
        named = [names for at in series if (names := set(_INNER_NAME.findall(page.layout.runs[at].text)))]
        if len(named) >= _MIN_SERIES and _MAX_SHARED_CAPTIONS * len(named) > sum(
            bool(names & known) for names in named
        ):
            for at in series:
                page.rejection_reasons[at] = "other pictures"


def _find_post_times(page: PageAnalysis, inside: range) -> set[int]:
    """Return the indexes of the text runs that only state a time, above the posts of a live blog or a chronology.

    Each must have prose below it. If there are fewer than three of them, the result is empty.
    """
    times = [
        at
        for at in inside
        if not page.rejection_reasons[at]
        and len(page.layout.runs[at].text) <= _MAX_POST_TIME_CHARS
        and _POST_TIME.search(page.layout.runs[at].text)
        and not _YEAR.search(page.layout.runs[at].text)
        and not page.layout.runs[at].link_chars * 2 > len(page.layout.runs[at].text)
        and sum(map(str.isalpha, page.layout.runs[at].text)) <= _MAX_POST_TIME_LETTERS
    ]
    above_prose = {
        at
        for at, following in pairwise((*times, inside.stop))
        if any(page.prose_values[at + 1 : min(following, at + 4)])
    }
    return above_prose if len(above_prose) >= _MIN_SERIES else set()


def _is_in_text_box(page: PageAnalysis, run_index: int, picture_box_index: int) -> bool:
    """Return whether a text run in a box with the class or id of a picture is nevertheless a paragraph of the article.

    It must be a long sentence. In addition, a box around it, inside the picture box, must have a class or id that
    contains a word for text. If only the class or id of the picture box itself contains such a word, as in
    ``image-text``, the text run must be in a ``p`` element.
    """
    layout, run = page.layout, page.layout.runs[run_index]
    if page.weights[run_index] < _MIN_PICTURE_TEXT_WEIGHT or not is_sentence(run.text) or is_credit(run.text):
        return False
    index = run.box_index
    while index >= picture_box_index:
        name = page.box_hints[index]
        if name and TEXT_NAMES.search(name):
            return index != picture_box_index or layout.boxes[run.box_index].tag == "p"
        index = layout.boxes[index].parent_index
    return False


def _restore_captions(page: PageAnalysis, inside: range) -> None:
    """Treat captions as body text if they have most of the article's prose, as in picture stories.

    A single caption is treated as body text only if the article has no other prose.
    """
    captions = [
        at
        for at in inside
        if page.rejection_reasons[at] == "caption"
        and page.prose_values[at]
        and _is_whole_line(page, at)
        and not is_credit(page.layout.runs[at].text)
    ]
    kept = sum(page.prose_values[at] for at in inside if not page.rejection_reasons[at])
    if (len(captions) > 1 or not kept) and sum(page.prose_values[at] for at in captions) > _MAX_CAPTION_RATIO * kept:
        for at in captions:
            page.rejection_reasons[at] = ""


def _is_below_picture(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a text run at or directly below a picture is formatted like a caption.

    Captions are small, italic or centred.
    """
    run = page.layout.runs[run_index]
    pictures = [there for there, following in page.layout.pictures if following == run_index]
    if (
        not pictures
        or run.text[0] in _OPENING_QUOTES
        or run.box_index == page.root_box_index
        or page.chars_in(run.box_index) >= 250
    ):
        return False
    node, tag = page.layout.boxes[run.box_index].node, page.layout.boxes[run.box_index].tag
    if tag in HEADING_TAGS and run_index != page.title_run_index:
        return is_sentence(run.text) and page.weights[run_index] > _MIN_HEADING_CAPTION_WEIGHT
    is_italic = node.css_first("em, i") is not None
    if run.box_index in pictures:
        return is_italic or node.css_first("br, small") is not None
    attributes = node.attributes
    is_centred = "center" in f"{attributes.get('style')} {attributes.get('align')} {attributes.get('class')}"
    return is_centred or (is_italic and _is_all_italic(node))


def _is_all_italic(node: LexborNode) -> bool:
    italic_chars = sum(len(part.text(strip=True)) for part in node.css("em, i"))
    return italic_chars >= len(node.text(strip=True))


def _is_small_print(page: PageAnalysis, run: TextRun) -> bool:
    """Return whether a text run is in a small box whose class or id indicates bylines, dates or similar text."""
    if page.layout.boxes[run.box_index].tag in HEADING_TAGS:
        return False
    index = run.box_index
    while index > page.root_box_index and page.chars_in(index) < 250:
        if page.box_hints[index] and SMALL_PRINT_NAMES.search(page.box_hints[index]):
            return True
        index = page.layout.boxes[index].parent_index
    return False


def _find_standfirst(page: PageAnalysis, description_keys: set[str], first_body_index: int) -> None:
    """Classify the summary of the article as standfirst.

    The summary is between the headline and the text, or at the start of the text, and may have several paragraphs.
    ``description_keys`` are the descriptions in the metadata, normalized.
    """
    named_box = -1  # the box around the named summary; a summary may be a list
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
        is_named = _is_in_descriptions(alnum_key(run.text), description_keys) or (
            page.weights[at] > 40 and _is_in_named_box(page, run, STANDFIRST_NAMES)
        )
        parent = page.layout.boxes[run.box_index].parent_index
        if (is_named and named_box in {-1, parent}) or _is_unnamed_standfirst(page, at):
            page.rejection_reasons[at] = "standfirst"
            named_box = parent if is_named else named_box


def _is_unnamed_standfirst(page: PageAnalysis, run_index: int) -> bool:
    """Return whether the position of a text run, between the headline and the text, shows that it is a standfirst.

    A standfirst is the summary of an article. The class or id of its box need not indicate a summary. Items of lists
    are excluded, and so are text runs in boxes whose class or id indicates a byline, a date or the like.
    """
    run = page.layout.runs[run_index]
    is_below_title = (
        0 <= page.title_run_index < run_index <= page.title_run_index + _MAX_STANDFIRST_DISTANCE_RUNS
        and page.rejection_reasons[run_index] == "outside"
    )
    is_near_title = is_below_title or page.rejection_reasons[run_index] in _ADJACENT_REASONS
    is_prose = is_near_title and compute_link_ratio(run) < 0.3 and _is_summary_text(page, run_index)
    is_list_item = page.layout.boxes[run.box_index].tag == "li"
    return (
        is_prose
        and page.weights[run_index] < 500
        and not is_list_item
        and not _is_in_named_box(page, run, SMALL_PRINT_NAMES)
    )


def _is_summary_text(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a text run near the headline can be a summary: a sentence, or a line without a full stop.

    A line without a full stop must be a heading or paragraph of at least six words below the headline.
    """
    run = page.layout.runs[run_index]
    tag = page.layout.boxes[run.box_index].tag
    if is_sentence(run.text) and page.prose_values[run_index]:
        return True
    if not 0 <= page.title_run_index < run_index <= page.title_run_index + _MAX_HEADING_DISTANCE_RUNS:
        return False
    is_long = page.weights[run_index] >= _MIN_SUMMARY_WEIGHT and len(run.text.split()) >= _MIN_SUMMARY_WORDS
    has_form = tag in HEADING_TAGS or (tag == "p" and bool(page.prose_values[run_index]))
    return is_long and has_form and not is_fact_line(run.text)


def _is_in_descriptions(text_key: str, description_keys: set[str]) -> bool:
    """Return whether a text equals a description in the metadata, or begins like a long one.

    Descriptions are often cut off, so their ends are not compared.
    """
    return len(text_key) > 25 and any(
        text_key == text or (len(text) > 50 and text_key[:50] == text[:50]) for text in description_keys
    )


def _is_in_named_box(page: PageAnalysis, run: TextRun, box_names: re.Pattern[str]) -> bool:
    """Return whether a text run is in a small box whose class or id matches the pattern ``box_names``."""
    index = run.box_index
    while index > 0 and page.chars_in(index) < 700:
        if page.box_hints[index] and box_names.search(page.box_hints[index]):
            return True
        index = page.layout.boxes[index].parent_index
    return False


def _remove_names(text: str, author_names: dict[str, str]) -> str:
    """Replace the authors' names in a line by spaces."""
    for name in author_names.values():
        text = text.replace(name, " ")
    return text

"""Boilerplate removal: drops text that is among the text of the article but does not belong to it.

Such text is promotional boxes, machine-generated summaries, headings without content, the imprint of the page, and
biographies of authors. If an article was saved as plain text, the text after its end is also dropped. In plain text,
only the order, repetition and wording of the lines show where the article ends.
"""

import re

from monitor.extract.dom_blocks import normalize_spacing
from monitor.extract.line_classifier import (
    is_biography,
    is_credit,
    is_imprint,
    is_sales_pitch,
    is_sentence,
    split_agency_signature,
)
from monitor.extract.main_content import HEADING_TAGS, PageAnalysis, alnum_key, measure_weight

READER_APPEAL = "appeal to the reader"
NAME_SIGNATURE = "name at the end"
MACHINE_SUMMARY = "machine-generated summary"
_MAX_CALLOUT_WEIGHT = 1_500  # weight; a box with more text is not a callout
_MAX_OFFER_LINE_WEIGHT = 150  # weight; shorter lines in the box of an offer belong to it


def drop_callouts(page: PageAnalysis) -> None:
    """Drop small boxes with promotional offers or machine-generated summaries.

    Call this after each line was classified, because it uses the reasons for which lines were rejected.
    """
    boxes = page.layout.boxes
    total_weight = sum(
        weight for weight, reason in zip(page.weights, page.rejection_reasons, strict=True) if not reason
    )
    for at, run in enumerate(page.layout.runs):
        label_reason = page.rejection_reasons[at]
        if label_reason != MACHINE_SUMMARY and not (label_reason == READER_APPEAL and is_sales_pitch(run.text)):
            continue
        box_index, callout_index = run.box_index, -1
        while (
            box_index > 0
            and not box_index <= page.root_box_index < boxes[box_index].subtree_end
            and _is_callout(page, box_index, label_reason, total_weight)
        ):
            box_index, callout_index = boxes[box_index].parent_index, box_index
        if callout_index >= 0:
            page.reject(callout_index, f"next to: {label_reason}")


def _is_callout(page: PageAnalysis, box_index: int, reason: str, total_weight: int) -> bool:
    """Return whether a box is a callout: a small box around an offer or around a machine-generated summary.

    ``reason`` is the reason why a line of the box was rejected: it is an offer, or the label of a summary. A callout
    contains little of the article's text. In addition:

    - For an offer, at least a third of the lines must have this reason. Either the first line of the box must be the
      offer, or the other lines must be short.
    - For a summary, the box must be the smallest one that contains the label and other text.
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
    """Return whether a box contains lines that are rejected for ``reason``, and other lines that are not rejected."""
    box = page.layout.boxes[box_index]
    reasons = page.rejection_reasons[box.run_start : box.run_end]
    return reason in reasons and "" in reasons


_MIN_PARAGRAPH_WEIGHT = 60  # weight from which a line counts as a paragraph
_END_LABEL = re.compile(
    r"^\W*(?:related(?: news| stories| articles)?|(?:more|other) news|most (?:read|viewed|popular)|trending|reactions?|"
    r"share|comments?|tags?|back to top|you may (?:also )?like|read next|latest news|recommended|see more|"
    r"tin (?:liên quan|khác|mới|cùng chuyên mục)|đọc nhiều|xem thêm|bình luận|chia sẻ|từ khóa|"
    r"baca juga|berita terkait|à lire aussi|lire aussi|相关新闻|相关阅读|延伸阅读|ຂ່າວທີ່ກ່ຽວຂ້ອງ|ข่าวที่เกี่ยวข้อง)\s*:?\W*$",
    re.IGNORECASE,
)


def find_article_end(text: str) -> int:
    """Return the offset at which the article in a plain text ends and other news follows.

    If no end is found, the result is the length of the text.
    """
    lines: list[str] = []
    ends: list[int] = []
    at = 0
    for raw in text.splitlines(keepends=True):
        at += len(raw)
        line = normalize_spacing(raw)
        if line:
            lines.append(line)
            ends.append(at - len(raw) + len(raw.rstrip()))
    start = next((number for number, line in enumerate(lines) if _is_paragraph(line)), len(lines))
    kept = start + _count_article_lines(lines[start:], lines[:start])
    return ends[kept - 1] if 0 < kept < len(lines) else len(text)


def _is_paragraph(line: str) -> bool:
    weight = measure_weight(line)
    return weight >= 3 * _MIN_PARAGRAPH_WEIGHT or (weight >= _MIN_PARAGRAPH_WEIGHT and is_sentence(line))


def _count_article_lines(lines: list[str], header: list[str]) -> int:
    """Return how many of ``lines`` belong to the article.

    ``lines`` begin with the first paragraph of the article, and ``header`` has the lines above it. The article ends
    with the signature of an agency. It also ends before a label such as "Related news", a repetition of the header, or
    a headline that is printed twice.
    """
    header_key = alnum_key(" ".join(header[:-1])) if len(header) > 1 else ""
    paragraphs = 0
    for at, line in enumerate(lines):
        has_signature = split_agency_signature(line)[1] and not is_credit(line)
        if _is_paragraph(line):
            paragraphs += 1
            if paragraphs > 2 and has_signature:
                return at + 1
        elif paragraphs > 1:
            if has_signature:
                return at + 1
            key = alnum_key(line)
            is_repeated = not is_sentence(line) and lines[at + 1 : at + 2] == [line]
            if is_repeated or _END_LABEL.match(line) or (len(key) > 4 and key in header_key):
                return at
    return len(lines)


_MAX_EMPTY_HEADINGS = 3  # more headings than this, each above a picture, mean that the article is a picture series
_END_MARK = re.compile(r"[\s*#=_~•–—-]{3,}")
_ADDRESS = re.compile(r"\S@[\w-]+\.\w\w")
_MIN_SIGNED_LINES = 3  # lines of a text; in a shorter one a name in bold letters may be a heading
_MAX_NAME_WORDS = 4
_MAX_NAME_CHARS = 40
_SIGNATURE_TAGS = frozenset(("p", "div"))
_MAX_FOOTER_LINES = 9  # lines at the end of a text that may be the imprint
_FOOTER_REASONS = frozenset(("", READER_APPEAL, "date line"))


def drop_empty_headings(page: PageAnalysis) -> None:
    """Drop headings that have no text below them.

    Many such headings at the end of an article are kept, because they belong to a picture series.
    """
    headings_at_end: list[int] = []
    content_below = "end"  # kind of content below the current line: body, caption, heading, links or end
    for at in range(len(page.rejection_reasons) - 1, -1, -1):
        reason = page.rejection_reasons[at]
        if not reason and _is_label_of_links(page, at):
            page.rejection_reasons[at] = "heading without text"
        elif not reason and page.layout.boxes[page.layout.runs[at].box_index].tag in HEADING_TAGS:
            if content_below in {"end", "links"}:
                page.rejection_reasons[at] = "heading without text"
                headings_at_end += [at] if content_below == "end" else []
            else:
                content_below = "heading"
        elif not reason:
            content_below = "body"
        elif reason == "caption":
            content_below = content_below if content_below == "end" else "caption"
        elif content_below == "heading" and reason.startswith(("boilerplate", "links", "teasers")):
            content_below = "links"
    if len(headings_at_end) > _MAX_EMPTY_HEADINGS:
        for at in headings_at_end:
            page.rejection_reasons[at] = ""


def _is_label_of_links(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a short line is the label of a list of links, as of contents: its box has nothing else."""
    boxes, run = page.layout.boxes, page.layout.runs[run_index]
    if page.prose_values[run_index] or is_sentence(run.text):
        return False
    index = run.box_index
    while index > 0 and boxes[index].run_end - boxes[index].run_start == 1:
        index = boxes[index].parent_index
    others = page.rejection_reasons[run_index + 1 : boxes[index].run_end]
    return boxes[index].run_start == run_index and len(others) > 1 and all(map("links".__eq__, others))


def drop_after_end_mark(page: PageAnalysis) -> None:
    """Drop a line of signs at the end of the text, as press releases have it ("###"), and the lines below it.

    If a paragraph follows, the line separates two parts of the text.
    """
    kept = [at for at, reason in enumerate(page.rejection_reasons) if not reason]
    for at in reversed(kept[len(kept) // 2 :]):
        text = page.layout.runs[at].text
        if _END_MARK.fullmatch(text):
            for below in kept[kept.index(at) :]:
                page.rejection_reasons[below] = "imprint"
            return
        if page.prose_values[at] and is_sentence(text):
            return


def drop_imprint(page: PageAnalysis) -> None:
    """Drop the imprint at the end of the text: lines with copyright or address, and short lines between them.

    A short line with a digit and a comma directly above the imprint is dropped as an address.
    """
    imprint_lines: list[int] = []
    found = False
    for at in [at for at, reason in enumerate(page.rejection_reasons) if reason in _FOOTER_REASONS][
        :-_MAX_FOOTER_LINES:-1
    ]:
        text = page.layout.runs[at].text
        imprint_lines += [] if page.rejection_reasons[at] else [at]
        is_short = page.weights[at] <= 100 and not is_sentence(text)
        is_postal_address = found and "," in text and any(map(str.isdigit, text))
        if is_imprint(text) or (is_short and (is_postal_address or _ADDRESS.search(text))):
            found = True
            for line in imprint_lines:
                page.rejection_reasons[line] = "imprint"
        elif not (is_short or page.rejection_reasons[at]):
            return


def drop_name_signature(page: PageAnalysis) -> None:
    """Drop the last line of the text if it is only a name, in bold or italic letters or at the right margin.

    Outlets in many countries print the author there.
    """
    kept = [at for at, reason in enumerate(page.rejection_reasons) if not reason]
    if len(kept) < _MIN_SIGNED_LINES:
        return
    run = page.layout.runs[kept[-1]]
    box = page.layout.boxes[run.box_index]
    words = run.text.split()
    is_name = 0 < len(words) <= _MAX_NAME_WORDS and all(word[:1].isalpha() and not word[:1].islower() for word in words)
    if box.tag not in _SIGNATURE_TAGS or not is_name or len(run.text) > _MAX_NAME_CHARS or is_sentence(run.text):
        return
    attributes = box.node.attributes
    is_right = "right" in f"{attributes.get('style')} {attributes.get('align')} {attributes.get('class')}".lower()
    emphasized = sum(len(part.text(strip=True)) for part in box.node.css("strong, b, em, i"))
    if is_right or emphasized >= len(box.node.text(strip=True)):
        page.rejection_reasons[kept[-1]] = NAME_SIGNATURE


def drop_biographies(page: PageAnalysis, author_names: dict[str, str]) -> None:
    """Drop text runs at the end of the article that describe an author, or that begin with an author's name.

    ``author_names`` maps each name without spaces and punctuation to the name itself.
    """
    kept = [at for at, reason in enumerate(page.rejection_reasons) if not reason]
    for at in kept[max(len(kept) - 3, len(kept) * 3 // 4) :]:
        text = page.layout.runs[at].text
        if is_biography(text) or (author_names and alnum_key(text[:80]).startswith(tuple(author_names))):
            page.rejection_reasons[at] = "about the author"

"""Offers and machine-made summaries inside an article: known by one of their lines, dropped with the box around it.

Where the article in a plain text ends.

Texts saved from pages carry other people's headlines behind the article. Without markup only the order of lines, their
repetition and their wording tell what no longer belongs to it.

What is left at the end of an article when the rest is decided: headings of nothing, the page's foot, biographies.
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


_MIN_PARAGRAPH_WEIGHT = 60  # weight of a line that is a paragraph
_END_LABEL = re.compile(
    r"^\W*(?:related(?: news| stories| articles)?|(?:more|other) news|most (?:read|viewed|popular)|trending|reactions?|"
    r"share|comments?|tags?|back to top|you may (?:also )?like|read next|latest news|recommended|see more|"
    r"tin (?:liên quan|khác|mới|cùng chuyên mục)|đọc nhiều|xem thêm|bình luận|chia sẻ|từ khóa|"
    r"baca juga|berita terkait|à lire aussi|lire aussi|相关新闻|相关阅读|延伸阅读|ຂ່າວທີ່ກ່ຽວຂ້ອງ|ข่าวที่เกี่ยวข้อง)\s*:?\W*$",
    re.IGNORECASE,
)


def find_article_end(text: str) -> int:
    """Return the offset behind the article's last character; what follows it in the text is other people's news."""
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
    """Count the lines up to the agency's signature, a label of other news, a crumb of the header, a headline twice."""
    crumbs = alnum_key(" ".join(header[:-1])) if len(header) > 1 else ""
    paragraphs = 0
    for at, line in enumerate(lines):
        signed = split_agency_signature(line)[1] and not is_credit(line)
        if _is_paragraph(line):
            paragraphs += 1
            if paragraphs > 2 and signed:
                return at + 1
        elif paragraphs > 1:
            if signed:
                return at + 1
            plain = alnum_key(line)
            twice = not is_sentence(line) and lines[at + 1 : at + 2] == [line]
            if twice or _END_LABEL.match(line) or (len(plain) > 4 and plain in crumbs):
                return at
    return len(lines)


_MAX_EMPTY_HEADINGS = 3  # headings, each over a picture, from which the article is a series of pictures
_MAX_FOOTER_LINES = 9  # lines at the end of a text that may be the page's foot
_FOOTER_REASONS = frozenset(("", READER_APPEAL, "date line"))


def drop_empty_headings(page: PageAnalysis) -> None:
    """Drop headings of what was dropped, and those that nothing follows; many of these are a story told in pictures."""
    ended: list[int] = []
    below = "end"  # what stands under the heading above: body, caption, heading, links, end
    for at in range(len(page.rejection_reasons) - 1, -1, -1):
        fate = page.rejection_reasons[at]
        if not fate and page.layout.boxes[page.layout.runs[at].box_index].tag in HEADING_TAGS:
            if below in {"end", "links"}:
                page.rejection_reasons[at] = "heading of nothing"
                ended += [at] if below == "end" else []
            else:
                below = "heading"
        elif not fate:
            below = "body"
        elif fate == "caption":
            below = below if below == "end" else "caption"
        elif below == "heading" and fate.startswith(("furniture", "links", "teasers")):
            below = "links"
    if len(ended) > _MAX_EMPTY_HEADINGS:
        for at in ended:
            page.rejection_reasons[at] = ""


def drop_imprint(page: PageAnalysis) -> None:
    """Drop the page's foot from the end of the text: lines of rights and addresses, the crumbs between them.

    A short line with a number and a comma right above them is an address, too.
    """
    foot: list[int] = []
    found = False
    for at in [at for at, fate in enumerate(page.rejection_reasons) if fate in _FOOTER_REASONS][:-_MAX_FOOTER_LINES:-1]:
        text = page.layout.runs[at].text
        foot += [] if page.rejection_reasons[at] else [at]
        short = page.weights[at] <= 100 and not is_sentence(text)
        if is_imprint(text) or (found and short and "," in text and any(map(str.isdigit, text))):
            found = True
            for line in foot:
                page.rejection_reasons[line] = "imprint"
        elif not (short or page.rejection_reasons[at]):
            return


def drop_biographies(page: PageAnalysis, author_names: dict[str, str]) -> None:
    """Drop what is said of the author at the end."""
    kept = [at for at, fate in enumerate(page.rejection_reasons) if not fate]
    for at in kept[max(len(kept) - 3, len(kept) * 3 // 4) :]:
        text = page.layout.runs[at].text
        if is_biography(text) or (author_names and alnum_key(text[:80]).startswith(tuple(author_names))):
            page.rejection_reasons[at] = "about the author"

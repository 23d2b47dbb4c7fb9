"""Where the article in a plain text ends.

Texts saved from pages carry other people's headlines behind the article. Without markup only the order of lines, their
repetition and their wording tell what no longer belongs to it.
"""

import re

from monitor.extract.blocks import normalize_spacing
from monitor.extract.body import alnum_key, measure_weight
from monitor.extract.lines import is_credit, is_sentence, split_agency_signature

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

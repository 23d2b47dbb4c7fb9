"""Where the article in a plain text ends.

Texts saved from pages carry other people's headlines behind the article. Without markup only the order of lines, their
repetition and their wording tell what no longer belongs to it.
"""

import re

from monitor.extract.blocks import tidy
from monitor.extract.body import squeeze, weigh
from monitor.extract.lines import is_credit, is_sentence, split_credit

_PROSE = 60  # weight of a line that is a paragraph
_END = re.compile(
    r"^\W*(?:related(?: news| stories| articles)?|(?:more|other) news|most (?:read|viewed|popular)|trending|reactions?|"
    r"share|comments?|tags?|back to top|you may (?:also )?like|read next|latest news|recommended|see more|"
    r"tin (?:liên quan|khác|mới|cùng chuyên mục)|đọc nhiều|xem thêm|bình luận|chia sẻ|từ khóa|"
    r"baca juga|berita terkait|à lire aussi|lire aussi|相关新闻|相关阅读|延伸阅读|ຂ່າວທີ່ກ່ຽວຂ້ອງ|ข่าวที่เกี่ยวข้อง)\s*:?\W*$",
    re.IGNORECASE,
)


def article_end(text: str) -> int:
    """Return the offset behind the article's last character; what follows it in the text is other people's news."""
    lines: list[str] = []
    ends: list[int] = []
    at = 0
    for raw in text.splitlines(keepends=True):
        at += len(raw)
        line = tidy(raw)
        if line:
            lines.append(line)
            ends.append(at - len(raw) + len(raw.rstrip()))
    start = next((number for number, line in enumerate(lines) if _is_prose(line)), len(lines))
    kept = start + _end(lines[start:], lines[:start])
    return ends[kept - 1] if 0 < kept < len(lines) else len(text)


def _is_prose(line: str) -> bool:
    weight = weigh(line)
    return weight >= 3 * _PROSE or (weight >= _PROSE and is_sentence(line))


def _end(lines: list[str], header: list[str]) -> int:
    """Count the lines up to the agency's signature, a label of other news, a crumb of the header, a headline twice."""
    crumbs = squeeze(" ".join(header[:-1])) if len(header) > 1 else ""
    paragraphs = 0
    for at, line in enumerate(lines):
        signed = split_credit(line)[1] and not is_credit(line)
        if _is_prose(line):
            paragraphs += 1
            if paragraphs > 2 and signed:
                return at + 1
        elif paragraphs > 1:
            if signed:
                return at + 1
            plain = squeeze(line)
            twice = not is_sentence(line) and lines[at + 1 : at + 2] == [line]
            if twice or _END.match(line) or (len(plain) > 4 and plain in crumbs):
                return at
    return len(lines)

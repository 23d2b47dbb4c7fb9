"""A plain text with the remains of its page around it becomes an article.

Texts saved from pages carry crumbs before the headline and other people's headlines after the end. Without markup only
the order of lines, their repetition and their wording tell what belongs to the article.
"""

import re
from datetime import datetime, tzinfo

from monitor.domain.article import Article
from monitor.extract.blocks import tidy
from monitor.extract.body import squeeze, weigh
from monitor.extract.language import find_language
from monitor.extract.lines import is_credit, is_sentence, is_stamp, speaks_to_reader, split_credit, split_dateline
from monitor.text.dates import parse_date

_PROSE = 60  # weight of a line that is a paragraph
_LONGEST_TITLE = 220
_LEFTOVER = re.compile(r"^date\s+(\d{4}-\d{2}-\d{2})\s+")
_FILE = re.compile(r"^\S{1,80}\.(?:jpe?g|png|gif|webp|avif)$", re.IGNORECASE)
_SIDES = re.compile(r"\((?:L|R|C|left|right|centre|center|third|second|first)\b[^)]{0,30}\)")
_END = re.compile(
    r"^\W*(?:related(?: news| stories| articles)?|(?:more|other) news|most (?:read|viewed|popular)|trending|reactions?|"
    r"share|comments?|tags?|back to top|you may (?:also )?like|read next|latest news|recommended|see more|"
    r"tin (?:liên quan|khác|mới|cùng chuyên mục)|đọc nhiều|xem thêm|bình luận|chia sẻ|từ khóa|"
    r"baca juga|berita terkait|à lire aussi|lire aussi|相关新闻|相关阅读|延伸阅读|ຂ່າວທີ່ກ່ຽວຂ້ອງ|ข่าวที่เกี่ยวข้อง)\s*:?\W*$",
    re.IGNORECASE,
)


def extract_text(text: str, url: str = "", zone: tzinfo | None = None) -> Article:
    """Return the article in a plain text; what stands before its headline and after its end is left out."""
    lines = [line for line in map(tidy, text.splitlines()) if line]
    published, lines = _leftover_date(lines, zone)
    start = next((at for at, line in enumerate(lines) if _is_prose(line)), len(lines))
    title, stamped = _headline(lines[:start], zone)
    inside = lines[start : start + _end(lines[start:], lines[:start])]
    captions, body = _without_captions(inside, title)
    standfirst, dateline, body, agency = _parts(body)
    return Article(
        url=url,
        title=title,
        standfirst=standfirst,
        dateline=dateline,
        captions=tuple(captions),
        body="\n".join(body),
        canonical_url=url,
        published_at=published or stamped,
        agency=agency,
        language=find_language(text, []),
        confidence=round(min(1.0, sum(map(weigh, body)) / 1_500) * (0.8 if title else 0.6), 2),
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


def _leftover_date(lines: list[str], zone: tzinfo | None) -> tuple[datetime | None, list[str]]:
    """Take off the "date 2025-03-05" that some collectors glue to the first line."""
    match = _LEFTOVER.match(lines[0]) if lines else None
    if not match:
        return None, lines
    return parse_date(match[1], zone), [lines[0][match.end() :], *lines[1:]]


def _headline(header: list[str], zone: tzinfo | None) -> tuple[str, datetime | None]:
    """Return the last line before the text that is no date and no button, and the date among them."""
    title, published = "", None
    for line in header:
        if is_stamp(line):
            published = published or parse_date(line, zone)
        elif (
            len(line) <= _LONGEST_TITLE and not speaks_to_reader(line) and not is_credit(line) and not _FILE.match(line)
        ):
            title = line
    return title, published


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


def _without_captions(lines: list[str], title: str) -> tuple[list[str], list[str]]:
    """Part captions from paragraphs: lines with credits, printed twice, below a file's name, or with (L) and (R)."""
    captions: list[str] = []
    body: list[str] = []
    for at, line in enumerate(lines):
        short = weigh(line) < 400
        twice = line in lines[at + 1 : at + 2] or line in lines[max(0, at - 1) : at]
        below = at > 0 and _FILE.match(lines[at - 1]) is not None
        if short and (twice or below or is_credit(line) or (_SIDES.search(line) and not split_dateline(line)[0])):
            if line not in captions:
                captions.append(line)
        elif not (_FILE.match(line) or is_stamp(line) or speaks_to_reader(line) or line == title):
            body.append(line)
    return captions, body


def _parts(body: list[str]) -> tuple[str, str, list[str], str]:
    """Part standfirst, dateline and agency from the paragraphs; only a dateline tells a standfirst before it."""
    standfirst = dateline = agency = ""
    for at, line in enumerate(body[:3]):
        dateline, rest, agency = split_dateline(line)
        if dateline:
            standfirst = "\n".join(body[:at])
            body = [rest, *body[at + 1 :]]
            break
    if body:
        last, signed = split_credit(body[-1])
        body = [*body[:-1], *([last] if last else [])]
        agency = signed or agency
    return standfirst, dateline, body, agency

"""Entry fields: functions for dates, titles and links that all parsers share, and the construction of entries."""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from urllib.parse import urljoin

from monitor.domain.article import MAX_AUTHOR_CHARS, MAX_AUTHORS
from monitor.domain.source import Entry
from monitor.domain.values import replace
from monitor.text.dates import expand_year, infer_day_first, parse_date
from monitor.text.time_zones import SourceClock
from monitor.text.urls import is_web_url, starts_with_host

MAX_TITLE_CHARS = 2_000
MAX_TEXT_CHARS = 1_000_000
_MONTH_NUMBERS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_RFC822_DATE = re.compile(
    r"(?:[A-Za-z]{3,9}(?:,\s*|\s+))?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\.?\s+(\d{4}|\d{2})"
    r"\s+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:\s*(Z|UTC?|GMT|[+-]\d{2}:?\d{2}))?"
)
_ISO_DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_SHORT_YEAR = re.compile(r"((?:^|[\s,])\d{1,2}[\s-]+[^\W\d_]{3,}\.?[\s-]+)(\d{2})(?=\s+\d{1,2}:)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,1000}>|<!--.*?-->", re.DOTALL)
_BLOCK_TAG = re.compile(r"<(?:br|/?p|/?div|/?li)\b[^<>]{0,200}>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_PADDING_CHARS = " \t\n\r\xa0\u00ad\u200b\u2060\ufeff"
_WHITESPACE = re.compile(r"\s+")
_MIN_YEAR, _MAX_YEAR = 1980, 2100
_MAX_DATE_CHARS = 300  # number of characters of a text that are examined


def parse_instant(text: str, clock: SourceClock) -> datetime | None:
    """Parse a date and return it in UTC; the result is None if the text is not a date.

    If the text states no time zone, the zone of ``clock`` applies. A time zone with an unknown name counts as UTC.
    """
    text = text.strip()[:_MAX_DATE_CHARS]
    if not text:
        return None
    if found := _RFC822_DATE.fullmatch(text):
        month = _MONTH_NUMBERS.get(found[2].lower())
        if month:
            return _build_instant(expand_year(found[3]), month, int(found[1]), found.group(4, 5, 6, 7), clock)
    elif found := _ISO_DATE.fullmatch(text):
        return _build_instant(int(found[1]), int(found[2]), int(found[3]), found.group(4, 5, 6, 7), clock)
    return parse_date(
        _SHORT_YEAR.sub(lambda year: f"{year[1]}{expand_year(year[2])}", text), clock.local_time, clock.day_first
    )


def _build_instant(
    year: int, month: int, day: int, parts: tuple[str | None, ...], clock: SourceClock
) -> datetime | None:
    hour, minute, second, offset = parts
    try:
        found = datetime(
            year,
            month,
            day,
            int(hour or 0),
            int(minute or 0),
            min(int(second or 0), 59),
            tzinfo=_parse_utc_offset(offset.upper()) if offset else clock.local_time.zone or UTC,
        )
        if found.tzinfo is not UTC:
            found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _MIN_YEAR <= found.year <= _MAX_YEAR else None


@lru_cache(maxsize=128)
def _parse_utc_offset(offset: str) -> tzinfo:
    if offset[0] not in "+-":
        return UTC
    digits = offset[1:].replace(":", "")
    length = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-length if offset[0] == "-" else length)


def to_plain_text(text: str) -> str:
    """Convert a title to plain text of at most 2,000 characters.

    Tags are removed, entities are resolved, and white space is collapsed.
    """
    text = text[: 4 * MAX_TITLE_CHARS]
    if "<" in text:
        text = _TAG.sub("", _BLOCK_TAG.sub(" ", text))
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if "\n" in text or "\t" in text or "  " in text or "\r" in text or "\xa0" in text:
        text = _WHITESPACE.sub(" ", text)
    return remove_control_characters(text).strip(_PADDING_CHARS)[:MAX_TITLE_CHARS]


_CONTROL_CHARS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")

_ASCII_CONTROL_BYTES = bytes(code for code in range(0x80) if _CONTROL_CHARS.match(chr(code)))


def remove_control_characters(text: str) -> str:
    """Remove control characters, lone surrogates and bidirectional overrides."""
    if not text.isascii():
        return _CONTROL_CHARS.sub("", text)
    kept = text.encode().translate(None, _ASCII_CONTROL_BYTES)
    return text if len(kept) == len(text) else kept.decode()


def resolve_url(url: str, base: str) -> str:
    """Resolve a link to an absolute URL; return an empty string if this is not an http or https URL."""
    text = remove_control_characters(url.strip())
    if text.startswith(("https://", "http://")) and is_web_url(text):
        return text
    try:
        joined = urljoin(base, text.replace(" ", "%20")) if text else ""
    except ValueError:
        return ""
    return joined if is_web_url(joined) else ""


_LINK_PLACEHOLDERS = frozenset({"n/a", "na", "none", "null", "nil", "undefined", "nan", "tbd", "unknown", "-", "--"})


def is_faulty_link(link: str) -> bool:
    """Return whether a link is a placeholder such as "N/A", or lacks its scheme, as "www.example.org/a" does."""
    return link.strip().lower() in _LINK_PLACEHOLDERS or starts_with_host(link.strip())


def repair_link(link: str, base: str) -> str:
    """Repair a link without a scheme, such as "www.example.org/a", with the scheme of the URL ``base``.

    For a placeholder such as "N/A", the result is an empty string. Any other link is returned unchanged.
    """
    if not is_faulty_link(link):
        return link
    text = link.strip()
    return "" if text.lower() in _LINK_PLACEHOLDERS else f"{base.partition(':')[0]}://{text}"


MAX_GUID_CHARS = 2_000
MAX_ENTRIES = 2_000


@dataclass(slots=True)
class RawItem:
    """The texts of an item of a document, before they are parsed. A missing text is None."""

    link: str | None = None
    id: str | None = None
    title: str | None = None
    published: str | None = None
    updated: str | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()
    reply_to: str | None = None


def build_entries(raws: Iterable[RawItem], base: str, clock: SourceClock) -> tuple[Entry, ...]:
    """Build entries from the raw items of a document.

    The order of day and month in dates such as 03/04/2026 is inferred from the other dates of the document. If these do
    not show the order, the order in ``clock`` applies.
    """
    raws = list(raws)
    day_first = infer_day_first([text for raw in raws for text in (raw.published, raw.updated) if text])
    if day_first is not None:
        clock = replace(clock, day_first=day_first)
    return tuple(build_entry(raw, base, clock) for raw in raws)


def build_entry(raw: RawItem, base: str, clock: SourceClock) -> Entry:
    """Build an entry from a raw item.

    If the item links to the document itself (``base``), the entry has no URL. If the publication date is missing, the
    date of the last change is used.
    """
    url = resolve_url(raw.link or "", base)
    updated = parse_instant(raw.updated, clock) if raw.updated else None
    summary, content = _clean_content(raw.summary), _clean_content(raw.content)
    return Entry(
        url="" if url == base else url,
        guid=remove_control_characters(raw.id or "")[:MAX_GUID_CHARS],
        title=to_plain_text(raw.title or ""),
        published_at=(parse_instant(raw.published, clock) if raw.published else None) or updated,
        updated_at=updated,
        summary="" if summary == content else summary,
        content=content,
        authors=tuple(name[:MAX_AUTHOR_CHARS] for name in map(to_plain_text, raw.authors[:MAX_AUTHORS]) if name),
        reply_to=remove_control_characters(raw.reply_to or "")[:MAX_GUID_CHARS],
    )


def _clean_content(text: str | None) -> str:
    return remove_control_characters(text)[:MAX_TEXT_CHARS] if text else ""

"""Date parsing: converts dates as publishers write them to instants, or to None if they are not certain.

A date needs day, month and year; relative dates ("two hours ago") and dates without a year are not guessed. Month names
come from the data of all languages.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from types import MappingProxyType

MIN_YEAR, MAX_YEAR = 1980, 2100
_MAX_DATE_CHARS = 300  # characters looked at

_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?")
_YEAR_FIRST = (
    re.compile(r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(\d{4})\s*([年년])\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日號号일]"),
)
_MONTH_NAME = r"([^\W\d_][^\d\s,;:|()/-]*?)\.?"
_DAY_MONTH_NAME = re.compile(
    rf"(?<![\d:])(\d{{1,2}})(?:st|nd|rd|th|er|[.ºª])?[\s-]*(?:de\s+|of\s+)?{_MONTH_NAME}"
    r"[\s,-]*(?:del?\s+|พ\.ศ\.\s*)?(\d{4})(?!\d)",
    re.IGNORECASE,
)
_MONTH_NAME_DAY = re.compile(
    rf"(?<!\w){_MONTH_NAME}\s*(\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s*(\d{{4}})(?!\d)", re.IGNORECASE
)
_UNIX_DATE = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2})(?: ([A-Z]{1,4}))? (\d{4})(?!\d)")
_VIETNAMESE_DATE = re.compile(
    r"(?<!\d)(\d{1,2})\s+th[aá]ng\s+(\d{1,2})\s*(?:[,/-]|n[aă]m)?\s*(\d{4})(?!\d)", re.IGNORECASE
)
_NUMERIC = re.compile(r"(?<![\d.])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_TIME_OF_DAY = re.compile(
    r"(?<![\d:.])(\d{1,2})\s?(?:[:.h時时点]|uhr|시)\s?(\d{2})(?!\d)(?:\s?[:.分]\s?(\d{2})(?!\d))?(?:[.,]\d+)?[分秒]?"
    r"\s*(?:([ap])\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"[\s|,()Uhr-]*?(?:GMT|UTC)?\s?([+\u2212-])(\d{1,2}):?(\d{2})?(?![\d/.-])")
_ZONE_LETTERS = re.compile(r"[\s|,()-]*([A-Z]{1,4})\b")
_ZONE_OFFSET_PAIRS = (
    "Z=0 GMT=0 UTC=0 UT=0 WET=0 BST=1 CET=1 MEZ=1 CEST=2 MESZ=2 SAST=2 EET=2 EEST=3 MSK=3 IST=5.5 ICT=7 WIB=7 SGT=8 "
    "HKT=8 MYT=8 PHT=8 JST=9 KST=9 AEST=10 AEDT=11 EDT=-4 EST=-5 CDT=-5 CST=-6 MDT=-6 MST=-7 PDT=-7 PST=-8"
)
_ZONE_OFFSET_HOURS = {
    name: float(hours) for name, hours in (pair.split("=") for pair in _ZONE_OFFSET_PAIRS.split())
}  # EST etc. as in RFC 822

_DateParts = tuple[int, int, int, str]


@cache
def month_numbers() -> MappingProxyType[str, int]:
    """Return the names of months in all languages, in lower case, with the number of the month from 1 to 12.

    A name with accents is in the result with and without them.
    """
    from monitor.language.load import language_data  # most dates have no month's name, and commands start faster

    numbers: dict[str, int] = {}
    for language in language_data().languages.values():
        for number, names in enumerate(language.calendar.months, 1):
            for name in names:
                lower = unicodedata.normalize("NFKC", name.casefold())
                plain = _without_accents(lower)
                numbers.update(dict.fromkeys((lower, plain) if plain.isascii() else (lower,), number))
    return MappingProxyType(numbers)


def _without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not "\u0300" <= char <= "\u036f")


@dataclass(frozen=True, slots=True)
class ParsedDate:
    """A point in time in the text's own zone, and whether the text states its time of day and its zone."""

    instant: datetime
    has_time: bool
    has_zone: bool


def parse_date(text: str, zone: tzinfo | None = None, day_first: bool | None = None) -> datetime | None:
    """Return the instant that a text states, in UTC, or None if it is not certain.

    An offset in the text overrides ``zone`` (None means UTC). A date without a time is its midnight. ``day_first``
    decides 03/04/2026; without it such a date gives None. Buddhist years are converted. Years outside 1980 to 2100 are
    invalid.
    """
    stamp = parse_date_details(text, zone, day_first)
    return stamp.instant.astimezone(UTC) if stamp else None


def parse_date_details(text: str, zone: tzinfo | None = None, day_first: bool | None = None) -> ParsedDate | None:
    """Parse a date as ``parse_date`` does, but keep its zone and whether the text states time and zone."""
    text = unicodedata.normalize("NFKC", text[:_MAX_DATE_CHARS]).replace("\u200b", "").strip()
    if _EPOCH.fullmatch(text):
        return _check_year(ParsedDate(datetime.fromtimestamp(int(text[:10]), UTC), has_time=True, has_zone=True))
    found = _parse_compact(text) or _parse_year_first(text) or _parse_spelled(text) or _parse_numeric(text, day_first)
    if not found:
        return None
    year, month, day, rest = found
    clock, offset = _parse_time(rest)
    year -= 543 if year > 2400 else 0
    try:
        moment = datetime(year, month, day, *(clock or (0, 0, 0)), tzinfo=offset or zone or UTC)
    except ValueError:
        return None
    return _check_year(ParsedDate(moment, clock is not None, offset is not None))


def infer_day_first(texts: list[str]) -> bool | None:
    """Return whether a source writes the day before the month, or None if its other dates do not show it."""
    first = second = 0
    for text in texts:
        for match in _NUMERIC.finditer(text):
            first += int(match[1]) > 12
            second += int(match[3]) > 12
    return None if first == second else first > second


def _check_year(stamp: ParsedDate) -> ParsedDate | None:
    return stamp if MIN_YEAR <= stamp.instant.year <= MAX_YEAR else None


def _text_around(text: str, match: re.Match[str]) -> str:
    """Return the text next to a date that may contain its time: after the date, else before it."""
    after = text[match.end() :]
    return after if _TIME_OF_DAY.search(after) else text[: match.start()] + " "


def _parse_compact(text: str) -> _DateParts | None:
    match = _COMPACT.fullmatch(text)
    if not match:
        return None
    clock = f"{match[4]}:{match[5]}:{match[6] or '00'}{match[7] or ''}" if match[4] else ""
    return int(match[1]), int(match[2]), int(match[3]), clock


def _parse_year_first(text: str) -> _DateParts | None:
    for form in _YEAR_FIRST:
        match = form.search(text)
        if match:
            return int(match[1]), int(match[3]), int(match[4]), _text_around(text, match).removeprefix("T")
    return None


def _parse_spelled(text: str) -> _DateParts | None:
    match = _VIETNAMESE_DATE.search(text)
    if match:
        return int(match[3]), int(match[2]), int(match[1]), _text_around(text, match)
    match = _UNIX_DATE.search(text)
    if match and _month_number(match[1]):
        return int(match[5]), _month_number(match[1]), int(match[2]), f"{match[3]} {match[4] or ''}"
    for form, name, day in ((_DAY_MONTH_NAME, 2, 1), (_MONTH_NAME_DAY, 1, 2)):
        for match in form.finditer(text):
            month = _month_number(match[name])
            if month:
                return int(match[3]), month, int(match[day]), _text_around(text, match)
    return None


def _month_number(name: str) -> int:
    """Return the number of a month name, with or without diacritics; 0 if it is not one."""
    name = name.casefold().rstrip(".")
    numbers = month_numbers()
    return numbers.get(unicodedata.normalize("NFKC", name)) or numbers.get(_without_accents(name), 0)


def _parse_numeric(text: str, day_first: bool | None) -> _DateParts | None:
    match = _NUMERIC.search(text)
    if not match:
        return None
    first, second = int(match[1]), int(match[3])
    if day_first is None and match[2] == ".":
        day_first = True  # nobody writes the month first with dots
    if first > 12 or first == second:
        day_first = True
    elif second > 12:
        day_first = False
    if day_first is None:
        return None
    day, month = (first, second) if day_first else (second, first)
    return int(match[4]), month, day, _text_around(text, match)


def _parse_time(text: str) -> tuple[tuple[int, int, int] | None, tzinfo | None]:
    """Return the time of day and the offset after it; None for each part that is missing."""
    match = _TIME_OF_DAY.search(text)
    if not match:
        return None, None
    hour, minute, second = int(match[1]), int(match[2]), min(int(match[3] or 0), 59)
    if match[4] and hour <= 12:
        hour = hour % 12 + (12 if match[4] in "pP" else 0)
    if hour > 23 or minute > 59:
        return None, None
    return (hour, minute, second), _parse_offset(text[match.end() :])


def _parse_offset(text: str) -> tzinfo | None:
    match = _OFFSET.match(text)
    if match:
        ahead = timedelta(hours=int(match[2][:2]), minutes=int(match[3] or 0))
        return timezone(-ahead if match[1] != "+" else ahead) if ahead <= timedelta(hours=14) else None
    letters = _ZONE_LETTERS.match(text)
    return (
        timezone(timedelta(hours=_ZONE_OFFSET_HOURS[letters[1]]))
        if letters and letters[1] in _ZONE_OFFSET_HOURS
        else None
    )

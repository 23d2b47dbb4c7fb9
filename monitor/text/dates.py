"""Dates as publishers write them become instants, or nothing: empty rather than wrong.

A date needs day, month and year; relative ones ("two hours ago") and those without a year are nobody's guess.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from monitor.text.months import MONTHS

FIRST_YEAR, LAST_YEAR = 1980, 2100
_LONGEST = 300  # characters looked at

_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?")
_YEAR_FIRST = (
    re.compile(r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)"),
    re.compile(r"(?<!\d)(\d{4})\s*([年년])\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日號号일]"),
)
_NAME = r"([^\W\d_][^\d\s,;:|()/-]*?)\.?"
_DAY_NAME = re.compile(
    rf"(?<![\d:])(\d{{1,2}})(?:st|nd|rd|th|er|[.ºª])?[\s-]*(?:de\s+|of\s+)?{_NAME}"
    r"[\s,-]*(?:del?\s+|พ\.ศ\.\s*)?(\d{4})(?!\d)",
    re.IGNORECASE,
)
_NAME_DAY = re.compile(rf"(?<!\w){_NAME}\s*(\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s*(\d{{4}})(?!\d)", re.IGNORECASE)
_UNIX = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2})(?: ([A-Z]{1,4}))? (\d{4})(?!\d)")
_NUMBERED = re.compile(r"(?<!\d)(\d{1,2})\s+th[aá]ng\s+(\d{1,2})\s*(?:[,/-]|n[aă]m)?\s*(\d{4})(?!\d)", re.IGNORECASE)
_NUMERIC = re.compile(r"(?<![\d.])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})\s?(?:[:.h時时点]|uhr|시)\s?(\d{2})(?!\d)(?:\s?[:.分]\s?(\d{2})(?!\d))?(?:[.,]\d+)?[分秒]?"
    r"\s*(?:([ap])\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"[\s|,()Uhr-]*?(?:GMT|UTC)?\s?([+\u2212-])(\d{1,2}):?(\d{2})?(?![\d/.-])")
_LETTERS = re.compile(r"[\s|,()-]*([A-Z]{1,4})\b")
_ZONES = (
    "Z=0 GMT=0 UTC=0 UT=0 WET=0 BST=1 CET=1 MEZ=1 CEST=2 MESZ=2 SAST=2 EET=2 EEST=3 MSK=3 IST=5.5 ICT=7 WIB=7 SGT=8 "
    "HKT=8 MYT=8 PHT=8 JST=9 KST=9 AEST=10 AEDT=11 EDT=-4 EST=-5 CDT=-5 CST=-6 MDT=-6 MST=-7 PDT=-7 PST=-8"
)
_HOURS = {name: float(hours) for name, hours in (pair.split("=") for pair in _ZONES.split())}  # EST etc. as in RFC 822

_Found = tuple[int, int, int, str]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A point in time as a text names it, in the text's own zone, and how much of it was said rather than assumed."""

    moment: datetime
    has_time: bool
    has_zone: bool


def parse_date(text: str, zone: tzinfo | None = None, day_first: bool | None = None) -> datetime | None:
    """Return the instant that a text names, in UTC, or None if it names none for certain.

    An offset in the text wins over ``zone`` (None: UTC). A date without a time is its midnight. ``day_first`` settles
    03/04/2026; without it such a date is None. Buddhist years count. Years outside 1980 to 2100 are nonsense.
    """
    stamp = read_stamp(text, zone, day_first)
    return stamp.moment.astimezone(UTC) if stamp else None


def read_stamp(text: str, zone: tzinfo | None = None, day_first: bool | None = None) -> Stamp | None:
    """Read the same, keeping the zone it was said in and whether time and zone were said at all."""
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).replace("\u200b", "").strip()
    if _EPOCH.fullmatch(text):
        return _sane(Stamp(datetime.fromtimestamp(int(text[:10]), UTC), has_time=True, has_zone=True))
    found = _compact(text) or _year_first(text) or _spelled(text) or _numeric(text, day_first)
    if not found:
        return None
    year, month, day, rest = found
    clock, offset = _time(rest)
    year -= 543 if year > 2400 else 0
    try:
        moment = datetime(year, month, day, *(clock or (0, 0, 0)), tzinfo=offset or zone or UTC)
    except ValueError:
        return None
    return _sane(Stamp(moment, clock is not None, offset is not None))


def day_order(texts: list[str]) -> bool | None:
    """Learn from a source's other dates whether it writes the day first: True, False, or None if they do not tell."""
    first = second = 0
    for text in texts:
        for match in _NUMERIC.finditer(text):
            first += int(match[1]) > 12
            second += int(match[3]) > 12
    return None if first == second else first > second


def _sane(stamp: Stamp) -> Stamp | None:
    return stamp if FIRST_YEAR <= stamp.moment.year <= LAST_YEAR else None


def _around(text: str, match: re.Match[str]) -> str:
    """Return the text beside a date: what follows, else what stands before it."""
    after = text[match.end() :]
    return after if _CLOCK.search(after) else text[: match.start()] + " "


def _compact(text: str) -> _Found | None:
    match = _COMPACT.fullmatch(text)
    if not match:
        return None
    clock = f"{match[4]}:{match[5]}:{match[6] or '00'}{match[7] or ''}" if match[4] else ""
    return int(match[1]), int(match[2]), int(match[3]), clock


def _year_first(text: str) -> _Found | None:
    for form in _YEAR_FIRST:
        match = form.search(text)
        if match:
            return int(match[1]), int(match[3]), int(match[4]), _around(text, match).removeprefix("T")
    return None


def _spelled(text: str) -> _Found | None:
    match = _NUMBERED.search(text)
    if match:
        return int(match[3]), int(match[2]), int(match[1]), _around(text, match)
    match = _UNIX.search(text)
    if match and _month(match[1]):
        return int(match[5]), _month(match[1]), int(match[2]), f"{match[3]} {match[4] or ''}"
    for form, name, day in ((_DAY_NAME, 2, 1), (_NAME_DAY, 1, 2)):
        for match in form.finditer(text):
            month = _month(match[name])
            if month:
                return int(match[3]), month, int(match[day]), _around(text, match)
    return None


def _month(name: str) -> int:
    """Look a month's name up, with its marks and without; 0 if it is none."""
    name = name.casefold().rstrip(".")
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not "\u0300" <= char <= "\u036f")
    return MONTHS.get(unicodedata.normalize("NFKC", name)) or MONTHS.get(plain, 0)


def _numeric(text: str, day_first: bool | None) -> _Found | None:
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
    return int(match[4]), month, day, _around(text, match)


def _time(text: str) -> tuple[tuple[int, int, int] | None, tzinfo | None]:
    """Read hour, minute and second, and the offset behind them; None for what is not said."""
    match = _CLOCK.search(text)
    if not match:
        return None, None
    hour, minute, second = int(match[1]), int(match[2]), min(int(match[3] or 0), 59)
    if match[4] and hour <= 12:
        hour = hour % 12 + (12 if match[4] in "pP" else 0)
    if hour > 23 or minute > 59:
        return None, None
    return (hour, minute, second), _offset(text[match.end() :])


def _offset(text: str) -> tzinfo | None:
    match = _OFFSET.match(text)
    if match:
        ahead = timedelta(hours=int(match[2][:2]), minutes=int(match[3] or 0))
        return timezone(-ahead if match[1] != "+" else ahead) if ahead <= timedelta(hours=14) else None
    letters = _LETTERS.match(text)
    return timezone(timedelta(hours=_HOURS[letters[1]])) if letters and letters[1] in _HOURS else None

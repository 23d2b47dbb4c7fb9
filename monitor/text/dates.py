"""Date parsing: reads a date in any format that publishers use, and returns the instant that it means.

A text that does not state a certain date gives None. A date needs day, month and year. Relative dates ("two hours ago")
and dates without a year are not parsed. The names of months come from the data of all languages.
"""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from functools import cache
from types import MappingProxyType

from msgspec import Struct

from monitor.text.time_zones import LocalTime, parse_zone

MIN_YEAR, MAX_YEAR = 1980, 2100
_MAX_DATE_CHARS = 300  # number of characters of a text that are examined

_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?)?")
_YEAR_FIRST = (
    re.compile(r"(?<!\d)(\d{4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)"),
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
_UNIX_DATE = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2})(?: ([A-Z]{1,5}))? (\d{4})(?!\d)")
_VIETNAMESE_DATE = re.compile(
    r"(?<!\d)(\d{1,2})\s+th[aá]ng\s+(\d{1,2})\s*(?:[,/-]|n[aă]m)?\s*(\d{4})(?!\d)", re.IGNORECASE
)
_NUMERIC = re.compile(r"(?<![\d.])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4})(?!\d)")
_NUMERIC_SHORT_YEAR = re.compile(r"(?<![\d.,:/-])(\d{1,2})([./-])(\d{1,2})\2(\d{2})(?![\d.:/-]|,\d)")
_AMERICAN_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4},? \d{1,2}:\d{2}:\d{2} [AP]M\b")
"""Pattern of a date and time in the format of the United States, which many servers in other countries write, too."""
_TIME_OF_DAY = re.compile(  # a single digit for minutes counts only if seconds or a unit follow: "2:1" is a score
    r"(?<![\d:.])(\d{1,2})\s?(?:(?:[:.h時时点點]|uhr|시)\s?(\d{2})(?!\d|\.\d{4})"
    r"(?:\s?[:.분分]\s?(\d{1,2})(?!\d))?"
    r"|:(\d{1,2}):(\d{1,2})(?!\d)|(?:[時时点點]|시)\s?(\d{1,2})\s?[分분](?:\s?(\d{1,2})\s?[秒초])?)"
    r"(?:[.,]\d+)?\s?[分분秒초]?\s*(?:([ap])\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_WEEKDAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAY_NAMES)})[a-z]*[.,]?\s*$", re.IGNORECASE)
_DateParts = tuple[int, int, int, str]


@cache
def month_numbers() -> MappingProxyType[str, int]:
    """Return a dictionary that maps the names of months in all languages (in lower case) to their numbers, 1 to 12.

    A name with accents is included with and without them.
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


@cache
def _half_day_words() -> dict[bool, re.Pattern[str]]:
    """Return two patterns of words next to a time: for the afternoon (key True) and for the morning (key False)."""
    from monitor.language.load import language_data

    calendars = [language.calendar for language in language_data().languages.values()]
    words = {False: [each.before_noon for each in calendars], True: [each.after_noon for each in calendars]}
    return {
        is_afternoon: re.compile(
            "|".join(rf"(?<!\w){re.escape(word)}(?!(?!\d)\w)" for several in lists for word in several)
        )
        for is_afternoon, lists in words.items()
    }


class ParsedDate(Struct, frozen=True):
    """Result of ``parse_date_details``.

    ``instant`` is in the time zone that the text states, otherwise in the zone of the source. ``has_time`` and
    ``has_zone`` show whether the text states a time and a time zone.
    """

    instant: datetime
    has_time: bool
    has_zone: bool


_UNKNOWN = LocalTime()


def parse_date(text: str, local_time: LocalTime = _UNKNOWN, day_first: bool | None = None) -> datetime | None:
    """Return the instant that a text states, in UTC, or None if the instant is not certain.

    - A time zone in the text has priority over the zone in ``local_time``. Without any zone, the time is read as UTC.
    - A date without a time means midnight.
    - ``day_first`` is true if 03/04/2026 means 3 April. If it is None, the order that is usual in the country of
      ``local_time`` applies. If that is not known either, such a date gives None.
    - Buddhist years are converted. Years before 1980 and after 2100 are invalid.
    """
    stamp = parse_date_details(text, local_time, day_first)
    return stamp.instant.astimezone(UTC) if stamp else None


def parse_date_details(text: str, local_time: LocalTime = _UNKNOWN, day_first: bool | None = None) -> ParsedDate | None:
    """Parse a date by the rules of ``parse_date``, and keep its time zone.

    The result also shows whether the text states a time and a time zone.
    """
    text = unicodedata.normalize("NFKC", text[:_MAX_DATE_CHARS]).replace("\u200b", "").strip()
    if _EPOCH.fullmatch(text):
        return _check_year(ParsedDate(datetime.fromtimestamp(int(text[:10]), UTC), has_time=True, has_zone=True))
    if day_first is None:
        day_first = local_time.day_first
    found = _parse_compact(text) or _parse_year_first(text) or _parse_spelled(text) or _parse_numeric(text, day_first)
    if not found:
        return None
    year, month, day, rest = found
    try:
        date = datetime(year - (543 if year > 2400 else 0), month, day)  # noqa: DTZ001 - the zone follows
    except ValueError:
        return None
    clock, zone = _parse_time(rest, local_time, date)
    hour, minute, second = clock or (0, 0, 0)
    moment = date.replace(hour=hour, minute=minute, second=second, tzinfo=zone or local_time.zone or UTC)
    return _check_year(ParsedDate(moment, clock is not None, zone is not None))


def infer_day_first(texts: list[str]) -> bool | None:
    """Return whether a source writes the day before the month in dates such as 31/12/2026.

    ``texts`` are texts of the source with dates. The result is None if no date in them shows the order (one of the
    numbers must be greater than 12), or if both orders occur equally often.
    """
    first = second = 0
    for text in texts:
        for match in _NUMERIC.finditer(text):
            first += int(match[1]) > 12
            second += int(match[3]) > 12
    return None if first == second else first > second


def _check_year(stamp: ParsedDate) -> ParsedDate | None:
    return stamp if MIN_YEAR <= stamp.instant.year <= MAX_YEAR else None


def _text_around(text: str, match: re.Match[str]) -> str:
    """Return the part of a text in which to search for the time of day that belongs to a date.

    ``match`` is the date in the text. The part is the text after the date if a time is there, otherwise the text before
    it.
    """
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
    """Return the number (1 to 12) of the month with this name, or 0 if the name is unknown.

    The name may be written with or without diacritics.
    """
    name = name.casefold().rstrip(".")
    numbers = month_numbers()
    return numbers.get(unicodedata.normalize("NFKC", name)) or numbers.get(_without_accents(name), 0)


def _parse_numeric(text: str, day_first: bool | None) -> _DateParts | None:
    match = _NUMERIC.search(text)
    if not match and day_first is not None:  # a date like 03.04.26 can also begin with the year
        match = _NUMERIC_SHORT_YEAR.search(text)
    if not match:
        return None
    first, second = int(match[1]), int(match[3])
    if (by_weekday := _order_by_weekday(text, match)) is not None:
        day_first = by_weekday
    if day_first is None and _AMERICAN_DATE.match(text):
        day_first = False
    if day_first is None and match[2] == ".":
        day_first = True  # nobody writes the month first with dots
    if first > 12 or first == second:
        day_first = True
    elif second > 12:
        day_first = False
    if day_first is None:
        return None
    day, month = (first, second) if day_first else (second, first)
    return expand_year(match[4]), month, day, _text_around(text, match)


def _order_by_weekday(text: str, date: re.Match[str]) -> bool | None:
    """Return whether the day is before the month in a numeric date, judged by the English weekday in front of the date.

    The result is None if no weekday is there, or if the weekday does not distinguish the two orders.
    """
    weekday = _WEEKDAY.search(text[: date.start()])
    if not weekday:
        return None
    fits = []
    for day_first in (True, False):
        day, month = (date[1], date[3]) if day_first else (date[3], date[1])
        try:
            number = datetime(expand_year(date[4]), int(month), int(day)).weekday()  # noqa: DTZ001 - a day
        except ValueError:
            continue
        if number == _WEEKDAY_NAMES.index(weekday[1].lower()):
            fits.append(day_first)
    return fits[0] if len(fits) == 1 else None


def expand_year(digits: str) -> int:
    """Convert the digits of a year to a number; two digits mean a year from 1950 to 2049 (RFC 2822, section 4.3)."""
    year = int(digits)
    return year if len(digits) > len("26") else year + (2000 if year < 50 else 1900)


def _parse_time(text: str, local_time: LocalTime, date: datetime) -> tuple[tuple[int, int, int] | None, tzinfo | None]:
    """Return the time of day in a text (hour, minute, second), and the time zone after it.

    Each is None if it is missing.
    """
    match = _TIME_OF_DAY.search(text)
    if not match:
        return None, None
    hour = int(match[1])
    minute = int(match[2] or match[4] or match[6])
    second = min(int(match[3] or match[5] or match[7] or 0), 59)
    half_day = match[8].lower() if match[8] else _find_half_day(text, match) if hour <= 12 else ""
    if half_day and hour <= 12:
        hour = hour % 12 + (12 if half_day == "p" else 0)
    if hour > 23 or minute > 59:
        return None, None
    return (hour, minute, second), parse_zone(text[match.end() :], local_time, date)


_MAX_HALF_DAY_CHARS = 12  # number of characters before and after a time in which a word for the half of the day may be


def _find_half_day(text: str, time: re.Match[str]) -> str:
    """Return "a" if a word next to a time means the morning, "p" if it means the afternoon, otherwise an empty string.

    "am" and "pm" are not searched for, because the pattern of times already contains them.
    """
    before, after = text[: time.start()][-_MAX_HALF_DAY_CHARS:], text[time.end() :][:_MAX_HALF_DAY_CHARS]
    if before.isascii() and after.isascii() and not any(word in before + after for word in ("SA", "CH")):
        return ""  # true for most dates; the words are then not loaded
    for is_afternoon, pattern in _half_day_words().items():
        longer = (
            match for match in pattern.finditer(before) if len(match[0]) > 1
        )  # one letter before the word shows that it means the era
        if pattern.search(after) or any(longer):
            return "p" if is_afternoon else "a"
    return ""

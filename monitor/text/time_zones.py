"""Time zones of dates: the zone and country of a source, and the zones that texts name.

The zone of a source is the configured zone. Without one, it is the zone of the source's country, or of the country in
the URL's top-level domain. A country has a zone in the data only if nearly all its outlets use the same zone: a wrong
zone is worse than none.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.domain.source import Source
from monitor.text.fold import fold_key

if TYPE_CHECKING:  # the schema has many types, and most commands read no dates
    from monitor.language.schema import Country

_MAX_OFFSET = timedelta(hours=14)
_GENERIC_DOMAINS = frozenset({"ai", "am", "cc", "cm", "co", "fm", "ga", "gg", "io", "ly", "me", "ml", "so", "tv", "ws"})
"""Top-level domains that belong to a country but that outlets in all countries use."""

_BEFORE_ZONE = r"[\s|,()\[\]·-]*(?:(?:Uhr|hrs?|h|giờ)\b[\s|,()\[\]-]*)?"
_OFFSET = re.compile(rf"{_BEFORE_ZONE}(?:GMT|UTC)?\s?([+\u2212-])(\d{{1,2}}):?(\d{{2}})?(?![\d/.-])", re.IGNORECASE)
_ZONE_NAME = re.compile(rf"{_BEFORE_ZONE}([A-Z][A-Za-z]+(?:/[A-Za-z][A-Za-z0-9_+-]*){{1,2}})(?![\w/])")
_ABBREVIATION = re.compile(rf"{_BEFORE_ZONE}((?-i:[^\W\d_a-z]{{1,5}}))(?![\w/])(?!\s+(?-i:[A-Z]{{2,}}))", re.IGNORECASE)


class LocalTime(Struct, frozen=True):
    """The time zone and country that determine how the dates of a source are read.

    - ``zone`` applies to dates that state no zone. It is None if unknown.
    - ``country`` is a top-level domain, or empty. It determines the meaning of zone abbreviations.
    - ``day_first`` is true if the country writes the day before the month, and None if this is not known.
    - ``is_configured`` is true if the user has configured the zone.
    """

    zone: tzinfo | None = None
    country: str = ""
    day_first: bool | None = None
    is_configured: bool = False


def find_local_time(source: Source | None, url: str) -> LocalTime:
    """Return the time zone and country that determine how the dates of a source are read.

    ``url`` is the address of the source's document or page.
    """
    domain = (_find_country(source.country) if source else "") or _country_of_domain(url)
    country = _countries_by_domain().get(domain)
    day_first = DAY_FIRST_BY_ORDER[country.numeric_dates] if country else None
    if source and source.timezone:
        return LocalTime(load_zone(source.timezone), domain, day_first, is_configured=True)
    return LocalTime(load_zone(country.time_zone) if country else None, domain, day_first)


@dataclass(frozen=True)
class SourceClock:
    """Provider of the ``LocalTime`` of a source, which is determined only when it is first needed.

    It is seldom needed, because most dates state a zone. ``url`` is the address of the document or page. ``day_first``
    is true if the dates of the document have the day before the month, and None if they do not show the order.
    """

    source: Source | None = None
    url: str = ""
    day_first: bool | None = None

    @cached_property
    def local_time(self) -> LocalTime:
        """Time zone and country of the source."""
        return find_local_time(self.source, self.url)


DAY_FIRST_BY_ORDER = {"day first": True, "month first": False, "year first": None, "both": None}
"""Maps the order of day and month that a language file states to the meaning of dates such as 03/04/2026.

The value is True if this date means 3 April, False if it means March 4, and None if its meaning is not certain.
"""


def day_first_of_language(tag: str) -> bool | None:
    """Return whether texts in a language write the day before the month, or None if this is not certain.

    ``tag`` is a language tag such as `de` or `en-GB`. The result for `en-US` is None, because many sites keep this tag
    as a default.
    """
    from monitor.language.load import language_data

    language, _, region = tag.lower().replace("_", "-").partition("-")
    country = _countries_by_domain().get("uk" if region == "gb" else region)
    if language == "en":
        return True if country and country.numeric_dates == "day first" else None
    known = language_data().languages.get(language)
    return DAY_FIRST_BY_ORDER[known.calendar.numeric_dates] if known else None


@lru_cache(maxsize=256)
def _find_country(name: str) -> str:
    """Return the top-level domain of the country with this name or code, or an empty string if it is unknown."""
    from monitor.language.countries import find_country_of_code  # loaded late, so that commands start faster

    found = find_country_of_code(name.strip())
    by_code = (country.domain for country in _countries() if country.names[0] == found)
    return _domains_by_name().get(_country_key(name)) or next(by_code, "")


def _country_of_domain(url: str) -> str:
    """Return the top-level domain of a URL if it shows the country of the outlet, otherwise an empty string.

    It does not show the country if it is not a country's domain, or if outlets in all countries use it, such as ``tv``.
    """
    try:
        code = (urlsplit(url).hostname or "").rpartition(".")[2]
    except ValueError:
        return ""
    return code if code in _countries_by_domain() and code not in _GENERIC_DOMAINS else ""


@cache
def _countries_by_domain() -> "dict[str, Country]":
    """Return a dictionary that maps each country's top-level domain to the country."""
    return {country.domain: country for country in _countries() if country.domain}


@cache
def _domains_by_name() -> dict[str, str]:
    """Return a dictionary that maps the names of countries to their top-level domains.

    Names that several countries share are left out.
    """
    return {
        _country_key(name): country.domain
        for country in _countries()
        for name in set(country.names) - set(country.ambiguous)
    }


def _countries() -> "tuple[Country, ...]":
    from monitor.language.load import language_data  # loaded late, as above

    return language_data().countries


def _country_key(name: str) -> str:
    return fold_key(name).replace(" ", "").replace("-", "")


@lru_cache(maxsize=512)
def load_zone(name: str) -> tzinfo | None:
    """Return the time zone with this name in the zone database, or None if the name is unknown."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


def parse_zone(text: str, local_time: LocalTime, day: datetime) -> tzinfo | None:
    """Return the time zone at the beginning of ``text``, or None if no zone is there.

    ``text`` is what follows the time of day in a date. The zone is a UTC offset, a name or an abbreviation. ``day`` is
    the day in the date. It determines which offset an abbreviation means.
    """
    if match := _OFFSET.match(text):
        ahead = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if ahead > _MAX_OFFSET:
            return None
        return timezone(ahead if match[1] == "+" else -ahead)
    if match := _ZONE_NAME.match(text):
        return load_zone(match[1])
    match = _ABBREVIATION.match(text)
    return _resolve_abbreviation(match[1], local_time, day) if match else None


def _resolve_abbreviation(name: str, local_time: LocalTime, day: datetime) -> tzinfo | None:
    """Return the time zone that an abbreviation such as "CST" means, or None if it is unknown.

    If the abbreviation has several meanings, the first of these is used:

    - the meaning in the source's country,
    - the zone that has the same UTC offset on that day as the source's own time zone,
    - the default meaning.
    """
    if name in {"Z", "UT", "UTC", "GMT"}:
        return UTC
    from monitor.language.load import zone_abbreviations

    meanings = [
        (one, load_zone(one.zone) or timezone(timedelta(minutes=one.minutes)))
        for one in zone_abbreviations().get(name if name.isascii() else name.upper(), ())
    ]
    if len(meanings) == 1:
        return meanings[0][1]
    local_offset = day.replace(tzinfo=local_time.zone).utcoffset() if local_time.zone else None
    return (
        next((zone for one, zone in meanings if local_time.country in one.countries), None)
        or next((zone for _one, zone in meanings if zone.utcoffset(day) == local_offset), None)
        or next((zone for one, zone in meanings if one.is_default), None)
    )

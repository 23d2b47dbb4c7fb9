"""Time zones of dates: offsets, names and abbreviations in a text, and the zone of a source."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.source import Source
from monitor.language.load import language_data
from monitor.text.dates import parse_date
from monitor.text.time_zones import LocalTime, find_local_time

ZONES = ["America/Bogota", "Asia/Kathmandu", "Europe/Lisbon", "America/Argentina/Ushuaia", "Pacific/Port_Moresby"]


def local(country: str = "", timezone: str = "", url: str = "https://outlet.example/feed") -> LocalTime:
    return find_local_time(Source("s", "S", feed=url, country=country, timezone=timezone), url)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("Thu, 15 Jan 2026 9:05:07 GMT+9", 9),
        ("Thu, 15 Jan 2026 09:05:07 UTC-3", -3),
        ("15 Jan 2026 09:05:07 GMT +05:30", 5.5),
        ("2026-01-15T9:5:7+0100", 1),
        ("2026-01-15 09:05:07 Asia/Yangon", 6.5),
        ("2026-01-15T09:05:07[America/Argentina/Salta]", -3),
        ("2026-01-15T09:05:07+07:00[Asia/Bangkok]", 7),
        ("15 January 2026, 09:05:07 WITA", 8),
        ("15 January 2026 at 9:05:07 AM ICT", 7),
        ("15.01.2026, 09:05:07 Uhr (MEZ)", 1),
        ("15 января 2026, 09:05:07 мск", 3),
        ("Jan 15, 2026 9:05:07 a.m. ET", -5),
        ("15 Jan 2026 09:05:07 NPT", 5.75),
        ("15 Jan 2026 09:05:07 EAT", 3),
        ("Thu Jan 15 09:05:07 HKT 2026", 8),
    ],
)
def test_a_zone_in_the_text_has_priority(text: str, hours: float) -> None:
    """It is used whatever the zone of the source."""
    moment = datetime(2026, 1, 15, 9, 5, 7, tzinfo=UTC) - timedelta(hours=hours)
    assert parse_date(text, local("Japan")) == moment


@pytest.mark.parametrize(
    ("abbreviation", "country", "hours"),
    [
        ("CST", "Taiwan", 8),
        ("CST", "Mexico", -6),
        ("CST", "", -6),
        ("CST", "Cuba", -5),
        ("IST", "Israel", 2),
        ("IST", "Ireland", 1),
        ("IST", "India", 5.5),
        ("BST", "Bangladesh", 6),
        ("BST", "United Kingdom", 1),
        ("EST", "Australia", 10),
        ("EST", "Canada", -5),
        ("AST", "Kuwait", 3),
        ("AST", "Dominican Republic", -4),
        ("PST", "Philippines", 8),
        ("PST", "USA", -8),
        ("AMT", "Armenia", 4),
    ],
)
def test_the_source_country_decides_an_ambiguous_abbreviation(abbreviation: str, country: str, hours: float) -> None:
    moment = datetime(2026, 1, 15, 9, 5, tzinfo=UTC) - timedelta(hours=hours)
    assert parse_date(f"15 Jan 2026 09:05 {abbreviation}", local(country)) == moment


def test_the_local_time_decides_if_no_country_is_listed() -> None:
    """In Hong Kong CST is China's, eight hours ahead; a configured zone decides like a country."""
    moment = datetime(2026, 1, 15, 1, 5, tzinfo=UTC)
    assert parse_date("15 Jan 2026 09:05 CST", local("Hong Kong")) == moment
    assert parse_date("15 Jan 2026 09:05 CST", local(timezone="Asia/Shanghai")) == moment


def test_an_ambiguous_abbreviation_leaves_the_zone_of_the_source() -> None:
    """Atlantic and Arabian time share AST; in Kenya it is neither."""
    assert parse_date("15 Jan 2026 09:05 AST", local("Kenya")) == datetime(2026, 1, 15, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["15 Jan 2026 09:05 GET READY", "15 Jan 2026 09:05 Share", "15 Jan 2026 09:05 Etc/Nowhere"]
)
def test_other_words_after_a_time_are_not_a_zone(text: str) -> None:
    assert parse_date(text) == datetime(2026, 1, 15, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "timezone", "url", "expected"),
    [
        ("Kenya", "", "https://outlet.example/", "Africa/Nairobi"),
        ("KE", "", "https://outlet.example/", "Africa/Nairobi"),
        ("GB", "", "https://outlet.example/", "Europe/London"),
        ("Kenya", "Asia/Tokyo", "https://outlet.example/", "Asia/Tokyo"),
        ("", "", "https://www.outlet.co.ke/", "Africa/Nairobi"),
        ("Peru", "", "https://outlet.ke/", "America/Lima"),
        ("", "", "https://outlet.co/", None),
        ("USA", "", "https://outlet.example/", None),
        ("Atlantis", "", "https://[bad", None),
    ],
)
def test_the_zone_of_a_source(country: str, timezone: str, url: str, expected: str | None) -> None:
    """It is the configured zone, else that of the country, else that of a domain used in one country."""
    zone = local(country, timezone, url).zone
    assert zone == (ZoneInfo(expected) if expected else None)


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("05/08/2026", "France", (8, 5)),
        ("05/08/2026", "USA", (5, 8)),
        ("05/08/26", "Greece", (8, 5)),
        ("5.8.26", "Germany", (8, 5)),
        ("05/08/2026", "Canada", None),
        ("05/08/26", "Japan", None),
        ("05/08/26", "", None),
    ],
)
def test_the_country_decides_the_order_of_numbers(text: str, country: str, expected: tuple[int, int] | None) -> None:
    found = parse_date(f"{text} 12:00 UTC", local(country))
    assert (found and (found.month, found.day)) == expected


bounds = datetime(1980, 1, 3), datetime(2099, 12, 29)  # noqa: DTZ001 - hypothesis wants naive bounds
moments = st.datetimes(*bounds, timezones=st.just(UTC))


@given(
    moments, st.sampled_from(ZONES), st.sampled_from(["%Y-%m-%d {}", "%d %b %Y {}", "%a, %d %B %Y {}", "%B %d, %Y {}"])
)
def test_a_date_with_a_zone_name_is_read_back(moment: datetime, zone: str, form: str) -> None:
    """Numbers in the time may have one digit, and the form may be any of the usual ones."""
    shown = moment.astimezone(ZoneInfo(zone)).replace(microsecond=0, fold=0)
    if shown.astimezone(UTC) != moment.replace(microsecond=0):
        return  # the repeated hour at the end of summer time is ambiguous
    clock = f"{shown.hour}:{shown.minute}:{shown.second} {zone}"
    assert parse_date(shown.strftime(form.format(clock))) == moment.replace(microsecond=0)


@given(
    moments,
    st.integers(-12 * 4, 14 * 4),
    st.sampled_from(["%d/%m/%Y {}", "%d.%m.%Y - {}", "%Y/%m/%d {}", "{} %d-%m-%Y", "%d %b %Y, {}", "%A, %B %d, %Y {}"]),
    st.sampled_from(["{}{:02}:{:02}", "{}{:02}{:02}", "GMT{}{}:{:02}", "(UTC{}{:02}:{:02})", "GMT {}{}:{:02}"]),
)
def test_a_date_with_an_offset_is_read_back(moment: datetime, quarters: int, form: str, offset_form: str) -> None:
    """The offset follows the time, with or without the name of the base."""
    moment = moment.replace(microsecond=0)
    shown = moment + timedelta(minutes=15 * quarters)
    sign, size = "-" if quarters < 0 else "+", abs(quarters)
    clock = f"{shown.hour}:{shown.minute:02}:{shown.second} " + offset_form.format(sign, size // 4, size % 4 * 15)
    assert parse_date(shown.strftime(form).format(clock), local("France")) == moment


@given(
    moments,
    st.sampled_from(["오전|오후", "上午|下午", "午前|午後"]),
    st.sampled_from(["{}. {}. {}.", "{}-{}-{}", "{}年{}月{}日"]),
)
def test_a_twelve_hour_time_with_a_word_before_it_is_read_back(moment: datetime, words: str, form: str) -> None:
    moment = moment.replace(microsecond=0, second=0)
    word = words.split("|")[moment.hour >= 12]
    day = form.format(moment.year, moment.month, moment.day)
    assert parse_date(f"{day} {word} {moment.hour % 12 or 12}:{moment.minute:02}") == moment


def test_an_arabic_letter_for_the_era_does_not_mean_afternoon() -> None:
    """The letter means the afternoon only after the time."""
    assert parse_date("14 فبراير 2026 م 09:30") == datetime(2026, 2, 14, 9, 30, tzinfo=UTC)
    assert parse_date("14 فبراير 2026 9:30 م") == datetime(2026, 2, 14, 21, 30, tzinfo=UTC)


def test_the_zone_of_each_country_is_known_by_its_codes() -> None:
    """Also of countries that share a name with a place or person elsewhere, such as Georgia and Jordan."""
    zones = {
        (country.names[0], code): (local(code).zone, ZoneInfo(country.time_zone))
        for country in language_data().countries
        if country.time_zone
        for code in (country.domain, country.domain.upper(), country.code)
        if code
    }
    assert {where: zone for where, (zone, expected) in zones.items() if zone != expected} == {}


@pytest.mark.parametrize("country", ["United Kingdom", "UK", "gb", "GBR", " Great Britain "])
def test_the_country_of_a_source_is_known_by_each_of_its_names_and_codes(country: str) -> None:
    assert local(country).zone == ZoneInfo("Europe/London")

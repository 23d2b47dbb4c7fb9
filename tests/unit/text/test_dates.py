"""Parsing of dates."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text.dates import infer_day_first, parse_date
from monitor.text.time_zones import LocalTime

VIENTIANE = LocalTime(ZoneInfo("Asia/Vientiane"))
AFTERNOON = datetime(2026, 2, 14, 10, 32, tzinfo=UTC)
MIDNIGHT = datetime(2026, 2, 13, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-14T17:32:00+07:00",
        "2026-02-14T17:32:00+0700",
        "2026-02-14T10:32:00.000Z",
        "20260214T103200Z",
        "1771065120",
        "1771065120000",
        "Sat, 14 Feb 2026 17:32:00 +0700",
        "Sat, 14 Feb 2026 10:32:00 GMT",
        "Sat, 14 Feb 2026 05:32:00 EST",
        "February 14, 2026 - 17:32",
        "Updated 5:32 pm, Feb. 14, 2026",
        "February 14, 2026 | 17:32 (GMT+7)",
        "Thứ bảy, 14/02/2026, 17:32 (GMT+7)",
        "17:32 | 14/02/2026",
        "14 tháng 2 năm 2026 17:32",
        "2026年2月14日 17:32:00",
        "2026년 2월 14일 17:32",
        "14. Februar 2026, 17.32 Uhr",
        "14 de febrero de 2026, 17:32 h",
        "14 février 2026 à 17h32",
        "14 ก.พ. 2569 17:32",
        "14 ກຸມພາ 2026, 17:32",
        "14.02.2026 - 17:32",
        "14 февраля 2026, 17:32",
        "Sat Feb 14 2026 17:32:00 GMT+0700 (Indochina Time)",
        "Published: 2026-02-14 17:32:00 | Written : X",
    ],
)
def test_date_formats_give_the_same_instant(text: str) -> None:
    """An offset in the text is used; without one the source's zone is."""
    assert parse_date(text, VIENTIANE) == AFTERNOON


@pytest.mark.parametrize("text", ["2026-02-14", "14 Feb 2026", "February 14th, 2026", "14/02/2026", "20260214"])
def test_a_date_without_time_is_midnight(text: str) -> None:
    """It is midnight in the source's zone."""
    assert parse_date(text, VIENTIANE) == MIDNIGHT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2 hours ago",
        "yesterday",
        "Friday evening",
        "October 14",
        "in 2022",
        "31/02/2026",
        "2026-13-01",
        "05/08/2026",
        "0001-01-01T00:00:00Z",
        "14 Foo 2026",
        "99999999999999",
        "February 30, 2026",
        "1/2/3",
    ],
)
def test_uncertain_dates_are_none(text: str) -> None:
    """Relative, incomplete, impossible and ambiguous dates are not guessed."""
    assert parse_date(text, VIENTIANE) is None


def test_day_first_decides_ambiguous_dates() -> None:
    """05/08 is 5 August if the day is first, else 8 May."""
    assert parse_date("05/08/2026 20:35", day_first=True) == datetime(2026, 8, 5, 20, 35, tzinfo=UTC)
    assert parse_date("8/5/2026 8:35:00 PM", day_first=False) == datetime(2026, 8, 5, 20, 35, tzinfo=UTC)


def test_day_first_is_inferred_from_other_dates() -> None:
    """One date with a day above twelve shows the order."""
    assert infer_day_first(["15:18 | 07/10/2026", "17:22 | 05/29/2026"]) is False
    assert infer_day_first(["05/08/2026 20:35", "25/12/2025"]) is True
    assert infer_day_first(["05/08/2026", "no date"]) is None


@given(
    st.datetimes(datetime(1980, 1, 2), datetime(2100, 12, 30)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(-12 * 4, 14 * 4),
)
def test_iso_dates_are_parsed_exactly(moment: datetime, quarters: int) -> None:
    """Whatever isoformat writes gives the same instant, to the second."""
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters)))
    assert parse_date(moment.isoformat(), VIENTIANE) == moment


@given(st.text(max_size=60), st.sampled_from([None, True, False]))
def test_never_raises(text: str, day_first: bool | None) -> None:
    """Any text gives an aware instant or None."""
    moment = parse_date(text, VIENTIANE, day_first)
    assert moment is None or moment.utcoffset() == timedelta(0)


@given(st.from_regex(r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}[ T]\d{1,2}:\d{2}(:\d{2})?( ?[+-]\d{1,4})?", fullmatch=True))
def test_never_raises_near_dates(text: str) -> None:
    """Nor does anything that nearly is a date."""
    parse_date(text, VIENTIANE)

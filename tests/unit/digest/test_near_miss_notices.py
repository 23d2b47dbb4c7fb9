"""What was nearly found is said once a week, in one sentence."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from monitor.digest.notices import find_weekly_window, format_near_miss_notices
from monitor.domain.digest import DigestPlan, Schedule, Window
from monitor.domain.read_models import NearMissSummary
from monitor.domain.watchlist import Official

DAILY = DigestPlan("morning", ("people",), Schedule(at=time(7)), ("outbox",), timezone="Asia/Vientiane")
SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)  # seven in the morning in Vientiane
DAY = timedelta(days=1)


def miss(text: str, articles: int = 1) -> NearMissSummary:
    return NearMissSummary("hai", text, "no title", articles, 7, "A title", "https://times.example/7")


def test_once_a_week_of_the_readers_calendar() -> None:
    """Of seven daily windows one begins a week: the first to end after Sunday in the zone of the digest."""
    windows = [Window(SUNDAY + day * DAY, SUNDAY + (day + 1) * DAY) for day in range(14)]
    asked = [find_weekly_window(DAILY, window) for window in windows]
    assert [number for number, week in enumerate(asked) if week] == [0, 7]
    assert asked[0] == Window(SUNDAY + DAY - 7 * DAY, SUNDAY + DAY)


def test_the_zone_decides_when_a_week_begins() -> None:
    """A window that ends on Monday in Vientiane is still of the old week in Lima."""
    late = Window(SUNDAY + 18 * DAY / 24 - DAY, SUNDAY + 18 * DAY / 24)
    assert find_weekly_window(DAILY, late)
    assert find_weekly_window(replace(DAILY, timezone="America/Lima"), late) is None


def test_what_tells_at_once_never_does() -> None:
    """An alert is no place for a weekly report."""
    urgent = replace(DAILY, schedule=Schedule(is_immediate=True))
    assert find_weekly_window(urgent, Window(SUNDAY, SUNDAY + 30 * DAY)) is None


def test_the_sentence_names_what_to_do() -> None:
    """It gives spelling, person, articles and reason, at most five, and where the rest is.

    What the reader's own phrases cancel is no news to him.
    """
    officials = [Official("hai", "Tr\u1ea7n Minh H\u1ea3i")]
    (said,) = format_near_miss_notices([miss("Hai", 3), miss("Minh Hai")], officials)
    assert "\u201cHai\u201d for Tr\u1ea7n Minh H\u1ea3i in 3 articles (no title); \u201cMinh Hai\u201d" in said
    assert "monitor officials near-misses" in said
    assert " and more" not in said
    refused = "cancelled by the phrase 'Hai Street'"
    unwanted = [replace(miss("Hai"), reason=refused), miss("Hai")]  # the same place, refused for two reasons
    assert format_near_miss_notices(unwanted, officials) == ()
    assert "Minh Hai" in format_near_miss_notices([*unwanted, miss("Minh Hai")], officials)[0]
    (many,) = format_near_miss_notices([miss(f"Hai {number}") for number in range(6)], officials)
    assert many.count("no title") == 5
    assert "and more. " in many
    assert format_near_miss_notices([], officials) == ()

"""Near misses are reported once a week in one sentence."""

from datetime import UTC, datetime, time, timedelta

from monitor.digest.notices import find_weekly_window, format_near_miss_notices
from monitor.domain.digest import DigestPlan, Window
from monitor.domain.read_models import NearMissSummary
from monitor.domain.values import replace
from monitor.domain.watchlist import Official

DAILY = DigestPlan("morning", ("people",), at=time(7), channels=("outbox",), timezone="Asia/Vientiane")
SUNDAY = datetime(2026, 3, 1, tzinfo=UTC)  # 07:00 in Vientiane
DAY = timedelta(days=1)


def miss(text: str, articles: int = 1) -> NearMissSummary:
    return NearMissSummary("hai", text, "no title", articles, 7, "A title", "https://times.example/7")


def test_near_misses_are_reported_once_per_calendar_week() -> None:
    """Of seven daily windows one contains the start of a week in the digest's zone."""
    windows = [Window(SUNDAY + day * DAY, SUNDAY + (day + 1) * DAY) for day in range(14)]
    weeks = [find_weekly_window(DAILY, window) for window in windows]
    assert [number for number, week in enumerate(weeks) if week] == [0, 7]
    assert weeks[0] == Window(SUNDAY + DAY - 7 * DAY, SUNDAY + DAY)


def test_the_week_begins_in_the_zone_of_the_digest() -> None:
    """A window that ends on Monday in Vientiane is still in the old week in Lima."""
    late = Window(SUNDAY + 18 * DAY / 24 - DAY, SUNDAY + 18 * DAY / 24)
    assert find_weekly_window(DAILY, late)
    assert find_weekly_window(replace(DAILY, timezone="America/Lima"), late) is None


def test_immediate_digests_do_not_report_near_misses() -> None:
    """An alert does not contain a weekly report."""
    urgent = replace(DAILY, at="immediately")
    assert find_weekly_window(urgent, Window(SUNDAY, SUNDAY + 30 * DAY)) is None


def test_the_notice_names_spellings_and_the_suggestion() -> None:
    """It has spelling, person, articles and reason of at most five, and no command.

    Spellings excluded by the user's own phrases are omitted.
    """
    officials = [Official("hai", "Tr\u1ea7n Minh H\u1ea3i")]
    (notice,) = format_near_miss_notices([miss("Hai", 3), miss("Minh Hai")], officials)
    assert "\u201cHai\u201d for Tr\u1ea7n Minh H\u1ea3i in 3 articles (no title); \u201cMinh Hai\u201d" in notice
    assert notice.endswith(". If one of them was meant, add it as an alias of the person.")
    assert "`" not in notice
    assert " and more" not in notice
    excluded_reason = "cancelled by the phrase 'Hai Street'"
    excluded = [replace(miss("Hai"), reason=excluded_reason), miss("Hai")]  # the same place, rejected for two reasons
    assert format_near_miss_notices(excluded, officials) == ()
    assert "Minh Hai" in format_near_miss_notices([*excluded, miss("Minh Hai")], officials)[0]
    (many,) = format_near_miss_notices([miss(f"Hai {number}") for number in range(6)], officials)
    assert many.count("no title") == 5
    assert "and more. " in many
    assert format_near_miss_notices([], officials) == ()

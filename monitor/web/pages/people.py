"""Pages of people: all watched persons with their numbers, and one person in detail."""

import io
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.responses import Response

from monitor.domain.desk_models import ArticleLine, HourCount, NameForm, OfficialSample, StoryLine
from monitor.domain.digest import Window
from monitor.domain.errors import UsageError
from monitor.domain.read_models import NearMissSummary
from monitor.domain.watchlist import Official, Role
from monitor.records.values import write_csv
from monitor.store.database import Database
from monitor.web.context import Snapshot
from monitor.web.page import Page, PageDependency
from monitor.web.pages.today import chart_days

router = APIRouter()
PEOPLE_PER_PAGE, SPARK_DAYS, COMPARED_WEEKS = 50, 14, 4
SPANS = {"7d": 7, "30d": 30, "90d": 90, "2y": 730}
STEPS = ("day", "week")
MAX_STORIES, MAX_ARTICLES, MAX_NEAR_MISSES, MAX_NAMED_WITH = 15, 20, 50, 12
NEAR_MISS_PERIOD = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PersonLine:
    """Watched person with numbers: of the last days, of the last week, and the usual one of a week."""

    official: Official
    position: str
    days: tuple[int, ...]
    week: int
    usual_week: float
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class PeopleView:
    """Everything that the list of people shows."""

    people: tuple[PersonLine, ...]
    count: int
    countries: tuple[str, ...]
    next_page: int | None


@dataclass(frozen=True, slots=True)
class Bar:
    """Number of articles of a day or week that begins at ``start`` and ends with ``end``, both as YYYY-MM-DD."""

    start: str
    end: str
    count: int


@dataclass(frozen=True, slots=True)
class PersonView:
    """Everything that the page of a person shows."""

    official: Official
    position: str
    bars: tuple[Bar, ...]
    total: int
    sample: OfficialSample
    stories: tuple[StoryLine, ...]
    articles: tuple[ArticleLine, ...]
    forms: tuple[NameForm, ...]
    near_misses: tuple[NearMissSummary, ...]
    last_at: datetime | None
    posts: tuple[tuple[Role, bool], ...]


def count_by_day(hours: list[HourCount], zone: ZoneInfo) -> Counter[str]:
    """Return the number of articles of each day in a time zone."""
    counts: Counter[str] = Counter()
    for hour in hours:
        counts[f"{hour.at.astimezone(zone):%Y-%m-%d}"] += hour.count
    return counts


def load_people(  # noqa: PLR0913, PLR0917 - all that the page can be asked for
    database: Database,
    snapshot: Snapshot,
    country: str,
    rule: str,
    text: str,
    number: int,
    now: datetime,
    zone: ZoneInfo,
) -> PeopleView:
    """Read the people, the most named of the last week first."""
    officials = list(snapshot.officials.values())
    if country:
        officials = [one for one in officials if one.country == country]
    if rule:
        if rule not in snapshot.rules:
            raise UsageError(f"there is no rule {rule[:60]!r}")
        chosen = set(snapshot.rules[rule].officials)
        officials = [one for one in officials if one.id in chosen]
    if text:
        folded = text.casefold()
        officials = [one for one in officials if folded in f"{one.id} {one.name} {' '.join(one.aliases)}".casefold()]
    week = database.desk.count_mentions(now - timedelta(days=7))
    officials.sort(key=lambda one: (-week.get(one.id, 0), one.name))
    page = officials[number * PEOPLE_PER_PAGE : (number + 1) * PEOPLE_PER_PAGE]
    ids = [one.id for one in page]
    days = chart_days(now, zone, 7 * (COMPARED_WEEKS + 1))
    hours = database.desk.count_mentions_by_day(ids, days[0])
    last = database.desk.last_seen(ids)
    people = tuple(_build_line(one, snapshot, hours.get(one.id, []), days, last.get(one.id), now, zone) for one in page)
    has_more = len(officials) > (number + 1) * PEOPLE_PER_PAGE
    countries = sorted({one.country for one in snapshot.officials.values() if one.country})
    return PeopleView(people, len(officials), tuple(countries), number + 1 if has_more else None)


def _build_line(
    official: Official,
    snapshot: Snapshot,
    hours: list[HourCount],
    days: list[datetime],
    last_at: datetime | None,
    now: datetime,
    zone: ZoneInfo,
) -> PersonLine:
    counts = count_by_day(hours, zone)
    daily = [counts[f"{day.astimezone(zone):%Y-%m-%d}"] for day in days]
    weeks = [sum(daily[start : start + 7]) for start in range(0, 7 * COMPARED_WEEKS, 7)]
    return PersonLine(
        official,
        snapshot.describe_position(official.id, now),
        tuple(daily[-SPARK_DAYS:]),
        sum(daily[-7:]),
        median(weeks),
        last_at,
    )


def load_person(
    database: Database, snapshot: Snapshot, official_id: str, span: str, step: str, now: datetime, zone: ZoneInfo
) -> PersonView:
    """Read everything that the page of a person shows. Raises ``UsageError`` if nobody is watched by this id."""
    official = snapshot.officials.get(official_id)
    if official is None:
        raise UsageError(f"there is no official {official_id[:60]!r}")
    desk = database.desk
    days = chart_days(now, zone, SPANS[span])
    bars = build_bars(count_by_day(desk.list_official_hours(official_id, days[0]), zone), days, zone, step)
    today = now.astimezone(zone).date()
    return PersonView(
        official=official,
        position=snapshot.describe_position(official_id, now),
        bars=bars,
        total=sum(bar.count for bar in bars),
        sample=desk.load_official_sample(official_id, days[0]),
        stories=tuple(desk.list_stories(MAX_STORIES, days[0], official_id=official_id)),
        articles=tuple(desk.list_official_articles(official_id, MAX_ARTICLES)),
        forms=tuple(desk.list_name_forms(official_id)),
        near_misses=tuple(
            database.digests.list_near_misses([official_id], Window(now - NEAR_MISS_PERIOD, now), MAX_NEAR_MISSES)
        ),
        last_at=desk.last_seen([official_id]).get(official_id),
        posts=tuple((role, _is_held(role, today)) for role in official.roles),
    )


def _is_held(role: Role, today: date) -> bool:
    return (role.from_on is None or role.from_on <= today) and (role.until_on is None or today < role.until_on)


def build_bars(counts: Counter[str], days: list[datetime], zone: ZoneInfo, step: str) -> tuple[Bar, ...]:
    """Return a bar for each day, or for each week that ends with the last day."""
    dates = [f"{day.astimezone(zone):%Y-%m-%d}" for day in days]
    if step == "day":
        return tuple(Bar(day, day, counts[day]) for day in dates)
    first = len(dates) % 7
    groups = [dates[:first]] if first else []
    groups += [dates[start : start + 7] for start in range(first, len(dates), 7)]
    return tuple(Bar(group[0], group[-1], sum(counts[day] for day in group)) for group in groups)


def read_span(page: Page) -> tuple[str, str]:
    """Return the span and the step of the timeline. Raises ``UsageError``."""
    span = page.parameter("span", "30d")
    if span not in SPANS:
        raise UsageError(f"span={span[:40]!r} is not one of {', '.join(SPANS)}")
    step = page.parameter("by", "week" if span == "2y" else "day")
    if step not in STEPS:
        raise UsageError(f"by={step[:40]!r} is not one of {', '.join(STEPS)}")
    return span, step


@router.get("/people")
async def people(page: PageDependency) -> Response:
    """Show the watched people."""
    country, rule, text = page.parameter("country"), page.parameter("rule"), page.parameter("q").strip()
    number = page.number("page", 0, 0, 10_000)
    database, snapshot = page.context.database, page.snapshot
    view = await page.read(load_people, database, snapshot, country, rule, text, number, page.now, page.zone)
    chosen = {"country": country, "rule": rule, "q": text}
    return await page.render("people.html", view=view, chosen=chosen, rules=tuple(snapshot.rules), number=number)


@router.get("/people/{official_id}")
async def person(page: PageDependency, official_id: str) -> Response:
    """Show one person."""
    span, step = read_span(page)
    database, snapshot = page.context.database, page.snapshot
    view = await page.read(load_person, database, snapshot, official_id, span, step, page.now, page.zone)
    verdicts = await page.read(lambda: database.feedback.list_verdicts(official_id=official_id, limit=20))
    return await page.render(
        "person.html",
        view=view,
        verdicts=verdicts,
        span=span,
        step=step,
        spans=tuple(SPANS),
        steps=STEPS,
        max_named=MAX_NAMED_WITH,
    )


@router.get("/people/{official_id}/timeline.csv")
async def timeline_csv(page: PageDependency, official_id: str) -> Response:
    """Return the timeline of a person as CSV."""
    span, step = read_span(page)
    database, snapshot = page.context.database, page.snapshot
    view = await page.read(load_person, database, snapshot, official_id, span, step, page.now, page.zone)
    output = io.StringIO()
    records = [{"official": official_id, "from": bar.start, "to": bar.end, "articles": bar.count} for bar in view.bars]
    write_csv(output, ("official", "from", "to", "articles"), records)
    headers = {"Content-Disposition": 'attachment; filename="timeline.csv"'}
    return Response(output.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)

"""Watched people over time: a list of all people with their numbers of articles, and all data about one person."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.domain.article import StoredArticle
from monitor.domain.desk_models import (
    ArticleLine,
    HourCount,
    MentionPlace,
    NamedCount,
    NameForm,
    OfficialSample,
    StoryLine,
)
from monitor.domain.digest import Window
from monitor.domain.errors import UsageError
from monitor.domain.read_models import NearMissSummary
from monitor.domain.watchlist import Official, Role, Rule
from monitor.insight.timeline import Bar, build_bars, chart_days, count_by_day, count_unread_sources, stories_by_day
from monitor.language.countries import format_country_name
from monitor.match.article_text import NormalizedArticle, normalize_article
from monitor.match.titles.parser import find_title_after, find_title_before
from monitor.match.titles.positions import Position, describe_positions
from monitor.store.database import Database

SPARK_DAYS, COMPARED_WEEKS = 14, 4
SPANS = {"7d": 7, "30d": 30, "90d": 90, "2y": 730}
MAX_STORIES, MAX_ARTICLES, MAX_NEAR_MISSES = 15, 20, 50
NEAR_MISS_PERIOD = timedelta(days=30)
MAX_POST_ARTICLES = 200
"""Maximum number of articles whose texts are searched for the posts next to a name. Only the newest articles are
searched."""


class PersonLine(Struct, frozen=True):
    """One row of the list of people.

    - ``position`` has the titles of the roles that the official holds now.
    - ``days`` are the numbers of articles about the official on each day, oldest first.
    - ``week`` is the number of articles in the last seven days.
    - ``usual_week`` is the median number of articles in the four weeks before. Weeks that began before
      ``archive_since`` do not count. If no week is left, the value is None.
    - ``last_at`` is the time of the newest article about the official.
    - ``archive_since`` is the time of the first stored article, whether it is about the official or not.
    """

    official: Official
    position: str
    days: tuple[int, ...]
    week: int
    usual_week: float | None
    last_at: datetime | None
    archive_since: datetime | None


class PeopleView(Struct, frozen=True):
    """One page of the list of people. ``count`` is the total number of people on all pages.

    ``countries`` are the countries of all watched people, for the filter by country.
    """

    people: tuple[PersonLine, ...]
    count: int
    countries: tuple[str, ...]
    next_page: int | None


class PeopleQuery(Struct, frozen=True):
    """Filter for the list of people, by country, rule and text, and the page to show.

    An empty field does not filter. Pages are numbered from 0.
    """

    country: str = ""
    rule: str = ""
    text: str = ""
    page: int = 0
    page_size: int = 50


class PersonView(Struct, frozen=True):
    """Data about one person: timeline, position, stories, articles, spellings of the name, near misses and posts.

    - ``position`` has the titles of the roles that the person holds now.
    - ``total`` is the number of articles in the timeline (``bars``).
    - ``sample`` has the outlets, languages and other people of the newest articles, each with its number of articles.
    - ``forms`` are the spellings of the name that are searched for.
    - ``near_misses`` are texts that were rejected as the name of the person.
    - ``last_at`` is the time of the newest article.
    - ``posts`` are the configured roles, each with True if the person holds it today.
    """

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


class Companion(Struct, frozen=True):
    """Another person who is named in the same articles as a certain person.

    ``count`` is the number of articles that name both. ``lift`` is this number, divided by the number that would be
    expected if the two people were named independently of each other. It is None if the expected number is unknown.
    """

    id: str
    name: str
    count: int
    lift: float | None


class SeenPost(Struct, frozen=True):
    """A post that articles print next to a person's name, with the first and the last day of these articles.

    ``post`` describes the recognised position and country. ``count`` is the number of articles that print it, and
    ``article_id`` is the newest of them.
    """

    post: str
    count: int
    first_on: date
    last_on: date
    article_id: int


class PersonHistory(Struct, frozen=True):
    """History of a person in a period: timeline, stories and articles. ``story_count`` counts each story once."""

    view: PersonView
    story_count: int
    rules: tuple[NamedCount, ...]
    companions: tuple[Companion, ...]
    seen_posts: tuple[SeenPost, ...]
    first_at: datetime | None


def describe_position(official: Official | None, now: datetime) -> str:
    """Return the titles of the roles that an official holds at a time, separated by commas, or an empty text."""
    return ", ".join(role.title for role in (official.roles if official else ()) if role.is_held(now.date()))


def load_people(
    database: Database,
    officials: Mapping[str, Official],
    rules: Mapping[str, Rule],
    wanted: PeopleQuery,
    now: datetime,
    zone: ZoneInfo,
) -> PeopleView:
    """Read one page of the list of people, sorted by their number of articles in the last week, the highest first.

    Raises ``UsageError`` if the rule in ``wanted`` does not exist.
    """
    chosen = [one for one in officials.values() if wanted.country in {"", one.country}]
    if wanted.rule:
        if wanted.rule not in rules:
            raise UsageError(f"there is no rule {wanted.rule[:60]!r}")
        ids = set(rules[wanted.rule].officials)
        chosen = [one for one in chosen if one.id in ids]
    if wanted.text:
        folded = wanted.text.casefold()
        chosen = [one for one in chosen if folded in f"{one.id} {one.name} {' '.join(one.aliases)}".casefold()]
    week = database.desk.count_mentions(now - timedelta(days=7))
    chosen.sort(key=lambda one: (-week.get(one.id, 0), one.name))
    end = (wanted.page + 1) * wanted.page_size
    page = chosen[wanted.page * wanted.page_size : end]
    people = load_lines(database, page, now, zone)
    countries = sorted({one.country for one in officials.values() if one.country})
    return PeopleView(people, len(chosen), tuple(countries), wanted.page + 1 if len(chosen) > end else None)


def load_lines(
    database: Database, officials: Sequence[Official], now: datetime, zone: ZoneInfo
) -> tuple[PersonLine, ...]:
    """Load the rows that the list of people shows for these officials, in the given order."""
    ids = [one.id for one in officials]
    days = chart_days(now, zone, 7 * (COMPARED_WEEKS + 1))
    hours = database.desk.count_mentions_by_hour(ids, days[0])
    last = database.desk.last_seen(ids)
    first_at = database.desk.first_article_at()
    counted_weeks = sum(day >= first_at for day in days[: 7 * COMPARED_WEEKS : 7]) if first_at else 0
    return tuple(
        PersonLine(
            one,
            describe_position(one, now),
            tuple(daily[-SPARK_DAYS:]),
            sum(daily[-7:]),
            _find_usual_week(daily, counted_weeks),
            last.get(one.id),
            first_at,
        )
        for one, daily in ((one, _count_daily(hours.get(one.id, []), days, zone)) for one in officials)
    )


def _count_daily(hours: list[HourCount], days: list[datetime], zone: ZoneInfo) -> list[int]:
    counts = count_by_day(hours, zone)
    return [counts[f"{day.astimezone(zone):%Y-%m-%d}"] for day in days]


def _find_usual_week(daily: Sequence[int], counted_weeks: int) -> float | None:
    weeks = [sum(daily[start : start + 7]) for start in range(0, 7 * COMPARED_WEEKS, 7)]
    return median(weeks[-counted_weeks:]) if counted_weeks else None


def describe_young_archive(people: Sequence[PersonLine], zone: ZoneInfo) -> str:
    """Return a note that the stored articles do not go back far enough to know the usual number of articles per week.

    The note is empty if this number is known.
    """
    if not people or people[0].usual_week is not None:
        return ""
    since = people[0].archive_since
    return f"no usual week yet (archive since {since.astimezone(zone):%Y-%m-%d})" if since else "no usual week yet"


def require_official(officials: Mapping[str, Official], official_id: str) -> Official:
    """Return the official with the given id. Raises ``UsageError`` if no official with this id is watched."""
    official = officials.get(official_id)
    if official is None:
        raise UsageError(f"there is no official {official_id[:60]!r}")
    return official


def load_person(
    database: Database, official: Official, day_count: int, step: str, now: datetime, zone: ZoneInfo
) -> PersonView:
    """Read the data about a person. ``step`` is "day" or "week", the period of one bar of the timeline.

    The timeline has the last ``day_count`` days.
    """
    desk, official_id = database.desk, official.id
    days = chart_days(now, zone, day_count)
    counts = count_by_day(desk.list_official_hours(official_id, days[0]), zone)
    stories = stories_by_day(desk.list_story_hours([official_id], days[0]).get(official_id, ()), zone)
    problems = (line.poll_state for line in desk.list_source_problems())
    bars = build_bars(counts, days, zone, step, stories, count_unread_sources(problems, days, zone))
    today = now.astimezone(zone).date()
    return PersonView(
        official=official,
        position=describe_position(official, now),
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
        posts=tuple((role, role.is_held(today)) for role in official.roles),
    )


def load_history(
    database: Database,
    officials: Mapping[str, Official],
    official_id: str,
    day_count: int,
    step: str,
    now: datetime,
    zone: ZoneInfo,
) -> PersonHistory:
    """Read everything about a person in the last ``day_count`` days.

    Raises ``UsageError`` if no official with this id is watched.
    """
    official = require_official(officials, official_id)
    view = load_person(database, official, day_count, step, now, zone)
    since_at = chart_days(now, zone, day_count)[0]
    hours = database.desk.list_story_hours([official_id], since_at).get(official_id, ())
    return PersonHistory(
        view=view,
        story_count=len({hour.story_id for hour in hours}),
        rules=database.desk.count_rules(official_id, since_at),
        companions=_find_companions(database, officials, view.sample),
        seen_posts=_find_posts(database, official_id, since_at, zone),
        first_at=database.desk.first_seen(official_id),
    )


def _find_companions(
    database: Database, officials: Mapping[str, Official], sample: OfficialSample
) -> tuple[Companion, ...]:
    """Return the other people who are named in a sample of articles about a person.

    For each, the lift states how much more often than expected the two people are named together. It is computed from
    all articles of the period of the sample.
    """
    if not sample.named_with or sample.since_at is None:
        return ()
    total = database.desk.count_articles(sample.since_at)
    each = database.desk.count_mentions(sample.since_at)
    companions = []
    for one in sample.named_with:
        name = officials[one.id].name if one.id in officials else one.id
        named = each.get(one.id, 0)
        companions.append(
            Companion(one.id, name, one.count, one.count * total / (sample.size * named) if named else None)
        )
    return tuple(companions)


def _find_posts(database: Database, official_id: str, since_at: datetime, zone: ZoneInfo) -> tuple[SeenPost, ...]:
    """Return the posts that the newest articles print next to a person's name.

    The posts that were printed most recently are first.
    """
    places = database.desk.list_mention_places(official_id, since_at, MAX_POST_ARTICLES)
    stored = {one.id: one for one in database.queries.load_articles(list(places))}
    found: dict[str, list[tuple[date, int]]] = {}
    for article_id, mentions in places.items():
        if article := stored.get(article_id):
            on_date = (article.article.published_at or article.first_seen_at).astimezone(zone).date()
            for post in _posts_in(article, mentions):
                found.setdefault(post, []).append((on_date, article_id))
    posts = [SeenPost(post, len(seen), min(seen)[0], max(seen)[0], max(seen)[1]) for post, seen in found.items()]
    return tuple(sorted(posts, key=lambda one: (one.last_on, one.count, one.post), reverse=True))


def _posts_in(stored: StoredArticle, mentions: Sequence[MentionPlace]) -> set[str]:
    """Return descriptions of the posts that an article prints next to the given mentions (names) of an official."""
    article_text = normalize_article(stored.article)
    posts: set[str] = set()
    for mention in mentions:
        start, end = article_text.folded_span(mention.region, mention.start, mention.end)
        for position in positions_next_to(article_text, start, end):
            countries = ", ".join(map(format_country_name, sorted(position.countries)))
            posts.add(
                f"{describe_positions((position,))} ({countries})" if countries else describe_positions((position,))
            )
    return posts


def positions_next_to(article_text: NormalizedArticle, start: int, end: int) -> tuple[Position, ...]:
    """Return the positions that a text states directly before and after a name, such as a title or an apposition.

    ``start`` and ``end`` are the offsets of the name in the normalized text.
    """
    before = find_title_before(article_text, start).title.positions
    return (*before, *find_title_after(article_text.cased, end).positions)

"""Pages of the sources: the list with problems first, and one source with its numbers of articles per day."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from monitor.domain.backfill import BackfillProgress, find_complete_since
from monitor.domain.desk_models import ArticleLine, SourceLine
from monitor.domain.poll_state import SourceState
from monitor.domain.readers import Right
from monitor.domain.source import Source
from monitor.insight.timeline import chart_days
from monitor.pipeline.status_report import STATE_ORDER
from monitor.store.database import Database
from monitor.web.context import Snapshot
from monitor.web.page import PageDependency, find_done
from monitor.web.templating import make_url, quote_segment

router = APIRouter()
SOURCES_PER_PAGE, SOURCE_ARTICLES, SOURCE_DAYS = 100, 30, 30


class SourcesView(Struct, frozen=True):
    """Data that the page of all sources shows.

    - ``next_id`` is the id after which the next part of the list begins, or empty.
    - ``new`` are the first configured sources that are not in the database yet, because no daemon and no poll has read
      the configuration since they were added.
    - ``new_count`` is the number of all these new sources.
    """

    problems: tuple[SourceLine, ...]
    others: tuple[SourceLine, ...]
    counts: Counter[SourceState]
    next_id: str
    new: tuple[Source, ...] = ()
    new_count: int = 0


class SourceView(Struct, frozen=True):
    """Data of the page of a source.

    ``days`` are the numbers of articles per day, oldest first. The archive is complete from ``complete_since`` on.
    ``backfill`` is the progress of the last backfill (reading of the archive), if there was one.
    """

    source: SourceLine
    articles: tuple[ArticleLine, ...]
    days: tuple[tuple[str, int], ...]
    quarantined_count: int
    complete_since: datetime | None = None
    backfill: BackfillProgress | None = None


def load_sources(database: Database, snapshot: Snapshot, after_id: str, text: str) -> SourcesView:
    """Read one part of the list of sources; the first part also has all sources with problems.

    The part begins after the source ``after_id``. With ``text``, only sources with this text in the id, name or address
    are listed, and the sources with problems are not listed separately.
    """
    desk = database.desk
    problems = [] if after_id or text else desk.list_source_problems()
    problems.sort(key=lambda one: (STATE_ORDER.index(one.poll_state.state.value), one.id))
    page = desk.list_sources(SOURCES_PER_PAGE + 1, after_id, text)
    next_id = page[SOURCES_PER_PAGE - 1].id if len(page) > SOURCES_PER_PAGE else ""
    shown = {line.id for line in problems}
    others = tuple(line for line in page[:SOURCES_PER_PAGE] if line.id not in shown)
    stored_ids = desk.list_source_ids()
    new = [one for one in snapshot.configuration.sources if one.id not in stored_ids and not after_id]
    found = [one for one in new if text.casefold() in f"{one.id}\n{one.name}\n{one.url}".casefold()]
    counts = database.sources.count_by_state()
    return SourcesView(tuple(problems), others, counts, next_id, tuple(found[:SOURCES_PER_PAGE]), len(new))


def load_source(database: Database, source_id: str, now: datetime, zone: ZoneInfo) -> SourceView:
    """Read the data that the page of a source shows. Raises ``UsageError`` if the source is not configured."""
    desk = database.desk
    source = desk.get_source(source_id)
    backfill = database.key_values.get_backfill(source_id)
    return SourceView(
        source,
        tuple(desk.list_source_articles(source_id, SOURCE_ARTICLES)),
        count_days(database, source_id, now, zone),
        desk.count_quarantined(source_id),
        find_complete_since(source.poll_state.baseline_at, backfill),
        backfill,
    )


def count_days(database: Database, source_id: str, now: datetime, zone: ZoneInfo) -> tuple[tuple[str, int], ...]:
    """Return the number of articles of a source on each of the last ``SOURCE_DAYS`` days.

    The result has a pair of the day (YYYY-MM-DD) and the number for each day, oldest first.
    """
    counts: Counter[str] = Counter()
    for hour in database.desk.list_source_hours(source_id):
        counts[f"{hour.at.astimezone(zone):%Y-%m-%d}"] += hour.count
    days = [f"{day.astimezone(zone):%Y-%m-%d}" for day in chart_days(now, zone, SOURCE_DAYS)]
    return tuple((day, counts[day]) for day in days)


@router.get("/sources")
async def sources(page: PageDependency) -> Response:
    """Show the sources; sources with problems are first."""
    after_id, text = page.parameter("after"), page.parameter("q").strip()
    view = await page.read(load_sources, page.context.database, page.snapshot, after_id, text)
    added = page.parameter("added")
    done = await find_done(page)
    return await page.render("sources.html", view=view, text=text, after_id=after_id, added=added, done=done)


@router.get("/sources/{source_id}")
async def source(page: PageDependency, source_id: str) -> Response:
    """Show the page of one source."""
    view = await page.read(load_source, page.context.database, source_id[:100], page.now, page.zone)
    return await page.render("source.html", view=view, did=page.parameter("did"))


@router.post("/sources/{source_id}/poll")
async def poll(page: PageDependency, source_id: str) -> Response:
    """Make a source due now, so that the daemon polls it next."""
    await page.form(Right.OPERATE)
    await page.context.run(page.context.database.sources.make_due, source_id[:100], page.now)
    await page.record("poll", f"source {source_id[:100]}")
    return page.redirect(make_url(f"/sources/{quote_segment(source_id)}", did="poll"))


@router.post("/sources/{source_id}/release")
async def release(page: PageDependency, source_id: str) -> Response:
    """Release the quarantined articles of a source, which are stored, but were not reported.

    The next run of the pipeline matches and reports them.
    """
    await page.form(Right.OPERATE)
    await page.read(page.context.database.desk.get_source, source_id[:100])
    count = await page.context.run(page.context.database.stories.release_quarantined, source_id[:100])
    await page.record("release", f"{count} articles of source {source_id[:100]}")
    return page.redirect(make_url(f"/sources/{quote_segment(source_id)}", did="release"))

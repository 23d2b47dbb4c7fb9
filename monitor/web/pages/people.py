"""Pages about people: the list of watched people with article counts, one person in detail, and successions."""

import io
from datetime import datetime, timedelta

from fastapi import APIRouter
from starlette.responses import Response

from monitor.insight.people import (
    SPANS,
    PeopleQuery,
    describe_young_archive,
    load_people,
    load_person,
    require_official,
)
from monitor.insight.succession import LOOKBACK, Succession, find_successions
from monitor.insight.timeline import STEPS
from monitor.records.values import write_csv
from monitor.store.database import Database
from monitor.web.context import Snapshot
from monitor.web.page import BadRequest, Page, PageDependency

router = APIRouter()
MAX_NAMED_WITH, MAX_SUCCESSIONS = 12, 100


def read_span(page: Page) -> tuple[str, str]:
    """Return two parameters of the query string: the period of the timeline, and the step of its bars.

    The period is one of ``SPANS``, such as "30d", and the step is one of ``STEPS``: "day" or "week". Raises
    ``BadRequest`` for any other value.
    """
    span = page.parameter("span", "30d")
    if span not in SPANS:
        raise BadRequest(f"span={span[:40]!r} is not one of {', '.join(SPANS)}")
    step = page.parameter("by", "week" if span == "2y" else "day")
    if step not in STEPS:
        raise BadRequest(f"by={step[:40]!r} is not one of {', '.join(STEPS)}")
    return span, step


@router.get("/people")
async def people(page: PageDependency) -> Response:
    """Show the watched people."""
    country, rule, text = page.parameter("country"), page.parameter("rule"), page.parameter("q").strip()
    number = page.number("page", 0, 0, 10_000)
    database, snapshot = page.context.database, page.snapshot
    wanted = PeopleQuery(country, rule, text, number)
    view = await page.read(load_people, database, snapshot.officials, snapshot.rules, wanted, page.now, page.zone)
    chosen = {"country": country, "rule": rule, "q": text}
    young_archive = describe_young_archive(view.people, page.zone)
    return await page.render(
        "people.html",
        view=view,
        young_archive=young_archive,
        chosen=chosen,
        rules=tuple(snapshot.rules),
        number=number,
    )


def load_successions(
    database: Database, snapshot: Snapshot, now: datetime, since: timedelta, official_id: str = ""
) -> list[Succession]:
    """Return the successions (changes of the holder of a post) that recent articles report, newest first.

    ``since`` is the length of the period before now whose articles are used. With ``official_id``, only successions in
    the posts of this official are returned. Raises ``UsageError`` if the official is not watched.
    """
    officials = snapshot.officials.values()
    chosen = [require_official(snapshot.officials, official_id)] if official_id else list(officials)
    statements = database.successions.list_statements(now - since, [official_id] if official_id else ())
    return find_successions(statements, chosen, now.date())


@router.get("/successions")
async def successions(page: PageDependency) -> Response:
    """Show the posts of watched people that, according to recent articles, may have a new holder.

    The command ``monitor succession`` prints the same list.
    """
    official_id = page.parameter("person")
    database, snapshot = page.context.database, page.snapshot
    found = await page.read(load_successions, database, snapshot, page.now, LOOKBACK, official_id)
    return await page.render(
        "successions.html", found=found[:MAX_SUCCESSIONS], count=len(found), person=official_id, days=LOOKBACK.days
    )


@router.get("/people/{official_id}")
async def person(page: PageDependency, official_id: str) -> Response:
    """Show the page of one watched person."""
    span, step = read_span(page)
    database, official = page.context.database, require_official(page.snapshot.officials, official_id)
    view = await page.read(load_person, database, official, SPANS[span], step, page.now, page.zone)
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
    database, official = page.context.database, require_official(page.snapshot.officials, official_id)
    view = await page.read(load_person, database, official, SPANS[span], step, page.now, page.zone)
    output = io.StringIO()
    records = [{"official": official_id, "from": bar.start, "to": bar.end, "articles": bar.count} for bar in view.bars]
    write_csv(output, ("official", "from", "to", "articles"), records)
    headers = {"Content-Disposition": 'attachment; filename="timeline.csv"'}
    return Response(output.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)

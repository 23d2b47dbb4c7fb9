"""Page Search: find stored articles by words, people, sources, languages and dates."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import Response

from monitor.domain.errors import QueryError, UsageError
from monitor.domain.read_models import ArticleFilter
from monitor.insight.search import parse_moment
from monitor.match.query.evaluate import CompiledQuery
from monitor.pipeline.search import SearchPart, SearchRequest, compile_search, search_articles
from monitor.web.context import Snapshot
from monitor.web.page import BadRequest, Page, PageDependency
from monitor.web.pages.today import choose_passages
from monitor.web.templating import make_url

router = APIRouter()
RESULTS_PER_PAGE = 50
FILTERS = ("source", "person", "rule", "language", "since", "until")


class QueryFault(Struct, frozen=True):
    """Syntax error in a query: the text before the error, the text from the error on, and a message."""

    before: str
    after: str
    message: str


def read_filter(page: Page, values: Mapping[str, str], limit: int) -> ArticleFilter:
    """Return the filter that ``values`` describe: the parameters of a URL, or the fields of a form.

    Raises ``BadRequest`` for an unknown id or a date that is not valid.
    """
    snapshot = page.snapshot
    known = {"source": set(snapshot.sources), "person": set(snapshot.officials), "rule": set(snapshot.rules)}
    for name, ids in known.items():
        value = values.get(name)
        if value and value not in ids:
            raise BadRequest(f"there is no {name} {value[:60]!r}")
    return ArticleFilter(
        source_id=values.get("source", ""),
        rule_id=values.get("rule", ""),
        official_id=values.get("person", ""),
        language=values.get("language", "").lower(),
        since_at=_read_moment(page, "since", values),
        until_at=_read_moment(page, "until", values, is_end=True),
        limit=limit,
    )


def _read_moment(page: Page, name: str, values: Mapping[str, str], *, is_end: bool = False) -> datetime | None:
    try:
        return parse_moment(values.get(name, ""), page.zone, page.now, is_end=is_end)
    except UsageError as error:
        raise BadRequest(f"{name}: {error}") from error


def compile_text(text: str, snapshot: Snapshot) -> tuple[CompiledQuery | None, QueryFault | None]:
    """Return a pair: the compiled query of a text, and its syntax error.

    If the text has an error, the query is None; otherwise the error is None. For an empty text, both are None.
    """
    if not text:
        return None, None
    watchlist = snapshot.configuration.watchlist
    try:
        return compile_search(text, tuple(snapshot.officials), watchlist.synonyms), None
    except QueryError as error:
        message = f"{error.message}; expected {error.expected}"
        return None, QueryFault(text[: error.position], text[error.position :], message)


@router.get("/search")
async def search(page: PageDependency) -> Response:
    """Show the articles that satisfy a query and a filter."""
    return await show_search(page, page.parameters)


async def show_search(page: Page, values: Mapping[str, str], rule_fault: str = "") -> Response:
    """Return the page with the articles that satisfy the query and the filter in ``values``.

    ``rule_fault`` is the reason why the search could not be saved as a rule with the id in ``values``.
    """
    text = values.get("q", "").strip()
    wanted, before_id, problem = None, None, ""
    try:
        wanted = read_filter(page, values, RESULTS_PER_PAGE)
        before_id = page.number("before", 0, 1, 2**62) or None
    except BadRequest as error:
        problem = str(error)
    query, fault = compile_text(text, page.snapshot)
    chosen = {name: values.get(name, "") for name in FILTERS}
    part: SearchPart | None = None
    if wanted and not problem and fault is None and (query or any(chosen.values())):
        request = SearchRequest(query, wanted, page.zone, before_id)
        try:
            part = await page.read(search_articles, page.context.database, request)
        except QueryError as error:
            fault = QueryFault(text, "", f"{error.message}; expected {error.expected}")
    passages = {one.line.id: choose_passages(one.passages, one.line.language, 2) for one in part.found} if part else {}
    return await page.render(
        "search.html",
        status=400 if problem else 422 if fault or rule_fault else 200,
        text=text,
        chosen=chosen,
        part=part,
        passages=passages,
        fault=fault,
        problem=problem,
        rule_fault=rule_fault,
        here=make_url("/search", q=text, **chosen),
        rule_id=values.get("id", "") if rule_fault else "",
        before_id=before_id,
        days=fill_days(part.counts.days) if part else (),
        source_names=page.snapshot.source_names,
        sources=sorted(page.snapshot.source_names.items(), key=lambda item: item[1].casefold()),
        people=sorted(((one.id, one.name) for one in page.snapshot.officials.values()), key=lambda item: item[1]),
        rules=tuple(page.snapshot.rules),
    )


def fill_days(days: Sequence[tuple[str, int]], limit: int = 60) -> tuple[tuple[str, int], ...]:
    """Return pairs of consecutive days and their counts. A day that is missing in ``days`` has the count 0.

    Only the last ``limit`` days are returned.
    """
    if not days:
        return ()
    counts = dict(days)
    last = datetime.strptime(days[-1][0], "%Y-%m-%d").replace(tzinfo=UTC).date()
    first = max(datetime.strptime(days[0][0], "%Y-%m-%d").replace(tzinfo=UTC).date(), last - timedelta(days=limit - 1))
    span = (last - first).days + 1
    listed = [(first + timedelta(days=number)).isoformat() for number in range(span)]
    return tuple((day, counts.get(day, 0)) for day in listed)

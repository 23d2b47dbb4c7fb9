"""Atom feeds of a person, a rule, a digest or a search. Each feed has an address of its own, which can be revoked."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from msgspec import Struct
from starlette.responses import HTMLResponse, Response

from monitor.domain.desk_models import ArticleLine
from monitor.domain.errors import QueryError, UsageError
from monitor.domain.mention import Passage
from monitor.domain.read_models import ArticleFilter
from monitor.domain.readers import Right
from monitor.pipeline.search import SearchRequest, search_articles
from monitor.store.database import Database
from monitor.web.context import DeskContext, Snapshot
from monitor.web.page import BadRequest, PageDependency, get_context, parse_number
from monitor.web.pages.search import compile_text
from monitor.web.templating import render

router = APIRouter()
FEED_ENTRIES = 50
ZONE = ZoneInfo("UTC")
FILTERS = {"person": "official_id", "source": "source_id", "rule": "rule_id", "language": "language"}
ALLOWED = {"q", "digest", *FILTERS}


class Entry(Struct, frozen=True):
    """Article in an Atom feed, with the passages for which the feed contains the article."""

    line: ArticleLine
    passages: tuple[Passage, ...]


def clean_view(fields: dict[str, str], snapshot: Snapshot) -> tuple[str, str]:
    """Return a pair for a new feed: the query string that selects its articles, and the name of the feed.

    Both are made from ``fields``, the fields of a form, such as the id of a person or a search query. Raises
    ``BadRequest`` if all fields are empty, if a field names something that does not exist, or if the query is invalid.
    """
    chosen = {name: value.strip()[:500] for name, value in fields.items() if name in ALLOWED and value.strip()}
    if not chosen:
        raise BadRequest("choose a person, a rule, a digest or a query")
    known = {
        "person": set(snapshot.officials),
        "rule": set(snapshot.rules),
        "source": set(snapshot.sources),
        "digest": {plan.id for plan in snapshot.configuration.digests},
    }
    for name, ids in known.items():
        if name in chosen and chosen[name] not in ids:
            raise BadRequest(f"there is no {name} {chosen[name][:60]!r}")
    if fault := compile_text(chosen.get("q", ""), snapshot)[1]:
        raise BadRequest(f"the query is not valid: {fault.message}")
    name = ", ".join(snapshot.name_official(value) if key == "person" else value for key, value in chosen.items())
    return urlencode(sorted(chosen.items())), name


def load_entries(database: Database, snapshot: Snapshot, query: str) -> list[Entry]:
    """Return the articles of a feed, newest first.

    ``query`` is the query string that selects them: a digest plan, or a search with its filters. Raises ``UsageError``
    if the search query is not valid any more, because the configuration has changed.
    """
    chosen = {name: values[0] for name, values in parse_qs(query).items()}
    if plan_id := chosen.get("digest"):
        plan = next((one for one in snapshot.configuration.digests if one.id == plan_id), None)
        hits = database.desk.list_hits(FEED_ENTRIES, rule_ids=plan.rules) if plan else []
        passages = database.desk.load_passages([hit.id for hit in hits])
        lines = {hit.article.id: Entry(hit.article, passages.get(hit.id, ())) for hit in hits}
        return list(lines.values())
    compiled, fault = compile_text(chosen.get("q", ""), snapshot)
    if fault:
        raise UsageError("the query of this feed is not valid any more")
    wanted = ArticleFilter(
        source_id=chosen.get("source", ""),
        official_id=chosen.get("person", ""),
        rule_id=chosen.get("rule", ""),
        language=chosen.get("language", ""),
        limit=FEED_ENTRIES,
    )
    try:
        part = search_articles(database, SearchRequest(compiled, wanted, ZONE))
    except QueryError as error:
        raise UsageError(str(error)) from error
    return [Entry(one.line, one.passages) for one in part.found]


@router.post("/feeds")
async def create_feed(page: PageDependency) -> Response:
    """Create a feed and show its secret address. The address is not shown again."""
    fields = await page.form(Right.READ)
    query, name = clean_view(fields, page.snapshot)
    readers = page.context.database.readers
    _view, code = await page.context.run(
        lambda: readers.save_view(page.account.id, name, query, page.now, with_feed=True)
    )
    address = f"{page.context.settings.public_url}/feeds/{code}.atom"
    return await page.render("secret.html", label=f"Feed of {name}", secret=address, kind="feed")


@router.post("/feeds/delete")
async def delete_feed(page: PageDependency) -> Response:
    """Delete a feed of the reader; its address does not work any more."""
    number = parse_number("view", (await page.form(Right.READ)).get("view", ""))
    await page.context.run(page.context.database.readers.delete_view, number, page.account.id)
    return page.redirect("/me")


@router.get("/feeds/{code}.atom")
async def feed(request: Request, code: str) -> Response:
    """Return a feed in Atom format.

    The address is secret and is the only proof of access, so that feed readers, which cannot log in, can open it.
    """
    context: DeskContext = get_context(request)
    view = await context.read(context.database.readers.find_feed, code[:200])
    if view is None:
        return HTMLResponse(render("error.html", title="Not found", text="This feed does not exist.", status=404), 404)
    snapshot = await context.snapshot()
    entries: Sequence[Entry] = await context.read(load_entries, context.database, snapshot, view.query)
    updated: datetime = max((one.line.first_seen_at for one in entries), default=view.made_at)
    text = await context.read(
        lambda: render("feed.atom", view=view, entries=entries, updated=updated, url=context.settings.public_url)
    )
    return Response(
        text, media_type="application/atom+xml; charset=utf-8", headers={"Cache-Control": "private, no-cache"}
    )

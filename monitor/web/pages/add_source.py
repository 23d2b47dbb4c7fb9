"""Page on which a reader adds a source to sources.yaml.

It searches for the feeds of a site. A preview shows what is read from the source, and so helps to choose selectors for
lists and pages of articles.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from monitor.domain.configuration_edits import EditNotAllowed
from monitor.domain.errors import ConfigError, MonitorError
from monitor.domain.feedback import Way
from monitor.domain.readers import Right
from monitor.domain.source import SourceKind
from monitor.pipeline.discover import DiscoveryResult, make_source_id
from monitor.text.numbers import parse_number
from monitor.text.sanitize import single_line
from monitor.text.urls import canonicalize_url
from monitor.web.editing import forbid_edits, get_editing
from monitor.web.page import Page, PageDependency
from monitor.web.source_setup import SourcePreview, get_source_setup
from monitor.web.templating import make_url

router = APIRouter()
KINDS = (SourceKind.FEED, SourceKind.LISTING, SourceKind.SITEMAP)
MAX_FIELD_CHARS = 2000
LISTING_FIELDS: Final = {
    "items": "One article in the list",
    "link": "Its link",
    "title": "Its headline",
    "published": "Its date",
    "text": "Its whole text",
    "author": "Its writer",
    "repost_of": "The writer of the original, if it is a repost",
    "reply_to": "The link to the post that it answers",
    "next": "The link to the next page",
}
"""Keys of ``listing`` in sources.yaml, with the labels of their form fields. The name of a form field is the key with
the prefix ``list_``."""

PAGE_FIELDS: Final = {
    "title": "Headline",
    "standfirst": "Standfirst",
    "body": "Body",
    "published": "Date",
    "authors": "Authors",
    "remove": "What to remove",
}
"""Keys of ``selectors`` in sources.yaml, with the labels of their form fields. The name of a form field is the key with
the prefix ``page_``."""

_PLAIN_KEYS = ("language", "country", "timezone")


def _take(given: Mapping[str, str], prefix: str, names: Iterable[str]) -> dict[str, str]:
    """Return a dictionary of the fields of a form that have the given names.

    In ``given`` (all fields of the form), each of these names is preceded by ``prefix``.
    """
    return {name: given[prefix + name] for name in names if prefix + name in given}


def read_keys(fields: Mapping[str, str]) -> dict[str, Any]:
    """Convert the fields of the form to the keys of a source in sources.yaml. Empty fields give no key."""
    given = {name: value.strip()[:MAX_FIELD_CHARS] for name, value in fields.items() if value.strip()}
    kind, url = given.get("kind", "feed"), given.get("url", "")
    keys: dict[str, Any] = {"name": given["name"]} if "name" in given else {}
    if kind == "listing":
        found: dict[str, Any] = {"url": url, **_take(given, "list_", LISTING_FIELDS)}
        if "published" in found and "published_format" in given:
            found["published"] = {"selector": found["published"], "format": given["published_format"]}
        if (pages := parse_number(given.get("max_pages", "")) or 0) > 1:
            found["max_pages"] = pages
        keys["listing"] = found
    else:
        keys["sitemap" if kind == "sitemap" else "feed"] = url
    keys |= {name: given[name] for name in _PLAIN_KEYS if name in given}
    if given.get("text_from") == "feed":
        keys["text_from"] = "feed"
    selectors: dict[str, Any] = _take(given, "page_", PAGE_FIELDS)
    if "remove" in selectors:
        selectors["remove"] = [line.strip() for line in selectors["remove"].splitlines() if line.strip()]
    return keys | ({"selectors": selectors} if selectors else {})


@router.get("/add-source")
async def show_form(page: PageDependency) -> Response:
    """Show the form in which the reader enters an address."""
    page.identity.require(Right.CONFIGURE)
    return await _render(page, {"url": page.parameter("url")})


@router.post("/add-source")
async def act(page: PageDependency) -> Response:
    """Search for feeds, show a preview, or add the source, depending on the button that was pressed."""
    fields = await page.form(Right.CONFIGURE)
    setup, settings = get_source_setup(page.request), page.snapshot.configuration.settings
    action, url = fields.get("do", ""), fields.get("url", "").strip()[:MAX_FIELD_CHARS]
    found, preview, errors = None, None, []
    if action == "add" and (refusal := forbid_edits(page.snapshot)):
        raise EditNotAllowed(f"nothing was saved: {refusal}")
    try:
        if not url:
            errors.append("Give the address of a newspaper, a feed, or a page that lists articles.")
        elif action == "discover":
            found = await setup.discover(page.account.id, url, settings)
        elif action == "add":
            return await _add(page, fields)
        else:
            build = get_editing(page.request).editor.build_source
            source = await page.read(build, _choose_id(page, fields), read_keys(fields))
            number = parse_number(fields.get("article", "")) or 0
            preview = await setup.preview(
                page.account.id, source, settings, number=min(number, 9), is_new=action == "fetch"
            )
    except ConfigError as error:
        errors += [issue.message for issue in error.issues]
    except MonitorError as error:
        errors.append(str(error))
    return await _render(page, fields, found=found, preview=preview, errors=errors)


def _choose_id(page: Page, fields: Mapping[str, str]) -> str:
    """Return the id for a new source.

    It is the id in the form. If the form has none, it is made from the name or the address of the source.
    """
    given = fields.get("id", "").strip()[:100]
    name = fields.get("name", "").strip()
    return given or make_source_id(name, fields.get("url", ""), page.snapshot.sources)


async def _add(page: Page, fields: Mapping[str, str]) -> Response:
    """Add the source to sources.yaml. The change is recorded, and can be undone."""
    source_id = _choose_id(page, fields)
    editing = get_editing(page.request).service(page.context, page.snapshot)
    actor = await (await page.context.feedback()).get_actor(page.account.login, Way.PAGE)
    change = await editing.add_sources({source_id: read_keys(fields)}, actor)
    return page.redirect(make_url("/sources", added=source_id, done=change.id))


async def _render(
    page: Page,
    fields: Mapping[str, str],
    *,
    found: DiscoveryResult | None = None,
    preview: SourcePreview | None = None,
    errors: list[str] | None = None,
) -> Response:
    """Return the page that adds a source.

    The form with the keys of the source is shown once the reader has chosen a feed or a page as the source.
    """
    known = {canonicalize_url(source.url): source.id for source in page.snapshot.sources.values()}
    values = {name: value[:MAX_FIELD_CHARS] for name, value in fields.items()}
    listed = preview.listed if preview else None
    if listed and not values.get("name"):
        values["name"] = single_line(listed.title, 100)
    if listed and not values.get("language"):
        values["language"] = listed.language
    is_chosen = bool(values.get("kind")) and values.get("do") != "discover"
    if is_chosen and not values.get("id"):
        values["id"] = _choose_id(page, values)
    return await page.render(
        "add_source.html",
        status=422 if errors else 200,
        fields=values,
        is_chosen=is_chosen,
        has_page_selectors=any(values.get(f"page_{name}") for name in PAGE_FIELDS),
        found=found,
        known={one.url: known.get(canonicalize_url(one.url), "") for one in found.feeds} if found else {},
        preview=preview,
        errors=errors or [],
        refusal=forbid_edits(page.snapshot),
        kinds=tuple(kind.value for kind in KINDS),
        listing_fields=LISTING_FIELDS,
        page_fields=PAGE_FIELDS,
    )

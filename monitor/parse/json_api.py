"""JSON APIs: finds articles in a response, with the JMESPath expressions of the source.

The library for JMESPath is an optional dependency, the extra ``api`` of this package.
"""

import json
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Entry, Feed, Source
from monitor.domain.special_sources import Api
from monitor.parse.fields import MAX_ENTRIES, RawItem, build_entries, resolve_url
from monitor.text.bot_walls import find_wall
from monitor.text.time_zones import SourceClock

EXTRA_MISSING = "it is a JSON API, and the extra `api` is not installed; install it with: pip install 'monitor[api]'"
_MIN_EPOCH_MILLISECONDS = 100_000_000_000  # a number of seconds since 1970 that means the year 5138


def parse_api(text: str, url: str, source: Source) -> Feed:
    """Find the articles in the response of a JSON API, with the source's JMESPath expressions.

    Raises ``NotAFeed`` if the document is not JSON, or if the expressions find no article in it.
    """
    api = source.api
    assert api is not None  # noqa: S101 - the kind of the source
    document = _load_json(text)
    items = _search(api.items, document)
    if not isinstance(items, list):
        found = "nothing" if items is None else f"a {type(items).__name__}"
        raise NotAFeed(f"{api.items!r} finds {found} in the document, not a list", DocumentFault.LAYOUT_CHANGED)
    clock = SourceClock(source, url)
    entries = build_entries((_to_raw_item(item, api) for item in items[:MAX_ENTRIES]), url, clock)
    usable = tuple(entry for entry in entries if _is_usable(entry, api))
    if items and not usable:
        raise NotAFeed(
            f"{len(items)} items match {api.items!r}, but none has a link at {api.link!r}", DocumentFault.LAYOUT_CHANGED
        )
    next_url = _find_next_page(document, url, api)
    return Feed(
        entries=usable,
        url=url,
        nested_urls=(next_url,) if next_url and next_url != url else (),
        empty_count=len(entries) - len(usable),
        left_out_count=max(0, len(items) - MAX_ENTRIES),
    )


def _load_json(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        if wall := find_wall(text):
            raise NotAFeed(f"the server shows a {wall} instead of the API", DocumentFault.ACCESS_WALL) from error
        start = text.strip()[:60]
        raise NotAFeed(f"the document is not valid JSON; it begins with {start!r}", DocumentFault.DAMAGED) from error


def _search(expression: str, value: Any) -> Any:
    try:
        import jmespath
        from jmespath.exceptions import JMESPathError
    except ImportError as error:
        raise NotAFeed(EXTRA_MISSING, DocumentFault.MISSING_EXTRA) from error
    try:
        return jmespath.search(expression, value)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise NotAFeed(f"{expression!r} cannot be evaluated: {reason}", DocumentFault.WRONG_SELECTOR) from error


def _to_raw_item(item: Any, api: Api) -> RawItem:
    link, guid = _find_text(api.link, item), _find_text(api.id, item)
    text = _find_text(api.text, item)
    authors = _search(api.authors, item) if api.authors else None
    return RawItem(
        link=link or None,
        id=guid or link,
        title=escape(_find_text(api.title, item), quote=False),
        published=_find_date(api.published, item),
        summary=_to_html(_find_text(api.summary, item)),
        content=_to_html(text),
        authors=tuple(one for one in (authors if isinstance(authors, list) else [authors]) if isinstance(one, str)),
        reply_to=_find_text(api.reply_to, item),
    )


def _find_text(expression: str, item: Any) -> str:
    value = _search(expression, item) if expression else None
    if isinstance(value, list):
        value = "\n\n".join(part for part in value if isinstance(part, str))
    return "" if value is None or isinstance(value, bool | dict) else str(value)


def _find_date(expression: str, item: Any) -> str:
    """Return the date in an item of a response, as text. ``expression`` is the JMESPath expression that finds the date.

    A large number is taken for the seconds or milliseconds since 1970, and converted to an ISO 8601 date.
    """
    text = _find_text(expression, item)
    try:
        number = float(text)
    except ValueError:
        return text
    if not 10_000_000 < number < 10 * _MIN_EPOCH_MILLISECONDS * 100:
        return text
    seconds = number / 1_000 if number >= _MIN_EPOCH_MILLISECONDS else number
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def _to_html(text: str) -> str:
    """Convert plain text to HTML paragraphs. A text that contains tags is returned unchanged."""
    if not text or ("<" in text and ">" in text):
        return text
    return "".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n") if part.strip())


def _is_usable(entry: Entry, api: Api) -> bool:
    return bool(entry.url or (entry.guid and api.text and entry.content))


def _find_next_page(document: Any, url: str, api: Api) -> str:
    """Return the URL of the next page, or an empty string if there is none.

    The source's expression ``next`` finds this URL, or a cursor. A cursor is put into the parameter ``next_parameter``
    of ``url``, the address of this page.
    """
    found = _find_text(api.next, document) if api.next and api.max_pages > 1 else ""
    if not found or not api.next_parameter:
        return resolve_url(found, url) if found else ""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != api.next_parameter]
    return parts._replace(query=urlencode([*query, (api.next_parameter, found)])).geturl()

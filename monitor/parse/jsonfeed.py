"""JSON Feed 1.0 and 1.1."""

import json
from typing import Any

from monitor.domain.entry import Feed
from monitor.domain.errors import NotAFeed
from monitor.domain.source import Source
from monitor.parse.entries import MOST_ENTRIES, Raw, entry_of
from monitor.parse.values import absolute, plain, zone_of


def read_json(text: str, url: str, source: Source) -> Feed:
    """Read a JSON Feed; raises ``NotAFeed`` for any other JSON."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFeed("the document begins like JSON but is not valid", "broken JSON") from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise NotAFeed("the document is JSON, but no JSON Feed: it has no list of items", "JSON")
    items = [item for item in document["items"] if isinstance(item, dict)]
    zone = zone_of(source)
    return Feed(
        entries=tuple(entry_of(_raw(item), url, zone) for item in items[:MOST_ENTRIES]),
        title=plain(_text(document, "title")),
        url=absolute(_text(document, "home_page_url"), url),
        language=_text(document, "language")[:35],
        truncated=len(items) > MOST_ENTRIES,
    )


def _raw(item: dict[str, Any]) -> Raw:
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = tuple(_text(person, "name") for person in people or () if isinstance(person, dict))
    return Raw(
        link=_text(item, "url") or _text(item, "external_url"),
        id=_text(item, "id"),
        title=_text(item, "title"),
        published=_text(item, "date_published"),
        updated=_text(item, "date_modified"),
        summary=_text(item, "summary"),
        content=_text(item, "content_html") or _text(item, "content_text"),
        authors=names,
    )


def _text(item: dict[str, Any], key: str) -> str:
    """Return a field as text; an id may be a number."""
    value = item.get(key)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

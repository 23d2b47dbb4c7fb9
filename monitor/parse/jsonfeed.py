"""JSON Feed: parser for the versions 1.0 and 1.1 of this format."""

import json
import re
from typing import Any

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Feed, Source
from monitor.parse.fields import RawItem, build_entries, repair_link, resolve_url, to_plain_text
from monitor.text.time_zones import SourceClock

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
r"""One half of a surrogate pair (`"\ud83d"`), which no database can store.

The module ``json`` combines each complete pair into one character, so that only unpaired halves remain.
"""


def parse_json_feed(text: str, url: str, source: Source) -> Feed:
    """Parse a JSON Feed. Raises ``NotAFeed`` for any other document."""
    try:
        document = json.loads(text, strict=False)  # not strict, because many sites have tabs and line breaks in strings
    except (ValueError, RecursionError) as error:
        raise NotAFeed("the document begins like JSON but is not valid JSON", DocumentFault.DAMAGED) from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise NotAFeed("the document is JSON, but not a JSON Feed: it has no list `items`", DocumentFault.OTHER_FORMAT)
    items = [_to_raw_item(item, url) for item in document["items"] if isinstance(item, dict)]
    clock = SourceClock(source, url)
    entries = build_entries(items, url, clock)
    return Feed(
        entries=entries,
        title=to_plain_text(_get_text_field(document, "title")),
        url=resolve_url(_get_text_field(document, "home_page_url"), url),
        language=_get_text_field(document, "language")[:35],
    )


def _to_raw_item(item: dict[str, Any], base: str) -> RawItem:
    people = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = tuple(_get_text_field(person, "name") for person in people or () if isinstance(person, dict))
    return RawItem(
        link=repair_link(_get_text_field(item, "url"), base)
        or repair_link(_get_text_field(item, "external_url"), base),
        id=_get_text_field(item, "id"),
        title=_get_text_field(item, "title"),
        published=_get_text_field(item, "date_published"),
        updated=_get_text_field(item, "date_modified"),
        summary=_get_text_field(item, "summary"),
        content=_get_text_field(item, "content_html") or _get_text_field(item, "content_text"),
        authors=names,
    )


def _get_text_field(item: dict[str, Any], key: str) -> str:
    """Return the value of a field as text, even if it is a number, as ids sometimes are.

    For a value of any other type, the result is an empty string.
    """
    value = item.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _LONE_SURROGATE.sub("\ufffd", str(value))

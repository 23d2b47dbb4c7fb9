"""feedparser, the judge of what a feed says. It can be slow and hungry: call it in a worker that can be killed."""

import io
import re
from typing import Any

import feedparser

from monitor.domain.source import Feed, Source
from monitor.parse.fast_xml import parse_ttl
from monitor.parse.fields import MAX_ENTRIES, RawItem, build_entry, get_configured_timezone, resolve_url, to_plain_text

_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>|<!ENTITY[^>]*>", re.DOTALL | re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse_with_feedparser(text: str, url: str, source: Source) -> Feed:
    """Read a feed of any shape; one without entries is returned as such, and what is no feed at all has no title."""
    body = _DOCTYPE.sub("", _XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1), count=2_000)
    found = feedparser.parse(
        io.BytesIO(body.encode("utf-8", "replace")),  # a text or bytes that look like an address would be fetched
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    zone = get_configured_timezone(source)
    entries = tuple(build_entry(_to_raw_item(entry), url, zone) for entry in found.entries[:MAX_ENTRIES])
    about = {key.removeprefix("sy_"): value for key, value in found.feed.items() if isinstance(value, str)}
    return Feed(
        entries=entries,
        title=to_plain_text(about.get("title", "")),
        url=resolve_url(about.get("link", ""), url),
        language=about.get("language", "").replace("_", "-")[:35],
        ttl=parse_ttl(about),
        is_truncated=len(found.entries) > MAX_ENTRIES,
    )


def _to_raw_item(entry: Any) -> RawItem:
    contents = [part.get("value", "") for part in entry.get("content", ())]
    return RawItem(
        link=entry.get("link"),
        id=entry.get("id"),
        title=entry.get("title"),
        published=dict.get(entry, "published") or dict.get(entry, "created"),
        updated=dict.get(entry, "updated"),
        summary=entry.get("summary"),
        content=max(contents, key=len, default=None),
        authors=_parse_author_names(entry),
    )


def _parse_author_names(entry: Any) -> tuple[str, ...]:
    people = entry.get("authors")
    names = [person.get("name", "") for person in people if hasattr(person, "get")] if isinstance(people, list) else []
    names = [name for name in names if name]
    return tuple(names) or tuple(filter(None, [entry.get("author") if isinstance(entry.get("author"), str) else ""]))

"""feedparser, the judge of what a feed says. It can be slow and hungry: call it in a worker that can be killed."""

import io
import re
from typing import Any

import feedparser

from monitor.domain.entry import Feed
from monitor.domain.source import Source
from monitor.parse.entries import MOST_ENTRIES, Raw, entry_of
from monitor.parse.ordinary import read_ttl
from monitor.parse.values import absolute, plain, zone_of

_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>|<!ENTITY[^>]*>", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def read_with_feedparser(text: str, url: str, source: Source) -> Feed:
    """Read a feed of any shape; one without entries is returned as such, and what is no feed at all has no title."""
    body = _DOCTYPE.sub("", _DECLARATION.sub("", text.lstrip("\ufeff"), count=1), count=2_000)
    found = feedparser.parse(
        io.BytesIO(body.encode("utf-8", "replace")),  # a text or bytes that look like an address would be fetched
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    zone = zone_of(source)
    entries = tuple(entry_of(_raw(entry), url, zone) for entry in found.entries[:MOST_ENTRIES])
    about = {key.removeprefix("sy_"): value for key, value in found.feed.items() if isinstance(value, str)}
    return Feed(
        entries=entries,
        title=plain(about.get("title", "")),
        url=absolute(about.get("link", ""), url),
        language=about.get("language", "").replace("_", "-")[:35],
        ttl=read_ttl(about),
        truncated=len(found.entries) > MOST_ENTRIES,
    )


def _raw(entry: Any) -> Raw:
    contents = [part.get("value", "") for part in entry.get("content", ())]
    return Raw(
        link=entry.get("link"),
        id=entry.get("id"),
        title=entry.get("title"),
        published=dict.get(entry, "published") or dict.get(entry, "created"),
        updated=dict.get(entry, "updated"),
        summary=entry.get("summary"),
        content=max(contents, key=len, default=None),
        authors=_authors(entry),
    )


def _authors(entry: Any) -> tuple[str, ...]:
    people = entry.get("authors")
    names = [person.get("name", "") for person in people if hasattr(person, "get")] if isinstance(people, list) else []
    names = [name for name in names if name]
    return tuple(names) or tuple(filter(None, [entry.get("author") if isinstance(entry.get("author"), str) else ""]))

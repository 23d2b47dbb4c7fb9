"""Parsing with the library feedparser, for feeds that the fast parser does not support.

feedparser can take much time and memory: call this module in the process pool, whose processes can be killed.
"""

import io
import re
from typing import Any
from urllib.parse import urljoin

import feedparser

from monitor.domain.source import Feed, Source
from monitor.parse.fast_xml import parse_ttl, read_reference
from monitor.parse.fields import (
    RawItem,
    build_entries,
    is_faulty_link,
    repair_link,
    resolve_url,
    to_plain_text,
)
from monitor.text.time_zones import SourceClock
from monitor.text.urls import is_web_url

_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>|<!ENTITY[^>]*>", re.DOTALL | re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


def parse_with_feedparser(text: str, url: str, source: Source) -> Feed:
    """Parse a document with feedparser.

    A document that is not a feed raises no error: the result then has neither entries nor a title. A real feed may also
    be without entries.
    """
    body = _DOCTYPE.sub("", _XML_DECLARATION.sub("", text.lstrip("\ufeff"), count=1), count=2_000)
    parsed = feedparser.parse(
        io.BytesIO(
            body.encode("utf-8", "replace")
        ),  # passed as a stream: feedparser would fetch a plain string or bytes that look like a URL
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    clock = SourceClock(source, url)
    items = [_to_raw_item(entry) for entry in parsed.entries]
    for item in items:
        link = _repair_resolved_link(item.link or "", url, text)
        if item.link and not link and item.id and item.id in text and is_web_url(item.id):
            link = item.id  # the guid is the address of the entry, as written in the document
        item.link = link
    entries = build_entries(items, url, clock)
    metadata = {key.removeprefix("sy_"): value for key, value in parsed.feed.items() if isinstance(value, str)}
    return Feed(
        entries=entries,
        title=to_plain_text(metadata.get("title", "")),
        url=resolve_url(metadata.get("link", ""), url),
        language=metadata.get("language", "").replace("_", "-")[:35],
        ttl=parse_ttl(metadata),
    )


def _repair_resolved_link(link: str, url: str, text: str) -> str:
    """Return a link in which the first part is the host, if feedparser has wrongly taken the host for a directory.

    feedparser takes a link such as "example.org/a" for a relative path, and resolves it against ``url``, the document's
    URL. This function undoes that. Any other link is returned unchanged, also if it occurs in the document (``text``)
    exactly as it is given, because feedparser has then not resolved it.
    """
    directory = urljoin(url, ".")
    relative = link.removeprefix(directory)
    if relative == link or not is_faulty_link(relative) or link in text:
        return link
    return repair_link(relative, url)


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
        reply_to=_read_reply_to(entry),
    )


def _read_reply_to(entry: Any) -> str:
    attributes = dict.get(entry, "thr_in-reply-to")
    return read_reference(attributes) if isinstance(attributes, dict) else ""


def _parse_author_names(entry: Any) -> tuple[str, ...]:
    people = entry.get("authors")
    names = [person.get("name", "") for person in people if hasattr(person, "get")] if isinstance(people, list) else []
    names = [name for name in names if name]
    return tuple(names) or tuple(filter(None, [entry.get("author") if isinstance(entry.get("author"), str) else ""]))

"""Parser for sitemaps and sitemap indexes.

A sitemap may be plain text, or XML with or without the news extension.
"""

import re
from collections import deque
from datetime import datetime

from lxml import etree

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Entry, Feed, Source
from monitor.parse.fields import parse_instant, resolve_url, to_plain_text
from monitor.parse.newest import sort_newest_first, sort_sitemaps
from monitor.text.references import repair_xml_references
from monitor.text.time_zones import SourceClock

_MAX_NESTED_SITEMAPS = 500
ROOT_SEARCH_CHARS = 20_000
_ROOT_TAG = re.compile(r"<(?:[\w.-]+:)?(?:urlset|sitemapindex)[\s>/]")
_ROOT_END = re.compile(r"</(?:[\w.-]+:)?(?:urlset|sitemapindex)\s*>")
_URL_LINE = re.compile(r"https?://[^\s<>]+", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:[\w.-]+:)?(?:url|sitemap)\s*>")
_PROLOG_PARTS = (("<!--", "-->"), ("<?", "?>"), ("<!DOCTYPE", ">"))


def is_sitemap(text: str) -> bool:
    """Return whether the root element of a document shows that it is a sitemap or a sitemap index."""
    start = find_end_of_prolog(text)
    return _ROOT_TAG.search(text, start, start + ROOT_SEARCH_CHARS) is not None


def is_text_sitemap(text: str) -> bool:
    """Return whether a document is a sitemap in plain text, with one URL in each line."""
    lines = text[:ROOT_SEARCH_CHARS].lstrip("\ufeff").splitlines()
    if len(text) > ROOT_SEARCH_CHARS:
        lines.pop()  # it may be incomplete
    urls = [line.strip() for line in lines if line.strip()]
    return bool(urls) and all(_URL_LINE.fullmatch(url) for url in urls)


def parse_text_sitemap(text: str, url: str) -> Feed:
    """Parse a sitemap in plain text, newest entry first. It has neither titles nor dates."""
    urls = [line.strip() for line in text.lstrip("\ufeff").splitlines()]
    entries = [Entry(url=resolve_url(one, url)) for one in urls if _URL_LINE.fullmatch(one)]
    return Feed(entries=tuple(sort_newest_first(entries, is_newest_last=True)), url=url)


def find_end_of_prolog(text: str) -> int:
    """Return the offset of the root element of a document, after white space, comments, declarations and DOCTYPE."""
    position = 0
    while True:
        while position < len(text) and (text[position].isspace() or text[position] == "\ufeff"):
            position += 1
        part = next((part for part in _PROLOG_PARTS if text.startswith(part[0], position)), None)
        end = text.find(part[1], position + len(part[0])) if part else -1
        if part is None or end < 0:
            return position
        position = end + len(part[1])


def parse_sitemap(text: str, url: str, source: Source) -> Feed:
    """Parse a sitemap or a sitemap index; the newest entry is first.

    For an index, ``nested_urls`` lists its sitemaps in the order in which they should be read. Raises ``NotAFeed`` if
    the document has no usable content.
    """
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    end = _find_end_of_complete_entries(text)
    body = repair_xml_references(text[:end].lstrip("\ufeff \t\r\n"))
    try:
        root = etree.fromstring(body.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise NotAFeed("the sitemap is not valid XML", DocumentFault.DAMAGED)
    nested = [_parse_nested_sitemap(child, url, source) for child in root if _get_local_name(child) == "sitemap"]
    listed = [_build_sitemap_entry(child, url, source) for child in root if _get_local_name(child) == "url"]
    entries = [entry for entry in listed if entry.url]
    if not entries and not nested and len(root):
        raise NotAFeed("the sitemap contains no URL", DocumentFault.OTHER_FORMAT)
    return Feed(
        entries=tuple(sort_newest_first(entries, is_newest_last=True)),
        url=url,
        language=next((entry.language for entry in entries if entry.language), ""),
        nested_urls=tuple(sort_sitemaps([pair for pair in nested if pair[0]])[:_MAX_NESTED_SITEMAPS]),
        is_cut_off=end < len(text),
        empty_count=len(listed) - len(entries),
    )


def _find_end_of_complete_entries(text: str) -> int:
    """Return the offset at which a truncated sitemap must be cut, so that it ends with a complete entry.

    For a complete sitemap, the result is its length. The address in an incomplete entry may be truncated, and must not
    be stored as an article.
    """
    if _ROOT_END.search(text, max(0, len(text) - ROOT_SEARCH_CHARS)):
        return len(text)
    ends = deque(_ENTRY_END.finditer(text), maxlen=1)
    return ends[-1].end() if ends else len(text)


def _get_local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace, because many sitemaps declare a wrong namespace."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower() if isinstance(element.tag, str) else ""


def _collect_fields(element: etree._Element) -> dict[str, str]:
    """Return a dictionary that maps the name of each element inside ``element`` to its text.

    If a name occurs several times, the first text is used. Elements directly inside ``image``, ``video`` and
    ``publication`` are ignored. The only exception is ``language``, which is inside ``publication``.
    """
    found: dict[str, str] = {}
    for child in element.iterdescendants():
        parent = _get_local_name(child.getparent())
        if (child.text and parent not in {"image", "video", "publication"}) or _get_local_name(child) == "language":
            found.setdefault(_get_local_name(child), (child.text or "").strip())
    return found


def _resolve_location(fields: dict[str, str], base: str) -> str:
    """Return the absolute URL in ``loc``. A twice-escaped ampersand, as some publishers write, is unescaped."""
    return resolve_url(fields.get("loc", "").replace("&amp;", "&"), base)


def _parse_nested_sitemap(element: etree._Element, base: str, source: Source) -> tuple[str, datetime | None]:
    fields = _collect_fields(element)
    return _resolve_location(fields, base), parse_instant(fields.get("lastmod", ""), SourceClock(source, base))


def _build_sitemap_entry(element: etree._Element, base: str, source: Source) -> Entry:
    """Build an entry from a ``url`` element.

    Its title and publication date are known only if the sitemap has the news extension.
    """
    fields, clock = _collect_fields(element), SourceClock(source, base)
    changed = parse_instant(fields.get("lastmod", ""), clock)
    return Entry(
        url=_resolve_location(fields, base),
        title=to_plain_text(fields.get("title", "")),
        published_at=parse_instant(fields.get("publication_date", ""), clock),
        updated_at=changed,
        language=fields.get("language", "")[:35],
    )

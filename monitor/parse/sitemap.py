"""Sitemaps, with the news extension, and sitemap indexes."""

from datetime import UTC, datetime

from lxml import etree

from monitor.domain.errors import NotAFeed
from monitor.domain.source import Entry, Feed, Source
from monitor.parse.fields import MAX_ENTRIES, get_configured_timezone, parse_instant, resolve_url, to_plain_text

_MAX_NESTED_SITEMAPS = 500
_OLDEST_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def is_sitemap(text: str) -> bool:
    """Return whether a document is a sitemap or a sitemap index, by its root element."""
    return "<urlset" in text[:20_000] or "<sitemapindex" in text[:20_000]


def parse_sitemap(text: str, url: str, source: Source) -> Feed:
    """Parse a sitemap, newest entry first; for an index, ``nested_urls`` lists its sitemaps, newest first.

    Raises ``NotAFeed`` if it has no usable content.
    """
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise NotAFeed("the sitemap is not valid XML", "broken XML")
    nested = [_parse_nested_sitemap(child, url, source) for child in root if _get_local_name(child) == "sitemap"]
    nested.sort(key=lambda pair: pair[1], reverse=True)
    entries = [
        entry
        for child in root
        if _get_local_name(child) == "url" and (entry := _build_sitemap_entry(child, url, source)).url
    ]
    entries.sort(key=lambda entry: entry.published_at or entry.updated_at or _OLDEST_TIME, reverse=True)
    if not entries and not nested and len(root):
        raise NotAFeed("the sitemap contains no URL", "XML")
    return Feed(
        entries=tuple(entries[:MAX_ENTRIES]),
        url=url,
        language=next((entry.language for entry in entries if entry.language), ""),
        nested_urls=tuple(address for address, _ in nested[:_MAX_NESTED_SITEMAPS] if address),
        is_truncated=len(entries) > MAX_ENTRIES,
    )


def _get_local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace, because many sitemaps declare a wrong one."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower() if isinstance(element.tag, str) else ""


def _collect_fields(element: etree._Element) -> dict[str, str]:
    """Return the texts below an element by local name; the first of each name counts, image texts are ignored."""
    found: dict[str, str] = {}
    for child in element.iterdescendants():
        parent = _get_local_name(child.getparent())
        if (child.text and parent not in {"image", "video", "publication"}) or _get_local_name(child) == "language":
            found.setdefault(_get_local_name(child), (child.text or "").strip())
    return found


def _parse_nested_sitemap(element: etree._Element, base: str, source: Source) -> tuple[str, datetime]:
    fields = _collect_fields(element)
    changed = parse_instant(fields.get("lastmod", ""), get_configured_timezone(source))
    return resolve_url(fields.get("loc", ""), base), changed or _OLDEST_TIME


def _build_sitemap_entry(element: etree._Element, base: str, source: Source) -> Entry:
    """Build an entry from a ``url`` element; without the news extension only URL and last change are known."""
    fields, zone = _collect_fields(element), get_configured_timezone(source)
    changed = parse_instant(fields.get("lastmod", ""), zone)
    return Entry(
        url=resolve_url(fields.get("loc", ""), base),
        title=to_plain_text(fields.get("title", "")),
        published_at=parse_instant(fields.get("publication_date", ""), zone),
        updated_at=changed,
        language=fields.get("language", "")[:35],
    )

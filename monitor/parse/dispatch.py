"""Document dispatch: detects the format of a document by its content, and calls the parser for this format.

The declared content type is not used, because it is often wrong.
"""

import re
from collections import deque
from typing import assert_never

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Feed, Source, SourceKind
from monitor.domain.values import replace
from monitor.parse.fast_xml import parse_fast_xml
from monitor.parse.html_listing import parse_listing
from monitor.parse.json_api import parse_api
from monitor.parse.jsonfeed import parse_json_feed
from monitor.parse.newest import limit_entries
from monitor.parse.posts import complete_posts
from monitor.parse.sitemap import (
    ROOT_SEARCH_CHARS,
    find_end_of_prolog,
    is_sitemap,
    is_text_sitemap,
    parse_sitemap,
    parse_text_sitemap,
)
from monitor.text.bot_walls import find_wall
from monitor.text.compression import GZIP_MAGIC, decompress_gzip
from monitor.text.encoding import decode
from monitor.text.references import repair_xml_references

MAX_DOCUMENT_BYTES = 30_000_000  # the same maximum as for a large document that the server compresses
_HTML_START = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!DOCTYPE\s+html|html|head|body|script|meta|div|title)\b", re.IGNORECASE | re.DOTALL
)
_FEED_LINK_TAG = re.compile(
    r"<link\b[^>]{0,500}?type\s*=\s*[\"']?application/(?:rss|atom|feed)\+(?:xml|json)[^>]{0,500}>", re.IGNORECASE
)
_ITEM_TAG = re.compile(r"<(?P<close>/?)(?:\w{1,40}:)?(?:item|entry|channel|rss|feed|RDF)(?=[\s>])", re.IGNORECASE)
_EMPTY_ITEM = re.compile(r"<(item|entry)\s*/>|<(item|entry)\s*>\s*</\2\s*>")
"""An item or entry without content.

It is not an article and is removed before parsing: feedparser would take an empty item inside another item for the end
of the outer item.
"""
_FEED_ROOT = re.compile(r"<(?:\w+:)?(?:rss|feed|RDF|channel)[\s>]", re.IGNORECASE)
_HREF_ATTRIBUTE = re.compile(r"href\s*=\s*[\"']([^\"'>]{1,500})", re.IGNORECASE)


def decode_ordinary_feed(body: bytes, content_type: str, source: Source) -> str | None:
    """Decode the document of a feed; return None for a compressed document and for one of another kind of source.

    Such documents must be parsed in the process pool, whose processes can be killed.
    """
    if source.kind is not SourceKind.FEED or body.startswith(GZIP_MAGIC):
        return None
    return decode(body, content_type)


def parse_ordinary_feed(text: str, url: str, source: Source) -> Feed | None:
    """Parse a feed with the fast XML parser; return None if this parser does not support the document."""
    feed = parse_fast_xml(text, url, source)
    return complete_posts(limit_entries(feed)) if feed else None


def parse_document(body: bytes, content_type: str, url: str, source: Source) -> Feed:
    """Parse a document of a source, in whatever format it is. A feed without entries is valid.

    Raises ``NotAFeed``, with a description of the document, if it cannot be parsed. Untrusted input can make parsing
    slow: call this function in the process pool.
    """
    if source.kind is SourceKind.MAILBOX:
        from monitor.parse.mailbox import parse_messages  # imported late: only mailboxes need the parser of mail

        return parse_messages(body, url, source).feed
    unpacked = decompress_gzip(body, MAX_DOCUMENT_BYTES)
    if unpacked.is_too_long:
        raise NotAFeed(
            f"the document is longer than {MAX_DOCUMENT_BYTES // 1_000_000} MB after decompression",
            DocumentFault.TOO_LONG,
        )
    if unpacked.is_cut_off and not unpacked.content:
        raise NotAFeed("the document is damaged gzip", DocumentFault.DAMAGED)
    text = decode(unpacked.content, content_type)
    if not text.strip():
        raise NotAFeed("the server sends an empty document", DocumentFault.EMPTY)
    feed = limit_entries(_parse_by_kind(text, url, source))
    if source.kind is SourceKind.FEED:
        feed = complete_posts(feed)
    return replace(feed, is_cut_off=True) if unpacked.is_cut_off else feed


def _parse_by_kind(text: str, url: str, source: Source) -> Feed:
    match source.kind:
        case SourceKind.LISTING:
            return parse_listing(text, url, source)
        case SourceKind.API:
            return parse_api(text, url, source)
        case SourceKind.FEED | SourceKind.SITEMAP | SourceKind.MAILBOX:  # messages are parsed above, as bytes
            return _parse_by_content(text, url, source)
        case _:
            assert_never(source.kind)


def _parse_by_content(text: str, url: str, source: Source) -> Feed:
    """Parse a document as a sitemap, a JSON Feed or an XML feed, whichever its content shows.

    The kind of the source in the configuration is ignored, because some publishers serve a sitemap at the address of a
    feed, or a feed at the address of a sitemap.
    """
    if is_sitemap(text):
        return parse_sitemap(text, url, source)
    if is_text_sitemap(text):
        return parse_text_sitemap(text, url)
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return parse_json_feed(text, url, source)
    return _parse_feed(text, url, source)


def _parse_feed(text: str, url: str, source: Source) -> Feed:
    start = find_end_of_prolog(text)
    if not _FEED_ROOT.search(
        text, start, start + ROOT_SEARCH_CHARS
    ):  # the root element identifies a feed even if the rest of the document is broken
        raise NotAFeed(*_describe_non_feed(text))
    text, empty_count = _EMPTY_ITEM.subn("", text)
    feed = parse_fast_xml(text, url, source) or _parse_any_feed(text, url, source)
    return replace(feed, empty_count=feed.empty_count + empty_count) if empty_count else feed


def _parse_any_feed(text: str, url: str, source: Source) -> Feed:
    from monitor.parse.feedparser_backend import parse_with_feedparser  # slow to import, needed for few documents

    text = repair_xml_references(text)
    end = _find_end_of_complete_entries(text)
    feed = replace(parse_with_feedparser(text[:end], url, source), is_cut_off=end < len(text))
    if not feed.entries and not feed.title and _HTML_START.match(text):
        raise NotAFeed(*_describe_non_feed(text))
    return feed


def _find_end_of_complete_entries(text: str) -> int:
    """Return the offset at which a truncated feed must be cut, so that it ends with a complete entry.

    The result is the start of the last entry if that entry has no end, otherwise the length of the document. If the
    incomplete entry were kept, it would be stored with a part of its text, and its complete form in the next poll would
    count as known.
    """
    tags = deque(_ITEM_TAG.finditer(text), maxlen=1)
    last = tags.pop() if tags else None
    is_inside_entry = last is not None and not last["close"] and last[0].lower().endswith(("item", "entry"))
    return last.start() if last and is_inside_entry else len(text)


def _describe_non_feed(text: str) -> tuple[str, DocumentFault]:
    """Return an error message for a document that is not a feed, and the kind of problem."""
    if wall := find_wall(text):
        return f"the server shows a {wall} instead of the feed", DocumentFault.ACCESS_WALL
    if _HTML_START.match(text) or "<html" in text[:2_000].lower():
        tag = _FEED_LINK_TAG.search(text[:200_000])
        href = _HREF_ATTRIBUTE.search(tag[0]) if tag else None
        hint = f"; the page links to a feed: {href[1]}" if href else ""
        return f"the server shows an HTML page instead of the feed{hint}", DocumentFault.HTML_PAGE
    if text.lstrip().startswith("<"):
        return "the document is XML, but not a known feed format", DocumentFault.OTHER_FORMAT
    return f"the document is not a feed; it begins with {text.strip()[:60]!r}", DocumentFault.OTHER_FORMAT

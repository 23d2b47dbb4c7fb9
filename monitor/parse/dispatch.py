"""One door for every document: what it is is decided by its bytes, not by what the server calls it."""

import re
import zlib
from collections import deque
from dataclasses import replace

from monitor.domain.errors import NotAFeed
from monitor.domain.source import Feed, Source, SourceKind
from monitor.parse.fast_xml import parse_fast_xml
from monitor.parse.html_listing import parse_listing
from monitor.parse.jsonfeed import parse_json_feed
from monitor.parse.sitemap import is_sitemap, parse_sitemap
from monitor.text.bot_walls import find_wall
from monitor.text.encoding import decode

MAX_DOCUMENT_BYTES = 10_000_000
MAX_INLINE_BYTES = 400_000
_HTML_START = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:!DOCTYPE\s+html|html|head|body|script|meta|div|title)\b", re.IGNORECASE | re.DOTALL
)
_FEED_LINK_TAG = re.compile(
    r"<link\b[^>]{0,500}?type\s*=\s*[\"']?application/(?:rss|atom|feed)\+(?:xml|json)[^>]{0,500}>", re.IGNORECASE
)
_ITEM_TAG = re.compile(r"<(?P<close>/?)(?:\w{1,40}:)?(?:item|entry|channel|rss|feed|RDF)(?=[\s>])", re.IGNORECASE)
_FEED_ROOT = re.compile(r"<(?:\w+:)?(?:rss|feed|RDF|channel)[\s>]", re.IGNORECASE)
_HREF_ATTRIBUTE = re.compile(r"href\s*=\s*[\"']([^\"'>]{1,500})", re.IGNORECASE)


def decode_inline_text(body: bytes, content_type: str, source: Source) -> str | None:
    """Return the text of a document that may be read right here, or None if it is for a worker."""
    if len(body) > MAX_INLINE_BYTES or source.kind is not SourceKind.FEED or body.startswith(b"\x1f\x8b"):
        return None
    return decode(body, content_type)


def parse_document(body: bytes, content_type: str, url: str, source: Source) -> Feed:
    """Read a document of any kind a source may have; an empty feed is a feed.

    Raises ``NotAFeed`` with what it looks like instead. Foreign bytes may make it slow: call it in a worker.
    """
    text = decode(decompress_gzip(body), content_type)
    if not text.strip():
        raise NotAFeed("the server sends an empty document", "nothing")
    if source.kind is SourceKind.LISTING:
        return parse_listing(text, url, source)
    if is_sitemap(text):
        return parse_sitemap(text, url, source)
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("{", "[")):
        return parse_json_feed(text, url, source)
    return _parse_feed(text, url, source)


def _parse_feed(text: str, url: str, source: Source) -> Feed:
    if not _FEED_ROOT.search(text[:20_000]):  # its root says whether a document means to be a feed, however broken
        raise NotAFeed(*_describe_non_feed(text))
    ordinary = parse_fast_xml(text, url, source)
    if ordinary is not None:
        return ordinary
    from monitor.parse.feedparser_backend import parse_with_feedparser  # long to load, and few documents need the judge

    end = _find_end_of_complete_entries(text)
    feed = replace(parse_with_feedparser(text[:end], url, source), is_cut_off=end < len(text))
    if not feed.entries and not feed.title and _HTML_START.match(text):
        raise NotAFeed(*_describe_non_feed(text))
    return feed


def _find_end_of_complete_entries(text: str) -> int:
    """Return where a document ends that was cut within an entry: before it, for half an entry is half an article.

    Its text would be taken for all there is, and it would be known when the whole comes with the next poll.
    """
    edges = deque(_ITEM_TAG.finditer(text), maxlen=1)
    last = edges.pop() if edges else None
    within = last is not None and not last["close"] and last[0].lower().endswith(("item", "entry"))
    return last.start() if last and within else len(text)


def _describe_non_feed(text: str) -> tuple[str, str]:
    """Say what a document is that is no feed, and where its page says that the feed is."""
    if wall := find_wall(text):
        return f"the server shows a {wall} instead of the feed", wall
    if _HTML_START.match(text) or "<html" in text[:2_000].lower():
        tag = _FEED_LINK_TAG.search(text[:200_000])
        href = _HREF_ATTRIBUTE.search(tag[0]) if tag else None
        hint = f"; the page names a feed: {href[1]}" if href else ""
        return f"the server shows an HTML page instead of the feed{hint}", "HTML page"
    if text.lstrip().startswith("<"):
        return "the document is XML, but no feed that is known", "XML"
    return f"the document is no feed; it begins with {text.strip()[:60]!r}", "text"


def decompress_gzip(body: bytes) -> bytes:
    """Undo gzip that the server did not declare (``.xml.gz``), within the cap of length."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    stream = zlib.decompressobj(47)
    try:
        found = stream.decompress(body, MAX_DOCUMENT_BYTES)
    except zlib.error as error:
        raise NotAFeed("the document is damaged gzip", "damaged gzip") from error
    if stream.unconsumed_tail:
        raise NotAFeed(f"the document is longer than {MAX_DOCUMENT_BYTES // 1_000_000} MB unpacked", "compression bomb")
    return found

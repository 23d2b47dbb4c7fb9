"""The cheap path: RSS, RDF and Atom of ordinary shape, read from an lxml tree in about a millisecond.

It answers only where feedparser would say the same; for anything else it returns None and feedparser, the judge,
reads the document. An element is ordinary if this file models what feedparser does with it, or if feedparser has no
handler for it; names with a handler that is not modelled here send the whole document to the judge.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

import feedparser.mixin
from lxml import etree

from monitor.domain.source import Entry, Feed, Source
from monitor.parse.fields import MAX_ENTRIES, RawItem, build_entry, get_configured_timezone, resolve_url, to_plain_text

_ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
_FEEDPARSER_MIXIN = feedparser.mixin._FeedParserMixin  # noqa: SLF001 - its table decides which names have a handler
_feedparser_urljoin = feedparser.mixin._urljoin  # noqa: SLF001 - it mends addresses before it joins them
_PREFIX_BY_NAMESPACE = {uri.lower(): prefix for uri, prefix in _FEEDPARSER_MIXIN.namespaces.items()}
_FEEDPARSER_ELEMENTS = frozenset(
    name.removeprefix("_start_") for name in dir(_FEEDPARSER_MIXIN) if name.startswith("_start_")
)
_IGNORED_ELEMENTS = frozenset(
    """
    category comments enclosure source keywords rights copyright contributor generator expirationdate where width
    height dc_subject dc_rights dc_publisher dc_language dc_contributor dcterms_valid cc_license creativecommons_license
    itunes_keywords itunes_category itunes_image itunes_owner itunes_block itunes_explicit georssgeom georss_point
    media_content media_thumbnail media_credit media_keywords media_category media_group media_rating media_restriction
    media_license media_player feedburner_browserfriendly
    """.split()  # noqa: SIM905 - a table to read, not a list to scroll
)
_FIELD_BY_ELEMENT = {
    "title": "title",
    "link": "link",
    "guid": "id",
    "id": "id",
    "pubdate": "published",
    "published": "published",
    "issued": "published",
    "dcterms_issued": "published",
    "updated": "updated",
    "modified": "updated",
    "dc_date": "updated",
    "dcterms_modified": "updated",
    "description": "summary",
    "summary": "summary",
    "content_encoded": "content",
    "content": "content",
    "author": "author",
    "dc_creator": "author",
}
_TEXT_TYPES = frozenset({"text", "html", "text/html", "text/plain"})
_CONFLICTING_ELEMENTS = frozenset({"authors", "links", "tags", "created", "entries"})
_MOJIBAKE = re.compile("[\u0080-\u009f]|[\u00c2-\u00f4][\u0080-\u00bf]")
_QUERY_ENTITY = re.compile(r"&([A-Za-z0-9_]+);")
_HOURS_BY_PERIOD = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720}


class _UnsupportedFeed(Exception):
    """The document is not of ordinary shape."""


def parse_fast_xml(text: str, url: str, source: Source) -> Feed | None:
    """Read a feed of ordinary shape, or return None if feedparser has to."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text or (not text.isascii() and _MOJIBAKE.search(text)):
        return None
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
        return _FastXmlParser(url, source).parse(root)
    except (etree.XMLSyntaxError, UnicodeEncodeError, _UnsupportedFeed):
        return None


class _FastXmlParser:
    """Reads one document; remembers what each tag of it means."""

    def __init__(self, url: str, source: Source) -> None:
        self._url, self._zone = url, get_configured_timezone(source)
        self._field_by_tag: dict[tuple[str, str | None], str] = {}

    def parse(self, root: etree._Element) -> Feed:
        name = etree.QName(root)
        if name.localname == "rss" and not name.namespace:
            channel = root.find("channel")
            if channel is None or len(root) != 1:
                raise _UnsupportedFeed
            self._reject_xml_base(root, channel)
            return self._parse_items(channel, channel.iterchildren("item"), is_atom=False)
        if root.tag == "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF":
            space = "{http://purl.org/rss/1.0/}"
            channel = root.find(f"{space}channel")
            if channel is None:
                raise _UnsupportedFeed
            self._reject_xml_base(root, channel)
            return self._parse_items(channel, root.iterchildren(f"{space}item"), is_atom=False)
        if root.tag == f"{{{_ATOM_NAMESPACE}}}feed":
            self._reject_xml_base(root)
            return self._parse_items(root, root.iterchildren(f"{{{_ATOM_NAMESPACE}}}entry"), is_atom=True)
        raise _UnsupportedFeed

    @staticmethod
    def _reject_xml_base(*elements: etree._Element) -> None:
        if any("base" in key for element in elements for key in element.attrib):
            raise _UnsupportedFeed

    def _parse_items(self, channel: etree._Element, items: Iterator[etree._Element], *, is_atom: bool) -> Feed:
        entries: list[Entry] = []
        truncated = False
        for item in items:
            if len(entries) >= MAX_ENTRIES:
                truncated = True
                break
            raw = self._parse_atom_entry(item) if is_atom else self._parse_rss_item(item)
            _require(raw.title and raw.link)
            entries.append(build_entry(raw, self._url, self._zone))
        _require(entries)
        return self._build_feed(channel, tuple(entries), truncated)

    def _build_feed(self, channel: etree._Element, entries: tuple[Entry, ...], truncated: bool) -> Feed:
        """Read what the feed says of itself; in Atom and RSS alike by the local names of its children."""
        found: dict[str, str] = {}
        hours: tuple[int, ...] = ()
        days: tuple[str, ...] = ()
        for child in channel:
            name = etree.QName(child).localname.lower()
            if name in {"item", "entry"}:
                continue
            if name == "skiphours":
                hours = tuple(int(hour.text) % 24 for hour in child if hour.text and hour.text.strip().isdigit())
            elif name == "skipdays":
                days = tuple(day.text.strip().lower() for day in child if day.text)
            elif name == "link" and child.get("href"):
                if child.get("rel", "alternate") == "alternate":
                    found[name] = child.get("href", "")
            elif name == "link":
                found[name] = (child.text or "").strip()
            elif name == "title" and (len(child) or child.get("type", "text") not in _TEXT_TYPES or child.get("mode")):
                raise _UnsupportedFeed
            elif child.text and not len(child):
                found.setdefault(name, child.text.strip())
        root = channel.getroottree().getroot()
        language = found.get("language") or root.get("{http://www.w3.org/XML/1998/namespace}lang", "")
        return Feed(
            entries=entries,
            title=to_plain_text(found.get("title", "")),
            url=resolve_url(found.get("link") or found.get("id", ""), self._url),
            language=language.replace("_", "-")[:35],
            ttl=parse_ttl(found),
            skip_hours=hours,
            skip_days=days,
            is_truncated=truncated,
        )

    def _parse_rss_item(self, item: etree._Element) -> RawItem:
        raw = RawItem(id=item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"))
        if len(item.attrib) > (raw.id is not None):
            raise _UnsupportedFeed
        seen: set[str] = set()
        permalink = ""
        for child in item:
            field = self._find_field(child)
            if not field:
                continue
            if field in seen:
                raise _UnsupportedFeed
            seen.add(field)
            text = _read_plain_text(child, allow_attributes=field == "id")
            if field == "id":
                if child.get("isPermaLink", child.get("ispermalink", "true")) == "true":
                    permalink = text = resolve_uri(text, self._url)
                raw.id = text
            elif field == "author":
                raw.authors = _parse_author_names(text)
            elif field == "link":
                raw.link = resolve_uri(_QUERY_ENTITY.sub(r"&\g<1>", text.replace("&amp;", "&")), self._url)
            else:
                setattr(raw, field, text)
        if "link" not in seen:
            raw.link = permalink
        return raw

    def _parse_atom_entry(self, entry: etree._Element) -> RawItem:
        raw = RawItem()
        self._reject_xml_base(entry)
        seen: set[str] = set()
        for child in entry:
            field = self._find_field(child)
            if not field:
                continue
            if field == "link":
                kind = child.get("type", "text/html")
                if child.get("rel", "alternate") == "alternate" and kind in {"text/html", "application/xhtml+xml"}:
                    raw.link = resolve_uri(child.get("href") or "", self._url)
                continue
            if field in seen:
                raise _UnsupportedFeed
            seen.add(field)
            if field == "author":
                raw.authors = self._parse_author(child)
                continue
            text = _read_plain_text(child, allow_attributes=True)
            kind = child.get("type", "text")
            if kind not in _TEXT_TYPES or child.get("src") or child.get("mode"):
                raise _UnsupportedFeed
            setattr(raw, field, resolve_uri(text, self._url) if field == "id" else text)
        raw.link = raw.link or raw.id
        return raw

    def _parse_author(self, author: etree._Element) -> tuple[str, ...]:
        names = [child for child in author if etree.QName(child).localname == "name"]
        if len(names) != 1 or any(etree.QName(child).localname == "email" for child in author):
            raise _UnsupportedFeed
        return _parse_author_names(_read_plain_text(names[0], allow_attributes=False))

    def _find_field(self, element: etree._Element) -> str:
        """Return the field of an entry that an element fills, or an empty text if it fills none."""
        key = (element.tag, element.prefix)
        meaning = self._field_by_tag.get(key)
        if meaning is None:
            meaning = self._field_by_tag[key] = _classify_element(element)
        if meaning == "odd":
            raise _UnsupportedFeed
        if not meaning and len(element):
            for child in element.iterdescendants():
                if self._find_field(child):
                    raise _UnsupportedFeed
        return meaning


def _require(value: object) -> None:
    """Send the document to the judge if something an ordinary one has is missing."""
    if not value:
        raise _UnsupportedFeed


def _classify_element(element: etree._Element) -> str:
    """Decide what feedparser would do with an element: a field's name, empty for nothing, or "odd"."""
    name = etree.QName(element)
    prefix = _PREFIX_BY_NAMESPACE.get((name.namespace or "").lower(), element.prefix or "")
    full = f"{prefix}_{name.localname}".lower() if prefix else name.localname.lower()
    if full in _FIELD_BY_ELEMENT:
        return _FIELD_BY_ELEMENT[full]
    if full in _CONFLICTING_ELEMENTS or (full in _FEEDPARSER_ELEMENTS and full not in _IGNORED_ELEMENTS):
        return "odd"
    return ""


def _read_plain_text(element: etree._Element, *, allow_attributes: bool) -> str:
    if len(element) or (element.attrib and not allow_attributes):
        raise _UnsupportedFeed
    return (element.text or "").strip()


def _parse_author_names(text: str) -> tuple[str, ...]:
    if "@" in text or "(" in text:
        raise _UnsupportedFeed
    return (text,) if text else ()


def resolve_uri(uri: str, base: str) -> str:
    """Resolve an address against the document's, as feedparser does; names like ``tag:`` stay as they are."""
    if uri.startswith(("https://", "http://")) and uri.isascii() and uri[-1] not in "?#;":
        return uri
    return str(_feedparser_urljoin(base, uri)) if uri else ""


def parse_ttl(metadata: dict[str, str]) -> timedelta | None:
    """Return how long a feed asks to be left alone: ``ttl`` in minutes, or the syndication module's period."""
    ttl = metadata.get("ttl", "")
    if ttl.isdigit() and 0 < int(ttl[:6]) <= 10_080:
        return timedelta(minutes=int(ttl))
    hours = _HOURS_BY_PERIOD.get(metadata.get("updateperiod", "").strip().lower())
    times = metadata.get("updatefrequency", "1").strip()
    if hours and times.isdigit() and 0 < int(times[:6]) <= 10_000:
        return timedelta(hours=hours) / int(times)
    return None

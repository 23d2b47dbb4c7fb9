"""Fast parser for common RSS, RDF and Atom feeds; it uses lxml and takes about one millisecond.

It gives the same result as feedparser, or None if it does not support an element of the feed; the caller must then use
feedparser. An element is supported if this module treats it as feedparser does, or if feedparser ignores it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import urljoin

from lxml import etree

from monitor.domain.source import Entry, Feed, Source
from monitor.parse.feedparser_names import PREFIX_BY_NAMESPACE, UNSUPPORTED_ELEMENTS
from monitor.parse.fields import RawItem, build_entries, is_faulty_link, resolve_url, to_plain_text
from monitor.text.numbers import parse_number
from monitor.text.time_zones import SourceClock

_ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
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
    "thr_in-reply-to": "reply_to",
}
_TEXT_TYPES = frozenset({"text", "html", "text/html", "text/plain"})
_REPEATED_SLASHES = re.compile("^([A-Za-z][A-Za-z0-9+-.]*://)/*")  # such as `http:////host`, which feedparser repairs
_MOJIBAKE = re.compile("[\u0080-\u009f]|[\u00c2-\u00f4][\u0080-\u00bf]")
_QUERY_ENTITY = re.compile(r"&([A-Za-z0-9_]+);")
_HOURS_BY_PERIOD = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720}


class _UnsupportedFeed(Exception):
    """Raised if a document has an element or structure that the fast parser does not support."""


def parse_fast_xml(text: str, url: str, source: Source) -> Feed | None:
    """Parse a common feed, or return None if feedparser must parse it."""
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
    """Parser of one document. It caches for each tag which field of an entry the tag fills."""

    def __init__(self, url: str, source: Source) -> None:
        self._url, self._clock = url, SourceClock(source, url)
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
        raws: list[RawItem] = []
        for item in items:
            raw = self._parse_atom_entry(item) if is_atom else self._parse_rss_item(item)
            _require(raw.title and raw.link)
            raws.append(raw)
        _require(raws)
        return self._build_feed(channel, build_entries(raws, self._url, self._clock))

    def _build_feed(self, channel: etree._Element, entries: tuple[Entry, ...]) -> Feed:
        """Build the feed from its entries and from the channel's other elements, such as title and language.

        These elements are found by their names without namespaces, so that Atom and RSS are handled in the same way.
        """
        found: dict[str, str] = {}
        hours: tuple[int, ...] = ()
        days: tuple[str, ...] = ()
        for child in channel:
            name = etree.QName(child).localname.lower()
            if name in {"item", "entry"}:
                continue
            if name == "skiphours":
                hours = tuple(number % 24 for hour in child if (number := parse_number(hour.text or "")) is not None)
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
            text = _read_field(child, field, allow_attributes=field == "id")
            if field == "id":
                if child.get("isPermaLink", child.get("ispermalink", "true")) == "true":
                    _require(not is_faulty_link(text))
                    permalink = text = resolve_uri(text, self._url)
                raw.id = text
            elif field == "author":
                raw.authors = _parse_author_names(text)
            elif field == "link":
                _require(not is_faulty_link(text))
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
                    _require(not is_faulty_link(child.get("href") or ""))
                    raw.link = resolve_uri(child.get("href") or "", self._url)
                continue
            if field in seen:
                raise _UnsupportedFeed
            seen.add(field)
            if field == "author":
                raw.authors = self._parse_author(child)
                continue
            text = _read_field(child, field, allow_attributes=True)
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
        """Return the name of the entry field that an element fills, or an empty string if it fills none.

        Raises ``_UnsupportedFeed`` for an unsupported element.
        """
        key = (element.tag, element.prefix)
        field = self._field_by_tag.get(key)
        if field is None:
            field = self._field_by_tag[key] = _classify_element(element)
        if field == "unsupported":
            raise _UnsupportedFeed
        if not field and len(element):
            for child in element.iterdescendants():
                if self._find_field(child):
                    raise _UnsupportedFeed
        return field


def _require(value: object) -> None:
    """Raise ``_UnsupportedFeed`` if the condition is not true, or the required value is empty."""
    if not value:
        raise _UnsupportedFeed


def _classify_element(element: etree._Element) -> str:
    """Return the name of the entry field that feedparser fills from an element.

    The result is an empty string if feedparser ignores the element. It is "unsupported" if feedparser handles the
    element in a way that this module does not reproduce.
    """
    name = etree.QName(element)
    prefix = PREFIX_BY_NAMESPACE.get((name.namespace or "").lower(), element.prefix or "")
    full_name = f"{prefix}_{name.localname}".lower() if prefix else name.localname.lower()
    if full_name in _FIELD_BY_ELEMENT:
        return _FIELD_BY_ELEMENT[full_name]
    return "unsupported" if full_name in UNSUPPORTED_ELEMENTS else ""


def _read_field(element: etree._Element, field: str, *, allow_attributes: bool) -> str:
    if field == "reply_to":
        return read_reference(dict(element.attrib))
    return _read_plain_text(element, allow_attributes=allow_attributes)


def _read_plain_text(element: etree._Element, *, allow_attributes: bool) -> str:
    if len(element) or (element.attrib and not allow_attributes):
        raise _UnsupportedFeed
    return (element.text or "").strip()


def _parse_author_names(text: str) -> tuple[str, ...]:
    if "@" in text or "(" in text:
        raise _UnsupportedFeed
    return (text,) if text else ()


def resolve_uri(uri: str, base: str) -> str:
    """Resolve a relative URI against the document's URL, in the same way as feedparser.

    URIs with other schemes than HTTP, such as ``tag:``, are unchanged. An invalid URI gives an empty string.
    """
    if uri.startswith(("https://", "http://")) and uri.isascii() and uri[-1] not in "?#;":
        return uri
    try:
        return urljoin(base, _REPEATED_SLASHES.sub(r"\1", uri)) if uri else ""
    except ValueError:
        return ""


def read_reference(attributes: Mapping[str, str]) -> str:
    """Return the id or URL of the post to which an entry replies, or an empty string.

    ``attributes`` are the attributes of the element ``thr:in-reply-to`` (RFC 4685) in the entry.
    """
    return attributes.get("ref") or attributes.get("href") or ""


def parse_ttl(metadata: dict[str, str]) -> timedelta | None:
    """Return the poll interval that a feed requests, or None if it requests none.

    A feed states the interval by ``ttl`` (in minutes), or by the period and frequency of the syndication module.
    """
    minutes = parse_number(metadata.get("ttl", "")) or 0
    if 0 < minutes <= 10_080:
        return timedelta(minutes=minutes)
    hours = _HOURS_BY_PERIOD.get(metadata.get("updateperiod", "").strip().lower())
    frequency = parse_number(metadata.get("updatefrequency", "1")) or 0
    if hours and 0 < frequency <= 10_000:
        return timedelta(hours=hours) / frequency
    return None

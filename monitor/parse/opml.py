"""OPML import and export: lists of feeds with their folders, as other feed readers write and read them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from msgspec import Struct

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Source, SourceKind
from monitor.domain.value_parsers import parse_url
from monitor.parse.fields import remove_control_characters, resolve_url
from monitor.text.encoding import decode
from monitor.text.references import remove_doctype, repair_numeric_references, repair_xml_references
from monitor.text.urls import canonicalize_url

_MAX_OUTLINES = 20_000
_MAX_NAME_CHARS = 200
_FEED_SCHEME = re.compile(r"feed:(//)?(?=https?://)", re.IGNORECASE)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")  # its encoding does not apply to decoded text


class FeedOutline(Struct, frozen=True):
    """A feed in an OPML list. ``site_url`` and ``language`` are empty if the list does not state them.

    ``groups`` lists the folder that contains the feed, and then the categories of the feed. The levels of nested
    folders are separated by slashes.
    """

    name: str
    url: str
    site_url: str = ""
    language: str = ""
    groups: tuple[str, ...] = ()


class OmittedOutline(Struct, frozen=True):
    """An entry of an OPML list that is not imported, with the reason. ``name`` never contains a password."""

    name: str
    reason: str


class OpmlList(Struct, frozen=True):
    """Result of ``parse_opml``: the usable feeds, without repeated addresses, and the omitted entries."""

    feeds: tuple[FeedOutline, ...]
    omitted: tuple[OmittedOutline, ...]


def parse_opml(body: bytes) -> OpmlList:
    """Parse an OPML file. Raises ``NotAFeed`` if the document is not OPML."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, encoding="utf-8", load_dtd=False, recover=True, huge_tree=False
    )
    text = repair_xml_references(repair_numeric_references(remove_doctype(decode(body.strip(), "application/xml"))))
    try:
        root = etree.fromstring(_XML_DECLARATION.sub("", text, count=1).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise NotAFeed("the file is not valid XML", DocumentFault.DAMAGED) from error
    if root is None or etree.QName(root).localname.lower() != "opml":
        raise NotAFeed("the file is not OPML: its root element must be <opml>", DocumentFault.OTHER_FORMAT)
    found: dict[str, FeedOutline] = {}
    omitted: list[OmittedOutline] = []
    for attributes, folder, is_leaf in _iter_outlines(root):
        name = _clean(attributes.get("title") or attributes.get("text") or "")
        address = attributes.get("xmlurl", "").strip()
        if not address:
            if is_leaf:
                omitted.append(OmittedOutline(name or "an entry without a name", "it has no xmlUrl, so it is no feed"))
            continue
        name = name or _host_of(address) or "an entry without a name"
        url, reason = _check_address(address)
        if not reason and len(found) >= _MAX_OUTLINES:
            reason = f"the file has more than {_MAX_OUTLINES:,} feeds"
        if not reason and (same := found.get(canonicalize_url(url))):
            reason = f"it has the same address as {same.name}"
        if reason:
            omitted.append(OmittedOutline(name, reason))
            continue
        groups = [folder, *(_clean(one).strip("/") for one in attributes.get("category", "").split(","))]
        site = resolve_url(attributes.get("htmlurl", ""), url)
        language = attributes.get("language", "")[:35]
        unique = tuple(dict.fromkeys(filter(None, groups)))
        found[canonicalize_url(url)] = FeedOutline(name, url, site, language, unique)
    return OpmlList(tuple(found.values()), tuple(omitted))


def _iter_outlines(root: Any) -> Iterator[tuple[dict[str, str], str, bool]]:
    """Yield the outline elements of an OPML document.

    Each is a tuple of its attributes, the path of its folder, and True if it has no child elements.
    """
    stack = [(child, "") for child in reversed(root)]
    while stack:
        element, folder = stack.pop()
        inner = folder
        if isinstance(element.tag, str) and etree.QName(element).localname.lower() == "outline":
            attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
            yield attributes, folder, not len(element)
            if not attributes.get("xmlurl"):
                name = _clean(attributes.get("text") or attributes.get("title") or "")
                inner = "/".join(filter(None, (folder, name)))[:_MAX_NAME_CHARS]
        stack += [(child, inner) for child in reversed(element)]


def _clean(text: str) -> str:
    return " ".join(remove_control_characters(text).split())[:_MAX_NAME_CHARS]


def _host_of(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _check_address(address: str) -> tuple[str, str]:
    """Return the URL of a feed and an empty string, or an empty string and the reason why the address cannot be used.

    The reason contains no password.
    """
    text = _FEED_SCHEME.sub("", address)
    if text[:7].lower() == "feed://":  # feed readers read feed:// as http://
        text = f"http://{text[7:]}"
    if "@" in text.partition("://")[2].partition("/")[0]:
        return "", 'its address has a login; add it by hand, with headers: {Authorization: "Basic ${NAME}"}'
    url = resolve_url(text, "")
    if not url:
        return "", "its xmlUrl is not an absolute http or https address"
    try:
        return parse_url(url), ""
    except ValueError as error:
        return "", f"its xmlUrl cannot be used: {error}"


def write_opml(sources: Iterable[Source]) -> str:
    """Return the sources that are feeds as an OPML 2.0 document; OPML cannot express other kinds of sources.

    A feed is put into the folder of its first group. If it has several groups, ``category`` names all of them.
    """
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Sources of monitor"
    folders: dict[str, Any] = {"": etree.SubElement(root, "body")}
    for source in sources:
        if source.kind is SourceKind.FEED:
            outline = {"type": "rss", "text": source.name, "title": source.name, "xmlUrl": source.url}
            if source.language:
                outline["language"] = source.language
            if len(source.groups) > 1:
                outline["category"] = ",".join(f"/{group}" for group in source.groups)
            _add_outline(_get_folder(folders, source.groups[0] if source.groups else ""), outline)
    return str(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True), "utf-8")


def _get_folder(folders: dict[str, Any], path: str) -> Any:
    if path not in folders:
        parent, _, name = path.rpartition("/")
        folders[path] = _add_outline(_get_folder(folders, parent), {"text": name, "title": name})
    return folders[path]


def _add_outline(parent: Any, attributes: dict[str, str]) -> Any:
    clean = {name: _remove_invalid_xml_characters(text) for name, text in attributes.items()}
    return etree.SubElement(parent, "outline", clean)


def _remove_invalid_xml_characters(text: str) -> str:
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)

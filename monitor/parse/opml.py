"""OPML import and export: lists of feeds in the format of other feed readers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Source, SourceKind
from monitor.parse.fields import resolve_url
from monitor.text.encoding import decode
from monitor.text.references import remove_doctype, repair_numeric_references, repair_xml_references
from monitor.text.sanitize import single_line
from monitor.text.urls import canonicalize_url

_MAX_OUTLINES = 20_000
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")  # its encoding does not apply to decoded text


@dataclass(frozen=True, slots=True)
class FeedOutline:
    """One feed of an OPML list; site URL and language are empty if not given."""

    name: str
    url: str
    site_url: str = ""
    language: str = ""


def parse_opml(body: bytes) -> tuple[FeedOutline, ...]:
    """Return the feeds of an OPML file, each URL once, folders flattened. Raises ``NotAFeed`` if it is not OPML."""
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
    for element in root.iter("{*}outline"):
        attributes = {str(name).lower(): str(value) for name, value in element.attrib.items()}
        url = resolve_url(attributes.get("xmlurl", ""), "")
        if url and len(found) < _MAX_OUTLINES:
            name = single_line(attributes.get("title") or attributes.get("text") or url)
            site = resolve_url(attributes.get("htmlurl", ""), url)
            found.setdefault(canonicalize_url(url), FeedOutline(name, url, site, attributes.get("language", "")[:35]))
    return tuple(found.values())


def write_opml(sources: Iterable[Source]) -> str:
    """Return the feeds among the sources as OPML 2.0; sitemaps and listing pages cannot be expressed in OPML."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Sources of monitor"
    body = etree.SubElement(root, "body")
    for source in sources:
        if source.kind is SourceKind.FEED:
            outline = {"type": "rss", "text": source.name, "title": source.name, "xmlUrl": source.url}
            if source.language:
                outline["language"] = source.language
            etree.SubElement(
                body, "outline", {name: _remove_invalid_xml_characters(text) for name, text in outline.items()}
            )
    return str(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True), "utf-8")


def _remove_invalid_xml_characters(text: str) -> str:
    """Remove characters that XML does not allow."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)

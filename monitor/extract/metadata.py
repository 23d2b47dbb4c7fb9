"""What a page says of itself to machines: JSON-LD, OpenGraph and meta tags, microdata; none of it is trusted alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from monitor.extract.blocks import tidy

_LONGEST = 2_000_000  # characters of one JSON-LD script
_DEEPEST = 12
_MOST = 5_000  # nodes looked at
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Report|NewsStory|LiveBlog\w*)$")
_KINDS = {"NewsArticle": 3, "ReportageNewsArticle": 3, "Article": 2}
_BROKEN = re.compile(r"[\x00-\x1f]+")
_COMMA = re.compile(r",\s*([}\]])")
_COMMENT = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*$"
)


@dataclass(slots=True)
class Metadata:
    """Claims in the order of trust, each list as found; empty where the page says nothing."""

    headlines: dict[str, str] = field(default_factory=dict)
    descriptions: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    modified: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    body: str = ""
    locked: bool = False


_NAMES = {  # what a meta tag is called, without the marks between its words
    "descriptions": "ogdescription description twitterdescription dcdescription",
    "published": "articlepublishedtime articlepublished ogarticlepublishedtime datepublished pubdate publishdate "
    "publicationdate publisheddate datecreated parselypubdate sailthrudate dcdateissued dctermsissued dctermscreated "
    "dcdatecreated dcdate articlepublicationdate cxenseparserecspublishtime date originalpublicationdate",
    "modified": "articlemodifiedtime articlemodified ogupdatedtime lastmodified datemodified dctermsmodified revised",
    "authors": "author articleauthor dccreator dctermscreator parselyauthor sailthruauthor cxenseparseauthor",
    "sections": "articlesection section parselysection cxenseparsesection",
    "urls": "ogurl",
    "sites": "ogsitename applicationname",
    "languages": "oglocale contentlanguage language dclanguage",
}
_META = {name: kept for kept, names in _NAMES.items() for name in names.split()}
_TITLES = {"ogtitle": "opengraph", "twittertitle": "twitter", "dctitle": "twitter", "parselytitle": "twitter"}
_BETWEEN = re.compile(r"[\W_]+")


def read_metadata(tree: LexborHTMLParser) -> Metadata:
    """Collect the claims of a whole page; broken JSON and odd shapes are passed over."""
    metadata = Metadata()
    for script in tree.css('script[type*="ld+json" i]'):
        _read_script(metadata, script.text() or "")
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = next(filter(None, map(attributes.get, ("property", "name", "itemprop", "http-equiv"))), "")
        name = _bare(name)
        kept = _META.get(name)
        if name in _TITLES:
            _title(metadata, _TITLES[name], attributes.get("content"))
        elif kept:
            _claim(getattr(metadata, kept), attributes.get("content"))
    _read_links(metadata, tree)
    return metadata


@lru_cache(maxsize=1024)
def _bare(name: str) -> str:
    """Return a tag's name in lower case without the marks between its words; pages use the same few."""
    return _BETWEEN.sub("", name.lower())


def _read_links(metadata: Metadata, tree: LexborHTMLParser) -> None:
    canonical = tree.css_first('link[rel~="canonical"][href]')
    if canonical is not None:
        metadata.urls.insert(0, (canonical.attributes.get("href") or "").strip())
    root = tree.root
    language = (root.attributes.get("lang") or root.attributes.get("xml:lang")) if root is not None else ""
    if language:
        metadata.languages.insert(0, language)
    title = tree.css_first("head title") or tree.css_first("title")
    if title is not None:
        _title(metadata, "document", title.text())


def _read_script(metadata: Metadata, text: str) -> None:
    document = _load(text)
    articles = [node for node in _nodes(document) if _is_article(node)]
    articles.sort(key=lambda node: -max((_KINDS.get(kind, 1) for kind in _types(node)), default=0))
    for node in articles:
        _title(metadata, "json-ld", node.get("headline") or node.get("name"))
        _claim(metadata.descriptions, node.get("description"))
        _claim(metadata.published, node.get("datePublished"), node.get("dateCreated"))
        _claim(metadata.modified, node.get("dateModified"))
        _claim(metadata.authors, *_names(node.get("author")))
        _claim(metadata.sections, *_names(node.get("articleSection")))
        _claim(metadata.languages, *_names(node.get("inLanguage")))
        body = node.get("articleBody")
        if isinstance(body, str) and len(body) > len(metadata.body):
            metadata.body = body
        if str(node.get("isAccessibleForFree", "")).lower() == "false":
            metadata.locked = True


def _load(text: str) -> Any:
    """Parse JSON as found in pages: with raw line breaks in strings, trailing commas, comment marks around it."""
    text = _COMMENT.sub("", text[:_LONGEST]).strip().rstrip(";")
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_COMMA.sub(r"\1", _BROKEN.sub(" ", text)), strict=False)
    except (ValueError, RecursionError):
        return None


def _nodes(document: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a document, outer ones first, whatever they are wrapped in."""
    waiting = [(document, 0)]
    seen = 0
    while waiting and seen < _MOST:
        node, depth = waiting.pop(0)
        seen += 1
        if isinstance(node, dict):
            yield node
            if depth < _DEEPEST:
                waiting.extend((child, depth + 1) for child in node.values() if isinstance(child, dict | list))
        elif isinstance(node, list) and depth < _DEEPEST:
            waiting.extend((child, depth + 1) for child in node[:200])


def _types(node: dict[str, Any]) -> list[str]:
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return [kind.rpartition("/")[2] for kind in kinds if isinstance(kind, str)]


def _is_article(node: dict[str, Any]) -> bool:
    return any(_ARTICLE.search(kind) for kind in _types(node)) and ("headline" in node or "datePublished" in node)


def _names(value: Any) -> list[Any]:
    """Flatten what may be a name, an object with a name, or a list of either."""
    values = value if isinstance(value, list) else [value]
    return [item.get("name") if isinstance(item, dict) else item for item in values[:20]]


def _claim(kept: list[str], *values: Any) -> None:
    for value in values:
        if isinstance(value, str):
            text = tidy(unescape(value) if "&" in value else value)
            if text and text not in kept:
                kept.append(text)


def _title(metadata: Metadata, who: str, value: Any) -> None:
    if isinstance(value, str) and (text := tidy(unescape(value))):
        metadata.headlines.setdefault(who, text)

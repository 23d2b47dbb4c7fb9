"""What a page says of itself to machines: JSON-LD, OpenGraph and meta tags, microdata; none of it is trusted alone."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
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

    titles: list[str] = field(default_factory=list)
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


_META = {
    "og:title": "titles",
    "twitter:title": "titles",
    "dc.title": "titles",
    "og:description": "descriptions",
    "description": "descriptions",
    "twitter:description": "descriptions",
    "article:published_time": "published",
    "og:article:published_time": "published",
    "datepublished": "published",
    "pubdate": "published",
    "publish-date": "published",
    "publishdate": "published",
    "publication_date": "published",
    "parsely-pub-date": "published",
    "sailthru.date": "published",
    "dc.date.issued": "published",
    "dcterms.created": "published",
    "dc.date": "published",
    "date": "published",
    "article:modified_time": "modified",
    "og:updated_time": "modified",
    "last-modified": "modified",
    "datemodified": "modified",
    "author": "authors",
    "article:author": "authors",
    "dc.creator": "authors",
    "parsely-author": "authors",
    "article:section": "sections",
    "section": "sections",
    "parsely-section": "sections",
    "og:url": "urls",
    "og:site_name": "sites",
    "og:locale": "languages",
    "content-language": "languages",
    "language": "languages",
}


def read_metadata(tree: LexborHTMLParser) -> Metadata:
    """Collect the claims of a whole page; broken JSON and odd shapes are passed over."""
    metadata = Metadata()
    for script in tree.css('script[type*="ld+json" i]'):
        _read_script(metadata, script.text() or "")
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = (
            attributes.get("property")
            or attributes.get("name")
            or attributes.get("itemprop")
            or attributes.get("http-equiv")
        )
        kept = _META.get((name or "").lower())
        value = tidy(attributes.get("content") or "")
        if kept and value:
            getattr(metadata, kept).append(value)
    _read_links(metadata, tree)
    return metadata


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
        metadata.titles.append(tidy(title.text()))


def _read_script(metadata: Metadata, text: str) -> None:
    document = _load(text)
    articles = [node for node in _nodes(document) if _is_article(node)]
    articles.sort(key=lambda node: -max((_KINDS.get(kind, 1) for kind in _types(node)), default=0))
    for node in articles:
        _claim(metadata.titles, node.get("headline"), node.get("name") if not node.get("headline") else None)
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
            text = tidy(value)
            if text and text not in kept:
                kept.append(text)

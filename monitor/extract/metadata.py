"""Page metadata: JSON-LD, OpenGraph, meta tags and microdata, and the choice of the title.

No single statement is trusted: the title is the text that page and metadata agree on, without the outlet's name.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from operator import itemgetter
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from monitor.extract.dom_blocks import normalize_spacing
from monitor.extract.main_content import PageAnalysis, alnum_key

_MAX_JSON_LD_CHARS = 2_000_000  # per JSON-LD script
_MAX_JSON_LD_DEPTH = 12
_MIN_TITLE_KEY_CHARS = 6  # letters: a shorter headline is part of many titles
_MAX_JSON_LD_NODES = 5_000  # per JSON-LD script
_ARTICLE_TYPE = re.compile(r"(?:Article|BlogPosting|Report|NewsStory|LiveBlog\w*)$")
_TYPE_PRIORITIES = {"NewsArticle": 3, "ReportageNewsArticle": 3, "Article": 2}
_CONTROL_CHARS = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_COMMENT_MARKERS = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*$"
)


@dataclass(slots=True)
class PageMetadata:
    """Statements in the metadata of a page.

    Each list has the most trusted statement first, and is empty if the page states nothing.
    """

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
    is_paywalled: bool = False


_META_NAMES_BY_FIELD = {  # normalized names of meta tags (without punctuation) by field
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
_PUBLISHED_META_NAMES = _META_NAMES_BY_FIELD["published"].split()
"""Names of meta tags with the publication date, most trusted first; `date` is often the date of the last change."""
_FIELD_BY_META_NAME = {name: field_name for field_name, names in _META_NAMES_BY_FIELD.items() for name in names.split()}
_TITLE_ORIGINS = {"ogtitle": "opengraph", "twittertitle": "twitter", "dctitle": "twitter", "parselytitle": "twitter"}
_NAME_SEPARATORS = re.compile(r"[\W_]+")


def read_metadata(tree: LexborHTMLParser) -> PageMetadata:
    """Return the metadata of a page; invalid JSON and unexpected structures are ignored."""
    metadata = PageMetadata()
    claimed_dates: list[tuple[int, str]] = []
    _read_json_ld(metadata, tree)
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = next(filter(None, map(attributes.get, ("property", "name", "itemprop", "http-equiv"))), "")
        name = _normalize_meta_name(name)
        field_name = _FIELD_BY_META_NAME.get(name)
        if name in _TITLE_ORIGINS:
            _add_headline(metadata, _TITLE_ORIGINS[name], attributes.get("content"))
        elif field_name in {"published", "modified"} and name == _normalize_meta_name(attributes.get("itemprop") or ""):
            continue  # may be in the box of another article; `dates.py` reads these
        elif field_name == "published":
            claimed_dates.append((_PUBLISHED_META_NAMES.index(name), attributes.get("content") or ""))
        elif field_name:
            _add_claims(getattr(metadata, field_name), attributes.get("content"))
    _read_links(metadata, tree)
    _add_claims(metadata.published, *(text for _rank, text in sorted(claimed_dates, key=itemgetter(0))))
    return metadata


@lru_cache(maxsize=1024)
def _normalize_meta_name(name: str) -> str:
    """Return the name of a meta tag in lower case without punctuation; cached, because pages use the same few names."""
    return _NAME_SEPARATORS.sub("", name.lower())


def _read_links(metadata: PageMetadata, tree: LexborHTMLParser) -> None:
    """Add the canonical link, the language attribute and the document title to the metadata."""
    canonical = tree.css_first('link[rel~="canonical"][href]')
    if canonical is not None:
        metadata.urls.insert(0, (canonical.attributes.get("href") or "").strip())
    root = tree.root
    language = (root.attributes.get("lang") or root.attributes.get("xml:lang")) if root is not None else ""
    if language:
        metadata.languages.insert(0, language)
    title = tree.css_first("head title") or tree.css_first("title")
    if title is not None:
        _add_headline(metadata, "document", title.text())


def _read_json_ld(metadata: PageMetadata, tree: LexborHTMLParser) -> None:
    """Add the statements of the JSON-LD scripts to the metadata.

    An article whose headline is in a title of the page is read first, then the most specific type. If there is such an
    article, the dates of all others are ignored.
    """
    documents = [parse_lenient_json(script.text() or "") for script in tree.css('script[type*="ld+json" i]')]
    articles = [node for document in documents for node in iter_json_objects(document) if _is_article_node(node)]
    titles = [alnum_key(node.text()) for node in tree.css("title, h1")] if len(articles) > 1 else []
    titled = {id(node) for node in articles if _is_titled(node, titles)}
    articles.sort(
        key=lambda node: (
            id(node) not in titled,
            -max((_TYPE_PRIORITIES.get(kind, 1) for kind in _list_node_types(node)), default=0),
        )
    )
    for node in articles:
        if not titled or id(node) in titled:
            is_dated = not metadata.published or node.get("datePublished") in (None, metadata.published[0])
            _add_claims(metadata.published, node.get("datePublished"), node.get("dateCreated"))
            if is_dated:  # another publication date is another article's, and so is its time of change
                _add_claims(metadata.modified, node.get("dateModified"))
        _add_headline(metadata, "json-ld", node.get("headline") or node.get("name"))
        _add_claims(metadata.descriptions, node.get("description"))
        _add_claims(metadata.authors, *_flatten_names(node.get("author")))
        _add_claims(metadata.sections, *_flatten_names(node.get("articleSection")))
        _add_claims(metadata.languages, *_flatten_names(node.get("inLanguage")))
        body = node.get("articleBody")
        if isinstance(body, str) and len(body) > len(metadata.body):
            metadata.body = body
        if str(node.get("isAccessibleForFree", "")).lower() == "false":
            metadata.is_paywalled = True


def _is_titled(node: dict[str, Any], title_keys: list[str]) -> bool:
    """Return whether one of the page's titles contains the headline of a JSON-LD article."""
    headline = node.get("headline") or node.get("name")
    key = alnum_key(unescape(headline)) if isinstance(headline, str) else ""
    return len(key) >= _MIN_TITLE_KEY_CHARS and any(key in title for title in title_keys)


def parse_lenient_json(text: str) -> Any:
    """Parse JSON with the errors that are common in pages; return None if it is invalid nevertheless.

    Raw line breaks in strings, trailing commas and comment marks are accepted.
    """
    text = _COMMENT_MARKERS.sub("", text[:_MAX_JSON_LD_CHARS]).strip().rstrip(";")
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_TRAILING_COMMA.sub(r"\1", _CONTROL_CHARS.sub(" ", text)), strict=False)
    except (ValueError, RecursionError):
        return None


def iter_json_objects(document: Any) -> Iterator[dict[str, Any]]:
    """Yield all objects in a JSON document, outer objects before inner ones."""
    waiting = [(document, 0)]
    seen = 0
    while waiting and seen < _MAX_JSON_LD_NODES:
        node, depth = waiting.pop(0)
        seen += 1
        if isinstance(node, dict):
            yield node
            if depth < _MAX_JSON_LD_DEPTH:
                waiting.extend((child, depth + 1) for child in node.values() if isinstance(child, dict | list))
        elif isinstance(node, list) and depth < _MAX_JSON_LD_DEPTH:
            waiting.extend((child, depth + 1) for child in node[:200])


def _list_node_types(node: dict[str, Any]) -> list[str]:
    kinds = node.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return [kind.rpartition("/")[2] for kind in kinds if isinstance(kind, str)]


def _is_article_node(node: dict[str, Any]) -> bool:
    return any(_ARTICLE_TYPE.search(kind) for kind in _list_node_types(node)) and (
        "headline" in node or "datePublished" in node
    )


def _flatten_names(value: Any) -> list[Any]:
    """Return the names in a JSON value: a name, an object with a name, or a list of names and objects."""
    values = value if isinstance(value, list) else [value]
    return [item.get("name") if isinstance(item, dict) else item for item in values[:20]]


def _add_claims(claims: list[str], *values: Any) -> None:
    for value in values:
        if isinstance(value, str):
            text = normalize_spacing(unescape(value) if "&" in value else value)
            if text and text not in claims:
                claims.append(text)


def _add_headline(metadata: PageMetadata, origin: str, value: Any) -> None:
    if isinstance(value, str) and (text := normalize_spacing(unescape(value))):
        metadata.headlines.setdefault(origin, text)


_SITE_SUFFIX = re.compile(r"^(.{8,}?)\s*(?:[|»·•：]|\s[-–—:]|\s::)\s*([^|»·•]{2,60})$")
_WORD = re.compile(r"\w+")
_ORIGIN_WEIGHTS = {"json-ld": 2.2, "opengraph": 1.5, "heading": 1.5, "document": 0.3, "twitter": 0.3}


def choose_title(page: PageAnalysis, metadata: PageMetadata, host: str) -> tuple[str, str]:
    """Return the title of a page, and the places that state it, such as "opengraph, heading".

    Outlets often use different titles on the page, for social networks and for search engines. The title with the most
    support is chosen; the document title (``<title>``) also supports a title that it begins with. Among spellings of
    the chosen title, the spelling with the most words is used, so that a kicker and the headline do not become one
    word; of equal ones, the spelling that the page shows.
    """
    heading = page.layout.runs[page.title_run_index].text if page.title_run_index >= 0 else ""
    claims = {**metadata.headlines, "heading": heading}
    sites = {alnum_key(site) for site in metadata.sites} | {
        alnum_key(part) for part in host.split(".")[:-1] if len(part) > 3
    }
    texts = {origin: _remove_site_name(claim, claims, sites) for origin, claim in claims.items() if claim}
    votes: dict[str, float] = {}
    for text in texts.values():
        key = alnum_key(text)
        if key and key not in sites and key not in votes:
            votes[key] = sum(
                weight
                for origin, weight in _ORIGIN_WEIGHTS.items()
                if _is_supported_by(origin, alnum_key(texts.get(origin, "")), key)
            )
    if not votes:
        return heading, "heading" if heading else "nothing"
    best = max(votes, key=lambda key: votes[key])
    origins = [origin for origin, text in texts.items() if alnum_key(text) == best]
    best_origin = max(origins, key=lambda origin: (len(_WORD.findall(texts[origin])), origin == "heading"))
    return texts[best_origin], ", ".join(origins)


def _is_supported_by(origin: str, title_key: str, key: str) -> bool:
    """Return whether the title from one origin supports a candidate for the title of the article.

    ``origin`` is a part of the page, such as "opengraph". ``title_key`` is the normalized title in this part, and
    ``key`` is the normalized candidate. The title supports the candidate if both are equal. The document title
    (``<title>``) also supports the candidate if the document title begins with it.
    """
    return title_key == key or (origin == "document" and title_key.startswith(key))


def _remove_site_name(claim: str, claims: dict[str, str], sites: set[str]) -> str:
    """Return a title without the outlet's name at its end.

    The part after a separator is removed if it is the name of the site, or if another title equals the rest.
    """
    others = {alnum_key(other) for other in claims.values() if other != claim}
    text = claim
    for _ in range(3):
        match = _SITE_SUFFIX.match(text)
        if not match:
            break
        suffix = alnum_key(match[2])
        is_site_name = any(suffix and (suffix in site or (site and site in suffix)) for site in sites)
        if not is_site_name and alnum_key(match[1]) not in others:
            break
        text = match[1]
    return text

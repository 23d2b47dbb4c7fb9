"""Page metadata: what JSON-LD, OpenGraph and meta tags state about the article."""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from operator import itemgetter
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from monitor.extract.dom_blocks import normalize_spacing
from monitor.extract.main_content import alnum_key

_MAX_JSON_LD_CHARS = 2_000_000  # per JSON-LD script
_MAX_JSON_LD_DEPTH = 12
_MIN_TITLE_KEY_CHARS = 6  # letters: a shorter headline is part of many titles
_MAX_JSON_LD_NODES = 5_000  # per JSON-LD script
_ARTICLE_TYPE = re.compile(r"(?:Article|BlogPosting|Report|NewsStory|LiveBlog\w*)$")
_MAX_CLAIMS, _MAX_CLAIM_CHARS = 100, 10_000  # statements of one kind on a page, and characters of each
_TYPE_PRIORITIES = {"NewsArticle": 3, "ReportageNewsArticle": 3, "Article": 2}
_SITE_TYPES = frozenset(("WebSite", "NewsMediaOrganization"))
_OTHER_ARTICLE_KEYS = frozenset(
    ("itemListElement", "isRelatedTo", "relatedLink", "mentions", "citation", "liveBlogUpdate")
)
"""Properties whose values are other articles, or the posts of a live blog."""
_WORD = re.compile(r"\w+")
_MIN_TITLE_WORDS = 4  # words: a shorter heading may be the name of the outlet
_MIN_WORD_CHARS = 4  # characters; shorter words, such as "the", are in most titles; in scripts without capitals, 3
_MAX_STEM_CHARS = 5  # characters; words that begin alike are forms of one word in most languages
UNSPACED_CHARS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_MARKUP_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_CONTROL_CHARS = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_COMMENT_MARKERS = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|/\*\s*\]\]>\s*\*/|\]\]>)\s*$"
)


@dataclass(slots=True)
class PageMetadata:
    """Statements about the article in the metadata of a page.

    Each list has the most trusted statement first. A list is empty if the page states nothing.
    """

    headlines: dict[str, str] = field(default_factory=dict)
    descriptions: list[str] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    modified: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    organizations: list[str] = field(default_factory=list)
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
"""Names of meta tags with the publication date, most trusted first. The tag `date` often has the date of the last
change."""
_FIELD_BY_META_NAME = {name: field_name for field_name, names in _META_NAMES_BY_FIELD.items() for name in names.split()}
_TITLE_ORIGINS = {"ogtitle": "opengraph", "twittertitle": "twitter", "dctitle": "twitter", "parselytitle": "twitter"}
_NAME_SEPARATORS = re.compile(r"[\W_]+")


def read_metadata(tree: LexborHTMLParser) -> PageMetadata:
    """Read the metadata of a page. Invalid JSON and unexpected structures are ignored."""
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
    """Convert the name of a meta tag to lower case without punctuation.

    Results are cached, because there are few names.
    """
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
    """Add what the JSON-LD scripts state to the metadata.

    Articles whose headline is also a title of the page are read first, and then articles with the most specific type.
    If there is such a headline, dates and authors of all other articles are ignored.
    """
    documents = [parse_lenient_json(script.text() or "") for script in tree.css('script[type*="ld+json" i]')]
    nodes = [node for document in documents for node in iter_json_objects(document, _OTHER_ARTICLE_KEYS)]
    articles = [node for node in nodes if _is_article_node(node)]
    for node in nodes:
        names = node.get("name") if _SITE_TYPES.intersection(_list_node_types(node)) else None
        _add_claims(metadata.sites, *_flatten_names(names), *_flatten_names(node.get("publisher")))
    titles = [alnum_key(node.text()) for node in tree.css("title, h1")] if articles else []
    titled = {id(node) for node in articles if _is_titled(node, titles)}
    headings = [text for node in tree.css("h1") if len((text := node.text(separator=" ")).split()) >= _MIN_TITLE_WORDS]
    shown = title_words(" ".join(headings))
    articles.sort(
        key=lambda node: (
            id(node) not in titled,
            -max((_TYPE_PRIORITIES.get(kind, 1) for kind in _list_node_types(node)), default=0),
        )
    )
    for node in articles:
        if id(node) in titled or (not titled and _may_be_shown(node, shown)):
            is_dated = not metadata.published or node.get("datePublished") in (None, metadata.published[0])
            _add_claims(metadata.published, node.get("datePublished"), node.get("dateCreated"))
            if is_dated:  # another publication date is another article's, and so is its time of change
                _add_claims(metadata.modified, node.get("dateModified"))
            _add_authors(metadata, node.get("author"))
        _add_headline(metadata, "json-ld", _choose_headline(node, titles))
        _add_claims(metadata.descriptions, node.get("description"))
        _add_claims(metadata.sections, *_flatten_names(node.get("articleSection")))
        _add_claims(metadata.languages, *_flatten_names(node.get("inLanguage")))
        body = node.get("articleBody")
        if isinstance(body, str) and len(body) > len(metadata.body):
            metadata.body = body
        if str(node.get("isAccessibleForFree", "")).lower() == "false":
            metadata.is_paywalled = True


def _choose_headline(node: dict[str, Any], title_keys: list[str]) -> Any:
    """Return the headline of a JSON-LD article.

    The property ``name`` is used instead of ``headline`` in two cases: there is no headline, or a title of the page
    contains the name but not the headline.
    """
    headline, name = node.get("headline"), node.get("name")
    is_named = _is_titled({"name": name}, title_keys) and not _is_titled({"name": headline}, title_keys)
    return name if is_named else headline or name


def title_words(text: str) -> set[str]:
    """Return the first letters of the longer words of a title, so that inflected forms of a word are equal.

    In scripts that do not separate words by spaces, and in Korean, the pairs of adjacent characters are returned.
    """
    words = {word.casefold() for word in _WORD.findall(text)}
    starts = {word[:_MAX_STEM_CHARS] for word in words if len(word) >= _MIN_WORD_CHARS - (word == word.upper())}
    unspaced = [word for word in words if UNSPACED_CHARS.search(word)]
    return starts | {word[at : at + 2] for word in unspaced for at in range(len(word) - 1)}


def _may_be_shown(node: dict[str, Any], shown_words: set[str]) -> bool:
    """Return whether a JSON-LD article can be the article that the page shows.

    It cannot if its headline shares no word with the headings of the page.
    """
    claim = node.get("headline") or node.get("name")
    words = title_words(unescape(claim)) if isinstance(claim, str) else set()
    return not words or not shown_words or not words.isdisjoint(shown_words)


def _is_titled(node: dict[str, Any], title_keys: list[str]) -> bool:
    """Return whether a title of the page contains the headline of a JSON-LD article."""
    headline = node.get("headline") or node.get("name")
    key = alnum_key(unescape(headline)) if isinstance(headline, str) else ""
    return len(key) >= _MIN_TITLE_KEY_CHARS and any(key in title for title in title_keys)


def parse_lenient_json(text: str) -> Any:
    """Parse JSON and accept common errors of pages; return None if the text has other errors.

    Accepted are raw line breaks in strings, trailing commas and comment marks.
    """
    text = text[:_MAX_JSON_LD_CHARS].strip()
    if text[:1] not in {"{", "["} or text[-1:] in {">", "/"}:
        text = _COMMENT_MARKERS.sub("", text).strip()
    text = text.rstrip(";")
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_TRAILING_COMMA.sub(r"\1", _CONTROL_CHARS.sub(" ", text)), strict=False)
    except (ValueError, RecursionError):
        return None


def iter_json_objects(document: Any, skipped_keys: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:
    """Yield all objects in a JSON document, outer objects before inner ones; values of ``skipped_keys`` are omitted."""
    waiting = deque([(document, 0)])
    seen = 0
    while waiting and seen < _MAX_JSON_LD_NODES:
        node, depth = waiting.popleft()
        seen += 1
        if isinstance(node, dict):
            yield node
            if depth < _MAX_JSON_LD_DEPTH:
                inner = (child for key, child in node.items() if key not in skipped_keys)
                waiting.extend((child, depth + 1) for child in inner if isinstance(child, dict | list))
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
    """Return the names in a JSON value, which is a name, an object with a name, or a list of these."""
    values = value if isinstance(value, list) else [value]
    names = [item.get("name") if isinstance(item, dict) else item for item in values[:20]]
    return [name for item in names for name in (item[:20] if isinstance(item, list) else [item])]


def _add_authors(metadata: PageMetadata, value: Any) -> None:
    """Add the authors that a JSON-LD article states. Organizations are added to their own list."""
    for item in value[:20] if isinstance(value, list) else [value]:
        is_organization = isinstance(item, dict) and any("Organization" in kind for kind in _list_node_types(item))
        _add_claims(metadata.organizations if is_organization else metadata.authors, *_flatten_names(item))


def _add_claims(claims: list[str], *values: Any) -> None:
    for value in values:
        if len(claims) >= _MAX_CLAIMS:
            return
        if isinstance(value, str):
            claim = value[:_MAX_CLAIM_CHARS]
            text = normalize_spacing(unescape(claim) if "&" in claim else claim)
            if text and text not in claims:
                claims.append(text)


def _add_headline(metadata: PageMetadata, origin: str, value: Any) -> None:
    """Add a title to the metadata, unless a title from the same place (``origin``, such as "json-ld") is already there.

    Characters that are escaped twice, and HTML tags in the title, are converted to plain text.
    """
    if isinstance(value, str):
        text = unescape(value)
        if "&" in text or "</" in text:
            text = _MARKUP_TAG.sub("", unescape(text))
        if text := normalize_spacing(text):
            metadata.headlines.setdefault(origin, text)

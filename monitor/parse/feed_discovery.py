"""Feed discovery: finds URLs that may be feeds.

They are found in a page's headers and links, in robots.txt, and at the paths where sites usually have feeds.
"""

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.parse.fields import resolve_url, to_plain_text
from monitor.text.site_domains import get_site_domain
from monitor.text.urls import canonicalize_url, extract_host

_FEED_MEDIA_TYPE = re.compile(r"application/(?:x[.-])?(?:rss|atom|rdf)\+xml|application/feed\+json")
_FEED_RELATIONS = frozenset({"alternate", "alternative", "feed", "rss", "service.feed"})
_VAGUE_MEDIA_TYPES = frozenset({"application/xml", "text/xml", "application/json", "application/rss", "text/rss"})
_FEED_WORD = r"(?:rss|feeds?(?!back)|atom(?!ic)|rdf)"
_FEED_LIKE_URL = re.compile(
    rf"(?:^|[/._?=&-])(?:rss|atom|xml|news|web)?[_-]?{_FEED_WORD}\d?(?:$|[/._?=&-])|\.(?:rss|rdf|atom)$|"
    rf"{_FEED_WORD}[\w-]{{0,30}}\.(?:xml|json|php|aspx?|jsp|cfm|cgi|html?)(?:$|\?)",
    re.IGNORECASE,
)
_FEED_LINK_TEXT = re.compile(
    r"(?<!\w)rss(?!\w)|^(?:[^\W\d_]+[\s-])?(?:news|web|data)?[\s-]?feeds?$|^(?:atom|xml)$", re.IGNORECASE
)
_MAX_LINK_TEXT_CHARS = 40  # a longer text is a headline that happens to contain the word "feed"
_FEED_HOST = re.compile(r"^(?:feeds?|rss)\d?\.|feedburner\.com$", re.IGNORECASE)
_API_URL = re.compile(r"/wp-json(?:/|$)|oembed", re.IGNORECASE)
_COMMENTS = re.compile(
    r"comments|commentaires|kommentar|komentar|coment[aá]ri|commenti(?!\w)|комм?ент|"
    r"yorum|댓글|コメント|评论|評論|bình luận",
    re.IGNORECASE,
)
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_LINK_HEADER = re.compile(r"<([^<>]{1,2000})>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s,;\"]*))?)*)")
_LINK_PARAMETER = re.compile(r";\s*([\w*-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]*))")
_COMMON_FEED_PATHS = (
    *("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "rss/home.rss"),
    *("feeds", "rss2.xml", "index.rdf", "?feed=rss2", "feeds/posts/default", "blog/feed", "news/feed"),
    "?format=feed&type=rss",
)
_SECTION_FEED_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "index.xml")
_COMMON_SITEMAP_PATHS = ("sitemap-news.xml", "news-sitemap.xml", "sitemap_news.xml", "sitemap.xml")
_REFRESH_TARGET = re.compile(r"^\s*(\d{1,4})[\d.]*\s*[;,]\s*url\s*=\s*[\"']?\s*([^\"'\s]+)", re.IGNORECASE)
_MAX_REFRESH_SECONDS = 10  # a page that reloads itself later is a page with content
MAX_FEED_CANDIDATES = 40


class FeedCandidate(Struct, frozen=True):
    """A URL that may be a feed or sitemap, with its title.

    ``found_by`` is "named" if the page, its headers or robots.txt declare the URL as a feed or sitemap. It is "linked"
    if an ordinary link leads to the URL, and "guessed" if the URL is only one of the usual paths.
    """

    url: str
    title: str = ""
    found_by: str = "guessed"


def find_page_candidates(
    html: str, url: str, headers: Iterable[tuple[str, str]] = (), *, is_feed_list: bool = False
) -> tuple[FeedCandidate, ...]:
    """Return the URLs on a page that may be feeds, the most certain first, each once.

    First are the feeds that the page or its ``Link`` headers declare. Then follow links of the page that look like
    feeds and lead to the same site. If the page is known to list feeds (``is_feed_list``), links to hosts that usually
    serve feeds are also included.
    """
    tree = LexborHTMLParser(html)
    base_node = tree.css_first("base[href]")
    base = (resolve_url(base_node.attributes.get("href") or "", url) if base_node else "") or url
    found: dict[str, FeedCandidate] = {}
    vague: dict[str, FeedCandidate] = {}
    for href, rel, media_type, title in [*_parse_link_headers(headers), *_list_relations(tree)]:
        certainty = _rate_relation(rel, media_type, href)
        if certainty:
            _add_candidate(found if certainty == "feed" else vague, href, base, title, "named")
    linked: dict[str, FeedCandidate] = {}
    site = get_site_domain(extract_host(url))
    for node in tree.css("a[href], area[href]"):
        href = node.attributes.get("href") or ""
        address = resolve_url(href, base)
        if address and _is_feed_link(address, node, site, is_feed_list=is_feed_list):
            _add_candidate(linked, href, base, node.text(strip=True), "linked")
    return tuple((found | {key: one for key, one in (vague | linked).items() if key not in found}).values())[
        :MAX_FEED_CANDIDATES
    ]


def find_refresh_target(html: str, url: str) -> str:
    """Return the address to which a page redirects by a ``meta refresh`` element, or an empty text."""
    for node in LexborHTMLParser(html[:100_000]).css("meta[http-equiv][content]"):
        if (node.attributes.get("http-equiv") or "").strip().lower() == "refresh":
            found = _REFRESH_TARGET.match(node.attributes.get("content") or "")
            target = resolve_url(found[2], url) if found and int(found[1]) <= _MAX_REFRESH_SECONDS else ""
            if target and canonicalize_url(target) != canonicalize_url(url):
                return target
    return ""


def _list_relations(tree: LexborHTMLParser) -> list[tuple[str, str, str, str]]:
    """List the ``link`` and ``a`` elements of a page that have a ``rel`` attribute.

    Each is returned as a tuple of its address, ``rel``, media type and title.
    """
    found = []
    for node in tree.css("link[rel][href], a[rel][href]"):
        title = node.attributes.get("title") or (node.text(strip=True) if node.tag == "a" else "")
        href, rel = node.attributes.get("href") or "", node.attributes.get("rel") or ""
        found.append((href, rel, node.attributes.get("type") or "", title))
    return found


def _parse_link_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str, str, str]]:
    """Parse the ``Link`` headers of a response (RFC 8288).

    Each link is returned as a tuple of its address, ``rel``, media type and title.
    """
    found = []
    for name, value in headers:
        for href, parameters in _LINK_HEADER.findall(value) if name.lower() == "link" else ():
            named = {key.lower(): quoted or plain for key, quoted, plain in _LINK_PARAMETER.findall(parameters)}
            found.append((href.strip(), named.get("rel", ""), named.get("type", ""), named.get("title", "")))
    return found


def _rate_relation(rel: str, media_type: str, href: str) -> str:
    """Return how certain it is that a link with this ``rel`` attribute and media type leads to a feed.

    - "feed": the link declares a feed.
    - "vague": the media type is one that other documents have as well, such as XML.
    - "": the link does not declare a feed.
    """
    rels = rel.lower().split()
    media_type = media_type.lower().partition(";")[0].strip()
    if "feed" in rels and media_type in {"", *_VAGUE_MEDIA_TYPES}:
        return "feed"
    if not _FEED_RELATIONS.intersection(rels):
        return ""
    if _FEED_MEDIA_TYPE.fullmatch(media_type):
        return "feed"
    return "vague" if media_type in _VAGUE_MEDIA_TYPES and not _API_URL.search(href) else ""


def _is_feed_link(address: str, node: LexborNode, site: str, *, is_feed_list: bool) -> bool:
    """Return whether a link may lead to a feed, or to a page that lists feeds."""
    host, parts = extract_host(address), urlsplit(address)
    if get_site_domain(host) != site:
        return is_feed_list and bool(_FEED_HOST.search(host))
    text = node.text(strip=True) or node.attributes.get("title") or ""
    if not text:
        image = node.css_first("img[alt]")
        text = (image.attributes.get("alt") or "") if image else ""
    return bool(
        _FEED_LIKE_URL.search(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        or (len(text) <= _MAX_LINK_TEXT_CHARS and _FEED_LINK_TEXT.search(text))
        or (is_feed_list and parts.path.lower().endswith(".xml"))
    )


def is_comments_feed(url: str, title: str) -> bool:
    """Return whether the path or title of a feed shows that it contains readers' comments instead of articles."""
    parts = urlsplit(url)
    return bool(_COMMENTS.search(f"{parts.path}?{parts.query}") or _COMMENTS.search(title[:200]))


def find_robots_candidates(text: str, url: str) -> tuple[FeedCandidate, ...]:
    """Return the sitemaps that a robots.txt lists, news sitemaps first."""
    found: dict[str, FeedCandidate] = {}
    for address in _SITEMAP_LINE.findall(text[:500_000]):
        _add_candidate(found, address, url, "", "named")
    return tuple(sorted(found.values(), key=lambda candidate: "news" not in candidate.url.lower()))[
        :MAX_FEED_CANDIDATES
    ]


def list_common_candidates(url: str) -> tuple[FeedCandidate, ...]:
    """Return URLs at which feeds and sitemaps are usually found, whether they exist or not.

    They belong to the site of the page at ``url``, and to the section of the site that has this page.
    """
    root = urljoin(url, "/")
    found: dict[str, FeedCandidate] = {}
    for name in _COMMON_FEED_PATHS:
        _add_candidate(found, name, root, "", "guessed")
    section = url.split("?", maxsplit=1)[0].rstrip("/") + "/"
    if section != root and not re.search(r"\.\w{2,5}/$", section):
        for name in _SECTION_FEED_PATHS:
            _add_candidate(found, name, section, "", "guessed")
    for name in _COMMON_SITEMAP_PATHS:
        _add_candidate(found, name, root, "", "guessed")
    return tuple(found.values())


def _add_candidate(
    found: dict[str, FeedCandidate], href: str | None, base: str, title: str | None, found_by: str
) -> None:
    address = resolve_url(href or "", base)
    if address:
        found.setdefault(canonicalize_url(address), FeedCandidate(address, to_plain_text(title or "")[:100], found_by))

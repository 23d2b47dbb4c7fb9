"""Feed discovery: finds feed candidates in a page's links, in robots.txt and at usual paths."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from monitor.parse.fields import resolve_url, to_plain_text
from monitor.text.urls import canonicalize_url, extract_host, get_site_domain

_FEED_MEDIA_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml"}
)
_FEED_LIKE_URL = re.compile(r"(?:^|[/._?=&-])(?:rss|feeds?|atom|rdf)(?:$|[/._?=&-])|\.(?:rss|rdf|atom)$", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_COMMON_FEED_PATHS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "rss/home.rss")
_COMMON_SITEMAP_PATHS = ("sitemap-news.xml", "news-sitemap.xml", "sitemap_news.xml", "sitemap.xml")
MAX_FEED_CANDIDATES = 40


@dataclass(frozen=True, slots=True)
class FeedCandidate:
    """URL that may be a feed or sitemap, its title, and how it was found: named, linked or guessed."""

    url: str
    title: str = ""
    found_by: str = "guessed"


def find_page_candidates(html: str, url: str) -> tuple[FeedCandidate, ...]:
    """Return the feeds that a page declares, then its links to feed-like URLs of the same site; each URL once."""
    tree = LexborHTMLParser(html)
    base_node = tree.css_first("base[href]")
    base = resolve_url(base_node.attributes.get("href") or "", url) if base_node else ""
    found: dict[str, FeedCandidate] = {}
    for node in tree.css("link[rel][href]"):
        rels = (node.attributes.get("rel") or "").lower().split()
        media_type = (node.attributes.get("type") or "").lower().partition(";")[0].strip()
        if "alternate" in rels and media_type in _FEED_MEDIA_TYPES:
            _add_candidate(found, node.attributes.get("href"), base or url, node.attributes.get("title"), "named")
    site = get_site_domain(extract_host(url))
    for node in tree.css("a[href]"):
        href = node.attributes.get("href") or ""
        address = resolve_url(href, base or url)
        if (
            address
            and get_site_domain(extract_host(address)) == site
            and _FEED_LIKE_URL.search(urlsplit(address).path + "?" + urlsplit(address).query)
        ):
            _add_candidate(found, href, base or url, node.text(strip=True), "linked")
    return tuple(found.values())[:MAX_FEED_CANDIDATES]


def find_robots_candidates(text: str, url: str) -> tuple[FeedCandidate, ...]:
    """Return the sitemaps listed in a robots.txt, news sitemaps first."""
    found: dict[str, FeedCandidate] = {}
    for address in _SITEMAP_LINE.findall(text[:500_000]):
        _add_candidate(found, address, url, "", "named")
    return tuple(sorted(found.values(), key=lambda candidate: "news" not in candidate.url.lower()))[
        :MAX_FEED_CANDIDATES
    ]


def list_common_candidates(url: str) -> tuple[FeedCandidate, ...]:
    """Return the usual feed and sitemap URLs of a site and of the section that the page is in."""
    root = urljoin(url, "/")
    found: dict[str, FeedCandidate] = {}
    for name in _COMMON_FEED_PATHS:
        _add_candidate(found, name, root, "", "guessed")
    section = url.split("?", maxsplit=1)[0].rstrip("/") + "/"
    if section != root and not re.search(r"\.\w{2,5}/$", section):
        _add_candidate(found, "feed", section, "", "guessed")
    for name in _COMMON_SITEMAP_PATHS:
        _add_candidate(found, name, root, "", "guessed")
    return tuple(found.values())


def _add_candidate(
    found: dict[str, FeedCandidate], href: str | None, base: str, title: str | None, found_by: str
) -> None:
    address = resolve_url(href or "", base)
    if address:
        found.setdefault(canonicalize_url(address), FeedCandidate(address, to_plain_text(title or "")[:100], found_by))

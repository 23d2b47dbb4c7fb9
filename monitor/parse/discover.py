"""Finding the feeds of a site: what its page names, what its links look like, and where feeds usually are."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from monitor.parse.values import absolute, plain
from monitor.text.urls import canonical_url, host_of

_FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml"}
)
_FEED_LINK = re.compile(r"(?:^|[/._?=&-])(?:rss|feeds?|atom|rdf)(?:$|[/._?=&-])|\.(?:rss|rdf|atom)$", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_USUAL_FEEDS = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json", "rss/home.rss")
_USUAL_SITEMAPS = ("sitemap-news.xml", "news-sitemap.xml", "sitemap_news.xml", "sitemap.xml")
MOST_CANDIDATES = 40


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed or sitemap, what it was called, and how it was found: named, linked or guessed."""

    url: str
    title: str = ""
    found: str = "guessed"


def candidates_in_page(html: str, url: str) -> tuple[Candidate, ...]:
    """List what a page names as its feeds, then its links that look like feeds of its own site, each once."""
    tree = LexborHTMLParser(html)
    base_node = tree.css_first("base[href]")
    base = absolute(base_node.attributes.get("href") or "", url) if base_node else ""
    found: dict[str, Candidate] = {}
    for node in tree.css("link[rel][href]"):
        rels = (node.attributes.get("rel") or "").lower().split()
        kind = (node.attributes.get("type") or "").lower().partition(";")[0].strip()
        if "alternate" in rels and kind in _FEED_TYPES:
            _add(found, node.attributes.get("href"), base or url, node.attributes.get("title"), "named")
    site = _site(url)
    for node in tree.css("a[href]"):
        href = node.attributes.get("href") or ""
        address = absolute(href, base or url)
        if (
            address
            and _site(address) == site
            and _FEED_LINK.search(urlsplit(address).path + "?" + urlsplit(address).query)
        ):
            _add(found, href, base or url, node.text(strip=True), "linked")
    return tuple(found.values())[:MOST_CANDIDATES]


def candidates_in_robots(text: str, url: str) -> tuple[Candidate, ...]:
    """List the sitemaps that a robots.txt names, those for news first."""
    found: dict[str, Candidate] = {}
    for address in _SITEMAP_LINE.findall(text[:500_000]):
        _add(found, address, url, "", "named")
    return tuple(sorted(found.values(), key=lambda one: "news" not in one.url.lower()))[:MOST_CANDIDATES]


def usual_places(url: str) -> tuple[Candidate, ...]:
    """List where feeds and news sitemaps usually are: beside the page, and at the root of its site."""
    root = urljoin(url, "/")
    found: dict[str, Candidate] = {}
    for name in _USUAL_FEEDS:
        _add(found, name, root, "", "guessed")
    section = url.split("?", maxsplit=1)[0].rstrip("/") + "/"
    if section != root and not re.search(r"\.\w{2,5}/$", section):
        _add(found, "feed", section, "", "guessed")
    for name in _USUAL_SITEMAPS:
        _add(found, name, root, "", "guessed")
    return tuple(found.values())


def _add(found: dict[str, Candidate], href: str | None, base: str, title: str | None, how: str) -> None:
    address = absolute(href or "", base)
    if address:
        found.setdefault(canonical_url(address), Candidate(address, plain(title or "")[:100], how))


def _site(url: str) -> str:
    """Return the last two labels of a host: good enough to tell an outlet's own feeds from a service's."""
    return ".".join(host_of(url).split(".")[-2:])

"""Pages that list articles, read by the CSS selectors of the source."""

from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from monitor.domain.entry import Entry, Feed
from monitor.domain.errors import NotAFeed
from monitor.domain.source import Listing, Source
from monitor.parse.entries import MOST_ENTRIES
from monitor.parse.values import absolute, plain, read_instant, zone_of
from monitor.text.challenge import find_wall
from monitor.text.urls import canonical_url


def read_listing(text: str, url: str, source: Source) -> Feed:
    """Read a page by the source's selectors; an article listed twice is one entry.

    Raises ``NotAFeed`` if no item is found: a wall, or selectors that fit the page no longer.
    """
    listing = source.listing
    if listing is None:
        raise NotAFeed("the source has no selectors for its page", "HTML page")
    tree = LexborHTMLParser(text)
    base = _base(tree, url)
    items = _select(tree.root, listing.items)
    entries: dict[str, Entry] = {}
    for item in items[:MOST_ENTRIES]:
        entry = _entry(item, listing, base, source)
        if entry is not None:
            entries.setdefault(canonical_url(entry.url), entry)
    if not entries:
        raise NotAFeed(*_why_nothing(text, listing, len(items)))
    following = next((absolute(node.attributes.get("href") or "", base) for node in _next(tree, listing)), "")
    return Feed(
        entries=tuple(entries.values()),
        title=plain(_text(tree.css_first("title"))),
        url=url,
        language=(tree.root.attributes.get("lang") or "")[:35] if tree.root else "",
        nested=(following,) if following and following != url else (),
        truncated=len(items) > MOST_ENTRIES,
    )


def _why_nothing(text: str, listing: Listing, items: int) -> tuple[str, str]:
    if wall := find_wall(text):
        return f"the page is a {wall}", wall
    if items:
        return f"{items} items match {listing.items!r}, but none has a link at {listing.link!r}", "changed page"
    return f"nothing on the page matches {listing.items!r}: its layout changed, or it holds no articles", "changed page"


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return (absolute(node.attributes.get("href") or "", url) if node else "") or url


def _select(node: LexborNode | None, selector: str) -> list[LexborNode]:
    if node is None or not selector:
        return []
    try:
        return list(node.css(selector))
    except (SelectolaxError, ValueError) as error:
        raise NotAFeed(f"{selector!r} is no CSS selector", "wrong selector") from error


def _next(tree: LexborHTMLParser, listing: Listing) -> list[LexborNode]:
    return _select(tree.root, listing.next)[:1] if listing.pages > 1 else []


def _entry(item: LexborNode, listing: Listing, base: str, source: Source) -> Entry | None:
    """Read one item; None if it has no link that leads anywhere."""
    links = [item] if item.tag == "a" and item.attributes.get("href") else []
    links += _select(item, listing.link)
    found = [(link, address) for link in links if (address := absolute(link.attributes.get("href") or "", base))]
    if not found:
        return None
    url = found[0][1]
    return Entry(
        url=url,
        title=_title(item, listing, [link for link, to in found if to == url]),
        published_at=_date(item, listing, source),
    )


def _title(item: LexborNode, listing: Listing, links: list[LexborNode]) -> str:
    """Take the configured title, else the longest text among the links to the article, else its tooltip."""
    if listing.title:
        return plain(_text(next(iter(_select(item, listing.title)), None)))
    texts = [_text(link) for link in links]
    headings = [_text(heading) for heading in item.css("h1, h2, h3, h4, h5")]
    tips = [link.attributes.get("title") or "" for link in links]
    return plain(max(texts, key=len, default="") or next(filter(None, headings), "") or next(filter(None, tips), ""))


def _text(node: LexborNode | None) -> str:
    return node.text(separator=" ", strip=True) if node is not None else ""


def _date(item: LexborNode, listing: Listing, source: Source) -> datetime | None:
    """Read the date by the configured selector and format, else from a ``time`` element."""
    zone = zone_of(source)
    nodes = _select(item, listing.published or "time")
    if not nodes:
        return None
    machine = nodes[0].attributes.get("datetime") or nodes[0].attributes.get("content") or ""
    text = _text(nodes[0])
    if listing.published_format:
        return _by_format(text, listing.published_format, source) or _by_format(
            machine, listing.published_format, source
        )
    return (read_instant(machine, zone) if machine else None) or read_instant(text, zone)


def _by_format(text: str, form: str, source: Source) -> datetime | None:
    """Read a date by a strptime format; words around it are left out one by one."""
    words = text.split()
    width = len(form.split())
    for start in range(max(1, len(words) - width + 1)):
        piece = " ".join(words[start : start + width]).strip(" ,;|()-")
        try:
            found = datetime.strptime(piece, form)  # noqa: DTZ007 - the zone is given in the next line
        except ValueError:
            continue
        return read_instant(found.isoformat(), zone_of(source))
    return None

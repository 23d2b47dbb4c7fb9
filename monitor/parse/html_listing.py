"""Listing pages: finds the articles that a page lists, with the CSS selectors of the source."""

from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from monitor.domain.errors import DocumentFault, NotAFeed
from monitor.domain.source import Entry, Feed, Listing, Source
from monitor.parse.fields import MAX_TEXT_CHARS, parse_instant, remove_control_characters, resolve_url, to_plain_text
from monitor.text.bot_walls import find_wall
from monitor.text.time_zones import SourceClock
from monitor.text.urls import canonicalize_url, find_page_place


def parse_listing(text: str, url: str, source: Source) -> Feed:
    """Find the articles on a listing page with the source's selectors. The result has each article only once.

    If a link has a fragment for a part of a page ("#item-3"), it counts as an article of its own. A link to the listing
    page itself, or to its top, is not an article. Raises ``NotAFeed`` if no article is found. The error states whether
    the page is a bot wall, or the selectors do not match.
    """
    listing = source.listing
    if listing is None:
        raise NotAFeed("the source has no selectors for its page", DocumentFault.WRONG_SELECTOR)
    tree = LexborHTMLParser(text)
    base = _base_url(tree, url)
    items = _select_nodes(tree.root, listing.items)
    built = [_build_listing_entry(item, listing, (url, base), source) for item in items]
    usable = [entry for entry in built if entry is not None]
    entries: dict[tuple[str, str], Entry] = {}
    for entry in usable:
        entries.setdefault((canonicalize_url(entry.url), find_page_place(entry.url)), entry)
    if not entries:
        raise NotAFeed(*_describe_empty_listing(text, listing, len(items)))
    next_url = next(
        (resolve_url(node.attributes.get("href") or "", base) for node in _find_next_page_links(tree, listing)), ""
    )
    return Feed(
        entries=tuple(entries.values()),
        title=to_plain_text(_get_node_text(tree.css_first("title"))),
        url=url,
        language=(tree.root.attributes.get("lang") or "")[:35] if tree.root else "",
        nested_urls=(next_url,) if next_url and next_url != url else (),
        merged_count=len(usable) - len(entries),
        empty_count=len(built) - len(usable),
        note=_describe_missing_dates(items, listing) if not any(entry.published_at for entry in usable) else "",
    )


def _describe_missing_dates(items: list[LexborNode], listing: Listing) -> str:
    """Return the reason why no date on the page could be read, or an empty string without a selector for dates.

    The reason contains the first text that should be a date, as an example.
    """
    if listing.published is None:
        return ""
    nodes = (node for item in items for node in _select_nodes(item, listing.published.selector))
    example = next(filter(None, map(_get_node_text, nodes)), "")
    if not example:
        return f"no article of the list has a date at {listing.published.selector!r}; correct published"
    expected = f"the format {listing.published.format!r}" if listing.published.format else "a known format"
    return f"no date of the list could be read: {example[:60]!r} does not have {expected}; correct published.format"


def _describe_empty_listing(text: str, listing: Listing, item_count: int) -> tuple[str, DocumentFault]:
    if wall := find_wall(text):
        return f"the page is a {wall}", DocumentFault.ACCESS_WALL
    if item_count:
        return (
            f"{item_count} items match {listing.items!r}, but none has a link at {listing.link!r}",
            DocumentFault.LAYOUT_CHANGED,
        )
    return (
        f"nothing on the page matches {listing.items!r}: its layout changed, or it lists no articles",
        DocumentFault.LAYOUT_CHANGED,
    )


def _base_url(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return (resolve_url(node.attributes.get("href") or "", url) if node else "") or url


def _select_nodes(node: LexborNode | None, selector: str) -> list[LexborNode]:
    if node is None or not selector:
        return []
    try:
        return list(node.css(selector))
    except (SelectolaxError, ValueError) as error:
        raise NotAFeed(f"{selector!r} is not a valid CSS selector", DocumentFault.WRONG_SELECTOR) from error


def _find_next_page_links(tree: LexborHTMLParser, listing: Listing) -> list[LexborNode]:
    return _select_nodes(tree.root, listing.next)[:1] if listing.max_pages > 1 else []


def _build_listing_entry(
    item: LexborNode, listing: Listing, addresses: tuple[str, str], source: Source
) -> Entry | None:
    """Build an entry from one item of the list; return None if the item has no usable link.

    ``addresses`` are the URL of the page and the base URL of its links. A link to another page is preferred to a link
    to a part of the listing page.
    """
    page, base = addresses
    links = [item] if item.tag == "a" and item.attributes.get("href") else []
    links += _select_nodes(item, listing.link)
    found = [(link, address) for link in links if (address := resolve_url(link.attributes.get("href") or "", base))]
    elsewhere = [address for _, address in found if canonicalize_url(address) != canonicalize_url(page)]
    url = next(iter([*elsewhere, *(address for _, address in found if find_page_place(address))]), "")
    if not url:
        return None
    original = _find_text(item, listing.repost_of)
    answered = next(iter(_select_nodes(item, listing.reply_to)), None)
    author = original or _find_text(item, listing.author)
    return Entry(
        url=url,
        title=_find_title(item, listing, [link for link, to in found if to == url]),
        published_at=_find_date(item, listing, source),
        content=_find_content(item, listing),
        authors=(author,) if author else (),
        is_repost=bool(original),
        reply_to=resolve_url(answered.attributes.get("href") or "", base) if answered is not None else "",
    )


def _find_text(item: LexborNode, selector: str) -> str:
    """Return the text that a selector finds first inside an item, or an empty string."""
    return to_plain_text(_get_node_text(next(iter(_select_nodes(item, selector)), None)))


def _find_content(item: LexborNode, listing: Listing) -> str:
    """Return the HTML that the source's selector for the text finds in an item; it is empty without such a selector."""
    parts = [node.html or "" for node in _select_nodes(item, listing.text)]
    return remove_control_characters("".join(parts))[:MAX_TEXT_CHARS]


def _find_title(item: LexborNode, listing: Listing, links: list[LexborNode]) -> str:
    """Return the title of an item, found by the source's selector for titles.

    If the source has no selector for titles, but has a selector for the text, the title is empty: the items are then
    posts, whose links show only the time. If the source has neither selector, the title is the first of these that
    exists: the longest text of a link to the article, a heading in the item, or the tooltip of a link.
    """
    if listing.text and not listing.title:
        return ""  # The link of a post shows only its time. The first words of the post become its title.
    if listing.title:
        return _find_text(item, listing.title)
    texts = [_get_node_text(link) for link in links]
    headings = [_get_node_text(heading) for heading in item.css("h1, h2, h3, h4, h5")]
    tooltips = [link.attributes.get("title") or "" for link in links]
    return to_plain_text(
        max(texts, key=len, default="") or next(filter(None, headings), "") or next(filter(None, tooltips), "")
    )


def _get_node_text(node: LexborNode | None) -> str:
    return node.text(separator=" ", strip=True) if node is not None else ""


def _find_date(item: LexborNode, listing: Listing, source: Source) -> datetime | None:
    """Return the date of an item, found by the source's selector and format for dates.

    Without a selector, the first ``time`` element is used.
    """
    clock = SourceClock(source, source.url)
    nodes = _select_nodes(item, listing.published.selector if listing.published else "time")
    if not nodes:
        return None
    machine_text = nodes[0].attributes.get("datetime") or nodes[0].attributes.get("content") or ""
    text = _get_node_text(nodes[0])
    if listing.published and (date_format := listing.published.format):
        parse = _parse_formatted_date
        return parse(text, date_format, source) or parse(machine_text, date_format, source)
    return (parse_instant(machine_text, clock) if machine_text else None) or parse_instant(text, clock)


def _parse_formatted_date(text: str, date_format: str, source: Source) -> datetime | None:
    """Find the first words of a text that are a date in the given format, and return this date.

    ``date_format`` is a format of ``strptime``, such as "%d.%m.%Y". The result is None if the text has no such date.
    """
    words = text.split()
    width = len(date_format.split())
    for start in range(max(1, len(words) - width + 1)):
        piece = " ".join(words[start : start + width]).strip(" ,;|()-")
        try:
            found = datetime.strptime(piece, date_format)  # noqa: DTZ007 - the zone is added below
        except ValueError:
            continue
        return parse_instant(found.isoformat(), SourceClock(source, source.url))
    return None

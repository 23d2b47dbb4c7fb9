"""A configured origin of articles, and what the program remembers of it between polls.

What a feed, sitemap or listing says of an article before anybody opened its page.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the document gave it. ``summary`` and ``content`` are the publisher's HTML, unsanitised."""

    url: str
    guid: str = ""
    title: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A parsed document: its entries in the order given, and what it says of itself.

    ``truncated``: it held more entries than are read. ``cut``: its bytes end within an entry, which is left out.
    """

    entries: tuple[Entry, ...]
    title: str = ""
    url: str = ""
    language: str = ""
    ttl: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[str, ...] = ()
    nested_urls: tuple[str, ...] = ()
    is_truncated: bool = False
    is_cut_off: bool = False


class SourceKind(StrEnum):
    """How a source lists its articles."""

    FEED = "feed"
    SITEMAP = "sitemap"
    LISTING = "listing"


class TextOrigin(StrEnum):
    """Where the text of an article comes from: its own page, or the feed alone."""

    PAGE = "page"
    FEED = "feed"


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors that override what the extractor would find by itself; empty means "find it"."""

    title: str = ""
    standfirst: str = ""
    body: str = ""
    published: str = ""
    published_format: str = ""
    authors: str = ""
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """How to read a page that lists articles: one match of ``items`` an article, ``link`` inside it."""

    items: str
    link: str = "a[href]"
    title: str = ""
    published: str = ""
    published_format: str = ""
    next: str = ""
    max_pages: int = 1


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the user configured it. ``every`` None means automatic pace; ``expect`` None means no alarm."""

    id: str
    name: str
    kind: SourceKind
    url: str
    language: str = ""
    country: str = ""
    timezone: str = ""
    poll_interval: timedelta | None = None
    max_silence: timedelta | None = None
    text_from: TextOrigin = TextOrigin.PAGE
    selectors: Selectors = field(default_factory=Selectors)
    listing: Listing | None = None
    sitemap: str = ""
    paused: str = ""
    headers: tuple[tuple[str, str], ...] = ()

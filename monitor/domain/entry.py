"""What a feed, sitemap or listing says of an article before anybody opened its page."""

from dataclasses import dataclass
from datetime import datetime, timedelta


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

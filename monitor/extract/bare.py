"""What a feed says of an article, its markup cut out blindly: for an entry over which the reader of HTML died."""

import re
from html import unescape

from monitor.domain.article import Article
from monitor.domain.entry import Entry
from monitor.domain.source import Source
from monitor.extract.blocks import normalize_spacing

_MAX_BARE_HTML_CHARS = 40_000
_TAG = re.compile("<[^<>]*>")


def build_fallback_article(entry: Entry, source: Source) -> Article:
    """Make an article of an entry's title and text alone, in time that grows with their length and no faster."""
    text = _strip_markup(entry.content) or _strip_markup(entry.summary)
    return Article(
        url=entry.url,
        title=_strip_markup(entry.title),
        body=text,
        canonical_url=entry.url,
        published_at=entry.published_at,
        modified_at=entry.updated_at,
        authors=entry.authors,
        language=entry.language or source.language,
        partial="feed",
    )


def _strip_markup(html: str) -> str:
    return normalize_spacing(unescape(_TAG.sub(" ", html[:_MAX_BARE_HTML_CHARS])))

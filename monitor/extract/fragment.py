"""What a feed itself gives of an article: its HTML as text, and whether that is the whole of it."""

from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from monitor.domain.article import Article
from monitor.domain.entry import Entry
from monitor.domain.source import ArticleMode, Source
from monitor.extract.blocks import survey, tidy
from monitor.extract.body import weigh

_WHOLE = 1_200  # weighted characters from which a feed's content is an article rather than a lead
_CUT = ("…", "...", "[…]", "[...]", "(...)", "»", "read more", "continue reading")


def fragment_text(html: str) -> str:
    """Return the visible text of a feed's summary or content, a paragraph a line."""
    if "<" not in html and "&" not in html:
        return "\n".join(filter(None, map(tidy, html.splitlines())))
    root = LexborHTMLParser(html).body
    return "\n".join(run.text for run in survey(root).runs) if root is not None else ""


def extract_entry(entry: Entry, source: Source) -> Article:
    """Make an article of what the feed says; ``partial`` is "feed" unless the text is plainly whole."""
    summary, body = fragment_text(entry.summary), fragment_text(entry.content)
    if not body and source.article is ArticleMode.FEED:
        body, summary = summary, ""
    if summary and body.startswith(summary.rstrip("….")):
        summary = ""
    article = Article(
        url=entry.url,
        title=fragment_text(entry.title).replace("\n", " "),
        standfirst=summary,
        body=body,
        canonical_url=entry.url,
        published_at=entry.published_at,
        modified_at=entry.updated_at,
        authors=entry.authors,
        language=entry.language or source.language,
        confidence=0.5 if body else 0.2,
    )
    return article if _is_whole(body) else replace(article, partial="feed")


def is_complete(article: Article) -> bool:
    """Tell whether the feed's text is the whole article, so that its page need not be fetched."""
    return not article.partial and bool(article.body)


def better(page: Article, feed: Article) -> Article:
    """Return the longer honest text of the two, completed by what only the other one knows."""
    best, other = (page, feed) if weigh(page.body) >= weigh(feed.body) or not feed.body else (feed, page)
    return replace(
        best,
        title=page.title or feed.title,
        standfirst=best.standfirst or other.standfirst,
        canonical_url=page.canonical_url or feed.canonical_url,
        published_at=page.published_at or feed.published_at,
        modified_at=page.modified_at or feed.modified_at,
        authors=page.authors or feed.authors,
        language=page.language or feed.language,
    )


def _is_whole(body: str) -> bool:
    lines = body.splitlines()
    return weigh(body) >= _WHOLE and len(lines) > 2 and not lines[-1].rstrip().lower().endswith(_CUT)

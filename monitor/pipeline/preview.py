"""Preview of a source that is not configured yet: its articles, and the text of one page. Nothing is stored.

Documents are fetched once. The caller keeps them, so that the user can change selectors without further requests.
"""

from msgspec import Struct

from monitor.domain.article import Article
from monitor.domain.errors import MonitorError, NotAFeed, UnreadableDocument, WorkerKilled
from monitor.domain.fetch_result import Fetched, FetchPurpose, FetchRequest
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.extract.extractor import ExtractionExplanation, ExtractionReason, explain_page
from monitor.extract.feed_content import article_from_entry
from monitor.parse.dispatch import parse_document
from monitor.pipeline.article_pages import page_request

MAX_SHOWN_ENTRIES = 10


class PreviewFailed(MonitorError):
    """Raised if a document of a preview cannot be fetched or read. The message gives the reason."""


class ListPreview(Struct, frozen=True):
    """Result that a poll of a source would have: the number of entries, the first entries, and a note on problems.

    ``unlinked_count`` is the number of items that were left out because they have no link.
    """

    count: int
    entries: tuple[Entry, ...]
    title: str = ""
    language: str = ""
    unlinked_count: int = 0
    note: str = ""


class ArticlePreview(Struct, frozen=True):
    """Text of an article as it would be stored. ``dropped`` are the other texts of its page, with the reasons."""

    article: Article
    dropped: tuple[ExtractionReason, ...] = ()


def list_request(source: Source) -> FetchRequest:
    """Return the request for the document that lists the articles of a source."""
    purpose = FetchPurpose.PAGE if source.kind.is_page else FetchPurpose.FEED
    return FetchRequest(source.url, purpose, is_large=not source.kind.is_page)


def article_request(source: Source, entry: Entry) -> FetchRequest:
    """Return the request for the page of an article."""
    return page_request(source, entry.url)


async def fetch_document(fetcher: Fetcher, request: FetchRequest) -> Fetched:
    """Fetch a document of a preview. Raises ``PreviewFailed`` if this is not possible."""
    result = await fetcher.fetch(request)
    if isinstance(result, Fetched):
        return result
    raise PreviewFailed(f"{request.url} cannot be read: {getattr(result, 'reason', 'the response was empty')}")


async def preview_list(document: Fetched, source: Source, process_pool: ProcessPool) -> ListPreview:
    """Return the articles that a fetched document lists. Raises ``PreviewFailed`` if the document cannot be read."""
    try:
        feed = await process_pool.run(parse_document, document.body, document.content_type, document.url, source)
    except NotAFeed as error:
        raise PreviewFailed(error.reason) from error
    except WorkerKilled as error:
        raise PreviewFailed(str(error)) from error
    return ListPreview(
        len(feed.entries),
        feed.entries[:MAX_SHOWN_ENTRIES],
        feed.title,
        feed.language,
        feed.empty_count,
        feed.note,
    )


async def preview_article(
    page: Fetched | None, entry: Entry, source: Source, process_pool: ProcessPool
) -> ArticlePreview:
    """Extract an article, and return what would be stored and what would be left out.

    The article is read from the fetched page, or from the entry alone if ``page`` is None. Raises ``PreviewFailed`` if
    the page cannot be read.
    """
    try:
        listed = await process_pool.run(article_from_entry, entry, source)
        if page is None or source.text_from is TextOrigin.FEED:
            return ArticlePreview(listed)
        explanation: ExtractionExplanation = await process_pool.run(
            explain_page, page.body, page.url, page.content_type, source, None
        )
    except (UnreadableDocument, WorkerKilled) as error:
        raise PreviewFailed(f"{entry.url} cannot be read: {error}") from error
    dropped = tuple(one for one in explanation.reasons if one.region == "dropped")
    return ArticlePreview(explanation.article, dropped)

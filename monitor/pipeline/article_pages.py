"""Article pages: fetch a page and extract the article; if the source requires it, load the page in a browser."""

import re

from monitor.domain.article import Article
from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Blocked, Fetched, FetchPurpose, FetchRequest, FetchResult
from monitor.domain.ports import Fetcher, ProcessPool
from monitor.domain.source import FetchMethod, Source
from monitor.domain.values import replace
from monitor.pipeline.feed_documents import request_headers

_PASSWORD_FIELD = re.compile(rb"<input\b[^>]{0,500}\btype\s*=\s*[\"']?password", re.IGNORECASE)
_MIN_ARTICLE_CHARS = 400
_MIN_WHOLE_CONFIDENCE, _MIN_WHOLE_CHARS = 0.6, 1_200
"""Minimum extraction confidence (0 to 1), and minimum number of characters, of an article that counts as complete.

The page of any other article may contain only the beginning of the article. For a source with `fetch: browser`, the
page is then loaded in the browser.
"""


def page_request(source: Source | None, url: str) -> FetchRequest:
    """Return the request for an article page, with the login of its source.

    Configured headers are sent only to the origin of the source. Cookies of a cookie file are sent only to the hosts
    that the file names.
    """
    if source is None:
        return FetchRequest(url, FetchPurpose.PAGE)
    headers = request_headers(source, url)
    return FetchRequest(url, FetchPurpose.PAGE, headers=headers, cookie_file=source.cookie_file)


async def extract_article(
    page: Fetched, source: Source | None, entry: Article | None, fetcher: Fetcher, process_pool: ProcessPool
) -> tuple[FetchResult, Article]:
    """Extract the article from a fetched page, and return the page together with the article.

    If the source has `fetch: browser`, and the article seems to be incomplete, the browser requests the page again. The
    page with the longer text is returned, with its article. If the browser fails, its failure is returned instead of a
    page, with the article of the first page. Raises ``UnreadableDocument`` if a page has no readable text, and
    ``WorkerKilled`` if the extraction exceeds a limit.
    """
    from monitor.extract.extractor import extract_page  # imported late: slow to import, and most passes do not need it

    found = await process_pool.run(extract_page, page.body, page.url, page.content_type, source, entry)
    is_whole = (
        not found.partial_reason and found.confidence >= _MIN_WHOLE_CONFIDENCE and len(found.body) >= _MIN_WHOLE_CHARS
    )
    if source is None or source.fetch is not FetchMethod.BROWSER or is_whole:
        return page, found
    rendered = await fetcher.fetch(replace(page_request(source, page.url), uses_browser=True))
    if not isinstance(rendered, Fetched):
        return rendered, found
    shown = await process_pool.run(extract_page, rendered.body, rendered.url, rendered.content_type, source, entry)
    return (rendered, shown) if len(shown.body) > len(found.body) else (page, found)


def find_expired_login(source: Source | None, page: Fetched, article: Article) -> str:
    """Return the reason why the login of a source seems to have expired, or an empty string if it has not.

    The reason states what the page has instead of the article: a paywall or a login form.
    """
    if source is None or not source.has_login:
        return ""
    if article.partial_reason == "paywall":
        return "the page shows only its beginning, before a paywall"
    if len(article.body) < _MIN_ARTICLE_CHARS and _PASSWORD_FIELD.search(page.body):
        return "the page shows a login form instead of the article"
    return ""


def find_problem(outcome: FetchResult) -> PageProblem:
    """Return the problem that prevented the fetch of a page, if the user can remove it.

    For a successful fetch, and for any other problem, the result is ``PageProblem.NONE``.
    """
    return outcome.problem if isinstance(outcome, Blocked) else PageProblem.NONE

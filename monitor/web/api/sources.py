"""Endpoints of the API that search for feeds and preview a source; they save nothing."""

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from monitor.domain.readers import Right
from monitor.pipeline.discover import feed_record, make_source_id
from monitor.pipeline.preview import ArticlePreview
from monitor.records.sources import FeedRecord
from monitor.text.sanitize import sanitize
from monitor.web.api.requests import ApiDependency
from monitor.web.editing import get_editing
from monitor.web.page import BadRequest
from monitor.web.source_setup import get_source_setup

router = APIRouter()
ALLOWED_KEYS: Final = frozenset(
    {"name", "feed", "sitemap", "listing", "language", "country", "timezone", "text_from", "selectors"}
)
"""Keys of a source in sources.yaml that a preview accepts.

Headers, cookies and a browser are not accepted. Only the daemon uses them.
"""


class DiscoverRequest(BaseModel):
    """Request to search for feeds. ``url`` is the address of the site."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=2000)


class PreviewRequest(BaseModel):
    """Request for a preview of a source, which is given by its keys as in sources.yaml.

    The preview shows the text of one article: ``article`` is its index in the list of the source. If ``refresh`` is
    true, the documents are requested again. Otherwise, documents of the last 15 minutes are used.
    """

    model_config = ConfigDict(extra="forbid")

    source: dict[str, Any]
    article: int = Field(0, ge=0, lt=10)
    refresh: bool = False


class DiscoveryRecord(TypedDict):
    """Feeds and sitemaps of a site, the best first. If none was found, ``reason`` states why; otherwise it is empty."""

    items: list[FeedRecord]
    reason: str


class EntryRecord(TypedDict):
    """One article in the list of a source, which is its feed, sitemap or listing page."""

    title: str
    url: str
    published: datetime | None


class DroppedRecord(TypedDict):
    """Text that is on the page of an article, but not part of the article. ``reason`` is why it was left out."""

    text: str
    reason: str


class PreviewedArticle(TypedDict):
    """Text of one article, as it would be stored."""

    title: str
    published: datetime | None
    text: str
    confidence: float
    partial_reason: str
    dropped: list[DroppedRecord]


class PreviewRecord(TypedDict):
    """Preview of a source.

    - ``entries`` is the number of articles in the list of the source (its feed, sitemap or listing page), and ``first``
      are the first of them.
    - ``unlinked`` is the number of items of the list that were left out because they have no link.
    - ``note`` describes problems of the list. ``error`` is the reason why the list cannot be read, or empty.
    - ``article`` is the text of one article, and ``article_error`` the reason why it cannot be read, or empty.
    """

    entries: int
    first: list[EntryRecord]
    unlinked: int
    note: str
    error: str
    article: PreviewedArticle | None
    article_error: str


@router.post("/sources/discover", responses={200: {"model": DiscoveryRecord}})
async def discover(api: ApiDependency, body: DiscoverRequest) -> Response:
    """Search for the feeds and sitemaps of a site. This takes up to a minute."""
    api.require(Right.CONFIGURE)
    setup, settings = get_source_setup(api.request), api.snapshot.configuration.settings
    result = await setup.discover(api.identity.account.id, body.url.strip(), settings)
    return api.answer({"items": [feed_record(one) for one in result.feeds], "reason": result.failure_reason})


@router.post("/sources/preview", responses={200: {"model": PreviewRecord}})
async def preview(api: ApiDependency, body: PreviewRequest) -> Response:
    """Return the articles that would be collected from a source. Nothing is saved."""
    api.require(Right.CONFIGURE)
    if unknown := sorted(body.source.keys() - ALLOWED_KEYS):
        raise BadRequest(f"source: {', '.join(unknown)[:200]}: a preview has only {', '.join(sorted(ALLOWED_KEYS))}")
    setup, settings = get_source_setup(api.request), api.snapshot.configuration.settings
    build = get_editing(api.request).editor.build_source
    source = await api.read(build, make_source_id("preview", "", ()), body.source)
    found = await setup.preview(api.identity.account.id, source, settings, number=body.article, is_new=body.refresh)
    listed = found.listed
    record: PreviewRecord = {
        "entries": listed.count if listed else 0,
        "first": [
            {"title": sanitize(one.title), "url": one.url, "published": one.published_at}
            for one in (listed.entries if listed else ())
        ],
        "unlinked": listed.unlinked_count if listed else 0,
        "note": listed.note if listed else "",
        "error": found.list_error,
        "article": _article_record(found.article) if found.article else None,
        "article_error": found.article_error,
    }
    return api.answer(record)


def _article_record(preview: ArticlePreview) -> PreviewedArticle:
    article = preview.article
    return {
        "title": sanitize(article.title),
        "published": article.published_at,
        "text": sanitize(article.body),
        "confidence": article.confidence,
        "partial_reason": article.partial_reason,
        "dropped": [{"text": sanitize(one.text), "reason": one.reason} for one in preview.dropped[:100]],
    }

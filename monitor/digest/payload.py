"""What a webhook receives. The types below are the contract: the published JSON Schema is made from them.

Keys are only ever added. A receiver ignores those it does not know.
"""

import json
from datetime import UTC, datetime
from typing import Literal

from typing_extensions import TypedDict

from monitor.domain.digest import CoverageFault, Digest, DigestStory, Item
from monitor.text.visible import visible


class WindowData(TypedDict):
    """The period told of, by when an article was first seen: from ``start``, before ``end`` (ISO 8601, UTC)."""

    start: str
    end: str


class PassageData(TypedDict):
    """The words that prove a hit: ``region text[start:end]``; ``marks`` are the found words, as region offsets."""

    text: str
    region: str
    start: int
    end: int
    marks: list[list[int]]


class ItemData(TypedDict):
    """One article. ``source`` is the id in sources.yaml, ``note`` says what changed.

    ``partial`` tells why less than the whole article was read: "paywall", "teaser" or "feed"; else it is empty.
    """

    article: int
    url: str
    title: str
    source: str
    outlet: str
    language: str
    published: str | None
    first_seen: str
    rules: list[str]
    officials: list[str]
    passages: list[PassageData]
    kind: Literal["new", "update", "correction", "withdrawn"]
    note: str
    partial: str


class ElsewhereData(TypedDict):
    """The same text at another outlet."""

    article: int
    url: str
    title: str
    outlet: str
    language: str


class StoryData(TypedDict):
    """One event, its most prominent article first."""

    id: str
    title: str
    officials: list[str]
    items: list[ItemData]
    also_in: list[ElsewhereData]


class FaultData(TypedDict):
    """A source that was not read as it should have been."""

    source: str
    outlet: str
    state: str
    detail: str
    since: str | None
    remedy: str


class CoverageData(TypedDict):
    """Proof of what was read: sources configured, sources read in the window, articles, and the faults."""

    sources: int
    read: int
    articles: int
    faults: list[FaultData]


class SubjectData(TypedDict):
    """An official told of; ``daily`` counts mentions a day over two weeks, oldest first."""

    id: str
    name: str
    post: str
    daily: list[int]


class DigestData(TypedDict):
    """The digest itself. ``overflow`` counts the articles that are summed up and not listed."""

    digest: str
    title: str
    window: WindowData
    late: bool
    stories: list[StoryData]
    subjects: list[SubjectData]
    coverage: CoverageData
    notices: list[str]
    overflow: int


class Payload(TypedDict):
    """The body of a delivery. ``timestamp`` is when the digest was composed and stays the same at every attempt."""

    type: Literal["digest"]
    timestamp: str
    data: DigestData


def iso(moment: datetime) -> str:
    """Write a time as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _item(item: Item) -> ItemData:
    return {
        "article": item.article_id,
        "url": visible(item.url),
        "title": visible(item.title),
        "source": item.source_id,
        "outlet": visible(item.outlet),
        "language": item.language,
        "published": iso(item.published_at) if item.published_at else None,
        "first_seen": iso(item.first_seen_at),
        "rules": list(item.rules),
        "officials": list(item.officials),
        "passages": [
            {
                "text": passage.text.encode(errors="replace").decode(),
                "region": passage.region.value,
                "start": passage.start,
                "end": passage.end,
                "marks": [list(mark) for mark in passage.marks],
            }
            for passage in item.passages
        ],
        "kind": item.kind.value,
        "note": visible(item.note),
        "partial": item.partial,
    }


def _story(story: DigestStory) -> StoryData:
    return {
        "id": story.id,
        "title": visible(story.title),
        "officials": list(story.officials),
        "items": [_item(item) for item in story.items],
        "also_in": [
            {
                "article": copy.article_id,
                "url": visible(copy.url),
                "title": visible(copy.title),
                "outlet": visible(copy.outlet),
                "language": copy.language,
            }
            for copy in story.also_in
        ],
    }


def _fault(fault: CoverageFault) -> FaultData:
    return {
        "source": fault.source_id,
        "outlet": visible(fault.outlet),
        "state": fault.state.value,
        "detail": visible(fault.detail),
        "since": iso(fault.since_at) if fault.since_at else None,
        "remedy": visible(fault.remedy),
    }


def describe(digest: Digest) -> Payload:
    """Describe a digest as data."""
    return {
        "type": "digest",
        "timestamp": iso(digest.composed_at),
        "data": {
            "digest": digest.id,
            "title": visible(digest.title),
            "window": {"start": iso(digest.window.start_at), "end": iso(digest.window.end_at)},
            "late": digest.late,
            "stories": [_story(story) for story in digest.stories],
            "subjects": [
                {"id": who.id, "name": visible(who.name), "post": visible(who.post), "daily": list(who.daily)}
                for who in digest.subjects
            ],
            "coverage": {
                "sources": digest.coverage.sources,
                "read": digest.coverage.read,
                "articles": digest.coverage.articles,
                "faults": [_fault(fault) for fault in digest.coverage.faults],
            },
            "notices": [visible(notice) for notice in digest.notices],
            "overflow": digest.overflow,
        },
    }


def encode(payload: Payload) -> str:
    """Write the payload as compact JSON in ASCII, so that the bytes that are signed survive any transport."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":"))

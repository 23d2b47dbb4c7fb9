"""Webhook payload: the types here are a published contract, from which its JSON Schema is generated.

Other people's programs read the payload. Therefore keys are only added, and a key keeps its name even if the name is
changed elsewhere in this program. Receivers must ignore unknown keys.
"""

import json
from datetime import UTC, datetime
from typing import Literal

from typing_extensions import TypedDict

from monitor.domain.codes import article_code
from monitor.domain.digest import Digest, DigestItem, DigestStory, SourceProblem
from monitor.text.sanitize import sanitize


class WindowData(TypedDict):
    """Reported period: articles first seen from ``start`` on, but before ``end`` (ISO 8601, UTC)."""

    start: str
    end: str


class PassageData(TypedDict):
    """Text that proves a hit: the characters from ``start`` to ``end`` of a region of the article.

    ``marks`` are the matched words, as offsets in the region. ``page`` is the page of a PDF document, else it is null.
    """

    text: str
    region: str
    start: int
    end: int
    marks: list[list[int]]
    page: int | None


class ChangeData(TypedDict):
    """One change of an article: its place, and the text before and after it.

    If ``before`` is empty, the text ``after`` was added. If ``after`` is empty, the text ``before`` was removed. If
    the place is ``notice``, the text is a statement by the outlet about the change.
    """

    place: Literal["headline", "passage", "notice"]
    before: str
    after: str


class TranslationData(TypedDict):
    """Machine translations of the headline and of each passage; a missing translation is empty."""

    language: str
    title: str
    passages: list[str]


class ItemData(TypedDict):
    """One article. ``source`` is the id in sources.yaml; ``note`` and ``changes`` state what changed.

    ``code`` is its id on the command line, such as a53.

    ``partial`` is the reason why only part of the article was read: "paywall", "teaser", "feed", "pages" (the first
    pages of a document) or "scripts" (the page shows its text with JavaScript only). Otherwise it is empty.
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
    kind: Literal["new", "update", "correction", "withdrawn", "followed"]
    note: str
    partial: str
    changes: list[ChangeData]
    code: str
    translation: TranslationData | None


class DuplicateData(TypedDict):
    """An article with the same text at another outlet."""

    article: int
    url: str
    title: str
    outlet: str
    language: str


class StoryData(TypedDict):
    """One event and the articles about it, the most prominent first."""

    id: str
    title: str
    officials: list[str]
    items: list[ItemData]
    also_in: list[DuplicateData]


class SourceProblemData(TypedDict):
    """A source that could not be read as expected."""

    source: str
    outlet: str
    state: str
    detail: str
    since: str | None
    remedy: str  # language: ok - key of the published payload


class CoverageData(TypedDict):
    """Coverage of the period: configured sources, sources that were read, new articles, and failing sources.

    ``quarantined`` is the number of articles in quarantine. ``merged`` counts entries that were listed twice, and
    ``dropped`` counts entries that were not stored.
    """

    sources: int
    read: int
    articles: int
    quarantined: int
    merged: int
    dropped: int
    faults: list[SourceProblemData]


class OfficialData(TypedDict):
    """An official in the digest. ``daily`` has the numbers of mentions per day over two weeks, oldest first."""

    id: str
    name: str
    post: str
    daily: list[int]


class DigestData(TypedDict):
    """The digest. ``overflow`` is the number of articles that are counted but not listed.

    ``top`` has the ids of the most important stories. ``operator`` is true if the digest is a report to the operator
    about problems of this program; such a report has no stories.
    """

    digest: str
    title: str
    window: WindowData
    late: bool
    stories: list[StoryData]
    subjects: list[OfficialData]
    coverage: CoverageData
    notices: list[str]
    overflow: int
    top: list[str]
    operator: bool


class Payload(TypedDict):
    """Body of a delivery.

    ``timestamp`` is the time at which the digest was composed, and is the same for every attempt.
    """

    type: Literal["digest"]
    timestamp: str
    data: DigestData


def format_utc(moment: datetime) -> str:
    """Format a time as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _build_item(item: DigestItem) -> ItemData:
    return {
        "article": item.article_id,
        "url": sanitize(item.url),
        "title": sanitize(item.title),
        "source": item.source_id,
        "outlet": sanitize(item.outlet),
        "language": item.language,
        "published": format_utc(item.published_at) if item.published_at else None,
        "first_seen": format_utc(item.first_seen_at),
        "rules": list(item.rule_ids),
        "officials": list(item.official_ids),
        "passages": [
            {
                "text": passage.text.encode(errors="replace").decode(),
                "region": passage.region.value,
                "start": passage.start,
                "end": passage.end,
                "marks": [list(span) for span in passage.highlights],
                "page": passage.page or None,
            }
            for passage in item.passages
        ],
        "kind": item.kind.value,
        "note": sanitize(item.note),
        "partial": item.partial_reason,
        "changes": [
            {"place": change.place.value, "before": sanitize(change.before), "after": sanitize(change.after)}
            for change in item.changes
        ],
        "code": article_code(item.article_id),
        "translation": _build_translation(item),
    }


def _build_translation(item: DigestItem) -> TranslationData | None:
    if not item.translation.texts:
        return None
    return {
        "language": item.translation.language,
        "title": sanitize(item.translation.get(item.title)),
        "passages": [sanitize(item.translation.get(passage.text)) for passage in item.passages],
    }


def _build_story(story: DigestStory) -> StoryData:
    return {
        "id": story.id,
        "title": sanitize(story.title),
        "officials": list(story.official_ids),
        "items": [_build_item(item) for item in story.items],
        "also_in": [
            {
                "article": copy.article_id,
                "url": sanitize(copy.url),
                "title": sanitize(copy.title),
                "outlet": sanitize(copy.outlet),
                "language": copy.language,
            }
            for copy in story.also_in
        ],
    }


def _build_source_problem(problem: SourceProblem) -> SourceProblemData:
    return {
        "source": problem.source_id,
        "outlet": sanitize(problem.outlet),
        "state": problem.state.value,
        "detail": sanitize(problem.detail),
        "since": format_utc(problem.since_at) if problem.since_at else None,
        "remedy": sanitize(problem.suggestion),
    }


def build_payload(digest: Digest) -> Payload:
    """Convert a digest to the payload: the data that a webhook receives."""
    return {
        "type": "digest",
        "timestamp": format_utc(digest.composed_at),
        "data": {
            "digest": digest.plan_id,
            "title": sanitize(digest.title),
            "window": {"start": format_utc(digest.window.start_at), "end": format_utc(digest.window.end_at)},
            "late": digest.is_overdue,
            "stories": [_build_story(story) for story in digest.stories],
            "subjects": [
                {
                    "id": official.id,
                    "name": sanitize(official.name),
                    "post": sanitize(official.position),
                    "daily": list(official.daily_mentions),
                }
                for official in digest.officials
            ],
            "coverage": {
                "sources": digest.coverage.source_count,
                "read": digest.coverage.read_count,
                "articles": digest.coverage.article_count,
                "quarantined": digest.coverage.quarantined_count,
                "merged": digest.coverage.merged_count,
                "dropped": digest.coverage.dropped_count,
                "faults": [_build_source_problem(problem) for problem in digest.coverage.problems],
            },
            "notices": [sanitize(notice) for notice in digest.notices],
            "overflow": digest.omitted_articles,
            "top": list(digest.top_story_ids),
            "operator": digest.is_for_operator,
        },
    }


def encode_payload(payload: Payload) -> str:
    """Encode the payload as compact ASCII JSON. The signature covers these bytes, and no transport changes ASCII."""
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":"))

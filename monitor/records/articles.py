"""JSON records of articles, of hits, and of what was found in an article."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from typing_extensions import TypedDict

from monitor.domain.article import StoredArticle
from monitor.domain.mention import Findings, Passage
from monitor.domain.read_models import HitSummary, NearMissSummary

ARTICLE_COLUMNS = (
    *("id", "source", "url", "canonical_url", "title", "published", "first_seen_at", "language", "story"),
    *("copy_of", "revisions", "outlet"),
)
HIT_COLUMNS = (
    *("id", "article", "rule", "officials", "found_at", "reported_at", "digest", "kind", "title", "url"),
    *("source", "outlet", "published", "language", "passage", "form", "confidence", "withdrawn_at"),
)


class ArticleRecord(TypedDict):
    """JSON record of an article, as in ``articles --json``.

    ``copy_of`` is the id of the article that had the same text before, or None. ``outlet`` is the name of the source,
    or its id if it has no name.
    """

    id: int
    source: str
    url: str
    canonical_url: str
    title: str
    published: datetime | None
    first_seen_at: datetime
    language: str
    story: str
    copy_of: int | None
    revisions: int
    outlet: str


class VersionChange(TypedDict):
    """JSON record of the difference between a version of an article and the next version.

    ``number`` is the number of the earlier version, counted from 0.
    """

    number: int
    replaced_at: datetime
    change: str
    summary: str
    difference: tuple[str, ...]


class MemberRecord(ArticleRecord):
    """JSON record of an article in a story, with the later edits of the article, as in ``stories show --json``."""

    changes: list[VersionChange]


class ArticleTextRecord(MemberRecord):
    """JSON record of an article with its text and its later edits, as in ``articles show --json``."""

    text: str


class HitRecord(TypedDict):
    """JSON record of a hit, with the digest that first reported it, as in ``hits --json``.

    - ``passage`` is the first passage of the hit. If the article is a PDF document, ``page`` is the page of this
      passage.
    - ``form`` and ``confidence`` belong to the mention with the highest confidence. If the article has no mention for
      the hit, ``form`` is empty and ``confidence`` is None.
    """

    id: int
    article: int
    rule: str
    officials: tuple[str, ...]
    found_at: datetime
    reported_at: datetime | None
    digest: str
    kind: str
    title: str
    url: str
    source: str
    outlet: str
    published: datetime | None
    language: str
    passage: str
    page: int | None
    form: str
    confidence: float | None
    withdrawn_at: datetime | None


class MentionRecord(TypedDict):
    """JSON record of a mention of an official. ``start`` and ``end`` are offsets in the text of the region."""

    official: str
    text: str
    region: str
    start: int
    end: int
    form: str
    confidence: float
    reason: str


class NearMissRecord(TypedDict):
    """JSON record of a near miss: a text that resembles an official's name but was not counted, with the reason."""

    official: str
    text: str
    region: str
    start: int
    end: int
    reason: str


class PassageRecord(TypedDict):
    """JSON record of a passage that proves a hit.

    ``highlights`` are offsets in the text of the region. ``page`` is the page of a PDF document, or None.
    """

    text: str
    region: str
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...]
    page: int | None


class RuleHitRecord(TypedDict):
    """JSON record of a rule that an article satisfies, with the officials and passages that prove it."""

    rule: str
    officials: tuple[str, ...]
    passages: list[PassageRecord]


class FindingsRecord(TypedDict):
    """JSON record of all mentions, hits and near misses in one article, as in ``match --json``."""

    id: str
    mentions: list[MentionRecord]
    hits: list[RuleHitRecord]
    near_misses: list[NearMissRecord]


class NearMissSummaryRecord(TypedDict):
    """JSON record of a spelling that resembles an official's name but was not counted, with the number of articles.

    This is shown by ``officials near-misses --json``. ``article`` is the id of the latest article with this spelling.
    """

    official: str
    text: str
    reason: str
    article_count: int
    article: int
    title: str
    url: str


def article_record(stored: StoredArticle, outlets: Mapping[str, str] = MappingProxyType({})) -> ArticleRecord:
    """Return the JSON record of an article. ``outlets`` maps the id of each source to its name."""
    return {
        "id": stored.id,
        "source": stored.source_id,
        "url": stored.article.url,
        "canonical_url": stored.article.canonical_url,
        "title": stored.article.title,
        "published": stored.article.published_at,
        "first_seen_at": stored.first_seen_at,
        "language": stored.article.language,
        "story": stored.story_id,
        "copy_of": stored.duplicate_of,
        "revisions": stored.version_count,
        "outlet": outlets.get(stored.source_id, stored.source_id),
    }


def member_record(stored: StoredArticle, changes: list[VersionChange]) -> MemberRecord:
    """Return the JSON record of an article in a story, with its edits."""
    return {**article_record(stored), "changes": changes}


def article_text_record(stored: StoredArticle, changes: list[VersionChange]) -> ArticleTextRecord:
    """Return the JSON record of an article with its text and its edits."""
    return {**member_record(stored, changes), "text": stored.article.body}


def hit_record(hit: HitSummary) -> HitRecord:
    """Return the JSON record of a hit: an article that satisfies a rule."""
    return {
        "id": hit.id,
        "article": hit.article_id,
        "rule": hit.rule_id,
        "officials": hit.official_ids,
        "found_at": hit.found_at,
        "reported_at": hit.reported_at,
        "digest": hit.plan_id,
        "kind": hit.kind,
        "title": hit.title,
        "url": hit.url,
        "source": hit.source_id,
        "outlet": hit.outlet,
        "published": hit.published_at,
        "language": hit.language,
        "passage": hit.passage,
        "page": hit.page or None,
        "form": hit.form,
        "confidence": hit.confidence,
        "withdrawn_at": hit.withdrawn_at,
    }


def passage_record(passage: Passage) -> PassageRecord:
    """Return the JSON record of a passage that proves a hit."""
    return {
        "text": passage.text,
        "region": passage.region,
        "start": passage.start,
        "end": passage.end,
        "highlights": passage.highlights,
        "page": passage.page or None,
    }


def findings_record(article_id: str, findings: Findings) -> FindingsRecord:
    """Return the JSON record of all mentions, hits and near misses (rejected mentions) in an article."""
    return {
        "id": article_id,
        "mentions": [
            {
                "official": one.official_id,
                "text": one.text,
                "region": one.region,
                "start": one.start,
                "end": one.end,
                "form": one.form,
                "confidence": one.confidence,
                "reason": one.reason,
            }
            for one in findings.mentions
        ],
        "hits": [
            {
                "rule": hit.rule_id,
                "officials": hit.official_ids,
                "passages": [passage_record(passage) for passage in hit.passages],
            }
            for hit in findings.hits
        ],
        "near_misses": [
            {
                "official": one.official_id,
                "text": one.text,
                "region": one.region,
                "start": one.start,
                "end": one.end,
                "reason": one.reason,
            }
            for one in findings.near_misses
        ],
    }


def near_miss_summary_record(near_miss: NearMissSummary) -> NearMissSummaryRecord:
    """Return the JSON record of a spelling that resembles an official's name but was not counted."""
    return {
        "official": near_miss.official_id,
        "text": near_miss.text,
        "reason": near_miss.reason,
        "article_count": near_miss.article_count,
        "article": near_miss.article_id,
        "title": near_miss.title,
        "url": near_miss.url,
    }

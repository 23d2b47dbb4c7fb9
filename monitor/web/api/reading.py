"""Endpoints of the API that only read data."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Query
from starlette.responses import Response
from typing_extensions import TypedDict

from monitor.digest.payload import build_payload
from monitor.domain.article import StoredArticle, Story
from monitor.domain.delivery import DeliveryState
from monitor.domain.digest import Digest, Window
from monitor.domain.errors import UsageError
from monitor.domain.read_models import ArticleFilter, Cursor, SourceStatus
from monitor.domain.values import replace
from monitor.insight.people import SPANS, load_lines, require_official
from monitor.insight.records import person_record, succession_record
from monitor.insight.search import parse_moment
from monitor.insight.timeline import build_bars, chart_days, count_by_day
from monitor.pipeline.search import SearchPart, SearchRequest, search_articles
from monitor.pipeline.status_report import find_problems, read_status_report, report_record, source_status_record
from monitor.records import articles as article_records
from monitor.records import people as people_records
from monitor.records.articles import (
    ARTICLE_COLUMNS,
    HIT_COLUMNS,
    ArticleRecord,
    ArticleTextRecord,
    HitRecord,
    NearMissSummaryRecord,
    VersionChange,
)
from monitor.records.digests import DeliveryRecord, DigestRecord, digest_record
from monitor.records.explanation import ExplanationRecord, explanation_record
from monitor.records.feedback import (
    ChangeRecord,
    MarkRecord,
    VerdictRecord,
    change_record,
    mark_record,
    verdict_record,
)
from monitor.records.people import (
    FormRecord,
    PersonRecord,
    SampleRecord,
    SearchResultRecord,
    SuccessionRecord,
    TimelineEntry,
)
from monitor.records.sources import SOURCE_COLUMNS, SourceRecord, source_record
from monitor.records.status import SourceStatusRecord, StatusRecord
from monitor.records.stories import StoryMembersRecord, StoryRecord, story_members_record, story_record
from monitor.records.versions import list_version_changes
from monitor.store.database import Database
from monitor.web.api.requests import (
    DEFAULT_LIMIT,
    MAX_LIMIT,
    ApiDependency,
    ApiRequest,
    RateLimiter,
    decode_cursor,
    decode_story_cursor,
    encode_cursor,
    encode_position,
)
from monitor.web.page import BadRequest, Number
from monitor.web.pages.digests import find_plan
from monitor.web.pages.people import load_successions
from monitor.web.pages.search import compile_text

router = APIRouter()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("UTC")
Name = Annotated[str, Path(max_length=100)]
Text = Annotated[str, Query(max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]


class ArticleList(TypedDict):
    """One page of a list of articles. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[ArticleRecord]
    next: str | None


class HitList(TypedDict):
    """One page of a list of hits. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[HitRecord]
    next: str | None


class StoryList(TypedDict):
    """One page of a list of stories. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[StoryRecord]
    next: str | None


class PersonList(TypedDict):
    """One page of a list of people. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[PersonRecord]
    next: str | None


class TimelineList(TypedDict):
    """Numbers of articles for consecutive days or weeks, oldest first."""

    items: list[TimelineEntry]
    next: str | None


class FormList(TypedDict):
    """Spellings of a person's name in articles, the most frequent first."""

    items: list[FormRecord]
    next: str | None


class NearMissList(TypedDict):
    """Near misses (texts that were rejected as the name of a person), the most frequent first."""

    items: list[NearMissSummaryRecord]
    next: str | None


class SuccessionList(TypedDict):
    """Successions (posts that may have changed hands), the newest first."""

    items: list[SuccessionRecord]
    next: str | None


class SearchList(TypedDict):
    """One page of search results.

    - ``next`` is the cursor of the next page, or null on the last page.
    - ``looked_at`` is the number of articles that the search has examined for this page.
    - ``counts`` has the numbers of articles by day, source, language and official.
    """

    items: list[SearchResultRecord]
    next: str | None
    looked_at: int
    counts: dict[str, dict[str, int]]


class SourceList(TypedDict):
    """One page of a list of sources. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[SourceRecord]
    next: str | None


class DigestList(TypedDict):
    """One page of a list of digests. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[DigestRecord]
    next: str | None


class DeliveryList(TypedDict):
    """One page of a list of deliveries. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[DeliveryRecord]
    next: str | None


class VersionList(TypedDict):
    """Edits of an article, oldest first."""

    items: list[VersionChange]
    next: str | None


class VerdictList(TypedDict):
    """Verdicts of readers on whether an official is meant in an article, newest first."""

    items: list[VerdictRecord]
    next: str | None


class MarkList(TypedDict):
    """Marks of a reader on stories, such as mute or follow, newest first."""

    items: list[MarkRecord]
    next: str | None


class ChangeList(TypedDict):
    """One page of a list of changes. ``next`` is the cursor of the next page, or null on the last page."""

    items: list[ChangeRecord]
    next: str | None


class ReaderRecord(TypedDict):
    """The reader that the access token belongs to, and the scopes of the token."""

    login: str
    name: str
    role: str
    scopes: list[str]


def _typed(model: object) -> dict[int | str, dict[str, Any]]:
    return {200: {"model": model}}


def parse_time(name: str, text: str, now: datetime, *, is_end: bool = False) -> datetime | None:
    """Return the time that the text of a parameter denotes, or None if the text is empty.

    The text is an ISO 8601 time, a date, or a duration such as 7d, which is counted back from now. ``name`` is the name
    of the parameter, for the error message. Raises ``BadRequest`` for any other text.
    """
    if "T" in text:
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise BadRequest(f"{name}: {text[:40]!r} is not an ISO 8601 time, a date, or a length such as 7d") from None
    try:
        return parse_moment(text, ZONE, now, is_end=is_end)
    except (UsageError, OverflowError) as error:
        raise BadRequest(f"{name}: {error}") from error


def make_filter(
    api: ApiRequest, limit: int, since: str = "", until: str = "", **fields: str
) -> tuple[ArticleFilter, str]:
    """Return a filter for articles, and a text that identifies the filter.

    Cursors contain a hash of this text, so that a cursor is accepted only with the same filter.
    """
    wanted = ArticleFilter(
        since_at=parse_time("since", since, api.now),
        until_at=parse_time("until", until, api.now, is_end=True),
        limit=limit + 1,
        source_id=fields.get("source_id", ""),
        official_id=fields.get("official_id", ""),
        rule_id=fields.get("rule_id", ""),
        story_id=fields.get("story_id", ""),
        language=fields.get("language", ""),
    )
    return wanted, repr((api.request.url.path, since, until, sorted(fields.items())))


@router.get("/status", responses=_typed(StatusRecord))
async def status(api: ApiDependency) -> Response:
    """Return the health of the program: its problems, with suggestions for fixing them."""

    def load() -> Mapping[str, Any]:
        report = read_status_report(api.context.database, api.now)
        return {**report_record(report), "problems": list(find_problems(report, ZONE))}

    return api.answer(redact_values(await api.read(load), api.context.redact))


@router.get("/articles", responses=_typed(ArticleList))
async def articles(  # noqa: PLR0913, PLR0917 - a parameter of the query string each
    api: ApiDependency,
    source: Text = "",
    official: Text = "",
    rule: Text = "",
    story: Text = "",
    language: Text = "",
    since: Text = "",
    until: Text = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Text = "",
) -> Response:
    """Return stored articles, newest first."""
    fields = {"source_id": source, "official_id": official, "rule_id": rule, "story_id": story, "language": language}
    wanted, key = make_filter(api, limit, since, until, **fields)
    wanted = replace(wanted, after=decode_cursor(cursor, key))
    found = await api.read(api.context.database.queries.list_articles, wanted)
    next_cursor = _next_cursor([Cursor(one.first_seen_at, one.id) for one in found], limit, key)
    outlets = {source.id: source.name for source in api.snapshot.configuration.sources}
    records = [article_records.article_record(one, outlets) for one in found[:limit]]
    return api.answer_list(records, next_cursor, ARTICLE_COLUMNS)


def _next_cursor(positions: Sequence[Cursor], limit: int, key: str) -> str | None:
    """Return the cursor of the next page, or None if this is the last page.

    A page has at most ``limit`` rows. ``positions`` are the positions of the rows that were read. One row more than
    ``limit`` was requested, so an extra row shows that another page follows.
    """
    return encode_cursor(positions[limit - 1], key) if len(positions) > limit else None


@router.get("/articles/{number}", responses=_typed(ArticleTextRecord))
async def article(api: ApiDependency, number: Number) -> Response:
    """Return an article with its text and its edits."""

    def load() -> ArticleTextRecord:
        stored = api.context.database.queries.get_article(number)
        return article_records.article_text_record(stored, _list_changes(api.context.database, stored))

    return api.answer(await api.read(load))


def _list_changes(database: Database, stored: StoredArticle) -> list[VersionChange]:
    versions = database.queries.list_versions(stored.id) if stored.version_count else []
    return list_version_changes(stored, versions)


@router.get("/articles/{number}/why", responses=_typed(ExplanationRecord))
async def why(api: ApiDependency, number: Number) -> Response:
    """Return the reasons why an article was reported or not.

    They are derived from its stored mentions, near misses (rejected mentions) and hits.
    """

    def load() -> ExplanationRecord:
        queries = api.context.database.queries
        stored = queries.get_article(number)
        rules = api.snapshot.configuration.watchlist.rules
        return explanation_record(stored, queries.get_findings(number), queries.list_article_hits(number), rules)

    return api.answer(await api.read(load))


@router.get("/articles/{number}/versions", responses=_typed(VersionList))
async def versions(api: ApiDependency, number: Number) -> Response:
    """Return the edits of an article since it was first read."""

    def load() -> list[VersionChange]:
        return _list_changes(api.context.database, api.context.database.queries.get_article(number))

    return api.answer_list(await api.read(load), None)


@router.get("/hits", responses=_typed(HitList))
async def hits(  # noqa: PLR0913, PLR0917 - as above
    api: ApiDependency,
    rule: Text = "",
    official: Text = "",
    source: Text = "",
    since: Text = "",
    until: Text = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Text = "",
) -> Response:
    """Return the hits of the rules, newest first."""
    fields = {"rule_id": rule, "official_id": official, "source_id": source}
    wanted, key = make_filter(api, limit, since, until, **fields)
    found = await api.read(api.context.database.queries.list_hits, replace(wanted, after=decode_cursor(cursor, key)))
    next_cursor = _next_cursor([Cursor(one.found_at, one.id) for one in found], limit, key)
    return api.answer_list([article_records.hit_record(one) for one in found[:limit]], next_cursor, HIT_COLUMNS)


@router.get("/stories", responses=_typed(StoryList))
async def stories(
    api: ApiDependency, official: Text = "", since: Text = "", limit: Limit = DEFAULT_LIMIT, cursor: Text = ""
) -> Response:
    """Return stories; the story with the latest report is first."""
    wanted, key = make_filter(api, limit, since, official_id=official)
    position, database = decode_story_cursor(cursor, key), api.context.database

    def load() -> tuple[list[Story], str | None]:
        lines = database.desk.list_stories(limit + 1, wanted.since_at, position, official)
        found = database.stories.load_stories([line.id for line in lines[:limit]])
        last = lines[limit - 1] if len(lines) > limit else None
        return found, encode_position(last.last_seen_at, last.id, key) if last else None

    found, next_cursor = await api.read(load)
    return api.answer_list([story_record(one) for one in found], next_cursor)


@router.get("/stories/{story_id}", responses=_typed(StoryMembersRecord))
async def story(api: ApiDependency, story_id: Name) -> Response:
    """Return a story with its articles, at most the last ``MAX_LIMIT``.

    For the id of a story that was merged into another one, return the other story.
    """
    database = api.context.database

    def load() -> StoryMembersRecord:
        found = database.stories.get_story(story_id)
        members = database.queries.load_articles(found.article_ids[-MAX_LIMIT:])
        records = [article_records.member_record(one, _list_changes(database, one)) for one in members]
        return story_members_record(found, records)

    return api.answer(await api.read(load))


@router.get("/people", responses=_typed(PersonList))
async def people(api: ApiDependency, country: Text = "", limit: Limit = DEFAULT_LIMIT, cursor: Text = "") -> Response:
    """Return the watched people, sorted by id."""
    key = repr(("people", country))
    position = decode_cursor(cursor, key)
    chosen = sorted(
        (one for one in api.snapshot.officials.values() if country in {"", one.country}), key=lambda o: o.id
    )
    start = position.id if position else 0
    page = chosen[start : start + limit]
    lines = await api.read(load_lines, api.context.database, page, api.now, ZONE)
    records = [person_record(one) for one in lines]
    has_more = start + limit < len(chosen)
    return api.answer_list(records, encode_cursor(Cursor(EPOCH, start + limit), key) if has_more else None)


def _require_official(api: ApiRequest, official_id: str) -> None:
    if official_id not in api.snapshot.officials:
        raise UsageError(f"there is no official {official_id!r}")


@router.get("/people/{official_id}", responses=_typed(PersonRecord))
async def person(api: ApiDependency, official_id: Name) -> Response:
    """Return a watched person."""
    official = require_official(api.snapshot.officials, official_id)
    (line,) = await api.read(load_lines, api.context.database, [official], api.now, ZONE)
    return api.answer(person_record(line))


@router.get("/people/{official_id}/timeline", responses=_typed(TimelineList))
async def timeline(
    api: ApiDependency,
    official_id: Name,
    span: Annotated[str, Query(pattern="^(7d|30d|90d|2y)$")] = "30d",
    by: Annotated[str, Query(pattern="^(day|week)$")] = "day",
) -> Response:
    """Return the number of articles that name a person, by day or week in UTC."""
    _require_official(api, official_id)
    days = chart_days(api.now, ZONE, SPANS[span])
    hours = await api.read(api.context.database.desk.list_official_hours, official_id, days[0])
    bars = build_bars(count_by_day(hours, ZONE), days, ZONE, by)
    return api.answer_list([{"start": bar.start, "end": bar.end, "articles": bar.count} for bar in bars], None)


@router.get("/people/{official_id}/named-with", responses=_typed(SampleRecord))
async def named_with(
    api: ApiDependency, official_id: Name, span: Annotated[str, Query(pattern="^(7d|30d|90d|2y)$")] = "30d"
) -> Response:
    """Return the outlets, languages and other people that occur in the newest articles about a person."""
    _require_official(api, official_id)
    since_at = chart_days(api.now, ZONE, SPANS[span])[0]
    sample = await api.read(api.context.database.desk.load_official_sample, official_id, since_at)
    names = api.snapshot.name_official
    return api.answer(
        {
            "articles": sample.size,
            "since": sample.since_at,
            "outlets": people_records.count_records(sample.outlets),
            "languages": people_records.count_records(sample.languages),
            "named_with": [{"id": one.id, "name": names(one.id), "articles": one.count} for one in sample.named_with],
        }
    )


@router.get("/people/{official_id}/forms", responses=_typed(FormList))
async def forms(api: ApiDependency, official_id: Name) -> Response:
    """Return the spellings by which articles name a person."""
    _require_official(api, official_id)
    found = await api.read(api.context.database.desk.list_name_forms, official_id)
    return api.answer_list([people_records.form_record(one) for one in found], None)


@router.get("/people/{official_id}/near-misses", responses=_typed(NearMissList))
async def near_misses(api: ApiDependency, official_id: Name, since: Text = "7d") -> Response:
    """Return the texts that were rejected as the name of a person, with the reason."""
    _require_official(api, official_id)
    window = Window(parse_time("since", since, api.now) or api.now, api.now)
    found = await api.read(api.context.database.digests.list_near_misses, [official_id], window, MAX_LIMIT)
    return api.answer_list([article_records.near_miss_summary_record(one) for one in found], None)


@router.get("/successions", responses=_typed(SuccessionList))
async def successions(
    api: ApiDependency, official: Text = "", span: Annotated[str, Query(pattern="^(7d|30d|90d|2y)$")] = "30d"
) -> Response:
    """Return the posts of watched people that have changed hands according to at least two outlets."""
    period = timedelta(days=SPANS[span])
    found = await api.read(load_successions, api.context.database, api.snapshot, api.now, period, official)
    return api.answer_list([succession_record(one) for one in found[:MAX_LIMIT]], None)


@router.get("/search", responses=_typed(SearchList))
async def search(  # noqa: PLR0913, PLR0917 - as above
    api: ApiDependency,
    q: Text = "",
    source: Text = "",
    official: Text = "",
    rule: Text = "",
    language: Text = "",
    since: Text = "",
    until: Text = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Text = "",
) -> Response:
    """Return the stored articles that satisfy a query and a filter, newest first.

    The query has the same syntax as the query of a rule. A JSON response also has the numbers of articles by day,
    source, language and official.
    """
    limiter: RateLimiter = api.request.app.state.search_limiter
    limiter.count(api.identity.token_id or f"reader {api.identity.account.id}")
    fields = {"source_id": source, "official_id": official, "rule_id": rule, "language": language}
    wanted, key = make_filter(api, limit - 1, since, until, **fields)
    key = repr((key, q))
    position = decode_cursor(cursor, key)
    query, fault = compile_text(q.strip(), api.snapshot)
    if fault:
        raise BadRequest(f"q: at character {len(fault.before) + 1}: {fault.message}")
    request = SearchRequest(query, wanted, ZONE, position.id if position else None)
    part = await api.read(search_articles, api.context.database, request)
    next_cursor = encode_cursor(Cursor(EPOCH, part.next_id), key) if part.next_id else None
    records = list_results(part)
    if "json" not in api.request.headers.get("accept", "json") and "*" not in api.request.headers.get("accept", "*"):
        return api.answer_list(records, next_cursor)
    counts = {
        "day": dict(part.counts.days),
        "source": dict(part.counts.sources),
        "language": dict(part.counts.languages),
        "official": dict(part.counts.officials),
    }
    return api.answer({"items": records, "next": next_cursor, "looked_at": part.looked_at, "counts": counts})


def list_results(part: SearchPart) -> list[SearchResultRecord]:
    """Return the results of a search as JSON records."""
    return [
        {
            "article": one.line.id,
            "title": one.line.title,
            "url": one.line.url,
            "source": one.line.source_id,
            "outlet": one.line.outlet,
            "language": one.line.language,
            "published": one.line.published_at,
            "first_seen_at": one.line.first_seen_at,
            "story": one.line.story_id,
            "officials": one.official_ids,
            "passages": [article_records.passage_record(passage) for passage in one.passages],
        }
        for one in part.found
    ]


@router.get("/sources", responses=_typed(SourceList))
async def sources(api: ApiDependency, limit: Limit = DEFAULT_LIMIT, cursor: Text = "") -> Response:
    """Return the configured sources with their states, sorted by id."""
    position = decode_cursor(cursor, "sources")
    chosen = sorted(api.snapshot.configuration.sources, key=lambda one: one.id)
    start = position.id if position else 0
    page = chosen[start : start + limit]
    statuses = await api.read(api.context.database.queries.load_source_statuses, [one.id for one in page])
    backfills = await api.read(api.context.database.key_values.list_backfills)
    next_cursor = encode_cursor(Cursor(EPOCH, start + limit), "sources") if start + limit < len(chosen) else None
    records = [_redacted(api, source_record(one, statuses.get(one.id), backfills.get(one.id))) for one in page]
    return api.answer_list(records, next_cursor, SOURCE_COLUMNS)


def redact_values(value: Any, redact: Callable[[str], str]) -> Any:
    """Return a JSON value in which ``redact`` has replaced the secrets in all texts."""
    if isinstance(value, str):
        return redact(str(value))
    if isinstance(value, Mapping):
        return {key: redact_values(item, redact) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_values(item, redact) for item in value]
    return value


def _redacted(api: ApiRequest, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON record in which the secrets in all texts are replaced by asterisks."""
    redacted: dict[str, Any] = redact_values(record, api.context.redact)
    return redacted


@router.get("/sources/{source_id}", responses=_typed(SourceStatusRecord))
async def source(api: ApiDependency, source_id: Name) -> Response:
    """Return the state of a source, in the form of the status report."""
    line = await api.read(api.context.database.desk.get_source, source_id)
    backfill = await api.read(api.context.database.key_values.get_backfill, source_id)
    record = source_status_record(SourceStatus(line.poll_state, line.name, line.article_count), backfill)
    return api.answer(_redacted(api, record))


@router.get("/digests", responses=_typed(DigestList))
async def digests(api: ApiDependency, name: Text = "", limit: Limit = DEFAULT_LIMIT, cursor: Text = "") -> Response:
    """Return the digests that were sent, newest first."""
    key = repr(("digests", name))
    position = decode_cursor(cursor, key)
    before_id = position.id if position else None

    def load() -> Sequence[Any]:
        return api.context.database.deliveries.list_digests(
            name, limit + 1, with_deliveries_only=True, before_id=before_id
        )

    found = await api.read(load)
    next_cursor = encode_cursor(Cursor(EPOCH, found[limit - 1].id), key) if len(found) > limit else None
    return api.answer_list([digest_record(one) for one in found[:limit]], next_cursor)


@router.get("/digests/next/{name}")
async def next_digest(api: ApiDependency, name: Name) -> Response:
    """Return the digest that would be sent now, in the JSON format of webhooks. Nothing is stored."""
    plan = find_plan(api.snapshot.configuration.digests, name)
    composed: tuple[Digest, Any] = await api.request.app.state.composer.preview(plan, api.snapshot.configuration)
    return api.answer(redact_values(build_payload(composed[0]), api.context.redact))


@router.get("/digests/{number}")
async def digest(api: ApiDependency, number: Number) -> Response:
    """Return a digest in the JSON format of webhooks."""
    found = await api.read(api.context.database.deliveries.get_digest, number)
    return api.answer(redact_values(build_payload(found), api.context.redact))


@router.get("/deliveries", responses=_typed(DeliveryList))
async def deliveries(
    api: ApiDependency,
    state: Annotated[str, Query(pattern="^(pending|sent|rejected|failed|cancelled)?$")] = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Text = "",
) -> Response:
    """Return deliveries, newest first."""
    key = repr(("deliveries", state))
    position = decode_cursor(cursor, key)
    states = (DeliveryState(state),) if state else ()

    def load() -> Sequence[Any]:
        before_id = position.id if position else None
        return api.context.database.desk.list_deliveries(limit + 1, states=states, before_id=before_id)

    found = await api.read(load)
    next_cursor = encode_cursor(Cursor(EPOCH, found[limit - 1].id), key) if len(found) > limit else None
    records = [
        {
            "id": one.id,
            "digest": one.plan_id,
            "channel": one.channel_id,
            "target": one.target,
            "state": one.state,
            "attempts": one.attempts,
            "next_attempt_at": one.next_attempt_at,
            "last_error": one.last_error,
            "message_id": one.key,
        }
        for one in found[:limit]
    ]
    return api.answer_list([_redacted(api, record) for record in records], next_cursor)


@router.get("/verdicts", responses=_typed(VerdictList))
async def verdicts(api: ApiDependency, official: Text = "", limit: Limit = DEFAULT_LIMIT) -> Response:
    """Return the newest verdicts, including undone ones."""

    def load() -> list[VerdictRecord]:
        store = api.context.database.feedback
        found = store.list_verdicts(official_id=official, limit=limit, with_undone=True)
        return [verdict_record(one) for one in found]

    return api.answer_list(await api.read(load), None)


@router.get("/marks", responses=_typed(MarkList))
async def marks(api: ApiDependency) -> Response:
    """Return the marks (such as mute or follow) that the reader has set on stories and that are still in effect."""
    found = await api.read(api.context.database.feedback.list_marks, None, api.identity.account.id)
    return api.answer_list([mark_record(one) for one in found], None)


@router.get("/changes", responses=_typed(ChangeList))
async def changes(api: ApiDependency, limit: Limit = DEFAULT_LIMIT, cursor: Text = "") -> Response:
    """Return all changes by readers, newest first."""
    position = decode_cursor(cursor, "changes")
    before_id = position.id if position else None
    store = api.context.database.feedback

    def load() -> tuple[list[ChangeRecord], str | None]:
        found = store.list_changes(limit + 1, before_id)
        next_cursor = encode_cursor(Cursor(EPOCH, found[limit - 1].id), "changes") if len(found) > limit else None
        verdicts = {one.id: one for one in store.get_verdicts(change.verdict_id for change in found[:limit])}
        return [change_record(one, verdicts.get(one.verdict_id or 0)) for one in found[:limit]], next_cursor

    return api.answer_list(*await api.read(load))


@router.get("/me", responses=_typed(ReaderRecord))
async def me(api: ApiDependency) -> Response:
    """Return the reader that the access token belongs to, and the scopes of the token."""
    account = api.identity.account
    scopes = sorted(scope.value for scope in api.identity.scopes)
    return api.answer({"login": account.login, "name": account.name, "role": account.role, "scopes": scopes})

"""Digest composition: turns hits into a digest with one item per article and one entry per story.

Stories are sorted by official and prominence. A mention in the headline is the most prominent. A mention in the opening
is more prominent than one in the rest of the text.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import IntEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.domain.article import Article, Region
from monitor.domain.digest import (
    Coverage,
    Digest,
    DigestItem,
    DigestPlan,
    DigestStory,
    DuplicateItem,
    OfficialSummary,
    ReportableHit,
    Window,
)
from monitor.domain.mention import HitKind, Passage
from monitor.domain.values import replace
from monitor.domain.watchlist import Official

MAX_OPENING_CHARS = 300  # number of characters of a text's opening if its first paragraph is longer


class Prominence(IntEnum):
    """Prominence of a mention, by its position in an article. A higher value means more prominent."""

    BODY = 1
    OPENING = 2
    HEADLINE = 3


def rank_offset(article: Article, region: Region, start: int) -> Prominence:
    """Return the prominence of a position in an article, given as a region and an offset in it.

    A dateline or caption is as prominent as the rest of the body.
    """
    if region is Region.TITLE:
        return Prominence.HEADLINE
    if region is Region.STANDFIRST:
        return Prominence.OPENING
    opening = article.body.find("\n")
    if region is Region.BODY and start < (opening if 0 < opening < MAX_OPENING_CHARS else MAX_OPENING_CHARS):
        return Prominence.OPENING
    return Prominence.BODY


def rank_officials(records: Iterable[ReportableHit]) -> dict[str, tuple[Prominence, int]]:
    """Return a dictionary that maps each official in the hits of one article to a sort key.

    A more prominent official has a larger key. The key belongs to the official's most prominent mention. It is a pair:
    the prominence of the mention, and its negated offset, so that an earlier mention has a larger key. If an official
    has no stored mention, the passages of the hit are used instead.
    """
    best: dict[str, tuple[Prominence, int]] = {}
    for record in records:
        named = {mention.official_id for mention in record.mentions}
        places = [(m.official_id, m.region, m.start) for m in record.mentions if m.official_id in record.official_ids]
        places += [(o, p.region, p.start) for o in record.official_ids if o not in named for p in record.passages]
        for official, region, start in places:
            found = rank_offset(record.article, region, start), -start
            best[official] = max(found, best.get(official, found))
        for official in record.official_ids:
            best.setdefault(official, (Prominence.BODY, 0))
    return best


def rank_article(records: Iterable[ReportableHit]) -> Prominence:
    """Return the prominence of the most prominent passage in the hits of an article.

    The passage need not mention an official.
    """
    ranks = [
        rank_offset(record.article, passage.region, passage.start) for record in records for passage in record.passages
    ]
    return max(ranks, default=Prominence.BODY)


# Lowest first. NEW is above UPDATE, because an update of an article that was never reported is new to the reader.
KIND_PRECEDENCE = (HitKind.FOLLOWED, HitKind.UPDATE, HitKind.NEW, HitKind.CORRECTION, HitKind.WITHDRAWN)
MAX_RETITLED = 5  # maximum number of headlines of texts reported before; with more, the news would be too far down
MAX_POSITIONS_SHOWN = 2
MAX_TOP_STORIES = 5
READING_ORDER = (Region.TITLE, Region.STANDFIRST, Region.BODY, Region.CAPTION, Region.DATELINE)


class _DigestArticle(Struct, frozen=True):
    """An article of the digest, with its prominence and the sort key of each official in it.

    ``duplicate_of`` is the id of the original if the article is a duplicate, or None. ``is_from_agency`` is true if the
    outlet of the article is the news agency that the text names as its origin.
    """

    item: DigestItem
    is_from_agency: bool
    is_repost: bool
    story_id: str
    duplicate_of: int | None
    prominence: Prominence
    official_ranks: Mapping[str, tuple[Prominence, int]]


class _RankedStory(Struct, frozen=True):
    """A story with its sort key: prominence, then number of outlets, then the time of its newest article."""

    story: DigestStory
    sort_key: tuple[int, int, datetime]
    article_count: int


def merge_passages(hits: Iterable[tuple[Sequence[str], Sequence[Passage]]]) -> tuple[Passage, ...]:
    """Merge the passages of the hits of several rules: each passage is kept once, with the matched words of all rules.

    Each hit is a pair: the ids of the officials that it names, and its passages. Passages that name officials come
    first, in reading order. The remaining passages follow, also in reading order.
    """
    merged: dict[tuple[str, int, int], Passage] = {}
    for _official_ids, passages in sorted(hits, key=lambda hit: not hit[0]):
        for passage in sorted(passages, key=_reading_order):
            position = (passage.region.value, passage.start, passage.end)
            marks = {*passage.highlights, *(merged[position].highlights if position in merged else ())}
            merged[position] = replace(passage, highlights=tuple(sorted(marks)))
    kept = [
        passage
        for passage in merged.values()
        if not any(
            other is not passage
            and other.region is passage.region
            and other.start <= passage.start
            and passage.end <= other.end
            and set(passage.highlights) <= set(other.highlights)
            for other in merged.values()
        )
    ]
    return tuple(kept)


def _reading_order(passage: Passage) -> tuple[int, int]:
    return READING_ORDER.index(passage.region), passage.start


def _build_digest_article(records: Sequence[ReportableHit]) -> _DigestArticle:
    """Combine all hits in one article into one article of the digest."""
    first = records[0]
    ranks = rank_officials(records)
    most_serious = max((record.kind for record in records), key=KIND_PRECEDENCE.index)
    item = DigestItem(
        article_id=first.article_id,
        url=first.article.canonical_url or first.article.url,
        title=first.article.title,
        source_id=first.source_id,
        outlet=_describe_outlet(first),
        published_at=first.article.published_at,
        first_seen_at=first.first_seen_at,
        language=first.article.language,
        rule_ids=tuple(dict.fromkeys(record.rule_id for record in records if record.rule_id)),
        official_ids=tuple(sorted(ranks, key=lambda official: ranks[official], reverse=True)),
        passages=merge_passages((record.official_ids, record.passages) for record in records),
        kind=most_serious,
        note=next((record.note for record in records if record.kind is most_serious and record.note), ""),
        partial_reason=first.article.partial_reason,
        changes=next((record.changes for record in records if record.kind is most_serious and record.changes), ()),
    )
    best = max((found for found, _ in ranks.values()), default=rank_article(records))
    is_from_agency = bool(first.article.agency) and first.article.agency.casefold() in first.outlet.casefold()
    is_repost = bool(first.article.repost_author)
    return _DigestArticle(item, is_from_agency, is_repost, first.story_id, first.duplicate_of, best, ranks)


def _describe_outlet(hit: ReportableHit) -> str:
    """Return the name of a hit's outlet. If the article is a repost, also name the writer of the original post."""
    outlet, author = hit.outlet or hit.source_id, hit.article.repost_author
    return f"{outlet}, repost of {author}" if author else outlet


def _split_duplicates(reports: Sequence[_DigestArticle]) -> tuple[list[_DigestArticle], dict[int, list[DuplicateItem]]]:
    """Separate the articles to show from their duplicates, which have the same text.

    Return a list of the articles to show, and a dictionary that maps the id of a shown article to its duplicates. Of
    several articles with the same text, the article of the agency itself is shown. If there is none, the article that
    was seen first is shown; a repost is shown only if all of them are reposts. The publication date is not used,
    because a feed can state any date. A duplicate is also returned among the articles to show if it was changed, or if
    it names an official that the shown article does not name.
    """
    kept: dict[int, _DigestArticle] = {}
    duplicates: dict[int, list[DuplicateItem]] = defaultdict(list)
    separate: list[_DigestArticle] = []
    for report in sorted(reports, key=_lead_order):
        key = report.duplicate_of or report.item.article_id
        known = kept.get(key)
        if known is None:
            kept[key] = report
        elif report.item.kind is HitKind.NEW and set(report.item.official_ids) <= set(known.item.official_ids):
            item = report.item
            duplicates[known.item.article_id].append(
                DuplicateItem(item.article_id, item.url, item.title, item.outlet, item.language)
            )
        else:
            separate.append(report)
    return [*kept.values(), *separate], duplicates


def _lead_order(report: _DigestArticle) -> tuple[bool, bool, datetime, bool, int]:
    """Return a sort key for articles with the same text. The article with the smallest key is shown in the digest."""
    item = report.item
    seen = (item.first_seen_at, report.duplicate_of is not None, item.article_id)
    return (not report.is_from_agency, report.is_repost, *seen)


def _rank_story_officials(members: Iterable[_DigestArticle]) -> tuple[str, ...]:
    """Return the officials of a story, the most prominent first.

    An official's prominence is added up over all articles. If two sums are equal, the most prominent mention decides.
    """
    sums: dict[str, int] = defaultdict(int)
    best: dict[str, tuple[Prominence, int]] = {}
    for member in members:
        for official, found in member.official_ranks.items():
            sums[official] += found[0]
            best[official] = max(found, best.get(official, found))
    return tuple(sorted(best, key=lambda official: (sums[official], best[official]), reverse=True))


def _rank_stories(
    reports: Sequence[_DigestArticle], duplicates: Mapping[int, Sequence[DuplicateItem]]
) -> list[_RankedStory]:
    """Group articles into stories, and sort the stories, the most prominent first."""
    stories: dict[str, list[_DigestArticle]] = defaultdict(list)
    for report in reports:
        stories[report.story_id or f"article-{report.item.article_id}"].append(report)
    entries = []
    for story_id, members in stories.items():
        ordered = _rank_story_officials(members)
        members.sort(
            key=lambda report: (
                -(report.official_ranks[ordered[0]][0] if ordered and ordered[0] in report.official_ranks else 0),
                -report.prominence,
                report.item.first_seen_at,
                report.item.article_id,
            )
        )
        items = tuple(member.item for member in members)
        also_in = tuple(copy for item in items for copy in duplicates.get(item.article_id, ()))
        outlets = {item.outlet for item in items} | {copy.outlet for copy in also_in}
        sort_key = (
            max(member.prominence for member in members),
            len(outlets),
            max(item.first_seen_at for item in items),
        )
        story = DigestStory(story_id, items[0].title, ordered, items, also_in)
        entries.append(_RankedStory(story, sort_key, len(items) + len(also_in)))
    return sorted(entries, key=lambda entry: entry.sort_key, reverse=True)


def _cut_to_limit(
    entries: Sequence[_RankedStory], max_items: int
) -> tuple[list[_RankedStory], list[_RankedStory], int]:
    """Limit a digest to ``max_items`` articles.

    Return the stories that are shown, the stories that are left out, and the number of articles that are not shown. The
    last story that is shown may have lost some of its articles.
    """
    shown: list[_RankedStory] = []
    left_out: list[_RankedStory] = []
    remaining, hidden = max(max_items, 1), 0
    for entry in entries:
        items = entry.story.items
        if remaining <= 0:
            left_out.append(entry)
            hidden += entry.article_count
            continue
        if len(items) > remaining:
            hidden += len(items) - remaining
        shown.append(replace(entry, story=replace(entry.story, items=items[:remaining])))
        remaining -= len(items)
    return shown, left_out, hidden


def _choose_section_key(story: DigestStory) -> str:
    """Return the key of a story's section: the story's most prominent official, or its rule if it names no official."""
    return story.official_ids[0] if story.official_ids else f"rule:{story.leading_rule}"


def _format_positions(official: Official, on_date: date) -> str:
    """Return the positions that an official held on a date, separated by commas."""
    held = [
        role.title
        for role in official.roles
        if (role.from_on is None or role.from_on <= on_date) and (role.until_on is None or on_date < role.until_on)
    ]
    return ", ".join(held[:MAX_POSITIONS_SHOWN])


def _build_subjects(
    stories: Sequence[DigestStory],
    officials: Sequence[Official],
    daily: Mapping[str, tuple[int, ...]],
    plan: DigestPlan,
    now: datetime,
) -> tuple[OfficialSummary, ...]:
    """Return a summary of each official in the digest, in the order in which its stories name them.

    ``officials`` are the ones that the digest plan watches. If the digest has no stories, all of them are summarized.
    ``daily`` maps the id of each official to the numbers of mentions per day.
    """
    known = {official.id: official for official in officials}
    official_ids = dict.fromkeys(official for story in stories for official in story.official_ids)
    zone = ZoneInfo(plan.timezone)
    subjects = []
    for official_id in official_ids if stories else known:
        reported = [item for story in stories for item in story.items if official_id in item.official_ids]
        latest = max((item.published_at or item.first_seen_at for item in reported), default=now)
        official = known.get(official_id, Official(official_id, official_id))
        position = _format_positions(official, latest.astimezone(zone).date())
        subjects.append(OfficialSummary(official_id, official.name, position, tuple(daily.get(official_id, ()))))
    return tuple(subjects)


def _is_repeated_hit(record: ReportableHit) -> bool:
    return record.is_original_reported and record.kind is HitKind.NEW


def _format_repeated_notices(records: Sequence[ReportableHit]) -> tuple[str, ...]:
    """Return notices about articles whose text an earlier digest has already reported.

    The first notice names the outlets. Each further notice gives a new headline under which such a text appeared.
    """
    if not records:
        return ()
    retitled = [
        record
        for record in records
        if record.original_title and record.article.title.casefold() != record.original_title.casefold()
    ]
    headlines = [
        f"{one.outlet or one.source_id}: {one.article.title} ({one.article.canonical_url or one.article.url})"
        for one in retitled[:MAX_RETITLED]
    ]
    outlets = list(dict.fromkeys(record.outlet or record.source_id for record in records))
    more = f" and {len(outlets) - 8} more" if len(outlets) > 8 else ""
    texts = (
        "A text reported before was"
        if len(records) == 1
        else f"{len(records)} duplicates of texts reported before were"
    )
    return (
        f"{texts} also carried by {', '.join(outlets[:8])}{more}.",
        *(f"Reported before, now under another headline: {headline}" for headline in headlines),
    )


def _format_overflow_notices(
    hidden_stories: Sequence[_RankedStory], hidden_articles: int, officials: Sequence[Official]
) -> tuple[str, ...]:
    """Return one notice with the numbers of articles that exceed the digest's limit, by official or rule.

    If no article exceeds the limit, no notice is returned.
    """
    if not hidden_articles:
        return ()
    names = {official.id: official.name for official in officials}
    counts: Counter[str] = Counter()
    for entry in hidden_stories:
        lead = entry.story.official_ids[0] if entry.story.official_ids else entry.story.leading_rule
        counts[names.get(lead, lead)] += entry.article_count
    parts = ", ".join(f"{name} {count}" for name, count in counts.most_common(12))
    reported = f": {parts}" if parts else ""
    return (f"{hidden_articles} more articles are counted here and not shown{reported}.",)


def compose_digest(  # noqa: PLR0913, PLR0917 - a digest needs all of these, and a class for them would have no other use
    plan: DigestPlan,
    window: Window,
    hits: Sequence[ReportableHit],
    coverage: Coverage,
    officials: Sequence[Official],
    daily_mentions: Mapping[str, tuple[int, ...]],
    now: datetime,
    is_overdue: bool,
    notices: Sequence[str] = (),
) -> Digest:
    """Compose the digest of a period (``window``) from its undelivered hits.

    No hit is lost. The article of each hit is shown, or listed below the article that it duplicates, or, if the digest
    is full, counted in a notice. An article whose text was already reported in an earlier digest, as another article,
    is only mentioned in a notice. ``daily_mentions`` maps the id of each official to the numbers of mentions per day,
    oldest first. ``officials`` are the officials that the digest plan watches.
    """
    articles: dict[int, list[ReportableHit]] = defaultdict(list)
    for hit in hits:
        articles[hit.article_id].append(hit)
    repeats = [number for number, records in articles.items() if all(_is_repeated_hit(record) for record in records)]
    repeated = [articles.pop(number)[0] for number in repeats]
    digest_articles, duplicates = _split_duplicates([_build_digest_article(records) for records in articles.values()])
    shown, left_out, hidden = _cut_to_limit(_rank_stories(digest_articles, duplicates), plan.max_articles)
    sections: dict[str, list[DigestStory]] = defaultdict(list)
    for entry in shown:
        sections[_choose_section_key(entry.story)].append(entry.story)
    stories = tuple(story for section in sections.values() for story in section)
    return Digest(
        plan_id=plan.id,
        title=plan.title or plan.id.replace("-", " ").capitalize(),
        window=window,
        composed_at=now,
        timezone=plan.timezone,
        is_overdue=is_overdue,
        stories=stories,
        officials=_build_subjects(stories, officials, daily_mentions, plan, now),
        coverage=coverage,
        notices=(*notices, *_format_repeated_notices(repeated), *_format_overflow_notices(left_out, hidden, officials)),
        omitted_articles=hidden,
        top_story_ids=tuple(entry.story.id for entry in shown[:MAX_TOP_STORIES]),
    )

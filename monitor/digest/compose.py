"""From untold hits to a digest: one item an article, one entry a story, by official, the most prominent first."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitor.digest.prominence import Rank, height, standing
from monitor.domain.digest import (
    Coverage,
    Digest,
    DigestPlan,
    DigestStory,
    Elsewhere,
    HitRecord,
    Item,
    Kind,
    Subject,
    Window,
)
from monitor.domain.mention import Passage
from monitor.domain.official import Official

GRAVITY = (Kind.UPDATE, Kind.NEW, Kind.CORRECTION, Kind.WITHDRAWN)  # an update of what was never told is simply new
POSTS = 2


@dataclass(frozen=True, slots=True)
class _Report:
    """One article with its standing; ``original`` is the article it repeats, if any."""

    item: Item
    story_id: str
    original: int | None
    height: Rank
    standing: Mapping[str, tuple[Rank, int]]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A story with its weight: a headline first, then how many outlets carry it, then the newest."""

    story: DigestStory
    weight: tuple[int, int, datetime]
    articles: int


def _merged_passages(records: Iterable[HitRecord]) -> tuple[Passage, ...]:
    """Join the passages of several rules: each stretch of text once with the marks of all, officials before queries."""
    merged: dict[tuple[str, int, int], Passage] = {}
    for record in sorted(records, key=lambda record: not record.officials):
        for passage in sorted(record.passages, key=lambda passage: passage.start):
            place = (passage.region.value, passage.start, passage.end)
            marks = {*passage.marks, *(merged[place].marks if place in merged else ())}
            merged[place] = replace(passage, marks=tuple(sorted(marks)))
    kept = [
        passage
        for passage in merged.values()
        if not any(
            other is not passage
            and other.region is passage.region
            and other.start <= passage.start
            and passage.end <= other.end
            and set(passage.marks) <= set(other.marks)
            for other in merged.values()
        )
    ]
    return tuple(kept)


def _report(records: Sequence[HitRecord]) -> _Report:
    first = records[0]
    ranks = standing(records)
    gravest = max((record.kind for record in records), key=GRAVITY.index)
    item = Item(
        article_id=first.article_id,
        url=first.article.canonical_url or first.article.url,
        title=first.article.title,
        source_id=first.source_id,
        outlet=first.outlet or first.source_id,
        published_at=first.article.published_at,
        first_seen_at=first.first_seen_at,
        language=first.article.language,
        rules=tuple(dict.fromkeys(record.rule_id for record in records)),
        officials=tuple(sorted(ranks, key=lambda official: ranks[official], reverse=True)),
        passages=_merged_passages(records),
        kind=gravest,
        note=next((record.note for record in records if record.kind is gravest and record.note), ""),
        partial=first.article.partial,
    )
    best = max((found for found, _ in ranks.values()), default=height(records))
    return _Report(item, first.story_id, first.copy_of, best, ranks)


def _split_copies(reports: Sequence[_Report]) -> tuple[list[_Report], dict[int, list[Elsewhere]]]:
    """Keep one report of each text and list the others under it.

    A copy stands for itself when it changed since, or names somebody whom the kept text does not name.
    """
    kept: dict[int, _Report] = {}
    copies: dict[int, list[Elsewhere]] = defaultdict(list)
    alone: list[_Report] = []
    for report in sorted(reports, key=lambda report: report.original is not None):
        key = report.original or report.item.article_id
        known = kept.get(key)
        if known is None:
            kept[key] = report
        elif report.item.kind is Kind.NEW and set(report.item.officials) <= set(known.item.officials):
            item = report.item
            copies[known.item.article_id].append(
                Elsewhere(item.article_id, item.url, item.title, item.outlet, item.language)
            )
        else:
            alone.append(report)
    return [*kept.values(), *alone], copies


def _leading(members: Iterable[_Report]) -> tuple[str, ...]:
    """Order the officials of a story: by how prominent they are in all its articles together, then in the best one."""
    sums: dict[str, int] = defaultdict(int)
    best: dict[str, tuple[Rank, int]] = {}
    for member in members:
        for official, found in member.standing.items():
            sums[official] += found[0]
            best[official] = max(found, best.get(official, found))
    return tuple(sorted(best, key=lambda official: (sums[official], best[official]), reverse=True))


def _entries(reports: Sequence[_Report], copies: Mapping[int, Sequence[Elsewhere]]) -> list[_Entry]:
    stories: dict[str, list[_Report]] = defaultdict(list)
    for report in reports:
        stories[report.story_id or f"article-{report.item.article_id}"].append(report)
    entries = []
    for story_id, members in stories.items():
        ordered = _leading(members)
        members.sort(
            key=lambda report: (
                -(report.standing[ordered[0]][0] if ordered and ordered[0] in report.standing else 0),
                -report.height,
                report.item.first_seen_at,
                report.item.article_id,
            )
        )
        items = tuple(member.item for member in members)
        also_in = tuple(copy for item in items for copy in copies.get(item.article_id, ()))
        outlets = {item.outlet for item in items} | {copy.outlet for copy in also_in}
        weight = (max(member.height for member in members), len(outlets), max(item.first_seen_at for item in items))
        story = DigestStory(story_id, items[0].title, ordered, items, also_in)
        entries.append(_Entry(story, weight, len(items) + len(also_in)))
    return sorted(entries, key=lambda entry: entry.weight, reverse=True)


def _within(entries: Sequence[_Entry], limit: int) -> tuple[list[_Entry], list[_Entry], int]:
    """Cut at ``limit`` items: the stories shown, those summed up, and how many articles are not shown in all."""
    shown: list[_Entry] = []
    rest: list[_Entry] = []
    room, hidden = max(limit, 1), 0
    for entry in entries:
        items = entry.story.items
        if room <= 0:
            rest.append(entry)
            hidden += entry.articles
            continue
        if len(items) > room:
            hidden += len(items) - room
        shown.append(replace(entry, story=replace(entry.story, items=items[:room])))
        room -= len(items)
    return shown, rest, hidden


def _section(story: DigestStory) -> str:
    """Name the section a story stands in: its leading official, or the rule when it names nobody."""
    return story.officials[0] if story.officials else f"rule:{story.items[0].rules[0]}"


def _posts(official: Official, on: date) -> str:
    held = [
        role.title
        for role in official.roles
        if (role.from_on is None or role.from_on <= on) and (role.until_on is None or on < role.until_on)
    ]
    return ", ".join(held[:POSTS])


def _subjects(
    stories: Sequence[DigestStory],
    officials: Sequence[Official],
    daily: Mapping[str, tuple[int, ...]],
    plan: DigestPlan,
    now: datetime,
) -> tuple[Subject, ...]:
    """Describe the officials told of, in order of appearance; in a digest without stories all who are watched."""
    known = {official.id: official for official in officials}
    wanted = dict.fromkeys(official for story in stories for official in story.officials)
    zone = ZoneInfo(plan.timezone)
    subjects = []
    for official_id in wanted if stories else known:
        told = [item for story in stories for item in story.items if official_id in item.officials]
        latest = max((item.published_at or item.first_seen_at for item in told), default=now)
        official = known.get(official_id, Official(official_id, official_id))
        post = _posts(official, latest.astimezone(zone).date())
        subjects.append(Subject(official_id, official.name, post, tuple(daily.get(official_id, ()))))
    return tuple(subjects)


def _is_repeat(record: HitRecord) -> bool:
    return record.copy_told and record.kind is Kind.NEW


def _repeated(records: Sequence[HitRecord]) -> tuple[str, ...]:
    """Name the outlets that carried a text which was told before."""
    if not records:
        return ()
    outlets = list(dict.fromkeys(record.outlet or record.source_id for record in records))
    more = f" and {len(outlets) - 8} more" if len(outlets) > 8 else ""
    texts = "A text told before was" if len(records) == 1 else f"{len(records)} copies of texts told before were"
    return (f"{texts} also carried by {', '.join(outlets[:8])}{more}.",)


def _summed_up(rest: Sequence[_Entry], hidden: int, officials: Sequence[Official]) -> tuple[str, ...]:
    if not hidden:
        return ()
    names = {official.id: official.name for official in officials}
    counts: Counter[str] = Counter()
    for entry in rest:
        lead = entry.story.officials[0] if entry.story.officials else entry.story.items[0].rules[0]
        counts[names.get(lead, lead)] += entry.articles
    parts = ", ".join(f"{name} {count}" for name, count in counts.most_common(12))
    told = f": {parts}" if parts else ""
    return (f"{hidden} more articles are counted here and not shown{told}. `monitor hits` lists them all.",)


def compose(  # noqa: PLR0913, PLR0917 - a digest is made of these facts, and a bundle of them has no other use
    plan: DigestPlan,
    window: Window,
    hits: Sequence[HitRecord],
    coverage: Coverage,
    officials: Sequence[Official],
    daily: Mapping[str, tuple[int, ...]],
    now: datetime,
    late: bool,
    notices: Sequence[str] = (),
) -> Digest:
    """Compose the digest of a window from its untold hits.

    Every hit is either shown, listed under the text it copies, counted in ``overflow``, or, if its text was told
    before, named in a notice. ``daily`` holds mentions a day by official, oldest first; ``officials`` are those the
    plan watches.
    """
    articles: dict[int, list[HitRecord]] = defaultdict(list)
    for hit in hits:
        articles[hit.article_id].append(hit)
    repeats = [number for number, records in articles.items() if all(_is_repeat(record) for record in records)]
    repeated = [articles.pop(number)[0] for number in repeats]
    reports, copies = _split_copies([_report(records) for records in articles.values()])
    shown, rest, hidden = _within(_entries(reports, copies), plan.limit)
    sections: dict[str, list[DigestStory]] = defaultdict(list)
    for entry in shown:
        sections[_section(entry.story)].append(entry.story)
    stories = tuple(story for section in sections.values() for story in section)
    return Digest(
        id=plan.id,
        title=plan.title or plan.id.replace("-", " ").capitalize(),
        window=window,
        composed_at=now,
        timezone=plan.timezone,
        late=late,
        stories=stories,
        subjects=_subjects(stories, officials, daily, plan, now),
        coverage=coverage,
        notices=(*notices, *_repeated(repeated), *_summed_up(rest, hidden, officials)),
        overflow=hidden,
    )

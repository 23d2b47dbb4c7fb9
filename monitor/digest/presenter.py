"""Presenter: prepares a digest for the templates.

All text is sanitized, times are in the digest's zone, and passages are split at their marks. Charts of daily mentions
consist of numbers for table cells and a line of text, which every mail program can show. The field names of the view
classes are the documented context of template overrides (docs/digests.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.digest.labels import (
    KIND_LABELS,
    PARTIAL_LABELS,
    SOURCE_STATE_LABELS,
    format_count,
    name_language,
    sanitize_language_code,
)
from monitor.domain.article import Region
from monitor.domain.digest import Coverage, Digest, DigestItem, DigestStory, DuplicateItem, Window
from monitor.domain.mention import Passage
from monitor.text.sanitize import sanitize, sanitize_link, single_line, truncate_text

SPARKLINE_CHARS = " ▁▂▃▄▅▆▇█"
MAX_BAR_HEIGHT_PX = 28  # height of the tallest bar


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One day of a chart: its count, the height of its bar in pixels, and whether it is today."""

    count: int
    height_px: int
    is_today: bool


@dataclass(frozen=True, slots=True)
class DailyChart:
    """Chart of daily counts. ``sparkline`` draws it with block characters; ``description`` gives it in words."""

    bars: tuple[ChartBar, ...]
    sparkline: str
    total: int
    description: str


def build_chart(daily_counts: Sequence[int]) -> DailyChart | None:
    """Return a chart of counts per day, oldest first, or None if all are zero."""
    if not any(daily_counts):
        return None
    peak = max(daily_counts)
    last = len(daily_counts) - 1
    bars = tuple(
        ChartBar(count, max(3, round(count * MAX_BAR_HEIGHT_PX / peak)) if count else 1, day == last)
        for day, count in enumerate(daily_counts)
    )
    line = "".join(
        SPARKLINE_CHARS[-(-count * (len(SPARKLINE_CHARS) - 1) // peak)] if count else "·" for count in daily_counts
    )
    numbers = ", ".join(str(count) for count in daily_counts)
    description = f"Articles a day over {len(daily_counts)} days, oldest first: {numbers}."
    return DailyChart(bars, line, sum(daily_counts), description)


TextPiece = tuple[str, bool]  # a piece of text, and whether it is a matched name


@dataclass(frozen=True, slots=True)
class PassageView:
    """Passage that proves a hit. ``region_label`` names its region ("caption") and is empty for the body."""

    pieces: tuple[TextPiece, ...]
    region_label: str

    @property
    def text(self) -> str:
        """Passage as plain text with the matched words in square brackets."""
        return "".join(f"[{text}]" if marked else text for text, marked in self.pieces)


@dataclass(frozen=True, slots=True)
class ItemView:
    """One article. ``rules`` is empty if all articles of the digest have the same rules.

    ``badge`` is "Update", "Correction", "Withdrawn" or empty. ``language_name`` is empty for English; ``language_code``
    is for the ``lang`` attribute. ``extent_note`` states which part was read if it is not the whole article.
    """

    pieces: tuple[TextPiece, ...]
    url: str
    outlet: str
    time: str
    language_name: str
    language_code: str
    badge: str
    note: str
    extent_note: str
    rules: tuple[str, ...]
    passages: tuple[PassageView, ...]

    @property
    def title(self) -> str:
        """Headline as plain text."""
        return "".join(text for text, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class DuplicateView:
    """The same text at another outlet; ``title`` is empty if its headline is that of the lead."""

    outlet: str
    title: str
    url: str
    language_name: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """One event: the leading article, further reports, and other outlets with the same text.

    ``is_brief`` makes an email show it in one line, because mail programs cut off long messages.
    """

    lead: ItemView
    reports: tuple[ItemView, ...]
    also_in: tuple[DuplicateView, ...]
    other_officials: tuple[str, ...]
    is_brief: bool = False


@dataclass(frozen=True, slots=True)
class SectionView:
    """Stories of one official, or of a rule whose hits name no official (then ``position`` and ``chart`` are empty)."""

    name: str
    position: str
    chart: DailyChart | None
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True)
class WatchedOfficialView:
    """An official as listed in a digest without stories."""

    name: str
    position: str
    chart: DailyChart | None


@dataclass(frozen=True, slots=True)
class CoverageFaultView:
    """A failing source, described for the reader."""

    outlet: str
    state: str
    detail: str
    since: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class CoverageView:
    """Coverage of the digest. ``summary`` is one sentence; ``warning`` names the failing sources."""

    summary: str
    warning: str
    article_count: int
    failing_sources: tuple[CoverageFaultView, ...]


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest as the templates use it.

    ``omitted_story_count`` counts stories that an email has only in its text part.
    """

    title: str
    subject: str
    summary: str
    period: str
    composed_at: str
    timezone: str
    is_overdue: bool
    notices: tuple[str, ...]
    sections: tuple[SectionView, ...]
    watched_officials: tuple[WatchedOfficialView, ...]
    story_count: int
    article_count: int
    hidden_article_count: int
    omitted_story_count: int
    coverage: CoverageView
    digest: Digest


MAX_HEADLINE_CHARS, MAX_PASSAGE_CHARS, MAX_SUBJECT_CHARS = 240, 420, 180  # characters
MAX_OTHER_OFFICIALS = 3  # further officials named in a story
PASSAGE_REGION_ORDER = (
    Region.STANDFIRST,
    Region.BODY,
    Region.CAPTION,
    Region.DATELINE,
)  # order in which passages are shown
REGION_LABELS = {Region.CAPTION: "caption", Region.DATELINE: "dateline"}


def format_local_time(instant: datetime | None, zone: ZoneInfo) -> str:
    """Return a time in the digest's time zone, or an empty string for None."""
    return f"{instant.astimezone(zone):%a %-d %b, %H:%M}" if instant else ""


def split_at_marks(passage: Passage, max_chars: int = MAX_PASSAGE_CHARS) -> tuple[TextPiece, ...]:
    """Split a passage at its marks; a long passage is shortened around its first mark."""
    text = passage.text
    marks: list[tuple[int, int]] = []
    for start, end in sorted(passage.highlights):
        low, high = max(start - passage.start, marks[-1][1] if marks else 0), min(end - passage.start, len(text))
        if low < high:
            marks.append((low, high))
    first, last = 0, len(text)
    if last > max_chars:
        anchor = marks[0][0] if marks else 0
        first = max(0, min(anchor - max_chars // 3, last - max_chars))
        first = first if not first else min(text.find(" ", first, anchor) + 1 or first, anchor)
        last = min(last, first + max_chars)
    pieces: list[TextPiece] = [("…", False)] if first else []
    position = first
    for low, high in marks:
        if high > last:
            break
        pieces += [(text[position:low], False), (text[low:high], True)]
        position = high
    tail = text[position:last] if last == len(text) else truncate_text(text[position:], max(last - position, 2))
    pieces.append((tail, False))
    cleaned = ((" ".join(sanitize(part).replace("\n", " ").split(" ")), marked) for part, marked in pieces)
    return tuple((part, marked) for part, marked in cleaned if part)


def _drop_repeated_passages(passages: Sequence[Passage]) -> list[Passage]:
    """Drop passages whose text is part of another one; feeds often repeat the first paragraph as the standfirst.

    Of two equal passages the first is kept; of a truncated passage and the complete one, the complete one is kept.
    """
    words = [" ".join(passage.text.split()).rstrip("…. ") for passage in passages]
    return [
        passage
        for number, passage in enumerate(passages)
        if not any(
            words[number] in other and (len(words[number]) < len(other) or position < number)
            for position, other in enumerate(words)
            if position != number
        )
    ]


class _StoryPresenter:
    """Presenter of the stories of one digest, with its time zone and the officials' names."""

    def __init__(self, digest: Digest) -> None:
        self.zone = ZoneInfo(digest.timezone)
        self.has_several_rules = len({item.rule_ids for story in digest.stories for item in story.items}) > 1
        self.names = {subject.id: single_line(subject.name, 120) for subject in digest.officials}

    def present_item(self, item: DigestItem) -> ItemView:
        headline = next((p for p in item.passages if p.region is Region.TITLE and p.text == item.title), None)
        title = (
            single_line(item.title, MAX_HEADLINE_CHARS) or single_line(item.url, MAX_HEADLINE_CHARS) or "(no headline)"
        )
        title_pieces = split_at_marks(headline, MAX_HEADLINE_CHARS) if headline else ((title, False),)
        passages = sorted(
            (p for p in item.passages if p.region is not Region.TITLE),
            key=lambda p: PASSAGE_REGION_ORDER.index(p.region),
        )
        passages = _drop_repeated_passages([headline, *passages] if headline else passages)[bool(headline) :]
        date = item.published_at or item.first_seen_at
        return ItemView(
            pieces=title_pieces,
            url=sanitize_link(item.url),
            outlet=single_line(item.outlet, 80),
            time=format_local_time(date, self.zone),
            language_name=name_language(item.language),
            language_code=sanitize_language_code(item.language),
            badge=KIND_LABELS[item.kind],
            note=single_line(item.note, MAX_PASSAGE_CHARS),
            extent_note=PARTIAL_LABELS.get(item.partial_reason, ""),
            rules=item.rule_ids if self.has_several_rules else (),
            passages=tuple(PassageView(split_at_marks(p), REGION_LABELS.get(p.region, "")) for p in passages),
        )

    def present_duplicate(self, duplicate: DuplicateItem, lead_title: str) -> DuplicateView:
        title = single_line(duplicate.title, MAX_HEADLINE_CHARS)
        if title.casefold() == lead_title.casefold():
            title = ""
        return DuplicateView(
            single_line(duplicate.outlet, 80), title, sanitize_link(duplicate.url), name_language(duplicate.language)
        )

    def present_story(self, story: DigestStory) -> StoryView:
        lead, *reports = (self.present_item(item) for item in story.items)
        others = tuple(self.names.get(official, official) for official in story.official_ids[1:])
        if len(others) > MAX_OTHER_OFFICIALS + 1:
            others = (*others[:MAX_OTHER_OFFICIALS], f"{len(others) - MAX_OTHER_OFFICIALS} more")
        duplicates = tuple(self.present_duplicate(copy, lead.title) for copy in story.also_in)
        return StoryView(lead, tuple(reports), duplicates, others)


def _present_sections(digest: Digest, presenter: _StoryPresenter) -> tuple[SectionView, ...]:
    grouped: dict[tuple[str, str], list[StoryView]] = defaultdict(list)
    for story in digest.stories:
        lead = ("official", story.official_ids[0]) if story.official_ids else ("rule", story.items[0].rule_ids[0])
        grouped[lead].append(presenter.present_story(story))
    subjects = {subject.id: subject for subject in digest.officials}
    sections = []
    for (kind, name), stories in grouped.items():
        subject = subjects.get(name) if kind == "official" else None
        section_name = presenter.names.get(name, name) if kind == "official" else name.replace("-", " ").capitalize()
        position = single_line(subject.position, 160) if subject else ""
        sections.append(
            SectionView(
                section_name, position, build_chart(subject.daily_mentions) if subject else None, tuple(stories)
            )
        )
    return tuple(sections)


def _present_coverage(coverage: Coverage, zone: ZoneInfo) -> CoverageView:
    summary = f"{coverage.read_count} of {format_count(coverage.source_count, 'source')} read"
    summary += f", {format_count(coverage.article_count, 'new article')}"
    if coverage.quarantined_count:
        summary += f" ({coverage.quarantined_count} in quarantine)"
    if coverage.merged_count:
        summary += f", {format_count(coverage.merged_count, 'entry', 'entries')} listed twice"
    if coverage.dropped_count:
        summary += f", {format_count(coverage.dropped_count, 'entry', 'entries')} not stored (empty or too many)"
    faults = tuple(
        CoverageFaultView(
            outlet=single_line(fault.outlet or fault.source_id, 80),
            state=SOURCE_STATE_LABELS.get(fault.state, fault.state.value),
            detail=single_line(fault.detail, 240),
            since=format_local_time(fault.since_at, zone),
            suggestion=single_line(fault.suggestion, 240),
        )
        for fault in coverage.problems
    )
    return CoverageView(summary, _format_coverage_warning(coverage), coverage.article_count, faults)


def _format_coverage_warning(coverage: Coverage) -> str:
    """Return one sentence with the failing sources, or an empty string if there are none."""
    names = [single_line(fault.outlet or fault.source_id, 80) for fault in coverage.problems]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    verb = "needs" if len(names) == 1 else "need"
    return f"{format_count(len(names), 'source')} {verb} attention: {', '.join(names[:3])}{more}." if names else ""


def _format_period(window: Window, zone: ZoneInfo) -> str:
    """Return a window in the digest's time zone: two times, or one if they are equal."""
    start, end = format_local_time(window.start_at, zone), format_local_time(window.end_at, zone)
    same_day = start.partition(",")[0] == end.partition(",")[0] and window.end_at - window.start_at < timedelta(days=1)
    if start == end:
        return end
    return f"{start} – {end.partition(', ')[2]}" if same_day else f"{start} – {end}"


def _format_subject_line(digest: Digest, sections: Sequence[SectionView], article_count: int) -> str:
    """Return the subject line: the most important headline, or that nothing was found."""
    prefix = "[overdue] " if digest.is_overdue else ""
    day = f"{digest.window.end_at.astimezone(ZoneInfo(digest.timezone)):%-d %b}"
    name = f"{single_line(digest.title, 60)}, {day}"
    if not sections:
        coverage = digest.coverage
        read = f"{coverage.read_count} of {format_count(coverage.source_count, 'source')} read"
        warning = _format_coverage_warning(coverage).rstrip(".")
        return single_line(f"{prefix}{name}: nothing found, {warning or read}", MAX_SUBJECT_CHARS)
    lead = sections[0].stories[0].lead
    badge = f"{lead.badge}: " if lead.badge else ""
    if len(digest.stories) == 1 and article_count == 1:
        return single_line(f"{prefix}{badge}{sections[0].name}: {lead.title}", MAX_SUBJECT_CHARS)
    more = len(digest.stories) - 1
    tail = f" (+{format_count(more, 'story', 'stories')})" if more else f" ({format_count(article_count, 'report')})"
    return single_line(f"{prefix}{name}: {badge}{lead.title}", MAX_SUBJECT_CHARS - len(tail)) + tail


def present_digest(digest: Digest) -> DigestView:
    """Return a digest prepared for the templates."""
    presenter = _StoryPresenter(digest)
    zone = presenter.zone
    sections = _present_sections(digest, presenter)
    articles = sum(len(story.items) + len(story.also_in) for story in digest.stories)
    coverage = _present_coverage(digest.coverage, zone)
    found = f"{format_count(len(digest.stories), 'story', 'stories')} in {format_count(articles, 'article')}"
    people = sum(1 for _ in digest.officials)
    about = f" about {format_count(people, 'person', 'people')}" if people and sections else ""
    summary = f"{found}{about}." if sections else "Nothing found."
    watched = (
        ()
        if sections
        else tuple(
            WatchedOfficialView(single_line(s.name, 120), single_line(s.position, 160), build_chart(s.daily_mentions))
            for s in digest.officials
        )
    )
    return DigestView(
        title=single_line(digest.title, 80),
        subject=_format_subject_line(digest, sections, articles),
        summary=f"{summary} {coverage.summary}.",
        period=_format_period(digest.window, zone),
        composed_at=format_local_time(digest.composed_at, zone),
        timezone=digest.timezone,
        is_overdue=digest.is_overdue,
        notices=tuple(single_line(notice, 600) for notice in digest.notices),
        sections=sections,
        watched_officials=watched,
        story_count=len(digest.stories),
        article_count=articles,
        hidden_article_count=digest.omitted_articles,
        omitted_story_count=0,
        coverage=coverage,
        digest=digest,
    )

"""Presenter: converts a digest to the views that the templates show.

All text is sanitized, times are in the digest's time zone, and passages are split at their matched words.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.digest.labels import (
    KIND_LABELS,
    PARTIAL_LABELS,
    SOURCE_STATE_LABELS,
    label_change,
    name_language,
    sanitize_language_code,
)
from monitor.digest.links import LinkPurpose, make_marker
from monitor.digest.views import (
    ActionView,
    ChangeView,
    CoverageFaultView,
    CoverageView,
    DigestView,
    DuplicateView,
    GlanceView,
    ItemView,
    PassageView,
    SectionView,
    StoryLink,
    StoryView,
    SubjectLink,
    TextPiece,
    WatchedOfficialView,
    build_chart,
)
from monitor.domain.article import Region
from monitor.domain.codes import STORY_ID_PATTERN, article_code
from monitor.domain.digest import Coverage, Digest, DigestItem, DigestStory, DuplicateItem, Window
from monitor.domain.mention import Passage
from monitor.text.numbers import format_count
from monitor.text.sanitize import sanitize, sanitize_link, single_line, truncate_text

_UNSAFE_ANCHOR_CHARS = re.compile(r"[^A-Za-z0-9-]+")
_STORY_CODE = re.compile(STORY_ID_PATTERN)
MAX_HEADLINE_CHARS, MAX_PASSAGE_CHARS, MAX_SUBJECT_CHARS = 240, 420, 180  # maximum number of characters
MAX_REJECT_LINKS = 2  # maximum number of officials of a story with a link to reject them
MAX_OTHER_OFFICIALS = 3  # maximum number of further officials whose names a story shows
MAX_LEAD_PASSAGES, LEADING_STORIES = 3, 3  # number of stories at the start of a digest that show more than one passage
MIN_GLANCE_STORIES, MAX_GLANCE_HEADLINES, MAX_GLANCE_SUBJECTS = 3, 5, 60
REGION_LABELS = {Region.CAPTION: "caption", Region.DATELINE: "dateline"}


def format_local_time(instant: datetime | None, zone: ZoneInfo, now: datetime) -> str:
    """Format a time in the digest's time zone, such as "Fri 27 Nov, 08:10"; for None, return an empty string.

    The year is added if it is not the year of ``now``.
    """
    if instant is None:
        return ""
    local = instant.astimezone(zone)
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local:%a %-d %b}{year}, {local:%H:%M}"


def _to_sentence(note: str) -> str:
    return f"{note[0].upper()}{note[1:]}" if note else ""


def _build_anchor(name: str) -> str:
    return _UNSAFE_ANCHOR_CHARS.sub("-", name)


def label_place(passage: Passage) -> str:
    """Return where a passage is: a region such as "caption", or the page of a PDF document; empty for other text."""
    return REGION_LABELS.get(passage.region, "") or (f"page {passage.page}" if passage.page else "")


def split_at_marks(passage: Passage, max_chars: int = MAX_PASSAGE_CHARS) -> tuple[TextPiece, ...]:
    """Split a passage into pieces: matched words, and the text between them.

    A passage of more than ``max_chars`` characters is shortened around its first matched word.
    """
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
    """Remove passages whose text is a part of another passage.

    Such passages are common, because many feeds repeat the first paragraph as the standfirst. Of two equal passages,
    the first is kept. Of a truncated and a complete passage, the complete one is kept.
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
    """Converter of the stories of one digest to the views that templates show.

    It has the digest's time zone and the names of the officials.
    """

    def __init__(self, digest: Digest, web_url: str, *, with_links: bool = False) -> None:
        self.with_links = with_links
        self.zone, self.now, self.web_url = ZoneInfo(digest.timezone), digest.window.end_at, web_url.rstrip("/")
        items = [item for story in digest.stories for item in story.items]
        rules = Counter(rule for item in items for rule in item.rule_ids)
        self.usual_rules = {rule for rule, count in rules.items() if 2 * count > len(items)}
        self.names = {subject.id: single_line(subject.name, 120) for subject in digest.officials}

    def present_item(self, item: DigestItem) -> ItemView:
        headline = next((p for p in item.passages if p.region is Region.TITLE and p.text == item.title), None)
        title = (
            single_line(item.title, MAX_HEADLINE_CHARS) or single_line(item.url, MAX_HEADLINE_CHARS) or "(no headline)"
        )
        title_pieces = split_at_marks(headline, MAX_HEADLINE_CHARS) if headline else ((title, False),)
        shown_changes = {change.after for change in item.changes}
        passages = [p for p in item.passages if p.region is not Region.TITLE and p.text not in shown_changes]
        passages = _drop_repeated_passages([headline, *passages] if headline else passages)[bool(headline) :]
        date = item.published_at or item.first_seen_at
        changes = tuple(
            ChangeView(
                label_change(change),
                single_line(change.before, MAX_PASSAGE_CHARS),
                single_line(change.after, MAX_PASSAGE_CHARS),
            )
            for change in item.changes
        )
        return ItemView(
            pieces=title_pieces,
            code=article_code(item.article_id),
            url=sanitize_link(item.url),
            outlet=single_line(item.outlet, 80),
            time=format_local_time(date, self.zone, self.now),
            language_name=name_language(item.language),
            language_code=sanitize_language_code(item.language),
            badge=KIND_LABELS[item.kind],
            note="" if changes else _to_sentence(single_line(item.note, MAX_PASSAGE_CHARS)),
            changes=changes,
            extent_note=PARTIAL_LABELS.get(item.partial_reason, ""),
            rules=tuple(rule for rule in item.rule_ids if rule not in self.usual_rules),
            passages=tuple(
                PassageView(
                    split_at_marks(p),
                    label_place(p),
                    single_line(item.translation.get(p.text), MAX_PASSAGE_CHARS),
                )
                for p in passages
            ),
            translation=single_line(item.translation.get(item.title), MAX_HEADLINE_CHARS),
        )

    def present_duplicate(self, duplicate: DuplicateItem, lead_title: str) -> DuplicateView:
        title = single_line(duplicate.title, MAX_HEADLINE_CHARS)
        if title.casefold() == lead_title.casefold():
            title = ""
        return DuplicateView(
            single_line(duplicate.outlet, 80), title, sanitize_link(duplicate.url), name_language(duplicate.language)
        )

    def present_story(self, story: DigestStory, position: int) -> StoryView:
        """Convert a story to its view.

        ``position`` is the index of the story in the digest, from 0. The first stories show more passages than later
        ones.
        """
        lead, *reports = (self.present_item(item) for item in story.items)
        others = tuple(self.names.get(official, official) for official in story.official_ids[1:])
        if len(others) > MAX_OTHER_OFFICIALS + 1:
            others = (*others[:MAX_OTHER_OFFICIALS], f"{len(others) - MAX_OTHER_OFFICIALS} more")
        code = story.id if _STORY_CODE.fullmatch(story.id) else ""
        desk_url = f"{self.web_url}/story/{code}" if self.web_url and code else ""
        return StoryView(
            anchor=_build_anchor(story.id),
            code=code,
            lead=lead,
            reports=tuple(reports),
            also_in=tuple(self.present_duplicate(copy, lead.title) for copy in story.also_in),
            other_officials=others,
            outlet_count=len(list_outlets(story)),
            passage_count=MAX_LEAD_PASSAGES if position < LEADING_STORIES else 1,
            page_url=desk_url or lead.url,
            actions=(*self.list_acting_links(story, code), ActionView("open on the desk", desk_url))
            if desk_url
            else (),
        )

    def list_acting_links(self, story: DigestStory, code: str) -> list[ActionView]:
        """Return the feedback links of a story, as markers (placeholders for signed links).

        For each of the first ``MAX_REJECT_LINKS`` officials of the leading article, there is a link that rejects the
        mention. The last link mutes the story. The result is empty if the digest has no feedback links.
        """
        if not self.with_links:
            return []
        lead = story.items[0]
        rejections = [
            ActionView(
                f"not {self.names.get(official, official)}",
                self.web_url + make_marker(LinkPurpose.REJECT, code, lead.article_id, official),
            )
            for official in lead.official_ids[:MAX_REJECT_LINKS]
        ]
        return [*rejections, ActionView("mute", self.web_url + make_marker(LinkPurpose.MUTE, code))]


def list_outlets(*stories: DigestStory) -> set[str]:
    """Return the names of the outlets that report at least one of the stories.

    Outlets that have only a duplicate of another article are included.
    """
    return {one.outlet for story in stories for one in story.items} | {
        copy.outlet for story in stories for copy in story.also_in
    }


def _link_story(story: StoryView) -> StoryLink:
    return StoryLink(story.lead.title, story.lead.label, story.outlet_label or story.lead.outlet, story.anchor)


def _present_sections(
    digest: Digest, presenter: _StoryPresenter
) -> tuple[tuple[SectionView, ...], tuple[SectionView, ...]]:
    """Return the sections that have stories, and one section for each further official that the stories name."""
    grouped: dict[tuple[str, str], list[StoryView]] = defaultdict(list)
    also_in: dict[str, list[StoryLink]] = defaultdict(list)
    for position, story in enumerate(digest.stories):
        lead = ("official", story.official_ids[0]) if story.official_ids else ("rule", story.leading_rule)
        view = presenter.present_story(story, position)
        grouped[lead].append(view)
        for official in story.official_ids[1:]:
            also_in[official].append(_link_story(view))
    subjects = {subject.id: subject for subject in digest.officials}
    others = [("official", official) for official in also_in if ("official", official) not in grouped]
    if len(digest.stories) == 1:
        others = []  # the story names these officials
    sections = []
    for number, (kind, name) in enumerate((*grouped, *others), 1):
        subject = subjects.get(name) if kind == "official" else None
        sections.append(
            SectionView(
                anchor=f"p{number}",
                name=presenter.names.get(name, name) if kind == "official" else name.replace("-", " ").capitalize(),
                position=single_line(subject.position, 160) if subject else "",
                chart=build_chart(subject.daily_mentions) if subject else None,
                stories=tuple(grouped.get((kind, name), ())),
                also_in=tuple(also_in.get(name, ())) if kind == "official" else (),
            )
        )
    return tuple(sections[: len(grouped)]), tuple(sections[len(grouped) :])


def _present_glance(
    digest: Digest, sections: Sequence[SectionView], also_named: Sequence[SectionView]
) -> GlanceView | None:
    """Return the overview at the top of a digest, or None if the digest has too few stories to need one."""
    if len(digest.stories) < MIN_GLANCE_STORIES:
        return None
    links = {story.anchor: _link_story(story) for section in sections for story in section.stories}
    top = [_build_anchor(story_id) for story_id in digest.top_story_ids] or list(links)
    subjects = [
        SubjectLink(section.name, len(section.stories) + len(section.also_in), section.anchor)
        for section in (*sections, *also_named)
    ]
    subjects.sort(key=lambda subject: -subject.story_count)
    return GlanceView(
        tuple(links[anchor] for anchor in top[:MAX_GLANCE_HEADLINES] if anchor in links),
        tuple(subjects[:MAX_GLANCE_SUBJECTS]),
        max(0, len(subjects) - MAX_GLANCE_SUBJECTS),
    )


def _present_coverage(coverage: Coverage, zone: ZoneInfo, now: datetime, *, for_operator: bool) -> CoverageView:
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
            since=format_local_time(fault.since_at, zone, now),
            suggestion=single_line(fault.suggestion, 240) if for_operator else "",
        )
        for fault in coverage.problems
    )
    return CoverageView(summary, _format_coverage_warning(coverage), coverage.article_count, faults)


def _format_coverage_warning(coverage: Coverage) -> str:
    """Return one sentence that names the failing sources, or an empty string if no source fails."""
    names = [single_line(fault.outlet or fault.source_id, 80) for fault in coverage.problems]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    verb = "needs" if len(names) == 1 else "need"
    return f"{format_count(len(names), 'source')} {verb} attention: {', '.join(names[:3])}{more}." if names else ""


def _format_period(window: Window, zone: ZoneInfo) -> str:
    """Format the start and end of a digest's period in its time zone.

    The end has no date if it is on the day of the start.
    """
    start, end = (format_local_time(at, zone, window.end_at) for at in (window.start_at, window.end_at))
    same_day = start.partition(",")[0] == end.partition(",")[0] and window.end_at - window.start_at < timedelta(days=1)
    if start == end:
        return end
    return f"{start} – {end.partition(', ')[2]}" if same_day else f"{start} – {end}"


def _format_subject_line(digest: Digest, sections: Sequence[SectionView]) -> str:
    """Return the subject line of an email: the most important headline, or a statement that nothing was found.

    If the digest only retracts reports, the subject line has the headline of the first retracted report. If the digest
    only has notices, it has the first notice. For a report to the operator, it has the number of problems.
    """
    prefix = "[overdue] " if digest.is_overdue else ""
    day = f"{digest.window.end_at.astimezone(ZoneInfo(digest.timezone)):%-d %b}"
    name = f"{single_line(digest.title, 60)}, {day}"
    if digest.is_for_operator:
        return single_line(f"{name}: {format_count(len(digest.notices), 'problem')}", MAX_SUBJECT_CHARS)
    if not sections and digest.retracted_titles:
        first, *others = digest.retracted_titles
        tail = f" (+{format_count(len(others), 'report')})" if others else ""
        return single_line(f"{prefix}Taken back: {first}", MAX_SUBJECT_CHARS - len(tail)) + tail
    if not sections and digest.notices:
        return single_line(f"{prefix}{name}: {digest.notices[0]}", MAX_SUBJECT_CHARS)
    if not sections:
        coverage = digest.coverage
        read = f"{coverage.read_count} of {format_count(coverage.source_count, 'source')} read"
        warning = _format_coverage_warning(coverage).rstrip(".")
        return single_line(f"{prefix}{name}: nothing found, {warning or read}", MAX_SUBJECT_CHARS)
    story = sections[0].stories[0]
    badge = f"{label}: " if (label := story.lead.label) else ""
    if len(digest.stories) == 1 and story.outlet_count == 1:
        return single_line(f"{prefix}{badge}{sections[0].name}: {story.lead.title}", MAX_SUBJECT_CHARS)
    more = len(digest.stories) - 1
    tail = f" (+{format_count(more, 'story', 'stories')})" if more else f" ({story.outlet_label})"
    return single_line(f"{prefix}{name}: {badge}{story.lead.title}", MAX_SUBJECT_CHARS - len(tail)) + tail


def _format_summary(digest: Digest) -> str:
    """Return one sentence with the numbers of stories, outlets and officials in a digest."""
    if digest.is_for_operator:
        return f"{format_count(len(digest.notices), 'problem')} of operation since the last report."
    if not digest.stories and digest.retracted_titles:
        return f"{format_count(len(digest.retracted_titles), 'report')} taken back, nothing new."
    if not digest.stories:
        return "No new report, but a notice." if digest.notices else "Nothing found."
    people = format_count(len(digest.officials), "person", "people")
    outlets = format_count(len(list_outlets(*digest.stories)), "outlet")
    about = f" about {people}" if digest.officials else ""
    return f"{format_count(len(digest.stories), 'story', 'stories')} from {outlets}{about}."


def present_digest(digest: Digest, web_url: str = "", *, with_links: bool = False) -> DigestView:
    """Convert a digest to the view that templates show. ``web_url`` is the address of the desk, or empty.

    If ``with_links`` is true, stories have markers, which ``links.py`` replaces by signed feedback links when the
    digest is sent.
    """
    presenter = _StoryPresenter(digest, web_url, with_links=with_links)
    zone, now = presenter.zone, presenter.now
    sections, also_named = _present_sections(digest, presenter)
    coverage = _present_coverage(digest.coverage, zone, now, for_operator=digest.is_for_operator)
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
        subject=_format_subject_line(digest, sections),
        summary=f"{_format_summary(digest)} {coverage.summary}.",
        period=_format_period(digest.window, zone),
        composed_at=format_local_time(digest.composed_at, zone, now),
        timezone=digest.timezone,
        is_overdue=digest.is_overdue,
        notices=tuple(single_line(notice, 600) for notice in digest.notices),
        glance=_present_glance(digest, sections, also_named),
        sections=sections,
        also_named=also_named,
        watched_officials=watched,
        story_count=len(digest.stories),
        outlet_count=len(list_outlets(*digest.stories)),
        article_count=sum(len(story.items) + len(story.also_in) for story in digest.stories),
        hidden_article_count=digest.omitted_articles,
        omitted_story_count=0,
        coverage=coverage,
        digest=digest,
    )

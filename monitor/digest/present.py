"""Turns a digest into what the templates see."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.digest.charts import chart
from monitor.digest.view import (
    CoverageView,
    FaultView,
    ItemView,
    LinkView,
    PassageView,
    Piece,
    SectionView,
    StoryView,
    View,
    WatchedView,
)
from monitor.digest.words import BADGES, PARTS, STATES, code, count, language
from monitor.domain.article import Region
from monitor.domain.digest import Coverage, Digest, DigestStory, Elsewhere, Item, Window
from monitor.domain.mention import Passage
from monitor.text.visible import clip, one_line, visible

TITLE, PASSAGE, SUBJECT = 240, 420, 180  # characters
OTHERS = 3  # officials named beside the one a story stands under
ORDER = (Region.STANDFIRST, Region.BODY, Region.CAPTION, Region.DATELINE)  # in which passages are shown
PLACES = {Region.CAPTION: "caption", Region.DATELINE: "dateline"}


def link(url: str) -> str:
    """Return a web address that may be linked to, or nothing for any other kind of address."""
    clean = visible(url).strip()
    try:
        parts = urlsplit(clean)
    except ValueError:
        return ""
    return clean if parts.scheme.lower() in {"http", "https"} and parts.netloc and len(clean) <= 2000 else ""


def moment(at: datetime | None, zone: ZoneInfo) -> str:
    """Write a time as the reader's clock shows it."""
    return f"{at.astimezone(zone):%a %-d %b, %H:%M}" if at else ""


def pieces(passage: Passage, limit: int = PASSAGE) -> tuple[Piece, ...]:
    """Cut a passage at its marks; a long one is shortened around the first of them."""
    text = passage.text
    marks: list[tuple[int, int]] = []
    for start, end in sorted(passage.marks):
        low, high = max(start - passage.start, marks[-1][1] if marks else 0), min(end - passage.start, len(text))
        if low < high:
            marks.append((low, high))
    first, last = 0, len(text)
    if last > limit:
        anchor = marks[0][0] if marks else 0
        first = max(0, min(anchor - limit // 3, last - limit))
        first = first if not first else min(text.find(" ", first, anchor) + 1 or first, anchor)
        last = min(last, first + limit)
    cut: list[Piece] = [("…", False)] if first else []
    position = first
    for low, high in marks:
        if high > last:
            break
        cut += [(text[position:low], False), (text[low:high], True)]
        position = high
    tail = text[position:last] if last == len(text) else clip(text[position:], max(last - position, 2))
    cut.append((tail, False))
    cleaned = ((" ".join(visible(part).replace("\n", " ").split(" ")), marked) for part, marked in cut)
    return tuple((part, marked) for part, marked in cleaned if part)


def _said_once(passages: Sequence[Passage]) -> list[Passage]:
    """Leave out what a passage repeats of another one: feeds give the first paragraph again as the standfirst.

    Of two with the same words the first one stays, of a beginning that was cut and the whole the whole.
    """
    words = [" ".join(passage.text.split()).rstrip("…. ") for passage in passages]
    return [
        passage
        for number, passage in enumerate(passages)
        if not any(
            words[number] in other and (len(words[number]) < len(other) or place < number)
            for place, other in enumerate(words)
            if place != number
        )
    ]


class _Presenter:
    """Holds what all parts of one digest share: its zone and the officials' names."""

    def __init__(self, digest: Digest) -> None:
        self.zone = ZoneInfo(digest.timezone)
        self.several_rules = len({item.rules for story in digest.stories for item in story.items}) > 1
        self.names = {subject.id: one_line(subject.name, 120) for subject in digest.subjects}

    def item(self, item: Item) -> ItemView:
        headline = next((p for p in item.passages if p.region is Region.TITLE and p.text == item.title), None)
        title = one_line(item.title, TITLE) or one_line(item.url, TITLE) or "(no headline)"
        marked = pieces(headline, TITLE) if headline else ((title, False),)
        rest = sorted((p for p in item.passages if p.region is not Region.TITLE), key=lambda p: ORDER.index(p.region))
        rest = _said_once([headline, *rest] if headline else rest)[bool(headline) :]
        date = item.published_at or item.first_seen_at
        return ItemView(
            pieces=marked,
            url=link(item.url),
            outlet=one_line(item.outlet, 80),
            time=moment(date, self.zone),
            language=language(item.language),
            code=code(item.language),
            badge=BADGES[item.kind],
            note=one_line(item.note, PASSAGE),
            part=PARTS.get(item.partial, ""),
            rules=item.rules if self.several_rules else (),
            passages=tuple(PassageView(pieces(p), PLACES.get(p.region, "")) for p in rest),
        )

    def copy(self, copy: Elsewhere) -> LinkView:
        title = one_line(copy.title, TITLE)
        return LinkView(one_line(copy.outlet, 80), title, link(copy.url), language(copy.language))

    def story(self, story: DigestStory) -> StoryView:
        lead, *reports = (self.item(item) for item in story.items)
        others = tuple(self.names.get(official, official) for official in story.officials[1:])
        if len(others) > OTHERS + 1:
            others = (*others[:OTHERS], f"{len(others) - OTHERS} more")
        return StoryView(lead, tuple(reports), tuple(self.copy(copy) for copy in story.also_in), others)


def _sections(digest: Digest, presenter: _Presenter) -> tuple[SectionView, ...]:
    grouped: dict[tuple[str, str], list[StoryView]] = defaultdict(list)
    for story in digest.stories:
        lead = ("official", story.officials[0]) if story.officials else ("rule", story.items[0].rules[0])
        grouped[lead].append(presenter.story(story))
    subjects = {subject.id: subject for subject in digest.subjects}
    sections = []
    for (kind, name), stories in grouped.items():
        subject = subjects.get(name) if kind == "official" else None
        shown = presenter.names.get(name, name) if kind == "official" else name.replace("-", " ").capitalize()
        post = one_line(subject.post, 160) if subject else ""
        sections.append(SectionView(shown, post, chart(subject.daily) if subject else None, tuple(stories)))
    return tuple(sections)


def _coverage(coverage: Coverage, zone: ZoneInfo) -> CoverageView:
    line = f"{coverage.read} of {count(coverage.sources, 'source')} read, {count(coverage.articles, 'new article')}"
    faults = tuple(
        FaultView(
            outlet=one_line(fault.outlet or fault.source_id, 80),
            state=STATES.get(fault.state, fault.state.value),
            detail=one_line(fault.detail, 240),
            since=moment(fault.since_at, zone),
            remedy=one_line(fault.remedy, 240),
        )
        for fault in coverage.faults
    )
    return CoverageView(line, _warning(coverage), coverage.articles, faults)


def _warning(coverage: Coverage) -> str:
    """Name the sources that are not well in one sentence; nothing, if all are."""
    names = [one_line(fault.outlet or fault.source_id, 80) for fault in coverage.faults]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    verb = "needs" if len(names) == 1 else "need"
    return f"{count(len(names), 'source')} {verb} attention: {', '.join(names[:3])}{more}." if names else ""


def _period(window: Window, zone: ZoneInfo) -> str:
    """Write a window as the reader's clock shows it: two times, or one where they fall together."""
    start, end = moment(window.start_at, zone), moment(window.end_at, zone)
    same_day = start.partition(",")[0] == end.partition(",")[0] and window.end_at - window.start_at < timedelta(days=1)
    if start == end:
        return end
    return f"{start} – {end.partition(', ')[2]}" if same_day else f"{start} – {end}"


def _subject_line(digest: Digest, sections: Sequence[SectionView], articles: int) -> str:
    """Say the most important thing first: the headline, or that nothing was found."""
    late = "[late] " if digest.late else ""
    day = f"{digest.window.end_at.astimezone(ZoneInfo(digest.timezone)):%-d %b}"
    name = f"{one_line(digest.title, 60)}, {day}"
    if not sections:
        coverage = digest.coverage
        read = f"{coverage.read} of {count(coverage.sources, 'source')} read"
        ill = _warning(coverage).rstrip(".")
        return one_line(f"{late}{name}: nothing found, {ill or read}", SUBJECT)
    lead = sections[0].stories[0].lead
    badge = f"{lead.badge}: " if lead.badge else ""
    if len(digest.stories) == 1 and articles == 1:
        return one_line(f"{late}{badge}{sections[0].name}: {lead.title}", SUBJECT)
    more = len(digest.stories) - 1
    tail = f" (+{count(more, 'story', 'stories')})" if more else f" ({count(articles, 'report')})"
    return one_line(f"{late}{name}: {badge}{lead.title}", SUBJECT - len(tail)) + tail


def present(digest: Digest) -> View:
    """Prepare a digest for the templates."""
    presenter = _Presenter(digest)
    zone = presenter.zone
    sections = _sections(digest, presenter)
    articles = sum(len(story.items) + len(story.also_in) for story in digest.stories)
    coverage = _coverage(digest.coverage, zone)
    found = f"{count(len(digest.stories), 'story', 'stories')} in {count(articles, 'article')}"
    people = sum(1 for _ in digest.subjects)
    about = f" about {count(people, 'person', 'people')}" if people and sections else ""
    summary = f"{found}{about}." if sections else "Nothing found."
    watched = (
        ()
        if sections
        else tuple(WatchedView(one_line(s.name, 120), one_line(s.post, 160), chart(s.daily)) for s in digest.subjects)
    )
    return View(
        title=one_line(digest.title, 80),
        subject=_subject_line(digest, sections, articles),
        summary=f"{summary} {coverage.line}.",
        period=_period(digest.window, zone),
        composed=moment(digest.composed_at, zone),
        zone=digest.timezone,
        late=digest.late,
        notices=tuple(one_line(notice, 600) for notice in digest.notices),
        sections=sections,
        watched=watched,
        stories=len(digest.stories),
        articles=articles,
        overflow=digest.overflow,
        cut=0,
        coverage=coverage,
        digest=digest,
    )

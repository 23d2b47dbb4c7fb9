"""Page Today: the stories with new hits, from which the reader decides what to read."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from msgspec import Struct, field
from starlette.responses import Response

from monitor.digest.compose import merge_passages
from monitor.digest.labels import KIND_LABELS
from monitor.digest.presenter import split_at_marks
from monitor.digest.views import TextPiece
from monitor.domain.article import Region
from monitor.domain.desk_models import ArticleLine, HitLine, MentionPlace
from monitor.domain.errors import UsageError
from monitor.domain.feedback import Mark, MarkKind, mark_ends_at
from monitor.domain.mention import HitKind, Passage
from monitor.domain.readers import Account
from monitor.domain.values import replace
from monitor.insight.timeline import chart_days
from monitor.store.database import Database
from monitor.web.context import Snapshot
from monitor.web.page import BadRequest, PageDependency, find_done

router = APIRouter()
STORIES_PER_PAGE, MAX_HITS, MAX_HEADLINES = 20, 2_000, 5
CHART_DAYS = 14
VIEWS = ("person", "story", "outlet")


class PassageLine(Struct, frozen=True):
    """Passage of a hit, as shown on a page.

    ``pieces`` are pairs of a piece of the text, and whether it is marked because it contains matched words. ``page`` is
    the number of the page in a PDF document, or 0.
    """

    pieces: tuple[TextPiece, ...]
    language: str
    region: str = ""
    page: int = 0

    @property
    def text(self) -> str:
        """The passage as plain text."""
        return "".join(text for text, _ in self.pieces)


class ChangedArticle(Struct, frozen=True):
    """Article that its outlet has corrected, updated or withdrawn.

    ``badge`` is the word for the kind of change, and ``note`` describes the change.
    """

    badge: str
    article: ArticleLine
    note: str


class TriageStory(Struct, frozen=True):
    """Story with new hits, as shown on the page Today.

    - ``key`` is the id of the story. For an article without a story, it is "a" followed by the id of the article or, if
      the article is a duplicate, of its original.
    - ``lead`` is the leading article, which represents the story on the page.
    - ``badge`` and ``note`` describe how the leading article was changed by its outlet (such as a correction). They are
      empty if it was not changed.
    - ``changed`` has the other articles of the story that their outlets have changed.
    - ``passages`` are the passages of the leading article.
    - ``member_count`` is the number of articles of the story.
    """

    key: str
    lead: ArticleLine
    hits: tuple[HitLine, ...]
    official_ids: tuple[str, ...]
    rule_ids: tuple[str, ...]
    outlets: tuple[str, ...]
    languages: tuple[str, ...]
    badge: str = ""
    note: str = ""
    changed: tuple[ChangedArticle, ...] = ()
    passages: tuple[PassageLine, ...] = ()
    member_count: int = 1

    @property
    def story_id(self) -> str:
        """The id of the story, or an empty text for an article without a story."""
        return self.lead.story_id

    @property
    def path(self) -> str:
        """The path of the page that shows the story, or the article if it does not belong to a story."""
        return f"/story/{self.lead.story_id}" if self.lead.story_id else f"/article/{self.lead.id}"

    @property
    def lead_officials(self) -> tuple[str, ...]:
        """The ids of the officials in the hits of the leading article."""
        named = (official for hit in self.hits if hit.article.id == self.lead.id for official in hit.official_ids)
        return tuple(dict.fromkeys(named))

    @property
    def newest_at(self) -> datetime:
        """Time at which the newest hit of the story was found."""
        return self.hits[0].found_at


class TriageSection(Struct, frozen=True):
    """Stories that the page shows under one heading.

    ``official_id`` is the official in the heading, or empty. With an official, ``days`` are the numbers of articles per
    day that name the official, oldest first.
    """

    id: str
    title: str
    detail: str
    stories: tuple[TriageStory, ...]
    official_id: str = ""
    days: tuple[int, ...] = ()


class TodayView(Struct, frozen=True):
    """Data that the page Today shows.

    ``newest_hit_id`` is the id of the newest hit that was read for the page, even if a mark of the reader hides its
    story.
    """

    sections: tuple[TriageSection, ...] = ()
    headlines: tuple[TriageStory, ...] = ()
    story_count: int = 0
    left_out_count: int = 0
    hidden: tuple[tuple[str, int], ...] = ()
    followed: frozenset[str] = frozenset()
    is_cut_off: bool = False
    newest_hit_id: int = 0
    since_at: datetime | None = None
    source_count: int = 0
    read_count: int = 0
    digests: tuple[str, ...] = field(default_factory=tuple)


def group_hits(hits: Sequence[HitLine]) -> list[TriageStory]:
    """Group hits by story. The hits, and the returned stories, are newest first.

    The leading article of a story is the newest article that names an official and is not a duplicate. If there is
    none, an article that names an official is preferred to an article that is not a duplicate.
    """
    groups: defaultdict[str, list[HitLine]] = defaultdict(list)
    for hit in hits:
        groups[hit.article.story_id or f"a{hit.article.duplicate_of or hit.article.id}"].append(hit)
    return [_build_story(key, group) for key, group in groups.items()]


def _build_story(key: str, hits: list[HitLine]) -> TriageStory:
    lead = min(hits, key=lambda hit: (not hit.official_ids, hit.article.duplicate_of is not None))
    officials = Counter(official for hit in hits for official in hit.official_ids)
    ordered = sorted(officials, key=lambda one: (one not in lead.official_ids, -officials[one]))
    if lead.official_ids:
        ordered.sort(key=lambda one: lead.official_ids.index(one) if one in lead.official_ids else len(ordered))
    changed: dict[int, ChangedArticle] = {}
    for hit in hits:
        if hit.kind is not HitKind.NEW:
            changed.setdefault(hit.article.id, ChangedArticle(KIND_LABELS[hit.kind], hit.article, hit.note))
    own = changed.pop(lead.article.id, None)
    return TriageStory(
        key=key,
        lead=lead.article,
        hits=tuple(hits),
        official_ids=tuple(ordered),
        rule_ids=tuple(dict.fromkeys(hit.rule_id for hit in hits)),
        outlets=tuple(dict.fromkeys(hit.article.outlet for hit in reversed(hits))),
        languages=tuple(dict.fromkeys(hit.article.language for hit in hits if hit.article.language)),
        badge=own.badge if own else "",
        note=own.note if own else "",
        changed=tuple(changed.values()),
    )


def list_reader_marks(database: Database, hits: Sequence[HitLine], reader_id: int) -> list[Mark]:
    """Return the marks that a reader has set on the stories of these hits, such as mute or read."""
    story_ids = {hit.article.story_id for hit in hits if hit.article.story_id}
    return database.feedback.list_marks(sorted(story_ids), reader_id) if story_ids else []


def hide_marked(
    stories: Sequence[TriageStory], marks: Sequence[Mark], now: datetime
) -> tuple[list[TriageStory], dict[str, int], frozenset[str]]:
    """Hide the stories that a reader has marked as muted, irrelevant or read.

    Return the stories that are shown, the number of hidden stories by kind of mark, and the ids of followed stories. A
    story that was marked as read is shown again if it has a hit that was found after the mark.
    """
    by_story: defaultdict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_story[mark.story_id].append(mark)
    shown, hidden, followed = [], Counter[str](), set()
    for story in stories:
        active = [one for one in by_story.get(story.story_id, ()) if _is_active(one, story.newest_at, now)]
        kinds = {one.kind for one in active}
        if MarkKind.FOLLOWED in kinds:
            followed.add(story.story_id)
        hiding = [kind for kind in (MarkKind.MUTED, MarkKind.IRRELEVANT, MarkKind.READ) if kind in kinds]
        if hiding:
            hidden[hiding[0].value] += 1
        else:
            shown.append(story)
    return shown, dict(hidden), frozenset(followed)


def _is_active(mark: Mark, newest_at: datetime, now: datetime) -> bool:
    """Return whether a reader's mark still applies to a story.

    ``newest_at`` is the time at which the newest hit of the story was found.
    """
    if mark.kind is MarkKind.READ:
        return newest_at <= mark.made_at
    ends_at = mark_ends_at(mark, newest_at)
    return ends_at is None or now < ends_at


def choose_passages(
    passages: Sequence[Passage], language: str, limit: int, named_at: Sequence[MentionPlace] = ()
) -> tuple[PassageLine, ...]:
    """Return at most ``limit`` different passages, with the matched words marked.

    ``named_at`` are the places at which a person is named. The names are marked, and passages with them come first.
    The headline is returned only if it is the only passage, or the only one that names the person.
    """
    marked = [(passage, find_places(passage, named_at)) for passage in passages]
    marked.sort(key=lambda pair: not pair[1])
    chosen = [pair for pair in marked if pair[0].region is not Region.TITLE]
    if not any(places for _passage, places in chosen):
        headlines = [pair for pair in marked if pair[0].region is Region.TITLE and (pair[1] or not chosen)]
        chosen = headlines + chosen
    unique: dict[str, tuple[Passage, tuple[tuple[int, int], ...]]] = {}
    for pair in chosen:
        unique.setdefault(pair[0].text, pair)
    return tuple(
        PassageLine(
            split_at_marks(replace(passage, highlights=(*passage.highlights, *places))),
            language,
            passage.region,
            passage.page,
        )
        for passage, places in list(unique.values())[:limit]
    )


def find_places(passage: Passage, places: Sequence[MentionPlace]) -> tuple[tuple[int, int], ...]:
    """Return a pair of start and end for each mention that is inside a passage.

    ``places`` are the positions of the mentions in the article. All offsets count from the start of the region, the
    part of the article (such as the body) to which the passage belongs.
    """
    return tuple(
        (place.start, place.end)
        for place in places
        if place.region is passage.region and passage.start <= place.start and place.end <= passage.end
    )


def merge_hits(hits: Iterable[HitLine], passages: Mapping[int, tuple[Passage, ...]]) -> tuple[Passage, ...]:
    """Return the passages of several hits in one article.

    If several rules found the same passage, it is returned once, with the matched words of all these rules marked.
    ``passages`` maps the ids of hits to their passages. Passages that name officials come first.
    """
    return merge_passages((hit.official_ids, passages.get(hit.id, ())) for hit in hits)


def load_today(  # noqa: PLR0913, PLR0917 - all that the page can be asked for
    database: Database,
    snapshot: Snapshot,
    account: Account,
    by: str,
    plan_id: str,
    now: datetime,
    zone: ZoneInfo,
    shows_hidden: bool = False,
) -> TodayView:
    """Read the data that the page Today shows.

    ``by`` is the criterion by which the stories are grouped: "person", "story" or "outlet". ``plan_id`` selects the
    hits of one digest plan; if it is empty, all hits are selected. If ``shows_hidden`` is true, stories that the
    reader's marks hide are included.
    """
    plans = {plan.id: plan for plan in snapshot.configuration.digests}
    if plan_id and plan_id not in plans:
        raise UsageError(f"there is no digest {plan_id!r}")
    desk = database.desk
    rules = plans[plan_id].rules if plan_id else None
    seen_hit_id, reader_id = account.seen_hit_id, account.id
    hits = desk.list_hits(MAX_HITS + 1, after_id=seen_hit_id, rule_ids=rules)
    is_cut_off = len(hits) > MAX_HITS
    hits = hits[:MAX_HITS]
    stories, hidden, followed = hide_marked(group_hits(hits), list_reader_marks(database, hits, reader_id), now)
    if shows_hidden:
        stories = group_hits(hits)
    shown = _add_details(database, stories[:STORIES_PER_PAGE])
    sections = _arrange(shown, by, snapshot, now)
    if by == "person":
        sections = _add_charts(database, sections, now, zone)
    ranked = sorted(shown, key=lambda story: (-len(story.outlets), -story.hits[0].id))
    since_at = hits[-1].found_at if hits else None
    return TodayView(
        sections=sections,
        headlines=tuple(ranked[:MAX_HEADLINES]) if len(shown) > MAX_HEADLINES else (),
        story_count=len(stories),
        left_out_count=len(stories) - len(shown),
        hidden=tuple(hidden.items()),
        followed=followed,
        is_cut_off=is_cut_off,
        newest_hit_id=hits[0].id if hits else seen_hit_id,
        since_at=since_at,
        read_count=database.sources.count_read_since(since_at or now - timedelta(days=1)),
        source_count=len(snapshot.configuration.sources),
        digests=tuple(plans),
    )


def _add_details(database: Database, stories: Sequence[TriageStory]) -> list[TriageStory]:
    """Return the stories with the passages of their leading articles, and with the number of their articles."""
    lead_hits = {story.key: [hit for hit in story.hits if hit.article.id == story.lead.id] for story in stories}
    passages = database.desk.load_passages([hit.id for hits in lead_hits.values() for hit in hits])
    places = database.desk.load_mention_places([story.lead.id for story in stories])
    counts = database.desk.count_members([story.story_id for story in stories if story.story_id])
    return [
        replace(
            story,
            passages=choose_passages(
                merge_hits(lead_hits[story.key], passages),
                story.lead.language,
                2,
                places.get((story.lead.id, story.official_ids[0]), ()) if story.official_ids else (),
            ),
            member_count=counts.get(story.story_id, 1),
        )
        for story in stories
    ]


def _arrange(stories: Sequence[TriageStory], by: str, snapshot: Snapshot, now: datetime) -> tuple[TriageSection, ...]:
    """Group the stories into sections: by person, by outlet, or all in one section.

    By person, stories that name no official are grouped by rule. The section with the most outlets is first.
    """
    if by == "story":
        return (TriageSection("all", "", "", tuple(stories)),) if stories else ()
    groups: defaultdict[tuple[str, str], list[TriageStory]] = defaultdict(list)
    for story in stories:
        if by == "outlet":
            groups["outlet", story.lead.outlet].append(story)
        elif story.official_ids:
            groups["official", story.official_ids[0]].append(story)
        else:
            groups["rule", story.rule_ids[0]].append(story)
    sections: list[TriageSection] = []
    for (kind, name), members in groups.items():
        is_official = kind == "official"
        title = snapshot.name_official(name) if is_official else name
        sections.append(
            TriageSection(
                id=f"{kind}-{len(sections) + 1}",
                title=title if kind != "rule" else f"Rule {name}",
                detail=snapshot.describe_position(name, now) if is_official else "",
                stories=tuple(members),
                official_id=name if is_official else "",
            )
        )
    return tuple(sorted(sections, key=lambda one: -sum(len(story.outlets) for story in one.stories)))


def _add_charts(
    database: Database, sections: tuple[TriageSection, ...], now: datetime, zone: ZoneInfo
) -> tuple[TriageSection, ...]:
    """Add a chart of the mentions of the last two weeks to the section of each official."""
    days = chart_days(now, zone, CHART_DAYS)
    officials = [section.official_id for section in sections if section.official_id]
    counts = database.digests.count_daily_mentions(officials, days) if officials else {}
    return tuple(
        replace(section, days=counts[section.official_id]) if section.official_id else section for section in sections
    )


@router.get("/")
async def today(page: PageDependency) -> Response:
    """Show the stories with new hits."""
    by = page.parameter("by", VIEWS[0])
    if by not in VIEWS:
        raise BadRequest(f"by={by[:40]!r} is not one of {', '.join(VIEWS)}")
    plan = page.parameter("digest")
    database, snapshot, shows_hidden = page.context.database, page.snapshot, page.parameter("hidden") == "1"
    view = await page.read(load_today, database, snapshot, page.account, by, plan, page.now, page.zone, shows_hidden)
    done = await find_done(page)
    proposal_count = await page.read(database.proposals.count_open)
    return await page.render(
        "today.html",
        proposal_count=proposal_count,
        view=view,
        by=by,
        plan=plan,
        views=VIEWS,
        done=done,
        hidden=shows_hidden,
    )

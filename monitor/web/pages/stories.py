"""Page of a story: its articles in order of time, and what changed in them."""

from collections import defaultdict

from fastapi import APIRouter
from msgspec import Struct
from starlette.responses import RedirectResponse, Response

from monitor.domain.desk_models import ArticleLine, HitLine, ReportLine, StoryLine
from monitor.records.articles import VersionChange
from monitor.records.versions import list_version_changes
from monitor.store.database import Database
from monitor.store.desk import MAX_MEMBERS
from monitor.web.page import PageDependency, find_done
from monitor.web.pages.today import PassageLine, choose_passages, merge_hits
from monitor.web.translations import load_translations

router = APIRouter()
MAX_CHANGED_ARTICLES = 20


class StoryArticle(Struct, frozen=True):
    """Article of a story with its duplicates, hits, passages and edits."""

    line: ArticleLine
    duplicates: tuple[ArticleLine, ...]
    official_ids: tuple[str, ...]
    passages: tuple[PassageLine, ...] = ()
    changes: tuple[VersionChange, ...] = ()


class StoryView(Struct, frozen=True):
    """Data that the page of a story shows. ``is_cut_off`` is true if older articles of the story are left out."""

    story: StoryLine
    articles: tuple[StoryArticle, ...]
    official_ids: tuple[str, ...]
    outlet_count: int
    languages: tuple[str, ...]
    digests: tuple[ReportLine, ...]
    article_count: int
    is_cut_off: bool


def load_story(database: Database, story_id: str) -> StoryView:
    """Read the data that the page of a story shows. Raises ``UsageError`` if the story does not exist."""
    desk = database.desk
    story = desk.get_story(story_id)
    members = desk.list_members(story_id)
    hits = desk.list_story_hits(story_id)
    by_article: defaultdict[int, list[HitLine]] = defaultdict(list)
    for hit in hits:
        by_article[hit.article.id].append(hit)
    passages = desk.load_passages([hit.id for hit in hits])
    officials = desk.list_officials_of([line.id for line in members])
    ids = {line.id for line in members}
    duplicates: defaultdict[int, list[ArticleLine]] = defaultdict(list)
    for line in members:
        if line.duplicate_of in ids:
            duplicates[line.duplicate_of or 0].append(line)
    edited = [line for line in members if line.version_count][:MAX_CHANGED_ARTICLES]
    texts = {stored.id: stored for stored in database.queries.load_articles([line.id for line in edited])}
    changes = {
        line.id: tuple(list_version_changes(texts[line.id], database.queries.list_versions(line.id)))
        for line in edited
        if line.id in texts
    }
    articles = tuple(
        StoryArticle(
            line,
            tuple(duplicates[line.id]),
            officials.get(line.id, ()),
            choose_passages(merge_hits(by_article[line.id], passages), line.language, 2),
            changes.get(line.id, ()),
        )
        for line in members
        if line.duplicate_of not in ids
    )
    return StoryView(
        story=story,
        articles=articles,
        official_ids=tuple(dict.fromkeys(one for found in officials.values() for one in found)),
        outlet_count=len({line.source_id for line in members}),
        languages=tuple(dict.fromkeys(line.language for line in members if line.language)),
        digests=tuple(desk.list_reports([hit.id for hit in hits])),
        article_count=len(members),
        is_cut_off=len(members) == MAX_MEMBERS,
    )


@router.get("/story/{story_id}")
async def story(page: PageDependency, story_id: str) -> Response:
    """Show a story. If it was merged into another story, that story is shown."""
    view = await page.read(load_story, page.context.database, story_id[:100])
    if view.story.merged_into:
        return RedirectResponse(f"/story/{view.story.merged_into}", 301)
    marks = await page.read(page.context.database.feedback.list_marks, [view.story.id], page.account.id)
    kinds = {mark.kind.value: mark for mark in reversed(marks)}
    settings = page.snapshot.configuration.settings.translate
    texts = [
        (article.line.language, text)
        for article in view.articles
        for text in (article.line.title, *(passage.text for passage in article.passages))
    ]
    translations = await page.read(load_translations, page.context.database, texts, settings)
    return await page.render(
        "story.html", view=view, marks=kinds, done=await find_done(page), translations=translations
    )

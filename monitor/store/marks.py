"""Data that a digest needs about stories that readers have marked: the marks, and new articles of followed stories."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from monitor.domain.article import Article, Region, Stage
from monitor.domain.digest import DigestPlan, ReportableHit
from monitor.domain.feedback import Mark, MarkKind, StoryMark, mark_ends_at
from monitor.domain.mention import HitKind, Passage
from monitor.store.core_tables import ARTICLE, ARTICLE_TEXT, DIGEST_ARTICLE, DIGEST_HIT, HIT, MARK, SOURCE, STORY
from monitor.store.damaged_rows import read_rows
from monitor.store.feedback import mark_from_row, select_marks
from monitor.store.row_mapping import STORED_ARTICLE_COLUMNS, AnyRow, article_from_row, decode_texts, is_in_stories
from monitor.text.tokens import find_sentence

MAX_FOLLOWED_ARTICLES = 100
"""Maximum number of articles in one digest that are reported without a hit, because readers follow their story.

The next digest reports the rest.
"""


def load_story_marks(connection: Connection, plan: DigestPlan) -> tuple[StoryMark, ...]:
    """Return the readers' marks on stories, such as muted or followed, that apply to a digest plan.

    Each mark is returned with facts about its story: the title, the officials known when the mark was made, and the
    time of the last report. If a story has several marks for the same rule that are not undone, only the newest
    applies. A mark of the kind "irrelevant" applies in addition to another mark on the story. A mark that has ended
    does not begin again when the story gets new hits.
    """
    is_counting = (MARK.c.plan_id == plan.id, MARK.c.plan_id != "", MARK.c.undone_at.is_(None))
    chosen: dict[tuple[str, str, bool], Mark] = {}
    for row in connection.execute(select_marks().where(*is_counting).order_by(MARK.c.id)):
        mark = mark_from_row(row)
        chosen[mark.story_id, mark.rule_id, mark.kind is MarkKind.IRRELEVANT] = mark
    stories = sorted({mark.story_id for mark in chosen.values()})
    found = select(STORY.c.id, STORY.c.title).where(STORY.c.id.in_(stories))
    titles = {row.id: row.title for row in connection.execute(found)}
    hits = (
        select(HIT.c.id, HIT.c.official_ids, HIT.c.found_at, ARTICLE.c.story_id)
        .join_from(HIT, ARTICLE)
        .where(*is_in_stories(stories), HIT.c.rule_id.in_(plan.rules), HIT.c.withdrawn_at.is_(None))
        .order_by(HIT.c.found_at, HIT.c.id)
    )
    officials: defaultdict[int, set[str]] = defaultdict(set)
    last_report: dict[int, datetime] = {}
    decoded = read_rows(HIT, connection.execute(hits), lambda row: (row, decode_texts(row.official_ids)))
    for row, official_ids in decoded:
        for mark in chosen.values():
            if mark.story_id != row.story_id:
                continue
            if row.found_at <= mark.made_at:
                officials[mark.id].update(official_ids)
            ends_at = mark_ends_at(mark, last_report.get(mark.id, mark.made_at))
            if ends_at is None or row.found_at < ends_at:
                last_report[mark.id] = row.found_at
    return tuple(
        StoryMark(mark, titles.get(mark.story_id, ""), frozenset(officials[mark.id]), last_report.get(mark.id))
        for mark in chosen.values()
    )


def load_followed(
    connection: Connection, plan: DigestPlan, marks: Sequence[StoryMark], now: datetime
) -> tuple[ReportableHit, ...]:
    """Return the articles that a digest reports without a hit, because readers follow their story.

    The articles were first seen after the readers began to follow. Articles that have a hit, or that this plan has
    already reported, are left out. Duplicates are left out, too, because a copy of a text is not a new report.
    """
    followed = {
        one.mark.story_id: one.mark.made_at
        for one in marks
        if one.mark.kind is MarkKind.FOLLOWED and one.is_active(now)
    }
    if not followed:
        return ()
    has_hit = exists().where(
        HIT.c.article_id == ARTICLE.c.id, HIT.c.rule_id.in_(plan.rules), HIT.c.withdrawn_at.is_(None)
    )
    is_reported = exists().where(DIGEST_ARTICLE.c.article_id == ARTICLE.c.id, DIGEST_ARTICLE.c.plan_id == plan.id)
    was_reported = exists().where(
        HIT.c.article_id == ARTICLE.c.id, DIGEST_HIT.c.hit_id == HIT.c.id, DIGEST_HIT.c.plan_id == plan.id
    )
    query = (
        select(*STORED_ARTICLE_COLUMNS, SOURCE.c.name)
        .join_from(ARTICLE, ARTICLE_TEXT)
        .join(SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
        .where(
            ARTICLE.c.story_id != "",  # so that the partial index of articles with a story is used
            or_(*(_is_new_in_story(story_id, made_at) for story_id, made_at in sorted(followed.items()))),
            ARTICLE.c.stage == str(Stage.GROUPED),
            ARTICLE.c.duplicate_of.is_(None),
            ARTICLE.c.quarantine_reason == "",
            ARTICLE.c.first_seen_at < now,
            ~has_hit,
            ~is_reported,
            ~was_reported,
        )
        .order_by(ARTICLE.c.id)
        .limit(MAX_FOLLOWED_ARTICLES)
    )
    return tuple(read_rows(ARTICLE, connection.execute(query), _followed_from_row))


def _is_new_in_story(story_id: str, since_at: datetime) -> ColumnElement[bool]:
    return (ARTICLE.c.story_id == story_id) & (ARTICLE.c.first_seen_at >= since_at)


def _followed_from_row(row: AnyRow) -> ReportableHit:
    article = article_from_row(row)
    return ReportableHit(
        id=0,
        rule_id="",
        official_ids=(),
        passages=_first_sentence(article),
        kind=HitKind.FOLLOWED,
        found_at=row.first_seen_at,
        article_id=row.id,
        article=article,
        source_id=row.source_id,
        outlet=row.name,
        first_seen_at=row.first_seen_at,
        story_id=row.story_id,
    )


def _first_sentence(article: Article) -> tuple[Passage, ...]:
    region, text = (Region.STANDFIRST, article.standfirst) if article.standfirst else (Region.BODY, article.body)
    if not text:
        return ()
    start, end = find_sentence(text, 0, 1)
    return (Passage(text[start:end], region, start, end),)

"""Rescreen: the update of stored hits after a verdict of a reader, or after an edit of rules and officials.

A verdict or an edit changes what counts as a mention, so the articles are matched again. ``apply_findings`` replaces
their findings, but does not change their stage of processing. A hit that is no longer valid is withdrawn and not
deleted, because a digest may have reported it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, or_, select, update

from monitor.domain.article import StoredArticle
from monitor.domain.feedback import Reader, RescreenResult, Verdict, VerdictKind, Way, select_effective
from monitor.domain.mention import Findings, RuleHit
from monitor.store.column_types import to_json
from monitor.store.connections import insert_ignore
from monitor.store.core_tables import ARTICLE, DIGEST_HIT, HIT, MARK, READER, RESCREEN, VERDICT
from monitor.store.evidence import append_records
from monitor.store.findings import hit_row, replace_mentions, schedule_rechecks
from monitor.store.row_mapping import AnyRow, chunk_ids, encode_texts, insert_rows, is_in_stories

_COUNTS = VERDICT.c.undone_at.is_(None)


def select_verdicts() -> Select[Any]:
    """Return the query for verdicts with the login and name of the readers who made them.

    The caller adds conditions.
    """
    return select(VERDICT, READER.c.login, READER.c.name).join_from(VERDICT, READER)


def verdict_from_row(row: AnyRow) -> Verdict:
    """Build a verdict of a reader from a row of ``select_verdicts``."""
    return Verdict(
        id=row.id,
        kind=VerdictKind(row.kind),
        official_id=row.official_id,
        article_id=row.article_id,
        root_id=row.root_id,
        reader=Reader(row.reader_id, row.login, row.name).display_name,
        made_at=row.made_at,
        story_id=row.story_id,
        written=row.written,
        reason=row.reason,
        note=row.note,
        sentence=row.sentence,
        way=Way(row.way),
        undone_at=row.undone_at,
    )


def load_verdicts(
    connection: Connection, articles: Collection[StoredArticle], without: int | None = None
) -> dict[int, tuple[Verdict, ...]]:
    """Return a dictionary that maps the id of each article to the verdicts that apply to it.

    A verdict applies if it is about the text of the article or about its story. Articles without a verdict are left
    out. ``without`` is the id of a verdict to ignore, as if it were undone.
    """
    roots = {number for stored in articles for number in (stored.id, stored.duplicate_of) if number}
    stories = {stored.story_id for stored in articles if stored.story_id}
    found: dict[int, Verdict] = {}
    for chunk in chunk_ids(sorted(roots)):
        query = select_verdicts().where(_COUNTS, VERDICT.c.root_id.in_(chunk))
        found |= {row.id: verdict_from_row(row) for row in connection.execute(query)}
    for part in chunk_ids(sorted(stories)):
        query = select_verdicts().where(_COUNTS, VERDICT.c.story_id != "", VERDICT.c.story_id.in_(part))
        found |= {row.id: verdict_from_row(row) for row in connection.execute(query)}
    by_article: dict[int, tuple[Verdict, ...]] = {}
    for stored in articles if found else ():
        counting = [one for one in found.values() if one.id != without and applies_to(one, stored)]
        if counting:
            by_article[stored.id] = select_effective(counting)
    return by_article


def applies_to(verdict: Verdict, stored: StoredArticle) -> bool:
    """Return whether a verdict applies to an article: the verdict is about the article's text, or about its story."""
    if verdict.story_id and verdict.story_id == stored.story_id:
        return True
    return verdict.root_id in {stored.id, stored.duplicate_of}


def apply_findings(
    connection: Connection,
    findings: Sequence[tuple[StoredArticle, Findings]],
    now: datetime,
    causes: Mapping[int, Verdict],
) -> RescreenResult:
    """Replace the findings of articles that are already matched. Return the numbers of changed hits.

    Hits are withdrawn, restored, changed or added as necessary. ``causes`` maps the id of an article to the verdict
    that has changed the findings. For an article without such a verdict, the cause is a changed configuration; in this
    case, hits that a digest has reported remain as they are.
    """
    result = RescreenResult(articles=len(findings))
    for start in range(0, len(findings), _ARTICLES_PER_STATEMENT):
        part = findings[start : start + _ARTICLES_PER_STATEMENT]
        replace_mentions(connection, part)
        result += _sync_hits(connection, part, now, causes)
        article_ids = [stored.id for stored, _found in part]
        schedule_rechecks(connection, [stored.id for stored, found in part if stored.is_alertable and found.hits], now)
        append_records(connection, article_ids, now)
        connection.execute(delete(RESCREEN).where(RESCREEN.c.article_id.in_(article_ids)))
    return result


_ARTICLES_PER_STATEMENT = 500


def _sync_hits(
    connection: Connection,
    findings: Sequence[tuple[StoredArticle, Findings]],
    now: datetime,
    causes: Mapping[int, Verdict],
) -> RescreenResult:
    rows_by_article: defaultdict[int, list[AnyRow]] = defaultdict(list)
    chosen = HIT.c.article_id.in_([stored.id for stored, _found in findings])
    for row in connection.execute(select(HIT).where(chosen).order_by(HIT.c.id).with_for_update()):
        rows_by_article[row.article_id].append(row)
    reported = _select_reported(connection, [row.id for rows in rows_by_article.values() for row in rows])
    result, added = RescreenResult(), []
    for stored, found in findings:
        hits = {hit.rule_id: hit for hit in found.hits}
        rows, cause = rows_by_article[stored.id], causes.get(stored.id)
        for row in rows:
            if cause or row.id not in reported:
                result += _sync_hit(connection, row, hits.get(row.rule_id), now, cause, is_reported=row.id in reported)
        known = {row.rule_id for row in rows}
        if stored.is_alertable:
            new = [hit for rule_id, hit in hits.items() if rule_id not in known]
            added += [hit_row(stored, hit, now, _note(cause)) for hit in new]
    return result + RescreenResult(added=insert_rows(connection, HIT, added, skip_existing=True))


EDITED_NOTE = "found after rules or officials were edited"
"""Text that digests show with a hit that was found because the configuration was edited."""


def _note(cause: Verdict | None) -> str:
    """Return the text that digests show with a hit that was added or changed because its article was matched again.

    ``cause`` is the verdict because of which the article was matched again, or None if the configuration was edited.
    For a verdict, the text is empty unless the verdict is a confirmation that still applies. For example, a hit that is
    restored because a rejection was undone needs no explanation.
    """
    if cause is None:
        return EDITED_NOTE
    return cause.explain() if cause.kind is VerdictKind.CONFIRMED and cause.undone_at is None else ""


def _select_reported(connection: Connection, hit_ids: Sequence[int]) -> set[int]:
    reported: set[int] = set()
    for chunk in chunk_ids(hit_ids):
        query = select(DIGEST_HIT.c.hit_id).where(DIGEST_HIT.c.hit_id.in_(chunk))
        reported.update(connection.execute(query).scalars())
    return reported


def _sync_hit(
    connection: Connection, row: AnyRow, hit: RuleHit | None, now: datetime, cause: Verdict | None, *, is_reported: bool
) -> RescreenResult:
    """Update the stored hit in ``row`` to match the new findings, and return what has changed.

    ``hit`` is the same hit in the new findings. It is None if its rule is not satisfied any more; then the stored hit
    is withdrawn.
    """
    verdict_id = cause.id if cause else None
    if hit is None:
        if row.withdrawn_at is not None:
            return RescreenResult()
        values: dict[str, Any] = {"withdrawn_at": now, "withdrawn_by": verdict_id, "rescreened_at": now}
        connection.execute(update(HIT).where(HIT.c.id == row.id).values(values))
        return RescreenResult(withdrawn=1, reported=int(is_reported))
    official_ids = encode_texts(hit.official_ids)
    is_changed = official_ids != row.official_ids
    if row.withdrawn_at is None and not is_changed:
        return RescreenResult()
    values = {"withdrawn_at": None, "withdrawn_by": verdict_id if is_changed else None, "rescreened_at": now}
    if is_changed:
        values |= {"official_ids": official_ids, "passages": to_json(hit.passages)}
    if row.kind == "new":
        values["note"] = _note(cause)
    connection.execute(update(HIT).where(HIT.c.id == row.id).values(values))
    return RescreenResult(added=1) if row.withdrawn_at is not None else RescreenResult(changed=1)


def request_rescreen(connection: Connection, article_ids: Collection[int]) -> None:
    """Enqueue the articles among ``article_ids`` that have a verdict, so that they are matched again.

    Until then, their hits are not reported.
    """
    for chunk in chunk_ids(sorted(article_ids)):
        is_about = or_(
            VERDICT.c.root_id == ARTICLE.c.id,
            VERDICT.c.root_id == ARTICLE.c.duplicate_of,
            (VERDICT.c.story_id != "") & (VERDICT.c.story_id == ARTICLE.c.story_id),
        )
        concerned = select(ARTICLE.c.id).where(ARTICLE.c.id.in_(chunk), exists().where(_COUNTS, is_about))
        enqueue_rescreen(connection, connection.execute(concerned).scalars().all())


def enqueue_rescreen(connection: Connection, article_ids: Iterable[int]) -> None:
    """Enqueue articles, so that they are matched again. Until then, their hits are not reported."""
    rows = [{"article_id": number} for number in sorted(article_ids)]
    if rows:
        connection.execute(insert_ignore(RESCREEN, connection), rows)


def has_feedback() -> ColumnElement[bool]:
    """Return the SQL condition that there is a verdict, or a mark on a story, that is not undone.

    If there is none, ``follow_grouping`` has nothing to move and need not be called.
    """
    verdicts, marks = select(VERDICT.c.id).where(_COUNTS), select(MARK.c.id).where(MARK.c.undone_at.is_(None))
    return verdicts.exists() | marks.exists()


def follow_grouping(connection: Connection, article_ids: Collection[int], merged_stories: Mapping[str, str]) -> None:
    """Move readers' verdicts and marks after a batch of articles was grouped, so that they continue to apply.

    If an article has become a duplicate, its verdicts move to the original. If a story was merged, its verdicts and
    marks move to the story that has absorbed it. Articles to which a verdict now applies are enqueued to be matched
    again. Call this in the transaction that has grouped the articles.
    """
    for story_id in merged_stories:
        final_id = story_id
        while final_id in merged_stories:
            final_id = merged_stories[final_id]
        move_feedback(connection, story_id, final_id)
    for chunk in chunk_ids(sorted(article_ids)):
        became_duplicates = (
            select(VERDICT.c.id, ARTICLE.c.duplicate_of)
            .join_from(VERDICT, ARTICLE, ARTICLE.c.id == VERDICT.c.root_id)
            .where(_COUNTS, VERDICT.c.root_id.in_(chunk), ARTICLE.c.duplicate_of.is_not(None))
        )
        for number, root_id in connection.execute(became_duplicates).all():
            connection.execute(update(VERDICT).where(VERDICT.c.id == number).values(root_id=root_id))
            same_text = or_(ARTICLE.c.id == root_id, ARTICLE.c.duplicate_of == root_id)
            enqueue_rescreen(connection, connection.execute(select(ARTICLE.c.id).where(same_text)).scalars().all())
    request_rescreen(connection, article_ids)


def move_feedback(connection: Connection, story_id: str, new_story_id: str) -> None:
    """Move the verdicts and marks on a story to ``new_story_id``, the story that has absorbed it."""
    for table in (VERDICT, MARK):
        moved = (table.c.story_id == story_id, table.c.undone_at.is_(None))
        count = connection.execute(update(table).where(*moved).values(story_id=new_story_id)).rowcount
        if count and table is VERDICT:
            members = select(ARTICLE.c.id).where(*is_in_stories([new_story_id]))
            enqueue_rescreen(connection, connection.execute(members).scalars().all())

"""Erasure of what was found about an official: mentions, hits, verdicts, raw pages, and passages in digests."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection, delete, exists, func, or_, select, update

from monitor.domain.delivery import RenderedDigest
from monitor.domain.digest import Digest, DigestItem, DigestStory
from monitor.domain.errors import UsageError
from monitor.domain.feedback import EDIT
from monitor.domain.forgetting import ForgetReport
from monitor.domain.mention import Passage
from monitor.domain.values import replace
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections
from monitor.store.core_tables import (
    API_ANSWER,
    CHANGE,
    CONFIGURATION_EDIT,
    DIGEST,
    EVIDENCE_RECORD,
    HIT,
    MENTION,
    NEAR_MISS,
    PAGE_SNAPSHOT,
    POST_STATEMENT,
    PROPOSAL,
    RENDERED_DIGEST,
    SUCCESSION_NOTICE,
    TRANSLATION,
    VERDICT,
)
from monitor.store.damaged_rows import read_row
from monitor.store.row_mapping import AnyRow, chunk_ids, decode_texts, encode_texts
from monitor.text.fold import fold_key

Renderer = Callable[[Digest], RenderedDigest]


class _DryRun(Exception):
    """Exception by which a dry run rolls back its transaction at the end."""


class ForgetStore:
    """Store that erases everything that was found about one official, in one transaction."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def forget_official(
        self, official_id: str, names: Collection[str], render: Renderer, *, is_dry_run: bool = False
    ) -> ForgetReport:
        """Erase everything that was found about an official, and return the numbers of erased and changed rows.

        ``names`` are names of the official to search for, in addition to the spellings found in articles. ``render``
        renders a digest again after the official was removed from it. With ``is_dry_run``, the numbers are returned,
        but nothing is changed. Raises ``UsageError``, and changes nothing, if nothing about the official is stored.
        """
        reports: list[ForgetReport] = []
        with suppress(_DryRun), self._connections.write_transaction(durable=True) as connection:
            reports.append(_forget(connection, official_id, names, render))
            if is_dry_run:
                raise _DryRun
        return reports[0]


def _forget(connection: Connection, official_id: str, names: Collection[str], render: Renderer) -> ForgetReport:
    columns = (MENTION.c.article_id, MENTION.c.text)
    rows = connection.execute(select(*columns).where(MENTION.c.official_id == official_id)).all()
    article_ids = sorted({row.article_id for row in rows})
    rejected = connection.execute(select(VERDICT.c.written).where(VERDICT.c.official_id == official_id)).scalars()
    texts = {fold_key(text) for text in (*names, *rejected, *(row.text for row in rows)) if text.strip()}
    mentions = connection.execute(delete(MENTION).where(MENTION.c.official_id == official_id)).rowcount
    near_misses = connection.execute(delete(NEAR_MISS).where(NEAR_MISS.c.official_id == official_id)).rowcount
    is_in_former_text = CONFIGURATION_EDIT.c.former_text.contains(official_id, autoescape=True)
    others = connection.execute(select(func.count()).select_from(CONFIGURATION_EDIT).where(is_in_former_text)).scalar()
    others = others or 0
    for table in (POST_STATEMENT, SUCCESSION_NOTICE, PROPOSAL):
        others += connection.execute(delete(table).where(table.c.official_id == official_id)).rowcount
    for chunk in chunk_ids(article_ids):  # a statement about another official may quote the name
        connection.execute(delete(POST_STATEMENT).where(POST_STATEMENT.c.article_id.in_(chunk)))
    hits, shared_hits = _forget_hits(connection, official_id, texts)
    others += _forget_changes(connection, official_id)
    connection.execute(delete(CONFIGURATION_EDIT))  # any former text may name the official
    connection.execute(delete(API_ANSWER))
    connection.execute(delete(TRANSLATION))  # any may be of a passage; a text that is needed is translated again
    verdicts = connection.execute(delete(VERDICT).where(VERDICT.c.official_id == official_id)).rowcount
    digests, rendered = _forget_digests(connection, official_id, texts, render)
    report = ForgetReport(
        mentions=mentions,
        near_misses=near_misses,
        hits=hits,
        shared_hits=shared_hits,
        verdicts=verdicts,
        page_snapshots=_forget_pages(connection, article_ids),
        digests=digests,
        rendered_digests=rendered,
        kept_records=sum(
            connection.execute(
                select(func.count()).select_from(EVIDENCE_RECORD).where(EVIDENCE_RECORD.c.article_id.in_(chunk))
            ).scalar_one()
            for chunk in chunk_ids(article_ids)
        ),
        kept_articles=len(article_ids),
    )
    if report == ForgetReport() and not others:
        raise UsageError(
            f"Nothing about an official with the id {official_id!r} is stored, and nothing was erased. Check the id."
        )
    return report


def _forget_hits(connection: Connection, official_id: str, texts: Collection[str]) -> tuple[int, int]:
    """Delete the hits that name only this official, and remove the official from hits that also name others.

    Return the numbers of deleted and of changed hits.
    """
    named = HIT.c.official_ids.contains(f'"{official_id}"', autoescape=True)
    deleted: list[int] = []
    changed = 0
    for row in connection.execute(select(HIT).where(named)).all():
        others = [one for one in read_row(HIT, row.id, partial(decode_texts, row.official_ids)) if one != official_id]
        if not others:
            deleted.append(row.id)
            continue
        decode = partial(from_json, tuple[Passage, ...], row.passages)
        passages = _keep_passages(read_row(HIT, row.id, decode), texts)
        values = {"official_ids": encode_texts(others), "passages": to_json(passages)}
        values |= {name: "" for name in ("note", "changes") if _names(getattr(row, name), texts)}
        connection.execute(update(HIT).where(HIT.c.id == row.id).values(values))
        changed += 1
    for chunk in chunk_ids(deleted):
        connection.execute(delete(HIT).where(HIT.c.id.in_(chunk)))
    return len(deleted), changed


def _forget_changes(connection: Connection, official_id: str) -> int:
    """Delete the records of changes that concern an official, and return their number.

    The changes are verdicts, undone verdicts, and edits of the official's data in sources.yaml.
    """
    verdict_ids = select(VERDICT.c.id).where(VERDICT.c.official_id == official_id)
    is_about = or_(
        CHANGE.c.verdict_id.in_(verdict_ids),
        (CHANGE.c.what == "undo") & CHANGE.c.subject.contains(f" {official_id} (", autoescape=True),
        (CHANGE.c.what == EDIT) & CHANGE.c.subject.startswith(f"officials.{official_id}.", autoescape=True),
    )
    return connection.execute(delete(CHANGE).where(is_about)).rowcount


def _forget_pages(connection: Connection, article_ids: Sequence[int]) -> int:
    """Delete the raw pages of the given articles that now have neither mentions nor hits.

    Return the number of deleted pages.
    """
    count = 0
    for chunk in chunk_ids(article_ids):
        others = [exists().where(rows.c.article_id == PAGE_SNAPSHOT.c.article_id) for rows in (MENTION, HIT)]
        unused = (PAGE_SNAPSHOT.c.article_id.in_(chunk), *[~one for one in others])
        count += connection.execute(delete(PAGE_SNAPSHOT).where(*unused)).rowcount
    return count


def _forget_digests(
    connection: Connection, official_id: str, texts: Collection[str], render: Renderer
) -> tuple[int, int]:
    """Remove the official from stored digests, and render the changed digests again.

    Return the number of changed digests and the number of new renderings.
    """
    digest_count = rendered_count = 0
    named = DIGEST.c.content.contains(f'"{official_id}"', autoescape=True)
    for row in connection.execute(select(DIGEST.c.id, DIGEST.c.content).where(named).order_by(DIGEST.c.id)).all():
        digest = read_row(DIGEST, row.id, partial(from_json, Digest, row.content))
        redacted = redact_digest(digest, official_id, texts)
        connection.execute(update(DIGEST).where(DIGEST.c.id == row.id).values(content=to_json(redacted)))
        digest_count += 1
        rendered_count += _render_again(connection, row, redacted, render)
    return digest_count, rendered_count


def _render_again(connection: Connection, row: AnyRow, digest: Digest, render: Renderer) -> int:
    of_digest = RENDERED_DIGEST.c.digest_id == row.id
    ids = list(connection.execute(select(RENDERED_DIGEST.c.id).where(of_digest)).scalars())
    if ids:
        values = {"content": to_json(render(digest))}
        connection.execute(update(RENDERED_DIGEST).where(of_digest).values(values))
    return len(ids)


def redact_digest(digest: Digest, official_id: str, texts: Collection[str]) -> Digest:
    """Return a digest from which everything about an official is removed.

    Items about this official alone are removed. From other items about the official, the official and all passages,
    changes and notes that name the official are removed. Notices that name the official are removed, too. ``texts`` are
    the spellings of the official's name, in lower case without diacritics.
    """
    stories = [story for one in digest.stories if (story := _redact_story(one, official_id, texts))]
    return replace(
        digest,
        stories=tuple(stories),
        officials=tuple(one for one in digest.officials if one.id != official_id),
        notices=tuple(notice for notice in digest.notices if not _names(notice, texts)),
    )


def _redact_story(story: DigestStory, official_id: str, texts: Collection[str]) -> DigestStory | None:
    if official_id not in story.official_ids:
        return story
    items = [item for one in story.items if (item := _redact_item(one, official_id, texts))]
    if not items:
        return None
    others = tuple(one for one in story.official_ids if one != official_id)
    also_in = tuple(one for one in story.also_in if not _names(one.title, texts))
    title = items[0].title if _names(story.title, texts) else story.title
    return replace(story, official_ids=others, items=tuple(items), also_in=also_in, title=title)


def _redact_item(item: DigestItem, official_id: str, texts: Collection[str]) -> DigestItem | None:
    if official_id not in item.official_ids:
        return item
    others = tuple(one for one in item.official_ids if one != official_id)
    if not others:
        return None
    changes = tuple(one for one in item.changes if not (_names(one.before, texts) or _names(one.after, texts)))
    note = "" if _names(item.note, texts) else item.note
    passages = _keep_passages(item.passages, texts)
    erased = {one.text for one in item.passages} - {one.text for one in passages}
    translated = tuple(pair for pair in item.translation.texts if pair[0] not in erased)
    translation = replace(item.translation, texts=translated)
    return replace(item, official_ids=others, passages=passages, changes=changes, note=note, translation=translation)


def _keep_passages(passages: Sequence[Passage], texts: Collection[str]) -> tuple[Passage, ...]:
    return tuple(one for one in passages if not _names(one.text, texts))


def _names(text: str, texts: Collection[str]) -> bool:
    """Return whether a text contains one of ``texts``, which are in lower case without diacritics."""
    folded = fold_key(text)
    return any(one in folded for one in texts)

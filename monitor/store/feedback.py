"""Store of readers' feedback: verdicts on whether an official is meant, marks on stories, and a log of all changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, insert, or_, select, update

from monitor.domain.article import Stage, StoredArticle
from monitor.domain.errors import UsageError
from monitor.domain.feedback import (
    Change,
    Mark,
    MarkKind,
    Reader,
    RescreenResult,
    Verdict,
    Way,
)
from monitor.domain.mention import Findings
from monitor.domain.values import replace
from monitor.store.connections import Connections, insert_ignore
from monitor.store.core_tables import (
    ARTICLE,
    CHANGE,
    DIGEST,
    DIGEST_HIT,
    HIT,
    MARK,
    READER,
    RESCREEN,
    STORY,
    VERDICT,
)
from monitor.store.damaged_rows import read_row, read_rows
from monitor.store.evidence import append_verdict_records
from monitor.store.grouping_index import lock_grouping
from monitor.store.rescreening import (
    apply_findings,
    enqueue_rescreen,
    load_verdicts,
    select_verdicts,
    verdict_from_row,
)
from monitor.store.row_mapping import (
    HIT_ID_MARGIN,
    AnyRow,
    chunk_ids,
    decode_texts,
    is_in_stories,
    select_stored_articles,
    stored_article_from_row,
)

_UP_TO = "up to h"
"""Beginning of the texts ``before`` and ``after`` of a change that marks all hits up to a certain one as read.

The id of the last of these hits follows.
"""


class ScreeningBasis(Struct, frozen=True):
    """Articles to match again, with the readers' verdicts that apply to each of them.

    The articles are matched before the transaction that stores the findings. This transaction loads the articles and
    verdicts again. If their ``state`` then differs, the findings are outdated.

    - ``verdicts`` maps the id of an article to the verdicts that apply to it.
    - ``waiting_ids`` are the ids that were read from the queue of articles to match again. ``articles`` may lack some
      of these articles, because their rows are damaged.
    """

    articles: tuple[StoredArticle, ...]
    verdicts: Mapping[int, tuple[Verdict, ...]]
    waiting_ids: tuple[int, ...] = ()

    @property
    def state(self) -> frozenset[tuple[int, int, Stage, frozenset[int]]]:
        """The version and stage of each article, and the ids of its verdicts, for comparison with a later state."""
        return frozenset(
            (one.id, one.version_count, one.stage, frozenset(verdict.id for verdict in self.verdicts.get(one.id, ())))
            for one in self.articles
        )


class FeedbackStore:
    """Store of readers' feedback: verdicts and marks on stories.

    Every method is one transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def ensure_reader(self, login: str, now: datetime, name: str = "") -> Reader:
        """Return the reader with this login. If there is none, create a reader with the name ``name``.

        Raises ``UsageError`` if the reader is disabled.
        """
        with self._connections.write_transaction() as connection:
            row = {"login": login, "name": name, "seen_hit_id": 0, "made_at": now, "disabled_at": None}
            connection.execute(insert_ignore(READER, connection), row)
            reader = _reader_from_row(connection.execute(select(READER).where(READER.c.login == login)).one())
        if reader.disabled_at is not None:
            raise UsageError(f"the reader {login!r} is disabled")
        return reader

    def list_readers(self) -> list[Reader]:
        """Return all readers, sorted by login."""
        with self._connections.read_transaction() as connection:
            return [_reader_from_row(row) for row in connection.execute(select(READER).order_by(READER.c.login))]

    def load_basis(self, root_id: int, story_id: str = "") -> ScreeningBasis:
        """Return an article, its duplicates and the verdicts that apply to them, so that they can be matched again.

        ``root_id`` is the id of the article. With ``story_id``, all articles of this story are included. Articles that
        are not matched yet are left out.
        """
        with self._connections.read_transaction() as connection:
            return _load_basis(connection, root_id, story_id)

    def load_verdicts(
        self, articles: Collection[StoredArticle], without: int | None = None
    ) -> dict[int, tuple[Verdict, ...]]:
        """Return a dictionary that maps the id of each article to the verdicts that apply to it.

        Articles without a verdict are left out. ``without`` is the id of a verdict to ignore, as if it were undone.
        """
        with self._connections.read_transaction() as connection:
            return load_verdicts(connection, articles, without)

    def add_verdict(
        self,
        verdict: Verdict,
        reader: Reader,
        basis: ScreeningBasis,
        findings: Sequence[tuple[StoredArticle, Findings]],
        change: Change,
    ) -> tuple[Verdict, Change, RescreenResult] | None:
        """Store a verdict, the record ``change``, and the findings, in one transaction.

        ``basis`` has the articles and verdicts from which the findings were computed. ``findings`` are the mentions and
        hits in the articles, with the new verdict taken into account. Return the verdict and the record as stored, and
        the numbers of changed hits. The result is None, and nothing is stored, if the articles or verdicts of ``basis``
        have changed since it was loaded.
        """
        with self._connections.write_transaction(durable=True) as connection:
            lock_grouping(connection)
            if _load_basis(connection, verdict.root_id, verdict.story_id).state != basis.state:
                return None
            added = insert(VERDICT).values(_verdict_values(verdict, reader)).returning(VERDICT.c.id)
            verdict_id = connection.execute(added).scalar_one()
            stored = _get_verdict(connection, verdict_id)
            causes = {one.id: stored for one, _found in findings}
            result = apply_findings(connection, findings, verdict.made_at, causes)
            append_verdict_records(connection, stored, causes.keys() | {stored.article_id})
            return stored, add_change(connection, change, reader, verdict_id=verdict_id), result

    def undo_verdict(
        self,
        undone: Change,
        reader: Reader,
        basis: ScreeningBasis,
        findings: Sequence[tuple[StoredArticle, Findings]],
        change: Change,
    ) -> tuple[Verdict, Change, RescreenResult] | None:
        """Undo the verdict that the change ``undone`` has added. Store the findings that result without this verdict.

        ``basis`` has the articles and verdicts from which the findings were computed. Return the verdict as stored, the
        stored ``change`` (the record of the undoing), and the numbers of changed hits. The result is None, and nothing
        is stored, if the articles or verdicts of ``basis`` have changed since it was loaded. Raises ``UsageError`` if
        the verdict was undone before.
        """
        with self._connections.write_transaction(durable=True) as connection:
            lock_grouping(connection)
            verdict = _get_verdict(connection, undone.verdict_id or 0)
            if _load_basis(connection, verdict.root_id, verdict.story_id).state != basis.state:
                return None
            _set_undone(connection, VERDICT, verdict.id, change, reader)
            _set_undone(connection, CHANGE, undone.id, change, reader)
            stored = _get_verdict(connection, verdict.id)
            causes = {one.id: stored for one, _found in findings}
            result = apply_findings(connection, findings, change.made_at, causes)
            append_verdict_records(connection, stored, causes.keys() | {stored.article_id})
            return stored, add_change(connection, change, reader), result

    def request_waiting(self, plan_ids: Collection[str], since_limit: datetime, max_articles: int) -> int:
        """Enqueue the articles that the next digests may report, so that they are matched again. Return their number.

        At most ``max_articles`` of each kind are enqueued. The two kinds are:

        - articles with unreported hits
        - recent articles, in which edited rules may find new hits. An article is recent if it was first seen after the
          end of the last period that at least one of the digest plans ``plan_ids`` has covered, but not before
          ``since_limit``.
        """
        with self._connections.write_transaction() as connection:
            ends = select(func.max(DIGEST.c.end_at)).where(DIGEST.c.plan_id.in_(plan_ids)).group_by(DIGEST.c.plan_id)
            last_ends = list(connection.execute(ends).scalars())
            is_reported = exists().where(DIGEST_HIT.c.hit_id == HIT.c.id)
            last_id = connection.execute(select(func.coalesce(func.max(DIGEST.c.last_hit_id), 0))).scalar_one()
            waiting = select(HIT.c.article_id).where(HIT.c.id > last_id - HIT_ID_MARGIN, ~is_reported)
            chosen = set(connection.execute(waiting.order_by(HIT.c.id.desc()).limit(max_articles)).scalars())
            if last_ends:
                since = max(min(last_ends), since_limit)
                new = select(ARTICLE.c.id).where(
                    ARTICLE.c.first_seen_at >= since, ARTICLE.c.is_alertable, _is_matched()
                )
                chosen.update(connection.execute(new.order_by(ARTICLE.c.id.desc()).limit(max_articles)).scalars())
            enqueue_rescreen(connection, chosen)
        return len(chosen)

    def load_rescreen_queue(self, limit: int) -> ScreeningBasis:
        """Return the oldest articles that wait to be matched again, with the verdicts that apply to them.

        ``request_rescreen`` adds articles to this queue.
        """
        with self._connections.read_transaction() as connection:
            waiting = select(RESCREEN.c.article_id).join_from(RESCREEN, ARTICLE).where(_is_matched())
            waiting_ids = connection.execute(waiting.order_by(RESCREEN.c.article_id).limit(limit)).scalars().all()
            articles = _load_articles(connection, ARTICLE.c.id.in_(waiting_ids))
            return ScreeningBasis(articles, load_verdicts(connection, articles), tuple(waiting_ids))

    def save_rescreened(
        self, basis: ScreeningBasis, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime
    ) -> RescreenResult | None:
        """Store the new findings of articles that were matched again. Return the numbers of changed hits.

        ``basis`` has the articles and verdicts from which the findings were computed. Its ``waiting_ids`` are removed
        from the queue of articles to match again. The result is None, and nothing is stored, if the articles or
        verdicts of ``basis`` have changed since it was loaded. An article of ``basis`` that is not in ``findings``
        keeps its stored findings. For each changed hit, the cause is recorded: the newest verdict on the article or, if
        there is no verdict, the changed configuration.
        """
        with self._connections.write_transaction() as connection:
            lock_grouping(connection)
            articles = _load_articles(connection, ARTICLE.c.id.in_([one.id for one in basis.articles]))
            if ScreeningBasis(articles, load_verdicts(connection, articles)).state != basis.state:
                return None
            causes = {number: max(found, key=lambda one: one.id) for number, found in basis.verdicts.items()}
            result = apply_findings(connection, findings, now, causes)
            connection.execute(delete(RESCREEN).where(RESCREEN.c.article_id.in_(basis.waiting_ids)))
            return result

    def save_backtest(self, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> RescreenResult:
        """Store what a backtest (a run of edited rules over stored articles) has found.

        Return the numbers of changed hits. Findings in articles that are not matched yet are ignored. The next digests
        report the hits that are new.
        """
        matched = [one for one in findings if one[0].stage in {Stage.MATCHED, Stage.GROUPED}]
        with self._connections.write_transaction() as connection:
            return apply_findings(connection, matched, now, {})

    def add_mark(self, mark: Mark, reader: Reader, change: Change) -> tuple[Mark, Change]:
        """Store a mark on a story, such as mute or follow, and the record of this change. Return both as stored.

        Raises ``UsageError`` if the story does not exist.
        """
        with self._connections.write_transaction() as connection:
            mark_id = _insert_mark(connection, mark, reader)
            stored = mark_from_row(connection.execute(select_marks().where(MARK.c.id == mark_id)).one())
            return stored, add_change(connection, change, reader, mark_id=mark_id)

    def undo_mark(self, undone: Change, reader: Reader, change: Change) -> Change:
        """Undo the mark on a story that was added by the change ``undone``.

        Store ``change``, the record of the undoing, and return it. Raises ``UsageError`` if the mark was undone before.
        """
        with self._connections.write_transaction() as connection:
            _set_undone(connection, MARK, undone.mark_id or 0, change, reader)
            _set_undone(connection, CHANGE, undone.id, change, reader)
            return add_change(connection, change, reader)

    def mark_stories_read(self, story_ids: Collection[str], reader: Reader, change: Change) -> Change:
        """Mark several stories as read for a reader, and return the one record of this change.

        Raises ``UsageError`` if a story does not exist.
        """
        with self._connections.write_transaction() as connection:
            for story_id in story_ids:
                mark = Mark(0, MarkKind.READ, story_id, "", change.made_at, reader.login, way=change.way)
                _insert_mark(connection, mark, reader)
            return add_change(connection, change, reader)

    def mark_read_until(self, hit_id: int, reader: Reader, change: Change) -> Change:
        """Record that a reader has seen all hits up to and including ``hit_id``; return the record of this change."""
        with self._connections.write_transaction() as connection:
            is_reader = READER.c.id == reader.id
            seen = connection.execute(select(READER.c.seen_hit_id).where(is_reader)).scalar_one()
            connection.execute(update(READER).where(is_reader).values(seen_hit_id=hit_id))
            change = replace(change, before=f"{_UP_TO}{seen}", after=f"{_UP_TO}{hit_id}")
            return add_change(connection, change, reader)

    def undo_read(self, undone: Change, reader: Reader, change: Change) -> Change:
        """Undo a change of ``mark_stories_read`` or ``mark_read_until``. Return ``change``, the record of the undoing.

        Raises ``UsageError`` if the change was undone before. For a change of ``mark_read_until``, also raises it if
        the reader has marked more hits as read since.
        """
        with self._connections.write_transaction() as connection:
            _set_undone(connection, CHANGE, undone.id, change, reader)
            owner = connection.execute(select(CHANGE.c.reader_id).where(CHANGE.c.id == undone.id)).scalar_one()
            if undone.after:
                before, after = (int(text.removeprefix(_UP_TO)) for text in (undone.before, undone.after))
                is_last = (READER.c.id == owner, READER.c.seen_hit_id == after)
                if connection.execute(update(READER).where(*is_last).values(seen_hit_id=before)).rowcount != 1:
                    raise UsageError(f"change {undone.id} is not the last of its kind; undo the later one first")
            else:
                is_open = (MARK.c.kind == str(MarkKind.READ), MARK.c.undone_at.is_(None))
                of_change = (MARK.c.reader_id == owner, MARK.c.made_at == undone.made_at, *is_open)
                values = {"undone_at": change.made_at, "undone_by": reader.display_name}
                connection.execute(update(MARK).where(*of_change).values(values))
            return add_change(connection, change, reader)

    def list_verdicts(
        self, article_id: int | None = None, official_id: str = "", limit: int = 100, *, with_undone: bool = False
    ) -> list[Verdict]:
        """Return verdicts, newest first. Undone verdicts are included only if ``with_undone`` is true.

        With ``article_id``, only verdicts on this article and on its duplicates are returned. With ``official_id``,
        only verdicts on the official are returned.
        """
        query = select_verdicts().order_by(VERDICT.c.id.desc()).limit(limit)
        if article_id is not None:
            query = query.where(or_(VERDICT.c.article_id == article_id, VERDICT.c.root_id == article_id))
        if official_id:
            query = query.where(VERDICT.c.official_id == official_id)
        if not with_undone:
            query = query.where(VERDICT.c.undone_at.is_(None))
        with self._connections.read_transaction() as connection:
            return [verdict_from_row(row) for row in connection.execute(query)]

    def list_marks(
        self,
        story_ids: Collection[str] | None = None,
        reader_id: int | None = None,
        plan_id: str | None = None,
        limit: int = 1000,
    ) -> list[Mark]:
        """Return the marks on stories that are not undone, newest first.

        If stories, a reader or a digest plan are given, only their marks are returned.
        """
        query = select_marks().where(MARK.c.undone_at.is_(None)).order_by(MARK.c.id.desc()).limit(limit)
        if story_ids is not None:
            query = query.where(MARK.c.story_id.in_(story_ids))
        if reader_id is not None:
            query = query.where(MARK.c.reader_id == reader_id)
        if plan_id is not None:
            query = query.where(MARK.c.plan_id == plan_id, MARK.c.plan_id != "")
        with self._connections.read_transaction() as connection:
            return [mark_from_row(row) for row in connection.execute(query)]

    def list_changes(self, limit: int = 100, before_id: int | None = None, *, official_id: str = "") -> list[Change]:
        """Return changes, newest first.

        With ``before_id``, only changes with lower ids are returned. With ``official_id``, only changes that added
        verdicts on this official are returned.
        """
        query = _select_changes().order_by(CHANGE.c.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(CHANGE.c.id < before_id)
        if official_id:
            verdicts = select(VERDICT.c.id).where(VERDICT.c.official_id == official_id)
            query = query.where(CHANGE.c.verdict_id.in_(verdicts))
        with self._connections.read_transaction() as connection:
            return [_change_from_row(row) for row in connection.execute(query)]

    def get_change(self, change_id: int) -> Change:
        """Return one change. Raises ``UsageError`` if it does not exist."""
        with self._connections.read_transaction() as connection:
            row = connection.execute(_select_changes().where(CHANGE.c.id == change_id)).first()
        if row is None:
            raise UsageError(f"there is no change {change_id}; `monitor feedback` lists them")
        return _change_from_row(row)

    def find_change(self, verdict_id: int | None, mark_id: int | None) -> Change:
        """Return the record of the change that added a verdict or a mark. The verdict or the mark is given by its id.

        Raises ``UsageError`` if no such record exists.
        """
        is_wanted = CHANGE.c.verdict_id == verdict_id if verdict_id is not None else CHANGE.c.mark_id == mark_id
        with self._connections.read_transaction() as connection:
            row = connection.execute(_select_changes().where(is_wanted).order_by(CHANGE.c.id).limit(1)).first()
        if row is None:
            raise UsageError("the record of this change does not exist")
        return _change_from_row(row)

    def get_verdict(self, verdict_id: int) -> Verdict:
        """Return one verdict. Raises ``UsageError`` if it does not exist."""
        with self._connections.read_transaction() as connection:
            return _get_verdict(connection, verdict_id)

    def get_verdicts(self, verdict_ids: Iterable[int | None]) -> list[Verdict]:
        """Return the verdicts with these ids. An id that is None is ignored."""
        wanted = sorted({number for number in verdict_ids if number is not None})
        with self._connections.read_transaction() as connection:
            return [
                verdict_from_row(row)
                for chunk in chunk_ids(wanted)
                for row in connection.execute(select_verdicts().where(VERDICT.c.id.in_(chunk)))
            ]

    def list_same_text(self, root_ids: Iterable[int]) -> list[int]:
        """Return the ids of the articles ``root_ids`` and of all their duplicates, in ascending order."""
        wanted = sorted(set(root_ids))
        found: set[int] = set()
        with self._connections.read_transaction() as connection:
            for chunk in chunk_ids(wanted):
                same_text = or_(ARTICLE.c.id.in_(chunk), ARTICLE.c.duplicate_of.in_(chunk))
                found.update(connection.execute(select(ARTICLE.c.id).where(same_text)).scalars())
        return sorted(found)

    def get_hit_place(self, hit_id: int) -> tuple[int, str, tuple[str, ...]]:
        """Return the id of a hit's article, the id of this article's story, and the officials of the hit.

        Raises ``UsageError`` if the hit does not exist.
        """
        columns = (HIT.c.article_id, ARTICLE.c.story_id, HIT.c.official_ids)
        query = select(*columns).join_from(HIT, ARTICLE).where(HIT.c.id == hit_id)
        with self._connections.read_transaction() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise UsageError(f"there is no hit {hit_id}; `monitor hits` lists them")
        return row.article_id, row.story_id, read_row(HIT, hit_id, partial(decode_texts, row.official_ids))

    def record_change(self, change: Change, reader: Reader) -> Change:
        """Store the record of a change that adds neither a verdict nor a mark, such as an edit of the configuration.

        Return the record with its new id.
        """
        with self._connections.write_transaction() as connection:
            return add_change(connection, change, reader)


def resolve_story(connection: Connection, story_id: str) -> str:
    """Return the id of the story that now has the articles of the story ``story_id``.

    It is a different id if the story was merged into another story. Raises ``UsageError`` if the story does not exist.
    """
    row = connection.execute(select(STORY.c.merged_into).where(STORY.c.id == story_id)).first()
    if row is None:
        raise UsageError(f"there is no story {story_id!r}; `monitor stories list` lists them")
    return str(row.merged_into or story_id)


def _insert_mark(connection: Connection, mark: Mark, reader: Reader) -> int:
    """Insert a mark that ``reader`` has made, and return its id. Raises ``UsageError`` if the story does not exist."""
    values = {
        "reader_id": None if mark.plan_id else reader.id,
        "plan_id": mark.plan_id,
        "story_id": resolve_story(connection, mark.story_id),
        "kind": str(mark.kind),
        "rule_id": mark.rule_id,
        "until_at": mark.until_at,
        "made_at": mark.made_at,
        "made_by": reader.id,
        "way": str(mark.way),
        "undone_at": None,
        "undone_by": "",
    }
    mark_id: int = connection.execute(insert(MARK).values(values).returning(MARK.c.id)).scalar_one()
    return mark_id


def _is_matched() -> ColumnElement[bool]:
    return ARTICLE.c.stage.in_([str(Stage.MATCHED), str(Stage.GROUPED)])


def _load_articles(connection: Connection, *conditions: ColumnElement[bool]) -> tuple[StoredArticle, ...]:
    query = select_stored_articles().where(_is_matched(), *conditions).order_by(ARTICLE.c.id)
    return tuple(read_rows(ARTICLE, connection.execute(query), stored_article_from_row))


def _load_basis(connection: Connection, root_id: int, story_id: str) -> ScreeningBasis:
    articles = {one.id: one for one in _load_articles(connection, ARTICLE.c.id == root_id)}
    articles |= {one.id: one for one in _load_articles(connection, ARTICLE.c.duplicate_of == root_id)}
    if story_id:
        articles |= {one.id: one for one in _load_articles(connection, *is_in_stories([story_id]))}
    found = tuple(articles[number] for number in sorted(articles))
    return ScreeningBasis(found, load_verdicts(connection, found))


def _get_verdict(connection: Connection, verdict_id: int) -> Verdict:
    row = connection.execute(select_verdicts().where(VERDICT.c.id == verdict_id)).first()
    if row is None:
        raise UsageError(f"there is no verdict {verdict_id}; `monitor feedback` lists them")
    return verdict_from_row(row)


def _verdict_values(verdict: Verdict, reader: Reader) -> dict[str, Any]:
    return {
        "official_id": verdict.official_id,
        "article_id": verdict.article_id,
        "root_id": verdict.root_id,
        "story_id": verdict.story_id,
        "written": verdict.written,
        "kind": str(verdict.kind),
        "reason": verdict.reason,
        "note": verdict.note,
        "sentence": verdict.sentence,
        "reader_id": reader.id,
        "way": str(verdict.way),
        "made_at": verdict.made_at,
        "undone_at": None,
        "undone_by": "",
    }


def set_undone(connection: Connection, undone: Change, reader: Reader, change: Change) -> None:
    """Record that ``change``, made by ``reader``, has undone the change ``undone``.

    Raises ``UsageError`` if ``undone`` was undone before.
    """
    _set_undone(connection, CHANGE, undone.id, change, reader)


def _set_undone(connection: Connection, table: Any, row_id: int, change: Change, reader: Reader) -> None:
    """Mark the row ``row_id`` of ``table`` as undone, with the time and the reader of ``change``.

    The row is a verdict, a mark or a change. Raises ``UsageError`` if it was undone before.
    """
    undone = {"undone_at": change.made_at, "undone_by": reader.display_name}
    is_open = (table.c.id == row_id, table.c.undone_at.is_(None))
    if connection.execute(update(table).where(*is_open).values(undone)).rowcount != 1:
        raise UsageError(f"{change.subject} is undone already")


def add_change(
    connection: Connection, change: Change, reader: Reader, verdict_id: int | None = None, mark_id: int | None = None
) -> Change:
    """Store the record of a change, and return it with its new id.

    If the change added a verdict or a mark, the record contains the id of this verdict or mark.
    """
    values = {
        "what": change.what,
        "subject": change.subject,
        "before": change.before,
        "after": change.after,
        "verdict_id": verdict_id,
        "mark_id": mark_id,
        "reader_id": reader.id,
        "way": str(change.way),
        "made_at": change.made_at,
        "undone_at": None,
        "undone_by": "",
    }
    change_id = connection.execute(insert(CHANGE).values(values).returning(CHANGE.c.id)).scalar_one()
    return _change_from_row(connection.execute(_select_changes().where(CHANGE.c.id == change_id)).one())


def _select_changes() -> Select[Any]:
    return select(CHANGE, READER.c.login, READER.c.name).join_from(CHANGE, READER)


def _change_from_row(row: AnyRow) -> Change:
    return Change(
        id=row.id,
        what=row.what,
        subject=row.subject,
        reader=row.name or row.login,
        way=Way(row.way),
        made_at=row.made_at,
        before=row.before,
        after=row.after,
        verdict_id=row.verdict_id,
        mark_id=row.mark_id,
        undone_at=row.undone_at,
        undone_by=row.undone_by,
        login=row.login,
    )


_MADE_BY, _OWNER = READER.alias("made_by"), READER.alias("owner")


def select_marks() -> Select[Any]:
    """Return the query for marks on stories with the readers who made them. The caller adds conditions."""
    return (
        select(
            MARK,
            _MADE_BY.c.login.label("made_by_login"),
            _MADE_BY.c.name.label("made_by_name"),
            _OWNER.c.login.label("owner_login"),
        )
        .join_from(MARK, _MADE_BY, MARK.c.made_by == _MADE_BY.c.id)
        .outerjoin(_OWNER, MARK.c.reader_id == _OWNER.c.id)
    )


def mark_from_row(row: AnyRow) -> Mark:
    """Build a mark on a story from a row of ``select_marks``."""
    return Mark(
        id=row.id,
        kind=MarkKind(row.kind),
        story_id=row.story_id,
        made_by=row.made_by_name or row.made_by_login,
        made_at=row.made_at,
        reader=row.owner_login or "",
        plan_id=row.plan_id,
        rule_id=row.rule_id,
        until_at=row.until_at,
        way=Way(row.way),
        undone_at=row.undone_at,
    )


def _reader_from_row(row: AnyRow) -> Reader:
    return Reader(row.id, row.login, row.name, row.seen_hit_id, row.disabled_at)

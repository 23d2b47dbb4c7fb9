"""Store of composed digests: their windows (periods), their inputs, and their storage together with deliveries."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, or_, select, update

from monitor.domain.delivery import Message
from monitor.domain.digest import (
    INITIAL_WINDOW_LEAD,
    Coverage,
    Digest,
    DigestInputs,
    DigestItem,
    DigestPlan,
    DigestQuery,
    LastWindow,
    ReportableHit,
    ReportedContent,
    SourceProblem,
    Window,
)
from monitor.domain.feedback import (
    MIN_REPEATED_REJECTIONS,
    REPETITION_PERIOD,
    RepeatedRejection,
    Retraction,
    VerdictKind,
)
from monitor.domain.marks import apply_marks
from monitor.domain.mention import HitKind, Passage, TextChange
from monitor.domain.poll_state import HEALTHY_STATES, PollState
from monitor.domain.read_models import NearMissSummary, QuarantineSummary
from monitor.domain.source_health import effective_poll_state
from monitor.domain.values import replace
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, insert_ignore
from monitor.store.core_tables import (
    ARTICLE,
    ARTICLE_ATTEMPT,
    ARTICLE_TEXT,
    DELIVERY,
    DIGEST,
    DIGEST_ARTICLE,
    DIGEST_HIT,
    HIT,
    MARK,
    MENTION,
    RESCREEN,
    SOURCE,
    UNSUBSCRIBED_TARGET,
    VERDICT,
)
from monitor.store.damaged_rows import read_row, read_rows
from monitor.store.deliveries import DeliveryStore, build_delivery_rows
from monitor.store.findings import list_near_misses, mention_from_row
from monitor.store.marks import load_followed, load_story_marks
from monitor.store.rescreening import select_verdicts, verdict_from_row
from monitor.store.row_mapping import (
    HIT_ID_MARGIN,
    STORED_ARTICLE_COLUMNS,
    AnyRow,
    article_from_row,
    chunk_ids,
    decode_texts,
    encode_texts,
    insert_rows,
)
from monitor.store.sources import IS_CONFIGURED, SourceStore, poll_state_from_row
from monitor.store.successions import record_announced

_STATE_COLUMNS = tuple(SOURCE.c[name] for name in ("id", "name", "poll_state", "page_quality"))


class _AlreadyReported(Exception):
    """Raised to roll back, because another process has already reported the window (period) or one of its hits."""


class DigestStore:
    """Store of composed digests and of the hits that they report.

    Every method is one transaction and may raise ``StoreError``.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def last_window_end(self, plan_id: str) -> datetime | None:
        """Return the end of the last window (period) that a digest plan has covered.

        The result is None before the first window.
        """
        with self._connections.read_transaction() as connection:
            end_at: datetime | None = connection.execute(
                select(func.max(DIGEST.c.end_at)).where(DIGEST.c.plan_id == plan_id)
            ).scalar_one()
            return end_at

    def initial_lookback_start(self, plan_id: str) -> datetime | None:
        """Return the start of the period that the next digest of a new plan covers, or None if the plan is not new.

        The first stored window (period) of a digest plan reports nothing. The plan is new as long as this is its only
        window.
        """
        windows = select(DIGEST.c.start_at).where(DIGEST.c.plan_id == plan_id).limit(2)
        with self._connections.read_transaction() as connection:
            starts: list[datetime] = [*connection.execute(windows).scalars()]
        return starts[0] + INITIAL_WINDOW_LEAD if len(starts) == 1 else None

    def undelivered_hits(self, plan: DigestPlan, before: datetime) -> list[ReportableHit]:
        """Return the hits that a digest plan has not reported yet, and that were found before ``before``, oldest first.

        Hits that are withdrawn (made invalid by a verdict or a changed configuration), or whose articles wait to be
        matched again, are left out. A hit that a verdict has restored is returned again. A hit for which a verdict has
        confirmed another official is returned again as an update.
        """
        with self._connections.read_transaction() as connection:
            return _load_undelivered(connection, plan, before, _load_plan_state(connection, plan))

    def hits_between(self, plan: DigestPlan, since: datetime, before: datetime) -> list[ReportableHit]:
        """Return the hits of a digest plan's rules that were found in a period, oldest first.

        Both reported and unreported hits are returned.
        """
        with self._connections.read_transaction() as connection:
            return _load_hits(connection, plan, HIT.c.found_at >= since, HIT.c.found_at < before)

    def load_coverage(self, window: Window) -> Coverage:
        """Return the coverage of a window (period): what was read from the sources, and the present problems."""
        with self._connections.read_transaction() as connection:
            article_count = connection.execute(
                select(func.count()).select_from(ARTICLE).where(*_is_first_seen_in(window))
            ).scalar_one()
            read_count = func.count().filter(SOURCE.c.last_success_at >= window.start_at)
            counts = connection.execute(select(func.count(), read_count).where(IS_CONFIGURED)).one()
            may_have_problem = SOURCE.c.layout_changed_at.is_not(None) | SOURCE.c.state.not_in(
                [str(state) for state in HEALTHY_STATES]
            )
            query = select(*_STATE_COLUMNS).where(IS_CONFIGURED, may_have_problem).order_by(SOURCE.c.id)
            candidates = read_rows(SOURCE, connection.execute(query), _source_problem_from_row)
        problems = tuple(one for one in candidates if one.state not in HEALTHY_STATES)
        return Coverage(source_count=counts[0], read_count=counts[1], article_count=article_count, problems=problems)

    def count_daily_mentions(
        self, official_ids: Collection[str], days: Sequence[datetime]
    ) -> dict[str, tuple[int, ...]]:
        """Return a dictionary that maps the id of each official to numbers of articles that name the official.

        ``days`` are the starts of consecutive days. Each value of the dictionary has one number for each day.
        """
        counts = {official: [0] * len(days) for official in official_ids}
        ends = [*days[1:], *(day + timedelta(hours=24) for day in days[-1:])]
        count = func.count(MENTION.c.article_id.distinct())
        with self._connections.read_transaction() as connection:
            for position, (start, end) in enumerate(zip(days, ends, strict=True)):
                found = connection.execute(
                    select(MENTION.c.official_id, count)
                    .where(MENTION.c.official_id.in_(counts), MENTION.c.seen_at >= start, MENTION.c.seen_at < end)
                    .group_by(MENTION.c.official_id)
                )
                for official, articles in found:
                    counts[official][position] = articles
        return {official: tuple(numbers) for official, numbers in counts.items()}

    def list_near_misses(self, official_ids: Collection[str], window: Window, limit: int) -> list[NearMissSummary]:
        """Return the near misses of these officials in a window (period), the most frequent first.

        A near miss is a text that was rejected as the name of an official. The window selects articles by the time at
        which they were first seen. An article that also has an accepted mention of the official is left out.
        """
        with self._connections.read_transaction() as connection:
            return list_near_misses(connection, official_ids, window, limit)

    def list_repeated_rejections(self, official_ids: Collection[str], before: datetime) -> list[RepeatedRejection]:
        """Return the spellings of these officials' names that readers rejected repeatedly, the most rejected first.

        Only verdicts of the last ``REPETITION_PERIOD`` count. A spelling must have been rejected in at least
        ``MIN_REPEATED_REJECTIONS`` texts.
        """
        count = func.count(VERDICT.c.root_id.distinct()).label("count")
        query = (
            select(VERDICT.c.official_id, VERDICT.c.written, count)
            .where(
                VERDICT.c.kind == str(VerdictKind.REJECTED),
                VERDICT.c.undone_at.is_(None),
                VERDICT.c.official_id.in_(official_ids),
                VERDICT.c.made_at >= before - REPETITION_PERIOD,
            )
            .group_by(VERDICT.c.official_id, VERDICT.c.written)
            .having(count >= MIN_REPEATED_REJECTIONS)
            .order_by(count.desc(), VERDICT.c.official_id, VERDICT.c.written)
        )
        with self._connections.read_transaction() as connection:
            return [RepeatedRejection(*row) for row in connection.execute(query)]

    def list_quarantined(self, window: Window) -> list[QuarantineSummary]:
        """Return the numbers of quarantined articles by source and reason, the highest number first.

        A quarantined article is stored, but not reported. It is counted in the window (period) in which it was first
        seen. If it was abandoned (is not tried again after failed attempts), it is counted in the window in which the
        last attempt failed.
        """
        count = func.count().label("count")
        abandoned_at = ARTICLE_ATTEMPT.c.abandoned_at  # may be after the digest of the time when it was first seen
        is_bulk = abandoned_at.is_(None)
        is_abandoned_now = and_(abandoned_at >= window.start_at, abandoned_at < window.end_at)
        query = (
            select(SOURCE.c.id, SOURCE.c.name, ARTICLE.c.quarantine_reason, count)
            .join_from(ARTICLE, SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
            .outerjoin(ARTICLE_ATTEMPT, ARTICLE_ATTEMPT.c.article_id == ARTICLE.c.id)
            .where(ARTICLE.c.quarantine_reason != "", or_(and_(*_is_first_seen_in(window), is_bulk), is_abandoned_now))
            .group_by(SOURCE.c.id, SOURCE.c.name, ARTICLE.c.quarantine_reason)
            .order_by(count.desc(), SOURCE.c.id, ARTICLE.c.quarantine_reason)
        )
        with self._connections.read_transaction() as connection:
            return [QuarantineSummary(*row) for row in connection.execute(query)]

    def load_last_window(self, plan: DigestPlan) -> LastWindow | None:
        """Return the last window (period) of a digest plan, or None if no window is stored yet.

        The first window of a plan reports nothing. If it is the only one, and the plan has fixed times (is not
        immediate), the result also has the start of the period that the next digest covers.
        """
        with self._connections.shared_read_transaction():
            end_at = self.last_window_end(plan.id)
            if end_at is None:
                return None
            return LastWindow(end_at, None if plan.schedule.is_immediate else self.initial_lookback_start(plan.id))

    def load_inputs(self, plan: DigestPlan, query: DigestQuery) -> DigestInputs:
        """Return everything that a digest is composed from, read in one transaction."""
        with self._connections.shared_read_transaction():
            with self._connections.read_transaction() as connection:
                plan_state = _load_plan_state(connection, plan)
                undelivered = _load_undelivered(connection, plan, query.hits_before, plan_state)
                retractions = tuple(_load_retractions(connection, plan_state.rescreened, query.hits_before))
                marks = load_story_marks(connection, plan) if plan_state.has_marks else ()
                followed = load_followed(connection, plan, marks, query.window.end_at) if marks else ()
            unsubscribed = self.load_unsubscribed(plan.id) if plan_state.has_unsubscribed else frozenset()
            hits = [hit for hit in undelivered if query.found_since is None or hit.found_at >= query.found_since]
            if query.period_start_at is not None:
                hits = self.hits_between(plan, query.period_start_at, query.hits_before)
            if query.requires_hits and not (retractions or followed):
                marked = apply_marks(filter(plan.accepts, hits), marks, query.window.end_at)
                if not hits or marked.must_wait:
                    return DigestInputs()
            window, officials = query.window, sorted(query.official_ids.union(*(hit.official_ids for hit in hits)))
            near_misses: list[NearMissSummary] = []
            repeated: list[RepeatedRejection] = []
            if query.near_miss_window:
                near_misses = self.list_near_misses(officials, query.near_miss_window, query.near_miss_limit)
                repeated = self.list_repeated_rejections(officials, query.near_miss_window.end_at)
            quarantined = tuple(self.list_quarantined(window))
            states = tuple(SourceStore(self._connections).load_states_with_notices(window.start_at))
            return DigestInputs(
                hits=tuple(hits),
                undelivered_hit_ids=frozenset(hit.id for hit in undelivered),
                coverage=_with_entry_counts(self.load_coverage(window), quarantined, states, window),
                daily_mentions=self.count_daily_mentions(officials, query.chart_days),
                quarantined=quarantined,
                near_misses=tuple(near_misses),
                failed_deliveries=tuple(
                    DeliveryStore(self._connections).list_failed_deliveries(window.start_at, window.end_at)
                ),
                source_states=states,
                retractions=retractions,
                marks=marks,
                followed=followed,
                repeated_rejections=tuple(repeated),
                unsubscribed=unsubscribed,
            )

    def load_unsubscribed(self, plan_id: str) -> frozenset[tuple[str, str]]:
        """Return a pair of channel and target for each recipient who has unsubscribed from a digest plan."""
        columns = (UNSUBSCRIBED_TARGET.c.channel_id, UNSUBSCRIBED_TARGET.c.target)
        query = select(*columns).where(UNSUBSCRIBED_TARGET.c.plan_id == plan_id)
        with self._connections.read_transaction() as connection:
            return frozenset((row.channel_id, row.target) for row in connection.execute(query))

    def unsubscribe(self, plan_id: str, channel_id: str, target: str, now: datetime) -> None:
        """Record that a target (recipient) has unsubscribed from a digest plan. A repeated call changes nothing."""
        row = {"plan_id": plan_id, "channel_id": channel_id, "target": target, "unsubscribed_at": now}
        with self._connections.write_transaction(durable=True) as connection:
            connection.execute(insert_ignore(UNSUBSCRIBED_TARGET, connection), row)

    def subscribe(self, plan_id: str, channel_id: str, target: str) -> None:
        """Record that digests of a plan are sent again to a target (recipient) that had unsubscribed."""
        table = UNSUBSCRIBED_TARGET
        wanted = (table.c.plan_id == plan_id, table.c.channel_id == channel_id, table.c.target == target)
        with self._connections.write_transaction(durable=True) as connection:
            connection.execute(delete(table).where(*wanted))

    def list_headlines(self, plan: DigestPlan, before: datetime) -> dict[int, DigestItem]:
        """Return the hits that a digest plan has not reported yet, as digest items without passages, oldest first.

        The result is a dictionary that maps the id of each hit to its digest item. Only hits found before ``before``
        are included. Only plain columns are read, not JSON, so that a damaged passage cannot prevent an article from
        being reported.
        """
        is_reported = exists().where(DIGEST_HIT.c.hit_id == HIT.c.id, DIGEST_HIT.c.plan_id == plan.id)
        last_hit_id = select(func.coalesce(func.max(DIGEST.c.last_hit_id), 0)).where(DIGEST.c.plan_id == plan.id)
        columns = [ARTICLE.c[name] for name in ("id", "url", "title", "source_id", "published_at", "first_seen_at")]
        query = (
            select(HIT.c.id.label("hit_id"), HIT.c.rule_id, SOURCE.c.name, ARTICLE.c.language, *columns)
            .join_from(HIT, ARTICLE, HIT.c.article_id == ARTICLE.c.id)
            .join(SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
            .where(HIT.c.rule_id.in_(plan.rules), HIT.c.found_at < before, ~is_reported, *_IS_REPORTABLE)
            .order_by(HIT.c.found_at, HIT.c.id)
        )
        with self._connections.read_transaction() as connection:
            min_hit_id = connection.execute(last_hit_id).scalar_one() - HIT_ID_MARGIN
            return {
                row.hit_id: DigestItem(
                    row.id,
                    row.url,
                    row.title,
                    row.source_id,
                    row.name,
                    row.published_at,
                    row.first_seen_at,
                    row.language,
                    (row.rule_id,),
                    (),
                    (),
                )
                for row in connection.execute(query.where(HIT.c.id > min_hit_id))
            }

    def commit_digest(
        self,
        digest: Digest,
        messages: Sequence[Message],
        reported_hit_ids: Sequence[int],
        content: ReportedContent | None = None,
    ) -> bool:
        """Store a digest with its deliveries, and record its hits as reported, in one transaction.

        The result is False, and nothing is stored, in three cases. First, this window (period) was stored before.
        Second, another process has reported one of the hits since they were read. Third, since then a verdict has
        changed or withdrawn one of the hits, or its article waits to be matched again.
        """
        try:
            with self._connections.write_transaction(durable=True) as connection:
                digest_id = _write_digest(connection, digest, messages, reported_hit_ids)
                _mark_reported(connection, digest, digest_id, reported_hit_ids, content or ReportedContent())
                _mark_retracted(connection, digest.plan_id, content.retractions if content else ())
                articles = [
                    {"article_id": number, "plan_id": digest.plan_id, "digest_id": digest_id}
                    for number in (content.followed_article_ids if content else ())
                ]
                insert_rows(connection, DIGEST_ARTICLE, articles, skip_existing=True)
                if content:
                    record_announced(connection, digest.plan_id, content.announced, digest.composed_at)
        except _AlreadyReported:
            return False
        return True

    def create_digest(self, initial_digest: Digest, plan: DigestPlan, before: datetime) -> bool:
        """Store the first window (period) of a digest plan, so that the plan reports no hits found before ``before``.

        Later searches for unreported hits begin shortly below the highest id of these hits. The ones with ids from
        there on are recorded as reported; the others are not found again. The result is False, and nothing is stored,
        if this window was stored before.
        """
        old = (HIT.c.rule_id.in_(plan.rules), HIT.c.found_at < before)
        with self._connections.write_transaction(durable=True) as connection:
            newest = connection.execute(select(func.max(HIT.c.id)).where(*old)).scalar() or 0
            row = _digest_row(initial_digest, newest)
            new_row = insert_ignore(DIGEST, connection).values(row).returning(DIGEST.c.id)
            digest_id = connection.execute(new_row).scalar()
            if digest_id is None:
                return False
            recent = select(HIT.c.id).where(*old, HIT.c.id > newest - HIT_ID_MARGIN)
            marks = [
                {"hit_id": hit, "plan_id": initial_digest.plan_id, "digest_id": digest_id, "official_ids": _NOT_NAMED}
                for hit in connection.execute(recent).scalars()
            ]
            if marks:
                connection.execute(insert_ignore(DIGEST_HIT, connection), marks)
        return True


def _with_entry_counts(
    coverage: Coverage, quarantined: Sequence[QuarantineSummary], states: Sequence[PollState], window: Window
) -> Coverage:
    """Return ``coverage`` with three numbers added: quarantined articles, merged entries and dropped entries.

    Merged entries repeat another entry. Dropped entries are empty, were not read, or are unaccounted for. Merged and
    dropped entries are counted only for sources that were read successfully since the start of the window (period).
    """
    counts = [state.counts for state in states if state.last_success_at and state.last_success_at >= window.start_at]
    return replace(
        coverage,
        quarantined_count=sum(line.article_count for line in quarantined),
        merged_count=sum(one.merged for one in counts),
        dropped_count=sum(one.empty + one.left_out + one.unaccounted for one in counts),
    )


def _is_first_seen_in(window: Window) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ARTICLE.c.first_seen_at >= window.start_at, ARTICLE.c.first_seen_at < window.end_at


def _write_digest(
    connection: Connection, digest: Digest, messages: Sequence[Message], reported_hit_ids: Sequence[int]
) -> int:
    """Insert a digest with its deliveries, and return the id of the digest.

    Raises ``_AlreadyReported`` if a digest of the same plan is stored whose period begins at the same time.
    """
    last_hit_id = connection.execute(
        select(func.max(DIGEST.c.last_hit_id)).where(DIGEST.c.plan_id == digest.plan_id)
    ).scalar()
    newest = min(max(reported_hit_ids, default=0), _first_waiting_hit_id(connection) - 1)
    row = _digest_row(digest, max(last_hit_id or 0, newest))
    new_row = insert_ignore(DIGEST, connection).values(row).returning(DIGEST.c.id)
    digest_id: int | None = connection.execute(new_row).scalar()
    if digest_id is None:
        raise _AlreadyReported
    if messages:
        connection.execute(insert(DELIVERY), build_delivery_rows(connection, messages, digest_id))
    return digest_id


def _first_waiting_hit_id(connection: Connection) -> int:
    """Return the lowest id of the hits whose articles wait for a rescreen (to be matched again).

    No digest has reported these hits yet, so later searches must not skip their ids. If no hit waits, the result is
    higher than every id.
    """
    found: int | None = connection.execute(_WAITING_HITS.order_by(HIT.c.id).limit(1)).scalar()
    return _ABOVE_ALL_IDS if found is None else found


_WAITING_HITS = select(HIT.c.id).join_from(RESCREEN, HIT, RESCREEN.c.article_id == HIT.c.article_id)
_ABOVE_ALL_IDS = 1 << 62
_NOT_NAMED = encode_texts(("-",))
"""Value of ``digest_hit.official_ids`` for a hit that counts as reported although no digest has shown it.

The hit is older than the digest plan, or the digest has left it out, for example because its story is muted.
"""
_NOBODY = ("",)
"""Officials of a valid hit whose rule names no official: a single empty id.

The officials of a withdrawn hit are an empty set, so the set of a valid hit must not be empty. Otherwise the hit could
not be reported, or retracted when it is withdrawn.
"""
_IS_REPORTABLE = (HIT.c.withdrawn_at.is_(None), ~exists().where(RESCREEN.c.article_id == HIT.c.article_id))
_RESCREENED_MARGIN = timedelta(days=1)


def _reported_officials(column: str | None) -> frozenset[str]:
    return frozenset(decode_texts(column or ""))


def _present_officials(row: AnyRow) -> frozenset[str]:
    """Return the ids of the officials that a hit names at present.

    The set is empty for a withdrawn hit, and has the single element "" for a hit whose rule names no official.
    """
    return frozenset(() if row.withdrawn_at else decode_texts(row.official_ids) or _NOBODY)


def _mark_reported(
    connection: Connection,
    digest: Digest,
    digest_id: int,
    hit_ids: Sequence[int],
    content: ReportedContent,
) -> None:
    """Record hits as reported.

    Raises ``_AlreadyReported`` if a hit was reported or changed meanwhile, or if its article waits to be matched again.
    """
    marks: list[dict[str, Any]] = []
    for chunk in chunk_ids(sorted(hit_ids)):
        found = _lock_reported(connection, digest.plan_id, chunk)
        if connection.execute(_WAITING_HITS.where(HIT.c.id.in_(chunk)).limit(1)).first():
            raise _AlreadyReported
        for hit_id in chunk:
            row = found.get(hit_id)
            known = decode_texts(row.official_ids) if row else ()
            if row is None or row.withdrawn_at or content.official_ids.get(hit_id, known) != known:
                raise _AlreadyReported
            reported, present = _reported_officials(row.reported_ids), _present_officials(row)
            officials = _NOT_NAMED if hit_id in content.hidden_hit_ids else encode_texts(sorted(reported | present))
            if row.reported_ids is None:
                mark = {"hit_id": hit_id, "plan_id": digest.plan_id, "digest_id": digest_id, "official_ids": officials}
                marks.append(mark)
            elif present <= reported or row.reported_ids == _NOT_NAMED:
                raise _AlreadyReported
            else:
                _update_mark(connection, digest.plan_id, hit_id, officials)
    if insert_rows(connection, DIGEST_HIT, marks, skip_existing=True) < len(marks):
        raise _AlreadyReported


def _mark_retracted(connection: Connection, plan_id: str, retractions: Sequence[Retraction]) -> None:
    """Record that a digest retracts reports: the hits do not name the reported officials any more.

    These officials no longer count as reported by the digest plan. Raises ``_AlreadyReported`` if a hit was reported or
    changed meanwhile.
    """
    retracted = {one.hit_id: frozenset(one.official_ids) for one in retractions}
    for chunk in chunk_ids(sorted(retracted)):
        found = _lock_reported(connection, plan_id, chunk)
        for hit_id in chunk:
            row = found.get(hit_id)
            reported = _reported_officials(row.reported_ids) if row else frozenset()
            if row is None or not retracted[hit_id] <= reported - _present_officials(row):
                raise _AlreadyReported
            kept = sorted(reported - retracted[hit_id])
            _update_mark(connection, plan_id, hit_id, encode_texts(kept))


def _update_mark(connection: Connection, plan_id: str, hit_id: int, official_ids: str) -> None:
    mark = (DIGEST_HIT.c.hit_id == hit_id, DIGEST_HIT.c.plan_id == plan_id)
    connection.execute(update(DIGEST_HIT).where(*mark).values(official_ids=official_ids))


def _select_reported(plan_id: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the query for hits, each with the officials that digests of a plan have already reported for this hit."""
    is_reported = (DIGEST_HIT.c.hit_id == HIT.c.id) & (DIGEST_HIT.c.plan_id == plan_id)
    columns = [HIT.c[name] for name in ("id", "article_id", "official_ids", "withdrawn_at", "withdrawn_by", "found_at")]
    query = select(*columns, HIT.c.rescreened_at, DIGEST_HIT.c.official_ids.label("reported_ids"))
    return query.outerjoin_from(HIT, DIGEST_HIT, is_reported).where(*conditions)


def _lock_reported(connection: Connection, plan_id: str, hit_ids: Sequence[int]) -> dict[int, AnyRow]:
    """Lock the given hits until the transaction ends, so that no verdict changes them meanwhile.

    Return a dictionary that maps the id of each hit to its row. The row also has the officials that the digest plan has
    already reported for the hit (see ``_select_reported``).
    """
    query = _select_reported(plan_id, HIT.c.id.in_(hit_ids)).with_for_update(read=True, of=HIT)
    return {row.id: row for row in connection.execute(query)}


class _PlanState(Struct, frozen=True):
    """State of a digest plan that limits the search for hits to report.

    Hits up to the id ``min_hit_id`` need not be searched. ``rescreened`` are the hits that a verdict may have changed
    since the last digest.
    """

    min_hit_id: int
    rescreened: Sequence[AnyRow] = ()
    has_marks: bool = False
    has_unsubscribed: bool = False


def _load_plan_state(connection: Connection, plan: DigestPlan) -> _PlanState:
    last_rescreen = select(func.max(HIT.c.rescreened_at)).where(HIT.c.rescreened_at.is_not(None)).scalar_subquery()
    last_hit_id = func.coalesce(func.max(DIGEST.c.last_hit_id), 0)
    marks = exists().where(MARK.c.plan_id == plan.id, MARK.c.undone_at.is_(None), MARK.c.plan_id != "")
    unsubscribed = exists().where(UNSUBSCRIBED_TARGET.c.plan_id == plan.id)
    facts = (func.min(DIGEST.c.start_at), func.max(DIGEST.c.end_at), last_hit_id, last_rescreen, marks, unsubscribed)
    first_at, last_at, hit_id, rescreened_at, *flags = connection.execute(
        select(*facts).where(DIGEST.c.plan_id == plan.id)
    ).one()
    has_marks, has_unsubscribed = map(bool, flags)
    min_hit_id = hit_id - HIT_ID_MARGIN
    if first_at is None or rescreened_at is None or rescreened_at < last_at - _RESCREENED_MARGIN:
        return _PlanState(min_hit_id, (), has_marks, has_unsubscribed)
    since = (HIT.c.rescreened_at.is_not(None), HIT.c.rescreened_at >= last_at - _RESCREENED_MARGIN)
    query = _select_reported(plan.id, *since, HIT.c.rule_id.in_(plan.rules), HIT.c.found_at >= first_at)
    rows: Sequence[AnyRow] = connection.execute(query.order_by(HIT.c.id)).all()
    return _PlanState(min_hit_id, [row for row in rows if row.reported_ids != _NOT_NAMED], has_marks, has_unsubscribed)


def _load_undelivered(
    connection: Connection, plan: DigestPlan, before: datetime, state: _PlanState
) -> list[ReportableHit]:
    is_reported = exists().where(DIGEST_HIT.c.hit_id == HIT.c.id, DIGEST_HIT.c.plan_id == plan.id)
    rescreened, min_hit_id = state.rescreened, state.min_hit_id
    hits = _load_hits(connection, plan, HIT.c.found_at < before, ~is_reported, HIT.c.id > min_hit_id)
    reported = {row.id: _reported_officials(row.reported_ids) for row in rescreened if row.reported_ids is not None}
    wanted = {row.id for row in rescreened if _present_officials(row) - reported.get(row.id, frozenset())}
    for chunk in chunk_ids(sorted(wanted - {hit.id for hit in hits})):
        for hit in _load_hits(connection, plan, HIT.c.found_at < before, HIT.c.id.in_(chunk)):
            is_addition = bool(reported.get(hit.id))
            hits.append(replace(hit, kind=HitKind.UPDATE) if is_addition else hit)
    return sorted(hits, key=lambda hit: (hit.found_at, hit.id))


def _load_retractions(connection: Connection, rescreened: Sequence[AnyRow], before: datetime) -> list[Retraction]:
    retracted = {
        row.id: (row, sorted(_reported_officials(row.reported_ids) - _present_officials(row)))
        for row in rescreened
        if row.withdrawn_by is not None and row.rescreened_at < before
    }
    retractions: list[Retraction] = []
    for chunk in chunk_ids([hit_id for hit_id, (_row, officials) in retracted.items() if officials]):
        query = (
            select_verdicts()
            .add_columns(HIT.c.id.label("hit_id"), ARTICLE.c.title, SOURCE.c.name.label("outlet"))
            .join(HIT, HIT.c.withdrawn_by == VERDICT.c.id)
            .join(ARTICLE, ARTICLE.c.id == HIT.c.article_id)
            .join(SOURCE, SOURCE.c.id == ARTICLE.c.source_id)
            .where(HIT.c.id.in_(chunk))
            .order_by(HIT.c.id)
        )
        for row in connection.execute(query):
            found, officials = retracted[row.hit_id]
            verdict = verdict_from_row(row)
            text = verdict.explain() if verdict.undone_at is None else f"{verdict.explain()}, undone by {row.undone_by}"
            retractions.append(
                Retraction(row.hit_id, found.article_id, tuple(officials), row.title, row.outlet, verdict.id, text)
            )
    return retractions


def _load_hits(connection: Connection, plan: DigestPlan, *conditions: ColumnElement[bool]) -> list[ReportableHit]:
    """Return the hits of a plan's rules that satisfy ``conditions``, oldest first, with their articles and mentions."""
    columns = [HIT.c[name].label(f"hit_{name}") for name in ("id", "rule_id", "official_ids", "passages", "kind")]
    original = HIT.alias()
    same = (original.c.article_id == ARTICLE.c.duplicate_of, original.c.rule_id == HIT.c.rule_id)
    reported = ARTICLE.alias()
    original_title = select(reported.c.title).where(reported.c.id == ARTICLE.c.duplicate_of).scalar_subquery()
    mark = (DIGEST_HIT.c.hit_id == original.c.id, DIGEST_HIT.c.plan_id == plan.id, DIGEST_HIT.c.official_ids != "")
    is_original_reported = exists().where(*same, *mark, original.c.withdrawn_at.is_(None))
    query = (
        select(
            *STORED_ARTICLE_COLUMNS,
            *columns,
            HIT.c.found_at,
            HIT.c.note,
            HIT.c.changes,
            SOURCE.c.name,
            is_original_reported.label("is_original_reported"),
            original_title.label("original_title"),
        )
        .join_from(HIT, ARTICLE, HIT.c.article_id == ARTICLE.c.id)
        .join(ARTICLE_TEXT)
        .join(SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
        .where(HIT.c.rule_id.in_(plan.rules), *_IS_REPORTABLE, *conditions)
        .order_by(HIT.c.found_at, HIT.c.id)
    )
    rows = connection.execute(query).all()
    mentions = _load_mentions(connection, {row.id for row in rows})
    return [read_row(HIT, row.hit_id, partial(_hit_from_row, row, mentions.get(row.id, ()))) for row in rows]


def _load_mentions(connection: Connection, article_ids: Collection[int]) -> dict[int, tuple[Any, ...]]:
    found: dict[int, tuple[Any, ...]] = {}
    wanted = sorted(article_ids)
    for start in range(0, len(wanted), 1000):
        chosen = MENTION.c.article_id.in_(wanted[start : start + 1000])
        rows = connection.execute(select(MENTION).where(chosen).order_by(MENTION.c.id))
        for article_id, mention in read_rows(MENTION, rows, lambda row: (row.article_id, mention_from_row(row))):
            found[article_id] = (*found.get(article_id, ()), mention)
    return found


def _hit_from_row(row: AnyRow, mentions: tuple[Any, ...]) -> ReportableHit:
    """Build a hit from its row. If the passages cannot be read, the hit has no passages, and a note states this."""
    passages = read_rows(HIT, [row], lambda one: from_json(tuple[Passage, ...], one.hit_passages), "hit_id")
    return ReportableHit(
        id=row.hit_id,
        rule_id=row.hit_rule_id,
        official_ids=decode_texts(row.hit_official_ids),
        passages=passages[0] if passages else (),
        kind=HitKind(row.hit_kind),
        found_at=row.found_at,
        article_id=row.id,
        article=article_from_row(row),
        source_id=row.source_id,
        outlet=row.name,
        first_seen_at=row.first_seen_at,
        story_id=row.story_id,
        duplicate_of=row.duplicate_of,
        is_original_reported=bool(row.is_original_reported),
        original_title=row.original_title or "",
        mentions=mentions,
        note=row.note if passages else row.note or "The passages of this hit cannot be read.",
        changes=from_json(tuple[TextChange, ...], row.changes) if row.changes else (),
    )


def _source_problem_from_row(row: AnyRow) -> SourceProblem:
    state = effective_poll_state(poll_state_from_row(row))
    return SourceProblem(row.id, row.name, state.state, state.detail, state.state_since_at, state.suggestion)


def _digest_row(digest: Digest, last_hit_id: int) -> dict[str, Any]:
    return {
        "plan_id": digest.plan_id,
        "start_at": digest.window.start_at,
        "end_at": digest.window.end_at,
        "composed_at": digest.composed_at,
        "is_overdue": digest.is_overdue,
        "last_hit_id": last_hit_id,
        "content": to_json(digest),
    }

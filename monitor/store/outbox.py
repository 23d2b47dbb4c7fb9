"""Digests on their way: composed and told in one transaction, then leased, sent and settled one by one."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, literal, select, tuple_, update

from monitor.domain.archive import HeldLine, MissLine
from monitor.domain.delivery import Delivery, DeliveryState, Message, Receipt, Settlement
from monitor.domain.digest import OPENING, Coverage, CoverageFault, Digest, DigestPlan, HitRecord, Kind, Window
from monitor.domain.errors import LeaseLost
from monitor.domain.health import standing
from monitor.domain.mention import Passage
from monitor.domain.source import WELL
from monitor.store.bulk import insert_rows
from monitor.store.catalogue import ARTICLE, CONTENT, DELIVERY, DIGEST, HIT, MENTION, SOURCE, TOLD
from monitor.store.codec import dumps, loads
from monitor.store.columns import Moment
from monitor.store.engine import Connections, insert_new
from monitor.store.hits import mention_of, misses_of
from monitor.store.renditions import deliveries_of, delivery_rows
from monitor.store.rows import STORED, AnyRow, article_of, several_of
from monitor.store.settling import PENDING, settle
from monitor.store.sources import CONFIGURED, memory_of

_STANDING = tuple(SOURCE.c[name] for name in ("id", "name", "memory", "pages"))
_SLACK = 1000  # hits this far below the newest one told are still looked for: transactions need not end in order


class _ToldMeanwhile(Exception):
    """Another process has told the window or one of its hits: leave nothing."""


class SqlOutbox:
    """The ``OutboxStore`` of ``domain/ports.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def last_window_end(self, digest_id: str) -> datetime | None:
        """Return where the digest's last window ended, or None before the first."""
        with self._connections.reading() as connection:
            end_at: datetime | None = connection.execute(
                select(func.max(DIGEST.c.end_at)).where(DIGEST.c.digest_id == digest_id)
            ).scalar_one()
            return end_at

    def opened_from(self, digest_id: str) -> datetime | None:
        """Return from when a digest looks back that was opened and has told nothing yet, or None."""
        ours = select(DIGEST.c.start_at).where(DIGEST.c.digest_id == digest_id).limit(2)
        with self._connections.reading() as connection:
            starts: list[datetime] = [*connection.execute(ours).scalars()]
        return starts[0] + OPENING if len(starts) == 1 else None

    def untold(self, plan: DigestPlan, before: datetime) -> list[HitRecord]:
        """Return the hits of the plan's rules found before a time and not yet told by this digest, oldest first."""
        told = exists().where(TOLD.c.hit_id == HIT.c.id, TOLD.c.digest_id == plan.id)
        seen = select(func.coalesce(func.max(DIGEST.c.seen), 0)).where(DIGEST.c.digest_id == plan.id)
        with self._connections.reading() as connection:
            floor = connection.execute(seen).scalar_one() - _SLACK
            return _records(connection, plan, HIT.c.found_at < before, ~told, HIT.c.id > floor)

    def retell(self, plan: DigestPlan, since: datetime, before: datetime) -> list[HitRecord]:
        """Return the hits of the plan's rules found in a period, told or not, oldest first."""
        with self._connections.reading() as connection:
            return _records(connection, plan, HIT.c.found_at >= since, HIT.c.found_at < before)

    def coverage(self, window: Window) -> Coverage:
        """Sum up what was read in a window and which sources are not well now."""
        with self._connections.reading() as connection:
            articles = connection.execute(
                select(func.count()).select_from(ARTICLE).where(*_seen_in(window))
            ).scalar_one()
            read = func.count().filter(SOURCE.c.last_success_at >= window.start_at)
            sums = connection.execute(select(func.count(), read).where(CONFIGURED)).one()
            doubtful = SOURCE.c.changed_at.is_not(None) | SOURCE.c.state.not_in([str(state) for state in WELL])
            ill = select(*_STANDING).where(CONFIGURED, doubtful).order_by(SOURCE.c.id)
            looked_at = [_fault(row) for row in connection.execute(ill)]
        faults = tuple(fault for fault in looked_at if fault.state not in WELL)
        return Coverage(sources=sums[0], read=sums[1], articles=articles, faults=faults)

    def daily_mentions(self, officials: Collection[str], days: Sequence[datetime]) -> dict[str, tuple[int, ...]]:
        """Count articles naming each official in each of the days that begin at ``days``; the last lasts 24 hours."""
        counts = {official: [0] * len(days) for official in officials}
        ends = [*days[1:], *(day + timedelta(hours=24) for day in days[-1:])]
        count = func.count(MENTION.c.article_id.distinct())
        with self._connections.reading() as connection:
            for number, (start, end) in enumerate(zip(days, ends, strict=True)):
                found = connection.execute(
                    select(MENTION.c.official_id, count)
                    .where(MENTION.c.official_id.in_(counts), MENTION.c.seen_at >= start, MENTION.c.seen_at < end)
                    .group_by(MENTION.c.official_id)
                )
                for official, articles in found:
                    counts[official][number] = articles
        return {official: tuple(numbers) for official, numbers in counts.items()}

    def misses(self, officials: Collection[str], window: Window, limit: int) -> list[MissLine]:
        """Return what was nearly taken for these officials in a period, the most frequent first; see the port."""
        with self._connections.reading() as connection:
            return misses_of(connection, officials, window, limit)

    def held_back(self, window: Window) -> list[HeldLine]:
        """Count what was stored without alerting in a period, by source and reason, the most first."""
        count = func.count().label("count")
        query = (
            select(SOURCE.c.id, SOURCE.c.name, ARTICLE.c.held, count)
            .join_from(ARTICLE, SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
            .where(ARTICLE.c.held != "", *_seen_in(window))
            .group_by(SOURCE.c.id, SOURCE.c.name, ARTICLE.c.held)
            .order_by(count.desc(), SOURCE.c.id, ARTICLE.c.held)
        )
        with self._connections.reading() as connection:
            return [HeldLine(*row) for row in connection.execute(query)]

    def commit_digest(self, digest: Digest, messages: Sequence[Message], told: Sequence[int]) -> bool:
        """Write the digest, its deliveries and the marks on its hits in one transaction; see the port."""
        try:
            with self._connections.writing(durable=True) as connection:
                _write(connection, digest, messages, told)
        except _ToldMeanwhile:
            return False
        return True

    def begin_digest(self, opening: Digest, plan: DigestPlan, before: datetime) -> bool:
        """Write the first window of a digest; see the port. Of years of history only the newest hits need a mark."""
        old = (HIT.c.rule_id.in_(plan.rules), HIT.c.found_at < before)
        with self._connections.writing(durable=True) as connection:
            newest = connection.execute(select(func.max(HIT.c.id)).where(*old)).scalar() or 0
            row = _digest_row(opening, newest)
            number = connection.execute(insert_new(DIGEST, connection).values(row).returning(DIGEST.c.id)).scalar()
            if number is None:
                return False
            near = select(HIT.c.id).where(*old, HIT.c.id > newest - _SLACK)
            marks = [
                {"hit_id": hit, "digest_id": opening.id, "digest": number} for hit in connection.execute(near).scalars()
            ]
            if marks:
                connection.execute(insert_new(TOLD, connection), marks)
        return True

    def lease_deliveries(
        self,
        now: datetime,
        limit: int,
        until_at: datetime,
        each: int = 16,
        resting: Collection[tuple[str, str]] = (),
    ) -> list[Delivery]:
        """Lease due deliveries, oldest first and fair between targets; one attempt may hold them until ``until_at``."""
        token = secrets.token_hex(8)
        due = and_(DELIVERY.c.state == PENDING, DELIVERY.c.next_attempt_at <= now)
        if resting:
            due = and_(due, tuple_(DELIVERY.c.channel_id, DELIVERY.c.target).not_in(sorted(resting)))
        turn = func.row_number().over(
            partition_by=(DELIVERY.c.channel_id, DELIVERY.c.target),
            order_by=(DELIVERY.c.next_attempt_at, DELIVERY.c.id),
        )
        queue = select(DELIVERY.c.id, DELIVERY.c.next_attempt_at, turn.label("turn")).where(due).subquery()
        first = (
            select(queue.c.id)
            .where(queue.c.turn <= each)
            .order_by(queue.c.turn, queue.c.next_attempt_at, queue.c.id)
            .limit(limit)
        )
        free = select(DELIVERY.c.id).where(DELIVERY.c.id.in_(first), due).with_for_update(skip_locked=True)
        claim = (
            update(DELIVERY)
            .where(DELIVERY.c.id.in_(free))
            .values(
                lease_token=token,
                next_attempt_at=until_at,
                first_attempt_at=func.coalesce(DELIVERY.c.first_attempt_at, literal(now, Moment)),
            )
            .returning(*DELIVERY.c)
        )
        with self._connections.writing() as connection:
            rows = connection.execute(claim).all()
            return deliveries_of(connection, sorted(rows, key=lambda row: row.id))

    def settle_delivery(
        self, delivery: Delivery, receipt: Receipt, now: datetime, next_attempt_at: datetime | None
    ) -> None:
        """Record an attempt; see the port. A pause holds, and a stop refuses, what else waits for the target."""
        if self.settle_deliveries([Settlement(delivery, receipt, next_attempt_at)], now):
            raise LeaseLost(f"the lease of delivery {delivery.id} ended; another worker sends it")

    def settle_deliveries(self, settlements: Sequence[Settlement], now: datetime) -> list[int]:
        """Record several attempts with one commit; see the port."""
        with self._connections.writing(durable=True) as connection:
            return [one.delivery.id for one in settlements if not settle(connection, one, now)]

    def failed(self, after: datetime, before: datetime) -> list[Delivery]:
        """Return the deliveries that were given up or refused in a period, oldest first."""
        lost = (str(DeliveryState.DEAD), str(DeliveryState.REFUSED))
        period = (DELIVERY.c.settled_at >= after, DELIVERY.c.settled_at < before)
        query = select(DELIVERY).where(DELIVERY.c.state.in_(lost), *period)
        with self._connections.reading() as connection:  # sorted here: for an order by number all would be read
            rows = sorted(connection.execute(query), key=lambda row: row.id)
            return deliveries_of(connection, rows)


def _seen_in(window: Window) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ARTICLE.c.first_seen_at >= window.start_at, ARTICLE.c.first_seen_at < window.end_at


def _write(connection: Connection, digest: Digest, messages: Sequence[Message], told: Sequence[int]) -> None:
    """Write a digest with its deliveries and marks. Raises ``_ToldMeanwhile``."""
    seen = connection.execute(select(func.max(DIGEST.c.seen)).where(DIGEST.c.digest_id == digest.id)).scalar()
    row = _digest_row(digest, max(seen or 0, *told, 0))
    number = connection.execute(insert_new(DIGEST, connection).values(row).returning(DIGEST.c.id)).scalar()
    marks = [{"hit_id": hit, "digest_id": digest.id, "digest": number} for hit in sorted(told)]
    if number is None or insert_rows(connection, TOLD, marks, new=True) < len(marks):
        raise _ToldMeanwhile
    if messages:
        connection.execute(insert(DELIVERY), delivery_rows(connection, messages, number))


def _records(connection: Connection, plan: DigestPlan, *conditions: ColumnElement[bool]) -> list[HitRecord]:
    """Return hits of a plan's rules, oldest first, with their articles, outlets and mentions."""
    columns = [HIT.c[name].label(f"hit_{name}") for name in ("id", "rule_id", "officials", "passages", "kind")]
    original = HIT.alias()
    same = (original.c.article_id == ARTICLE.c.copy_of, original.c.rule_id == HIT.c.rule_id)
    copy_told = exists().where(*same, TOLD.c.hit_id == original.c.id, TOLD.c.digest_id == plan.id)
    query = (
        select(*STORED, *columns, HIT.c.found_at, HIT.c.note, SOURCE.c.name, copy_told.label("copy_told"))
        .join_from(HIT, ARTICLE, HIT.c.article_id == ARTICLE.c.id)
        .join(CONTENT)
        .join(SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
        .where(HIT.c.rule_id.in_(plan.rules), *conditions)
        .order_by(HIT.c.found_at, HIT.c.id)
    )
    rows = connection.execute(query).all()
    mentions = _mentions(connection, {row.id for row in rows})
    return [_hit_record(row, mentions.get(row.id, ())) for row in rows]


def _mentions(connection: Connection, articles: Collection[int]) -> dict[int, tuple[Any, ...]]:
    found: dict[int, tuple[Any, ...]] = {}
    wanted = sorted(articles)
    for start in range(0, len(wanted), 1000):
        chosen = MENTION.c.article_id.in_(wanted[start : start + 1000])
        for row in connection.execute(select(MENTION).where(chosen).order_by(MENTION.c.id)):
            found[row.article_id] = (*found.get(row.article_id, ()), mention_of(row))
    return found


def _hit_record(row: AnyRow, mentions: tuple[Any, ...]) -> HitRecord:
    return HitRecord(
        id=row.hit_id,
        rule_id=row.hit_rule_id,
        officials=several_of(row.hit_officials),
        passages=loads(tuple[Passage, ...], row.hit_passages),
        kind=Kind(row.hit_kind),
        found_at=row.found_at,
        article_id=row.id,
        article=article_of(row),
        source_id=row.source_id,
        outlet=row.name,
        first_seen_at=row.first_seen_at,
        story_id=row.story_id,
        copy_of=row.copy_of,
        copy_told=bool(row.copy_told),
        mentions=mentions,
        note=row.note,
    )


def _fault(row: AnyRow) -> CoverageFault:
    memory = standing(memory_of(row))
    return CoverageFault(row.id, row.name, memory.state, memory.detail, memory.state_since_at, memory.remedy)


def _digest_row(digest: Digest, seen: int) -> dict[str, Any]:
    return {
        "digest_id": digest.id,
        "start_at": digest.window.start_at,
        "end_at": digest.window.end_at,
        "composed_at": digest.composed_at,
        "late": digest.late,
        "seen": seen,
        "content": dumps(digest),
    }

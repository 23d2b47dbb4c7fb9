"""What a process that died has left leased, or a wrong clock has put off: made due again.

What is let go of with time, in small transactions: never an article that matched, nor what proves it.

The time is checked (``domain/polling_policy.py``): a clock that is years ahead deletes nothing.

The care of the database: health, backups, what is let go of, space.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, exists, select, text, update

from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import StoreCorrupt
from monitor.domain.poll_state import PollState
from monitor.domain.polling_policy import MAX_CLOCK_JUMP, ClockChange, ClockTrust
from monitor.domain.read_models import DiskSpace
from monitor.store.backup import back_up, backup_folder, backup_name, check_integrity, newest_backup
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import (
    ARTICLE,
    DELIVERY,
    DIGEST,
    EVIDENCE,
    HIT,
    MENTION,
    META,
    NEARMISS,
    RECHECK,
    RENDITION,
    SOURCE,
)
from monitor.store.deliveries import PENDING
from monitor.store.disk_space import DiskSpaceGuard
from monitor.store.errors import translate_errors
from monitor.store.evidence import EvidenceStore
from monitor.store.full_text import remove_from_index
from monitor.store.key_value import CLOCK_KEY, CLOCK_TRUST_KEY, _load_clock_trust, trusted_now
from monitor.store.migrate import schema_version
from monitor.store.row_mapping import IS_LISTED

CLOCK_TOLERANCE = timedelta(minutes=1)  # a clock that is put right by less needs no mending


def release_leases(connections: Connections, now: datetime) -> None:
    """End every lease. Only for who is alone on the database: whoever else held one would do its work in vain."""
    with connections.write_transaction() as connection:
        polled = update(SOURCE).where(SOURCE.c.lease_token != "")
        connection.execute(polled.values(lease_token="", leased_until_at=None))
        due = {"lease_token": "", "next_attempt_at": now}
        connection.execute(update(ARTICLE).where(IS_LISTED, ARTICLE.c.lease_token != "").values(**due))
        looking = update(RECHECK).where(RECHECK.c.lease_token != "")
        connection.execute(looking.values(lease_token="", next_at=now))
        sending = (DELIVERY.c.state == PENDING, DELIVERY.c.lease_token != "")
        connection.execute(update(DELIVERY).where(*sending).values(**due))


def record_clock(connections: Connections, now: datetime) -> ClockChange:
    """Note the time; returns how far the clock was set back or jumped ahead since it was last noted, if it was.

    What a fast clock had planned is then brought forward by as much, so that nothing waits for the real time to come
    to where the wrong one was: polls, pages, other looks, deliveries and leases. What was found "tomorrow" counts as
    found now.
    """
    with connections.write_transaction() as connection:
        noted = connection.execute(select(META.c.value).where(META.c.name == CLOCK_KEY)).scalar()
        last = datetime.fromisoformat(noted) if noted else now
        back = last - now
        if back > CLOCK_TOLERANCE:
            _shift_planned_times(connection, now, back)
        before = _load_clock_trust(connection) or ClockTrust(last)
        trust = before.advance(last, now)
        for name, value in ((CLOCK_KEY, now.isoformat()), (CLOCK_TRUST_KEY, to_json(trust))):
            fact = {"name": name, "value": value, "changed_at": now}
            connection.execute(upsert(META, connection, "name", fact), fact)
    if now - last > MAX_CLOCK_JUMP and now - trust.at > MAX_CLOCK_JUMP:
        return ClockChange(ahead_by=now - trust.at, trusted_after=trust.remaining_wait(now))
    return ClockChange(back if back > CLOCK_TOLERANCE else timedelta(0))


def _shift_planned_times(connection: Connection, now: datetime, set_back_by: timedelta) -> None:
    for row in connection.execute(select(SOURCE.c.id, SOURCE.c.memory).where(SOURCE.c.next_poll_at > now)).all():
        memory = from_json(PollState, row.memory)
        at = max(now, memory.next_poll_at - set_back_by) if memory.next_poll_at else now
        values = {"memory": to_json(replace(memory, next_poll_at=at)), "next_poll_at": at}
        connection.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(**values))
    for key, moment, wanted in (
        (SOURCE.c.id, SOURCE.c.leased_until_at, SOURCE.c.lease_token != ""),
        (ARTICLE.c.id, ARTICLE.c.next_attempt_at, IS_LISTED),
        (RECHECK.c.article_id, RECHECK.c.next_at, RECHECK.c.next_at.is_not(None)),
        (DELIVERY.c.id, DELIVERY.c.next_attempt_at, DELIVERY.c.state == PENDING),
    ):
        for number, at in connection.execute(select(key, moment).where(wanted, moment > now)).all():
            sooner = {moment.name: max(now, at - set_back_by)}
            connection.execute(update(key.table).where(key == number).values(**sooner))
    connection.execute(update(HIT).where(HIT.c.found_at > now).values(found_at=now))


DELETE_BATCH_SIZE = 500


def delete_expired_articles(
    connections: Connections, now: datetime, age: timedelta, after_id: int = 0
) -> tuple[int, int]:
    """Delete a portion of the articles first seen so long ago, oldest first, from a number on.

    Kept are those with a mention, a hit or evidence, those not yet screened, and originals of copies that are kept.
    Identities stay: what is forgotten is not new when it is met again. Returns how many were deleted, and the number
    to go on from, which is 0 at the end.
    """
    with connections.write_transaction() as connection:
        before = trusted_now(connection, now) - age
        old = select(ARTICLE.c.id).where(ARTICLE.c.id > after_id, ARTICLE.c.first_seen_at < before)
        portion = list(connection.execute(old.order_by(ARTICLE.c.id).limit(DELETE_BATCH_SIZE)).scalars())
        if not portion:
            return 0, 0
        doomed = _select_deletable(connection, portion)
        if doomed:
            remove_from_index(connection, doomed)
            connection.execute(delete(ARTICLE).where(ARTICLE.c.id.in_(doomed)))
    return len(doomed), portion[-1] if len(portion) == DELETE_BATCH_SIZE else 0


def delete_expired_records(connections: Connections, now: datetime, age: timedelta) -> int:
    """Delete near misses of articles seen, and deliveries settled, so long ago; return how many.

    Digests stay, as the record of what was told and when.
    """
    settled = [str(state) for state in DeliveryState if state is not DeliveryState.PENDING]
    with connections.write_transaction() as connection:
        before = trusted_now(connection, now) - age
        done = (DELIVERY.c.state.in_(settled), DELIVERY.c.settled_at < before)
        misses = connection.execute(delete(NEARMISS).where(NEARMISS.c.seen_at < before)).rowcount
        deliveries = connection.execute(delete(DELIVERY).where(*done)).rowcount
        unused = RENDITION.c.id.not_in(select(DELIVERY.c.rendition))
        old = select(DIGEST.c.id).where(DIGEST.c.composed_at < before)
        connection.execute(delete(RENDITION).where(RENDITION.c.digest.in_(old), unused))
    return int(misses + deliveries)


def _select_deletable(connection: Connection, article_ids: list[int]) -> list[int]:
    copies = ARTICLE.alias()
    reasons = [exists().where(rows.c.article_id == ARTICLE.c.id) for rows in (HIT, MENTION, EVIDENCE)]
    reasons.append(exists().where(copies.c.copy_of == ARTICLE.c.id))
    query = select(ARTICLE.c.id).where(
        ARTICLE.c.id.in_(article_ids), ARTICLE.c.stage.not_in(("listed", "read")), *[~reason for reason in reasons]
    )
    return list(connection.execute(query).scalars())


FTS_MERGE_PAGES = 500
ANALYZE_SAMPLE_ROWS = 1000  # of each index, to know how often its values come again


class MaintenanceStore:
    """Maintenance of the database: integrity, backups, expiry and disk space."""

    def __init__(self, connections: Connections) -> None:
        self._connections, self._disk_space = connections, DiskSpaceGuard(connections)

    def check_database(self) -> tuple[str, ...]:
        """Return everything that is wrong: the file, links between rows, the index, the chain of evidence."""
        faults: list[str] = []
        if self._connections.is_sqlite:
            faults += check_integrity(Path(self._connections.database_file))
            if not faults:
                faults += self._check_references_and_index()
        broken = "" if faults else EvidenceStore(self._connections).find_broken_record()
        return (*faults, broken) if broken else tuple(faults)

    def back_up(self, now: datetime, folder: Path | None = None, keep: int = 7) -> Path:
        """Write a verified copy and return where it is; see ``backup.py``."""
        where = folder or backup_folder(self._connections)
        return back_up(self._connections, where, backup_name(self._connections, now), keep)

    def last_backup(self) -> Path | None:
        """Return the newest backup in the folder beside the database, or None."""
        return newest_backup(self._connections) if self._connections.is_sqlite else None

    def delete_expired_articles(self, now: datetime, age: timedelta, after_id: int = 0) -> tuple[int, int]:
        """Delete a portion of old articles in which nothing was found; see ``retention.py``."""
        return delete_expired_articles(self._connections, now, age, after_id)

    def delete_expired_records(self, now: datetime, age: timedelta) -> int:
        """Delete old near misses and settled deliveries; see ``retention.py``."""
        return delete_expired_records(self._connections, now, age)

    def optimize(self) -> None:
        """Refresh what the planner knows, merge the search index a little, and give the log's space back."""
        if self._connections.is_sqlite:
            with self._connections.write_transaction() as connection:
                merge = "INSERT INTO content_words (content_words, rank) VALUES ('merge', :pages)"
                connection.execute(text(merge), {"pages": FTS_MERGE_PAGES})
                # of all tables, or none: those that are known alone are taken for small beside the others
                connection.exec_driver_sql(f"PRAGMA analysis_limit={ANALYZE_SAMPLE_ROWS}")
                connection.exec_driver_sql("ANALYZE")
            self._connections.reset_readers()
            with self._connections.raw_connection() as driver:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            with self._connections.write_transaction() as connection:
                connection.exec_driver_sql("ANALYZE")

    def record_clock(self, now: datetime) -> ClockChange:
        """Note the time, and put right what a clock since set back has planned; see ``recovery.py``."""
        return record_clock(self._connections, now)

    def get_schema_version(self) -> str:
        """Return the revision of the schema."""
        return schema_version(self._connections)

    def measure_disk_space(self) -> DiskSpace | None:
        """Return the space on the database's disk, or None where it is not ours to watch."""
        return self._disk_space.measure()

    def measure_write_ahead_log(self) -> int:
        """Return the bytes of SQLite's write-ahead log; 0 on another engine or without a log."""
        path = Path(f"{self._connections.database_file}-wal")
        return path.stat().st_size if self._connections.is_sqlite and path.exists() else 0

    def create_reserve(self) -> None:
        """Put a file in place that can be thrown off when the disk is full. Raises ``StoreError``."""
        self._disk_space.create_reserve()

    def release_reserve(self) -> None:
        """Give the ballast's space to the database."""
        self._disk_space.release_reserve()

    def _check_references_and_index(self) -> list[str]:
        with self._connections.write_transaction() as connection:
            faults = [
                f"row {row[1]} of {row[0]} points to nothing in {row[2]}"
                for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
            ]
            try:
                with translate_errors():
                    connection.exec_driver_sql("INSERT INTO content_words (content_words) VALUES ('integrity-check')")
            except StoreCorrupt as error:
                faults.append(f"the search index does not fit its texts: {error}")
        return faults

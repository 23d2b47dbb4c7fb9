"""Maintenance of the database: recovery after a crash or a wrong clock, expiry, integrity checks and optimisation.

Expired data is deleted in small transactions; articles with mentions or hits, and their evidence, are never deleted.
Expiry uses the trusted time (``key_value.trusted_now``), so a clock that is years ahead deletes nothing.
"""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, exists, select, text, update

from monitor.domain.article import Stage
from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import StoreCorrupt
from monitor.domain.polling_policy import MAX_CLOCK_JUMP, ClockChange, ClockTrust
from monitor.domain.read_models import DiskSpace
from monitor.domain.values import replace
from monitor.store.backup import back_up, backup_folder, backup_name, check_integrity, newest_backup
from monitor.store.column_types import to_json
from monitor.store.connections import Connections, upsert
from monitor.store.core_tables import (
    ARTICLE,
    DELIVERY,
    DIGEST,
    EVIDENCE_RECORD,
    HIT,
    MENTION,
    NEAR_MISS,
    RECHECK,
    RENDERED_DIGEST,
    SETTING,
    SOURCE,
)
from monitor.store.deliveries import PENDING
from monitor.store.disk_space import DiskSpaceGuard
from monitor.store.errors import translate_errors
from monitor.store.evidence import EvidenceStore
from monitor.store.full_text import remove_from_index
from monitor.store.key_value import CLOCK_KEY, CLOCK_TRUST_KEY, load_clock_trust, trusted_now
from monitor.store.migrate import schema_version
from monitor.store.row_mapping import IS_LISTED
from monitor.store.sources import INTERRUPTED, decode_poll_state, interruption_marks

CLOCK_TOLERANCE = timedelta(minutes=1)
"""Maximum time by which the clock may be set back without a correction of planned times.

Time servers also cause changes of this size.
"""


def release_leases(connections: Connections, now: datetime) -> None:
    """End all leases (claims of processes on rows) and make the leased work due.

    The polls of leased sources count as interrupted. Call this function only if no other process uses the database.
    """
    with connections.write_transaction() as connection:
        polled = update(SOURCE).where(SOURCE.c.lease_expires_at.is_not(None))
        interrupted = interruption_marks().concat(INTERRUPTED)
        connection.execute(polled.values(lease_token=interrupted, lease_expires_at=None))
        due = {"lease_token": "", "next_attempt_at": now}
        connection.execute(update(ARTICLE).where(IS_LISTED, ARTICLE.c.lease_token != "").values(**due))
        rechecked = update(RECHECK).where(RECHECK.c.lease_token != "")
        connection.execute(rechecked.values(lease_token="", due_at=now))
        sending = (DELIVERY.c.state == PENDING, DELIVERY.c.lease_token != "")
        connection.execute(update(DELIVERY).where(*sending).values(**due))


def record_clock(connections: Connections, now: datetime) -> ClockChange:
    """Store the time, and return how far the clock was set back or has jumped ahead since the last call.

    Both durations are zero if the clock is right. If the clock was set back, planned times (of polls, pages, rechecks,
    deliveries and leases) are moved back by the same amount, so that nothing waits too long. Hits that were found at a
    time in the future get the present time.
    """
    with connections.write_transaction() as connection:
        stored = connection.execute(select(SETTING.c.value).where(SETTING.c.name == CLOCK_KEY)).scalar()
        last = datetime.fromisoformat(stored) if stored else now
        set_back_by = last - now
        if set_back_by > CLOCK_TOLERANCE:
            _shift_planned_times(connection, now, set_back_by)
        before = load_clock_trust(connection) or ClockTrust(last)
        trust = before.advance(last, now)
        for name, value in ((CLOCK_KEY, now.isoformat()), (CLOCK_TRUST_KEY, to_json(trust))):
            row = {"name": name, "value": value, "changed_at": now}
            connection.execute(upsert(SETTING, connection, "name", row), row)
    if now - last > MAX_CLOCK_JUMP and now - trust.trusted_at > MAX_CLOCK_JUMP:
        return ClockChange(ahead_by=now - trust.trusted_at, trusted_after=trust.remaining_wait(now))
    return ClockChange(set_back_by if set_back_by > CLOCK_TOLERANCE else timedelta(0))


def _shift_planned_times(connection: Connection, now: datetime, set_back_by: timedelta) -> None:
    query = select(SOURCE.c.id, SOURCE.c.poll_state).where(SOURCE.c.next_poll_at > now)
    for row in connection.execute(query).all():
        poll_state = decode_poll_state(row)
        due_at = max(now, poll_state.next_poll_at - set_back_by) if poll_state.next_poll_at else now
        values = {"poll_state": to_json(replace(poll_state, next_poll_at=due_at)), "next_poll_at": due_at}
        connection.execute(update(SOURCE).where(SOURCE.c.id == row.id).values(**values))
    for key, time_column, condition in (
        (SOURCE.c.id, SOURCE.c.lease_expires_at, SOURCE.c.lease_token != ""),
        (ARTICLE.c.id, ARTICLE.c.next_attempt_at, IS_LISTED),
        (RECHECK.c.article_id, RECHECK.c.due_at, RECHECK.c.due_at.is_not(None)),
        (DELIVERY.c.id, DELIVERY.c.next_attempt_at, DELIVERY.c.state == PENDING),
    ):
        planned_times = select(key, time_column).where(condition, time_column > now)
        for row_id, planned_at in connection.execute(planned_times).all():
            shifted = {time_column.name: max(now, planned_at - set_back_by)}
            connection.execute(update(key.table).where(key == row_id).values(**shifted))
    connection.execute(update(HIT).where(HIT.c.found_at > now).values(found_at=now))


_UNMATCHED_STAGES = (str(Stage.LISTED), str(Stage.EXTRACTED))
DELETE_BATCH_SIZE = 500
"""Maximum number of expired articles in one transaction, so that other writers wait for a short time only."""


def delete_expired_articles(
    connections: Connections, now: datetime, age: timedelta, after_id: int = 0
) -> tuple[int, int]:
    """Delete one batch of expired articles, which were first seen more than ``age`` ago.

    The batch has the expired articles with the lowest ids above ``after_id``, at most ``DELETE_BATCH_SIZE`` of them.
    Some of these are not deleted: articles with mentions, hits or evidence records, articles that are not matched yet,
    and originals of remaining duplicates. The keys of feed entries (such as URLs) remain, so that a deleted article is
    not new when a feed lists it again. Return the number of deleted articles, and the ``after_id`` of the next batch,
    which is 0 after the last batch.
    """
    with connections.write_transaction() as connection:
        before = trusted_now(connection, now) - age
        old = select(ARTICLE.c.id).where(ARTICLE.c.id > after_id, ARTICLE.c.first_seen_at < before)
        batch = list(connection.execute(old.order_by(ARTICLE.c.id).limit(DELETE_BATCH_SIZE)).scalars())
        if not batch:
            return 0, 0
        deletable = _select_deletable(connection, batch)
        if deletable:
            remove_from_index(connection, deletable)
            connection.execute(delete(ARTICLE).where(ARTICLE.c.id.in_(deletable)))
    return len(deletable), batch[-1] if len(batch) == DELETE_BATCH_SIZE else 0


def delete_expired_records(connections: Connections, now: datetime, age: timedelta) -> int:
    """Delete old near misses (texts that were rejected as the name of an official) and old finished deliveries.

    A near miss is old if its article was first seen more than ``age`` ago, and a delivery if it finished more than
    ``age`` ago. Rendered digests that no delivery needs are deleted, too, if they were composed more than ``age`` ago.
    The contents of digests remain as the record of what was reported when. Return the number of deleted near misses and
    deliveries.
    """
    finished = [str(state) for state in DeliveryState if state is not DeliveryState.PENDING]
    with connections.write_transaction() as connection:
        before = trusted_now(connection, now) - age
        is_expired = (DELIVERY.c.state.in_(finished), DELIVERY.c.finished_at < before)
        near_misses = connection.execute(delete(NEAR_MISS).where(NEAR_MISS.c.seen_at < before)).rowcount
        deliveries = connection.execute(delete(DELIVERY).where(*is_expired)).rowcount
        unused = RENDERED_DIGEST.c.id.not_in(select(DELIVERY.c.rendered_digest_id))
        old = select(DIGEST.c.id).where(DIGEST.c.composed_at < before)
        connection.execute(delete(RENDERED_DIGEST).where(RENDERED_DIGEST.c.digest_id.in_(old), unused))
    return int(near_misses + deliveries)


def _select_deletable(connection: Connection, article_ids: list[int]) -> list[int]:
    duplicates = ARTICLE.alias()
    reasons = [exists().where(rows.c.article_id == ARTICLE.c.id) for rows in (HIT, MENTION, EVIDENCE_RECORD)]
    reasons.append(exists().where(duplicates.c.duplicate_of == ARTICLE.c.id))
    query = select(ARTICLE.c.id).where(
        ARTICLE.c.id.in_(article_ids), ARTICLE.c.stage.not_in(_UNMATCHED_STAGES), *[~reason for reason in reasons]
    )
    return list(connection.execute(query).scalars())


FTS_MERGE_PAGES = 500  # pages of the full-text index written per merge, https://sqlite.org/fts5.html#the_merge_command
ANALYZE_SAMPLE_ROWS = 1000  # number of rows per index that SQLite reads to estimate how frequent its values are


class MaintenanceStore:
    """Maintenance of the database: integrity, backups, expiry and disk space."""

    def __init__(self, connections: Connections) -> None:
        self._connections, self._disk_space = connections, DiskSpaceGuard(connections)

    def check_database(self) -> tuple[str, ...]:
        """Return the errors found in the database as sentences.

        On SQLite, the file, the references between rows and the full-text index are checked. On both engines, the
        evidence chain is checked if no other error was found.
        """
        errors: list[str] = []
        if self._connections.is_sqlite:
            errors += check_integrity(Path(self._connections.database_file))
            if not errors:
                errors += self._check_references_and_index()
        broken = "" if errors else EvidenceStore(self._connections).find_broken_record()
        return (*errors, broken) if broken else tuple(errors)

    def back_up(self, now: datetime, folder: Path | None = None, keep: int = 7) -> Path:
        """Write a verified copy of the database and return its path; see ``backup.py``."""
        target = folder or backup_folder(self._connections)
        return back_up(self._connections, target, backup_name(self._connections, now), keep)

    def last_backup(self) -> Path | None:
        """Return the path of the newest backup in the default folder.

        The result is None if no backup is there, or on PostgreSQL.
        """
        return newest_backup(self._connections) if self._connections.is_sqlite else None

    def delete_expired_articles(self, now: datetime, age: timedelta, after_id: int = 0) -> tuple[int, int]:
        """Delete the expired articles of one batch; see the function ``delete_expired_articles``."""
        return delete_expired_articles(self._connections, now, age, after_id)

    def delete_expired_records(self, now: datetime, age: timedelta) -> int:
        """Delete old near misses (rejected mentions) and deliveries; see the function ``delete_expired_records``."""
        return delete_expired_records(self._connections, now, age)

    def optimize(self) -> None:
        """Update the statistics of the query planner.

        On SQLite, also merge part of the full-text index, and truncate the WAL file.
        """
        if self._connections.is_sqlite:
            with self._connections.write_transaction() as connection:
                merge = "INSERT INTO article_search (article_search, rank) VALUES ('merge', :pages)"
                connection.execute(text(merge), {"pages": FTS_MERGE_PAGES})
                # All tables are analysed together. If some had no statistics, the planner would take them for small.
                connection.exec_driver_sql(f"PRAGMA analysis_limit={ANALYZE_SAMPLE_ROWS}")
                connection.exec_driver_sql("ANALYZE")
            self._connections.reset_readers()
            with self._connections.raw_connection() as driver:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            with self._connections.write_transaction() as connection:
                connection.exec_driver_sql("ANALYZE")

    def record_clock(self, now: datetime) -> ClockChange:
        """Store the time and correct planned times after a change of the clock; see the function ``record_clock``."""
        return record_clock(self._connections, now)

    def get_schema_version(self) -> str:
        """Return the schema version, which is the name of the last applied migration."""
        return schema_version(self._connections)

    def measure_disk_space(self) -> DiskSpace | None:
        """Return the free and total space of the disk with the database, or None on PostgreSQL."""
        return self._disk_space.measure()

    def measure_write_ahead_log(self) -> int:
        """Return the size of SQLite's write-ahead log in bytes.

        The size is 0 on PostgreSQL, or if no such log exists.
        """
        path = Path(f"{self._connections.database_file}-wal")
        return path.stat().st_size if self._connections.is_sqlite and path.exists() else 0

    def create_reserve(self) -> None:
        """Create the reserve file, which is deleted when the disk is full.

        Raises ``StoreError`` if the disk is too full for it.
        """
        self._disk_space.create_reserve()

    def release_reserve(self) -> None:
        """Delete the reserve file, so that the database can use the space of the file."""
        self._disk_space.release_reserve()

    def _check_references_and_index(self) -> list[str]:
        with self._connections.write_transaction() as connection:
            errors = [
                f"row {row[1]} of {row[0]} refers to a row of {row[2]} that does not exist"
                for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
            ]
            try:
                with translate_errors():
                    connection.exec_driver_sql("INSERT INTO article_search (article_search) VALUES ('integrity-check')")
            except StoreCorrupt as error:
                errors.append(f"the full-text index does not match the texts: {error}")
        return errors

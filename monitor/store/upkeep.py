"""The care of the database: health, backups, what is let go of, space."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from monitor.domain.archive import DiskSpace
from monitor.domain.errors import StoreCorrupt
from monitor.domain.trust import ClockChange
from monitor.store.backup import back_up, backup_folder, backup_name, check_integrity, newest_backup
from monitor.store.engine import Connections
from monitor.store.evidence import SqlEvidenceStore
from monitor.store.faults import translate_errors
from monitor.store.recovery import record_clock
from monitor.store.retention import delete_expired_articles, delete_expired_records
from monitor.store.room import DiskSpaceGuard
from monitor.store.schema import schema_version

FTS_MERGE_PAGES = 500
ANALYZE_SAMPLE_ROWS = 1000  # of each index, to know how often its values come again


class SqlMaintenanceStore:
    """The ``Upkeep`` of ``domain/lookups.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections, self._disk_space = connections, DiskSpaceGuard(connections)

    def check_database(self) -> tuple[str, ...]:
        """Return everything that is wrong: the file, links between rows, the index, the chain of evidence."""
        faults: list[str] = []
        if self._connections.is_sqlite:
            faults += check_integrity(Path(self._connections.database_file))
            if not faults:
                faults += self._check_references_and_index()
        broken = "" if faults else SqlEvidenceStore(self._connections).find_broken_record()
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

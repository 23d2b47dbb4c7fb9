"""The care of the database: health, backups, what is let go of, space."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from monitor.domain.archive import Room
from monitor.domain.errors import StoreCorrupt
from monitor.domain.trust import Turn
from monitor.store.backup import back_up, backup_folder, backup_name, inspect, newest_backup
from monitor.store.engine import Connections
from monitor.store.evidence import SqlEvidence
from monitor.store.faults import translated
from monitor.store.recovery import keep_time
from monitor.store.retention import forget, forget_rest
from monitor.store.room import DiskRoom
from monitor.store.schema import version

MERGED_PAGES = 500
SAMPLED_ROWS = 1000  # of each index, to know how often its values come again


class SqlUpkeep:
    """The ``Upkeep`` of ``domain/lookups.py``."""

    def __init__(self, connections: Connections) -> None:
        self._connections, self._room = connections, DiskRoom(connections)

    def check(self) -> tuple[str, ...]:
        """Return everything that is wrong: the file, links between rows, the index, the chain of evidence."""
        faults: list[str] = []
        if self._connections.sqlite:
            faults += inspect(Path(self._connections.file))
            if not faults:
                faults += self._check_links_and_index()
        broken = "" if faults else SqlEvidence(self._connections).broken()
        return (*faults, broken) if broken else tuple(faults)

    def back_up(self, now: datetime, folder: Path | None = None, keep: int = 7) -> Path:
        """Write a verified copy and return where it is; see ``backup.py``."""
        where = folder or backup_folder(self._connections)
        return back_up(self._connections, where, backup_name(self._connections, now), keep)

    def last_backup(self) -> Path | None:
        """Return the newest backup in the folder beside the database, or None."""
        return newest_backup(self._connections) if self._connections.sqlite else None

    def forget(self, now: datetime, age: timedelta, after_id: int = 0) -> tuple[int, int]:
        """Delete a portion of old articles in which nothing was found; see ``retention.py``."""
        return forget(self._connections, now, age, after_id)

    def forget_rest(self, now: datetime, age: timedelta) -> int:
        """Delete old near misses and settled deliveries; see ``retention.py``."""
        return forget_rest(self._connections, now, age)

    def tidy(self) -> None:
        """Refresh what the planner knows, merge the search index a little, and give the log's space back."""
        if self._connections.sqlite:
            with self._connections.writing() as connection:
                merge = "INSERT INTO content_words (content_words, rank) VALUES ('merge', :pages)"
                connection.execute(text(merge), {"pages": MERGED_PAGES})
                # of all tables, or none: those that are known alone are taken for small beside the others
                connection.exec_driver_sql(f"PRAGMA analysis_limit={SAMPLED_ROWS}")
                connection.exec_driver_sql("ANALYZE")
            self._connections.renew_readers()
            with self._connections.outside() as driver:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            with self._connections.writing() as connection:
                connection.exec_driver_sql("ANALYZE")

    def keep_time(self, now: datetime) -> Turn:
        """Note the time, and put right what a clock since set back has planned; see ``recovery.py``."""
        return keep_time(self._connections, now)

    def schema(self) -> str:
        """Return the revision of the schema."""
        return version(self._connections)

    def room(self) -> Room | None:
        """Return the space on the database's disk, or None where it is not ours to watch."""
        return self._room.measure()

    def load_ballast(self) -> None:
        """Put a file in place that can be thrown off when the disk is full. Raises ``StoreError``."""
        self._room.load()

    def throw_off_ballast(self) -> None:
        """Give the ballast's space to the database."""
        self._room.throw_off()

    def _check_links_and_index(self) -> list[str]:
        with self._connections.writing() as connection:
            faults = [
                f"row {row[1]} of {row[0]} points to nothing in {row[2]}"
                for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
            ]
            try:
                with translated():
                    connection.exec_driver_sql("INSERT INTO content_words (content_words) VALUES ('integrity-check')")
            except StoreCorrupt as error:
                faults.append(f"the search index does not fit its texts: {error}")
        return faults

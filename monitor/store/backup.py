"""Backups of a running SQLite database: copy, verification, rotation; integrity checks."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from monitor.domain.errors import StoreCorrupt, StoreError, UsageError
from monitor.store.connections import Connections
from monitor.store.errors import translate_errors

TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"
MAX_CHECKED_BYTES = 2**30
"""Size of a database above which it is not checked at the start, because the check would take too long."""

_REQUIRED_SPACE_FACTOR = 1.2  # so that the copy does not fill the disk


def back_up(connections: Connections, folder: Path, name: str, keep: int) -> Path:
    """Copy the database to ``folder/name.db`` and verify the copy. Return the path of the copy.

    All but the ``keep`` newest copies are deleted. Other threads and processes may write in the meantime; the copy
    nevertheless shows the database at one moment. The file gets its final name only when it is complete and verified.
    If space is short, old copies are deleted before the copy is made, except for the newest. Raises ``UsageError`` on
    PostgreSQL, and ``StoreError`` if the disk has no space or the copy is damaged.
    """
    if not connections.is_sqlite:
        raise UsageError("back up PostgreSQL with its own tools: pg_dump --format=custom DATABASE > FILE")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, part = folder / f"{name}.db", folder / f"{name}.part"
    _ensure_free_space(Path(connections.database_file), folder)
    try:
        with translate_errors():
            _copy_database(connections.database_file, part)
        errors = check_integrity(part, is_quick=True)
        if errors:
            raise StoreCorrupt(
                f"the backup is damaged, so {connections.database_file} is damaged, too: {'; '.join(errors[:3])}"
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _sync_directory(folder)
    copies = sorted(folder.glob(f"{_stem(connections.database_file)}-*.db"), key=lambda copy: (copy <= target, copy))
    for old in copies[:-keep]:  # copies that a wrong clock dated later than this one are deleted first
        old.unlink()
    return target


def backup_name(connections: Connections, now: datetime) -> str:
    """Return the name of a backup that is made at ``now``.

    The alphabetical order of such names is the order of their times.
    """
    return f"{_stem(connections.database_file)}-{now.strftime(TIMESTAMP_FORMAT)}"


def newest_backup(connections: Connections) -> Path | None:
    """Return the path of the newest backup in the default folder, or None if the folder has no backup."""
    return max(backup_folder(connections).glob(f"{_stem(connections.database_file)}-*.db"), default=None)


def backup_folder(connections: Connections) -> Path:
    """Return the default folder of backups, next to the database."""
    return Path(connections.database_file).absolute().parent / "backups"


def check_integrity(database_file: Path, *, is_quick: bool = False) -> tuple[str, ...]:
    """Return the errors that SQLite's integrity check finds in a database file, which is not changed.

    With ``is_quick``, indexes are not compared with their tables, which takes less time.
    """
    check = "quick_check" if is_quick else "integrity_check"
    try:
        connection = sqlite3.connect(f"{database_file.absolute().as_uri()}?mode=rw", uri=True)
        try:
            connection.execute("PRAGMA query_only=ON")
            found = [str(line) for (line,) in connection.execute(f"PRAGMA {check}(20)")]
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return (str(error),)
    return () if found == ["ok"] else tuple(found)


def check_at_start(connections: Connections) -> None:
    """Check an SQLite database when a daemon starts, so that the daemon never writes to a damaged file.

    A file above ``MAX_CHECKED_BYTES`` is not checked here; `monitor db check` checks it. Raises ``StoreCorrupt`` if the
    file is damaged. The message has the path of the newest backup, if there is one. The file is not changed.
    """
    file = Path(connections.database_file)
    if not connections.is_sqlite or not file.exists() or file.stat().st_size > MAX_CHECKED_BYTES:
        return
    errors = check_integrity(file, is_quick=True)
    if errors:
        backup = newest_backup(connections)
        advice = (
            f"move it away and replace it by the newest backup, {backup}"
            if backup
            else "there is no backup next to it; .recover of the sqlite3 shell may save most of it"
        )
        raise StoreCorrupt(f"{file} is damaged ({errors[0]}) and was not changed: {advice}")


def _copy_database(source: str, partial_file: Path) -> None:
    partial_file.unlink(missing_ok=True)
    partial_file.touch(mode=0o600)
    reader, copy = sqlite3.connect(source), sqlite3.connect(partial_file)
    try:
        reader.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # the copy is a single file without a WAL
    finally:
        reader.close()
        copy.close()
    with partial_file.open("rb") as file:
        os.fsync(file.fileno())


def _free_bytes(folder: Path) -> int:
    place = os.statvfs(folder)
    return place.f_bavail * place.f_frsize


def _ensure_free_space(database: Path, folder: Path) -> None:
    needed = int(database.stat().st_size * _REQUIRED_SPACE_FACTOR)
    for old in sorted(folder.glob(f"{database.stem}-*.db"))[:-1]:
        if _free_bytes(folder) < needed:
            old.unlink()
    free = _free_bytes(folder)
    if free < needed:
        raise StoreError(
            f"not enough space for a backup in {folder}: {free // 2**20} MB are free, {needed // 2**20} MB are needed; "
            "free some space, or use a folder on another disk"
        )


def _stem(file: str) -> str:
    return Path(file).stem


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

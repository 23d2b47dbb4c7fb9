"""Backups of a SQLite database while it works: copied by SQLite itself, verified, then rotated. And its health."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path

from monitor.domain.errors import StoreCorrupt, StoreError, UsageError
from monitor.store.connections import Connections
from monitor.store.errors import translate_errors

TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"
MAX_CHECKED_BYTES = 2**30  # bytes; beyond, a whole look takes too long to start with
_REQUIRED_SPACE_FACTOR = 1.2  # a copy needs its size, and the disk must not end full


def back_up(connections: Connections, folder: Path, name: str, keep: int) -> Path:
    """Copy the database to ``folder/name.db``, verify the copy, and delete all but the ``keep`` newest copies.

    Writers go on meanwhile; the copy is of one moment. A copy appears under its name only when it is whole and sound.
    Where space is short, old copies go first, all but the newest.
    Raises ``UsageError`` on PostgreSQL, ``StoreError`` if there is no room or the copy is not sound.
    """
    if not connections.is_sqlite:
        raise UsageError("PostgreSQL is backed up by its own tools: pg_dump --format=custom DATABASE > FILE")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, part = folder / f"{name}.db", folder / f"{name}.part"
    _ensure_free_space(Path(connections.database_file), folder)
    try:
        with translate_errors():
            _copy_database(connections.database_file, part)
        faults = check_integrity(part, is_quick=True)
        if faults:
            raise StoreCorrupt(
                f"the backup is not sound, so neither is {connections.database_file}: {'; '.join(faults[:3])}"
            )
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _sync_directory(folder)
    copies = sorted(folder.glob(f"{_stem(connections.database_file)}-*.db"), key=lambda copy: (copy <= target, copy))
    for old in copies[:-keep]:  # those that a wrong clock has dated later than this one are the first to go
        old.unlink()
    return target


def backup_name(connections: Connections, now: datetime) -> str:
    """Return the name of a backup made now; names sort by time."""
    return f"{_stem(connections.database_file)}-{now.strftime(TIMESTAMP_FORMAT)}"


def newest_backup(connections: Connections) -> Path | None:
    """Return the newest backup in the folder beside the database, or None."""
    return max(backup_folder(connections).glob(f"{_stem(connections.database_file)}-*.db"), default=None)


def backup_folder(connections: Connections) -> Path:
    """Return the folder of backups beside the database."""
    return Path(connections.database_file).absolute().parent / "backups"


def check_integrity(database_file: Path, *, is_quick: bool = False) -> tuple[str, ...]:
    """Return what is wrong with a database file, as SQLite's integrity check puts it; empty when it is sound.

    ``quick`` leaves out that indexes agree with their tables. Nothing is written to the file.
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
    """Look over a SQLite database before a daemon works on it: it must not go on writing into a damaged file.

    One of more than a gigabyte is not looked over; ``db check`` does that. Raises ``StoreCorrupt``, which names the
    newest backup; the file is left as it is.
    """
    file = Path(connections.database_file)
    if not connections.is_sqlite or not file.exists() or file.stat().st_size > MAX_CHECKED_BYTES:
        return
    faults = check_integrity(file, is_quick=True)
    if faults:
        backup = newest_backup(connections)
        advice = (
            f"move it away and put {backup} in its place, which is the newest backup"
            if backup
            else "there is no backup beside it; .recover of the sqlite3 shell may save most of it"
        )
        raise StoreCorrupt(f"{file} is damaged ({faults[0]}) and was left as it is: {advice}")


def _copy_database(source: str, partial_file: Path) -> None:
    partial_file.unlink(missing_ok=True)
    partial_file.touch(mode=0o600)
    reader, copy = sqlite3.connect(source), sqlite3.connect(partial_file)
    try:
        reader.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
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
            f"no room for a backup in {folder}: {free // 2**20} MB are free and {needed // 2**20} MB are wanted; "
            "free some, or name a folder on another disk"
        )


def _stem(file: str) -> str:
    return Path(file).stem


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

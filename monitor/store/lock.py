"""One daemon a database: a lock file that the system lets go of however the daemon ends."""

import fcntl
import os
from pathlib import Path

from monitor.domain.errors import StoreError, StoreInUse


class LockFile:
    """An exclusive lock beside the database file (flock), with the holder's process id inside."""

    def __init__(self, database_file: str) -> None:
        """Take the lock. Raises ``StoreInUse`` if another process holds it, ``StoreError`` if there can be none."""
        path = Path(f"{database_file}.lock")
        try:
            self._file = path.open("a+", encoding="ascii")
        except OSError as error:
            raise StoreError(
                f"{path.parent}, the folder of the database, cannot be written ({error.strerror}); "
                "make it writable for this user, or use another database"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise StoreInUse(
                f"another monitor (process {holder or 'unknown'}) works on {database_file}; "
                "stop it first, or use another database"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let go of the lock; the file stays, for taking it away could part two holders."""
        self._file.truncate(0)
        self._file.close()

"""Disk space of an SQLite database, and the reserve file.

The reserve file is deleted when the disk is full, so that deliveries can still be recorded.
"""

import os
from contextlib import suppress
from pathlib import Path

from monitor.domain.errors import StoreError
from monitor.domain.read_models import DiskSpace
from monitor.store.connections import Connections

RESERVE_BYTES = 8 * 2**20
_RESERVE_DIVISOR = 50  # the reserve file needs at most 1/50 of the disk


class DiskSpaceGuard:
    """Guard that measures the free space for an SQLite database, and manages the reserve file next to the database.

    On PostgreSQL it does nothing. The reserve file is deleted when the disk is full, so that deliveries can still be
    recorded.
    """

    def __init__(self, connections: Connections) -> None:
        self._database_file = Path(connections.database_file) if connections.is_sqlite else None

    @property
    def _reserve_file(self) -> Path:
        return Path(f"{self._database_file}.reserve")

    def measure(self) -> DiskSpace | None:
        """Return the free and total space of the disk with the database, or None on PostgreSQL."""
        if self._database_file is None:
            return None
        place = os.statvfs(self._database_file.absolute().parent)
        return DiskSpace(free_bytes=place.f_bavail * place.f_frsize, total_bytes=place.f_blocks * place.f_frsize)

    def create_reserve(self) -> None:
        """Create the reserve file. Raises ``StoreError`` if the disk is too full for it."""
        space = self.measure()
        if self._database_file is None or space is None:
            return
        Path(f"{self._database_file}.ballast").unlink(missing_ok=True)  # the name of the reserve file up to schema 0008
        if self._reserve_file.exists():
            return
        try:
            with self._reserve_file.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, min(RESERVE_BYTES, space.total_bytes // _RESERVE_DIVISOR)))
        except OSError as error:
            self.release_reserve()
            raise StoreError(f"there is no space for the reserve file {self._reserve_file}: {error}") from error

    def release_reserve(self) -> None:
        """Delete the reserve file, so that the database can use the space of the file."""
        if self._database_file is not None:
            with suppress(FileNotFoundError):
                self._reserve_file.unlink()

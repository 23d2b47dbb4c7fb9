"""Space on the database's disk: a ballast to throw off when it is full, so that what was sent can still be noted."""

import os
from contextlib import suppress
from pathlib import Path

from monitor.domain.errors import StoreError
from monitor.domain.read_models import DiskSpace
from monitor.store.connections import Connections

RESERVE_BYTES = 8 * 2**20
_RESERVE_DIVISOR = 50  # on a small disk the ballast is at most this part of it


class DiskSpaceGuard:
    """Measures the disk of a SQLite database and keeps a ballast file beside it. PostgreSQL has a disk of its own."""

    def __init__(self, connections: Connections) -> None:
        self._database_file = Path(connections.database_file) if connections.is_sqlite else None

    @property
    def _reserve_file(self) -> Path:
        return Path(f"{self._database_file}.ballast")

    def measure(self) -> DiskSpace | None:
        """Return the space on the disk, or None where it is not ours to watch."""
        if self._database_file is None:
            return None
        place = os.statvfs(self._database_file.absolute().parent)
        return DiskSpace(free_bytes=place.f_bavail * place.f_frsize, total_bytes=place.f_blocks * place.f_frsize)

    def create_reserve(self) -> None:
        """Put the ballast in place. Raises ``StoreError`` if there is no space for it."""
        room = self.measure()
        if self._database_file is None or room is None or self._reserve_file.exists():
            return
        try:
            with self._reserve_file.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, min(RESERVE_BYTES, room.total_bytes // _RESERVE_DIVISOR)))
        except OSError as error:
            self.release_reserve()
            raise StoreError(f"there is no space for the ballast {self._reserve_file}: {error}") from error

    def release_reserve(self) -> None:
        """Take the ballast away, which gives its space to the database."""
        if self._database_file is not None:
            with suppress(FileNotFoundError):
                self._reserve_file.unlink()

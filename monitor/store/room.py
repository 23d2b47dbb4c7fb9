"""Space on the database's disk: a ballast to throw off when it is full, so that what was sent can still be noted."""

import os
from contextlib import suppress
from pathlib import Path

from monitor.domain.archive import Room
from monitor.domain.errors import StoreError
from monitor.store.engine import Connections

BALLAST = 8 * 2**20
_SHARE = 50  # on a small disk the ballast is at most this part of it


class DiskRoom:
    """Measures the disk of a SQLite database and keeps a ballast file beside it. PostgreSQL has a disk of its own."""

    def __init__(self, connections: Connections) -> None:
        self._file = Path(connections.file) if connections.sqlite else None

    @property
    def _ballast(self) -> Path:
        return Path(f"{self._file}.ballast")

    def measure(self) -> Room | None:
        """Return the space on the disk, or None where it is not ours to watch."""
        if self._file is None:
            return None
        place = os.statvfs(self._file.absolute().parent)
        return Room(free=place.f_bavail * place.f_frsize, total=place.f_blocks * place.f_frsize)

    def load(self) -> None:
        """Put the ballast in place. Raises ``StoreError`` if there is no space for it."""
        room = self.measure()
        if self._file is None or room is None or self._ballast.exists():
            return
        try:
            with self._ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, max(1, min(BALLAST, room.total // _SHARE)))
        except OSError as error:
            self.throw_off()
            raise StoreError(f"there is no space for the ballast {self._ballast}: {error}") from error

    def throw_off(self) -> None:
        """Take the ballast away, which gives its space to the database."""
        if self._file is not None:
            with suppress(FileNotFoundError):
                self._ballast.unlink()

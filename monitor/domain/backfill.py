"""Progress of a backfill, which reads the archive of a source: articles from before the source was watched."""

from datetime import datetime

from msgspec import Struct


class BackfillProgress(Struct, frozen=True):
    """Progress of the backfill of one source: the reading of its archive back to the time ``since_at``.

    An interrupted backfill continues from here.

    - ``pending_urls`` are the sitemaps and listing pages that are still to be read, the next one first.
    - ``read_urls`` are the sitemaps and listing pages that were read.
    - ``complete_since_at`` is the time from which on the stored archive is complete, or None if it is not complete.
    - ``problems`` are the documents that could not be read, and other reasons why the archive may be incomplete.
    """

    source_id: str
    since_at: datetime
    changed_at: datetime
    pending_urls: tuple[str, ...] = ()
    read_urls: tuple[str, ...] = ()
    stored_count: int = 0
    problems: tuple[str, ...] = ()
    complete_since_at: datetime | None = None

    @property
    def is_complete(self) -> bool:
        """Return whether the archive is complete back to the requested time, ``since_at``."""
        return self.complete_since_at is not None and self.complete_since_at <= self.since_at


def find_complete_since(baseline_at: datetime | None, backfill: BackfillProgress | None) -> datetime | None:
    """Return the time since which the archive of a source is complete, or None if the source was never read.

    This is the time ``baseline_at`` of the first poll, or an earlier time that a backfill has reached.
    """
    return (backfill and backfill.complete_since_at) or baseline_at

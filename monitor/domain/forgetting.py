"""Report on the erasure of an official's data."""

from msgspec import Struct


class ForgetReport(Struct, frozen=True):
    """Numbers of table rows that were erased, changed or kept when the data of one official was erased.

    - ``shared_hits`` also name other officials; only the one official was removed from them.
    - ``kept_records`` prove when pages were read. They were kept, because the next record contains the hash of each.
    - ``kept_articles`` are the articles that named the official. Their texts were kept.
    """

    mentions: int = 0
    near_misses: int = 0
    hits: int = 0
    shared_hits: int = 0
    verdicts: int = 0
    page_snapshots: int = 0
    digests: int = 0
    rendered_digests: int = 0
    kept_records: int = 0
    kept_articles: int = 0

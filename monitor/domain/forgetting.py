"""Report on the erasure of an official's data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """Numbers of table rows that were erased or changed for one official.

    - ``shared_hits`` also name other officials; only the one official was removed from them.
    - ``kept_records`` are records of the evidence chain, which prove when pages were read. They cannot be deleted.
    - ``kept_articles`` are the articles that named the official.
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

"""From the fields of one item, whoever read them, to an entry: the same rules behind the cheap path and the judge."""

from dataclasses import dataclass
from datetime import tzinfo

from monitor.domain.entry import Entry
from monitor.parse.values import LONGEST_TEXT, absolute, clean, plain, read_instant

LONGEST_ID = 2_000
MOST_ENTRIES = 2_000


@dataclass(slots=True)
class Raw:
    """An item's fields as they stand in the document; None where there is none."""

    link: str | None = None
    id: str | None = None
    title: str | None = None
    published: str | None = None
    updated: str | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()


def entry_of(raw: Raw, base: str, zone: tzinfo) -> Entry:
    """Make an entry. The date of a change stands in for one of publication where that is missing."""
    updated = read_instant(raw.updated, zone) if raw.updated else None
    summary, content = _text(raw.summary), _text(raw.content)
    return Entry(
        url=absolute(raw.link or "", base),
        guid=clean(raw.id or "")[:LONGEST_ID],
        title=plain(raw.title or ""),
        published_at=(read_instant(raw.published, zone) if raw.published else None) or updated,
        updated_at=updated,
        summary="" if summary == content else summary,
        content=content,
        authors=tuple(name for name in map(plain, raw.authors) if name)[:20],
    )


def _text(text: str | None) -> str:
    return clean(text)[:LONGEST_TEXT] if text else ""

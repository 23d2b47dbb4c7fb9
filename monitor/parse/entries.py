"""From the fields of one item, whoever read them, to an entry: the same rules behind the cheap path and the judge."""

from dataclasses import dataclass
from datetime import tzinfo

from monitor.domain.entry import Entry
from monitor.parse.values import MAX_TEXT_CHARS, parse_instant, remove_control_characters, resolve_url, to_plain_text

MAX_GUID_CHARS = 2_000
MAX_ENTRIES = 2_000


@dataclass(slots=True)
class RawItem:
    """An item's fields as they stand in the document; None where there is none."""

    link: str | None = None
    id: str | None = None
    title: str | None = None
    published: str | None = None
    updated: str | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()


def build_entry(raw: RawItem, base: str, zone: tzinfo) -> Entry:
    """Make an entry. The date of a change stands in for one of publication where that is missing."""
    updated = parse_instant(raw.updated, zone) if raw.updated else None
    summary, content = _clean_content(raw.summary), _clean_content(raw.content)
    return Entry(
        url=resolve_url(raw.link or "", base),
        guid=remove_control_characters(raw.id or "")[:MAX_GUID_CHARS],
        title=to_plain_text(raw.title or ""),
        published_at=(parse_instant(raw.published, zone) if raw.published else None) or updated,
        updated_at=updated,
        summary="" if summary == content else summary,
        content=content,
        authors=tuple(name for name in map(to_plain_text, raw.authors) if name)[:20],
    )


def _clean_content(text: str | None) -> str:
    return remove_control_characters(text)[:MAX_TEXT_CHARS] if text else ""

"""Reports of one event, and copies of one text."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Story:
    """Articles about one event. ``merged_into`` names the story that took this one's members over."""

    id: str
    title: str
    first_seen_at: datetime
    last_seen_at: datetime
    article_ids: tuple[int, ...] = ()
    official_ids: tuple[str, ...] = ()
    merged_into: str = ""

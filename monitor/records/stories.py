"""JSON records of stories and their articles."""

from datetime import datetime

from typing_extensions import TypedDict

from monitor.domain.article import Story
from monitor.records.articles import MemberRecord


class StoryRecord(TypedDict):
    """JSON record of a story, as in ``stories --json``. ``articles`` are the ids of its articles."""

    id: str
    title: str
    articles: tuple[int, ...]
    officials: tuple[str, ...]
    first_seen_at: datetime
    last_seen_at: datetime


class StoryMembersRecord(StoryRecord):
    """JSON record of a story with the records of its articles, as in ``stories show --json``."""

    members: list[MemberRecord]


def story_record(story: Story) -> StoryRecord:
    """Return the JSON record of a story: the articles about one event."""
    return {
        "id": story.id,
        "title": story.title,
        "articles": story.article_ids,
        "officials": story.official_ids,
        "first_seen_at": story.first_seen_at,
        "last_seen_at": story.last_seen_at,
    }


def story_members_record(story: Story, members: list[MemberRecord]) -> StoryMembersRecord:
    """Return the JSON record of a story with the records of its articles."""
    return {**story_record(story), "members": members}

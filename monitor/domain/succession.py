"""Successions: changes of the posts of watched officials, and the statements of articles about such changes."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from monitor.domain.article import Region


class StatementKind(StrEnum):
    """Kind of a statement: another person has the post, the official has left it, or the official has a new post."""

    HOLDER = "holder"
    LEFT = "left"
    NEW_POST = "new_post"


class PostStatement(Struct, frozen=True):
    """A statement in an article about a post of a watched official.

    - ``person`` is the printed name of the other person who has the post. It is empty unless the kind is ``HOLDER``.
    - ``post`` is the title of the official's role, or the description of the new post.
    - ``is_direct`` is true if the text states that the post changes hands, and false if the text only prints the post
      next to the name.
    - ``start`` and ``end`` are the offsets of the evidence in the text of the region.
    """

    official_id: str
    kind: StatementKind
    person: str
    post: str
    is_direct: bool
    region: Region
    start: int
    end: int


class ReportedStatement(Struct, frozen=True):
    """A stored statement about a post, with the article that makes the statement.

    ``original_id`` is the article of which this article is a duplicate, or the article itself. ``outlet`` is the name
    of the source. ``passage`` is the sentence that makes the statement.
    """

    official_id: str
    kind: StatementKind
    person: str
    post: str
    is_direct: bool
    passage: str
    seen_at: datetime
    article_id: int
    original_id: int
    source_id: str
    outlet: str
    title: str
    url: str


class Announcement(Struct, frozen=True):
    """A succession (a change of the holder of a post) that a digest has announced.

    It is stored so that the digest does not announce it again.
    """

    official_id: str
    kind: StatementKind
    person: str
    post: str

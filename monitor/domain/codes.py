"""Short codes by which digests and commands refer to articles, hits and stories, such as a53, h45 and s12."""

import re
from enum import StrEnum
from typing import NamedTuple

STORY_ID_PATTERN = r"s[1-9][0-9]*[a-z]?"
"""Pattern of a story id: the letter s, and the id of the first article of the story.

A second letter follows if a reader has split the story off from another one.
"""
MAX_NUMBER = 10**18 - 1
"""Highest number in a code or id that is looked up. Databases store integers below 2**63."""
_ARTICLE, _HIT = re.compile(r"a?([1-9][0-9]{0,17})"), re.compile(r"h([1-9][0-9]{0,17})")
_STORY = re.compile(STORY_ID_PATTERN)


class CodeKind(StrEnum):
    """The kind of object that a short code refers to: article (a53), hit (h45) or story (s12)."""

    ARTICLE = "article"
    HIT = "hit"
    STORY = "story"


class Code(NamedTuple):
    """A parsed short code, such as a53: the kind of object that it refers to, and the id of the object.

    ``number`` is the id of an article or hit, and ``story_id`` the id of a story. Only one of them has a value; the
    other is 0 or empty.
    """

    kind: CodeKind
    number: int = 0
    story_id: str = ""


def parse_code(text: str) -> Code | None:
    """Parse a code, such as a53; return None if the text is not a code.

    A number without a letter means the id of an article.
    """
    word = text.strip().lower()
    if match := _ARTICLE.fullmatch(word):
        return Code(CodeKind.ARTICLE, int(match[1]))
    if match := _HIT.fullmatch(word):
        return Code(CodeKind.HIT, int(match[1]))
    return Code(CodeKind.STORY, story_id=word) if _STORY.fullmatch(word) else None


def article_code(article_id: int) -> str:
    """Return the code of an article, such as a53."""
    return f"a{article_id}"

"""Short codes of articles, hits and stories, by which digests and commands name them: a53, h45, s12."""

import re
from enum import StrEnum
from typing import NamedTuple

STORY_ID_PATTERN = r"s[1-9][0-9]*[a-z]?"
"""A story has the number of its first article; one that a reader has split off may have a letter more."""
MAX_NUMBER = 10**18 - 1
"""Highest number in a code or id that is looked up; databases hold integers below 2**63."""
_ARTICLE, _HIT = re.compile(r"a?([1-9][0-9]{0,17})"), re.compile(r"h([1-9][0-9]{0,17})")
_STORY = re.compile(STORY_ID_PATTERN)


class CodeKind(StrEnum):
    """Kind of thing that a code names."""

    ARTICLE = "article"
    HIT = "hit"
    STORY = "story"


class Code(NamedTuple):
    """Parsed code; ``number`` is 0 for a story, whose id is the code itself."""

    kind: CodeKind
    number: int = 0
    story_id: str = ""


def parse_code(text: str) -> Code | None:
    """Return what a code names, or None if the text is not a code; a number alone is the id of an article."""
    word = text.strip().lower()
    if match := _ARTICLE.fullmatch(word):
        return Code(CodeKind.ARTICLE, int(match[1]))
    if match := _HIT.fullmatch(word):
        return Code(CodeKind.HIT, int(match[1]))
    return Code(CodeKind.STORY, story_id=word) if _STORY.fullmatch(word) else None


def article_code(article_id: int) -> str:
    """Return the code of an article."""
    return f"a{article_id}"

"""What the automaton met in a page, before anything of it is judged.

The shape of a name: the ways its whole is written and the parts that stand for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import NamedTuple


class CandidateKind:
    """What a pattern of the automaton may be; bits, as one pattern may be several. Plain numbers are quick to test."""

    FULL_NAME = 1
    SHORT_NAME = 2
    NATIVE_NAME = 4
    NATIVE_SHORT_NAME = 8
    PHONETIC_COUNTRY_WORD = 16
    QUERY_LITERAL = 32
    FIRST_NAME = 64
    PHONETIC = 128
    PARTICLE = 256
    COUNTRY_WORD = 512
    LATIN = FULL_NAME | SHORT_NAME | FIRST_NAME


PatternMatch = tuple[int, int, int]
"""A pattern and the spaced offsets of its beginning and end."""


class Candidate(NamedTuple):
    """A pattern met in a page, by folded offsets, with the officials it may mean."""

    start: int
    end: int
    official_indexes: tuple[int, ...]


class Candidates:
    """What the automaton met in a page, sorted by what it may be. Latin names stand with a capital.

    ``lands`` are the countries spoken of, one for each word; ``kinds`` all kinds met together, whatever their capitals;
    ``closed`` the folded ends of genitives, with which a name is over.
    """

    __slots__ = (
        "countries",
        "first_names",
        "full_names",
        "genitive_ends",
        "kinds",
        "native_names",
        "native_short_names",
        "short_names",
    )

    def __init__(self, kinds: Iterable[int]) -> None:
        self.full_names: list[PatternMatch] = []
        self.short_names: list[PatternMatch] = []
        self.first_names: list[PatternMatch] = []
        self.native_names: list[PatternMatch] = []
        self.native_short_names: list[PatternMatch] = []
        self.countries: list[str] = []
        self.genitive_ends: set[int] = set()
        self.kinds = reduce(or_, kinds, 0)

    def add_latin_name(self, kind: int, pattern_match: PatternMatch) -> None:
        """Add what the automaton met of a name in Latin letters."""
        if kind & CandidateKind.FULL_NAME:
            self.full_names.append(pattern_match)
        if kind & CandidateKind.FIRST_NAME:
            self.first_names.append(pattern_match)
        if kind & CandidateKind.SHORT_NAME:
            self.short_names.append(pattern_match)

    def add_full_name(self, pattern_match: PatternMatch) -> None:
        """Add a whole name that was found by another way than the automaton's."""
        self.full_names.append(pattern_match)
        self.kinds |= CandidateKind.FULL_NAME

    def add_short_name(self, pattern_match: PatternMatch) -> None:
        """Add a part of a name that was found by another way than the automaton's."""
        self.short_names.append(pattern_match)
        self.kinds |= CandidateKind.SHORT_NAME


NameWords = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShortForm:
    """A part of a name that stands for the whole on second mention. ``sure`` parts may stand without a title."""

    words: NameWords
    label: str
    sufficient: bool = True


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name taken apart: the orders in which the whole is written, the whole first, and its short forms.

    ``halves`` are the two parts that are compared by sound where names have no fixed Latin spelling.
    """

    full_forms: tuple[NameWords, ...]
    short_forms: tuple[ShortForm, ...] = ()
    phonetic_parts: tuple[NameWords, NameWords] | None = None
    convention: str = field(default="western")

    @property
    def typo_parts(self) -> tuple[str, str] | None:
        """Return the first word and the rest closed up, where the rest is long enough to show a slip of the pen."""
        from monitor.language.load import language_data  # commands that match nothing do not read the data

        convention = language_data().conventions[self.convention]
        if convention.one_letter_makes_other_name or not self.full_forms or not 2 <= len(self.full_forms[0]) <= 3:
            return None
        first, rest = self.full_forms[0][0], "".join(self.full_forms[0][1:])
        return (first, rest) if len(rest) >= 6 and len(first) > 1 else None


def flatten_groups(*groups: str) -> NameWords:
    """Return the words of the groups, hyphens opened."""
    return tuple(" ".join(groups).split())


def join_groups(*groups: str) -> NameWords:
    """Return the groups with their hyphens closed up."""
    return tuple(group.replace(" ", "") for group in groups)


Span = tuple[int, int]


MAX_CANDIDATE_OFFICIALS = 40

"""Types of the matching steps: candidates, evidence, decisions, and the parts of a name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import NamedTuple

from monitor.domain.mention import MatchForm

Span = tuple[int, int]
"""Start and end offset in the folded text."""

PatternMatch = tuple[int, int, int]
"""A match of the automaton: the id of the matched name or word, and the start and end offset in the spaced text.

The spaced text has spaces instead of punctuation; its offsets are one more than the folded offsets.
"""

NameWords = tuple[str, ...]
"""Folded words of a name or a part of it."""

MAX_CANDIDATE_OFFICIALS = 40
"""Maximum number of officials that are compared for one candidate. It limits the cost of a very common name."""


class CandidateKind:
    """Kinds of patterns in the automaton. Each is a bit, because one pattern may be of several kinds.

    The kinds are plain integers: an enum flag is too slow, because kinds are tested for each match.
    """

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
    NATIVE = NATIVE_NAME | NATIVE_SHORT_NAME


class Candidate(NamedTuple):
    """A span of the folded text that may name one of the given officials."""

    start: int
    end: int
    official_indexes: tuple[int, ...]


class ExtensionKind(Enum):
    """Kinds of full names that are printed with something between the configured parts, or with a changed first name.

    The value is the reason that is shown to the user.
    """

    INITIAL_OR_NICKNAME = "full name with an initial or nickname"
    INITIAL_FOR_FIRST_NAME = "initial and family name"
    MIDDLE_NAME = "full name with a middle name"
    FIRST_NAME_TYPO = "full name with a typo in the first name, next to a fitting title"
    ADDITIONAL_PATRONYMIC = "full name with one more patronymic"


class ExtendedName(NamedTuple):
    """A full name that was found around a short name and begins before it. Its candidate has exactly one official."""

    candidate: Candidate
    kind: ExtensionKind


class Candidates(NamedTuple):
    """Matches of names and words in an article, sorted by kind; later steps decide whether they mean an official.

    Full, short and first names in Latin letters start with a capital letter. ``countries`` has the key of the country
    for each country word in the text. ``kinds`` has the bits of all kinds that were found, also of names in lower case.
    ``genitive_ends`` are end offsets of names with a genitive ending: the next word does not belong to the name.
    """

    full_names: tuple[PatternMatch, ...] = ()
    short_names: tuple[PatternMatch, ...] = ()
    first_names: tuple[PatternMatch, ...] = ()
    native_names: tuple[PatternMatch, ...] = ()
    native_short_names: tuple[PatternMatch, ...] = ()
    countries: tuple[str, ...] = ()
    genitive_ends: frozenset[int] = frozenset()
    kinds: int = 0

    def add_names(
        self, full_names: Iterable[PatternMatch], short_names: Iterable[PatternMatch], genitive_ends: Iterable[int]
    ) -> "Candidates":
        """Return a copy with more full and short names in Latin letters, which were found without the automaton."""
        full, short = tuple(full_names), tuple(short_names)
        kinds = self.kinds | CandidateKind.FULL_NAME * bool(full) | CandidateKind.SHORT_NAME * bool(short)
        return self._replace(
            full_names=self.full_names + full,
            short_names=self.short_names + short,
            genitive_ends=self.genitive_ends.union(genitive_ends),
            kinds=kinds,
        )

    def add_native_names(self, full_names: Iterable[PatternMatch], short_names: Iterable[PatternMatch]) -> "Candidates":
        """Return a copy with more full and short names in other scripts than Latin."""
        full, short = tuple(full_names), tuple(short_names)
        kinds = self.kinds | CandidateKind.NATIVE_NAME * bool(full) | CandidateKind.NATIVE_SHORT_NAME * bool(short)
        return self._replace(
            native_names=self.native_names + full, native_short_names=self.native_short_names + short, kinds=kinds
        )


class EvidenceStrength(IntEnum):
    """Strength of a title as evidence for an official, from contradiction to certainty.

    A title with ``LIKELY`` or more is sufficient to accept a short name. A weaker title needs more evidence, for
    example that the official is mentioned.
    """

    CONTRADICTED = 0
    NO_EVIDENCE = 1
    ADDRESSED = 2
    RANKED = 3
    VAGUE = 4
    LIKELY = 5
    UNDATED = 6
    CERTAIN = 7


@dataclass(frozen=True, slots=True)
class TitleScore:
    """Strength of the titles around a candidate as evidence for one official, with the reason for the user."""

    official_index: int
    strength: EvidenceStrength
    reason: str


class Boundary(NamedTuple):
    """Evidence from the words next to a name: whether the name is complete, or part of a longer name.

    ``is_standalone`` is true for a complete name. ``word_before`` and ``word_after`` are the words that make the name
    longer. ``other_bearer`` is the name of another person that contains the short name. ``rejection`` is the reason for
    a near miss. An initial or another name before the candidate (``has_initial_before``, ``has_name_before``) may also
    belong to the full name of an official.
    """

    is_standalone: bool = True
    word_before: str = ""
    word_after: str = ""
    is_joined_by_hyphen: bool = False
    other_bearer: str = ""
    rejection: str = ""
    has_initial_before: bool = False
    has_name_before: bool = False


class Evidence(NamedTuple):
    """All evidence on whether one candidate means one official.

    The fields are examined in their order until one of them is decisive. Fields that are not examined keep their
    default values. ``None`` also means that a field was not examined.
    """

    official_index: int
    diacritics_agree: bool = True
    boundary: Boundary = Boundary()
    place_or_credit: str = ""
    occupation: str = ""
    title: TitleScore | None = None
    country_fit: bool | None = None
    position_fit: bool | None = None

    @property
    def is_doubt(self) -> bool:
        """True if the evidence is against a full name, but other evidence can outweigh it."""
        return bool(self.occupation or self.boundary.word_after)


class Accepted(NamedTuple):
    """Decision that the candidate names this official, which makes the candidate a mention."""

    official_index: int
    form: MatchForm
    confidence: float
    reason: str


class Rejected(NamedTuple):
    """Decision that the candidate names none of these officials; it is recorded as a near miss for each of them.

    ``namesakes`` are officials whose full name belongs to another person in this article.
    """

    official_indexes: tuple[int, ...]
    reason: str
    namesakes: tuple[int, ...] = ()


class Deferral(Enum):
    """Reasons to defer the decision on a candidate to a later step."""

    SINGLE_WORD = "a full name of one word is decided as a short name"
    NO_TITLE = "a short name without a title needs an official who is mentioned in the article"
    BOUNDARY_NOT_CHECKED = "as NO_TITLE; its boundary is checked only if the official is mentioned"
    NOT_MENTIONED = "nothing was examined, because no official with this short name is mentioned yet"


class Deferred(NamedTuple):
    """Decision to leave the candidate to a later step."""

    reason: Deferral


Decision = Accepted | Rejected | Deferred

_MIN_TYPO_REST_LETTERS = 6
"""Minimum number of letters after the first name. In a shorter name, a changed letter often makes another real name."""


@dataclass(frozen=True, slots=True)
class ShortForm:
    """A part of a name that the press uses alone after the first mention.

    A ``sufficient`` part may be a mention without a title. ``label`` describes the part for the user, such as "family
    name".
    """

    words: NameWords
    label: str
    sufficient: bool = True


@dataclass(frozen=True, slots=True)
class NameParts:
    """The full and short forms of one name.

    ``full_forms`` are the full name in its orders and spellings, the configured one first. ``phonetic_parts`` are the
    two parts that are compared by sound, for names without a fixed Latin spelling.
    """

    full_forms: tuple[NameWords, ...]
    short_forms: tuple[ShortForm, ...] = ()
    phonetic_parts: tuple[NameWords, NameWords] | None = None
    convention: str = field(default="western")

    @property
    def typo_parts(self) -> tuple[str, str] | None:
        """The first word of the name, and the other words joined; both are used in the search for typos.

        The value is None if a typo cannot be recognized, because the name is too short or too long, or because similar
        names are common.
        """
        from monitor.language.load import language_data  # commands that match nothing do not read the data

        convention = language_data().conventions[self.convention]
        if convention.one_letter_makes_other_name or not self.full_forms or not 2 <= len(self.full_forms[0]) <= 3:
            return None
        first, rest = self.full_forms[0][0], "".join(self.full_forms[0][1:])
        return (first, rest) if len(rest) >= _MIN_TYPO_REST_LETTERS and len(first) > 1 else None


def flatten_groups(*groups: str) -> NameWords:
    """Split the groups of a name into single words; a group is a printed word, with spaces instead of hyphens."""
    return tuple(" ".join(groups).split())


def join_groups(*groups: str) -> NameWords:
    """Return each group of a name as one word, without the spaces that replace its hyphens."""
    return tuple(group.replace(" ", "") for group in groups)

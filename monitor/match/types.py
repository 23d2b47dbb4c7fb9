"""Types that the steps of matching share: possible names in a text, evidence, decisions, and the parts of a name."""

from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import NamedTuple

from msgspec import Struct, field

from monitor.domain.mention import MatchForm

Span = tuple[int, int]
"""Start and end offset in the normalized text, which is in lower case without diacritics."""

PatternMatch = tuple[int, int, int]
"""A match in the search for all names and words at once: the id of the pattern that was found, and its start and end.

Both are offsets in ``NormalizedArticle.spaced``, the text with spaces instead of punctuation. They are one higher than
the offsets in the normalized text.
"""

NameWords = tuple[str, ...]
"""Words of a name or of a part of it, in lower case without diacritics."""

MAX_CANDIDATE_OFFICIALS = 40
"""Maximum number of officials that are compared for one name in a text. It limits the cost of a very common name."""


class CandidateKind:
    """Kinds of the words and names that are searched for in a text. Each kind is one bit.

    One word may be of several kinds, such as a first name and a family name. The kinds are plain integers, because they
    are tested for each match, and an enum flag is too slow.
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
    LISTED_NAME = 1024  # family name first, as in a list: "Doe, Jane"
    LATIN = FULL_NAME | SHORT_NAME | FIRST_NAME
    NATIVE = NATIVE_NAME | NATIVE_SHORT_NAME


class Candidate(NamedTuple):
    """Part of the normalized text that may be the name of one of the given officials."""

    start: int
    end: int
    official_indexes: tuple[int, ...]


class ExtensionKind(Enum):
    """Ways in which a printed full name can differ from the configured one: an additional part or another first name.

    The value is the reason that is shown to the user.
    """

    INITIAL_OR_NICKNAME = "full name with an initial or nickname"
    INITIAL_FOR_FIRST_NAME = "initial and family name"
    MIDDLE_NAME = "full name with a middle name"
    FIRST_NAME_TYPO = "full name with a typo in the first name, next to a fitting title"
    ADDITIONAL_PATRONYMIC = "full name with one more patronymic"
    SOME_PARTS = "several parts of the full name, next to a fitting title"


class ExtendedName(NamedTuple):
    """Full name that was found from the words before a short name: "Walter B. Hargrove" for "Hargrove".

    ``candidate`` is the full name in the text, with the one official that it may mean.
    """

    candidate: Candidate
    kind: ExtensionKind


class Candidates(NamedTuple):
    """All watched names and country words that occur in an article, sorted by kind.

    Later steps decide whether a name means an official.

    - ``full_names``, ``short_names`` and ``first_names`` are in Latin letters and start with a capital letter. A short
      name may also start with a particle, such as "van".
    - ``native_names`` are full names in other scripts; ``native_short_names`` are short names in other scripts.
    - ``countries`` has one country key for each country word in the text.
    - ``genitive_ends`` are the end offsets of names with a genitive ending. The word after such a name does not belong
      to the name.
    - ``kinds`` is a bit mask of the kinds (``CandidateKind``) of everything that was found, including query words, and
      names in lower case, which are in none of the lists.
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
        """Return a copy of the candidates with further full and short names in Latin letters.

        They are names that are not printed as configured, such as inflected names.
        """
        full, short = tuple(full_names), tuple(short_names)
        kinds = self.kinds | CandidateKind.FULL_NAME * bool(full) | CandidateKind.SHORT_NAME * bool(short)
        return self._replace(
            full_names=self.full_names + full,
            short_names=self.short_names + short,
            genitive_ends=self.genitive_ends.union(genitive_ends),
            kinds=kinds,
        )

    def add_native_names(self, full_names: Iterable[PatternMatch], short_names: Iterable[PatternMatch]) -> "Candidates":
        """Return a copy of the candidates with further full and short names in scripts other than Latin."""
        full, short = tuple(full_names), tuple(short_names)
        kinds = self.kinds | CandidateKind.NATIVE_NAME * bool(full) | CandidateKind.NATIVE_SHORT_NAME * bool(short)
        return self._replace(
            native_names=self.native_names + full, native_short_names=self.native_short_names + short, kinds=kinds
        )


class EvidenceStrength(IntEnum):
    """Degree to which a title shows that the name next to it means an official, from contradiction to certainty.

    A short name next to a title is accepted if the title is at least ``LIKELY``. A weaker title needs more evidence,
    such as a full name of the official elsewhere in the article.
    """

    CONTRADICTED = 0
    NO_EVIDENCE = 1
    ADDRESSED = 2
    RANKED = 3
    VAGUE = 4
    LIKELY = 5
    UNDATED = 6
    CERTAIN = 7


class TitleScore(Struct, frozen=True):
    """Degree to which the titles next to a name fit one official, with the reason that is shown to the user."""

    official_index: int
    strength: EvidenceStrength
    reason: str


class Boundary(NamedTuple):
    """Evidence from the words next to a name: whether the name is complete, or part of a longer name.

    - ``is_standalone`` is true for a complete name.
    - ``word_before`` and ``word_after`` are the words that make the name longer.
    - ``is_joined_by_hyphen`` is true if a hyphen joins first and family name, as in the name of a street or school.
    - ``other_bearer`` is the longer name, if it is the name of another person.
    - ``rejection`` is the reason why the name is rejected.
    - ``has_initial_before`` is true if an initial precedes the name, and ``has_name_before`` is true if another name
      does. The initial or other name may also belong to the full name of an official.
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
    """Evidence for and against the assumption that a name in the text means one official.

    The evidence is collected in the order of the fields, until one field is decisive. The fields after it keep their
    default values. The default ``None`` means "not examined".
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
        """True if the words next to a full name suggest another person, but other evidence can outweigh this."""
        return bool(self.occupation or self.boundary.word_after)


class Accepted(NamedTuple):
    """Decision that a name in the text means this official. The name becomes a mention of the official."""

    official_index: int
    form: MatchForm
    confidence: float
    reason: str


class Rejected(NamedTuple):
    """Decision that a name in the text means none of these officials.

    For each of the officials, the rejected name is recorded as a near miss, which is shown to the user. ``namesakes``
    are officials whose full name belongs to another person in this article.
    """

    official_indexes: tuple[int, ...]
    reason: str
    namesakes: tuple[int, ...] = ()


class Deferral(Enum):
    """Reasons why the decision on a name is left to a later step."""

    SINGLE_WORD = "a full name of one word is decided as a short name"
    NO_TITLE = "a short name without a title needs an official who is mentioned in the article"
    BOUNDARY_NOT_CHECKED = "as NO_TITLE; its boundary is checked only if the official is mentioned"
    NOT_MENTIONED = "nothing was examined, because no official with this short name is mentioned yet"


class Deferred(NamedTuple):
    """Decision to leave a name to a later step, with the reason."""

    reason: Deferral


Decision = Accepted | Rejected | Deferred

_MIN_TYPO_REST_LETTERS = 6
"""A name is searched for with typos only if it has at least this many letters after the first name.

In a shorter name, a changed letter often makes another real name.
"""


class ShortForm(Struct, frozen=True):
    """Part of a name that the press uses alone after the first mention, such as the family name.

    ``sufficient`` is true if the part can be a mention without a title next to it. ``label`` describes the part for the
    user, such as "family name".
    """

    words: NameWords
    label: str
    sufficient: bool = True


class NameParts(Struct, frozen=True):
    """All printed forms of one name: in full, in short, and the parts that are compared by sound.

    ``full_forms`` are the full name in its different orders and spellings, the configured one first. ``short_forms``
    are parts that the press uses alone. ``phonetic_parts`` are the two parts of a name without a fixed Latin spelling;
    they are compared by sound.
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
    """Split the groups of a name into single words: "min ho kim" for the groups "min ho" and "kim".

    A group is one printed word, with spaces instead of hyphens.
    """
    return tuple(" ".join(groups).split())


def join_groups(*groups: str) -> NameWords:
    """Join the parts of each group of a name into one word: "minho" for the group "min ho".

    A group is one printed word, with spaces instead of hyphens.
    """
    return tuple(group.replace(" ", "") for group in groups)

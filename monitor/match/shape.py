"""The shape of a name: the ways its whole is written and the parts that stand for it."""

from dataclasses import dataclass, field

_SYLLABIC_CONVENTIONS = {"vietnamese", "burmese", "khmer"}
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
        if self.convention in _SYLLABIC_CONVENTIONS or not self.full_forms or not 2 <= len(self.full_forms[0]) <= 3:
            return None
        first, rest = self.full_forms[0][0], "".join(self.full_forms[0][1:])
        return (first, rest) if len(rest) >= 6 and len(first) > 1 else None


def flatten_groups(*groups: str) -> NameWords:
    """Return the words of the groups, hyphens opened."""
    return tuple(" ".join(groups).split())


def join_groups(*groups: str) -> NameWords:
    """Return the groups with their hyphens closed up."""
    return tuple(group.replace(" ", "") for group in groups)

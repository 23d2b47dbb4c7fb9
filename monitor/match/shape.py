"""The shape of a name: the ways its whole is written and the parts that stand for it."""

from dataclasses import dataclass, field

_SYLLABLES = {"vietnamese", "burmese", "khmer"}
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shorter:
    """A part of a name that stands for the whole on second mention. ``sure`` parts may stand without a title."""

    words: Words
    kind: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Shape:
    """A name taken apart: the orders in which the whole is written, the whole first, and its short forms.

    ``halves`` are the two parts that are compared by sound where names have no fixed Latin spelling.
    """

    wholes: tuple[Words, ...]
    shorts: tuple[Shorter, ...] = ()
    halves: tuple[Words, Words] | None = None
    convention: str = field(default="western")

    @property
    def slips(self) -> tuple[str, str] | None:
        """Return the first word and the rest closed up, where the rest is long enough to show a slip of the pen."""
        if self.convention in _SYLLABLES or not self.wholes or not 2 <= len(self.wholes[0]) <= 3:
            return None
        first, rest = self.wholes[0][0], "".join(self.wholes[0][1:])
        return (first, rest) if len(rest) >= 6 and len(first) > 1 else None


def flat(*groups: str) -> Words:
    """Return the words of the groups, hyphens opened."""
    return tuple(" ".join(groups).split())


def joined(*groups: str) -> Words:
    """Return the groups with their hyphens closed up."""
    return tuple(group.replace(" ", "") for group in groups)

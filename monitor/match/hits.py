"""What the automaton met in a page, before anything of it is judged."""

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import NamedTuple


class Kind:
    """What a pattern of the automaton may be; bits, as one pattern may be several. Plain numbers are quick to test."""

    WHOLE = 1
    SHORT = 2
    NATIVE = 4
    NATIVE_SHORT = 8
    COUNTRY = 16
    LITERAL = 32
    FIRST = 64
    HEARD = 128
    PARTICLE = 256
    LAND = 512
    LATIN = WHOLE | SHORT | FIRST


Hit = tuple[int, int, int]
"""A pattern and the spaced offsets of its beginning and end."""


class Seen(NamedTuple):
    """A pattern met in a page, by folded offsets, with the officials it may mean."""

    start: int
    end: int
    owners: tuple[int, ...]


class Hits:
    """What the automaton met in a page, sorted by what it may be. Latin names stand with a capital.

    ``lands`` are the countries spoken of, one for each word; ``kinds`` all kinds met together, whatever their capitals;
    ``closed`` the folded ends of genitives, with which a name is over.
    """

    __slots__ = ("closed", "firsts", "kinds", "lands", "natives", "parts", "shorts", "wholes")

    def __init__(self, kinds: Iterable[int]) -> None:
        self.wholes: list[Hit] = []
        self.shorts: list[Hit] = []
        self.firsts: list[Hit] = []
        self.natives: list[Hit] = []
        self.parts: list[Hit] = []
        self.lands: list[str] = []
        self.closed: set[int] = set()
        self.kinds = reduce(or_, kinds, 0)

    def add_latin(self, kind: int, hit: Hit) -> None:
        """Add what the automaton met of a name in Latin letters."""
        if kind & Kind.WHOLE:
            self.wholes.append(hit)
        if kind & Kind.FIRST:
            self.firsts.append(hit)
        if kind & Kind.SHORT:
            self.shorts.append(hit)

    def add_whole(self, hit: Hit) -> None:
        """Add a whole name that was found by another way than the automaton's."""
        self.wholes.append(hit)
        self.kinds |= Kind.WHOLE

    def add_short(self, hit: Hit) -> None:
        """Add a part of a name that was found by another way than the automaton's."""
        self.shorts.append(hit)
        self.kinds |= Kind.SHORT

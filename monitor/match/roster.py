"""Everybody who is watched, as one automaton over all the ways their names begin to be seen.

Building keeps little for each official; the rest is worked out for those few whose names turn up in a text.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag

import ahocorasick_rs

from monitor.domain.official import Official
from monitor.match.conventions import shape_of
from monitor.match.countries import country_evidence, country_key
from monitor.match.page import space_out
from monitor.match.posts import Post, posts_of, words_of
from monitor.match.romanise import SAFE_KEY, sound_key
from monitor.match.shape import Shape, Words
from monitor.text.fold import fold, fold_key
from monitor.text.tokens import is_unspaced

_SOLDIERLY = {
    "defence",
    "staff",
    "army",
    "navy",
    "air",
    "politics",
    "police",
    "security",
    "commission",
    "forces",
}
_KEPT = 4_000


class Kind(IntFlag):
    """What a pattern of the automaton may be."""

    WHOLE = 1
    SHORT = 2
    NATIVE = 4
    NATIVE_SHORT = 8
    COUNTRY = 16
    LITERAL = 32
    FIRST = 64


@dataclass(frozen=True, slots=True)
class Person:
    """An official as far as matching needs him; built when first met."""

    index: int
    official: Official
    shape: Shape
    country: str
    spellings: dict[str, tuple[str, ...]]
    posts: tuple[Post, ...]
    single: frozenset[str]
    marked: bool

    @property
    def soldierly(self) -> bool:
        """Tell whether a rank befits him: some post is of the army or police, or nothing is known of his posts."""
        return not self.posts or any(post.domains & _SOLDIERLY or post.head == "commander" for post in self.posts)


@dataclass(frozen=True, slots=True)
class Seen:
    """A pattern met in a page, by folded offsets, with the officials it may mean."""

    start: int
    end: int
    owners: tuple[int, ...]


def is_native(name: str) -> bool:
    """Tell whether a name is written in another script than Latin."""
    return any(char.isalpha() and not char.isascii() for char in fold_key(name))


def name_shapes(official: Official) -> Iterator[Shape]:
    """Yield the Latin names of an official taken apart, the name first, then the aliases."""
    for name in (official.name, *official.aliases):
        if not is_native(name):
            yield shape_of(name, official.country)


def native_patterns(name: str) -> tuple[tuple[str, ...], str]:
    """Return the ways a name in another script is written, and its part said again, if there is one."""
    plain = " ".join(space_out(fold_key(name)).split())
    if not any(map(is_unspaced, plain)):
        return (f" {plain} ",), ""
    ways = dict.fromkeys((plain, plain.replace(" ", ""), plain.replace("·", ""), plain.replace(" ", "·")))
    part = plain.split(" ")[0] if " " in plain else ""
    long_enough = len(part) > 2 and not "\u2e80" <= part[0] <= "\ud7ff"
    return tuple(way for way in ways if way), part if long_enough else ""


class Roster:
    """All patterns and whom they may mean. Nothing in it changes but the memory of people already taken apart."""

    def __init__(self, officials: Sequence[Official], literals: Iterable[str] = ()) -> None:
        self.officials = tuple(officials)
        self._index: dict[str, int] = {}
        self._kinds: list[int] = []
        self._wholes: dict[int, int | list[int]] = {}
        self._shorts: dict[int, int | list[int]] = {}
        self._firsts: dict[int, int | list[int]] = {}
        self._sounds: dict[str, list[int]] = defaultdict(list)
        self._people: dict[int, Person] = {}
        lands: set[str] = set()
        for owner, official in enumerate(self.officials):
            self._enrol(owner, official, lands)
        for word, country in country_evidence().items():
            if country in lands:
                self._add(f" {word} ", Kind.COUNTRY)
        for literal in literals:
            self._add(space_out(literal).strip() or literal, Kind.LITERAL)
        self.patterns = tuple(self._index)
        del self._index
        self._automaton = ahocorasick_rs.AhoCorasick(self.patterns) if self.patterns else None

    def _add(self, pattern: str, kind: Kind, owner: int = -1) -> None:
        at = self._index.setdefault(pattern, len(self._kinds))
        if at == len(self._kinds):
            self._kinds.append(0)
        self._kinds[at] |= kind
        if owner < 0:
            return
        table = {Kind.SHORT: self._shorts, Kind.NATIVE_SHORT: self._shorts, Kind.FIRST: self._firsts}.get(
            kind, self._wholes
        )
        have = table.setdefault(at, owner)
        if isinstance(have, list):
            if have[-1] != owner:
                have.append(owner)
        elif have != owner:
            table[at] = [have, owner]

    def _enrol(self, owner: int, official: Official, lands: set[str]) -> None:
        for name in (official.name, *official.aliases):
            if is_native(name):
                wholes, part = native_patterns(name)
                for whole in wholes:
                    self._add(whole, Kind.NATIVE, owner)
                if part:
                    self._add(part, Kind.NATIVE_SHORT, owner)
                continue
            shape = shape_of(name, official.country)
            for words in shape.wholes:
                self._add(f" {' '.join(words)} ", Kind.WHOLE, owner)
            for short in shape.shorts:
                self._add(f" {' '.join(short.words)} ", Kind.SHORT, owner)
            if shape.slips:
                self._add(f" {shape.slips[0]} ", Kind.FIRST, owner)
            if shape.halves:
                self._listen(owner, shape.halves)
                lands.add(country_key(" ".join(words_of(official.country))))

    def _listen(self, owner: int, halves: tuple[Words, Words]) -> None:
        """Note how a name sounds: both halves together, and each half that is long enough to stand alone."""
        keys = ["".join(map(sound_key, half)) for half in halves]
        self._sounds[" ".join(keys)].append(owner)
        for key in keys:
            if len(key) >= SAFE_KEY:
                self._sounds[key].append(owner)

    def scan(self, spaced: str) -> tuple[list[tuple[int, int, int]], int]:
        """Run the automaton over a spaced page: (pattern, start, end) of each hit, and all kinds met together."""
        if self._automaton is None:
            return [], 0
        hits = self._automaton.find_matches_as_indexes(spaced, overlapping=True)
        kinds = self._kinds
        met = 0
        for pattern in {hit[0] for hit in hits}:
            met |= kinds[pattern]
        return hits, met

    def kind(self, pattern: int) -> int:
        """Return what a pattern may be, as ``Kind`` flags."""
        return self._kinds[pattern]

    def whole_owners(self, pattern: int) -> tuple[int, ...]:
        """Return whom a pattern names in full."""
        have = self._wholes[pattern]
        return tuple(have) if isinstance(have, list) else (have,)

    def short_owners(self, pattern: int) -> tuple[int, ...]:
        """Return whom a pattern may mean as a part of the name."""
        have = self._shorts[pattern]
        return tuple(have) if isinstance(have, list) else (have,)

    def first_owners(self, pattern: int) -> tuple[int, ...]:
        """Return whose name begins with a pattern and goes on with one long word."""
        have = self._firsts[pattern]
        return tuple(have) if isinstance(have, list) else (have,)

    def sounding(self, key: str) -> tuple[int, ...]:
        """Return whose name sounds so: the keys of both halves with a space between, or of one long half."""
        return tuple(self._sounds.get(key, ()))

    @property
    def listens(self) -> bool:
        """Tell whether anybody's name is compared by sound."""
        return bool(self._sounds)

    def person(self, index: int) -> Person:
        """Return an official taken apart."""
        person = self._people.get(index)
        if person is None:
            if len(self._people) >= _KEPT:
                self._people = {}
            person = self._people[index] = _person(index, self.officials[index])
        return person


def _person(index: int, official: Official) -> Person:
    """Take an official apart."""
    spellings: dict[str, list[str]] = defaultdict(list)
    single: set[str] = set()
    shapes = []
    for name in (official.name, *official.aliases):
        if is_native(name):
            continue
        for printed in _printed_words(name):
            spellings[fold_key(printed)].append(printed)
        shapes.append(shape_of(name, official.country))
        if len(shapes[-1].wholes) == 1 and len(shapes[-1].wholes[0]) == 1:
            single.add(shapes[-1].wholes[0][0])
    posts = tuple(dict.fromkeys(post for role in official.roles for post in posts_of(role.title)))
    country = country_key(" ".join(words_of(official.country)))
    shape = shapes[0] if shapes else Shape(())
    return Person(
        index,
        official,
        shape,
        country,
        {word: tuple(ways) for word, ways in spellings.items()},
        posts,
        frozenset(single),
        not all(way.isascii() for ways in spellings.values() for way in ways),
    )


def _printed_words(name: str) -> list[str]:
    """Return the words of a name with their marks."""
    folded = fold(name)
    spaced = space_out(folded.text)
    words: list[str] = []
    at = 1
    for word in spaced.split():
        at = spaced.index(word, at)
        words.append(folded.slice(at - 1, at - 1 + len(word)))
        at += len(word)
    return words

"""Everybody who is watched, as one automaton over all the ways their names begin to be seen.

Building keeps little for each official; the rest is worked out for those few whose names turn up in a text.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from sys import intern
from typing import NamedTuple

import ahocorasick_rs

from monitor.domain.official import Official
from monitor.match.conventions import shape_of
from monitor.match.countries import country_evidence
from monitor.match.elements import PARTICLES
from monitor.match.hits import Hits, Kind
from monitor.match.letters import is_spelling, spellings
from monitor.match.natives import native_patterns
from monitor.match.page import Page
from monitor.match.people import Person, country_of, is_native
from monitor.match.romanise import SAFE_KEY, slipped, sound_key
from monitor.match.shape import Shape, Words
from monitor.match.spaces import space_out

MAX_OWNERS = 40
MIDDLE_NAMES = {"western", "filipino", "hispanic", "portuguese", "slavic", "indian", "indonesian", "singapore"}
"""Conventions in which a middle name or an initial may stand between the first name and the last."""
_PRINTED = re.compile("[A-Z][A-Za-z']*(?:-[A-Za-z']+)*")
_INITIALS = 2
_KEPT = 4_000
_NOWHERE = 1 << 40
_HEARD_KEPT = 50_000
_SMALL = 8_000
"""Patterns up to which the automaton is a full table: twice as fast, and a megabyte for each thousand."""
_FEW = 8
"""Bearers of a pattern that are kept in a tuple as it grows; more of them wait in a list until all are known."""


class Heard(NamedTuple):
    """How a printed word sounds that may be half a watched name.

    ``word`` is closed up and in small letters, without a possessive, ``size`` its letters as printed; ``step`` leads to
    the word after it, and nowhere after a possessive. ``telling`` sounds are long enough to stand for a name alone.
    """

    word: str
    size: int
    step: int
    key: str
    telling: bool


class Roster:
    """All patterns and whom they may mean. Nothing in it changes but the memory of what was worked out before.

    ``conventions`` and ``firsts`` tell each official's naming convention and first word, ``rests`` the rest of a name
    of two words, closed up, where it is long enough to show a slip of the pen, ``ears`` remembers how words sound,
    ``halves`` the spellings of both halves of the names that are compared by sound, ``singles`` the names of one word,
    ``openers`` the first words after which a middle name may stand.
    """

    def __init__(self, officials: Sequence[Official], literals: Iterable[str] = ()) -> None:
        self.officials = tuple(officials)
        self._index: dict[str, int] = {}
        self._kinds: list[int] = []
        self._wholes: dict[int, tuple[int, ...]] = {}
        self._shorts: dict[int, tuple[int, ...]] = {}
        self._firsts: dict[int, tuple[int, ...]] = {}
        self._lands: dict[int, str] = {}
        self._many: dict[tuple[int, int], list[int]] = {}
        self._sounds: dict[str, list[int]] = defaultdict(list)
        self._halves_heard: set[str] = set()
        self.ears: dict[str, Heard | tuple[()]] = {}
        self._alike: dict[str, tuple[int, ...]] = {}
        self._parts: dict[str, dict[str, tuple[str, ...]]] = {}
        self._people: dict[int, Person] = {}
        self.conventions = ["western"] * len(self.officials)
        self.firsts = [""] * len(self.officials)
        self.singles: set[str] = set()
        self.openers: set[str] = set()
        self.rests = [""] * len(self.officials)
        self.halves: dict[int, tuple[Words, Words]] = {}
        lands: set[str] = set()
        for owner, official in enumerate(self.officials):
            self._enrol(owner, official, lands)
        for word, country in country_evidence().items():
            self._add(f" {word} ", Kind.LAND | (Kind.COUNTRY if country in lands else 0))
            self._lands[self._index[f" {word} "]] = country
        for literal in literals:
            self._add(space_out(literal).strip() or literal, Kind.LITERAL)
        for table in (self._wholes, self._shorts, self._firsts):
            for at in table:
                if more := self._many.get((id(table), at)):
                    table[at] = tuple(dict.fromkeys((*table[at], *more)))
        del self._many
        self.patterns = tuple(self._index)
        del self._index
        for at, pattern in enumerate(self.patterns):
            self._settle(at, pattern)
        kind = ahocorasick_rs.Implementation.DFA if len(self.patterns) < _SMALL else None
        self._automaton = ahocorasick_rs.AhoCorasick(self.patterns, implementation=kind) if self.patterns else None

    def _add(self, pattern: str, kind: int, owner: int = -1, more: int = 0) -> None:
        at = self._index.setdefault(pattern, len(self._kinds))
        if at == len(self._kinds):
            self._kinds.append(0)
        self._kinds[at] |= kind | more
        if owner < 0:
            return
        table = {Kind.SHORT: self._shorts, Kind.NATIVE_SHORT: self._shorts, Kind.FIRST: self._firsts}.get(
            kind, self._wholes
        )
        have = table.get(at)
        if have is None:
            table[at] = (owner,)
        elif len(have) < _FEW:
            table[at] = have if owner in have else (*have, owner)
        else:
            self._many.setdefault((id(table), at), []).append(owner)

    def _settle(self, at: int, pattern: str) -> None:
        """Count whole names of one word with the short forms, and mark those that may begin in small letters."""
        kind = self._kinds[at]
        if kind & Kind.WHOLE and " " not in pattern.strip():
            self._shorts[at] = tuple(sorted({*self._shorts.get(at, ()), *self._wholes[at]}))
            kind |= Kind.SHORT
        if kind & Kind.SHORT and pattern[1:].partition(" ")[0] in PARTICLES:
            kind |= Kind.PARTICLE
        self._kinds[at] = kind

    def _enrol(self, owner: int, official: Official, lands: set[str]) -> None:
        for name in (official.name, *official.aliases):
            if is_native(name):
                wholes, parts = native_patterns(name)
                for whole in wholes:
                    self._add(whole, Kind.NATIVE, owner)
                for part in parts:
                    self._add(part, Kind.NATIVE_SHORT, owner)
            else:
                self._enrol_latin(owner, shape_of(name, official.country), is_alias=name is not official.name)
        if owner in self.halves:
            lands.add(country_of(official.country))

    def _enrol_latin(self, owner: int, shape: Shape, *, is_alias: bool) -> None:
        if shape.wholes and not is_alias:
            self.conventions[owner] = shape.convention
            self.firsts[owner] = intern(shape.wholes[0][0])
            if shape.convention in MIDDLE_NAMES and len(self.firsts[owner]) > _INITIALS:
                self.openers.add(self.firsts[owner])
        if shape.wholes and len(shape.wholes[0]) == 1:
            self.singles.add(shape.wholes[0][0])
        for words in shape.wholes:
            self._add(f" {' '.join(words)} ", Kind.WHOLE, owner)
        heard = Kind.HEARD if shape.halves else 0
        for short in shape.shorts:
            self._add(f" {' '.join(short.words)} ", Kind.SHORT, owner, heard)
        if shape.slips:
            self._add(f" {shape.slips[0]} ", Kind.FIRST, owner)
            self.rests[owner] = shape.slips[1]
        if shape.halves:
            self._listen(owner, shape.halves)

    def _listen(self, owner: int, halves: tuple[Words, Words]) -> None:
        """Note how a name sounds: both halves together, and each half that is long enough to stand alone."""
        convention = self.conventions[owner]
        first, second = (spellings("".join(half), convention) for half in halves)
        self.halves[owner] = first, second
        firsts, seconds = (dict.fromkeys(map(sound_key, half)) for half in (first, second))
        for one, two in product(firsts, seconds):
            self._sounds[f"{one} {two}"].append(owner)
        for key in dict.fromkeys((*firsts, *seconds)):
            self._halves_heard.add(key)
            if len(key) >= SAFE_KEY:
                self._sounds[key].append(owner)

    def scan(self, page: Page) -> Hits:
        """Run the automaton over a page."""
        if self._automaton is None:
            return Hits(())
        known, cased = self._kinds, page.cased
        hits = self._automaton.find_matches_as_indexes(page.spaced, overlapping=True)
        kinds = [known[pattern] for pattern, _, _ in hits]
        found = Hits(set(kinds))
        if found.kinds & Kind.LATIN:
            for kind, hit in zip(kinds, hits, strict=True):
                if kind & Kind.LATIN:
                    if cased[hit[1]].isupper():
                        found.add_latin(kind, hit)
                    elif kind & Kind.PARTICLE:
                        found.shorts.append(hit)
        if found.kinds & Kind.LAND:
            found.lands = [self._lands[hit[0]] for kind, hit in zip(kinds, hits, strict=True) if kind & Kind.LAND]
        if found.kinds & (Kind.NATIVE | Kind.NATIVE_SHORT):
            found.natives = [hit for kind, hit in zip(kinds, hits, strict=True) if kind & Kind.NATIVE]
            found.parts = [hit for kind, hit in zip(kinds, hits, strict=True) if kind & Kind.NATIVE_SHORT]
        return found

    def known(self, texts: Iterable[str], kind: int) -> Iterator[tuple[str, int]]:
        """Yield those of some folded texts that are patterns of a kind, and which."""
        if self._automaton is None:
            return
        find = self._automaton.find_matches_as_indexes
        for text in texts:
            for at, start, end in find(f" {text} ", overlapping=True):
                if end - start == len(text) + 2 and self._kinds[at] & kind:
                    yield text, at

    def parts(self, code: str) -> dict[str, tuple[str, ...]]:
        """Return what is remembered of the words of a language: those of their forms that are parts of names."""
        parts = self._parts.setdefault(code, {})
        if len(parts) >= _HEARD_KEPT:
            parts.clear()
        return parts

    def whole_owners(self, pattern: int) -> tuple[int, ...]:
        """Return whom a pattern names in full."""
        return self._wholes[pattern]

    def short_owners(self, pattern: int) -> tuple[int, ...]:
        """Return whom a pattern may mean as a part of the name."""
        return self._shorts[pattern]

    def slips(self, pattern: int, word: str) -> list[int]:
        """Return whose name begins with a pattern and goes on with a word of which this is a slip of the pen."""
        rests = self.rests
        first, last, size = word[:1], word[-1:], len(word)
        return [
            owner
            for owner in self._firsts[pattern][:MAX_OWNERS]
            if (rest := rests[owner])
            and -2 < len(rest) - size < 2  # spelt out, as it runs hot
            and (rest[:1] == first or rest[-1:] == last)
            and slipped(word, rest)
        ]

    def sounding(self, key: str) -> tuple[int, ...]:
        """Return whose name sounds so: the keys of both halves with a space between, or of one long half."""
        return tuple(self._sounds.get(key, ()))

    def heard(self, piece: str) -> Heard | tuple[()]:
        """Return how a printed word sounds if half a watched name sounds so, else nothing; hyphens may be left over."""
        heard = self.ears.get(piece)
        if heard is None:
            if len(self.ears) >= _HEARD_KEPT:
                self.ears.clear()
            match = _PRINTED.match(piece)
            printed = match.group() if match else ""
            bare = printed.removesuffix("'s")
            word = bare.lower().replace("-", "").replace("'", "")
            key = sound_key(word)
            heard = ()
            if key and key in self._halves_heard:
                step = len(printed) + 1 if bare == printed else _NOWHERE
                heard = Heard(word, len(bare), step, key, len(key) >= SAFE_KEY and key in self._sounds)
            self.ears[piece] = heard
        return heard

    def alike(self, word: str, key: str) -> tuple[int, ...]:
        """Return those with a long half of the name that sounds like a folded word, whose key is given."""
        alike = self._alike.get(word)
        if alike is None:
            if len(self._alike) >= _KEPT:
                self._alike = {}
            owners = dict.fromkeys(self._sounds.get(key, ())[:MAX_OWNERS])
            alike = self._alike[word] = tuple(owner for owner in owners if self.sounds_like(word, owner))
        return alike

    def sounds_like(self, word: str, owner: int) -> bool:
        """Tell whether a folded word sounds like half an official's name."""
        first, second = self.halves[owner]
        convention = self.conventions[owner]
        return is_spelling(word, first, convention) or is_spelling(word, second, convention)

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
            person = self._people[index] = Person(index, self.officials[index])
        return person

"""One look at one page: what is known of it, what was found and refused so far."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from monitor.domain.mention import Form
from monitor.match.context import Surroundings
from monitor.match.countries import home_of
from monitor.match.hits import Hits, Seen
from monitor.match.marks import agrees, is_vietnamese
from monitor.match.page import Page
from monitor.match.people import Person
from monitor.match.posts import words_of
from monitor.match.roster import MAX_OWNERS, Roster

MAX_MISSES = 50
_ARTICLE = re.compile(r"(?:^|(?<= ))(?:al|el|as|ash|ad|ar|an)-(?=[A-Z])")
_BROKEN = re.compile(r"[^\w '.-]|\n|\w\w\.| -|- ")


class Found(NamedTuple):
    """A mention by folded offsets, before it is told where it lies in which region."""

    owner: int
    start: int
    end: int
    form: Form
    confidence: float
    reason: str


class Missed(NamedTuple):
    """A refused candidate by folded offsets."""

    owner: int
    start: int
    end: int
    reason: str


class Search:
    """One look for all watched people in one page; what is found and refused gathers here.

    ``taken`` are the places where whole names stand, accepted or not. ``named`` tells where each official was first
    accepted, ``others`` where somebody else bears the same part of a name, with that name, ``namesakes`` whose whole
    name was somebody else's.
    """

    def __init__(self, roster: Roster, page: Page, hits: Hits, when: date | None, language: str) -> None:
        self.roster, self.page, self.when, self.language = roster, page, when, language
        self.around = Surroundings(page, hits.closed)
        self.found: list[Found] = []
        self.missed: list[Missed] = []
        self.taken: list[tuple[int, int]] = []
        self.named: dict[int, int] = {}
        self.namesakes: set[int] = set()
        self.others: dict[str, list[tuple[int, str]]] = {}
        self._hits = hits
        self._lands: dict[str, int] | None = None

    @property
    def lands(self) -> dict[str, int]:
        """Return how often each country is spoken of, the language's own country included."""
        if self._lands is None:
            self._lands = dict(Counter(self._hits.lands))
            if home := home_of(self.language):
                self._lands[home] = self._lands.get(home, 0) + 1
        return self._lands

    def accept(self, owner: int, seen: Seen, form: Form, confidence: float, reason: str) -> None:
        """Keep a mention, unless one of the official's own phrases cancels it."""
        exclude = self.roster.officials[owner].exclude
        phrase = self.cancelled(exclude, seen) if exclude else ""
        if phrase:
            self.refuse((owner,), seen, f"cancelled by the phrase {phrase!r}")
            return
        self.found.append(Found(owner, seen.start, seen.end, form, confidence, reason))
        self.named.setdefault(owner, seen.start)

    def refuse(self, owners: Iterable[int], seen: Seen, reason: str) -> None:
        """Keep a near miss for each official that the place might have meant."""
        for owner in tuple(owners)[:5]:
            if len(self.missed) < MAX_MISSES:
                self.missed.append(Missed(owner, seen.start, seen.end, reason))

    def refuse_named(self, seen: Seen, reason: str) -> None:
        """Keep a near miss for those whom the place might have meant and who are named in the text."""
        self.refuse([owner for owner in seen.owners[:MAX_OWNERS] if owner in self.named], seen, reason)

    def folded_text(self, seen: Seen) -> str:
        """Return the words of a place in small letters, a space between them."""
        return self.page.spaced[seen.start + 1 : seen.end + 1]

    def printed_text(self, seen: Seen) -> str:
        """Return the words of a place without their marks, capitals kept."""
        return self.page.cased[seen.start : seen.end]

    def cancelled(self, exclude: tuple[str, ...], seen: Seen) -> str:
        """Return the phrase of an official's ``not`` list in which a place lies, or an empty string."""
        for phrase in exclude:
            needle = " ".join(words_of(phrase))
            reach = len(needle) + 1
            low = max(0, seen.start - reach)
            at = self.page.spaced.find(f" {needle} ", low, seen.end + 2 + reach)
            if needle and at >= 0 and at < seen.end and seen.start < at + len(needle):
                return phrase
        return ""

    def agreeing(self, seen: Seen, owners: Sequence[int]) -> tuple[int, ...]:
        """Return those officials whose marks do not contradict the printed ones."""
        folded = self.page.folded
        if folded.cased is folded.original:
            return tuple(owners)
        first, last = folded.span(seen.start, seen.end)
        original = folded.original[first:last]
        if original.isascii():
            return tuple(owners)
        officials = self.roster.officials
        if len(owners) == 1 and officials[owners[0]].name == original:
            return tuple(owners)
        words = self.printed(seen)
        vietnamese = self.language.startswith("vi")
        return tuple(owner for owner in owners if _marks_agree(words, self.roster.person(owner), strict=vietnamese))

    def printed(self, seen: Seen) -> list[tuple[str, str]]:
        """Return each word of a place, folded and as printed."""
        words: list[tuple[str, str]] = []
        at = seen.start
        for word in self.page.spaced[seen.start + 1 : seen.end + 1].split():
            at = self.page.spaced.index(word, at + 1) - 1
            words.append((word, self.page.folded.slice(at, at + len(word))))
            at += len(word)
        return words

    def is_name(self, seen: Seen) -> bool:
        """Tell whether a place is written as a name: capitals, and nothing but spaces and hyphens inside."""
        text = self.page.cased[seen.start : seen.end]
        if text.isalpha():
            return text[0].isupper()
        if text.replace(" ", "").isalpha():
            parts = text.split(" ")
            return all(word[:1].isupper() or len(word) < 4 for word in parts) and parts[-1][:1].isupper()
        if _BROKEN.search(text):
            return False
        parts = _ARTICLE.sub("", text).split(" ")
        return all(word[:1].isupper() or len(word) < 4 for word in parts) and parts[-1][:1].isupper()


def _marks_agree(words: Sequence[tuple[str, str]], person: Person, *, strict: bool) -> bool:
    """Compare the marks word by word; a name typed without any mark says nothing of marks."""
    if not person.marked:
        return True
    strict = strict or any(is_vietnamese(printed) for _, printed in words)
    return all(
        any(agrees(printed, own, strict=strict) for own in person.spellings.get(folded, (printed,)))
        for folded, printed in words
    )

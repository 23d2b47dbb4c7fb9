"""The title that stands around a name: what may be read to its left and, in apposition, to its right."""

import re
from functools import lru_cache
from typing import NamedTuple

from monitor.match.countries import country_words
from monitor.match.honorifics import title_words, vocabulary
from monitor.match.lexicon import words
from monitor.match.page import Page
from monitor.match.posts import Post, Title, read_symbols, read_title
from monitor.match.signs import PHOTO_MARK

WORD = re.compile(r"(?<!')[A-Za-z0-9]+|(?<=')(?!s\b)[A-Za-z0-9]+")
_REACH = 130
_ABBREVIATED = words(
    """
    gen lt sr sen snr maj col brig lieut lieu mr mrs ms dr prof adm capt cmdr hon rt pol m h e sgt jend st gov sec rep
    pm vice u s asst dep atty dato ir drs jr ust kh gs ts cpt supt insp let mayor tel op
    """
)
_SMALL_WORDS = "dos das do da der dem den fur und degli dei della dello delle dell ve wa ya van voor het och og pentru"
_LINKS = words(
    f"of for to the de du des la le les l d and cum kiem et va y bo dan in on cua del e di en a at {_SMALL_WORDS}"
)
_CAPITAL_ONLY = words("miss lord lady don bang gus bung ma hon sena san sri tun u ms sir dame may king prince")
_OPENERS = words(f"of the and to for de du des la le les a an et va y in on at e en bo dan di cua del {_SMALL_WORDS}")
_HANGING = _OPENERS | {"who", "is", "was", "s"}
_APPOSITION = re.compile(r"\s?,\s|\s?\(\s?|\s[-]\s")
_BEGINNING = {",", "(", "-"}
_SMALL = 4
_AGE = re.compile(r"\d{2},\s")
_CLAUSE = re.compile(
    r"(?:who\s(?:is|was|has been|also|heads|leads|serves as|served as)"
    r"|himself|herself|then|the|a|an|now|currently|also|le|la|l')\s",
    re.IGNORECASE,
)


class Reading:
    """What was read left of a name: the title, and where it begins; where there is none, the name's own start."""

    __slots__ = ("start", "title", "words")

    def __init__(self, title: Title, start: int, words: tuple[str, ...]) -> None:
        self.title, self.start, self.words = title, start, words


_NOTHING = Title()


def no_title(start: int) -> Reading:
    """Return what is read before a place where no title is."""
    return Reading(_NOTHING, start, ())


def title_before(page: Page, start: int) -> Reading:
    """Read the title that leads up to a name, at most one line and some 130 characters."""
    return read_before(page, start) if may_lead_up(page, start) else no_title(start)


def read_before(page: Page, start: int) -> Reading:
    """Read the title that leads up to a name where one may."""
    if _is_linked(page, start):
        return no_title(start)
    kept = _trimmed(_led_up(page, start))
    if not kept:
        return no_title(start)
    words = tuple(said.word for said in kept)
    return Reading(read_title(words), kept[0].start, words)


def may_lead_up(page: Page, start: int) -> bool:
    """Tell at a glance whether the word right before a name may be of a title: most are not."""
    cased = page.cased
    at = start - 1
    while at > 0 and not cased[at].isalnum() and start - at < 4:
        at -= 1
    word = page.word(at + 1)
    return bool(word) and may_be_title(cased[at + 1 - len(word) : at + 1])


def may_be_title(word: str) -> bool:
    """Tell at a glance whether a printed word may be the last of a title."""
    return (len(word) > 1 and word[0].isupper()) or word.lower() in _last_words()


def _is_linked(page: Page, start: int) -> bool:
    """Tell at a glance whether nothing but a small word leads up to a name, as in "said in", which is no title."""
    cased = page.cased
    small: list[str] = []
    end = start - 1
    word = page.word(end)
    while word in _OPENERS and cased[end] == " " and len(small) < _SMALL:
        small.insert(0, word)
        end -= len(word) + 1
        word = page.word(end)
    if not word or not small or cased[end] != " " or not cased[end - len(word)].islower():
        return False
    return not (word in title_words() or _is_country(word, small))


@lru_cache(maxsize=1)
def _last_words() -> frozenset[str]:
    """Return the words of titles, and the last words of the names and adjectives of countries."""
    return title_words() | {word.rpartition(" ")[2] for word in country_words()} | {"s"}


class Said(NamedTuple):
    """A word of a title: where it begins, as printed, and in small letters."""

    start: int
    printed: str
    word: str


class _Backwards:
    """The words left of a place, the nearest first, each looked up when it is asked for."""

    __slots__ = ("_edge", "_low", "_page", "_pieces", "_read")

    def __init__(self, page: Page, low: int, start: int) -> None:
        self._page, self._low, self._edge = page, low, start
        self._read: list[Said] = []
        self._pieces: list[str] = []
        text = page.cased[low:start]
        if text.isascii() and "_" not in text:
            self._pieces = page.spaced[low + 1 : start + 1].split()
        else:
            found = list(WORD.finditer(page.cased, low, start))
            self._read = [Said(word.start(), word.group(), word.group().lower()) for word in reversed(found)]

    def get(self, number: int) -> Said | None:
        """Return a word by its number from the right, or None where there are not so many."""
        while len(self._read) <= number and self._pieces:
            self._find(self._pieces.pop())
        return self._read[number] if number < len(self._read) else None

    def _find(self, word: str) -> None:
        cased = self._page.cased
        at = self._page.spaced.rfind(word, self._low + 1, self._edge + 1) - 1
        self._edge = at
        if not (word == "s" and cased[at - 1 : at + 1] == "'s"):  # a possessive is no word
            self._read.append(Said(at, cased[at : at + len(word)], word))


def _led_up(page: Page, start: int) -> list[Said]:
    """Collect the words left of a name, as far as they may be a title, in their order."""
    cased = page.cased
    low = max(0, start - _REACH)
    found = _Backwards(page, max(low, cased.rfind("\n", low, start) + 1), start)
    kept: list[Said] = []
    pending: list[Said] = []
    edge, commas = start, 0
    for number in range(17):
        said = found.get(number)
        if said is None:
            break
        gap, word = cased[said.start + len(said.word) : edge], said.word
        after = [other.word for other in (*pending, *kept)]
        if not _bridges(gap, word, after, commas):
            break
        if word in _CAPITAL_ONLY and said.printed.islower():
            break
        commas += "," in gap
        edge = said.start
        if word in title_words() or _is_country(word, after):
            if pending and not (word in _LINKS or word == "minister"):
                break
            kept, pending = [said, *pending, *kept], []
        elif said.printed[0].isupper() and len(pending) < 4 and _governed(found, number):
            pending = [said, *pending]
        else:
            break
    return kept


def _trimmed(kept: list[Said]) -> list[Said]:
    """Drop what only looked like the beginning of a title: small words, and words that are part of no phrase."""
    first = at = 0
    leading = True
    for phrase, symbols in read_symbols(tuple(said.word for said in kept)):
        size = phrase.count(" ") + 1
        unknown = phrase not in vocabulary() and symbols[0][:2] != "c:"
        if (unknown and (leading or kept[at].printed.islower())) or (leading and phrase in _OPENERS):
            first, leading = at + size, True
        else:
            leading = False
        at += size
    return kept[first:]


def _governed(found: _Backwards, number: int) -> bool:
    """Tell whether an unknown capitalised word may be what a post is about: "Minister of X and Y"."""
    for back in range(number + 1, number + 8):
        said = found.get(back)
        if said is None:
            return False
        if said.word in {"of", "for", "de", "du", "des"}:
            before = found.get(back + 1)
            return before is not None and before.word in title_words()
        if not (said.printed[0].isupper() or said.word in _LINKS):
            return False
    return False


def _is_country(word: str, after: list[str]) -> bool:
    lands = country_words()
    if word in lands:
        return True
    return bool(after) and (f"{word} {after[0]}" in lands or " ".join([word, *after[:2]]) in lands)


def _bridges(gap: str, word: str, after: list[str], commas: int) -> bool:
    """Tell whether a title goes on across what stands between two of its words."""
    if gap in {" ", "-"}:
        return True
    if gap in {". ", "."}:
        return word in _ABBREVIATED or len(word) == 1
    if gap in {"'s ", "' "}:
        return True
    if gap == ", " and not commas:
        return all(other in title_words() for other in after)
    if gap in {"'", '" ', ' "'}:
        return len(word) == 1
    return False


def title_after(cased: str, end: int) -> Title:
    """Read a title in apposition after a name: ", Chief of the General Staff" or "(Minister of Finance)"."""
    sign, other = cased[end : end + 1], cased[end + 1 : end + 2]
    if not (sign == "(" or (sign == "," and other.isspace()) or (sign.isspace() and other in _BEGINNING)):
        return _NOTHING
    mark = PHOTO_MARK.match(cased, end) if "(" in {sign, other} else None
    at = mark.end() if mark else end
    comma = _APPOSITION.match(cased, at)
    if comma is None:
        return _NOTHING
    at = comma.end()
    age = _AGE.match(cased, at)
    at = age.end() if age else at
    while (clause := _CLAUSE.match(cased, at)) is not None:
        at = clause.end()
    high = cased.find("\n", at, at + _REACH)
    words: list[str] = []
    edge = at
    for match in WORD.finditer(cased, at, high if high >= 0 else min(len(cased), at + _REACH)):
        gap = cased[edge : match.start()]
        if words and gap not in {" ", "-", "'s ", "' ", ". ", "'", "&", " & "}:
            break
        word, printed = match.group().lower(), match.group()
        if word in title_words() or _is_country(word, []) or (printed[0].isupper() and words and _known_link(words)):
            words.append(word)
        elif words and words[-1] in country_words():
            break
        else:
            if printed[0].isupper() and words:
                words = []
            break
        edge = match.end()
    while words and words[-1] in _HANGING:
        words.pop()
    return read_title(tuple(words)) if words else _NOTHING


def _known_link(words: list[str]) -> bool:
    return words[-1] in _LINKS or any(word in {"of", "for", "de", "du"} for word in words[-4:])


def posts_in(text: str) -> tuple[Post, ...]:
    """Return the posts named anywhere in a stretch of text, whoever holds them."""
    posts: list[Post] = []
    chunk: list[str] = []
    edge = 0
    for match in WORD.finditer(text):
        word = match.group().lower()
        if text[edge : match.start()] not in {" ", "-", "'s ", "' ", "'"} or not (
            word in title_words() or word in country_words()
        ):
            posts += read_title(tuple(chunk)).posts
            chunk = []
        if word in title_words() or word in country_words():
            chunk.append(word)
        edge = match.end()
    return (*posts, *read_title(tuple(chunk)).posts)

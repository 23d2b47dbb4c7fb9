"""The title that stands around a name: what may be read to its left and, in apposition, to its right."""

import re
from functools import lru_cache

from monitor.match.countries import country_words
from monitor.match.honorifics import title_words, vocabulary
from monitor.match.lexicon import words
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
_LINKS = words("of for to the de du des la le les l d and cum kiem et va y bo dan in on cua del e di en a at")
_CAPITAL_ONLY = words("miss lord lady don bang gus bung ma hon sena san sri tun u ms sir dame may king prince")
_OPENERS = words("of the and to for de du des la le les a an et va y in on at e en bo dan di cua del")
_APPOSITION = re.compile(r"\s?,\s|\s?\(\s?|\s[-]\s")
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


def title_before(cased: str, start: int) -> Reading:
    """Read the title that leads up to a name, at most one line and some 130 characters."""
    kept = _trimmed(_led_up(cased, start)) if may_lead_up(cased, start) else []
    if not kept:
        return Reading(_NOTHING, start, ())
    said = tuple(word.group().lower() for word in kept)
    return Reading(read_title(said), kept[0].start(), said)


def may_lead_up(cased: str, start: int) -> bool:
    """Tell at a glance whether the word right before a name may be of a title: most are not."""
    at = start - 1
    while at > 0 and not cased[at].isalnum() and start - at < 4:
        at -= 1
    first = at
    while first > 0 and cased[first - 1].isalnum():
        first -= 1
    word = cased[first : at + 1].lower()
    return word in title_words() or word in _country_parts() or (cased[first].isupper() and len(word) > 1)


@lru_cache(maxsize=1)
def _country_parts() -> frozenset[str]:
    """Return the last words of the names and adjectives of countries."""
    return frozenset(word.rpartition(" ")[2] for word in country_words()) | {"s"}


def _led_up(cased: str, start: int) -> list[re.Match[str]]:
    """Collect the words left of a name, as far as they may be a title, in their order."""
    low = max(0, start - _REACH)
    low = max(low, cased.rfind("\n", low, start) + 1)
    found = list(WORD.finditer(cased, low, start))
    kept: list[re.Match[str]] = []
    pending: list[re.Match[str]] = []
    edge, commas = start, 0
    for at in range(len(found) - 1, max(-1, len(found) - 18), -1):
        word = found[at].group().lower()
        gap = cased[found[at].end() : edge]
        after = [other.group().lower() for other in (*pending, *kept)]
        if not _bridges(gap, word, after, commas):
            break
        if word in _CAPITAL_ONLY and found[at].group().islower():
            break
        commas += "," in gap
        edge = found[at].start()
        if word in title_words() or _is_country(word, after):
            if pending and not (word in _LINKS or word == "minister"):
                break
            kept, pending = [found[at], *pending, *kept], []
        elif found[at].group()[0].isupper() and len(pending) < 4 and _governed(found, at):
            pending = [found[at], *pending]
        else:
            break
    return kept


def _trimmed(kept: list[re.Match[str]]) -> list[re.Match[str]]:
    """Drop what only looked like the beginning of a title: small words, and words that are part of no phrase."""
    first = at = 0
    leading = True
    for phrase, symbols in read_symbols(tuple(word.group().lower() for word in kept)):
        size = phrase.count(" ") + 1
        unknown = phrase not in vocabulary() and symbols[0][:2] != "c:"
        if (unknown and (leading or kept[at].group().islower())) or (leading and phrase in _OPENERS):
            first, leading = at + size, True
        else:
            leading = False
        at += size
    return kept[first:]


def _governed(found: list[re.Match[str]], at: int) -> bool:
    """Tell whether an unknown capitalised word may be what a post is about: "Minister of X and Y"."""
    known = title_words()
    for back in range(at - 1, max(-1, at - 8), -1):
        word = found[back].group()
        low = word.lower()
        if low in {"of", "for", "de", "du", "des"}:
            return back > 0 and found[back - 1].group().lower() in known
        if not (word[0].isupper() or low in _LINKS):
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
    mark = PHOTO_MARK.match(cased, end)
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
    while words and words[-1] in _OPENERS | {"who", "is", "was", "s"}:
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

"""Names in Latin letters with the endings of the article's language: Slavic cases, Germanic genitives in -s.

The words of the text are led back to what they may be the forms of; only those that are watched names count.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product

from monitor.match.hits import Hits, Kind
from monitor.match.page import Page
from monitor.match.roster import Roster

_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)?")
_BEFORE = re.compile(r"(?<![A-Za-z'-])([A-Z][A-Za-z]+(?:-[A-Za-z]+)?) \Z")
_REACH = 40
_SHORTEST = 3
_STEM = 2
_GENITIVE = frozenset({"de", "sv", "da", "no", "nb", "nn"})
_DECLINED = frozenset({"pl", "cs", "sk", "sl", "hr", "bs"})
_ENDINGS = tuple(
    (ending, tuple("" if one == "-" else one for one in nominatives.split()))
    for ending, nominatives in (
        ("dzie", "da"),
        ("iego", "i"),
        ("iemu", "i"),
        ("owi", "- a o"),
        ("ovi", "- a o"),
        ("iem", "-"),
        ("iej", "a"),
        ("ego", "y"),
        ("emu", "y"),
        ("eho", "y"),
        ("cie", "t ta"),
        ("rze", "r ra"),
        ("ie", "- a"),
        ("ce", "ka"),
        ("ej", "a"),
        ("em", "- o"),
        ("om", "-"),
        ("ho", "-"),
        ("mu", "-"),
        ("ou", "a"),
        ("a", "- o"),
        ("e", "- a o"),
        ("i", "a"),
        ("m", "-"),
        ("o", "a"),
        ("u", "- a o"),
        ("y", "a"),
    )
)
_FLEETING = re.compile(r"(?<=[bcdfghjklmnprstvwz])(?=[cklnrt]\Z)")


def is_inflected(language: str) -> bool:
    """Tell whether a language puts endings to names in Latin letters that are understood here."""
    return language[:2].lower() in _DECLINED | _GENITIVE


def find_inflected(roster: Roster, page: Page, language: str, hits: Hits) -> None:
    """Add to the hits the watched names, whole or in part, that stand in another case than the nominative."""
    code = language[:2].lower()
    text, index, remembered = page.folded.text, page.spaced.index, roster.parts(code)
    genitive = code in _GENITIVE
    for start in page.capitals()[0]:
        end = index(" ", start + 1) - 1
        if text[end : end + 1] == "-" and (match := _WORD.match(page.cased, start)):
            end = match.end()
        if genitive and text[end - 1] != "s":
            continue
        word = text[start:end]
        parts = remembered.get(word)
        if parts is None:
            forms = (word.replace("-", " "), *_nominatives(word.replace("-", " "), code))
            parts = remembered[word] = tuple(dict.fromkeys(form for form, _ in roster.known(forms, Kind.SHORT)))
        if not parts:
            continue
        word = word.replace("-", " ")
        for _, pattern in roster.known((part for part in parts if part != word), Kind.SHORT):
            hits.add_short((pattern, start, end + 2))
            hits.closed.update({end} if genitive else ())
        before = _BEFORE.search(page.cased, max(0, start - _REACH), start)
        if before is not None:
            first = before[1].lower().replace("-", " ")
            for _, pattern in roster.known(_wholes(first, parts, word, code), Kind.WHOLE):
                hits.add_whole((pattern, before.start(1), end + 2))


def _wholes(before: str, parts: Iterable[str], word: str, code: str) -> Iterator[str]:
    """Yield names of two words of which both are inflected, the last in the genitive, or a woman's first alone."""
    for first, last in product((before, *_nominatives(before, code)), parts):
        if code in _GENITIVE:
            fits = first == before and last != word
        else:
            fits = first != before and (last != word or first[-1] == "a")
        if fits:
            yield f"{first} {last}"


def _nominatives(text: str, code: str) -> tuple[str, ...]:
    """Return what a folded word, or two that a hyphen joined, may be a form of."""
    if code in _GENITIVE:
        return (text[:-1],) if text[-1] == "s" and len(text) > _SHORTEST else ()
    found = [dict.fromkeys((word, *_led_back(word))) for word in text.split()]
    return tuple(" ".join(words) for words in product(*found) if " ".join(words) != text)


def _led_back(word: str) -> Iterator[str]:
    for ending, nominatives in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < _STEM:
            continue
        for nominative in nominatives:
            if len(stem + nominative) >= _SHORTEST:
                yield stem + nominative
            if not nominative and _FLEETING.search(stem):
                yield _FLEETING.sub("e", stem)

"""Names in other scripts than Latin: the ways the whole is written, and the parts that are said again after it."""

from collections.abc import Iterator
from itertools import product

from monitor.match.spaces import replace_punctuation
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced

_CYRILLIC_CONSONANTS = frozenset("бвгґджзклмнпрстфхцчшщ")
_CYRILLIC_VOWELS = frozenset("аеиіоуыэюя")
_CASED_SCRIPT_RANGES = (("\u0370", "\u03ff"), ("\u0400", "\u052f"))  # Greek and Cyrillic


def build_native_patterns(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ways a name in another script is written, and its parts that are said again.

    A pattern with a space at either end stands as a word.
    """
    plain = " ".join(replace_punctuation(fold_key(name)).split())
    if not any(map(is_unspaced, plain)):
        return _spaced_patterns(plain)
    ways = dict.fromkeys((plain, plain.replace(" ", ""), plain.replace("·", ""), plain.replace(" ", "·")))
    return tuple(way for way in ways if way), tuple(dict.fromkeys(_unspaced_parts(plain)))


def _unspaced_parts(spaced_name: str) -> Iterator[str]:
    """Yield the first of words set apart by spaces, and each of two or more letters set apart by a name dot."""
    if " " in spaced_name:
        part = spaced_name.split(" ", maxsplit=1)[0]
        if len(part) > 2 and not "\u2e80" <= part[0] <= "\ud7ff":
            yield part
    elif "·" in spaced_name:
        yield from (part for part in spaced_name.split("·") if len(part) > 1)


def _spaced_patterns(spaced_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a name of a script with spaces; in Greek and Cyrillic its family name, in Cyrillic its cases too."""
    words = spaced_name.split()
    if len(words) < 2 or not any(low <= words[-1][0] <= high for low, high in _CASED_SCRIPT_RANGES):
        return (f" {spaced_name} ",), ()
    orders = [words, [words[-1], *words[:-1]]]
    if len(words) == 3:
        orders.append([words[0], words[2]])
    wholes = dict.fromkeys(f" {' '.join(written)} " for order in orders for written in _decline_name(order))
    return tuple(wholes), tuple(dict.fromkeys(f" {word} " for forms in _decline_word(words[-1]) for word in forms))


def _decline_name(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield a name in each case, all its words in the same."""
    for forms in zip(*map(_decline_word, words), strict=True):
        yield from product(*forms)


def _decline_word(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the forms of a folded Cyrillic name (й and и are one) in six cases, the nominative first.

    The endings are those of Russian and Ukrainian; a word that ends otherwise stays as it is.
    """
    for ending, endings in _CYRILLIC_CASE_ENDINGS:
        stem = word.removesuffix(ending)
        if word.endswith(ending) and len(stem) > 1:
            return ((word,), *(tuple(stem + one for one in case.split("|")) for case in endings.split()))
    if word[-1] in _CYRILLIC_CONSONANTS and len(word) > 2:
        return (
            (word,),
            *(tuple(word + one for one in case.split("|")) for case in ["а", "у|ові", "а", "ом|ем|ым|им", "е|і"]),
        )
    return ((word,),) * 6


_CYRILLIC_CASE_ENDINGS = (  # genitive, dative, accusative, instrumental, prepositional
    ("кии", "кого кому кого ким ком|кому"),
    ("ыи", "ого ому ого ым ом"),
    ("ии", "ия|ія ию|ію ия|ія ием|ієм ии|ії"),
    *(
        (vowel + "и", f"{vowel}я {vowel}ю {vowel}я {vowel}ем {vowel}е")
        for vowel in sorted(_CYRILLIC_VOWELS - {"и", "ы"})
    ),
    ("ь", "я ю я ем е"),
    ("ия", "ии ии ию иеи ии"),
    ("я", "и е ю еи е"),
    ("ова", "овои овои ову овои овои"),
    ("ева", "евои евои еву евои евои"),
    ("ина", "инои|ины инои|ине ину инои инои|ине"),
    ("ая", "ои ои ую ои ои"),
    ("а", "ы|и е|і у ои|ою е|і"),
)

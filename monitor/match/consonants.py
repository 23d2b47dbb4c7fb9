"""Search for names in Latin letters in Arabic and Hebrew texts, which omit most vowels.

The words of a text are reduced to their consonants, and the consonants of all names are searched for in one pass. For
each match the letters of the printed words are compared with the name: a printed vowel must agree with the name.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product

import ahocorasick_rs
import numpy as np
import numpy.typing as npt
import re2

from monitor.match.names.cross_script import list_latin_keys, squeeze
from monitor.match.types import PatternMatch

_CONSONANTS = {
    "B": "بپفבפףڤ", "T": "تطثטת", "D": "دضذظד", "R": "رר", "S": "سصشزژچسזסצץש", "K": "كکقگغגכךק", "L": "لל", "M": "مמם",
    "N": "نנן", "J": "ج",
}  # fmt: skip
"""Maps each consonant to the Arabic, Persian and Hebrew letters that represent it. All other letters are vowels."""
_LETTER = "\u05d0-\u06d3"
_WORD = re.compile(f"[{_LETTER}]+")
_FIRST_LETTER = 0x5D0
_SOUND_CODES = np.zeros(0x6D4 - _FIRST_LETTER, dtype=np.uint8)
"""The ASCII code of the consonant that each letter from U+05D0 to U+06D3 represents; 0 for a vowel."""
for _sound, _letters in _CONSONANTS.items():
    _SOUND_CODES[[ord(_one) - _FIRST_LETTER for _one in _letters]] = ord(_sound)
_ARTICLE = re.compile(f"(?:(?<= )|(?<= [وفبلك]))ال(?=[{_LETTER}]{{3}})")
"""Pattern of the Arabic article "al" at the start of a word, or after a one-letter word that is joined to it."""
_LATIN_SOUNDS = (str.maketrans("VPFGAH", "BBBK..", ""), str.maketrans("VPFGAH", ".BBK..", ""))
"""Two tables that replace Latin consonants by the ones that Arabic and Hebrew letters represent.

They differ only in "v", because Arabic and Hebrew write a "v" either with a letter for a consonant, or with a letter
that also represents a vowel.
"""
_PREFIXES = frozenset({"", "B", "L", "K", "M", "S"})
"""Consonants of the one-letter words, such as "in", that Arabic and Hebrew join to a name.

The empty string is for a name without such a word, or with one that has no consonant here.
"""
_NAME_WORDS_WITHOUT_KEY = frozenset({"al", "el", "bin", "ibn", "ben", "abu", "von", "van", "de", "da", "di"})
_SPACE = 0x20
_MIN_CONSONANTS = 5
"""Minimum number of consonants of a name that is searched for by its consonants.

A name with fewer consonants would match many words of a text that is written without vowels.
"""
_MIN_WORD_CONSONANTS = 1
_MAX_FORMS = 16
_MAX_WORDS = 4


def has_letters(text: str) -> bool:
    """Return whether a text has Arabic or Hebrew letters."""
    return not text.isascii() and _WORD.search(text) is not None


def list_consonants(words: Iterable[str]) -> Iterator[str]:
    """Yield the possible sequences of consonants of a normalized Latin name, with a space between the words.

    A name has several sequences if some of its letters can be pronounced in several ways. Words such as "al" and "bin"
    are left out. Only names of two to four other words with at least ``_MIN_CONSONANTS`` consonants are converted.
    """
    ways = [_list_word_consonants(word) for word in words if word not in _NAME_WORDS_WITHOUT_KEY]
    if not 1 < len(ways) <= _MAX_WORDS or not all(ways):
        return
    for way in islice(product(*ways), _MAX_FORMS):
        if sum(map(len, way)) >= _MIN_CONSONANTS:
            yield " ".join(way)


@lru_cache(maxsize=50_000)
def _list_word_consonants(word: str) -> list[str]:
    """Return the possible sequences of consonants of one Latin word.

    The Arabic article that is joined to "Abd", such as the "ul" of "Abdul", is omitted.
    """
    stem = _ABD.sub("abd", word)
    keys = (key.translate(table).replace(".", "") for key in list_latin_keys(stem) for table in _LATIN_SOUNDS)
    ways = dict.fromkeys(
        squeeze(way) for key in keys for way in (key, key.replace("S", "J") if "j" in stem or "g" in stem else key)
    )
    return [way for way in ways if len(way) >= _MIN_WORD_CONSONANTS][:_MAX_FORMS]


_LETTERS_OF_SOUNDS = {
    "tch": "(?:تش|چ|[צץ])", "sch": "[شש]", "sh": "[شש]", "ch": "(?:تش|[شچخكקכחצ])", "kh": "[خחכ]", "gh": "[غگג]",
    "th": "[ثتذטתד]", "dh": "[ذظضדز]", "ph": "[فפ]", "ck": "[كکקכ]", "qu": "[كکقק][وו]?", "x": "(?:كس|[خס]|קס)",
    "ts": "(?:تس|[سزצץ])", "tz": "(?:تس|[زسצץ])", "b": "[بבפ]", "p": "[بپפף]", "f": "[فפף]", "v": "[فڤوבו]{1,2}",
    "w": "[وفڤו]{1,2}", "t": "[تطטת]", "d": "[دضד]", "s": "[سصزשסצ]", "c": "[كکقسשכקסצ]", "k": "[كکقכקך]",
    "q": "[قكکק]", "g": "[جغگقגז]", "j": "(?:دج|[جژييیخ]|ג'?|י)", "h": "[هحהח]?", "l": "[لל]", "m": "[مםמ]",
    "n": "[نןנ]", "r": "[رר]", "z": "[زظسזצס]",
}  # fmt: skip
"""Maps each consonant of a Latin spelling to a pattern of the Arabic, Persian and Hebrew letters for it."""
_LETTERS_OF_VOWELS = {"a": "اأآىعאההع", "e": "ايیهאהיع", "i": "يیאיىع", "o": "وוע", "u": "وו", "y": "يیיى"}
_HAMZA = "ؤئء"
_SOUND = re.compile("|".join(sorted(_LETTERS_OF_SOUNDS, key=len, reverse=True)) + "|[aeiouy]+")
_LAST_VOWELS = {"i": "[اי]?[يیىי]", "y": "[اי]?[يیىי]", "o": "وוע", "u": "[وו]ا?"}
"""Maps a vowel at the end of a Latin name to a pattern of the Arabic and Hebrew letters that may be printed for it."""
_MIN_SILENT_WORD_LETTERS = 6
_SILENT_LETTERS = frozenset("stdxzh")
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1")
_ABD = re.compile(r"^abd(?:[aeu]l)?$")
_MIN_PRINTED_SHARE = 0.5
"""Minimum ratio of the number of letters of a printed name to the number of letters of the Latin name.

A printed name with fewer letters would often fit by chance.
"""


@lru_cache(maxsize=50_000)
def _pattern_of_word(word: str) -> re2._Regexp:
    """Return a pattern for the spellings of a Latin word, normalized, in Arabic or Hebrew letters.

    Most vowels are optional. RE2 compiles such a pattern about forty times as fast as ``re``.
    """
    found = []
    for match in _SOUND.finditer(_DOUBLED.sub(r"\1", _ABD.sub("abd", word))):
        sound = match.group()
        if sound in _LETTERS_OF_SOUNDS:
            is_silent = match.end() == len(match.string) >= _MIN_SILENT_WORD_LETTERS and sound in _SILENT_LETTERS
            letters = "[هحה]" if sound == "h" and match.start() == 0 else _LETTERS_OF_SOUNDS[sound]
            found.append(letters + "?" * is_silent)
        else:
            letters = "".join(dict.fromkeys(_HAMZA + "".join(_LETTERS_OF_VOWELS[vowel] for vowel in sound)))
            opening = "[اأإآعאע]?" if match.start() == 0 else ""
            most = min(3, 2 * len(sound) - 1)  # between two vowels, a hamza may stand: "ائي" for "ae"
            printed = f"[{letters}]{{0,{most}}}"
            if match.end() == len(match.string):
                printed = _LAST_VOWELS.get(sound[-1], f"{printed}[هةاىאה]?")
            found.append(opening + printed)
    return re2.compile(f"[وفبلكולבמשכה]?(?:ال)?{''.join(found)}")


def is_spelling_of(printed: Sequence[str], words: Iterable[str]) -> bool:
    """Return whether printed words in Arabic or Hebrew letters can be a spelling of a normalized Latin name."""
    parts = [word for word in words if word not in _NAME_WORDS_WITHOUT_KEY]
    letters = sum(len(word.removeprefix("ال")) for word in printed)
    if len(parts) != len(printed) or letters < _MIN_PRINTED_SHARE * sum(map(len, parts)):
        return False
    return all(_pattern_of_word(part).fullmatch(word) for part, word in zip(parts, printed, strict=True))


class ConsonantIndex:
    """Index that finds watched Latin names in Arabic and Hebrew texts by their consonants."""

    def __init__(self, patterns: Mapping[str, Iterable[int]], names: Sequence[str]) -> None:
        self._names = names
        self._patterns = [tuple(dict.fromkeys(found)) for found in patterns.values()]
        searched = [f"{consonants} " for consonants in patterns]
        self._automaton = ahocorasick_rs.AhoCorasick(searched) if searched else None

    def find(self, text: str) -> Iterator[PatternMatch]:
        """Yield a match for each watched name in a normalized Arabic or Hebrew text.

        The offsets refer to the text in which punctuation marks are spaces (``NormalizedArticle.spaced``).
        """
        if self._automaton is None:
            return
        printed_words = _WORD.findall(text)
        words = f" {' '.join(printed_words)} "
        consonants = _convert_to_consonants(_ARTICLE.sub("", words))
        joined = consonants.tobytes().decode("ascii")
        gaps: list[int] = []
        spans: list[tuple[int, int]] = []
        for name, start, end in self._automaton.find_matches_as_indexes(joined, overlapping=True):
            before = joined.rfind(" ", 0, start) + 1
            if joined[before:start] not in _PREFIXES:
                continue
            gaps = gaps or (consonants == _SPACE).nonzero()[0].tolist()
            first, last = bisect_left(gaps, before) - 1, bisect_left(gaps, end) - 2
            printed = printed_words[first : last + 1]
            names = [one for one in self._patterns[name] if is_spelling_of(printed, self._names[one].split())]
            spans = spans or ([match.span() for match in _WORD.finditer(text)] if names else [])
            if names and _is_one_name(text, spans, first, last):
                yield from ((one, spans[first][0], spans[last][1] + 2) for one in names)


def _convert_to_consonants(words: str) -> npt.NDArray[np.uint8]:
    """Return the ASCII codes of the consonants of Arabic and Hebrew words; spaces are unchanged.

    Each series of equal consonants is reduced to one.
    """
    codes = np.frombuffer(words.encode("utf-32-le"), dtype=np.uint32)
    sounds = np.where(codes == _SPACE, _SPACE, _SOUND_CODES.take(codes - _FIRST_LETTER, mode="clip")).astype(np.uint8)
    sounds = sounds[sounds > 0]
    is_repeated = (sounds[1:] == sounds[:-1]) & (sounds[1:] != _SPACE)
    squeezed: npt.NDArray[np.uint8] = sounds[np.append(~is_repeated, True)]
    return squeezed


def _is_one_name(text: str, spans: list[tuple[int, int]], first: int, last: int) -> bool:
    """Return whether the words ``first`` to ``last`` of a text are separated only by single spaces or hyphens."""
    return all(text[spans[at][1] : spans[at + 1][0]] in {" ", "-"} for at in range(first, last))

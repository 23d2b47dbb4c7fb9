"""Comparison of names across scripts by consonants.

A word in another script is first written in Latin letters. Its consonants are the key by which it is compared. A word
that is configured in Latin letters has several keys, because its letters are pronounced in several ways: the c of
Cameron and of Cicero, the j of Johnson and of Juncker.
"""

import re
from functools import cache, lru_cache
from itertools import islice, product
from operator import eq

from monitor.language.load import language_data
from monitor.match.names.spelling import edit_distance
from monitor.text.fold import fold_words

_MAX_KEYS = 24
"""Maximum number of keys (sequences of consonants) of one word.

A long English word would otherwise have hundreds, one for each pronunciation.
"""
_VOWEL = "A"
_SOUNDS = {
    "tsch": "S", "shch": "S", "sch": "S SK", "tch": "S", "dzh": "S", "sh": "S SH", "zh": "S SH", "ch": "S K H",
    "ck": "K", "cz": "S", "sz": "S", "rz": "S RS R", "dz": "S D", "dj": "S", "ph": "F", "gh": "G -", "kh": "H K",
    "th": "T TH", "wh": "V -", "qu": "KV K", "gn": "N GN", "x": "KS S H", "tz": "S TS", "ts": "S TS", "z": "S",
    "s": "S", "j": "S - H", "w": "V -", "v": "V F", "h": "- H G", "q": "K", "k": "K", "b": "B", "p": "P", "d": "D",
    "t": "T", "l": "L", "m": "M", "n": "N", "r": "R", "f": "F", "g": "G",
}  # fmt: skip
"""Maps letters of a Latin spelling to the consonants that they may represent, separated by spaces.

`-` means that the letters may be silent. The single letters c and g have tables of their own. All other letters without
an entry are vowels.
"""
_VOWELS = "aeiouy"
_SOFT_VOWELS = "eiy"
_SOFT_SOUNDS = {"c": "S K", "g": "G S"}
"""Maps a letter to the consonants that it may represent before e, i and y, separated by spaces."""
_SILENT_ENDINGS = frozenset("sxtdz")
_HARD_SOUNDS = {"c": "K S", "g": "G"}
_TOKEN = re.compile("|".join(sorted((*_SOUNDS, "c"), key=len, reverse=True)) + "|.")
_TEXT_SOUNDS = (
    (re.compile("shch|dzh|dj|jh|dz|ts|sh|zh|ch|s|z"), "S"),
    (re.compile("kh"), "H"),
    (re.compile("x"), "KS"),
    (re.compile("th"), "T"),
)
_ENGLISH_ENDINGS = (
    (re.compile(r"(?:ii|yi|ij)\b"), "y"),
    (re.compile(r"ei\b"), "ey"),
    (re.compile(r"ai\b"), "ay"),
)
_MAX_DIFFERENCE = 0.7
"""Maximum edit distance of two spellings, as a share of the number of letters of the longer word.

It is high, because vowels are rarely equal.
"""


@cache
def _letters() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern and a table by which Cyrillic, Greek, Georgian and Armenian text is written in Latin letters.

    The pattern matches each letter, or pair of letters, to replace. The table maps each match to Latin letters.
    """
    data = language_data().transliteration
    table = {**data.cyrillic, **data.greek, **data.georgian, **data.armenian}
    return re.compile("|".join(sorted(table, key=len, reverse=True))), table


@lru_cache(maxsize=50_000)
def to_latin(text: str) -> str:
    """Write a normalized text in Latin letters. Letters without a known Latin equivalent stay as they are."""
    pattern, table = _letters()
    return pattern.sub(lambda match: table[match.group()], text)


@lru_cache(maxsize=50_000)
def key_of_other_script(latin: str) -> str:
    """Return the key by which a word from another script is compared with Latin words.

    `to_latin` has converted the word to Latin letters. The key consists of the consonants, with an `A` before them if
    the word begins with a vowel.
    """
    key = latin
    for pattern, sound in _TEXT_SOUNDS:
        key = pattern.sub(sound, key)
    opening = _VOWEL if key[:1] in {"a", "e", "i", "o", "u", "y", "j"} else ""
    return squeeze(opening + "".join(char for char in key.upper() if char not in "AEIOUYJ'"))


def list_latin_keys(word: str, max_keys: int = _MAX_KEYS) -> tuple[str, ...]:
    """Return the possible keys of a normalized word in Latin letters: its consonants in each possible pronunciation.

    The most usual pronunciation is the first. At most ``max_keys`` keys are returned.
    """
    stem = word.rstrip(_VOWELS)
    if stem != word:
        # Of the vowels at the end, only a soft one after c or g has an effect. So all cases of a name share one entry.
        word = stem + ("e" if stem[-1:] in _SOFT_SOUNDS and word[len(stem)] in _SOFT_VOWELS else "a")
    return _list_keys(word, max_keys)


@lru_cache(maxsize=50_000)
def _list_keys(word: str, max_keys: int) -> tuple[str, ...]:
    sounds = [_sounds_of(match.group(), word[match.end() : match.end() + 1]) for match in _TOKEN.finditer(word)]
    keys: dict[str, None] = {}
    for one in islice(product(*sounds), _MAX_KEYS):
        keys[_join_sounds(one)] = None
        if len(keys) == max_keys:
            break
    return tuple(keys)


@lru_cache(maxsize=10_000)
def _sounds_of(letters: str, following: str) -> tuple[str, ...]:
    """Return the consonants that a letter, or letters such as "sch", may represent; `-` means silent.

    ``following`` is the next letter of the word. If it is empty, the word ends here, and some letters can also be
    silent, as in French.
    """
    if letters in _SOFT_SOUNDS:
        return tuple((_SOFT_SOUNDS if following and following in _SOFT_VOWELS else _HARD_SOUNDS)[letters].split())
    sounds = tuple(_SOUNDS.get(letters, "-").split())
    return sounds if following or letters not in _SILENT_ENDINGS else (*sounds, "-")


def _join_sounds(sounds: tuple[str, ...]) -> str:
    opening = _VOWEL if sounds and sounds[0] == "-" else ""
    return squeeze(opening + "".join(sounds).replace("-", ""))


def squeeze(key: str) -> str:
    """Return a key (the consonants of a word) in which equal consonants next to each other are reduced to one."""
    if not any(map(eq, key, key[1:])):
        return key  # the usual case, and much faster
    return "".join(char for at, char in enumerate(key) if not at or key[at - 1] != char)


def is_same_sound(latin: str, word: str) -> bool:
    """Return whether a word from another script is spelled so similarly to ``word`` that both may sound the same.

    ``latin`` is the word from the other script, transliterated to Latin letters. The caller has already checked that
    both words have the same consonants in one possible pronunciation.
    """
    limit = max(2, int(max(len(latin), len(word)) * _MAX_DIFFERENCE))
    return edit_distance(latin, word, limit) <= limit


def romanise(name: str) -> str:
    """Transcribe a name in another script to Latin letters, as the English press does.

    The result is an empty string if the script does not write vowels, or if a letter is not known.
    """
    latin = to_latin(" ".join(fold_words(name))).replace("jh", "j")
    for old, new in _ENGLISH_ENDINGS:
        latin = old.sub(new, latin)
    return latin.title() if latin.replace(" ", "").isascii() and latin.replace(" ", "").isalpha() else ""

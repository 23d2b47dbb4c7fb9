"""Names in scripts other than Latin, and variants of Arabic names in Latin script.

For names in other scripts, the variants are the written forms of the full name, and the short names used after it. For
Arabic names, they are forms with and without the definite article, and with more or fewer patronymics ("bin Turki").
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice, product

from monitor.match.types import NameWords, ShortForm
from monitor.text.fold import fold, fold_key
from monitor.text.tokens import is_unspaced, replace_punctuation

PATRONYMIC_PARTICLES = frozenset({"bin", "ibn", "bint", "ben"})
FATHER_WORDS = frozenset({"بن", "ابن", "بنت"})
"""Words for "son of" and "daughter of" in Arabic letters, which are between a name and the father's name."""
_DEFINITE_ARTICLES = ("al", "el")
_SUN_LETTER_ARTICLES = {"s": "as", "sh": "ash", "n": "an", "d": "ad", "r": "ar", "t": "at", "z": "az"}
_JOINED_ARTICLE = re.compile(r"[ae]l(?=[bcdfghjkmnpqrstvwxyz]\w{4})")
_PATRONYMIC_CHAIN = re.compile(
    r"(?<![\w'-])([A-Z][\w'-]+(?:[ -][A-Z][\w'-]+){0,2}(?: (?:bin|ibn|bint|ben)(?: [A-Z][\w'-]+){1,2})+) \Z"
)
_FOLLOWING_FATHERS = re.compile(r"(?: (?:bin|ibn|bint) (?:Abdul |Abdel )?[A-Z][\w'-]+)+(?: [AE]l[ -][A-Z][\w'-]+)?")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_MAX_CHAIN_CHARS = 90


def add_article_variants(
    full_forms: Sequence[NameWords], short_forms: Sequence[ShortForm], family: NameWords
) -> tuple[list[NameWords], list[ShortForm]]:
    """Return the full forms and the short forms of a name, with other spellings of the Arabic definite article added.

    In the added forms, the definite article ("al") before the family name is omitted, separate, or joined to the name.
    """
    root = family[1:] if family[0] in _DEFINITE_ARTICLES else (_JOINED_ARTICLE.sub("", family[0]), *family[1:])
    stems = dict.fromkeys(whole[: -len(family)] for whole in full_forms if whole[-len(family) :] == family)
    known, short = list(full_forms), list(short_forms)
    short += [ShortForm(variant, "family name, with its article or without") for variant in _article_variants(root)]
    known += [stem + variant for variant in (*_article_variants(root), *_assimilated_variants(root)) for stem in stems]
    return known, short


def _article_variants(root: NameWords) -> Iterator[NameWords]:
    yield root
    for article in _DEFINITE_ARTICLES:
        yield (article, *root)
        yield (article + root[0], *root[1:])


def _assimilated_variants(root: NameWords) -> Iterator[NameWords]:
    """Yield a family name with the Arabic article as it is pronounced before this name: "ash sharif", not "al sharif".

    Nothing is yielded if the pronunciation of the article does not change before the name.
    """
    for letters, article in _SUN_LETTER_ARTICLES.items():
        if root[0].startswith(letters) and (letters != "s" or root[0][1:2] != "h"):
            yield (article, *root)


def shorten_patronymics(name_words: NameWords) -> Iterator[NameWords]:
    """Yield shorter forms of a name with at least two patronymics ("bin Turki"); yield nothing for other names.

    There are up to three shorter forms: with the first patronymic only, with the first patronymic and the family name,
    and with all patronymics but no family name.
    """
    patronymics = [at for at, word in enumerate(name_words) if word in PATRONYMIC_PARTICLES and at]
    if len(patronymics) < 2:
        return
    last = patronymics[-1]
    tail = name_words[last + 2 :]
    yield name_words[: patronymics[1]]
    if tail:
        yield name_words[: patronymics[1]] + tail
        yield name_words[: last + 2]


def find_chain_before(cased: str, start: int, first_name: str) -> tuple[int, NameWords]:
    """Find a name with patronymics ("bin Turki") directly before a family name, and return its start and its words.

    The words are normalized. The name begins with ``first_name``, and ``start`` is the offset of the family name. If
    the text has no such name, the result is ``start`` without words.
    """
    match = _PATRONYMIC_CHAIN.search(cased, max(0, start - _MAX_CHAIN_CHARS), start)
    if match is None:
        return start, ()
    words = list(_LATIN_WORD.finditer(cased, match.start(), start))
    while words and words[0].group().lower() != first_name:
        words.pop(0)
    return (words[0].start() if words else start), tuple(word.group().lower() for word in words)


def find_chain_end(cased: str, end: int) -> int:
    """Return the end offset of a name, including the patronymics ("bin Turki") and family name that follow at ``end``.

    The result is ``end`` if no patronymic follows.
    """
    match = _FOLLOWING_FATHERS.match(cased, end)
    return match.end() if match else end


def is_subsequence(name_words: NameWords, chain: NameWords) -> bool:
    """Return whether ``chain`` has all words of a name in the same order; other words may be between them."""
    rest = iter(chain)
    return all(word in rest for word in name_words)


_CYRILLIC_CONSONANTS = frozenset("бвгґджзклмнпрстфхцчшщ")
_CYRILLIC_VOWELS = frozenset("аеиіоуыэюя")
_CASED_SCRIPT_RANGES = (("\u0370", "\u03ff"), ("\u0400", "\u052f"), ("\u0531", "\u0587"))  # Greek, Cyrillic, Armenian


def build_native_patterns(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the patterns of a full name in a script other than Latin, and the patterns of its short names.

    A pattern is a text that is searched for. With a space at both ends, it finds whole words only.
    """
    plain = " ".join(replace_punctuation(fold_key(name)).split())
    if not any(map(is_unspaced, plain)):
        return _spaced_patterns(plain)
    ways = dict.fromkeys((plain, plain.replace(" ", ""), plain.replace("·", ""), plain.replace(" ", "·")))
    if _HAN_NAME.fullmatch(plain):
        ways |= dict.fromkeys(variant for way in tuple(ways) for variant in _list_han_variants(way))
    return tuple(way for way in ways if way), tuple(dict.fromkeys(_unspaced_parts(plain)))


_HAN_NAME = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020bb7·]{2,12}(?: [\u3400-\u9fff]{1,4})?")
_MAX_HAN_SPELLINGS = 12
_MAX_SPACED_HAN_CHARS = 5
"""Maximum number of characters of a Japanese name that may be printed with a space between its parts."""


@cache
def _han_tables() -> tuple[dict[int, int], dict[int, int]]:
    """Return two translation tables: from simplified to traditional Chinese characters, and the reverse."""
    from monitor.language.load import language_data  # commands that match nothing do not read the data

    data = language_data().orthography
    simplified, traditional = "".join(data.han_simplified), "".join(data.han_traditional)
    return str.maketrans(simplified, traditional), str.maketrans(traditional, simplified)


def _list_han_variants(name: str) -> Iterator[str]:
    """Yield a Chinese name in simplified and traditional characters, and each of them with a space inside.

    The space is tried at every position. Long names are yielded only without a space.
    """
    to_traditional, to_simplified = _han_tables()
    traditional, simplified = name.translate(to_traditional), name.translate(to_simplified)
    for way in dict.fromkeys((*list_han_spellings(name), traditional, simplified)):
        yield way
        if way.isalpha() and 2 < len(way) <= _MAX_SPACED_HAN_CHARS:
            yield from (f"{way[:at]} {way[at:]}" for at in range(1, len(way)))


@cache
def _variant_characters() -> dict[str, str]:
    """Return a dictionary of the Japanese characters that have variants.

    It maps each such character to a string of the character itself and its variants.
    """
    from monitor.language.load import language_data  # commands that match nothing do not read the data

    groups = language_data().orthography.han_variants
    return {char: char + group.replace(char, "") for group in groups for char in group}


def list_han_spellings(name: str) -> list[str]:
    """Return a name in Chinese characters, and then its spellings with old, new and variant Japanese characters."""
    ways = ("".join(way) for way in product(*(_variant_characters().get(char, char) for char in name)))
    return list(islice(ways, _MAX_HAN_SPELLINGS))


def list_unspaced_family_names(name: str, convention: str) -> Iterator[str]:
    """Yield the possible family names of a normalized full name in Chinese, Japanese or Korean characters.

    In a naming convention in which family names may have several characters, such as the Japanese one, family names of
    one character are omitted.
    """
    from monitor.match.vocabulary import naming_convention, native_words  # this module is read by commands without it

    if not all("\u3400" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" or char == " " for char in name):
        return
    if " " in name:
        yield name.partition(" ")[0]
    elif naming_convention(convention).family_name_of_any_length:
        yield from (name[:size] for size in (2, 3) if size < len(name))
    else:
        yield name[: 2 if name[:2] in native_words().two_character_family_names else 1]


def _unspaced_parts(spaced_name: str) -> Iterator[str]:
    """Yield the short names of a person whose full name is in a script without spaces between words.

    Some of these names nevertheless have a space between their parts, as Thai names do. The first part is then the
    short name. Nothing is yielded if this part is very short, or in Chinese, Japanese or Korean characters. If the name
    has name dots (·) instead of spaces, each part of at least two letters is a short name.
    """
    if " " in spaced_name:
        part = spaced_name.split(" ", maxsplit=1)[0]
        if len(part) > 2 and not "\u2e80" <= part[0] <= "\ud7ff":
            yield part
    elif "·" in spaced_name:
        yield from (part for part in spaced_name.split("·") if len(part) > 1)


def _spaced_patterns(spaced_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts by which a full name is searched for, and the ones for its family name alone.

    The name is in a script with spaces between words.
    """
    words = spaced_name.split()
    if _UNCASED_LETTER.match(spaced_name):
        full_names = tuple(f" {form} " for form in _list_uncased_forms(spaced_name))
        return full_names, tuple(f" {form} " for form in _list_uncased_parts(words))
    if len(words) < 2 or not any(low <= words[-1][0] <= high for low, high in _CASED_SCRIPT_RANGES):
        return (f" {spaced_name} ",), ()
    orders = [words, [words[-1], *words[:-1]]]
    if len(words) == 3:
        orders.append([words[0], words[2]])
    return tuple(dict.fromkeys(f" {' '.join(order)} " for order in orders)), (f" {words[-1]} ",)


_UNCASED_LETTER = re.compile("[\u05d0-\u06d3\u0900-\u0dff\u10d0-\u10ff]")
_FIRST_INDIAN_LETTER = "\u0900"
_ARABIC_PREFIXES = ("", "و")
"""Prefixes that are written together with the name after them: the word for "and", and the empty string for no prefix.

Other words of one letter are not listed, because they are rare before a whole name.
"""
_HEBREW_PREFIXES = ("", "ו", "ה", "ל", "ב", "מ", "ש", "כ")
"""Prefixes that are written together with the name after them: words of one letter, and the empty string for no prefix.

The words are conjunctions, prepositions and the definite article.
"""
_SERVANT_IN_ARABIC = re.compile(r"\bعبد ?(?=ال)")
_COMPOUND_OPENERS = frozenset({"عبد", "ابو", "ابا", "ابي", "ابن", "بن", "ال", "ام", "בן", "בר", "אבו", "אל"})
"""Words that form a name only together with the next word: servant of, father of, son of, mother of, family of."""
_COMPOUND_ENDINGS = frozenset({"الله", "الدين"})
_MIN_PART_LETTERS = 3


def _list_uncased_forms(spaced_name: str) -> Iterator[str]:
    """Yield the spellings of a name in a script without capitals.

    In Hebrew and Arabic, a name is yielded without a prefix, and with each prefix that may be written together with it.
    In Arabic, a name with `Abd` is yielded with `Abd` joined to the next word and separate from it.
    """
    if spaced_name[0] < "\u0600" or spaced_name[0] >= _FIRST_INDIAN_LETTER:
        yield from (prefix + spaced_name for prefix in _list_prefixes(spaced_name))
        return
    spellings = dict.fromkeys(
        (spaced_name, _SERVANT_IN_ARABIC.sub("عبد", spaced_name), _SERVANT_IN_ARABIC.sub("عبد ", spaced_name))
    )
    for spelling in spellings:
        # Only a country or an office begins with the article, no given name does.
        prefixes = _ARABIC_PREFIXES[:1] if spelling.startswith("ال") else _ARABIC_PREFIXES
        yield from (prefix + spelling for prefix in prefixes)


def _list_uncased_parts(words: Sequence[str]) -> Iterator[str]:
    """Yield the family name of a person in a script without capitals, with and without a joined prefix.

    Nothing is yielded if the last word is a name only together with the word before it, or if it is very short.
    """
    if len(words) < 2 or words[-2] in _COMPOUND_OPENERS or words[-1] in _COMPOUND_ENDINGS:
        return
    if len(words[-1]) >= _MIN_PART_LETTERS:
        yield from (prefix + words[-1] for prefix in _list_prefixes(words[-1]))


def _list_prefixes(word: str) -> tuple[str, ...]:
    """Return the one-letter prefixes that may be written together with a word, depending on its script.

    The first item is an empty string, for the word without a prefix.
    """
    if word[0] >= _FIRST_INDIAN_LETTER:
        return ("",)
    return _HEBREW_PREFIXES if word[0] < "\u0600" else _ARABIC_PREFIXES


def is_native(name: str) -> bool:
    """Return whether a name is written in a script other than Latin."""
    return not name.isascii() and any(char.isalpha() and not char.isascii() for char in fold_key(name))


def printed_words(name: str) -> list[str]:
    """Return the words of a name in their original spelling, with diacritics."""
    folded = fold(name)
    spaced = replace_punctuation(folded.text)
    words: list[str] = []
    at = 1
    for word in spaced.split():
        at = spaced.index(word, at)
        words.append(folded.original_slice(at - 1, at - 1 + len(word)))
        at += len(word)
    return words

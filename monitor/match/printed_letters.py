"""Changes to a folded text before matching: readings in brackets are removed, and look-alike letters replaced.

Folded text is in lower case without diacritics. Japanese texts print the reading of a name in brackets after its
characters. Look-alike letters are letters of another script that look like the letters of a word, such as a Cyrillic
`а` in a Latin name.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from monitor.language.load import language_data
from monitor.text.fold import FoldedText, drop_spans

_READING = re.compile(r"\((?<=[\u3400-\u9fff々]\()[\u3041-\u30ff・·、 =]{1,40}\)")
_OTHER_SCRIPT = re.compile("[\u0370-\u052f]")
_MIXED = re.compile("[A-Za-z](?:(?<=[\u0370-\u052f].)|(?=[\u0370-\u052f]))")
_WORD = re.compile(r"[^\W\d_]{2,80}")
_FIRST_CYRILLIC_LETTER = "\u0400"


def remove_readings(folded: FoldedText) -> FoldedText:
    """Return a folded text without the readings in kana that are printed in brackets after Chinese characters."""
    if folded.text.isascii():
        return folded
    spans = [match.span() for match in _READING.finditer(folded.text)]
    return drop_spans(folded, spans) if spans else folded


def replace_look_alikes(folded: FoldedText) -> FoldedText:
    """Return a folded text in which no word has look-alike letters of another script; all offsets stay the same."""
    cased = folded.cased
    if cased.isascii() or not _OTHER_SCRIPT.search(cased) or not _MIXED.search(cased):
        return folded
    cased = _WORD.sub(lambda match: _restore_word(match.group()), cased)
    return (
        folded if cased == folded.cased else FoldedText(folded.original, cased.lower(), cased, folded.original_offsets)
    )


def list_look_alikes(printed: str, *, is_latin: bool) -> list[str]:
    """Return the letters in a printed name that only look like letters of its script, each once.

    An example is a Cyrillic `а` in a Latin name. ``is_latin`` is true for a name in Latin letters.
    """
    words = [word for word in _WORD.findall(printed) if not word.isascii()]
    letters = dict.fromkeys("".join(words))
    return [char for char in letters if (char in _to_latin() if is_latin else char.isascii())]


def to_latin_letters(printed: str) -> str:
    """Return a printed Latin word in which look-alike letters of other scripts are replaced."""
    return "".join(_to_latin().get(char, char) for char in printed)


@lru_cache(maxsize=10_000)
def _restore_word(word: str) -> str:
    """Return a folded word with all letters in one script, if it mixes Latin with Cyrillic or Greek letters.

    A letter without a look-alike in the other script shows which script is meant. If the word has no such letter, the
    script of most letters is used. If it has such letters of both scripts, it is returned unchanged.
    """
    latin = [char for char in word if char.isascii()]
    others = [char for char in word if not char.isascii()]
    if not latin or not others or not all(map(_OTHER_SCRIPT.match, others)):
        return word
    to_other = _to_other_script(is_cyrillic=others[0] >= _FIRST_CYRILLIC_LETTER)
    may_be_latin, may_be_other = _has_all(others, _to_latin()), _has_all(latin, to_other)
    if may_be_latin and (not may_be_other or len(latin) >= len(others)):
        return to_latin_letters(word)
    return "".join(to_other.get(char, char) for char in word) if may_be_other else word


def _has_all(letters: Iterable[str], table: dict[str, str]) -> bool:
    return all(letter in table for letter in letters)


@cache
def _to_latin() -> dict[str, str]:
    return language_data().orthography.look_alikes


@cache
def _to_other_script(*, is_cyrillic: bool) -> dict[str, str]:
    pairs = _to_latin().items()
    return {latin: other for other, latin in pairs if (other >= _FIRST_CYRILLIC_LETTER) == is_cyrillic}

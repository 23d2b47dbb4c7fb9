"""Scripts in which the names of an official can be found, with the method for each script.

A name is found by a configured form in this script, by its sound, or not at all.
"""

from collections import Counter
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from monitor.domain.watchlist import Official
from monitor.language.load import language_data
from monitor.match.consonants import list_consonants
from monitor.match.names.cross_script import romanise
from monitor.match.names.forms import parse_name
from monitor.match.names.scripts import is_native
from monitor.text.fold import fold_key

_SCRIPTS = {
    "Latin": ("a", "z"), "Greek": ("\u0370", "\u03ff"), "Cyrillic": ("\u0400", "\u052f"),
    "Armenian": ("\u0530", "\u058f"), "Hebrew": ("\u0590", "\u05ff"), "Arabic": ("\u0600", "\u06ff"),
    "Indian": ("\u0900", "\u0dff"), "Thai": ("\u0e00", "\u0e7f"), "Lao": ("\u0e80", "\u0eff"),
    "Burmese": ("\u1000", "\u109f"), "Georgian": ("\u10a0", "\u10ff"), "Khmer": ("\u1780", "\u17ff"),
    "Chinese and Japanese": ("\u3040", "\u9fff"), "Korean": ("\uac00", "\ud7a3"),
}  # fmt: skip
"""Maps each script to its first and last letter in normalized text."""
_COMPARED_BY_SOUND = frozenset({"Greek", "Cyrillic", "Armenian", "Georgian"})
_COMPARED_BY_CONSONANTS = frozenset({"Hebrew", "Arabic"})
_MIN_LETTERS = 8


class Coverage(StrEnum):
    """Method by which a name is found in texts of one script. The values are the words that are shown to the user."""

    FORM = "by its form"
    SOUND = "by its sound"
    NONE = "not found"


class ScriptCoverage(NamedTuple):
    """Method by which an official's names are found in one script.

    ``languages`` are the codes of the languages that use this script.
    """

    script: str
    coverage: Coverage
    languages: tuple[str, ...]


def find_script(text: str) -> str:
    """Return the script of the first letter in a text, or an empty string if the script is not known."""
    first = next((char for char in fold_key(text) if char.isalpha()), "")
    return next((script for script, (low, high) in _SCRIPTS.items() if low <= first <= high), "")


@cache
def _languages_by_script() -> dict[str, tuple[str, ...]]:
    """Return a dictionary that maps each script to the codes of its languages.

    The script of a language is the script of most words in its data: titles, months and case endings.
    """
    found: dict[str, tuple[str, ...]] = dict.fromkeys(_SCRIPTS, ())
    for code, language in language_data().languages.items():
        phrases = (*language.titles.positions.values(), *language.calendar.months, tuple(language.inflection.endings))
        scripts = Counter(find_script(phrase) for words in phrases for phrase in words if phrase)
        script = max(scripts, key=lambda one: (scripts[one], one), default="Latin")
        found[script] = (*found.get(script, ()), code)
    return found


def find_script_of_language(language: str) -> str:
    """Return the script in which a language is written, or an empty string if the language has no data file.

    ``language`` is a language code, such as `de` or `de-AT`.
    """
    code = language.partition("-")[0].lower()
    return next((script for script, codes in _languages_by_script().items() if code in codes), "")


def list_coverage(official: Official) -> tuple[ScriptCoverage, ...]:
    """Return for each script the method by which the official's names are found in texts of this script."""
    languages = _languages_by_script()
    return tuple(ScriptCoverage(script, find_coverage(official, script), languages[script]) for script in _SCRIPTS)


def find_coverage(official: Official, script: str) -> Coverage:
    """Return the method by which the official's names are found in texts of a script."""
    names = (official.name, *official.aliases)
    if any(find_script(name) == script for name in names):
        return Coverage.FORM
    latin = [name for name in names if not is_native(name)]
    if script == "Latin":
        return Coverage.SOUND if any(map(romanise, names)) else Coverage.NONE
    forms = [form for name in latin for form in parse_name(name, official.country).full_forms[:1] if len(form) > 1]
    if script in _COMPARED_BY_SOUND and any(sum(map(len, form)) >= _MIN_LETTERS for form in forms):
        return Coverage.SOUND
    if script in _COMPARED_BY_CONSONANTS and any(any(True for _ in list_consonants(form)) for form in forms):
        return Coverage.SOUND
    return Coverage.NONE

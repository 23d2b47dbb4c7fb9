"""Scripts in which a name is found, and the warning for sources in other scripts."""

import pytest

from monitor.domain.source import Source
from monitor.domain.watchlist import Official, Watchlist
from monitor.language.load import language_data
from monitor.match.lint import lint_sources
from monitor.match.names.coverage import Coverage, find_coverage, find_script, find_script_of_language

LATIN = Official("a", "Roland Fischmann", "Germany")
BOTH = Official("b", "Ирина Белякова", "Russia", ("วิชัย บุญเรือง",))


@pytest.mark.parametrize(
    ("official", "script", "coverage"),
    [
        (LATIN, "Latin", Coverage.FORM),
        (LATIN, "Cyrillic", Coverage.SOUND),
        (LATIN, "Arabic", Coverage.SOUND),
        (LATIN, "Thai", Coverage.NONE),
        (BOTH, "Cyrillic", Coverage.FORM),
        (BOTH, "Thai", Coverage.FORM),
        (BOTH, "Latin", Coverage.SOUND),
        (BOTH, "Arabic", Coverage.NONE),
        (Official("c", "Dan Lev"), "Hebrew", Coverage.NONE),
    ],
)
def test_a_name_is_found_by_form_by_sound_or_not(official: Official, script: str, coverage: Coverage) -> None:
    """A name in the script is a form; Latin names are compared by sound with some other scripts."""
    assert find_coverage(official, script) is coverage


@pytest.mark.parametrize(
    ("language", "script"),
    [
        ("uk", "Cyrillic"),
        ("el", "Greek"),
        ("pl", "Latin"),
        ("lo", "Lao"),
        ("ja-JP", "Chinese and Japanese"),
        ("xx", ""),
    ],
)
def test_each_language_has_a_script(language: str, script: str) -> None:
    """The script is that of most words in the language's file."""
    assert find_script_of_language(language) == script


def test_the_script_of_each_language_is_known() -> None:
    """Otherwise no source in it would get the warning that names cannot be found in its texts."""
    assert [code for code in language_data().languages if not find_script_of_language(code)] == []


def test_the_script_of_a_text_is_that_of_its_first_letter() -> None:
    """Signs are skipped; a text without letters has none."""
    assert [find_script(text) for text in ("«Путин»", "Đỗ", "123")] == ["Cyrillic", "Latin", ""]


def test_a_source_in_a_script_without_the_names_is_a_warning() -> None:
    """The message names an official and what to do; a source without a language is not checked."""
    sources = (Source("thai", language="th"), Source("ru", language="ru"), Source("any"))
    (issue,) = lint_sources(Watchlist((LATIN, BOTH)), sources)
    assert issue.key_path == ("sources", "thai", "language")
    assert issue.is_warning
    assert "Roland Fischmann" in issue.message


def test_an_unknown_country_of_a_source_is_a_warning_with_a_suggestion() -> None:
    """A name in any spelling and a code are known."""
    countries = ("Vietnan", "Viet Nam", "VN", "LAO", "")
    sources = tuple(Source(f"s{at}", country=country) for at, country in enumerate(countries))
    (issue,) = lint_sources(Watchlist(), sources)
    assert (issue.key_path, issue.is_warning) == (("sources", "s0", "country"), True)
    assert "'Vietnan' is not a known country" in issue.message
    assert "Vietnam" in issue.message

"""Initials before and after family names, in Latin and Cyrillic letters."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist

PEOPLE = (
    Official("zorin", "Vladimir Zorin", "Russia"),
    Official("malakhov", "Yevgeny Malakhov", "Russia"),
    Official("petrenko", "Остап Гринюк", "Ukraine"),
    Official("whit", "Jonathan Whitlow", "United Kingdom", roles=(Role("Secretary of State for Health"),)),
    Official("alder", "Jonathan David Aldermore", "United Kingdom"),
)
MATCHER = compile_watchlist(Watchlist(PEOPLE))


def found(text: str, language: str) -> list[str]:
    return [one.text for one in MATCHER.match(Article(url="", body=text, language=language)).mentions]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("ru", "Указ подписал В. В. Зорин.", ["В. В. Зорин"]),
        ("ru", "Зорин В. В. уехал.", ["Зорин В. В."]),
        ("ru", "Список: Малахов Е. А., Лукин П. С.", ["Малахов Е. А."]),
        ("uk", "Слово надали Гринюку О.П. учора.", ["Гринюку О.П."]),
        ("en", "J. D. Aldermore came.", ["J. D. Aldermore"]),
        ("en", "J.D. Aldermore came.", ["J.D. Aldermore"]),
        ("en", "Health Secretary J. D. Whitlow came.", ["J. D. Whitlow"]),
    ],
)
def test_initials_replace_the_given_names(language: str, text: str, names: list[str]) -> None:
    """Two initials may be before or after the family name, and in another script than the configured name."""
    assert found(text, language) == names


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ru", "Указ подписал А. В. Зорин."),
        ("ru", "Лукин П. С., Малахов П. К. и Зорин С. Ю. вышли."),
        ("en", "M. D. Aldermore came. J. K. Aldermore left."),
        ("en", "J. D. Whitlow sculpted."),
    ],
)
def test_other_initials_mean_another_person(language: str, text: str) -> None:
    """The first initial must be that of the official; without a fitting title, so must the second."""
    assert found(text, language) == []


def test_a_family_name_with_other_initials_is_no_short_name() -> None:
    """After the full name, the family name counts alone or with the right initials only."""
    text = "Е. А. Малахов вышел. П. К. Малахов остался. Малахов П. К. молчал. Малахов вернулся."
    assert found(text, "ru") == ["Е. А. Малахов", "Малахов"]

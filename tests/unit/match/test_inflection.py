"""Inflection: names in Latin letters with the endings of the article's language."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Watchlist
from monitor.match.engine import compile_watchlist

PEOPLE = (
    Official("zielinski", "Mirosław Zieliński", "Poland"),
    Official("marek", "Paweł Wasilewski-Duda", "Poland"),
    Official("kucera", "Karel Kučera", "Czech Republic"),
    Official("havranek", "Pavel Havránek", "Czech Republic"),
    Official("benko", "Ondrej Benko", "Slovakia"),
    Official("weber", "Klara Dornfeld", "Germany"),
    Official("horvatova", "Zuzana Horvátová", "Slovakia"),
)
MATCHER = compile_watchlist(Watchlist(PEOPLE))


def found(language: str, text: str) -> list[str]:
    return [one.text for one in MATCHER.match(Article(url="", body=text, language=language)).mentions]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("pl", "Rozmowa z Mirosławem Zielińskim trwała.", ["Mirosławem Zielińskim"]),
        (
            "pl",
            "List do Mirosława Zielińskiego. Dla Zielińskiego jest to sukces.",
            ["Mirosława Zielińskiego", "Zielińskiego"],
        ),
        ("pl", "O Pawle Wasilewskim-Dudzie mówiono wczoraj.", ["Pawle Wasilewskim-Dudzie"]),
        ("pl", "Spotkanie Klary Dornfeld w sobotę.", ["Klary Dornfeld"]),
        ("cs", "Jednal s Karlem Kučerou, řekl mluvčí Kučery.", ["Karlem Kučerou", "Kučery"]),
        ("cs", "Podle Pavla Havránka dohoda platí, Havránkovi to stačí.", ["Pavla Havránka", "Havránkovi"]),
        ("sk", "Stretol sa s Ondrejom Benkom a so Zuzanou Horvátovou.", ["Ondrejom Benkom", "Zuzanou Horvátovou"]),
        ("de", "Klara Dornfeld reiste ab. Dornfelds Sprecher blieb.", ["Klara Dornfeld", "Dornfelds"]),
        ("de", "Das Team von Klara Dornfelds Partei gewann.", ["Klara Dornfelds"]),
    ],
)
def test_inflected_names_are_found(language: str, text: str, names: list[str]) -> None:
    """A full name is found in all cases, and a short name after it."""
    assert found(language, text) == names


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("cs", "Pavla Kučera zpívala, a Karla Kučera hrála."),
        ("pl", "Mirosława Zielińska śpiewała."),
        ("pl", "Dla Zielińskiego to sukces."),
        ("en", "He sat with Pavla Havranka."),
        ("en", "Klara Dornfelds sang."),
        ("de", "Die Dornfelds wohnen hier."),
    ],
)
def test_inflected_names_of_other_people_are_not_found(language: str, text: str) -> None:
    """A woman's name is not a genitive of a man's, a family name alone does not count, and English has no cases."""
    assert found(language, text) == []

"""Names in Latin letters with the endings of the article's language."""

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
WATCHER = compile_watchlist(Watchlist(PEOPLE))


def found(language: str, text: str) -> list[str]:
    return [one.text for one in WATCHER.match(Article(url="", body=text, language=language)).mentions]


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
def test_names_in_other_cases(language: str, text: str, names: list[str]) -> None:
    """A name is found in its cases, as a whole and after it in part."""
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
def test_somebody_else(language: str, text: str) -> None:
    """A woman's name is not a man's genitive, a family name alone names nobody, and other languages have no cases."""
    assert found(language, text) == []

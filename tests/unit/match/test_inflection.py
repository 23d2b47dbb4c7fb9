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


def test_hungarian_letters_of_two_characters_are_doubled_before_an_ending() -> None:
    """Gergely with an ending is Gergellyel, and Balázs is Balázzsal."""
    matcher = compile_watchlist(Watchlist((Official("g", "Bodor Gergely"), Official("b", "Kövesi Balázs"))))
    text = "Bodor Gergellyel és Kövesi Balázzsal beszélt."
    mentions = matcher.match(Article(url="", body=text, language="hu")).mentions
    assert [one.text for one in mentions] == ["Bodor Gergellyel", "Kövesi Balázzsal"]


def test_a_prefix_begins_with_a_capital_at_the_start_of_a_sentence() -> None:
    """In Zulu, prefixes are joined to full and short names."""
    matcher = compile_watchlist(Watchlist((Official("m", "Sizwe Mabhena"),)))
    text = "UNgqongqoshe uSizwe Mabhena ukhulumile. UMabhena uthe, kuMabhena."
    mentions = matcher.match(Article(url="", body=text, language="zu")).mentions
    assert [one.text for one in mentions] == ["Sizwe Mabhena", "Mabhena", "Mabhena"]


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


NEIGHBOURS = (
    Official("salmela", "Veikko Salmela", "Finland"),
    Official("virtanen", "Kaisa Virtanen", "Finland"),
    Official("bodnar", "Bodnár Gergely", "Hungary"),
    Official("tamm", "Liina Tamm", "Estonia"),
    Official("ozols", "Raimonds Ozols", "Latvia"),
    Official("petrauskas", "Mindaugas Petrauskas", "Lithuania"),
    Official("yildiz", "Kerem Yıldız", "Turkey"),
    Official("hoxhaj", "Arben Kelmendi", "Albania"),
    Official("greek", "Λεωνίδας Βλάχος", "Greece"),
    Official("beridze", "ლევან ბერიძე", "Georgia"),
    Official("petrosyan", "Տիգրան Վարդանյան", "Armenia"),
    Official("dlamini", "Themba Dlamini", "South Africa"),
    Official("castro", "Ernesto Carrillo", "Cuba"),
    Official("weiss", "Paula Weiss", "Austria"),
    Official("salwa", "Ernest Salwa", "Poland"),
    Official("tymko", "Петро Тимченко", "Ukraine"),
    Official("belova", "Ангелина Фишер", "Russia"),
    Official("kozlov", "Павел Рогов", "Russia"),
    Official("zupan", "Igor Trubar", "Slovenia"),
    Official("dubois", "Jean-Luc Morand", "France"),
)
ABROAD = compile_watchlist(Watchlist(NEIGHBOURS))


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("fi", "Ministeri tapasi Veikko Salmelan. Salmelalla oli kiire.", ["Veikko Salmelan", "Salmelalla"]),
        ("fi", "Kirje Kaisa Virtaselta saapui.", ["Kaisa Virtaselta"]),
        ("hu", "Bodnár Gergelyt és Bodnár Gergelynek a titkárát várták.", ["Bodnár Gergelyt", "Bodnár Gergelynek"]),
        ("et", "Kohtumine Liina Tammega toimus.", ["Liina Tammega"]),
        ("lv", "Tikšanās ar Raimondu Ozolu un Raimonda Ozola vizīte.", ["Raimondu Ozolu", "Raimonda Ozola"]),
        ("lt", "Mindaugo Petrausko vizitas.", ["Mindaugo Petrausko"]),
        ("tr", "Bakan Kerem Yıldıza göre durum iyi.", ["Kerem Yıldıza"]),
        ("sq", "Takimi me Arben Kelmendin u mbajt.", ["Arben Kelmendin"]),
        ("el", "Η συνάντηση του Λεωνίδα Βλάχου με τον πρέσβη.", ["Λεωνίδα Βλάχου"]),
        ("ka", "შეხვედრა ლევან ბერიძესთან გაიმართა.", ["ლევან ბერიძესთან"]),
        ("hy", "Հանդիպում Տիգրան Վարդանյանի հետ։", ["Տիգրան Վարդանյանի"]),
        ("zu", "Amaphoyisa athi uThemba Dlamini ufikile.", ["Themba Dlamini"]),
        ("pl", "Biografia Ernesta Carrillo ukazała się wczoraj.", ["Ernesta Carrillo"]),
        ("pl", "Spotkanie z Ernestem Salwą trwało.", ["Ernestem Salwą"]),
        ("cs", "Setkání s Paulou Weiss trvalo hodinu.", ["Paulou Weiss"]),
        ("uk", "Зустріч з Петром Тимченком.", ["Петром Тимченком"]),
        ("ru", "Речь Ангелины Фишер и Павла Рогова.", ["Ангелины Фишер", "Павла Рогова"]),
        ("sl", "Pogovor z Igorjem Trubarjem.", ["Igorjem Trubarjem"]),
        ("sk", "Rozhovor s Jeanom-Lucom Morandom.", ["Jeanom-Lucom Morandom"]),
    ],
)
def test_names_are_found_with_the_endings_of_many_languages(language: str, text: str, names: list[str]) -> None:
    """The endings come from the data of the article's language, or of the script."""
    assert [one.text for one in ABROAD.match(Article(url="", body=text, language=language)).mentions] == names


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fi", "Veikkon Salmela on kylä."),
        ("en", "Veikko Salmelan is another man."),
        ("ru", "Павла Рогов пела."),
        ("pl", "Igora Trubar nie zna nikt."),
    ],
)
def test_forms_that_no_case_has_are_not_found(language: str, text: str) -> None:
    """The words of a name are in one case, as far as the language declines them."""
    assert ABROAD.match(Article(url="", body=text, language=language)).mentions == ()


SAME_FORM = (Official("petra", "Lucie Petra", "Czech Republic"), Official("petr", "Marek Petr", "Czech Republic"))


@pytest.mark.parametrize("officials", [SAME_FORM, SAME_FORM[::-1]])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Marek Petr přijel. Podle Petra dohoda platí.", [("petr", "Marek Petr"), ("petr", "Petra")]),
        ("Lucie Petra přijela. Podle Petra dohoda platí.", [("petra", "Lucie Petra"), ("petra", "Petra")]),
    ],
)
def test_a_form_of_several_family_names_means_the_official_who_is_named(
    officials: tuple[Official, ...], text: str, expected: list[tuple[str, str]]
) -> None:
    """A word may be a case of one family name and also another family name; the watchlist's order is irrelevant."""
    mentions = compile_watchlist(Watchlist(officials)).match(Article(url="", body=text, language="cs")).mentions
    assert [(one.official_id, one.text) for one in mentions] == expected


@pytest.mark.parametrize(
    ("name", "language", "text", "expected"),
    [
        ("Petr Horák", "cs", "Petra Horáková zpívala.", []),
        ("Petr Horák", "cs", "Podle Petra Horáka.", ["Petra Horáka"]),
        ("Milan Kolar", "sl", "Milana Kolarjeva je rekla.", []),
        ("Carmen Ortiz", "cs", "S Carmen Ortizovou jednal.", ["Carmen Ortizovou"]),
        ("Pavel Orlov", "ru", "Павла Ивановна Орлова пела.", []),
        ("Валентин Бондар", "uk", "Валентина Петрівна Бондар заявила.", []),
        ("Валентин Бондар", "uk", "Слова Валентина Петровича Бондаря.", ["Валентина Петровича Бондаря"]),
        ("Александра Орлова", "ru", "Слова Александра Ивановича Орлова.", []),
        ("Александра Орлова", "ru", "Слова Александры Ивановны Орловой.", ["Александры Ивановны Орловой"]),
        ("Никита Глинка", "ru", "Заявил Никита Иванович Глинка.", ["Никита Иванович Глинка"]),
        ("Любовь Ежова", "ru", "Интервью Любови Эдуардовны Ежовой.", ["Любови Эдуардовны Ежовой"]),
        ("Alexander Ivanov", "pl", "Aleksandra Borisowna Iwanowa śpiewała.", []),
        ("Корнелия Ралчева", "bg", "Корнелия Петрова Ралчева каза.", ["Корнелия Петрова Ралчева"]),
    ],
)
def test_the_forms_of_women_are_names_of_women_only(name: str, language: str, text: str, expected: list[str]) -> None:
    """Family name and father's name show the sex; the first name is the same word in a case of the other sex."""
    matcher = compile_watchlist(Watchlist((Official("one", name),)))
    assert [one.text for one in matcher.match(Article(url="", body=text, language=language)).mentions] == expected

"""Names across scripts: a name typed in Latin letters in a text in another script, and the other way round."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Watchlist
from monitor.match.engine import Matcher, compile_watchlist
from monitor.match.names.cross_script import key_of_other_script, list_latin_keys, romanise, to_latin


def find(matcher: Matcher, text: str, language: str) -> list[tuple[str, str]]:
    found = matcher.match(Article(url="", body=text, language=language)).mentions
    return [(one.official_id, one.text) for one in found]


LATIN = compile_watchlist(
    Watchlist(
        tuple(
            Official(name, name)
            for name in (
                "Geoffrey Chadwick",
                "Jacqueline Moreau",
                "Wolfgang Schreiber",
                "Katarzyna Wrzesińska",
                "Nikos Dimitriadis",
                "Levan Kiknadze",
                "Pierre-Marc Gautier",
                "Xavier Quintero",
                "Konrad Kurz",
                "Artashes Barzoyan",
                "Fathi Mazhari",
                "Ruslan Qoshanov",
            )
        )
    )
)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Министр Джеффри Чедвик прибыл. Позже Чедвик уехал.", "ru", "Geoffrey Chadwick"),
        ("Встреча с Джеффри Чедвиком.", "ru", "Geoffrey Chadwick"),
        ("Жаклин Моро выступила.", "ru", "Jacqueline Moreau"),
        ("Зустріч із Вольфгангом Шрайбером.", "uk", "Wolfgang Schreiber"),
        ("Срещата с Катажина Вжешинска", "bg", "Katarzyna Wrzesińska"),
        ("Волфганг Шрајбер је рекао.", "sr", "Wolfgang Schreiber"),
        ("Речь Пьера-Марка Готьера", "ru", "Pierre-Marc Gautier"),
        ("Ο Νίκος Δημητριάδης μίλησε.", "el", "Nikos Dimitriadis"),
        ("ლევან კიკნაძე ჩამოვიდა.", "ka", "Levan Kiknadze"),
        ("Конрад Курц выступил.", "ru", "Konrad Kurz"),
        ("Арташес Барзоян прибыл.", "ru", "Artashes Barzoyan"),
        ("Фатхи Мазхари заявил.", "ru", "Fathi Mazhari"),
        ("Руслан Қошанов мәлімдеді.", "kk", "Ruslan Qoshanov"),
    ],
)
def test_a_latin_name_is_found_in_another_script(text: str, language: str, expected: str) -> None:
    """The words sound alike, in any case; a later family name alone counts too."""
    assert {official for official, _ in find(LATIN, text, language)} == {expected}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Джеффри Чедс прибыл.", "ru"),
        ("Джон Чедвик прибыл.", "ru"),
        ("Чедвик прибыл.", "ru"),
        ("Вольфганг Шрёдер выступил.", "ru"),
    ],
)
def test_other_people_do_not_sound_alike(text: str, language: str) -> None:
    """Both words of the name must agree."""
    assert find(LATIN, text, language) == []


def test_a_name_in_another_script_is_found_in_latin_letters() -> None:
    """Without a Latin alias the romanised name is looked for."""
    matcher = compile_watchlist(Watchlist((Official("g", "Григорий Малышев", "Russia"),)))
    assert find(matcher, "Grigory Malyshev of Russia spoke. Malyshev left.", "en") == [
        ("g", "Grigory Malyshev"),
        ("g", "Malyshev"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "language"),
    [
        ("Мохаммад Юсуфи", "Мухаммед Юсуфи прибыл.", "ru"),
        ("Ричард Гринвелл", "Слова Ричарда Гринвела", "ru"),
        ("Viktor Hovland", "Rozmowa z Wiktorem Hovlandem.", "pl"),
        ("Theresa Brand", "Sastanak s Terezom Brand", "hr"),
        ("Donald Krump", "Donalds Kramps teica.", "lv"),
    ],
)
def test_a_foreign_name_is_found_as_the_language_spells_it(name: str, text: str, language: str) -> None:
    """Slavic and Baltic languages write foreign names as they sound."""
    assert len(find(compile_watchlist(Watchlist((Official("one", name),))), text, language)) == 1


def test_other_consonants_tell_people_apart() -> None:
    """Two first names with the same beginning are two names."""
    assert find(compile_watchlist(Watchlist((Official("one", "Марина Лосева"),))), "Мария Лосева пела.", "ru") == []


def test_keys_of_both_scripts_meet() -> None:
    """The key of a word in another script is among the keys of its Latin spelling."""
    assert key_of_other_script(to_latin("шольц")) in list_latin_keys("scholz")
    assert key_of_other_script(to_latin("камерон")) in list_latin_keys("cameron")
    assert romanise("Юлия Щербакова") == "Yuliya Shcherbakova"
    assert romanise("محمد") == ""

"""The spellings of Slavic and Persian names in Latin letters."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist


def found(name: str, country: str, text: str) -> list[str]:
    matcher = compile_watchlist(Watchlist((Official("who", name, country),)))
    return [one.text for one in matcher.match(Article(url="", body=text, language="en")).mentions]


@pytest.mark.parametrize(
    ("name", "country", "written"),
    [
        ("Alexey Hrytsenko", "Ukraine", "Aleksej Grytsenko"),
        ("Maxim Bahdanovich", "Belarus", "Maksim Bagdanovich"),
        ("Aleksandr Zhurko", "Russia", "Alexander Zhurko"),
        ("Alexander Zhurko", "Belarus", "Alyaksandr Zhurko"),
        ("Ihor Tymchenko", "Ukraine", "Igor Tymchenko"),
        ("Yulia Bondarenko", "Belarus", "Julija Bondarenka"),
        ("Andrii Kovalchuk", "Ukraine", "Andrey Kovalchuk"),
        ("Serhiy Rudenko", "Ukraine", "Sergii Rudenko"),
        ("Stoyan Marinov", "Bulgaria", "Stojan Marinov"),
        ("Maksim Nikolov", "North Macedonia", "Maxim Nikolov"),
        ("Jovan Petrović", "Serbia", "Yovan Petrovich"),
        ("Milan Obradovich", "Montenegro", "Milan Obradović"),
        ("Farid Baqeri", "Iran", "Farid Bagheri"),
        ("Omid Dehqani", "Iran", "Omeed Dehghani"),
        ("Rouzbeh Khosravi", "Iran", "Ruzbeh Xosravi"),
    ],
)
def test_transliterations_of_one_name_are_found(name: str, country: str, written: str) -> None:
    """A name is found in another transliteration, and its family name after it."""
    second = written.split()[1]
    assert found(name, country, f"{country} sent {written}. Late at night {second} left.") == [written, second]


@pytest.mark.parametrize(
    ("name", "country", "other"),
    [
        ("Aleksandr Zhurko", "Russia", "Alexandra Zhurko"),
        ("Dmitry Orlov", "Russia", "Dmitry Orlova"),
        ("Stefan Kolev", "Bulgaria", "Stefan Koleva"),
        ("Maxim Bahdan", "Sweden", "Maksim Bagdan"),
    ],
)
def test_names_of_other_people_are_not_found(name: str, country: str, other: str) -> None:
    """A woman's name is not a man's, and names of other countries have only one spelling."""
    assert found(name, country, f"{country} sent {other} abroad.") == []


def test_an_initial_may_replace_the_given_name_in_singapore() -> None:
    """An initial may replace a given name with a fitting position, but not a family name that is written first."""
    roles = (Role("Minister for Transport"),)
    people = (
        Official("raj", "Balakumar Rajendran", "Singapore", roles=roles),
        Official("teo", "Teo Boon Kiat", "Singapore", roles=roles),
    )
    matcher = compile_watchlist(Watchlist(people))
    text = (
        "Singapore's Transport Minister B Rajendran spoke. Transport Minister T. Teo left; V. Rajendran, a baker, too."
    )
    found = matcher.match(Article(url="", body=text, language="en")).mentions
    assert [one.text for one in found] == ["B Rajendran"]

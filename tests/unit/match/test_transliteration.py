"""The spellings of Slavic and Persian names in Latin letters."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist


def found(name: str, country: str, text: str) -> list[str]:
    watcher = compile_watchlist(Watchlist((Official("who", name, country),)))
    return [one.text for one in watcher.match(Article(url="", body=text, language="en")).mentions]


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
def test_spellings_of_one_name(name: str, country: str, written: str) -> None:
    """One name is found in the letters of another house style, and its second half after it."""
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
def test_somebody_else(name: str, country: str, other: str) -> None:
    """A woman's name is not a man's, and other countries spell their names in one way."""
    assert found(name, country, f"{country} sent {other} abroad.") == []


def test_an_initial_for_the_given_name_in_singapore() -> None:
    """An initial stands for a given name beside a post that fits; for a family name typed first it does not."""
    roles = (Role("Minister for Transport"),)
    people = (
        Official("raj", "Balakumar Rajendran", "Singapore", roles=roles),
        Official("teo", "Teo Boon Kiat", "Singapore", roles=roles),
    )
    watcher = compile_watchlist(Watchlist(people))
    text = (
        "Singapore's Transport Minister B Rajendran spoke. Transport Minister T. Teo left; V. Rajendran, a baker, too."
    )
    found = watcher.match(Article(url="", body=text, language="en")).mentions
    assert [one.text for one in found] == ["B Rajendran"]

"""Arabic names: with and without an article, with more and fewer patronymics."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Karim Darwazeh", "Karim al-Darwazeh"),
        ("Karim Darwazeh", "Karim ad-Darwazeh"),
        ("Karim Darwazeh", "Karim Eldarwazeh"),
        ("Karim al-Darwazeh", "Karim AlDarwazeh"),
        ("Karim el-Darwazeh", "Karim Darwazeh"),
        ("Karim Aldarwazeh", "Karim Al Darwazeh"),
        ("Nasser Shuqairi", "Nasser ash-Shuqairi"),
        ("Faisal bin Turki bin Nayef Al Qasim", "Faisal bin Turki Al Qasim"),
        ("Faisal bin Turki Al Qasim", "Faisal bin Turki bin Nayef Al Qasim"),
        ("Faisal bin Turki", "Faisal bin Turki bin Nayef bin Abdul Aziz Al Qasim"),
        ("Faisal bin Turki Al Qasim", "Faisal bin Turki bin Abdul Aziz bin Nayef Al Qasim"),
    ],
)
def test_articles_and_patronymics_may_be_added_or_omitted(name: str, written: str) -> None:
    """An Arabic family name is found with and without an article, and with more or fewer patronymics."""
    matcher = compile_watchlist(Watchlist((Official("who", name, "Jordan"),)))
    text = f"Jordan's {written} spoke first."
    assert [one.text for one in matcher.match(Article(url="", body=text, language="en")).mentions] == [written]


def test_the_family_name_is_found_with_and_without_its_article() -> None:
    """After the full name, the family name counts with and without the article."""
    matcher = compile_watchlist(Watchlist((Official("who", "Karim Darwazeh", "Jordan"),)))
    text = "Karim al-Darwazeh spoke. Darwazeh left, and al-Darwazeh came back. Walid al-Darwazeh, a baker, slept."
    found = matcher.match(Article(url="", body=text, language="en")).mentions
    assert [one.text for one in found] == ["Karim al-Darwazeh", "Darwazeh", "al-Darwazeh"]


def test_a_given_name_with_another_patronymic_is_another_person() -> None:
    """The given name of the official with another father's name is another person."""
    matcher = compile_watchlist(
        Watchlist((Official("who", "Faisal bin Turki Al Qasim", "Qatar", roles=(Role("Emir"),)),))
    )
    text = "Qatar hosted Faisal bin Turki Al Qasim. Sheikh Faisal bin Saqr Al Qasim and Saqr bin Turki Al Qasim came."
    found = matcher.match(Article(url="", body=text, language="en")).mentions
    assert [one.text for one in found] == ["Faisal bin Turki Al Qasim"]

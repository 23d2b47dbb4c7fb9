"""Arabic names: with their article or without, with more fathers or fewer."""

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
def test_articles_and_fathers_come_and_go(name: str, written: str) -> None:
    """The article may stand before an Arabic family name or not, and fathers be named or left out."""
    watcher = compile_watchlist(Watchlist((Official("who", name, "Jordan"),)))
    text = f"Jordan's {written} spoke first."
    assert [one.text for one in watcher.match(Article(url="", body=text, language="en")).mentions] == [written]


def test_the_family_name_alone_with_its_article() -> None:
    """After the whole name the family name stands alone, with the article or without."""
    watcher = compile_watchlist(Watchlist((Official("who", "Karim Darwazeh", "Jordan"),)))
    text = "Karim al-Darwazeh spoke. Darwazeh left, and al-Darwazeh came back. Walid al-Darwazeh, a baker, slept."
    found = watcher.match(Article(url="", body=text, language="en")).mentions
    assert [one.text for one in found] == ["Karim al-Darwazeh", "Darwazeh", "al-Darwazeh"]


def test_another_man_s_fathers() -> None:
    """A given name before another father's is another man."""
    watcher = compile_watchlist(
        Watchlist((Official("who", "Faisal bin Turki Al Qasim", "Qatar", roles=(Role("Emir"),)),))
    )
    text = "Qatar hosted Faisal bin Turki Al Qasim. Sheikh Faisal bin Saqr Al Qasim and Saqr bin Turki Al Qasim came."
    found = watcher.match(Article(url="", body=text, language="en")).mentions
    assert [one.text for one in found] == ["Faisal bin Turki Al Qasim"]

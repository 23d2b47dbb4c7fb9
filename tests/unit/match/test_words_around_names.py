"""Words next to a name: places and things named after a person, and words that only begin the sentence."""

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist

PEOPLE = (
    Official("brandner", "Konrad Brandner", "Austria"),
    Official("kubelik", "Jaromír Kubelík", "Czech Republic"),
    Official("sowinski", "Jerzy Sowiński", "Poland"),
    Official("orlenko", "Степан Орленко", "Ukraine"),
    Official("berzinskis", "Valdis Bērziņskis", "Latvia"),
    Official("hartiala", "Veikko Hartiala", "Finland"),
    Official("kalliainen", "Veikko Kalliainen", "Finland"),
)
MATCHER = compile_watchlist(Watchlist(PEOPLE))


def found(language: str, text: str) -> list[str]:
    return [one.text for one in MATCHER.match(Article(url="", body=text, language=language)).mentions]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("cs", "Nemocnice Jaromíra Kubelíka je plná."),
        ("cs", "V parku Jaromíra Kubelíka hrála hudba."),
        ("pl", "Pożar przy ul. Jerzego Sowińskiego ugaszono."),
        ("pl", "Uczniowie szkoły im. Jerzego Sowińskiego wygrali."),
        ("uk", "Лікарня імені Степана Орленка працює."),
        ("ru", "Пароход «Степан Орленко» вышел в море."),
        ("lv", "Valda Bērziņska ielā bija avārija."),
        ("fi", "Veikko Kalliaisen katu suljettiin."),
        ("id", "Pasien dirawat di Rumah Sakit Konrad Brandner."),
        ("id", "Banjir di Jl. Konrad Brandner surut."),
        ("da", "Færgen Konrad Brandner er forsinket."),
        ("sq", "Aksident në rrugën Konrad Brandner."),
        ("en", "Buses left for Rue Konrad Brandner."),
        ("ro", "Cartea e la Biblioteca Municipală Konrad Brandner."),
    ],
)
def test_places_and_things_named_after_a_person_are_not_mentions(language: str, text: str) -> None:
    """Streets, schools, hospitals and ships are recognised by the words of the language, in their cases."""
    assert found(language, text) == []


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("ru", "Посол выступил от имени Степана Орленко.", ["Степана Орленко"]),
        ("en", "Most Konrad Brandner supporters agree.", ["Konrad Brandner"]),
        ("en", "Port Minister Konrad Brandner agreed.", ["Konrad Brandner"]),
        ("sl", "Trgovec Konrad Brandner je odšel.", ["Konrad Brandner"]),
        ("cs", "Může Jaromír Kubelík odejít?", ["Jaromír Kubelík"]),
    ],
)
def test_words_that_resemble_words_for_places_do_not_hide_a_person(language: str, text: str, names: list[str]) -> None:
    """A word of another language, or one that only begins like a word for a place, is no such word."""
    assert found(language, text) == names


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("lv", "Valdis Bērziņskis runāja. Ar Bērziņski tikās visi.", "Bērziņski"),
        ("cs", "Jaromír Kubelík přišel. O Kubelíkovi se mluví.", "Kubelíkovi"),
        ("pl", "Jerzy Sowiński wyszedł. Pan Sowiński milczy.", "Sowiński"),
    ],
)
def test_a_word_that_begins_the_sentence_is_not_part_of_the_name(language: str, text: str, name: str) -> None:
    """Prepositions and forms of address have a capital at the start of a sentence, even a single letter."""
    assert found(language, text)[1:] == [name]


def test_a_given_name_before_another_family_name_is_not_a_mention() -> None:
    """A hyphen or an editor's bracket may stand between them."""
    official = Official("gar", "Frank Garlono", "Indonesia", roles=(Role("Minister of Foreign Affairs"),))
    matcher = compile_watchlist(Watchlist((official,)))
    for text in ("Foreign Minister Frank-Walter Stein spoke.", "A friend of [Foreign Minister Frank] Stein spoke."):
        assert matcher.match(Article(url="", body=text, language="en")).mentions == ()
    (mention,) = matcher.match(Article(url="", body="Foreign Minister Frank spoke.", language="en")).mentions
    assert mention.text == "Frank"

"""Titles in many press languages match the positions that a watchlist names in English."""

from datetime import UTC, datetime

import pytest

from monitor.domain.article import Article
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import Matcher, compile_watchlist

PEOPLE = (
    ("erdogan", "Recep Tayyip Erdoğan", "Turkey", "President"),
    ("fidan", "Hakan Fidan", "Turkey", "Foreign Minister"),
    ("haddad", "Fernando Haddad", "Brazil", "Minister of Finance"),
    ("tebet", "Simone Tebet", "Brazil", "Minister of Planning"),
    ("rangel", "Paulo Rangel", "Portugal", "Minister of Foreign Affairs"),
    ("ruto", "William Ruto", "Kenya", "President"),
    ("kindiki", "Kithure Kindiki", "Kenya", "Deputy President"),
    ("murkomen", "Kipchumba Murkomen", "Kenya", "Cabinet Secretary for Interior"),
    ("mudavadi", "Musalia Mudavadi", "Kenya", "Prime Cabinet Secretary"),
    ("merz", "Friedrich Merz", "Germany", "Chancellor"),
    ("pistorius", "Boris Pistorius", "Germany", "Minister of Defence"),
    ("wadephul", "Johann Wadephul", "Germany", "Foreign Minister"),
    ("tusk", "Donald Tusk", "Poland", "Prime Minister"),
    ("sikorski", "Radosław Sikorski", "Poland", "Minister of Foreign Affairs"),
    ("nawrocki", "Karol Nawrocki", "Poland", "President"),
    ("meloni", "Giorgia Meloni", "Italy", "Prime Minister"),
    ("tajani", "Antonio Tajani", "Italy", "Minister of Foreign Affairs"),
    ("crosetto", "Guido Crosetto", "Italy", "Minister of Defence"),
    ("brekelmans", "Ruben Brekelmans", "Netherlands", "Minister of Defence"),
    ("kristersson", "Ulf Kristersson", "Sweden", "Prime Minister"),
    ("fiala", "Petr Fiala", "Czech Republic", "Prime Minister"),
    ("ciolacu", "Marcel Ciolacu", "Romania", "Prime Minister"),
    ("orpo", "Petteri Orpo", "Finland", "Prime Minister"),
)


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    people = (Official(key, name, country, roles=(Role(post),)) for key, name, country, post in PEOPLE)
    return compile_watchlist(Watchlist(tuple(people)))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Cumhurbaşkanı Erdoğan, salı günü Bağdat'a gidecek.", "erdogan"),
        ("Dışişleri Bakanı Fidan, Bağdat'a gitti ve mevkidaşıyla görüştü.", "fidan"),
        ("O ministro da Fazenda, Haddad, falou ao Congresso na terça.", "haddad"),
        ("A ministra do Planejamento Tebet apresentou o orçamento.", "tebet"),
        ("O ministro dos Negócios Estrangeiros Rangel visitou Luanda.", "rangel"),
        ("Rais Ruto alisema serikali itajenga barabara.", "ruto"),
        ("Naibu Rais Kindiki alisema hivyo mjini Nairobi.", "kindiki"),
        ("Interior CS Murkomen said police would act on Monday.", "murkomen"),
        ("PCS Mudavadi met envoys in Nairobi.", "mudavadi"),
        ("DP Kindiki toured Meru on Friday.", "kindiki"),
        ("Bundeskanzler Merz reist am Montag nach Warschau.", "merz"),
        ("Verteidigungsminister Pistorius besuchte die Truppe in Litauen.", "pistorius"),
        ("Der Außenminister Wadephul sprach in Berlin mit Journalisten.", "wadephul"),
        ("Premier Tusk spotkał się z dziennikarzami w Sejmie.", "tusk"),
        ("Szef MSZ Sikorski poleciał do Kijowa.", "sikorski"),
        ("Minister spraw zagranicznych Sikorski poleciał do Kijowa.", "sikorski"),
        ("Prezydent Nawrocki zawetował ustawę.", "nawrocki"),
        ("La premier Meloni ha incontrato i sindacati.", "meloni"),
        ("Il ministro degli Esteri Tajani vola a Bruxelles.", "tajani"),
        ("Il ministro della Difesa Crosetto ha riferito in aula.", "crosetto"),
        ("Minister van Defensie Brekelmans bezocht de basis.", "brekelmans"),
        ("Statsminister Kristersson höll presskonferens i Stockholm.", "kristersson"),
        ("Premiér Fiala odletěl do Bruselu.", "fiala"),
        ("Premierul Ciolacu a anunțat măsuri noi.", "ciolacu"),
        ("Pääministeri Orpo tapasi toimittajat.", "orpo"),
        ("Innenminister Merz trat in Wien zurück.", ""),
        ("Der Sohn von Minister Müller und der Merz-Verlag in Köln.", ""),
        ("Rais Khan scored twice for Lahore.", ""),
        ("Vize-Weltmeister Pistorius lief über 400 Meter.", ""),
        ("El presidente Fidan del club firmó.", ""),
        ("Der Bäcker Merz eröffnet eine Filiale.", ""),
    ],
)
def test_short_names_count_with_a_title_in_other_languages(matcher: Matcher, text: str, named: str) -> None:
    article = Article(
        "https://a.example/1", "News of the day", body=text, published_at=datetime(2026, 3, 5, tzinfo=UTC)
    )
    assert {mention.official_id for mention in matcher.match(article).mentions} == ({named} if named else set())


def test_function_words_before_a_name_do_not_belong_to_it(matcher: Matcher) -> None:
    (mention,) = matcher.match(Article("https://a.example/1", "Reise", body="Das sagte der Boris Pistorius.")).mentions
    assert mention.text == "Boris Pistorius"


@pytest.mark.parametrize("role", ["Speaker", "Speaker of Parliament", "Parliament Speaker", "Speaker of the House"])
@pytest.mark.parametrize(
    "text",
    [
        "Latvia's Parliament Speaker Ozolsone spoke.",
        "Ozolsone, speaker of the Latvian parliament, spoke.",
        "House Speaker Ozolsone spoke in Latvia.",
    ],
)
def test_a_speaker_chairs_a_parliament_however_the_role_is_written(role: str, text: str) -> None:
    """The role may name the parliament or not, and so may the article."""
    matcher = compile_watchlist(Watchlist((Official("o", "Daina Ozolsone", "Latvia", roles=(Role(role),)),)))
    assert [one.text for one in matcher.match(Article(url="", body=text, language="en")).mentions] == ["Ozolsone"]


@pytest.mark.parametrize(
    ("name", "country", "text", "expected"),
    [
        ("Kwabena Osei Agyeman", "Ghana", "Ghana's governor, Osei Agyeman, spoke.", ["Osei Agyeman"]),
        ("José Túlio Sarmento", "Brazil", "O governador José Túlio disse no Brasil.", ["José Túlio"]),
        ("Khalid bin Rashid Al Marzouqi", "Oman", "Omani governor Khalid bin Rashid spoke.", ["Khalid bin Rashid"]),
        ("Kwabena Osei Agyeman", "Ghana", "The singer Osei Agyeman spoke in Ghana.", []),
        ("Kwabena Osei Agyeman", "Ghana", "Ghana's governor, Kofi Agyeman, spoke.", []),
    ],
)
def test_two_parts_of_a_longer_name_count_with_a_fitting_title(
    name: str, country: str, text: str, expected: list[str]
) -> None:
    matcher = compile_watchlist(Watchlist((Official("o", name, country, roles=(Role("Governor"),)),)))
    assert [one.text for one in matcher.match(Article(url="", body=text, language="en")).mentions] == expected


@pytest.mark.parametrize(
    "title",
    ["Ministri i Mbrojtjes", "Ministrin e Mbrojtjes", "Ministrit të Mbrojtjes", "ministrja e Mbrojtjes"],
)
def test_a_capitalized_end_of_a_title_is_no_first_name(title: str) -> None:
    """The last word of a known phrase of titles does not belong to the name after it."""
    official = Official("o", "Arben Kelmendi", "Albania", roles=(Role("Minister of Defence"),))
    article = Article(url="", body=f"{title} Kelmendi foli në Tiranë.", language="sq")
    mentions = compile_watchlist(Watchlist((official,))).match(article).mentions
    assert [one.text for one in mentions] == ["Kelmendi"]

"""Evidence against a whole name is weighed: an occupation, a word after it or a charge does not remove a person."""

from datetime import UTC, datetime

import pytest

from monitor.domain.article import Article
from monitor.domain.mention import Findings
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.match.engine import compile_watchlist

OFFICIALS = (
    Official("okonjo", "Chidinma Okonjo", "Nigeria", roles=(Role("President"),)),
    Official("lindqvist", "Astrid Lindqvist", "Sweden", roles=(Role("Minister of Defence"),)),
    Official("kovac", "Radek Kovačík", "Czechia"),
    Official("ruiz", "Tomás Ruiz", "Spain", roles=(Role("Prime Minister"),)),
    Official("phuc", "Đặng Hữu Phúc", "Vietnam", roles=(Role("Minister of Health"),)),
    Official("marwick", "Fiona Marwick", "United Kingdom", roles=(Role("Secretary of State for Defence"),)),
    Official("dragan", "Ilie Drăganu", "Romania"),
    Official("sorokin", "Павел Сорокин", "Russia"),
)
MATCHER = compile_watchlist(Watchlist(OFFICIALS))


def match(body: str, language: str) -> Findings:
    published = datetime(2026, 5, 5, tzinfo=UTC)
    return MATCHER.match(Article(url="", body=body, language=language, published_at=published))


@pytest.mark.parametrize(
    ("body", "language", "official"),
    [
        ("Chidinma Okonjo, a former singer, has led Nigeria since 2023.", "en", "okonjo"),
        ("President Chidinma Okonjo, the novelist, spoke.", "en", "okonjo"),
        ("Chidinma Okonjo, the suspect in a bribery case, appeared in court.", "en", "okonjo"),
        ("Bị cáo Đặng Hữu Phúc bị tuyên phạt 5 năm tù.", "vi", "phuc"),
        ("Radek Kovačík, the painter, opened the show.", "en", "kovac"),
        ("Am Dienstag besuchte Astrid Lindqvist Truppen in Litauen.", "de", "lindqvist"),
        ("Astrid Lindqvist Helsingissä tiistaina.", "fi", "lindqvist"),
        ("Waziri Astrid Lindqvist Jumatatu alifanya ziara.", "sw", "lindqvist"),
        ("Kampala ndipo Tomás Ruiz Paris said.", "en", "ruiz"),
        ("They met Đặng Hữu Phúc Minister Okello and others.", "en", "phuc"),
        ("Fiona Marwick MP said that the fleet would grow.", "en", "marwick"),
        ("Fiona Marwick KCB OBE DL said so.", "en", "marwick"),
        (
            "El presidente del Gobierno Tomás Ruiz Aguirre compareció. Prime Minister Tomás Ruiz Aguirre spoke.",
            "en",
            "ruiz",
        ),
    ],
)
def test_a_person_is_found_in_spite_of_evidence_against_the_name(body: str, language: str, official: str) -> None:
    """The mention counts, in any language."""
    assert {one.official_id for one in match(body, language).mentions} == {official}


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("Na Letišti Radka Kovačíka přistálo letadlo.", "cs"),
        ("Pe stadionul Ilie Drăganu s-a jucat finala.", "ro"),
        ("На улице Павла Сорокина открыли школу.", "ru"),
        ("Die Truppen zogen in die Astrid Lindqvist Kaserne.", "de"),
        ("The students of Fiona Marwick High School marched to the town hall.", "en"),
        ("Fiona Marwick Memorial Children Hospital opened.", "en"),
        ("Uçak Astrid Lindqvist Havalimanı pistine indi.", "tr"),
        ("A busz az Astrid Lindqvist utca sarkán áll meg.", "hu"),
        ("Le chalutier Astrid Lindqvist est rentré au port.", "fr"),
        ("De trein stopt bij Astrid Lindqvist Plein in de stad.", "nl"),
    ],
)
def test_a_place_or_thing_named_after_a_person_is_not_the_person(body: str, language: str) -> None:
    """The place word precedes or after the name, in the case that the sentence needs."""
    assert match(body, language).mentions == ()


@pytest.mark.parametrize(
    ("body", "language", "reason"),
    [
        ("Singer Chidinma Okonjo sang in Lisbon.", "en", "another person with this name: singer"),
        ("Tomás Ruiz Aguirre ganó el partido.", "es", "part of a longer name: ... Aguirre"),
        ("Ca sĩ Đặng Hữu Phúc hát tối qua.", "vi", "another person with this name: ca sĩ"),
    ],
)
def test_a_close_decision_leaves_a_near_miss_with_its_reason(body: str, language: str, reason: str) -> None:
    """Without evidence for the official, the evidence against the name decides, and the reason is kept."""
    findings = match(body, language)
    assert findings.mentions == ()
    assert reason in [one.reason for one in findings.near_misses]


@pytest.mark.parametrize(
    ("name", "body", "language", "is_found"),
    [
        ("한지우", "한지우 장관은 말했다.", "ko", True),
        ("한지우", "한지우가 방문했다. 한지우의 연설.", "ko", True),
        ("한지우", "한지우개는 지우개다.", "ko", False),
        ("الإمارات العربية المتحدة", "زار الوزير الإمارات العربية المتحدة أمس.", "ar", False),
        ("منى الشريف", "في شارع منى الشريف مقهى.", "ar", False),
    ],
)
def test_the_border_of_a_name_in_another_script(name: str, body: str, language: str, is_found: bool) -> None:
    """A particle or a title may follow a Korean name; a place word precedes a street; a country is not a person."""
    matcher = compile_watchlist(Watchlist((Official("one", name),)))
    assert bool(matcher.match(Article(url="", body=body, language=language)).mentions) is is_found

"""Data files: each is valid, refers to existing files, and contradicts no other."""

import re
from collections import defaultdict
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pytest
import re2

from monitor.language.load import language_data, zone_abbreviations
from monitor.language.schema import Language, Page
from monitor.match.names.forms import parse_name
from monitor.match.vocabulary import title_vocabulary
from monitor.text.dates import month_numbers, parse_date
from monitor.text.fold import fold_key

LANGUAGES = sorted(language_data().languages.values(), key=lambda language: language.code)
CONVENTIONS = sorted(language_data().conventions.values(), key=lambda convention: convention.name)
COUNTRIES = language_data().countries


def symbols(position: str) -> tuple[str, ...]:
    return tuple(sorted(f"{kind}:{part}" for kind, part in zip("hld", position.split("."), strict=False) if part))


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_phrase_of_a_page_is_a_pattern(language: Language) -> None:
    """RE2 and the standard library accept each phrase, so that an error names one file and not a joined pattern."""
    for field in Page.model_fields:
        for phrase in getattr(language.page, field):
            re.compile(phrase)
            re2.compile(phrase)
            assert re.compile(phrase).groups == 0, f"{field}: {phrase!r} has a group; write (?:...)"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_credits_are_plain_words(language: Language) -> None:
    """Words of credits are also searched as text, so that they may not contain the signs of patterns."""
    for word in (*language.page.credits, *language.credits.picture, *language.credits.byline):
        assert re.escape(word).replace("\\ ", " ") == word


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_scripts_and_syllables_are_patterns(language: Language) -> None:
    for letters in filter(None, (language.detection.script, language.detection.letters)):
        re.compile(f"[{letters}]")
    assert re.compile(language.orthography.syllable).groups == 0


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_positions_and_domains_are_those_of_english(language: Language) -> None:
    """English has them all, so that a misspelt key cannot make a position that equals no other."""
    english = language_data().languages["en"].titles
    heads = {position.partition(".")[0] for position in english.positions}
    domains = {
        *english.domains,
        *(position.split(".")[2] for position in english.positions if position.count(".") == 2),
    }
    for position in language.titles.positions:
        head, level, domain = (*position.split("."), "", "")[:3]
        assert head in heads
        assert level in {"", "deputy"}
        assert domain in {"", *domains}
    assert set(language.titles.domains) <= domains


def test_a_position_means_the_same_in_each_language() -> None:
    """One vocabulary serves all languages: a phrase with two meanings would depend on the order of the files."""
    meanings: dict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
    for language in LANGUAGES:
        for position, phrases in language.titles.positions.items():
            for phrase in phrases:
                meanings[fold_key(phrase)][symbols(position)] = language.code
    assert {phrase: found for phrase, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_no_phrase_of_a_title_is_hidden_by_another_list(language: Language) -> None:
    """Positions win over ranks, ranks over forms of address, and these over domains: a hidden phrase has no effect."""
    titles = language.titles
    expected: dict[str, tuple[str, ...]] = {}
    expected |= {phrase: (f"d:{domain}",) for domain, phrases in titles.domains.items() for phrase in phrases}
    expected |= {phrase: (f"r:{rank}",) for rank, phrases in titles.ranks.items() for phrase in phrases}
    expected |= {phrase: symbols(position) for position, phrases in titles.positions.items() for phrase in phrases}
    found = {phrase: title_vocabulary()[fold_key(phrase).replace("-", " ")] for phrase in expected}
    assert found == expected


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_month_is_read_in_a_date(language: Language) -> None:
    for number, names in enumerate(language.calendar.months, 1):
        for name in names:
            assert month_numbers()[normalize("NFKC", name.casefold())] == number, (
                "another language gives the name to another month"
            )
            parsed = parse_date(f"17 {name} 2024")
            assert parsed is not None
            assert parsed.month == number


def test_each_country_has_a_domain_of_its_own() -> None:
    domains = [country.domain for country in COUNTRIES]
    assert all(domains)
    assert sorted(set(domains)) == sorted(domains)


def test_each_time_zone_exists() -> None:
    for country in COUNTRIES:
        if country.time_zone:
            ZoneInfo(country.time_zone)
    for meanings in zone_abbreviations().values():
        for one in meanings:
            assert bool(one.zone) != bool(one.minutes) or one.is_default, one.name
            if one.zone:
                ZoneInfo(one.zone)


def test_an_abbreviation_has_one_meaning_in_each_country() -> None:
    for name, meanings in zone_abbreviations().items():
        countries = [country for one in meanings for country in one.countries]
        assert sorted(set(countries)) == sorted(countries), name
        assert sum(one.is_default for one in meanings) <= 1, name
        assert len(meanings) == 1 or all(one.countries for one in meanings), name


def test_no_country_is_listed_twice() -> None:
    names = [fold_key(name) for country in COUNTRIES for name in country.names]
    assert sorted(set(names)) == sorted(names)


def test_each_convention_has_a_builder() -> None:
    """The name of a country with the convention selects its builder."""
    used = {country.convention: country.names[0] for country in COUNTRIES}
    assert set(used) == {convention.name for convention in CONVENTIONS}
    for convention, country in used.items():
        assert parse_name("Aaa Bbb Ccc", country).convention == convention

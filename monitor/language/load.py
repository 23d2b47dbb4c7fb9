"""Loader for the data files about languages, countries and names.

A file is read and validated when it is first needed.
"""

import re
import tomllib
from collections import Counter
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import TypeVar

from msgspec import Struct
from pydantic import BaseModel, ValidationError

from monitor.language.schema import (
    BUILDER_KEYS,
    Agencies,
    AllCountryNames,
    Convention,
    Countries,
    Country,
    CountryNames,
    Event,
    Events,
    HanWords,
    Language,
    PersonalNames,
    Spellings,
    Transliteration,
    ZoneAbbreviation,
    ZoneAbbreviations,
)

Model = TypeVar("Model", bound=BaseModel)

_BUILDER_DEPENDENT_KEYS = frozenset(key for keys in BUILDER_KEYS.values() for key in keys)


class LanguageDataError(ValueError):
    """Raised if a data file is invalid. The message names the file and the key."""


class LanguageData(Struct, frozen=True):
    """Content of the data files about languages, naming conventions and countries.

    ``languages`` maps codes to languages, sorted by code. ``conventions`` maps names to conventions. Countries are in
    the order of their file.
    """

    languages: MappingProxyType[str, Language]
    conventions: MappingProxyType[str, Convention]
    countries: tuple[Country, ...]
    orthography: Spellings
    transliteration: Transliteration


@cache
def language_data() -> LanguageData:
    """Return the data about languages, naming conventions and countries.

    They are read from the data files at the first call. Raises ``LanguageDataError`` if a file is invalid.
    """
    return load_language_data(files("monitor.language") / "data")


@cache
def zone_abbreviations() -> MappingProxyType[str, tuple[ZoneAbbreviation, ...]]:
    """Return a dictionary that maps each time zone abbreviation, such as "CST", to its meanings.

    They are read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    meanings: dict[str, tuple[ZoneAbbreviation, ...]] = {}
    for one in _read(files("monitor.language") / "data" / "zone_abbreviations.toml", ZoneAbbreviations).abbreviation:
        meanings[one.name] = (*meanings.get(one.name, ()), one)
    return MappingProxyType(meanings)


@cache
def _personal_names() -> PersonalNames:
    return _read(files("monitor.language") / "data" / "personal_names.toml", PersonalNames)


@cache
def common_family_names() -> frozenset[str]:
    """Return the family names that very many people have, in lower case without diacritics.

    They are read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    return frozenset(name for line in _personal_names().common_family_names for name in line.split())


@cache
def uncased_given_names() -> frozenset[str]:
    """Return given names in scripts without capitals, normalized for comparison.

    They are read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    return frozenset(name for line in _personal_names().uncased_given_names for name in line.split())


@cache
def han_words() -> frozenset[str]:
    """Return ordinary Chinese words that could be mistaken for a name.

    They are words of two characters that look like a name, and longer words with a part that looks like one. They are
    read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    lines = _read(files("monitor.language") / "data" / "han_words.toml", HanWords).words
    return frozenset(word for line in lines for word in line.split())


@cache
def agency_names() -> tuple[str, ...]:
    """Return the names and abbreviations of news agencies.

    They are read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    return _read(files("monitor.language") / "data" / "agencies.toml", Agencies).agencies


@cache
def country_names() -> tuple[CountryNames, ...]:
    """Return the names of each country, as the Unicode data about languages (CLDR) list them.

    They are read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    return _read(files("monitor.language") / "data" / "country_names.toml", AllCountryNames).country


@cache
def country_names_in_other_scripts() -> MappingProxyType[str, tuple[str, ...]]:
    """Return a dictionary that maps each country's top-level domain to its names in scripts other than Latin.

    The names are read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    return MappingProxyType({one.domain: one.names for one in country_names()})


@cache
def events() -> tuple[Event, ...]:
    """Return the kinds of events and subjects of news.

    They are read from a data file at the first call. Raises ``LanguageDataError`` if the file is invalid.
    """
    return _read(files("monitor.language") / "data" / "events.toml", Events).event


def page_phrases(field: str) -> tuple[str, ...]:
    """Return the phrases that all languages list under ``field``, each phrase once.

    ``field`` is the name of a field of the model `Page`, such as `labels`.
    """
    phrases = (phrase for language in language_data().languages.values() for phrase in getattr(language.page, field))
    return tuple(dict.fromkeys(phrases))


def load_language_data(folder: Traversable) -> LanguageData:
    """Read and validate all files of a data folder.

    Raises ``LanguageDataError`` if a file is invalid or refers to a missing file. The message names the file and the
    key.
    """
    languages = {}
    for path in _list_files(folder / "languages"):
        language = languages[path.name.removesuffix(".toml")] = _read(path, Language)
        _check_file_name(path, "code", language.code)
        _check_language(path, language)
    conventions = {}
    for path in _list_files(folder / "conventions"):
        convention = conventions[path.name.removesuffix(".toml")] = _read(path, Convention)
        _check_file_name(path, "name", convention.name)
        _check_convention(path, convention)
    path = folder / "countries.toml"
    countries = _read(path, Countries)
    _check_homes(path, countries, languages)
    _check_references(path, countries.country, languages, conventions)
    _check_adjectives(countries.country, languages)
    orthography = _read(folder / "orthography.toml", Spellings)
    transliteration = _read(folder / "transliteration.toml", Transliteration)
    return LanguageData(
        MappingProxyType(languages),
        MappingProxyType(conventions),
        countries.country,
        orthography,
        transliteration,
    )


def _list_files(folder: Traversable) -> list[Traversable]:
    return sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)


def _read(path: Traversable, model: type[Model]) -> Model:
    """Read and validate one data file. ``model`` is the class of the result."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found = model.model_validate(document)
    except tomllib.TOMLDecodeError as error:
        raise LanguageDataError(f"{path.name}: not valid TOML: {error}") from error
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise LanguageDataError(f"{path.name}: {'; '.join(problems)}") from error
    _check_lists(path, "", document)
    return found


def _check_lists(path: Traversable, key: str, value: object) -> None:
    """Raise an error if a list in a data file is empty or has the same entry twice.

    ``value`` is the part of the file to check, and ``key`` is its path in the file.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_lists(path, f"{key}.{name}".removeprefix("."), inner)
    elif isinstance(value, list):
        if not value:
            raise LanguageDataError(f"{path.name}: {key}: the list is empty; delete the key")
        if all(isinstance(inner, str) for inner in value) and len(set(value)) == len(value):
            return  # as nearly all lists, so that the slower checks below are rarely made
        for number, inner in enumerate(value):
            _check_lists(path, f"{key}.{number}", inner)
        entry, count = Counter(map(repr, value)).most_common(1)[0]
        if count > 1:
            raise LanguageDataError(f"{path.name}: {key}: {entry} is listed {count} times; delete all but one")


def _check_file_name(path: Traversable, key: str, value: str) -> None:
    if path.name != f"{value}.toml":
        raise LanguageDataError(f"{path.name}: {key}: {value!r} is not the name of the file")


def _check_language(path: Traversable, language: Language) -> None:
    """Raise an error if a language has some months but not twelve, or if the key of a position is invalid."""
    if len(language.calendar.months) not in {0, 12}:
        raise LanguageDataError(
            f"{path.name}: calendar.months: a year has 12 months, not {len(language.calendar.months)}"
        )
    for position in language.titles.positions:
        if not re.fullmatch(r"[a-z]+|[a-z]+\.[a-z]+|[a-z]+\.[a-z]*\.[a-z]+", position):
            message = f"{position!r} is not a valid position; use head, head.level or head.level.domain"
            raise LanguageDataError(f"{path.name}: titles.positions: {message}")


def _check_convention(path: Traversable, convention: Convention) -> None:
    """Raise an error if the keys of a naming convention do not fit its builder or each other.

    The builder is the function that lists the forms of a name. Three cases are errors: the convention has a key that
    its builder does not use; it has one phonetic part instead of two; or a short form is the family name, but the
    builder does not determine which part of a name is the family name.
    """
    read = BUILDER_KEYS[convention.builder]
    unread = sorted((convention.model_fields_set & _BUILDER_DEPENDENT_KEYS) - read)
    if unread:
        known = f"it reads {', '.join(sorted(read))}" if read else "it reads no list"
        raise LanguageDataError(f"{path.name}: {unread[0]}: the builder {convention.builder!r} ignores it; {known}")
    if len(convention.phonetic_parts) == 1:
        raise LanguageDataError(f"{path.name}: phonetic_parts: name two parts, or none")
    if convention.builder != "family_last" and any(rule.part == "family" for rule in convention.short_forms):
        raise LanguageDataError(f"{path.name}: short_forms: part 'family' needs the builder 'family_last'")


def _check_homes(path: Traversable, countries: Countries, languages: dict[str, Language]) -> None:
    """Raise an error if the languages that countries state under `home_of` are not valid.

    `home_of` is the language in whose texts a title without a country means this country. Two countries must not state
    the same language. A stated language must have a file, or be listed in `languages_without_file`. A code in that list
    must not have a file, and must be stated by a country.
    """
    homes = Counter(country.home_of for country in countries.country if country.home_of)
    for code, number in homes.items():
        if number > 1:
            raise LanguageDataError(f"{path.name}: home_of: {code!r} has {number} countries; name one")
        if code not in languages and code not in countries.languages_without_file:
            message = f"no language {code!r}; add languages/{code}.toml, or name it in languages_without_file"
            raise LanguageDataError(f"{path.name}: home_of: {message}")
    for code in countries.languages_without_file:
        if code in languages or code not in homes:
            reason = "has a file" if code in languages else "is home_of no country"
            raise LanguageDataError(f"{path.name}: languages_without_file: {code!r} {reason}; delete it")


def _check_references(
    path: Traversable,
    countries: tuple[Country, ...],
    languages: dict[str, Language],
    conventions: dict[str, Convention],
) -> None:
    """Raise an error if a convention, country or language refers to a file that does not exist.

    Also raise an error if two countries have the same name.
    """
    for convention in conventions.values():
        for name in convention.shares_lists_of:
            if name not in conventions:
                raise LanguageDataError(f"{convention.name}.toml: shares_lists_of: no convention {name!r}")
    names = Counter(country.names[0] for country in countries)
    for country in countries:
        if names[country.names[0]] > 1:
            raise LanguageDataError(f"{path.name}: {country.names[0]}: names: two countries have this name")
        if country.convention not in conventions:
            raise LanguageDataError(f"{path.name}: {country.names[0]}: no convention {country.convention!r}")
    for language in languages.values():
        if language.inflection.same_as and language.inflection.same_as not in languages:
            missing = language.inflection.same_as
            raise LanguageDataError(f"{language.code}.toml: inflection.same_as: no language {missing!r}")


def _check_adjectives(countries: tuple[Country, ...], languages: dict[str, Language]) -> None:
    """Raise an error if a language has adjectives for an unknown country."""
    domains = {country.domain for country in countries}
    for language in languages.values():
        for domain in language.succession.country_adjectives:
            if domain not in domains:
                key = "succession.country_adjectives"
                raise LanguageDataError(f"{language.code}.toml: {key}: no country has the domain {domain!r}")

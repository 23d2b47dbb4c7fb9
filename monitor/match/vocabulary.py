"""Words of all languages, normalized for matching: titles, places, occupations, ordinary words and countries.

Normalized words are in lower case without diacritics. The words come from `monitor.language`. They are read at the
first call, because commands that do not match articles must not read the data files.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain
from types import MappingProxyType

from msgspec import Struct

from monitor.language.countries import find_country_of_code
from monitor.language.load import country_names_in_other_scripts, language_data
from monitor.language.schema import Convention, Country, Titles
from monitor.match.names.inflection import find_inflection, list_cases
from monitor.text.fold import fold_key, fold_words
from monitor.text.tokens import is_unspaced

_MIN_DECLINED_LETTERS = 5
"""Minimum number of letters of a title word whose inflected forms are listed.

The inflected forms of shorter words are often the same as unrelated words.
"""


_MIN_FOREIGN_PLACE_LETTERS = 3
"""Minimum number of letters of a foreign word before the name of a place, such as "rue" in an English text."""
_MAX_PLACE_CACHE_WORDS = 20_000
"""Maximum number of words in the cache of one language, which stores whether a word precedes names of places."""


class WordLists(Struct, frozen=True):
    """Lists of words from all languages. Words are normalized, except in lists whose names begin with ``marked_``."""

    place_words_after: frozenset[str]
    lowercase_place_words_after: frozenset[str]
    place_names: frozenset[str]
    common: frozenset[str]
    ordinary_names: frozenset[str]
    compounds: frozenset[str]
    after_name: frozenset[str]
    never_after_name: frozenset[str]
    marked_headline_words: frozenset[str]
    """Words that follow a name in a headline, in their spelling with diacritics."""
    occupations: frozenset[str]
    marked_occupations: frozenset[str]
    """Occupations in their spelling with diacritics, from languages in which diacritics distinguish words."""


@cache
def word_lists() -> WordLists:
    """Return the word lists of all languages."""
    languages = language_data().languages.values()
    plain = [language for language in languages if not language.orthography.diacritics_distinguish_words]
    marked = [language for language in languages if language.orthography.diacritics_distinguish_words]
    return WordLists(
        place_words_after=_fold_all(language.places.after for language in languages),
        lowercase_place_words_after=_fold_all(language.places.after_lowercase for language in languages),
        place_names=_fold_all(language.places.names for language in languages),
        common=_fold_all(language.words.common for language in languages),
        ordinary_names=_fold_all(language.words.ordinary_names for language in languages),
        compounds=_fold_all(language.words.compounds for language in languages),
        after_name=_fold_all(language.words.after_name for language in languages),
        never_after_name=_fold_all(language.words.never_after_name for language in languages),
        marked_headline_words=frozenset(w for language in languages for w in language.words.headline_after_name),
        occupations=_fold_all(language.words.occupations for language in plain),
        marked_occupations=frozenset(phrase for language in marked for phrase in language.words.occupations),
    )


@dataclass(frozen=True)
class PlaceWords:
    """Words that precede the name of a place or thing in a text of one language, such as French "rue".

    - ``words`` and ``stems`` (beginnings of words) come from the language itself, from English, and from all languages
      in scripts other than Latin.
    - ``foreign_words`` come from all languages. They count only with a capital letter, because many of them are
      ordinary words in another language.
    - ``marked_words`` come from languages in which diacritics distinguish words. ``phrases`` have two words.
    - ``last_words`` are the last words of the ``marked_words`` and ``phrases``.
    - ``exceptions`` are phrases that end with such a word, but do not precede the name of a place.

    ``marked_words``, ``phrases`` and ``exceptions`` are spelled with diacritics. All other words are normalized.
    """

    words: frozenset[str]
    foreign_words: frozenset[str]
    stems: tuple[str, ...]
    marked_words: frozenset[str]
    phrases: frozenset[str]
    last_words: frozenset[str]
    exceptions: frozenset[str]
    _cache: dict[str, tuple[bool, bool]] = field(default_factory=dict, compare=False)

    def look_up(self, word: str) -> tuple[bool, bool]:
        """Return whether a word shows that the name after it is that of a place, and whether it may do so.

        ``word`` has its capital letters, but no diacritics. The second value is True for the words in ``last_words``:
        for them, the diacritics or the word before must be examined.
        """
        known = self._cache.get(word)
        if known is None:
            low = word.lower()
            is_place = low in self.words or low.startswith(self.stems) or (word != low and low in self.foreign_words)
            if len(self._cache) >= _MAX_PLACE_CACHE_WORDS:
                self._cache.clear()
            known = self._cache[word] = is_place, low in self.last_words
        return known


@cache
def place_words(language: str) -> PlaceWords:
    """Return the words that precede names of places in texts of the given language.

    If this language has no such words, the words of all languages are used.
    """
    everything = language_data().languages
    code = language.partition("-")[0].lower()
    code = next((one.code for one in everything.values() if code == one.code or code in one.variants), "")
    has_own = bool(code) and bool(everything[code].places.before or everything[code].places.before_stems)
    plain = [one for one in everything.values() if not one.orthography.diacritics_distinguish_words]
    own = [one for one in plain if one.code in {code, "en"}] if has_own else plain
    words, foreign = (_fold_all(one.places.before for one in some) for some in (own, plain))
    stems = {fold_key(stem) for one in everything.values() for stem in one.places.before_stems}
    own_stems = {fold_key(stem) for one in own for stem in one.places.before_stems}
    marked = [one for one in everything.values() if one.orthography.diacritics_distinguish_words]
    phrases = frozenset(phrase for one in everything.values() for phrase in one.places.before if " " in phrase)
    marked_words = frozenset(phrase for one in marked for phrase in one.places.before)
    return PlaceWords(
        words | {word for word in foreign if not word.isascii()},
        frozenset(word for word in foreign - word_lists().common if len(word) >= _MIN_FOREIGN_PLACE_LETTERS),
        tuple(sorted(own_stems | {stem for stem in stems if not stem.isascii()})),
        marked_words,
        phrases,
        frozenset(fold_key(phrase.rpartition(" ")[2]) for phrase in marked_words | phrases),
        frozenset(phrase for one in everything.values() for phrase in one.places.not_before),
    )


def is_ordinary_word(folded: str) -> bool:
    """Return whether a normalized name is also an ordinary word of some language."""
    return folded in word_lists().ordinary_names or folded in word_lists().common


def parse_words(text: str) -> frozenset[str]:
    """Split a text at its spaces, and return the set of its words."""
    return frozenset(text.split())


def _fold_all(lists: Iterable[Iterable[str]]) -> frozenset[str]:
    return frozenset(fold_key(phrase) for phrases in lists for phrase in phrases)


@cache
def syllable_pattern() -> re.Pattern[str]:
    """Return a pattern that matches one normalized syllable of a name.

    It covers the languages in which each syllable of a name is a separate word, such as Vietnamese.
    """
    patterns = [language.orthography.syllable for language in language_data().languages.values()]
    return re.compile(rf"(?:{'|'.join(filter(None, patterns))})\Z")


class CreditWords(Struct, frozen=True):
    """Normalized words of photo credits ("Photo: Ann Example") and bylines ("By Ann Example") in all languages.

    Each group has the words of the field of the same name in ``monitor.language.schema.Credits``.
    """

    picture: tuple[str, ...]
    production: tuple[str, ...]
    byline: tuple[str, ...]
    by: tuple[str, ...]
    picture_links: tuple[str, ...]
    joiners: tuple[str, ...]

    def last_words(self) -> frozenset[str]:
        """Return the words that can be directly before a person's name in a photo credit or byline."""
        phrases = (*self.picture, *self.byline, *self.by, *self.picture_links, *self.joiners)
        return frozenset(phrase.rpartition(" ")[2] for phrase in phrases)


@cache
def credit_words() -> CreditWords:
    """Return the words of photo credits and bylines in all languages, in one group for each field of ``Credits``.

    The longest words of a group are first, because a pattern takes the first alternative that matches.
    """
    lists = [language.credits for language in language_data().languages.values()]
    return CreditWords(
        picture=_longest_first(_fold_all(words.picture for words in lists)),
        production=_longest_first(_fold_all(words.production for words in lists)),
        byline=_longest_first(_fold_all(words.byline for words in lists)),
        by=_longest_first(_fold_all(words.by for words in lists)),
        picture_links=_longest_first(_fold_all(words.picture_links for words in lists)),
        joiners=_longest_first(_fold_all(words.joiners for words in lists)),
    )


def _longest_first(words: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


class NativeWords(Struct, frozen=True):
    """Words that occur next to names in scripts other than Latin."""

    titles: tuple[str, ...]
    words_after_name: tuple[str, ...]
    """Particles and titles that follow a name without a space."""
    sentence_openers: frozenset[str]
    """Words, normalized, that begin a sentence and are not part of a name."""
    two_character_family_names: frozenset[str]


@cache
def native_words() -> NativeWords:
    """Return the words that occur next to names in scripts other than Latin, from all languages."""
    words = [language.native for language in language_data().languages.values()]
    return NativeWords(
        titles=tuple(title for each in words for title in each.titles),
        words_after_name=tuple(word for each in words for word in each.words_after_name),
        sentence_openers=_fold_all(each.sentence_openers for each in words),
        two_character_family_names=frozenset(n for each in words for n in each.two_character_family_names),
    )


@cache
def sentence_openers(language: str) -> frozenset[str]:
    """Return the normalized words of a language that begin a sentence and are not part of a name.

    Frequent words that also begin family names, such as "del", are left out.
    """
    data = language_data().languages.get(language.partition("-")[0].lower())
    if data is None:
        return frozenset()
    frequent = _fold_all((data.detection.function_words,)) - name_particles()
    return frequent | _fold_all((data.native.sentence_openers,))


class NameLists(Struct, frozen=True):
    """Lists of typical name parts in one naming convention, such as its family names. All words are normalized.

    Lists that the convention shares with other conventions are included.
    """

    family_names: frozenset[str]
    second_given_names: frozenset[str]
    common_first_names: frozenset[str]
    compound_prefixes: frozenset[str]
    particles: frozenset[str]
    patronymic_particles: frozenset[str]
    honorifics: tuple[str, ...]
    spelling_variants: tuple[tuple[str, ...], ...]
    """Groups of spellings. Each group has the spellings of one name."""


@cache
def name_lists(convention: str) -> NameLists:
    """Return the lists of typical name parts in a naming convention, given by its name, such as `western`."""
    own = naming_convention(convention)
    every = [own, *map(naming_convention, own.shares_lists_of)]
    return NameLists(
        family_names=_fold_all(each.family_names for each in every),
        second_given_names=_fold_all(each.second_given_names for each in every),
        common_first_names=_fold_all(each.common_first_names for each in every),
        compound_prefixes=_fold_all(each.compound_prefixes for each in every),
        particles=_fold_all(each.particles for each in every),
        patronymic_particles=_fold_all(each.patronymic_particles for each in every),
        honorifics=tuple(fold_key(word) for each in every for word in each.honorifics),
        spelling_variants=tuple(tuple(map(fold_key, group)) for each in every for group in each.spelling_variants),
    )


@cache
def name_abbreviations() -> frozenset[str]:
    """Return the abbreviated first names of all naming conventions, without their dot, such as "md"."""
    groups = chain.from_iterable(each.spelling_variants for each in language_data().conventions.values())
    return frozenset(fold_key(one[:-1]) for one in chain.from_iterable(groups) if one.endswith("."))


@cache
def name_particles() -> frozenset[str]:
    """Return the particles in names of all naming conventions, such as "van".

    A short name that begins with a particle may begin with a lower-case letter.
    """
    return _fold_all(convention.particles for convention in language_data().conventions.values())


def naming_convention(name: str) -> Convention:
    """Return the data of a naming convention, given by its name, such as `western`."""
    return language_data().conventions[name]


@cache
def title_vocabulary() -> MappingProxyType[str, tuple[str, ...]]:
    """Return a dictionary that maps each known phrase in titles to the symbols of its meaning.

    The phrases are normalized. An example of symbols is `("d:foreign", "h:minister")`. A symbol begins with its kind:
    `h:` is the head word of a position, `l:` its level, `d:` its domain, `r:` a rank, and `m:` a form of address. `-:`
    marks a phrase without a meaning of its own. If a phrase has several meanings, only one is used: first a position,
    then a rank, then a form of address, then a domain.
    """
    merged: dict[str, tuple[str, ...]] = {}
    titles = [language.titles for language in language_data().languages.values()]
    for group in (_position_phrases, _rank_phrases, _address_phrases, _domain_phrases, _neutral_phrases):
        for each in titles:
            for symbols, phrases in group(each):
                for phrase in phrases:
                    merged.setdefault(fold_key(phrase).replace("-", " "), symbols)
    for group in (_position_phrases, _rank_phrases):
        for language in language_data().languages.values():
            for symbols, phrases in group(language.titles):
                for form in _list_title_cases(phrases, language.code):
                    merged.setdefault(form, symbols)
    return MappingProxyType(merged)


def _list_title_cases(phrases: Iterable[str], language: str) -> Iterator[str]:
    """Yield each title phrase in the other grammatical cases of its language, such as the genitive.

    Only the first word of a phrase changes.
    """
    for phrase in phrases:
        first, space, rest = fold_key(phrase).replace("-", " ").partition(" ")
        inflection = find_inflection(first, language)
        if inflection is not None and inflection.declines_all_words and len(first) >= _MIN_DECLINED_LETTERS:
            yield from (f"{form}{space}{rest}" for form in list_cases(first, inflection))


Phrases = Iterator[tuple[tuple[str, ...], Iterable[str]]]


def _position_phrases(titles: Titles) -> Phrases:
    for position, phrases in titles.positions.items():
        parts = zip("hld", position.split("."), strict=False)
        yield tuple(sorted(f"{kind}:{part}" for kind, part in parts if part)), phrases
    yield from (((f"l:{level}",), phrases) for level, phrases in titles.levels.items())


def _rank_phrases(titles: Titles) -> Phrases:
    yield from (((f"r:{rank}",), phrases) for rank, phrases in titles.ranks.items())


def _address_phrases(titles: Titles) -> Phrases:
    yield ("m:address",), titles.forms_of_address


def _domain_phrases(titles: Titles) -> Phrases:
    yield from (((f"d:{domain}",), phrases) for domain, phrases in titles.domains.items())


def _neutral_phrases(titles: Titles) -> Phrases:
    yield ("-:",), titles.neutral


@cache
def max_title_phrase_words() -> int:
    """Return the number of words in the longest phrase of ``title_vocabulary``."""
    return max(phrase.count(" ") for phrase in title_vocabulary()) + 1


@cache
def title_words() -> frozenset[str]:
    """Return all single words that occur in phrases of titles."""
    return frozenset(word for phrase in title_vocabulary() for word in phrase.split())


@cache
def unspaced_titles() -> tuple[str, ...]:
    """Return the titles of offices ("minister") in scripts without spaces between words, the longest first."""
    positions = (p for p, symbols in title_vocabulary().items() if any(symbol[0] == "h" for symbol in symbols))
    phrases = filter(lambda phrase: is_unspaced(phrase[0]), positions)
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))


@cache
def title_ends() -> frozenset[str]:
    """Return the last words of all title phrases: positions, ranks, forms of address, and domains such as "defence"."""
    return frozenset(phrase.rpartition(" ")[2] for phrase, symbols in title_vocabulary().items() if symbols[0] != "-:")


@cache
def single_word_titles() -> frozenset[str]:
    """Return the title phrases that consist of a single word."""
    return frozenset(phrase for phrase in title_vocabulary() if " " not in phrase)


@cache
def address_phrases() -> frozenset[str]:
    """Return the phrases for ranks and forms of address, which are removed from the start of a configured name."""
    return frozenset(p for p, symbols in title_vocabulary().items() if symbols[0][0] in "mr")


@cache
def home_forms_of_address(country: str) -> frozenset[str]:
    """Return the normalized forms of address, such as "mr", in all languages whose home country is the given one.

    ``country`` is the key of this country. The home country of a language is the one that a title without a country
    means in this language.
    """
    languages = language_data().languages
    homes = (code for code, home in _home_countries().items() if home == country and code in languages)
    return _fold_all(languages[code].titles.forms_of_address for code in homes)


@cache
def country_words() -> MappingProxyType[str, str]:
    """Return a dictionary that maps names and adjectives of countries to the key of the country.

    The names and adjectives are normalized. Names in scripts other than Latin are included in all grammatical cases.
    """
    words: dict[str, str] = {}
    for key, country in _keyed_countries():
        for word in (*country.names, *country.adjectives):
            words.setdefault(fold_key(word), key)
    names = country_names_in_other_scripts()
    for key, country in _keyed_countries():
        for word in map(fold_key, names.get(country.domain, ())):
            inflection = find_inflection(word, "")
            for form in (word, *(() if inflection is None else list_cases(word, inflection))):
                words.setdefault(form, key)
    return MappingProxyType(words)


@cache
def names_of_country(country: str) -> tuple[str, ...]:
    """Return the normalized names of a country in scripts other than Latin. ``country`` is the key of the country."""
    names = country_names_in_other_scripts()
    return tuple(
        fold_key(name) for key, data in _keyed_countries() if key == country for name in names.get(data.domain, ())
    )


@cache
def country_evidence_words() -> MappingProxyType[str, str]:
    """Return a dictionary of words that show that a text is about a country; the values are the keys of the countries.

    The words are names, adjectives and capital cities of countries in Latin letters, normalized. Words that also have
    other meanings are omitted.
    """
    words: dict[str, str] = {}
    ambiguous = _fold_all(country.ambiguous for country in language_data().countries)
    for key, country in _keyed_countries():
        for word in map(fold_key, (*country.names, *country.adjectives, *country.capitals)):
            if word not in ambiguous:
                words.setdefault(word, key)
    return MappingProxyType(words)


@cache
def _conventions_by_country() -> MappingProxyType[str, str]:
    return MappingProxyType({key: country.convention for key, country in _keyed_countries()})


@cache
def _home_countries() -> MappingProxyType[str, str]:
    return MappingProxyType({country.home_of: key for key, country in _keyed_countries() if country.home_of})


def _keyed_countries() -> Iterator[tuple[str, Country]]:
    """Yield each country with its key. The key is the first name of the country, normalized."""
    yield from ((fold_key(country.names[0]), country) for country in language_data().countries)


@lru_cache(maxsize=1000)
def find_country_key(text: str) -> str:
    """Return the key of the country that a configuration gives by a name in any spelling, or by an ISO code.

    A text in capitals is read as a code first: "NGA" is Nigeria, but "Nga" is Russia in Vietnamese. If no country has
    this name or code, the result is the normalized text.
    """
    folded = " ".join(fold_words(text))
    names = country_words()
    by_name = names.get(folded.removeprefix("the ").strip(), "")
    by_code = names.get(" ".join(fold_words(find_country_of_code(text.strip()))), "")
    return (by_code or by_name if text.isupper() else by_name or by_code) or folded


@cache
def address_first_words() -> frozenset[str]:
    """Return the first word of every form of address."""
    return frozenset(phrase.split()[0] for phrase in address_phrases())


@cache
def country_keys() -> frozenset[str]:
    """Return the keys of all countries. A key is the first name of the country in the data file, normalized."""
    return frozenset(country_words().values())


def find_convention(country: str) -> str:
    """Return the name of the naming convention in a country, given by its key; `western` for an unknown country."""
    return _conventions_by_country().get(country, "western")


def find_home_country(language: str) -> str:
    """Return the key of the home country of a language, or an empty string if the language has none.

    If a title such as "the Finance Minister" names no country, it means the home country of the language of the text.
    """
    return _home_countries().get(language.partition("-")[0].lower(), "")

"""Words of one language by which a report states that a person gets or leaves a post."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache

from msgspec import Struct

from monitor.language.load import country_names, language_data
from monitor.language.schema import Language
from monitor.match.vocabulary import country_words, find_country_key, native_words, title_vocabulary
from monitor.text.fold import fold_key
from monitor.text.tokens import is_unspaced

STAR = "*"


class Mark(Enum):
    """Meaning of a word in a report about a post.

    The value of a member is its key in the language files, which explain it.
    """

    GETS = "gets"
    GIVES = "gives"
    SUCCEEDS = "succeeds"
    SUCCEEDED_BY = "succeeded_by"
    SUCCEEDS_LAST = "succeeds_last"
    REPLACEMENT = "replacement"
    IN_PLACE_OF = "in_place_of"
    LEAVES = "leaves"
    REMOVES = "removes"
    REMOVED_LAST = "removed_last"
    DIES = "dies"
    RELATIVE = "relatives"
    NEW = "new"
    FORMER = "former"
    NOT_HOLDER = "not_holder"
    IS = "is_"
    UNCERTAIN = "uncertain"
    PAST = "past"
    LINK = "links"
    THAT = "that"


Marks = frozenset[Mark]
NO_MARKS: Marks = frozenset()
ADJACENT = frozenset({Mark.NEW, Mark.FORMER, Mark.NOT_HOLDER})
"""Meanings that a word has only if it is next to a post or a name."""


class SuccessionWords(Struct, frozen=True):
    """The words of one language by which reports state that a person gets or leaves a post.

    All words are in lower case without diacritics, except the ones in ``spellings``. A meaning is a ``Mark``, such as
    ``GETS`` or ``NEW``.

    - ``phrases`` maps phrases in scripts with spaces between words to their meanings.
    - ``unspaced`` maps phrases in scripts without such spaces to their meanings.
    - ``spellings`` is for phrases in Latin letters, whose meaning can depend on diacritics. It maps a phrase to a
      dictionary, which maps each meaning to the spellings with this meaning.
    - ``prints_diacritics`` is true if texts in this language never leave out diacritics.
    - ``weekdays`` are the names of the days of the week.
    - ``stems`` is for phrases in which a `*` means any ending. It maps the first letters of such a phrase to pairs of a
      phrase and its meanings.
    - ``max_words`` is the number of words of the longest phrase.
    - ``region_endings`` are endings of adjectives that are derived from the names of regions.
    - ``place_links`` are prepositions between a post and its place, such as "of" in "governor of Texas".
    - ``adverbial_links`` are prepositions before a name that is not the subject of the sentence.
    - ``country_names`` maps names of countries in Latin letters, in languages other than English, to the key of the
      country. It is empty if the words are only English.
    - ``country_adjectives`` maps adjectives of countries to the key of the country.
    - ``country_stems`` are pairs of the beginning of such an adjective and the key of the country.
    - ``title_words`` are the words of titles in this language and in English. Words of titles in other languages, such
      as Le, are left out, because they may begin a name.
    """

    phrases: dict[str, Marks]
    spellings: dict[str, dict[Mark, tuple[str, ...]]]
    prints_diacritics: bool
    weekdays: frozenset[str]
    stems: dict[str, tuple[tuple[tuple[str, ...], Marks], ...]]
    unspaced: dict[str, Marks]
    max_words: int
    region_endings: tuple[str, ...]
    place_links: frozenset[str]
    adverbial_links: frozenset[str]
    country_names: Mapping[str, str]
    country_adjectives: dict[str, str]
    country_stems: tuple[tuple[str, str], ...]
    title_words: frozenset[str]

    def find_marks(
        self, words: Sequence[str], agrees: Callable[[int, str], bool] = lambda _size, _spelling: True
    ) -> tuple[int, Marks]:
        """Find the longest known phrase with which ``words`` begin. Return its number of words and its meanings.

        ``words`` are without diacritics. For a phrase in Latin letters, only the meanings are returned whose spellings
        agree with the diacritics of the printed text. The function ``agrees`` decides this: its arguments are the
        number of words of the phrase, and a spelling with diacritics.
        """
        for size in range(min(self.max_words, len(words)), 0, -1):
            phrase = " ".join(words[:size])
            marks = self.phrases.get(phrase, NO_MARKS)
            if marks and phrase in self.spellings:
                spellings = self.spellings[phrase]
                marks = frozenset(mark for mark in marks if any(agrees(size, one) for one in spellings[mark]))
            for stems, meant in self.stems.get(_stem_key(words[0]), ()) if words else ():
                if len(stems) == size and all(map(_fits_stem, words, stems)):
                    marks |= meant
            if marks:
                return size, marks
        return 0, NO_MARKS

    def find_country(self, word: str) -> str:
        """Return the key of the country whose adjective is ``word`` in this language, or an empty string."""
        known = self.country_adjectives.get(word)
        if known is None:
            known = next((country for stem, country in self.country_stems if word.startswith(stem)), "")
        return known


_STEM_KEY_CHARS = 3
_MIN_COUNTRY_LETTERS = 5


def _stem_key(first_word: str) -> str:
    return first_word[:_STEM_KEY_CHARS]


def _fits_stem(word: str, stem: str) -> bool:
    return word.startswith(stem[:-1]) if stem.endswith(STAR) else word == stem


@cache
def succession_words(language: str) -> SuccessionWords:
    """Return the words by which a language states that a person gets or leaves a post.

    The language is given by its code. For a language without such words, or an unknown language, the words of all
    languages are returned.
    """
    languages = language_data().languages
    code = language.partition("-")[0].lower()
    found = languages.get(code) or next((one for one in languages.values() if code in one.variants), None)
    if found is not None and found.succession.gets:
        return _build([found])
    return _build(list(languages.values()))


@cache
def every_word(key: str) -> frozenset[str]:
    """Return the words of all languages under one key, such as "joiners", of the table ``succession``.

    The table is in the language files. The words are returned in lower case without diacritics.
    """
    languages = language_data().languages.values()
    return frozenset(fold_key(word) for language in languages for word in getattr(language.succession, key))


@cache
def has_succession_words(language: str) -> bool:
    """Return whether the data of a language contain words which state that a person gets or leaves a post."""
    found = language_data().languages.get(language.partition("-")[0].lower())
    return found is not None and bool(found.succession.gets)


def _build(languages: Sequence[Language]) -> SuccessionWords:
    lists = [one.succession for one in languages]
    phrases: dict[str, Marks] = {}
    spellings: dict[str, dict[Mark, tuple[str, ...]]] = {}
    stems: dict[str, list[tuple[tuple[str, ...], Marks]]] = {}
    unspaced: dict[str, Marks] = {}
    for mark in Mark:
        for spelling in (word for one in lists for word in getattr(one, mark.value)):
            folded = _fold_phrase(spelling)
            if is_unspaced(folded[0]):
                unspaced[folded] = unspaced.get(folded, NO_MARKS) | {mark}
            elif STAR in folded:
                stem = tuple(folded.split())
                stems.setdefault(_stem_key(stem[0].removesuffix(STAR)), []).append((stem, frozenset({mark})))
            else:
                phrases[folded] = phrases.get(folded, NO_MARKS) | {mark}
                if folded.isascii():
                    known = spellings.setdefault(folded, {})
                    known[mark] = (*known.get(mark, ()), spelling)
    adjectives = {
        fold_key(word).replace("-", " "): country_of_domain(domain)
        for one in lists
        for domain, words in one.country_adjectives.items()
        for word in words
    }
    return SuccessionWords(
        phrases,
        spellings,
        all(one.prints_diacritics for one in lists),
        frozenset(fold_key(word) for one in languages for word in one.calendar.weekdays),
        {key: tuple(found) for key, found in stems.items()},
        unspaced,
        max(
            (one.count(" ") + 1 for one in (*phrases, *(" ".join(w) for f in stems.values() for w, _ in f))), default=1
        ),
        tuple(fold_key(ending.removeprefix(STAR)) for one in lists for ending in one.region_adjectives),
        frozenset(fold_key(word) for one in lists for word in one.place_links),
        frozenset(fold_key(word) for one in lists for word in one.adverbial_links),
        {} if list(languages) == [language_data().languages["en"]] else latin_country_names(),
        {word: country for word, country in adjectives.items() if not word.endswith(STAR)},
        tuple((word[:-1], country) for word, country in adjectives.items() if word.endswith(STAR)),
        frozenset(_list_title_words([*languages, language_data().languages["en"]])),
    )


def _list_title_words(languages: Iterable[Language]) -> Iterator[str]:
    for one in languages:
        titles = one.titles
        groups = (*titles.positions.values(), *titles.levels.values(), *titles.domains.values(), *titles.ranks.values())
        for phrase in _fold_all((*groups, titles.neutral, titles.forms_of_address)):
            yield from phrase.split()


def _fold_all(lists: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the phrases of all lists in lower case without diacritics, and with single spaces between their words."""
    for words in lists:
        for word in words:
            yield _fold_phrase(word)


def _fold_phrase(phrase: str) -> str:
    return fold_key(phrase).replace("-", " ").replace("'", " ")


@cache
def latin_country_names() -> Mapping[str, str]:
    """Return a dictionary that maps names of countries in Latin letters to the key of the country.

    They are the names in languages other than English, such as Spanien. Two kinds of names are left out: short names,
    because many of them are also names of people, and names that two countries share.
    """
    found: dict[str, str] = {}
    for one in country_names():
        country = country_of_domain(one.domain)
        for name in map(fold_key, one.latin_names):
            found[name] = country if found.get(name, country) == country else ""
    return {name: country for name, country in found.items() if country and len(name) >= _MIN_COUNTRY_LETTERS}


@cache
def country_of_domain(domain: str) -> str:
    """Return the key of the country to which a top-level domain belongs."""
    found = next(one for one in language_data().countries if one.domain == domain)
    return find_country_key(found.names[0])


@cache
def unspaced_title_symbols() -> dict[str, tuple[str, ...]]:
    """Return a dictionary that maps phrases in scripts without spaces to symbols (codes of their meaning).

    The phrases are parts of titles, names of countries, and words next to names. Parts of titles have the symbols of
    ``title_vocabulary``. Three further symbols are added here:

    - `c:` and the key of a country mean this country.
    - `m:address` means a form of address, which precedes a name.
    - `w:` means a word that follows a name and is not part of it.
    """
    symbols: dict[str, tuple[str, ...]] = {}
    symbols |= {fold_key(word): ("w:",) for word in native_words().words_after_name if not word.endswith(" ")}
    symbols |= {fold_key(word): ("m:address",) for word in native_words().titles}
    symbols |= {name: (f"c:{country}",) for name, country in country_words().items()}
    symbols |= title_vocabulary()
    return {phrase: meant for phrase, meant in symbols.items() if phrase and is_unspaced(phrase[0])}

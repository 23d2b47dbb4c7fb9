"""Models of the data files about languages, countries and naming conventions.

A key that no model has is an error, so that a misspelt key cannot be ignored. Words are compared without regard to
case and diacritics unless a field says otherwise.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = tuple[Annotated[str, Field(min_length=1)], ...]
"""Words or phrases, each not empty."""
Sources = Annotated[Words, Field(min_length=1)]
"""Origins of the data; at least one."""


class _Table(BaseModel):
    """Common settings of all tables: values cannot be changed, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # built when the first file is read


class Titles(_Table):
    """Words of positions, ranks and forms of address."""

    positions: dict[str, Words] = {}
    """Position -> phrases. A key is `head`, `head.level` or `head.level.domain`; `minister..finance` has no level."""
    levels: dict[Literal["deputy", "former"], Words] = {}
    """Level -> words that turn a position into one of that level, as `vice` or `ex`."""
    domains: dict[str, Words] = {}
    """Domain -> phrases that name the subject of a position, as `defence` or `finance`."""
    ranks: dict[Literal["general", "admiral", "colonel"], Words] = {}
    """Group of military and police ranks -> phrases; `colonel` holds all ranks below a general."""
    forms_of_address: Words = ()
    """Words before a name that show respect and no position, as `Mr` or `ông`."""
    neutral: Words = ()
    """Words that may be part of a title without changing its meaning, as `of`, `the` or `acting`."""


class Places(_Table):
    """Words that make a name part of a place, an institution or a thing."""

    before: Words = ()
    """Words before the name, as in `rue Victor Hugo`."""
    before_stems: Words = ()
    """Beginnings of words before the name, where the endings change with the case: `letišt` for `letiště`."""
    after: Words = ()
    """Words after the name that begin with a capital, as in `Kennedy Airport`."""
    after_lowercase: Words = ()
    """Words after the name that count in lower case too; leave out what often begins the next phrase."""
    names: Words = ()
    """Places whose whole name is also the end of a personal name, as `Quảng Ninh`."""


class Vocabulary(_Table):
    """Words that help to decide whether a capitalised word is a name, and whose."""

    common: Words = ()
    """Ordinary words that have a capital at the beginning of a sentence or in a headline."""
    ordinary_names: Words = ()
    """Ordinary words that are also personal names, as `Rose` or `Long`."""
    compounds: Words = ()
    """Words of two parts whose first part alone is a given name."""
    after_name: Words = ()
    """Words that follow a name and hardly ever an ordinary word of the same letters, as `said`."""
    never_after_name: Words = ()
    """Words with a capital that follow a name and are not part of it, as days and months."""
    headline_after_name: Words = ()
    """Words that follow a name in a headline with many capitals; compared with their diacritics."""
    occupations: Words = ()
    """Occupations that no official has: next to a full name they show another person of that name.

    No words of crime and trial: officials are accused too.
    """
    negations: Words = ()
    """Words that turn a statement into its opposite, as `not`, `refuses` or `denies`."""
    opposites: tuple[tuple[Words, Words], ...] = ()
    """Pairs of lists: words of one decision and words of the opposite one, as `approve` and `reject`."""


class Credits(_Table):
    """Words of photo credits and bylines inside an article's text."""

    picture: Words = ()
    """Words before a photographer's name, as `photo` or `image`."""
    production: Words = ()
    """Words before `by` and a name, as `photos` or `edited`."""
    byline: Words = ()
    """Words at the beginning of a line before an author's name."""
    by: Words = ()
    """Words that mean `by` between a word of production and the author's name."""
    picture_links: Words = ()
    """Words that may follow a word for a picture, as `courtesy`; the words of `by` need not be repeated."""
    joiners: Words = ()
    """Words that join two authors, as `and`."""


class Native(_Table):
    """Words around names in a script other than Latin."""

    titles: Words = ()
    """Titles and forms of address that are written before a name without a space."""
    sentence_openers: Words = ()
    """Articles, prepositions and conjunctions: with a capital they begin a sentence and are not part of a name."""
    words_after_name: Words = ()
    """Particles and titles that are written after a name without a space."""
    two_character_family_names: Words = ()
    """Family names of two characters, where most have one."""


NumericDates = Literal["day first", "month first", "year first", "both"]
"""Order of the numbers of a date. With `year first` and `both`, 03/04/2026 and 03.04.26 are not certain."""


class Calendar(_Table):
    """Names of months and days, and how dates and times are written."""

    months: Annotated[tuple[Words, ...], Field(max_length=12)] = ()
    """Twelve lists of names and abbreviations, January first; lower case, without a final dot."""
    weekdays: Words = ()
    """Names and abbreviations of days as lines with a date print them; lower case."""
    numeric_dates: NumericDates = "day first"
    """Order of day and month in 03/04/2026."""
    before_noon: Words = ()
    """Words next to a time of twelve hours for the first half of the day, as printed."""
    after_noon: Words = ()
    """Words next to a time of twelve hours for the second half of the day, as printed."""


class Inflection(_Table):
    """Endings and prefixes of names in other cases than the nominative, in the script of the language."""

    declined_words: Literal["all", "last"] = "all"
    """Words of a name that have an ending: in Slavic languages all, in Finnish or German only the last."""
    prefixes: Words = ()
    """Prefixes of names in lower case, as in Zulu `uSipho`."""
    endings: dict[str, tuple[str, ...]] = {}
    """Ending of another case -> endings of the nominative that it may replace; `""` is none."""
    feminine_endings: Words = ()
    """Endings that the language adds to the family names of women, as -ová in Czech, in all cases."""
    same_as: str = ""
    """Code of the language whose endings apply; then `endings` is empty."""


class Orthography(_Table):
    """Properties of the script and the spelling."""

    diacritics_distinguish_words: bool = False
    """True where a word without its diacritics is another word.

    Occupations and words before a place are then compared with their diacritics.
    """
    syllable: str = ""
    """Pattern of one possible syllable of a name, without diacritics, in lower case."""


class Detection(_Table):
    """Properties by which the language of a text is recognised."""

    order: int = 100
    """Languages with a lower number are tried first, and win if two fit equally."""
    script: str = ""
    """Ranges of characters that show the language, as in a pattern's brackets."""
    script_family: Words = ()
    """Codes of other languages in the same script; a page may claim one of them."""
    script_family_also_latin: Words = ()
    """Members of the family that are also written in Latin letters."""
    letters: str = ""
    """Characters of a Latin alphabet, as in a pattern's brackets, that are frequent in this language alone."""
    function_words: Words = ()
    """Frequent short words, in lower case and with diacritics."""
    claims: Words = ()
    """Names and wrong codes by which pages state this language, as `vietnamese` or `vn`; lower case."""


class Page(_Table):
    """Phrases of a page around an article. Each is an RE2 pattern, compared with diacritics but without case."""

    appeals: Words = ()
    """Beginnings of lines that ask the reader for something or point to another page."""
    labels: Words = ()
    """Beginnings of short lines that only label, as `Advertisement`."""
    offers: Words = ()
    """Phrases of invitations and legal notices, anywhere in a line."""
    sales: Words = ()
    """Phrases that show an offer of a subscription or an account."""
    rights: Words = ()
    """Phrases about copyright and permission to copy."""
    imprint: Words = ()
    """Phrases of a publisher's address and licence."""
    biographies: Words = ()
    """Whole patterns of a sentence about the author."""
    bylines: Words = ()
    """Words at the beginning of a byline."""
    credits: Words = ()
    """Words of a picture's credit line; plain words without pattern signs."""
    agency_sources: Words = ()
    """Words for `source` before an agency's name in a signature."""
    date_line: Words = ()
    """Words of a line that states the date, without days and months."""
    modified: Words = ()
    """Words before the time of a change."""
    summary: Words = ()
    """Words for `summary` in the label of a summary made by a machine."""
    made: Words = ()
    """Words for `generated` in such a label."""
    machine: Words = ()
    """Words for `machine` or `artificial intelligence` in such a label."""


class Language(_Table):
    """One language: `data/languages/<code>.toml`."""

    code: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    """ISO 639 code; the name of the file."""
    name: str
    """English name of the language."""
    variants: Words = ()
    """Codes of written forms that share this file, as `nb` and `nn` for `no`."""
    sources: Sources
    titles: Annotated[Titles, Field(default_factory=Titles)]
    places: Annotated[Places, Field(default_factory=Places)]
    words: Annotated[Vocabulary, Field(default_factory=Vocabulary)]
    credits: Annotated[Credits, Field(default_factory=Credits)]
    native: Annotated[Native, Field(default_factory=Native)]
    calendar: Annotated[Calendar, Field(default_factory=Calendar)]
    inflection: Annotated[Inflection, Field(default_factory=Inflection)]
    orthography: Annotated[Orthography, Field(default_factory=Orthography)]
    detection: Annotated[Detection, Field(default_factory=Detection)]
    page: Annotated[Page, Field(default_factory=Page)]


class Spellings(_Table):
    """Spellings of one name that are exchanged in all languages: `data/orthography.toml`."""

    sources: Sources
    digraphs: dict[str, str]
    """Letter -> two letters that ASCII texts write for it, as `ue` for `ü`."""
    twins: tuple[tuple[str, str], ...]
    """Pairs of spellings in other scripts that are exchanged; an empty one is omitted."""
    han_simplified: Words
    """Simplified Chinese characters, in lines."""
    han_traditional: Words
    """The traditional form of each character of `han_simplified`, at the same place."""
    arabic_transcriptions: tuple[tuple[str, str], ...] = ()
    """Patterns of English transcriptions of Arabic -> letters of French and German ones, as `ch` for `sh`."""
    transcriptions: tuple[tuple[str, str], ...]
    """Letters of English transcriptions -> letters that another language writes, as `ou` in French for `u`."""


class PersonalNames(_Table):
    """Frequent names: `data/personal_names.toml`, made by `tools/personal_names.py`."""

    sources: Sources
    common_family_names: Words
    """Family names that very many people have, folded, separated by spaces, in lines."""
    uncased_given_names: Words
    """Given names in scripts without capitals, in the same form."""


class CountryNames(_Table):
    """Names of one country in scripts other than Latin."""

    domain: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    """Top-level domain of the country in `countries.toml`."""
    names: Words
    """Names in all languages with such a script."""


class AllCountryNames(_Table):
    """Names of all countries in scripts other than Latin: `data/country_names.toml`."""

    sources: Sources
    country: tuple[CountryNames, ...]


class HanWords(_Table):
    """Chinese words with the characters of a name: `data/han_words.toml`, made by `tools/han_words.py`."""

    sources: Sources
    words: Words
    """Words of two to four simplified characters, separated by spaces, in lines."""


class Transliteration(_Table):
    """Letters of other scripts in Latin letters: `data/transliteration.toml`. A key may be two letters."""

    sources: Sources
    cyrillic: dict[str, str]
    greek: dict[str, str]
    georgian: dict[str, str]
    armenian: dict[str, str]


Part = Literal["first", "rest", "last", "others", "first two", "last two"]
"""Part of a name: `rest` is all but the first word, `others` all but the last.

A word with a hyphen is one word, unless the convention has `split_hyphens`.
"""


class ShortFormRule(_Table):
    """One part of a name that the press uses for the whole."""

    part: Part | Literal["family"]
    """The part; `family` only with the builder `family_last`."""
    label: str = ""
    """Description of the part for users, as `given name`; `family` has a description without it."""
    sufficient: bool = True
    """False where the part counts only with a title."""
    sufficient_from_letters: int = 0
    """Number of letters from which the part may be without a title."""
    min_words: int = 2
    """Number of words of the whole name from which the part is used."""


Builder = Literal[
    "by_parts",
    "family_last",
    "vietnamese",
    "indonesian",
    "malay",
    "chinese",
    "singapore",
    "korean",
    "hispanic",
    "portuguese",
    "filipino",
    "arabic",
]
"""Name of a function in `match/names/forms.py` that lists the forms of a name."""

_FILE_KEYS = frozenset({"full_forms", "short_forms", "phonetic_parts"})
_WESTERN_KEYS = frozenset({"particles", "common_first_names", "compound_prefixes"})
_MALAY_KEYS = frozenset(
    {"common_first_names", "family_names", "patronymic_particles", "honorifics", "spelling_variants"}
)
BUILDER_KEYS: dict[Builder, frozenset[str]] = {
    "by_parts": _FILE_KEYS | {"split_hyphens"},
    "family_last": _FILE_KEYS | _WESTERN_KEYS,
    "vietnamese": frozenset(),
    "indonesian": frozenset({"common_first_names"}),
    "malay": _MALAY_KEYS,
    "chinese": _WESTERN_KEYS | {"family_names"},
    "singapore": _WESTERN_KEYS | _MALAY_KEYS,
    "korean": frozenset({"family_names"}),
    "hispanic": _WESTERN_KEYS | {"second_given_names"},
    "portuguese": _WESTERN_KEYS,
    "filipino": _WESTERN_KEYS,
    "arabic": _WESTERN_KEYS | {"spelling_variants"},
}
"""Keys of a convention that each builder reads. The other keys of a convention are read for every builder."""


class Convention(_Table):
    """One way to build and shorten personal names: `data/conventions/<name>.toml`."""

    name: Annotated[str, Field(pattern=r"^[a-z]+$")]
    """Name of the convention and of the file; a country refers to it."""
    sources: Sources
    builder: Builder
    """Function in `match/names/forms.py` that lists the forms of a name."""
    shares_lists_of: Words = ()
    """Other conventions whose lists of words apply as well."""
    full_forms: tuple[tuple[Part, ...], ...] = ()
    """Orders of the whole name as lists of parts. With `family_last`, orders in addition to the usual ones."""
    short_forms: tuple[ShortFormRule, ...] = ()
    """Parts that the press uses for the whole name, the most usual first."""
    phonetic_parts: Annotated[tuple[Part, ...], Field(max_length=2)] = ()
    """Two parts that are compared by sound, where names have no fixed Latin spelling; empty for none."""
    split_hyphens: bool = False
    """True where a hyphen separates words like a space."""
    syllabic: bool = False
    """True where a further syllable with a capital makes another name."""
    common_short_forms: bool = False
    """True where thousands share a short form, so that it needs more evidence."""
    middle_names: bool = False
    """True where a middle name or an initial may be between the given and the family name."""
    one_letter_makes_other_name: bool = False
    """True where names are so short that a spelling one letter away is another name, not a typing error."""
    further_family_names: bool = False
    """True where a further family or father's name may follow the last word of a name and make it another name."""
    patronymic_chains: bool = False
    """True where fathers' names after `bin` or a similar word may be added to a name, or left out."""
    arabic_origin: bool = False
    """True where names of Arabic origin are usual: they match in the spellings of the arabic convention."""
    final_a_is_feminine: bool = False
    """True where a final `a` distinguishes the names of women from the names of men."""
    family_name_of_any_length: bool = False
    """True where a family name in Chinese characters may have one, two or three of them."""
    hyphenated_only_in_places: bool = False
    """True where a given and a family name joined by a hyphen are the name of a street or school."""
    family_names: Words = ()
    """Family names that show the order of the parts."""
    second_given_names: Words = ()
    """Given names that are often the second of two."""
    common_first_names: Words = ()
    """First parts that the press omits because very many people have them."""
    compound_prefixes: Words = ()
    """First words that are a name only together with the next, as `Abdul`."""
    particles: Words = ()
    """Words in lower case that belong to the family name after them."""
    patronymic_particles: Words = ()
    """Words before the father's name."""
    honorifics: Words = ()
    """Titles that may be between a name and the father's name."""
    respellings: tuple[tuple[str, str], ...] = ()
    """Patterns of folded letters and their replacements that give other usual spellings."""
    spelling_variants: tuple[Words, ...] = ()
    """Groups of spellings of one name that are exchanged."""


class Country(_Table):
    """One country in `data/countries.toml`. Only what the press uses is listed."""

    names: Annotated[Words, Field(min_length=1)]
    """Names in the languages of the field; the first identifies the country."""
    adjectives: Words = ()
    """Adjectives and names of inhabitants."""
    capitals: Words = ()
    """Capitals, seats of government and houses that the press names for the government."""
    ambiguous: Words = ()
    """Words of the lists above that have other meanings: they count only in a title."""
    convention: str
    """Naming convention of most of its officials."""
    home_of: str = ""
    """Code of the language in which a title without a country means this one.

    The language has a file, or is in `languages_without_file`.
    """
    domain: Annotated[str, Field(pattern=r"^([a-z]{2})?$")] = ""
    """Top-level domain of the country."""
    time_zone: str = ""
    """IANA zone, only for countries in which nearly all publishers use the same time."""
    numeric_dates: NumericDates = "day first"
    """Order of day and month in 03/04/2026."""


class Countries(_Table):
    """All countries: `data/countries.toml`."""

    sources: Sources
    languages_without_file: Words = ()
    """Codes of languages that `home_of` names and that have no file yet."""
    country: tuple[Country, ...]


class ZoneAbbreviation(_Table):
    """One meaning of one abbreviation of a time zone; several records may have the same name."""

    name: Annotated[str, Field(min_length=1)]
    """The abbreviation as it is printed, as `CST`."""
    minutes: int = 0
    """Offset from UTC in minutes, east positive."""
    zone: str = ""
    """IANA zone instead of `minutes`, for an abbreviation of both seasons, as `ET`."""
    countries: Words = ()
    """Top-level domains of the countries where the abbreviation has this meaning; empty if it has only one."""
    is_default: bool = False
    """True for the meaning in all other countries; an ambiguous abbreviation may have none."""


class ZoneAbbreviations(_Table):
    """All abbreviations of time zones: `data/zone_abbreviations.toml`."""

    sources: Sources
    abbreviation: tuple[ZoneAbbreviation, ...]

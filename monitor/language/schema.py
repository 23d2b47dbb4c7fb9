"""Models of the data files about languages, countries and naming conventions.

A key that is not in the model is an error, so that a misspelt key is noticed. Unless a field states otherwise, the
words of a field are compared without case and diacritics.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = tuple[Annotated[str, Field(min_length=1)], ...]
"""Type of a list of words or phrases, none of which is empty."""
Sources = Annotated[Words, Field(min_length=1)]
"""Type of a list of the origins of the data in a file. It has at least one entry."""


class _Table(BaseModel):
    """Base class of all models: values cannot be changed, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # built when the first file is read


class Titles(_Table):
    """Words that state positions, ranks and forms of address."""

    positions: dict[str, Words] = {}
    """Maps each position to its phrases.

    A key is the main word of the position, which may be followed by its level and its domain: `minister`,
    `minister.deputy` or `minister.deputy.finance`. The level may be empty: `minister..finance`.
    """
    levels: dict[Literal["deputy", "former"], Words] = {}
    """Maps each level to the words that change a position to this level, such as `vice` or `ex`."""
    domains: dict[str, Words] = {}
    """Maps each domain (subject of a position), such as `defence` or `finance`, to its phrases."""
    ranks: dict[Literal["general", "admiral", "colonel"], Words] = {}
    """Maps each group of military and police ranks to its phrases. `colonel` contains all ranks below general."""
    forms_of_address: Words = ()
    """Words before a name that show respect but do not state a position, such as `Mr` or `ông`."""
    neutral: Words = ()
    """Words that may be part of a title without a change of its meaning, such as `of`, `the` or `acting`."""


class Places(_Table):
    """Words next to a name which show that it names a place, an institution or a thing instead of a person."""

    before: Words = ()
    """Words that, directly before a name, show that it is the name of a place, as in `rue Victor Hugo`."""
    before_stems: Words = ()
    """Like `before`, but only the beginnings of words whose endings change with the grammatical case.

    An example is `letišt` for `letiště` (airport).
    """
    not_before: Words = ()
    """Phrases of two words that do not introduce a place, although their last word alone does.

    An example is `от имени` (on behalf of).
    """
    after: Words = ()
    """Words that show, if they follow a name and are capitalized, that a place is meant, as in `Kennedy Airport`."""
    after_lowercase: Words = ()
    """Words that show, even in lower case, that the name before them is the name of a place, as in `Kennedy airport`.

    Words that often begin the next phrase must not be listed.
    """
    names: Words = ()
    """Names of places that are also the end of a personal name, such as `Quảng Ninh`."""


class Vocabulary(_Table):
    """Words that show whether a capitalized word is a name, and words that state an occupation or a decision."""

    common: Words = ()
    """Ordinary words that have a capital at the start of a sentence or in a headline."""
    ordinary_names: Words = ()
    """Ordinary words that are also personal names, such as `Rose` or `Long`."""
    compounds: Words = ()
    """Compound words, each of two words, of which the first word alone is also a given name.

    If the second word follows, the first one is not taken for a name.
    """
    after_name: Words = ()
    """Words that often follow a name, such as `said`, but rarely follow an ordinary word that is spelt like a name."""
    never_after_name: Words = ()
    """Capitalized words, such as days and months, that may follow a name but are never part of it."""
    headline_after_name: Words = ()
    """Words that follow a name in headlines in which most words are capitalized, and do not belong to the name.

    The words are compared with their diacritics.
    """
    occupations: Words = ()
    """Occupations that no official has. Next to a full name, they show that another person with this name is meant.

    Words about crimes and trials are not included, because officials are accused too.
    """
    negations: Words = ()
    """Words that reverse the meaning of a statement, such as `not`, `refuses` or `denies`."""
    opposites: tuple[tuple[Words, Words], ...] = ()
    """Pairs of lists: words for a decision, and words for the opposite decision.

    An example is `approve` and `reject`.
    """


class Credits(_Table):
    """Words in photo credits and bylines inside the text of an article."""

    picture: Words = ()
    """Words for a picture before the name of a photographer, such as `photo` or `image`."""
    production: Words = ()
    """Words before `by` and a name, such as `photos` or `edited`."""
    byline: Words = ()
    """Words at the beginning of a line before the name of an author."""
    by: Words = ()
    """Words for `by`, between a word that is listed under `production` and the name of the author."""
    picture_links: Words = ()
    """Words, such as `courtesy`, that may be between a word that is listed under `picture` and the name.

    Words that are listed under `by` may be there, too.
    """
    joiners: Words = ()
    """Words between the names of two authors, such as `and`."""


class Native(_Table):
    """Words next to names, for a language with a script other than Latin."""

    titles: Words = ()
    """Titles and forms of address that are written directly before a name, without a space."""
    sentence_openers: Words = ()
    """Articles, prepositions and conjunctions: capitalized words that may precede a name but are not part of it."""
    words_after_name: Words = ()
    """Particles and titles that are written directly after a name, without a space."""
    two_character_family_names: Words = ()
    """Family names of two characters, for a language in which most family names have one."""


NumericDates = Literal["day first", "month first", "year first", "both"]
"""Order of the numbers in a date.

With the value `year first`, and also with `both`, 03/04/2026 can mean 3 April or 4 March.
"""


class Calendar(_Table):
    """Names of months and days, and the way in which dates and times are written."""

    months: Annotated[tuple[Words, ...], Field(max_length=12)] = ()
    """Twelve lists of names and abbreviations, January first; lower case, without a final dot."""
    weekdays: Words = ()
    """Names and abbreviations of days, as they are printed in lines with a date; lower case."""
    numeric_dates: NumericDates = "day first"
    """Order of day and month in a date such as 03/04/2026."""
    before_noon: Words = ()
    """Words next to a 12-hour time that mean "a.m.", spelt as in print."""
    after_noon: Words = ()
    """Words next to a 12-hour time that mean "p.m.", spelt as in print."""


class Inflection(_Table):
    """Endings and prefixes that names get in grammatical cases other than the nominative.

    They are written in the script of the language.
    """

    declined_words: Literal["all", "last"] = "all"
    """Words of a name that have endings: all, as in Slavic languages, or only the last, as in Finnish or German."""
    prefixes: Words = ()
    """Prefixes of names, in lower case, as in Zulu `uSipho`."""
    endings: dict[str, tuple[str, ...]] = {}
    """Maps each ending of a case other than the nominative to the nominative endings that it may replace.

    `""` means that the nominative has no ending.
    """
    feminine_endings: Words = ()
    """Endings, in all cases, that the language adds to the family names of women, such as -ová in Czech."""
    same_as: str = ""
    """Code of a language that has the same endings; `endings` is then empty."""


class Orthography(_Table):
    """Properties of a language's script and spelling."""

    diacritics_distinguish_words: bool = False
    """True if a word usually becomes another word when its diacritics are removed.

    Occupations, and words that precede the name of a place, are then compared with their diacritics.
    """
    syllable: str = ""
    """Regular expression for one syllable of a name, in lower case without diacritics.

    It is empty for languages in which the words of a name are not single syllables.
    """


class Detection(_Table):
    """Properties of a language by which the language of a text is detected."""

    order: int = 100
    """Rank in the detection: languages with lower numbers are tested first, and preferred if two fit equally."""
    script: str = ""
    """Characters of the script, as in the square brackets of a regular expression: `가-힣`.

    It is empty if the script alone does not show the language.
    """
    script_family: Words = ()
    """Codes of other languages that are written in the same script.

    A text in this script counts as one of these languages only if its page or feed states that language.
    """
    script_family_also_latin: Words = ()
    """Languages of `script_family` that are also written in Latin letters."""
    letters: str = ""
    """Letters of a Latin alphabet that are frequent only in this language, such as `ăđơẠ-ỹ`.

    They are written as in the square brackets of a regular expression.
    """
    function_words: Words = ()
    """Frequent short words, in lower case and with diacritics."""
    claims: Words = ()
    """Names and wrong codes by which pages state this language, such as `vietnamese` or `vn`, in lower case."""


class Succession(_Table):
    """Words by which reports state that a person gets or leaves a post.

    Only the words of the article's own language are used. An entry may begin or end with `*`, which means any letters:
    `назначен*`. In a language with cases or verb forms, list each form or use a `*`.
    """

    gets: Words = ()
    """Words whose grammatical subject gets the post: `was appointed`, `takes office as`."""
    gives: Words = ()
    """Verbs whose grammatical object gets the post: `appoints`.

    A word that is also listed under `gets` is tried in both meanings.
    """
    succeeds: Words = ()
    """Words after the new holder of a post and before the earlier one: `succeeds`, `in place of`."""
    succeeded_by: Words = ()
    """Words after the earlier holder of a post and before the new one: `was replaced by`."""
    succeeds_last: Words = ()
    """Words after two names, first the new holder of a post and then the earlier one: the Turkish `yerine geçti`."""
    replacement: Words = ()
    """Words between the earlier holder of a post and the new one, such as `with` in `replaces Y with X`.

    They count only after a word that is listed under `succeeds`, such as `replaces`, and the name of the earlier
    holder.
    """
    in_place_of: Words = ()
    """Words such as `in place of` that follow the new holder of a post and precede the earlier one.

    They can also mean that a deputy attends an event. They therefore count only if the sentence also states that
    somebody gets a post, for example with a word that is listed under `gets`, `gives` or `new`.
    """
    leaves: Words = ()
    """Words whose grammatical subject leaves the post: `resigned`, `was dismissed`."""
    removes: Words = ()
    """Words whose grammatical object leaves the post: `dismisses`, `resignation of`."""
    removed_last: Words = ()
    """Words directly after the official who is dismissed, or after the official's post: the Japanese `を更迭`."""
    dies: Words = ()
    """Words for the death of the person next to them: `died`."""
    relatives: Words = ()
    """Words for relatives: `wife`.

    If a sentence is about the death or departure of a relative, the official has not left the post.
    """
    new: Words = ()
    """Words next to a post that show that its holder is new: `new`, `newly appointed`, `acting`."""
    former: Words = ()
    """Words next to a post that was held in the past: `former`, `ex`."""
    not_holder: Words = ()
    """Words next to a post or name that show that the person does not hold the post: `shadow`, `nominee`."""
    is_: Words = ()
    """Forms of `to be` that connect a name with a new post, such as `is` in `X is the new minister`.

    They count only if a word that is listed under `new` is next to the post.
    """
    uncertain: Words = ()
    """Words that show that the clause is about something planned, possible or denied: `may`, `will`, `nominated`."""
    past: Words = ()
    """Words that show that the clause is about earlier times: `previously`, `served as`."""
    links: Words = ()
    """Words between a verb, such as `was appointed` or `resigned`, and the post: `as`, `to the post of`."""
    joiners: Words = ()
    """Words between two posts of one person, in addition to `credits.joiners`: `cum`."""
    articles: Words = ()
    """Articles before a post: `the`."""
    prints_diacritics: bool = False
    """True if texts never leave out diacritics: the German `wurde` cannot be `würde`."""
    that: Words = ()
    """Words that follow a comma and begin what somebody says or denies: the German `dass`."""
    place_links: Words = ()
    """Prepositions between a post and its place, such as `of` in `governor of Texas`."""
    adverbial_links: Words = ()
    """Prepositions that show that the name after them is not the subject of the sentence, such as `von`.

    They are needed in a language with the verb at the end.
    """
    not_uncertain: Words = ()
    """Words that begin like a word listed under `uncertain` but mean something else.

    They are needed only in scripts without spaces: `将军` (general) begins with `将` (will).
    """
    region_adjectives: Words = ()
    """Endings of adjectives that are derived from the names of regions, such as `*ische`.

    If such an adjective precedes a post and does not name a country, the post is a regional one.
    """
    country_adjectives: dict[Annotated[str, Field(pattern=r"^[a-z]{2}$")], Words] = {}
    """Maps the top-level domain of a country to words for the country.

    They are its adjectives, such as `российск*`, and names of the country that `countries.toml` lacks.
    """


class Page(_Table):
    """Phrases on a page that do not belong to the text of the article, such as labels and offers.

    Each phrase is an RE2 pattern. Matching ignores case but not diacritics.
    """

    appeals: Words = ()
    """Beginnings of lines that ask the reader to do something, or that refer to another page."""
    labels: Words = ()
    """Beginnings of short lines that are only a label, such as `Advertisement`."""
    offers: Words = ()
    """Phrases of invitations and legal notices, at any place in a line."""
    sales: Words = ()
    """Phrases that offer the reader a subscription or an account."""
    rights: Words = ()
    """Phrases about copyright and permission to copy."""
    imprint: Words = ()
    """Phrases that state a publisher's address or licence."""
    biographies: Words = ()
    """Patterns of sentences about the author."""
    bylines: Words = ()
    """Words at the beginning of a byline, such as `by`."""
    desks: Words = ()
    """Words of bylines that name no person, such as `staff` or `newsroom`."""
    credits: Words = ()
    """Words in the credit line of a picture; plain words without the special characters of patterns."""
    agency_sources: Words = ()
    """Words that mean `source` before the name of an agency at the end of a text, as in `Source: Reuters`."""
    date_line: Words = ()
    """Words in a line that states the date of the article.

    The names of days and months are not listed.
    """
    modified: Words = ()
    """Words before the time at which the article was changed."""
    summary: Words = ()
    """Words for `summary` in the label of a machine-generated summary."""
    made: Words = ()
    """Words for `generated` in the label of a machine-generated summary."""
    machine: Words = ()
    """Words for `machine` or `artificial intelligence` in the label of a machine-generated summary."""


class Language(_Table):
    """One language, from `data/languages/<code>.toml`."""

    code: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    """ISO 639 code of the language. It is also the name of the file."""
    name: str
    """English name of the language."""
    variants: Words = ()
    """Codes of written forms of the language that use the same file, such as `nb` and `nn` for `no`."""
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
    succession: Annotated[Succession, Field(default_factory=Succession)]


class Spellings(_Table):
    """Rules for different spellings of the same name, for all languages, from `data/orthography.toml`."""

    sources: Sources
    digraphs: dict[str, str]
    """Maps each letter to the two letters that ASCII texts write instead, such as `ü` to `ue`."""
    twins: tuple[tuple[str, str], ...]
    """Pairs of interchangeable spellings in scripts other than Latin.

    If one of a pair is empty, the other may be omitted.
    """
    han_simplified: Words
    """Simplified Chinese characters. Each entry is a series of characters.

    The entries of `han_traditional` have the traditional characters in the same order.
    """
    han_traditional: Words
    """The traditional form of each character in `han_simplified`, in the same order."""
    arabic_prefixes: Words
    """The article, prepositions and conjunctions that Arabic joins to the following word, longest first."""
    han_variants: Words = ()
    """Groups of old, new and variant forms of one character in Japanese names, such as `沢澤`."""
    arabic_transcriptions: tuple[tuple[str, str], ...] = ()
    """Pairs: a pattern in a transcription of Arabic or Persian, and the letters in another one.

    Examples are `sh` and the French `ch`, and `gh` and `q` for the same Persian letter.
    """
    transcriptions: tuple[tuple[str, str], ...]
    """Pairs: letters in English transcriptions, and the letters that another language writes.

    An example is `u` and the French `ou`.
    """
    look_alikes: Annotated[dict[str, str], Field(default_factory=dict)]
    """Maps each Cyrillic or Greek letter to the Latin letter that looks like it."""


class Agencies(_Table):
    """Names of news agencies, from `data/agencies.toml`."""

    sources: Sources
    agencies: Words
    """Names and abbreviations, as they are printed.

    Upper and lower case are distinguished only in names of up to four characters.
    """


class PersonalNames(_Table):
    """Frequent personal names, from `data/personal_names.toml`, which `tools/personal_names.py` writes."""

    sources: Sources
    common_family_names: Words
    """Family names that very many people have, in lower case without diacritics.

    Each entry contains several names, separated by spaces.
    """
    uncased_given_names: Words
    """Given names in scripts without capitals, normalized for comparison.

    Each entry contains several names, separated by spaces.
    """


class CountryNames(_Table):
    """Names of one country in CLDR, the Unicode data about languages."""

    domain: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    """Top-level domain of the country. It identifies the country in `countries.toml`."""
    names: Words
    """Names of the country in all languages with a script other than Latin."""
    latin_names: Words = ()
    """Names in Latin letters that `countries.toml` does not have. They are used in statements about posts and to group
    stories, but not to find names of officials."""


class AllCountryNames(_Table):
    """Names of all countries in CLDR, the Unicode data about languages, from `data/country_names.toml`."""

    sources: Sources
    country: tuple[CountryNames, ...]


class Event(_Table):
    """One kind of event or subject of news in `data/events.toml`."""

    name: Annotated[str, Field(min_length=1)]
    words: dict[str, Words]
    """Maps each language code to words and phrases for the event. `*` at the beginning or end means any letters.

    In scripts without spaces, in Devanagari and in Korean, a word is found anywhere in a text.
    """


class Events(_Table):
    """Kinds of events and subjects of news: `data/events.toml`."""

    sources: Sources
    event: tuple[Event, ...]


class HanWords(_Table):
    """Chinese words that resemble or contain a name, from `data/han_words.toml`, which `tools/han_words.py` writes."""

    sources: Sources
    words: Words
    """Words of two to four simplified characters.

    Each entry contains several words, separated by spaces.
    """


class Transliteration(_Table):
    """Tables that map letters, or pairs of letters, of other scripts to Latin letters.

    They are in `data/transliteration.toml`.
    """

    sources: Sources
    cyrillic: dict[str, str]
    greek: dict[str, str]
    georgian: dict[str, str]
    armenian: dict[str, str]
    arabic: dict[str, str]
    """Maps Arabic letters to Latin consonants; vowels are omitted.

    The tables for Arabic, Hebrew and katakana are used only to group stories, not to find names of officials.
    """
    hebrew: dict[str, str]
    katakana: dict[str, str]


Part = Literal["first", "rest", "last", "others", "first two", "last two"]
"""Part of a name: `rest` is all words but the first, and `others` all words but the last.

A word with a hyphen is one word, unless the convention has `split_hyphens`.
"""


class ShortFormRule(_Table):
    """Rule for a short form of a name: a part that the press uses instead of the full name."""

    part: Part | Literal["family"]
    """The part of the full name that is the short form.

    `family` is valid only if the convention has the builder `family_last`, which determines the family name.
    """
    label: str = ""
    """Description of the part for users, such as `given name`. For `family`, it is not needed."""
    sufficient: bool = True
    """False if the short form is recognized only with a title."""
    sufficient_from_letters: int = 0
    """Minimum number of letters of a short form that is recognized without a title."""
    min_words: int = 2
    """Minimum number of words of a full name that has this short form."""


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
"""Name of a builder, a function in `match/names/forms.py` that lists the forms of a name."""

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
    "korean": frozenset({"family_names", "spelling_variants"}),
    "hispanic": _WESTERN_KEYS | {"second_given_names"},
    "portuguese": _WESTERN_KEYS,
    "filipino": _WESTERN_KEYS,
    "arabic": _WESTERN_KEYS | {"spelling_variants"},
}
"""Maps each builder to the keys of a naming convention that it reads but some other builders ignore.

A builder is a function that lists the forms of a name. A key that is not listed for any builder may be used with every
builder.
"""


class Convention(_Table):
    """Naming convention of a country, from `data/conventions/<name>.toml`: order, parts and short forms of names."""

    name: Annotated[str, Field(pattern=r"^[a-z]+$")]
    """The name of the convention and of its file. Countries refer to the convention by this name."""
    sources: Sources
    builder: Builder
    """Name of the function in `match/names/forms.py` that lists the forms of a name in this convention."""
    shares_lists_of: Words = ()
    """Names of other conventions. Their lists of words are used in addition to the lists of this convention."""
    full_forms: tuple[tuple[Part, ...], ...] = ()
    """Orders in which the parts of a full name are written; each order is a list of parts.

    The builder `family_last` adds the western orders.
    """
    short_forms: tuple[ShortFormRule, ...] = ()
    """Rules for the short forms of a name, the most usual first."""
    phonetic_parts: Annotated[tuple[Part, ...], Field(max_length=2)] = ()
    """Two parts of a name that are compared by sound, because such names have no fixed Latin spelling.

    It is empty for conventions whose names are not compared by sound.
    """
    split_hyphens: bool = False
    """True if a hyphen in a name separates words like a space."""
    syllabic: bool = False
    """True if names consist of syllables. A further capitalized syllable next to a name then makes another name."""
    common_short_forms: bool = False
    """True if thousands of people share a short form. A short form then needs more evidence."""
    middle_names: bool = False
    """True if a middle name or an initial may be between given and family name."""
    one_letter_makes_other_name: bool = False
    """True if names are very short. A spelling with one other letter is then another name and not a typing error."""
    further_family_names: bool = False
    """True if a name becomes the name of another person when a family name or father's name is added after it."""
    patronymic_chains: bool = False
    """True if fathers' names after `bin` or a similar word may be added to a name or omitted."""
    arabic_origin: bool = False
    """True if names of Arabic origin are usual. They are then also found in the spellings of the arabic convention."""
    final_a_is_feminine: bool = False
    """True if a final `a` distinguishes names of women from names of men."""
    family_name_of_any_length: bool = False
    """True if a family name in Chinese characters may have one, two or three characters."""
    hyphenated_only_in_places: bool = False
    """True if a hyphen between given and family name shows that a street or school is meant."""
    family_names: Words = ()
    """Family names that show, by their place in a name, whether the family name is written first or last."""
    second_given_names: Words = ()
    """Given names that are often the second of two given names."""
    common_first_names: Words = ()
    """First names that the press omits because very many people have them."""
    compound_prefixes: Words = ()
    """First words that are a name only together with the next word, such as `Abdul`."""
    particles: Words = ()
    """Lower-case words that belong to the family name after them, such as `van`."""
    patronymic_particles: Words = ()
    """Words before the father's name, such as `bin`."""
    honorifics: Words = ()
    """Titles that may be between a person's own name and the father's name."""
    respellings: tuple[tuple[str, str], ...] = ()
    """Pairs: a pattern in lower case without diacritics, and its replacement.

    A replacement produces another usual spelling of a name.
    """
    spelling_variants: tuple[Words, ...] = ()
    """Groups of interchangeable spellings of one name. A spelling that ends with a dot is an abbreviation."""


class Country(_Table):
    """One country in `data/countries.toml`, with the words by which the press refers to it."""

    names: Annotated[Words, Field(min_length=1)]
    """Names of the country in all languages of the data; the first identifies the country."""
    adjectives: Words = ()
    """Adjectives of the country and names of its inhabitants."""
    capitals: Words = ()
    """Capital, seat of government and buildings whose names the press uses for the government."""
    ambiguous: Words = ()
    """Words from `names`, `adjectives` and `capitals` that also have another meaning.

    They mean the country only inside a title.
    """
    convention: str
    """Naming convention of most of the country's officials."""
    home_of: str = ""
    """Code of the language in whose texts a title without a country refers to this country.

    The language must have a data file or be in `languages_without_file`.
    """
    domain: Annotated[str, Field(pattern=r"^([a-z]{2})?$")] = ""
    """Top-level domain of the country."""
    code: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    """Three-letter code of the country (ISO 3166-1 alpha-3)."""
    wikidata: Annotated[str, Field(pattern=r"^(Q[0-9]+)?$")] = ""
    """Id of the country in Wikidata."""
    time_zone: str = ""
    """The IANA time zone, only for countries in which nearly all publishers use the same zone."""
    numeric_dates: NumericDates = "day first"
    """Order of day and month in a date such as 03/04/2026."""


class Countries(_Table):
    """All countries, from `data/countries.toml`."""

    sources: Sources
    languages_without_file: Words = ()
    """Codes of languages that a country states under `home_of`, but that have no data file yet."""
    country: tuple[Country, ...]


class ZoneAbbreviation(_Table):
    """One meaning of a time zone abbreviation. An abbreviation with several meanings has several of these records."""

    name: Annotated[str, Field(min_length=1)]
    """The abbreviation as printed, such as `CST`."""
    minutes: int = 0
    """Offset from UTC in minutes; east of Greenwich is positive."""
    zone: str = ""
    """IANA zone, used instead of `minutes` for an abbreviation that is used in summer and in winter, such as `ET`."""
    countries: Words = ()
    """Top-level domains of the countries in which the abbreviation has this meaning.

    Empty if it has only one meaning.
    """
    is_default: bool = False
    """True for the meaning that is used if neither the country nor the time zone of a source decides.

    An abbreviation with several meanings may have no default.
    """


class ZoneAbbreviations(_Table):
    """All time zone abbreviations, from `data/zone_abbreviations.toml`."""

    sources: Sources
    abbreviation: tuple[ZoneAbbreviation, ...]

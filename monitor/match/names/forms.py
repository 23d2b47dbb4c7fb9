"""Forms of personal names by naming convention: the orders of the full name, and the short names that the press uses.

A naming convention is the order and the parts of names in a country. Each builder function gets the groups of a name
and the data of its convention. A group is one printed word, normalized, with a space instead of a hyphen (``min ho``).
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

from msgspec import Struct

from monitor.domain.mention import MatchForm
from monitor.domain.values import replace
from monitor.domain.watchlist import Official
from monitor.language.schema import Builder, Convention
from monitor.match.names.respelling import (
    join_apostrophes,
    list_arabic_spellings,
    list_digraph_forms,
    list_initial_forms,
)
from monitor.match.names.scripts import (
    PATRONYMIC_PARTICLES,
    add_article_variants,
    build_native_patterns,
    is_native,
    printed_words,
    shorten_patronymics,
)
from monitor.match.types import NameParts, NameWords, ShortForm, flatten_groups, join_groups
from monitor.match.vocabulary import (
    address_first_words,
    address_phrases,
    find_convention,
    find_country_key,
    home_forms_of_address,
    is_ordinary_word,
    name_lists,
    naming_convention,
    syllable_pattern,
    word_lists,
)
from monitor.text.fold import blank_punctuation, fold, fold_key, fold_words

_APOSTROPHE_IN_WORD = re.compile(r"(?<=\w)'(?=\w)")
_GENERATION_SUFFIXES = {"jr", "sr", "ii", "iii", "iv"}
_MIN_FIRST_NAME_LETTERS = 4
_VOWELS = frozenset("aeiouy")
_MAX_ARABIC_SPELLINGS = 250
"""Maximum number of other spellings of one Arabic name.

A name with the Arabic article "al" has many forms, each with many spellings.
"""


def parse_name(name: str, country: str = "") -> NameParts:
    """Return the parts of a name according to the naming convention of a country.

    Without a country, the western convention is used. Forms of address before the name and suffixes such as "Jr." are
    removed.
    """
    convention = find_convention(find_country_key(country)) if country else "western"
    groups = _strip_titles_and_suffixes(_split_groups(name))
    if len(groups) < 2:
        return NameParts((tuple(groups[0].split()),) if groups else (), convention=convention)
    data = naming_convention(convention)
    shape = _BUILDERS[data.builder](groups, data)
    wholes = dict.fromkeys(words for words in _list_spellings(name, shape, convention) if len(words) > 1)
    respelt = [
        replace(short, words=words) for short in shape.short_forms for words in list_digraph_forms(name, (short.words,))
    ]
    shorts = {short.words: short for short in reversed((*shape.short_forms, *respelt)) if len("".join(short.words)) > 1}
    return NameParts(tuple(wholes), tuple(reversed(shorts.values())), shape.phonetic_parts, convention)


def _list_spellings(name: str, shape: NameParts, convention: str) -> Iterator[NameWords]:
    """Yield the full forms of a name, followed by other usual spellings of these forms."""
    yield from shape.full_forms
    for form in shape.full_forms:
        yield from list_initial_forms(form)
        if "'" in fold(name).text:
            yield join_apostrophes(name, form)
    if naming_convention(convention).arabic_origin:
        separate = [form for form in shape.full_forms if not _has_joined_article(form, shape.full_forms)]
        spellings = (spelt for form in separate for spelt in list_arabic_spellings(form))
        yield from islice(spellings, _MAX_ARABIC_SPELLINGS)
    yield from list_digraph_forms(name, shape.full_forms)


def _has_joined_article(form: NameWords, full_forms: tuple[NameWords, ...]) -> bool:
    """Return whether a form equals another form, except that its Arabic article is joined: "alsabi" for "al sabi"."""
    return any(form == (*other[:-2], "".join(other[-2:])) for other in full_forms if other[-2:-1] in {("al",), ("el",)})


def _split_groups(text: str) -> list[str]:
    """Split a text into groups. A group is one printed word, normalized, with spaces instead of hyphens.

    "Min-ho" is the single group ``min ho``. An apostrophe inside a word is treated like a hyphen: "O'Brien" is the
    group ``o brien``.
    """
    folded = _APOSTROPHE_IN_WORD.sub("-", fold(text).text)
    parts = blank_punctuation(folded, "-/·").split()
    return [" ".join(part.replace("-", " ").split()) for part in parts if part.strip("-")]


def _strip_titles_and_suffixes(groups: list[str]) -> list[str]:
    """Remove forms of address at the start of a name, and generation suffixes, such as "Jr.", at its end.

    At least two words always remain.
    """
    address = address_phrases()
    while len(groups) > 2 and (groups[0] in address or " ".join(groups[:2]) in address) and not _may_be_name(groups[0]):
        groups = groups[1:]
    while len(groups) > 2 and groups[-1] in _GENERATION_SUFFIXES:
        groups = groups[:-1]
    return groups


def _may_be_name(group: str) -> bool:
    """Return whether a form of address may also be a name.

    This is the case if it has two letters, at least one of them a vowel: Ba, Bu and Ko may be names, Dr may not.
    """
    return len(group) == 2 and not _VOWELS.isdisjoint(group)


def find_kept_address(name: str, country: str = "") -> str:
    """Return the form of address that ``parse_name`` keeps at the start of a name, normalized, or an empty string.

    The result is either an abbreviation before a single word (Dr Smith), or a word that may itself be a name. Such a
    word is returned only if the country uses it as a form of address, as Myanmar uses Ko.
    """
    words = fold_words(name)
    if not words or words[0] not in address_first_words():  # true for most names
        return ""
    groups = _strip_titles_and_suffixes(_split_groups(name))
    first = groups[0] if len(groups) > 1 and groups[0] in address_phrases() else ""
    if _may_be_name(first):
        key = find_country_key(country)
        return first if first in home_forms_of_address(key) and first != groups[1] else ""
    return first if len(first) > 1 and _VOWELS.isdisjoint(first) else ""


def _build_vietnamese(groups: list[str], _convention: Convention) -> NameParts:
    names = flatten_groups(*groups)
    family, middle, given = names[:1], names[1:-1], names[-1:]
    wholes = [names, given + family + middle, (*middle, *given, *family)]
    if len(names) > 3 and names[1] == "thi":
        wholes.append(names[:1] + names[2:])
    wholes += [_swap_final_i_and_y(whole) for whole in tuple(wholes[:1])]
    shorts = [ShortForm(given, "given name"), ShortForm(_swap_final_i_and_y(given), "given name, spelt otherwise")]
    if middle:
        shorts.append(ShortForm((middle[-1], *given), "middle and given name"))
    return NameParts(tuple(wholes), tuple(shorts))


def _swap_final_i_and_y(name_words: NameWords) -> NameWords:
    """Exchange i and y at the end of each word of a name, if a consonant precedes the letter: Sĩ and Sỹ."""
    swap = {"i": "y", "y": "i"}
    return tuple(
        word[:-1] + swap[word[-1]] if len(word) > 1 and word[-1] in swap and word[-2] not in "aeiouy" else word
        for word in name_words
    )


def _build_indonesian(groups: list[str], convention: Convention) -> NameParts:
    names = flatten_groups(*groups)
    omitted = names[0] in name_lists(convention.name).common_first_names or len(names[0]) == 1
    core = names[1:] if omitted and len(names) > 2 else names
    wholes = [names, core, (core[0], core[-1])]
    shorts = [
        ShortForm(core[:1], "first name", sufficient=len(core[0]) > 3),
        ShortForm(core[-1:], "last name", sufficient=len(core[-1]) > 3),
    ]
    if len(core) > 2:
        shorts.append(ShortForm(core[:2], "first two names"))
        wholes.append(core[:2])
    return NameParts(tuple(wholes), tuple(shorts))


def _build_malay(groups: list[str], convention: Convention) -> NameParts:
    lists = name_lists(convention.name)
    if groups[0] in lists.family_names and len(groups) > 2:
        return _build_chinese(groups, convention)
    cut = next((at for at, group in enumerate(groups) if group in lists.patronymic_particles and at), 0)
    given = flatten_groups(*(groups[:cut] or groups[:-1]))
    father = flatten_groups(*(groups[cut + 1 :] if cut else groups[-1:]))
    core = given[1:] if len(given) > 1 and given[0] in lists.common_first_names else given
    wholes = [given + father, core + father]
    if not cut and len(father) == 1 and groups[-1] not in name_lists("chinese").family_names:
        wholes += [(*core, particle, *father) for particle in ("bin", "binti")]
    if cut:
        wholes += [(*given, groups[cut], *father), (*core, groups[cut], *father)]
    for honour in lists.honorifics:
        between = ((honour,), ("bin", honour), ("binti", honour)) if father[0] not in lists.honorifics else ()
        wholes += [first + said + father for said in between for first in dict.fromkeys((given, core))]
    for spellings in lists.spelling_variants:
        if given[0] in spellings:
            wholes += [(first, *whole[1:]) for whole in tuple(wholes) if whole[0] == given[0] for first in spellings]
    shorts = [ShortForm(given, "given names"), ShortForm(core, "given name", sufficient=len(core[0]) > 3)]
    if groups[0] in {"anthony", "steven", "vivian"} or (not cut and groups[-1] in lists.family_names):
        shorts.append(ShortForm(father, "family name", sufficient=False))
    return NameParts(
        tuple(wholes),
        tuple(short for short in shorts if short.words[0] not in lists.common_first_names or len(short.words) > 1),
    )


def _build_chinese(groups: list[str], convention: Convention) -> NameParts:
    if (
        groups[0] not in name_lists(convention.name).family_names
        and groups[-1] in name_lists(convention.name).family_names
    ):
        return _build_western(groups, convention)
    family, given = groups[0], groups[1:]
    wholes = [
        flatten_groups(family, *given),
        flatten_groups(*given, family),
        (family, "".join(flatten_groups(*given))),
        ("".join(flatten_groups(*given)), family),
    ]
    return NameParts(tuple(wholes), (ShortForm((family,), "family name"),))


def _build_english_and_chinese(groups: list[str], convention: Convention) -> NameParts:
    """Return the forms of a name that consists of an English given name and a Chinese name.

    An example is "Paul Chan Mo-po", who is also called "Paul Chan".
    """
    english, family, given = groups
    chinese = _build_chinese([family, given], convention)
    wholes = [flatten_groups(*groups), flatten_groups(english, family), *chinese.full_forms]
    return NameParts(tuple(wholes), chinese.short_forms)


def _build_singaporean(groups: list[str], convention: Convention) -> NameParts:
    lists = name_lists(convention.name)
    if lists.patronymic_particles.intersection(groups[1:-1]) or groups[0] in lists.common_first_names:
        return _build_malay(groups, convention)
    if len(groups) == 3 and groups[1] in lists.family_names and " " in groups[2]:
        return _build_english_and_chinese(groups, convention)
    chinese = groups[0] in lists.family_names and len(groups) > 2
    return _build_chinese(groups, convention) if chinese else _build_western(groups, convention)


def _build_korean(groups: list[str], convention: Convention) -> NameParts:
    if (
        groups[0] not in name_lists(convention.name).family_names
        and groups[-1] in name_lists(convention.name).family_names
    ):
        groups = [groups[-1], *groups[:-1]]
    family, given = groups[0], flatten_groups(*groups[1:])
    spellings = next((group for group in name_lists(convention.name).spelling_variants if family in group), (family,))
    wholes: list[NameWords] = []
    for first in dict.fromkeys((family, *spellings)):
        for rest in (given, ("".join(given),)):
            wholes += [(first, *rest), (*rest, first)]
    return NameParts(tuple(wholes), (ShortForm((family,), "family name"),))


def _build_western(groups: list[str], convention: Convention) -> NameParts:
    lists = name_lists(convention.name)
    at = len(groups) - 1
    while at > 1 and groups[at - 1] in lists.particles:
        at -= 1
    family, given = flatten_groups(*groups[at:]), groups[:at]
    wholes = [flatten_groups(*groups), flatten_groups(given[0]) + family]
    bare = [group for group in given if len(group) > 1]
    if bare and len(bare) < len(given):
        wholes.append(flatten_groups(*bare) + family)
    if given[0] in lists.common_first_names and len(given) > 1:
        wholes.append(flatten_groups(*given[1:]) + family)
    shorts = [ShortForm(family, "family name")]
    if given[0] in lists.compound_prefixes:
        wholes.remove(flatten_groups(given[0]) + family)
    if len(family) > 1 and family[0] in {"al", "el"}:
        wholes, shorts = add_article_variants(wholes, shorts, family)
    return NameParts(tuple(wholes), tuple(shorts))


def _build_hispanic(groups: list[str], convention: Convention) -> NameParts:
    """Return the forms of a Spanish name, which has given names, the father's surname and the mother's surname.

    The press often omits the mother's surname.
    """
    plain = [group for group in groups if group not in name_lists(convention.name).particles]
    if len(plain) < 3 or len(plain) != len(groups):
        return _build_western(groups, convention)
    two_given = len(groups) > 3 or groups[1] in name_lists(convention.name).second_given_names
    given, surnames = (groups[:2], groups[2:]) if two_given else (groups[:1], groups[1:])
    wholes = [
        flatten_groups(*groups),
        flatten_groups(*given, surnames[0]),
        flatten_groups(given[0], surnames[0]),
        flatten_groups(given[0], *surnames),
    ]
    shorts = [
        ShortForm(flatten_groups(surnames[0]), "family name"),
        ShortForm(flatten_groups(*surnames), "family names"),
    ]
    return NameParts(tuple(wholes), tuple(shorts))


def _build_portuguese(groups: list[str], convention: Convention) -> NameParts:
    shape = _build_western(groups, convention)
    shorts = (*shape.short_forms, ShortForm(flatten_groups(groups[0]), "first name", sufficient=False))
    middle = (ShortForm((group,), "name in use", sufficient=False) for group in groups[1:-1] if len(group) > 3)
    shorts = (*shorts, *(short for short in middle if short.words[0] not in name_lists(convention.name).particles))
    family = shape.short_forms[0].words
    suffixes = tuple(
        flatten_groups(*groups[at:]) for at in range(1, len(groups)) if len(flatten_groups(*groups[at:])) > len(family)
    )
    return NameParts(shape.full_forms + suffixes, shorts)


def _build_filipino(groups: list[str], convention: Convention) -> NameParts:
    """Return the forms of a Filipino name: the forms of a western name, and often the first name alone.

    The first name alone counts only next to a title. It is not added if it is common or very short.
    """
    shape = _build_western(groups, convention)
    if groups[0] in name_lists(convention.name).common_first_names or len(groups[0]) < _MIN_FIRST_NAME_LETTERS:
        return shape
    return NameParts(
        shape.full_forms, (*shape.short_forms, ShortForm(flatten_groups(groups[0]), "first name", sufficient=False))
    )


def _build_arabic(groups: list[str], convention: Convention) -> NameParts:
    shape = _build_western(groups, convention)
    family = shape.short_forms[0].words
    wholes, shorts = list(shape.full_forms), list(shape.short_forms)
    if len(family) == 1:
        wholes, shorts = add_article_variants(wholes, shorts, family)
    wholes += shorten_patronymics(flatten_groups(*groups))
    halves = (join_groups(groups[0]), join_groups(groups[-1])) if len(groups) == 2 else None
    son = len(groups) > 2 and groups[1] in PATRONYMIC_PARTICLES
    given: tuple[ShortForm, ...] = ()
    if son:
        given = (ShortForm(flatten_groups(groups[0]), "given name, before the father's", sufficient=False),)
    if son and len(groups) > 3:
        own = ShortForm(flatten_groups(*groups[:3]), "given name and father's name", sufficient=False)
        given = (*given, own)
    return NameParts(tuple(wholes), (*shorts, *given), halves)


def _build_by_parts(groups: list[str], convention: Convention) -> NameParts:
    """Return the forms that are listed in the data file of a convention. Each form is a series of parts of the name."""
    if convention.split_hyphens:
        groups = list(flatten_groups(*groups))
    full_forms = tuple(
        flatten_groups(*(word for part in order for word in _PARTS[part](groups))) for order in convention.full_forms
    )
    return NameParts(full_forms, tuple(_list_short_parts(groups, convention, ())), _phonetic_parts(groups, convention))


def _build_family_last(groups: list[str], convention: Convention) -> NameParts:
    """Return the forms of a western name, and the forms that are listed in the data file of the convention."""
    western = _build_western(groups, convention)
    shorts = _list_short_parts(groups, convention, western.short_forms)
    return NameParts(
        (*western.full_forms, *_list_orders(groups, convention)), tuple(shorts), _phonetic_parts(groups, convention)
    )


def _list_orders(groups: list[str], convention: Convention) -> Iterator[NameWords]:
    """Yield the full name in each word order that is listed in the data of its naming convention."""
    for order in convention.full_forms:
        yield flatten_groups(*(word for part in order for word in _PARTS[part](groups)))


def _list_short_parts(
    groups: list[str], convention: Convention, family_forms: tuple[ShortForm, ...]
) -> Iterator[ShortForm]:
    """Yield the short forms that are listed in the data of a naming convention.

    ``family_forms`` are the short forms of the family name. They are yielded where the data lists the part "family".
    """
    for rule in convention.short_forms:
        if rule.part == "family":
            yield from family_forms
        elif len(groups) >= rule.min_words:
            words = flatten_groups(*_PARTS[rule.part](groups))
            sufficient = rule.sufficient and len("".join(words)) >= rule.sufficient_from_letters
            yield ShortForm(words, rule.label, sufficient)


def _phonetic_parts(groups: list[str], convention: Convention) -> tuple[NameWords, NameWords] | None:
    if not convention.phonetic_parts:
        return None
    first, second = convention.phonetic_parts
    return join_groups(*_PARTS[first](groups)), join_groups(*_PARTS[second](groups))


_PARTS: dict[str, Callable[[list[str]], list[str]]] = {
    "first": lambda groups: groups[:1],
    "rest": lambda groups: groups[1:],
    "last": lambda groups: groups[-1:],
    "others": lambda groups: groups[:-1],
    "first two": lambda groups: groups[:2],
    "last two": lambda groups: groups[-2:],
}
"""Maps each part of a name to a function that selects this part from the groups (printed words) of the name.

The family name is not included, because it depends on particles.
"""

_BUILDERS: dict[Builder, Callable[[list[str], Convention], NameParts]] = {
    "by_parts": _build_by_parts,
    "family_last": _build_family_last,
    "vietnamese": _build_vietnamese,
    "indonesian": _build_indonesian,
    "malay": _build_malay,
    "chinese": _build_chinese,
    "singapore": _build_singaporean,
    "korean": _build_korean,
    "hispanic": _build_hispanic,
    "portuguese": _build_portuguese,
    "filipino": _build_filipino,
    "arabic": _build_arabic,
}
"""Maps the name of each builder to its function, which returns the forms of a name.

The data file of a naming convention states the name of its builder. ``BUILDER_KEYS`` lists the keys of the file that
each builder reads.
"""


class NameForm(Struct, frozen=True):
    """A form of an official's name, for display to the user.

    ``risky`` is true if the form alone does not show that the official is meant, for example because it is also an
    ordinary word. ``why`` describes the form, or states what else an article must contain.
    """

    text: str
    form: MatchForm
    risky: bool
    why: str


def list_name_forms(official: Official) -> tuple[NameForm, ...]:
    """Return all forms of an official's names that are searched for, the most certain first.

    Differences in capital letters and missing diacritics do not prevent a match.
    """
    forms: dict[str, NameForm] = {}
    for name in (official.name, *official.aliases):
        for form in _list_native_forms(name) if is_native(name) else _list_latin_forms(name, official):
            forms.setdefault(fold_key(form.text), form)
    return tuple(sorted(forms.values(), key=lambda form: (form.risky, list(MatchForm).index(form.form))))


def _list_native_forms(name: str) -> Iterator[NameForm]:
    _, parts = build_native_patterns(name)
    yield NameForm(name, MatchForm.FULL, risky=False, why="in its own script")
    words = {fold_key(word): word for word in name.replace("·", " ").split()}
    for part in parts[:1]:
        said = words.get(part.strip(), part.strip())
        yield NameForm(
            said, MatchForm.SHORT, risky=True, why="separate from other words, if the full name is in the same text"
        )


def _list_latin_forms(name: str, official: Official) -> Iterator[NameForm]:
    shape = parse_name(name, official.country)
    printed = {fold_key(word): word for word in printed_words(name)}
    for number, whole in enumerate(shape.full_forms):
        text = _to_printed(whole, printed)
        if len(whole) == 1:
            yield NameForm(text, MatchForm.WITH_TITLE, risky=True, why=_explain_single_word(official))
        else:
            why = (
                "the name as configured" if number == 0 and name == official.name else _explain_word_order(whole, shape)
            )
            yield NameForm(text if number else name, MatchForm.FULL, risky=False, why=why)
    if shape.phonetic_parts:
        text = f"spellings that sound like {name}"
        yield NameForm(text, MatchForm.FULL, risky=False, why="both parts sound alike")
    for short in shape.short_forms:
        yield from _list_short_forms(short, printed)


def _to_printed(words: NameWords, printed_by_folded: dict[str, str]) -> str:
    return " ".join(printed_by_folded.get(word, word.capitalize()) for word in words)


def _explain_word_order(full_form: NameWords, name_parts: NameParts) -> str:
    same = sorted(full_form) == sorted(name_parts.full_forms[0])
    return "another order of the same words" if same else "a shorter form or another spelling of the name"


def _explain_single_word(official: Official) -> str:
    if official.country:
        return f"one word: counts with a title, or in a text that mentions {official.country}"
    return "one word without a country: counts only with a title"


def _list_short_forms(short_form: ShortForm, printed_by_folded: dict[str, str]) -> Iterator[NameForm]:
    text = _to_printed(short_form.words, printed_by_folded)
    yield NameForm(
        f"[title] {text}", MatchForm.WITH_TITLE, risky=False, why=f"{short_form.label}, with a fitting position or rank"
    )
    if short_form.sufficient:
        why = _explain_risk(" ".join(short_form.words)) or "counts if the full name is in the same text"
        yield NameForm(text, MatchForm.SHORT, risky=True, why=f"{short_form.label}; {why}")


def _explain_risk(folded: str) -> str:
    """Return the reason why a short form alone does not show that an official is meant, or an empty string.

    An example of a reason is that the form is also an ordinary word.
    """
    if folded in word_lists().place_names:
        return "also a place: it needs a title"
    if is_ordinary_word(folded):
        return "also an ordinary word: does not count at the start of a sentence or in a headline"
    if syllable_pattern().match(folded):
        return "shared by many people: counts if the full name is in the same text, in Vietnamese only with a title"
    return ""

"""The run of capitals in which a part of a watched name stands: by itself, in another name, or in the whole one.

Here the whole name is also found where an initial, a nickname or a middle name stands between its halves, and where
one half is spelt otherwise.
"""

import re

from monitor.domain.mention import Form
from monitor.match.countries import country_words
from monitor.match.honorifics import single_words
from monitor.match.judge import Score, weigh
from monitor.match.lexicon import COMMON, VIETNAMESE_COMPOUNDS, words
from monitor.match.romanise import same_sound, slipped
from monitor.match.roster import Person, Seen
from monitor.match.search import MAX_OWNERS, Search
from monitor.match.titles import title_after, title_before

_MIDDLE_NAMES = {"western", "filipino", "hispanic", "portuguese", "slavic", "indian", "indonesian"}
_INSERTED = re.compile(r"(?<![A-Za-z])([A-Z][A-Za-z'-]+) (?:(?:[A-Z]\. ?){1,2}|[\"'(][^\"'()\n]{1,20}[\"')] )\Z")
_ADDRESS_MARKED = {"ông", "bà", "anh", "chị", "cô", "bộ"}
_NAMELIKE = words("van do le la du da di de ma y e dan an en vi san don bang gus chi anh u ba co ko bo ong bu tun")
"""Titles and small words that are elements of names as well."""


def stands_alone(search: Search, seen: Seen) -> bool:
    """Tell whether a part of a name stands for itself; another name that it belongs to is remembered."""
    if not search.is_name(seen):
        return False
    around = search.around
    left = around.before(seen.start)
    if not left and _with_initial(search, seen):
        return False
    if left[:1].isupper() and _is_namepart(search, left, seen.start):
        if not _extended(search, seen, left):
            _remember(search, seen, f"{left} {search.printed_text(seen)}")
        return False
    return not _goes_on(search, seen) and not _is_thing(search, seen)


def _remember(search: Search, seen: Seen, name: str) -> None:
    """Keep somebody else's name that holds the same part."""
    search.others.setdefault(search.folded_text(seen), []).append((seen.start, name))


def _goes_on(search: Search, seen: Seen) -> bool:
    """Tell whether the name goes on to the right, as somebody else's, a place's, or the whole one spelt otherwise."""
    person = search.roster.person(seen.owners[0])
    word = search.around.continues_right(seen.start, seen.end, person.shape.convention)
    if not word:
        return False
    if not (word[0].isupper() and _spelt_right(search, seen, word)):
        _remember(search, seen, f"{search.printed_text(seen)} {word}")
        search.refuse_named(seen, f"part of a longer name: ... {word}")
    return True


def _is_thing(search: Search, seen: Seen) -> bool:
    """Tell whether the part of a name is half a word of two, or names a place, a thing or a photographer."""
    around = search.around
    right = around.after(seen.end)
    compound = f"{search.folded_text(seen)} {right.lower()}" in VIETNAMESE_COMPOUNDS
    if compound and (right.islower() or around.is_headline(seen.start)):
        return True
    if around.is_place(seen.start) or around.is_credit(seen.start, seen.end):
        search.refuse_named(seen, "a place, a thing or a credit")
        return True
    return False


def _is_namepart(search: Search, word: str, start: int) -> bool:
    """Tell whether the capitalised word to the left belongs to the same name."""
    around, low = search.around, word.lower()
    at = start - 1 - len(word)
    if low in _NAMELIKE:
        printed = search.page.folded.slice(at, start - 1).lower()
        return not (printed in _ADDRESS_MARKED or (low == "u" and around.begins_sentence(at)))
    if low in single_words() or low in country_words():
        return False
    if around.begins_sentence(at) or around.is_headline(start):
        return not around.is_word(word)
    return low not in COMMON


def _with_initial(search: Search, seen: Seen) -> bool:
    """Accept a whole name with an initial or a nickname between its halves."""
    match = _INSERTED.search(search.page.cased, max(0, seen.start - 50), seen.start)
    if match is None:
        return False
    for owner in seen.owners[:MAX_OWNERS]:
        person = search.roster.person(owner)
        if any(whole[0] == match[1].lower() for whole in person.shape.wholes):
            whole = Seen(match.start(1), seen.end, (owner,))
            return _take(search, whole, person, "full name with an initial or nickname")
    return False


def _extended(search: Search, seen: Seen, left: str) -> bool:
    """Accept a whole name with a middle name inside, or with its first half spelt otherwise."""
    earlier = search.around.before(seen.start - 1 - len(left)).lower()
    start = seen.start - 1 - len(left)
    for owner in seen.owners[:MAX_OWNERS]:
        person = search.roster.person(owner)
        first = person.shape.wholes[0][0] if person.shape.wholes else ""
        halves = person.shape.halves
        if halves and same_sound(left.lower(), "".join(halves[0])):
            return _take(search, Seen(start, seen.end, (owner,)), person, "full name, its first part spelt otherwise")
        if earlier == first and len(first) > 2 and person.shape.convention in _MIDDLE_NAMES:
            whole = Seen(start - 1 - len(earlier), seen.end, (owner,))
            return _take(search, whole, person, "full name with a middle name")
        if slipped(left.lower(), first) and _title_fits(search, start, seen.end, person):
            whole = Seen(start, seen.end, (owner,))
            return _take(search, whole, person, "full name with a slip, beside a fitting post")
    return False


def _spelt_right(search: Search, seen: Seen, word: str) -> bool:
    """Accept a whole name whose second half is spelt otherwise."""
    whole_end = seen.end + 1 + len(word)
    for owner in seen.owners[:MAX_OWNERS]:
        person = search.roster.person(owner)
        if person.shape.halves and same_sound(word.lower(), "".join(person.shape.halves[1])):
            whole = Seen(seen.start, whole_end, (owner,))
            return _take(search, whole, person, "full name, its second part spelt otherwise")
    return False


def _title_fits(search: Search, start: int, end: int, person: Person) -> bool:
    cased = search.page.cased
    return weigh(search, person, title_before(cased, start), title_after(cased, end)).score >= Score.LIKELY


def _take(search: Search, seen: Seen, person: Person, reason: str) -> bool:
    """Accept a whole name, unless it is a credit's or a namesake's."""
    if search.around.is_credit(seen.start, seen.end) or search.around.namesake(seen.start, seen.end):
        return False
    search.accept(person.index, seen, Form.FULL, 0.88, reason)
    return True

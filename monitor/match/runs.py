"""The run of capitals in which a part of a watched name stands: by itself, in another name, or in the whole one.

Here the whole name is also found where an initial, a nickname or a middle name stands between its halves.
"""

import re
from collections.abc import Sequence

from monitor.domain.mention import Form
from monitor.match.arabic import SON, chain_before, is_among
from monitor.match.countries import country_words
from monitor.match.hits import Seen
from monitor.match.honorifics import single_words
from monitor.match.judge import Score, weigh
from monitor.match.lexicon import COMMON, SYLLABLE, VIETNAMESE_COMPOUNDS, words
from monitor.match.people import Person
from monitor.match.romanise import SLIP_LENGTH, slipped
from monitor.match.roster import MAX_OWNERS, MIDDLE_NAMES, Roster
from monitor.match.search import Search
from monitor.match.titles import title_after, title_before

_INSERTED = re.compile(r"(?<![A-Za-z])([A-Z][A-Za-z'-]+) (?:(?:[A-Z]\. ?){1,2}|[\"'(][^\"'()\n]{1,20}[\"')] )\Z")
_INITIAL = re.compile(r"(?<![\w.'-])([A-Z])\.? ?\Z")
_ADDRESS_MARKED = words("ông bà anh chị cô bác bộ ngài tướng phó")
_TITLES_ALWAYS = words("gen sen king queen tun pak khun chef bung dato")
_NAMELIKE = words("van le la du da di de y dan vi don bang gus san")
"""Titles and small words that are elements of names as well; with Vietnamese marks they are titles."""


def is_plain(search: Search, seen: Seen) -> bool:
    """Tell whether a part of a name stands where no whole name can be made of it: no capital or initial before it."""
    left = search.around.before(seen.start)
    if left:
        return not left[0].isupper()
    end = search.page.cased[max(0, seen.start - 2) : seen.start]
    return not (end.endswith(".") or (end.endswith(" ") and end[:1] in {".", '"', "'", ")"}))


def stands_alone(search: Search, seen: Seen, *, mute: bool = False) -> bool:
    """Tell whether a part of a name stands for itself; another name that it belongs to is remembered.

    ``mute`` keeps no near misses.
    """
    if not search.is_name(seen):
        return False
    around = search.around
    left = around.before(seen.start)
    if len(left) < 2 and not is_plain(search, seen):
        if _with_initial(search, seen) or _by_initial(search, seen):
            return False
        if initial := _another_s_initial(search, seen):
            _remember(search, seen, f"{initial}. {search.printed_text(seen)}")
            return False
    if left[:1].isupper() and _is_namepart(search, left, seen.start):
        if not (_extended(search, seen, left) or _chained(search, seen)):
            _remember(search, seen, f"{left} {search.printed_text(seen)}")
        return False
    why_not = _goes_on(search, seen)
    if not why_not:
        if _is_half(search, seen):
            return False
        why_not = _is_thing(search, seen)
    if why_not and not mute:
        search.refuse_named(seen, why_not)
    return not why_not


def _remember(search: Search, seen: Seen, name: str) -> None:
    """Keep somebody else's name that holds the same part."""
    search.others.setdefault(search.folded_text(seen), []).append((seen.start, name))


def _goes_on(search: Search, seen: Seen) -> str:
    """Tell whether the name goes on to the right, as somebody else's, a place's, or the whole one spelt otherwise."""
    convention = search.roster.conventions[seen.owners[0]]
    word = search.around.continues_right(seen.start, seen.end, convention)
    if not word and convention == "arabic" and (son := search.around.after(seen.end)) in SON:
        word = son
    if not word:
        return ""
    _remember(search, seen, f"{search.printed_text(seen)} {word}")
    return f"part of a longer name: ... {word}"


def _is_half(search: Search, seen: Seen) -> bool:
    """Tell whether the part of a name is half a word of two."""
    right = search.around.after(seen.end)
    compound = f"{search.folded_text(seen)} {right.lower()}" in VIETNAMESE_COMPOUNDS
    if not compound or not (right.islower() or search.around.is_headline(seen.start)):
        return False
    title = title_before(search.page, seen.start).title
    return not (title.rank or title.addressed)  # whom a rank leads up to is somebody


def _is_thing(search: Search, seen: Seen) -> str:
    """Tell whether the part of a name is that of a place, a thing or a photographer."""
    around = search.around
    thing = around.is_place(seen.start) or around.is_credit(seen.start, seen.end)
    return "a place, a thing or a credit" if thing else ""


def _is_namepart(search: Search, word: str, start: int) -> bool:
    """Tell whether the capitalised word to the left belongs to the same name."""
    around, low = search.around, word.lower()
    at = start - 1 - len(word)
    if low in country_words():
        return False
    if low in single_words():
        if low in COMMON and _is_opening(search, at, start):
            return False
        namelike = low in _NAMELIKE or (SYLLABLE.match(low) is not None and low not in _TITLES_ALWAYS)
        return namelike and search.page.folded.slice(at, start - 1).lower() not in _ADDRESS_MARKED
    if low in COMMON:
        return False
    return not around.is_word(word) or not _is_opening(search, at, start)


def _is_opening(search: Search, at: int, start: int) -> bool:
    """Tell whether any word would have a capital here: at the beginning of a sentence, or in a headline."""
    return search.around.begins_sentence(at) or search.around.is_headline(start)


def _with_initial(search: Search, seen: Seen) -> bool:
    """Accept a whole name with an initial or a nickname between its halves."""
    match = _INSERTED.search(search.page.cased, max(0, seen.start - 50), seen.start)
    if match is None:
        return False
    for owner in seen.owners[:MAX_OWNERS]:
        if search.roster.firsts[owner] == match[1].lower():
            whole = Seen(match.start(1), seen.end, (owner,))
            return _take(search, whole, "full name with an initial or nickname")
    return False


def _by_initial(search: Search, seen: Seen) -> bool:
    """Accept an initial and the family name of somebody who is named in the text, or beside a post that fits."""
    match = _INITIAL.search(search.page.cased, max(0, seen.start - 5), seen.start)
    if match is None:
        return False
    family = search.folded_text(seen).split()[0]
    for owner in seen.owners[:MAX_OWNERS]:
        first = search.roster.firsts[owner]
        if search.roster.conventions[owner] not in MIDDLE_NAMES or first[:1] != match[1].lower() or first == family:
            continue
        if owner in search.named or _title_fits(search, match.start(1), seen.end, search.roster.person(owner)):
            return _take(search, Seen(match.start(1), seen.end, (owner,)), "initial and family name")
    return False


def _another_s_initial(search: Search, seen: Seen) -> str:
    """Return the initial before a part of a name that is nobody's who is watched, or an empty string."""
    match = _INITIAL.search(search.page.cased, max(0, seen.start - 5), seen.start)
    if match is None or match[1].lower() in single_words():
        return ""
    people = [search.roster.person(owner) for owner in seen.owners[:MAX_OWNERS]]
    if any(person.shape.convention not in MIDDLE_NAMES for person in people):
        return ""
    initials = {word[0] for person in people for shape in person.shapes for words in shape.wholes for word in words}
    return "" if match[1].lower() in initials else match[1]


def _extended(search: Search, seen: Seen, left: str) -> bool:
    """Accept a whole name with a middle name inside, or with a slip of the pen in its first word."""
    roster, low = search.roster, left.lower()
    start = seen.start - 1 - len(left)
    earlier = search.around.before(start)
    before = earlier.lower()
    for owner in _alike(roster, seen.owners[:MAX_OWNERS], before, low):
        first = roster.firsts[owner]
        if before == first and before in roster.openers and roster.conventions[owner] in MIDDLE_NAMES:
            return _take(search, Seen(start - 1 - len(earlier), seen.end, (owner,)), "full name with a middle name")
        if slipped(low, first) and _title_fits(search, start, seen.end, roster.person(owner)):
            return _take(search, Seen(start, seen.end, (owner,)), "full name with a slip, beside a fitting post")
    return False


def _alike(roster: Roster, owners: Sequence[int], same: str, near: str) -> list[int]:
    """Return whose name begins with one word, or with what may be a slip of the pen for another."""
    firsts, size = roster.firsts, len(near)
    if size < SLIP_LENGTH:
        return [owner for owner in owners if firsts[owner] == same] if same in roster.openers else []
    begin, end = near[0], near[-1]
    return [
        owner
        for owner in owners
        if (first := firsts[owner]) == same
        or (-2 < len(first) - size < 2 and (first[:1] == begin or first[-1:] == end))  # spelt out, as it runs hot
    ]


def _chained(search: Search, seen: Seen) -> bool:
    """Accept a whole name with more fathers in it than are configured."""
    left = search.page.spaced[max(0, seen.start - 40) : seen.start].split()
    for owner in seen.owners[:MAX_OWNERS] if SON.intersection(left) else ():
        start, chain = chain_before(search.page.cased, seen.start, search.roster.firsts[owner])
        person = search.roster.person(owner)
        said = (*chain, *search.folded_text(seen).split())
        if chain and person.shape.convention == "arabic" and is_among(person.shape.wholes[0], said):
            return _take(search, Seen(start, seen.end, (owner,)), "full name with the name of a father more")
    return False


def _title_fits(search: Search, start: int, end: int, person: Person) -> bool:
    return (
        weigh(search, person, title_before(search.page, start), title_after(search.page.cased, end)).score
        >= Score.LIKELY
    )


def _take(search: Search, seen: Seen, reason: str) -> bool:
    """Accept a whole name, unless it is a credit's or a namesake's."""
    if search.around.is_credit(seen.start, seen.end) or search.around.namesake(seen.start, seen.end):
        return False
    search.accept(seen.owners[0], seen, Form.FULL, 0.88, reason)
    return True

"""Parts of names: a given or family name counts beside a title that fits, or after the whole name in the same text."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from monitor.domain.mention import Form
from monitor.match.countries import home_of
from monitor.match.elements import PARTICLES
from monitor.match.judge import Score, Weighed, weigh
from monitor.match.lexicon import COMMON, PLACES, SPEAKING, SYLLABLE, WORD_NAMES
from monitor.match.posts import Fit, fit_of
from monitor.match.roster import Kind, Seen
from monitor.match.runs import stands_alone
from monitor.match.search import MAX_OWNERS, Search
from monitor.match.titles import may_lead_up, posts_in, title_after, title_before
from monitor.text.tokens import sentence

_AGED = re.compile(r", \d{2},")
_DISTINCT = 9
"""Letters from which on a part of a name is rare enough to count beside a bare honorific in a text on its country."""


def short_places(search: Search, hits: Sequence[tuple[int, int, int]]) -> list[Seen]:
    """Return where parts of watched names, or names of one word, stand with a capital."""
    roster, cased = search.roster, search.page.cased
    places: dict[tuple[int, int], Seen] = {}
    for pattern, start, end in hits:
        kind = roster.kind(pattern)
        if not kind & (Kind.SHORT | Kind.WHOLE):
            continue
        if not cased[start].isupper() and roster.patterns[pattern][1:].partition(" ")[0] not in PARTICLES:
            continue
        owners: tuple[int, ...] = roster.short_owners(pattern) if kind & Kind.SHORT else ()
        if kind & Kind.WHOLE and " " not in roster.patterns[pattern].strip():
            owners = tuple(dict.fromkeys(owners + roster.whole_owners(pattern)))
        if owners:
            places[start, end] = Seen(start, end - 2, owners)
    return list(places.values())


def find_shorts(search: Search, places: Sequence[Seen]) -> None:
    """Judge every place where a part of a watched name stands: those with a title first, they name their bearer."""
    bare: list[Seen] = []
    later: list[Seen] = []
    for seen in _free(search, places):
        if not _worth_a_look(search, seen):
            later.append(seen)
        elif stands_alone(search, seen) and not _with_title(search, seen):
            bare.append(seen)
    bare += [seen for seen in later if _names_somebody(search, seen) and stands_alone(search, seen)]
    for seen in bare:
        _without_title(search, seen)


def _names_somebody(search: Search, seen: Seen) -> bool:
    """Tell whether a bearer of the part is named in the text."""
    return any(_bears(seen.owners, owner) for owner in search.named)


def _worth_a_look(search: Search, seen: Seen) -> bool:
    """Tell at a glance whether a place can come to anything: a bearer is named, or a title or whole name is near."""
    cased, start, end = search.page.cased, seen.start, seen.end
    near = (
        cased[end : end + 1] in {",", "("} or cased[end : end + 2] == " (" or cased[start - 2 : start - 1] in {".", '"'}
    )
    if near or may_lead_up(cased, start) or cased[start - 2 : start - 1] in {"'", ")"}:
        return True
    return search.folded_text(seen) in search.roster.singles or _names_somebody(search, seen)


def _bears(owners: Sequence[int], owner: int) -> bool:
    """Tell whether an official is among the bearers, who stand in order."""
    at = bisect_left(owners, owner)
    return at < len(owners) and owners[at] == owner


def _free(search: Search, places: Sequence[Seen]) -> list[Seen]:
    """Return the places that no whole name covers, the longest of those that overlap."""
    taken = sorted(search.taken)
    starts = [start for start, _ in taken]
    free: list[Seen] = []
    for seen in sorted(places, key=lambda seen: (seen.start, -seen.end)):
        at = bisect_left(starts, seen.end)
        if (at and taken[at - 1][1] > seen.start) or (free and seen.start < free[-1].end):
            continue
        free.append(seen)
    return free


def _with_title(search: Search, seen: Seen) -> bool:
    """Judge a part of a name by its title; return False where it has none."""
    cased = search.page.cased
    before, after = title_before(cased, seen.start), title_after(cased, seen.end)
    if before.start == seen.start and not after.posts:
        return False
    owners = search.agreeing(seen, _shortlist(search, seen.owners))
    if not owners:
        search.refuse_named(seen, "its marks contradict the name's")
        return True
    weighed = [weigh(search, search.roster.person(owner), before, after) for owner in owners]
    fitting = _best(search, [one for one in weighed if _suffices(search, seen, one)])
    if len(fitting) == 1:
        form = Form.TITLED if before.start < seen.start else Form.SHORT
        search.accept(fitting[0].owner, seen, form, 0.9, fitting[0].reason)
    elif fitting:
        search.refuse([one.owner for one in fitting], seen, _any_of(search, [one.owner for one in fitting]))
    else:
        for one in sorted(weighed, key=lambda one: -one.score)[:3]:
            search.refuse((one.owner,), seen, one.reason)
    return True


def _shortlist(search: Search, owners: Sequence[int]) -> Sequence[int]:
    """Cut a list of bearers too long to weigh to those already named."""
    if len(owners) <= MAX_OWNERS:
        return owners
    return [owner for owner in owners if owner in search.named][:MAX_OWNERS]


def _best(search: Search, fitting: Sequence[Weighed]) -> list[Weighed]:
    """Return those with the strongest evidence; among equals, the one already named."""
    best = max((one.score for one in fitting), default=Score.AGAINST)
    equal = [one for one in fitting if one.score is best]
    named = [one for one in equal if one.owner in search.named]
    return named if len(named) == 1 else equal


def _any_of(search: Search, owners: Sequence[int]) -> str:
    return "may be any of " + ", ".join(search.roster.officials[owner].name for owner in owners[:5])


def _suffices(search: Search, seen: Seen, one: Weighed) -> bool:
    """Tell whether the evidence is enough: a fitting post, or less of it for somebody named or of a rare name."""
    if one.score is Score.AGAINST:
        return False
    if one.owner in search.named or one.score >= Score.LIKELY:
        return True
    at_home = _at_home(search, one.owner)
    if _is_single(search, seen, one.owner):
        return at_home or one.score >= Score.ADDRESSED
    if one.score is Score.RANKED and at_home and _post_nearby(search, seen, one.owner):
        return True
    return at_home and one.score >= Score.ADDRESSED and len(search.folded_text(seen)) >= _DISTINCT


def _is_single(search: Search, seen: Seen, owner: int) -> bool:
    """Tell whether the part is a whole name or alias of one word."""
    return search.folded_text(seen) in search.roster.person(owner).single


def _at_home(search: Search, owner: int, *, said: bool = False) -> bool:
    """Tell whether the text speaks of the official's country; ``said``: by name, not by its language alone."""
    person = search.roster.person(owner)
    times = search.lands.get(person.country, 0) if person.country else 0
    return times > (said and home_of(search.language) == person.country)


def _post_nearby(search: Search, seen: Seen, owner: int) -> bool:
    """Tell whether a post of the official stands in the sentence, whoever it belongs to there."""
    roles = search.roster.person(owner).official.roles
    cased = search.page.cased
    low, high = sentence(cased, seen.start, seen.end, 300)
    fits = (fit_of(post, role, search.when) for post in posts_in(cased[low:high]) for role in roles)
    return max(fits, default=Fit.NO) >= Fit.UNDATED


def _without_title(search: Search, seen: Seen) -> None:
    """Accept a bare part of a name after its bearer was named, unless somebody else may be meant."""
    owners = [owner for owner in seen.owners if owner in search.named]
    if not owners:
        owners = [
            one
            for one in seen.owners[:MAX_OWNERS]
            if _is_single(search, seen, one) and _at_home(search, one, said=True)
        ]
    if not owners:
        return
    agreeing = search.agreeing(seen, owners)
    if not agreeing:
        search.refuse(owners, seen, "its marks contradict the name's")
    elif why_not := _is_just_a_word(search, seen, agreeing):
        search.refuse(agreeing, seen, why_not)
    elif len(agreeing) > 1:
        search.refuse(agreeing, seen, _any_of(search, agreeing))
    elif rival := _rival(search, seen, agreeing[0]):
        search.refuse(agreeing, seen, f"may be {rival}, who is named nearer")
    else:
        whole = search.roster.officials[agreeing[0]].name
        search.accept(agreeing[0], seen, Form.SHORT, 0.85, f"stands alone, and {whole} is named in the text")


def _rival(search: Search, seen: Seen, owner: int) -> str:
    """Return somebody else of the name who was named later than the official, before this place."""
    others = search.others.get(search.folded_text(seen))
    if not others:
        return ""
    earlier = (found.start for found in search.found if found.owner == owner and found.start < seen.start)
    last = max(earlier, default=-1)
    for start, name in reversed(others):
        if last < start < seen.start or last < 0:
            return name
    return ""


def _is_just_a_word(search: Search, seen: Seen, owners: Sequence[int]) -> str:
    """Tell why a bare part of a name may be an ordinary word or a place, or needs a title."""
    around, text = search.around, search.folded_text(seen)
    people = [search.roster.person(owner) for owner in owners[:MAX_OWNERS]]
    same = [short for person in people for short in person.shape.shorts if short.words == tuple(text.split())]
    single = any(text in person.single for person in people)
    if same and not single and not any(short.sure for short in same):
        return "this part of the name needs a title"
    if search.language.startswith("vi") and SYLLABLE.match(text):
        return "a bare syllable in a Vietnamese text"
    if text in PLACES and "-" not in search.printed_text(seen):
        return "also the name of a place"
    wordlike = text in WORD_NAMES or text in COMMON
    aged = _AGED.match(search.page.cased, seen.end)
    opening = around.begins_sentence(seen.start) and around.after(seen.end) not in SPEAKING and not aged
    if wordlike and single and not same:
        return "an ordinary word, which needs a title"
    if wordlike and (opening or around.is_headline(seen.start)):
        return "an ordinary word where any word has a capital"
    return ""

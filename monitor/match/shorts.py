"""Parts of names: a given or family name counts beside a title that fits, or after the whole name in the same text."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from monitor.domain.mention import Form
from monitor.match.countries import home_of
from monitor.match.hits import Hits, Seen
from monitor.match.judge import Score, Weighed, weigh
from monitor.match.lexicon import COMMON, PLACES, SPEAKING, SYLLABLE, WORD_NAMES
from monitor.match.posts import Fit, Title, fit_of
from monitor.match.roster import MAX_OWNERS
from monitor.match.runs import is_plain, stands_alone
from monitor.match.search import Search
from monitor.match.titles import Reading, may_be_title, may_lead_up, no_title, posts_in, read_before, title_after
from monitor.text.tokens import sentence

_AGED = re.compile(r", \d{2},")
_WHOLE = 24
"""Letters of a word before a place from which on only its end may have been read."""
_MANY = 200
"""Bearers from which on it is quicker to look for those named among them than the other way round."""
_DISTINCT = 9
"""Letters from which on a part of a name is rare enough to count beside a bare honorific in a text on its country."""


class Titled(NamedTuple):
    """A part of a name and the title that stands before and after it."""

    seen: Seen
    before: Reading
    after: Title

    @property
    def by_nothing(self) -> bool:
        """Tell whether no title was read at all."""
        return self.before.start == self.seen.start and not self.after.posts


def short_places(search: Search, hits: Hits) -> list[Seen]:
    """Return where parts of watched names, or names of one word, stand with a capital."""
    owners = search.roster.short_owners
    return [Seen(start, end - 2, owners(pattern)) for pattern, start, end in hits.shorts]


def find_shorts(search: Search, places: Sequence[Seen]) -> None:
    """Judge every place where a part of a watched name stands: those with a title first, they name their bearer.

    What has neither title nor a bearer who is named so far waits, as most does, and is looked at only if somebody
    who may be meant is named in the end.
    """
    bare: list[Seen] = []
    waiting: list[Seen] = []
    later: list[Seen] = []
    alone = False
    singles, before = search.roster.singles, search.around.before
    for seen in _free(search, places):
        left = before(seen.start)
        lead = may_be_title(left) if 0 < len(left) < _WHOLE else may_lead_up(search.page, seen.start)
        single = bool(singles) and search.folded_text(seen) in singles
        named = bool(search.named) and _names_somebody(search, seen)
        if not (lead or single or named or _is_set_off(search.page.cased, seen)):
            later.append(seen)
            continue
        waits = not (single or named) and is_plain(search, seen)
        if not (waits or stands_alone(search, seen)):
            continue
        title = _read(search, seen, lead=lead)
        if not title.by_nothing:
            if not waits or stands_alone(search, seen):
                _with_title(search, title)
        elif waits:
            waiting.append(seen)
        else:
            bare.append(seen)
            alone = alone or single
    if bare or search.named:
        for seen in (*_waited(search, waiting, bare, later, alone=alone), *_awake(search, later)):
            _without_title(search, seen)


def _waited(
    search: Search, waiting: Sequence[Seen], bare: list[Seen], later: Sequence[Seen], *, alone: bool
) -> list[Seen]:
    """Add to the bare places those that waited, as far as they may matter: by their bearers, or as a rival's.

    ``alone`` tells that a name of one word may yet name somebody.
    """
    if not waiting:
        return bare
    said = {search.folded_text(seen) for seen in (*bare, *waiting, *later) if _names_somebody(search, seen)}
    woken = [
        seen
        for seen in waiting
        if (alone or search.folded_text(seen) in said) and stands_alone(search, seen, mute=True)
    ]
    if not woken:
        return bare
    for others in search.others.values():
        others.sort()
    return sorted((*bare, *woken))


def _awake(search: Search, later: Sequence[Seen]) -> list[Seen]:
    return [seen for seen in later if _names_somebody(search, seen) and stands_alone(search, seen)]


def _read(search: Search, seen: Seen, *, lead: bool) -> Titled:
    """Read the titles around a place; ``lead`` tells whether one may stand before it."""
    before = read_before(search.page, seen.start) if lead else no_title(seen.start)
    return Titled(seen, before, title_after(search.page.cased, seen.end))


def _names_somebody(search: Search, seen: Seen) -> bool:
    """Tell whether a bearer of the part is named in the text."""
    if len(seen.owners) < _MANY:
        return not search.named.keys().isdisjoint(seen.owners)
    return any(_bears(seen.owners, owner) for owner in search.named)


def _is_set_off(cased: str, seen: Seen) -> bool:
    """Tell at a glance whether an apposition may follow a place, or an initial or nickname stand before it."""
    start, end = seen.start, seen.end
    return (
        cased[end : end + 1] in {",", "("}
        or cased[end : end + 2] == " ("
        or cased[start - 2 : start - 1] in {".", '"', "'", ")"}
        or (cased[start - 2 : start - 1].isupper() and not cased[start - 3 : start - 2].isalnum())
    )


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


def _with_title(search: Search, title: Titled) -> None:
    """Judge a part of a name by its title."""
    seen, before, after = title
    owners = search.agreeing(seen, _shortlist(search, seen.owners))
    if not owners:
        search.refuse_named(seen, "its marks contradict the name's")
        return
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


def _shortlist(search: Search, owners: Sequence[int]) -> Sequence[int]:
    """Cut a list of bearers too long to weigh to those already named."""
    if len(owners) <= MAX_OWNERS:
        return owners
    return _named(search, owners)[:MAX_OWNERS]


def _named(search: Search, owners: Sequence[int]) -> list[int]:
    """Return those of the bearers who are named, in their order."""
    if len(search.named) < len(owners):
        return [owner for owner in sorted(search.named) if _bears(owners, owner)]
    return [owner for owner in owners if owner in search.named]


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
    if not at_home or one.score < Score.ADDRESSED or len(search.folded_text(seen)) < _DISTINCT:
        return False
    return not _is_forename(search, seen, one.owner)


def _is_forename(search: Search, seen: Seen, owner: int) -> bool:
    """Tell whether the part is a first name beside which the press says the family name: long ones are not rare."""
    words = tuple(search.folded_text(seen).split())
    shorts = [short for shape in search.roster.person(owner).shapes for short in shape.shorts if short.words == words]
    return bool(shorts) and all(short.kind == "first name" and not short.sure for short in shorts)


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
    owners = _named(search, seen.owners)
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

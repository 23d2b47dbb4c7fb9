"""Names in full: each place where a whole name stands is taken, or refused with the reason kept."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from monitor.domain.mention import Form
from monitor.match.judge import Score, weigh
from monitor.match.romanise import SAFE_KEY, same_sound, slipped, sound_key
from monitor.match.roster import Kind, Person, Seen
from monitor.match.search import MAX_OWNERS, Search
from monitor.match.titles import title_after, title_before
from monitor.text.tokens import is_unspaced

_HAN_PLACE = re.compile("[市省州县縣區区镇鎮村路街港岛島湖河站桥橋町郡]|大学|大學|学院|學院|机场|機場|大道|大桥|大橋")
_CAPITAL = re.compile(r"(?<![A-Za-z'-])[A-Z][A-Za-z']*(?:-[A-Za-z']+)*")


def find_wholes(search: Search, hits: Sequence[tuple[int, int, int]]) -> None:
    """Judge every whole name that the automaton met, the leftmost and longest first."""
    roster, page = search.roster, search.page
    places: list[Seen] = []
    for pattern, start, end in hits:
        kind = roster.kind(pattern)
        if kind & Kind.WHOLE and page.cased[start].isupper():
            seen = Seen(start, end - 2, roster.whole_owners(pattern))
            if search.is_name(seen):
                places.append(seen)
        elif kind & Kind.NATIVE:
            pad = page.spaced[start] == " "
            places.append(Seen(start if pad else start - 1, end - 2 if pad else end - 1, roster.whole_owners(pattern)))
    places.sort(key=lambda seen: (seen.start, -seen.end))
    done = 0
    for seen in places:
        if seen.start < done:
            continue
        done = seen.end
        search.taken.append((seen.start, seen.end))
        _judge_whole(search, seen)


def _judge_whole(search: Search, seen: Seen) -> None:
    cased = search.page.cased
    if not cased[seen.start].isascii():
        _judge_native(search, seen)
        return
    owners = search.agreeing(seen, seen.owners)
    if not owners:
        search.refuse(seen.owners, seen, "its marks contradict the name's")
        return
    why_not = whole_refusal(search, seen, search.roster.person(owners[0]))
    if why_not:
        search.refuse(owners, seen, why_not)
        return
    if " " not in cased[seen.start : seen.end] and "-" not in cased[seen.start : seen.end]:
        search.taken.pop()  # a name of one word is judged with the short forms
        return
    _choose(search, seen, owners)


def whole_refusal(search: Search, seen: Seen, person: Person) -> str:
    """Return why a whole name is not a mention of its bearer, or an empty string."""
    around, start, end = search.around, seen.start, seen.end
    if place := around.is_place(start):
        return f"named after: {place} ..."
    if around.is_credit(start, end):
        return "a byline or photo credit"
    if word := around.continues_right(start, end, person.shape.convention):
        return f"part of a longer name: ... {word}"
    if word := around.continues_left(start, end, person.shape.convention):
        return f"part of a longer name: {word} ..."
    if occupation := around.namesake(start, end):
        return f"a namesake: {occupation}"
    return ""


def _judge_native(search: Search, seen: Seen) -> None:
    """Judge a name in another script: a dot after it or a place word makes it something else."""
    text, start, end = search.page.folded.text, seen.start, seen.end
    after = text[end : end + 1]
    if after == "·" or (text[end - 1] >= "\u2e80" and _HAN_PLACE.match(text, end)):
        search.refuse(seen.owners, seen, f"part of a longer name: ... {text[end : end + 2]}")
        return
    if not is_unspaced(text[start]) and (search.page.spaced[start] != " " or search.page.spaced[end + 1] != " "):
        return
    for owner in seen.owners:
        search.accept(owner, seen, Form.FULL, 0.95, "full name in its own script")


def _choose(search: Search, seen: Seen, owners: Sequence[int]) -> None:
    """Accept the one bearer of a name; where there are several, post, country and date must decide."""
    if len(owners) == 1:
        search.accept(owners[0], seen, Form.FULL, 0.97, "full name")
        return
    before, after = title_before(search.page.cased, seen.start), title_after(search.page.cased, seen.end)
    weighed = [weigh(search, search.roster.person(owner), before, after) for owner in owners[:40]]
    best = max(one.score for one in weighed)
    fitting = [one for one in weighed if one.score == best]
    if len(fitting) == 1 and best >= Score.LIKELY:
        search.accept(fitting[0].owner, seen, Form.FULL, 0.9, f"full name shared with others; {fitting[0].reason}")
    else:
        search.refuse(owners, seen, f"{len(owners)} watched people bear this name and nothing tells them apart")


def find_variants(search: Search) -> list[Seen]:
    """Find whole names spelt otherwise, by sound; return where halves of names sound right, for ``Shorts``."""
    cased = search.page.cased
    taken = sorted(search.taken)
    singles: list[tuple[int, int, str]] = []
    before: tuple[int, int, str] | None = None
    for match in _CAPITAL.finditer(cased):
        word = match.group().removesuffix("'s")
        here = (match.start(), match.start() + len(word), word.lower().replace("-", "").replace("'", ""))
        pair = before is not None and cased[before[1] : here[0]] == " " and _try_pair(search, before, here, taken)
        if not pair:
            singles.append(here)
        before = None if pair else here
    return _halves(search, singles)


def _try_pair(
    search: Search, one: tuple[int, int, str], two: tuple[int, int, str], taken: list[tuple[int, int]]
) -> bool:
    """Judge two capitalised words side by side as both halves of a name."""
    owners = search.roster.sounding(f"{sound_key(one[2])} {sound_key(two[2])}")
    at = bisect_left(taken, (two[1], 0))
    if not owners or (at and taken[at - 1][1] > one[0]):
        return False
    seen = Seen(one[0], two[1], owners)
    for owner in owners:
        person = search.roster.person(owner)
        halves = person.shape.halves
        if halves is None or not all(
            same_sound(said, "".join(half)) for said, half in zip((one[2], two[2]), halves, strict=True)
        ):
            continue
        search.taken.append((seen.start, seen.end))
        if why_not := whole_refusal(search, seen, person):
            search.refuse((owner,), seen, why_not)
        else:
            search.accept(owner, seen, Form.FULL, 0.9, f"full name, spelt otherwise than {person.official.name!r}")
        return True
    return False


def _halves(search: Search, singles: Sequence[tuple[int, int, str]]) -> list[Seen]:
    """Return the words that sound like half a name: of somebody named here, or long enough to be told apart."""
    said: dict[str, list[int]] = defaultdict(list)
    for owner in {found.owner for found in search.found}:
        for half in search.roster.person(owner).shape.halves or ():
            said[sound_key("".join(half))].append(owner)
    places: list[Seen] = []
    for start, end, word in singles:
        key = sound_key(word)
        owners = dict.fromkeys((*said.get(key, ()), *(search.roster.sounding(key) if len(key) >= SAFE_KEY else ())))
        alike = tuple(owner for owner in owners if _sounds_like(search.roster.person(owner), word))
        if alike:
            places.append(Seen(start, end, alike))
    return places


def _sounds_like(person: Person, word: str) -> bool:
    return any(same_sound(word, "".join(half)) for half in person.shape.halves or ())


def find_slips(search: Search, hits: Sequence[tuple[int, int, int]]) -> None:
    """Find whole names whose last part has one slip of the pen, beside a post that fits."""
    cased, roster = search.page.cased, search.roster
    for pattern, start, end in hits:
        if not roster.kind(pattern) & Kind.FIRST or not cased[start].isupper():
            continue
        match = _CAPITAL.match(cased, end - 1)
        if match is None or len(match.group()) < 6 or cased[end - 2] != " ":
            continue
        rest = match.group().removesuffix("'s")
        for owner in roster.first_owners(pattern)[:MAX_OWNERS]:
            person = roster.person(owner)
            seen = Seen(start, match.start() + len(rest), (owner,))
            if person.shape.slips and slipped(rest.lower().replace("-", ""), person.shape.slips[1]):
                _judge_slip(search, seen, person)


def _judge_slip(search: Search, seen: Seen, person: Person) -> None:
    cased = search.page.cased
    evidence = weigh(search, person, title_before(cased, seen.start), title_after(cased, seen.end))
    if evidence.score >= Score.LIKELY:
        search.taken.append((seen.start, seen.end))
        search.accept(person.index, seen, Form.FULL, 0.8, f"one slip from {person.official.name!r}; {evidence.reason}")
    else:
        search.refuse((person.index,), seen, f"one slip from {person.official.name!r}, and no fitting post beside it")


def find_native_parts(search: Search, hits: Sequence[tuple[int, int, int]]) -> None:
    """Find the part said again of names in scripts without word breaks: set off by a space, after the whole name."""
    text = search.page.folded.text
    named = {found.owner for found in search.found}
    for pattern, start, end in hits:
        if not search.roster.kind(pattern) & Kind.NATIVE_SHORT:
            continue
        first, last = start - 1, end - 1
        if any(low <= first < high for low, high in search.taken):
            continue
        owners = [owner for owner in search.roster.short_owners(pattern) if owner in named]
        left, right = text[first - 1 : first], text[last : last + 1]
        if len(owners) == 1 and (not left or not is_unspaced(left)) and (not right or not is_unspaced(right)):
            search.accept(
                owners[0], Seen(first, last, tuple(owners)), Form.SHORT, 0.8, "stands alone after the full name"
            )

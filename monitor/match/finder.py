"""Names in full: each place where a whole name stands is taken, or refused with the reason kept."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence

from monitor.domain.mention import Form
from monitor.match.arabic import chain_after
from monitor.match.hits import Hits, Seen
from monitor.match.honorifics import title_words
from monitor.match.judge import Score, weigh
from monitor.match.letters import is_spelling
from monitor.match.people import Person
from monitor.match.romanise import SLIP_LENGTH, sound_key
from monitor.match.roster import Heard
from monitor.match.search import Search
from monitor.match.titles import title_after, title_before
from monitor.text.tokens import is_unspaced

_HAN_PLACE = re.compile("[市省州县縣區区镇鎮村路街港岛島湖河站桥橋町郡]|大学|大學|学院|學院|机场|機場|大道|大桥|大橋")
_SPACED = {"western", "hispanic", "portuguese", "slavic", "filipino"}
_GENERATION = re.compile(r",?\s(Jr|Sr|II|III|IV)\b", re.IGNORECASE)
_APART = {" ", "-"}
_CAPITAL = re.compile(r"(?<![A-Za-z'-])[A-Z][A-Za-z']*(?:-[A-Za-z']+)*")


def find_wholes(search: Search, hits: Hits) -> None:
    """Judge every whole name that the automaton met, the leftmost and longest first."""
    roster, spaced = search.roster, search.page.spaced
    places: list[Seen] = []
    for pattern, start, end in hits.wholes:
        seen = Seen(start, end - 2, roster.whole_owners(pattern))
        if search.is_name(seen):
            places.append(seen)
    for pattern, start, end in hits.natives:
        pad = spaced[start] == " "
        places.append(Seen(start if pad else start - 1, end - 2 if pad else end - 1, roster.whole_owners(pattern)))
    places.sort(key=lambda seen: (seen.start, -seen.end))
    done = 0
    for seen in places:
        if seen.start < done:
            continue
        arabic = roster.conventions[seen.owners[0]] == "arabic"
        done = chain_after(search.page.cased, seen.end) if arabic else seen.end
        search.taken.append((seen.start, done))
        _judge_whole(search, seen._replace(end=done) if arabic else seen)


def _judge_whole(search: Search, seen: Seen) -> None:
    cased = search.page.cased
    if not cased[seen.start].isascii():
        _judge_native(search, seen)
        return
    owners = search.agreeing(seen, seen.owners)
    if not owners:
        search.refuse(seen.owners, seen, "its marks contradict the name's")
        return
    why_not = whole_refusal(search, seen, search.roster.conventions[owners[0]])
    if why_not:
        search.refuse(owners, seen, why_not)
        return
    if " " not in cased[seen.start : seen.end] and "-" not in cased[seen.start : seen.end]:
        search.taken.pop()  # a name of one word is judged with the short forms
        return
    _choose(search, seen, owners)


def whole_refusal(search: Search, seen: Seen, convention: str) -> str:
    """Return why a whole name is not a mention of its bearer, or an empty string."""
    around, start, end = search.around, seen.start, seen.end
    if place := around.is_place(start):
        return f"named after: {place} ..."
    if around.is_credit(start, end):
        return "a byline or photo credit"
    if word := around.continues_right(start, end, convention):
        return f"part of a longer name: ... {word}"
    if occupation := around.namesake(start, end):
        search.namesakes.update(seen.owners)
        return f"a namesake: {occupation}"
    word = around.continues_left(start, end, convention)
    return f"part of a longer name: {word} ..." if word else _hyphenated(search, seen, convention)


def _hyphenated(search: Search, seen: Seen, convention: str) -> str:
    """Tell whether given and family name are joined as in French names of streets and schools."""
    printed = search.printed_text(seen)
    joined = "-" in printed and " " not in printed and not printed.isupper()
    return "joined by a hyphen, as in names of streets and schools" if joined and convention in _SPACED else ""


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
    if len(owners) == 1 and owners[0] not in search.namesakes:
        if _is_other_generation(search, seen, owners[0]):
            search.refuse(owners, seen, "of another generation")
        else:
            search.accept(owners[0], seen, Form.FULL, 0.97, "full name")
        return
    before, after = title_before(search.page, seen.start), title_after(search.page.cased, seen.end)
    weighed = [weigh(search, search.roster.person(owner), before, after) for owner in owners[:40]]
    best = max(one.score for one in weighed)
    fitting = [one for one in weighed if one.score == best]
    if len(fitting) == 1 and best >= Score.LIKELY:
        search.accept(fitting[0].owner, seen, Form.FULL, 0.9, f"full name shared with others; {fitting[0].reason}")
    elif len(owners) == 1:
        search.refuse(owners, seen, "a namesake was named before")
    else:
        search.refuse(owners, seen, f"{len(owners)} watched people bear this name and nothing tells them apart")


def _is_other_generation(search: Search, seen: Seen, owner: int) -> bool:
    """Tell whether a name goes on with Sr. where the official is a Jr., or the other way round."""
    said = _GENERATION.match(search.page.cased, seen.end)
    own = _GENERATION.search(search.roster.officials[owner].name)
    return said is not None and own is not None and said[1].lower() != own[1].lower()


def find_variants(search: Search) -> list[Seen]:
    """Find whole names spelt otherwise, by sound; return where halves of names sound right, for the short forms."""
    cased, ears, listen = search.page.cased, search.roster.ears, search.roster.heard
    taken = sorted(search.taken)
    places, joined = search.page.capitals()
    index = joined.index
    singles: list[tuple[int, Heard]] = []
    follows = -1
    for start in places:
        piece = joined[start : index(" ", start)]
        heard = ears.get(piece)
        if heard is None:
            heard = listen(piece)
        if not heard:
            continue
        if start == follows and cased[start - 1] == " " and _try_pair(search, singles[-1], (start, heard), taken):
            follows = -1
        else:
            singles.append((start, heard))
            follows = start + heard.step
    return _halves(search, singles) if singles else []


def _try_pair(search: Search, left: tuple[int, Heard], right: tuple[int, Heard], taken: list[tuple[int, int]]) -> bool:
    """Judge two words side by side as both halves of a name."""
    (start, one), (at, two) = left, right
    owners = search.roster.sounding(f"{one.key} {two.key}")
    if not owners:
        return False
    end = at + two.size
    at = bisect_left(taken, (end, 0))
    if at and taken[at - 1][1] > start:
        return False
    seen = Seen(start, end, owners)
    for owner in owners:
        first, second = search.roster.halves[owner]
        convention = search.roster.conventions[owner]
        if not (is_spelling(one.word, first, convention) and is_spelling(two.word, second, convention)):
            continue
        search.taken.append((seen.start, seen.end))
        if why_not := whole_refusal(search, seen, convention):
            search.refuse((owner,), seen, why_not)
        else:
            name = search.roster.officials[owner].name
            search.accept(owner, seen, Form.FULL, 0.9, f"full name, spelt otherwise than {name!r}")
        return True
    return False


def _halves(search: Search, singles: Sequence[tuple[int, Heard]]) -> list[Seen]:
    """Return the words that sound like half a name: of somebody named here, or beside a title and long enough."""
    said: dict[str, list[int]] = defaultdict(list)
    for owner in search.named:
        for half in search.roster.halves.get(owner, ()):
            for key in dict.fromkeys(map(sound_key, half)):
                said[key].append(owner)
    places: list[Seen] = []
    known, spaced, cased = title_words(), search.page.spaced, search.page.cased
    for start, heard in singles:
        owners = said.get(heard.key, ())
        titled = heard.telling and cased[start - 1] in _APART
        titled = titled and spaced[max(1, start - 24) : start].rpartition(" ")[2] in known
        if not (owners or titled):
            continue
        alike = {who for who in owners if search.roster.sounds_like(heard.word, who)}
        if titled:
            alike.update(search.roster.alike(heard.word, heard.key))
        if alike:
            places.append(Seen(start, start + heard.size, tuple(sorted(alike))))
    return places


def find_slips(search: Search, hits: Hits) -> None:
    """Find whole names whose last part has one slip of the pen, beside a post that fits."""
    cased, roster = search.page.cased, search.roster
    for pattern, start, end in hits.firsts:
        if not "A" <= cased[end - 1 : end] <= "Z" or cased[end - 2] != " ":
            continue
        match = _CAPITAL.match(cased, end - 1)
        if match is None or len(match.group()) < SLIP_LENGTH:
            continue
        if any(low <= start < high for low, high in search.taken[-50:]):
            continue
        rest = match.group().removesuffix("'s")
        for owner in roster.slips(pattern, rest.lower().replace("-", "")):
            _judge_slip(search, Seen(start, match.start() + len(rest), (owner,)), roster.person(owner))


def _judge_slip(search: Search, seen: Seen, person: Person) -> None:
    cased = search.page.cased
    evidence = weigh(search, person, title_before(search.page, seen.start), title_after(cased, seen.end))
    if evidence.score >= Score.LIKELY:
        search.taken.append((seen.start, seen.end))
        search.accept(person.index, seen, Form.FULL, 0.8, f"one slip from {person.official.name!r}; {evidence.reason}")
    else:
        search.refuse((person.index,), seen, f"one slip from {person.official.name!r}, and no fitting post beside it")

"""How personal names are built: which part is said again, and in which orders the whole may stand.

One function a convention; each is given a name's words and says which orders and which short forms the press uses.
Words are folded; a hyphen keeps the words of a group together (``gyu back``).
"""

from collections.abc import Callable

from monitor.match.arabic import SON, fathers_left_out, with_article
from monitor.match.countries import convention_of, country_key
from monitor.match.elements import CHINESE, COMMON_FIRST, HISPANIC_FIRST, KOREAN, PARTICLES
from monitor.match.honorifics import address_phrases
from monitor.match.shape import Shape, Shorter, Words, flat, joined
from monitor.text.fold import fold

_SUFFIXES = {"jr", "sr", "ii", "iii", "iv"}
_SAID = 4
_BOUND = {"abdel", "abdul", "abd", "abu", "abdal"}
_FATHER = {"bin", "binti", "bte", "ibni", "a/l", "al"}
_HONOURS = ("haji", "hj", "tun", "datuk", "dato")
_MOHAMEDS = ("mohamed", "mohammed", "mohammad", "muhammad", "mohamad", "mohd")


def shape_of(name: str, country: str = "") -> Shape:
    """Take a name apart by the convention of its country; forms of address and "Jr." are dropped."""
    convention = convention_of(country_key(" ".join(_groups(country)))) if country else "western"
    groups = _strip(_groups(name))
    if len(groups) < 2:
        return Shape((tuple(groups[0].split()),) if groups else (), convention=convention)
    shape = _BUILDERS.get(convention, _western)(groups)
    wholes = dict.fromkeys(words for words in shape.wholes if len(words) > 1)
    shorts = {short.words: short for short in reversed(shape.shorts) if len("".join(short.words)) > 1}
    return Shape(tuple(wholes), tuple(reversed(shorts.values())), shape.halves, convention)


def _groups(text: str) -> list[str]:
    """Return folded words; a hyphen inside a word becomes a space that keeps its parts together."""
    folded = fold(text).text.replace("'", " ")
    parts = "".join(char if char.isalnum() or char in "-/·" else " " for char in folded).split()
    return [" ".join(part.replace("-", " ").split()) for part in parts if part.strip("-")]


def _strip(groups: list[str]) -> list[str]:
    """Drop forms of address in front and generations at the end, as long as two words remain."""
    address = address_phrases()
    while len(groups) > 2 and (groups[0] in address or " ".join(groups[:2]) in address) and len(groups[0]) != 2:
        groups = groups[1:]
    while len(groups) > 2 and groups[-1] in _SUFFIXES:
        groups = groups[:-1]
    return groups


def _vietnamese(groups: list[str]) -> Shape:
    names = flat(*groups)
    family, middle, given = names[:1], names[1:-1], names[-1:]
    wholes = [names, given + family + middle, (*middle, *given, *family)]
    if len(names) > 3 and names[1] == "thi":
        wholes.append(names[:1] + names[2:])
    wholes += [_respelt(whole) for whole in tuple(wholes[:1])]
    shorts = [Shorter(given, "given name"), Shorter(_respelt(given), "given name, spelt otherwise")]
    if middle:
        shorts.append(Shorter((middle[-1], *given), "middle and given name"))
    return Shape(tuple(wholes), tuple(shorts))


def _respelt(names: Words) -> Words:
    """Exchange a final i and y after a consonant, as in Sĩ and Sỹ."""
    swap = {"i": "y", "y": "i"}
    return tuple(
        word[:-1] + swap[word[-1]] if len(word) > 1 and word[-1] in swap and word[-2] not in "aeiouy" else word
        for word in names
    )


def _lao(groups: list[str]) -> Shape:
    given, family = flat(groups[0]), flat(*groups[1:])
    shorts = (Shorter(given, "given name"), Shorter(family, "family name"))
    return Shape((given + family,), shorts, (joined(groups[0]), joined(*groups[1:])))


def _thai(groups: list[str]) -> Shape:
    given, family = flat(groups[0]), flat(*groups[1:])
    shorts = (Shorter(given, "given name"), Shorter(family, "family name", sure=False))
    return Shape((given + family,), shorts, (joined(groups[0]), joined(*groups[1:])))


def _khmer(groups: list[str]) -> Shape:
    family, given = flat(groups[0]), flat(*groups[1:])
    shorts = [Shorter(given, "given name", sure=len("".join(given)) > 3)]
    if len(groups) > 2:
        shorts.append(Shorter(flat(*groups[:2]), "first two names"))
    return Shape(
        (family + given, given + family),
        tuple(shorts),
        (joined(groups[0]), joined(*groups[1:])),
    )


def _burmese(groups: list[str]) -> Shape:
    names = flat(*groups)
    shorts = (
        (Shorter(names[-2:], "last two parts"), Shorter(names[-1:], "last part", sure=False)) if len(names) > 2 else ()
    )
    return Shape((names,), shorts)


def _indonesian(groups: list[str]) -> Shape:
    names = flat(*groups)
    core = names[1:] if len(names) > 2 and (names[0] in COMMON_FIRST or len(names[0]) == 1) else names
    wholes = [names, core, (core[0], core[-1])]
    shorts = [
        Shorter(core[:1], "first name", sure=len(core[0]) > 3),
        Shorter(core[-1:], "last name", sure=len(core[-1]) > 3),
    ]
    if len(core) > 2:
        shorts.append(Shorter(core[:2], "first two names"))
        wholes.append(core[:2])
    return Shape(tuple(wholes), tuple(shorts))


def _malay(groups: list[str]) -> Shape:
    if groups[0] in CHINESE and len(groups) > 2:
        return _chinese(groups)
    cut = next((at for at, group in enumerate(groups) if group in _FATHER and at), 0)
    given = flat(*(groups[:cut] or groups[:-1]))
    father = flat(*(groups[cut + 1 :] if cut else groups[-1:]))
    core = given[1:] if len(given) > 1 and given[0] in COMMON_FIRST else given
    wholes = [given + father, core + father]
    if cut:
        wholes += [(*given, groups[cut], *father), (*core, groups[cut], *father)]
    for honour in _HONOURS:
        between = ((honour,), ("bin", honour), ("binti", honour)) if father[0] not in _HONOURS else ()
        wholes += [first + said + father for said in between for first in dict.fromkeys((given, core))]
    if given[0] in _MOHAMEDS:
        wholes += [(first, *whole[1:]) for whole in tuple(wholes) if whole[0] == given[0] for first in _MOHAMEDS]
    shorts = [Shorter(given, "given names"), Shorter(core, "given name", sure=len(core[0]) > 3)]
    if groups[0] in {"anthony", "steven", "vivian"} or (not cut and groups[-1] in CHINESE):
        shorts.append(Shorter(father, "family name", sure=False))
    return Shape(
        tuple(wholes), tuple(short for short in shorts if short.words[0] not in COMMON_FIRST or len(short.words) > 1)
    )


def _chinese(groups: list[str]) -> Shape:
    if groups[0] not in CHINESE and groups[-1] in CHINESE:
        return _western(groups)
    family, given = groups[0], groups[1:]
    wholes = [
        flat(family, *given),
        flat(*given, family),
        (family, "".join(flat(*given))),
        ("".join(flat(*given)), family),
    ]
    return Shape(tuple(wholes), (Shorter((family,), "family name"),))


def _singapore(groups: list[str]) -> Shape:
    if any(group in _FATHER for group in groups[1:-1]) or groups[0] in COMMON_FIRST:
        return _malay(groups)
    return _chinese(groups) if groups[0] in CHINESE and len(groups) > 2 else _western(groups)


def _korean(groups: list[str]) -> Shape:
    if groups[0] not in KOREAN and groups[-1] in KOREAN:
        groups = [groups[-1], *groups[:-1]]
    family, given = groups[0], flat(*groups[1:])
    closed = ("".join(given),)
    wholes = ((family, *given), (*given, family), (family, *closed), (*closed, family))
    return Shape(wholes, (Shorter((family,), "family name"),))


def _japanese(groups: list[str]) -> Shape:
    names = flat(*groups)
    shorts = (Shorter(names[-1:], "family name"), Shorter(names[:1], "family name if typed first", sure=False))
    return Shape((names, (*names[1:], names[0])), shorts)


def _western(groups: list[str]) -> Shape:
    at = len(groups) - 1
    while at > 1 and groups[at - 1] in PARTICLES:
        at -= 1
    family, given = flat(*groups[at:]), groups[:at]
    wholes = [flat(*groups), flat(given[0]) + family]
    bare = [group for group in given if len(group) > 1]
    if bare and len(bare) < len(given):
        wholes.append(flat(*bare) + family)
    if given[0] in COMMON_FIRST and len(given) > 1:
        wholes.append(flat(*given[1:]) + family)
    shorts = [Shorter(family, "family name")]
    if given[0] in _BOUND:
        wholes.remove(flat(given[0]) + family)
    if len(family) > 1 and family[0] in {"al", "el"}:
        wholes, shorts = with_article(wholes, shorts, family)
    return Shape(tuple(wholes), tuple(shorts))


def _hispanic(groups: list[str]) -> Shape:
    """Given names, father's surname, mother's surname; the last is often dropped."""
    plain = [group for group in groups if group not in PARTICLES]
    if len(plain) < 3 or len(plain) != len(groups):
        return _western(groups)
    two_given = len(groups) > 3 or groups[1] in HISPANIC_FIRST
    given, surnames = (groups[:2], groups[2:]) if two_given else (groups[:1], groups[1:])
    wholes = [flat(*groups), flat(*given, surnames[0]), flat(given[0], surnames[0]), flat(given[0], *surnames)]
    shorts = [Shorter(flat(surnames[0]), "family name"), Shorter(flat(*surnames), "family names")]
    return Shape(tuple(wholes), tuple(shorts))


def _portuguese(groups: list[str]) -> Shape:
    shape = _western(groups)
    shorts = (*shape.shorts, Shorter(flat(groups[0]), "first name", sure=False))
    family = shape.shorts[0].words
    suffixes = tuple(flat(*groups[at:]) for at in range(1, len(groups)) if len(flat(*groups[at:])) > len(family))
    return Shape(shape.wholes + suffixes, shorts)


def _filipino(groups: list[str]) -> Shape:
    """As western; the press says the first name beside a title, too."""
    shape = _western(groups)
    if groups[0] in COMMON_FIRST or len(groups[0]) < _SAID:
        return shape
    return Shape(shape.wholes, (*shape.shorts, Shorter(flat(groups[0]), "first name", sure=False)))


def _slavic(groups: list[str]) -> Shape:
    shape = _western(groups)
    return Shape(shape.wholes, shape.shorts, (joined(groups[0]), joined(groups[-1])))


def _arabic(groups: list[str]) -> Shape:
    shape = _western(groups)
    family = shape.shorts[0].words
    wholes, shorts = list(shape.wholes), list(shape.shorts)
    if len(family) == 1:
        wholes, shorts = with_article(wholes, shorts, family)
    wholes += fathers_left_out(flat(*groups))
    halves = (joined(groups[0]), joined(groups[-1])) if len(groups) == 2 else None
    son = len(groups) > 2 and groups[1] in SON
    given = (Shorter(flat(groups[0]), "given name, before the father's", sure=False),) if son else ()
    return Shape(tuple(wholes), (*shorts, *given), halves)


def _indian(groups: list[str]) -> Shape:
    shape = _western(groups)
    shorts = (*shape.shorts, Shorter(flat(groups[0]), "first name", sure=len(groups[0]) > 4))
    return Shape(shape.wholes, shorts)


def _given(groups: list[str]) -> Shape:
    shape = _western(groups)
    return Shape(
        shape.wholes, (Shorter(flat(groups[0]), "given name"), Shorter(flat(groups[-1]), "last name", sure=False))
    )


def _hungarian(groups: list[str]) -> Shape:
    shape = _western(groups)
    return Shape(
        (*shape.wholes, flat(groups[-1], *groups[:-1])),
        (*shape.shorts, Shorter(flat(groups[0]), "first", sure=False)),
    )


_BUILDERS: dict[str, Callable[[list[str]], Shape]] = {
    "vietnamese": _vietnamese,
    "lao": _lao,
    "thai": _thai,
    "khmer": _khmer,
    "burmese": _burmese,
    "indonesian": _indonesian,
    "malay": _malay,
    "chinese": _chinese,
    "singapore": _singapore,
    "korean": _korean,
    "japanese": _japanese,
    "hispanic": _hispanic,
    "portuguese": _portuguese,
    "slavic": _slavic,
    "filipino": _filipino,
    "arabic": _arabic,
    "indian": _indian,
    "given": _given,
    "hungarian": _hungarian,
}

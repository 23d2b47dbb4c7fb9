"""What may stand in an Arabic name or be left out of it: the article, and the names of the fathers."""

import re
from collections.abc import Iterator, Sequence

from monitor.match.shape import Shorter, Words

SON = frozenset({"bin", "ibn", "bint", "ben"})
_ARTICLES = ("al", "el")
_SUN = {"s": "as", "sh": "ash", "n": "an", "d": "ad", "r": "ar", "t": "at", "z": "az"}
_CLOSED = re.compile(r"[ae]l(?=[bcdfghjkmnpqrstvwxyz]\w{4})")
_CHAIN = re.compile(
    r"(?<![\w'-])([A-Z][\w'-]+(?:[ -][A-Z][\w'-]+){0,2}(?: (?:bin|ibn|bint|ben)(?: [A-Z][\w'-]+){1,2})+) \Z"
)
_FATHERS = re.compile(r"(?: (?:bin|ibn|bint) (?:Abdul |Abdel )?[A-Z][\w'-]+)+(?: [AE]l[ -][A-Z][\w'-]+)?")
_WORD = re.compile(r"[A-Za-z]+")
_REACH = 90


def with_article(
    wholes: Sequence[Words], shorts: Sequence[Shorter], family: Words
) -> tuple[list[Words], list[Shorter]]:
    """Return wholes and short forms with the article of the family name, without it, or joined to it."""
    root = family[1:] if family[0] in _ARTICLES else (_CLOSED.sub("", family[0]), *family[1:])
    stems = dict.fromkeys(whole[: -len(family)] for whole in wholes if whole[-len(family) :] == family)
    known, short = list(wholes), list(shorts)
    short += [Shorter(said, "family name, with its article or without") for said in _said(root)]
    known += [stem + said for said in (*_said(root), *_assimilated(root)) for stem in stems]
    return known, short


def _said(root: Words) -> Iterator[Words]:
    yield root
    for article in _ARTICLES:
        yield (article, *root)
        yield (article + root[0], *root[1:])


def _assimilated(root: Words) -> Iterator[Words]:
    """Yield the name with the article as it is spoken before a sun letter."""
    for letters, article in _SUN.items():
        if root[0].startswith(letters) and (letters != "s" or root[0][1:2] != "h"):
            yield (article, *root)


def fathers_left_out(names: Words) -> Iterator[Words]:
    """Yield a name of two fathers or more with the first alone, and without the family name after the last."""
    sons = [at for at, word in enumerate(names) if word in SON and at]
    if len(sons) < 2:
        return
    last = sons[-1]
    tail = names[last + 2 :]
    yield names[: sons[1]]
    if tail:
        yield names[: sons[1]] + tail
        yield names[: last + 2]


def chain_before(cased: str, start: int, first: str) -> tuple[int, Words]:
    """Return where a name with fathers that leads up to a family name begins with a word, and its words, folded."""
    match = _CHAIN.search(cased, max(0, start - _REACH), start)
    if match is None:
        return start, ()
    words = list(_WORD.finditer(cased, match.start(), start))
    while words and words[0].group().lower() != first:
        words.pop(0)
    return (words[0].start() if words else start), tuple(word.group().lower() for word in words)


def chain_after(cased: str, end: int) -> int:
    """Return where the names of more fathers, and the family name after them, end that follow a name."""
    match = _FATHERS.match(cased, end)
    return match.end() if match else end


def is_among(fewer: Words, chain: Words) -> bool:
    """Tell whether a name's words all stand in a chain, in their order."""
    rest = iter(chain)
    return all(word in rest for word in fewer)

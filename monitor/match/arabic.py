"""What may stand in an Arabic name or be left out of it: the article, and the names of the fathers."""

import re
from collections.abc import Iterator, Sequence

from monitor.match.shape import NameWords, ShortForm

PATRONYMIC_PARTICLES = frozenset({"bin", "ibn", "bint", "ben"})
_DEFINITE_ARTICLES = ("al", "el")
_SUN_LETTER_ARTICLES = {"s": "as", "sh": "ash", "n": "an", "d": "ad", "r": "ar", "t": "at", "z": "az"}
_JOINED_ARTICLE = re.compile(r"[ae]l(?=[bcdfghjkmnpqrstvwxyz]\w{4})")
_PATRONYMIC_CHAIN = re.compile(
    r"(?<![\w'-])([A-Z][\w'-]+(?:[ -][A-Z][\w'-]+){0,2}(?: (?:bin|ibn|bint|ben)(?: [A-Z][\w'-]+){1,2})+) \Z"
)
_FOLLOWING_FATHERS = re.compile(r"(?: (?:bin|ibn|bint) (?:Abdul |Abdel )?[A-Z][\w'-]+)+(?: [AE]l[ -][A-Z][\w'-]+)?")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_MAX_CHAIN_CHARS = 90


def add_article_variants(
    full_forms: Sequence[NameWords], short_forms: Sequence[ShortForm], family: NameWords
) -> tuple[list[NameWords], list[ShortForm]]:
    """Return wholes and short forms with the article of the family name, without it, or joined to it."""
    root = family[1:] if family[0] in _DEFINITE_ARTICLES else (_JOINED_ARTICLE.sub("", family[0]), *family[1:])
    stems = dict.fromkeys(whole[: -len(family)] for whole in full_forms if whole[-len(family) :] == family)
    known, short = list(full_forms), list(short_forms)
    short += [ShortForm(said, "family name, with its article or without") for said in _article_variants(root)]
    known += [stem + said for said in (*_article_variants(root), *_assimilated_variants(root)) for stem in stems]
    return known, short


def _article_variants(root: NameWords) -> Iterator[NameWords]:
    yield root
    for article in _DEFINITE_ARTICLES:
        yield (article, *root)
        yield (article + root[0], *root[1:])


def _assimilated_variants(root: NameWords) -> Iterator[NameWords]:
    """Yield the name with the article as it is spoken before a sun letter."""
    for letters, article in _SUN_LETTER_ARTICLES.items():
        if root[0].startswith(letters) and (letters != "s" or root[0][1:2] != "h"):
            yield (article, *root)


def shorten_patronymics(name_words: NameWords) -> Iterator[NameWords]:
    """Yield a name of two fathers or more with the first alone, and without the family name after the last."""
    sons = [at for at, word in enumerate(name_words) if word in PATRONYMIC_PARTICLES and at]
    if len(sons) < 2:
        return
    last = sons[-1]
    tail = name_words[last + 2 :]
    yield name_words[: sons[1]]
    if tail:
        yield name_words[: sons[1]] + tail
        yield name_words[: last + 2]


def find_chain_before(cased: str, start: int, first_name: str) -> tuple[int, NameWords]:
    """Return where a name with fathers that leads up to a family name begins with a word, and its words, folded."""
    match = _PATRONYMIC_CHAIN.search(cased, max(0, start - _MAX_CHAIN_CHARS), start)
    if match is None:
        return start, ()
    words = list(_LATIN_WORD.finditer(cased, match.start(), start))
    while words and words[0].group().lower() != first_name:
        words.pop(0)
    return (words[0].start() if words else start), tuple(word.group().lower() for word in words)


def find_chain_end(cased: str, end: int) -> int:
    """Return where the names of more fathers, and the family name after them, end that follow a name."""
    match = _FOLLOWING_FATHERS.match(cased, end)
    return match.end() if match else end


def is_subsequence(name_words: NameWords, chain: NameWords) -> bool:
    """Tell whether a name's words all stand in a chain, in their order."""
    rest = iter(chain)
    return all(word in rest for word in name_words)

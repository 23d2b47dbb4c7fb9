"""Posts compared: what a phrase such as "Lao Deputy Defence Minister" says, and whether an official's role fits it."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache

from monitor.domain.official import Role
from monitor.match.countries import country_words
from monitor.match.honorifics import longest_phrase, vocabulary
from monitor.text.fold import fold_key

_KIN = {  # heads that the press uses for one another, where what they are about agrees
    frozenset(pair)
    for group in (
        ("head", "chief", "chair", "commander"),
        ("head", "secretary"),
        ("gensec", "secretary"),
        ("minister", "secretary"),
        ("minister", "head"),
        ("president", "chair"),
        ("gensec", "chief"),
        ("president", "chief"),
        ("premier", "chief"),
        ("gensec", "head"),
        ("envoy", "ambassador"),
        ("envoy", "head"),
        ("governor", "head"),
        ("attache", "envoy"),
        ("justice", "head"),
        ("justice", "chief"),
        ("justice", "president"),
        ("monarch", "president"),
    )
    for one in group
    for other in group
    for pair in ((one, other),)
    if one != other
}
_ABROAD = {"ambassador", "attache", "envoy"}
_BROAD = {
    "attache",
    "minister",
    "chief",
    "head",
    "chair",
    "secretary",
    "member",
    "commander",
    "adviser",
    "governor",
    "spokesman",
}
_EASY = {"party", "politics", "army"}


@dataclass(frozen=True, slots=True)
class Post:
    """One post as a phrase names it; all words folded. ``deputy`` and ``former`` are its level."""

    head: str
    domains: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    deputy: bool = False
    former: bool = False

    @property
    def vague(self) -> bool:
        """Tell whether the post alone would fit many people of one country."""
        return self.head in _BROAD and not self.domains


class Fit(IntEnum):
    """How well a role fits a post: not at all, at another time, at an unknown time, at the time of the article."""

    NO = 0
    OTHER_TIME = 1
    UNDATED = 2
    NOW = 3


@dataclass(frozen=True, slots=True)
class Title:
    """What stands before or after a name: posts, rank, whether somebody is addressed, countries named."""

    posts: tuple[Post, ...] = ()
    rank: str = ""
    addressed: bool = False
    countries: frozenset[str] = frozenset()


@lru_cache(maxsize=20_000)
def read_symbols(words: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Cut folded words into the longest known phrases; a word that is none stands alone as its own domain."""
    known, lands = vocabulary(), country_words()
    read: list[tuple[str, tuple[str, ...]]] = []
    at = 0
    while at < len(words):
        for size in range(min(longest_phrase(), len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + size])
            if (symbols := known.get(phrase)) is not None:
                read.append((phrase, symbols))
                break
            if (country := lands.get(phrase)) is not None:
                read.append((phrase, (f"c:{country}",)))
                break
        else:
            size = 1
            word = words[at].rstrip("s")
            read.append((words[at], (f"d:{word}",) if len(word) > 2 else ("-:",)))
        at += size
    return tuple(read)


@lru_cache(maxsize=20_000)
def read_title(words: tuple[str, ...]) -> Title:
    """Read folded words, without the name, as a title."""
    heads: list[dict[str, object]] = []
    waiting: set[str] = set()
    level: set[str] = set()
    countries: set[str] = set()
    rank, addressed, joined = "", False, False
    for phrase, symbols in read_symbols(words):
        kinds = {symbol.partition(":")[0]: symbol.partition(":")[2] for symbol in symbols}
        if "c" in kinds:
            countries.add(kinds["c"])
        elif "h" in kinds:
            domains = waiting | ({kinds["d"]} if "d" in kinds else set())
            deputy = "deputy" in level or kinds.get("l") == "deputy"
            heads.append({"head": kinds["h"], "domains": domains, "deputy": deputy, "former": "former" in level})
            waiting, level, joined = set(), level & {"former"}, False
        elif "l" in kinds:
            level.add(kinds["l"])
        elif "r" in kinds:
            rank = kinds["r"]
        elif "m" in kinds:
            addressed = True
        elif "d" in kinds:
            _assign(kinds["d"], heads, waiting, joined=joined)
        joined = phrase in {"and", "cum", "va", "et", "kiem", "y"} or (joined and "d" in kinds)
    if waiting and heads:
        heads[-1]["domains"] |= waiting  # type: ignore[operator] # always a set
    posts = tuple(_post(head, countries) for head in heads)
    return Title(posts, rank, addressed, frozenset(countries))


def _post(head: dict[str, object], countries: set[str]) -> Post:
    """Make a post; the president of a parliament is its chair."""
    domains = frozenset(head["domains"])  # type: ignore[call-overload] # always a set
    name = "chair" if head["head"] == "president" and "assembly" in domains else str(head["head"])
    return Post(name, domains, frozenset(countries), bool(head["deputy"]), bool(head["former"]))


def _assign(domain: str, heads: list[dict[str, object]], waiting: set[str], *, joined: bool) -> None:
    """Give a domain to the head before it, or keep it for the head that follows."""
    if heads and not joined:
        heads[-1]["domains"].add(domain)  # type: ignore[attr-defined] # always a set
    else:
        waiting.add(domain)


@lru_cache(maxsize=20_000)
def words_of(text: str) -> tuple[str, ...]:
    """Return the folded words of a title as configured or printed."""
    plain = "".join(char if char.isalnum() else " " for char in fold_key(text))
    return tuple(plain.split())


@lru_cache(maxsize=20_000)
def posts_of(title: str) -> tuple[Post, ...]:
    """Return the posts that a configured role's title means."""
    return read_title(words_of(title)).posts


def fit_of(post: Post, role: Role, when: date | None) -> Fit:
    """Tell how well a role fits a post in an article of a date."""
    if not any(_same(post, own) for own in posts_of(role.title)):
        return Fit.NO
    if role.from_on is None and role.until_on is None:
        return Fit.UNDATED
    if when is None:
        return Fit.UNDATED
    begun = role.from_on is None or role.from_on <= when
    ended = role.until_on is not None and role.until_on < when
    if post.former:
        return Fit.NOW if begun else Fit.OTHER_TIME
    return Fit.NOW if begun and not ended else Fit.OTHER_TIME


def _same(post: Post, own: Post) -> bool:
    """Compare what a text says with what is configured; a text may say less, and use a kindred word."""
    if post.deputy != own.deputy:
        return False
    domains, mine = post.domains - {"state", "government"}, own.domains
    if post.head == own.head:
        if not domains - _EASY or domains <= mine:
            return post.head in _BROAD or not mine - _EASY or bool(domains & mine)
        return bool(domains & mine - _EASY) and len(domains - mine) <= 1 + len(domains & mine)
    if frozenset((post.head, own.head)) not in _KIN:
        return False
    if {post.head, own.head} & {"president", "premier", "gensec", "monarch"}:
        return domains - {"party"} <= mine and not (mine - _EASY)
    return bool(domains & mine)


def serves_abroad(post: Post) -> bool:
    """Tell whether a post's countries may be where it is held rather than whose it is."""
    return post.head in _ABROAD

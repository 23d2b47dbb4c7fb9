"""Positions (rank, domain, level and country) that are read from titles and roles, and the comparison of positions."""

from datetime import date
from enum import IntEnum
from functools import lru_cache

from msgspec import Struct

from monitor.domain.watchlist import Role
from monitor.match.vocabulary import country_words, max_title_phrase_words, title_vocabulary
from monitor.text.fold import fold_words

_RELATED_HEADS = {  # heads that the press uses for the same position, if the domains agree
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
_DIPLOMATIC_HEADS = {"ambassador", "attache", "envoy"}
_BROAD_HEADS = {
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
_OPTIONAL_DOMAINS = {"party", "politics", "army"}


class Position(Struct, frozen=True):
    """Position that a phrase names, such as "former deputy defence minister", with all words normalized.

    ``head`` is its main word ("minister"), and ``domains`` are its fields ("defence").
    """

    head: str
    domains: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    is_deputy: bool = False
    is_former: bool = False

    @property
    def is_vague(self) -> bool:
        """True if many people of one country could hold the position, such as a minister without a domain."""
        return self.head in _BROAD_HEADS and not self.domains


class RoleFit(IntEnum):
    """Degree to which a configured role fits a printed position on a date; a higher value is a better fit.

    From worst to best: the role does not fit; it fits, but was not held on the date; it fits, but has no dates; it fits
    and was held on the date.
    """

    NO_MATCH = 0
    OTHER_TIME = 1
    UNDATED = 2
    CURRENT = 3


class Title(Struct, frozen=True):
    """Meaning of the words of a title: its positions, its military or police rank, and its countries.

    ``is_addressed`` is true if it has a form of address, such as "Mr".
    """

    positions: tuple[Position, ...] = ()
    rank: str = ""
    is_addressed: bool = False
    countries: frozenset[str] = frozenset()


@lru_cache(maxsize=20_000)
def split_title_phrases(words: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Split normalized words into the longest known phrases, and return each phrase with the symbols of its meaning.

    A symbol is a kind and a value: `h:minister` means that the main word of a position is "minister" (see
    ``title_vocabulary``). In addition, the name of a country has the symbol `c:` followed by the country's key. An
    unknown word is taken for the domain of a position, such as `d:whaling`, or for a word without meaning (`-:`) if it
    is very short.
    """
    known, countries = title_vocabulary(), country_words()
    read: list[tuple[str, tuple[str, ...]]] = []
    at = 0
    while at < len(words):
        for size in range(min(max_title_phrase_words(), len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + size])
            if (symbols := known.get(phrase)) is not None:
                read.append((phrase, symbols))
                break
            if (country := countries.get(phrase)) is not None:
                read.append((phrase, (f"c:{country}",)))
                break
        else:
            size = 1
            word = words[at].rstrip("s")
            read.append((words[at], (f"d:{word}",) if len(word) > 2 else ("-:",)))
        at += size
    return tuple(read)


@lru_cache(maxsize=20_000)
def parse_title(words: tuple[str, ...]) -> Title:
    """Parse the normalized words of a title into its positions, rank and countries.

    The words must not contain a name.
    """
    heads: list[dict[str, object]] = []
    waiting: set[str] = set()
    level: set[str] = set()
    countries: set[str] = set()
    rank, addressed, joined = "", False, False
    for phrase, symbols in split_title_phrases(words):
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
            _assign_domain(kinds["d"], heads, waiting, is_joined=joined)
        joined = phrase in {"and", "cum", "va", "et", "kiem", "y"} or (joined and "d" in kinds)
    if waiting and heads:
        heads[-1]["domains"] |= waiting  # type: ignore[operator] # always a set
    positions = tuple(_build_position(head, countries) for head in heads)
    return Title(positions, rank, addressed, frozenset(countries))


def _build_position(head: dict[str, object], countries: set[str]) -> Position:
    """Return the position that consists of a head word ("minister") and its domains ("defence").

    The president of a parliament becomes a chair, so that both words mean the same position.
    """
    domains = frozenset(head["domains"])  # type: ignore[call-overload] # always a set
    name = "chair" if head["head"] == "president" and "assembly" in domains else str(head["head"])
    return Position(name, domains, frozenset(countries), bool(head["deputy"]), bool(head["former"]))


def _assign_domain(domain: str, heads: list[dict[str, object]], pending_domains: set[str], *, is_joined: bool) -> None:
    """Add a domain ("defence") to the head word ("minister") before it.

    If no head word precedes the domain, or if ``is_joined`` is true because the domain follows "and", the domain is
    added to ``pending_domains`` for the next head word.
    """
    if heads and not is_joined:
        heads[-1]["domains"].add(domain)  # type: ignore[attr-defined] # always a set
    else:
        pending_domains.add(domain)


@lru_cache(maxsize=20_000)
def parse_positions(title: str) -> tuple[Position, ...]:
    """Return the positions that the configured title of a role states."""
    return parse_title(fold_words(title)).positions


def rate_role_fit(position: Position, role: Role, article_date: date | None) -> RoleFit:
    """Return how well a role fits a position that is printed in an article of a certain date."""
    if not any(_is_same_position(position, configured) for configured in parse_positions(role.title)):
        return RoleFit.NO_MATCH
    if role.from_on is None and role.until_on is None:
        return RoleFit.UNDATED
    if article_date is None:
        return RoleFit.UNDATED
    begun = role.from_on is None or role.from_on <= article_date
    ended = role.until_on is not None and role.until_on < article_date
    if position.is_former:
        return RoleFit.CURRENT if begun else RoleFit.OTHER_TIME
    return RoleFit.CURRENT if begun and not ended else RoleFit.OTHER_TIME


def _is_same_position(position: Position, configured: Position) -> bool:
    """Return whether a printed position can be the configured one.

    The two may differ: some of the domains ("defence") may be missing or additional, or the head word ("minister") may
    be a related one ("secretary").
    """
    if position.is_deputy != configured.is_deputy:
        return False
    domains, configured_domains = position.domains - {"state", "government"}, configured.domains
    if position.head == configured.head:
        if not domains - _OPTIONAL_DOMAINS or domains <= configured_domains:
            return (
                position.head in _BROAD_HEADS
                or not configured_domains - _OPTIONAL_DOMAINS
                or bool(domains & configured_domains)
            )
        return bool(domains & configured_domains - _OPTIONAL_DOMAINS) and len(domains - configured_domains) <= 1 + len(
            domains & configured_domains
        )
    if frozenset((position.head, configured.head)) not in _RELATED_HEADS:
        return False
    if {position.head, configured.head} & {"president", "premier", "gensec", "monarch"}:
        return domains - {"party"} <= configured_domains and not (configured_domains - _OPTIONAL_DOMAINS)
    return bool(domains & configured_domains)


def is_diplomatic(position: Position) -> bool:
    """Return whether a position is diplomatic, such as ambassador.

    The country in its title may then be the host country instead of the official's own.
    """
    return position.head in _DIPLOMATIC_HEADS


def describe_positions(positions: tuple[Position, ...]) -> str:
    """Return positions as text for the user, such as "deputy defence minister"."""
    return " and ".join(
        " ".join(
            part
            for part in (
                "former" * position.is_former,
                "deputy" * position.is_deputy,
                " ".join(sorted(position.domains)),
                position.head,
            )
            if part
        )
        for position in positions
    )

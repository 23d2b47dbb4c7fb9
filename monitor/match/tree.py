"""The tree of a query: what each node stands for, and what can be told of it without a text."""

from dataclasses import dataclass

from monitor.domain.article import Region


@dataclass(frozen=True, slots=True)
class TextTerm:
    """A word or phrase, folded unless ``exact``; with ``prefix`` its last word may go on."""

    text: str
    is_prefix: bool = False
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression in RE2's language."""

    pattern: str
    position: int


@dataclass(frozen=True, slots=True)
class OfficialTerm:
    """A mention of a watched official."""

    official_id: str
    position: int


@dataclass(frozen=True, slots=True)
class Within:
    """What must be found in one region."""

    region: Region
    part: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """All parts are found, none of them only excludes."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part is found."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part is not found."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class Near:
    """Both sides are found with at most ``distance`` words between them."""

    left: "Node"
    right: "Node"
    distance: int


Node = TextTerm | Regex | OfficialTerm | Within | And | Or | Not | Near


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read without fault."""

    text: str
    root: Node


def matches_empty(node: Node) -> bool:
    """Tell whether an empty text would satisfy a query."""
    match node:
        case Not(part):
            return not matches_empty(part)
        case And(parts):
            return all(map(matches_empty, parts))
        case Or(parts):
            return any(map(matches_empty, parts))
        case Within(_, part):
            return matches_empty(part)
        case _:
            return False


def has_positions(node: Node) -> bool:
    """Tell whether a node stands for places in the text, which NEAR can measure."""
    match node:
        case And() | Not():
            return False
        case Or(parts):
            return all(map(has_positions, parts))
        case Within(_, part):
            return has_positions(part)
        case _:
            return True

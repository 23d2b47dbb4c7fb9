"""The tree of a query: what each node stands for, and what can be told of it without a text."""

from dataclasses import dataclass

from monitor.domain.article import Region


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase, folded unless ``exact``; with ``prefix`` its last word may go on."""

    text: str
    prefix: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression in RE2's language."""

    pattern: str
    position: int


@dataclass(frozen=True, slots=True)
class Person:
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


Node = Term | Regex | Person | Within | And | Or | Not | Near


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was read without fault."""

    text: str
    root: Node


def holds_for_nothing(node: Node) -> bool:
    """Tell whether an empty text would satisfy a query."""
    match node:
        case Not(part):
            return not holds_for_nothing(part)
        case And(parts):
            return all(map(holds_for_nothing, parts))
        case Or(parts):
            return any(map(holds_for_nothing, parts))
        case Within(_, part):
            return holds_for_nothing(part)
        case _:
            return False


def stands_for_places(node: Node) -> bool:
    """Tell whether a node stands for places in the text, which NEAR can measure."""
    match node:
        case And() | Not():
            return False
        case Or(parts):
            return all(map(stands_for_places, parts))
        case Within(_, part):
            return stands_for_places(part)
        case _:
            return True

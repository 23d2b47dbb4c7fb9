"""Queries at work: which places of a page satisfy them. Every step is linear in the text."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import re2

from monitor.domain.article import Region
from monitor.domain.errors import QueryError
from monitor.match.query import MAX_DISTANCE, parse_query
from monitor.match.tree import And, Near, Node, Not, Or, Person, Query, Regex, Term, Within
from monitor.text.fold import fold, fold_key
from monitor.text.tokens import is_unspaced, is_word

if TYPE_CHECKING:  # it brings numpy, which queries can be read without
    from monitor.match.page import Page

Span = tuple[int, int]
MAX_PLACES = 10_000
_FAR = 40 * MAX_DISTANCE


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query ready for use. ``needs`` holds words of which one must stand in the text; None: it cannot be told."""

    root: Node
    patterns: dict[str, object]
    needs: frozenset[str] | None


def compile_query(text: str, officials: Iterable[str], synonyms: Sequence[Sequence[str]] = ()) -> Compiled:
    """Read a query and check all that it names. Raises ``QueryError``."""
    query = parse_query(text)
    patterns: dict[str, object] = {}
    _check(query, query.root, frozenset(officials), patterns)
    root = _widen(query.root, _groups(synonyms))
    return Compiled(root, patterns, _needs(root))


def _check(query: Query, node: Node, officials: frozenset[str], patterns: dict[str, object]) -> None:
    match node:
        case Person(official_id, position):
            if official_id not in officials:
                raise QueryError(f"there is no official {official_id!r}", position, "the id of a configured official")
        case Regex(pattern, position):
            patterns[pattern] = _compile_regex(pattern, position)
        case And(parts) | Or(parts):
            for part in parts:
                _check(query, part, officials, patterns)
        case Not(part) | Within(_, part):
            _check(query, part, officials, patterns)
        case Near(left, right, _):
            _check(query, left, officials, patterns)
            _check(query, right, officials, patterns)
        case Term():
            pass


def _compile_regex(pattern: str, position: int) -> object:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(fold(pattern).cased, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise QueryError(f"the regular expression cannot be read: {reason}", position, "RE2 syntax") from error
    if compiled.search("") is not None:
        raise QueryError("the regular expression matches any text", position, "one that needs at least one character")
    return compiled


def _groups(synonyms: Sequence[Sequence[str]]) -> dict[str, tuple[Term, ...]]:
    """Return for each folded synonym the terms of its whole group."""
    groups: dict[str, tuple[Term, ...]] = {}
    for group in synonyms:
        terms = tuple(dict.fromkeys(Term(" ".join(fold_key(word).replace("-", " ").split())) for word in group))
        groups |= {term.text: terms for term in terms}
    return groups


def _widen(node: Node, groups: dict[str, tuple[Term, ...]]) -> Node:
    """Put the whole group in the place of each term that has synonyms."""
    match node:
        case Term(text, False, False) if len(groups.get(text, ())) > 1:
            return Or(groups[text])
        case And(parts) | Or(parts):
            return type(node)(tuple(_widen(part, groups) for part in parts))
        case Not(part) | Within(_, part):
            return replace(node, part=_widen(part, groups))
        case Near(left, right, _):
            return replace(node, left=_widen(left, groups), right=_widen(right, groups))
        case _:
            return node


def _needs(node: Node) -> frozenset[str] | None:
    """Return folded texts of which at least one stands in every text that satisfies the query."""
    match node:
        case Term(text, _, exact):
            return frozenset({fold_key(text).replace("-", " ") if exact else text})
        case And(parts):
            known = [needs for part in parts if (needs := _needs(part)) is not None]
            return max(known, key=lambda needs: min(map(len, needs)), default=None)
        case Or(parts):
            each = [_needs(part) for part in parts]
            return None if None in each else frozenset().union(*(needs for needs in each if needs))
        case Within(_, part):
            return _needs(part)
        case Near(left, right, _):
            return _needs(And((left, right)))
        case _:
            return None


def evaluate(query: Compiled, page: "Page", mentions: Callable[[str], list[Span]]) -> list[Span] | None:
    """Return the folded places that satisfy a query, or None where it is not satisfied.

    ``mentions`` gives the places of an official's mentions.
    """
    return _Evaluation(query.patterns, page, mentions).find(query.root)


class _Evaluation:
    """One look at one page."""

    def __init__(self, patterns: dict[str, object], page: "Page", mentions: Callable[[str], list[Span]]) -> None:
        self._patterns, self._page, self._mentions = patterns, page, mentions
        self._flat = page.flat

    def find(self, node: Node) -> list[Span] | None:
        match node:
            case Term():
                found = find_term(node, self._page, self._flat)
            case Regex(pattern, _):
                found = [match.span() for match in self._patterns[pattern].finditer(self._page.cased)]  # type: ignore[attr-defined] # re2 has no types
            case Person(official_id, _):
                found = self._mentions(official_id)
            case Within(region, part):
                return self._within(region, part)
            case Near(left, right, distance):
                found = self._near(self.find(left) or [], self.find(right) or [], distance)
            case Or(parts):
                each = [places for places in map(self.find, parts) if places is not None]
                return sorted(set().union(*each)) if each else None
            case And(parts):
                return self._every(parts)
            case Not(part):
                return [] if self.find(part) is None else None
        return found[:MAX_PLACES] or None

    def _every(self, parts: tuple[Node, ...]) -> list[Span] | None:
        found: set[Span] = set()
        for part in parts:
            places = self.find(part)
            if places is None:
                return None
            found.update(places)
        return sorted(found)

    def _within(self, region: Region, part: Node) -> list[Span] | None:
        low, high = self._page.within(region)
        match part:
            case Not(inner):
                return [] if self._within(region, inner) is None else None
            case And(parts):
                each = [self._within(region, inner) for inner in parts]
                return None if None in each else sorted(set().union(*(places for places in each if places)))
            case _:
                return [span for span in self.find(part) or [] if low <= span[0] and span[1] <= high] or None

    def _near(self, left: list[Span], right: list[Span], distance: int) -> list[Span]:
        """Pair each place on the left with the nearest on the right; both lists are in order."""
        found: set[Span] = set()
        at = 0
        for start, end in left:
            while at < len(right) and right[at][1] <= start:
                at += 1
            for other in right[max(0, at - 1) : at + 2]:
                first, second = sorted(((start, end), other))
                if first[1] <= second[0] and self._between(first[1], second[0]) <= distance:
                    found |= {(start, end), other}
        return sorted(found)

    def _between(self, end: int, start: int) -> int:
        """Count the words between two places, as far as any NEAR reaches."""
        return MAX_PLACES if start - end > _FAR else len(self._page.spaced[end + 1 : start + 1].split())


def find_term(term: Term, page: "Page", flat: str) -> list[Span]:
    """Return the folded places of a word or phrase; ``flat`` is the page's."""
    needle = fold_key(term.text).replace("-", " ") if term.exact else term.text
    found: list[Span] = []
    at = flat.find(needle)
    while at >= 0 and len(found) < MAX_PLACES:
        end = at + len(needle)
        bounded = is_word(flat, at, end) or (term.prefix and is_word(flat, at, len(flat)))
        if bounded and (not term.exact or page.folded.slice(at, end).startswith(term.text)):
            found.append((at, _word_end(flat, end) if term.prefix else end))
        at = flat.find(needle, end)
    return found


def _word_end(text: str, end: int) -> int:
    """Return where the word ends in which a prefix ended."""
    while end < len(text) and text[end].isalnum() and not is_unspaced(text[end]):
        end += 1
    return end

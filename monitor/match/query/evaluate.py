"""Evaluation of queries: finds the spans of an article's text that satisfy a query.

The running time is proportional to the length of the text.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import re2
from msgspec import Struct

from monitor.domain.article import Region
from monitor.domain.errors import QueryError
from monitor.domain.values import replace
from monitor.match.query.parser import (
    MAX_NEAR_DISTANCE_WORDS,
    And,
    Near,
    Node,
    Not,
    OfficialTerm,
    Or,
    Query,
    Regex,
    TextTerm,
    Within,
    parse_query,
)
from monitor.match.types import Span
from monitor.text.fold import fold, fold_key
from monitor.text.tokens import is_unspaced, is_whole_word

if TYPE_CHECKING:  # imported later, because it needs numpy, and the parsing of a query does not
    from monitor.match.article_text import NormalizedArticle


MAX_SPANS = 10_000
_MAX_NEAR_CHARS = 40 * MAX_NEAR_DISTANCE_WORDS
_SPACED_WORD = re.compile(r"\S+")


class CompiledQuery(Struct, frozen=True):
    """A query that is ready for evaluation.

    - ``root`` is the root of the query tree.
    - ``patterns`` maps the text of each regular expression to its compiled form.
    - ``required_literals`` are words and phrases. Every text that satisfies the query contains at least one of them.
      None means that no such words are known.
    """

    root: Node
    patterns: dict[str, object]
    required_literals: frozenset[str] | None


def compile_query(text: str, officials: Iterable[str], synonyms: Sequence[Sequence[str]] = ()) -> CompiledQuery:
    """Parse, validate and compile a query. Raises ``QueryError`` if it is not valid or names an unknown official."""
    query = parse_query(text)
    patterns: dict[str, object] = {}
    _validate_node(query, query.root, frozenset(officials), patterns)
    root = _expand_synonyms(query.root, _group_synonyms(synonyms))
    return CompiledQuery(root, patterns, _find_required_literals(root))


def _validate_node(query: Query, node: Node, officials: frozenset[str], patterns: dict[str, object]) -> None:
    match node:
        case OfficialTerm(official_id, position):
            if official_id not in officials:
                raise QueryError(
                    f"{official_id!r} is not the id of an official", position, "the id of a configured official"
                )
        case Regex(pattern, position):
            patterns[pattern] = _compile_regex(pattern, position)
        case And(parts) | Or(parts):
            for part in parts:
                _validate_node(query, part, officials, patterns)
        case Not(part) | Within(_, part):
            _validate_node(query, part, officials, patterns)
        case Near(left, right, _):
            _validate_node(query, left, officials, patterns)
            _validate_node(query, right, officials, patterns)
        case TextTerm():
            pass


def _compile_regex(pattern: str, position: int) -> object:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        compiled = re2.compile(fold(pattern).cased, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise QueryError(f"the regular expression is not valid: {reason}", position, "RE2 syntax") from error
    if compiled.search("") is not None:
        raise QueryError("the regular expression matches any text", position, "one that needs at least one character")
    return compiled


def _group_synonyms(synonyms: Sequence[Sequence[str]]) -> dict[str, tuple[TextTerm, ...]]:
    """Return a dictionary that maps each synonym, normalized, to all terms of its group of synonyms."""
    groups: dict[str, tuple[TextTerm, ...]] = {}
    for group in synonyms:
        terms = tuple(dict.fromkeys(TextTerm(" ".join(fold_key(word).replace("-", " ").split())) for word in group))
        groups |= {term.text: terms for term in terms}
    return groups


def _expand_synonyms(node: Node, groups: dict[str, tuple[TextTerm, ...]]) -> Node:
    """Replace each term of a query that has synonyms by an ``Or`` of all terms in its group of synonyms."""
    match node:
        case TextTerm(text, False, False) if len(groups.get(text, ())) > 1:
            return Or(groups[text])
        case And(parts) | Or(parts):
            return type(node)(tuple(_expand_synonyms(part, groups) for part in parts))
        case Not(part) | Within(_, part):
            return replace(node, part=_expand_synonyms(part, groups))
        case Near(left, right, _):
            return replace(node, left=_expand_synonyms(left, groups), right=_expand_synonyms(right, groups))
        case _:
            return node


def _find_required_literals(node: Node) -> frozenset[str] | None:
    """Return normalized words and phrases, at least one of which occurs in every article that satisfies the query.

    The result is None if no such words are known, as for a regular expression or NOT.
    """
    match node:
        case TextTerm(text, _, exact):
            return frozenset({fold_key(text).replace("-", " ") if exact else text})
        case And(parts):
            known = [needs for part in parts if (needs := _find_required_literals(part)) is not None]
            return max(known, key=lambda needs: min(map(len, needs)), default=None)
        case Or(parts):
            each = [_find_required_literals(part) for part in parts]
            return None if None in each else frozenset().union(*(needs for needs in each if needs))
        case Within(_, part):
            return _find_required_literals(part)
        case Near(left, right, _):
            return _find_required_literals(And((left, right)))
        case _:
            return None


def evaluate_query(
    query: CompiledQuery, article_text: "NormalizedArticle", find_mentions: Callable[[str], list[Span]]
) -> list[Span] | None:
    """Return the spans of an article that satisfy a query, or None if the article does not satisfy the query.

    The offsets refer to the normalized text. ``find_mentions`` is a function that returns the spans at which an
    official is mentioned.
    """
    return _Evaluation(query.patterns, article_text, find_mentions).find(query.root)


class _Evaluation:
    """Evaluation of one query on one article. The nodes of the query are evaluated recursively."""

    def __init__(
        self, patterns: dict[str, object], article_text: "NormalizedArticle", find_mentions: Callable[[str], list[Span]]
    ) -> None:
        self._patterns, self._article_text, self._find_mentions = patterns, article_text, find_mentions
        self._unhyphenated = article_text.unhyphenated

    def find(self, node: Node) -> list[Span] | None:
        match node:
            case TextTerm():
                found = find_term(node, self._article_text, self._unhyphenated)
            case Regex(pattern, _):
                matches = self._patterns[pattern].finditer(self._article_text.cased)  # type: ignore[attr-defined] # re2 has no types
                found = [match.span() for match in islice(matches, MAX_SPANS)]
            case OfficialTerm(official_id, _):
                found = self._find_mentions(official_id)
            case Within(region, part):
                return self._find_within(region, part)
            case Near(left, right, distance):
                found = self._find_near(self.find(left) or [], self.find(right) or [], distance)
            case Or(parts):
                each = [places for places in map(self.find, parts) if places is not None]
                return sorted(set().union(*each)) if each else None
            case And(parts):
                return self._find_all(parts)
            case Not(part):
                return [] if self.find(part) is None else None
        return found[:MAX_SPANS] or None

    def _find_all(self, parts: tuple[Node, ...]) -> list[Span] | None:
        found: set[Span] = set()
        for part in parts:
            places = self.find(part)
            if places is None:
                return None
            found.update(places)
        return sorted(found)

    def _find_within(self, region: Region, part: Node) -> list[Span] | None:
        low, high = self._article_text.region_range(region)
        match part:
            case Not(inner):
                return [] if self._find_within(region, inner) is None else None
            case And(parts):
                each = [self._find_within(region, inner) for inner in parts]
                return None if None in each else sorted(set().union(*(places for places in each if places)))
            case _:
                return [span for span in self.find(part) or [] if low <= span[0] and span[1] <= high] or None

    def _find_near(self, left: list[Span], right: list[Span], distance: int) -> list[Span]:
        """Return the spans of ``left`` and ``right`` that have at most ``distance`` words between them.

        Both lists must be in the order of the text.
        """
        found: set[Span] = set()
        at = 0
        for start, end in left:
            while at < len(right) and right[at][1] <= start:
                at += 1
            for other in right[max(0, at - 1) : at + 2]:
                first, second = sorted(((start, end), other))
                if first[1] <= second[0] and self._count_words_between(first[1], second[0]) <= distance:
                    found |= {(start, end), other}
        return sorted(found)

    def _count_words_between(self, end: int, start: int) -> int:
        """Return the number of words between two offsets, or a very large number if the offsets are far apart.

        If no NEAR of a query can allow such a distance, the words are not counted, to save time.
        """
        if start - end > _MAX_NEAR_CHARS:
            return MAX_SPANS
        starts, ends = self._word_bounds
        return bisect_left(starts, start + 1) - bisect_right(ends, end + 1) if end < start else 0

    @cached_property
    def _word_bounds(self) -> tuple[list[int], list[int]]:
        """The start offsets of all words of the article, and their end offsets. They are computed once per article.

        They are offsets in ``NormalizedArticle.spaced``, the normalized text in which punctuation marks are spaces.
        """
        spans = [match.span() for match in _SPACED_WORD.finditer(self._article_text.spaced)]
        return [start for start, _ in spans], [end for _, end in spans]


def find_term(term: TextTerm, article_text: "NormalizedArticle", unhyphenated: str) -> list[Span]:
    """Return the spans at which a word or phrase occurs in an article, up to a maximum number.

    The offsets refer to the normalized text. ``unhyphenated`` is this text with spaces instead of hyphens.
    """
    needle = fold_key(term.text).replace("-", " ") if term.is_exact else term.text
    found: list[Span] = []
    at = unhyphenated.find(needle)
    while at >= 0 and len(found) < MAX_SPANS:
        end = at + len(needle)
        bounded = is_whole_word(unhyphenated, at, end) or (
            term.is_prefix and is_whole_word(unhyphenated, at, len(unhyphenated))
        )
        if bounded and (not term.is_exact or article_text.folded.original_slice(at, end).startswith(term.text)):
            found.append((at, _find_word_end(unhyphenated, end) if term.is_prefix else end))
        at = unhyphenated.find(needle, end)
    return found


def _find_word_end(text: str, end: int) -> int:
    """Return the end offset of a word of which a search term such as ``elect*`` has matched the beginning.

    ``end`` is the end offset of this beginning.
    """
    while end < len(text) and text[end].isalnum() and not is_unspaced(text[end]):
        end += 1
    return end

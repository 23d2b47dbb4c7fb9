"""Query language: the nodes of a query tree, and the parser.

    query  = both, {"OR", both} ;
    both   = part, {["AND"], part} ;                 two parts side by side are joined by AND
    part   = "NOT", part | near ;
    near   = item, {"NEAR/" number, item} ;          at most this number of words apart, in either order
    item   = "(", query, ")" | region, ":", item | "@", official | "/", regular expression, "/"
           | ["="], (word | '"', words, '"') ;       a word may end in * ; "=" keeps case and diacritics

Operators are in capitals. Words are compared without case and diacritics, unless ``=`` precedes them.
"""

import re

from msgspec import Struct

from monitor.domain.article import Region
from monitor.domain.errors import QueryError
from monitor.text.fold import fold_key


class TextTerm(Struct, frozen=True):
    """A word or phrase to search for. The text is in lower case without diacritics, unless ``is_exact``.

    With ``is_prefix``, the last word is only the beginning of a word in the article.
    """

    text: str
    is_prefix: bool = False
    is_exact: bool = False


class Regex(Struct, frozen=True):
    """Query node that is satisfied by a match of a regular expression in RE2 syntax."""

    pattern: str
    position: int


class OfficialTerm(Struct, frozen=True):
    """Query node that is satisfied by a mention of a watched official."""

    official_id: str
    position: int


class Within(Struct, frozen=True):
    """Query node that is satisfied if its part is satisfied inside one region of the article, such as the title."""

    region: Region
    part: "Node"


class And(Struct, frozen=True):
    """Query node that is satisfied if all its parts are satisfied."""

    parts: tuple["Node", ...]


class Or(Struct, frozen=True):
    """Query node that is satisfied if at least one of its parts is satisfied."""

    parts: tuple["Node", ...]


class Not(Struct, frozen=True):
    """Query node that is satisfied if its part is not satisfied."""

    part: "Node"


class Near(Struct, frozen=True):
    """Query node that is satisfied if both sides are found with at most ``distance`` words between them."""

    left: "Node"
    right: "Node"
    distance: int


Node = TextTerm | Regex | OfficialTerm | Within | And | Or | Not | Near


class Query(Struct, frozen=True):
    """A parsed query: its text and the root node of its tree."""

    text: str
    root: Node


def matches_empty(node: Node) -> bool:
    """Return whether an empty text satisfies a query."""
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
    """Return whether a query node matches words at known positions, so that NEAR can count the words between them."""
    match node:
        case And() | Not():
            return False
        case Or(parts):
            return all(map(has_positions, parts))
        case Within(_, part):
            return has_positions(part)
        case _:
            return True


MAX_NEAR_DISTANCE_WORDS = 100
MAX_NESTING_DEPTH = 50
MAX_QUERY_CHARS = 20_000


_TOKEN_PATTERN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))
    |(?P<near>NEAR\b(?:/(?P<distance>\d{1,4}))?)|(?P<operator>(?:AND|OR|NOT)(?![^\s()]))
    |(?P<region>[A-Za-z]+):(?=[\S])
    |@(?P<person>[A-Za-z0-9-]+)
    |/(?P<regex>(?:[^/\\]|\\.)+)/
    |(?P<exact>=?)(?:"(?P<phrase>[^"]*)"|“(?P<curly>[^”]*)”|(?P<word>[^\s()"“”=/@:][^\s()"“”]*))
    )""",
    re.VERBOSE,
)


_WHITESPACE = re.compile(r"\s*")


class _Token(Struct, frozen=True):
    kind: str
    text: str
    position: int
    is_exact: bool = False


def parse_query(text: str) -> Query:
    """Parse a query into a tree.

    Raises ``QueryError`` with the position of the error and with what was expected there.
    """
    if not text.strip():
        raise QueryError("the query is empty", 0, "a word, a phrase or an @official")
    if len(text) > MAX_QUERY_CHARS:
        raise QueryError(f"the query is {len(text)} characters long", MAX_QUERY_CHARS, f"at most {MAX_QUERY_CHARS}")
    reader = _Parser(_tokenize(text), len(text))
    root = reader.parse_or(0)
    if (token := reader.peek()) is not None:
        raise QueryError(
            f"{_describe_token(token)} is not part of an expression", token.position, "an operator or the end"
        )
    if matches_empty(root):
        expected = "something that must be found; `exclude` of the rule is for what must not be found"
        raise QueryError("the query is satisfied by any text", 0, expected)
    return Query(text, root)


def _tokenize(text: str) -> list[_Token]:
    """Return the tokens of a query. Raises ``QueryError`` at a character that cannot begin a token."""
    tokens: list[_Token] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN_PATTERN.match(text, at)
        start = _WHITESPACE.match(text, at).end()  # type: ignore[union-attr] # matches the empty text too
        if match is None:
            raise _build_syntax_error(text, start)
        kind = match.lastgroup or ""
        if kind == "distance":
            kind = "near"
        shown = match[kind] if kind != "near" else (match["distance"] or "10")
        if kind in {"phrase", "curly"} and not shown.strip():
            raise QueryError("the phrase is empty", start, "words between the quotes")
        tokens.append(_Token(kind, shown, start, bool(match["exact"])))
        at = match.end()
    return tokens


def _build_syntax_error(text: str, start: int) -> QueryError:
    """Return the error for a character with which no token can begin."""
    char = text[start]
    if char in '"“':
        return QueryError("the phrase is not closed", start, f"a closing {'”' if char == '“' else char}")
    if char == "/":
        return QueryError("the regular expression is empty or not closed", start, "/pattern/")
    if char == "@":
        return QueryError("@ names no official", start, "the id of an official, as in @phan-van-giang")
    if char == "=":
        return QueryError("nothing follows =", start, "a word or a phrase right after it")
    return QueryError(f"{char!r} cannot start a term", start, "a word, a phrase, (, @official or /regex/")


def _describe_token(token: _Token) -> str:
    return {"open": "(", "close": ")", "near": "NEAR"}.get(token.kind, repr(token.text))


class _Parser:
    """Recursive descent parser with one method per line of the grammar."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens, self._end, self._index = tokens, end, 0

    def peek(self) -> _Token | None:
        return self._tokens[self._index] if self._index < len(self._tokens) else None

    def _advance(self) -> _Token:
        self._index += 1
        return self._tokens[self._index - 1]

    def _is_next(self, kind: str, text: str = "") -> bool:
        token = self.peek()
        return token is not None and token.kind == kind and text in {"", token.text}

    def parse_or(self, depth: int) -> Node:
        parts = [self._parse_and(depth)]
        while self._is_next("operator", "OR"):
            self._advance()
            parts.append(self._parse_and(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _next_position(self) -> int:
        token = self.peek()
        return token.position if token else self._end

    def _parse_and(self, depth: int) -> Node:
        parts = [self._parse_not(depth)]
        while (token := self.peek()) is not None and token.kind != "close" and not self._is_next("operator", "OR"):
            if self._is_next("operator", "AND"):
                self._advance()
            parts.append(self._parse_not(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _parse_not(self, depth: int) -> Node:
        excluded = False
        while self._is_next("operator", "NOT"):
            self._advance()
            excluded = not excluded
        node = self._parse_near(depth)
        return Not(node) if excluded else node

    def _parse_near(self, depth: int) -> Node:
        start = self._next_position()
        node = self._parse_primary(depth)
        chained = 0
        while self._is_next("near"):
            chained += 1
            token = self._advance()
            if chained > MAX_NESTING_DEPTH:
                raise QueryError("too many NEAR in a row", token.position, f"at most {MAX_NESTING_DEPTH}")
            if not 1 <= int(token.text) <= MAX_NEAR_DISTANCE_WORDS:
                raise QueryError(
                    f"NEAR/{token.text} is out of range", token.position, f"NEAR/1 to NEAR/{MAX_NEAR_DISTANCE_WORDS}"
                )
            right_at = self._next_position()
            right = self._parse_primary(depth)
            for side, at in ((node, start), (right, right_at)):
                if not has_positions(side):
                    raise QueryError("NEAR cannot measure AND or NOT", at, "a word, a phrase or an OR of them")
            node = Near(node, right, int(token.text))
        return node

    def _parse_primary(self, depth: int) -> Node:
        if depth > MAX_NESTING_DEPTH:
            raise QueryError(
                "the query is nested too deep", self._next_position(), f"at most {MAX_NESTING_DEPTH} levels"
            )
        token = self.peek()
        if token is None:
            raise QueryError("the query is not complete", self._end, "a word, a phrase, ( or @official")
        if token.kind in {"operator", "near", "close"}:
            what = "nothing before it" if token.kind != "close" else "nothing to close, or nothing inside"
            raise QueryError(f"{_describe_token(token)}: {what}", token.position, "a word, a phrase, ( or @official")
        self._advance()
        if token.kind == "open":
            node = self.parse_or(depth + 1)
            if not self._is_next("close"):
                raise QueryError("the parenthesis is not closed", token.position, "a closing )")
            self._advance()
            return node
        if token.kind == "region":
            return self._parse_region(token, depth)
        if token.kind == "person":
            return OfficialTerm(token.text, token.position)
        if token.kind == "regex":
            return Regex(token.text, token.position)
        return _build_term(token)

    def _parse_region(self, token: _Token, depth: int) -> Node:
        names = [region.value for region in Region]
        if token.text.lower() not in names:
            raise QueryError(
                f"{token.text!r} is not a valid region", token.position, " or ".join(f"{n}:" for n in names)
            )
        return Within(Region(token.text.lower()), self._parse_primary(depth + 1))


def _build_term(token: _Token) -> TextTerm:
    """Convert a token with a word or phrase to a query node.

    Raises ``QueryError`` if a * is not at the end, or if the text has no letter or digit.
    """
    text = token.text.strip()
    prefix = text.endswith("*")
    text = text.removesuffix("*")
    star = text.find("*")
    if star >= 0 or (prefix and len(text) < 2):
        at = token.position + token.text.find("*")
        raise QueryError("the * is in the wrong place", at, "* at the end of a word of two letters or more")
    if not any(char.isalnum() for char in text):
        raise QueryError(f"{token.text!r} has no letter or digit", token.position, "a word or a phrase")
    return TextTerm(
        text if token.is_exact else " ".join(fold_key(text).replace("-", " ").split()), prefix, token.is_exact
    )

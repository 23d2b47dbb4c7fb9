"""Division of a sentence into items, from which a new holder of a post is detected.

Items are posts, names, words such as "appointed" or "resigned", and other words.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache, lru_cache
from itertools import zip_longest

import ahocorasick_rs
from msgspec import Struct

from monitor.domain.values import replace
from monitor.insight.succession_words import (
    ADJACENT,
    NO_MARKS,
    Mark,
    Marks,
    SuccessionWords,
    every_word,
    succession_words,
    unspaced_title_symbols,
)
from monitor.match.article_text import NormalizedArticle
from monitor.match.names.spelling import diacritics_agree, has_vietnamese_diacritics
from monitor.match.titles.positions import Position, parse_title
from monitor.match.types import Span
from monitor.match.vocabulary import (
    country_words,
    credit_words,
    max_title_phrase_words,
    name_particles,
    title_vocabulary,
    word_lists,
)
from monitor.text.tokens import find_sentence, is_unspaced

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3041-\u31ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff"
_MARKED = "\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
"""Part of a regular expression: letters of Indian scripts, and vowel signs of Indian and Arabic scripts.

Vowel signs occur inside words, but do not count as letters in ``\\w``.
"""
_TOKEN = re.compile(
    rf"[{_UNSPACED}]+|\d+|(?:(?<!')|(?<=')(?!s\b))(?:[^\W\d_{_UNSPACED}]|[{_MARKED}])"
    rf"(?:[^\W_{_UNSPACED}]|[{_MARKED}])*"
)
_RUN_GAPS = frozenset({"", " ", "-", "'s ", "' ", "'", " - "})
_ABBREVIATED_GAPS = frozenset({". ", "."})
_NAME_GAPS = frozenset({" ", "-", "'", ". ", " '", "' ", ".", "' s "})
_MAX_NAME_TOKENS = 7
_TITLE_CASE_SHARE = 0.8
_MIN_LONG_WORDS = 4
_MAX_PARTICLE_LETTERS = 4
_POSSESSIVE = re.compile(r"'s?(?![a-z])")
_MAX_SUFFIX_LETTERS = 4
_FORMER_PREFIXES = ("ex", "экс")
_HAN = re.compile("[\u3400-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_FORMER_OR_PAST = frozenset({Mark.FORMER, Mark.PAST})
_FUNCTION_WORDS = frozenset({Mark.LINK, Mark.REPLACEMENT})
"""Meanings of words, mostly prepositions, that can also be inside a title, as "for" in "Minister for Foreign Affairs".

Such a word does not end a title.
"""


class Kind(Enum):
    """Kind of an item, which is a part of a sentence.

    ``BREAK`` is punctuation between clauses. ``TITLE`` is a title that states no post, such as "Mr".
    """

    POST = "post"
    TITLE = "title"
    NAME = "name"
    WORD = "word"
    BREAK = "break"


class Item(Struct, frozen=True):
    """A part of a sentence, such as a post or a name, with its offsets in the normalized text.

    - ``marks`` are the meanings of a word in reports about posts, such as "new" or "resigned".
    - ``positions`` are the positions that a post states, and ``countries`` are the countries that a post names.
    - ``official_ids`` are the watched officials that a name means.
    - ``is_loose`` is true for a name in a script without capitals. Its text may contain words that do not belong to it.
    - ``lead`` has the words before a post that belong to the same phrase, such as "of the".
    - ``has_possessive`` is true if a possessive ending such as "'s" follows.
    """

    kind: Kind
    start: int
    end: int
    text: str = ""
    marks: Marks = NO_MARKS
    positions: tuple[Position, ...] = ()
    countries: frozenset[str] = frozenset()
    official_ids: tuple[str, ...] = ()
    is_loose: bool = False
    lead: tuple[str, ...] = ()
    has_possessive: bool = False


class _Token(Struct, frozen=True):
    start: int
    end: int
    word: str
    printed: str
    symbols: tuple[str, ...] = ()
    marks: Marks = NO_MARKS
    is_known: bool = False

    @property
    def is_capital(self) -> bool:
        return self.printed[:1].isupper()

    @property
    def is_uncased(self) -> bool:
        first = self.word[:1]
        return first.isalpha() and first.upper() == first.lower()


def split_items(
    text: NormalizedArticle, mentions: Mapping[Span, tuple[str, ...]], places: Iterable[int], language: str
) -> Iterator[list[Item]]:
    """Yield a list of items for each sentence that contains a mention or a word about a post.

    ``mentions`` maps the offsets of each mention in the normalized text to the ids of the officials. ``places`` are the
    offsets of words that may belong to a post.
    """
    wanted = sorted({*places, *(start for start, _ in mentions)})
    words = succession_words(language)
    tokens = list(_list_tokens(text, words))
    prints_all = has_vietnamese_diacritics(text.folded.original)
    at = 0
    while at < len(tokens):
        _, end = find_sentence(text.cased, tokens[at].start, tokens[at].end)
        last = at + 1
        while last < len(tokens) and tokens[last].start < end:
            last += 1
        nearest = bisect_left(wanted, tokens[at].start)
        if nearest < len(wanted) and wanted[nearest] < tokens[last - 1].end:
            yield _Sentence(text, tokens[at:last], mentions, words, prints_all=prints_all).build()
        at = last


def _list_tokens(text: NormalizedArticle, words: SuccessionWords) -> Iterator[_Token]:
    """Yield the words of a text in order.

    A stretch of text in a script without spaces is split into its known phrases and the remaining text.
    """
    folded, cased = text.folded.text, text.cased
    known = [] if folded.isascii() else list(_find_unspaced(folded, words))
    at = 0
    for match in _TOKEN.finditer(folded):
        start, end = match.span()
        if not is_unspaced(folded[start]):
            prefix = _find_prefix(match.group(), words)
            if prefix:
                yield _Token(start, start + prefix, folded[start : start + prefix], cased[start : start + prefix])
                start += prefix
            yield _Token(start, end, folded[start:end], cased[start:end])
            continue
        while at < len(known) and known[at].end <= start:
            at += 1
        place = start
        while at < len(known) and known[at].start < end:
            token = known[at]
            if token.start > place:
                yield _rest(folded, place, token.start)
            if token.start >= start:
                yield token
            place = max(place, token.end)
            if token.end > end:
                break
            at += 1
        if place < end:
            yield _rest(folded, place, end)


def _find_prefix(word: str, words: SuccessionWords) -> int:
    """Return the length of a prefix such as ex- that is joined to a title, as in "exministro", or 0."""
    for prefix in _FORMER_PREFIXES:
        if word.startswith(prefix) and Mark.FORMER in words.phrases.get(prefix, NO_MARKS):
            rest = title_vocabulary().get(word[len(prefix) :], ("-:",))
            return len(prefix) if rest[0][0] == "h" else 0
    return 0


def _rest(folded: str, start: int, end: int) -> _Token:
    return _Token(start, end, folded[start:end], folded[start:end])


@lru_cache(maxsize=64)
def _automaton(language_words: tuple[str, ...]) -> ahocorasick_rs.AhoCorasick:
    return ahocorasick_rs.AhoCorasick(language_words, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest)


def _find_unspaced(folded: str, words: SuccessionWords) -> Iterator[_Token]:
    """Yield the phrases with a known meaning in a text, in order.

    Only the parts of the text in scripts without spaces between words are searched.
    """
    symbols = unspaced_title_symbols()
    phrases = tuple(dict.fromkeys((*symbols, *words.unspaced)))
    for number, start, end in _automaton(phrases).find_matches_as_indexes(folded):
        phrase = phrases[number]
        marks = words.unspaced.get(phrase, NO_MARKS)
        if _HANGUL.match(phrase) and not _is_korean_word(folded, start, end):
            continue
        if Mark.UNCERTAIN in marks and folded.startswith(tuple(every_word("not_uncertain")), start):
            continue
        yield _Token(start, end, phrase, phrase, symbols.get(phrase, ()), marks, is_known=True)


def _is_korean_word(folded: str, start: int, end: int) -> bool:
    """Return whether a known Korean phrase in a text is at the start or end of a word.

    A phrase of one syllable must be a whole word, or a particle at the end of a word.
    """
    is_start, is_end = not _HANGUL.match(folded, start - 1, start), not _HANGUL.match(folded, end, end + 1)
    if end - start == 1 and is_start:
        return is_end
    return is_start or is_end


_Part = tuple[int, int, tuple[str, ...], Marks]
"""A phrase inside a title, as a tuple.

The elements are:

- the index of its first token,
- its number of tokens,
- its symbols (codes of its meaning in titles),
- its meanings in reports about posts, such as "new".
"""


class _Sentence:
    """A sentence as a list of tokens.

    The method ``build`` joins the tokens, from left to right, into items (posts, names, words).
    """

    def __init__(
        self,
        text: NormalizedArticle,
        tokens: Sequence[_Token],
        mentions: Mapping[Span, tuple[str, ...]],
        words: SuccessionWords,
        *,
        prints_all: bool,
    ) -> None:
        self._text, self._cased, self._tokens, self._words = text, text.cased, tokens, words
        self._prints_all = prints_all
        self._marks_cache: dict[int, tuple[int, Marks]] = {}
        self._title_cache: dict[int, int] = {}
        self._mentions = sorted(
            (start, end, ids)
            for (start, end), ids in mentions.items()
            if tokens and tokens[0].start <= start < tokens[-1].end
        )
        long = [token.printed for token in tokens if len(token.printed) >= _MIN_LONG_WORDS and not token.is_uncased]
        capitals = sum(word[0].isupper() for word in long)
        self._is_title_case = bool(long) and capitals >= _TITLE_CASE_SHARE * len(long) and len(long) > 2

    def build(self) -> list[Item]:
        """Return the items of the sentence."""
        items: list[Item] = []
        at = 0
        while at < len(self._tokens):
            if items and (sign := self._break_before(at, items[-1].end)):
                items.append(Item(Kind.BREAK, items[-1].end, self._tokens[at].start, sign))
            size, made = self._read(at)
            if not (items and self._is_suffix(at, items[-1], made[0])):
                items += made
            at += size
        return _drop_loose_marks(items)

    def _is_suffix(self, at: int, before: Item, item: Item) -> bool:
        """Return whether a word is the ending of the name before it, as in the Turkish "Fidan'dan"."""
        return (
            before.kind is Kind.NAME
            and item.kind is Kind.WORD
            and not item.marks
            and self._gap(at) == "'"
            and not self._tokens[at].is_capital
            and len(item.text) <= _MAX_SUFFIX_LETTERS
        )

    def _read(self, at: int) -> tuple[int, tuple[Item, ...]]:
        """Read the items that begin at a token. Return the number of tokens that they occupy, and the items."""
        mention = self._mention_at(at)
        if mention is not None:
            return mention
        size, marks = self._marks_at(at)
        run = self._run_size(at)
        begins_title = run > size and (marks - {Mark.LINK} <= ADJACENT or marks == _FORMER_OR_PAST)
        if size and size >= self._title_size(at) and not begins_title:
            return size, (self._word(at, size, marks),)
        if name := self._name_size(at):
            return name, (self._name(at, name),)
        if run:
            return run, self._run(at, run)
        loose = self._loose_size(at)
        if loose:
            return loose, (self._name(at, loose, is_loose=True),)
        return 1, (self._word(at, 1, NO_MARKS),)

    def _word(self, at: int, size: int, marks: Marks) -> Item:
        first, last = self._tokens[at], self._tokens[at + size - 1]
        return Item(Kind.WORD, first.start, last.end, " ".join(t.word for t in self._tokens[at : at + size]), marks)

    def _mention_at(self, at: int) -> tuple[int, tuple[Item, ...]] | None:
        token = self._tokens[at]
        for start, end, ids in self._mentions:
            if start < token.end and token.start < end:
                size = 1
                while at + size < len(self._tokens) and self._tokens[at + size].start < end:
                    size += 1
                last = self._tokens[at + size - 1].end
                made = Item(Kind.NAME, start, end, self._cased[start:end], official_ids=ids)
                before = (Item(Kind.WORD, token.start, start, self._cased[token.start : start]),)
                rest = (self._after_mention(end, last),) if last > end else ()
                return size, (
                    *(before if token.start < start else ()),
                    replace(made, has_possessive=self._owns(end)),
                    *rest,
                )
        return None

    def _after_mention(self, start: int, end: int) -> Item:
        text = self._cased[start:end]
        marks = self._words.unspaced.get(text, NO_MARKS)
        symbols = unspaced_title_symbols().get(text, ())
        if any(symbol[0] == "h" for symbol in symbols):
            return Item(Kind.POST, start, end, text, positions=parse_title((text,)).positions)
        return Item(Kind.WORD, start, end, text, marks)

    def _owns(self, end: int) -> bool:
        return _POSSESSIVE.match(self._cased, end) is not None

    def _gap(self, at: int) -> str:
        """Return the characters between a token and the token before it."""
        return self._cased[self._tokens[at - 1].end : self._tokens[at].start] if at else "\n"

    def _break_before(self, at: int, end: int) -> str:
        """Return the punctuation before a token if it separates clauses, otherwise an empty string."""
        gap = self._cased[end : self._tokens[at].start].strip(" '\"")
        if not gap or gap in {"-", "s", "."} or (gap[0] == "s" and len(gap) == 1):
            return ""
        return gap if any(sign in gap for sign in ",;:()-|/\u2013\u2014、，；：（）「」،؛·\n") else ""

    def _marks_at(self, at: int) -> tuple[int, Marks]:
        """Find the longest known phrase that begins at a token. Return its number of tokens, and its meanings."""
        found = self._marks_cache.get(at)
        if found is None:
            found = self._marks_cache[at] = self._find_marks(at)
        return found

    def _find_marks(self, at: int) -> tuple[int, Marks]:
        token = self._tokens[at]
        if token.is_known:
            return (1, token.marks) if token.marks else (0, NO_MARKS)
        if is_unspaced(token.word[0]):
            return 0, NO_MARKS
        words = [token.word]
        while len(words) < self._words.max_words and at + len(words) < len(self._tokens):
            gap = self._gap(at + len(words))
            if gap not in {" ", "-", "'", "' ", " '", ". ", "."}:
                break
            words.append(self._tokens[at + len(words)].word)
        size, marks = self._words.find_marks(words, lambda size, spelling: self._agrees(at, size, spelling))
        return (0, NO_MARKS) if size == 1 and marks <= ADJACENT and self._begins_name(at) else (size, marks)

    def _agrees(self, at: int, size: int, spelling: str) -> bool:
        """Return whether the diacritics of a printed phrase agree with a spelling of a known phrase.

        In Vietnamese, "thấy" (sees) and "thay" (replaces) differ only in their diacritics.
        """
        printed = self._text.folded.original_slice(self._tokens[at].start, self._tokens[at + size - 1].end)
        if printed.isascii() and not spelling.isascii() and self._words.prints_diacritics:
            return False
        return diacritics_agree(printed, spelling, strict=self._prints_all)

    def _begins_name(self, at: int) -> bool:
        """Return whether a capitalized word begins a name here, and is not a word such as "former".

        Without diacritics, some names equal such a word: Nguyen equals the Vietnamese word for "former".
        """
        if not self._tokens[at].is_capital or at + 1 >= len(self._tokens) or self._gap(at + 1) != " ":
            return False
        following = self._tokens[at + 1]
        return following.is_capital and not self._title_size(at + 1) and not self._words.find_marks([following.word])[0]

    def _title_size(self, at: int) -> int:
        """Return the number of tokens of the longest phrase for a title or country that begins at a token.

        The phrase may be only a part of a title. The result is 0 if no such phrase begins there.
        """
        found = self._title_cache.get(at)
        if found is None:
            found = self._title_cache[at] = self._find_title_size(at)
        return found

    def _find_title_size(self, at: int) -> int:
        token = self._tokens[at]
        if token.is_known:
            return int(bool(token.symbols))
        if self._words.find_country(token.word) or self._genitive_symbols(token.word):
            return 1
        words = [token.word]
        while len(words) < max_title_phrase_words() and at + len(words) < len(self._tokens):
            gap = self._gap(at + len(words))
            if gap not in _RUN_GAPS and not (gap in _ABBREVIATED_GAPS and len(words[-1]) <= 5):
                break
            words.append(self._tokens[at + len(words)].word)
        for size in range(len(words), 0, -1):
            phrase = " ".join(words[:size])
            if phrase in title_vocabulary() or phrase in country_words():
                return size
            if token.is_capital and self._words.country_names.get(phrase.removesuffix("s")):
                return size
            if token.is_capital and phrase in self._words.country_names:
                return size
        return 0

    def _symbols(self, at: int, size: int) -> tuple[str, ...]:
        token = self._tokens[at]
        if token.is_known:
            return token.symbols
        phrase = " ".join(one.word for one in self._tokens[at : at + size])
        if (symbols := title_vocabulary().get(phrase)) is not None:
            return symbols
        country = country_words().get(phrase) or self._words.find_country(phrase)
        names = self._words.country_names
        if not country and token.is_capital:
            country = names.get(phrase) or names.get(phrase.removesuffix("s"), "")
        return (f"c:{country}",) if country else self._genitive_symbols(phrase)

    @staticmethod
    def _genitive_symbols(word: str) -> tuple[str, ...]:
        """Return the symbols of a country or title that has the genitive ending -s, as in German.

        Symbols are codes of the meaning. For all other words, the result is empty.
        """
        if not word.endswith("s") or len(word) <= _MIN_LONG_WORDS or word in title_vocabulary():
            return ()
        country = country_words().get(word[:-1])
        symbols = title_vocabulary().get(word[:-1], ())
        return (f"c:{country}",) if country else tuple(symbols if symbols[:1] != ("-:",) else ())

    def _run_size(self, at: int) -> int:
        """Return the number of consecutive tokens, beginning at ``at``, that form a title.

        Words such as "new" or "former" that are next to the title are included.
        """
        size, end = 0, 0
        while at + size < len(self._tokens):
            place = at + size
            if size and self._gap(place) not in _RUN_GAPS and not self._is_abbreviation(place):
                break
            if size and self._mention_at(place):
                break
            marked, marks = self._marks_at(place)
            titled = self._title_size(place)
            if marked and marks & ADJACENT and marked >= titled:
                if size and "'" in self._gap(place) and not self._has_title(place + marked):
                    break  # as in "the minister's new aide"
                size += marked
                end = size if titled else end
                if Mark.NEW in marks or Mark.FORMER in marks or Mark.NOT_HOLDER in marks:
                    end = size
                continue
            if marked > titled or not titled or (marked == titled and marks - _FUNCTION_WORDS):
                break
            symbols = self._symbols(place, titled)
            if symbols[:1] == ("w:",) or (self._name_size(place) and symbols[0][0] in "-m"):
                break
            size += titled
            if symbols[0] != "-:":
                end = size
        return end

    def _has_title(self, place: int) -> bool:
        return place < len(self._tokens) and self._title_size(place) > 0

    def _is_abbreviation(self, place: int) -> bool:
        before = self._tokens[place - 1]
        return self._gap(place) in _ABBREVIATED_GAPS and len(before.word) <= 5 and self._title_size(place - 1) > 0

    def _run(self, at: int, size: int) -> tuple[Item, ...]:
        """Return the items for ``size`` tokens that form a title.

        Each function word at the start, such as "the", is an item of its own. The title itself is the last item.
        """
        parts: list[_Part] = []
        place = at
        while place < at + size:
            marked, marks = self._marks_at(place)
            titled = self._title_size(place)
            if marked and marks & ADJACENT and marked >= titled:
                parts.append((place, marked, (), marks))
                place += marked
            else:
                parts.append((place, max(1, titled), self._symbols(place, max(1, titled)), NO_MARKS))
                place += max(1, titled)
        first = 0
        while first < len(parts) - 1 and not parts[first][3] and parts[first][2][:1] == ("-:",):
            first += 1
        lead = tuple(self._tokens[part[0]].word for part in parts[:first])
        kept = parts[first:]
        start, end = self._tokens[kept[0][0]].start, self._tokens[kept[-1][0] + kept[-1][1] - 1].end
        marks = frozenset(mark for part in kept for mark in part[3])
        countries = frozenset(symbol[2:] for part in kept for symbol in part[2] if symbol[:2] == "c:")
        positions = self._positions(kept, countries)
        kind = Kind.POST if positions else Kind.TITLE
        words = tuple(
            Item(Kind.WORD, self._tokens[p].start, self._tokens[p + n - 1].end, self._tokens[p].word)
            for p, n, _, _ in parts[:first]
        )
        made = Item(
            kind,
            start,
            end,
            self._cased[start:end],
            marks,
            positions,
            countries,
            lead=lead,
            has_possessive=self._owns(end),
        )
        return (*words, made)

    def _positions(self, parts: Sequence[_Part], countries: frozenset[str]) -> tuple[Position, ...]:
        """Return the positions that a title, which consists of ``parts``, gives to its holder.

        Positions that only describe another position are left out, such as the minister in "spokesman of the minister"
        and "the minister's adviser".
        """
        groups: list[list[_Part]] = [[]]
        for part in parts:
            is_head = any(symbol[0] == "h" for symbol in part[2])
            has_head = any(symbol[0] == "h" for one in groups[-1] for symbol in one[2])
            if is_head and has_head:
                tail = _tail_after_head(groups[-1])
                between = groups[-1][len(groups[-1]) - len(tail) :]
                owned = any("'" in self._gap(one[0]) for one in (*between, part))
                joined = any(self._tokens[one[0]].word in joiners() for one in between)
                if owned and not joined:
                    groups[-1] = []
                elif between and not joined and not is_unspaced(self._tokens[part[0]].word[0]):
                    return (
                        self._parse(groups[-1], countries) if len(groups) == 1 else self._parse_all(groups, countries)
                    )
                else:
                    groups.append([])
            groups[-1].append(part)
        return self._parse_all(groups, countries)

    def _parse_all(self, groups: Iterable[list[_Part]], countries: frozenset[str]) -> tuple[Position, ...]:
        return tuple(position for group in groups for position in self._parse(group, countries))

    def _parse(self, parts: Sequence[_Part], countries: frozenset[str]) -> tuple[Position, ...]:
        words = tuple(
            token.word
            for place, size, symbols, _ in parts
            if symbols and symbols[0][:2] != "c:"
            for token in self._tokens[place : place + size]
        )
        return tuple(replace(position, countries=countries) for position in parse_title(words).positions)

    def _name_size(self, at: int) -> int:
        """Return the number of tokens of a name that begins at a token, or 0 if no name begins there.

        Only names in scripts with capitals are found.
        """
        tokens = self._tokens
        size, last, unknown = 0, 0, 0
        while at + size < len(tokens) and size < _MAX_NAME_TOKENS:
            token = tokens[at + size]
            if size and self._gap(at + size) not in _NAME_GAPS:
                break
            if token.is_uncased or token.word.isdigit() or (size and self._mention_at(at + size)):
                break
            if not token.is_capital:
                if size and token.word in name_particles():
                    size += 1
                    continue
                break
            if not self._can_be_name(at + size, is_first=not size):
                break
            unknown += token.word not in self._words.title_words and (
                size > 0 or not self._title_size(at + size) or self._continues_name(at)
            )
            size += 1
            last = size
        while last and tokens[at].word in word_lists().common and unknown == 1 and last == 1:
            return 0
        return last if unknown else 0

    def _can_be_name(self, at: int, *, is_first: bool) -> bool:
        """Return whether a capitalized word can be part of a name."""
        token = self._tokens[at]
        if is_first and token.word in self._words.weekdays:
            return False
        marked, marks = self._marks_at(at)
        if marks and (is_first or self._is_title_case or marked > 1):
            return False
        if token.word in word_lists().never_after_name:
            return False
        titled = self._title_size(at)
        if titled:
            return titled == 1 and self._can_title_be_name(at, is_first=is_first)
        return not (is_first and at == 0 and token.word in word_lists().common)

    def _can_title_be_name(self, at: int, *, is_first: bool) -> bool:
        """Return whether a capitalized word that also occurs in titles, such as Le, can be part of a name."""
        token, symbols = self._tokens[at], self._symbols(at, 1)
        if is_first:
            return symbols[0] == "-:" and token.word not in self._words.title_words and self._continues_name(at)
        if symbols[0] == "-:" or symbols[0][0] == "m":
            return True
        if symbols[0][0] == "c" and token.word not in country_words():
            return True  # a given name, such as My, which is also a country in this language
        return symbols[0][0] == "d" and not self._is_title_case and len(token.word) <= 4

    def _continues_name(self, at: int) -> bool:
        """Return whether a short capitalized word such as "Le" and the word after it are probably parts of one name."""
        if at + 1 >= len(self._tokens) or self._gap(at + 1) != " ":
            return False
        token, following = self._tokens[at], self._tokens[at + 1]
        if len(token.word) > _MAX_PARTICLE_LETTERS or not following.is_capital:
            return False
        if self._marks_at(at + 1)[1] and self._is_title_case:
            return False
        titled = self._title_size(at + 1)
        return not titled or (titled == 1 and self._symbols(at + 1, 1)[0] == "-:")

    def _name(self, at: int, size: int, *, is_loose: bool = False) -> Item:
        start, end = self._tokens[at].start, self._tokens[at + size - 1].end
        owns = self._owns(end)
        return Item(Kind.NAME, start, end, self._cased[start:end], is_loose=is_loose, has_possessive=owns)

    def _is_in_han_name(self, at: int) -> bool:
        """Return whether a Chinese character such as 新 ("new") is part of a name and not a word of its own.

        This is assumed if the character is not the first of the sentence, and no title follows it.
        """
        token = self._tokens[at]
        is_single = at > 0 and len(token.word) == 1 and _HAN.match(token.word) is not None
        return is_single and token.marks <= ADJACENT and not self._has_title(at + 1)

    def _loose_size(self, at: int) -> int:
        """Return the number of consecutive unknown words that begin at a token, in a script without capitals.

        In such a script, a name can only be recognized as a series of unknown words.
        """
        size = 0
        while at + size < len(self._tokens):
            token = self._tokens[at + size]
            if (
                not token.is_uncased
                or (size and self._gap(at + size) not in {" ", "", "-"})
                or (not self._is_in_han_name(at + size) if token.is_known else self._marks_at(at + size)[1])
                or self._title_size(at + size)
                or self._mention_at(at + size)
            ):
                break
            size += 1
        return size


def _tail_after_head(
    group: Sequence[_Part],
) -> Sequence[_Part]:
    """Return the parts of a title after the last word for an office, such as "minister"."""
    heads = [index for index, part in enumerate(group) if any(symbol[0] == "h" for symbol in part[2])]
    return group[heads[-1] + 1 :] if heads else group


@cache
def joiners() -> frozenset[str]:
    """Return the words that join two positions of one person, such as "and"."""
    return frozenset(credit_words().joiners) | every_word("joiners")


def _drop_loose_marks(items: list[Item]) -> list[Item]:
    """Return the items. A single Chinese character such as 新 ("new") keeps its meaning only before a post or title.

    Elsewhere, such a character may have another meaning.
    """
    kept: list[Item] = []
    for item, following in zip_longest(items, items[1:]):
        is_single = item.kind is Kind.WORD and len(item.text) == 1 and _HAN.match(item.text) is not None
        is_before_post = (
            following is not None and following.start == item.end and following.kind in {Kind.POST, Kind.TITLE}
        )
        drops = is_single and bool(item.marks) and item.marks <= ADJACENT and not is_before_post
        kept.append(replace(item, marks=NO_MARKS) if drops else item)
    return kept

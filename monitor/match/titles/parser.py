"""Parser that finds the title of a person in the words before a name, and in the apposition after a name."""

import re
from functools import lru_cache
from typing import NamedTuple

from monitor.match.article_text import PHOTO_POSITION_MARK, NormalizedArticle
from monitor.match.titles.positions import Position, Title, parse_title, split_title_phrases
from monitor.match.vocabulary import country_words, parse_words, title_vocabulary, title_words

TITLE_WORD_PATTERN = re.compile(r"(?<!')[^\W_]+|(?<=')(?!s\b)[^\W_]+")
_MAX_TITLE_CHARS = 130
_ABBREVIATIONS = parse_words(
    """
    gen lt sr sen snr maj col brig lieut lieu mr mrs ms dr prof adm capt cmdr hon rt pol m h e sgt jend st gov sec rep
    pm vice u s asst dep atty dato ir drs jr ust kh gs ts cpt supt insp let mayor tel op
    """
)
_FUNCTION_WORDS = (
    "dos das do da der dem den fur und degli dei della dello delle dell ve wa ya van voor het och og pentru"
)
_LINK_WORDS = parse_words(
    f"of for to the de du des la le les l d and cum kiem et va y bo dan in on cua del e di en a at {_FUNCTION_WORDS}"
)
_CAPITALIZED_TITLES = parse_words(
    "miss lord lady don bang gus bung ma hon sena san sri tun u ms sir dame may king prince"
)
_LEADING_FUNCTION_WORDS = parse_words(
    f"of the and to for de du des la le les a an et va y in on at e en bo dan di cua del {_FUNCTION_WORDS}"
)
_TRAILING_FUNCTION_WORDS = _LEADING_FUNCTION_WORDS | {"who", "is", "was", "s"}
_APPOSITION = re.compile(r"\s?,\s|\s?\(\s?|\s[-]\s")
_APPOSITION_SIGNS = {",", "(", "-"}
_MAX_FUNCTION_WORDS = 4
_AGE = re.compile(r"\d{2},\s")
_CLAUSE_OPENING = re.compile(
    r"(?:who\s(?:is|was|has been|also|heads|leads|serves as|served as)"
    r"|himself|herself|then|the|a|an|now|currently|also|le|la|l')\s",
    re.IGNORECASE,
)


class PrecedingTitle:
    """The title before a name: its meaning, its start offset and its words, normalized.

    If the name has no title, the start offset is that of the name, and the words are empty.
    """

    __slots__ = ("start", "title", "words")

    def __init__(self, title: Title, start: int, words: tuple[str, ...]) -> None:
        self.title, self.start, self.words = title, start, words


_EMPTY_TITLE = Title()


def empty_preceding_title(start: int) -> PrecedingTitle:
    """Return a ``PrecedingTitle`` without words, for a name at ``start`` that has no title before it."""
    return PrecedingTitle(_EMPTY_TITLE, start, ())


def find_title_before(article_text: NormalizedArticle, start: int) -> PrecedingTitle:
    """Return the title before a name that starts at ``start``.

    Only the same line is read, and at most 130 characters.
    """
    return (
        parse_title_before(article_text, start)
        if can_follow_title(article_text, start)
        else empty_preceding_title(start)
    )


def parse_title_before(article_text: NormalizedArticle, start: int) -> PrecedingTitle:
    """Return the title before a name, like ``find_title_before``, but without its quick test.

    The caller has already called ``can_follow_title`` or ``can_end_title``, with the result True.
    """
    if _has_only_function_words_before(article_text, start):
        return empty_preceding_title(start)
    kept = _trim_title_words(_collect_title_words(article_text, start))
    if not kept:
        return empty_preceding_title(start)
    words = tuple(word.folded for word in kept)
    return PrecedingTitle(parse_title(words), kept[0].start, words)


def can_follow_title(article_text: NormalizedArticle, start: int) -> bool:
    """Return whether the word before a name can be the last word of a title.

    This is a quick test; for most words the result is False.
    """
    cased = article_text.cased
    at = start - 1
    while at > 0 and not cased[at].isalnum() and start - at < 4:
        at -= 1
    word = article_text.word_ending_at(at + 1)
    return bool(word) and can_end_title(cased[at + 1 - len(word) : at + 1])


def can_end_title(word: str) -> bool:
    """Return whether a printed word can be the last word of a title.

    This is a quick test; for most capitalized words the result is True.
    """
    return (len(word) > 1 and word[0].isupper()) or word.lower() in _title_end_words()


def is_title_end(word: str) -> bool:
    """Return whether a word can be the last word of a title even if it is printed in lower case.

    The word is given in lower case without diacritics.
    """
    return word in _title_end_words()


def _has_only_function_words_before(article_text: NormalizedArticle, start: int) -> bool:
    """Return whether the words before a name are an ordinary word and then function words, as in "spoke to Hargrove".

    There is then no title before the name. An ordinary word is a word in lower case that does not occur in titles or in
    names of countries.
    """
    cased = article_text.cased
    small: list[str] = []
    end = start - 1
    word = article_text.word_ending_at(end)
    while word in _LEADING_FUNCTION_WORDS and cased[end] == " " and len(small) < _MAX_FUNCTION_WORDS:
        small.insert(0, word)
        end -= len(word) + 1
        word = article_text.word_ending_at(end)
    if not word or not small or cased[end] != " " or not cased[end - len(word)].islower():
        return False
    return not (word in title_words() or _is_country_word(word, small))


@lru_cache(maxsize=1)
def _title_end_words() -> frozenset[str]:
    """Return the normalized words that can end a title: words of titles, and last words of country names.

    Adjectives of countries count as country names.
    """
    return title_words() | {word.rpartition(" ")[2] for word in country_words()} | {"s"}


class TitleWord(NamedTuple):
    """A word that may belong to a title: its start offset, the word as printed, and the word normalized."""

    start: int
    printed: str
    folded: str


class _BackwardWordReader:
    """Reader of the words before an offset, from right to left.

    A word is located in the text only when it is requested, because most words are not needed.
    """

    __slots__ = ("_article_text", "_end", "_min_start", "_pending_words", "_words")

    def __init__(self, article_text: NormalizedArticle, min_start: int, start: int) -> None:
        self._article_text, self._min_start, self._end = article_text, min_start, start
        self._words: list[TitleWord] = []
        self._pending_words: list[str] = []
        text = article_text.cased[min_start:start]
        if text.isascii() and "_" not in text:
            self._pending_words = article_text.spaced[min_start + 1 : start + 1].split()
        else:
            found = list(TITLE_WORD_PATTERN.finditer(article_text.cased, min_start, start))
            self._words = [TitleWord(word.start(), word.group(), word.group().lower()) for word in reversed(found)]

    def get(self, index: int) -> TitleWord | None:
        """Return the word with an index, counted from right to left, or None if there are fewer words.

        Index 0 is the word nearest to the offset.
        """
        while len(self._words) <= index and self._pending_words:
            self._append_word(self._pending_words.pop())
        return self._words[index] if index < len(self._words) else None

    def _append_word(self, word: str) -> None:
        cased = self._article_text.cased
        at = self._article_text.spaced.rfind(word, self._min_start + 1, self._end + 1) - 1
        self._end = at
        if not (word == "s" and cased[at - 1 : at + 1] == "'s"):  # a possessive ending does not count as a word
            self._words.append(TitleWord(at, cased[at : at + len(word)], word))


def _collect_title_words(article_text: NormalizedArticle, start: int) -> list[TitleWord]:
    """Return the words before a name that may form a title, in the order of the text."""
    cased = article_text.cased
    low = max(0, start - _MAX_TITLE_CHARS)
    found = _BackwardWordReader(article_text, max(low, cased.rfind("\n", low, start) + 1), start)
    kept: list[TitleWord] = []
    pending: list[TitleWord] = []
    edge, commas = start, 0
    for number in range(17):
        title_word = found.get(number)
        if title_word is None:
            break
        gap, word = cased[title_word.start + len(title_word.folded) : edge], title_word.folded
        after = [other.folded for other in (*pending, *kept)]
        if not _can_bridge_gap(gap, word, after, commas):
            break
        if word in _CAPITALIZED_TITLES and title_word.printed.islower():
            break
        commas += "," in gap
        edge = title_word.start
        if word in title_words() or _is_country_word(word, after):
            if pending and not (word in _LINK_WORDS or word == "minister"):
                break
            kept, pending = [title_word, *pending, *kept], []
        elif title_word.printed[0].isupper() and len(pending) < 4 and _can_be_portfolio(found, number):
            pending = [title_word, *pending]
        else:
            break
    return kept


def _trim_title_words(collected: list[TitleWord]) -> list[TitleWord]:
    """Remove the words at the start of the collected words that do not belong to the title, and return the rest.

    Function words and unknown words at the start are removed. If an unknown word in lower case follows later, it and
    all words before it are removed, too.
    """
    first = at = 0
    leading = True
    for phrase, symbols in split_title_phrases(tuple(word.folded for word in collected)):
        size = phrase.count(" ") + 1
        unknown = phrase not in title_vocabulary() and symbols[0][:2] != "c:"
        if (unknown and (leading or collected[at].printed.islower())) or (
            leading and phrase in _LEADING_FUNCTION_WORDS
        ):
            first, leading = at + size, True
        else:
            leading = False
        at += size
    return collected[first:]


def _can_be_portfolio(words_before: _BackwardWordReader, index: int) -> bool:
    """Return whether an unknown capitalized word may name the field of a position: X and Y in "Minister of X and Y".

    ``index`` is the index of the word in ``words_before``.
    """
    for back in range(index + 1, index + 8):
        word = words_before.get(back)
        if word is None:
            return False
        if word.folded in {"of", "for", "de", "du", "des"}:
            before = words_before.get(back + 1)
            return before is not None and before.folded in title_words()
        if not (word.printed[0].isupper() or word.folded in _LINK_WORDS):
            return False
    return False


def _is_country_word(word: str, following_words: list[str]) -> bool:
    countries = country_words()
    if word in countries:
        return True
    return bool(following_words) and (
        f"{word} {following_words[0]}" in countries or " ".join([word, *following_words[:2]]) in countries
    )


def _can_bridge_gap(gap: str, word: str, following_words: list[str], comma_count: int) -> bool:
    """Return whether a title can continue across ``gap``, the characters between two words.

    ``word`` is the word before the gap, and ``following_words`` are the words after it, up to the name. ``comma_count``
    is the number of commas between these words.
    """
    if gap in {" ", "-"}:
        return True
    if gap in {". ", "."}:
        return word in _ABBREVIATIONS or len(word) == 1
    if gap in {"'s ", "' "}:
        return True
    if gap == ", " and not comma_count:
        return all(other in title_words() for other in following_words)
    if gap in {"'", '" ', ' "'}:
        return len(word) == 1
    return False


def find_title_after(cased: str, end: int) -> Title:
    """Return the title in the apposition after a name: ", Chief of the General Staff" or "(Minister of Finance)".

    The title is empty if no apposition follows the name.
    """
    sign, other = cased[end : end + 1], cased[end + 1 : end + 2]
    if not (sign == "(" or (sign == "," and other.isspace()) or (sign.isspace() and other in _APPOSITION_SIGNS)):
        return _EMPTY_TITLE
    mark = PHOTO_POSITION_MARK.match(cased, end) if "(" in {sign, other} else None
    at = mark.end() if mark else end
    comma = _APPOSITION.match(cased, at)
    if comma is None:
        return _EMPTY_TITLE
    at = comma.end()
    age = _AGE.match(cased, at)
    at = age.end() if age else at
    while (clause := _CLAUSE_OPENING.match(cased, at)) is not None:
        at = clause.end()
    high = cased.find("\n", at, at + _MAX_TITLE_CHARS)
    words: list[str] = []
    edge = at
    for match in TITLE_WORD_PATTERN.finditer(cased, at, high if high >= 0 else min(len(cased), at + _MAX_TITLE_CHARS)):
        gap = cased[edge : match.start()]
        if words and gap not in {" ", "-", "'s ", "' ", ". ", "'", "&", " & "}:
            break
        word, printed = match.group().lower(), match.group()
        if (
            word in title_words()
            or _is_country_word(word, [])
            or (printed[0].isupper() and words and _has_link_word(words))
        ):
            words.append(word)
        elif words and words[-1] in country_words():
            break
        else:
            if printed[0].isupper() and words:
                words = []
            break
        edge = match.end()
    while words and words[-1] in _TRAILING_FUNCTION_WORDS:
        words.pop()
    return parse_title(tuple(words)) if words else _EMPTY_TITLE


def _has_link_word(words: list[str]) -> bool:
    return words[-1] in _LINK_WORDS or any(word in {"of", "for", "de", "du"} for word in words[-4:])


def find_positions(text: str) -> tuple[Position, ...]:
    """Return all positions that a text names, even if they are not next to a name."""
    positions: list[Position] = []
    chunk: list[str] = []
    edge = 0
    for match in TITLE_WORD_PATTERN.finditer(text):
        word = match.group().lower()
        if text[edge : match.start()] not in {" ", "-", "'s ", "' ", "'"} or not (
            word in title_words() or word in country_words()
        ):
            positions += parse_title(tuple(chunk)).positions
            chunk = []
        if word in title_words() or word in country_words():
            chunk.append(word)
        edge = match.end()
    return (*positions, *parse_title(tuple(chunk)).positions)

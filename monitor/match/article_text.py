"""Text of an article for matching: one normalized text of all regions, and facts about the words around a name.

Normalized text is in lower case without diacritics. The facts are the neighbouring words, headlines and sentence
starts, photo credits and bylines, places and occupations. Offsets refer to the normalized text, unless another text is
named.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from msgspec import Struct

from monitor.domain.article import Article, Region
from monitor.match.printed_letters import remove_readings, replace_look_alikes
from monitor.match.vocabulary import (
    country_evidence_words,
    country_words,
    credit_words,
    name_abbreviations,
    name_particles,
    naming_convention,
    place_words,
    single_word_titles,
    syllable_pattern,
    title_words,
    word_lists,
)
from monitor.text.fold import FoldedText, fold
from monitor.text.tokens import ASCII_SPACING_TABLE, replace_punctuation

_PRECEDING_NAMES = r"(?:[A-Z][\w.'-]*(?:,?\s(?:(?:{joiners})\s)?|/))*"


@cache
def credit_before_pattern() -> re.Pattern[str]:
    """Return the pattern that matches the text before a name in a photo credit or byline, up to the start of the name.

    The pattern begins with a word of a credit, such as "Photo by". Other names may follow this word, as in "Photo by
    Ann Example and".
    """
    words = credit_words()
    picture, production, byline = map("|".join, (words.picture, words.production, words.byline))
    by = "|".join(words.by)
    links = "|".join((*words.by, *words.picture_links, ":"))
    names = _PRECEDING_NAMES.format(joiners="|".join((*words.joiners, "&")))
    return re.compile(
        rf"(?:(?:^|\n|[-/(|\[.:,]\s?|[A-Z]{{2,}}\s)(?i:{picture})(?:\s(?:{links})){{0,2}}\s?[:/]?\s?"
        rf"|(?i:{production})\s(?:{by})\s?:?\s?"
        rf"|(?:^|\n)\s?(?i:{byline})\s?:?\s"
        rf"|(?:^|\n)[A-Z]{{2,}}[A-Za-z]*/)"
        rf"{names}\Z"
    )


@cache
def credit_last_words() -> frozenset[str]:
    """Return the lower-case words that may be directly before a name in a photo credit or byline."""
    return credit_words().last_words()


CREDIT_AFTER = re.compile(r"\s?/\s?[A-Z][A-Za-z]*|\s?\([A-Z]{2,}\)\s*(?:\n|\Z)|\s[-|]\s[A-Z]{2,}\s*(?:\n|\Z)")
"""Pattern of the agency after a photographer's name in a photo credit: "Ann Example/Reuters" or "Ann Example (AP)"."""

PHOTO_POSITION_MARK = re.compile(
    r"\s?\((?:[LRC]|(?i:cent(?:re|er)|left|right|pictured|seated|standing|gauche|droite|photo)"
    r"|(?i:front|far|\d(?:st|nd|rd|th)|first|second|third|fourth)[ ,][^)]{0,24}|[A-Z]{1,2}[ ,][^)]{0,12})\)"
)
"""Pattern of a note on the position of a person in a picture, as in "(L)" or "(second, right)"."""


_REGION_SEPARATOR = "\n\n"
_ASCII_SPACING_CODES = np.frombuffer(ASCII_SPACING_TABLE[:0x80], dtype=np.uint8).astype(np.uint32)
_WORD_WINDOW_CHARS = 30
MAX_WORD_CHARS = 130
"""Maximum number of characters that are read in one word. A title before a name has the same maximum.

Without a limit, a text without spaces would be read as one word, once for each name in it.
"""
_LATIN_WORD_TABLE = bytes(
    code if code < 0x80 and (chr(code).isalpha() or chr(code) in "'-") else 0x20 for code in range(0x100)
)
_SEPARATOR, _LETTER, _CAPITAL = range(3)
_CHARACTER_KINDS = bytes(
    _SEPARATOR if sign == 0x20 else _CAPITAL if ord("A") <= sign <= ord("Z") else _LETTER for sign in _LATIN_WORD_TABLE
)


class RegionSpan(Struct, frozen=True):
    """Region of an article, with its start and end offsets in the joined texts of all regions, before normalization."""

    region: Region
    start: int
    end: int


@dataclass(frozen=True)
class NormalizedArticle:
    """Text of all regions of an article (title, standfirst, captions, body), in the forms that matching needs.

    - ``folded`` has the normalized text, which is in lower case without diacritics, and converts its offsets to offsets
      in the original text.
    - ``cased`` is the normalized text with its capital letters.
    - ``spaced`` is the normalized text with a space instead of each ASCII character that is not a letter or digit, and
      with one more space at its start and end. Its offsets are therefore one higher than in the other texts.
    - ``region_spans`` are the regions with their offsets; ``region_starts`` are their start offsets alone.
    - ``has_look_alikes`` is true if letters were replaced that only look like the right ones, such as a Cyrillic `а` in
      a Latin word.
    """

    folded: FoldedText
    cased: str
    spaced: str
    region_spans: tuple[RegionSpan, ...]
    region_starts: tuple[int, ...]
    has_look_alikes: bool = False

    @property
    def unhyphenated(self) -> str:
        """The normalized text, with spaces instead of hyphens."""
        return self.folded.text.replace("-", " ")

    def word_ending_at(self, end: int) -> str:
        """Return the word that ends at an offset of the normalized text, in lower case.

        The result is an empty string if no word ends there. Of a word longer than ``MAX_WORD_CHARS``, only the last
        characters are returned.
        """
        piece = self.spaced[max(0, end - _WORD_WINDOW_CHARS) : end + 1].rpartition(" ")[2]
        if len(piece) < _WORD_WINDOW_CHARS and (not piece or piece.isalnum()):
            return piece
        start, min_start = end, max(0, end - MAX_WORD_CHARS)
        while start > min_start and self.cased[start - 1].isalnum():
            start -= 1
        return self.folded.text[start:end]

    @cached_property
    def capitalized_words(self) -> list[int]:
        """The start offsets of all words of the text that begin with a Latin capital."""
        kinds = np.frombuffer((b" %b" % self._characters).translate(_CHARACTER_KINDS), dtype=np.uint8)
        starts: list[int] = (kinds[1:] - kinds[:-1] == _CAPITAL - _SEPARATOR).nonzero()[0].tolist()
        return starts

    @property
    def latin_words(self) -> str:
        """The text with a space instead of each character that is not a Latin letter, a hyphen or an apostrophe."""
        return (b"%b " % self._characters).translate(_LATIN_WORD_TABLE).decode()

    @property
    def _characters(self) -> bytes:
        return self.cased.encode("latin-1", "replace")

    def locate_in_region(self, start: int, end: int) -> tuple[Region, int, int]:
        """Return the region that contains a span of the normalized text, and the offsets of the span in this region.

        The second and third value are the start and end of the span in the region's original text.
        """
        first, last = self.folded.original_span(start, end)
        span = self.region_spans[self._region_index(first)]
        return span.region, first - span.start, last - span.start

    def region_at(self, start: int) -> Region:
        """Return the region that contains an offset of the normalized text."""
        first = start if self.folded.original_offsets is None else int(self.folded.original_offsets[start])
        return self.region_spans[self._region_index(first)].region

    def region_range(self, region: Region) -> tuple[int, int]:
        """Return the start and end of a region in the normalized text, or (0, 0) if the article has no such region."""
        for span in self.region_spans:
            if span.region is region:
                return self._folded_offset(span.start), self._folded_offset(span.end)
        return 0, 0

    def folded_span(self, region: Region, start: int, end: int) -> tuple[int, int]:
        """Convert a span of a region's original text to a span of the normalized text.

        ``locate_in_region`` does the reverse.
        """
        first = next((span.start for span in self.region_spans if span.region is region), 0)
        return self._folded_offset(first + start), self._folded_offset(first + end)

    def _region_index(self, original: int) -> int:
        return max(0, bisect_right(self.region_starts, original) - 1)

    def _folded_offset(self, original: int) -> int:
        origin = self.folded.original_offsets
        return original if origin is None else bisect_left(origin, original)


def normalize_article(article: Article) -> NormalizedArticle:
    """Convert an article to the forms of text that matching needs.

    All regions of the article, such as title and body, are normalized in one pass.
    """
    texts: list[str] = []
    spans: list[RegionSpan] = []
    at = 0
    for region, text in article.regions():
        texts.append(text)
        spans.append(RegionSpan(region, at, at + len(text)))
        at += len(text) + len(_REGION_SEPARATOR)
    printed = remove_readings(fold(_REGION_SEPARATOR.join(texts)))
    folded = replace_look_alikes(printed)
    return NormalizedArticle(
        folded,
        folded.cased,
        replace_punctuation_fast(folded.text),
        tuple(spans),
        tuple(span.start for span in spans),
        folded is not printed,
    )


def replace_punctuation_fast(text: str) -> str:
    """Replace punctuation marks with spaces, like ``replace_punctuation``, but faster for long texts."""
    if text.isascii():
        return replace_punctuation(text)
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    spaced = np.where(codes < 0x80, _ASCII_SPACING_CODES.take(codes, mode="clip"), codes)
    return " " + spaced.tobytes().decode("utf-32-le") + " "


_LATIN_WORD = re.compile(r"[A-Za-z]+")
_LINE_BREAK = re.compile("\n")
_LAST_WORD = re.compile(r"[^\W_]+\Z")
_HEADLINE_WORD = re.compile(r"[A-Za-z]{4,}")
_SENTENCE_START = re.compile(r"(?:^|[\n.!?:;\"(]|\s-)\s?[\"'(]*\Z")
_OCCUPATION_APPOSITION = re.compile(
    r"(?:\s?\(\d{2}\))?\s?,\s(?:\d{1,2},?\s)?(?:(?:an?|the|une?|el|la)\s)?(?:[A-Za-z0-9-]+\b\s?){1,4}"
)
_FORMER = re.compile(r"\b(?:former|retired|ex|onetime|turned|ancien|ancienne|exjefe|antiguo|antigo)\b", re.IGNORECASE)
"""Words such as "former". An occupation after such a word is an earlier one, and is ignored."""
_BECAME = re.compile(
    r"\s?,?\s?(?:who|that|qui|que|der|die)\s(?:\w+\s)?(?:became|turned|devint|devenu|wurde)\b", re.IGNORECASE
)
"""Words such as "who became" after an occupation. The occupation is then ignored: "the actor who became president"."""
_LOWERCASE_SEARCH_MAX_CHARS = 200_000
"""Number of characters at the start of a text in which words in lower case are searched for, to limit the cost."""
_LOWERCASE_WORD = re.compile(r"(?<![A-Za-z])[a-z]{3,}")
_MAX_SINGLE_SEARCH_CHARS = 10_000
"""Maximum length of a text that is searched separately for each word that may also occur in lower case.

For a longer text, a set of its lower-case words is built once.
"""
_MAX_BECAME_CHARS = 24
_MIN_HEADLINE_WORDS = 3
_HEADLINE_CAPITAL_SHARE = 0.8
"""Minimum share of capitalized words among the long words of a line that counts as a headline.

The share is not 1, because some languages write one in five of the long words of a headline in lower case.
"""
_ALL_CAPS_SHARE = 0.7
"""Share of capitals among the letters around a name, above which the text there counts as all in capitals.

The share is not 1, because other names nearby may be in normal case.
"""
_ARABIC_ARTICLE = re.compile(r"(?:^|(?<= ))(?:al|el|as|ash|ad|ar|an)-(?=[A-Z])")
_NON_NAME_SIGNS = re.compile(r"[^\w '.-]|\n|\w\w\.| -|- ")
_MAX_WORDS_BEFORE_PLACE = 2
"""Maximum number of words between a name and a word for a place, as in "John Smith Memorial High School"."""
_OPENING_QUOTES = frozenset("\"'\u00ab\u201c\u201e\u2018")
_ABBREVIATION = re.compile(r"(?<![^\W_])([^\W\d_]{1,4}\.) ?\Z")
"""Pattern of an abbreviated word before a name, such as the Russian abbreviation for "named after"."""
_MAX_ABBREVIATION_CHARS = 8
_MAX_NATIVE_WORD_CHARS = 30
_MAX_PARTICLE_LETTERS = 3
"""Maximum number of letters of a lower-case word inside a name, such as "van" or "bin"."""

_GENERATION_SUFFIXES = {"Jr", "Sr", "II", "III", "IV", "JR", "SR"}


class SurroundingText:
    """Facts about the words around a span of an article's text. Each method answers one question about them.

    Results are cached. ``genitive_ends`` are the end offsets of names with a genitive ending. The word after such a
    name does not belong to the name. ``language`` is the language of the article.
    """

    __slots__ = (
        "_headline_cache",
        "_line_breaks",
        "_lowercase_cache",
        "_lowercase_words",
        "_place_words",
        "_word_before_cache",
        "article_text",
        "cased",
        "genitive_ends",
        "spaced",
    )

    def __init__(self, article_text: NormalizedArticle, genitive_ends: AbstractSet[int], language: str) -> None:
        self.genitive_ends, self._place_words = genitive_ends, place_words(language)
        self.article_text, self.cased, self.spaced = article_text, article_text.cased, article_text.spaced
        self._word_before_cache: dict[int, str] = {}
        self._headline_cache: dict[int, bool] = {}
        self._lowercase_cache: dict[str, bool] = {}
        self._lowercase_words: frozenset[str] | None = None
        self._line_breaks: list[int] | None = None

    def is_written_as_name(self, start: int, end: int) -> bool:
        """Return whether a span has the form of a name: capitals, and no signs but spaces, hyphens and apostrophes."""
        text = self.cased[start:end].replace(", ", " ", 1)  # as in "Doe, Jane"
        if text.isalpha():
            return text[0].isupper()
        if not text.replace(" ", "").isalpha():
            if "." in text:
                text = " ".join(map(_remove_abbreviation_dot, text.split(" ")))
            if _NON_NAME_SIGNS.search(text):
                return False
            text = _ARABIC_ARTICLE.sub("", text)
        parts = text.split(" ")
        return (
            all(word[:1].isupper() or len(word) <= _MAX_PARTICLE_LETTERS or word in name_particles() for word in parts)
            and parts[-1][:1].isupper()
        )

    def has_name_before(self, start: int) -> bool:
        """Return whether a capitalized word, an initial or a quoted nickname is directly before a span."""
        word = self.word_before(start)
        if word:
            return word[0].isupper()
        gap = self.cased[max(0, start - 2) : start]
        return gap.endswith(".") or (gap.endswith(" ") and gap[:1] in {".", '"', "'", ")"})

    def word_before(self, start: int) -> str:
        """Return the word directly before a span, or an empty string if no word is there.

        One space or hyphen must separate the word from the span.
        """
        word = self._word_before_cache.get(start)
        if word is None:
            word = self._word_before_cache[start] = self._find_word_before(start)
        return word

    def _find_word_before(self, start: int) -> str:
        cased = self.cased
        if start < 2 or cased[start - 1] not in " -":
            return ""
        low = max(0, start - 25)
        word = self.spaced[low + 1 : start].rpartition(" ")[2]
        if word.isalnum():
            return cased[start - 1 - len(word) : start - 1]
        match = _LAST_WORD.search(cased, low, start - 1) if word else None
        return match.group() if match else ""

    def word_after(self, end: int) -> str:
        """Return the Latin word directly after a span, or an empty string if no such word is there.

        One space or hyphen must separate the word from the span.
        """
        cased = self.cased
        end += cased[end : end + 2] == "] "  # as in: "[President Jane] Doe"
        if end + 1 >= len(cased) or cased[end] not in " -":
            return ""
        match = _LATIN_WORD.match(cased, end + 1)
        return match.group() if match else ""

    def line_bounds(self, start: int) -> tuple[int, int]:
        """Return the start and end offset of the line that contains a span."""
        breaks = self._line_breaks
        if breaks is None:
            breaks = self._line_breaks = [match.start() for match in _LINE_BREAK.finditer(self.cased)]
        at = bisect_left(breaks, start)
        return breaks[at - 1] + 1 if at else 0, breaks[at] if at < len(breaks) else len(self.cased)

    def is_headline(self, start: int) -> bool:
        """Return whether a span is in a headline, which is a line in Title Case or CAPITALS."""
        low, high = self.line_bounds(start)
        known = self._headline_cache.get(low)
        if known is None:
            words = _HEADLINE_WORD.findall(self.cased, low, min(high, low + 400))
            capital = sum(word[0].isupper() for word in words)
            known = self._headline_cache[low] = len(
                words
            ) >= _MIN_HEADLINE_WORDS and capital >= _HEADLINE_CAPITAL_SHARE * len(words)
        return known

    def is_all_caps(self, start: int, end: int) -> bool:
        """Return whether a span and most of the text around it are in capital letters."""
        if not self.cased[start:end].isupper():
            return False
        low, high = self.line_bounds(start)
        around = self.cased[max(low, start - 60) : min(high, end + 60)]
        letters = [char for char in around if char.isalpha()]
        return sum(map(str.isupper, letters)) > _ALL_CAPS_SHARE * len(letters)

    def is_sentence_start(self, start: int) -> bool:
        """Return whether a span is at the start of a sentence, line or quotation."""
        return start == 0 or _SENTENCE_START.search(self.cased, max(0, start - 4), start) is not None

    def is_ordinary_word(self, word: str) -> bool:
        """Return whether a capitalized word is an ordinary word, a title or a country, and not a name.

        This is true for a word in the word lists, and for a word that also occurs in lower case in the text.
        """
        low = word.lower()
        if low in word_lists().common or low in single_word_titles() or low in country_words():
            return True
        return self.occurs_in_lower_case(low)

    def occurs_in_lower_case(self, word: str) -> bool:
        """Return whether a word also occurs in lower case in the text. The result is cached.

        ``word`` is normalized. The result is False for words with fewer than three letters or with letters that are not
        ASCII.
        """
        known = self._lowercase_cache.get(word)
        if known is None:
            known = self._lowercase_cache[word] = self._occurs_in_lowercase(word)
        return known

    def _occurs_in_lowercase(self, word: str) -> bool:
        """Compute the result of ``occurs_in_lower_case``, without its cache."""
        if len(word) < 3 or not (word.isascii() and word.isalpha()):
            return False
        if len(self.cased) <= _MAX_SINGLE_SEARCH_CHARS:
            return _find_lowercase(self.cased, word)
        if self._lowercase_words is None:
            self._lowercase_words = frozenset(_LOWERCASE_WORD.findall(self.cased, 0, _LOWERCASE_SEARCH_MAX_CHARS))
        return word in self._lowercase_words

    def find_continuation_left(self, start: int, end: int, convention: str) -> str:
        """Return the capitalized word before a name, if this word belongs to the name.

        Only names that are built of syllables, such as Vietnamese names, are examined. For all other names, and if the
        name is complete, the result is an empty string.
        """
        word = self.word_before(start)
        low = word.lower()
        if (
            not naming_convention(convention).syllabic
            or not word[:1].isupper()
            or not syllable_pattern().match(low)
            or len(word) < 2
        ):
            return ""
        at = start - 1 - len(word)
        known = low in word_lists().common or low in single_word_titles() or low in country_words()
        capitals = word.isupper() and not self.cased[start:end].isupper()
        opening = self.is_headline(start) or self.is_sentence_start(at)
        return "" if known or capitals or (opening and self.is_ordinary_word(word)) else word

    def find_place_after(self, start: int, end: int) -> str:
        """Return the word after a name that shows that the name is part of the name of a place or thing.

        An example is "Airport" in "Kennedy Airport". The result is an empty string if no such word follows the name.
        """
        word = self.word_after(end)
        low = word.lower()
        if not word or (self.cased[end] == "-" and not syllable_pattern().match(low)):
            return ""
        if word[0].islower():
            return word if low in word_lists().lowercase_place_words_after and self.cased[end] == " " else ""
        if end in self.genitive_ends:
            return ""
        if low in word_lists().place_words_after:
            return "" if low in word_lists().common and self.is_headline(start) else word
        return "" if self.is_headline(start) else self._find_later_place(end + 1 + len(word))

    def find_native_place_after(self, end: int) -> str:
        """Return the word after a name if it shows that the name is part of the name of a place or thing.

        Only words in a script other than Latin are examined. The result is an empty string if no such word follows the
        name.
        """
        word = self.spaced[end + 2 : end + 2 + _MAX_NATIVE_WORD_CHARS].partition(" ")[0]
        is_next = self.cased[end : end + 1] == " " and bool(word) and word[0] > "\u024f"
        return word if is_next and word in word_lists().place_words_after else ""

    def _find_later_place(self, end: int) -> str:
        """Return the word that shows that a name is part of the name of a place: "School" in "Kennedy High School".

        Only the next two capitalized words after the offset ``end`` are examined. If neither is such a word, the result
        is an empty string.
        """
        for _ in range(_MAX_WORDS_BEFORE_PLACE):
            word = self.word_after(end) if self.cased[end : end + 1] == " " else ""
            if not word or word[0].islower():
                return ""
            if word.lower() in word_lists().place_words_after:
                return word
            end += 1 + len(word)
        return ""

    def find_continuation_right(self, start: int, end: int, convention: str) -> str:
        """Return the capitalized word after a name, if this word belongs to the name.

        The result is an empty string if the name is complete.
        """
        word = self.word_after(end)
        low = word.lower()
        if (
            not word
            or word[0].islower()
            or word in _GENERATION_SUFFIXES
            or end in self.genitive_ends
            or low in word_lists().never_after_name
            or (self.cased[end] == "-" and not syllable_pattern().match(low))
            or self._is_abbreviation_after(start, end, word)
            or self.spaced[start + 1 : end + 1].rpartition(" ")[2] == low
            or _is_known_word(low)
        ):
            return ""
        printed = self.article_text.folded.original_slice(end + 1, end + 1 + len(word)).lower()
        if unicodedata.normalize("NFC", printed) in word_lists().marked_headline_words:
            return ""
        if self.is_headline(start) or self.is_all_caps(start, end):
            ordinary = self.is_ordinary_word(word) or low.endswith("s")
            is_syllable = naming_convention(convention).syllabic and syllable_pattern().match(low)
            return word if is_syllable and not ordinary else ""
        return word

    def _is_abbreviation_after(self, start: int, end: int, word: str) -> bool:
        """Return whether the word after a name is an abbreviation in capitals, and the name is not in capitals.

        The abbreviation names an organisation, a degree or an order, and does not belong to the name.
        """
        return len(word) > 1 and word.isupper() and not self.cased[start:end].isupper()

    def is_credit(self, start: int, end: int) -> bool:
        """Return whether a span is the name in a photo credit, a byline or a signature."""
        cased = self.cased
        if self._can_follow_credit(start):
            low = cased.rfind("\n", max(0, start - 80), start) + 1 or max(0, start - 80)
            if credit_before_pattern().search(cased, low, start) is not None:
                return True
        if end < len(cased) and cased[end] in " /" and CREDIT_AFTER.match(cased, end) is not None:
            return True
        if (start == 0 or cased[start - 1] == "\n") and (end == len(cased) or cased[end] == "\n"):
            return self.article_text.region_at(start).value == "body"
        return False

    def _can_follow_credit(self, start: int) -> bool:
        """Return whether the word before a span can be the last word of a credit such as "Photo by".

        This is a quick test. Only if the result is True, the slow pattern for credits is tried. The result is False for
        most words in lower case and most titles.
        """
        word = self.word_before(start)
        if not word:
            return True
        if word[0].islower():
            return word in credit_last_words()
        return word.lower() not in single_word_titles() or word.lower() in credit_last_words()

    def find_place_before(self, start: int) -> str:
        """Return the words before a name that show that it is the name of a place or thing: "rue" in "rue Hugo".

        The result is an empty string if no such words precede the name.
        """
        cased, known = self.cased, self._place_words
        if cased[start - 1 : start] in _OPENING_QUOTES:  # as in: the ship "Jane Doe"
            start -= 1
        word = self.word_before(start)
        if not word:
            match = _ABBREVIATION.search(cased, max(0, start - _MAX_ABBREVIATION_CHARS), start)
            return match[1] if match is not None and match[1].lower() in known.words else ""
        is_place, may_end_phrase = known.look_up(word)
        if not (is_place or may_end_phrase or word[0].isupper()):
            return ""
        folded, earlier = self.article_text.folded, self.word_before(start - 1 - len(word))
        if not (is_place or may_end_phrase):
            # As in "Biblioteca Municipală". A title after the word for a place is that of a person: Ship Captain Doe.
            has_adjective = earlier[:1].isupper() and known.look_up(earlier)[0]
            return f"{earlier} {word}" if has_adjective and word.lower() not in title_words() else ""
        first, last = folded.original_span(start - 1 - len(word), start - 1)
        printed = folded.original[first:last].lower()
        first, _ = folded.original_span(start - 1 - len(word) - (len(earlier) + 1 if earlier else 0), start)
        pair = folded.original[first:last].lower()
        if pair in known.phrases:
            return pair
        is_place = is_place or printed in known.marked_words
        return printed if is_place and pair not in known.exceptions else ""

    def find_occupation(self, start: int, end: int) -> str:
        """Return the occupation next to a name, such as "actor", which suggests that no official is meant.

        An occupation after the name is ignored if it is a former one, or if words such as "who became" follow it. The
        result is an empty string if no occupation is found.
        """
        word = self.word_before(start).lower()
        if word in word_lists().occupations:
            return word
        if word:
            first, last = self.article_text.folded.original_span(start - 1 - len(word), start - 1)
            left = self.article_text.folded.original[max(0, first - 12) : last].lower().split()[-3:]
            for marked in (" ".join(left[at:]) for at in range(len(left))):
                if marked in word_lists().marked_occupations:
                    return marked
        after = (
            _OCCUPATION_APPOSITION.match(self.cased, end)
            if self.cased[end : end + 2].strip()[:1] in {",", "("}
            else None
        )
        is_of_past = after is not None and (
            _FORMER.search(self.cased, end, after.end())
            or _BECAME.search(self.cased, end, after.end() + _MAX_BECAME_CHARS)
        )
        if after is not None and not is_of_past:
            for other in self.cased[end : after.end()].replace(",", " ").split():
                if other.lower().strip(".") in word_lists().occupations:
                    return other
        return ""


def _remove_abbreviation_dot(word: str) -> str:
    """Remove the dot of an abbreviated first name, such as "Md.". Any other word is returned unchanged."""
    return word[:-1] if word.endswith(".") and word[:-1].lower() in name_abbreviations() else word


def _is_known_word(word: str) -> bool:
    """Return whether a word after a name is a country, a capital city or a title, and not a part of the name."""
    is_known = word in country_evidence_words() or word in single_word_titles()
    return is_known and not syllable_pattern().match(word)


def _find_lowercase(cased: str, word: str) -> bool:
    """Return whether a word occurs in lower case in a text, without another Latin letter directly next to it."""
    at = cased.find(word)
    while at >= 0:
        end = at + len(word)
        before, after = cased[at - 1 : at], cased[end : end + 1]
        if not ("a" <= before.lower() <= "z" and before.isascii()) and not "a" <= after <= "z":
            return True
        at = cased.find(word, end)
    return False

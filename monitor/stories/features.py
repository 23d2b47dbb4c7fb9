"""Article features: weighted terms (words, word pairs and names in title and lead), and the days that a text mentions.

Reports of one event have few words in common, but these are rare words: people, places and what happened. The weight of
a term is its frequency in the article times its inverse document frequency in all articles so far (``Vocabulary``), as
in topic detection and tracking (Allan, 2002). News texts state their subject in the first lines, so only the first
lines are read.
"""

import math
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from zlib import crc32

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from monitor.stories.language_free_terms import (
    FIRST_SEARCHED_CHARACTER,
    KIND_SHIFT,
    KnownWord,
    TermKind,
    describe_word,
    find_numbers,
    find_phrases,
    find_words_without_spaces,
    hash_term,
    number_code,
)
from monitor.text.dates import month_numbers
from monitor.text.tokens import is_unspaced

TermHashes = npt.NDArray[np.uint32]
TermWeights = npt.NDArray[np.float32]
TermKinds = npt.NDArray[np.uint8]

MAX_LEAD_WORDS = 110
MAX_LEAD_CHARS = 1600
_FIRST_SCAN_CHARS = 900  # contain the first words of most texts
TITLE_WEIGHT = 3.0
PAIR_WEIGHT = 0.5
NAME_WEIGHT = 1.3
MAX_TITLE_CASE_SHARE = 0.7  # above this, capitals in a headline show no names
MAX_TERMS = 48
MAX_LANGUAGE_FREE_TERMS = 16
MAX_LANGUAGE_FREE_WORDS, MAX_LANGUAGE_FREE_CHARS, MAX_NUMBER_CHARS = 60, 240, 400
"""Terms that are equal in all languages are searched for only at the beginning of a text, because the rest is often
background. These are the lengths of this beginning: the number of words, the number of characters for scripts without
spaces, and the number of characters in which numbers are searched for."""
MIN_STEM_LETTERS = 3
MAX_DAY_DISTANCE = timedelta(days=10)
WORD_PATTERN = re.compile(r"[^\W_]+(?:'[a-z]+)?")
DAY_PATTERN = re.compile(r"\d++(?![:%])(?:st|nd|rd|th)?")
DIGIT_RUN_PATTERN = re.compile("00*")  # begins with a literal character, which makes the search fast
NON_DAY_PREFIXES = frozenset(".,:/-")
MONTH_BEFORE_DAY = re.compile(r"([^\W\d_]{3,9})\.? $")
MONTH_AFTER_DAY = re.compile(r"(?: (?:de )?([^\W\d_]{3,9})\b|[/.-](\d{1,2})(?!\d))")
_STOP_WORD_LIST = """
a about after again against all also an and another any are as at be because been before being between both
but by can could did do does doing down during each even few first for from further get go had has have having
he her here him his how i if in into is it its just last like made make many may might more most much must my
new no nor not now of off on once one only or other our out over own per said same say says she should since
so some still such than that the their them then there these they this those three through to told too two
under until up upon us very was we week well were what when where which while who whom why will with would
yesterday year years you your today tomorrow day days month months monday tuesday wednesday thursday friday
saturday sunday january february march april june july august september october november december mr mrs ms va
la cua cho voi cac nhung mot trong khi da dang se tai theo tren duoc ngay nam nay den de des du el en et le
les los las un une pour par dans sur qui que dan yang di ke untuk pada dengan ini itu
"""
_OFFICE_WORD_LIST = """
minister ministry prime deputy defence defense national president presidential government party secretary general
chief staff army armed forces military soldier officer official leader chairman director committee commission council
assembly parliament state country nation republic people foreign affairs relations cooperation agreement talks meeting
visit bilateral trilateral delegation counterpart host guest ambassador embassy policy security spokesman spokesperson
statement conference summit
bo truong thu tuong tong bi thu chu tich pho dai thuong quan doi nhan dan quoc phong ngoai giao hop tac hoi dam tiep
chinh phu dang nha nuoc lanh dao
"""
_OFFICE_WORD_COUNT = 10
_DAYS_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_NAME_FLAG = TermKind.NAME << KIND_SHIFT
_LANGUAGE = np.uint8(TermKind.LANGUAGE)
_NAME = np.uint8(TermKind.NAME)
_FIRSTS = np.array([-1e6 * (kind > TermKind.NAME) - 1e6 * (kind == TermKind.LANGUAGE) for kind in TermKind], np.float32)
"""Value of each kind of term by which its group is sorted first: the language, then other language-free terms."""
_SECTION_WEIGHTS = np.array((TITLE_WEIGHT, TITLE_WEIGHT * PAIR_WEIGHT, TITLE_WEIGHT, 1, PAIR_WEIGHT, 1), np.float32)
_ASCII_WORD_TABLE = "".join(char if char.isalnum() or char == "'" else " " for char in map(chr, range(128)))
_DIGIT_TABLE = "".join("0" if char.isdigit() else " " for char in map(chr, range(128)))
STOP_WORDS = frozenset(_STOP_WORD_LIST.split())
"""Frequent words in the supported languages, which are not counted as terms because they do not characterise an
event."""


class TermFeatures(Struct, frozen=True):
    """Terms and days of one article, before the terms are weighted by the vocabulary.

    - ``hashes`` are the hashes of the terms, ascending and unique.
    - ``counts`` grow with the number of times that each term occurs; names and terms of the title count more.
    - ``kinds`` are the kinds of the terms (``TermKind``); a capitalised word counts as a name.
    - ``days`` are (month, day) pairs on which the event may have happened.
    - ``has_explicit_days`` is true if the text itself mentions these days.
    """

    hashes: TermHashes
    counts: TermWeights
    kinds: TermKinds
    days: frozenset[tuple[int, int]]
    published_at: datetime | None
    word_count: int
    has_explicit_days: bool = False


class TermVector(Struct, frozen=True):
    """The terms of an article with the highest weights.

    - ``terms``, ``weights`` and ``kinds`` have one item for each term.
    - The first ``language_free_count`` terms do not depend on the language, such as countries and numbers. Words and
      names follow. Each of the two groups is sorted by weight, with the highest weight first.
    - If ``language_count`` is 1, the very first term states the language of the article, and is not part of this order;
      otherwise ``language_count`` is 0.

    The weights of words and names are normalized, so that their vector has the length 1. The weight of another term is
    its rarity, at most 1.
    """

    terms: TermHashes
    weights: TermWeights
    kinds: TermKinds
    language_free_count: int = 0
    language_count: int = 0


class Vocabulary:
    """Number of articles that contain each term (document frequency), from which the weights of terms are computed.

    The counts are in one array, which is updated with each article and can be stored as bytes. Nearly every report
    about officials contains words for offices, such as "minister". A new vocabulary therefore starts as if
    ``PRIOR_ARTICLES`` articles had been counted, in which these words were frequent.
    """

    TABLE_SIZE = 1 << 18
    PRIOR_ARTICLES = 100

    def __init__(self, data: bytes = b"") -> None:
        if data:
            self._counts = np.frombuffer(data, dtype=np.uint32).copy()
            return
        self._counts = np.zeros(self.TABLE_SIZE + 1, dtype=np.uint32)
        office = [crc32(stem_word(word).encode()) & (self.TABLE_SIZE - 1) for word in _OFFICE_WORD_LIST.split()]
        self._counts[np.array(office, dtype=np.uint32)] = _OFFICE_WORD_COUNT

    def to_bytes(self) -> bytes:
        """Return the whole vocabulary as bytes."""
        return self._counts.tobytes()

    @property
    def article_count(self) -> int:
        """Number of articles whose terms were counted."""
        return int(self._counts[-1])

    def learn(self, features: TermFeatures) -> None:
        """Count one article for each of its terms."""
        self._counts[features.hashes & np.uint32(self.TABLE_SIZE - 1)] += np.uint32(1)
        self._counts[-1] += np.uint32(1)

    def weight_terms(self, features: TermFeatures) -> TermVector:
        """Return the terms of an article that have the highest weights.

        The fewer of the articles counted so far contain a term, the higher is its weight. While few articles have been
        counted, all terms have similar weights.
        """
        seen = self._counts[features.hashes & np.uint32(self.TABLE_SIZE - 1)]
        maximum = math.log(self.article_count + self.PRIOR_ARTICLES)
        rarity = np.maximum(np.float32(0.1), np.float32(maximum) - np.log(seen + np.float32(1)))
        weights = features.counts * rarity
        order = (_FIRSTS[features.kinds] - weights).argsort(kind="stable")  # equal weights are ordered by hash
        count = int(np.count_nonzero(features.kinds > _NAME))
        free, order = order[: min(count, MAX_LANGUAGE_FREE_TERMS)], order[count : count + MAX_TERMS]
        chosen = weights[order]
        length = math.sqrt(float(chosen @ chosen)) or 1.0
        order = np.concatenate((free, order))
        return TermVector(
            features.hashes[order],
            np.concatenate((rarity[free] / np.float32(maximum), chosen / np.float32(length))),
            features.kinds[order],
            len(free),
            int(np.count_nonzero(features.kinds == _LANGUAGE)),
        )


def extract_features(title: str, lead: str, published_at: datetime | None, language: str = "") -> TermFeatures:
    """Extract the terms and days of an article from its title and its lead (the first lines of the text).

    Both are given without diacritics but with capitals. ``language`` is the language code of the article, or empty if
    the language is unknown. The cost is limited, because only the first ``MAX_LEAD_CHARS`` characters of each text are
    read.
    """
    lead = lead[:MAX_LEAD_CHARS]
    found_days = _find_days(lead.lower(), published_at)
    numbers_of_dates = _list_numbers_of_dates(found_days, published_at.year if published_at else 0)
    title_terms, title_pairs, title_codes = _extract_terms(title[:MAX_LEAD_CHARS], is_title=True)
    lead_terms, lead_pairs, lead_codes = _extract_terms(lead)
    title_codes, lead_codes = (
        [code for code in codes if code not in numbers_of_dates] for codes in (title_codes, lead_codes)
    )
    # Articles of unknown language count as being in one language: many are short headlines of one outlet.
    lead_codes.append(hash_term(TermKind.LANGUAGE, language.partition("-")[0].lower()))
    sections = (title_terms, title_pairs, title_codes, lead_terms, lead_pairs, lead_codes)
    sizes = [*map(len, sections)]
    codes = np.fromiter(chain.from_iterable(sections), np.uint64, sum(sizes))
    weights = np.repeat(_SECTION_WEIGHTS, sizes)
    days = found_days or _implied_days(published_at)
    return TermFeatures(
        *_count_terms(codes, weights), days, published_at, len(title_terms) + len(lead_terms), bool(found_days)
    )


def _count_terms(codes: npt.NDArray[np.uint64], weights: TermWeights) -> tuple[TermHashes, TermWeights, TermKinds]:
    """Return the hashes of the terms, ascending and unique, with a count and the kind of each term.

    The count grows with the logarithm of the total weight of the term. It is multiplied by ``NAME_WEIGHT`` for a name.
    """
    hashes = codes.astype(np.uint32)  # drops the kind
    order = hashes.argsort()
    hashes = hashes[order]
    is_first = np.ones(len(hashes), np.bool_)
    np.not_equal(hashes[1:], hashes[:-1], out=is_first[1:])
    first = is_first.nonzero()[0]
    kinds = (np.maximum.reduceat(codes[order], first) >> np.uint64(KIND_SHIFT)).astype(np.uint8)
    total = np.add.reduceat(weights[order], first)
    counts = np.log(total) + np.float32(1)
    np.copyto(counts, total, where=total < 1)
    np.multiply(counts, np.float32(NAME_WEIGHT), out=counts, where=kinds == _NAME)
    return hashes[first], counts, kinds


def _extract_terms(text: str, *, is_title: bool = False) -> tuple[list[int], list[int], list[int]]:
    """Return the terms of a text as three lists of numbers.

    The lists contain the codes of the significant words, the hashes of pairs of adjacent words, and the codes of terms
    that do not depend on the language. The hash of a pair is the hash of the two words written as one word, so that
    ``Viet Nam`` also matches ``Vietnam``. If most words of a title are capitalised, none of them counts as a name.
    """
    words = _split_words(text)
    hashed_words = [*map(_hash_term, words)]
    if not hashed_words:
        return [], [], []
    stems, hashes, flagged, known = zip(*hashed_words, strict=True)
    pairs = [crc32(stem, before) for stem, before in zip(stems[1:], hashes, strict=False) if stem and before]
    if is_title and sum(one >= _NAME_FLAG for one in flagged) > MAX_TITLE_CASE_SHARE * sum(map(bool, hashes)):
        flagged = hashes
    return [*filter(None, flagged)], pairs, _find_language_free_terms(text, words, known)


def _find_language_free_terms(text: str, words: list[str], known: Sequence[KnownWord | None]) -> list[int]:
    """Return the codes of the language-free terms at the beginning of a text: countries, events, numbers and sounds.

    ``words`` are the words of the text, and ``known`` has the meaning of each word, or None.
    """
    found = find_numbers(text[:MAX_NUMBER_CHARS])
    for at, one in enumerate(known[:MAX_LANGUAGE_FREE_WORDS]):
        if one is not None:
            found += one.codes
            if one.phrases:
                found += find_phrases(words, at, one)
    if not text.isascii() and max(head := text[:MAX_LANGUAGE_FREE_CHARS]) >= FIRST_SEARCHED_CHARACTER:
        found += find_words_without_spaces(head)
    return found


@lru_cache(4096)
def _list_numbers_of_dates(days: frozenset[tuple[int, int]], year: int) -> frozenset[int]:
    """Return the feature codes of numbers that are likely to be parts of a date.

    These are the numbers of the month and day in each of ``days``, ``year``, and the years before and after it.
    """
    numbers = {number for day in days for number in day} | {year - 1, year, year + 1}
    return frozenset(number_code(str(number)) for number in numbers if number > 0)


def _split_words(text: str) -> list[str]:
    """Return the first words of a text.

    In a script without spaces, the text is split into overlapping pieces of four characters.
    """
    if text.isascii():
        return _split_ascii_words(text)
    words = WORD_PATTERN.findall(text, 0, _FIRST_SCAN_CHARS)
    if len(words) <= MAX_LEAD_WORDS:  # otherwise the last word, which may be cut, is not returned
        words = WORD_PATTERN.findall(text)
    return [piece for word in words[:MAX_LEAD_WORDS] for piece in _split_unspaced(word)]


def _split_ascii_words(text: str) -> list[str]:
    """Return the first words of an ASCII text.

    A regular expression, which takes five times as long, is used only for words with an apostrophe.
    """
    if "'" not in text:
        return text.translate(_ASCII_WORD_TABLE).split(None, MAX_LEAD_WORDS)[:MAX_LEAD_WORDS]
    runs = text.translate(_ASCII_WORD_TABLE).split()
    return [word for run in runs for word in (WORD_PATTERN.findall(run) if "'" in run else (run,))][:MAX_LEAD_WORDS]


def _split_unspaced(word: str) -> tuple[str, ...]:
    if len(word) > 4 and not word.isascii() and is_unspaced(word[0]):
        return tuple(word[start : start + 4] for start in range(min(len(word), 200) - 3))
    return (word,)


@lru_cache(65536)
def _hash_term(word: str) -> tuple[bytes, int, int, KnownWord | None]:
    """Return four values for a word: its stem, the hash of the stem, its code, and its meaning as a language-free term.

    The code is the hash. A flag is added to it if the word is capitalised and therefore counts as a name. The meaning
    is None for an ordinary word. Stop words and single letters have an empty stem, and 0 as hash and code.
    """
    lower = word.lower()
    known = describe_word(word, lower)
    if lower in STOP_WORDS or len(lower) < 2:
        return b"", 0, 0, known
    stem = stem_word(lower).encode("utf-8", "replace")
    hashed = crc32(stem)
    return stem, hashed, hashed | _NAME_FLAG if word[0] != lower[0] else hashed, known


def stem_word(word: str) -> str:
    """Remove English plural and verb endings from a word.

    Words of other languages are shortened in the same way. This does no harm, because it is consistent.
    """
    if len(word) > 4 and word[-1] in "sgd":
        for ending in ("'s", "ing", "ies", "ied", "es", "ed", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM_LETTERS:
                return word[: -len(ending)] + ("i" if ending in {"ies", "ied"} else "")
    return word


def _find_days(text: str, published_at: datetime | None) -> frozenset[tuple[int, int]]:
    """Return the days that a text mentions, as (month, day) pairs.

    If the publication time is known, only days close to it are returned.
    """
    days = frozenset((month, day) for month, day in _iter_dates(text) if 1 <= month <= 12 and 1 <= day <= 31)
    return days & _nearby_days(published_at.date()) if days and published_at else days


@lru_cache(1024)
def _nearby_days(today: date) -> frozenset[tuple[int, int]]:
    return frozenset(
        _month_day(today + timedelta(days=shift)) for shift in range(-MAX_DAY_DISTANCE.days, MAX_DAY_DISTANCE.days + 1)
    )


def _implied_days(published_at: datetime | None) -> frozenset[tuple[int, int]]:
    """Return the probable days of an event that the text does not date, as (month, day) pairs.

    They are the day of publication and the day before. The result is empty if the publication time is unknown.
    """
    return _today_and_yesterday(published_at.date()) if published_at else frozenset()


@lru_cache(1024)
def _today_and_yesterday(today: date) -> frozenset[tuple[int, int]]:
    return frozenset({_month_day(today), _month_day(today - timedelta(days=1))})


def _iter_dates(text: str) -> Iterator[tuple[int, int]]:
    """Yield a (month, day) pair for each date in a text. The caller must drop pairs that are not a valid date."""
    for match in _find_numbers(text):
        number = match[0].rstrip("dhnrst")
        if len(number) > 2 or text[match.start() - 1 : match.start()] in NON_DAY_PREFIXES:
            continue  # checked here, because a pattern with a look-behind is searched character by character
        day = int(number)
        if before := MONTH_BEFORE_DAY.search(text, max(0, match.start() - 12), match.start()):
            yield month_numbers().get(before[1], 0), day
        if after := MONTH_AFTER_DAY.match(text, match.end()):
            yield int(after[2]) if after[2] else month_numbers().get(after[1], 0), day


def _find_numbers(text: str) -> list[re.Match[str]]:
    """Find the numbers in a text.

    In ASCII text all digits are first replaced by one character, which makes the search faster.
    """
    if not text.isascii():
        return [*DAY_PATTERN.finditer(text)]
    runs = DIGIT_RUN_PATTERN.finditer(text.translate(_DIGIT_TABLE))
    return [match for run in runs if (match := DAY_PATTERN.match(text, run.start()))]


def _month_day(day: date) -> tuple[int, int]:
    return day.month, day.day


def day_distance(first: AbstractSet[tuple[int, int]], second: AbstractSet[tuple[int, int]]) -> int | None:
    """Return the smallest distance in days between two sets of (month, day) pairs, or None if a set is empty."""
    if not first or not second:
        return None
    if first & second:
        return 0
    gaps = {abs(_day_of_year(*one) - _day_of_year(*two)) for one in first for two in second}
    return min(min(gap, 365 - gap) for gap in gaps)


def _day_of_year(month: int, day: int) -> int:
    return _DAYS_BEFORE_MONTH[month - 1] + day

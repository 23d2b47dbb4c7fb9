"""Detection of reports in nearly the same words about different events.

Examples are reports on two ambassadors, on two appointments, or on an agreement and a refusal. Such texts share most of
their sentences, so the share of common text cannot distinguish them from copies. Their headlines or first sentences
differ in the subject. The two headlines, and the two first sentences, are aligned word by word; if they were written
from one template, most words are equal and a few are replaced. The replaced words decide: the texts report different
events if the words contain a name or number that occurs nowhere in the other text, or a word that reverses the
statement.

Two short reports about one person may have only the post, the name and the weekday in common, although these make up
half of each sentence. Such texts report different events if they have few other words in common.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache

from msgspec import Struct

from monitor.language.load import language_data
from monitor.stories.edited_copies import NAME_WEIGHT, weigh_words
from monitor.stories.fingerprints import NormalizedText, build_stream
from monitor.text.fold import fold_words
from monitor.text.tokens import is_unspaced

MIN_ALIGNED_SHARE = 0.6  # of the longer head; two headlines of one text by two editors share less, templates more
MAX_REPLACED_WORDS = 5  # a name with its title; more words are another wording
MAX_HEAD_WORDS = 60
MIN_STEM_LETTERS = 4  # `Japanese` counts as named where `Japan` is
MIN_SPELLING_LIKENESS = 0.7  # `Sergei` and `Sergey` are one name
MIN_WEEKDAY_LETTERS = 4
MIN_NAME_LETTERS = 3
MIN_REPLACED_NAMES = 2  # words, or pairs of characters in scripts without spaces
MAX_TITLE_CASE_SHARE = 0.6  # above this, capitals in a headline show no names
MIN_COMMON_WORD_SHARE = 0.48
"""Two texts count as copies only if at least this share of the words of the shorter text is also in the other text.
Names are not counted. For pairs of test articles that are labelled as copies, the share is at least 0.57. For short
reports about one person, in four languages, it is at most 0.41 (tests/unit/stories/test_short_reports.py)."""
MIN_COMPARED_WORDS = 3
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?![^\W_])|[^\W_]+(?:['’][^\W_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class _Head(Struct, frozen=True):
    """The words of a headline or first sentence: ``cased`` as written, ``tokens`` in lower case.

    ``is_title_case`` is true for a headline in which most words are capitalised, so that capitals do not show names.
    """

    cased: tuple[str, ...]
    tokens: tuple[str, ...]
    is_title_case: bool


def tells_other_event(first: NormalizedText, second: NormalizedText) -> bool:
    """Return whether two similar texts report different events.

    It is enough if their headlines differ in the subject, if their first sentences differ in the subject, or if they
    have few words except names in common.
    """
    if _have_few_common_words(first, second) or _differ_in_caseless_names(first, second):
        return True
    return any(
        _is_opposite(head.tokens[_widen(head, place)], other_head.tokens[_widen(other_head, other_place)])
        or _replaces(head, place, other_head, other_place, (first, second), with_numbers=True)
        for head, place, other_head, other_place in _list_differences(first, second)
    )


def names_other_subject(first: NormalizedText, second: NormalizedText) -> bool:
    """Return whether two reports in nearly the same words name other persons or places, as of two ambassadors.

    Numbers do not count, because the number of victims changes from report to report.
    """
    return _differ_in_caseless_names(first, second) or any(
        _replaces(head, place, other_head, other_place, (first, second), with_numbers=False)
        for head, place, other_head, other_place in _list_differences(first, second)
    )


def names_other_weekday(first: NormalizedText, second: NormalizedText) -> bool:
    """Return whether two reports in nearly the same words name different weekdays, as editions of a column do."""
    return any(
        bool(days := _weekdays() & {*head.tokens[place]})
        and bool(other_days := _weekdays() & {*other_head.tokens[other_place]})
        and days.isdisjoint(other_days)
        for head, place, other_head, other_place in _list_differences(first, second)
    )


def _differ_in_caseless_names(first: NormalizedText, second: NormalizedText) -> bool:
    """Return whether two texts differ in names, in a script whose names have no capitals.

    A word is taken for a name if it replaces another word of the headline, occurs in its own text, too, and is missing
    in the other text, and the same holds for the word that it replaces. One such word may be a synonym, so a second
    word of the headline or the first sentence must be replaced, too.
    """
    replaced: tuple[set[str], set[str]] = set(), set()
    for head, place, other_head, other_place in _list_differences(first, second):
        sides = ((head, place, second), (other_head, other_place, first))
        for side, (one, where, other) in enumerate(sides):
            for word in _join_characters(one.cased[where]):
                if word.lower() == word.upper() and not word[0].isdigit() and _is_absent(word, other):
                    replaced[side].add(word)
    return all(
        sum(len(word) // 2 if is_unspaced(word[0]) else len(word) >= MIN_NAME_LETTERS for word in words)
        >= MIN_REPLACED_NAMES
        and any(build_stream(word) in text.stream and build_stream(word) in build_stream(text.title) for word in words)
        for words, text in zip(replaced, (first, second), strict=True)
    )


def _join_characters(words: Sequence[str]) -> Sequence[str]:
    """Return words as they are, but the characters of a script without spaces as one word."""
    return ["".join(words)] if words and is_unspaced(words[0][0]) else words


def _list_differences(first: NormalizedText, second: NormalizedText) -> Iterator[tuple[_Head, slice, _Head, slice]]:
    """Yield the places in which the two headlines differ, and those in which the two first sentences differ.

    Each place is a slice of the words of each text. Nothing is yielded for heads that have few words in common, because
    they were not written from one template.
    """
    for texts, is_title in (((first.title, second.title), True), (map(_first_sentence, (first, second)), False)):
        head, other_head = (_build_head(text, is_title=is_title) for text in texts)
        length = max(len(head.tokens), len(other_head.tokens))
        if (Counter(head.tokens) & Counter(other_head.tokens)).total() < MIN_ALIGNED_SHARE * length:
            continue  # a quick test: most texts are not from one template
        opcodes = SequenceMatcher(None, head.tokens, other_head.tokens, autojunk=False).get_opcodes()
        aligned = sum(end - start for tag, start, end, _, _ in opcodes if tag == "equal")
        if length and aligned >= MIN_ALIGNED_SHARE * length:
            for tag, start, end, other_start, other_end in opcodes:
                if tag != "equal":
                    yield head, slice(start, end), other_head, slice(other_start, other_end)


def _have_few_common_words(first: NormalizedText, second: NormalizedText) -> bool:
    words = [
        {word for word, weight in weigh_words(text.cased).items() if weight != NAME_WEIGHT} for text in (first, second)
    ]
    fewer, more = sorted(words, key=len)
    return len(fewer) >= MIN_COMPARED_WORDS and len(fewer & more) < MIN_COMMON_WORD_SHARE * len(fewer)


def _first_sentence(text: NormalizedText) -> str:
    return text.sentences[0] if text.sentences else ""


def _build_head(text: str, *, is_title: bool) -> _Head:
    """Split a headline or first sentence into words. In scripts without spaces, each character counts as a word."""
    cased: list[str] = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        cased += word if is_unspaced(word[0]) else [word]
    cased = cased[:MAX_HEAD_WORDS]
    capitals = sum(word[0].isupper() for word in cased)
    is_title_case = is_title and capitals > MAX_TITLE_CASE_SHARE * len(cased)
    return _Head(tuple(cased), tuple(word.lower() for word in cased), is_title_case)


def _widen(head: _Head, place: slice) -> slice:
    """Return a place, the range of words in which two heads differ; in scripts without spaces, make it larger.

    In these scripts each character is a word here. Two opposites may share a character, so that the place has only the
    rest of them. Therefore the character before and the one after the place are added.
    """
    around = slice(max(0, place.start - 1), place.stop + 1)
    return around if any(is_unspaced(word[0]) for word in head.tokens[around]) else place


def _replaces(
    head: _Head,
    place: slice,
    other_head: _Head,
    other_place: slice,
    texts: tuple[NormalizedText, NormalizedText],
    *,
    with_numbers: bool,
) -> bool:
    """Return whether a name or number in one head is replaced by another one in the other head.

    ``texts`` are the two texts. Without ``with_numbers``, only names count.
    """
    text, other = texts
    return (
        _names_others(head, place, text, other, with_numbers=with_numbers)
        and _names_others(other_head, other_place, other, text, with_numbers=with_numbers)
        and not _is_spelling(head.tokens[place], other_head.tokens[other_place])
    )


def _names_others(
    head: _Head, place: slice, text: NormalizedText, other: NormalizedText, *, with_numbers: bool
) -> bool:
    """Return whether a part of a headline or first sentence contains a name or number that ``other`` does not have.

    ``head`` is the headline or first sentence of ``text``. ``place`` has the indexes of the words that form the part.
    ``other`` is the text to compare with. Names of months and days do not count. If the part is long, the result is
    False, because the texts then differ by more than a name.
    """
    words = head.cased[place]
    if not words:
        return False
    if is_unspaced(words[0][0]):
        return with_numbers and 2 <= len(words) <= 2 * MAX_REPLACED_WORDS and _is_absent("".join(words), other)
    if len(words) > MAX_REPLACED_WORDS:
        return False
    for number, word in enumerate(words, place.start):
        is_name = word[0].isupper() and ((number and not head.is_title_case) or _is_name(word, text))
        if (
            (is_name or (with_numbers and word[0].isdigit()))
            and word.lower() not in _calendar_words()
            and _is_absent(word, other)
        ):
            return True
    return False


def _is_name(word: str, text: NormalizedText) -> bool:
    """Return whether a word is also capitalized inside a sentence of the text, and not only at the start of one."""
    return any(sentence.find(f" {word}", 1) > 0 for sentence in text.sentences)


def _is_absent(word: str, text: NormalizedText) -> bool:
    """Return whether a word occurs neither in the headline nor in the body of a text, not even with another ending."""
    if word[0].isdigit():
        return not {*_NUMBER.findall(word)} & {*_NUMBER.findall(f"{text.title}\n{text.cased}")}  # `2h` is `2 hours`
    if len(word) < MIN_STEM_LETTERS and not is_unspaced(word[0]):
        return not word.isupper() and word not in _words(text)  # `US` may be `American` in the other text
    stem = build_stream(word if is_unspaced(word[0]) else word[: max(MIN_STEM_LETTERS, len(word) - 3)])
    return stem not in text.stream and stem not in build_stream(text.title)


def _words(text: NormalizedText) -> set[str]:
    return set(_TOKEN.findall(f"{text.title}\n{text.cased}"))


def _is_spelling(words: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether two sequences of words are similar enough to be two spellings of one name."""
    if any(word[0].isdigit() or is_unspaced(word[0]) for word in (*words, *others)):
        return False
    return SequenceMatcher(None, "".join(words), "".join(others), autojunk=False).ratio() >= MIN_SPELLING_LIKENESS


def _is_opposite(words: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether exactly one of two sequences of words is negated, or whether they contain opposite words."""
    sides = [_list_opposites(run) for run in (words, others)]
    if ("negation" in sides[0]) != ("negation" in sides[1]):
        return True
    return any(f"-{key}" in sides[1] for key in sides[0]) or any(f"-{key}" in sides[0] for key in sides[1])


def _list_opposites(words: Sequence[str]) -> set[str]:
    """Return the negations and pairs of opposites of which a sequence of words contains one word.

    They are returned as the keys to which ``_opposites`` maps these words.
    """
    if words and is_unspaced(words[0][0]):
        run = "".join(words)
        return {key for word, keys in _opposites().items() if is_unspaced(word[0]) and word in run for key in keys}
    found = {key for word in words for key in _opposites().get(word, ())}
    text = f" {' '.join(words)} "
    return found | {key for word, keys in _opposites().items() if " " in word and f" {word} " in text for key in keys}


@cache
def _opposites() -> dict[str, set[str]]:
    """Return a dictionary that maps each negation, and each word that has an opposite, to its keys.

    The words are in lower case without diacritics. The key of a negation is "negation". The opposites of a language are
    numbered pairs of word lists. For pair 3 of English, the words of the first list have the key "en3", and their
    opposites, the words of the second list, have the key "-en3".
    """
    found: dict[str, set[str]] = {}
    for language in language_data().languages.values():
        for word in language.words.negations:
            found.setdefault(" ".join(fold_words(word)), set()).add("negation")
        for number, (side, opposite) in enumerate(language.words.opposites):
            for key, words in ((f"{language.code}{number}", side), (f"-{language.code}{number}", opposite)):
                for word in words:
                    found.setdefault(" ".join(fold_words(word)), set()).add(key)
    return found


@cache
def _weekdays() -> frozenset[str]:
    """Return the weekdays of all languages that are one word of at least ``MIN_WEEKDAY_LETTERS`` letters.

    Shorter words, such as "hai" in "thứ hai" and "sun", have other meanings, too.
    """
    calendars = [language.calendar for language in language_data().languages.values()]
    names = [fold_words(word) for calendar in calendars for word in calendar.weekdays]
    return frozenset(words[0] for words in names if len(words) == 1 and len(words[0]) >= MIN_WEEKDAY_LETTERS)


@cache
def _calendar_words() -> frozenset[str]:
    """Return the names of months and weekdays. Some languages capitalize them, but they do not count as names."""
    calendars = [language.calendar for language in language_data().languages.values()]
    words = {word for calendar in calendars for names in (*calendar.months, calendar.weekdays) for word in names}
    return frozenset(part for word in words for part in fold_words(word))

"""Evidence of identity: decides whether an entry is a stored article with which it has a key in common.

No key is sufficient alone: publishers use the guid and URL of an article again for another one, and change the guid or
URL of an article. Guid, URL, title and date are therefore compared together; ``docs/stories.md`` has the decision
table. In doubt, the entry counts as a new article. A repeated article is later recognized as a duplicate, but a lost
article cannot be recovered.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import IntEnum

from msgspec import Struct

from monitor.domain.article import KnownArticle
from monitor.domain.source import Entry
from monitor.stories.identity import (
    ANOTHER_EDITION_AFTER,
    STRONG_KEY_KINDS,
    KeyedEntry,
    find_numbers,
    format_exact_time,
    normalize_title,
    normalize_url,
)
from monitor.text.urls import find_page_place

MIN_COMMON_WORDS = 0.6
"""Two titles count as versions of one title only if they have at least this share of the shorter title's words in
common. "Flood warning issued" keeps two thirds of its words if one of the three words is changed."""

_STEM_CHARS = 5  # words are compared by their beginning, so that an inflected word stays equal
_MAX_WORD_CHARS = 24  # longer runs are text of a script without spaces
_UNSPACED_SCRIPT = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+[^\W_]*)*")


class Likeness(IntEnum):
    """Degree of similarity of two titles, from the lowest to the highest.

    ``RENUMBERED`` means that one title is an edited form of the other, but with other numbers. ``UNKNOWN`` means that a
    title is missing.
    """

    OTHER = 0
    UNKNOWN = 1
    RENUMBERED = 2
    EDITED = 3
    EQUAL = 4


class Certainty(IntEnum):
    """Degree of certainty that a feed entry belongs to a known article."""

    NO = 0
    LIKELY = 1
    CERTAIN = 2


class Recognition(Struct, frozen=True):
    """Result for one entry: the known article to which it belongs, or None if it is a new article.

    ``reused_keys`` are the guid and URL keys of the entry that the store already has for other articles.
    """

    article: KnownArticle | None
    reused_keys: tuple[str, ...] = ()


def recognize_entries(
    keyed_entries: Sequence[KeyedEntry], known: Mapping[str, KnownArticle]
) -> tuple[Recognition, ...]:
    """For each entry of a document, find the known article to which the entry belongs.

    ``Recognition.article`` is None for a new article. ``known`` maps entry keys to stored articles. A match is certain
    or likely. If an article has a certain match, each entry that is only a likely match for it counts as new.
    """
    if not known:
        return (Recognition(None),) * len(keyed_entries)
    matches = [_find_best_match(one, known) for one in keyed_entries]
    certain = {article.id for article, certainty in matches if article and certainty is Certainty.CERTAIN}
    kept = (
        None if article and certainty is Certainty.LIKELY and article.id in certain else article
        for article, certainty in matches
    )
    return tuple(
        Recognition(article, _find_reused_keys(one, article, known))
        for one, article in zip(keyed_entries, kept, strict=True)
    )


def _find_best_match(one: KeyedEntry, known: Mapping[str, KnownArticle]) -> tuple[KnownArticle | None, Certainty]:
    """Return the known article that matches an entry with the greatest certainty, and this certainty.

    If several articles match with equal certainty, the one with the most reliable key is returned. Without a match, the
    article is None and the certainty is ``Certainty.NO``.
    """
    usable = one.usable_keys(known)
    kinds: dict[int, set[str]] = defaultdict(set)
    articles: dict[int, KnownArticle] = {}
    for key in (*usable, *one.evidence_keys):
        if article := known.get(key):
            articles.setdefault(article.id, article)
            kinds[article.id].add(key[0])
    own_kinds = {key[0] for key in usable}
    best, best_certainty = None, Certainty.NO
    for number, article in articles.items():
        certainty = _judge_match(one.entry, article, kinds[number], own_kinds)
        if certainty > best_certainty:
            best, best_certainty = article, certainty
    return best, best_certainty


def _find_reused_keys(
    one: KeyedEntry, article: KnownArticle | None, known: Mapping[str, KnownArticle]
) -> tuple[str, ...]:
    """Return the guid and URL keys of an entry that are already stored for an article other than ``article``.

    ``article`` is the known article to which the entry belongs, or None if the entry is a new article.
    """
    return tuple(
        key
        for key in one.usable_keys(known)
        if key[0] in STRONG_KEY_KINDS and (owner := known.get(key)) and (article is None or owner.id != article.id)
    )


def _judge_match(entry: Entry, article: KnownArticle, kinds: set[str], own_kinds: set[str]) -> Certainty:
    """Return the certainty that an entry is a known article, from all the keys and properties that they share.

    ``kinds`` are the kinds of the keys that the entry and the article have in common. ``own_kinds`` are the kinds of
    all keys of the entry.
    """
    if "a" in kinds or ("w" in kinds and ("s" in kinds or not _is_other_edition(entry, article))):
        return Certainty.CERTAIN
    title = Likeness.EQUAL if "t" in kinds else compare_titles(entry.title, article.title)
    is_other_place = "f" in own_kinds and "f" not in kinds
    if "g" in kinds:
        is_same_url = bool(kinds & {"f", "u"}) and not is_other_place
        return (
            Certainty.CERTAIN if is_same_url or _have_same_url(entry, article) else _judge_guid(entry, article, title)
        )
    if kinds & {"f", "u"}:
        return _judge_url(entry, article, title, is_other_place=is_other_place, is_other_guid="g" in own_kinds)
    return _judge_weak_keys(entry, article, title, kinds, own_kinds)


def _judge_guid(entry: Entry, article: KnownArticle, title: Likeness) -> Certainty:
    """Return the certainty that an entry is the known article that has the same guid.

    This is needed if their URLs differ, or if a URL is missing. ``title`` is the degree of similarity of their titles.
    """
    if (
        title is Likeness.EQUAL
        or article.is_deleted
        or _have_same_number(entry, article)
        or _is_same_time(entry, article)
    ):
        return Certainty.CERTAIN
    is_other_url = bool(entry.url and article.url)
    is_other_time = bool(_time_between(entry, article))
    if title is Likeness.EDITED:
        is_other = False
    elif title is Likeness.UNKNOWN:
        is_other = is_other_url
    else:
        is_other = is_other_url or is_other_time
    return Certainty.NO if is_other else Certainty.LIKELY


def _judge_url(
    entry: Entry, article: KnownArticle, title: Likeness, *, is_other_place: bool, is_other_guid: bool
) -> Certainty:
    """Return the certainty that an entry is the known article that has the same URL.

    This is needed if their guids differ, or if a guid is missing. ``title`` is the degree of similarity of their
    titles. ``is_other_place`` is true if the fragment of the entry's URL names a place on the page, and the article's
    does not.
    """
    if title is Likeness.EQUAL or article.is_deleted:
        return Certainty.CERTAIN
    if _is_same_time(entry, article) and not is_other_place:
        return Certainty.CERTAIN
    if title is Likeness.EDITED:
        is_other = False
    elif is_other_place:
        is_other = True
    elif title is Likeness.OTHER:
        is_other = is_other_guid or _is_other_edition(entry, article)
    elif title is Likeness.RENUMBERED:
        is_other = _is_other_edition(entry, article)
    else:
        is_other = is_other_guid
    return Certainty.NO if is_other else Certainty.LIKELY


def _judge_weak_keys(
    entry: Entry, article: KnownArticle, title: Likeness, kinds: set[str], own_kinds: set[str]
) -> Certainty:
    """Return the certainty that an entry is a known article that has neither the same guid nor the same URL."""
    if "n" in kinds and format_exact_time(entry.published_at):
        return Certainty.CERTAIN
    is_other_edition = _is_other_edition(entry, article)
    is_likely = (
        ("n" in kinds and title >= Likeness.EDITED)  # the number may be that of the section
        or ("q" in kinds and ("g" not in own_kinds or "://" in entry.guid) and not is_other_edition)
        or (
            "s" in kinds
            and not own_kinds & STRONG_KEY_KINDS
            and not is_other_edition
            and normalize_url(entry.url) == normalize_url(article.url)
        )
    )
    return Certainty.LIKELY if is_likely else Certainty.NO


def _have_same_url(entry: Entry, article: KnownArticle) -> bool:
    url = normalize_url(entry.url)
    return (
        bool(url) and url == normalize_url(article.url) and find_page_place(entry.url) == find_page_place(article.url)
    )


def _have_same_number(entry: Entry, article: KnownArticle) -> bool:
    """Return whether an entry and an article have the same article number.

    The number must be in the last segment of the article's URL, and in the last segment of the entry's URL or in the
    entry's guid. If the number is in the guid, it is also enough that both URLs contain it anywhere. Other numbers may
    belong to sections.
    """
    numbers = {*find_numbers(_last_part(entry.url)), *find_numbers(entry.guid if "://" not in entry.guid else "")}
    return not numbers.isdisjoint(find_numbers(_last_part(article.url))) or any(
        number in entry.url and number in article.url for number in numbers if number in entry.guid
    )


def _last_part(url: str) -> str:
    """Return the last segment of a URL's path, with its query."""
    path, _, query = url.partition("://")[2].partition("#")[0].partition("?")
    return f"{path.rstrip('/').rpartition('/')[2]}?{query}" if "/" in path.rstrip("/") else f"?{query}"


def _is_same_time(entry: Entry, article: KnownArticle) -> bool:
    """Return whether an entry and an article were published at the same exact time.

    A full or half hour is not exact, because it may be a date without a time of day.
    """
    return bool(format_exact_time(entry.published_at)) and entry.published_at == article.published_at


def _is_other_edition(entry: Entry, article: KnownArticle) -> bool:
    """Return whether an entry and an article were published so far apart that they are two editions of one page.

    A smaller difference may be a corrected date. The result is false if a date is missing.
    """
    between = _time_between(entry, article)
    return between is not None and between >= ANOTHER_EDITION_AFTER


def _time_between(entry: Entry, article: KnownArticle) -> timedelta | None:
    """Return the time between the publication of an entry and of an article, or None if a date is missing."""
    if entry.published_at is None or article.published_at is None:
        return None
    return abs(entry.published_at - article.published_at)


def compare_titles(first: str, second: str) -> Likeness:
    """Return how similar two titles are, as a degree of similarity (``Likeness``)."""
    first, second = normalize_title(first), normalize_title(second)
    if not first or not second:
        return Likeness.UNKNOWN
    if first == second:
        return Likeness.EQUAL
    words, others = set(_split_words(first)), set(_split_words(second))
    numbers, other_numbers = _select_numbers(words), _select_numbers(others)
    words, others = words - numbers, others - other_numbers
    common = len(words & others)
    shorter = min(len(words), len(others))
    if not shorter:
        return Likeness.OTHER
    if common < MIN_COMMON_WORDS * shorter or (common < 2 and words != others):
        return Likeness.OTHER
    return Likeness.EDITED if numbers == other_numbers else Likeness.RENUMBERED


def _select_numbers(words: Iterable[str]) -> set[str]:
    return {word for word in words if any(char.isdigit() for char in word)}


def _split_words(title: str) -> list[str]:
    """Split a title into the stems of its words.

    In scripts without spaces, pairs of characters are used instead of words.
    """
    words = list[str]()
    for word in _WORD.findall(title):
        if len(word) <= _MAX_WORD_CHARS and not _UNSPACED_SCRIPT.search(word):
            words.append(word if any(char.isdigit() for char in word) else word[:_STEM_CHARS])
        else:
            words += (word[at : at + 2] for at in range(max(1, len(word) - 1)))
    return words

"""Order by age: finds the newest entries or sitemaps in documents that list more of them than are read.

The dates in the document are compared first. If there are none, dates and numbers in the addresses are compared,
because publishers number articles and sitemaps in the order of their creation.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain, zip_longest
from urllib.parse import unquote, urlsplit

from monitor.domain.source import Entry, Feed
from monitor.domain.values import replace
from monitor.parse.fields import MAX_ENTRIES
from monitor.text.dates import month_numbers

MIN_ADDRESS_SHARE = 0.5  # addresses are compared if more than this share of them has a date or number
MIN_DISTINCT_SHARE = 0.9  # article numbers are almost never repeated, other numbers ("top 10") are
_OLDEST_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:[/_.-]?(0[1-9]|1[0-2])(?:[/_.-]?(0[1-9]|[12]\d|3[01]))?|"
    r"[/_.-]([1-9])(?:[/_.-]([1-9]|[12]\d|3[01]))?)(?!\d)"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE_OR_YEAR = re.compile(r"(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])?)?")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+")
_AgeKey = tuple[int, ...]


def sort_newest_first(entries: Sequence[Entry], *, is_newest_last: bool) -> list[Entry]:
    """Sort entries by their dates, newest first.

    Entries with equal dates, or without dates, are sorted by their addresses. If neither dates nor addresses show the
    age, the order of the document is used, reversed if documents of this format usually have the newest entry at the
    end (``is_newest_last``).
    """
    found = list(reversed(entries)) if is_newest_last else list(entries)
    if ages := _find_ages([entry.url for entry in found]):
        age_by_entry = {id(entry): age for entry, age in zip(found, ages, strict=True)}
        found.sort(key=lambda entry: age_by_entry[id(entry)], reverse=True)
    found.sort(key=lambda entry: entry.published_at or entry.updated_at or _OLDEST_TIME, reverse=True)
    return found


def limit_entries(feed: Feed, limit: int = MAX_ENTRIES) -> Feed:
    """Return a feed with only its newest entries, at most ``limit``, in the order of the document.

    The number of the entries that are left out is stored in the feed.
    """
    if len(feed.entries) <= limit:
        return feed
    positions = {id(entry): position for position, entry in enumerate(feed.entries)}
    newest = sort_newest_first(feed.entries, is_newest_last=False)[:limit]
    kept = sorted(newest, key=lambda entry: positions[id(entry)])
    left_out_count = feed.left_out_count + len(feed.entries) - limit
    return replace(feed, entries=tuple(kept), left_out_count=left_out_count)


def sort_sitemaps(sitemaps: Sequence[tuple[str, datetime | None]]) -> list[str]:
    """Return the addresses of an index's sitemaps in the order in which they should be read, probably newest first.

    ``sitemaps`` are pairs of an address and the time of the last change. The sitemap that was changed last is first.
    Sitemaps with equal times, or without times, are ordered by their addresses:

    - The largest series of addresses that differ only in numbers is sorted by these numbers. Sitemaps of this series
      and all other sitemaps alternate.
    - If the numbers are dates, the newest sitemap of the series is first.
    - If they are plain numbers, it is not known which end of the series is newer. Sitemaps from both ends then
      alternate, beginning with the last one.
    """
    changed_at = dict(sitemaps)
    urls = list(changed_at)
    numbered = _find_largest_series(urls)
    if len(numbered) < 2:
        found = _alternate_ends(urls)
    else:
        others = _alternate_ends([url for url in urls if url not in numbered])
        others.sort(key=lambda url: "news" not in url.lower())
        oldest_first = sorted(numbered, key=lambda url: numbered[url])
        is_dated = all(_DATE_OR_YEAR.fullmatch(str(numbers[0])) for numbers in numbered.values())
        series = list(reversed(oldest_first)) if is_dated else _alternate_ends(oldest_first)
        found = list(filter(None, chain.from_iterable(zip_longest(series, others))))
    if len(set(changed_at.values()) - {None}) > 1:
        found.sort(key=lambda url: changed_at[url] or _OLDEST_TIME, reverse=True)
    return found


def _find_largest_series(urls: Sequence[str]) -> dict[str, _AgeKey]:
    """Return the largest group of addresses that differ only in numbers.

    The result is a dictionary that maps each address to its numbers, by which the addresses can be sorted. In a date
    such as 30/11/2026, the numbers are reversed, so that the year is first.
    """
    named = {url: _WORD.sub(_replace_month_name, unquote(_path_of(url))) for url in urls}
    patterns = {url: _NUMBER.sub("#", path) for url, path in named.items()}
    counts = Counter(pattern for url, pattern in patterns.items() if pattern != named[url])
    if not counts:
        return {}
    largest = counts.most_common(1)[0][0]
    return {url: _to_age_key(_NUMBER.findall(named[url])) for url in urls if patterns[url] == largest}


def _replace_month_name(word: re.Match[str]) -> str:
    number = month_numbers().get(word[0].lower())
    return f"{number:02}" if number else word[0]


def _to_age_key(numbers: Sequence[str]) -> _AgeKey:
    """Convert numbers to a sort key. If the last one is a year, reverse them: 30, 11, 2026 becomes (2026, 11, 30)."""
    is_year_last = bool(_YEAR.fullmatch(numbers[-1])) and not _YEAR.match(numbers[0])
    return tuple(int(number[:18]) for number in (reversed(numbers) if is_year_last else numbers))


def _alternate_ends(items: Sequence[str]) -> list[str]:
    """Return the items in the order: last, first, last but one, second, and so on."""
    half = (len(items) + 1) // 2
    newest, oldest = list(reversed(items))[:half], list(items)[: len(items) - half]
    found = []
    for position, item in enumerate(newest):
        found.append(item)
        found += oldest[position : position + 1]
    return found


def _find_ages(urls: Sequence[str]) -> list[_AgeKey] | None:
    """Return a sort key for each address, which is larger for a newer address.

    The result is None if the addresses do not show their ages.
    """
    paths = [_path_of(url) for url in urls]
    dates = [_parse_date(path) for path in paths]
    numbers = _find_article_numbers(paths)
    if sum(bool(date) for date in dates) > MIN_ADDRESS_SHARE * len(urls):
        return [(*(date or (0, 0, 0)), number) for date, number in zip(dates, numbers or [0] * len(urls), strict=True)]
    return [(number,) for number in numbers] if numbers else None


def _find_article_numbers(paths: Sequence[str]) -> list[int] | None:
    """Return the article number in each address, or 0 for an address without a number.

    If addresses have several numbers, either the last number of every address is used or the first one, depending on
    which has more different values. The result is None if too few addresses have a number, or if too many have the same
    number.
    """
    found = [_NUMBER.findall(path) for path in paths]
    present = sum(bool(numbers) for numbers in found)
    choices = [[int(numbers[place][:18]) if numbers else 0 for numbers in found] for place in (-1, 0)]
    best = max(choices, key=lambda numbers: len(set(numbers)))
    is_distinct = len(set(best) - {0}) >= MIN_DISTINCT_SHARE * present
    return best if present > MIN_ADDRESS_SHARE * len(paths) and is_distinct else None


def _parse_date(path: str) -> _AgeKey | None:
    found = _DATE.search(path)
    if found is None:
        return None
    return int(found[1]), int(found[2] or found[4]), int(found[3] or found[5] or 0)


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.path}?{parts.query}"

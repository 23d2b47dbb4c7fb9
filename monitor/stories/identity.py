"""Entry identity: keys by which an entry is recognised as an article seen before. Dates alone never decide.

An entry has several keys, the most reliable first; within one source any known key identifies a known article. The
first character is the kind of key:

- ``g``: guid, unless it only repeats the URL
- ``u``: canonical URL, if it identifies a single page
- ``a``: title and exact publication time (or its day and text)
- ``n``: article number in the URL, and publication time
- ``s``: title and text; recognises a whole document whose guids and URLs all changed (see ``novelty.py``)
- ``w``: URL and title, or text; for an entry without a usable guid and URL
- ``!``: prefix of a key that several entries shared, so that it identifies none of them

A guid or URL that occurs on several entries of a document is dropped and marked as shared, because reliable feeds never
reuse keys (the rule of miniflux, made independent of the order of entries).
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from xxhash import xxh3_64_hexdigest

from monitor.domain.source import Entry, Feed
from monitor.text.urls import canonicalize_url

SHARED_KEY_MARKER = "!"
KEY_KINDS = "guans"
STRONG_KEY_KINDS = frozenset("gu")
MIN_DISTINCTIVE_TEXT_CHARS = 60
ARTICLE_NUMBER_PATTERN = re.compile(r"\d{5,}")
KeyClaims = tuple[Entry, tuple[str, ...], tuple[str, ...]]
DATE_NUMBER_PATTERN = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-3]\d)?$")


@dataclass(frozen=True, slots=True)
class KeyedEntry:
    """An entry with its keys, most reliable first, and fallback keys for an entry without a usable guid and URL.

    ``shared_keys`` are keys that several entries of the document have.
    """

    entry: Entry
    keys: tuple[str, ...]
    fallback_keys: tuple[str, ...]
    shared_keys: tuple[str, ...] = ()

    def lookup_keys(self) -> tuple[str, ...]:
        """Return all keys that must be looked up in the store before ``classify_entries`` can decide."""
        marks = tuple(SHARED_KEY_MARKER + key for key in self.keys if key[0] in STRONG_KEY_KINDS)
        return (*self.keys, *self.fallback_keys, *marks, *self.shared_keys)

    def usable_keys(self, known_keys: Collection[str]) -> tuple[str, ...]:
        """Return the keys that may identify the entry, without those known to be shared."""
        own = tuple(key for key in self.keys if SHARED_KEY_MARKER + key not in known_keys) if known_keys else self.keys
        return own if any(key[0] in STRONG_KEY_KINDS for key in own) else (*own, *self.fallback_keys)


def assign_entry_keys(feed: Feed) -> tuple[KeyedEntry, ...]:
    """Return every entry of a document with its keys, in document order; exact repetitions are dropped.

    The cost is a few hashes per entry; texts are hashed unparsed.
    """
    home = _normalize_url(feed.url)
    claims = [
        _merge_claims([_claim_keys(entry, home) for entry in group]) for group in _group_repeated_entries(feed.entries)
    ]
    owners = Counter(key for _, keys, spare in claims for key in (*keys, *spare))
    colliding_keys = {key for key, count in owners.items() if count > 1}
    return tuple(_drop_shared_keys(entry, keys, spare, colliding_keys) for entry, keys, spare in claims)


def collect_lookup_keys(keyed_entries: Iterable[KeyedEntry]) -> frozenset[str]:
    """Return all keys of a document that must be looked up in the store."""
    return frozenset(key for one in keyed_entries for key in one.lookup_keys())


def _group_repeated_entries(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Group entries that are one item listed twice.

    Two entries are one item if guid, URL and title are equal, or if everything but the guid is equal. Without a guid,
    everything but the date must be equal.
    """
    groups: list[list[Entry]] = []
    found: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        text_key = (entry.url, entry.title, entry.summary, entry.content, entry.published_at if entry.guid else None)
        main_key = (entry.guid, entry.url, entry.title) if entry.guid and (entry.url or entry.title) else text_key
        group = found.get(main_key) or found.get(text_key)
        if group is None:
            groups.append(group := [])
        if entry not in group:
            group.append(entry)
        found[main_key] = found[text_key] = group
    return groups


def _merge_claims(claims: Sequence[KeyClaims]) -> KeyClaims:
    """Return the first of several entries of one item, with the keys of all of them."""
    keys = {key: None for _, own, _ in claims for key in own}
    spare = {key: None for _, _, last in claims for key in last}
    return claims[0][0], tuple(sorted(keys, key=lambda key: KEY_KINDS.index(key[0]))), tuple(spare)


def _drop_shared_keys(
    entry: Entry, keys: tuple[str, ...], fallback_keys: tuple[str, ...], colliding_keys: Collection[str]
) -> KeyedEntry:
    """Return the entry without the keys that several entries have."""
    shared: tuple[str, ...] = ()
    if any(key in colliding_keys for key in (*keys, *fallback_keys)):
        shared = tuple(
            SHARED_KEY_MARKER + key for key in (*keys, *fallback_keys[:-1]) if key in colliding_keys and key[0] in "guw"
        )
        keys = tuple(key for key in keys if key not in colliding_keys)
        fallback_keys = (*(key for key in fallback_keys[:-1] if key not in colliding_keys), fallback_keys[-1])
    if any(key[0] in STRONG_KEY_KINDS for key in keys):
        return KeyedEntry(entry, keys, fallback_keys, shared)
    return KeyedEntry(entry, (*keys, *fallback_keys), (), shared)


def _claim_keys(entry: Entry, feed_url: str) -> KeyClaims:
    """Return the keys of an entry without regard to other entries, and its fallback keys."""
    title = " ".join(unicodedata.normalize("NFKC", entry.title).casefold().split())
    link, guid = _normalize_url(entry.url), entry.guid.strip()
    text = max(entry.content, entry.summary, key=len)
    exact = _format_exact_time(entry.published_at)
    keys = []
    if guid and guid not in {entry.url, feed_url} and _normalize_url(guid) not in {link, feed_url}:
        keys.append(_hash_key("g", guid))
    if link and link != feed_url and _is_article_url(link):
        keys.append(_hash_key("u", link))
    distinctive_text = text if len(text) >= MIN_DISTINCTIVE_TEXT_CHARS else ""
    if title and entry.published_at and (exact or distinctive_text):
        keys.append(_hash_key("a", title, exact or entry.published_at.isoformat() + distinctive_text))
    if (
        entry.published_at
        and (number := _find_article_number(entry.url) or _find_article_number(guid))
        and (exact or len(number) >= 7)
    ):
        keys.append(_hash_key("n", number, entry.published_at.isoformat()))
    if title:
        keys.append(_hash_key("s", title, distinctive_text))
    whole_key = _hash_key("w", link, title, text, exact)
    return entry, tuple(keys), (_hash_key("w", link, title), whole_key) if title else (whole_key,)


def _format_exact_time(published_at: datetime | None) -> str:
    """Return a time that can distinguish two articles, or an empty string for a full or half hour.

    A full or half hour is often a date without a time of day, converted from another time zone.
    """
    return (
        published_at.isoformat()
        if published_at and (published_at.minute % 30 or published_at.second or published_at.microsecond)
        else ""
    )


def _find_article_number(address: str) -> str:
    """Return the longest number in a URL that is not a date: the publisher's article number."""
    return max(
        (n for n in ARTICLE_NUMBER_PATTERN.findall(address) if not DATE_NUMBER_PATTERN.match(n)), key=len, default=""
    )


def _normalize_url(url: str) -> str:
    """Return a URL for comparison: canonical, without scheme, ``www.`` and final slash, which servers treat alike."""
    url = url.strip()
    return canonicalize_url(url).partition("://")[2].removeprefix("www.").rstrip("/") if "://" in url else url


def _is_article_url(link: str) -> bool:
    """Return whether a URL has a path or query, as an article's does and a front page's does not."""
    parts = urlsplit(f"//{link}")
    return bool(parts.path.strip("/") or parts.query)


def _hash_key(kind: str, *parts: str) -> str:
    return kind + xxh3_64_hexdigest("\x1f".join(parts).encode("utf-8", "surrogatepass"))

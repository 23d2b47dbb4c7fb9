"""What makes an entry the same article as one seen before. Dates never decide that.

An entry has several keys, surest first; within one source any known key means a known article. The kinds:

    g  its guid, unless that is only its address again
    u  its canonical URL, if it names a single page
    a  title and exact time of publication (or its day and text)
    n  the number inside its address, and that time
    s  title and text: recognises whole documents whose guids and addresses were re-made at once (``floods.py``)
    w  address and title, or text: for an entry without a usable guid and address
    !  before a key: that key was seen on several entries at once, so it is nobody's identity any more

A guid or an address that collides inside one document is dropped there and marked, per item: good feeds never
re-key (the rule of miniflux, made independent of the order of the entries).
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
    """An entry with its keys, surest first, and the key to use when its guid and address say nothing.

    ``shared`` lists keys that this document proves to be nobody's own.
    """

    entry: Entry
    keys: tuple[str, ...]
    fallback_keys: tuple[str, ...]
    shared_keys: tuple[str, ...] = ()

    def lookup_keys(self) -> tuple[str, ...]:
        """Every key the store must be asked about before ``floods.judge`` can decide."""
        marks = tuple(SHARED_KEY_MARKER + key for key in self.keys if key[0] in STRONG_KEY_KINDS)
        return (*self.keys, *self.fallback_keys, *marks, *self.shared_keys)

    def usable_keys(self, known_keys: Collection[str]) -> tuple[str, ...]:
        """Return the keys that may decide, given what is known to be shared."""
        own = tuple(key for key in self.keys if SHARED_KEY_MARKER + key not in known_keys) if known_keys else self.keys
        return own if any(key[0] in STRONG_KEY_KINDS for key in own) else (*own, *self.fallback_keys)


def assign_entry_keys(feed: Feed) -> tuple[KeyedEntry, ...]:
    """Give every entry of a document its keys, in the order of the document; exact repetitions are dropped.

    Costs a few hashes an entry: texts are hashed as they came, never parsed.
    """
    home = _normalize_url(feed.url)
    claims = [
        _merge_claims([_claim_keys(entry, home) for entry in group]) for group in _group_repeated_entries(feed.entries)
    ]
    owners = Counter(key for _, keys, spare in claims for key in (*keys, *spare))
    several = {key for key, count in owners.items() if count > 1}
    return tuple(_drop_shared_keys(entry, keys, spare, several) for entry, keys, spare in claims)


def collect_lookup_keys(keyed_entries: Iterable[KeyedEntry]) -> frozenset[str]:
    """All keys of a document that the store must be asked about, each once."""
    return frozenset(key for one in keyed_entries for key in one.lookup_keys())


def _group_repeated_entries(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Put together what is one item listed twice: by guid, address and title, or by all but the guid
    (all but the date, without a guid).
    """
    groups: list[list[Entry]] = []
    found: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        text = (entry.url, entry.title, entry.summary, entry.content, entry.published_at if entry.guid else None)
        name = (entry.guid, entry.url, entry.title) if entry.guid and (entry.url or entry.title) else text
        group = found.get(name) or found.get(text)
        if group is None:
            groups.append(group := [])
        if entry not in group:
            group.append(entry)
        found[name] = found[text] = group
    return groups


def _merge_claims(claims: Sequence[KeyClaims]) -> KeyClaims:
    """Give the first of a group the keys of all."""
    keys = {key: None for _, own, _ in claims for key in own}
    spare = {key: None for _, _, last in claims for key in last}
    return claims[0][0], tuple(sorted(keys, key=lambda key: KEY_KINDS.index(key[0]))), tuple(spare)


def _drop_shared_keys(
    entry: Entry, keys: tuple[str, ...], fallback_keys: tuple[str, ...], colliding_keys: Collection[str]
) -> KeyedEntry:
    """Sort out those keys that ``several`` entries have."""
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
    """List the keys an entry would have if it stood alone, then those of its last resort."""
    title = " ".join(unicodedata.normalize("NFKC", entry.title).casefold().split())
    link, guid = _normalize_url(entry.url), entry.guid.strip()
    text = max(entry.content, entry.summary, key=len)
    exact = _format_exact_time(entry.published_at)
    keys = []
    if guid and guid not in {entry.url, feed_url} and _normalize_url(guid) not in {link, feed_url}:
        keys.append(_hash_key("g", guid))
    if link and link != feed_url and _is_article_url(link):
        keys.append(_hash_key("u", link))
    spoken = text if len(text) >= MIN_DISTINCTIVE_TEXT_CHARS else ""
    if title and entry.published_at and (exact or spoken):
        keys.append(_hash_key("a", title, exact or entry.published_at.isoformat() + spoken))
    if (
        entry.published_at
        and (number := _find_article_number(entry.url) or _find_article_number(guid))
        and (exact or len(number) >= 7)
    ):
        keys.append(_hash_key("n", number, entry.published_at.isoformat()))
    if title:
        keys.append(_hash_key("s", title, spoken))
    whole = _hash_key("w", link, title, text, exact)
    return entry, tuple(keys), (_hash_key("w", link, title), whole) if title else (whole,)


def _format_exact_time(published_at: datetime | None) -> str:
    """Write a time that can tell two articles apart; a whole hour is a mere day in some zone."""
    return (
        published_at.isoformat()
        if published_at and (published_at.minute % 30 or published_at.second or published_at.microsecond)
        else ""
    )


def _find_article_number(address: str) -> str:
    """Find the number under which a publisher keeps an article: the longest one that is no date."""
    return max(
        (n for n in ARTICLE_NUMBER_PATTERN.findall(address) if not DATE_NUMBER_PATTERN.match(n)), key=len, default=""
    )


def _normalize_url(url: str) -> str:
    """Write an address the one way it is compared in: canonical, less what servers treat alike."""
    url = url.strip()
    return canonicalize_url(url).partition("://")[2].removeprefix("www.").rstrip("/") if "://" in url else url


def _is_article_url(link: str) -> bool:
    """Tell an article's address from a front page's."""
    parts = urlsplit(f"//{link}")
    return bool(parts.path.strip("/") or parts.query)


def _hash_key(kind: str, *parts: str) -> str:
    return kind + xxh3_64_hexdigest("\x1f".join(parts).encode("utf-8", "surrogatepass"))

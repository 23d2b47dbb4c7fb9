"""Entry identity: the keys under which an entry is looked up among the articles of its source.

The first character of a key is its kind. These kinds identify an article, the most reliable first:

- ``g``: guid, unless it only repeats the URL
- ``f``: URL with its fragment, if the fragment names a place on the page
- ``u``: canonical URL without fragment, if it identifies a single page
- ``a``: title and exact publication time (or the day of publication and the text)
- ``n``: article number in the URL, and publication time
- ``q``: title, and URL without one of its parameters; only for an entry without an exact time
- ``w``: two fallback keys of an entry that has neither a usable guid nor a usable URL. The first is made of URL and
  title, or of URL, text and exact time if there is no title. The second is made of all fields.

These kinds are evidence only and never identify an article by themselves:

- ``s``: title and text; recognises a whole document whose guids and URLs all changed (see ``novelty.py``)
- ``t``: title
- ``!``: prefix of a key that was used for several articles, so that the key identifies none of them

A guid or URL that several different entries of a document have is dropped and marked as shared. ``evidence.py`` decides
whether an entry is the article that has one of its keys.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from msgspec import Struct
from xxhash import xxh3_64_hexdigest

from monitor.domain.source import Entry, Feed
from monitor.domain.values import replace
from monitor.text.urls import canonicalize_url, find_page_place

SHARED_KEY_MARKER = "!"
KEY_KINDS = "gfuanqst"
STRONG_KEY_KINDS = frozenset("gfu")
EVIDENCE_KEY_KINDS = frozenset("st")
MIN_DISTINCTIVE_TEXT_CHARS = 60
MIN_BUILD_TIME_ENTRIES = 10
"""Minimum number of entries of a document whose publication times are removed (``drop_build_time``). If at least this
number of entries have nearly the same time, it is the time at which the document was built, and not the time at which
the articles were published."""

MAX_BUILD_DURATION = timedelta(seconds=30)
"""If the times in a document differ by at most this duration, they all count as the time at which the document was
built. They may differ a little, because some feeds read the clock again for each entry."""

ANOTHER_EDITION_AFTER = timedelta(hours=12)
"""Minimum time between two editions of one page.

An entry that is dated at least this much later than the stored article, and has another title, is the next edition and
not an edited article. The value is between the few hours within which live pages get new titles, and the 24 hours
between editions of daily pages.
"""

MAX_QUERY_PARAMETERS = 6
"""Maximum number of query parameters of a URL that gets ``q`` keys. A URL has one such key for each parameter, so the
limit keeps the number of keys small."""

ARTICLE_NUMBER_PATTERN = re.compile(r"\d{5,}")
DATE_NUMBER_PATTERN = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-3]\d)?$")


class KeyClaims(Struct, frozen=True):
    """The keys that an entry would have if it were the only entry of its document.

    ``query_keys`` has one item for each parameter of the entry's URL. It maps the URL without this parameter to the
    ``q`` key, which is made of the title and this shortened URL.
    """

    entry: Entry
    keys: tuple[str, ...]
    fallback_keys: tuple[str, ...]
    query_keys: Mapping[str, str]


class KeyedEntry(Struct, frozen=True):
    """An entry with its keys: values by which its article is found again, such as hashes of its guid and its URL.

    - ``keys`` identify the article, the most reliable first.
    - ``fallback_keys`` are used only if no guid or URL of the entry is usable.
    - ``evidence_keys`` are stored and compared, but never identify an article.
    - ``shared_keys`` are markers of keys that several entries of the document have, and that identify none of them.
    - ``repeated_entries`` are other entries of the document that list the same item again.
    """

    entry: Entry
    keys: tuple[str, ...]
    fallback_keys: tuple[str, ...]
    evidence_keys: tuple[str, ...] = ()
    shared_keys: tuple[str, ...] = ()
    repeated_entries: tuple[Entry, ...] = ()

    def lookup_keys(self) -> tuple[str, ...]:
        """Return all keys to look up in the store, in order to find out whether the article of the entry is known."""
        marks = tuple(SHARED_KEY_MARKER + key for key in self.keys if key[0] in STRONG_KEY_KINDS)
        return (*self.keys, *self.fallback_keys, *self.evidence_keys, *marks, *self.shared_keys)

    def usable_keys(self, known_keys: Collection[str]) -> tuple[str, ...]:
        """Return the keys that may identify the article of the entry.

        Keys that the store marks as shared by several articles are omitted. If neither a guid nor a URL remains, the
        fallback keys, which are made of several fields, are added. ``known_keys`` are the keys found in the store.
        """
        own = tuple(key for key in self.keys if SHARED_KEY_MARKER + key not in known_keys) if known_keys else self.keys
        return own if any(key[0] in STRONG_KEY_KINDS for key in own) else (*own, *self.fallback_keys)


def assign_entry_keys(feed: Feed, *, is_partial: bool = False) -> tuple[KeyedEntry, ...]:
    """Assign keys to the entries of a document, and return the entries with their keys in document order.

    An item that is listed several times gives one entry, and entries without any content are left out. The cost is a
    few hashes per entry; the HTML of texts is not parsed.

    ``is_partial`` is true if the known items of the document were skipped before parsing. No ``q`` keys (made of the
    title, and the URL without one parameter) are added in this case. They are needed only for documents in which a URL
    parameter changes at each poll. The skipped items were unchanged byte for byte, so this is not such a document.
    """
    home = normalize_url(feed.url)
    entries = [entry for entry in feed.entries if not is_empty_entry(entry)]
    groups = _group_repeated_entries(entries)
    claims = [_merge_claims([_claim_keys(entry, home) for entry in group]) for group in groups]
    if not is_partial:
        claims = _add_query_keys(claims)
    owners = Counter(key for claim in claims for key in (*claim.keys, *claim.fallback_keys))
    colliding_keys = {key for key, count in owners.items() if count > 1}
    keyed = (_drop_shared_keys(claim, colliding_keys) for claim in claims)
    return tuple(
        replace(one, repeated_entries=tuple(group[1:])) if len(group) > 1 else one
        for one, group in zip(keyed, groups, strict=True)
    )


def is_empty_entry(entry: Entry) -> bool:
    """Return whether an entry has neither title, URL nor text, such as an empty item within another item."""
    return not (entry.url or entry.title.strip() or entry.content.strip() or entry.summary.strip() or entry.attached)


def drop_build_time(feed: Feed) -> Feed:
    """Remove the publication dates of a document if they only state when the document was built.

    This is assumed if the document has at least ten entries, all have an exact time (see ``format_exact_time``), and
    these times differ by at most ``MAX_BUILD_DURATION``. Otherwise the document is returned unchanged.
    """
    times = [at for entry in feed.entries if (at := entry.published_at) and format_exact_time(at)]
    if len(times) < max(len(feed.entries), MIN_BUILD_TIME_ENTRIES) or max(times) - min(times) > MAX_BUILD_DURATION:
        return feed
    return replace(feed, entries=tuple(replace(entry, published_at=None) for entry in feed.entries))


def collect_lookup_keys(keyed_entries: Iterable[KeyedEntry]) -> frozenset[str]:
    """Return all keys that must be looked up in the store to recognize the entries of a document."""
    return frozenset(key for one in keyed_entries for key in one.lookup_keys())


def list_reference_keys(reference: str) -> tuple[str, ...]:
    """Return the keys of the entry to which another entry refers.

    ``reference`` is the guid or URL of the entry that is referred to.
    """
    return (*_claim_keys(Entry("", guid=reference), "").keys, *_claim_keys(Entry(reference), "").keys)


def _group_repeated_entries(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Group the entries that list the same item. An item that is listed once is a group of one entry.

    Two entries list the same item if their guid, URL and title are equal, or if everything but the guid is equal.
    Without a guid, everything but the date must be equal. A guid or URL counts as missing if clearly different entries
    share it.
    """
    fillers = _find_fillers(entries)
    groups: list[list[Entry]] = []
    found: dict[tuple[object, ...], list[Entry]] = {}
    for entry in entries:
        guid = "" if entry.guid in fillers else entry.guid
        url = "" if entry.url in fillers else entry.url
        text = (entry.url, entry.title, entry.summary, entry.content)
        text_key = (*text, entry.published_at if guid or not url else None)
        main_key = (guid, entry.url, entry.title) if guid and (entry.url or entry.title) else text_key
        group = found.get(main_key) or found.get(text_key)
        if group is None:
            groups.append(group := [])
        group.append(entry)
        found[main_key] = found[text_key] = group
    return groups


def _find_fillers(entries: Iterable[Entry]) -> set[str]:
    """Return the guids and URLs that several clearly different entries of a document have. They identify no article."""
    first: dict[str, Entry] = {}
    fillers = set()
    for entry in entries:
        for identifier in {entry.guid, entry.url} - {""}:
            if _are_different(first.setdefault(identifier, entry), entry):
                fillers.add(identifier)
    return fillers


def _are_different(one: Entry, other: Entry) -> bool:
    """Return whether two entries are different articles or editions, and not one item that is listed twice.

    They are different in three cases: their titles differ; both have no title, and their texts differ; or their titles
    are equal, their texts differ, and their publication times are at least as far apart as two editions.
    """
    if one.title != other.title:
        return True
    if (one.content, one.summary) == (other.content, other.summary):
        return False
    if not one.title:
        return True
    if one.published_at is None or other.published_at is None:
        return False
    return abs(one.published_at - other.published_at) >= ANOTHER_EDITION_AFTER


def _merge_claims(claims: Sequence[KeyClaims]) -> KeyClaims:
    """Merge several entries of one document that are the same article.

    Return the first entry with the keys of all of them; a key is a guid, URL or the like that identifies the article.
    """
    if len(claims) == 1:
        return claims[0]
    keys = {key: None for claim in claims for key in claim.keys}
    spare = {key: None for claim in claims for key in claim.fallback_keys}
    queries = {address: key for claim in claims for address, key in claim.query_keys.items()}
    return KeyClaims(claims[0].entry, tuple(sorted(keys, key=_rank_key)), tuple(spare), queries)


def _rank_key(key: str) -> int:
    """Return the position of a key in the order of reliability; 0 is the most reliable kind."""
    return KEY_KINDS.index(key[0])


def _add_query_keys(claims: Sequence[KeyClaims]) -> list[KeyClaims]:
    """Add ``q`` keys to the entries. A ``q`` key is made from the title and the URL without one of its parameters.

    A key is added only if no other entry of the document has the same URL without this parameter.
    """
    if not any(claim.query_keys for claim in claims):
        return list(claims)
    count = Counter(address for claim in claims for address in claim.query_keys)
    return [
        replace(claim, keys=(*claim.keys, *(key for address, key in claim.query_keys.items() if count[address] == 1)))
        for claim in claims
    ]


def _drop_shared_keys(claim: KeyClaims, colliding_keys: Collection[str]) -> KeyedEntry:
    """Remove the keys of an entry that other entries of the document also have (``colliding_keys``).

    Removed guids, URLs and fallback keys are recorded in ``shared_keys``. If no guid or URL remains, the remaining
    fallback keys are added to the ordinary keys, which identify the article.
    """
    keys, fallback_keys = claim.keys, claim.fallback_keys
    shared: tuple[str, ...] = ()
    if any(key in colliding_keys for key in (*keys, *fallback_keys)):
        shared = tuple(
            SHARED_KEY_MARKER + key
            for key in (*keys, *fallback_keys[:-1])
            if key in colliding_keys and (key[0] in STRONG_KEY_KINDS or key[0] == "w")
        )
        keys = tuple(key for key in keys if key not in colliding_keys)
        fallback_keys = (*(key for key in fallback_keys[:-1] if key not in colliding_keys), fallback_keys[-1])
    evidence = tuple(key for key in keys if key[0] in EVIDENCE_KEY_KINDS)
    keys = tuple(key for key in keys if key[0] not in EVIDENCE_KEY_KINDS)
    if any(key[0] in STRONG_KEY_KINDS for key in keys):
        return KeyedEntry(claim.entry, keys, fallback_keys, evidence, shared)
    return KeyedEntry(claim.entry, (*keys, *fallback_keys), (), evidence, shared)


def _claim_keys(entry: Entry, feed_url: str) -> KeyClaims:
    """Return the keys that an entry would have if it were the only entry of its document.

    A key is a value by which the article of the entry is found again, such as a hash of its guid or URL. The caller
    removes keys that other entries of the document also have.
    """
    title = normalize_title(entry.title)
    link, guid = normalize_url(entry.url), entry.guid.strip()
    place, guid_place = find_page_place(entry.url), find_page_place(guid)
    text = max(entry.content, entry.summary, key=len)
    exact = format_exact_time(entry.published_at)
    keys = []
    if (
        guid
        and guid not in {entry.url, feed_url}
        and ((guid_place and guid_place != place) or normalize_url(guid) not in {link, feed_url})
    ):
        keys.append(_hash_key("g", guid))
    if place:
        keys.append(_hash_key("f", link, place))
    if link and link != feed_url and _is_article_url(link):
        keys.append(_hash_key("u", link))
    distinctive_text = text if len(text) >= MIN_DISTINCTIVE_TEXT_CHARS else ""
    if title and entry.published_at and (exact or distinctive_text):
        keys.append(_hash_key("a", title, exact or entry.published_at.isoformat() + distinctive_text))
    if (
        entry.published_at
        and (number := find_article_number(entry.url) or find_article_number(guid))
        and (exact or len(number) >= 7)
    ):
        keys.append(_hash_key("n", number, entry.published_at.isoformat()))
    if title:
        keys += (_hash_key("s", title, distinctive_text), _hash_key("t", title))
    fallback_keys = (
        _hash_key("w", link, title) if title else _hash_key("w", link, title, text, exact),
        _hash_key("w", guid, link, title, text, str(entry.published_at)),
    )
    return KeyClaims(entry, tuple(keys), fallback_keys, {} if exact or not title else _claim_query_keys(link, title))


def _claim_query_keys(link: str, title: str) -> dict[str, str]:
    """Return a key for each parameter of an entry's URL, made of the title and the URL without this parameter.

    The result is a dictionary that maps each shortened URL to its key (a ``q`` key). With these keys, an entry is
    recognized even if one parameter is a token that changes with each poll.
    """
    address, _, query = link.partition("?")
    parameters = query.split("&") if query else []
    if len(parameters) > MAX_QUERY_PARAMETERS:
        return {}
    rests = ("&".join(parameters[:number] + parameters[number + 1 :]) for number in range(len(parameters)))
    return {f"{address}?{rest}": _hash_key("q", address, rest, title) for rest in rests}


def format_exact_time(published_at: datetime | None) -> str:
    """Return a publication time as ISO 8601, or an empty string if it is not exact enough to distinguish two articles.

    A full or half hour is not exact: it is often a date without a time of day, converted from another time zone.
    """
    return (
        published_at.isoformat()
        if published_at and (published_at.minute % 30 or published_at.second or published_at.microsecond)
        else ""
    )


def find_article_number(address: str) -> str:
    """Return the longest number in a URL or guid that may be the publisher's article number, or an empty string.

    The number may also be that of a section. Numbers that are dates, and the host with its port, do not count.
    """
    return max(find_numbers(address.partition("://")[2].partition("/")[2] or address), key=len, default="")


def find_numbers(text: str) -> list[str]:
    """Return the numbers in a text that may be article numbers. They have five digits or more and are not a date."""
    return [number for number in ARTICLE_NUMBER_PATTERN.findall(text) if not DATE_NUMBER_PATTERN.match(number)]


def normalize_title(title: str) -> str:
    """Return a title in a form for comparison: in lower case, with normal character width and single spaces."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def normalize_url(url: str) -> str:
    """Return a URL in a form for comparison: canonical, without scheme, ``www.`` and final slash.

    Servers usually send the same page for all forms.
    """
    url = url.strip()
    return canonicalize_url(url).partition("://")[2].removeprefix("www.").rstrip("/") if "://" in url else url


def _is_article_url(link: str) -> bool:
    """Return whether a normalized URL has a path or a query; the URL of a front page has neither."""
    parts = urlsplit(f"//{link}")
    return bool(parts.path.strip("/") or parts.query)


def _hash_key(kind: str, *parts: str) -> str:
    return kind + xxh3_64_hexdigest("\x1f".join(parts).encode("utf-8", "surrogatepass"))

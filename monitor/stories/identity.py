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

from monitor.domain.entry import Entry, Feed
from monitor.text.urls import canonical_url

SHARED = "!"
KINDS = "guans"
STRONG = frozenset("gu")
SPEAKING_TEXT = 60
NUMBER = re.compile(r"\d{5,}")
Claims = tuple[Entry, tuple[str, ...], tuple[str, ...]]
DATE = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-3]\d)?$")


@dataclass(frozen=True, slots=True)
class Identified:
    """An entry with its keys, surest first, and the key to use when its guid and address say nothing.

    ``shared`` lists keys that this document proves to be nobody's own.
    """

    entry: Entry
    keys: tuple[str, ...]
    spare: tuple[str, ...]
    shared: tuple[str, ...] = ()

    def asked(self) -> tuple[str, ...]:
        """Every key the store must be asked about before ``floods.judge`` can decide."""
        marks = tuple(SHARED + key for key in self.keys if key[0] in STRONG)
        return (*self.keys, *self.spare, *marks, *self.shared)

    def usable(self, known: Collection[str]) -> tuple[str, ...]:
        """Return the keys that may decide, given what is known to be shared."""
        own = tuple(key for key in self.keys if SHARED + key not in known) if known else self.keys
        return own if any(key[0] in STRONG for key in own) else (*own, *self.spare)


def identify(feed: Feed) -> tuple[Identified, ...]:
    """Give every entry of a document its keys, in the order of the document; exact repetitions are dropped.

    Costs a few hashes an entry: texts are hashed as they came, never parsed.
    """
    home = _plain(feed.url)
    claims = [_merged([_claims(entry, home) for entry in group]) for group in _groups(feed.entries)]
    owners = Counter(key for _, keys, spare in claims for key in (*keys, *spare))
    several = {key for key, count in owners.items() if count > 1}
    return tuple(_identified(entry, keys, spare, several) for entry, keys, spare in claims)


def keys_asked(identified: Iterable[Identified]) -> frozenset[str]:
    """All keys of a document that the store must be asked about, each once."""
    return frozenset(key for one in identified for key in one.asked())


def _groups(entries: Iterable[Entry]) -> list[list[Entry]]:
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


def _merged(claims: Sequence[Claims]) -> Claims:
    """Give the first of a group the keys of all."""
    keys = {key: None for _, own, _ in claims for key in own}
    spare = {key: None for _, _, last in claims for key in last}
    return claims[0][0], tuple(sorted(keys, key=lambda key: KINDS.index(key[0]))), tuple(spare)


def _identified(entry: Entry, keys: tuple[str, ...], spare: tuple[str, ...], several: Collection[str]) -> Identified:
    """Sort out those keys that ``several`` entries have."""
    shared: tuple[str, ...] = ()
    if any(key in several for key in (*keys, *spare)):
        shared = tuple(SHARED + key for key in (*keys, *spare[:-1]) if key in several and key[0] in "guw")
        keys = tuple(key for key in keys if key not in several)
        spare = (*(key for key in spare[:-1] if key not in several), spare[-1])
    if any(key[0] in STRONG for key in keys):
        return Identified(entry, keys, spare, shared)
    return Identified(entry, (*keys, *spare), (), shared)


def _claims(entry: Entry, home: str) -> Claims:
    """List the keys an entry would have if it stood alone, then those of its last resort."""
    title = " ".join(unicodedata.normalize("NFKC", entry.title).casefold().split())
    link, guid = _plain(entry.url), entry.guid.strip()
    text = max(entry.content, entry.summary, key=len)
    exact = _exact(entry.published_at)
    keys = []
    if guid and guid not in {entry.url, home} and _plain(guid) not in {link, home}:
        keys.append(_key("g", guid))
    if link and link != home and _names_a_page(link):
        keys.append(_key("u", link))
    spoken = text if len(text) >= SPEAKING_TEXT else ""
    if title and entry.published_at and (exact or spoken):
        keys.append(_key("a", title, exact or entry.published_at.isoformat() + spoken))
    if entry.published_at and (number := _number(entry.url) or _number(guid)) and (exact or len(number) >= 7):
        keys.append(_key("n", number, entry.published_at.isoformat()))
    if title:
        keys.append(_key("s", title, spoken))
    whole = _key("w", link, title, text, exact)
    return entry, tuple(keys), (_key("w", link, title), whole) if title else (whole,)


def _exact(at: datetime | None) -> str:
    """Write a time that can tell two articles apart; a whole hour is a mere day in some zone."""
    return at.isoformat() if at and (at.minute % 30 or at.second or at.microsecond) else ""


def _number(address: str) -> str:
    """Find the number under which a publisher keeps an article: the longest one that is no date."""
    return max((n for n in NUMBER.findall(address) if not DATE.match(n)), key=len, default="")


def _plain(url: str) -> str:
    """Write an address the one way it is compared in: canonical, less what servers treat alike."""
    url = url.strip()
    return canonical_url(url).partition("://")[2].removeprefix("www.").rstrip("/") if "://" in url else url


def _names_a_page(link: str) -> bool:
    """Tell an article's address from a front page's."""
    parts = urlsplit(f"//{link}")
    return bool(parts.path.strip("/") or parts.query)


def _key(kind: str, *parts: str) -> str:
    return kind + xxh3_64_hexdigest("\x1f".join(parts).encode("utf-8", "surrogatepass"))

"""Feeds that break one rule at a time, as sequences of polls; every article has a marker word of its own in its text.

A rule changes the items, their form or the bytes of the documents. Publishers break all of them; the names say how.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from itertools import pairwise

from monitor.domain.values import replace

SITE = "https://gazette.example"
POLLS = 3
_SYLLABLES = [
    "ba",
    "co",
    "du",
    "fe",
    "gi",
    "ho",
    "ju",
    "ka",
    "lo",
    "mi",
    "nu",
    "pe",
    "ro",
    "su",
    "ta",
    "ve",
    "wi",
    "zo",
]


@dataclass(frozen=True, slots=True)
class Item:
    """An article as the feed lists it; ``marker`` is in its text. ``raw`` replaces the whole item."""

    marker: str
    title: str
    link: str
    guid: str
    date: str
    text: str
    raw: str | None = None


Poll = list[Item]
Rule = Callable[[list[Poll], random.Random, datetime], list[Poll]]
Writer = Callable[[Sequence[Item]], str]
Encoder = Callable[[str, random.Random], bytes]


@dataclass(frozen=True, slots=True)
class BrokenFeed:
    """The documents of a feed, one for each poll, and the number of items that each lists.

    ``markers`` are the markers of all articles that were listed completely in one of the documents.
    """

    rule: str
    form: str
    documents: tuple[bytes, ...]
    content_type: str
    item_counts: tuple[int, ...]
    markers: tuple[str, ...]


def make_feed(seed: int, now: datetime) -> BrokenFeed:
    """Make the feed of a number; it is always the same, and successive numbers take the rules in turn."""
    rng = random.Random(seed)
    names = sorted({*RULES, *ENCODERS, *WRITERS})
    name = names[seed % len(names)]
    polls = _make_polls(rng, now)
    if rule := RULES.get(name):
        polls = rule(polls, rng, now)
    form = name if name in WRITERS else rng.choice(("rss", "atom", "rdf", "json"))
    if form == "json" and (name in ENCODERS or any(item.raw is not None for poll in polls for item in poll)):
        form = "rss"
    encode = ENCODERS.get(name, _encode_utf8)
    documents = tuple(encode(WRITERS[form](poll), rng) for poll in polls)
    markers = dict.fromkeys(item.marker for poll in polls for item in poll if item.marker)
    content_type = "application/feed+json" if form == "json" else "application/xml"
    return BrokenFeed(name, form, documents, content_type, tuple(map(len, polls)), tuple(markers))


def _make_polls(rng: random.Random, now: datetime) -> list[Poll]:
    """Make the items of each poll, newest first: some new ones at the top, and as many old ones removed."""
    length = rng.randrange(1, 9)
    steps = [rng.randrange(0, min(length, 3) + 1) for _ in range(POLLS - 1)]
    items = [_make_item(rng, number, now) for number in range(length + sum(steps))]
    ends = [length, *(length + sum(steps[: number + 1]) for number in range(len(steps)))]
    return [items[end - length : end][::-1] for end in ends]


def _make_item(rng: random.Random, number: int, now: datetime) -> Item:
    words = [_make_word(rng) for _ in range(40)]
    marker = f"zq{_make_word(rng)}{rng.randrange(10**6):06}"
    date = now - timedelta(hours=20) + timedelta(minutes=53 * number, seconds=rng.randrange(60))
    text = f"{' '.join(words[8:24])} {marker} {' '.join(words[24:])}."
    slug = "-".join(words[:4])
    title = " ".join(words[: rng.randrange(4, 8)]).capitalize()
    return Item(marker, title, f"{SITE}/{slug}", f"tag:{slug}", format_datetime(date), text)


def _make_word(rng: random.Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randrange(2, 5)))


def _each(change: Callable[[Item, int, int, int], Item]) -> Rule:
    """Return a rule that changes each item, given its place in the list, that from the end, and the poll's number."""

    def rule(polls: list[Poll], _rng: random.Random, _now: datetime) -> list[Poll]:
        return [
            [change(item, place, len(poll) - place, number) for place, item in enumerate(poll)]
            for number, poll in enumerate(polls)
        ]

    return rule


def _set(**fields: str) -> Rule:
    return _each(lambda item, *_: replace(item, **fields))


def _share_with_next(field: str) -> Rule:
    """Give two items of each poll the same value, always the same two."""

    def rule(polls: list[Poll], _rng: random.Random, _now: datetime) -> list[Poll]:
        shared = {item.marker for item in polls[-1][:2]}
        value = f"{SITE}/slipped"
        return [[replace(i, **{field: value}) if i.marker in shared else i for i in poll] for poll in polls]

    return rule


def _reuse_of_gone(field: str) -> Rule:
    """Give the newest item of each poll the value of an item that is no longer listed."""

    def rule(polls: list[Poll], _rng: random.Random, _now: datetime) -> list[Poll]:
        values: dict[str, str] = {}
        for before, after in pairwise(polls):
            gone = [item for item in before if item not in after]
            come = [item for item in after if item not in before]
            values |= {new.marker: getattr(old, field) for old, new in zip(gone, come, strict=False)}
        return [[replace(i, **{field: values.get(i.marker, getattr(i, field))}) for i in poll] for poll in polls]

    return rule


def _share_all(polls: list[Poll], _rng: random.Random, _now: datetime) -> list[Poll]:
    """Give all items one guid and one link; a single item with both counts as an edited one."""
    return [
        [replace(item, link=f"{SITE}/bulletin", guid="N/A") for item in poll] if len(poll) > 1 else poll
        for poll in polls
    ]


def _add(*raws: str) -> Rule:
    """Add items without content at the end of each poll."""
    extra = [Item("", "", "", "", "", "", raw) for raw in raws]
    return lambda polls, _rng, _now: [[*poll, *extra] for poll in polls]


def _repeat(**fields: str) -> Rule:
    """List the first item of each poll twice, the second time with other fields."""
    return lambda polls, _rng, _now: [[poll[0], *poll, replace(poll[0], **fields)] for poll in polls]


def _retitle(polls: list[Poll], _rng: random.Random, _now: datetime) -> list[Poll]:
    return [[replace(i, title=f"{i.title} ({'updated ' * n}now)") for i in poll] for n, poll in enumerate(polls)]


def _rewrite(polls: list[Poll], rng: random.Random, _now: datetime) -> list[Poll]:
    """Give every title other words in every poll; guid, link and date stay."""
    return [[replace(i, title=" ".join(_make_word(rng) for _ in range(5))) for i in poll] for poll in polls]


def _redate(polls: list[Poll], _rng: random.Random, now: datetime) -> list[Poll]:
    """Give all items of a poll the time of the request."""
    times = [format_datetime(now + timedelta(minutes=40 * number, seconds=7)) for number in range(len(polls))]
    return [[replace(item, date=at) for item in poll] for at, poll in zip(times, polls, strict=True)]


def _shuffle(polls: list[Poll], rng: random.Random, _now: datetime) -> list[Poll]:
    return [rng.sample(poll, len(poll)) for poll in polls]


RULES: dict[str, Rule] = {
    "none": lambda polls, _rng, _now: polls,
    "guids missing": _set(guid=""),
    "guids blank": _set(guid=" "),
    "guids shared by all": _set(guid="N/A"),
    "guids shared by two": _share_with_next("guid"),
    "guids reused": _reuse_of_gone("guid"),
    "guids positional": _each(lambda item, place, _end, _poll: replace(item, guid=str(place))),
    "guids positional from the end": _each(lambda item, _place, end, _poll: replace(item, guid=str(end))),
    "guids equal to links": _each(lambda item, *_: replace(item, guid=item.link)),
    "guids changed": _each(lambda item, _place, _end, poll: replace(item, guid=f"{item.guid}-{poll}")),
    "guids with version fragments": _each(lambda item, _p, _e, poll: replace(item, guid=f"{item.link}#{poll}")),
    "guids equal to titles": _each(lambda item, *_: replace(item, guid=item.title)),
    "links shared by all": _set(link=f"{SITE}/bulletin"),
    "links to the front page": _set(link=f"{SITE}/"),
    "links shared by two": _share_with_next("link"),
    "links reused": _reuse_of_gone("link"),
    "links relative": _each(lambda item, *_: replace(item, link=item.link.removeprefix(SITE))),
    "links missing": _set(link=""),
    "links that are none": _set(link="N/A"),
    "links with tokens": _each(lambda item, p, _e, poll: replace(item, link=f"{item.link}?session={poll}{p}x{poll}")),
    "links and guids with tokens": _each(
        lambda item, p, _e, poll: replace(item, link=f"{item.link}?s={poll}{p}x", guid=f"{item.link}?s={poll}{p}x")
    ),
    "links with campaigns": _each(lambda item, _p, _e, poll: replace(item, link=f"{item.link}?utm_source=rss{poll}")),
    "links that are anchors": _each(lambda item, *_: replace(item, link=f"{SITE}/live#{item.guid[4:]}")),
    "links and guids that are anchors": _each(
        lambda item, *_: replace(item, link=f"{SITE}/live#{item.guid[4:]}", guid=f"{SITE}/live#{item.guid[4:]}")
    ),
    "links that moved": _each(
        lambda item, _p, _e, poll: replace(item, link=item.link.replace("gazette", f"gazette{poll % 2}"))
    ),
    "links with a section number": _each(
        lambda item, *_: replace(item, guid="", link=item.link.replace(SITE, f"{SITE}:8443/c1000123"))
    ),
    "links and guids shared": _share_all,
    "links and guids missing": _set(link="", guid=""),
    "dates missing": _set(date=""),
    "dates equal": _set(date="Thu, 05 Mar 2026 09:00:00 GMT"),
    "dates equal to the second": _set(date="Thu, 05 Mar 2026 09:17:43 GMT"),
    "dates of the build": _redate,
    "dates malformed": _set(date="yesterday at noon-ish"),
    "dates in the future": _set(date="Thu, 05 Mar 2099 09:17:43 GMT"),
    "dates of the epoch": _set(date="Thu, 01 Jan 1970 00:00:00 GMT"),
    "dates of the day": _each(lambda item, *_: replace(item, date=f"{item.date[:16]} 00:00:00 GMT")),
    "dates of the day without guids": _each(
        lambda item, *_: replace(item, date=f"{item.date[:16]} 00:00:00 GMT", guid="")
    ),
    "dates and guids missing": _set(date="", guid=""),
    "titles empty": _set(title=""),
    "titles equal": _set(title="News"),
    "titles edited": _retitle,
    "titles rewritten": _rewrite,
    "titles with markup": _each(lambda item, *_: replace(item, title=f"<b>{item.title}</b> &amp; more")),
    "titles numbered": _each(lambda item, *_: replace(item, title=f"Report {item.marker[-6:]} of the day")),
    "titles long": _each(lambda item, *_: replace(item, title=" ".join([item.title] * 90))),
    "texts empty but for the marker": _each(lambda item, *_: replace(item, text=item.marker)),
    "texts changed": _each(lambda item, _p, _e, poll: replace(item, text=f"{item.text} Version {poll}.")),
    "texts in markup": _each(lambda item, *_: replace(item, text=f"<p>{item.text}</p><img src='/i.png'>")),
    "items empty": _add("<item></item>", "<item/>"),
    "items of blanks": _add("<item><title> </title><description>  </description></item>"),
    "items with a guid alone": _add("<item><guid>none</guid><pubDate>Thu, 05 Mar 2026 09:17:43 GMT</pubDate></item>"),
    "items repeated": _repeat(),
    "items repeated with another guid": _repeat(guid="tag:again"),
    "items repeated with another date": _repeat(date="Thu, 05 Mar 2026 09:17:43 GMT"),
    "order reversed": lambda polls, _rng, _now: [poll[::-1] for poll in polls],
    "order shuffled": _shuffle,
}


def _write_rss(items: Sequence[Item], *, start: str = "<rss version='2.0'>", end: str = "</rss>") -> str:
    return f"{start}<channel><title>Gazette</title><link>{SITE}/</link>{''.join(map(_rss_item, items))}</channel>{end}"


def _rss_item(item: Item) -> str:
    return item.raw if item.raw is not None else f"<item>{_rss_fields(item)}</item>"


def _rss_fields(item: Item) -> str:
    fields = (("title", item.title), ("link", item.link), ("guid", item.guid), ("pubDate", item.date))
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields if value) + (
        f"<description>{escape(item.text)}</description>"
    )


def _write_nested(items: Sequence[Item]) -> str:
    nested = (f"<item>{_rss_fields(item)}<item/></item>" for item in items)
    return f"<rss version='2.0'><channel><title>Gazette</title>{''.join(nested)}</channel></rss>"


def _write_atom(items: Sequence[Item], prefix: str = "") -> str:
    name = f"{prefix}:" if prefix else ""
    entries = "".join(
        (item.raw or "").replace("item", f"{name}entry")
        if item.raw is not None
        else f"<{name}entry><{name}title>{escape(item.title)}</{name}title><{name}id>{escape(item.guid)}</{name}id>"
        f"<{name}link href='{escape(item.link)}'/><{name}published>{escape(item.date)}</{name}published>"
        f"<{name}summary type='html'>{escape(item.text)}</{name}summary></{name}entry>"
        for item in items
    )
    namespace = f"xmlns{':' + prefix if prefix else ''}='http://www.w3.org/2005/Atom'"
    return f"<{name}feed {namespace}><{name}title>Gazette</{name}title>{entries}</{name}feed>"


def _write_rdf(items: Sequence[Item]) -> str:
    entries = "".join(
        item.raw
        if item.raw is not None
        else f"<item rdf:about='{escape(item.guid)}'><title>{escape(item.title)}</title>"
        f"<link>{escape(item.link)}</link><dc:date>{escape(item.date)}</dc:date>"
        f"<description>{escape(item.text)}</description></item>"
        for item in items
    )
    return (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' "
        f"xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Gazette</title></channel>{entries}</rdf:RDF>"
    )


def _write_json(items: Sequence[Item]) -> str:
    listed = [
        {"id": i.guid, "url": i.link, "title": i.title, "date_published": i.date, "content_html": escape(i.text)}
        for i in items
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "Gazette", "items": listed})


def _declare(text: str, encoding: str) -> str:
    return f"<?xml version='1.0' encoding='{encoding}'?>{text}"


WRITERS: dict[str, Writer] = {
    "rss": _write_rss,
    "atom": _write_atom,
    "rdf": _write_rdf,
    "json": _write_json,
    "items with an empty item nested": _write_nested,
    "atom with a prefix": lambda items: _write_atom(items, "a"),
    "rss with a default namespace": lambda items: _write_rss(
        items, start="<rss version='2.0' xmlns='http://backend.userland.com/rss2'>"
    ),
    "rss with unknown namespaces": lambda items: _write_rss(
        items, start="<rss version='2.0' xmlns:x='urn:x'><x:y z='1'/>"
    ),
    "rss without version": lambda items: _write_rss(items, start="<rss>"),
    "rss that is not closed": lambda items: _write_rss(items, end=""),
    "rss with a doctype": lambda items: _write_rss(items, start="<!DOCTYPE rss [<!ENTITY x 'y'>]><rss version='2.0'>"),
    "rss in capitals": lambda items: _write_rss(items).replace("<title>", "<TITLE>").replace("</title>", "</TITLE>"),
}


def _encode_utf8(text: str, _rng: random.Random) -> bytes:
    return text.encode()


ENCODERS: dict[str, Encoder] = {
    "bytes with a mark": lambda text, _rng: b"\xef\xbb\xbf" + text.encode(),
    "bytes in utf-16": lambda text, _rng: _declare(text, "utf-16").encode("utf-16"),
    "bytes in latin-1": lambda text, _rng: (
        _declare(text, "iso-8859-1").replace("<title>", "<title>é ").encode("latin-1")
    ),
    "bytes in latin-1, undeclared": lambda text, _rng: text.replace("<title>", "<title>é ").encode("latin-1"),
    "bytes in windows-1251": lambda text, _rng: (
        _declare(text, "windows-1251").replace("<title>", "<title>Ж ").encode("windows-1251")
    ),
    "bytes after blanks": lambda text, _rng: f"\n\n  {text}".encode(),
    "bytes with control characters": lambda text, _rng: text.replace("<title>", "<title>\x08").encode(),
    "bytes with bare ampersands": lambda text, _rng: text.replace("<title>", "<title>A & B ").encode(),
    "bytes with rubbish at the end": lambda text, _rng: f"{text}<!-- x --><script>".encode(),
    "bytes in cdata": lambda text, _rng: (
        text.replace("<description>", "<description><![CDATA[").replace("</description>", "]]></description>").encode()
    ),
}

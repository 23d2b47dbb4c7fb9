"""What a poll brought: known articles, news, and floods that are stored without alerting anybody.

Identity decides what is new; dates only gate floods. A flood is held back whole, with one line that says so, and
can be released; a single late article is news.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitor.domain.entry import Entry
from monitor.domain.source import SourceMemory
from monitor.stories.identity import Identified

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
LATE = timedelta(days=2)
LATE_TOGETHER = 5
RETOLD_TOGETHER = 3
RETOLD_FRESH = 5
RETOLD_BARE = 10
STAMPED_TOGETHER = 10
OLD = "published before the source was watched"
UNDATED_TOGETHER = 50


@dataclass(frozen=True, slots=True)
class Judged:
    """An entry to be kept. ``held`` tells why it was kept back; its date is dropped where it cannot be true."""

    entry: Entry
    keys: tuple[str, ...]
    news: bool
    held: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to keep of a poll: ``fresh`` articles, and ``learned`` keys of known ones (each holds a known key).

    ``known`` counts the entries seen before, for the overlap between polls; ``summary`` is one line on what was
    held back, or empty. ``baseline_at`` goes into the source's memory.
    """

    fresh: tuple[Judged, ...]
    learned: tuple[Judged, ...]
    known: int
    summary: str
    baseline_at: datetime


def is_news(entry: Entry, memory: SourceMemory, backfill: timedelta, now: datetime) -> bool:
    """Tell whether a new entry alerts if it comes alone: what was published before we watched does not.

    Before the baseline only what is dated within ``backfill`` counts; later an undated entry counts too, and a late
    one. A date before 1995 or more than a day ahead counts as none.
    """
    published_at = believable(entry.published_at, now)
    if memory.baseline_at is None:
        return published_at is not None and published_at >= now - backfill
    return published_at is None or published_at >= memory.baseline_at - backfill


def believable(at: datetime | None, now: datetime) -> datetime | None:
    """Return a date that can be true, or None."""
    return at if at and EARLIEST <= at <= now + AHEAD else None


def judge(
    identified: Sequence[Identified],
    known: Collection[str],
    memory: SourceMemory,
    backfill: timedelta,
    now: datetime,
    certain: int = 0,
) -> Verdict:
    """Sort a document's entries into known ones, news and what is held back.

    ``known`` are those of ``keys_asked(identified)`` that the source has had before, ``memory`` is what the poll
    before this one left. ``certain`` counts entries of the document that were left out because they are known to
    the letter. Keys of a fresh entry that are known already as somebody else's are left out of it.
    """
    seen: list[Identified] = []
    new: list[Identified] = []
    for one in identified:
        (seen if _same(one, known) else new).append(one)
    retold = _retold(new, known, memory, len(seen) + certain)
    fresh = tuple(_fresh(one, known, memory, backfill, now) for one in new if not retold or one not in retold)
    fresh = _hold(fresh, memory, len(seen) + certain)
    learned = tuple(one for one in (_learned(each, known, now) for each in (*seen, *retold)) if one)
    baseline_at = memory.baseline_at or now
    return Verdict(fresh, learned, len(seen) + len(retold) + certain, _summary(fresh, len(retold)), baseline_at)


def _same(one: Identified, known: Collection[str]) -> bool:
    return any(key in known for key in one.usable(known) if key[0] != "s")


def _retold(
    new: Sequence[Identified], known: Collection[str], memory: SourceMemory, seen: int
) -> frozenset[Identified]:
    """Find known articles under new guids and addresses: many at once, where hardly anything else is known."""
    again = [one for one in new if any(key in known for key in one.keys if key[0] == "s")]
    last = memory.last_success_at
    old = [one for one in again if last and (one.entry.published_at is None or one.entry.published_at <= last)]
    if len(old) >= RETOLD_TOGETHER and len(old) > seen:
        return frozenset(old)
    bare = any(not (one.entry.content or one.entry.summary) for one in again)
    enough = RETOLD_BARE if bare else RETOLD_FRESH
    return frozenset(again) if len(again) >= enough and len(again) >= 0.8 * (len(new) + seen) else frozenset()


def _fresh(one: Identified, known: Collection[str], memory: SourceMemory, backfill: timedelta, now: datetime) -> Judged:
    entry = _dated(one.entry, now)
    keys = tuple(key for key in (*one.usable(known), *one.shared) if key not in known)
    news = is_news(entry, memory, backfill, now)
    held = "" if news or memory.baseline_at is None else OLD
    return Judged(entry, keys, news, held)


def _dated(entry: Entry, now: datetime) -> Entry:
    at = believable(entry.published_at, now)
    return entry if at is entry.published_at else replace(entry, published_at=at)


def _learned(one: Identified, known: Collection[str], now: datetime) -> Judged | None:
    """Return a known entry's keys if any of them is new to us: a moved article, an edited headline."""
    keys = (*one.usable(known), *one.shared)
    if all(key in known for key in keys if key[0] != "s"):
        return None
    entry = _dated(one.entry, now)
    return Judged(entry, tuple(sorted(keys, key=lambda key: key not in known)), news=False)


def _hold(fresh: tuple[Judged, ...], memory: SourceMemory, seen: int) -> tuple[Judged, ...]:
    """Hold back what comes in a mass that no day's work explains."""
    if memory.baseline_at is None:
        return fresh
    news = [one for one in fresh if one.news]
    last = memory.last_success_at or memory.baseline_at
    late = {one.keys for one in fresh if one.entry.published_at and one.entry.published_at < last - LATE}
    stamps = Counter(one.entry.published_at for one in news if one.entry.published_at and _odd(one.entry.published_at))
    stamped = {at for at, count in stamps.items() if count >= STAMPED_TOGETHER}
    undated = sum(one.entry.published_at is None for one in news)
    held = []
    for one in fresh:
        reason = one.held
        if one.news and one.keys in late and len(late) >= LATE_TOGETHER:
            reason = "dug up with many others"
        elif one.news and one.entry.published_at in stamped:
            reason = "dated to the same second as many others"
        elif one.news and one.entry.published_at is None and undated >= UNDATED_TOGETHER and not seen:
            reason = "one of many without a date"
        held.append(replace(one, news=one.news and not reason, held=reason))
    return tuple(held)


def _odd(at: datetime) -> bool:
    """Tell a time that a program wrote from one that a desk chose."""
    return bool(at.second or at.microsecond or at.minute % 5)


def _summary(fresh: Sequence[Judged], retold: int) -> str:
    reasons = Counter(one.held for one in fresh if one.held)
    parts = [f"{count} {reason}" for reason, count in sorted(reasons.items())]
    if retold:
        parts.append(f"{retold} known under other addresses")
    return f"held back without alerting: {'; '.join(parts)}" if parts else ""

"""What a poll brought: known articles, news, and floods that are stored without alerting anybody.

Identity decides what is new; dates only gate floods. A flood is held back whole, with one line that says so, and
can be released; a single late article is news.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from monitor.domain.poll_state import PollState
from monitor.domain.source import Entry
from monitor.stories.identity import KeyedEntry

MIN_PUBLICATION_DATE = datetime(1995, 1, 1, tzinfo=UTC)
MAX_FUTURE_OFFSET = timedelta(days=1)
LATE_AFTER = timedelta(days=2)
LATE_ENTRIES_MIN = 5
REPUBLISHED_MIN = 3
REPUBLISHED_RECENT_MIN = 5
REPUBLISHED_BARE_MIN = 10
SAME_TIMESTAMP_MIN = 10
PREDATES_SOURCE_REASON = "published before the source was watched"
UNDATED_ENTRIES_MIN = 50


class EntryDecision(StrEnum):
    """Result for one entry of a document.

    ``REPUBLISHED``: known under other keys; ``REPEATED``: same item as an earlier entry of the document.
    """

    NEW = "new"
    QUARANTINED = "quarantined"
    KNOWN = "known"
    REPUBLISHED = "republished"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class ClassifiedEntry:
    """An entry to be kept. ``held`` tells why it was kept back; its date is dropped where it cannot be true."""

    entry: Entry
    keys: tuple[str, ...]
    is_alertable: bool
    quarantine_reason: str = ""


@dataclass(frozen=True, slots=True)
class PollNovelty:
    """What to keep of a poll: ``fresh`` articles, and ``learned`` keys of known ones (each holds a known key).

    ``known`` counts the entries seen before, for the overlap between polls; ``summary`` is one line on what was
    held back, or empty. ``baseline_at`` goes into the source's memory.
    """

    new: tuple[ClassifiedEntry, ...]
    aliases: tuple[ClassifiedEntry, ...]
    known_count: int
    summary: str
    baseline_at: datetime
    decisions: tuple[EntryDecision, ...] = ()  # one for each entry that was classified, in their order


def is_alertable(entry: Entry, poll_state: PollState, backfill: timedelta, now: datetime) -> bool:
    """Tell whether a new entry alerts if it comes alone: what was published before we watched does not.

    Before the baseline only what is dated within ``backfill`` counts; later an undated entry counts too, and a late
    one. A date before 1995 or more than a day ahead counts as none.
    """
    published_at = plausible_date(entry.published_at, now)
    if poll_state.baseline_at is None:
        return published_at is not None and published_at >= now - backfill
    return published_at is None or published_at >= poll_state.baseline_at - backfill


def plausible_date(published_at: datetime | None, now: datetime) -> datetime | None:
    """Return a date that can be true, or None."""
    return published_at if published_at and MIN_PUBLICATION_DATE <= published_at <= now + MAX_FUTURE_OFFSET else None


def classify_entries(
    keyed_entries: Sequence[KeyedEntry],
    known_keys: Collection[str],
    poll_state: PollState,
    backfill: timedelta,
    now: datetime,
    unchanged_count: int = 0,
) -> PollNovelty:
    """Sort a document's entries into known ones, news and what is held back.

    ``known`` are those of ``keys_asked(identified)`` that the source has had before, ``memory`` is what the poll
    before this one left. ``certain`` counts entries of the document that were left out because they are known to
    the letter. Keys of a fresh entry that are known already as somebody else's are left out of it.
    """
    known_flags = [_is_known(one, known_keys) for one in keyed_entries]
    seen = [one for one, is_known in zip(keyed_entries, known_flags, strict=True) if is_known]
    new = [one for one, is_known in zip(keyed_entries, known_flags, strict=True) if not is_known]
    retold = _find_republished(new, known_keys, poll_state, len(seen) + unchanged_count)
    fresh = tuple(
        _classify_new(one, known_keys, poll_state, backfill, now) for one in new if not retold or one not in retold
    )
    fresh = _quarantine(fresh, poll_state, len(seen) + unchanged_count)
    learned = tuple(one for one in (_find_aliases(each, known_keys, now) for each in (*seen, *retold)) if one)
    baseline_at = poll_state.baseline_at or now
    return PollNovelty(
        fresh,
        learned,
        len(seen) + len(retold) + unchanged_count,
        _summarize_quarantine(fresh, len(retold)),
        baseline_at,
        _decisions(keyed_entries, known_flags, retold, fresh),
    )


def _decisions(
    keyed_entries: Sequence[KeyedEntry],
    known_flags: Sequence[bool],
    republished: Collection[KeyedEntry],
    new_entries: Sequence[ClassifiedEntry],
) -> tuple[EntryDecision, ...]:
    """Return the decision on each entry; ``new_entries`` are in the order of the document."""
    following = iter(new_entries)
    decisions = []
    for one, is_known in zip(keyed_entries, known_flags, strict=True):
        if is_known:
            decisions.append(EntryDecision.KNOWN)
        elif republished and one in republished:
            decisions.append(EntryDecision.REPUBLISHED)
        else:
            is_quarantined = bool(next(following).quarantine_reason)
            decisions.append(EntryDecision.QUARANTINED if is_quarantined else EntryDecision.NEW)
    return tuple(decisions)


def _is_known(keyed_entry: KeyedEntry, known_keys: Collection[str]) -> bool:
    return any(key in known_keys for key in keyed_entry.usable_keys(known_keys) if key[0] != "s")


def _find_republished(
    new_entries: Sequence[KeyedEntry], known_keys: Collection[str], poll_state: PollState, known_count: int
) -> frozenset[KeyedEntry]:
    """Find known articles under new guids and addresses: many at once, where hardly anything else is known."""
    again = [one for one in new_entries if any(key in known_keys for key in one.keys if key[0] == "s")]
    last = poll_state.last_success_at
    old = [one for one in again if last and (one.entry.published_at is None or one.entry.published_at <= last)]
    if len(old) >= REPUBLISHED_MIN and len(old) > known_count:
        return frozenset(old)
    bare = any(not (one.entry.content or one.entry.summary) for one in again)
    enough = REPUBLISHED_BARE_MIN if bare else REPUBLISHED_RECENT_MIN
    return (
        frozenset(again)
        if len(again) >= enough and len(again) >= 0.8 * (len(new_entries) + known_count)
        else frozenset()
    )


def _classify_new(
    keyed_entry: KeyedEntry, known_keys: Collection[str], poll_state: PollState, backfill: timedelta, now: datetime
) -> ClassifiedEntry:
    entry = _drop_implausible_date(keyed_entry.entry, now)
    keys = tuple(
        key for key in (*keyed_entry.usable_keys(known_keys), *keyed_entry.shared_keys) if key not in known_keys
    )
    news = is_alertable(entry, poll_state, backfill, now)
    held = "" if news or poll_state.baseline_at is None else PREDATES_SOURCE_REASON
    return ClassifiedEntry(entry, keys, news, held)


def _drop_implausible_date(entry: Entry, now: datetime) -> Entry:
    at = plausible_date(entry.published_at, now)
    return entry if at is entry.published_at else replace(entry, published_at=at)


def _find_aliases(keyed_entry: KeyedEntry, known_keys: Collection[str], now: datetime) -> ClassifiedEntry | None:
    """Return a known entry's keys if any of them is new to us: a moved article, an edited headline."""
    keys = (*keyed_entry.usable_keys(known_keys), *keyed_entry.shared_keys)
    if all(key in known_keys for key in keys if key[0] != "s"):
        return None
    entry = _drop_implausible_date(keyed_entry.entry, now)
    return ClassifiedEntry(entry, tuple(sorted(keys, key=lambda key: key not in known_keys)), is_alertable=False)


def _quarantine(
    new_entries: tuple[ClassifiedEntry, ...], poll_state: PollState, known_count: int
) -> tuple[ClassifiedEntry, ...]:
    """Hold back what comes in a mass that no day's work explains."""
    if poll_state.baseline_at is None:
        return new_entries
    news = [one for one in new_entries if one.is_alertable]
    last = poll_state.last_success_at or poll_state.baseline_at
    late = {one.keys for one in new_entries if one.entry.published_at and one.entry.published_at < last - LATE_AFTER}
    stamps = Counter(
        one.entry.published_at for one in news if one.entry.published_at and _is_machine_time(one.entry.published_at)
    )
    stamped = {at for at, count in stamps.items() if count >= SAME_TIMESTAMP_MIN}
    undated = sum(one.entry.published_at is None for one in news)
    held = []
    for one in new_entries:
        reason = one.quarantine_reason
        if one.is_alertable and one.keys in late and len(late) >= LATE_ENTRIES_MIN:
            reason = "one of many old articles"
        elif one.is_alertable and one.entry.published_at in stamped:
            reason = "one of many with the same timestamp"
        elif one.is_alertable and one.entry.published_at is None and undated >= UNDATED_ENTRIES_MIN and not known_count:
            reason = "one of many without a date"
        held.append(replace(one, is_alertable=one.is_alertable and not reason, quarantine_reason=reason))
    return tuple(held)


def _is_machine_time(published_at: datetime) -> bool:
    """Tell a time that a program wrote from one that a desk chose."""
    return bool(published_at.second or published_at.microsecond or published_at.minute % 5)


def _summarize_quarantine(new_entries: Sequence[ClassifiedEntry], republished_count: int) -> str:
    reasons = Counter(one.quarantine_reason for one in new_entries if one.quarantine_reason)
    parts = [f"{count} {reason}" for reason, count in sorted(reasons.items())]
    if republished_count:
        parts.append(f"{republished_count} known under other addresses")
    return f"held back without alerting: {'; '.join(parts)}" if parts else ""

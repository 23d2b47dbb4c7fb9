"""Poll novelty: classifies the entries of a poll as known, new, republished or quarantined.

Entry keys decide which entries are new. Dates decide only about quarantine. If a poll brings an implausibly large
number of old, undated or equally dated entries, all of them are quarantined: they are stored, but not reported. One
line in the next digest states this, and the user can release the articles. A single late article is not quarantined.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from monitor.domain.article import KnownArticle
from monitor.domain.poll_state import PollState
from monitor.domain.source import Entry
from monitor.domain.values import replace
from monitor.stories.evidence import Recognition, recognize_entries
from monitor.stories.identity import SHARED_KEY_MARKER, KeyedEntry

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
    """Decision on one entry of a document.

    - ``NEW``: the article is not known yet.
    - ``QUARANTINED``: the article is not known yet, and is stored, but not reported.
    - ``KNOWN``: the article is known.
    - ``REPUBLISHED``: the article is known, but under another guid and URL.
    - ``REPEATED``: the document has listed the same item before.
    - ``EMPTY``: the entry has no title, URL or text, so that there is nothing to store.
    """

    NEW = "new"
    QUARANTINED = "quarantined"
    KNOWN = "known"
    REPUBLISHED = "republished"
    REPEATED = "repeated"
    EMPTY = "empty"


class ClassifiedEntry(Struct, frozen=True):
    """A new or changed entry to store.

    ``keys`` identify the article at later polls. ``evidence_keys`` are stored, but do not identify the article.
    ``quarantine_reason`` is empty unless the entry is quarantined. An implausible date of the entry is removed. For a
    change of a stored article, ``known_article`` is this article, otherwise None.
    """

    entry: Entry
    keys: tuple[str, ...]
    evidence_keys: tuple[str, ...]
    is_alertable: bool
    quarantine_reason: str = ""
    known_article: KnownArticle | None = None


class PollNovelty(Struct, frozen=True):
    """Result of classifying the entries of a poll.

    - ``new`` are the new entries, and ``aliases`` are the known entries that have new keys.
    - ``known_count`` is the number of entries seen before; the overlap between polls is computed from it.
    - ``summary`` is one line about quarantined entries, or empty.
    - ``baseline_at`` is the time of the first poll, to be stored in the poll state.
    - ``known_article_ids`` are the ids of the stored articles that the document lists.
    """

    new: tuple[ClassifiedEntry, ...]
    aliases: tuple[ClassifiedEntry, ...]
    known_count: int
    summary: str
    baseline_at: datetime
    decisions: tuple[EntryDecision, ...] = ()  # one for each entry that was classified, in their order
    known_article_ids: frozenset[int] = frozenset()


def is_alertable(entry: Entry, poll_state: PollState, backfill: timedelta, now: datetime) -> bool:
    """Return whether a new entry may be reported. This depends on its date and on the first poll of its source.

    At the first poll, an entry must have a date that is at most ``backfill`` ago. At later polls, entries without a
    date may be reported, too, and so may entries dated up to ``backfill`` before the first poll. A date before 1995 or
    more than a day in the future counts as missing.
    """
    published_at = plausible_date(entry.published_at, now)
    if poll_state.baseline_at is None:
        return published_at is not None and published_at >= now - backfill
    return published_at is None or published_at >= poll_state.baseline_at - backfill


def plausible_date(published_at: datetime | None, now: datetime) -> datetime | None:
    """Return a publication date, or None if it is before 1995 or more than a day in the future."""
    return published_at if published_at and MIN_PUBLICATION_DATE <= published_at <= now + MAX_FUTURE_OFFSET else None


def classify_entries(
    keyed_entries: Sequence[KeyedEntry],
    known: Mapping[str, KnownArticle],
    poll_state: PollState,
    backfill: timedelta,
    now: datetime,
    unchanged_count: int = 0,
) -> PollNovelty:
    """Classify the entries of a document as known, new, republished or quarantined.

    ``known`` maps the lookup keys that are stored for the source to their articles. ``unchanged_count`` is the number
    of items that were skipped before parsing, because their bytes are known.
    """
    recognitions = dict(zip(keyed_entries, recognize_entries(keyed_entries, known), strict=True))
    new = [one for one in keyed_entries if recognitions[one].article is None]
    known_count = len(keyed_entries) - len(new) + unchanged_count
    republished = _find_republished(new, known, poll_state, known_count)
    fresh = tuple(
        _classify_new(one, recognitions[one], known, poll_state, backfill, now) for one in new if one not in republished
    )
    fresh = _quarantine(fresh, poll_state, known_count)
    articles = {one: article for one, found in recognitions.items() if (article := found.article)} | republished
    aliases = (_find_alias(one, articles[one], recognitions[one], known) for one in keyed_entries if one in articles)
    return PollNovelty(
        fresh,
        tuple(one for one in aliases if one),
        known_count + len(republished),
        _summarize_quarantine(fresh, len(republished)),
        poll_state.baseline_at or now,
        _decisions(keyed_entries, articles, republished, fresh),
        frozenset(article.id for article in articles.values()),
    )


def _decisions(
    keyed_entries: Sequence[KeyedEntry],
    known_entries: Collection[KeyedEntry],
    republished: Collection[KeyedEntry],
    new_entries: Sequence[ClassifiedEntry],
) -> tuple[EntryDecision, ...]:
    """Return the decision on each of ``keyed_entries``, in document order.

    ``new_entries`` are the classified entries that are neither known nor republished, in document order.
    """
    following = iter(new_entries)
    decisions = []
    for one in keyed_entries:
        if one in republished:
            decisions.append(EntryDecision.REPUBLISHED)
        elif one in known_entries:
            decisions.append(EntryDecision.KNOWN)
        else:
            is_quarantined = bool(next(following).quarantine_reason)
            decisions.append(EntryDecision.QUARANTINED if is_quarantined else EntryDecision.NEW)
    return tuple(decisions)


def _find_republished(
    new_entries: Sequence[KeyedEntry], known: Mapping[str, KnownArticle], poll_state: PollState, known_count: int
) -> dict[KeyedEntry, KnownArticle]:
    """Return a dictionary that maps new entries to the known articles that they repeat under new guids and URLs.

    Such an entry has the title and text of a known article. A few such entries may be coincidence, so the result is
    empty unless there are many. They must also outnumber the known entries, or make up nearly the whole document.
    """
    matching = {one: known[key] for one in new_entries for key in one.evidence_keys if key[0] == "s" and key in known}
    last = poll_state.last_success_at
    old = {
        one: article
        for one, article in matching.items()
        if last and (one.entry.published_at is None or one.entry.published_at <= last)
    }
    if len(old) >= REPUBLISHED_MIN and len(old) > known_count:
        return old
    has_no_text = any(not (one.entry.content or one.entry.summary) for one in matching)
    min_count = REPUBLISHED_BARE_MIN if has_no_text else REPUBLISHED_RECENT_MIN
    return matching if len(matching) >= min_count and len(matching) >= 0.8 * (len(new_entries) + known_count) else {}


def _classify_new(
    keyed_entry: KeyedEntry,
    recognition: Recognition,
    known: Mapping[str, KnownArticle],
    poll_state: PollState,
    backfill: timedelta,
    now: datetime,
) -> ClassifiedEntry:
    entry = _drop_implausible_date(keyed_entry.entry, now)
    keys, evidence_keys = _keys_to_store(keyed_entry, recognition, known)
    alertable = is_alertable(entry, poll_state, backfill, now)
    quarantine_reason = "" if alertable or poll_state.baseline_at is None else PREDATES_SOURCE_REASON
    return ClassifiedEntry(entry, keys, evidence_keys, alertable, quarantine_reason)


def _keys_to_store(
    keyed_entry: KeyedEntry, recognition: Recognition, known: Mapping[str, KnownArticle]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return two tuples: the keys and the evidence keys of an entry that are not stored yet.

    Keys identify an article; evidence keys are only compared. A key that is stored for another article is left out. If
    this key is a guid or URL, an evidence key is added that marks it as shared. An entry whose guid and URL are both
    unusable gets its fallback keys.
    """
    marks = (*keyed_entry.shared_keys, *(SHARED_KEY_MARKER + key for key in recognition.reused_keys))
    usable = keyed_entry.usable_keys({*known, *marks} if marks else known)
    keys = tuple(key for key in usable if key not in known)
    evidence_keys = tuple(key for key in (*keyed_entry.evidence_keys, *marks) if key not in known)
    return keys, evidence_keys


def _drop_implausible_date(entry: Entry, now: datetime) -> Entry:
    at = plausible_date(entry.published_at, now)
    return entry if at is entry.published_at else replace(entry, published_at=at)


def _find_alias(
    keyed_entry: KeyedEntry, article: KnownArticle, recognition: Recognition, known: Mapping[str, KnownArticle]
) -> ClassifiedEntry | None:
    """Return a known entry with its keys that are not stored yet, or None if no new key must be stored.

    An entry has new keys if its guid or URL has changed, or if its headline was edited. If only the text was edited,
    the only new key is ``s``, a hash of title and text, which need not be stored.
    """
    keys, evidence_keys = _keys_to_store(keyed_entry, recognition, known)
    if not keys and all(key[0] == "s" for key in evidence_keys):
        return None
    return ClassifiedEntry(keyed_entry.entry, keys, evidence_keys, is_alertable=False, known_article=article)


def _quarantine(
    new_entries: tuple[ClassifiedEntry, ...], poll_state: PollState, known_count: int
) -> tuple[ClassifiedEntry, ...]:
    """Add a reason for quarantine to new entries if too many of them have an unusual date, and return all new entries.

    Quarantined entries are stored, but not reported. Entries are quarantined if many are old, if many have the same
    exact time, or if many have no date and the document has no known entry. Nothing is quarantined at the first poll.
    """
    if poll_state.baseline_at is None:
        return new_entries
    news = [one for one in new_entries if one.is_alertable]
    last = poll_state.last_success_at or poll_state.baseline_at
    late = {one.keys for one in new_entries if one.entry.published_at and one.entry.published_at < last - LATE_AFTER}
    stamps = Counter(
        one.entry.published_at for one in news if one.entry.published_at and _is_machine_time(one.entry.published_at)
    )
    machine_times = {at for at, count in stamps.items() if count >= SAME_TIMESTAMP_MIN}
    undated = sum(one.entry.published_at is None for one in news)
    checked = []
    for one in new_entries:
        reason = one.quarantine_reason
        if one.is_alertable and one.keys in late and len(late) >= LATE_ENTRIES_MIN:
            reason = "one of many old articles"
        elif one.is_alertable and one.entry.published_at in machine_times:
            reason = "one of many with the same timestamp"
        elif one.is_alertable and one.entry.published_at is None and undated >= UNDATED_ENTRIES_MIN and not known_count:
            reason = "one of many without a date"
        checked.append(replace(one, is_alertable=one.is_alertable and not reason, quarantine_reason=reason))
    return tuple(checked)


def _is_machine_time(published_at: datetime) -> bool:
    """Return whether a program has probably set a publication time: editors usually use multiples of five minutes."""
    return bool(published_at.second or published_at.microsecond or published_at.minute % 5)


def _summarize_quarantine(new_entries: Sequence[ClassifiedEntry], republished_count: int) -> str:
    reasons = Counter(one.quarantine_reason for one in new_entries if one.quarantine_reason)
    parts = [f"{count} {reason}" for reason, count in sorted(reasons.items())]
    if republished_count:
        parts.append(f"{republished_count} known under other URLs")
    return f"quarantined: {'; '.join(parts)}" if parts else ""

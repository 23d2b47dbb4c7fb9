"""Recheck step: fetches the pages of reported articles again for several days, and reports changes of the articles.

Changes are edits, corrections and withdrawals. A new version of an article is reported in three cases: a watched
mention was added or removed; the headline or the sentence with a mention changed; or the text contains a correction
notice. Other edits are reported only for rules with ``report_edits``. Mail programs show the report of a change in the
same thread as the first report of the story.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from difflib import SequenceMatcher
from enum import StrEnum

from msgspec import Struct

from monitor.domain.article import Article, Region
from monitor.domain.errors import LeaseLost, MonitorError
from monitor.domain.fetch_result import Failed, Fetched, FetchResult, Gone
from monitor.domain.mention import ChangePlace, Findings, HitKind, Passage, RuleHit, TextChange
from monitor.domain.ports import Clock, Fetcher, ProcessPool
from monitor.domain.revision import CONFIRM_MISSING_AFTER, ArticleEvent, Recheck, next_recheck_at
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.domain.watchlist import Rule
from monitor.pipeline.article_pages import extract_article, page_request
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.store.database import Database
from monitor.stories.diff import (
    Revision,
    RevisionKind,
    compare_versions,
    find_correction_notice,
    find_withdrawal_notice,
    normalize_passages,
)
from monitor.text.sanitize import truncate_text

RECHECK_LEASE = timedelta(minutes=5)
MIN_CONFIDENCE = 0.4  # a page with a lower extraction confidence is not compared with the reported version
MISSING_STATUSES = {404, 410}
WITHDRAWN_NOTE = "the page is no longer there"
NOTICE_NOTES = {
    HitKind.CORRECTION: "the text has a correction notice",
    HitKind.WITHDRAWN: "the outlet withdraws the article",
}
MAX_QUOTE_CHARS = 200  # maximum number of characters of the previous text
MAX_CHANGES, MAX_CHANGE_CHARS = 3, 500  # maximum number of sentences of one rule, and maximum length of each
MIN_LIKENESS = 0.4  # two sentences with a lower likeness are a removed one and an added one


class RecheckOutcome(StrEnum):
    """Outcome of one recheck, in which the page of a reported article is fetched again to find changes.

    ``CHANGED`` means that the article has a new version, but no rule reports the change. ``MISSING`` means that the
    page was not found; a later recheck must confirm this.
    """

    SAME = "same"
    CHANGED = "changed"
    REPORTED = "reported"
    WITHDRAWN = "withdrawn"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    LEASE_LOST = "lease_lost"


class RecheckResult(Struct, frozen=True):
    """Result of one recheck, a later fetch of an article's page: the id of the article, and the outcome."""

    article_id: int
    outcome: RecheckOutcome
    detail: str = ""


class Rechecker:
    """Step that fetches the pages of reported articles again, and reports changes of the articles.

    A failure affects only its own article.
    """

    def __init__(
        self,
        database: Database,
        fetcher: Fetcher,
        process_pool: ProcessPool,
        matcher: BoundedMatcher,
        rules: Sequence[Rule],
        clock: Clock,
    ) -> None:
        self._database, self._fetcher, self._process_pool = database, fetcher, process_pool
        self._matcher, self._clock = matcher, clock
        self._edit_rule_ids = frozenset(rule.id for rule in rules if rule.report_edits)

    async def run_due(self, sources: Mapping[str, Source], limit: int = 16) -> list[RecheckResult]:
        """Fetch the pages of at most ``limit`` due articles again, concurrently, and store and report changes."""
        now = self._clock()
        due = await self._database.run(self._database.rechecks.lease_due, now, limit, now + RECHECK_LEASE)
        return list(
            await asyncio.gather(
                *(self._recheck_safely(recheck, sources.get(recheck.stored.source_id)) for recheck in due)
            )
        )

    async def _recheck_safely(self, recheck: Recheck, source: Source | None) -> RecheckResult:
        article_id = recheck.stored.id
        try:
            return await self._fetch_and_compare(recheck, source)
        except LeaseLost:
            return RecheckResult(article_id, RecheckOutcome.LEASE_LOST)
        except Exception as error:  # noqa: BLE001 - an article with an error is rechecked later and stops no other
            await self._schedule_next(recheck)
            return RecheckResult(article_id, RecheckOutcome.UNREADABLE, f"{type(error).__name__}: {error}")

    async def _fetch_and_compare(self, recheck: Recheck, source: Source | None) -> RecheckResult:
        stored = recheck.stored
        url = stored.article.url
        outcome = await self._fetcher.fetch(page_request(source, url))
        if is_missing(outcome):
            return await self._record_missing(recheck)
        if not isinstance(outcome, Fetched):
            await self._schedule_next(recheck)
            return RecheckResult(stored.id, RecheckOutcome.UNREADABLE, getattr(outcome, "reason", ""))
        try:
            _, found = await extract_article(outcome, source, None, self._fetcher, self._process_pool)
        except MonitorError as error:
            await self._schedule_next(recheck)
            return RecheckResult(stored.id, RecheckOutcome.UNREADABLE, str(error))
        return await self._compare(recheck, found)

    async def _compare(self, recheck: Recheck, found: Article) -> RecheckResult:
        stored = recheck.stored
        article = merge_versions(stored.article, found)
        is_reliable = found.confidence >= MIN_CONFIDENCE and found.body and not found.partial_reason
        revision = (
            compare_versions(stored.article, article, stored.version_count)
            if is_reliable
            else Revision(RevisionKind.NONE)
        )
        if revision.kind is RevisionKind.NONE:
            await self._schedule_next(recheck)
            return RecheckResult(stored.id, RecheckOutcome.SAME)
        verdicts = await self._database.read(self._database.feedback.load_verdicts, [stored])
        counting = verdicts.get(stored.id, ())
        findings = await self._matcher.match(article, stored.source_id, stored.first_seen_at, counting)
        events = find_events(recheck.findings, findings, revision, self._edit_rule_ids)
        await self._store_version(recheck, article, findings, events)
        outcome = RecheckOutcome.REPORTED if events else RecheckOutcome.CHANGED
        return RecheckResult(stored.id, outcome, revision.summary)

    async def _record_missing(self, recheck: Recheck) -> RecheckResult:
        now, stored = self._clock(), recheck.stored
        if not recheck.missing_count:
            record_result = self._database.rechecks.record_result
            await self._database.run(record_result, recheck, now, now + CONFIRM_MISSING_AFTER, 1)
            return RecheckResult(stored.id, RecheckOutcome.MISSING)
        events = [ArticleEvent(hit, HitKind.WITHDRAWN, WITHDRAWN_NOTE) for hit in recheck.findings.hits]
        record_change = self._database.rechecks.record_change
        await self._database.run(record_change, recheck, stored.article, recheck.findings, events, now, None)
        return RecheckResult(stored.id, RecheckOutcome.WITHDRAWN)

    async def _schedule_next(self, recheck: Recheck) -> None:
        now = self._clock()
        due_at = next_recheck_at(recheck.stored.first_seen_at, now)
        await self._database.run(self._database.rechecks.record_result, recheck, now, due_at, 0)

    async def _store_version(
        self, recheck: Recheck, article: Article, findings: Findings, events: Sequence[ArticleEvent]
    ) -> None:
        now = self._clock()
        due_at = next_recheck_at(recheck.stored.first_seen_at, now)
        await self._database.run(self._database.rechecks.record_change, recheck, article, findings, events, now, due_at)


def is_missing(fetch_result: FetchResult) -> bool:
    """Return whether the server reports that the page no longer exists."""
    return isinstance(fetch_result, Gone) or (
        isinstance(fetch_result, Failed) and fetch_result.status in MISSING_STATUSES
    )


def merge_versions(before: Article, found: Article) -> Article:
    """Return the new version of an article, completed with data from the old version.

    Data such as the authors are taken from the old version if the page no longer states them.
    """
    return replace(
        found,
        url=before.url,
        title=found.title or before.title,
        standfirst=found.standfirst or before.standfirst,
        canonical_url=found.canonical_url or before.canonical_url,
        published_at=before.published_at or found.published_at,
        modified_at=found.modified_at or before.modified_at,
        authors=found.authors or before.authors,
        agency=found.agency or before.agency,
        section=found.section or before.section,
        language=found.language or before.language,
    )


def find_events(
    before: Findings, after: Findings, revision: Revision, edit_rule_ids: frozenset[str]
) -> list[ArticleEvent]:
    """Return one event for each rule that reports a change of an article.

    ``before`` and ``after`` are the findings in the two versions of the article. ``edit_rule_ids`` are the rules that
    report every edit.
    """
    old = {hit.rule_id: hit for hit in before.hits}
    new = {hit.rule_id: hit for hit in after.hits}
    withdrawal, correction = find_withdrawal_notice(revision), find_correction_notice(revision)
    kind = HitKind.WITHDRAWN if withdrawal else HitKind.CORRECTION if correction else HitKind.UPDATE
    notice = withdrawal or correction
    events = []
    for rule, hit in {**old, **new}.items():
        note = _event_note(old.get(rule), new.get(rule), revision, kind, reports_all_edits=rule in edit_rule_ids)
        if note:
            changes = _find_changes(old.get(rule), new.get(rule), revision, notice)
            events.append(ArticleEvent(hit, kind, note, changes))
    return events


def _event_note(
    old: RuleHit | None, new: RuleHit | None, revision: Revision, kind: HitKind, *, reports_all_edits: bool
) -> str:
    """Describe a change in a few words for one rule, or return an empty string if the rule does not report it."""
    notes = [NOTICE_NOTES[kind]] if kind in NOTICE_NOTES else []
    if revision.kind is RevisionKind.HEADLINE:
        notes.append("the headline changed" + _quote_previous(revision.lines[0].removeprefix("- ")))
    if old is None:
        notes.append("it now satisfies the rule")
    elif new is None:
        notes.append("it no longer satisfies the rule" + _quote_previous(*_removed_sentences(old, ())[:1]))
    elif normalize_passages(old) != normalize_passages(new):
        removed = _removed_sentences(old, new.passages)[:1]
        changed = "the sentence around a mention changed" if removed else "a further sentence was added"
        notes.append(changed + _quote_previous(*removed))
    return "; ".join(notes) or (revision.summary if reports_all_edits else "")


def _find_changes(old: RuleHit | None, new: RuleHit | None, revision: Revision, notice: str) -> tuple[TextChange, ...]:
    """Return the changed texts, before and after, that a digest shows for one rule.

    These are the headline, the sentences that satisfy the rule, and the correction or withdrawal notice of the outlet.
    """
    changes = []
    if revision.kind is RevisionKind.HEADLINE:
        before, after = (line[2:] for line in revision.lines[:2])
        changes.append(TextChange(ChangePlace.HEADLINE, before, after))
    removed = _removed_sentences(old, new.passages if new else ()) if old else []
    added = _removed_sentences(new, old.passages if old else ()) if new else []
    for before in removed[:MAX_CHANGES]:
        after = max(added, key=lambda text, before=before: _likeness(before, text), default="")  # type: ignore[misc]
        if after and _likeness(before, after) < MIN_LIKENESS:
            after = ""
        added = [text for text in added if text != after]
        changes.append(TextChange(ChangePlace.PASSAGE, before, after))
    changes += [TextChange(ChangePlace.PASSAGE, "", after) for after in added[: MAX_CHANGES - len(removed)]]
    if notice and not any(notice in change.after for change in changes):
        changes.append(TextChange(ChangePlace.NOTICE, "", notice))
    return tuple(
        TextChange(
            change.place, truncate_text(change.before, MAX_CHANGE_CHARS), truncate_text(change.after, MAX_CHANGE_CHARS)
        )
        for change in changes
    )


def _likeness(text: str, other: str) -> float:
    """Return the similarity of two sentences from 0 to 1."""
    return SequenceMatcher(None, text[:MAX_CHANGE_CHARS], other[:MAX_CHANGE_CHARS], autojunk=False).ratio()


def _removed_sentences(old: RuleHit, passages: Sequence[Passage]) -> list[str]:
    """Return the sentences that satisfied a rule in one version of an article, and are missing in another version.

    ``old`` is the match of the rule in the first of these versions, with its sentences. ``passages`` are the sentences
    of the other version. Headlines are left out, because they are compared elsewhere.
    """
    present = {" ".join(passage.text.split()) for passage in passages}
    texts = (" ".join(passage.text.split()) for passage in old.passages if passage.region is not Region.TITLE)
    return [text for text in dict.fromkeys(texts) if text not in present]


def _quote_previous(*texts: str) -> str:
    """Quote texts of the earlier version of an article, for the end of a note. Without texts, the result is empty."""
    return "".join(f", before: “{truncate_text(text, MAX_QUOTE_CHARS)}”" for text in texts)

"""Look again, over days, at the pages of what was told: silent edits, corrections and withdrawals are news too.

A new version is told if a watched mention came or went, its sentence or the headline changed, or the text says that it
is a correction; other edits only under rules with ``report_edits``. The notice threads under the first one by its
story.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.domain.article import Article, Region
from monitor.domain.errors import LeaseLost, MonitorError
from monitor.domain.fetch_result import Failed, Fetched, FetchPurpose, FetchRequest, FetchResult, Gone
from monitor.domain.mention import Findings, HitKind, Passage, RuleHit
from monitor.domain.ports import Clock, Fetcher, ProcessPool
from monitor.domain.revision import CONFIRM_MISSING_AFTER, ArticleEvent, Recheck, RecheckDatabase, next_recheck_at
from monitor.domain.source import Source
from monitor.domain.watchlist import Rule
from monitor.pipeline.feed_documents import request_headers
from monitor.pipeline.match_articles import ArticleMatcher
from monitor.stories.diff import Revision, RevisionKind, compare_versions, has_correction_notice, normalize_passages
from monitor.text.sanitize import truncate_text

RECHECK_LEASE = timedelta(minutes=5)
MIN_CONFIDENCE = 0.4  # confidence below which a page is too doubtful to be held against what was told
MISSING_STATUSES = {404, 410}
WITHDRAWN_NOTE = "the page is no longer there"
MAX_QUOTE_CHARS = 200  # characters of what stood there before


@dataclass(frozen=True, slots=True)
class RecheckResult:
    """What another look at an article brought: same, changed, told, withdrawn, missing, unread or lost."""

    article_id: int
    outcome: str
    detail: str = ""


class Rechecker:
    """Looks again at told articles; each stands alone."""

    def __init__(
        self,
        database: RecheckDatabase,
        fetcher: Fetcher,
        process_pool: ProcessPool,
        matcher: ArticleMatcher,
        rules: Sequence[Rule],
        clock: Clock,
    ) -> None:
        self._database, self._fetcher, self._process_pool = database, fetcher, process_pool
        self._matcher, self._clock = matcher, clock
        self._edit_rule_ids = frozenset(rule.id for rule in rules if rule.report_edits)

    async def run_due(self, sources: Mapping[str, Source], limit: int = 16) -> list[RecheckResult]:
        """Look again at what is due, side by side."""
        now = self._clock()
        due = await self._database.run(self._database.rechecks.lease_due, now, limit, now + RECHECK_LEASE)
        return list(
            await asyncio.gather(*(self._recheck_safely(one, sources.get(one.stored.source_id)) for one in due))
        )

    async def _recheck_safely(self, recheck: Recheck, source: Source | None) -> RecheckResult:
        number = recheck.stored.id
        try:
            return await self._fetch_and_compare(recheck, source)
        except LeaseLost:
            return RecheckResult(number, "lost")
        except Exception as error:  # noqa: BLE001 - the guard of one article: it is looked at again later, others go on
            await self._schedule_next(recheck)
            return RecheckResult(number, "unread", f"{type(error).__name__}: {error}")

    async def _fetch_and_compare(self, recheck: Recheck, source: Source | None) -> RecheckResult:
        stored = recheck.stored
        url = stored.article.url
        headers = request_headers(source, url) if source else ()
        outcome = await self._fetcher.fetch(FetchRequest(url, FetchPurpose.PAGE, headers=headers))
        if is_missing(outcome):
            return await self._record_missing(recheck)
        if not isinstance(outcome, Fetched):
            await self._schedule_next(recheck)
            return RecheckResult(stored.id, "unread", getattr(outcome, "reason", ""))
        from monitor.extract.extractor import extract_page

        try:
            found: Article = await self._process_pool.run(
                extract_page, outcome.body, outcome.url, outcome.content_type, source, None
            )
        except MonitorError as error:
            await self._schedule_next(recheck)
            return RecheckResult(stored.id, "unread", str(error))
        return await self._compare(recheck, found)

    async def _compare(self, recheck: Recheck, found: Article) -> RecheckResult:
        stored = recheck.stored
        article = merge_versions(stored.article, found)
        sure = found.confidence >= MIN_CONFIDENCE and found.body and not found.partial
        revision = compare_versions(stored.article, article, stored.revisions) if sure else Revision(RevisionKind.NONE)
        if revision.kind is RevisionKind.NONE:
            await self._schedule_next(recheck)
            return RecheckResult(stored.id, "same")
        findings = self._matcher.match(article, stored.source_id)
        told = find_events(recheck.findings, findings, revision, self._edit_rule_ids)
        await self._store_version(recheck, article, findings, told)
        return RecheckResult(stored.id, "told" if told else "changed", revision.summary)

    async def _record_missing(self, recheck: Recheck) -> RecheckResult:
        now, stored = self._clock(), recheck.stored
        if not recheck.missing_count:
            again = self._database.rechecks.record_result
            await self._database.run(again, recheck, now, now + CONFIRM_MISSING_AFTER, 1)
            return RecheckResult(stored.id, "missing")
        told = [ArticleEvent(hit, HitKind.WITHDRAWN, WITHDRAWN_NOTE) for hit in recheck.findings.hits]
        keep = self._database.rechecks.record_change
        await self._database.run(keep, recheck, stored.article, recheck.findings, told, now, None)
        return RecheckResult(stored.id, "withdrawn")

    async def _schedule_next(self, recheck: Recheck) -> None:
        now = self._clock()
        when = next_recheck_at(recheck.stored.first_seen_at, now)
        await self._database.run(self._database.rechecks.record_result, recheck, now, when, 0)

    async def _store_version(
        self, recheck: Recheck, article: Article, findings: Findings, events: Sequence[ArticleEvent]
    ) -> None:
        now = self._clock()
        when = next_recheck_at(recheck.stored.first_seen_at, now)
        await self._database.run(self._database.rechecks.record_change, recheck, article, findings, events, now, when)


def is_missing(fetch_result: FetchResult) -> bool:
    """Tell whether the server says that the page is no more."""
    return isinstance(fetch_result, Gone) or (
        isinstance(fetch_result, Failed) and fetch_result.status in MISSING_STATUSES
    )


def merge_versions(before: Article, found: Article) -> Article:
    """Return the new version: the texts as they are now, the facts as they were where the page no longer tells them."""
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
    """Decide what of a change is told, rule by rule; ``changes`` are the rules that want every edit."""
    old = {hit.rule_id: hit for hit in before.hits}
    new = {hit.rule_id: hit for hit in after.hits}
    kind = HitKind.CORRECTION if has_correction_notice(revision) else HitKind.UPDATE
    told = []
    for rule, hit in {**old, **new}.items():
        note = _event_note(old.get(rule), new.get(rule), revision, reports_all_edits=rule in edit_rule_ids)
        if note:
            told.append(ArticleEvent(hit, kind, note))
    return told


def _event_note(old: RuleHit | None, new: RuleHit | None, revision: Revision, *, reports_all_edits: bool) -> str:
    """Say in a few words what changed for one rule, or nothing if it is not worth telling."""
    notes = ["the text says that it was corrected"] if has_correction_notice(revision) else []
    if revision.kind is RevisionKind.HEADLINE:
        notes.append("the headline changed" + _quote_previous(revision.lines[0].removeprefix("- ")))
    if old is None:
        notes.append("it now names what is watched")
    elif new is None:
        notes.append("it no longer names what is watched" + _quote_previous(*_removed_sentences(old, ())))
    elif normalize_passages(old) != normalize_passages(new):
        gone = _removed_sentences(old, new.passages)
        changed = "the sentence around a mention changed" if gone else "a further sentence names what is watched"
        notes.append(changed + _quote_previous(*gone))
    return "; ".join(notes) or (revision.summary if reports_all_edits else "")


def _removed_sentences(old: RuleHit, passages: Sequence[Passage]) -> list[str]:
    """Return the first sentence of a hit that stands no more; a headline is told as such."""
    stands = {" ".join(passage.text.split()) for passage in passages}
    texts = (" ".join(passage.text.split()) for passage in old.passages if passage.region is not Region.TITLE)
    return [text for text in texts if text not in stands][:1]


def _quote_previous(*texts: str) -> str:
    """Say what stood there, so that the reader sees the difference without looking for the old version."""
    return "".join(f", before: “{truncate_text(text, MAX_QUOTE_CHARS)}”" for text in texts)

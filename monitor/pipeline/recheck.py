"""Look again, over days, at the pages of what was told: silent edits, corrections and withdrawals are news too.

A new version is told if a watched mention came or went, its sentence or the headline changed, or the text says that it
is a correction; other edits only under rules with ``changes``. The notice threads under the first one by its story.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.domain.article import Article, Region
from monitor.domain.digest import Kind
from monitor.domain.errors import LeaseLost, MonitorError
from monitor.domain.exchange import Failed, Fetched, Gone, Outcome, Purpose, Request
from monitor.domain.mention import Findings, Passage, RuleHit
from monitor.domain.ports import Clock, Fetcher, Workshop
from monitor.domain.revision import CONFIRM, Event, Recheck, RecheckDatabase, next_check
from monitor.domain.rule import Rule
from monitor.domain.source import Source
from monitor.pipeline.documents import headers_for
from monitor.pipeline.screen import Watcher
from monitor.stories.revisions import Change, Revision, admits, compare, proof
from monitor.text.visible import clip

LEASE = timedelta(minutes=5)
SURE = 0.4  # confidence below which a page is too doubtful to be held against what was told
NOT_FOUND = {404, 410}
WITHDRAWN = "the page is no longer there"
QUOTED = 200  # characters of what stood there before


@dataclass(frozen=True, slots=True)
class Look:
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
        workshop: Workshop,
        watcher: Watcher,
        rules: Sequence[Rule],
        clock: Clock,
    ) -> None:
        self._database, self._fetcher, self._workshop = database, fetcher, workshop
        self._watcher, self._clock = watcher, clock
        self._changes = frozenset(rule.id for rule in rules if rule.changes)

    async def tick(self, sources: Mapping[str, Source], limit: int = 16) -> list[Look]:
        """Look again at what is due, side by side."""
        now = self._clock()
        due = await self._database.run(self._database.rechecks.lease_due, now, limit, now + LEASE)
        return list(await asyncio.gather(*(self._guarded(one, sources.get(one.stored.source_id)) for one in due)))

    async def _guarded(self, recheck: Recheck, source: Source | None) -> Look:
        number = recheck.stored.id
        try:
            return await self._look(recheck, source)
        except LeaseLost:
            return Look(number, "lost")
        except Exception as error:  # noqa: BLE001 - the guard of one article: it is looked at again later, others go on
            await self._settle(recheck)
            return Look(number, "unread", f"{type(error).__name__}: {error}")

    async def _look(self, recheck: Recheck, source: Source | None) -> Look:
        stored = recheck.stored
        url = stored.article.url
        headers = headers_for(source, url) if source else ()
        outcome = await self._fetcher.fetch(Request(url, Purpose.PAGE, headers=headers))
        if is_missing(outcome):
            return await self._missing(recheck)
        if not isinstance(outcome, Fetched):
            await self._settle(recheck)
            return Look(stored.id, "unread", getattr(outcome, "reason", ""))
        from monitor.extract.page import extract_page  # long to load, and most passes have no page to look at again

        try:
            found: Article = await self._workshop.run(
                extract_page, outcome.body, outcome.url, outcome.content_type, source, None
            )
        except MonitorError as error:
            await self._settle(recheck)
            return Look(stored.id, "unread", str(error))
        return await self._weigh(recheck, found)

    async def _weigh(self, recheck: Recheck, found: Article) -> Look:
        stored = recheck.stored
        article = renewed(stored.article, found)
        sure = found.confidence >= SURE and found.body and not found.partial
        revision = compare(stored.article, article, stored.revisions) if sure else Revision(Change.NONE)
        if revision.change is Change.NONE:
            await self._settle(recheck)
            return Look(stored.id, "same")
        findings = self._watcher.screen(article, stored.source_id)
        told = events(recheck.findings, findings, revision, self._changes)
        await self._keep(recheck, article, findings, told)
        return Look(stored.id, "told" if told else "changed", revision.summary)

    async def _missing(self, recheck: Recheck) -> Look:
        now, stored = self._clock(), recheck.stored
        if not recheck.missing:
            again = self._database.rechecks.settle
            await self._database.run(again, recheck, now, now + CONFIRM, 1)
            return Look(stored.id, "missing")
        told = [Event(hit, Kind.WITHDRAWN, WITHDRAWN) for hit in recheck.findings.hits]
        keep = self._database.rechecks.keep
        await self._database.run(keep, recheck, stored.article, recheck.findings, told, now, None)
        return Look(stored.id, "withdrawn")

    async def _settle(self, recheck: Recheck) -> None:
        now = self._clock()
        when = next_check(recheck.stored.first_seen_at, now)
        await self._database.run(self._database.rechecks.settle, recheck, now, when, 0)

    async def _keep(self, recheck: Recheck, article: Article, findings: Findings, told: Sequence[Event]) -> None:
        now = self._clock()
        when = next_check(recheck.stored.first_seen_at, now)
        await self._database.run(self._database.rechecks.keep, recheck, article, findings, told, now, when)


def is_missing(outcome: Outcome) -> bool:
    """Tell whether the server says that the page is no more."""
    return isinstance(outcome, Gone) or (isinstance(outcome, Failed) and outcome.status in NOT_FOUND)


def renewed(before: Article, found: Article) -> Article:
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


def events(before: Findings, after: Findings, revision: Revision, changes: frozenset[str]) -> list[Event]:
    """Decide what of a change is told, rule by rule; ``changes`` are the rules that want every edit."""
    old = {hit.rule_id: hit for hit in before.hits}
    new = {hit.rule_id: hit for hit in after.hits}
    kind = Kind.CORRECTION if admits(revision) else Kind.UPDATE
    told = []
    for rule, hit in {**old, **new}.items():
        note = _note(old.get(rule), new.get(rule), revision, wants_all=rule in changes)
        if note:
            told.append(Event(hit, kind, note))
    return told


def _note(old: RuleHit | None, new: RuleHit | None, revision: Revision, *, wants_all: bool) -> str:
    """Say in a few words what changed for one rule, or nothing if it is not worth telling."""
    notes = ["the text says that it was corrected"] if admits(revision) else []
    if revision.change is Change.HEADLINE:
        notes.append("the headline changed" + _before(revision.lines[0].removeprefix("- ")))
    if old is None:
        notes.append("it now names what is watched")
    elif new is None:
        notes.append("it no longer names what is watched" + _before(*_gone(old, ())))
    elif proof(old) != proof(new):
        gone = _gone(old, new.passages)
        changed = "the sentence around a mention changed" if gone else "a further sentence names what is watched"
        notes.append(changed + _before(*gone))
    return "; ".join(notes) or (revision.summary if wants_all else "")


def _gone(old: RuleHit, now: Sequence[Passage]) -> list[str]:
    """Return the first sentence of a hit that stands no more; a headline is told as such."""
    stands = {" ".join(passage.text.split()) for passage in now}
    texts = (" ".join(passage.text.split()) for passage in old.passages if passage.region is not Region.TITLE)
    return [text for text in texts if text not in stands][:1]


def _before(*texts: str) -> str:
    """Say what stood there, so that the reader sees the difference without looking for the old version."""
    return "".join(f", before: “{clip(text, QUOTED)}”" for text in texts)

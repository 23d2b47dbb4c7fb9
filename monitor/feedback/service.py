"""Feedback of readers: reject, confirm, mark, undo, and edits of stories.

The command line, the desk, the API and the links of digests use this module. A verdict takes effect at once. The
article and its duplicates are matched again with the verdict. Then one transaction stores the verdict, and withdraws or
adds hits. Every act of feedback is recorded as a change, which can be undone.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from monitor.domain.article import Region, Stage, StoredArticle
from monitor.domain.errors import AlreadyDone, StoreError, UsageError
from monitor.domain.feedback import (
    MAX_NOTE_CHARS,
    MAX_SENTENCE_CHARS,
    Change,
    FeedbackResult,
    Mark,
    MarkKind,
    Proposal,
    ProposalKind,
    ProposalOutcome,
    Reader,
    RejectionReason,
    Verdict,
    VerdictKind,
    Way,
    select_effective,
)
from monitor.domain.mention import Findings, MatchForm
from monitor.domain.ports import Clock
from monitor.domain.values import replace
from monitor.domain.watchlist import Watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.pipeline.rescreen import RescreenStep, screen_again
from monitor.store.database import Database
from monitor.store.feedback import ScreeningBasis
from monitor.text.fold import fold, fold_written
from monitor.text.sanitize import truncate_text
from monitor.text.tokens import find_sentence

_NEW_ID = 1 << 62
"""Id of a verdict that is not stored yet. It is higher than every stored id, so that the verdict counts as the newest
one."""
_MAX_CONFLICTS = 5


class Actor(Struct, frozen=True):
    """Reader who gives feedback, and the interface through which the feedback is given."""

    reader: Reader
    way: Way = Way.CLI


class FeedbackService:
    """Service that records feedback on the articles and stories of one database.

    A verdict or mark is stored in one transaction together with its effect.
    """

    def __init__(self, database: Database, matcher: BoundedMatcher, watchlist: Watchlist, clock: Clock) -> None:
        self._database, self._matcher, self._clock = database, matcher, clock
        self._officials = {official.id: official for official in watchlist.officials}

    async def get_actor(self, login: str, way: Way = Way.CLI, *, name: str = "") -> Actor:
        """Return the reader with the login ``login``, as an actor. If there is none, create a reader named ``name``."""
        ensure_reader = self._database.feedback.ensure_reader
        return Actor(await self._database.run(ensure_reader, login, self._clock(), name), way)

    async def reject(
        self,
        article_id: int,
        official_id: str,
        actor: Actor,
        *,
        written: str = "",
        whole_story: bool = False,
        reason: RejectionReason = RejectionReason.OTHER,
        note: str = "",
    ) -> FeedbackResult:
        """Record that the name of an official in an article means somebody else.

        Open proposals (feedback of viewers that waits for an editor) to record the same are closed. ``written``
        restricts the verdict to one spelling of the name; if it is empty, the verdict covers every mention of the
        official. With ``whole_story``, the verdict covers all articles of the story, also later ones.

        Raises ``AlreadyDone`` if the article does not mention the official in this spelling, or ``UsageError`` with
        ``whole_story``. If an equal verdict has already removed the mention, the result has this earlier verdict, and
        no error is raised.
        """
        rejection = self._reject(article_id, official_id, actor, written, note, reason, whole_story=whole_story)
        return await self._close_proposals(await rejection, actor)

    async def _reject(
        self,
        article_id: int,
        official_id: str,
        actor: Actor,
        written: str,
        note: str,
        reason: RejectionReason,
        *,
        whole_story: bool,
    ) -> FeedbackResult:
        stored, findings = await self._load(article_id, official_id)
        folded = fold_written(written)
        named = [one for one in findings.mentions if one.official_id == official_id]
        texts = [one for one in named if not folded or fold_written(one.text) == folded]
        verdict = self._build(VerdictKind.REJECTED, stored, official_id, actor, folded, note, whole_story=whole_story)
        verdict = replace(verdict, reason=str(reason))
        if not texts:
            repeated = await self._find_repeated(verdict, stored)
            if repeated is None:
                ways = ", ".join(sorted({repr(one.text) for one in named}))
                found = f"it names {official_id} as {ways}" if ways else "no mention of this official is stored"
                # other articles of the story may name the official
                error = UsageError if whole_story else AlreadyDone
                raise error(f"article {article_id} does not name {official_id} so; {found}")
            return repeated
        sentence = _cut_sentence(stored, texts[0].region, texts[0].start, texts[0].end)
        return await self._give(replace(verdict, sentence=sentence), actor)

    async def confirm(
        self, article_id: int, official_id: str, written: str, actor: Actor, *, note: str = ""
    ) -> FeedbackResult:
        """Record that a text in an article means an official.

        Open proposals (feedback of viewers that waits for an editor) to record the same are closed. Raises
        ``UsageError`` if the article does not contain the text, or if the text would still not count as a mention of
        the official. Raises ``AlreadyDone`` if it counts as one already.
        """
        return await self._close_proposals(await self._confirm(article_id, official_id, written, actor, note), actor)

    async def _confirm(
        self, article_id: int, official_id: str, written: str, actor: Actor, note: str
    ) -> FeedbackResult:
        stored, _findings = await self._load(article_id, official_id)
        folded = fold_written(written)
        place = _find_text(stored, folded) if folded else None
        if place is None:
            raise UsageError(f"article {article_id} has no text {written!r}; give it as the article prints it")
        verdict = self._build(VerdictKind.CONFIRMED, stored, official_id, actor, folded, note, whole_story=False)
        return await self._give(replace(verdict, sentence=_cut_sentence(stored, *place)), actor)

    async def mark(
        self,
        story_id: str,
        kind: MarkKind,
        actor: Actor,
        *,
        plan_id: str = "",
        rule_id: str = "",
        until_at: datetime | None = None,
    ) -> FeedbackResult:
        """Set a mark on a story, such as mute: for the digest ``plan_id``, or for the reader if ``plan_id`` is empty.

        ``rule_id`` restricts the mark to the reports of one rule. ``until_at`` is the time at which the mark ends. If
        the mark mutes the story for a digest, open proposals to do this are closed. Raises ``UsageError`` if the story
        does not exist.
        """
        result = await self._mark(story_id, kind, actor, plan_id, rule_id, until_at)
        return await self._close_proposals(result, actor) if kind is MarkKind.MUTED and plan_id else result

    async def _mark(
        self, story_id: str, kind: MarkKind, actor: Actor, plan_id: str, rule_id: str, until_at: datetime | None
    ) -> FeedbackResult:
        if kind is MarkKind.READ and plan_id:
            raise UsageError("a story is read by a reader, not by a digest")
        now = self._clock()
        story = await self._database.read(self._database.stories.get_story, story_id)
        owner = "" if plan_id else actor.reader.login
        known = await self._database.read(self._database.feedback.list_marks, [story.id])
        exclusive = {MarkKind.MUTED, MarkKind.FOLLOWED}
        same_owner = [one for one in known if (one.reader, one.plan_id) == (owner, plan_id)]
        newest = next((one for one in same_owner if one.kind is kind or {one.kind, kind} <= exclusive), None)
        # a story that was read is shown again with new hits; only another mark covers them
        is_repeated = newest and (newest.kind, newest.rule_id, newest.until_at) == (kind, rule_id, until_at)
        if newest and is_repeated and kind is not MarkKind.READ:
            change = await self._find_change(mark_id=newest.id)
            return FeedbackResult(change, mark=newest, is_repeated=True)
        target = f"for digest {plan_id}" if plan_id else f"for {actor.reader.display_name}"
        until = f" until {until_at:%-d %b %Y %H:%M} UTC" if until_at else ""
        before = f"{newest.kind}" if newest else ""
        change = self._describe(actor, MARK_VERBS[kind], f"story {story.id}", before, f"{target}{until}")
        mark = Mark(0, kind, story.id, "", now, owner, plan_id, rule_id, until_at, actor.way)
        stored, added = await self._database.run(self._database.feedback.add_mark, mark, actor.reader, change)
        return FeedbackResult(added, mark=stored)

    async def propose(self, proposal: Proposal, actor: Actor) -> Proposal:
        """Store feedback that a reader proposes to the editors, and return this proposal.

        Raises ``UsageError`` if the story, article or official of the proposal does not exist, or if the article does
        not contain the text.
        """
        if proposal.kind is ProposalKind.MUTED:
            await self._database.read(self._database.stories.get_story, proposal.story_id)
        else:
            stored, _findings = await self._load(proposal.article_id, proposal.official_id)
            is_named = not proposal.written or _find_text(stored, fold_written(proposal.written))
            if not is_named:
                raise UsageError(f"article {stored.id} has no text {proposal.written!r}")
        made = replace(proposal, made_at=self._clock(), way=actor.way, note=proposal.note[:MAX_NOTE_CHARS])
        return await self._database.run(self._database.proposals.add, made, actor.reader)

    async def accept(self, number: int, actor: Actor) -> FeedbackResult:
        """Accept a proposal: record the proposed feedback, with the editor ``actor`` as its author.

        Raises ``UsageError`` if the proposal was decided before, or if the feedback is not possible any more. If
        nothing is left to do, the proposal is closed, and ``AlreadyDone`` is raised.
        """
        proposal = await self._database.read(self._database.proposals.get, number)
        if proposal.outcome:
            raise UsageError(f"proposal {number} was {proposal.outcome} by {proposal.decided_by}")
        try:
            result = await self._carry_out(proposal, actor)
        except AlreadyDone as error:
            await self._decide(number, ProposalOutcome.DONE, actor)
            raise AlreadyDone(f"{error}. Proposal {number} is closed, because nothing is left to do") from error
        await self._decide(number, ProposalOutcome.ACCEPTED, actor)
        return await self._close_proposals(result, actor)

    async def _carry_out(self, proposal: Proposal, actor: Actor) -> FeedbackResult:
        """Record the feedback that a viewer has proposed: mute a story, or confirm or reject a mention.

        ``actor`` is the editor who accepts the proposal. A note names the viewer.
        """
        note = f"proposed by {proposal.reader}" + (f": {proposal.note}" if proposal.note else "")
        article, official, written = proposal.article_id, proposal.official_id, proposal.written
        if proposal.kind is ProposalKind.MUTED:
            return await self._mark(proposal.story_id, MarkKind.MUTED, actor, proposal.plan_id, "", None)
        if proposal.kind is ProposalKind.CONFIRMED:
            return await self._confirm(article, official, written, actor, note)
        reason, whole_story = RejectionReason(proposal.reason), bool(proposal.story_id)
        return await self._reject(article, official, actor, written, note, reason, whole_story=whole_story)

    async def _close_proposals(self, result: FeedbackResult, actor: Actor) -> FeedbackResult:
        """Close the open proposals that ask for the feedback in ``result``, and return ``result``.

        A proposal is feedback of a viewer that waits for an editor.
        """
        given = result.verdict or result.mark
        if given is not None:
            await self._database.run(self._database.proposals.close_done, given, actor.reader, self._clock())
        return result

    async def refuse(self, number: int, actor: Actor) -> Proposal:
        """Refuse a proposal: close it without recording the proposed feedback.

        Raises ``UsageError`` if the proposal was decided before.
        """
        return await self._decide(number, ProposalOutcome.REFUSED, actor)

    async def _decide(self, number: int, outcome: ProposalOutcome, actor: Actor) -> Proposal:
        decide = self._database.proposals.decide
        return await self._database.run(decide, number, outcome, actor.reader, self._clock())

    async def mark_read_until(self, hit_id: int, actor: Actor) -> FeedbackResult:
        """Record that the reader has read all hits up to and including ``hit_id``."""
        change = self._describe(actor, MARK_VERBS[MarkKind.READ], "all hits", "", "")
        store = self._database.feedback.mark_read_until
        return FeedbackResult(await self._database.run(store, hit_id, actor.reader, change))

    async def mark_stories_read(self, story_ids: Sequence[str], actor: Actor) -> FeedbackResult:
        """Record that the reader has read several stories, as one change.

        Raises ``UsageError`` if a story does not exist.
        """
        subject = f"{len(story_ids)} stories" if len(story_ids) > 1 else f"story {story_ids[0]}"
        change = self._describe(actor, MARK_VERBS[MarkKind.READ], subject, "", "")
        store = self._database.feedback.mark_stories_read
        return FeedbackResult(await self._database.run(store, story_ids, actor.reader, change))

    async def undo(self, change_id: int, actor: Actor) -> FeedbackResult:
        """Undo a change, and return the result, which contains the record of the undoing.

        Raises ``UsageError`` if the change cannot be undone, or was undone already.
        """
        undone = await self._database.read(self._database.feedback.get_change, change_id)
        if undone.undone_at is not None:
            raise UsageError(f"change {change_id} was undone by {undone.undone_by} on {undone.undone_at:%-d %b %Y}")
        change = self._describe(actor, "undo", f"change {change_id}: {undone.what} {undone.subject}", undone.after, "")
        if undone.verdict_id is not None:
            return await self._undo_verdict(undone, actor, change)
        if undone.mark_id is not None:
            undo_mark = self._database.feedback.undo_mark
            return FeedbackResult(await self._database.run(undo_mark, undone, actor.reader, change))
        if undone.what == MARK_VERBS[MarkKind.READ]:
            undo_read = self._database.feedback.undo_read
            return FeedbackResult(await self._database.run(undo_read, undone, actor.reader, change))
        if undone.what in {"join", "split"}:
            return await self._edit_stories(self._database.story_edits.undo, undone, actor.reader, change)
        raise UsageError(f"change {change_id} ({undone.what}) cannot be undone by this command")

    async def join_stories(self, story_id: str, into: str, actor: Actor) -> FeedbackResult:
        """Move all articles of the story ``story_id`` into the story ``into``.

        Raises ``UsageError`` if a story does not exist, or if the stories cannot be joined.
        """
        change = self._describe(actor, "join", "", "", "")
        return await self._edit_stories(self._database.story_edits.join, story_id, into, actor.reader, change)

    async def split_story(self, story_id: str, article_ids: Sequence[int], actor: Actor) -> FeedbackResult:
        """Move articles, together with all their duplicates, out of a story into a new story.

        Raises ``UsageError`` if the story does not exist, or if the articles cannot be moved.
        """
        change = self._describe(actor, "split", "", "", "")
        return await self._edit_stories(self._database.story_edits.split, story_id, article_ids, actor.reader, change)

    async def _edit_stories(self, edit: Callable[..., Change], *arguments: object) -> FeedbackResult:
        stored = await self._database.run(edit, *arguments)
        rescreened = await RescreenStep(self._database, self._matcher, self._clock).run_all()
        return FeedbackResult(stored, rescreened=rescreened)

    async def _undo_verdict(self, undone: Change, actor: Actor, change: Change) -> FeedbackResult:
        feedback = self._database.feedback
        verdict = await self._database.read(feedback.get_verdict, undone.verdict_id or 0)
        for _try in range(_MAX_CONFLICTS):
            basis = await self._database.read(feedback.load_basis, verdict.root_id, verdict.story_id)
            verdicts = await self._database.read(feedback.load_verdicts, basis.articles, verdict.id)
            findings = await screen_again(self._matcher, basis.articles, verdicts)
            result = await self._database.run(feedback.undo_verdict, undone, actor.reader, basis, findings, change)
            if result is not None:
                return FeedbackResult(result[1], verdict=result[0], rescreened=result[2])
        raise StoreError("the article changes all the time; try again")

    async def _give(self, verdict: Verdict, actor: Actor) -> FeedbackResult:
        """Store a verdict together with its effect on hits, and return the result.

        If an equal verdict is already in effect, nothing is stored. The result then contains the earlier verdict and
        the record of the change that added it.
        """
        feedback = self._database.feedback
        for _try in range(_MAX_CONFLICTS):
            basis = await self._database.read(feedback.load_basis, verdict.root_id, verdict.story_id)
            stored = next((one for one in basis.articles if one.id == verdict.article_id), None)
            repeated = await self._find_repeated(verdict, stored) if stored else None
            if repeated is not None:
                return repeated
            findings = await screen_again(self._matcher, basis.articles, _with_verdict(basis, verdict))
            if verdict.kind is VerdictKind.CONFIRMED:
                _require_confirmed(verdict, findings)
            what = "reject" if verdict.kind is VerdictKind.REJECTED else "confirm"
            scope = f"story {verdict.story_id}" if verdict.story_id else f"article a{verdict.article_id}"
            text = verdict.written or "every way"
            subject = f"{verdict.official_id} ({text}) in {scope}"
            change = self._describe(actor, what, subject, "", verdict.reason)
            result = await self._database.run(feedback.add_verdict, verdict, actor.reader, basis, findings, change)
            if result is not None:
                return FeedbackResult(result[1], verdict=result[0], rescreened=result[2])
        raise StoreError("the article changes all the time; try again")

    async def _find_repeated(self, verdict: Verdict, stored: StoredArticle) -> FeedbackResult | None:
        """Return a result with the earlier verdict if ``verdict`` repeats one that is in effect, otherwise None."""
        counting = await self._database.read(self._database.feedback.load_verdicts, [stored])
        for one in counting.get(stored.id, ()):
            same = (one.kind, one.official_id, one.written) == (verdict.kind, verdict.official_id, verdict.written)
            if same and (one.story_id == verdict.story_id or not verdict.story_id):
                change = await self._find_change(verdict_id=one.id)
                return FeedbackResult(change, verdict=one, is_repeated=True)
        return None

    async def _find_change(self, verdict_id: int | None = None, mark_id: int | None = None) -> Change:
        return await self._database.read(self._database.feedback.find_change, verdict_id, mark_id)

    async def _load(self, article_id: int, official_id: str) -> tuple[StoredArticle, Findings]:
        """Return a stored article, and the mentions, hits and near misses that were found in it.

        Raises ``UsageError`` if the official or the article does not exist, or if the article is not matched yet.
        """
        if official_id not in self._officials:
            known = ", ".join(sorted(self._officials)[:20])
            raise UsageError(f"there is no official {official_id!r}; there are: {known}")
        stored = await self._database.read(self._database.queries.get_article, article_id)
        if stored.stage not in {Stage.MATCHED, Stage.GROUPED}:
            raise UsageError(f"article {article_id} is not matched yet; the next pass does it")
        return stored, await self._database.read(self._database.queries.get_findings, article_id)

    def _build(
        self,
        kind: VerdictKind,
        stored: StoredArticle,
        official_id: str,
        actor: Actor,
        written: str,
        note: str,
        *,
        whole_story: bool,
    ) -> Verdict:
        if whole_story and not stored.story_id:
            raise UsageError(f"article {stored.id} has no story yet; the next pass groups it")
        return Verdict(
            id=_NEW_ID,
            kind=kind,
            official_id=official_id,
            article_id=stored.id,
            root_id=stored.duplicate_of or stored.id,
            reader=actor.reader.display_name,
            made_at=self._clock(),
            story_id=stored.story_id if whole_story else "",
            written=written,
            note=truncate_text(note, MAX_NOTE_CHARS),
            way=actor.way,
        )

    def _describe(self, actor: Actor, what: str, subject: str, before: str, after: str) -> Change:
        return Change(0, what, subject, actor.reader.display_name, actor.way, self._clock(), before, after)


def _with_verdict(basis: ScreeningBasis, verdict: Verdict) -> dict[int, tuple[Verdict, ...]]:
    """Return the verdicts that would be in effect for each article if ``verdict`` were added to the stored verdicts.

    ``basis`` has the articles and the stored verdicts. The result maps the id of each article to its verdicts.
    """
    return {one.id: select_effective((*basis.verdicts.get(one.id, ()), verdict)) for one in basis.articles}


def _require_confirmed(verdict: Verdict, findings: Sequence[tuple[StoredArticle, Findings]]) -> None:
    """Raise an error if a confirmation does not add a mention to its article.

    The error is ``AlreadyDone`` if the article mentions the official in this spelling anyway, otherwise ``UsageError``.
    ``findings`` are what the matcher finds in the articles if it takes the confirmation into account.
    """
    found = next((found for stored, found in findings if stored.id == verdict.article_id), Findings())
    mentions = [one for one in found.mentions if one.official_id == verdict.official_id]
    if any(one.form is MatchForm.CONFIRMED for one in mentions):
        return
    if any(verdict.written in fold_written(one.text) for one in mentions):
        raise AlreadyDone(f"article {verdict.article_id} names {verdict.official_id} there already")
    raise UsageError(
        f"{verdict.written!r} is not a whole word that begins with a capital letter in article {verdict.article_id}; "
        "give the name as the article prints it"
    )


def _find_text(stored: StoredArticle, folded: str) -> tuple[Region, int, int] | None:
    """Return the region, start and end of the first occurrence of a text in an article, or None if it does not occur.

    The search ignores case and diacritics. ``folded`` is the text in lower case without diacritics.
    """
    for region, text in stored.article.regions():
        folded_text = fold(text)
        at = folded_text.text.find(folded)
        if at >= 0:
            return region, *folded_text.original_span(at, at + len(folded))
    return None


def _cut_sentence(stored: StoredArticle, region: Region, start: int, end: int) -> str:
    """Return the sentence that contains the text from ``start`` to ``end`` of a region, shortened if it is long."""
    text = next((text for name, text in stored.article.regions() if name is region), "")
    first, last = find_sentence(text, min(start, len(text)), min(end, len(text)), MAX_SENTENCE_CHARS // 2)
    return truncate_text(" ".join(text[first:last].split()), MAX_SENTENCE_CHARS)


MARK_VERBS = {
    MarkKind.READ: "read",
    MarkKind.MUTED: "mute",
    MarkKind.FOLLOWED: "follow",
    MarkKind.IRRELEVANT: "irrelevant",
}
"""Name of the subcommand of `monitor mark` for each kind of mark."""

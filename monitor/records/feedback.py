"""JSON records of readers' feedback: verdicts on mentions, marks on stories, and the resulting changes."""

from datetime import datetime

from typing_extensions import TypedDict

from monitor.domain.feedback import Change, FeedbackResult, Mark, Proposal, Verdict

CHANGE_COLUMNS = ("change", "at", "by", "way", "what", "of", "effect", "undone_at", "undone_by")


class VerdictRecord(TypedDict):
    """JSON record of a reader's verdict on a mention.

    ``written`` is the spelling that the verdict is about, or empty if it is about every spelling. ``story`` is empty
    unless the verdict applies to a whole story.
    """

    id: int
    verdict: str
    official: str
    article: int
    root: int
    story: str
    written: str
    reason: str
    note: str
    sentence: str
    by: str
    way: str
    at: datetime
    undone_at: datetime | None


class MarkRecord(TypedDict):
    """JSON record of a mark on a story, such as "muted", by a reader or for a digest.

    ``until`` is None if the mark has no end.
    """

    id: int
    mark: str
    story: str
    reader: str
    digest: str
    rule: str
    until: datetime | None
    by: str
    at: datetime


class ChangeRecord(TypedDict):
    """JSON record of a verdict, a mark or an edit. ``change`` is the id by which this change can be undone.

    ``effect`` describes the state after the change. ``verdict`` is the verdict that the change added, or None.
    """

    change: int
    at: datetime
    by: str
    way: str
    what: str
    of: str
    effect: str
    undone_at: datetime | None
    undone_by: str
    verdict: VerdictRecord | None


class ResultRecord(ChangeRecord):
    """JSON record of the result of one act of feedback: the change, and the numbers of affected articles and hits."""

    mark: MarkRecord | None
    repeated: bool
    articles: int
    withdrawn: int
    withdrawn_reported: int
    added: int
    changed: int


class ProposalRecord(TypedDict):
    """JSON record of a viewer's feedback, which takes effect only if an editor accepts it."""

    proposal: int
    at: datetime
    by: str
    way: str
    what: str
    official: str
    article: int | None
    story: str
    digest: str
    written: str
    reason: str
    note: str
    outcome: str
    decided_at: datetime | None
    decided_by: str


PROPOSAL_COLUMNS = tuple(ProposalRecord.__annotations__)


def proposal_record(proposal: Proposal) -> ProposalRecord:
    """Return the JSON record of feedback that a viewer has proposed to the editors."""
    return {
        "proposal": proposal.id,
        "at": proposal.made_at,
        "by": proposal.reader,
        "way": str(proposal.way),
        "what": str(proposal.kind),
        "official": proposal.official_id,
        "article": proposal.article_id or None,
        "story": proposal.story_id,
        "digest": proposal.plan_id,
        "written": proposal.written,
        "reason": proposal.reason,
        "note": proposal.note,
        "outcome": str(proposal.outcome) or "open",
        "decided_at": proposal.decided_at,
        "decided_by": proposal.decided_by,
    }


def verdict_record(verdict: Verdict) -> VerdictRecord:
    """Return the JSON record of a reader's verdict on whether an official is meant."""
    return {
        "id": verdict.id,
        "verdict": str(verdict.kind),
        "official": verdict.official_id,
        "article": verdict.article_id,
        "root": verdict.root_id,
        "story": verdict.story_id,
        "written": verdict.written,
        "reason": verdict.reason,
        "note": verdict.note,
        "sentence": verdict.sentence,
        "by": verdict.reader,
        "way": str(verdict.way),
        "at": verdict.made_at,
        "undone_at": verdict.undone_at,
    }


def mark_record(mark: Mark) -> MarkRecord:
    """Return the JSON record of a mark that a reader set on a story, such as "muted" or "read"."""
    return {
        "id": mark.id,
        "mark": str(mark.kind),
        "story": mark.story_id,
        "reader": mark.reader,
        "digest": mark.plan_id,
        "rule": mark.rule_id,
        "until": mark.until_at,
        "by": mark.made_by,
        "at": mark.made_at,
    }


def change_record(change: Change, verdict: Verdict | None = None) -> ChangeRecord:
    """Return the JSON record of a change. ``verdict`` is the verdict that the change added, or None."""
    return {
        "change": change.id,
        "at": change.made_at,
        "by": change.reader,
        "way": str(change.way),
        "what": change.what,
        "of": change.subject,
        "effect": change.after,
        "undone_at": change.undone_at,
        "undone_by": change.undone_by,
        "verdict": verdict_record(verdict) if verdict else None,
    }


def result_record(result: FeedbackResult) -> ResultRecord:
    """Return the JSON record for the result of one act of feedback."""
    rescreened = result.rescreened
    return {
        **change_record(result.change, result.verdict),
        "mark": mark_record(result.mark) if result.mark else None,
        "repeated": result.is_repeated,
        "articles": rescreened.articles,
        "withdrawn": rescreened.withdrawn,
        "withdrawn_reported": rescreened.reported,
        "added": rescreened.added,
        "changed": rescreened.changed,
    }

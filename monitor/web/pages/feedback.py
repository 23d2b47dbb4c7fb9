"""Web pages for feedback: readers reject or confirm mentions of officials, mark stories, and undo such changes.

One page lists all changes, and the proposals of viewers, which an editor accepts or refuses.
"""

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from monitor.domain.errors import UsageError
from monitor.domain.feedback import EDIT, Change, FeedbackResult, MarkKind, Proposal, ProposalKind, RejectionReason, Way
from monitor.domain.readers import Right
from monitor.domain.values import replace
from monitor.feedback.service import Actor, FeedbackService
from monitor.web.editing import forbid_edits, get_editing
from monitor.web.page import PROPOSED, BadRequest, Page, PageDependency, parse_number, require_undo
from monitor.web.security import make_form_token, safe_path
from monitor.web.templating import make_url, render

router = APIRouter()
CHANGES_PER_PAGE, MAX_STORIES_MARKED = 50, 100
T = TypeVar("T")
SENTENCES = {
    "reject": "Rejected",
    "confirm": "Confirmed",
    "read": "Marked as read",
    "mute": "Muted",
    "follow": "Followed",
    "irrelevant": "Marked as irrelevant",
    "undo": "Undone",
    "edit": "Edited",
    "proposed": "Proposed",
}


async def start_feedback(page: Page, right: Right) -> tuple[dict[str, str], FeedbackService, Actor]:
    """Check the submitted form, and check that the reader has the given right.

    Return the fields of the form, the feedback service, and the reader as the ``Actor`` that the service needs. Raises
    the errors of ``Page.form``.
    """
    fields = await page.form(right)
    service = await page.context.feedback()
    return fields, service, await service.get_actor(page.account.login, Way.PAGE)


async def finish(page: Page, fields: dict[str, str], work: Awaitable[FeedbackResult]) -> Response:
    """Wait until feedback is stored, and return the response.

    If the script of the page sent the request, the response is a fragment of HTML. Otherwise it is a redirect back to
    the page.
    """
    result = await work
    if page.request.headers.get("x-fragment"):
        values = {
            "change": result.change,
            "is_own": result.change.login == page.account.login,  # a repeated change may be that of another reader
            "sentence": describe_result(result),
            "form_token": make_form_token(page.identity.session_key),
            "here": safe_path(fields.get("next", "/")),
        }
        return HTMLResponse(render("done.html", **values), headers={"X-Fragment": "1"})
    path, _, fragment = safe_path(fields.get("next", "/")).partition("#")
    base = path.partition("?")[0]
    query = "&".join(part for part in path.partition("?")[2].split("&") if part and not part.startswith("done="))
    joined = f"{base}?{query}&done={result.change.id}" if query else make_url(base, done=result.change.id or "")
    return page.redirect(f"{joined}#{fragment}" if fragment else joined)


def describe_result(result: FeedbackResult) -> str:
    """Return a sentence that tells the reader the effects of a change."""
    sentence = SENTENCES.get(result.change.what, result.change.what.capitalize())
    if result.is_repeated:
        return f"{sentence} before"
    rescreened = result.rescreened
    effects = [
        f"{count} {label}"
        for count, label in (
            (rescreened.withdrawn, "withdrawn"),
            (rescreened.added, "new or restored"),
            (rescreened.changed, "changed"),
        )
        if count
    ]
    return f"{sentence}: {result.change.subject}" + (f"; hits: {', '.join(effects)}" if effects else "")


@router.post("/feedback/reject")
async def reject(page: PageDependency) -> Response:
    """Record that a name in an article, or in all articles of its story, does not mean an official.

    A viewer can only propose this to the editors.
    """
    fields, service, actor = await start_feedback(page, Right.MARK)
    reason = fields.get("reason", RejectionReason.OTHER.value)
    if reason not in set(RejectionReason):
        raise BadRequest(f"reason={reason[:40]!r} is not one of {', '.join(RejectionReason)}")
    if not page.identity.may(Right.FEEDBACK):
        return await propose(page, fields, ProposalKind.REJECTED)
    work = service.reject(
        parse_number("article", fields.get("article", "")),
        fields.get("official", ""),
        actor,
        written=fields.get("written", "")[:300],
        whole_story=fields.get("scope") == "story",
        reason=RejectionReason(reason),
        note=fields.get("note", "")[:2000],
    )
    return await finish(page, fields, work)


@router.post("/feedback/confirm")
async def confirm(page: PageDependency) -> Response:
    """Record that a text in an article means an official. A viewer can only propose this to the editors."""
    fields, service, actor = await start_feedback(page, Right.MARK)
    if not page.identity.may(Right.FEEDBACK):
        return await propose(page, fields, ProposalKind.CONFIRMED)
    written, note = fields.get("written", "")[:300], fields.get("note", "")[:2000]
    work = service.confirm(
        parse_number("article", fields.get("article", "")), fields.get("official", ""), written, actor, note=note
    )
    return await finish(page, fields, work)


@router.post("/feedback/mark")
async def mark(page: PageDependency) -> Response:
    """Set a mark on a story, such as mute, for the reader alone or for all receivers of a digest plan.

    A reader without the right to change digests can only propose to mute a story in a digest plan.
    """
    fields, service, actor = await start_feedback(page, Right.MARK)
    kind, plan_id = fields.get("kind", ""), fields.get("digest", "")
    if kind not in set(MarkKind):
        raise BadRequest(f"kind={kind[:40]!r} is not one of {', '.join(MarkKind)}")
    if plan_id:
        if plan_id not in {plan.id for plan in page.snapshot.configuration.digests}:
            raise UsageError(f"there is no digest {plan_id[:60]!r}")
        if kind == MarkKind.MUTED and not page.identity.may(Right.FEEDBACK):
            return await propose(page, fields, ProposalKind.MUTED)
        page.identity.require(Right.FEEDBACK)
    return await finish(page, fields, service.mark(fields.get("story", ""), MarkKind(kind), actor, plan_id=plan_id))


async def propose(page: Page, fields: dict[str, str], kind: ProposalKind) -> Response:
    """Store the submitted feedback as a proposal for the editors, because the reader may not give feedback."""
    service = await page.context.feedback()
    actor = await service.get_actor(page.account.login, Way.PAGE)
    await service.propose(await read_proposal(page, fields, kind), actor)
    shown = Change(0, PROPOSED, "an editor decides", page.account.display_name, Way.PAGE, page.now)

    async def give_result() -> FeedbackResult:
        return FeedbackResult(shown)

    if page.request.headers.get("x-fragment"):
        return await finish(page, fields, give_result())
    path = safe_path(fields.get("next", "/")).partition("#")[0]
    return page.redirect(f"{path}{'&' if '?' in path else '?'}done={PROPOSED}")


async def read_proposal(page: Page, fields: dict[str, str], kind: ProposalKind) -> Proposal:
    """Return the proposal in the fields of a form."""
    proposal = Proposal(0, kind, page.account.display_name, page.now)
    if kind is ProposalKind.MUTED:
        return replace(proposal, story_id=fields.get("story", ""), plan_id=fields.get("digest", ""))
    article_id = parse_number("article", fields.get("article", ""))
    story_id = ""
    if fields.get("scope") == "story":
        story_id = (await page.read(page.context.database.queries.get_article, article_id)).story_id
    return replace(
        proposal,
        article_id=article_id,
        official_id=fields.get("official", ""),
        written=fields.get("written", "")[:300],
        story_id=story_id,
        reason=fields.get("reason", RejectionReason.OTHER.value) if kind is ProposalKind.REJECTED else "",
        note=fields.get("note", ""),
    )


@router.post("/feedback/decide")
async def decide(page: PageDependency) -> Response:
    """Accept or refuse the proposal of another reader."""
    fields, service, actor = await start_feedback(page, Right.FEEDBACK)
    number = parse_number("proposal", fields.get("proposal", ""))
    if fields.get("outcome") == "accept":
        return await finish(page, fields, service.accept(number, actor))
    await service.refuse(number, actor)
    return page.redirect("/changes")


@router.post("/feedback/read")
async def mark_read(page: PageDependency) -> Response:
    """Mark stories as read, as one change that one undo reverts.

    If the form has a list of stories, these are marked. The list is empty if the page shows only articles
    without a story; then nothing is marked. If the form has no list, every hit up to the newest one on the page is
    marked as read.
    """
    fields, service, actor = await start_feedback(page, Right.MARK)
    stories = [story for story in fields.get("stories", "").split(" ") if story][:MAX_STORIES_MARKED]
    if stories:
        return await finish(page, fields, service.mark_stories_read(stories, actor))
    if "stories" in fields:
        return page.redirect("/")
    return await finish(page, fields, service.mark_read_until(parse_number("hit", fields.get("hit", "")), actor))


@router.post("/feedback/undo")
async def undo(page: PageDependency) -> Response:
    """Undo a change: feedback or an edit of a configuration file. ``require_undo`` checks the right of the reader."""
    fields, service, actor = await start_feedback(page, Right.MARK)
    number = parse_number("change", fields.get("change", ""))
    change = await page.read(page.context.database.feedback.get_change, number)
    require_undo(page.identity, change)
    if change.what == EDIT:
        editing = get_editing(page.request).service(page.context, page.snapshot)
        return await finish(page, fields, editing.undo(change, actor))
    return await finish(page, fields, service.undo(number, actor))


@router.get("/changes")
async def changes(page: PageDependency) -> Response:
    """Show all changes, newest first."""
    before = page.number("before", 2**62, 1, 2**62)
    found = await page.read(page.context.database.feedback.list_changes, CHANGES_PER_PAGE + 1, before)
    next_id = found[CHANGES_PER_PAGE - 1].id if len(found) > CHANGES_PER_PAGE else None
    undoable = await page.read(find_undoable, page, found)
    proposals = await page.read(page.context.database.proposals.list_open)
    return await page.render(
        "changes.html",
        changes=found[:CHANGES_PER_PAGE],
        next_id=next_id,
        undoable=undoable,
        proposals=proposals,
        proposal_count=await page.read(page.context.database.proposals.count_open) if proposals else 0,
        sentences=SENTENCES,
    )


def find_undoable(page: Page, changes: Sequence[Change]) -> frozenset[int]:
    """Return the ids of the changes that the reader may undo.

    An edit of a configuration file can be undone only if its former text is kept and the settings allow edits.
    """
    kept = page.context.database.configuration_edits.list_undoable([one.id for one in changes if one.what == EDIT])
    may_undo_edits = page.identity.may(Right.CONFIGURE) and not forbid_edits(page.snapshot)
    return frozenset(
        one.id
        for one in changes
        if (one.id in kept and may_undo_edits)
        or (one.is_feedback and (page.identity.may(Right.FEEDBACK) or one.login == page.account.login))
    )

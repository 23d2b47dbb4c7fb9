"""Endpoints of the API that change data: feedback, marks, sources and deliveries."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from monitor.domain.errors import UsageError
from monitor.domain.feedback import EDIT, FeedbackResult, MarkKind, RejectionReason, Way
from monitor.domain.readers import Right
from monitor.feedback.service import Actor
from monitor.records.feedback import ResultRecord, result_record
from monitor.web.api.requests import ApiDependency, ApiRequest
from monitor.web.editing import get_editing
from monitor.web.page import Number, require_undo

router = APIRouter()
Name = Annotated[str, Path(max_length=100)]
CHANGED: dict[int | str, dict[str, object]] = {200: {"model": ResultRecord}, 201: {"model": ResultRecord}}


class VerdictRequest(BaseModel):
    """Verdict on whether an official is meant in an article.

    - ``written`` is the text that means the official, or does not. If it is empty, a rejection
      covers every text that was taken for the name of the official.
    - ``whole_story`` extends a rejection to all articles of the story.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal["rejected", "confirmed"]
    article: int = Field(ge=1, lt=2**63)
    official: str = Field(max_length=100)
    written: str = Field("", max_length=300)
    whole_story: bool = False
    reason: RejectionReason = RejectionReason.OTHER
    note: str = Field("", max_length=500)


async def _act(api: ApiRequest) -> Actor:
    service = await api.context.feedback()
    return await service.get_actor(api.identity.account.login, Way.API)


def _answer(api: ApiRequest, result: FeedbackResult, status: int = 200) -> Response:
    return api.answer(result_record(result), 200 if result.is_repeated else status)


@router.post("/verdicts", status_code=201, responses=CHANGED)
async def give_verdict(api: ApiDependency, body: VerdictRequest) -> Response:
    """Reject or confirm a mention. The response is the record of the change; with its id, the change can be undone."""
    api.require(Right.FEEDBACK)
    service, actor = await api.context.feedback(), await _act(api)
    if body.kind == "confirmed":
        result = await service.confirm(body.article, body.official, body.written, actor, note=body.note)
    else:
        result = await service.reject(
            body.article,
            body.official,
            actor,
            written=body.written,
            whole_story=body.whole_story,
            reason=body.reason,
            note=body.note,
        )
    return _answer(api, result, 201)


@router.put("/marks/{story_id}/{kind}", status_code=201, responses=CHANGED)
async def put_mark(api: ApiDependency, story_id: Name, kind: MarkKind) -> Response:
    """Set a mark on a story, such as mute or follow, for the reader that the access token belongs to."""
    api.require(Right.MARK)
    service = await api.context.feedback()
    return _answer(api, await service.mark(story_id, kind, await _act(api)), 201)


@router.delete("/marks/{story_id}/{kind}", responses=CHANGED)
async def delete_mark(api: ApiDependency, story_id: Name, kind: MarkKind) -> Response:
    """Remove a mark that the owner of the access token has set on a story."""
    api.require(Right.MARK)
    store = api.context.database.feedback
    marks = await api.read(store.list_marks, [story_id], api.identity.account.id)
    mark = next((one for one in marks if one.kind is kind), None)
    if mark is None:
        raise UsageError(f"story {story_id!r} is not marked as {kind}")
    change = await api.read(store.find_change, None, mark.id)
    service = await api.context.feedback()
    return _answer(api, await service.undo(change.id, await _act(api)))


@router.delete("/changes/{number}", responses=CHANGED)
async def undo_change(api: ApiDependency, number: Number) -> Response:
    """Undo a change.

    To undo an edit of a file, the token needs the scope ``configure``. To undo any other change, it needs the scope
    ``feedback``. A viewer cannot undo the changes of other readers.
    """
    change = await api.read(api.context.database.feedback.get_change, number)
    require_undo(api.identity, change)
    if change.what == EDIT:
        service = get_editing(api.request).service(api.context, api.snapshot)
        return _answer(api, await service.undo(change, await _act(api)))
    api.require(Right.MARK)
    feedback = await api.context.feedback()
    return _answer(api, await feedback.undo(number, await _act(api)))


@router.post("/sources/{source_id}/poll", status_code=202)
async def poll_source(api: ApiDependency, source_id: Name) -> Response:
    """Make a source due now, so that the daemon polls it next."""
    api.require(Right.OPERATE)
    await api.context.run(api.context.database.sources.make_due, source_id, api.now)
    return api.answer({"source": source_id, "due_at": api.now}, 202)


@router.post("/sources/{source_id}/release")
async def release_source(api: ApiDependency, source_id: Name) -> Response:
    """Release the quarantined articles of a source: articles that are stored, but were not reported."""
    api.require(Right.OPERATE)
    await api.read(api.context.database.desk.get_source, source_id)
    count = await api.context.run(api.context.database.stories.release_quarantined, source_id)
    return api.answer({"source": source_id, "released": count})


@router.post("/deliveries/{number}/resend", status_code=202)
async def resend(api: ApiDependency, number: Number) -> Response:
    """Queue a delivery to be sent again.

    The delivery keeps its key, by which receivers can recognize a repetition.
    """
    api.require(Right.OPERATE)
    await api.context.run(api.context.database.deliveries.resend, number, api.now)
    return api.answer({"delivery": number, "state": "pending"}, 202)


@router.post("/deliveries/{number}/cancel")
async def cancel(api: ApiDependency, number: Number) -> Response:
    """Cancel a pending delivery."""
    api.require(Right.OPERATE)
    cancelled = await api.context.run(api.context.database.deliveries.cancel, number, api.now)
    return api.answer({"delivery": number, "state": cancelled.state})

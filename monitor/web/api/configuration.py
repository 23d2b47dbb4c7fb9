"""Endpoints of the API that read, check and save the configuration files, and rehearse edited rules.

A rehearsal is a trial run of the rules on stored articles. All endpoints need the scope configure.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from monitor.domain.configuration_edits import EditNotAllowed
from monitor.domain.errors import ConfigError, ConfigIssue, MonitorError
from monitor.domain.feedback import Way
from monitor.domain.readers import Right
from monitor.pipeline.rehearsal import backtest_record
from monitor.records.feedback import ChangeRecord, change_record
from monitor.web.api.requests import ApiDependency, ApiRequest, PreconditionRequired
from monitor.web.editing import Editing, get_editing, refuse_edit
from monitor.web.rehearsals import MAX_DAYS, RehearsalJob

router = APIRouter()
FileName = Annotated[str, Query(max_length=300)]
IfMatch = Annotated[str, Header(max_length=200)]


class ConfigurationRequest(BaseModel):
    """Edited text of a configuration file. If ``file`` is empty, it is the text of the main file."""

    model_config = ConfigDict(extra="forbid")

    file: str = Field("", max_length=300)
    text: str


class SaveRequest(ConfigurationRequest):
    """Configuration text to save. ``accept`` confirms an edit that removes more than half of the sources."""

    accept: bool = False


class RehearsalRequest(ConfigurationRequest):
    """Configuration text whose rules are to be tried on the stored articles of the last ``days`` days."""

    days: int = Field(30, ge=1, le=MAX_DAYS)


class IssueRecord(TypedDict):
    """Error or warning at a line and column of a configuration file."""

    file: str
    line: int
    column: int
    message: str


class ConfigurationRecord(TypedDict):
    """Configuration file, as the API returns it.

    - ``file`` is the name of the file, and ``files`` are the names of all configuration files.
    - ``text`` is the text of the file. Secrets that are written in it are replaced by asterisks. References to secrets,
      such as ``${NAME}``, are shown.
    - ``refusal`` is the reason why no edit of the file can be saved. It is empty if edits can be saved.
    - ``errors`` are the errors and warnings of the file.
    """

    file: str
    files: list[str]
    text: str
    refusal: str
    errors: list[IssueRecord]


class CheckRecord(TypedDict):
    """Result of the check of an edited configuration text.

    ``difference`` has the lines of a unified diff from the saved file to the edited text. ``lost_sources`` are the ids
    of the sources that the edit removes, if they are at least two and more than half of the sources.
    """

    valid: bool
    errors: list[IssueRecord]
    warnings: list[IssueRecord]
    lost_sources: list[str]
    difference: list[str]


class RuleBacktestRecord(TypedDict):
    """Result of a rehearsal (trial run of edited rules on stored articles) for one rule.

    - ``hits`` is the number of articles that satisfy the rule, and ``days`` has this number for each day.
    - ``new`` is the number of articles that the rule would report, but has not reported before.
    - ``lost`` is the number of articles that the rule has reported, but would not report any more.
    - ``new_examples`` and ``lost_examples`` are some of these articles.
    """

    rule: str
    hits: int
    new: int
    lost: int
    days: dict[str, int]
    new_examples: list[dict[str, Any]]
    lost_examples: list[dict[str, Any]]


class JobRecord(TypedDict):
    """Rehearsal (trial run of edited rules on stored articles).

    - ``state`` is running, done, failed or cancelled.
    - ``error`` is the reason why the rehearsal has failed, or empty.
    - ``articles`` is the number of articles on which the rules were tried. It is null if the rehearsal is not done.
    - ``complete`` is false if the time was too short for all articles.
    - ``rules`` has the result for each rule.
    """

    job: str
    state: str
    error: str
    articles: int | None
    complete: bool | None
    rules: list[RuleBacktestRecord]


def _typed(model: object, status: int = 200) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": model}}


def _issues(issues: Sequence[ConfigIssue]) -> list[IssueRecord]:
    return [{"file": one.file, "line": one.line, "column": one.column, "message": one.message} for one in issues]


def open_editing(api: ApiRequest) -> Editing:
    """Return the editor of the configuration files.

    Raises ``NotAllowed`` if the request does not have the right to configure. Raises ``UsageError`` if this process has
    no configuration file.
    """
    api.require(Right.CONFIGURE)
    return get_editing(api.request)


@router.get("/config", responses=_typed(ConfigurationRecord))
async def read_configuration(api: ApiDependency, file: FileName = "") -> Response:
    """Return a configuration file. The entity tag of the response is needed to save an edit of the file."""
    opened = await api.read(open_editing(api).editor.open, file)
    record: ConfigurationRecord = {
        "file": opened.name,
        "files": list(opened.names),
        "text": opened.text,
        "refusal": refuse_edit(api.snapshot, opened) or opened.problem,
        "errors": _issues(opened.issues),
    }
    return api.answer(record, tag=opened.tag)


@router.put("/config", responses={**_typed(ChangeRecord), 412: {"description": "Precondition failed"}})
async def save_configuration(api: ApiDependency, body: SaveRequest, if_match: IfMatch = "") -> Response:
    """Save a configuration file. The response is the record of the change; with its id, the change can be undone."""
    editing = open_editing(api)
    if not if_match:
        raise PreconditionRequired("give the entity tag of the file in the header If-Match; GET config has it")
    opened = await api.read(editing.editor.open, body.file)
    if refusal := refuse_edit(api.snapshot, opened):
        raise EditNotAllowed(f"nothing was saved: {refusal}")
    service = await api.context.feedback()
    actor = await service.get_actor(api.identity.account.login, Way.API)
    tag = if_match.strip().removeprefix("W/").strip('"')
    save = editing.service(api.context, api.snapshot).save(body.file, body.text, tag, actor, is_confirmed=body.accept)
    return api.answer(change_record(await save))


@router.post("/config/check", responses=_typed(CheckRecord))
async def check_configuration(api: ApiDependency, body: ConfigurationRequest) -> Response:
    """Check a configuration text.

    Return its errors, its warnings and its difference from the file; nothing is saved.
    """
    checked = await api.read(open_editing(api).editor.check, body.file, body.text)
    record: CheckRecord = {
        "valid": not checked.errors,
        "errors": _issues(checked.errors),
        "warnings": _issues(checked.warnings),
        "lost_sources": list(checked.lost_sources),
        "difference": list(checked.difference),
    }
    return api.answer(record)


@router.post("/config/rehearse", status_code=202, responses=_typed(JobRecord, 202))
async def rehearse_configuration(api: ApiDependency, body: RehearsalRequest) -> Response:
    """Start a rehearsal: try the rules in a configuration text on the stored articles of the last days.

    The response has the id of the rehearsal. ``read_job`` returns the result later: for each rule, how many hits it
    would add and remove, with examples.
    """
    editing = open_editing(api)
    checked = await api.read(editing.editor.check, body.file, body.text)
    if checked.configuration is None:
        raise ConfigError(checked.errors, checked.warnings)
    job = editing.rehearsals.start(checked.configuration, body.days, api.now, api.identity.account.id)
    response = api.answer(job_record(job), 202)
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    return response


JobId = Annotated[str, Path(max_length=40)]


@router.get("/jobs/{job_id}", responses=_typed(JobRecord))
async def read_job(api: ApiDependency, job_id: JobId) -> Response:
    """Return the state of a rehearsal (trial run of edited rules) and, when it is done, its result."""
    return api.answer(job_record(open_editing(api).rehearsals.get(job_id, api.identity.account.id)))


@router.delete("/jobs/{job_id}", responses=_typed(JobRecord))
async def cancel_job(api: ApiDependency, job_id: JobId) -> Response:
    """Cancel a rehearsal (trial run of edited rules)."""
    job = open_editing(api).rehearsals.get(job_id, api.identity.account.id)
    job.task.cancel()
    await asyncio.wait({job.task})
    return api.answer(job_record(job))


def job_record(job: RehearsalJob) -> JobRecord:
    """Return the JSON record of a rehearsal (trial run of edited rules), with its result if it is done."""
    record: JobRecord = {
        "job": job.id,
        "state": "running",
        "error": "",
        "articles": None,
        "complete": None,
        "rules": [],
    }
    if not job.task.done():
        return record
    if job.task.cancelled():
        return {**record, "state": "cancelled"}
    error = job.task.exception()
    if error is not None:
        reason = str(error) if isinstance(error, MonitorError) else type(error).__name__
        return {**record, "state": "failed", "error": reason}
    result = job.task.result()
    rules: list[Any] = [backtest_record(one) for one in result.rules]
    found = {"articles": result.article_count, "complete": result.is_complete, "rules": rules}
    return {**record, "state": "done", **found}  # type: ignore[typeddict-item]  # the keys of JobRecord

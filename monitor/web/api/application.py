"""The application of the API, with errors as problem documents (RFC 9457)."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitor import __version__
from monitor.domain.configuration_edits import EditConflict, EditNotAllowed
from monitor.domain.errors import (
    ConfigError,
    LeaseLost,
    MonitorError,
    QueryError,
    QueryTimeout,
    StoreError,
    UsageError,
)
from monitor.domain.readers import NotAllowed
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.preview import PreviewFailed
from monitor.web.api import configuration, reading, sources, writing
from monitor.web.api.idempotency import IdempotencyMiddleware
from monitor.web.api.requests import (
    PROBLEM_TYPE,
    REQUESTS_PER_MINUTE,
    SEARCHES_PER_MINUTE,
    PreconditionRequired,
    RateLimited,
    RateLimiter,
    TokenRequired,
    problem,
)
from monitor.web.context import DeskContext, TooManyRequests
from monitor.web.editing import Editing
from monitor.web.page import BadRequest
from monitor.web.source_setup import SourceSetup

STATUS: tuple[tuple[type[MonitorError], int, str], ...] = (
    (TokenRequired, 401, "An access token is needed"),
    (NotAllowed, 403, "Not allowed"),
    (BadRequest, 400, "An argument is not valid"),
    (RateLimited, 429, "Too many requests"),
    (QueryError, 422, "The query has an error"),
    (ConfigError, 422, "The configuration has errors"),
    (PreviewFailed, 422, "The address cannot be read"),
    (UsageError, 404, "Not found"),
    (EditConflict, 412, "Somebody else changed this"),
    (EditNotAllowed, 403, "Not allowed"),
    (PreconditionRequired, 428, "A precondition is needed"),
    (LeaseLost, 409, "Somebody else changed this"),
    (TooManyRequests, 503, "Try again in a moment"),
    (QueryTimeout, 503, "This takes too long"),
    (StoreError, 503, "Try again in a moment"),
)
PROBLEM_SCHEMA = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "faults": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["type", "title", "status", "detail"],
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": title, "content": {PROBLEM_TYPE: {"schema": PROBLEM_SCHEMA}}}
    for status, title in (
        (400, "An argument is not valid"),
        (401, "An access token is needed"),
        (403, "Not allowed"),
        (404, "Not found"),
        (412, "Somebody else changed this"),
        (422, "The input has an error"),
        (428, "A precondition is needed"),
        (429, "Too many requests"),
        (503, "Try again in a moment"),
    )
}


def create_api(
    context: DeskContext,
    composer: DigestComposer,
    editing: Editing | None = None,
    source_setup: SourceSetup | None = None,
) -> FastAPI:
    """Return the application of the API.

    Without ``editing``, clients cannot read or edit the configuration. Without ``source_setup``, they cannot search for
    feeds or preview a source.
    """
    api = FastAPI(
        title="monitor",
        version=__version__,
        summary="Articles, hits, stories, people and sources; the same JSON as the command line.",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEM_RESPONSES,
    )
    api.state.desk, api.state.composer = context, composer
    api.state.editing, api.state.source_setup = editing, source_setup
    api.state.limiter, api.state.search_limiter = RateLimiter(REQUESTS_PER_MINUTE), RateLimiter(SEARCHES_PER_MINUTE)
    for module in (reading, writing, configuration, sources):
        api.include_router(module.router)
    api.add_middleware(IdempotencyMiddleware, context=context)
    api.add_exception_handler(MonitorError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    api.add_exception_handler(HTTPException, _answer_http_error)
    api.add_exception_handler(Exception, _answer_failure)
    return api


async def _answer_error(_request: Request, error: Exception) -> Response:
    status, title = next(
        ((status, title) for kind, status, title in STATUS if isinstance(error, kind)), (500, "An error of the desk")
    )
    more: dict[str, Any] = {"seconds": error.seconds} if isinstance(error, RateLimited) else {}
    if isinstance(error, ConfigError):
        more["faults"] = [
            {"line": issue.line, "column": issue.column, "message": issue.message} for issue in error.issues
        ]
    return problem(status, title, str(error), **more)


async def _answer_invalid(_request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    listed = [{"at": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in faults]
    detail = "; ".join(f"{one['at']}: {one['message']}" for one in listed[:5])
    return problem(400, "An argument is not valid", detail, faults=listed)


async def _answer_http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    response = problem(status, "Not found" if status == 404 else "The request is not possible", "see the documentation")
    if status == 405 and isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    return response


async def _answer_failure(_request: Request, error: Exception) -> Response:
    return problem(500, "An error of the desk", f"{type(error).__name__}; the log has the details")

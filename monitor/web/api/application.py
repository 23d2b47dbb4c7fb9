"""The application of the API, with errors as problem documents (RFC 9457)."""

import json
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
    StoreError,
    UsageError,
)
from monitor.domain.readers import NotAllowed
from monitor.pipeline.compose_digests import DigestComposer
from monitor.web.api import configuration, reading, writing
from monitor.web.api.requests import (
    PROBLEM_TYPE,
    REQUESTS_PER_MINUTE,
    SEARCHES_PER_MINUTE,
    PreconditionRequired,
    RateLimited,
    RateLimiter,
    TokenRequired,
)
from monitor.web.context import DeskContext, TooManyRequests
from monitor.web.editing import Editing
from monitor.web.page import BadRequest

PROBLEM_URN = "urn:monitor:problem"
STATUS: tuple[tuple[type[MonitorError], int, str], ...] = (
    (TokenRequired, 401, "An access token is needed"),
    (NotAllowed, 403, "Not allowed"),
    (BadRequest, 400, "An argument is not valid"),
    (RateLimited, 429, "Too many requests"),
    (QueryError, 422, "The query has an error"),
    (ConfigError, 422, "The configuration has errors"),
    (UsageError, 404, "Not found"),
    (EditConflict, 412, "Somebody else changed this"),
    (EditNotAllowed, 403, "Not allowed"),
    (PreconditionRequired, 428, "A precondition is needed"),
    (LeaseLost, 409, "Somebody else changed this"),
    (TooManyRequests, 503, "Try again in a moment"),
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


def create_api(context: DeskContext, composer: DigestComposer, editing: Editing | None = None) -> FastAPI:
    """Return the application of the API."""
    api = FastAPI(
        title="monitor",
        version=__version__,
        summary="Articles, hits, stories, people and sources; the same JSON as the command line.",
        docs_url=None,
        redoc_url=None,
        responses=PROBLEM_RESPONSES,
    )
    api.state.desk, api.state.composer, api.state.editing = context, composer, editing
    api.state.limiter, api.state.search_limiter = RateLimiter(REQUESTS_PER_MINUTE), RateLimiter(SEARCHES_PER_MINUTE)
    api.include_router(reading.router)
    api.include_router(writing.router)
    api.include_router(configuration.router)
    api.add_exception_handler(MonitorError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    api.add_exception_handler(HTTPException, _answer_http_error)
    api.add_exception_handler(Exception, _answer_failure)
    return api


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """Return an error response as a problem document (RFC 9457)."""
    headers = {"Cache-Control": "private, no-cache"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in {429, 503}:
        headers["Retry-After"] = str(more.pop("seconds", 5))
    document = {"type": f"{PROBLEM_URN}:{status}", "title": title, "status": status, "detail": detail} | more
    return Response(json.dumps(document, ensure_ascii=False), status, headers, PROBLEM_TYPE)


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

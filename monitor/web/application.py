"""The application of the desk (web pages, API, tools for AI assistants): its routes, and the responses for errors."""

from collections.abc import Awaitable, Callable
from types import ModuleType

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from monitor import __version__
from monitor.domain.configuration_edits import EditConflict, EditNotAllowed
from monitor.domain.errors import (
    ConfigError,
    LeaseLost,
    MonitorError,
    QueryError,
    SchemaMismatch,
    StoreBusy,
    StoreError,
    UsageError,
)
from monitor.domain.readers import NotAllowed
from monitor.pipeline.compose_digests import DigestComposer
from monitor.web.api.application import create_api
from monitor.web.context import DeskContext, TooManyRequests
from monitor.web.editing import Editing
from monitor.web.page import BadRequest, FormRefused, LoginRequired, login_path
from monitor.web.pages import (
    add_source,
    articles,
    deliveries,
    digests,
    feedback,
    feeds,
    links,
    login,
    me,
    oidc,
    people,
    rules,
    search,
    sources,
    static,
    status,
    stories,
    today,
)
from monitor.web.security import SAFE_METHODS, SecurityMiddleware, allowed_hosts
from monitor.web.source_setup import SourceSetup
from monitor.web.templating import render

PAGE_MODULES: tuple[ModuleType, ...] = (oidc, login, static, today, stories, articles, people, search, sources, digests)
PAGE_MODULES += (add_source, deliveries, feedback, feeds, links, status, me, rules)
ERROR_STATUS: tuple[tuple[type[MonitorError], int], ...] = (
    (NotAllowed, 403),
    (FormRefused, 403),
    (BadRequest, 400),
    (UsageError, 404),
    (QueryError, 422),
    (ConfigError, 422),
    (LeaseLost, 409),
    (EditConflict, 409),
    (EditNotAllowed, 403),
    (TooManyRequests, 503),
    (SchemaMismatch, 503),
    (StoreBusy, 503),
    (StoreError, 503),
)
TITLES = {
    400: "This request is not valid",
    403: "This is not allowed",
    404: "Not found",
    405: "Not found",
    409: "Somebody else changed this",
    415: "This request is not valid",
    422: "This input has errors",
    503: "Try again in a moment",
}


def create_app(
    context: DeskContext,
    composer: DigestComposer,
    editing: Editing | None = None,
    source_setup: SourceSetup | None = None,
    oidc_provider: object | None = None,
) -> FastAPI:
    """Return the application of the desk.

    Without ``editing``, readers cannot edit the configuration on the desk. Without ``source_setup``, they cannot add
    sources. ``oidc_provider`` is the ``OidcProvider`` if readers log in through an OpenID provider.
    """
    app = FastAPI(title="monitor", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk, app.state.composer = context, composer
    app.state.editing, app.state.source_setup, app.state.oidc = editing, source_setup, oidc_provider
    for module in PAGE_MODULES:
        app.include_router(module.router, include_in_schema=False)
    app.state.api = create_api(context, composer, editing, source_setup)
    app.mount("/api/v1", app.state.api)
    app.add_middleware(SecurityMiddleware, hosts=allowed_hosts(context.settings))
    app.add_exception_handler(LoginRequired, _ask_for_login)
    app.add_exception_handler(MonitorError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(Exception, _answer_failure)
    return app


Handler = Callable[[Request, Exception], Awaitable[Response]]


async def _ask_for_login(request: Request, error: Exception) -> Response:
    path = error.path if isinstance(error, LoginRequired) else "/"
    if request.method in SAFE_METHODS:
        return RedirectResponse(login_path(path), 303)
    return _error_page(401, "Log in", "The login has ended. Log in and repeat the action.")


async def _answer_error(_request: Request, error: Exception) -> Response:
    status = next((status for kind, status in ERROR_STATUS if isinstance(error, kind)), 500)
    return _error_page(status, TITLES.get(status, "This did not work"), str(error))


async def _answer_invalid(_request: Request, _error: Exception) -> Response:
    return _error_page(404, TITLES[404], "This address does not exist.")


async def _answer_http_error(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    text = "This address does not exist." if status in {404, 405} else str(getattr(error, "detail", ""))
    return _error_page(status, TITLES.get(status, "This did not work"), text)


async def _answer_failure(_request: Request, error: Exception) -> Response:
    kind = type(error).__name__
    return PlainTextResponse(f"The desk has an error ({kind}); its log has the details.\n", 500)


def _error_page(status: int, title: str, text: str) -> Response:
    headers = {"Retry-After": "5"} if status == 503 else None
    return HTMLResponse(render("error.html", title=title, text=text, status=status), status, headers)

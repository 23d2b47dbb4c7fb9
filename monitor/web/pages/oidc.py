"""Login through an OpenID provider: redirect of the reader to the provider, and return to the desk."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from monitor.domain.errors import MonitorError, StoreError, UsageError
from monitor.web.page import get_context
from monitor.web.pages.login import show_error, start_session
from monitor.web.security import safe_path

router = APIRouter()
LOGIN_COOKIE, LOGIN_SECONDS = "__Host-monitor-oidc", 600


def _get_provider(request: Request) -> Any:
    """Return the OpenID provider. Its type is not imported, because the packages it needs are an optional extra."""
    provider = request.app.state.oidc
    if provider is None:
        raise UsageError("this desk has no login by a provider")
    return provider


@router.get("/login/oidc")
async def start(request: Request) -> Response:
    """Redirect the reader to the OpenID provider to log in."""
    provider = _get_provider(request)
    try:
        started = await provider.start(safe_path(request.query_params.get("next", "/")))
    except MonitorError as error:
        return show_error(get_context(request), str(error), 503)
    response = RedirectResponse(started.url, 303)
    response.set_cookie(LOGIN_COOKIE, started.cookie, LOGIN_SECONDS, secure=True, httponly=True, samesite="lax")
    return response


@router.get("/login/oidc/callback")
async def finish(request: Request) -> Response:
    """Log in the reader who returns from the identity provider, after the provider has verified who the reader is.

    The reader's groups determine the role.
    """
    context, provider = get_context(request), _get_provider(request)
    readers, now = context.database.readers, context.clock()
    try:
        found = await provider.finish(request.query_params, request.cookies.get(LOGIN_COOKIE, "")[:4000])
        account = await context.run(readers.ensure_account, found.login, found.role, now, found.name)
        if account.disabled_at is not None:
            raise UsageError("this reader is disabled")
        if account.role is not found.role:
            await context.run(readers.set_role, found.login, found.role)
        response = await start_session(request, account, safe_path(found.next_path))
    except StoreError as error:
        response = show_error(context, str(error), 503)
    except MonitorError as error:
        response = show_error(context, str(error), 403)
    response.delete_cookie(LOGIN_COOKIE, secure=True, httponly=True, samesite="lax")
    return response

"""Login with a one-time address or a password, and logout."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.domain.readers import SESSION_MAX_PERIOD, Account
from monitor.web.context import DeskContext
from monitor.web.page import (
    SESSION_COOKIE,
    FormRefused,
    PageDependency,
    get_context,
    read_form,
)
from monitor.web.security import is_form_token, safe_path
from monitor.web.templating import render

router = APIRouter()


@router.get("/login")
async def show_login(request: Request) -> Response:
    """Show how to log in."""
    context = get_context(request)
    return _login_page(context, request.query_params.get("next", "/"))


@router.get("/login/{code}")
async def show_login_link(request: Request, code: str) -> Response:
    """Show a button that logs in; opening the address alone does nothing, so that scanners of mails cannot use it."""
    context = get_context(request)
    return _login_page(context, request.query_params.get("next", "/"), code=code[:200])


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Log in with the code of a one-time address."""
    context = get_context(request)
    fields = await read_form(request)
    target = safe_path(fields.get("next", "/"))
    account = await context.run(context.database.readers.use_login_link, fields.get("code", "")[:200], context.clock())
    if account is None:
        return _login_page(
            context, target, error="This address was used before, or has expired. Ask for a new one.", status=403
        )
    return await start_session(request, account, target)


@router.post("/logout")
async def log_out(page: PageDependency) -> Response:
    """End the session."""
    fields = await read_form(page.request)
    if not is_form_token(fields.get("form_token", ""), page.identity.session_key):
        raise FormRefused("this form has expired; open the page again")
    await page.context.run(page.context.database.readers.end_session, page.identity.session_key)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax")
    return response


async def start_session(request: Request, account: Account, target: str) -> Response:
    """Start a session with a new key, end the one that the browser had, and go to a page."""
    context = get_context(request)
    agent = request.headers.get("user-agent", "")
    old_key = request.cookies.get(SESSION_COOKIE, "")[:200]
    key = await context.run(context.database.readers.create_session, account.id, context.clock(), agent, old_key)
    response = RedirectResponse(target, 303)
    max_age = int(SESSION_MAX_PERIOD.total_seconds())
    response.set_cookie(SESSION_COOKIE, key, max_age, secure=True, httponly=True, samesite="lax")
    return response


def _login_page(context: DeskContext, target: str, *, code: str = "", error: str = "", status: int = 200) -> Response:
    method = context.settings.login.value
    values = {"next": safe_path(target), "code": code, "error": error, "method": method}
    return HTMLResponse(render("login.html", **values), status)

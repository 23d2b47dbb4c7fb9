"""Pages for login with a password, or with an address that logs a reader in once, and for logout."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.domain.readers import SESSION_MAX_PERIOD, Account
from monitor.domain.web_settings import LoginMethod
from monitor.web.context import DeskContext
from monitor.web.page import (
    MAX_LOGIN_CHARS,
    SESSION_COOKIE,
    FormRefused,
    PageDependency,
    get_context,
    is_trusted_proxy,
    peer_address,
    proxy_login,
    read_form,
)
from monitor.web.security import is_form_token, safe_path
from monitor.web.templating import render

router = APIRouter()
RETRY_SECONDS = "5"


@router.get("/login")
async def show_login(request: Request) -> Response:
    """Show the login form. If a trusted proxy names the reader, start a session for this reader instead."""
    context = get_context(request)
    target = safe_path(request.query_params.get("next", "/"))
    header = context.settings.header
    if context.settings.login is LoginMethod.HEADER and header:
        login = proxy_login(request)
        if is_trusted_proxy(request) and login:
            now = context.clock()
            account = await context.run(context.database.readers.ensure_account, login, header.role, now)
            if account.disabled_at is None:
                return await start_session(request, account, target)
            return _login_page(context, target, error="This reader is disabled.", status=403)
        if login:
            networks = ", ".join(map(str, header.senders))
            reason = f"{header.name} is accepted from {networks} only; this request came from {peer_address(request)}."
            return _login_page(context, target, error=reason, status=401)
    return _login_page(context, target)


@router.get("/login/{code}")
async def show_login_link(request: Request, code: str) -> Response:
    """Show the page of a one-time address, with a button that logs the reader in.

    The address can be used once, and only the button uses it. Opening the address does not, because mail scanners open
    every address in a message.
    """
    context = get_context(request)
    return _login_page(context, request.query_params.get("next", "/"), code=code[:200])


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Log in a reader who submits a login and a password, or the code in a one-time address that logs a reader in."""
    context = get_context(request)
    fields = await read_form(request)
    target = safe_path(fields.get("next", "/"))
    if "code" not in fields and context.settings.login is LoginMethod.PASSWORD:
        return await _log_in_with_password(request, context, fields, target)
    account = await context.run(context.database.readers.use_login_link, fields.get("code", "")[:200], context.clock())
    if account is None:
        return _login_page(
            context, target, error="This address was used before, or has expired. Ask for a new one.", status=403
        )
    return await start_session(request, account, target)


async def _log_in_with_password(
    request: Request, context: DeskContext, fields: dict[str, str], target: str
) -> Response:
    """Check the submitted login and password, and start a session.

    After failed attempts with the same login, or from the same IP address, the next attempt must wait.
    """
    readers, now = context.database.readers, context.clock()
    login = fields.get("login", "").strip()[:MAX_LOGIN_CHARS]
    keys = (f"login {login}", f"address {peer_address(request)}")
    allowed_at = await context.read(readers.login_allowed_at, keys)
    if allowed_at and now < allowed_at:
        seconds = int((allowed_at - now).total_seconds()) + 1
        response = _login_page(context, target, error=f"Too many attempts. Try again in {seconds} s.", status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    password_hash = await context.read(readers.get_password_hash, login)
    if not await context.passwords.is_password(fields.get("password", ""), password_hash):
        await context.run(readers.record_login_failure, keys, now)
        return _login_page(context, target, error="Login or password is wrong.", status=403)
    await context.run(readers.clear_login_failures, keys)
    return await start_session(request, await context.read(readers.get_account, login), target)


@router.post("/logout")
async def log_out(page: PageDependency) -> Response:
    """End the session of the reader."""
    fields = await read_form(page.request)
    if not is_form_token(fields.get("form_token", ""), page.identity.session_key):
        raise FormRefused("this form has expired; open the page again")
    await page.context.run(page.context.database.readers.end_session, page.identity.session_key)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, secure=True, httponly=True, samesite="lax")
    return response


async def start_session(request: Request, account: Account, target: str) -> Response:
    """Start a session with a new key, end the previous session of the browser, and redirect to ``target``."""
    context = get_context(request)
    agent = request.headers.get("user-agent", "")
    old_key = request.cookies.get(SESSION_COOKIE, "")[:200]
    key = await context.run(context.database.readers.create_session, account.id, context.clock(), agent, old_key)
    response = RedirectResponse(target, 303)
    max_age = int(SESSION_MAX_PERIOD.total_seconds())
    response.set_cookie(SESSION_COOKIE, key, max_age, secure=True, httponly=True, samesite="lax")
    return response


def show_error(context: DeskContext, error: str, status: int) -> Response:
    """Return the login page with an error message. If the status is 503, the response has a Retry-After header."""
    response = _login_page(context, "/", error=error, status=status)
    if status == 503:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _login_page(context: DeskContext, target: str, *, code: str = "", error: str = "", status: int = 200) -> Response:
    method = context.settings.login.value
    values = {"next": safe_path(target), "code": code, "error": error, "method": method}
    return HTMLResponse(render("login.html", **values), status)

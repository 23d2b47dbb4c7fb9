"""Page Me: preferences, password, sessions and access tokens of the reader."""

from datetime import timedelta
from zoneinfo import available_timezones

from fastapi import APIRouter
from starlette.responses import Response

from monitor.domain.readers import ROLE_RIGHTS, SCOPE_RIGHTS, NotAllowed, Right, Role, Scope
from monitor.domain.web_settings import LoginMethod
from monitor.store.readers import hash_key
from monitor.web.page import BadRequest, PageDependency, parse_number, read_form_lists

router = APIRouter()
THEMES = ("", "light", "dark")
MAX_TOKEN_DAYS = 366


@router.get("/me")
async def me(page: PageDependency) -> Response:
    """Show the preferences, sessions, access tokens and feeds of the reader."""
    readers = page.context.database.readers
    sessions = await page.read(readers.list_sessions, page.account.id, page.now)
    current = hash_key(page.identity.session_key)
    tokens = await page.read(readers.list_tokens, page.account.id)
    views = [view for view in await page.read(readers.list_views, page.account.id) if view.has_feed]
    return await page.render(
        "me.html",
        sessions=sessions,
        current=current,
        themes=THEMES,
        zones=list_zones(),
        tokens=[one for one in tokens if one.ends_at > page.now],
        views=views,
        scopes=list_scopes(page.account.role),
        has_passwords=page.context.settings.login is LoginMethod.PASSWORD,
    )


@router.post("/me/password")
async def set_password(page: PageDependency) -> Response:
    """Set the password of the reader. All other sessions of the reader end.

    A reader who already has a password must also enter it.
    """
    fields = await page.form(Right.READ)
    readers, passwords = page.context.database.readers, page.context.passwords
    present = await page.read(readers.get_password_hash, page.account.login)
    if present and not await passwords.is_password(fields.get("old", ""), present):
        raise NotAllowed("the present password is wrong")
    try:
        new = await passwords.hash(fields.get("new", ""))
    except ValueError as error:
        raise BadRequest(str(error)) from error
    await page.context.run(readers.set_password_hash, page.account.id, new, page.identity.session_key)
    return page.redirect("/me")


def list_scopes(role: Role) -> list[Scope]:
    """Return the scopes that a reader may give to an access token. They depend on the role of the reader."""
    return [scope for scope in Scope if SCOPE_RIGHTS[scope] <= ROLE_RIGHTS[role] or scope is Scope.FEEDBACK]


@router.post("/me/tokens")
async def create_token(page: PageDependency) -> Response:
    """Create an access token and show it. The token is not shown again."""
    fields = await read_form_lists(page.request)
    await page.form(Right.READ)
    name, days = fields.get("name", [""])[0].strip(), parse_number("days", fields.get("days", ["90"])[0])
    chosen = set(fields.get("scope", [])) & {scope.value for scope in Scope}
    if not name or not chosen or not 0 < days <= MAX_TOKEN_DAYS:
        raise BadRequest(f"a token needs a name, a scope, and at most {MAX_TOKEN_DAYS} days")
    readers = page.context.database.readers
    scopes, period = [Scope(one) for one in sorted(chosen)], timedelta(days=days)
    made = await page.context.run(readers.create_token, page.account.id, name[:60], scopes, page.now, period)
    return await page.render("secret.html", label=f"Token {name[:60]}", secret=made[1], kind="token")


@router.post("/me/tokens/revoke")
async def revoke_token(page: PageDependency) -> Response:
    """Revoke an access token of the reader."""
    number = parse_number("token", (await page.form(Right.READ)).get("token", ""))
    await page.context.run(page.context.database.readers.revoke_token, number, page.now, page.account.id)
    return page.redirect("/me")


def list_zones() -> list[str]:
    """Return the time zone names that consist of a region and a place, such as Asia/Bangkok."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))


@router.post("/me")
async def save_preferences(page: PageDependency) -> Response:
    """Store the submitted preferences of the reader."""
    fields = await page.form(Right.READ)
    zone, theme = fields.get("zone", ""), fields.get("theme", "")
    if (zone and zone not in available_timezones()) or theme not in THEMES:
        raise BadRequest("this is not one of the choices on the page")
    readers = page.context.database.readers
    uses_keys = fields.get("keys") == "on"
    await page.context.run(
        lambda: readers.set_preferences(page.account.id, zone=zone, theme=theme, uses_keys=uses_keys)
    )
    return page.redirect("/me")


@router.post("/me/sessions/end")
async def end_sessions(page: PageDependency) -> Response:
    """End all other sessions of the reader."""
    await page.form(Right.READ)
    readers = page.context.database.readers
    await page.context.run(readers.end_sessions, page.account.id, page.identity.session_key)
    return page.redirect("/me")

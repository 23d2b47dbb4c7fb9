"""Page Me: preferences and sessions of the reader."""

from zoneinfo import available_timezones

from fastapi import APIRouter
from starlette.responses import Response

from monitor.domain.errors import UsageError
from monitor.domain.readers import Right
from monitor.store.readers import hash_key
from monitor.web.page import PageDependency

router = APIRouter()
THEMES = ("", "light", "dark")


@router.get("/me")
async def me(page: PageDependency) -> Response:
    """Show preferences and sessions."""
    readers = page.context.database.readers
    sessions = await page.read(readers.list_sessions, page.account.id, page.now)
    current = hash_key(page.identity.session_key)
    return await page.render("me.html", sessions=sessions, current=current, themes=THEMES, zones=list_zones())


def list_zones() -> list[str]:
    """Return the names of time zones that are named after a place."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))


@router.post("/me")
async def save_preferences(page: PageDependency) -> Response:
    """Store the preferences."""
    fields = await page.form(Right.READ)
    zone, theme = fields.get("zone", ""), fields.get("theme", "")
    if (zone and zone not in available_timezones()) or theme not in THEMES:
        raise UsageError("this is not one of the choices on the page")
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

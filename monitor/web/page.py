"""A request of a reader to a page of the desk, the web site for readers.

The class ``Page`` has the reader, the configuration, and methods that read the input and build the response.
"""

from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Request
from msgspec import Struct
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.domain.errors import MonitorError, UsageError
from monitor.domain.feedback import EDIT, Change, Reader, RejectionReason, Way
from monitor.domain.readers import Account, Identity, NotAllowed, Right, session_identity
from monitor.text import numbers
from monitor.web.context import DeskContext, DeskHealth, Snapshot
from monitor.web.security import is_form_token, make_form_token, safe_path
from monitor.web.templating import format_moment, render

SESSION_COOKIE = "__Host-monitor"
KEY_HELP = (
    ("j k", "next, previous"),
    ("o", "open"),
    ("w", "why"),
    ("r", "read"),
    ("n", "not this person"),
    ("y", "this is the person"),
    ("i", "irrelevant"),
    ("m", "mute"),
    ("f", "follow"),
    ("z", "undo"),
    ("a", "these are read"),
    ("/", "search"),
    ("g t", "Today"),
    ("g p", "People"),
    ("g s", "Sources"),
    ("g d", "Digests"),
    ("g r", "Rules"),
    ("g c", "Changes"),
    ("g o", "Outbox"),
    ("?", "this list"),
)
REASONS = tuple((reason.value, reason.value.replace("-", " ")) for reason in RejectionReason)
PROPOSED = "proposed"
"""Value of the URL parameter ``done`` after a proposal was stored. A proposal is not a change and cannot be undone."""

MAX_LOGIN_CHARS = 100
FORM_TYPE = "application/x-www-form-urlencoded"
T = TypeVar("T")
Number = Annotated[int, Path(ge=1, lt=2**63)]
"""Type of an id in the path of a URL. A number that is too large for an id of the database is not accepted."""


class BadRequest(MonitorError):
    """Raised if an argument of a request, or a field of a form, is not valid."""


class LoginRequired(MonitorError):
    """Raised if a page needs a login. ``path`` is the address of the page, which is opened after the login."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__("log in first")


class FormRefused(MonitorError):
    """Raised if a submitted form is refused, usually because the desk did not make it for this session."""


def get_context(request: Request) -> DeskContext:
    """Return the objects that all pages of the desk use."""
    context: DeskContext = request.app.state.desk
    return context


class Page(Struct, frozen=True):
    """A request of a reader who is logged in. Its methods read the input of the request and build the response."""

    request: Request
    context: DeskContext
    identity: Identity
    snapshot: Snapshot
    health: DeskHealth
    now: datetime

    @property
    def account(self) -> Account:
        """The account of the reader."""
        return self.identity.account

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the reader."""
        return ZoneInfo(self.account.zone or self.snapshot.configuration.settings.timezone)

    @property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query string. If a parameter is repeated, its last value is used."""
        return {name: value[:1000] for name, value in self.request.query_params.items()}

    def parameter(self, name: str, default: str = "") -> str:
        """Return a parameter of the query string, or ``default`` if it is missing."""
        return self.request.query_params.get(name, default)[:1000]

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return a parameter of the query string as a number between ``low`` and ``high``.

        A number outside of these limits is replaced by the nearer limit, and a missing one by ``default``. Raises
        ``BadRequest`` if the parameter is not a number.
        """
        text = self.request.query_params.get(name, "")
        return min(max(parse_number(name, text), low), high) if text else default

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Call a function that only reads the database, and return its result."""
        return await self.context.read(work, *args)

    async def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """Render a template in a thread, and return the page as a response.

        The values that every page needs, such as the menu, are added to ``values``.
        """
        shared = {
            "page": self,
            "account": self.account,
            "health": self.health,
            "form_token": make_form_token(self.identity.session_key),
            "here": self.path,
            "zone_name": str(self.zone),
            "name_official": self.snapshot.name_official,
            "when": lambda moment: format_moment(moment, self.zone, self.now),
            "may": lambda right: self.identity.may(Right(right)),
            "redact": self.context.redact,
            "navigation": self._navigation(),
            "is_current": self._is_current,
            "key_help": KEY_HELP,
            "reasons": REASONS,
        }
        text = await self.context.read(lambda: render(template, **(shared | values)))
        return HTMLResponse(text, status)

    def _navigation(self) -> list[tuple[str, str, int, bool]]:
        """Return the entries of the menu.

        Each entry has four elements: the path, the label, a count that is shown next to the label unless it is 0, and
        a flag that is true if the count is a number of problems.
        """
        health = self.health
        return [
            ("/", "Today", 0, False),
            ("/people", "People", 0, False),
            ("/search", "Search", 0, False),
            ("/sources", "Sources", health.problem_count, True),
            ("/digests", "Digests", 0, False),
            ("/rules", "Rules", 0, False),
            ("/changes", "Changes", 0, False),
            ("/outbox", "Outbox", health.failed_count, True),
            ("/status", "Status", int(health.daemon.state == "silent"), True),
        ]

    def _is_current(self, path: str) -> bool:
        """Return whether a menu entry leads to the present page, or to a page above it.

        ``path`` is the path of the entry.
        """
        here = self.request.url.path
        return here == path or (path != "/" and here.startswith(f"{path}/"))

    @property
    def path(self) -> str:
        """The path of the page with its query string."""
        query = self.request.url.query
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    async def form(self, right: Right) -> dict[str, str]:
        """Return the fields of a submitted form; if a field is repeated, its last value is used.

        Raises ``FormRefused`` if the desk did not make the form for this session, or ``NotAllowed`` if the reader lacks
        the right.
        """
        fields = await read_form(self.request)
        if not is_form_token(fields.get("form_token", ""), self.identity.session_key):
            raise FormRefused("this form has expired; open the page again and repeat the action")
        self.identity.require(right)
        return fields

    async def record(self, what: str, subject: str) -> None:
        """Record a change by the reader, so that the page Changes shows it.

        The feedback service records verdicts and marks, so this method is not called for them.
        """
        feedback, name = self.context.database.feedback, self.account.display_name
        change = Change(0, what, subject, name, Way.PAGE, self.now)
        reader = Reader(self.account.id, self.account.login, self.account.name)
        await self.context.run(feedback.record_change, change, reader)

    def redirect(self, path: str) -> Response:
        """Return a redirect to a page of the desk, as the response to a form."""
        return RedirectResponse(safe_path(path), 303)


def parse_number(name: str, text: str) -> int:
    """Return the number in the text of a parameter or field. Raises ``BadRequest`` unless it has 1 to 18 digits."""
    number = numbers.parse_number(text, 18)
    if number is None:
        raise BadRequest(f"{name}={text[:40]!r} is not a number")
    return number


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a URL-encoded form. Raises ``FormRefused`` for another content type."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise FormRefused("only forms of the desk are accepted")
    form: FormData = await request.form()
    return {name: value for name, value in form.multi_items() if not isinstance(value, UploadFile)}


async def read_form_lists(request: Request) -> dict[str, list[str]]:
    """Return all values of each field of a URL-encoded form. Raises ``FormRefused`` for another content type."""
    await read_form(request)
    found: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        if not isinstance(value, UploadFile):
            found.setdefault(name, []).append(value)
    return found


def peer_address(request: Request) -> str:
    """Return the IP address that sent a request, or "socket" for a Unix socket.

    Headers of a proxy are not used, because anybody can send them.
    """
    return request.client.host if request.client and request.client.host else "socket"


def is_trusted_proxy(request: Request) -> bool:
    """Return whether a request comes from a proxy that is configured as trusted to state the reader's login."""
    header = get_context(request).settings.header
    if header is None:
        return False
    try:
        peer = ip_address(peer_address(request))
    except ValueError:
        return False
    return any(peer in network for network in header.senders)


def proxy_login(request: Request) -> str:
    """Return the login that a proxy states in a header of the request, or an empty text.

    Anybody can send this header, so the caller must first check ``is_trusted_proxy``.
    """
    header = get_context(request).settings.header
    return request.headers.get(header.name, "").strip()[:MAX_LOGIN_CHARS] if header else ""


async def find_identity(request: Request) -> Identity | None:
    """Return the reader whose session the cookie of a request names, or None if the session is not valid.

    If the request was sent by a trusted proxy, the session is valid only if the proxy names the same reader.
    """
    context = get_context(request)
    key = request.cookies.get(SESSION_COOKIE, "")
    if not key or len(key) > 200:
        return None
    now = context.clock()
    found = await context.read(context.database.readers.find_session, key, now)
    if found is None:
        return None
    account, is_due = found
    if is_trusted_proxy(request) and proxy_login(request) != account.login:
        return None
    if is_due:
        await context.run(context.database.readers.touch_session, key, now)
    return session_identity(account, key)


async def open_page(request: Request) -> Page:
    """Return the ``Page`` for a request: the request with the logged-in reader and all that rendering needs.

    Raises ``LoginRequired`` if no reader is logged in.
    """
    context = get_context(request)
    identity = await find_identity(request)
    if identity is None:
        raise LoginRequired(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    return Page(request, context, identity, await context.snapshot(), await context.health(), context.clock())


PageDependency = Annotated[Page, Depends(open_page)]


def login_path(path: str) -> str:
    """Return the address of the login page. After the login, this page opens ``path``."""
    return f"/login?next={quote(path)}" if path not in {"", "/"} else "/login"


def require_undo(identity: Identity, change: Change) -> None:
    """Raise ``NotAllowed`` unless the reader may undo a change.

    Readers may undo their own changes. Readers who may give feedback may also undo the changes of other readers. Only
    readers who may edit the configuration files may undo an edit of a file.
    """
    if change.what == EDIT:
        identity.require(Right.CONFIGURE)
    elif change.login != identity.account.login and not identity.may(Right.FEEDBACK):
        raise NotAllowed(f"change {change.id} is by {change.reader}; an editor may undo it")


async def find_done(page: Page) -> Change | None:
    """Return the change that the reader has just made, or None.

    The id of the change is in the URL parameter ``done``. The page shows a notice with a button that undoes the change.
    After a proposal, which is not a change, the result has the id 0.
    """
    if page.parameter("done") == PROPOSED:
        return Change(0, PROPOSED, "an editor decides", page.account.display_name, Way.PAGE, page.now)
    if not page.parameter("done"):
        return None
    try:
        return await page.read(page.context.database.feedback.get_change, parse_number("done", page.parameter("done")))
    except (BadRequest, UsageError):
        return None

"""Readers of the desk: roles, sessions, access tokens, and what each role may do."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.errors import MonitorError

OWNER_LOGIN = "owner"
"""Login of the reader of a desk without other readers."""

SESSION_IDLE_PERIOD, SESSION_MAX_PERIOD = timedelta(hours=12), timedelta(days=30)
LOGIN_LINK_PERIOD, INVITATION_PERIOD = timedelta(minutes=10), timedelta(days=3)
DEFAULT_TOKEN_PERIOD = timedelta(days=90)
FREE_LOGIN_ATTEMPTS, MAX_LOGIN_DELAY = 5, timedelta(minutes=15)


class Role(StrEnum):
    """Role of a reader. A viewer reads, an editor gives feedback and edits, an admin manages readers."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class Right(StrEnum):
    """Kind of action that needs a role."""

    READ = "read"
    MARK = "mark"
    """Mark stories for oneself."""
    FEEDBACK = "feedback"
    """Give verdicts, and mark stories for a digest."""
    OPERATE = "operate"
    """Poll sources, and resend or cancel deliveries."""
    CONFIGURE = "configure"
    """Check, save and backtest the configuration."""
    ADMINISTER = "administer"
    """Manage readers, and all tokens."""


ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ, Right.MARK}),
    Role.EDITOR: frozenset({Right.READ, Right.MARK, Right.FEEDBACK, Right.OPERATE, Right.CONFIGURE}),
    Role.ADMIN: frozenset(Right),
}


class Scope(StrEnum):
    """Scope of an access token. A token never has more rights than the role of its reader."""

    READ = "read"
    EVIDENCE = "evidence"
    FEEDBACK = "feedback"
    OPERATE = "operate"
    CONFIGURE = "configure"
    ADMIN = "admin"


SCOPE_RIGHTS: dict[Scope, frozenset[Right]] = {
    Scope.READ: frozenset({Right.READ}),
    Scope.EVIDENCE: frozenset({Right.READ}),
    Scope.FEEDBACK: frozenset({Right.READ, Right.MARK, Right.FEEDBACK}),
    Scope.OPERATE: frozenset({Right.READ, Right.OPERATE}),
    Scope.CONFIGURE: frozenset({Right.READ, Right.CONFIGURE}),
    Scope.ADMIN: frozenset({Right.READ, Right.ADMINISTER}),
}


class NotAllowed(MonitorError):
    """Raised if the role of a reader, or the scopes of a token, do not include an action."""


@dataclass(frozen=True, slots=True)
class Account:
    """Reader with the role and the preferences of the desk.

    ``zone`` is the reader's time zone, or empty for that of the settings. ``theme`` is "light", "dark" or empty.
    ``uses_keys`` is whether single keys act on pages. ``seen_hit_id`` is the newest hit that the reader has marked as
    read.
    """

    id: int
    login: str
    name: str = ""
    role: Role = Role.VIEWER
    zone: str = ""
    theme: str = ""
    uses_keys: bool = True
    seen_hit_id: int = 0
    has_password: bool = False
    made_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def display_name(self) -> str:
        """Return the name, or the login of a reader without one."""
        return self.name or self.login


@dataclass(frozen=True, slots=True)
class Identity:
    """Reader of a request with the rights that the request has; ``session_key`` is empty for an access token."""

    account: Account
    rights: frozenset[Right]
    scopes: frozenset[Scope] = frozenset(Scope)
    session_key: str = ""
    token_id: int | None = None

    def may(self, right: Right) -> bool:
        """Return whether the request has a right."""
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise ``NotAllowed`` if the request does not have a right."""
        if right not in self.rights:
            raise NotAllowed(
                f"this needs the right to {right}; {self.account.login} is {self.account.role}"
                + ("" if self.token_id is None else " and the token has a narrower scope")
            )


def session_identity(account: Account, session_key: str) -> Identity:
    """Return the identity of a reader who is logged in."""
    return Identity(account, ROLE_RIGHTS[account.role], session_key=session_key)


def token_identity(account: Account, scopes: frozenset[Scope], token_id: int) -> Identity:
    """Return the identity of a request with an access token."""
    granted = frozenset(right for scope in scopes for right in SCOPE_RIGHTS[scope])
    return Identity(account, ROLE_RIGHTS[account.role] & granted, scopes, token_id=token_id)


@dataclass(frozen=True, slots=True)
class Session:
    """Login of a reader; ``key_hash`` is the hash of the cookie."""

    key_hash: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    agent: str = ""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """Access token of the API. ``prefix`` are its first characters; the token itself is not stored."""

    id: int
    reader_id: int
    name: str
    prefix: str
    scopes: frozenset[Scope]
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SavedView:
    """Saved search or feed of a reader. ``query`` is the query string of its page."""

    id: int
    reader_id: int
    name: str
    query: str
    has_feed: bool
    made_at: datetime


def login_delay(failure_count: int) -> timedelta:
    """Return how long a login waits after a number of failures in a row: nothing at first, then doubling."""
    if failure_count < FREE_LOGIN_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failure_count - FREE_LOGIN_ATTEMPTS + 4, 12)), MAX_LOGIN_DELAY)

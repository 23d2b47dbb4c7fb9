"""Readers of the desk and the API: roles, rights, sessions and access tokens."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from monitor.domain.errors import MonitorError

OWNER_LOGIN = "owner"
"""Login of the only reader, as long as no other readers were added."""

SESSION_IDLE_PERIOD, SESSION_MAX_PERIOD = timedelta(hours=12), timedelta(days=30)
LOGIN_LINK_PERIOD, INVITATION_PERIOD = timedelta(minutes=10), timedelta(days=3)
DEFAULT_TOKEN_PERIOD = timedelta(days=90)
FREE_LOGIN_ATTEMPTS, MAX_LOGIN_DELAY = 5, timedelta(minutes=15)


class Role(StrEnum):
    """The role of a reader. A viewer reads, an editor gives feedback and edits, an admin manages readers."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class Right(StrEnum):
    """A right to do one kind of action. A role includes several rights."""

    READ = "read"
    MARK = "mark"
    """The reader may mark stories, for example as read, with effect only for this reader."""
    FEEDBACK = "feedback"
    """The reader may give verdicts (whether a text names an official), and mark stories with effect for a digest."""
    OPERATE = "operate"
    """The reader may poll sources, and resend or cancel deliveries."""
    CONFIGURE = "configure"
    """The reader may check and save the configuration, and try its rules on stored articles (a backtest)."""
    ADMINISTER = "administer"
    """The reader may manage other readers, and the access tokens of all readers."""


ROLE_RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: frozenset({Right.READ, Right.MARK}),
    Role.EDITOR: frozenset({Right.READ, Right.MARK, Right.FEEDBACK, Right.OPERATE, Right.CONFIGURE}),
    Role.ADMIN: frozenset(Right),
}


class Scope(StrEnum):
    """A scope of an access token: what the token may be used for.

    It never gives more rights than the role of the reader.
    """

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
    """Raised if an action is not included in the role of a reader or in the scopes of an access token."""


class Account(Struct, frozen=True):
    """A reader of the desk, with role and preferences.

    - ``zone`` is the time zone of the reader. If it is empty, the zone of the settings is used.
    - ``theme`` is "light", "dark" or empty.
    - ``uses_keys`` enables shortcuts of a single key.
    - ``seen_hit_id`` is the newest hit that the reader has marked as read.
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
        """Return the name of the reader, or the login if the reader has no name."""
        return self.name or self.login


class Identity(Struct, frozen=True):
    """The reader who sent a request, and the rights that the reader may use in this request.

    If the request was made with an access token and not in a session, ``session_key`` is empty and ``token_id`` is set.
    """

    account: Account
    rights: frozenset[Right]
    scopes: frozenset[Scope] = frozenset(Scope)
    session_key: str = ""
    token_id: int | None = None

    def may(self, right: Right) -> bool:
        """Return whether the reader may use a right in this request."""
        return right in self.rights

    def require(self, right: Right) -> None:
        """Raise ``NotAllowed`` if the reader may not use the given right in this request."""
        if right not in self.rights:
            raise NotAllowed(
                f"this needs the right to {right}; {self.account.login} is {self.account.role}"
                + ("" if self.token_id is None else " and the token has a narrower scope")
            )


def session_identity(account: Account, session_key: str) -> Identity:
    """Return the identity of a request that belongs to a session. It has all rights of the reader's role."""
    return Identity(account, ROLE_RIGHTS[account.role], session_key=session_key)


def token_identity(account: Account, scopes: frozenset[Scope], token_id: int) -> Identity:
    """Return the identity of a request with an access token.

    It has the rights that are included both in the scopes of the token and in the role of the reader.
    """
    granted = frozenset(right for scope in scopes for right in SCOPE_RIGHTS[scope])
    return Identity(account, ROLE_RIGHTS[account.role] & granted, scopes, token_id=token_id)


class Session(Struct, frozen=True):
    """A login of a reader.

    ``key_hash`` is the hash of the session cookie; ``agent`` is the User-Agent of the browser.
    """

    key_hash: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    agent: str = ""


class AccessToken(Struct, frozen=True):
    """An access token of the API.

    ``prefix`` is the beginning of the token, for display; the token itself is not stored.
    """

    id: int
    reader_id: int
    name: str
    prefix: str
    scopes: frozenset[Scope]
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class SavedView(Struct, frozen=True):
    """A search that a reader has saved under a name.

    ``query`` is the query string in the URL of the page that shows the results. If ``has_feed`` is true, the results
    are also published as an Atom feed.
    """

    id: int
    reader_id: int
    name: str
    query: str
    has_feed: bool
    made_at: datetime


def login_delay(failure_count: int) -> timedelta:
    """Return how long a reader must wait for the next login attempt after this number of consecutive failures.

    The first failures cause no delay. After that, the delay doubles with each failure, up to ``MAX_LOGIN_DELAY``.
    """
    if failure_count < FREE_LOGIN_ATTEMPTS:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failure_count - FREE_LOGIN_ATTEMPTS + 4, 12)), MAX_LOGIN_DELAY)

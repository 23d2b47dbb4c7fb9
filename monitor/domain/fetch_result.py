"""HTTP requests and their results. Failures are values, not exceptions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.domain.errors import PageProblem
from monitor.domain.special_sources import Mailbox

KNOWN_COUNT_HEADER = "x-known-messages"
"""Header of the new messages of a mailbox: how many messages of its folder were read before."""


LOGIN_HEADERS = frozenset({"authorization", "cookie", "x-api-key"})
"""Headers of a source by which it is logged in, in lower case."""


class FailureWeight(StrEnum):
    """Severity of a failure: hard (wrong address), soft (busy server) or temporary (failed DNS lookup)."""

    HARD = "hard"
    SOFT = "soft"
    TEMPORARY = "temporary"


class FailureCause(StrEnum):
    """Cause of a failed request, from which a suggestion for the user is derived (``source_health.py``)."""

    OTHER = ""
    NAME_LOOKUP = "name"
    UNREACHABLE = "unreachable"
    TIMEOUT = "slow"
    CERTIFICATE = "certificate"
    FORBIDDEN_ADDRESS = "forbidden"
    REDIRECT = "redirect"
    LAYOUT_CHANGED = "layout"
    MALFORMED = "broken"
    TOO_LONG = "long"


class FetchPurpose(StrEnum):
    """Purpose of a request; robots.txt is applied to pages only."""

    API = "api"
    FEED = "feed"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One GET request. ``etag`` and ``last_modified`` are from the last response whose entries were stored.

    ``is_large`` raises the limit for the body; the caller must bound how many such bodies are held at the same time.
    With ``uses_browser``, an HTML page is returned as it is after its scripts ran. With a ``body``, this JSON is sent
    by POST. With a ``mailbox``, its new messages are read, and ``etag`` is the state of the last reading.
    ``cookie_file`` is the path of a file with cookies in the Netscape format.
    """

    url: str
    purpose: FetchPurpose = FetchPurpose.FEED
    etag: str = ""
    last_modified: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    is_large: bool = False
    uses_browser: bool = False
    body: bytes | None = field(default=None, repr=False)
    mailbox: Mailbox | None = None
    cookie_file: str = ""

    @property
    def has_login(self) -> bool:
        """Return whether the request has cookies or other credentials of a login."""
        return bool(self.cookie_file) or any(name.lower() in LOGIN_HEADERS for name, _ in self.headers)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Complete response. ``url`` is the address after redirects, ``moved_to`` the target of a permanent redirect."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    freshness: timedelta | None = None
    moved_to: str = ""
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server reported no change since the validators of the request; ``moved_to`` is as in ``Fetched``.

    ``etag`` and ``last_modified`` replace the request's validators, unless they are empty (RFC 9111, section 4.3.4).
    """

    freshness: timedelta | None = None
    moved_to: str = ""
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The server or a firewall refuses automated access; retrying sooner does not help.

    ``problem`` is set if the user can remove the reason.
    """

    reason: str
    suggestion: str = ""
    retry_after: timedelta | None = None
    problem: PageProblem = PageProblem.NONE


@dataclass(frozen=True, slots=True)
class Gone:
    """The server reported that the address was removed permanently (HTTP 410)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Any other response without a usable body: the reason, its weight, and when the server asks for a retry.

    ``FailureCause.FORBIDDEN_ADDRESS`` means that the address itself is not allowed and no request was sent.
    """

    reason: str
    weight: FailureWeight = FailureWeight.SOFT
    retry_after: timedelta | None = None
    status: int = 0
    cause: FailureCause = FailureCause.OTHER


FetchResult = Fetched | NotModified | Blocked | Gone | Failed

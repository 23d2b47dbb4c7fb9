"""Requests to web and mail servers, and their results. Failures are values, not exceptions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from monitor.domain.errors import PageProblem
from monitor.domain.special_sources import Mailbox

KNOWN_COUNT_HEADER = "x-known-messages"
"""Name of a header in the result of reading a mailbox, which has the form of an HTTP response.

The value is the number of messages in the mail folder that an earlier poll has read.
"""


LOGIN_HEADERS = frozenset({"authorization", "cookie", "x-api-key"})
"""Names, in lower case, of request headers that contain the login of a source."""


class FailureWeight(StrEnum):
    """Weight of a failed request, which determines how strongly the failure delays the next poll.

    Examples are a wrong address (hard), a busy server (soft) and a failed DNS lookup (temporary).
    """

    HARD = "hard"
    SOFT = "soft"
    TEMPORARY = "temporary"


class FailureCause(StrEnum):
    """Cause of a failed request. ``source_health.py`` has a suggestion for the user for each cause except ``OTHER``."""

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
    """Kind of document that is requested. The rules of robots.txt are applied only to requests for pages."""

    API = "api"
    FEED = "feed"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """A request for one document.

    - ``etag`` and ``last_modified`` are the validators of the last response whose entries were stored: with them, the
      server can answer that the document has not changed.
    - ``is_large`` raises the size limit of the body. The caller must limit how many such bodies are in memory at the
      same time.
    - If ``uses_browser`` is true, an HTML page is returned as it is after its scripts ran.
    - ``body`` is JSON that is sent by POST. A request without a body uses GET.
    - If ``mailbox`` is given, the new messages of the mailbox are read, and ``etag`` describes what was read before.
    - ``cookie_file`` is the path of a file with cookies in the Netscape format.
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
        """Return whether the request contains cookies or other credentials."""
        return bool(self.cookie_file) or any(name.lower() in LOGIN_HEADERS for name, _ in self.headers)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A complete response of a server.

    ``url`` is the address after all redirects. ``moved_to`` is the target of a permanent redirect, or empty.
    ``freshness`` is the time for which the server allows the response to be cached.
    """

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


class NotModified(Struct, frozen=True):
    """Response which states that the document has not changed since an earlier request.

    The request contained the validators (ETag and Last-Modified) of the earlier response. ``etag`` and
    ``last_modified`` are the new validators. A new validator that is not empty replaces the earlier one (RFC 9111,
    section 4.3.4). ``moved_to`` is the target of a permanent redirect, or empty.
    """

    freshness: timedelta | None = None
    moved_to: str = ""
    etag: str = ""
    last_modified: str = ""


class Blocked(Struct, frozen=True):
    """Result of a request that the server or a firewall refuses because it does not admit automated clients.

    Retrying soon does not help. ``problem`` is set if the user can do something about the cause.
    """

    reason: str
    suggestion: str = ""
    retry_after: timedelta | None = None
    problem: PageProblem = PageProblem.NONE


class Gone(Struct, frozen=True):
    """Result of a request for a document that was removed permanently, as the server reports (HTTP 410)."""

    reason: str


class Failed(Struct, frozen=True):
    """Result of a request that failed for a reason that the other result types do not cover.

    ``retry_after`` is the delay that the server asks for. ``status`` is the HTTP status, or 0 if the failure is not an
    HTTP status. If ``cause`` is ``FORBIDDEN_ADDRESS``, the address is not allowed, and no request was sent.
    """

    reason: str
    weight: FailureWeight = FailureWeight.SOFT
    retry_after: timedelta | None = None
    status: int = 0
    cause: FailureCause = FailureCause.OTHER


FetchResult = Fetched | NotModified | Blocked | Gone | Failed

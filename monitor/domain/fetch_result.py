"""What is asked of a server, and what came of it. Outcomes are values: a refusal is no exception."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class FailureWeight(StrEnum):
    """How heavily a failure counts: a wrong address is worse than a busy server, that worse than a lost name."""

    HARD = "hard"
    SOFT = "soft"
    TEMPORARY = "temporary"


class FailureCause(StrEnum):
    """What an exchange failed for, as far as it says what would help (``remedies.py``)."""

    OTHER = ""
    NAME_LOOKUP = "name"
    UNREACHABLE = "unreachable"
    TIMEOUT = "slow"
    CERTIFICATE = "certificate"
    FORBIDDEN_ADDRESS = "forbidden"
    REDIRECT = "redirect"
    LAYOUT_CHANGED = "layout"
    MALFORMED = "broken"


class FetchPurpose(StrEnum):
    """What the exchange is for; robots.txt is asked for pages only."""

    FEED = "feed"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One GET. The validators are those of the last answer whose entries were stored."""

    url: str
    purpose: FetchPurpose = FetchPurpose.FEED
    etag: str = ""
    last_modified: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole body in hand. ``url`` is where it came from after redirects, ``moved_to`` a permanent new address."""

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
    """The server says that nothing changed since the validators; ``moved_to`` as in ``Fetched``."""

    freshness: timedelta | None = None
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The server or somebody before it keeps programs out; it is not broken, and coming sooner does not help."""

    reason: str
    suggestion: str = ""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The server says for good that this address is no more (410)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Anything else that yielded no body: what happened, how heavy it is, when the server asks to come back.

    With ``Fault.FORBIDDEN`` the address itself is forbidden, and nobody was asked.
    """

    reason: str
    weight: FailureWeight = FailureWeight.SOFT
    retry_after: timedelta | None = None
    status: int = 0
    cause: FailureCause = FailureCause.OTHER


FetchResult = Fetched | NotModified | Blocked | Gone | Failed

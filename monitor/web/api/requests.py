"""A request to the API: its access token, the limit on the number of requests, cursors, and formats of the response."""

import base64
import binascii
import hashlib
import io
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from msgspec import Struct
from starlette.responses import Response

from monitor.domain.codes import STORY_ID_PATTERN
from monitor.domain.errors import MonitorError
from monitor.domain.read_models import Cursor
from monitor.domain.readers import Identity, Right, token_identity
from monitor.records.values import encode_json, to_json_value, write_csv
from monitor.web.context import DeskContext, Snapshot
from monitor.web.page import BadRequest, find_identity
from monitor.web.security import SAFE_METHODS

REQUESTS_PER_MINUTE, SEARCHES_PER_MINUTE, MINUTE_SECONDS = 300, 10, 60.0
MAX_LIMIT, DEFAULT_LIMIT = 200, 50
PROBLEM_TYPE, PROBLEM_URN = "application/problem+json", "urn:monitor:problem"
NDJSON, CSV = "application/x-ndjson", "text/csv"
INVALID_CURSOR = "the cursor is not valid; use the value of `next` as it is"
T = TypeVar("T")
bearer = HTTPBearer(auto_error=False, description="An access token: Authorization: Bearer mon_...")


class TokenRequired(MonitorError):
    """Raised if a request has no valid access token."""


class PreconditionRequired(MonitorError):
    """Raised if a request to replace a file lacks the header If-Match with the entity tag of the file."""


class RateLimited(MonitorError):
    """Raised if too many requests were sent with a token. The next request is accepted after ``seconds`` seconds."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"too many requests; try again in {seconds} seconds")


class RateLimiter:
    """Counter that limits requests: at most ``limit`` requests from each sender in any ``period`` of seconds."""

    def __init__(self, limit: int, now: Callable[[], float] = time.monotonic, period: float = MINUTE_SECONDS) -> None:
        self.limit, self._now, self._period = limit, now, period
        self._times: defaultdict[object, deque[float]] = defaultdict(deque)

    def count(self, key: object) -> int:
        """Count a request, and return how many further requests would be accepted now.

        ``key`` identifies the sender, for example by the id of the access token. Raises ``RateLimited`` if the sender
        has reached the limit.
        """
        now = self._now()
        times = self._times[key]
        while times and times[0] <= now - self._period:
            times.popleft()
        if len(times) >= self.limit:
            raise RateLimited(int(times[0] + self._period - now) + 1)
        times.append(now)
        return self.limit - len(times)


class ApiRequest(Struct, frozen=True):
    """A request to the API, authenticated by an access token.

    A request with a method that only reads, such as GET, may be authenticated by the reader's session on the desk
    instead.
    """

    request: Request
    context: DeskContext
    identity: Identity
    snapshot: Snapshot
    now: datetime
    remaining: int

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Call a function that only reads the database, and return its result."""
        return await self.context.read(work, *args)

    def require(self, right: Right) -> None:
        """Raise ``NotAllowed`` if the token, or the role of its reader, does not include a right."""
        self.identity.require(right)

    def answer(self, document: Mapping[str, Any], status: int = 200, tag: str = "") -> Response:
        """Return a JSON response with an entity tag: ``tag`` or, if this is empty, a hash of the response.

        If the client already has the content with this tag, the response is empty and has the status 304.
        """
        return self._tagged((encode_json(document) + "\n").encode(), "application/json", status, tag=tag)

    def answer_list(
        self, records: Sequence[Mapping[str, Any]], next_cursor: str | None, columns: Sequence[str] = ()
    ) -> Response:
        """Return a response with a list of records.

        The format is JSON lines or CSV if the Accept header asks for it, and otherwise JSON.
        """
        accept = self.request.headers.get("accept", "")
        if NDJSON in accept:
            text = "".join(f"{encode_json(record)}\n" for record in records)
            return self._tagged(text.encode(), NDJSON, 200, next_cursor)
        if CSV in accept:
            output = io.StringIO()
            write_csv(output, columns or tuple(records[0] if records else ()), records)
            return self._tagged(output.getvalue().encode(), f"{CSV}; charset=utf-8", 200, next_cursor)
        return self.answer({"items": list(records), "next": next_cursor})

    def _tagged(
        self, body: bytes, media_type: str, status: int, next_cursor: str | None = None, tag: str = ""
    ) -> Response:
        tag = f'"{tag or hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {
            "ETag": tag,
            "Cache-Control": "private, no-cache",
            "Vary": "Accept, Authorization, Cookie",
            "RateLimit-Limit": str(REQUESTS_PER_MINUTE),
            "RateLimit-Remaining": str(self.remaining),
        }
        if next_cursor:
            headers["Next-Cursor"] = next_cursor
        known = {one.strip().removeprefix("W/") for one in self.request.headers.get("if-none-match", "").split(",")}
        if status == 200 and self.request.method in SAFE_METHODS and (tag in known or "*" in known):
            return Response(status_code=304, headers=headers)
        return Response(body, status, headers, media_type)


async def open_request(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)] = None
) -> ApiRequest:
    """Authenticate and count a request. Return it with the rights of its reader.

    Raises ``TokenRequired`` without a valid token or session, ``RateLimited`` after too many requests, or
    ``NotAllowed`` without the right to read.
    """
    context: DeskContext = request.app.state.desk
    identity = await _find_token(context, credentials) if credentials else None
    if identity is None and credentials is None and request.method in SAFE_METHODS:
        identity = await find_identity(request)
    if identity is None:
        raise TokenRequired("give a valid access token: Authorization: Bearer mon_...; your page of the desk makes one")
    limiter: RateLimiter = request.app.state.limiter
    key = identity.token_id if identity.token_id is not None else f"reader {identity.account.id}"
    remaining = limiter.count(key)
    identity.require(Right.READ)
    return ApiRequest(request, context, identity, await context.snapshot(), context.clock(), remaining)


async def _find_token(context: DeskContext, credentials: HTTPAuthorizationCredentials) -> Identity | None:
    text = credentials.credentials
    if credentials.scheme.lower() != "bearer" or len(text) > 200:
        return None
    now = context.clock()
    found = await context.read(context.database.readers.find_token, text, now)
    if found is None:
        return None
    account, token, is_due = found
    if is_due:
        await context.run(context.database.readers.touch_token, token.id, now)
    return token_identity(account, token.scopes, token.id)


ApiDependency = Annotated[ApiRequest, Depends(open_request)]


def encode_cursor(position: Cursor, filter_key: str) -> str:
    """Return a position in a list as an opaque text. The text is valid only for the same filter."""
    return encode_position(position.at, position.id, filter_key)


def decode_cursor(text: str, filter_key: str) -> Cursor | None:
    """Return the position in a list that a cursor contains, or None for an empty text.

    Raises ``BadRequest`` if the cursor is not valid, or was made for another filter.
    """
    found = _decode_position(text, filter_key) if text else None
    if found is None:
        return None
    at, number = found
    if not isinstance(number, int) or not 0 <= number < 2**63:
        raise BadRequest(INVALID_CURSOR)
    return Cursor(at, number)


def decode_story_cursor(text: str, filter_key: str) -> tuple[datetime, str] | None:
    """Return the time and the id of the story in a cursor. Raises the errors of ``decode_cursor``."""
    found = _decode_position(text, filter_key) if text else None
    if found is None:
        return None
    at, story_id = found
    if not isinstance(story_id, str) or not re.fullmatch(STORY_ID_PATTERN, story_id):
        raise BadRequest(INVALID_CURSOR)
    return at, story_id


def encode_position(at: datetime, key: int | str, filter_key: str) -> str:
    """Return a position in a list as an opaque text.

    The position consists of ``at`` and ``key``, the time and the id of the last entry of a page. The text is valid
    only for the same filter.
    """
    data = [to_json_value(at), key, _hash_filter(filter_key)]
    return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode_position(text: str, filter_key: str) -> tuple[datetime, Any]:
    try:
        padded = text + "=" * (-len(text) % 4)
        at, key, filter_hash = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        moment = datetime.fromisoformat(at)
    except (ValueError, TypeError, binascii.Error, RecursionError, OverflowError):
        raise BadRequest(INVALID_CURSOR) from None
    if filter_hash != _hash_filter(filter_key) or moment.tzinfo is None:
        raise BadRequest("the cursor belongs to another filter; begin again without it")
    return moment, key


def _hash_filter(filter_key: str) -> str:
    return hashlib.sha256(filter_key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """Return an error response as a problem document (RFC 9457)."""
    headers = {"Cache-Control": "private, no-cache"}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in {429, 503}:
        headers["Retry-After"] = str(more.pop("seconds", 5))
    document = {"type": f"{PROBLEM_URN}:{status}", "title": title, "status": status, "detail": detail} | more
    return Response(json.dumps(document, ensure_ascii=False), status, headers, PROBLEM_TYPE)

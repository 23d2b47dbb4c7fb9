"""Idempotency keys of the API. A request that changes data is carried out once, even if the client repeats it.

The client sends the same key with each repetition. The response is stored for 24 hours and sent again for each
repetition. So a client that has lost the connection may repeat any request.
"""

import hashlib
from contextlib import suppress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.domain.errors import MonitorError, StoreError
from monitor.store.api_answers import ApiAnswer
from monitor.web.api.requests import problem
from monitor.web.context import DeskContext
from monitor.web.security import SAFE_METHODS

HEADER, REPEATED_HEADER = "idempotency-key", "Idempotent-Replayed"
MAX_KEY_CHARS = 200
_NOT_CARRIED_OUT = frozenset({401, 403, 429})
"""HTTP statuses of requests that were refused and not carried out.

Their responses are not stored, nor are responses to server errors. So a client may send the request again with the same
idempotency key, and it is then carried out.
"""


class IdempotencyMiddleware:
    """ASGI middleware of the API that answers a repeated request with the stored response.

    It handles requests that change data and have a valid access token and the header ``Idempotency-Key``. It passes on
    all other requests.
    """

    def __init__(self, app: ASGIApp, context: DeskContext) -> None:
        self._app, self._context = app, context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request: send the stored response if the request is a repetition, otherwise pass it on."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        key = headers.get(HEADER, "")
        if not key or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        try:
            token_id = await self._find_token(headers)
        except MonitorError as error:
            await problem(503, "Try again in a moment", str(error))(scope, receive, send)
            return
        if token_id is None:
            await self._app(scope, receive, send)
            return
        if len(key) > MAX_KEY_CHARS:
            detail = f"the header Idempotency-Key has at most {MAX_KEY_CHARS} characters"
            await problem(400, "An argument is not valid", detail)(scope, receive, send)
            return
        body = await _read_body(receive)
        if body is not None:
            await self._answer(scope, body, send, token_id, _hash(key.encode()))

    async def _find_token(self, headers: Headers) -> int | None:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(text) <= 200:
            return None
        context = self._context
        found = await context.read(context.database.readers.find_token, text.strip(), context.clock())
        return found[1].id if found else None

    async def _answer(self, scope: Scope, body: bytes, send: Send, token_id: int, key_hash: str) -> None:
        """Send the stored response to a request. If there is none, carry out the request and store its response.

        Send an error if the key was used for another request, or if the first request is still being carried out.
        """
        answers, context = self._context.database.api_answers, self._context
        request = (scope["method"].encode(), scope["path"].encode(), scope["query_string"], body)
        request_hash = _hash(b"\0".join(request))
        receive = _replay(body)
        try:
            known = await context.run(answers.reserve, token_id, key_hash, request_hash, context.clock())
        except StoreError as error:
            await problem(503, "Try again in a moment", str(error))(scope, receive, send)
            return
        if known and known.request_hash != request_hash:
            detail = "this Idempotency-Key was used for another request; use a new one"
            await problem(422, "The key belongs to another request", detail)(scope, receive, send)
        elif known and known.status == 0:
            detail = "the request with this Idempotency-Key is being carried out; try again in a moment"
            await problem(409, "The first request is not answered yet", detail)(scope, receive, send)
        elif known:
            headers = {REPEATED_HEADER: "true", "Cache-Control": "private, no-cache"}
            await Response(known.body, known.status, headers, known.media_type)(scope, receive, send)
        else:
            recorder = _Recorder(send)
            try:
                await self._app(scope, receive, recorder)
            finally:
                answer = recorder.build(request_hash)
                with suppress(StoreError):  # the answer was sent; the key is released after some minutes
                    if answer is None or answer.status >= 500 or answer.status in _NOT_CARRIED_OUT:
                        await context.run(answers.release, token_id, key_hash)
                    else:
                        await context.run(answers.save, token_id, key_hash, answer)


class _Recorder:
    """ASGI function ``send`` that passes a response on to the client and keeps a copy of it."""

    def __init__(self, send: Send) -> None:
        self._send, self._status, self._media_type = send, 0, ""
        self._body = bytearray()
        self._is_complete = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._media_type = MutableHeaders(raw=message["headers"]).get("content-type", "")
        elif message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            self._is_complete = not message.get("more_body", False)
        await self._send(message)

    def build(self, request_hash: str) -> ApiAnswer | None:
        """Return the copied response, or None if the response was not complete."""
        answer = ApiAnswer(request_hash, self._status, self._media_type, bytes(self._body))
        return answer if self._is_complete else None


async def _read_body(receive: Receive) -> bytes | None:
    """Return the body of a request, or None if the client has disconnected."""
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    """Return an ASGI function ``receive`` that returns this body, and then reports that the client has disconnected."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

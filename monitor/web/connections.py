"""HTTP connections of the desk. A client that sends the head of its first request too slowly is disconnected."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 30.0
END_OF_HEAD = b"\r\n\r\n"


class LimitedConnection(H11Protocol):
    """HTTP connection that is closed unless the head of the first request arrives within ``HEAD_SECONDS``."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_tail = b""
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the base class
        """Start the time limit for the head of the first request."""
        super().connection_made(transport)
        self._head_timer = asyncio.get_running_loop().call_later(HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Stop the time limit when the head of the request is complete."""
        if self._head_timer:
            self._head_tail = (self._head_tail + data)[-len(data) - len(END_OF_HEAD) :]
            if END_OF_HEAD in self._head_tail:
                self._stop_timer()
            self._head_tail = self._head_tail[-len(END_OF_HEAD) :]
        super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time limit, because the connection has ended."""
        self._stop_timer()
        super().connection_lost(exc)

    def _stop_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

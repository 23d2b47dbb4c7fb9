"""Servers on loopback that respond as the test defines, and count connections."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import uvloop

T = TypeVar("T")
Respond = Callable[[str, dict[str, str], asyncio.StreamWriter], Awaitable[None]]


def on_loop(work: Coroutine[object, object, T]) -> T:
    """Run a coroutine on the kind of event loop that the daemon uses."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


class Asked(NamedTuple):
    """A request as it came: header names are in lower case."""

    path: str
    headers: dict[str, str]
    method: str
    body: bytes


@dataclass
class Loopback:
    """Running server: its address, the number of connections, and the requests."""

    port: int
    host: str = "127.0.0.1"
    accepts: int = 0
    open: int = 0
    most_open: int = 0
    asked: list[Asked] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "", scheme: str = "http") -> str:
        """Return a URL of this server."""
        return f"{scheme}://{host or self.host}:{self.port}{path}"


@asynccontextmanager
async def serving(
    respond: Respond, host: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> AsyncIterator[Loopback]:
    """Serve: ``talk`` is called with path, headers and the writer; the connection is closed when it returns."""
    running = Loopback(0, host)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        running.accepts += 1
        running.open += 1
        running.most_open = max(running.most_open, running.open)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            pairs = (line.partition(":") for line in head[1:] if line)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            method, path, _ = head[0].split(" ")
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            running.asked.append(Asked(path, headers, method, body))
            await respond(path, headers, writer)
            await writer.drain()
        running.open -= 1
        writer.close()

    server = await asyncio.start_server(connected, host, 0, ssl=context)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return a response; header names use _ for -."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def respond_with(*answers: bytes) -> Respond:
    """Return a handler that gives these responses one after the other, and the last one for all further requests."""
    left = list(answers)

    async def respond(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return respond

"""Probe server: serves ``/livez``, ``/readyz`` and ``/metrics`` on a local port.

It runs in its own thread, so that it can answer even if the event loop is blocked.
"""

import contextlib
import socket
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Lock, Semaphore, Thread
from typing import Any, cast

from monitor.telemetry.health import HealthStatus
from monitor.telemetry.metrics import CONTENT_TYPE, Metrics

PLAIN_TEXT = "text/plain; charset=utf-8"
MAX_CONNECTIONS = 16  # less than the 256 tasks that the shipped systemd unit allows
REQUEST_DEADLINE_SECONDS = 5.0  # time from the first byte of a connection to the last
SLOT_WAIT_SECONDS = 0.5  # the thread of a connection that was ended is free within milliseconds
_Request = Any  # socketserver passes a socket, or a pair for datagrams
_ClientAddress = Any


class ProbeServer:
    """HTTP server for probes (health checks by other programs).

    Its responses contain names of components and numbers, but no sources and no URLs.
    """

    def __init__(
        self,
        host: str,
        port: int,
        health: Callable[[], HealthStatus],
        metrics: Metrics,
        *,
        request_deadline_seconds: float = REQUEST_DEADLINE_SECONDS,
    ) -> None:
        """Open the port and start the server. Raises ``OSError`` if the port is in use."""

        class Handler(_ProbeHandler):
            pages = {  # noqa: RUF012 - created once per server, with its class
                "/livez": lambda: _probe_response(health().is_live, health()),
                "/readyz": lambda: _probe_response(health().is_ready, health()),
                "/metrics": lambda: (200, CONTENT_TYPE, metrics.render()),
            }

        self._server = _ProbeHttpServer((host, port), Handler, request_deadline_seconds)
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.2,), name="probes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port and stop the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _ProbeHttpServer(ThreadingHTTPServer):
    """HTTP server with a limited number of threads.

    Each connection is closed at its deadline, however slowly the client sends. If all threads are in use, the oldest
    connection is closed, so that the new one can be answered: a normal probe takes only milliseconds.
    """

    daemon_threads = True
    request_queue_size = MAX_CONNECTIONS

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        request_deadline_seconds: float = REQUEST_DEADLINE_SECONDS,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._deadline_seconds = request_deadline_seconds
        self._free_slots = Semaphore(MAX_CONNECTIONS)
        self._end_times: dict[socket.socket, float] = {}  # oldest connection first
        self._lock = Lock()
        super().__init__(address, handler)

    def process_request(self, request: _Request, client_address: _ClientAddress) -> None:
        """Answer a request in its own thread. If no thread becomes free, close the connection."""
        connection = cast("socket.socket", request)
        if not self._free_slots.acquire(blocking=False):
            self._end_connections(oldest_only=True)
            if not self._free_slots.acquire(timeout=SLOT_WAIT_SECONDS):
                self.shutdown_request(request)
                return
        with self._lock:
            self._end_times[connection] = time.monotonic() + self._deadline_seconds
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # the operating system allows no further thread
            self._release(connection)
            self.shutdown_request(request)

    def process_request_thread(self, request: _Request, client_address: _ClientAddress) -> None:
        """Answer a request in the current thread, and then allow one more thread to be started."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._release(cast("socket.socket", request))

    def service_actions(self) -> None:
        """Close the connections that have reached their deadline.

        The server's loop calls this several times per second.
        """
        self._end_connections(oldest_only=False)

    def handle_error(self, request: _Request, client_address: _ClientAddress) -> None:
        """Log an error of this program, but not a lost or closed connection."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def _end_connections(self, *, oldest_only: bool) -> None:
        """Close the connections that are past their deadline, so that their threads end.

        If ``oldest_only`` is true, close the oldest connection instead, even if it is not past its deadline.
        """
        with self._lock:
            now = time.monotonic()
            late = [connection for connection, end_at in self._end_times.items() if oldest_only or end_at <= now]
            for connection in late[:1] if oldest_only else late:
                with contextlib.suppress(OSError):  # the client has closed the connection already
                    connection.shutdown(socket.SHUT_RDWR)

    def _release(self, connection: socket.socket) -> None:
        with self._lock:
            self._end_times.pop(connection, None)
        self._free_slots.release()

    def server_bind(self) -> None:
        """Bind the port, without a reverse DNS look-up of this machine, which could delay the start."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


def _probe_response(is_ok: bool, health: HealthStatus) -> tuple[int, str, bytes]:
    lines = "".join(f"{fault}\n" for fault in health.problems)
    return (200 if is_ok else 503), PLAIN_TEXT, f"{'ok' if is_ok else 'unhealthy'}\n{lines}".encode()


class _ProbeHandler(BaseHTTPRequestHandler):
    pages: dict[str, Callable[[], tuple[int, str, bytes]]]
    timeout = REQUEST_DEADLINE_SECONDS
    server_version, sys_version = "monitor", ""

    def do_GET(self) -> None:
        page = self.pages.get(self.path.partition("?")[0])
        status, kind, body = page() if page else (404, PLAIN_TEXT, b"available: /livez /readyz /metrics\n")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the base class
        """Do nothing: requests are not logged, because probes arrive every few seconds."""

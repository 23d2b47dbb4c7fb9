"""Probe server: ``/livez``, ``/readyz`` and ``/metrics`` on a local port.

It runs in its own thread, so that it can still report a blocked event loop.
"""

import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Thread

from monitor.telemetry.health import HealthStatus
from monitor.telemetry.metrics import CONTENT_TYPE, Metrics

PLAIN_TEXT = "text/plain; charset=utf-8"


class ProbeServer:
    """HTTP server for probes; responses contain component names and numbers, never a source or a URL."""

    def __init__(self, host: str, port: int, health: Callable[[], HealthStatus], metrics: Metrics) -> None:
        """Open the port and start the server. Raises ``OSError`` if the port is in use."""

        class Handler(_ProbeHandler):
            pages = {  # noqa: RUF012 - created once per server, with its class
                "/livez": lambda: _probe_response(health().is_live, health()),
                "/readyz": lambda: _probe_response(health().is_ready, health()),
                "/metrics": lambda: (200, CONTENT_TYPE, metrics.render()),
            }

        self._server = _ProbeHttpServer((host, port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.2,), name="probes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Close the port and stop the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _ProbeHttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Bind without a reverse DNS lookup of this machine, which can delay the start."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


def _probe_response(is_ok: bool, health: HealthStatus) -> tuple[int, str, bytes]:
    lines = "".join(f"{fault}\n" for fault in health.problems)
    return (200 if is_ok else 503), PLAIN_TEXT, f"{'ok' if is_ok else 'unhealthy'}\n{lines}".encode()


class _ProbeHandler(BaseHTTPRequestHandler):
    pages: dict[str, Callable[[], tuple[int, str, bytes]]]
    timeout = 5
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
        """Log nothing, because probes arrive every few seconds."""

"""Demo servers: serve the outlets in ``seeds/`` on loopback addresses, with ETag headers and gzip."""

import gzip
import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined

from monitor.demo.content import SEEDS_FOLDER, Edition, Outlet, load_outlets, render_outlet


class OutletServer(ThreadingHTTPServer):
    """HTTP server of one outlet. It counts the requests for each path."""

    daemon_threads = True
    outlet: Outlet
    edition: Edition
    request_counts: dict[str, int]

    def __init__(self, outlet: Outlet, number: int) -> None:
        self.outlet, self.edition, self.request_counts, self.lock = outlet, Edition({}, {}), {}, Lock()
        try:  # one address per outlet, because request delays apply per host
            super().__init__((f"127.0.1.{number}", 0), OutletRequestHandler)
        except OSError:  # some systems have a single loopback address
            super().__init__(("127.0.0.1", 0), OutletRequestHandler)

    @property
    def base_url(self) -> str:
        """URL of the server, without a slash at the end."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def set_edition(self, started_at: datetime, edition: int) -> None:
        """Serve an edition of the outlet from now on. The ages of the articles are counted back from ``started_at``."""
        self.edition = render_outlet(self.outlet, self.base_url, started_at, edition)

    def count_request(self, path: str) -> None:
        """Count one request for a path."""
        with self.lock:
            self.request_counts[path] = self.request_counts.get(path, 0) + 1


class OutletRequestHandler(BaseHTTPRequestHandler):
    """Handler for the requests to an outlet.

    It answers GET with the resource of the current edition, or with 304 if the client already has this resource.
    """

    server: OutletServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Send the resource at the requested path, or 404. The query string is a part of the path."""
        self.server.count_request(self.path)
        resource = self.server.edition.resources.get(self.path)
        if resource is None:
            self.send_whole_response(HTTPStatus.NOT_FOUND, {"Content-Type": "text/html"}, b"<h1>Not found</h1>")
            return
        tag = f'"{hashlib.sha256(resource.body).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Content-Type": resource.content_type, "Cache-Control": "max-age=0"}
        if self.headers.get("If-None-Match") == tag:
            self.send_whole_response(HTTPStatus.NOT_MODIFIED, headers, b"")
        elif "gzip" in self.headers.get("Accept-Encoding", ""):
            self.send_whole_response(
                HTTPStatus.OK, headers | {"Content-Encoding": "gzip"}, gzip.compress(resource.body)
            )
        else:
            self.send_whole_response(HTTPStatus.OK, headers, resource.body)

    def send_whole_response(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        """Send a complete response: status, headers and body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Log nothing, because ``monitor demo`` prints its own report."""


class DemoServers:
    """The running servers of all outlets. ``base_urls`` maps the id of each outlet to the URL of its server."""

    def __init__(self, servers: list[OutletServer], started_at: datetime) -> None:
        self.servers, self.started_at = servers, started_at
        self.base_urls = {server.outlet.id: server.base_url for server in servers}

    def set_edition(self, edition: int) -> None:
        """Make all servers serve edition 1 or edition 2.

        Edition 2 contains a correction, a withdrawal and a new report.
        """
        for server in self.servers:
            server.set_edition(self.started_at, edition)

    def configuration(self) -> str:
        """Return the text of a ``sources.yaml`` whose sources are these servers."""
        text = (SEEDS_FOLDER / "sources.yaml").read_text(encoding="utf-8")
        # The result is YAML, where escaping for HTML would be wrong.
        environment = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)  # noqa: S701
        template = environment.from_string(text)
        return template.render(at=self.base_urls)

    def article_urls(self) -> dict[str, str]:
        """Return a dictionary that maps the name of each article in the current edition to its URL.

        The names are the ones in ``annotations.yaml``.
        """
        return {
            name: server.base_url + path for server in self.servers for name, path in server.edition.articles.items()
        }


@contextmanager
def run_demo_servers(started_at: datetime, edition: int = 1) -> Iterator[DemoServers]:
    """Start the servers of all outlets, and stop them at the end of the ``with`` block."""
    with ExitStack() as stack:
        servers = [
            stack.enter_context(OutletServer(outlet, number)) for number, outlet in enumerate(load_outlets(), start=1)
        ]
        demo_servers = DemoServers(servers, started_at)
        demo_servers.set_edition(edition)
        for server in servers:
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(server.shutdown)
        yield demo_servers


def load_annotations() -> dict[str, Any]:
    """Load ``annotations.yaml``: the mentions and stories that the program should find in the demo."""
    loaded: dict[str, Any] = yaml.safe_load((SEEDS_FOLDER / "annotations.yaml").read_text(encoding="utf-8"))
    return loaded

"""The outlets of ``seeds/`` on loopback: one address an outlet, entity tags, compressed when asked for."""

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
    """One outlet's server. ``turn`` brings the next edition; requests are counted by path."""

    daemon_threads = True
    outlet: Outlet
    edition: Edition
    request_counts: dict[str, int]

    def __init__(self, outlet: Outlet, number: int) -> None:
        self.outlet, self.edition, self.request_counts, self.lock = outlet, Edition({}, {}), {}, Lock()
        try:  # an address for each outlet, as politeness is measured by host
            super().__init__((f"127.0.1.{number}", 0), OutletRequestHandler)
        except OSError:  # systems that know one loopback address only
            super().__init__(("127.0.0.1", 0), OutletRequestHandler)

    @property
    def base_url(self) -> str:
        """Its address without a slash at the end."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def set_edition(self, started_at: datetime, edition: int) -> None:
        """Serve this edition of the outlet from now on."""
        self.edition = render_outlet(self.outlet, self.base_url, started_at, edition)

    def count_request(self, path: str) -> None:
        """Remember that a path was asked for."""
        with self.lock:
            self.request_counts[path] = self.request_counts.get(path, 0) + 1


class OutletRequestHandler(BaseHTTPRequestHandler):
    """Answers GET from the site's resources; an unchanged resource is 304."""

    server: OutletServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the resource at the path, query included."""
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
        """Send a whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: the demo tells what it did in its own words."""


class DemoServers:
    """All outlets, served. ``at`` maps an outlet's id to its address."""

    def __init__(self, servers: list[OutletServer], started_at: datetime) -> None:
        self.servers, self.started_at = servers, started_at
        self.base_urls = {site.outlet.id: site.base_url for site in servers}

    def set_edition(self, edition: int) -> None:
        """Serve an edition: 1 is the morning, 2 has a correction, a withdrawal and a new report."""
        for site in self.servers:
            site.set_edition(self.started_at, edition)

    def configuration(self) -> str:
        """Return ``sources.yaml`` of the world, with the addresses of this run."""
        text = (SEEDS_FOLDER / "sources.yaml").read_text(encoding="utf-8")
        # The result is YAML, where escaping for HTML would be wrong.
        template = Environment(undefined=StrictUndefined, autoescape=False).from_string(text)  # noqa: S701 - see above
        return template.render(at=self.base_urls)

    def article_urls(self) -> dict[str, str]:
        """Map each article of the current edition, as ``annotations.yaml`` names it, to its address."""
        return {name: site.base_url + path for site in self.servers for name, path in site.edition.articles.items()}


@contextmanager
def run_demo_servers(started_at: datetime, edition: int = 1) -> Iterator[DemoServers]:
    """Serve the whole world until the block ends."""
    with ExitStack() as stack:
        sites = [
            stack.enter_context(OutletServer(outlet, number)) for number, outlet in enumerate(load_outlets(), start=1)
        ]
        world = DemoServers(sites, started_at)
        world.set_edition(edition)
        for site in sites:
            Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(site.shutdown)
        yield world


def load_annotations() -> dict[str, Any]:
    """Read ``annotations.yaml``: what a careful reader finds in this world."""
    loaded: dict[str, Any] = yaml.safe_load((SEEDS_FOLDER / "annotations.yaml").read_text(encoding="utf-8"))
    return loaded

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

from monitor.cli.world import HOME, Edition, Outlet, load_outlets, render_outlet


class Site(ThreadingHTTPServer):
    """One outlet's server. ``turn`` brings the next edition; requests are counted by path."""

    daemon_threads = True
    outlet: Outlet
    edition: Edition
    requests: dict[str, int]

    def __init__(self, outlet: Outlet, number: int) -> None:
        self.outlet, self.edition, self.requests, self.lock = outlet, Edition({}, {}), {}, Lock()
        try:  # an address for each outlet, as politeness is measured by host
            super().__init__((f"127.0.1.{number}", 0), Handler)
        except OSError:  # systems that know one loopback address only
            super().__init__(("127.0.0.1", 0), Handler)

    @property
    def base(self) -> str:
        """Its address without a slash at the end."""
        return f"http://{self.server_address[0]!s}:{self.server_address[1]}"

    def turn(self, started_at: datetime, edition: int) -> None:
        """Serve this edition of the outlet from now on."""
        self.edition = render_outlet(self.outlet, self.base, started_at, edition)

    def count(self, path: str) -> None:
        """Remember that a path was asked for."""
        with self.lock:
            self.requests[path] = self.requests.get(path, 0) + 1


class Handler(BaseHTTPRequestHandler):
    """Answers GET from the site's resources; an unchanged resource is 304."""

    server: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Give the resource at the path, query included."""
        self.server.count(self.path)
        resource = self.server.edition.resources.get(self.path)
        if resource is None:
            self.answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/html"}, b"<h1>Not found</h1>")
            return
        tag = f'"{hashlib.sha256(resource.body).hexdigest()[:16]}"'
        headers = {"ETag": tag, "Content-Type": resource.content_type, "Cache-Control": "max-age=0"}
        if self.headers.get("If-None-Match") == tag:
            self.answer(HTTPStatus.NOT_MODIFIED, headers, b"")
        elif "gzip" in self.headers.get("Accept-Encoding", ""):
            self.answer(HTTPStatus.OK, headers | {"Content-Encoding": "gzip"}, gzip.compress(resource.body))
        else:
            self.answer(HTTPStatus.OK, headers, resource.body)

    def answer(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing: the demo tells what it did in its own words."""


class World:
    """All outlets, served. ``at`` maps an outlet's id to its address."""

    def __init__(self, sites: list[Site], started_at: datetime) -> None:
        self.sites, self.started_at = sites, started_at
        self.at = {site.outlet.id: site.base for site in sites}

    def turn(self, edition: int) -> None:
        """Serve an edition: 1 is the morning, 2 has a correction, a withdrawal and a new report."""
        for site in self.sites:
            site.turn(self.started_at, edition)

    def configuration(self) -> str:
        """Return ``sources.yaml`` of the world, with the addresses of this run."""
        text = (HOME / "sources.yaml").read_text(encoding="utf-8")
        # The result is YAML, where escaping for HTML would be wrong.
        template = Environment(undefined=StrictUndefined, autoescape=False).from_string(text)  # noqa: S701 - see above
        return template.render(at=self.at)

    def documents(self) -> dict[str, str]:
        """Map each article of the current edition, as ``annotations.yaml`` names it, to its address."""
        return {name: site.base + path for site in self.sites for name, path in site.edition.articles.items()}


@contextmanager
def open_world(started_at: datetime, edition: int = 1) -> Iterator[World]:
    """Serve the whole world until the block ends."""
    with ExitStack() as stack:
        sites = [stack.enter_context(Site(outlet, number)) for number, outlet in enumerate(load_outlets(), start=1)]
        world = World(sites, started_at)
        world.turn(edition)
        for site in sites:
            Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            stack.callback(site.shutdown)
        yield world


def annotations() -> dict[str, Any]:
    """Read ``annotations.yaml``: what a careful reader finds in this world."""
    loaded: dict[str, Any] = yaml.safe_load((HOME / "annotations.yaml").read_text(encoding="utf-8"))
    return loaded

"""Local servers: feeds that fail as configured, and a webhook receiver that records all requests."""

import base64
import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from xml.sax.saxutils import escape

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
FAULTS = ("hang", "drip", "reset", "error", "html", "wrong304", "redated", "truncated")
HOOK_FAULTS = ("error", "hang", "reset")


@dataclass(frozen=True, slots=True)
class Report:
    """Article as its outlet publishes it."""

    guid: str
    title: str
    text: str
    published: datetime


@dataclass
class State:
    """State of the servers; guarded by ``lock``."""

    feeds: dict[str, list[Report]] = field(default_factory=dict)
    received: list[tuple[str, bytes]] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)
    faults: Counter[str] = field(default_factory=Counter)
    fault_rate: float = 0.0
    hook_rate: float = 0.0
    hang_seconds: float = 20.0
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    closing: threading.Event = field(default_factory=threading.Event)


def feed_xml(name: str, reports: list[Report], *, redated: bool) -> bytes:
    """Return an RSS feed whose entries contain their whole text."""
    now = datetime.now(UTC)
    items = "".join(
        f"<item><guid isPermaLink='false'>{escape(r.guid)}</guid><title>{escape(r.title)}</title>"
        f"<link>http://outlet.example/{escape(r.guid)}</link>"
        f"<pubDate>{format_datetime(now if redated else r.published)}</pubDate>"
        f"<content:encoded>{escape(r.text)}</content:encoded></item>"
        for r in reversed(reports)
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?>"
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'>"
        f"<channel><title>{name}</title><link>http://outlet.example/</link><description>d</description>"
        f"{items}</channel></rss>"
    ).encode()


class Handler(BaseHTTPRequestHandler):
    """Handler of /feed/NAME and /hook."""

    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_args: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        """Serve a feed, or fail."""
        name = self.path.rpartition("/")[2]
        with self.state.lock:
            self.state.requests[name] += 1
            reports = list(self.state.feeds.get(name, ()))
            bad = self.state.dice.random() < self.state.fault_rate
            fault = self.state.dice.choice(FAULTS) if bad else ""
            self.state.faults[fault] += 1
        self._answer(name, reports, fault)

    def _answer(self, name: str, reports: list[Report], fault: str) -> None:
        body = feed_xml(name, reports, redated=fault == "redated")
        tag = f'"{len(reports)}"'
        match fault:
            case "hang":
                self._hang()
            case "drip":
                self._drip(body)
            case "reset":
                self._reset()
            case "error":
                self._send(503, b"try later", "text/plain")
            case "html":
                self._send(200, b"<!doctype html><title>Just a moment...</title>", "text/html")
            case "wrong304" if "If-None-Match" in self.headers:
                self._send(304, b"", "")
            case "truncated":
                self._send(200, body[: len(body) // 2], "application/rss+xml")
            case _ if self.headers.get("If-None-Match") == tag:
                self._send(304, b"", "")
            case _:
                self._send(200, body, "application/rss+xml", tag)

    def do_POST(self) -> None:
        """Accept a webhook, or reject it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.state.lock:
            fault = self.state.dice.choice(HOOK_FAULTS) if self.state.dice.random() < self.state.hook_rate else ""
            self.state.faults[f"hook {fault}"] += 1
            if not fault:
                self.state.received.append((self.headers["webhook-id"], body))
        match fault:
            case "hang":
                self._hang()
            case "reset":
                self._reset()
            case _:
                self._send(500 if fault else 200, b"", "text/plain")

    def _hang(self) -> None:
        self.state.closing.wait(self.state.hang_seconds)
        self.close_connection = True

    def _reset(self) -> None:
        self.connection.close()
        self.close_connection = True

    def _drip(self, body: bytes) -> None:
        """Announce a whole feed and send a few bytes of it, slowly."""
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body[:10]:
            self.wfile.write(bytes([byte]))
            if self.state.closing.wait(self.state.hang_seconds / 10):
                break
        self.close_connection = True

    def _send(self, status: int, body: bytes, kind: str, tag: str = "") -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if tag:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Server of one address."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Log nothing: connection resets are intended here."""


class HostileServers:
    """Web servers on one or more loopback addresses with one state; a context manager."""

    def __init__(self, hosts: int = 1) -> None:
        self.state = State()
        handler = type("Bound", (Handler,), {"state": self.state})
        self.servers = [Server((f"127.0.0.{number + 1}", 0), handler) for number in range(hosts)]
        self.urls = ["http://{}:{}".format(*server.server_address) for server in self.servers]
        self.url = self.urls[0]
        self._threads = [
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            for server in self.servers
        ]

    def __enter__(self) -> Self:
        """Start serving."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and end the hanging requests."""
        self.state.closing.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def publish(self, feed: str, guid: str, title: str, text: str) -> None:
        """Add an article to a feed, published now."""
        with self.state.lock:
            self.state.feeds.setdefault(feed, []).append(Report(guid, title, text, datetime.now(UTC)))

    def received(self) -> list[tuple[str, bytes]]:
        """Return the webhooks accepted up to now."""
        with self.state.lock:
            return list(self.state.received)

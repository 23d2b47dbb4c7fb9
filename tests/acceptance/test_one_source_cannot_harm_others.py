"""Daemon with a hostile source: alerts about the other sources are sent without delay."""

import threading
from collections import Counter
from collections.abc import Iterator
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from xml.sax.saxutils import escape

import pytest
from support.daemon_process import Monitor
from support.wait import wait_until

from monitor.app import utc_now

SLOW_PAGES = 150
ALERT = "Phan Van Giang opens a bridge"
PARAGRAPH = "General Phan Van Giang opened the bridge on Monday and thanked the engineers who built it in two years. "


def feed(*items: tuple[str, str, str]) -> bytes:
    """Return an RSS feed with a title, a link and a text for each entry."""
    now = format_datetime(utc_now())
    entries = "".join(
        f"<item><title>{escape(title)}</title><link>{link}</link><guid>{link}</guid><pubDate>{now}</pubDate>"
        f"<description>{escape(text)}</description></item>"
        for title, link, text in items
    )
    return f'<rss version="2.0"><channel><title>T</title><link>http://x</link>{entries}</channel></rss>'.encode()


class Outlets(BaseHTTPRequestHandler):
    """Two outlets on two hosts: the pages of the slow one never arrive; ``feeds`` has the responses for feeds."""

    feeds: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[Counter[str]] = Counter()
    is_over: ClassVar[threading.Event] = threading.Event()

    def do_GET(self) -> None:
        """Answer a feed at once, a page of the slow outlet at the end of the test, another page at once."""
        self.asked[self.path.split("/")[1]] += 1
        if self.path.startswith("/slow/"):
            self.is_over.wait(300)
        body = self.feeds.get(self.path, f"<html><body><article><h1>{ALERT}</h1><p>{PARAGRAPH * 6}</p>".encode())
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if self.path not in self.feeds else "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Start the outlets and return their port."""
    Outlets.feeds, Outlets.is_over = {}, threading.Event()
    Outlets.asked.clear()
    server = ThreadingHTTPServer(("0.0.0.0", 0), Outlets)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    Outlets.is_over.set()
    server.shutdown()


@pytest.fixture
def monitor(port: int, tmp_path: Path) -> Iterator[Monitor]:
    """Return an installation that watches a bad outlet on one host and a good one on another."""
    source = "  {name}: {{feed: 'http://{host}:{port}/{name}.rss', poll_interval: 1s, text_from: {text}}}\n"
    monitor = Monitor(
        tmp_path,
        "settings:\n  allowed_networks: [127.0.0.0/8]\n  probe_address: 'off'\nsources:\n"
        + source.format(name="bad", host="127.0.0.1", port=port, text="page")
        + source.format(name="poison", host="127.0.0.1", port=port, text="feed")
        + source.format(name="good", host="127.0.0.2", port=port, text="page")
        + "officials:\n  giang: {name: Phan Văn Giang, country: Vietnam, aliases: [潘文江]}\n"
        "rules:\n  people: {officials: all}\nchannels:\n  out: {folder: alerts}\n"
        "digests:\n  now: {rules: people, at: immediately, channels: [out]}\n",
    )
    for name in ("bad", "poison", "good"):
        Outlets.feeds[f"/{name}.rss"] = feed((f"First of {name}", f"http://127.0.0.1:{port}/first/{name}", "Nothing."))
    yield monitor
    if monitor.process and monitor.process.poll() is None:
        monitor.kill()


def has_alert(monitor: Monitor) -> bool:
    """Return whether the alert about the good outlet's article is in the folder."""
    return any(ALERT in path.read_text("utf-8") for path in (monitor.folder / "alerts").glob("*.json"))


def publish_good(port: int) -> None:
    """Let the good outlet list an article that names the official."""
    Outlets.feeds["/good.rss"] = feed((ALERT, f"http://127.0.0.2:{port}/good/1", "A bridge."))


def test_slow_pages_of_one_host_do_not_delay_the_alert_of_another(monitor: Monitor, port: int) -> None:
    """150 pages that never arrive use two fetch slots; the other outlet's page is fetched and reported."""
    monitor.start()
    assert wait_until(lambda: Outlets.asked["first"] >= 2, 60)
    items = [(f"Slow {n}", f"http://127.0.0.1:{port}/slow/{n}", "Nothing.") for n in range(SLOW_PAGES)]
    Outlets.feeds["/bad.rss"] = feed(*items)
    assert wait_until(lambda: Outlets.asked["slow"] >= 2, 120)
    publish_good(port)
    assert wait_until(lambda: has_alert(monitor), 60)
    assert Outlets.asked["slow"] < 10


def test_a_poisonous_text_does_not_delay_the_alert_of_another_source(monitor: Monitor, port: int) -> None:
    """A text of 300,000 characters that repeats one name is matched in a worker process; the daemon stays alive."""
    monitor.start()
    assert wait_until(lambda: Outlets.asked["first"] >= 2, 60)
    Outlets.feeds["/poison.rss"] = feed(("潘文江", f"http://127.0.0.1:{port}/poison/1", "潘文江" * 100_000))
    publish_good(port)
    assert wait_until(lambda: has_alert(monitor), 60)
    assert wait_until(lambda: any(hit["title"] == "潘文江" for hit in monitor.lines("hits")), 120)
    assert monitor.process
    assert monitor.process.poll() is None

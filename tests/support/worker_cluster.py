"""A daemon, its workers and their PostgreSQL as processes, and outlets whose responses a test can block."""

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import psycopg
from support.daemon_process import Monitor
from support.hostile_server import Report, feed_xml
from support.postgres import Postgres
from support.wait import wait_until

from monitor.domain.read_models import SavedConfiguration
from monitor.store.database import Database

CONFIGURATION = """
officials:
  giang: {name: Phan Văn Giang, country: Vietnam}
rules:
  people: {officials: all}
channels:
  desk: {folder: out}
digests:
  now: {rules: people, at: immediately, channels: desk}
"""


class Outlet:
    """Feed on a loopback address, and so a host, of its own; its first ``blocked_requests`` wait until ``release``."""

    def __init__(self, number: int, blocked_requests: int = 0) -> None:
        self.name = f"outlet{number}"
        self.reports: list[Report] = []
        self.request_count = 0
        self._blocked_requests, self._gate, self._lock = blocked_requests, threading.Event(), threading.Lock()
        outlet = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_args: object) -> None:
                """Log nothing."""

            def do_GET(self) -> None:
                page = outlet._page(self.path)
                body = page or outlet._answer()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8" if page else "application/rss+xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer((f"127.0.0.{number}", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign] # the client may have been killed
        self.base = f"http://127.0.0.{number}:{self._server.server_address[1]}"
        self.url = f"{self.base}/feed"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def _answer(self) -> bytes:
        with self._lock:
            self.request_count += 1
            wait = self.request_count <= self._blocked_requests
        if wait:
            self._gate.wait(300)
        with self._lock:
            return feed_xml(self.name, self.reports, redated=False).replace(
                b"http://outlet.example", self.base.encode()
            )

    def _page(self, path: str) -> bytes:
        """Return the page of an article, or a robots.txt that allows it; nothing for the feed."""
        if path == "/robots.txt":
            return b"User-agent: *\nAllow: /\n"
        with self._lock:
            report = next((one for one in self.reports if path == f"/{one.guid}"), None)
        if report is None:
            return b""
        text = f"<p>{report.text} {'The minister thanked the engineers who had built the bridge. ' * 3}</p>" * 4
        return f"<html><head><title>{report.title}</title></head><body><article>{text}</article></body></html>".encode()

    def publish(self, guid: str) -> None:
        """Add an article to the feed."""
        text = f"Minister Phan Văn Giang spoke of {guid} in Hanoi on Monday, {self.name} reports."
        with self._lock:
            self.reports.append(Report(guid, f"Phan Van Giang on {guid}", text, datetime.now(UTC)))

    def release(self) -> None:
        """Answer the blocked requests."""
        self._gate.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class WorkerCluster:
    """One database with any number of daemons and workers."""

    def __init__(
        self, folder: Path, server: Postgres, outlets: list[Outlet], every: str, article: str = "feed"
    ) -> None:
        self.server, self.outlets = server, outlets
        self.name = server.new()
        self.url = server.url(self.name)
        sources = "".join(
            f"  {one.name}: {{feed: '{one.url}', poll_interval: {every}, text_from: {article}}}\n" for one in outlets
        )
        settings = f"settings:\n  allowed_networks: [127.0.0.0/8]\n  probe_address: off\n  database: '{self.url}'\n"
        self.text = f"{settings}sources:\n{sources}{CONFIGURATION}"
        self.monitor = Monitor(folder, self.text)
        self._folder, self._stack = folder, ExitStack()
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        for outlet in self.outlets:
            self._stack.enter_context(outlet)
        database = Database.open(self.url)
        database.key_values.save_configuration(
            SavedConfiguration(self.text, datetime.now(UTC))
        )  # as an earlier daemon would have done
        database.close()
        return self

    def __exit__(self, *_exc: object) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait()
        self._stack.close()

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command as a process."""
        with self._log(len(self.processes)).open("wb") as log:
            process = subprocess.Popen(
                self.monitor.command(*words),
                cwd=self._folder,
                env=self.monitor.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def start_workers(self, number: int, jobs: int = 8) -> list[subprocess.Popen[bytes]]:
        """Start workers and wait until they accept jobs."""
        alive = number + self.value("SELECT count(*) FROM procrastinate_workers")
        started = [self.start("worker", "--jobs", str(jobs)) for _ in range(number)]
        self.wait(lambda: self.value("SELECT count(*) FROM procrastinate_workers") == alive)
        return started

    def _log(self, number: int) -> Path:
        return self._folder / f"process{number}.log"

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """Return the log of a process."""
        return self._log(self.processes.index(process)).read_text(encoding="utf-8", errors="replace")

    def wait(self, condition: Callable[[], bool], seconds: float = 120) -> None:
        """Wait for a condition; on a timeout fail with the logs of all processes."""
        is_met = wait_until(condition, seconds)
        assert is_met, "\n".join(self.log(process)[-4000:] for process in self.processes)

    def value(self, query: str) -> int:
        """Return the number that a query selects."""
        with psycopg.connect(host=str(self.server.home), user="tester", dbname=self.name) as connection:
            return int(connection.execute(query.encode()).fetchall()[0][0])

    def execute(self, statement: str) -> None:
        """Execute a statement and commit."""
        with psycopg.connect(host=str(self.server.home), user="tester", dbname=self.name) as connection:
            connection.execute(statement.encode())

    def articles(self) -> Counter[str]:
        """Count the stored articles of all outlets by title."""
        with psycopg.connect(host=str(self.server.home), user="tester", dbname=self.name) as connection:
            return Counter(str(row[0]) for row in connection.execute("SELECT title FROM article"))

    def reported_articles(self) -> Counter[str]:
        """Count how often each article is in a delivered digest."""
        digests = [json.loads(path.read_bytes())["data"] for path in (self._folder / "out").glob("*.json")]
        items = [item for digest in digests for story in digest["stories"] for item in story["items"]]
        return Counter(str(item["article"]) for item in items)

    def worker_states(self) -> Counter[str]:
        """Count the workers by the state in which ``monitor status`` shows them."""
        status = json.loads(self.monitor.call("status", "--json"))
        return Counter(worker["state"] for worker in status["workers"])

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Stop a process with SIGTERM; assert that it exits with 0."""
        process.terminate()
        assert process.wait(120) == 0, self.log(process)[-4000:]


def stop(process: subprocess.Popen[bytes]) -> None:
    """Freeze a process, like a suspended machine."""
    os.kill(process.pid, signal.SIGSTOP)


def resume(process: subprocess.Popen[bytes]) -> None:
    """Resume a frozen process."""
    os.kill(process.pid, signal.SIGCONT)

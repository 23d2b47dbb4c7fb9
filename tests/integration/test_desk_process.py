"""The desk as a process: alone, and as a child of the daemon."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError

import pytest
from support.daemon_process import Monitor
from support.rows import NOW
from support.stores import open_database
from support.wait import wait_until

from monitor.config.reload import CONFIGURATION_PATH_SETTING
from monitor.desk import MAX_CONNECTIONS, StoredConfigurationLoader, open_listener, serve
from monitor.domain.read_models import SavedConfiguration
from monitor.domain.web_settings import ListenAddress
from monitor.telemetry.redact import Redactor
from monitor.web import connections
from monitor.web.context import Snapshot

CONFIGURATION = """
settings: {{probe_address: 'off', web: {{listen: '127.0.0.1:{port}'}}}}
sources: {{times: {{feed: "https://times.example/rss", paused: true}}}}
officials: {{somebody: {{name: Some Body, country: Laos}}}}
rules: {{people: {{officials: all}}}}
"""
SECONDS = 60


def free_port() -> int:
    """Return a port of this machine that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def status_of(port: int) -> int:
    """Return the status of the login page, or 0 if nothing is served."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code
    except (URLError, OSError):
        return 0


@contextmanager
def running_web(
    folder: Path, port: int, *options: str, stderr: IO[str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run `monitor web` and stop it at the end. Its messages are written to the file ``stderr``, if it is given."""
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "web", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        assert wait_until(lambda: status_of(port) == 200, SECONDS)
        yield process
    finally:
        process.terminate()
        process.wait(SECONDS)


def test_the_desk_of_a_stopped_daemon_has_the_configuration_of_the_file(tmp_path: Path) -> None:
    """The next daemon reads it. That of a running daemon, or of a file with errors, is the one that it has saved."""
    file = tmp_path / "sources.yaml"
    before = CONFIGURATION.format(port=free_port())
    file.write_text(before.replace("{times:", "{post: {feed: 'https://post.example/rss'}, times:"), encoding="utf-8")
    database = open_database(tmp_path)
    store, loader = database.key_values, StoredConfigurationLoader(database, file, {}, Redactor())
    store.set(CONFIGURATION_PATH_SETTING, str(file), NOW)
    store.save_configuration(SavedConfiguration(before, NOW))

    def load(*, is_stopped: bool, current: Snapshot | None = None) -> Snapshot:
        store.set("daemon", json.dumps({"at": datetime.now(UTC).isoformat(), "stopped": is_stopped}), NOW)
        return loader.load(current)

    running = load(is_stopped=False)
    stopped = load(is_stopped=True, current=running)
    assert (set(running.sources), set(stopped.sources)) == ({"times"}, {"times", "post"})
    assert load(is_stopped=True, current=stopped) is stopped
    file.write_text("sources: [", encoding="utf-8")
    assert set(load(is_stopped=True, current=stopped).sources) == {"times"}
    database.close()


def test_the_command_prints_an_address_that_logs_in(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "sources.yaml").write_text(CONFIGURATION.format(port=port), encoding="utf-8")
    open_database(tmp_path).close()
    with running_web(tmp_path, port) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.removeprefix("The desk: ").strip()
        assert address.startswith(f"http://127.0.0.1:{port}/login/")
        with urllib.request.urlopen(address) as answer:
            assert address.rpartition("/")[2] in answer.read().decode()
    assert process.returncode in {0, -signal.SIGTERM}


def test_the_log_has_neither_keys_nor_lines_of_clients(tmp_path: Path) -> None:
    """W23: the addresses of logins, links and feeds are keys, and a client can write line breaks."""
    port, canary = free_port(), "c4nary-4f9a0c"
    (tmp_path / "sources.yaml").write_text(CONFIGURATION.format(port=port), encoding="utf-8")
    open_database(tmp_path).close()
    requests = [
        *(f"GET {path} HTTP/1.1" for path in (f"/login/{canary}", f"/l/{canary}", f"/feeds/{canary}.atom")),
        *(f"GET {path} HTTP/1.1" for path in (f"/api/v1/me?token={canary}", f"/nowhere%0d%0aERROR%20{canary}")),
        *(f"POST {path} HTTP/1.1" for path in (f"/l/{canary}", f"/l/unsubscribe/{canary}", f"/login?next={canary}")),
        f"{canary} is no request",
    ]
    with (tmp_path / "log").open("w+", encoding="utf-8") as log:
        with running_web(tmp_path, port, stderr=log) as process:
            for request in requests:
                with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
                    head = f"{request}\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {canary}\r\nConnection: close\r\n\r\n"
                    connection.sendall(head.encode())
                    assert connection.recv(100).startswith(b"HTTP/1.1 ")
            process.terminate()
            assert process.stdout is not None
            assert canary not in process.stdout.read()
        log.seek(0)
        assert canary not in log.read()


def test_the_printed_command_makes_another_address_of_the_same_desk(tmp_path: Path) -> None:
    """It has the options that the desk was started with: another file, and another address than the configured one."""
    port = free_port()
    (tmp_path / "other.yaml").write_text(CONFIGURATION.format(port=1), encoding="utf-8")
    open_database(tmp_path).close()
    options = ("--config", "other.yaml", "--listen", f"127.0.0.1:{port}")
    with running_web(tmp_path, port, *options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        command = process.stdout.readline().split("`")[1].split()
        assert command[0] == "monitor"
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        made = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        )
        address = made.stdout.strip()
        assert address.startswith(f"http://127.0.0.1:{port}/login/")
        with urllib.request.urlopen(address) as answer:
            assert address.rpartition("/")[2] in answer.read().decode()


def test_the_daemon_serves_the_desk_and_restarts_it(tmp_path: Path) -> None:
    """The desk ends with the daemon, also if the daemon is killed."""
    port = free_port()
    monitor = Monitor(tmp_path, CONFIGURATION.format(port=port))
    monitor.start()
    assert monitor.process is not None
    assert wait_until(lambda: status_of(port) == 200, SECONDS)
    (child,) = children_of(monitor.process.pid)
    os.kill(child, signal.SIGKILL)
    assert wait_until(lambda: children_of(monitor.process.pid) not in ([], [child]), SECONDS)  # type: ignore[union-attr]
    assert wait_until(lambda: status_of(port) == 200, SECONDS)
    assert monitor.has_logged(b"desk ended, will be started again")
    monitor.kill()
    monitor.process.wait()
    assert wait_until(lambda: status_of(port) == 0, SECONDS)


def test_an_address_that_is_in_use_ends_the_desk_with_a_message(tmp_path: Path) -> None:
    """The message names the address and the setting; there is no traceback."""
    open_database(tmp_path).close()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (tmp_path / "sources.yaml").write_text(CONFIGURATION.format(port=port), encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, "-m", "monitor", "web"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"the desk cannot listen on 127.0.0.1:{port} (")
    assert "Traceback" not in ended.stdout + ended.stderr


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes of the desk that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and b"--child" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (OSError, IndexError, ValueError):
            continue
    return found


def test_a_slow_client_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not finish the head of its request cannot hold a connection."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)

    async def refuse(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError("no request is complete")

    async def run() -> bytes:
        port = free_port()
        with open_listener(ListenAddress("127.0.0.1", port)) as listener:
            listener.listen()
            server = asyncio.create_task(serve(refuse, listener))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            try:
                return await asyncio.wait_for(reader.read(), SECONDS)
            except ConnectionResetError:
                return b""
            finally:
                writer.close()
                server.cancel()

    assert asyncio.run(run()) == b""


def test_a_long_head_and_connections_over_the_limit_are_refused() -> None:
    """W20: neither takes more memory, and the requests that are under way are answered."""

    async def run() -> None:
        port, waits = free_port(), asyncio.Event()

        async def answer_late(_scope: object, _receive: object, send: Callable[[dict[str, object]], Any]) -> None:
            await waits.wait()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

        async def ask(head: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET / HTTP/1.1\r\nHost: x\r\n{head}Connection: close\r\n\r\n".encode())
            return reader, writer

        with open_listener(ListenAddress("127.0.0.1", port)) as listener:
            listener.listen()
            server = asyncio.create_task(serve(answer_late, listener))
            reader, _ = long_head = await ask(f"X-Long: {'a' * 1_000_000}\r\n")
            try:
                first_line = await asyncio.wait_for(reader.readline(), SECONDS)
            except ConnectionResetError:
                first_line = b""
            assert not first_line or b" 400 " in first_line
            clients = [await ask() for _ in range(MAX_CONNECTIONS + 5)]
            refused = [asyncio.create_task(reader.readline()) for reader, _ in clients]
            done, waiting = await asyncio.wait(refused, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
            waits.set()
            lines = [await one for one in [*done, *waiting]]
            for _, writer in [long_head, *clients]:
                writer.close()
            server.cancel()
        assert sum(b" 503 " in line for line in lines) >= 5
        assert sum(b" 200 " in line for line in lines) >= MAX_CONNECTIONS - 5

    asyncio.run(run())

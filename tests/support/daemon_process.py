"""The daemon as a process that tests start, kill and query."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.wait import wait_until

ROOT = Path(__file__).parents[2]


class Monitor:
    """Installation: a folder with sources.yaml and at most one daemon."""

    def __init__(self, folder: Path, configuration: str) -> None:
        self.folder = folder
        self.environ = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"}
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder / "daemon.log"
        self._began = 0
        self.launcher: tuple[str, ...] = ("-m", "monitor")
        (folder / "sources.yaml").write_text(configuration, encoding="utf-8")

    def command(self, *words: str) -> list[str]:
        """Return the command line of a `monitor` command."""
        return [sys.executable, *self.launcher, *words]

    def call(self, *words: str, code: int = 0, seconds: float = 240) -> str:
        """Run a command to its end and return its standard output."""
        done = subprocess.run(
            self.command(*words), cwd=self.folder, env=self.environ, capture_output=True, timeout=seconds, check=False
        )
        said = done.stdout.decode() + done.stderr.decode()
        assert done.returncode == code, f"monitor {' '.join(words)} ended with {done.returncode}:\n{said}"
        assert "Traceback" not in said, said
        return done.stdout.decode()

    def lines(self, *words: str) -> list[dict[str, Any]]:
        """Run a command with --json and return its documents."""
        return [json.loads(line) for line in self.call(*words, "--json").splitlines()]

    def start(self) -> None:
        """Start the daemon."""
        self._began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command("run"), cwd=self.folder, env=self.environ, stdout=log, stderr=subprocess.STDOUT
            )

    def has_logged(self, words: bytes) -> bool:
        """Return whether the daemon has logged these words since its start."""
        return words in self.log.read_bytes()[self._began :]

    def kill(self) -> None:
        """Kill the daemon with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 120) -> None:
        """Wait for the start of the daemon, then stop it with SIGTERM; assert that it exits with 0."""
        assert self.process is not None
        assert wait_until(lambda: self.has_logged(b'"started"'), 120)
        self.process.terminate()
        assert self.process.wait(seconds) == 0, self.log.read_text(errors="replace")[-3000:]

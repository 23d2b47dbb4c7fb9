"""Peers, each in its own virtual environment in bench/peers (not in git)."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which

HERE = Path(__file__).parent
PEERS = {
    "reader": ["reader", "sgmllib3k"],  # reader's copy of feedparser imports sgmllib, which is not in its metadata
    "rss2email": ["rss2email"],
    "trafilatura": [
        "trafilatura",
        "lxml_html_clean",
    ],  # its dependency justext imports the latter without requiring it
    "names": ["pyahocorasick", "flashtext2"],
    "copies": ["datasketch", "rensa"],
}
STARTER = """
import os, sys, time
log, *command = sys.argv[1:]
begun = time.monotonic()
child = os.fork()
if not child:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1), os.dup2(out, 2)
    os.execvp(command[0], command)
_, status, used = os.wait4(child, 0)
wall = time.monotonic() - begun
print(os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Costs of a process and its children: elapsed and processor seconds, and the largest peak memory in megabytes."""

    wall: float
    cpu: float
    peak: float


class PeerMissing(Exception):
    """Raised if a peer cannot be installed or found; the message has the reason. The bench continues without it."""


def interpreter(peer: str) -> Path:
    """Return the Python with the peer's packages; create its environment on first use (needs a package index).

    Raises ``PeerMissing`` if the installation fails.
    """
    home = HERE / "peers" / peer
    python = home / "bin" / "python"
    stamp = home / "installed"
    wanted = "\n".join(PEERS[peer])
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", *PEERS[peer]]
        done = subprocess.run(install, check=False, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no output of pip"])[-1]
            raise PeerMissing(f"{', '.join(PEERS[peer])} cannot be installed: {last}")
        stamp.write_text(wanted, encoding="utf-8")
    return python


def version(peer: str, package: str) -> str:
    """Return the installed version of one of a peer's packages."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run(
        [str(interpreter(peer)), "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def available(program: str) -> bool:
    """Return whether a program of the system is installed; benches omit missing ones."""
    return which(program) is not None


def measure(command: list[str], cwd: Path, environment: dict[str, str] | None = None) -> Spent:
    """Run a command and return its costs, including its children. Raises ``RuntimeError`` with its last output.

    A small process starts it, because the peak of a process includes that of its parent before the fork.
    """
    log = cwd / "bench.log"
    # Compiled files are written, as in any installation; otherwise the compiler would be measured.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    starter = [sys.executable, "-I", "-S", "-c", STARTER, str(log), *command]
    result = subprocess.run(
        starter, cwd=cwd, env={**inherited, **(environment or {})}, check=True, stdout=subprocess.PIPE
    ).stdout.split()
    if code := int(result[0]):
        words = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{command[0]} ended with {code}: {words}")
    wall, cpu, peak = map(float, result[1:])
    return Spent(wall, cpu, peak / 1024)

"""Peers, each in a virtual environment of its own under bench/peers (not kept in git)."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which

HERE = Path(__file__).parent
PEERS = {
    "reader": ["reader", "sgmllib3k"],  # reader's own feedparser imports sgmllib, which its metadata does not name
    "rss2email": ["rss2email"],
    "trafilatura": [
        "trafilatura",
        "lxml_html_clean",
    ],  # justext, which it imports, needs the latter and does not name it
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
    """What a process and its children used: wall and processor seconds, peak memory of the biggest one in megabytes."""

    wall: float
    cpu: float
    peak: float


class PeerMissing(Exception):
    """A peer cannot be had here; the text says why. What it would have been compared with is measured all the same."""


def interpreter(peer: str) -> Path:
    """Return the Python that has the peer's packages, making its environment the first time (needs an index).

    Raises ``PeerMissing`` where that fails.
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
            last = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
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
    """Tell whether a program of the system is there; benches leave out what is not."""
    return which(program) is not None


def measure(command: list[str], cwd: Path, environment: dict[str, str] | None = None) -> Spent:
    """Run a command to its end and count what it and its children used. Raises ``RuntimeError`` with its last words.

    A small process starts it, for the peak of a process counts that of the one it was forked from.
    """
    log = cwd / "bench.log"
    # Compiled files are kept, as in any installation; a shell that forbids them would measure the compiler.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    starter = [sys.executable, "-I", "-S", "-c", STARTER, str(log), *command]
    told = subprocess.run(
        starter, cwd=cwd, env={**inherited, **(environment or {})}, check=True, stdout=subprocess.PIPE
    ).stdout.split()
    if code := int(told[0]):
        words = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{command[0]} ended with {code}: {words}")
    wall, cpu, peak = map(float, told[1:])
    return Spent(wall, cpu, peak / 1024)

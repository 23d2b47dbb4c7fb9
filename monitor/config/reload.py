"""Taking an edited file over while the daemon runs, and never being without a configuration.

The last good text lies in the database, so that a restart with a broken or deleted file goes on watching. A file is
read when it has rested for a moment: editors write it in pieces, or put another file in its place.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from monitor.config.build import absolute_database
from monitor.config.document import parse_document
from monitor.config.edits import Change, Kind, fingerprint, judge_edit, refuse_edit
from monitor.config.fields import DATABASE, check_database
from monitor.config.load import Check, read_configuration, read_file
from monitor.config.secrets import Surroundings
from monitor.domain.archive import Snapshot
from monitor.domain.delivery import Secret
from monitor.domain.errors import ConfigError
from monitor.domain.settings import Configuration

ACCEPTED = "accepted-losses"
"""The fact in the ledger that names the file whose losses the user has confirmed."""

FILE = "configuration-file"
"""The fact that names the file which the kept configuration came from: another file is no edit of it."""

RESTING = 0.5
"""For so many seconds a file must be left alone before it is read."""

_DATABASE = re.compile(r"^[ \t]+database:[ \t]*['\"]?([^\s'\"#]+)", re.MULTILINE)

Signature = tuple[int, int, int] | None


class Ledger(Protocol):
    """Where the last good configuration is kept; the store's ledger is one."""

    def snapshot(self) -> Snapshot | None:
        """Return what was kept, or None before the first time."""
        ...

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep it in place of the one before."""
        ...

    def get(self, name: str) -> str:
        """Return a fact, or an empty text."""
        ...

    def set(self, name: str, value: str, now: datetime) -> None:
        """Keep a fact in place of what was there."""
        ...


class Reloader:
    """Knows the configuration in use, and looks for a better one; one for each daemon."""

    def __init__(self, path: Path, environ: Mapping[str, str], ledger: Ledger, checks: Sequence[Check] = ()) -> None:
        self._path, self._environ, self._ledger, self._checks = path, environ, ledger, tuple(checks)
        self._good: Snapshot | None = None
        self._judged: Signature = None
        self._waiting: tuple[Signature, float] = (None, 0.0)
        self._held, self._text, self._forced = b"", "", False

    def begin(self, now: datetime) -> tuple[Configuration, Change | None]:
        """Choose what to start with: the file, or the last good configuration if the file cannot be used.

        Call it where the ledger may be called. The change is there if the file is not what is used. Raises
        ``ConfigError`` with the file's faults if there is nothing else to start with.
        """
        self._recall()
        self._judged = _signature(self._path)
        change = self._judge(self._ledger.get(ACCEPTED))
        configuration = change.configuration
        if configuration is None:
            configuration = self._fall_back(change)
        told = self._keep(change, now)
        return configuration, None if change.kind is Kind.TAKEN else told

    def remember(self, now: datetime) -> None:
        """Keep the file if it is good and would be taken over: what a single pass does, where no daemon is at work.

        A daemon that finds the file broken later can then start with it. Call it where the ledger may be called.
        """
        self._recall()
        change = self._judge(self._ledger.get(ACCEPTED))
        if change.kind is Kind.TAKEN and (self._good is None or self._text != self._good.text):
            self._keep(change, now)

    def _recall(self) -> None:
        """Recall what was kept of this file."""
        if self._ledger.get(FILE) in {"", str(self._path.absolute())}:
            self._good = self._ledger.snapshot()

    def _fall_back(self, change: Change) -> Configuration:
        if self._good is None or not self._good.text:
            raise ConfigError(change.faults)
        try:
            return read_configuration(self._good.text.encode(), self._path, self._environ, self._checks)
        except ConfigError as error:
            raise ConfigError(change.faults) from error

    async def look(self, run: Callable[..., Awaitable[Any]], now: datetime, monotonic: float) -> Change | None:
        """Look whether the file was edited, and say what became of it; call it every second or two.

        ``run`` is ``Database.run``: the ledger is called through it. Reading and checking is done in a thread.
        """
        if not self._is_ready(monotonic):
            return None
        accepted = await run(self._ledger.get, ACCEPTED)
        before = _signature(self._path)
        if before == self._judged and fingerprint(self._held) != accepted:
            return None
        change = await asyncio.to_thread(self._judge, accepted)
        if _signature(self._path) != before:
            return None
        self._judged = before
        told: Change = await run(self._keep, change, now)
        forced, self._forced = self._forced, False
        return told if told.fresh or forced else None

    def again(self) -> None:
        """Read the file at the next look although it did not change: secrets may have (SIGHUP)."""
        self._judged, self._forced = (-1, -1, -1), True

    def _is_ready(self, monotonic: float) -> bool:
        """Tell whether there is something to judge: an edit that has rested, or a held file to be confirmed."""
        signature = _signature(self._path)
        if signature == self._judged:
            return bool(self._held)
        seen, since = self._waiting
        if signature != seen:
            self._waiting = (signature, monotonic)
            return False
        return monotonic - since >= RESTING

    def _judge(self, accepted: str) -> Change:
        try:
            data = read_file(self._path)
        except ConfigError as error:
            self._held, self._text = b"", ""
            return refuse_edit(self._path, error, self._good)
        change = judge_edit(data, self._path, self._environ, self._checks, self._good, accepted)
        self._held = data if change.kind is Kind.HELD else b""
        self._text = data.decode("utf-8-sig") if change.kind is Kind.TAKEN else ""
        return change

    def _keep(self, change: Change, now: datetime) -> Change:
        """Write down what became of the edit. What was told before, even by the run before, is not fresh."""
        faults = tuple(map(str, change.faults))
        if change.kind is Kind.TAKEN:
            same = self._good is not None and self._text == self._good.text and not self._good.faults
            self._good = Snapshot(self._text, now)
        else:
            same = self._good is not None and self._good.faults == faults
            if self._good is None:
                return change
            self._good = replace(self._good, faults=faults)
        if not same or change.kind is Kind.TAKEN:
            self._ledger.keep_snapshot(self._good)
            self._ledger.set(FILE, str(self._path.absolute()), now)
        return replace(change, fresh=not same)


def _signature(path: Path) -> Signature:
    """Return what changes when a file is written or another one put in its place; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def find_database(path: Path, environ: Mapping[str, str]) -> Secret | None:
    """Return the database that a file names, whatever else is wrong in it: the last good configuration is in there.

    Where none is named, or there is no file, it is the default one. None if the one named cannot be made out, or is
    an SQLite file that is not there.
    """
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    folder = path.absolute().parent
    try:
        text = Surroundings(environ, folder).resolve(_named_database(data) or DATABASE)
        check_database(text)
    except ValueError:
        return None
    database = absolute_database(Secret(text), folder)
    kind, _, name = database.reveal().partition(":///")
    return database if kind != "sqlite" or Path(name.partition("?")[0]).exists() else None


def _named_database(data: bytes) -> str:
    tree = parse_document(data, until="settings").value  # a daemon with 10,000 sources waits half a second less
    settings = tree.get("settings") if isinstance(tree, dict) else None
    named = settings.get("database") if isinstance(settings, dict) else None
    if isinstance(named, str):
        return named
    found = _DATABASE.search(data.decode("utf-8", "replace"))
    return found[1] if found else ""

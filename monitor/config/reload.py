"""Reload of an edited configuration file. It is applied, rejected, or held until the user confirms it.

The last valid configuration is stored in the database. If a daemon is restarted when the file is invalid or deleted, it
continues with that configuration. A file is read only after it has not changed for a moment, because editors write a
file in several steps.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from monitor.config.included_files import (
    dump_file_set,
    expand_patterns,
    list_file_patterns,
    read_file_set,
)
from monitor.config.load import ConfigurationCheck, parse_configuration, read_file_bytes
from monitor.config.renamed_ids import find_renamed_ids
from monitor.config.secrets import SecretResolver
from monitor.config.yaml_document import load_saved_values, parse_yaml
from monitor.domain.configuration import Configuration, resolve_database_url
from monitor.domain.configuration_edits import ACCEPTED_HASH_SETTING
from monitor.domain.errors import ConfigError, ConfigIssue
from monitor.domain.field_types import DEFAULT_DATABASE_URL, check_database_url
from monitor.domain.read_models import SavedConfiguration
from monitor.domain.secret import Secret
from monitor.domain.values import replace
from monitor.text.numbers import format_count

MIN_REMOVED_SOURCES = 2
"""Number of removed sources below which an edit needs no confirmation.

A single source is often replaced, even if the configuration has no other source.
"""


class ReloadOutcome(StrEnum):
    """Result of the check of an edited configuration file: it is applied, it is rejected, or it awaits confirmation."""

    APPLIED = "applied"
    REJECTED = "rejected"
    AWAITING_CONFIRMATION = "awaiting confirmation"


class ReloadResult(Struct, frozen=True):
    """The result of the check of an edited file: the ``configuration`` if it is applied, otherwise the ``issues``.

    ``message`` is a text for the user, with line and column of each issue. ``is_new`` is false if the same result was
    reported before. ``whole`` is the whole configuration as one file; it is empty if the file was rejected.
    """

    outcome: ReloadOutcome
    message: str
    configuration: Configuration | None = None
    issues: tuple[ConfigIssue, ...] = ()
    is_new: bool = True
    whole: bytes = b""


def read_whole_configuration(data: bytes, path: Path) -> bytes:
    """Return the configuration as one file, with the included files and the files of dates merged into it.

    ``data`` are the bytes of the file at ``path``; they are returned unchanged if the file refers to no other file.
    """
    return dump_file_set(read_file_set(data, path), data)


def hash_configuration(data: bytes) -> str:
    """Return the hash of a whole configuration. If the user confirms the configuration, this hash is stored."""
    return sha256(data).hexdigest()


def evaluate_edit(
    data: bytes,
    path: Path,
    environ: Mapping[str, str],
    checks: Sequence[ConfigurationCheck],
    last_good: SavedConfiguration | None,
    accepted_hash: str,
) -> ReloadResult:
    """Decide whether an edited configuration file is applied, rejected, or held until the user confirms it.

    Return the decision with its reasons. A file is held if it removes more than half of the sources of ``last_good``,
    or seems to change an id without the key ``formerly``.

    - ``data`` are the bytes of the file. Other files that it refers to are read again.
    - ``last_good`` is the last valid configuration, or None.
    - ``accepted_hash`` is the hash of the configuration that the user has confirmed. A file with this hash is not held.
    """
    files = read_file_set(data, path)
    try:
        configuration = parse_configuration(data, path, environ, checks, files=files)
    except ConfigError as error:
        return reject_edit(path, error, last_good)
    whole = dump_file_set(files, data)
    is_edited = last_good is not None and last_good.text.encode() != whole
    if last_good and is_edited and hash_configuration(whole) != accepted_hash:
        previous = load_saved_values(last_good.text)
        confirmation = f"or confirm with: monitor check --accept --config {path}"
        issues = [
            replace(one, message=f"{one.message}, {confirmation}")
            for one in find_renamed_ids(previous, configuration, lambda: files)
        ]
        if lost := find_removed_sources(previous, configuration):
            shown = ", ".join(lost[:10]) + (f" and {len(lost) - 10} more" if len(lost) > 10 else "")
            text = f"more than half of the sources are removed ({shown}); add them again, {confirmation}"
            issues.insert(0, ConfigIssue(str(path), 1, 1, text))
        if issues:
            return ReloadResult(
                ReloadOutcome.AWAITING_CONFIRMATION,
                _format_not_applied_message(path, "is not applied yet", last_good, issues),
                issues=tuple(issues),
                whole=whole,
            )
    sources, rules = len(configuration.sources), len(configuration.watchlist.rules)
    counts = f"{format_count(sources, 'source')}, {format_count(rules, 'rule')}"
    return ReloadResult(ReloadOutcome.APPLIED, f"{path} is in use now: {counts}.", configuration, whole=whole)


def reject_edit(path: Path, error: ConfigError, last_good: SavedConfiguration | None) -> ReloadResult:
    """Return the result for a rejected file. The message of the result lists every error in ``error``."""
    count = len(error.issues)
    what = f"has {count} error{'' if count == 1 else 's'} and is not applied"
    return ReloadResult(
        ReloadOutcome.REJECTED, _format_not_applied_message(path, what, last_good, error.issues), issues=error.issues
    )


def _format_not_applied_message(
    path: Path, reason: str, last_good: SavedConfiguration | None, issues: Sequence[ConfigIssue]
) -> str:
    stays = f"; the configuration of {last_good.loaded_at:%Y-%m-%d %H:%M} UTC stays in use" if last_good else ""
    return "\n".join([f"{path} {reason}{stays}:", *map(str, issues)])


def find_removed_sources(previous: Any, configuration: Configuration) -> tuple[str, ...]:
    """Return the ids of the sources that an edit removes, if the removal needs a confirmation.

    It needs one if at least ``MIN_REMOVED_SOURCES`` and more than half of the previous sources are removed. Otherwise
    the result is empty. ``previous`` is the previous configuration as plain values.
    """
    sources = previous.get("sources") if isinstance(previous, dict) else None
    known = list(sources) if isinstance(sources, dict) else []
    left = {source.id for source in configuration.sources}
    lost = tuple(name for name in known if name not in left)
    return lost if len(lost) >= MIN_REMOVED_SOURCES and 2 * len(lost) > len(known) else ()


CONFIGURATION_PATH_SETTING = "configuration-file"
"""Name of the setting that contains the path of the file from which the saved configuration was read.

The saved configuration is not used for a file with another path.
"""

MIN_UNCHANGED_SECONDS = 0.5
"""Number of seconds for which a file must be unchanged before it is read."""

_DATABASE_LINE = re.compile(r"^[ \t]+database:[ \t]*['\"]?([^\s'\"#]+)", re.MULTILINE)

FileSignature = tuple[tuple[int, int, int] | None, ...]


class ConfigurationStore(Protocol):
    """Protocol of the store of the last valid configuration. The key-value store implements it."""

    def get_saved_configuration(self) -> SavedConfiguration | None:
        """Return the last valid configuration, or None if none was saved yet."""
        ...

    def save_configuration(self, configuration: SavedConfiguration) -> None:
        """Save a configuration; it replaces the configuration that was saved before."""
        ...

    def get(self, name: str) -> str:
        """Return the value of a setting, or an empty text if the setting does not exist."""
        ...

    def set(self, name: str, value: str, now: datetime) -> None:
        """Save a setting and replace its earlier value."""
        ...


def load_last_good(store: ConfigurationStore, path: Path) -> SavedConfiguration | None:
    """Return the last valid configuration, or None if there is none or if it was read from another file."""
    is_of_path = store.get(CONFIGURATION_PATH_SETTING) in {"", str(path.absolute())}
    return store.get_saved_configuration() if is_of_path else None


def load_last_good_text(store: ConfigurationStore, path: Path) -> str:
    """Return the text of the last valid configuration, or an empty text; see ``load_last_good``."""
    saved = load_last_good(store, path)
    return saved.text if saved else ""


class Reloader:
    """Watcher of the configuration file of one daemon.

    It finds edits, checks them, and saves valid ones in the database.
    """

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        store: ConfigurationStore,
        checks: Sequence[ConfigurationCheck] = (),
    ) -> None:
        self._path, self._environ, self._store, self._checks = path, environ, store, tuple(checks)
        self._last_good: SavedConfiguration | None = None
        self._evaluated_signature: FileSignature = ()
        self._pending_edit: tuple[FileSignature, float] = ((), 0.0)
        self._named_in: tuple[FileSignature, tuple[str, ...]] = ((), ())
        self._unconfirmed_data, self._valid_text, self._is_forced = b"", "", False

    def load_initial(self, now: datetime) -> tuple[Configuration, ReloadResult | None]:
        """Return the configuration with which the daemon starts, and a problem with the file or None.

        The configuration is the one in the file. If the file is invalid or needs a confirmation, the last valid
        configuration is returned instead, and the second value is the result of checking the file. Raises
        ``ConfigError`` with the errors of the file if no valid configuration exists. Call this in the thread that
        writes to the database.
        """
        self._load_last_good()
        self._evaluated_signature = self._read_signature()
        change = self._evaluate(self._store.get(ACCEPTED_HASH_SETTING))
        configuration = change.configuration
        if configuration is None:
            configuration = self._load_fallback(change)
        recorded = self._record_result(change, now)
        return configuration, None if change.outcome is ReloadOutcome.APPLIED else recorded

    def save_if_valid(self, now: datetime) -> None:
        """Save the configuration in the file as the last valid one, if a daemon would apply the file.

        `monitor poll`, which runs the pipeline once, calls this function. If the file is invalid later, a daemon can
        then start with the saved configuration. Call the function in the thread that writes to the database.
        """
        self._load_last_good()
        change = self._evaluate(self._store.get(ACCEPTED_HASH_SETTING))
        if change.outcome is ReloadOutcome.APPLIED and (
            self._last_good is None or self._valid_text != self._last_good.text
        ):
            self._record_result(change, now)

    def _load_last_good(self) -> None:
        """Load the last valid configuration from the database, unless it was read from another file."""
        self._last_good = load_last_good(self._store, self._path)

    def _load_fallback(self, result: ReloadResult) -> Configuration:
        if self._last_good is None or not self._last_good.text:
            raise ConfigError(result.issues)
        try:
            return parse_configuration(self._last_good.text.encode(), self._path, self._environ, self._checks)
        except ConfigError as error:
            raise ConfigError(result.issues) from error

    async def check_for_edit(
        self, run_in_database: Callable[..., Awaitable[Any]], now: datetime, monotonic_now: float
    ) -> ReloadResult | None:
        """Check the file if it was edited. Return the result, or None if nothing has changed since the last result.

        Call this every second or two. ``run_in_database`` runs a function of the store in the thread that writes to the
        database. The file is read and checked in another thread, so that the event loop is not blocked.
        """
        if not self._is_ready(monotonic_now):
            return None
        accepted = await run_in_database(self._store.get, ACCEPTED_HASH_SETTING)
        before = self._read_signature()
        if before == self._evaluated_signature and hash_configuration(self._unconfirmed_data) != accepted:
            return None
        change = await asyncio.to_thread(self._evaluate, accepted)
        if self._read_signature() != before:
            return None
        self._evaluated_signature = before
        recorded: ReloadResult = await run_in_database(self._record_result, change, now)
        forced, self._is_forced = self._is_forced, False
        return recorded if recorded.is_new or forced else None

    def force_reload(self) -> None:
        """Make the next check read the file even if it is unchanged.

        The daemon does this at the signal SIGHUP, because environment variables or secret files may have changed.
        """
        self._evaluated_signature, self._is_forced = ((-1, -1, -1),), True

    def _is_ready(self, monotonic_now: float) -> bool:
        """Return whether the file should be read now.

        It should be read if it was edited, and then has not changed for ``MIN_UNCHANGED_SECONDS``. It should also be
        read if it waits for a confirmation, which the user may have given.
        """
        signature = self._read_signature()
        if signature == self._evaluated_signature:
            return bool(self._unconfirmed_data)
        seen, since = self._pending_edit
        if signature != seen:
            self._pending_edit = (signature, monotonic_now)
            return False
        return monotonic_now - since >= MIN_UNCHANGED_SECONDS

    def _read_signature(self) -> FileSignature:
        """Return a value that differs after any change of the configuration file, or of a file that it refers to.

        It differs if one of these files was written, replaced, added or deleted.
        """
        main = _read_file_signature(self._path)
        if self._named_in[0] != (main,):
            try:
                patterns = list_file_patterns(self._path.read_bytes())
            except OSError:
                patterns = ()
            self._named_in = ((main,), patterns)
        return (main, *map(_read_file_signature, expand_patterns(self._path.parent, self._named_in[1])))

    def _evaluate(self, accepted_hash: str) -> ReloadResult:
        try:
            data = read_file_bytes(self._path)
        except ConfigError as error:
            self._unconfirmed_data, self._valid_text = b"", ""
            return reject_edit(self._path, error, self._last_good)
        change = evaluate_edit(data, self._path, self._environ, self._checks, self._last_good, accepted_hash)
        self._unconfirmed_data = change.whole if change.outcome is ReloadOutcome.AWAITING_CONFIRMATION else b""
        self._valid_text = change.whole.decode("utf-8-sig") if change.outcome is ReloadOutcome.APPLIED else ""
        return change

    def _record_result(self, result: ReloadResult, now: datetime) -> ReloadResult:
        """Save the result of a check of the file, and return it with ``is_new`` set.

        ``is_new`` is false if the same result was saved before, by this process or an earlier one.
        """
        faults = tuple(map(str, result.issues))
        if result.outcome is ReloadOutcome.APPLIED:
            same = (
                self._last_good is not None and self._valid_text == self._last_good.text and not self._last_good.errors
            )
            self._last_good = SavedConfiguration(self._valid_text, now)
        else:
            same = self._last_good is not None and self._last_good.errors == faults
            if self._last_good is None:
                return result
            self._last_good = replace(self._last_good, errors=faults)
        if not same or result.outcome is ReloadOutcome.APPLIED:
            self._store.save_configuration(self._last_good)
            self._store.set(CONFIGURATION_PATH_SETTING, str(self._path.absolute()), now)
        return replace(result, is_new=not same)


def _read_file_signature(path: Path) -> tuple[int, int, int] | None:
    """Return modification time, inode and size of a file, or None if the file does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def find_database_url(path: Path, environ: Mapping[str, str]) -> Secret | None:
    """Return the URL of the database that a configuration file names, even if the file has errors.

    The URL is needed to read the last valid configuration, which is in that database. If the file is missing or has no
    database URL, the URL of the default database is used. Returns None if the URL is invalid, or if its SQLite file
    does not exist.
    """
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    folder = path.absolute().parent
    try:
        text = SecretResolver(environ, folder).resolve(_read_database_url(data) or DEFAULT_DATABASE_URL)
        check_database_url(text)
    except ValueError:
        return None
    database = resolve_database_url(Secret(text), folder)
    kind, _, name = database.reveal().partition(":///")
    return database if kind != "sqlite" or Path(name.partition("?")[0]).exists() else None


def _read_database_url(data: bytes) -> str:
    tree = parse_yaml(data, stop_after_key="settings").value  # a daemon with 10,000 sources waits half a second less
    settings = tree.get("settings") if isinstance(tree, dict) else None
    named = settings.get("database") if isinstance(settings, dict) else None
    if isinstance(named, str):
        return named
    found = _DATABASE_LINE.search(data.decode("utf-8", "replace"))
    return found[1] if found else ""

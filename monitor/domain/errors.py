"""Every error this program raises on purpose, in one tree.

MonitorError                 what happened, said to the person who must act; never a traceback on a terminal
├── ConfigError              sources.yaml cannot be used; carries every fault with line and column
├── UsageError               the call names something that is not there (an unknown id, a missing file)
├── InputError               a document that was given is faulty inside; names file and line
├── QueryError               a query cannot be read; carries the position and what was expected there
├── NotAFeed                 the document is no feed, sitemap or listing; says what it looks like instead
├── WorkerKilled             foreign bytes took too long or too much memory, and their worker was ended
├── LeaseLost                somebody else took over the row; what was done with it must not be written
└── StoreError               the database did not do what was asked
    ├── StoreBusy            locked for longer than the timeout; trying again may help
    ├── StoreFull            no space left; nothing was written, nothing is lost
    ├── StoreCorrupt         the file is damaged; restore a backup
    ├── StoreInUse           another daemon holds this database
    └── SchemaMismatch       the schema is newer than this program, or a migration failed

What a server or a mail host answers is not an error but an outcome (``exchange.py``, ``delivery.py``).
A bug is not wrapped: ``TypeError`` and its kin pass through as they are.
"""

from dataclasses import dataclass


class MonitorError(Exception):
    """Root of the tree; its text is a full sentence for the user."""


@dataclass(frozen=True, slots=True, order=True)
class ConfigIssue:
    """One thing wrong in a file: where, what, and what would be right. Lines and columns count from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Render as ``file:line:column: message``, which editors can jump to."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class KeyIssue:
    """Something wrong or doubtful at a key of the configuration, such as ``("rules", "border", "query")``.

    ``position`` points at a character inside a text value, counted from 0. A ``warning`` is no reason to stop.
    """

    key_path: tuple[str | int, ...]
    message: str
    position: int | None = None
    is_warning: bool = False


class ConfigError(MonitorError):
    """The configuration cannot be used; ``faults`` lists every fault, in file order."""

    def __init__(self, issues: tuple[ConfigIssue, ...]) -> None:
        self.issues = tuple(sorted(issues))
        super().__init__("\n".join(str(fault) for fault in self.issues))


class UsageError(MonitorError):
    """The call names something that does not exist or cannot be used so."""


class InputError(MonitorError):
    """A document that was given to be read is faulty; the text names file and line, and what would be right."""


class QueryError(MonitorError):
    """A query cannot be read. ``position`` counts characters from 0 into the query's text."""

    def __init__(self, message: str, position: int, expected: str) -> None:
        self.message, self.position, self.expected = message, position, expected
        super().__init__(f"at character {position + 1}: {message}; expected {expected}")


class NotAFeed(MonitorError):
    """The document cannot be read as what the source promises; ``looks_like`` names what it is instead."""

    def __init__(self, reason: str, looks_like: str = "") -> None:
        self.reason, self.looks_like = reason, looks_like
        super().__init__(reason)

    def __reduce__(self) -> tuple[type["NotAFeed"], tuple[str, str]]:
        """Travel whole from a worker process."""
        return NotAFeed, (self.reason, self.looks_like)


class WorkerKilled(MonitorError):
    """A worker exceeded its limit of time or memory and was ended; the daemon goes on."""


class LeaseLost(MonitorError):
    """The lease ended and somebody else may hold the row now: drop the result, it will be done again."""


class StoreError(MonitorError):
    """The database did not do what was asked of it."""


class StoreBusy(StoreError):
    """The database was locked for longer than the busy timeout, or its server is away; trying again may help."""


class StoreFull(StoreError):
    """There is no space left for the database; the transaction was rolled back whole."""


class StoreCorrupt(StoreError):
    """The database file is damaged."""


class StoreInUse(StoreError):
    """Another daemon works on this database."""


class SchemaMismatch(StoreError):
    """The database's schema does not fit this program, and could not be made to."""

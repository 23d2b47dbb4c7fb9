"""Exceptions that the program raises on purpose. Further ones are in the modules that raise them.

MonitorError                 complete message for the user; never shown with a traceback
├── ConfigError              sources.yaml is invalid; carries every error with line and column
├── UsageError               the command names something that does not exist (an id, a file)
│   └── AlreadyDone          the feedback would change nothing
├── InputError               an input document is invalid; the message names file and line
├── QueryError               a query is invalid; carries the position and what was expected there
├── NotAFeed                 the document is not a feed, sitemap or listing; carries what it is instead
├── UnreadableDocument       the page of an article is a document without readable text; carries the problem
├── WorkerKilled             a worker process exceeded its time or memory limit and was killed
├── CanaryLost               the artificial article that tests the pipeline did not reach the digest
├── LeaseLost                another process may hold the row now; the result must not be written
├── DamagedRow               the content of one row cannot be read; all others can be used
└── StoreError               a database operation failed
    ├── QueryTimeout         a query took longer than its limit; the database works
    ├── StoreBusy            locked for longer than the timeout, or not reachable; a retry may succeed
    ├── StoreFull            no disk space; the transaction was rolled back, no data is lost
    ├── StoreCorrupt         the database file is damaged; restore a backup
    ├── StoreInUse           another daemon has locked this database
    ├── StoreMissing         there is no database, and this process may not create one
    └── SchemaMismatch       the schema does not fit this program, and cannot or may not be migrated

Failures of web and mail servers are return values, not exceptions (``fetch_result.py``, ``delivery.py``).
Programming errors such as ``TypeError`` are not wrapped.
"""

from enum import Enum, StrEnum, auto

from msgspec import Struct


class MonitorError(Exception):
    """Base class of all exceptions of this program. Its text is a full sentence for the user."""


class ConfigIssue(Struct, frozen=True, order=True):
    """An error or warning at a line and column of a configuration file. Line and column count from 1.

    ``message`` states what is invalid and what would be valid.
    """

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Return ``file:line:column: message``, a format that editors can open."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class KeyIssue(Struct, frozen=True):
    """An error or warning at a key of the configuration.

    ``key_path`` leads to the key, such as ``("rules", "border", "query")``. ``position`` is the offset of the error in
    the text of the key's value, counted from 0, or None if the whole value is wrong. A warning does not make the
    configuration invalid.
    """

    key_path: tuple[str | int, ...]
    message: str
    position: int | None = None
    is_warning: bool = False


class ConfigError(MonitorError):
    """Raised if the configuration is invalid. Contains all errors (``issues``) and all ``warnings``."""

    def __init__(self, issues: tuple[ConfigIssue, ...], warnings: tuple[ConfigIssue, ...] = ()) -> None:
        self.issues, self.warnings = tuple(sorted(issues)), tuple(sorted(warnings))
        super().__init__("\n".join(str(fault) for fault in self.issues))


class UsageError(MonitorError):
    """Raised if a command refers to something that does not exist, or is used in a way that is not possible."""


class AlreadyDone(UsageError):
    """Raised if the feedback of a reader would change nothing, because what the reader states is already known."""


class InputError(MonitorError):
    """Raised if an input document is invalid. The message contains the file, the line and what would be valid."""


class QueryError(MonitorError):
    """Raised if a query is invalid. ``position`` is the offset of the error in the query, counted from 0."""

    def __init__(self, message: str, position: int, expected: str) -> None:
        self.message, self.position, self.expected = message, position, expected
        super().__init__(f"at character {position + 1}: {message}; expected {expected}")


class DocumentFault(Enum):
    """Reason why the document of a source cannot be used.

    The state of the source and the suggestion to the user depend on it.
    """

    EMPTY = auto()
    ACCESS_WALL = auto()
    """A page that refuses programs or asks for consent (bot wall, consent wall) was received instead of the document.
    """
    HTML_PAGE = auto()
    """An HTML page was received instead of a feed or sitemap."""
    OTHER_FORMAT = auto()
    """The document is valid but has an unknown format, such as JSON that is not a JSON Feed."""
    DAMAGED = auto()
    """The document has the right format but is damaged: invalid XML, JSON or gzip."""
    TOO_LONG = auto()
    LAYOUT_CHANGED = auto()
    """The part of the document that should contain the articles is empty or missing."""
    MISSING_EXTRA = auto()
    """The document can be read only with an optional dependency (extra) that is not installed."""
    WRONG_SELECTOR = auto()
    """A selector in the configuration of the source cannot be used."""


class NotAFeed(MonitorError):
    """Raised if a document is not of the kind that its source should have. ``fault`` describes what it is instead."""

    def __init__(self, reason: str, fault: DocumentFault) -> None:
        self.reason, self.fault = reason, fault
        super().__init__(reason)

    def __reduce__(self) -> tuple[type["NotAFeed"], tuple[str, DocumentFault]]:
        """Return the class and the arguments for unpickling, so that the exception can be sent between processes."""
        return NotAFeed, (self.reason, self.fault)


class PageProblem(StrEnum):
    """Reason why the text of a source's pages cannot be read. The user can do something about it."""

    NONE = ""
    NEEDS_PDF_EXTRA = "needs the extra pdf"
    SCANNED_PDF = "scanned PDF"
    LOCKED_PDF = "locked PDF"
    XFA_FORM = "XFA form"
    NEEDS_JAVASCRIPT = "needs JavaScript"
    NEEDS_BROWSER_EXTRA = "needs the extra browser"
    LOGIN_EXPIRED = "login expired"


class UnreadableDocument(MonitorError):
    """Raised if the page of an article has no readable text. ``problem`` determines the suggestion to the user."""

    def __init__(self, reason: str, problem: PageProblem) -> None:
        self.reason, self.problem = reason, problem
        super().__init__(reason)

    def __reduce__(self) -> tuple[type["UnreadableDocument"], tuple[str, PageProblem]]:
        """Return the class and the arguments for unpickling, so that the exception can be sent between processes."""
        return UnreadableDocument, (self.reason, self.problem)


class WorkerKilled(MonitorError):
    """Raised if a worker process exceeded its time or memory limit and was killed."""


class CanaryLost(MonitorError):
    """Raised if the canary does not reach the digest. The canary is an artificial article that tests the pipeline."""


class LeaseLost(MonitorError):
    """Raised if a lease has expired, so that another process may have leased the row.

    The caller must discard its result; another process will repeat the work.
    """


class StoreError(MonitorError):
    """Raised if a database operation failed."""


class QueryTimeout(StoreError):
    """Raised if a query for a page, or for a response of the API, exceeds its time limit. The database itself works."""


class StoreBusy(StoreError):
    """Raised if the database was locked for longer than the timeout, or its server cannot be reached.

    A retry may succeed.
    """


class StoreFull(StoreError):
    """Raised if the disk of the database is full. The transaction was rolled back, so no stored data is lost."""


class StoreCorrupt(StoreError):
    """Raised if the database file is damaged."""


class DamagedRow(MonitorError):
    """Raised if the content of one row cannot be read. All other rows can still be used.

    The message contains the table and the id of the row.
    """


class StoreInUse(StoreError):
    """Raised if another daemon uses this database."""


class StoreMissing(StoreError):
    """Raised if the database does not exist or is empty, and this process may not create it."""


class SchemaMismatch(StoreError):
    """Raised if the schema of the database does not fit this program, and cannot or may not be migrated."""

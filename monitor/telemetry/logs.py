"""Logging: writes each event as one line with fields, for a terminal or as JSON, without secrets.

structlog and the standard library share one handler, so log lines of libraries have the same format. This module has
the only global state of the program, because Python has one global logging system.
"""

import logging
import sys
from collections.abc import MutableMapping
from functools import cached_property
from typing import Any, TextIO

from monitor.telemetry.redact import Redactor

QUIET_LOGGERS = (
    "alembic",
    "apprise",
    "apscheduler",
    "asyncio",
    "httpcore",
    "httpx",
    "mcp",
    "procrastinate",
    "uvicorn",
)
"""Libraries that log every step, or complete URLs, at levels below WARNING.

Only their warnings and errors are logged.
"""

MAX_VALUE_CHARS = 8192

_CONTROL_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
_CONTROL_ESCAPES |= {
    code: f"\\u{code:04x}" for code in (0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F))
}
_CONTROL_ESCAPES |= {code: f"\\u{code:04x}" for code in range(0x2066, 0x206A)} | {0x0A: "\\n", 0x0D: "\\r", 0x09: " "}
_TRACEBACK_ESCAPES = {code: shown for code, shown in _CONTROL_ESCAPES.items() if code != 0x0A}

LogEvent = MutableMapping[str, Any]


def set_up_logging(
    redactor: Redactor, *, as_json: bool | None = None, level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Set up logging to a stream (default: stderr). An earlier set-up is replaced.

    If ``as_json`` is None, lines are JSON unless the stream is a terminal. Raises ``ValueError`` for an unknown level.
    """
    import structlog

    set_up_handler(redactor, as_json=as_json, level=level, stream=stream)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def set_up_handler(
    redactor: Redactor, *, as_json: bool | None = None, level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Set up the logging of the standard library, but not yet structlog.

    structlog is imported when the first line is logged. The parameters have the same meaning as in ``set_up_logging``.
    """
    terminal = (stream or sys.stderr).isatty()
    as_json = not terminal if as_json is None else as_json
    handler = logging.StreamHandler(stream) if stream else _StderrHandler()
    handler.setFormatter(_RedactingFormatter(redactor, as_json=as_json, use_colors=terminal))
    root = logging.getLogger()
    for previous in root.handlers[:]:
        if isinstance(previous.formatter, _RedactingFormatter):
            root.removeHandler(previous)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # APScheduler warns of every run that takes longer than its period; our own listener reports these runs
    logging.getLogger("apscheduler").setLevel(max(logging.ERROR, root.level))


def _shared_processors() -> list[Any]:
    """Return the structlog processors that add time, level and logger to events of this program and of libraries."""
    import structlog

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Handler that writes to the current ``sys.stderr``, which tests or libraries may replace during a run."""

    @property
    def stream(self) -> TextIO:
        """Current standard error stream."""
        return sys.stderr

    @stream.setter
    def stream(self, _value: TextIO) -> None:
        """Ignore an assigned stream, because this handler always writes to the current ``sys.stderr``."""


class _RedactingFormatter(logging.Formatter):
    """Formatter that renders all events in the same format, and removes secrets from the finished line."""

    def __init__(self, redactor: Redactor, *, as_json: bool, use_colors: bool) -> None:
        super().__init__()
        self._redactor, self._as_json, self._use_colors = redactor, as_json, use_colors

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor(self._renderer.format(record))

    @cached_property
    def _renderer(self) -> logging.Formatter:
        import structlog

        renderer: Any = (
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
            if self._as_json
            else structlog.dev.ConsoleRenderer(
                colors=self._use_colors, exception_formatter=structlog.dev.plain_traceback
            )
        )
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_shared_processors(), structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                escape_event,
                _order_fields,
                *(() if self._as_json else (_join_lists,)),
                renderer,
            ],
        )


def escape_event(_logger: object, _method: str, event: LogEvent) -> LogEvent:
    """Escape control characters in the fields of a log event.

    Text from other systems can then neither forge a log line nor move the cursor of a terminal.
    """
    for key, value in event.items():
        event[key] = _escape(value, _TRACEBACK_ESCAPES if key == "exception" else _CONTROL_ESCAPES)
    return event


def _order_fields(_logger: object, _method: str, event: LogEvent) -> LogEvent:
    """Put the common fields of a log event, such as the time, first."""
    first = ("timestamp", "level", "event", "logger")
    return {
        key: event[key]
        for key in (*(key for key in first if key in event), *(key for key in event if key not in first))
    }


def _join_lists(_logger: object, _method: str, event: LogEvent) -> LogEvent:
    """Join the items of each list in a log event to one text, for output to a terminal."""
    return {key: "; ".join(map(str, value)) if isinstance(value, list) else value for key, value in event.items()}


def _escape(value: Any, table: dict[int, str]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_escape(item, table) for item in value]
    if isinstance(value, dict):
        return {str(_escape(str(key), table)): _escape(item, table) for key, item in value.items()}
    text = str(value).encode("utf-8", "backslashreplace").decode("utf-8").translate(table)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]} [{len(text) - MAX_VALUE_CHARS} more]"

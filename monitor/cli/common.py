"""Shared code of all commands: options, loading of the configuration, and output."""

import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from shutil import get_terminal_size, which
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from monitor.domain.errors import UsageError
from monitor.domain.secret import Secret
from monitor.domain.values import replace
from monitor.records.values import encode_json, write_csv
from monitor.text.numbers import format_count
from monitor.text.sanitize import sanitize

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration
    from monitor.match.engine import Matcher


def inherit_config(context: typer.Context, value: Path) -> Path:
    """Return the path of the configuration file for a command.

    It is given by ``--config`` after the name of the command or, without that, by ``--config`` before the name.
    """
    current: Any = context
    while current.parent and not _is_on_command_line(current):
        current = current.parent
    return current.params.get("config", value) if _is_on_command_line(current) else value


def _is_on_command_line(context: typer.Context) -> bool:
    source = context.get_parameter_source("config")
    return source is not None and source.name == "COMMANDLINE"


ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        envvar="MONITOR_CONFIG",
        help="Configuration file.",
        show_default=True,
        callback=inherit_config,
    ),
]
DatabaseOption = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="MONITOR_DATABASE",
        help="Database to use instead of the configured one.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON with stable keys.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV with a header line, for spreadsheets.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Also log each poll and other details.")]
ALL_ROWS = 2**31 - 2  # so that one more row than the limit still fits into a 32-bit integer
ReaderOption = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="LOGIN",
        envvar="MONITOR_READER",
        help="Reader who gives the feedback; default: the user of this shell.",
        show_default=False,
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option(
        "--limit",
        "-n",
        min=1,
        max=ALL_ROWS,
        help="Maximum number of results; without it 50 on a terminal, and all as JSON, as CSV or in a pipe.",
        show_default=False,
    ),
]
DEFAULT_LIMIT = 50
PART_ROWS = 500
"""Number of rows of a JSON or CSV document that are loaded at a time."""
DEFAULT_CONFIG = Path("sources.yaml")
T = TypeVar("T")


def run_async(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a new event loop, and return its result."""
    import asyncio

    return asyncio.run(coroutine)


def login_of(reader: str) -> str:
    """Return the login of the reader who gives feedback.

    It is the login that was given as an option. Without one, it is the name of the user who runs the command.
    """
    from getpass import getuser

    if reader:
        return reader
    try:
        return getuser()
    except OSError:  # the user has no name, as in a container
        return "owner"


def load_config(
    config: Path, database: str = "", *, resolve_secrets: bool = False, log_level: str = "WARNING"
) -> "Configuration":
    """Read the configuration in a file. If ``database`` is not empty, it replaces the configured database URL.

    If ``resolve_secrets`` is true, a missing secret is an error. Only commands that fetch or send need secrets; all
    other commands also work in a shell without the environment of the daemon. Log events below ``log_level`` are not
    written. Raises ``ConfigError`` with every error, or with the reason why the file cannot be read.
    """
    from monitor.config.load import load_configuration
    from monitor.match.lint import find_watchlist_errors

    configuration = load_configuration(
        config, os.environ, checks=(find_watchlist_errors,), require_secrets=resolve_secrets
    )
    if database:
        configuration = replace(configuration, settings=replace(configuration.settings, database=Secret(database)))
    set_up_logging(configuration, log_level)
    return configuration


def compile_matcher(configuration: "Configuration") -> "Matcher":
    """Return a matcher that finds the officials and evaluates the rules of a configuration in articles."""
    from monitor.match.engine import compile_watchlist

    return compile_watchlist(configuration.watchlist)


def set_up_logging(configuration: "Configuration", level: str) -> None:
    """Write log events at or above a level to standard error, with the secrets of the configuration redacted."""
    import logging

    from monitor.telemetry.logs import set_up_handler
    from monitor.telemetry.redact import Redactor, find_secrets

    set_up_handler(Redactor(find_secrets(configuration)), as_json=False, level=level)
    if level == "WARNING":  # commands that send print each attempt themselves
        logging.getLogger().handlers[-1].addFilter(lambda record: not record.name.endswith("send_deliveries"))


def complete_ids(section: str) -> Callable[[typer.Context, str], list[str]]:
    """Return a function with which the shell completes the ids in a section of sources.yaml.

    The function also works if the file has errors.
    """

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        from monitor.config.included_files import read_file_set

        path = Path(context.params.get("config") or os.environ.get("MONITOR_CONFIG") or DEFAULT_CONFIG)
        try:
            tree = read_file_set(path.read_bytes(), path).tree
        except OSError:
            return []
        entries = tree.get(section) if isinstance(tree, dict) else None
        return [name for name in entries if name.startswith(incomplete)] if isinstance(entries, dict) else []

    return complete


def write_utf8_if_piped() -> None:
    """Make standard output UTF-8, unless it is a terminal.

    JSON, CSV and HTML must be UTF-8, even if the locale has another encoding.
    """
    if not sys.stdout.isatty() and isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")


def print_json(document: Mapping[str, object]) -> None:
    """Print a JSON document on one line."""
    write_utf8_if_piped()
    sys.stdout.write(encode_json(document) + "\n")


def print_json_lines(records: Iterable[Mapping[str, object]]) -> None:
    """Print one JSON document per line."""
    for record in records:
        print_json(record)


def print_csv(columns: Sequence[str], records: Iterable[Mapping[str, object]]) -> None:
    """Print records as CSV in UTF-8."""
    write_utf8_if_piped()
    write_csv(sys.stdout, columns, records)


def print_text(text: str) -> None:
    """Print a text without characters that would control the terminal, because it may contain text of web pages."""
    sys.stdout.write(sanitize(text) + "\n")


def print_wrapped(text: str) -> None:
    """Print a text. If a line does not fit into the width of the output, it is continued on an indented line."""
    from textwrap import fill

    width = _output_width()
    for line in sanitize(text).split("\n"):
        indent = " " * (len(line) - len(line.lstrip()))
        wrapped = fill(line, width, subsequent_indent=f"{indent}  ", break_on_hyphens=False)
        sys.stdout.write((wrapped if len(line) > width else line) + "\n")


def load_rows(load: Callable[[int, T | None], Sequence[T]], limit: int | None) -> Sequence[T]:
    """Load and return the rows of a table to print. If more rows exist, print a note on standard error.

    ``load`` is a function of a number and a row. It returns at most this number of rows that follow the row or, if the
    row is None, the first rows. Without a ``limit``, all rows are loaded if the output is piped to another program. On
    a terminal, at most ``DEFAULT_LIMIT`` rows are loaded.
    """
    if limit is None and not sys.stdout.isatty():
        return list(_load_parts(load))
    return load_at_once(lambda count: load(count, None), limit)


def load_at_once(load: Callable[[int], Sequence[T]], limit: int | None, *, as_document: bool = False) -> Sequence[T]:
    """Load the rows to print, and return them. If more rows exist, print a note on standard error.

    ``load`` is called once, with a number, and returns at most this number of rows. Without a ``limit``, all rows are
    returned if ``as_document`` is true (JSON or CSV) or if the output is piped; on a terminal, at most
    ``DEFAULT_LIMIT`` rows are returned.
    """
    if limit is None and (as_document or not sys.stdout.isatty()):
        return load(ALL_ROWS)
    wanted = limit or DEFAULT_LIMIT
    rows = load(wanted + 1)
    if len(rows) > wanted:
        sys.stderr.write(
            f"There are more than {format_count(wanted, 'result')}; add --limit N to print more of them.\n"
        )
    return rows[:wanted]


def stream_rows(load: Callable[[int, T | None], Sequence[T]], limit: int | None) -> Iterator[T]:
    """Yield the rows of a JSON or CSV document: at most ``limit`` rows, or all rows without a limit.

    ``load`` is a function of a number and a row. It returns at most this number of rows that follow the row or, if the
    row is None, the first rows. Without a limit, it is called several times, so that the memory needed does not grow
    with the number of rows.
    """
    yield from _load_parts(load) if limit is None else load_rows(load, limit)


def _load_parts(load: Callable[[int, T | None], Sequence[T]]) -> Iterator[T]:
    last: T | None = None
    while part := load(PART_ROWS, last):
        yield from part
        last = part[-1]


def print_records(
    columns: Sequence[str], records: Iterable[Mapping[str, object]], *, as_json: bool, as_csv: bool
) -> bool:
    """Print records as JSON or CSV if one of these was requested; return whether anything was printed.

    Raises ``UsageError`` if both were requested.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv cannot be combined: choose one.")
    if as_json:
        print_json_lines(records)
    elif as_csv:
        print_csv(columns, records)
    return as_json or as_csv


def format_time(moment: datetime | None) -> str:
    """Return a time as text in the time zone of this machine, with minutes and zone; for None, return "-"."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M %Z") if moment else "-"


def program_name() -> str:
    """Return the word that starts this program in a shell.

    It is the name of the program. If the shell does not find this name on PATH, it is the path of the program.
    """
    name = Path(sys.argv[0]).name
    return name if which(name) or name != "monitor" else sys.argv[0]


PIPED_WIDTH, COLUMN_GAP = 10_000, 3
MIN_TEXT_WIDTH = 24
"""Width, in characters, to which a wide column of a table can be narrowed.

If the columns do not fit into the output even then, the table is printed as blocks of lines.
"""


def print_table(headings: Iterable[str], rows: Iterable[Iterable[object]], empty_message: str) -> None:
    """Print a table, or ``empty_message`` if the table has no rows. Markup in cells is printed unchanged.

    Times are in the time zone of this machine, which is shown in the heading. If the output is piped, each row is one
    line of any length, as ``grep`` needs it, unless the environment variable ``COLUMNS`` limits the width. If the
    columns do not fit into the width, each row is printed as a block of several lines.
    """
    cells = [list(row) for row in rows]
    if not cells:
        sys.stdout.write(empty_message + "\n")
        return
    titles = [
        f"{heading} ({local_zone_name()})" if any(isinstance(row[index], datetime) for row in cells) else heading
        for index, heading in enumerate(headings)
    ]
    texts = [[sanitize(_format_cell(cell)) for cell in row] for row in cells]
    widths = [max(map(len, [title, *column])) for title, column in zip(titles, zip(*texts, strict=True), strict=True)]
    available = _output_width()
    if sum(min(width, MIN_TEXT_WIDTH) + COLUMN_GAP for width in widths) > available:
        _print_blocks(titles, texts, available)
    else:
        _print_grid(titles, texts, available)


def _output_width() -> int:
    """Return the width of the output in columns.

    It is the width of the terminal. In a pipe, it is the value of ``COLUMNS`` or, if this is not set, ``PIPED_WIDTH``.
    """
    return get_terminal_size().columns if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPED_WIDTH


def _format_cell(cell: object) -> str:
    if isinstance(cell, datetime):
        return cell.astimezone().strftime("%Y-%m-%d %H:%M")
    return "-" if cell is None else str(cell)


def _print_grid(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title, column in zip(titles, zip(*rows, strict=True), strict=True):
        table.add_column(title, no_wrap=max(map(len, column)) <= MIN_TEXT_WIDTH, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(width=width, highlight=False).print(table, crop=False)


def _print_blocks(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Print each row of a table as a block of lines.

    The first cell is on a line of its own. Each other cell that is not empty is on a line below it.
    """
    from textwrap import TextWrapper

    wrapper = TextWrapper(max(20, width - 1), initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
    for row in rows:
        sys.stdout.write(f"{row[0]}\n")
        for title, text in zip(titles[1:], row[1:], strict=True):
            if text not in {"", "-"}:
                sys.stdout.write(wrapper.fill(f"{title}: {text}" if title else text) + "\n")


def local_zone_name() -> str:
    """Return the name or offset of the machine's time zone, such as UTC or +07."""
    return datetime.now().astimezone().tzname() or "local time"

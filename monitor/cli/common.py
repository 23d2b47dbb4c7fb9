"""What every command shares: its options, how it reads the configuration, how it prints."""

import json
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from monitor.domain.delivery import Secret
from monitor.domain.errors import UsageError
from monitor.domain.settings import Configuration

Config = Annotated[
    Path, typer.Option("--config", "-c", envvar="MONITOR_CONFIG", help="The configuration.", show_default=True)
]
DatabaseUrl = Annotated[
    str, typer.Option("--database", metavar="URL", help="Use this database, not the file's.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON with stable keys.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print a table for spreadsheets, with a line of headings.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")]
DEFAULT_CONFIG = Path("sources.yaml")
T = TypeVar("T")


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run what waits for the network or the database until it is done."""
    import asyncio

    return asyncio.run(work)


def load(config: Path, database: str = "", *, secrets: bool = False) -> Configuration:
    """Read the configuration, with the database the user named on the command line if any.

    Only a command that fetches or sends needs the ``secrets``; others work in a shell without the daemon's environment.
    Raises ``ConfigError`` with every fault, or ``UsageError`` if the file cannot be read.
    """
    from monitor.config.load import load_configuration
    from monitor.match.review import review_watch

    configuration = load_configuration(config, os.environ, checks=(review_watch,), secrets=secrets)
    quiet(configuration)
    if not database:
        return configuration
    return replace(configuration, settings=replace(configuration.settings, database=Secret(database)))


def quiet(configuration: Configuration) -> None:
    """Let libraries and use cases say only what matters, to stderr, and without the configuration's secrets."""
    from monitor.telemetry.logs import set_up_handler
    from monitor.telemetry.redact import Redactor, find_secrets

    set_up_handler(Redactor(find_secrets(configuration)), as_json=False, level="WARNING")


def ids(section: str) -> Callable[[typer.Context, str], list[str]]:
    """Make a completion of the ids in a section of the configuration; a file with faults still gives what it names."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        from monitor.config.document import parse_document

        path = context.params.get("config") or os.environ.get("MONITOR_CONFIG") or DEFAULT_CONFIG
        try:
            tree = parse_document(Path(path).read_bytes()).value
        except OSError:
            return []
        entries = tree.get(section) if isinstance(tree, dict) else None
        return [name for name in entries if name.startswith(incomplete)] if isinstance(entries, dict) else []

    return complete


def plain(value: object) -> Any:
    """Turn domain values into what JSON holds: times in UTC as ISO 8601, lengths in seconds, enums by value."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def emit(document: Mapping[str, object]) -> None:
    """Print one JSON document on one line."""
    sys.stdout.write(json.dumps(plain(document), ensure_ascii=False) + "\n")


def emit_lines(records: Iterable[Mapping[str, object]]) -> None:
    """Print one JSON document a line."""
    for record in records:
        emit(record)


FORMULA = ("=", "+", "-", "@", "\t", "\r")


def emit_csv(columns: Sequence[str], records: Iterable[Mapping[str, object]]) -> None:
    """Print records as a table for spreadsheets: UTF-8 with the mark that they look for, several values joined by "; ".

    A text from outside that a spreadsheet would take for a formula is led by an apostrophe, which it does not show.
    """
    from csv import writer as write_to

    sys.stdout.write("\ufeff")
    writer = write_to(sys.stdout)
    writer.writerow(columns)
    writer.writerows([_cell(record[column]) for column in columns] for record in records)


def _cell(value: object) -> object:
    value = plain(value)
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def emit_records(columns: Sequence[str], records: Iterable[Mapping[str, object]], *, json: bool, csv: bool) -> bool:
    """Print records for a program or a spreadsheet, if one of them is asked for; returns whether.

    Raises ``UsageError`` if both are.
    """
    if json and csv:
        raise UsageError("--json and --csv cannot both be printed: choose one.")
    if json:
        emit_lines(records)
    elif csv:
        emit_csv(columns, records)
    return json or csv


def when(moment: datetime | None) -> str:
    """Show a time to a person, in the zone of his machine."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M") if moment else "-"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def program() -> str:
    """Return how this program was called, to be typed again: its path, where the shell does not find its name."""
    from shutil import which

    name = Path(sys.argv[0]).name
    return name if which(name) or name != "monitor" else sys.argv[0]


WIDE = 10_000


def table(headings: Iterable[str], rows: Iterable[Iterable[object]], empty: str) -> None:
    """Print a table, or one sentence where there is nothing to show. Foreign text stays text.

    Piped, each row is one line, however long, so that it can be searched.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(*headings, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        grid.add_row(*(Text(str(cell)) for cell in row))
    if grid.row_count:
        Console(width=None if sys.stdout.isatty() else WIDE, highlight=False).print(grid, crop=False)
    else:
        sys.stdout.write(empty + "\n")

"""Command ``monitor man``: manual pages of all commands, generated from their help."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import Struct

from monitor import __version__
from monitor.domain.errors import UsageError

ENVIRONMENT = (
    ("MONITOR_CONFIG", "The configuration file, instead of sources.yaml in the current folder."),
    ("COLUMNS", "The width of tables in a pipe. Without it, each row of a table is one line of any length there."),
    ("MONITOR_DATABASE", "The URL of the database, instead of the one in the configuration file."),
)
EXIT_CODES = (
    ("0", "Done."),
    ("1", "An error in the input: the configuration, a file, a damaged database; for backtest, a hit would be lost."),
    ("2", "An invalid command line."),
    ("3", "An external failure: network, disk, database, a delivery; for poll, all sources or all deliveries failed."),
)
PROGRAM = "monitor"


class CommandHelp(Struct, frozen=True):
    """The help of one command. ``name`` is the full name, such as ``monitor sources list``.

    ``parameters`` and ``subcommands`` are pairs of a name and its description.
    """

    name: str
    usage: str
    description: str
    parameters: tuple[tuple[str, str], ...]
    subcommands: tuple[tuple[str, str], ...]

    @property
    def page(self) -> str:
        """The name of the command's manual page, without suffix, such as ``monitor-sources-list``."""
        return self.name.replace(" ", "-")


def man(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder, such as ~/.local/share/man/man1.", show_default=False)
    ],
) -> None:
    """Write a manual page for each command into a folder; existing pages are replaced."""
    pages = list_commands(context.find_root().command)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in pages:
            (folder / f"{one.page}.1").write_text(format_man_page(one), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from error
    typer.echo(f"Wrote {len(pages)} manual pages to {folder}. Read them with: man {folder / PROGRAM}.1")


def list_commands(program: Any) -> list[CommandHelp]:
    """Return the help of the program and of all its commands. A group comes before its commands.

    ``program`` is the click group of the program. Hidden commands are left out.
    """
    return list(_walk(program, PROGRAM, None))


def _walk(command: Any, name: str, parent: Any) -> Iterator[CommandHelp]:
    context = typer.Context(command, info_name=name.rpartition(" ")[2], parent=parent)
    shown = {key: one for key, one in getattr(command, "commands", {}).items() if not one.hidden}
    records = (parameter.get_help_record(context) for parameter in command.params)
    yield CommandHelp(
        name,
        " ".join(command.collect_usage_pieces(context)),
        _join_lines(command.help or ""),
        tuple((label, text) for label, text in filter(None, records)),
        tuple((key, one.get_short_help_str(300)) for key, one in shown.items()),
    )
    for key, one in shown.items():
        yield from _walk(one, f"{name} {key}", context)


def _join_lines(text: str) -> str:
    """Replace the line breaks inside each paragraph of a text by spaces."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def format_man_page(command: CommandHelp) -> str:
    """Return a manual page in the format of man(7)."""
    summary = command.description.partition("\n")[0].rstrip(".")
    lines = [
        f'.TH "{_escape(command.page.upper())}" "1" "" "{PROGRAM} {__version__}" "User Commands"',
        ".SH NAME",
        f"{_escape(command.page)} \\- {_escape(summary)}",
        ".SH SYNOPSIS",
        f".B {_escape(command.name)}",
        _escape(command.usage),
        ".SH DESCRIPTION",
        *(_escape(paragraph) + "\n.PP" for paragraph in command.description.split("\n\n")),
    ]
    for heading, rows in (("COMMANDS", command.subcommands), ("ARGUMENTS AND OPTIONS", command.parameters)):
        if rows:
            lines += [f".SH {heading}", *_format_rows(rows)]
    lines += [".SH ENVIRONMENT", *_format_rows(ENVIRONMENT), ".SH EXIT STATUS", *_format_rows(EXIT_CODES)]
    if command.name != PROGRAM:
        lines += [".SH SEE ALSO", f".BR {_escape(command.name.rpartition(' ')[0].replace(' ', '-'))} (1)"]
    return "\n".join(lines) + "\n"


def _format_rows(rows: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for label, text in rows:
        yield f".TP\n.B {_escape(label)}\n{_escape(text) or '-'}"


def _escape(text: str) -> str:
    """Escape the special characters of roff in a text."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped, flags=re.MULTILINE)


def format_reference(program: Any) -> str:
    """Return a Markdown page with the help of all commands. ``program`` is the click group of the program."""
    parts = ["# Commands", "", "The help of all commands, as `monitor COMMAND --help` prints it."]
    for one in list_commands(program):
        parts += ["", f"## {one.name}", "", f"`{one.name} {one.usage}`", "", one.description]
        for heading, rows in (("command", one.subcommands), ("argument or option", one.parameters)):
            if rows:
                parts += ["", f"| {heading} | meaning |", "|---|---|"]
                parts += [f"| `{_cell(label)}` | {_cell(text)} |" for label, text in rows]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;") if "`" not in text else text.replace("|", "\\|")

"""The ``monitor`` command: its families, and how an error becomes a sentence and an exit code.

Modules named here import nothing heavy at their top, so that ``monitor --help`` stays quick.
"""

import gc
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from monitor import __version__
from monitor.cli import (
    articles,
    database,
    deliveries,
    demo,
    digests,
    extract,
    match,
    run,
    setup,
    sources,
    status,
    stories,
    why,
)
from monitor.domain.errors import ConfigError, InputError, MonitorError, NotAFeed, QueryError, UsageError

EXIT_OK, EXIT_INVALID_INPUT, EXIT_USAGE, EXIT_FAILURE = 0, 1, 2, 3
GC_THRESHOLD = 200_000
"""So many objects more than before, and cycles are looked for: at fewer, a start looks through all that it loads."""

MAX_HELP_WIDTH, MAX_SUMMARY_CHARS = 100, 300


class FamilyHelpGroup(TyperGroup):
    """Help that lists the commands by family, in plain text: what draws boxes takes longer to load than to read."""

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write one section a family, in the order in which the families were added."""
        families: dict[str, list[tuple[str, str]]] = {}
        longest = max(map(len, self.commands))
        for name, command in self.commands.items():
            summary = command.get_short_help_str(MAX_SUMMARY_CHARS)
            families.setdefault(getattr(command, "rich_help_panel", ""), []).append((name.ljust(longest), summary))
        for family, rows in families.items():
            with formatter.section(family):
                formatter.write_dl(rows)


app = typer.Typer(
    cls=FamilyHelpGroup,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Watch the news for people: every mention once, none lost, with the passage that proves it.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": MAX_HELP_WIDTH},
)

Command = Callable[..., object]
COMMAND_FAMILIES: dict[str, tuple[Command, ...]] = {
    "Set up": (
        setup.init,
        setup.check,
        setup.schema,
        sources.discover,
        sources.import_,
        sources.export,
        match.names,
        match.rehearse,
    ),
    "Run": (run.run, run.poll, run.worker, demo.demo),
    "Look": (status.status, articles.hits, articles.search),
    "Explain": (why.why, match.match, extract.extract, stories.group, database.evidence),
}
for family, commands in COMMAND_FAMILIES.items():
    for command in commands:
        app.command(command.__name__.rstrip("_"), rich_help_panel=family)(command)
app.add_typer(stories.articles_app, name="articles", rich_help_panel="Look")
app.add_typer(stories.app, name="stories", rich_help_panel="Look")


app.add_typer(digests.app, name="digest", rich_help_panel="Look")


app.add_typer(deliveries.app, name="outbox", rich_help_panel="Repair")


app.add_typer(database.app, name="db", rich_help_panel="Repair")


def show_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@app.callback()
def global_options(
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Take the options that stand before a command."""


def exit_with_error(error: BaseException, exit_code: int) -> NoReturn:
    """Say what went wrong in the error's own words, and end with a code scripts can use."""
    said = str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        said = f"{error.filename} cannot be used: {error.strerror}"
    sys.stderr.write(f"{said}\n")
    sys.exit(exit_code)


def main() -> None:
    """Run the command line; a user never sees a traceback for what he or the world did."""
    gc.set_threshold(GC_THRESHOLD)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # none is wanted, and looking for them takes time
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # its command line; it loads rich and more
    try:
        app(standalone_mode=True)
    except (ConfigError, InputError, QueryError, NotAFeed) as error:
        exit_with_error(error, EXIT_INVALID_INPUT)
    except UsageError as error:
        exit_with_error(error, EXIT_USAGE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_OK)
    except (MonitorError, OSError) as error:
        exit_with_error(error, EXIT_FAILURE)
    finally:
        gc.freeze()  # what is left ends with the process; nobody needs to look for cycles in it

"""Entry point of the command line. It loads the commands, and converts errors to exit codes.

Only the modules of the commands in the given command line are imported. The help imports the modules of all commands;
therefore they import no slow libraries at module level.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable, Collection
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer

from monitor import __version__
from monitor.cli.command_groups import FamilyHelpGroup
from monitor.cli.common import DEFAULT_CONFIG, ConfigOption
from monitor.domain.errors import ConfigError, InputError, MonitorError, NotAFeed, QueryError, UsageError

EXIT_OK, EXIT_INVALID_INPUT, EXIT_USAGE, EXIT_FAILURE = 0, 1, 2, 3
GC_THRESHOLD = 200_000
"""Number of new objects after which the garbage collector runs.

With a lower number, the collector would run several times during the imports and slow down the start.
"""

MAX_HELP_WIDTH = 100

PRIVATE_UMASK = 0o077
"""File mode mask that prevents other users from reading new files.

Databases, backups, digests and caches may contain addresses and secrets.
"""

SET_UP, RUN, INSPECT, CORRECT, EXPLAIN, MAINTAIN = "Set up", "Run", "Inspect", "Correct", "Explain", "Maintain"
COMMANDS: tuple[tuple[str, str, str], ...] = (
    (SET_UP, "init", "setup:init"),
    (SET_UP, "check", "setup:check"),
    (SET_UP, "schema", "setup:schema"),
    (SET_UP, "man", "man:man"),
    (SET_UP, "sources", "sources:app"),
    (SET_UP, "officials", "officials:app"),
    (SET_UP, "channels", "channels:app"),
    (SET_UP, "backtest", "match:backtest"),
    (RUN, "run", "run:run"),
    (RUN, "poll", "run:poll"),
    (RUN, "backfill", "backfill:backfill"),
    (RUN, "worker", "run:worker"),
    (RUN, "web", "web:web"),
    (RUN, "mcp", "mcp:mcp"),
    (RUN, "demo", "demo:demo"),
    (INSPECT, "status", "status:status"),
    (INSPECT, "hits", "articles:hits"),
    (INSPECT, "search", "search:search"),
    (INSPECT, "articles", "stories:articles_app"),
    (INSPECT, "stories", "stories:app"),
    (INSPECT, "people", "people:app"),
    (INSPECT, "succession", "succession:list_successions"),
    (INSPECT, "digests", "digests:app"),
    (CORRECT, "reject", "feedback:reject"),
    (CORRECT, "confirm", "feedback:confirm"),
    (CORRECT, "mark", "feedback:mark_app"),
    (CORRECT, "undo", "feedback:undo"),
    (CORRECT, "feedback", "feedback:feedback"),
    (CORRECT, "report", "feedback:report"),
    (CORRECT, "suggest", "suggest:suggest"),
    (EXPLAIN, "why", "why:why"),
    (EXPLAIN, "match", "match:match"),
    (EXPLAIN, "extract", "extract:extract"),
    (EXPLAIN, "group", "stories:group"),
    (EXPLAIN, "evidence", "evidence:app"),
    (MAINTAIN, "deliveries", "deliveries:app"),
    (MAINTAIN, "db", "database:app"),
    (MAINTAIN, "forget", "forget:app"),
    (MAINTAIN, "readers", "readers:app"),
    (MAINTAIN, "tokens", "tokens:app"),
)
"""For each command, in the order of the help: its topic in the help, its name, and its place.

The place has the form ``module:name``. The module is in this package, and the name is the name of a function or of a
command group in the module.
"""

SECOND_NAMES = {"channel": "channels"}
"""Dictionary that maps a second name of a command group to its usual name, because users also try the singular.

The help does not list the second names.
"""


def show_version(wanted: bool) -> None:
    """Print the version and exit, if ``--version`` was given."""
    if wanted:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


def global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Accept the options before the name of a command. Their values are read elsewhere, see ``inherit_config``."""


def load_command(place: str) -> Callable[..., object] | typer.Typer:
    """Import the module of a command, and return its function or its group of commands.

    ``place`` has the form ``module:name``, as in ``COMMANDS``.
    """
    module, _, name = place.partition(":")
    command: Callable[..., object] | typer.Typer = getattr(import_module(f"monitor.cli.{module}"), name)
    return command


def create_app(words: Collection[str] = ()) -> typer.Typer:
    """Return the command line program.

    ``words`` are the words of a command line. The program has only the commands that they name, because loading all
    commands takes longer. If they name no command, it has all commands.
    """
    app = typer.Typer(
        cls=FamilyHelpGroup,
        rich_markup_mode=None,
        no_args_is_help=True,
        help="Watch the news for people, and report each mention once, with the passage that proves it.",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": MAX_HELP_WIDTH},
    )
    app.callback()(global_options)
    named = {SECOND_NAMES.get(word, word) for word in words} & {name for _, name, _ in COMMANDS}
    if "man" in named:  # it describes all commands
        named = set()
    for family, name, place in COMMANDS:
        if named and name not in named:
            continue
        command = load_command(place)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, rich_help_panel=family)
            for second in (second for second, first in SECOND_NAMES.items() if first == name):
                app.add_typer(command, name=second, hidden=True)
        else:
            app.command(name, rich_help_panel=family)(command)
    return app


def exit_with_error(error: BaseException, exit_code: int) -> NoReturn:
    """Print the message of an error to standard error, and exit with an exit code."""
    message = str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        message = f"{error.filename} cannot be used: {error.strerror}"
    sys.stderr.write(f"{message}\n")
    sys.exit(exit_code)


def main() -> None:
    """Run the command line.

    For an expected error, print its message without a traceback, and exit with the exit code for this kind of error.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal in Latin-1 shows "?" for letters that it does not have
    os.umask(PRIVATE_UMASK)
    gc.set_threshold(GC_THRESHOLD)
    os.environ.setdefault(
        "PYDANTIC_DISABLE_PLUGINS", "__all__"
    )  # the program uses no plugin, and the search for plugins takes time
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx's own command line, which would import rich
    try:
        app = create_app(sys.argv[1:])
        signal.signal(signal.SIGINT, signal.default_int_handler)  # until here Ctrl-C ends the process, see __main__.py
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
        gc.freeze()  # ends without a last garbage collection, because the process ends anyway

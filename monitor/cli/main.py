"""Entry point of the command line: it adds all commands, and converts errors to exit codes.

The modules imported here import no slow libraries at module level, so that ``monitor --help`` starts quickly.
"""

import gc
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, NoReturn

import typer

from monitor import __version__
from monitor.cli import (
    articles,
    backfill,
    channels,
    database,
    deliveries,
    demo,
    digests,
    evidence,
    extract,
    feedback,
    forget,
    man,
    match,
    mcp,
    officials,
    people,
    people_import,
    readers,
    run,
    search,
    setup,
    sources,
    status,
    stories,
    suggest,
    tokens,
    web,
    why,
)
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
"""File mode mask by which other users cannot read new files.

Databases, backups, digests and caches may contain addresses and secrets.
"""

app = typer.Typer(
    cls=FamilyHelpGroup,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Watch the news for people, and report each mention once, with the passage that proves it.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": MAX_HELP_WIDTH},
)

SET_UP, RUN, INSPECT, CORRECT, EXPLAIN, MAINTAIN = "Set up", "Run", "Inspect", "Correct", "Explain", "Maintain"
COMMANDS: tuple[tuple[str, str, Callable[..., object] | typer.Typer], ...] = (
    (SET_UP, "init", setup.init),
    (SET_UP, "check", setup.check),
    (SET_UP, "schema", setup.schema),
    (SET_UP, "man", man.man),
    (SET_UP, "sources", sources.app),
    (SET_UP, "officials", officials.app),
    (SET_UP, "channels", channels.app),
    (SET_UP, "backtest", match.backtest),
    (RUN, "run", run.run),
    (RUN, "poll", run.poll),
    (RUN, "backfill", backfill.backfill),
    (RUN, "worker", run.worker),
    (RUN, "web", web.web),
    (RUN, "mcp", mcp.mcp),
    (RUN, "demo", demo.demo),
    (INSPECT, "status", status.status),
    (INSPECT, "hits", articles.hits),
    (INSPECT, "search", search.search),
    (INSPECT, "articles", stories.articles_app),
    (INSPECT, "stories", stories.app),
    (INSPECT, "people", people.app),
    (INSPECT, "digests", digests.app),
    (CORRECT, "reject", feedback.reject),
    (CORRECT, "confirm", feedback.confirm),
    (CORRECT, "mark", feedback.mark_app),
    (CORRECT, "undo", feedback.undo),
    (CORRECT, "feedback", feedback.feedback),
    (CORRECT, "report", feedback.report),
    (CORRECT, "suggest", suggest.suggest),
    (EXPLAIN, "why", why.why),
    (EXPLAIN, "match", match.match),
    (EXPLAIN, "extract", extract.extract),
    (EXPLAIN, "group", stories.group),
    (EXPLAIN, "evidence", evidence.app),
    (MAINTAIN, "deliveries", deliveries.app),
    (MAINTAIN, "db", database.app),
    (MAINTAIN, "forget", forget.app),
    (MAINTAIN, "readers", readers.app),
    (MAINTAIN, "tokens", tokens.app),
)
"""Topic in the help, name and function of each command, in the order of the help."""


def add_commands() -> None:
    """Add all commands and command groups to the program. `channel` is a second, hidden name of `channels`."""
    people.app.command("import")(people_import.import_people)
    for family, name, command in COMMANDS:
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, rich_help_panel=family)
        else:
            app.command(name, rich_help_panel=family)(command)
    app.add_typer(channels.app, name="channel", hidden=True)


add_commands()


def show_version(wanted: bool) -> None:
    """Print the version and exit, if ``--version`` was given."""
    if wanted:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@app.callback()
def global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Accept the options before the name of a command. ``inherit_config`` passes ``--config`` to the command."""


def exit_with_error(error: BaseException, exit_code: int) -> NoReturn:
    """Print the message of an error to standard error, and exit with an exit code."""
    message = str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        message = f"{error.filename} cannot be used: {error.strerror}"
    sys.stderr.write(f"{message}\n")
    sys.exit(exit_code)


def main() -> None:
    """Run the command line. An expected error ends with its message and an exit code, without a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal in Latin-1 shows "?" for the letters that it lacks
    os.umask(PRIVATE_UMASK)
    gc.set_threshold(GC_THRESHOLD)
    os.environ.setdefault(
        "PYDANTIC_DISABLE_PLUGINS", "__all__"
    )  # no plugin is used, and the search for plugins takes time
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # httpx's own command line, which would import rich
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
        gc.freeze()  # skips a last garbage collection; the process ends anyway

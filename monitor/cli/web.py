"""Command ``monitor web``: serve the desk next to a running daemon."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import DEFAULT_CONFIG, ConfigOption, DatabaseOption
from monitor.cli.run import run_on_uvloop
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.web_settings import ListenAddress

INSTALL_HINT = "the desk needs more packages: pip install 'monitor[web]'"


ListenOption = Annotated[
    str,
    typer.Option(
        "--listen",
        metavar="HOST:PORT",
        help="Address of the desk instead of the configured one.",
        show_default=False,
    ),
]


def read_listen_option(listen: str) -> "ListenAddress | None":
    """Return the address in the option ``--listen``, or None without the option.

    Raises ``UsageError`` if the address is invalid.
    """
    from monitor.domain.web_settings import parse_listen_address

    try:
        return parse_listen_address(listen) if listen else None
    except ValueError as error:
        raise UsageError(f"--listen: {error}") from None


def web(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    listen: ListenOption = "",
    is_child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Serve the desk, the web page for readers, and print a one-time address to log in."""
    address = read_listen_option(listen)
    try:
        from monitor.desk import DeskOptions, run_desk
    except ModuleNotFoundError as error:
        raise UsageError(INSTALL_HINT) from error
    run_on_uvloop(run_desk(DeskOptions(config, database, address, is_child), os.environ))

"""Command ``monitor web``: serve the desk next to a running daemon."""

import os
from typing import Annotated

import typer

from monitor.cli.common import DEFAULT_CONFIG, ConfigOption, DatabaseOption
from monitor.cli.run import run_on_uvloop
from monitor.domain.errors import UsageError

INSTALL_HINT = "the desk needs more packages: pip install 'monitor[web]'"


def web(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            metavar="HOST:PORT",
            help="Address to serve the desk at instead of the configured one.",
            show_default=False,
        ),
    ] = "",
    is_child: Annotated[bool, typer.Option("--child", hidden=True)] = False,
) -> None:
    """Serve the desk, the web page for readers, and print a one-time address to log in."""
    from monitor.domain.web_settings import parse_listen_address

    try:
        address = parse_listen_address(listen) if listen else None
    except ValueError as error:
        raise UsageError(f"--listen: {error}") from None
    try:
        from monitor.desk import DeskOptions, run_desk
    except ModuleNotFoundError as error:
        raise UsageError(INSTALL_HINT) from error
    run_on_uvloop(run_desk(DeskOptions(config, database, address, is_child), os.environ))

"""Edits of sources.yaml by commands. Each edit is recorded as a change, which `monitor undo` undoes."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.articles import open_database
from monitor.cli.common import login_of, run_async
from monitor.domain.errors import StoreError

if TYPE_CHECKING:
    from monitor.config.file_editor import FileEditor
    from monitor.domain.configuration import Configuration
    from monitor.domain.configuration_edits import SavedEdit


def create_editor(config: Path) -> "FileEditor":
    """Return the editor of a configuration file. It accepts every configuration that the daemon accepts."""
    from monitor.config.file_editor import FileEditor
    from monitor.match.lint import find_watchlist_errors

    return FileEditor(config, os.environ, str, (find_watchlist_errors,))


def record_edit(
    configuration: "Configuration", editor: "FileEditor", saved: "Sequence[SavedEdit]", what: str, reader: str
) -> None:
    """Record saved edits, and print to standard error how to undo them.

    ``what`` names the added entries, such as ``sources.times``. ``reader`` is the login from the option ``--by``, or
    empty. The files are already saved. Therefore, if the database cannot be used, only a message is printed.
    """
    from monitor.feedback.configuration import ConfigurationService
    from monitor.feedback.service import Actor

    async def record() -> list[int]:
        service = ConfigurationService(opened, editor, lambda: datetime.now(UTC))
        actor = Actor(await opened.run(opened.feedback.ensure_reader, login_of(reader), datetime.now(UTC)))
        return [(await service.record(one, actor, what)).id for one in saved]

    try:
        with open_database(configuration) as opened:
            changes = run_async(record())
    except StoreError as error:  # a new installation has no database yet
        typer.echo(f"The edit is not recorded, and `monitor undo` cannot undo it: {error}", err=True)
        return
    for change in changes:
        typer.echo(f"To undo: monitor undo {change}", err=True)

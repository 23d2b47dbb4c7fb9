"""Commands ``monitor init``, ``monitor check`` and ``monitor schema``."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec.structs import asdict

from monitor.cli.common import DEFAULT_CONFIG, ConfigOption, DatabaseOption, JsonOption, print_json
from monitor.config.template import CONFIG_FILE_NAME, CONFIG_TEMPLATE, SCHEMA_FILE_NAME
from monitor.domain.errors import ConfigError, ConfigIssue, MonitorError, UsageError
from monitor.domain.secret import Secret
from monitor.domain.values import replace

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Folder; the default is the current one.", show_default=False)
    ] = Path(),
) -> None:
    """Write a commented sources.yaml and its schema into a folder. An existing sources.yaml is not changed."""
    from monitor.config.json_schema import render_json_schema

    target = folder / CONFIG_FILE_NAME
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(CONFIG_TEMPLATE)
    except FileExistsError as error:
        raise UsageError(
            f"{target} exists already and was not changed. Name another folder, or move the file."
        ) from error
    (folder / SCHEMA_FILE_NAME).write_text(render_json_schema(), encoding="utf-8")
    typer.echo(
        f"Wrote {target} and {SCHEMA_FILE_NAME}. Edit sources.yaml, then run: monitor check, monitor poll, monitor run."
    )


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    accept: Annotated[
        bool, typer.Option("--accept", help="Confirm to the daemon that most sources are removed.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print every error and warning of the configuration with line, column and a suggestion."""
    from monitor.config.load import load_configuration
    from monitor.deliver.registry import find_channel_faults
    from monitor.match.lint import lint_sources, lint_watchlist

    configuration, errors = None, tuple[ConfigIssue, ...]()
    try:
        configuration = load_configuration(
            config,
            os.environ,
            (lint_watchlist,),
            refuse_shared_secrets=True,
            find_channel_faults=find_channel_faults,
            check_sources=lint_sources,
        )
        warnings = (*configuration.warnings, *_find_renamed_ids(config, configuration, database))
    except ConfigError as error:
        errors, warnings = error.issues, error.warnings
    if json:
        records = {"errors": list(map(asdict, errors)), "warnings": list(map(asdict, warnings))}
        print_json({"file": str(config), "valid": not errors, **records})
    else:
        for issue in errors:
            typer.echo(str(issue))
        for warning in warnings:
            typer.echo(f"{warning.file}:{warning.line}:{warning.column}: warning: {warning.message}")
        typer.echo(_summarize_check(config, configuration, len(errors)), err=configuration is None)
    if errors:
        raise typer.Exit(1)
    if accept and configuration:
        confirm_configuration(config, database or configuration.settings.database.reveal())
        typer.echo(f"{config} is confirmed; the daemon applies it.", err=json)


def _find_renamed_ids(config: Path, configuration: "Configuration", database: str) -> list[ConfigIssue]:
    """Return warnings about ids in the file that were probably renamed since the program last used the file.

    The result is empty if no database exists.
    """
    from monitor.cli.articles import open_to_read
    from monitor.config.included_files import read_file_set
    from monitor.config.renamed_ids import find_renamed_ids
    from monitor.config.yaml_document import load_saved_values

    settings = configuration.settings
    if database:
        settings = replace(settings, database=Secret(database))
    try:
        with open_to_read(replace(configuration, settings=settings)) as opened:
            saved = opened.key_values.get_saved_configuration()
    except MonitorError:
        return []
    if saved is None:
        return []
    previous = load_saved_values(saved.text)
    return find_renamed_ids(previous, configuration, lambda: read_file_set(config.read_bytes(), config))


def confirm_configuration(config: Path, database: str) -> None:
    """Confirm a configuration file that removes most sources, so that the daemon applies it.

    Without a confirmation, the daemon does not apply such a file. The confirmation is stored in the database, as the
    hash of the configuration.
    """
    from monitor.config.reload import hash_configuration, read_whole_configuration
    from monitor.domain.configuration_edits import ACCEPTED_HASH_SETTING
    from monitor.store.database import Database

    opened = Database.open(database)
    try:
        opened.key_values.set(
            ACCEPTED_HASH_SETTING,
            hash_configuration(read_whole_configuration(config.read_bytes(), config)),
            datetime.now(UTC),
        )
    finally:
        opened.close()


def _summarize_check(config: Path, configuration: "Configuration | None", error_count: int) -> str:
    if configuration is None:
        return f"{config} has {_format_count(error_count, 'error')}."
    paused = sum(bool(source.paused) for source in configuration.sources)
    watchlist = configuration.watchlist
    parts = [
        _format_count(len(configuration.sources), "source") + (f" ({paused} paused)" if paused else ""),
        _format_count(len(watchlist.officials), "official"),
        _format_count(len(watchlist.rules), "rule"),
        _format_count(len(configuration.channels), "channel"),
        _format_count(len(configuration.digests), "digest"),
    ]
    return f"{config} is valid: {', '.join(parts)}."


def _format_count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def schema() -> None:
    """Print the JSON Schema of sources.yaml, for editors."""
    from monitor.config.json_schema import render_json_schema

    sys.stdout.write(render_json_schema())

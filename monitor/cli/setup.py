"""Set up: write a first configuration, check one, print its schema."""

import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.common import DEFAULT_CONFIG, ConfigOption, DatabaseOption, JsonOption, print_json
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError, ConfigIssue, UsageError


def init(folder: Annotated[Path, typer.Argument(metavar="[DIR]", show_default=False)] = Path()) -> None:
    """Write a commented sources.yaml and its schema into a folder; never over an existing one."""
    from monitor.config.json_schema import render_json_schema
    from monitor.config.template import CONFIG_FILE_NAME, CONFIG_TEMPLATE, SCHEMA_FILE_NAME

    target = folder / CONFIG_FILE_NAME
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(CONFIG_TEMPLATE)
    except FileExistsError as error:
        raise UsageError(f"{target} is there already and stays as it is. Name another folder, or move it.") from error
    (folder / SCHEMA_FILE_NAME).write_text(render_json_schema(), encoding="utf-8")
    typer.echo(
        f"Wrote {target} and {SCHEMA_FILE_NAME}. Edit the first, then: monitor check, monitor poll, monitor run."
    )


def check(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    accept: Annotated[bool, typer.Option("--accept", help="Confirm that most sources go, to the daemon.")] = False,
    json: JsonOption = False,
) -> None:
    """Print every fault of the configuration, with line, column and what would be right."""
    from monitor.config.load import load_configuration
    from monitor.match.lint import lint_watchlist

    configuration, faults = None, tuple[ConfigIssue, ...]()
    try:
        configuration = load_configuration(config, os.environ, (lint_watchlist,))
    except ConfigError as error:
        faults = error.issues
    warnings = configuration.warnings if configuration else ()
    if json:
        records = {"faults": list(map(asdict, faults)), "warnings": list(map(asdict, warnings))}
        document = {"file": str(config), "valid": not faults, **records}
        print_json(document)
    else:
        for warning in warnings:
            typer.echo(f"{warning.file}:{warning.line}:{warning.column}: warning: {warning.message}")
        for fault in faults:
            typer.echo(str(fault))
        typer.echo(_summarize_check(config, configuration, len(faults)), err=configuration is None)
    if faults:
        raise typer.Exit(1)
    if accept and configuration:
        confirm_configuration(config, database or configuration.settings.database.reveal())
        typer.echo(f"{config} as it stands is confirmed; the daemon takes it over.", err=json)


def confirm_configuration(config: Path, database: str) -> None:
    """Tell the daemon, through the database, that this very file is meant although most sources are gone from it."""
    from monitor.config.reload import ACCEPTED_HASH_SETTING, hash_configuration
    from monitor.store.database import SqlDatabase

    opened = SqlDatabase.open(database)
    try:
        opened.key_values.set(ACCEPTED_HASH_SETTING, hash_configuration(config.read_bytes()), datetime.now(UTC))
    finally:
        opened.close()


def _summarize_check(config: Path, configuration: Configuration | None, error_count: int) -> str:
    if configuration is None:
        return f"{config} has {_format_count(error_count, 'fault')}; nothing was changed."
    paused = sum(bool(source.paused) for source in configuration.sources)
    watch = configuration.watchlist
    parts = [
        _format_count(len(configuration.sources), "source") + (f" ({paused} paused)" if paused else ""),
        _format_count(len(watch.officials), "official"),
        _format_count(len(watch.rules), "rule"),
        _format_count(len(configuration.channels), "channel"),
        _format_count(len(configuration.digests), "digest"),
    ]
    return f"{config} is good: {', '.join(parts)}."


def _format_count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def schema() -> None:
    """Print the JSON Schema of sources.yaml, for editors."""
    from monitor.config.json_schema import render_json_schema

    sys.stdout.write(render_json_schema())

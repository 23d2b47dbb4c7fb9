"""Set up: write a first configuration, check one, print its schema."""

import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.common import DEFAULT_CONFIG, Config, DatabaseUrl, Json, emit
from monitor.domain.errors import ConfigError, Fault, UsageError
from monitor.domain.settings import Configuration


def init(folder: Annotated[Path, typer.Argument(metavar="[DIR]", show_default=False)] = Path()) -> None:
    """Write a commented sources.yaml and its schema into a folder; never over an existing one."""
    from monitor.config.editors import schema_text
    from monitor.config.starter import NAME, SCHEMA_NAME, STARTER

    target = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(STARTER)
    except FileExistsError as error:
        raise UsageError(f"{target} is there already and stays as it is. Name another folder, or move it.") from error
    (folder / SCHEMA_NAME).write_text(schema_text(), encoding="utf-8")
    typer.echo(f"Wrote {target} and {SCHEMA_NAME}. Edit the first, then: monitor check, monitor poll, monitor run.")


def check(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    accept: Annotated[bool, typer.Option("--accept", help="Confirm that most sources go, to the daemon.")] = False,
    json: Json = False,
) -> None:
    """Print every fault of the configuration, with line, column and what would be right."""
    from monitor.config.load import load_configuration
    from monitor.match.review import review_watch

    configuration, faults = None, tuple[Fault, ...]()
    try:
        configuration = load_configuration(config, os.environ, (review_watch,))
    except ConfigError as error:
        faults = error.faults
    warnings = configuration.warnings if configuration else ()
    if json:
        records = {"faults": list(map(asdict, faults)), "warnings": list(map(asdict, warnings))}
        document = {"file": str(config), "valid": not faults, **records}
        emit(document)
    else:
        for warning in warnings:
            typer.echo(f"{warning.file}:{warning.line}:{warning.column}: warning: {warning.message}")
        for fault in faults:
            typer.echo(str(fault))
        typer.echo(_verdict(config, configuration, len(faults)), err=configuration is None)
    if faults:
        raise typer.Exit(1)
    if accept and configuration:
        confirm(config, database or configuration.settings.database.reveal())
        typer.echo(f"{config} as it stands is confirmed; the daemon takes it over.", err=json)


def confirm(config: Path, database: str) -> None:
    """Tell the daemon, through the database, that this very file is meant although most sources are gone from it."""
    from monitor.config.edits import fingerprint
    from monitor.config.reload import ACCEPTED
    from monitor.store.database import SqlDatabase

    opened = SqlDatabase.open(database)
    try:
        opened.ledger.set(ACCEPTED, fingerprint(config.read_bytes()), datetime.now(UTC))
    finally:
        opened.close()


def _verdict(config: Path, configuration: Configuration | None, faults: int) -> str:
    if configuration is None:
        return f"{config} has {_count(faults, 'fault')}; nothing was changed."
    paused = sum(bool(source.paused) for source in configuration.sources)
    watch = configuration.watch
    parts = [
        _count(len(configuration.sources), "source") + (f" ({paused} paused)" if paused else ""),
        _count(len(watch.officials), "official"),
        _count(len(watch.rules), "rule"),
        _count(len(configuration.channels), "channel"),
        _count(len(configuration.digests), "digest"),
    ]
    return f"{config} is good: {', '.join(parts)}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def schema() -> None:
    """Print the JSON Schema of sources.yaml, for editors."""
    from monitor.config.editors import schema_text

    sys.stdout.write(schema_text())

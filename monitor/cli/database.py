"""Commands of ``monitor db``: upgrade, back up and check the database."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.articles import open_database
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import DEFAULT_CONFIG, ConfigOption, DatabaseOption, JsonOption, load_config, print_json
from monitor.domain.errors import StoreCorrupt

EXIT_DAMAGED = 1
app = create_command_group("Upgrade, back up and check the database.")


@app.command()
def upgrade(config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "", json: JsonOption = False) -> None:
    """Back up the database and upgrade it to this version's schema; the daemon does the same at start."""
    from monitor.store.database import Database, list_pending_migrations

    url = load_config(config, database).settings.database.reveal()
    steps = list_pending_migrations(url)
    opened = Database.open(url)
    schema = opened.maintenance.get_schema_version()
    opened.close()
    if json:
        print_json({"schema_version": schema, "applied": list(steps)})
        return
    typer.echo(f"Schema {schema}: " + (f"{len(steps)} migrations were applied." if steps else "nothing to do."))


@app.command()
def backup(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder; the default is `backups` in the database's folder.")
    ] = None,
    keep: Annotated[int, typer.Option("--keep", min=1, help="Number of backups to keep; older ones are deleted.")] = 7,
    json: JsonOption = False,
) -> None:
    """Copy the database while the daemon runs, verify the copy, and delete old backups."""
    with open_database(load_config(config, database)) as opened:
        backup_file = opened.maintenance.back_up(datetime.now(UTC), to, keep)
    if json:
        print_json({"backup": str(backup_file), "bytes": backup_file.stat().st_size})
    else:
        typer.echo(f"Backed up to {backup_file}, verified.")


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "", json: JsonOption = False) -> None:
    """Check the database for damage: the file, references between rows, the search index, the evidence chain."""
    try:
        with open_database(load_config(config, database)) as opened:
            errors = opened.maintenance.check_database()
    except StoreCorrupt as error:
        errors = (str(error),)
    if json:
        print_json({"errors": list(errors)})
    else:
        typer.echo("\n".join(errors) if errors else "The database has no damage.")
    if errors:
        raise typer.Exit(EXIT_DAMAGED)

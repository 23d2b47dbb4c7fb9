"""Repair: the database itself, and the evidence in it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_database
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    load_config,
    print_json,
    to_json_value,
)
from monitor.domain.errors import StoreCorrupt, UsageError

if TYPE_CHECKING:
    from monitor.store.database import SqlDatabase

app = typer.Typer(no_args_is_help=True, help="The database: bring it up to date, back it up, check it.")
EXIT_DAMAGED = 1


@app.command()
def upgrade(config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "", json: JsonOption = False) -> None:
    """Bring the database to this program's schema, after a backup; the daemon does so when it starts."""
    from monitor.store.database import SqlDatabase, list_pending_migrations

    url = load_config(config, database).settings.database.reveal()
    steps = list_pending_migrations(url)
    opened = SqlDatabase.open(url)
    schema = opened.maintenance.get_schema_version()
    opened.close()
    if json:
        print_json({"schema": schema, "applied": list(steps)})
        return
    typer.echo(f"Schema {schema}: " + (f"{len(steps)} migrations were applied." if steps else "nothing to do."))


@app.command()
def backup(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    to: Annotated[Path | None, typer.Option("--to", help="Folder; the default is `backups` beside the file.")] = None,
    keep: Annotated[int, typer.Option("--keep", min=1, help="Delete older ones but so many.")] = 7,
    json: JsonOption = False,
) -> None:
    """Copy the database while the daemon works, verify the copy, and keep the newest ones."""
    with open_database(load_config(config, database)) as opened:
        made = opened.maintenance.back_up(datetime.now(UTC), to, keep)
    print_json({"backup": str(made), "bytes": made.stat().st_size}) if json else typer.echo(
        f"Backed up to {made}, verified."
    )


@app.command()
def check(config: ConfigOption = DEFAULT_CONFIG, database: DatabaseOption = "", json: JsonOption = False) -> None:
    """Look for damage: the file, links between rows, the search index, the chain of evidence."""
    try:
        with open_database(load_config(config, database)) as opened:
            faults = opened.maintenance.check_database()
    except StoreCorrupt as error:
        faults = (str(error),)
    if json:
        print_json({"faults": list(faults)})
    else:
        typer.echo("\n".join(faults) if faults else "The database is sound.")
    if faults:
        raise typer.Exit(EXIT_DAMAGED)


def evidence(
    article: Annotated[int, typer.Argument(metavar="ARTICLE", help="A number of `monitor articles`.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    to: Annotated[Path | None, typer.Option("--to", help="The new folder; the default is evidence-ARTICLE.")] = None,
    json: JsonOption = False,
) -> None:
    """Write what proves an article: the page as it was received, and its place in the chain of evidence."""
    with open_database(load_config(config, database)) as opened:
        folder = write_article_evidence(opened, article, to or Path(f"evidence-{article}"))
    print_json({"article": article, "folder": str(folder)}) if json else typer.echo(
        f"{folder}: check it with python {folder / 'verify.py'}"
    )


def write_article_evidence(database: "SqlDatabase", article_id: int, folder: Path) -> Path:
    """Write the bundle of an article. Raises ``UsageError`` if it has no page that was kept and sealed."""
    from dataclasses import asdict

    from monitor.store.evidence import write_evidence_bundle

    stored = database.queries.get_article(article_id)
    capture = database.page_snapshots.get_page_snapshot(article_id)
    proofs = [
        proof
        for proof in database.evidence.list_proofs(article_id)
        if capture and f'"{capture.sha256}"' in proof.record
    ]
    if capture is None or not proofs:
        raise UsageError(
            f"no page of article {article_id} was kept as evidence: settings.keep_pages keeps the pages of articles in "
            "which something was found, and an article read in the feed alone has none"
        )
    proof = proofs[0]
    facts = {"article": asdict(stored), "findings": asdict(database.queries.get_findings(article_id))}
    return write_evidence_bundle(
        folder, capture, proof, database.evidence.list_chain_after(proof.record_id - 1), to_json_value(facts)
    )

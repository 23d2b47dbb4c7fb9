"""Repair: the database itself, and the evidence in it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import DEFAULT_CONFIG, Config, DatabaseUrl, Json, emit, load, plain
from monitor.cli.look import reading
from monitor.domain.errors import StoreCorrupt, UsageError

if TYPE_CHECKING:
    from monitor.store.database import SqlDatabase

app = typer.Typer(no_args_is_help=True, help="The database: bring it up to date, back it up, check it.")
FAULTS = 1


@app.command()
def upgrade(config: Config = DEFAULT_CONFIG, database: DatabaseUrl = "", json: Json = False) -> None:
    """Bring the database to this program's schema, after a backup; the daemon does so when it starts."""
    from monitor.store.database import SqlDatabase, outstanding

    url = load(config, database).settings.database.reveal()
    steps = outstanding(url)
    opened = SqlDatabase.open(url)
    schema = opened.upkeep.schema()
    opened.close()
    if json:
        emit({"schema": schema, "applied": list(steps)})
        return
    typer.echo(f"Schema {schema}: " + (f"{len(steps)} migrations were applied." if steps else "nothing to do."))


@app.command()
def backup(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    to: Annotated[Path | None, typer.Option("--to", help="Folder; the default is `backups` beside the file.")] = None,
    keep: Annotated[int, typer.Option("--keep", min=1, help="Delete older ones but so many.")] = 7,
    json: Json = False,
) -> None:
    """Copy the database while the daemon works, verify the copy, and keep the newest ones."""
    with reading(load(config, database)) as opened:
        made = opened.upkeep.back_up(datetime.now(UTC), to, keep)
    emit({"backup": str(made), "bytes": made.stat().st_size}) if json else typer.echo(f"Backed up to {made}, verified.")


@app.command()
def check(config: Config = DEFAULT_CONFIG, database: DatabaseUrl = "", json: Json = False) -> None:
    """Look for damage: the file, links between rows, the search index, the chain of evidence."""
    try:
        with reading(load(config, database)) as opened:
            faults = opened.upkeep.check()
    except StoreCorrupt as error:
        faults = (str(error),)
    if json:
        emit({"faults": list(faults)})
    else:
        typer.echo("\n".join(faults) if faults else "The database is sound.")
    if faults:
        raise typer.Exit(FAULTS)


def evidence(
    article: Annotated[int, typer.Argument(metavar="ARTICLE", help="A number of `monitor articles`.")],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    to: Annotated[Path | None, typer.Option("--to", help="The new folder; the default is evidence-ARTICLE.")] = None,
    json: Json = False,
) -> None:
    """Write what proves an article: the page as it was received, and its place in the chain of evidence."""
    with reading(load(config, database)) as opened:
        folder = bundle(opened, article, to or Path(f"evidence-{article}"))
    emit({"article": article, "folder": str(folder)}) if json else typer.echo(
        f"{folder}: check it with python {folder / 'verify.py'}"
    )


def bundle(opened: "SqlDatabase", article: int, folder: Path) -> Path:
    """Write the bundle of an article. Raises ``UsageError`` if it has no page that was kept and sealed."""
    from dataclasses import asdict

    from monitor.store.bundle import write_bundle

    stored = opened.archive.article(article)
    capture = opened.captures.capture(article)
    proofs = [proof for proof in opened.evidence.proofs(article) if capture and f'"{capture.sha256}"' in proof.record]
    if capture is None or not proofs:
        raise UsageError(
            f"no page of article {article} was kept as evidence: settings.keep_pages keeps the pages of articles in "
            "which something was found, and an article read in the feed alone has none"
        )
    proof = proofs[0]
    facts = {"article": asdict(stored), "findings": asdict(opened.archive.findings(article))}
    return write_bundle(folder, capture, proof, opened.evidence.since(proof.number - 1), plain(facts))

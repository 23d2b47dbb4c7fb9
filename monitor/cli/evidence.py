"""Commands of ``monitor evidence``: export the stored page of an article and verify an exported folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_to_read
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    load_config,
    print_json,
    program_name,
)
from monitor.domain.codes import MAX_NUMBER
from monitor.domain.errors import InputError, UsageError
from monitor.records.values import to_json_value
from monitor.store.evidence_verify import find_errors

if TYPE_CHECKING:
    from monitor.store.database import Database

EXIT_CHANGED = 1
app = create_command_group("Export the stored page of an article as evidence; verify an export.")


@app.command("export")
def export_evidence(
    article: Annotated[
        int, typer.Argument(max=MAX_NUMBER, metavar="ID", help="An article's id in `monitor articles`.")
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    to: Annotated[Path | None, typer.Option("--to", help="New folder; the default is evidence-ID.")] = None,
    json: JsonOption = False,
) -> None:
    """Write the page of an article as received, with the records (hashes) that prove when it was read."""
    with open_to_read(load_config(config, database)) as opened:
        folder = write_article_evidence(opened, article, to or Path(f"evidence-{article}"))
    if json:
        print_json({"article": article, "folder": str(folder)})
    else:
        check_command = f"{program_name()} evidence verify {folder}"
        typer.echo(f"Wrote {folder}. Check it with: {check_command} (or python {folder / 'verify.py'})")


@app.command("verify")
def verify_evidence(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `monitor evidence export` wrote.")],
    json: JsonOption = False,
) -> None:
    """Check that nothing in an exported folder was changed; exit with 1 if something was.

    Needs neither configuration nor database. The folder's own verify.py makes the same checks.
    """
    try:
        errors = find_errors(folder)
        last_hash = (folder / "chain.txt").read_text(encoding="ascii").split()[-1]
    except FileNotFoundError as error:
        raise UsageError(
            f"{folder} is not a folder of `monitor evidence export`: {error.filename} is missing"
        ) from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(f"{folder}: the evidence cannot be read: {error}") from error
    if json:
        print_json({"folder": str(folder), "valid": not errors, "errors": errors, "last_hash": last_hash})
    else:
        typer.echo("\n".join(errors) if errors else f"The evidence is unchanged. The chain ends with {last_hash}")
    if errors:
        raise typer.Exit(EXIT_CHANGED)


def write_article_evidence(database: "Database", article_id: int, folder: Path) -> Path:
    """Write the stored page of an article and its evidence records into a new folder; return the folder.

    An evidence record proves when the page was read. Raises ``UsageError`` if the folder exists, or if no page of the
    article is stored with an evidence record.
    """
    from monitor.store.evidence import write_evidence_bundle

    stored = database.queries.get_article(article_id)
    snapshot = database.page_snapshots.get_page_snapshot(article_id)
    records = database.evidence.list_proofs(article_id)
    pages = [one for one in records if snapshot and f'"{snapshot.sha256}"' in one.record]
    if snapshot is None or not pages:
        raise UsageError(
            f"no page of article {article_id} was kept as evidence: settings.keep_pages keeps the pages of articles "
            "with a hit, and an article that was read from the feed alone has no page"
        )
    verdicts = [one for one in records if one.is_verdict]
    first = min((pages[0], *verdicts), key=lambda one: one.record_id)
    chain = first.previous_hash, database.evidence.list_chain_after(first.record_id - 1)
    facts = {"article": stored, "findings": database.queries.get_findings(article_id)}
    return write_evidence_bundle(folder, snapshot, pages[0], verdicts, chain, to_json_value(facts))

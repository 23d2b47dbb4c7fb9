"""Command ``monitor people import``: read people from files or Wikidata, and add them to sources.yaml."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    ReaderOption,
    load_config,
    print_json_lines,
    print_text,
    run_async,
)
from monitor.cli.config_edits import create_editor, record_edit
from monitor.cli.text_files import TextFile
from monitor.domain.errors import InputError, UsageError
from monitor.domain.values import replace
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.config.file_edits import FileEdit
    from monitor.config.included_files import FileSet
    from monitor.domain.configuration import Configuration
    from monitor.domain.imported_people import ImportItem, ImportNote
    from monitor.domain.watchlist import Role
    from monitor.insight.people_import import ImportPlan, OfficialChange
    from monitor.parse.people_wikidata import WikidataPeople

MAX_SHOWN = 20
"""Maximum number of people, notes and warnings of each kind that are printed. The option --json prints all."""
EXIT_LEFT_OUT = 1


def import_people(  # noqa: PLR0913, PLR0917 - a parameter is an option
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...|Q123...",
            help="CSV, FollowTheMoney or Wikidata JSON files, or ids of Wikidata.",
            show_default=False,
        ),
    ],
    write: Annotated[
        bool, typer.Option("--write", help="Add the people to the configuration instead of printing.")
    ] = False,
    into: Annotated[
        str,
        typer.Option(
            "--into", metavar="FILE.yaml", help="File for new people, included by sources.yaml.", show_default=False
        ),
    ] = "",
    country: Annotated[str, typer.Option("--country", help="Only people of this country.", show_default=False)] = "",
    look_up: Annotated[
        bool, typer.Option("--look-up", help="Look up posts in Wikidata that the file has only as ids.")
    ] = False,
    encoding: Annotated[
        str,
        typer.Option("--encoding", metavar="NAME", help="Encoding of the files, such as cp1258.", show_default=False),
    ] = "",
    wikidata_url: Annotated[
        str,
        typer.Option("--wikidata-url", metavar="URL", help="A copy of Wikidata to use instead.", show_default=False),
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    reader: ReaderOption = "",
    json: JsonOption = False,
) -> None:
    """Import people with names, aliases and posts from CSV, OpenSanctions or Wikidata; print what changes, or write it.

    The exit code is 1 if a person or line was left out; all others are imported nevertheless.
    """
    from monitor.insight.people_import import plan_import

    editor = create_editor(config)
    files = editor.read() if write else None  # before the inputs are read, so that other edits meanwhile are noticed
    configuration = load_config(config)
    items = _read_inputs(inputs, configuration, _build_filter(country), encoding, wikidata_url, look_up=look_up)
    plan = plan_import(configuration.watchlist.officials, items)
    written: Sequence[Path] = ()
    if files:
        plan = _leave_out_tables(files, plan)
    if files and (edits := _plan_edits(files, plan, into)):
        saved = editor.replace_files(edits)
        written = [edit.path for edit in edits]
        record_edit(configuration, editor, saved, "officials", reader)
    if json:
        print_json_lines(_records(plan))
    else:
        _print_plan(plan, configuration, inputs, is_written=write)
        for path in written:
            print_text(f"{path} is written.")
    if plan.left_out:
        raise typer.Exit(EXIT_LEFT_OUT)


def _build_filter(country: str) -> Callable[[Iterable[str]], bool]:
    """Return a function that decides by the countries of a person whether to import the person.

    If ``country`` is empty, it accepts everybody. Raises ``UsageError`` if ``country`` is not a known country.
    """
    from monitor.insight.people_import import find_country

    key = find_country(country)
    if country and not key:
        raise UsageError(f"--country {country!r} is not a known country; write a name or code, such as Laos or la")
    return lambda found: not key or any(find_country(one) == key for one in found)


def _read_inputs(
    inputs: Sequence[str],
    configuration: "Configuration",
    is_wanted: Callable[[Iterable[str]], bool],
    encoding: str,
    wikidata_url: str,
    *,
    look_up: bool,
) -> "Iterator[ImportItem]":
    """Yield the people that the files and Wikidata ids describe, and notes (such as about a line that is not imported).

    ``inputs`` are paths of files, and ids of Wikidata such as Q881. If several files are read, the field ``place`` of
    each person or note begins with the name of its file.
    """
    from functools import partial

    from monitor.domain.imported_people import ImportedPerson
    from monitor.parse import people_entities
    from monitor.parse.people_table import read_people_table
    from monitor.parse.people_wikidata import WikidataPeople
    from monitor.text.people_table import MAX_LINE_CHARS
    from monitor.text.person_values import find_wikidata_id

    wikidata = WikidataPeople()
    ids = [found for one in inputs if not Path(one).exists() and (found := find_wikidata_id(one))]
    files = [Path(one) for one in inputs if Path(one).exists() or not find_wikidata_id(one)]
    for file in files:
        opened = TextFile(file, encoding)
        try:
            if opened.is_json:
                open_lines = partial(opened.read_lines, people_entities.MAX_LINE_CHARS + 1)
                items = people_entities.read_people_entities(open_lines, wikidata, is_wanted)
                yield from _name_file(items, file, files)
            else:
                table = read_people_table(opened.read_lines(MAX_LINE_CHARS + 1))
                for item in _name_file(table, file, files):
                    if not isinstance(item, ImportedPerson) or is_wanted([item.country]):
                        yield item
        except InputError as error:
            raise InputError(f"{file}: {error}") from error
        yield from opened.list_notes()
    if ids or (look_up and wikidata.missing_posts):
        yield from run_async(_fetch_wikidata(wikidata, ids, configuration, wikidata_url))
    yield from wikidata.finish()


def _name_file(items: "Iterable[ImportItem]", file: Path, files: Sequence[Path]) -> "Iterator[ImportItem]":
    """Yield the people and notes that were read from a file.

    If there are several ``files``, the field ``place`` of each of them begins with the name of ``file``.
    """
    for item in items:
        yield item if len(files) == 1 else replace(item, place=f"{file.name} {item.place}")


async def _fetch_wikidata(
    wikidata: "WikidataPeople", ids: Sequence[str], configuration: "Configuration", url: str
) -> "list[ImportNote]":
    from monitor.app import utc_now
    from monitor.fetch.client import HttpFetcher
    from monitor.pipeline.wikidata import WikidataReader

    settings = configuration.settings
    fetcher = HttpFetcher(settings.user_agent_contact, settings.allowed_networks, utc_now)
    try:
        return await WikidataReader(fetcher, url).read(wikidata, ids)
    finally:
        await fetcher.aclose()


def _leave_out_tables(files: "FileSet", plan: "ImportPlan") -> "ImportPlan":
    """Return the plan of an import without the changes to officials in files that are not YAML, such as tables.

    These files cannot be edited by the program. For each change that is left out, the plan has a note with the file and
    the line of the official.
    """
    from monitor.config.people_document import PeopleDocument
    from monitor.domain.imported_people import ImportNote

    kept, notes = [], []
    for change in plan.changes:
        path = ("officials", change.official.id)
        file, _ = files.find_file(path)
        if isinstance(file.document, PeopleDocument):
            line = file.document.find_position(path).line
            message = f"{_describe_change(change)}: this official is in line {line} of {file.path}, edit it there"
            notes.append(ImportNote(change.place, message, is_left_out=True))
        else:
            kept.append(change)
    return replace(plan, changes=tuple(kept), notes=(*plan.notes, *notes))


def _plan_edits(files: "FileSet", plan: "ImportPlan", into: str) -> "list[FileEdit]":
    """Return the new contents of sources.yaml and of the files that it includes.

    ``plan`` contains the new people and the changes of known people. ``into`` is the name of the file for new people.
    If it is empty, their number decides whether they are written to sources.yaml or to people.yaml.
    """
    from monitor.config.people_files import build_change_edits, plan_file_edits

    changes = [
        edit
        for one in plan.changes
        for edit in build_change_edits(files, replace(one.build_additions(), roles=one.roles), one.new_dates)
    ]
    return plan_file_edits(files, plan.new, changes, into)


def _records(plan: "ImportPlan") -> Iterator[dict[str, object]]:
    """Yield a JSON record for each person, note and warning of an import.

    The key ``kind`` is "new", "changed" or "unchanged" for a person, "left out" or "note" for a note, and "risk" for a
    warning.
    """
    from monitor.config.people_files import build_entry

    for official in plan.new:
        yield {"kind": "new", "id": official.id, "place": plan.places[official.id], **build_entry(official)}
    for change in plan.changes:
        yield {
            "kind": "changed",
            "id": change.official.id,
            "place": change.place,
            **{key: value for key, value in build_entry(change.build_additions()).items() if key != "name"},
        }
    for name in plan.unchanged_ids:
        yield {"kind": "unchanged", "id": name}
    for note in plan.notes:
        yield {"kind": "left out" if note.is_left_out else "note", "place": note.place, "message": note.message}
    for risk in plan.risks:
        _, official_id, *key = risk.key_path
        yield {"kind": "risk", "id": official_id, "key": ".".join(map(str, key)), "message": risk.message}


def _print_plan(plan: "ImportPlan", configuration: "Configuration", inputs: Sequence[str], *, is_written: bool) -> None:
    from monitor.config.people_files import build_entry
    from monitor.config.yaml_edit import render_entries

    shown = plan.new[:MAX_SHOWN]
    if shown and not is_written:
        print_text(render_entries({one.id: build_entry(one) for one in shown}).rstrip())
        _print_more(len(plan.new), "new person", "new people")
    _print_list("Added to known officials", list(map(_describe_change, plan.changes)))
    _print_list("Left out", [f"{note.place}: {note.message}" for note in plan.left_out])
    _print_list("Notes", [f"{note.place}: {note.message}" for note in plan.notes if not note.is_left_out])
    _print_list("Check", [f"{'.'.join(map(str, risk.key_path[1:]))}: {risk.message}" for risk in plan.risks])
    counts = f"{len(plan.new)} new, {len(plan.changes)} changed, {len(plan.unchanged_ids)} unchanged"
    print_text(f"{counts}, {len(plan.left_out)} left out.")
    watchlist = configuration.watchlist
    if plan.new and not any(len(rule.officials) >= len(watchlist.officials) for rule in watchlist.rules):
        print_text("New people are reported by rules that name them, or that have officials: all.")
    if not is_written and (plan.new or plan.changes):
        print_text(f"To write it: monitor people import {' '.join(map(quote, inputs))} --write")


def _print_list(title: str, lines: Sequence[str]) -> None:
    if lines:
        print_text(f"{title}:")
        print_text("\n".join(f"  {line}" for line in lines[:MAX_SHOWN]))
        _print_more(len(lines), "line", "lines")


def _print_more(count: int, noun: str, plural: str) -> None:
    if count > MAX_SHOWN:
        print_text(f"  and {format_count(count - MAX_SHOWN, f'more {noun}', f'more {plural}')}; --json prints all")


def _describe_change(change: "OfficialChange") -> str:
    """Return one line that describes what is added to a known official."""
    roles = [*(role for _, role in change.new_dates), *change.roles]
    parts = [
        f"country {change.country}" if change.country else "",
        f"aliases {', '.join(change.aliases)}" if change.aliases else "",
        f"roles {'; '.join(map(_describe_role, roles))}" if roles else "",
        f"wikidata {change.wikidata}" if change.wikidata else "",
    ]
    return f"{change.official.id}: {'; '.join(filter(None, parts))}"


def _describe_role(role: "Role") -> str:
    dates = (f"{word} {day}" for word, day in (("from", role.from_on), ("until", role.until_on)) if day)
    return " ".join([role.title, *dates])

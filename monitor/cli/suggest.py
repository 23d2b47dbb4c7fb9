"""Command ``monitor suggest``: show how edits of sources.yaml could avoid errors that readers have found.

Readers give verdicts: they reject or confirm mentions of officials. Each suggested edit is shown with its effect.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_to_read
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    ReaderOption,
    load_config,
    print_json_lines,
    print_text,
)
from monitor.cli.config_edits import create_editor, record_edit
from monitor.domain.codes import MAX_NUMBER
from monitor.domain.errors import UsageError
from monitor.text.numbers import format_count

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration
    from monitor.domain.feedback import Verdict
    from monitor.feedback.suggestions import Suggestion
    from monitor.store.database import Database

MAX_VERDICTS = 20


def suggest(
    change: Annotated[
        int,
        typer.Argument(
            max=MAX_NUMBER, metavar="[CHANGE]", help="Number of a verdict in `monitor feedback`.", show_default=False
        ),
    ] = 0,
    write: Annotated[bool, typer.Option("--write", help="Write the suggestion into the file.")] = False,
    pick: Annotated[int, typer.Option("--pick", min=1, metavar="K", help="Which suggestion is written.")] = 1,
    reader: ReaderOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    json: JsonOption = False,
) -> None:
    """Suggest exclude phrases, aliases, positions and examples to add to officials, based on verdicts.

    A verdict is a rejected or confirmed mention. Each suggestion except an example is shown with its effect on the
    articles of the last 90 days.
    """
    from monitor.feedback.suggestions import SuggestionService

    configuration = load_config(config, database)
    if write and not change:
        raise UsageError("--write needs the number of a verdict; `monitor suggest` lists the suggestions")
    with open_to_read(configuration) as opened:
        service = SuggestionService(opened, configuration.watchlist)
        now = datetime.now(UTC)
        found = [
            (number, suggestion)
            for number, verdict in _choose_verdicts(opened, change)
            for suggestion in service.suggest(verdict, now)
        ]
    if write:
        if len(found) < pick:
            raise UsageError(f"verdict {change} has {format_count(len(found), 'suggestion')}; there is no {pick}")
        _write(configuration, config, found[pick - 1][1], change, reader)
        return
    if json:
        print_json_lines(_record(number, suggestion) for number, suggestion in found)
        return
    if not found:
        print_text("There is no suggestion: no verdict has a phrase, alias or position that would have helped.")
    previous, position = 0, 0
    for number, suggestion in found:
        position = position + 1 if number == previous else 1
        previous = number
        _print(number, position, suggestion)


def _choose_verdicts(database: "Database", change: int) -> "list[tuple[int, Verdict]]":
    """Return the verdicts for which edits are suggested, each with the number of the change that recorded it.

    If ``change`` is 0, these are the newest verdicts. Otherwise, this is only the verdict that the change with this
    number recorded. Raises ``UsageError`` if the change is not a verdict or was undone.
    """
    from monitor.feedback.suggestions import select_verdicts

    if not change:
        verdicts = select_verdicts(database.feedback.list_verdicts(limit=1000))[:MAX_VERDICTS]
        return [(database.feedback.find_change(one.id, None).id, one) for one in verdicts]
    found = database.feedback.get_change(change)
    if found.verdict_id is None or found.undone_at:
        raise UsageError(f"change {change} is not a verdict that counts; `monitor feedback` lists them")
    return [(change, database.feedback.get_verdict(found.verdict_id))]


def _print(number: int, position: int, suggestion: "Suggestion") -> None:
    from monitor.config.yaml_edit import render_snippet

    effect = suggestion.effect
    path = ("officials", suggestion.official_id, *suggestion.path)
    print_text(f"{number}.{position}  add to {'.'.join(path)}\n{render_snippet(path, [suggestion.value])}")  # type: ignore[list-item]
    if suggestion.kind.value != "examples":
        others = effect.silenced - effect.rejected
        silenced = f"silences {format_count(effect.silenced, 'article')}: {effect.rejected} rejected, {others} others"
        added = f"finds {format_count(effect.added, 'article')} more"
        print_text(f"  In {effect.examined} articles of 90 days it {silenced if effect.silenced else added}.")
        for article in (*effect.others_silenced, *effect.articles_added)[:5]:
            print_text(f"    a{article.id}  {article.title}  {article.url}")
    print_text(f"  To write it: monitor suggest {number} --write{f' --pick {position}' if position > 1 else ''}\n")


def _record(number: int, suggestion: "Suggestion") -> dict[str, object]:
    effect = suggestion.effect
    return {
        "change": number,
        "kind": suggestion.kind,
        "official": suggestion.official_id,
        "path": ["officials", suggestion.official_id, *suggestion.path],
        "value": suggestion.value,
        "examined": effect.examined,
        "silenced": effect.silenced,
        "silenced_rejected": effect.rejected,
        "added": effect.added,
        "articles": [article.id for article in (*effect.others_silenced, *effect.articles_added)],
    }


def _write(configuration: "Configuration", config: Path, suggestion: "Suggestion", change: int, reader: str) -> None:
    """Add a suggested value to the configuration file that contains the official, and record this as a change.

    The whole configuration is checked before. Raises ``UsageError`` with the lines to add by hand if the file cannot be
    edited, or ``ConfigError`` if the configuration would be invalid.
    """
    from monitor.config.yaml_edit import Edit

    path = ("officials", suggestion.official_id, *suggestion.path)
    comment = f"verdict {change}, {datetime.now(UTC):%-d %b %Y}"
    editor = create_editor(config)
    (saved,) = editor.apply([Edit(path, [suggestion.value], is_append=True, comment=comment)])  # type: ignore[list-item]
    print_text(f"{saved.name}: {'.'.join(path)} has {suggestion.value!r} now.")
    record_edit(configuration, editor, [saved], f"{'.'.join(path)}: {suggestion.value}", reader)

"""Groups of commands: help texts that list commands by topic, and error messages for commands that were renamed."""

from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from monitor.cli.common import DEFAULT_CONFIG, ConfigOption
from monitor.domain.errors import UsageError

MAX_SUMMARY_CHARS = 300

NEW_COMMANDS = {
    "discover": "sources discover",
    "import": "sources import",
    "export": "sources export",
    "names": "officials forms",
    "names --missed": "officials near-misses",
    "rehearse": "backtest",
    "digest": "digests",
    "digest list": "digests list",
    "digest show": "digests preview NAME` or `monitor digests show ID",
    "digest send": "digests send",
    "outbox": "deliveries",
    "outbox list": "deliveries list",
    "outbox show": "deliveries show",
    "outbox replay": "deliveries resend",
    "outbox drop": "deliveries cancel",
    "evidence ID": "evidence export ID",
}
"""The present command for each command that was renamed. The old commands no longer work."""


class CommandGroup(TyperGroup):
    """Group of commands. If no command is named, it runs its command ``list``.

    For example, ``monitor stories`` means ``monitor stories list``. The error message for a renamed command contains
    the present name.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words after the name of the group. If they name no command, put ``list`` before them."""
        has_options_only = not args or args[0].startswith("-")
        is_named = any(word in self.commands or word in ctx.help_option_names for word in args)
        if "list" in self.commands and has_options_only and not (is_named or ctx.resilient_parsing):
            args = ["list", *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that the arguments select. Raises ``UsageError`` for a renamed command."""
        if not ctx.resilient_parsing and args[0] not in self.commands:
            group = [ctx.info_name] if ctx.parent else []
            _reject_old_command([*group, *args])
        return super().resolve_command(ctx, args)


def _reject_old_command(words: Sequence[str]) -> None:
    """Raise ``UsageError`` if the words on the command line begin with the old name of a renamed command.

    The message contains the present name.
    """
    first, *others = ["ID" if word.isdecimal() else word for word in words]
    for second in others:
        if new_command := NEW_COMMANDS.get(f"{first} {second}"):
            raise UsageError(f"`monitor {first} {second}` is now `monitor {new_command}`.")
    if new_command := NEW_COMMANDS.get(first):
        raise UsageError(f"`monitor {first}` is now `monitor {new_command}`.")


class FamilyHelpGroup(CommandGroup):
    """Top-level group of commands, whose help lists the commands by topic.

    The help is plain text, because the library that draws boxes (rich) is slow to import.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command. If an option or argument is invalid, replace the message of pydantic with a plainer one."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # imported late, because it is slow; Typer has imported it already if the value of an option was invalid
            from pydantic import ValidationError

            if isinstance(error.__cause__, ValidationError):
                error.message = _describe_invalid_value(error.__cause__.errors()[0])
            raise

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write one section of help per topic, in the order in which the topics were added."""
        families: dict[str, list[tuple[str, str]]] = {}
        longest = max(map(len, self.commands))
        for name, command in self.commands.items():
            if command.hidden:
                continue
            summary = command.get_short_help_str(MAX_SUMMARY_CHARS)
            families.setdefault(getattr(command, "rich_help_panel", ""), []).append((name.ljust(longest), summary))
        for family, rows in families.items():
            with formatter.section(family):
                formatter.write_dl(rows)


def _describe_invalid_value(detail: Any) -> str:
    from monitor.config.error_messages import describe_value_error

    if detail["type"] in {"int_parsing", "int_parsing_size"}:
        return f"{detail['input']!r} is not a whole number"
    return describe_value_error(detail)


def accept_config(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Accept the option ``--config`` of a command group. ``inherit_config`` passes its value to the command."""


def create_command_group(summary: str) -> typer.Typer:
    """Return a command group that accepts ``--config`` before and after the name of the command."""
    group = typer.Typer(cls=CommandGroup, no_args_is_help=True, help=summary)
    group.callback()(accept_config)
    return group

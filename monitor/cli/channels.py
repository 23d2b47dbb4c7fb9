"""Commands of ``monitor channels``: list the channels with their problems, and send a test message."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    complete_ids,
    load_config,
    print_json_lines,
    print_table,
    run_async,
)
from monitor.domain.delivery import Message, RenderedDigest, SendResult, Sent
from monitor.domain.errors import MonitorError, UsageError
from monitor.domain.values import replace

if TYPE_CHECKING:
    from monitor.domain.channels import Channel
    from monitor.domain.configuration import Configuration

app = create_command_group("List the channels; send a test message.")
TEST_PLAN_ID = "test"
TEST_NOTICE = "This is a test message of monitor. The channel works: digests sent to it will arrive here."


@app.command("list")
def list_channels(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """List the channels with their targets and digests, and the reason if a channel cannot work."""
    from monitor.deliver.registry import find_channel_faults

    configuration = load_config(config, resolve_secrets=True)
    faults = find_channel_faults(configuration.channels)
    records = [
        {
            "id": channel.id,
            "kind": channel.kind,
            "targets": channel.targets,
            "digests": [plan.id for plan in configuration.digests if channel.id in plan.channels],
            "problem": faults.get(channel.id, ""),
        }
        for channel in configuration.channels
    ]
    if json:
        print_json_lines(records)
        return
    rows = (
        (one["id"], one["kind"], ", ".join(one["targets"]), ", ".join(one["digests"]), one["problem"])
        for one in records
    )
    print_table(("id", "kind", "to", "digests", "problem"), rows, "There are no channels.")


@app.command("test")
def send_test_message(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A configured channel.", autocompletion=complete_ids("channels"))
    ],
    config: ConfigOption = DEFAULT_CONFIG,
    to: Annotated[
        str,
        typer.Option("--to", metavar="ADDRESS", help="Only to this mail address.", show_default=False),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Send a test message to every target of a channel; nothing is stored or marked as reported."""
    configuration = load_config(config, resolve_secrets=True)
    channel = find_channel(configuration, name)
    if to and channel.kind != "email":
        raise UsageError(f"--to is for email channels, and '{name}' is a {channel.kind} channel")
    results = run_async(send_test(channel, configuration, (to,) if to else channel.targets))
    records = [
        {"target": target, "result": one.outcome, "detail": one.detail if isinstance(one, Sent) else one.reason}
        for target, one in results
    ]
    if json:
        print_json_lines(records)
    else:
        for record in records:
            typer.echo(f"{record['result']} to {name}: {record['target']}: {record['detail']}")
    failed = sum(not isinstance(one, Sent) for _, one in results)
    if failed:
        raise MonitorError(f"{failed} of {len(results)} test messages were not accepted; nothing will be tried again.")


def find_channel(configuration: "Configuration", name: str) -> "Channel":
    """Return the channel with the id ``name``. Raises ``UsageError`` with all ids if no channel has it."""
    channels = {channel.id: channel for channel in configuration.channels}
    if name not in channels:
        raise UsageError(f"There is no channel '{name}'. There are: {', '.join(sorted(channels)) or 'none'}.")
    return channels[name]


async def send_test(
    channel: "Channel", configuration: "Configuration", targets: tuple[str, ...]
) -> list[tuple[str, SendResult]]:
    """Send one test message to each target of a channel, and return each target with its result.

    The database is not used, so the messages are neither stored nor retried.
    """
    import secrets

    from monitor.app import build_channel_sender, utc_now

    sender, now = build_channel_sender(channel, configuration), utc_now()
    rendered = render_test(configuration, channel)
    return [
        (
            target,
            await sender.send(Message(secrets.token_hex(20), TEST_PLAN_ID, channel.id, target, rendered, now), now),
        )
        for target in targets
    ]


def render_test(configuration: "Configuration", channel: "Channel") -> RenderedDigest:
    """Render a test digest for a channel. It has a notice but no articles."""
    from monitor.app import utc_now
    from monitor.digest.render import render_digest
    from monitor.domain.digest import Digest, Window

    now, settings = utc_now(), configuration.settings
    digest = Digest(
        plan_id=TEST_PLAN_ID,
        title=f"Test of channel {channel.id}",
        window=Window(now, now),
        composed_at=now,
        timezone=settings.timezone,
        notices=(TEST_NOTICE,),
    )
    return replace(render_digest(digest, settings.template_dir), subject=f"Test of channel {channel.id}")

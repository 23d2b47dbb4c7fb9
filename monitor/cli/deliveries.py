"""Commands of ``monitor deliveries``: list, show, resend, dismiss and cancel the deliveries of digests."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_database, open_to_read
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    format_time,
    load_config,
    load_rows,
    print_json,
    print_json_lines,
    print_table,
    run_async,
    stream_rows,
    write_utf8_if_piped,
)
from monitor.cli.digests import DigestFormat, deliver_due, print_attempts
from monitor.domain.codes import MAX_NUMBER
from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration
    from monitor.domain.delivery import Delivery
    from monitor.store.database import Database

app = create_command_group("List, show, resend, dismiss and cancel the deliveries of digests.")
DeliveryIdArgument = Annotated[
    int, typer.Argument(max=MAX_NUMBER, metavar="ID", help="An id in `monitor deliveries list`.")
]


@app.command("list")
def list_deliveries(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    state: Annotated[list[DeliveryState] | None, typer.Option("--state", help="Only deliveries in this state.")] = None,
    limit: LimitOption = None,
    json: JsonOption = False,
) -> None:
    """List deliveries, newest first."""
    from monitor.records.digests import delivery_record

    with open_to_read(load_config(config, database)) as opened:

        def load(count: int, last: "Delivery | None") -> "list[Delivery]":
            return opened.deliveries.list_deliveries(tuple(state or ()), count, last.id if last else None)

        if json:
            print_json_lines(map(delivery_record, stream_rows(load, limit)))
            return
        found = load_rows(load, limit)
    rows = (
        (
            delivery.id,
            delivery.message.plan_id,
            f"{delivery.message.channel_id}: {delivery.message.target}",
            f"{delivery.state}, dismissed" if delivery.dismissed_at else delivery.state,
            delivery.attempts,
            delivery.next_attempt_at,
            delivery.last_error,
        )
        for delivery in found
    )
    print_table(
        ("id", "digest", "to", "state", "attempts", "next attempt", "last error"), rows, "There are no deliveries."
    )


@app.command()
def show(
    delivery_id: DeliveryIdArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    form: Annotated[DigestFormat, typer.Option("--form", "-f", help="Format of the content.")] = DigestFormat.TEXT,
    json: JsonOption = False,
) -> None:
    """Show the state and the content of a delivery."""
    from monitor.records.digests import delivery_record

    with open_to_read(load_config(config, database)) as opened:
        delivery = opened.deliveries.get_delivery(delivery_id)
    record = delivery_record(delivery)
    if json:
        print_json(record)
        return
    rendered = delivery.message.rendered
    if form is DigestFormat.TEXT:
        for key, value in record.items():
            typer.echo(
                f"{key.replace('_', ' ')}: {format_time(value) if isinstance(value, datetime) else value or '-'}"
            )
        typer.echo(f"subject: {rendered.subject}\n\n{rendered.text}", nl=False)
    else:
        write_utf8_if_piped()
        typer.echo(rendered.payload if form is DigestFormat.JSON else rendered.html)


@app.command()
def resend(
    ids: Annotated[list[int] | None, typer.Argument(max=MAX_NUMBER, metavar="[ID]...", show_default=False)] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    failed: Annotated[bool, typer.Option("--failed", help="All failed deliveries.")] = False,
    to: Annotated[
        str, typer.Option("--to", metavar="ADDRESS", help="To this mail address instead.", show_default=False)
    ] = "",
) -> None:
    """Send deliveries again now, with the same Message-ID or webhook-id, even if they were sent before."""
    configuration = load_config(config, database, resolve_secrets=True)
    with open_database(configuration) as opened:
        chosen = list(ids or ())
        if failed:
            chosen += [delivery.id for delivery in opened.deliveries.list_deliveries((DeliveryState.FAILED,), 100_000)]
        elif not chosen:
            raise UsageError("Give the ids of the deliveries to resend (see `monitor deliveries list`), or --failed.")
        if not chosen:
            typer.echo("No delivery has the state failed; nothing is sent.")
            return
        now = datetime.now(UTC)
        due: list[int] = []
        for delivery_id in dict.fromkeys(chosen):
            if to:
                address = check_address(opened, configuration, delivery_id, to)
                due.append(opened.deliveries.forward(delivery_id, address, now).id)
            else:
                due.append(opened.deliveries.resend(delivery_id, now).id)
        attempts = run_async(deliver_due(opened, configuration))
        deliveries = [opened.deliveries.get_delivery(delivery_id) for delivery_id in due]
    print_attempts(attempts, deliveries)


def check_address(database: "Database", configuration: "Configuration", delivery_id: int, address: str) -> str:
    """Check a mail address to which a delivery is to be sent instead of its own address, and return it.

    Raises ``UsageError`` if the address is invalid, or if the channel of the delivery is not an email channel.
    """
    from monitor.domain.value_parsers import parse_email_address

    channel_id = database.deliveries.get_delivery(delivery_id).message.channel_id
    kinds = {channel.id: channel.kind for channel in configuration.channels}
    if kinds.get(channel_id) != "email":
        raise UsageError(
            f"--to is for email channels, and delivery {delivery_id} was sent by the channel '{channel_id}'"
        )
    try:
        return parse_email_address(address)
    except ValueError as error:
        raise UsageError(f"--to {address}: {error}") from None


@app.command()
def dismiss(
    ids: Annotated[list[int], typer.Argument(max=MAX_NUMBER, metavar="ID...")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Dismiss rejected or failed deliveries: they stay in the list, but `status` and digests do not report them."""
    from getpass import getuser

    with open_database(load_config(config, database)) as opened:
        for delivery_id in ids:
            delivery = opened.deliveries.dismiss(delivery_id, getuser(), datetime.now(UTC))
            typer.echo(f"{delivery_id}: {delivery.message.plan_id} to {delivery.message.target} is dismissed.")


@app.command()
def cancel(
    ids: Annotated[list[int], typer.Argument(max=MAX_NUMBER, metavar="ID...")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Cancel pending deliveries. They stay in the list but are not sent.

    If a delivery was already sent once, and is pending only because it is to be sent again, its state is "sent"
    afterwards.
    """
    with open_database(load_config(config, database)) as opened:
        for delivery_id in ids:
            delivery = opened.deliveries.cancel(delivery_id, datetime.now(UTC))
            done = "is not sent again" if delivery.state is DeliveryState.SENT else "is cancelled"
            typer.echo(f"{delivery_id}: {delivery.message.plan_id} to {delivery.message.target} {done}.")

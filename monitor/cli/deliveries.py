"""Repair: what is on its way, what failed, and how it is sent again or given up."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_database
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    format_time,
    load_config,
    print_json,
    print_json_lines,
    print_table,
    run_async,
)
from monitor.cli.digests import DigestFormat, deliver_due, print_attempts
from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.delivery import Delivery

app = typer.Typer(no_args_is_help=True, help="The outbox: list deliveries, show one, send it again, give it up.")
DeliveryIdArgument = Annotated[int, typer.Argument(metavar="ID", help="A number of `monitor outbox list`.")]


@app.command("list")
def list_deliveries(
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    state: Annotated[list[DeliveryState] | None, typer.Option("--state", help="Only in this state.")] = None,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """List deliveries, newest first."""
    with open_database(load_config(config, database)) as opened:
        found = opened.deliveries.list_deliveries(tuple(state or ()), limit)
    if json:
        print_json_lines(delivery_record(delivery) for delivery in found)
        return
    rows = (
        (
            delivery.id,
            delivery.message.plan_id,
            f"{delivery.message.channel_id}: {delivery.message.target}",
            delivery.state,
            delivery.attempts,
            format_time(delivery.next_attempt_at),
            delivery.last_error,
        )
        for delivery in found
    )
    print_table(("id", "digest", "to", "state", "attempts", "next attempt", "last error"), rows, "The outbox is empty.")


def delivery_record(delivery: "Delivery") -> dict[str, object]:
    """Give a delivery's keys of ``outbox list --json``."""
    return {
        "id": delivery.id,
        "digest": delivery.message.plan_id,
        "channel": delivery.message.channel_id,
        "target": delivery.message.target,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at,
        "last_error": delivery.last_error,
        "message_id": delivery.message.key,
    }


@app.command()
def show(
    number: DeliveryIdArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    form: Annotated[DigestFormat, typer.Option("--form", "-f", help="How to show what is sent.")] = DigestFormat.TEXT,
    json: JsonOption = False,
) -> None:
    """Show one delivery: where it stands, and what is sent."""
    with open_database(load_config(config, database)) as opened:
        delivery = opened.deliveries.get_delivery(number)
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
        typer.echo(rendered.payload if form is DigestFormat.JSON else rendered.html)


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", show_default=False)] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    dead: Annotated[bool, typer.Option("--dead", help="All that were given up.")] = False,
) -> None:
    """Send deliveries again at once, under the same message id, so that a receiver can tell a repetition."""
    configuration = load_config(config, database, resolve_secrets=True)
    with open_database(configuration) as opened:
        chosen = list(numbers or ())
        if dead:
            chosen += [delivery.id for delivery in opened.deliveries.list_deliveries((DeliveryState.FAILED,), 100_000)]
        if not chosen:
            raise UsageError("Name the deliveries to send again, as monitor outbox list numbers them, or say --dead.")
        now = datetime.now(UTC)
        for number in dict.fromkeys(chosen):
            opened.deliveries.resend(number, now)
        attempts = run_async(deliver_due(opened, configuration))
    print_attempts(attempts)


@app.command()
def drop(
    numbers: Annotated[list[int], typer.Argument(metavar="ID...")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
) -> None:
    """Give pending deliveries up: they are kept as dead and not tried again."""
    with open_database(load_config(config, database)) as opened:
        for number in numbers:
            delivery = opened.deliveries.cancel(number, datetime.now(UTC))
            typer.echo(f"{number}: {delivery.message.plan_id} to {delivery.message.target} is given up.")

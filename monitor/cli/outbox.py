"""Repair: what is on its way, what failed, and how it is sent again or given up."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    Config,
    DatabaseUrl,
    Json,
    Limit,
    complete,
    emit,
    emit_lines,
    load,
    table,
    when,
)
from monitor.cli.digest import Form, deliver, report
from monitor.cli.look import reading
from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import UsageError

if TYPE_CHECKING:
    from monitor.domain.delivery import Delivery

app = typer.Typer(no_args_is_help=True, help="The outbox: list deliveries, show one, send it again, give it up.")
Number = Annotated[int, typer.Argument(metavar="ID", help="A number of `monitor outbox list`.")]


@app.command("list")
def list_(
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    state: Annotated[list[DeliveryState] | None, typer.Option("--state", help="Only in this state.")] = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List deliveries, newest first."""
    with reading(load(config, database)) as opened:
        found = opened.deliveries.deliveries(tuple(state or ()), limit)
    if json:
        emit_lines(delivery_record(delivery) for delivery in found)
        return
    rows = (
        (
            delivery.id,
            delivery.message.digest_id,
            f"{delivery.message.channel_id}: {delivery.message.target}",
            delivery.state,
            delivery.attempts,
            when(delivery.next_attempt_at),
            delivery.last_error,
        )
        for delivery in found
    )
    table(("id", "digest", "to", "state", "attempts", "next attempt", "last error"), rows, "The outbox is empty.")


def delivery_record(delivery: "Delivery") -> dict[str, object]:
    """Give a delivery's keys of ``outbox list --json``."""
    return {
        "id": delivery.id,
        "digest": delivery.message.digest_id,
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
    number: Number,
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    form: Annotated[Form, typer.Option("--form", "-f", help="How to show what is sent.")] = Form.TEXT,
    json: Json = False,
) -> None:
    """Show one delivery: where it stands, and what is sent."""
    with reading(load(config, database)) as opened:
        delivery = opened.deliveries.show(number)
    record = delivery_record(delivery)
    if json:
        emit(record)
        return
    rendered = delivery.message.rendered
    if form is Form.TEXT:
        for key, value in record.items():
            typer.echo(f"{key.replace('_', ' ')}: {when(value) if isinstance(value, datetime) else value or '-'}")
        typer.echo(f"subject: {rendered.subject}\n\n{rendered.text}", nl=False)
    else:
        typer.echo(rendered.payload if form is Form.JSON else rendered.html)


@app.command()
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[ID]...", show_default=False)] = None,
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    dead: Annotated[bool, typer.Option("--dead", help="All that were given up.")] = False,
) -> None:
    """Send deliveries again at once, under the same message id, so that a receiver can tell a repetition."""
    configuration = load(config, database, secrets=True)
    with reading(configuration) as opened:
        chosen = list(numbers or ())
        if dead:
            chosen += [delivery.id for delivery in opened.deliveries.deliveries((DeliveryState.DEAD,), 100_000)]
        if not chosen:
            raise UsageError("Name the deliveries to send again, as monitor outbox list numbers them, or say --dead.")
        now = datetime.now(UTC)
        for number in dict.fromkeys(chosen):
            opened.deliveries.replay(number, now)
        attempts = complete(deliver(opened, configuration))
    report(attempts)


@app.command()
def drop(
    numbers: Annotated[list[int], typer.Argument(metavar="ID...")],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
) -> None:
    """Give pending deliveries up: they are kept as dead and not tried again."""
    with reading(load(config, database)) as opened:
        for number in numbers:
            delivery = opened.deliveries.drop(number, datetime.now(UTC))
            typer.echo(f"{number}: {delivery.message.digest_id} to {delivery.message.target} is given up.")

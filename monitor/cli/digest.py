"""Digests: those that were composed, what the next one would say, and one sent now."""

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.common import (
    DEFAULT_CONFIG,
    Config,
    DatabaseUrl,
    Json,
    Limit,
    complete,
    count,
    emit_lines,
    load,
    table,
    when,
)
from monitor.cli.look import ago, reading
from monitor.domain.delivery import Sent
from monitor.domain.errors import MonitorError, UsageError

if TYPE_CHECKING:
    from monitor.domain.archive import DigestLine
    from monitor.domain.digest import Digest, DigestPlan
    from monitor.domain.settings import Configuration
    from monitor.pipeline.dispatch import Attempt
    from monitor.store.database import SqlDatabase

app = typer.Typer(no_args_is_help=True, help="Digests: list those composed, show what the next will say, send one now.")
Since = Annotated[str, typer.Option("--since", metavar="LENGTH", help="Everything found in the last 12h, 7d ...")]


class Form(StrEnum):
    """In which form a digest is shown."""

    TEXT = "text"
    HTML = "html"
    PAGE = "page"
    JSON = "json"
    ATOM = "atom"


def plan_of(configuration: "Configuration", name: str) -> "DigestPlan":
    """Return the plan of a digest. Raises ``UsageError`` naming those that there are."""
    plans = {plan.id: plan for plan in configuration.digests}
    if name not in plans:
        raise UsageError(f"There is no digest '{name}'. There are: {', '.join(sorted(plans)) or 'none'}.")
    return plans[name]


@app.command("list")
def list_(
    name: Annotated[str, typer.Argument(help="Only this digest.", show_default=False)] = "",
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    limit: Limit = 20,
    every: Annotated[bool, typer.Option("--all", help="Also those with nothing to send.")] = False,
    json: Json = False,
) -> None:
    """List the digests that were sent, newest first, and what became of their deliveries."""
    with reading(load(config, database)) as opened:
        lines = [line for line in opened.deliveries.digests(name, limit * 50) if every or line.deliveries][:limit]
    if json:
        emit_lines(line_record(line) for line in lines)
        return
    rows = (
        (
            line.number,
            line.digest_id,
            f"{when(line.start_at)} - {when(line.end_at)}",
            "late" if line.late else "",
            line.hits,
            ", ".join(f"{count} {state}" for state, count in Counter(line.deliveries).items()) or "nothing to send",
        )
        for line in lines
    )
    table(("number", "digest", "window", "", "hits", "deliveries"), rows, "No digest was sent yet.")


def line_record(line: "DigestLine") -> dict[str, object]:
    """Give a digest's keys of ``digest list --json``."""
    return {
        "number": line.number,
        "digest": line.digest_id,
        "window": {"start": line.start_at, "end": line.end_at},
        "composed_at": line.composed_at,
        "late": line.late,
        "hits": line.hits,
        "deliveries": dict(Counter(state.value for state in line.deliveries)),
    }


@app.command()
def show(
    which: Annotated[str, typer.Argument(metavar="NAME|NUMBER", help="A digest's name, or a number of the list.")],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    since: Since = "",
    form: Annotated[Form, typer.Option("--form", "-f", help="How to show it.")] = Form.TEXT,
    json: Json = False,
) -> None:
    """Show what a digest would say now, without sending it or marking anything told; or one that was composed.

    The form "atom" is a feed of the last that were composed, a story an entry.
    """
    configuration = load(config, database)
    with reading(configuration) as opened:
        if form is Form.ATOM:
            typer.echo(feed(opened, plan_of(configuration, which), configuration.settings.templates), nl=False)
            return
        if which.isdigit():
            digest = opened.deliveries.digest(int(which))
        else:
            digest = complete(preview(opened, configuration, plan_of(configuration, which), ago(since)))
    typer.echo(shown(digest, Form.JSON if json else form, configuration.settings.templates), nl=False)


def shown(digest: "Digest", form: Form, templates: str) -> str:
    """Render a digest in one form."""
    from monitor.digest.render import render, render_page

    if form is Form.PAGE:
        return render_page(digest, templates)
    rendered = render(digest, templates)
    forms = {Form.TEXT: rendered.text, Form.HTML: rendered.html, Form.JSON: rendered.payload + "\n"}
    return forms[form]


def feed(database: "SqlDatabase", plan: "DigestPlan", templates: str) -> str:
    """Render the last digests of a name as an Atom feed."""
    from monitor.digest.render import render_atom

    lines = database.deliveries.digests(plan.id, 20)
    digests = [database.deliveries.digest(line.number) for line in lines if line.deliveries]
    return render_atom(digests, plan.id, plan.title or plan.id.replace("-", " ").capitalize(), templates=templates)


async def preview(
    database: "SqlDatabase", configuration: "Configuration", plan: "DigestPlan", since: datetime | None
) -> "Digest":
    """Compose and write nothing."""
    from monitor.app import utc_now
    from monitor.pipeline.alert import Alerter
    from monitor.schedule.timetable import CronTimetable

    digest, _ = await Alerter(database, CronTimetable(), utc_now).preview(plan, configuration, since)
    return digest


@app.command()
def send(
    name: Annotated[str, typer.Argument(help="A digest's name.")],
    config: Config = DEFAULT_CONFIG,
    database: DatabaseUrl = "",
    since: Since = "",
) -> None:
    """Send a digest now: what it has not told yet, or with --since everything of that time, told or not."""
    configuration = load(config, database, secrets=True)
    plan = plan_of(configuration, name)
    with reading(configuration) as opened:
        digest, attempts = complete(send_now(opened, configuration, plan, ago(since)))
    typer.echo(f"Digest {digest.id}: {count(len(digest.stories), 'story', 'stories')}.")
    report(attempts)


async def send_now(
    database: "SqlDatabase", configuration: "Configuration", plan: "DigestPlan", since: datetime | None
) -> "tuple[Digest, list[Attempt]]":
    """Commit a digest and deliver what is due."""
    from monitor.app import utc_now
    from monitor.pipeline.alert import Alerter
    from monitor.schedule.timetable import CronTimetable

    alerter = Alerter(database, CronTimetable(), utc_now)
    digest, _ = await alerter.send_now(plan, configuration, since)
    return digest, await deliver(database, configuration)


async def deliver(database: "SqlDatabase", configuration: "Configuration") -> "list[Attempt]":
    """Deliver what is due, beside a daemon or without one, and wait for the slow ones."""
    from monitor.app import carrier, utc_now
    from monitor.pipeline.dispatch import Dispatcher

    carriers = {channel.id: carrier(channel, configuration) for channel in configuration.channels}
    dispatcher = Dispatcher(database, carriers, utc_now)
    return [*await dispatcher.deliver_due(), *await dispatcher.drain(75)]


def report(attempts: "list[Attempt]") -> None:
    """Say what came of each attempt. Raises ``MonitorError`` if one failed, so that scripts see it."""
    failed = 0
    for attempt in attempts:
        message, receipt = attempt.delivery.message, attempt.receipt
        said = receipt.detail if isinstance(receipt, Sent) else receipt.reason
        failed += not isinstance(receipt, Sent)
        typer.echo(f"{type(receipt).__name__.lower()} to {message.channel_id}: {message.target}: {said}")
    if failed:
        raise MonitorError(f"{failed} of {len(attempts)} deliveries failed; the outbox keeps what can be tried again.")
    if not attempts:
        typer.echo("Nothing was left to deliver here; a running daemon may have taken it.")

"""Commands of ``monitor digests``: list and show composed digests, preview the next digest, and send a digest now."""

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.articles import open_database, open_to_read, parse_since
from monitor.cli.command_groups import create_command_group
from monitor.cli.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    DatabaseOption,
    JsonOption,
    LimitOption,
    complete_ids,
    load_config,
    load_rows,
    print_json_lines,
    print_table,
    run_async,
    stream_rows,
    write_utf8_if_piped,
)
from monitor.domain.delivery import Sent
from monitor.domain.errors import MonitorError, UsageError
from monitor.text.numbers import format_count, parse_number

if TYPE_CHECKING:
    from monitor.domain.configuration import Configuration, Settings
    from monitor.domain.delivery import Delivery, Message
    from monitor.domain.digest import Digest, DigestPlan
    from monitor.domain.read_models import DigestSummary
    from monitor.pipeline.compose_digests import DigestComposer
    from monitor.pipeline.send_deliveries import DeliveryAttempt
    from monitor.store.database import Database

app = create_command_group("List and show composed digests, preview the next one, send one now.")
SinceOption = Annotated[
    str, typer.Option("--since", metavar="LENGTH", help="All hits of the last 12h, 7d ..., reported or not.")
]
MAX_FEED_DIGESTS = 20
MAX_OTHER_DELIVERIES = 100  # deliveries that a daemon may store while a digest is sent by hand
DRAIN_SECONDS = 75.0  # longer than the 60 s that one mail or chat message may take


class DigestFormat(StrEnum):
    """Output format of a digest.

    - ``TEXT`` is plain text.
    - ``HTML`` is the body of the mail.
    - ``PAGE`` is a web page of its own.
    - ``JSON`` is the message to a webhook.
    - ``MARKDOWN``, ``PDF`` and ``DOCX`` are formats of a press review: a digest as a document to pass on.
    """

    TEXT = "text"
    HTML = "html"
    PAGE = "page"
    JSON = "json"
    MARKDOWN = "md"
    PDF = "pdf"
    DOCX = "docx"


PlanArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A configured digest.", autocompletion=complete_ids("digests"))
]
FormOption = Annotated[
    DigestFormat, typer.Option("--form", "-f", help="Output format; md, pdf and docx are a press review to pass on.")
]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file instead of standard output.")
]


def find_plan(configuration: "Configuration", plan_id: str) -> "DigestPlan":
    """Return the digest plan (configured digest) with this id.

    If there is none, raise ``UsageError`` with a list of all ids.
    """
    plans = {plan.id: plan for plan in configuration.digests}
    if plan_id not in plans:
        raise UsageError(f"There is no digest '{plan_id}'. There are: {', '.join(sorted(plans)) or 'none'}.")
    return plans[plan_id]


@app.command("list")
def list_digests(
    name: Annotated[
        str, typer.Argument(help="Only this digest.", show_default=False, autocompletion=complete_ids("digests"))
    ] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    limit: LimitOption = None,
    every: Annotated[bool, typer.Option("--all", help="Include digests without deliveries.")] = False,
    atom: Annotated[
        bool, typer.Option("--atom", help="Print an Atom feed of the last 20 sent digests of NAME.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List the composed digests and the states of their deliveries, newest first."""
    from monitor.records.digests import digest_record

    configuration = load_config(config, database)
    with open_to_read(configuration) as opened:
        if atom:
            plan = find_plan(configuration, name)
            write_utf8_if_piped()
            typer.echo(render_feed(opened, plan, configuration.settings.template_dir), nl=False)
            return

        def load(count: int, last: "DigestSummary | None") -> "list[DigestSummary]":
            before_id = last.id if last else None
            return opened.deliveries.list_digests(name, count, with_deliveries_only=not every, before_id=before_id)

        if json:
            print_json_lines(map(digest_record, stream_rows(load, limit)))
            return
        digests = load_rows(load, limit)
    rows = (
        (
            digest.id,
            digest.plan_id,
            digest.start_at,
            digest.end_at,
            "overdue" if digest.is_overdue else "",
            digest.hit_count,
            ", ".join(f"{count} {state}" for state, count in Counter(digest.delivery_states).items())
            or "nothing to send",
        )
        for digest in digests
    )
    print_table(("id", "digest", "from", "to", "", "hits", "deliveries"), rows, "No digest was sent yet.")


@app.command()
def preview(
    name: PlanArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: SinceOption = "",
    form: FormOption = DigestFormat.TEXT,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Show the digest that would be sent now; nothing is sent or marked as reported."""
    configuration = load_config(config, database)
    plan = find_plan(configuration, name)
    with open_to_read(configuration) as opened:
        digest = run_async(preview_digest(opened, configuration, plan, parse_since(since)))
    write_digest(digest, DigestFormat.JSON if json else form, configuration.settings, output)


@app.command()
def show(
    digest_id: Annotated[str, typer.Argument(metavar="ID", help="An id in `monitor digests list`.")],
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    form: FormOption = DigestFormat.TEXT,
    output: OutputOption = None,
    json: JsonOption = False,
) -> None:
    """Show a digest as it was composed."""
    number = parse_number(digest_id)
    if number is None:
        raise UsageError(
            f"{digest_id!r} is not the id of a composed digest. `monitor digests list` shows the ids; "
            "`monitor digests preview NAME` shows the digest that would be sent now."
        )
    configuration = load_config(config, database)
    with open_to_read(configuration) as opened:
        digest = opened.deliveries.get_digest(number)
    write_digest(digest, DigestFormat.JSON if json else form, configuration.settings, output)


def write_digest(digest: "Digest", digest_format: DigestFormat, settings: "Settings", output: Path | None) -> None:
    """Write a digest in a format to the file ``output``, or to standard output if ``output`` is None.

    Raises ``UsageError`` if a PDF or Word document would be written to a terminal, or if the file cannot be written.
    """
    if digest_format in {DigestFormat.PDF, DigestFormat.DOCX}:
        if output is None and sys.stdout.isatty():
            raise UsageError(
                f"a terminal cannot show a {digest_format} file; add --output FILE, or redirect the output"
            )
        content = build_press_document(digest, digest_format, settings.template_dir)
        if output is None:
            sys.stdout.buffer.write(content)
            return
    else:
        text = format_digest(digest, digest_format, settings)
        if output is None:
            if digest_format is not DigestFormat.TEXT:
                write_utf8_if_piped()
            typer.echo(text, nl=False)
            return
        content = text.encode()
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror or error}") from error


def build_press_document(digest: "Digest", digest_format: DigestFormat, templates: str) -> bytes:
    """Return the press review of a digest: as a PDF document if the format is PDF, otherwise as a Word document."""
    from monitor.digest.press_review import build_docx, build_pdf

    return build_pdf(digest, templates) if digest_format is DigestFormat.PDF else build_docx(digest)


def format_digest(digest: "Digest", digest_format: DigestFormat, settings: "Settings") -> str:
    """Return a digest in one of the text formats, which are all formats except PDF and Word."""
    from monitor.digest.render import render_digest, render_page

    if digest_format is DigestFormat.MARKDOWN:
        from monitor.digest.press_review import render_markdown

        return render_markdown(digest, settings.template_dir)
    if digest_format is DigestFormat.PAGE:
        return render_page(digest, settings.template_dir, settings.link_url)
    rendered = render_digest(digest, settings.template_dir, settings.link_url)
    for problem in rendered.template_problems:
        typer.echo(problem, err=True)
    forms = {
        DigestFormat.TEXT: rendered.text,
        DigestFormat.HTML: rendered.html,
        DigestFormat.JSON: rendered.payload + "\n",
    }
    return forms[digest_format]


def render_feed(database: "Database", plan: "DigestPlan", templates: str) -> str:
    """Return an Atom feed of a digest plan, in which each story of a digest is an entry.

    The feed covers the last ``MAX_FEED_DIGESTS`` digests, except digests without deliveries.
    """
    from monitor.digest.render import render_atom

    summaries = database.deliveries.list_digests(plan.id, MAX_FEED_DIGESTS)
    digests = [database.deliveries.get_digest(summary.id) for summary in summaries if summary.delivery_states]
    return render_atom(digests, plan.id, plan.title or plan.id.replace("-", " ").capitalize(), template_dir=templates)


def create_composer(database: "Database", configuration: "Configuration") -> "DigestComposer":
    """Create the object that composes the digests of a configuration, with the services that it uses."""
    from monitor.app import build_translator, utc_now
    from monitor.insight.notices import InsightNotices
    from monitor.pipeline.compose_digests import DigestComposer
    from monitor.schedule.digest_times import CronDigestSchedule

    translator, notices = build_translator(configuration), InsightNotices(database)
    return DigestComposer(database, CronDigestSchedule(), utc_now, translator=translator, notice_source=notices)


async def preview_digest(
    database: "Database", configuration: "Configuration", plan: "DigestPlan", since: datetime | None
) -> "Digest":
    """Compose the digest that would be sent now, without storing it.

    If ``since`` is given, the digest contains all hits since that time, including hits that were already reported.
    """
    digest, _ = await create_composer(database, configuration).preview(plan, configuration, since)
    return digest


@app.command()
def send(
    name: PlanArgument,
    config: ConfigOption = DEFAULT_CONFIG,
    database: DatabaseOption = "",
    since: SinceOption = "",
) -> None:
    """Send a digest now, with the hits that were not reported yet or, with --since, all hits since that time."""
    configuration = load_config(config, database, resolve_secrets=True)
    plan = find_plan(configuration, name)
    with open_database(configuration) as opened:
        digest, messages, attempts = run_async(send_digest(opened, configuration, plan, parse_since(since)))
        keys = {message.key for message in messages}
        newest = opened.deliveries.list_deliveries(limit=len(keys) + MAX_OTHER_DELIVERIES)
        deliveries = [delivery for delivery in newest if delivery.message.key in keys]
    typer.echo(f"Digest {digest.plan_id}: {format_count(len(digest.stories), 'story', 'stories')}.")
    print_attempts(attempts, deliveries)


async def send_digest(
    database: "Database", configuration: "Configuration", plan: "DigestPlan", since: datetime | None
) -> "tuple[Digest, tuple[Message, ...], list[DeliveryAttempt]]":
    """Compose and store a digest now, then send all due deliveries.

    Return the digest, its messages, and the results of the attempts to send. If ``since`` is given, the digest contains
    all hits since that time, including hits that were already reported.
    """
    digest, messages = await create_composer(database, configuration).send_now(plan, configuration, since)
    return digest, messages, await deliver_due(database, configuration)


async def deliver_due(database: "Database", configuration: "Configuration") -> "list[DeliveryAttempt]":
    """Send all due deliveries, and return the attempts. A daemon may run at the same time.

    The function waits at most ``DRAIN_SECONDS`` for slow targets.
    """
    from monitor.app import build_channel_sender, build_link_filler, utc_now
    from monitor.pipeline.send_deliveries import DeliverySender

    senders = {channel.id: build_channel_sender(channel, configuration) for channel in configuration.channels}
    delivery_sender = DeliverySender(database, senders, utc_now, fill_links=build_link_filler(configuration))
    return [*await delivery_sender.run_due(), *await delivery_sender.drain(DRAIN_SECONDS)]


def format_attempt(attempt: "DeliveryAttempt") -> str:
    """Return one line about an attempt to send: the result, the channel and the target."""
    message, send_result = attempt.delivery.message, attempt.receipt
    detail = send_result.detail if isinstance(send_result, Sent) else send_result.reason
    return f"{send_result.outcome} to {message.channel_id}: {message.target}: {detail}"


def print_attempts(attempts: "list[DeliveryAttempt]", deliveries: "Sequence[Delivery]") -> None:
    """Print the result of each attempt to send.

    ``deliveries`` are all deliveries of the command, with their states after the attempts. If one of them is not in
    ``attempts``, a running daemon sends it, and only its state is printed. Raises ``MonitorError`` if an attempt
    failed, so that the exit code of the command shows the failure.
    """
    failed = 0
    attempted = {attempt.delivery.id for attempt in attempts}
    for delivery in deliveries:
        if delivery.id not in attempted:
            typer.echo(
                f"{delivery.state} to {delivery.message.channel_id}: {delivery.message.target}: taken by a running "
                "daemon; `monitor deliveries list` shows the result"
            )
    for attempt in attempts:
        failed += not isinstance(attempt.receipt, Sent)
        typer.echo(format_attempt(attempt))
    if failed:
        total = format_count(len(attempts), "delivery", "deliveries")
        raise MonitorError(f"{failed} of {total} failed; `monitor deliveries list` shows the next attempts.")
    if not attempts and not deliveries:
        typer.echo("No delivery was due.")

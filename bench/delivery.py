"""Deliver a full outbox to local webhooks while one target in ten hangs; compose and render a large digest."""

import asyncio
import resource
import tempfile
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from frame import Rows, Scale, main

from monitor.app import utc_now
from monitor.deliver.webhook import WebhookSender
from monitor.digest.compose import compose_digest
from monitor.digest.messages import build_messages
from monitor.digest.render import render_digest
from monitor.domain.article import Article, Region
from monitor.domain.channels import WebhookChannel
from monitor.domain.delivery import Sent
from monitor.domain.digest import Coverage, Digest, DigestPlan, ReportableHit, Window
from monitor.domain.mention import HitKind, MatchForm, Mention, Passage
from monitor.domain.secret import Secret
from monitor.domain.values import replace
from monitor.domain.watchlist import Official
from monitor.fetch.transport import create_guarded_transport
from monitor.pipeline.send_deliveries import DeliveryAttempt, DeliverySender
from monitor.store.database import Database

TARGETS, HANGING = 100, 10
KEY = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NAME = "Ada Example"
OFFICIALS = tuple(Official(f"official-{number}", NAME) for number in range(20))


def _hit(number: int) -> ReportableHit:
    title = f"{NAME} opens harbour number {number} after two years of delay"
    body = f"Officials met on Sunday. {NAME} opened harbour {number} before noon, in front of some 400 guests.\nMore."
    official, now = f"official-{number % 20}", datetime.now(UTC)
    passage = Passage(body.partition("\n")[0], Region.BODY, 0, body.find("\n"), ((25, 25 + len(NAME)),))
    return ReportableHit(
        id=number,
        rule_id="people",
        official_ids=(official,),
        passages=(passage,),
        kind=HitKind.NEW,
        found_at=now,
        article_id=number,
        article=Article(f"https://news.example/2026/05/{number}", title=title, body=body, published_at=now),
        source_id=f"source-{number % 40}",
        outlet=f"Outlet {number % 40}",
        first_seen_at=now,
        story_id=f"story-{number}",
        mentions=(Mention(official, NAME, Region.BODY, 25, 25 + len(NAME), MatchForm.FULL, 1.0, "full name"),),
    )


def _digest(stories: int) -> Digest:
    plan = DigestPlan("morning", ("people",), at="immediately", channels=("bridge",), max_articles=stories)
    now = datetime.now(UTC)
    daily = {official.id: tuple(range(14)) for official in OFFICIALS}
    hits = [_hit(number) for number in range(stories)]
    return compose_digest(plan, Window(now, now), hits, Coverage(43, 41, 612), OFFICIALS, daily, now, is_overdue=False)


def _serve(pipe: Connection) -> None:
    """Respond with 204 to each path, except to hanging targets."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.split(b":")[1]))
                if head.startswith(b"POST /hang"):
                    await asyncio.Event().wait()
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(respond, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(run())


def _fill(database: Database, channels: list[WebhookChannel], each: int) -> None:
    digest = _digest(20)
    rendered = render_digest(digest)
    now = datetime.now(UTC)
    for number in range(each):
        window = Window(now + timedelta(seconds=number), now + timedelta(seconds=number + 1))
        one = replace(digest, window=window)
        database.digests.commit_digest(one, build_messages(one, rendered, channels, now), ())


async def _drain(
    database: Database, channels: list[WebhookChannel], healthy: int
) -> tuple[float, list[DeliveryAttempt]]:
    transport = create_guarded_transport((ip_network("127.0.0.0/8"),))
    senders = {channel.id: WebhookSender(channel, transport) for channel in channels}
    sender = DeliverySender(database, senders, utc_now)
    start, attempts = time.perf_counter(), list[DeliveryAttempt]()
    while sum(isinstance(attempt.receipt, Sent) for attempt in attempts) < healthy:
        attempts += await sender.run_due()
    took = time.perf_counter() - start
    await sender.drain(0)
    await transport.aclose()
    return took, attempts


def _delivery(pending: int) -> dict[str, Any]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{ours.recv()}"
    paths = ["hang" if number < HANGING else "take" for number in range(TARGETS)]
    channels = [
        WebhookChannel(f"hook-{number}", Secret(f"{base}/{path}/{number}"), (Secret(KEY),))
        for number, path in enumerate(paths)
    ]
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{Path(folder)}/monitor.db")
        _fill(database, channels, pending // TARGETS)
        before = resource.getrusage(resource.RUSAGE_SELF)
        healthy = pending * (TARGETS - HANGING) // TARGETS
        took, attempts = asyncio.run(_drain(database, channels, healthy))
        after = resource.getrusage(resource.RUSAGE_SELF)
        database.close()
    server.kill()
    server.join()
    keys = Counter(attempt.delivery.message.key for attempt in attempts if isinstance(attempt.receipt, Sent))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert len(keys) == healthy
    assert set(keys.values()) == {1}
    return {
        "what": f"{pending:,} pending webhooks, {HANGING} of {TARGETS} targets hanging: deliveries/s",
        "ours": f"{healthy / took:.0f} ({1000 * cpu / healthy:.1f} ms CPU each)",
        "target": ">= 100/s",
    }


def _rendering(stories: int) -> dict[str, Any]:
    render_digest(_digest(5))
    start = time.process_time()
    rendered = render_digest(_digest(stories))
    took = time.process_time() - start
    size = len(rendered.html.encode()) // 1000
    return {
        "what": f"digest of {stories} stories, composed and rendered",
        "ours": f"{took:.2f} s, {size} KB",
        "target": "< 1 s",
    }


def run(scale: Scale = Scale.USUAL, pending: int = 0) -> Rows:
    """Measure both; there is no comparable program with guaranteed delivery."""
    return [_delivery(pending or scale.of(1_000, 10_000, 10_000)), _rendering(500)]


if __name__ == "__main__":
    main(__doc__, run, pending="number of pending deliveries")

"""Untrusted documents in worker processes, and the process pool itself."""

import asyncio
import math
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from support.http_server import on_loop, reply, respond_with, serving
from support.wait import wait_until

from monitor.domain.errors import DocumentFault, NotAFeed, WorkerKilled
from monitor.domain.source import Feed, Source
from monitor.parse.dispatch import parse_document
from monitor.parse.feedparser_backend import parse_with_feedparser
from monitor.schedule.process_pool import JobLimits, SubprocessPool

URL = "https://daily.example/feed"
SOURCE = Source("daily", "Daily", feed=URL)
QUICK = JobLimits(
    wall_seconds=60, cpu_seconds=1, memory_bytes=400_000_000
)  # elapsed time is not reliable on a busy machine


def in_worker(work: Callable[..., object], *args: object, limits: JobLimits = QUICK) -> object:
    async def run() -> object:
        async with SubprocessPool(1, limits) as workers:
            return await workers.run(work, *args)

    return on_loop(run())


def rss(body: str, head: str = "") -> bytes:
    return f"{head}<rss version='2.0'><channel><title>T</title>{body}</channel></rss>".encode()


def test_external_entities_are_never_loaded(tmp_path: Path) -> None:
    """No file or URL that a document names is opened, by either parser."""
    secret = tmp_path / "secret"
    secret.write_text("TOP SECRET", encoding="utf-8")

    async def run() -> tuple[int, list[Feed]]:
        async with serving(respond_with(reply(b"<!ENTITY % x 'y'>"))) as server:
            feeds = []
            for target in (secret.as_uri(), server.url()):
                for head in (
                    f"<!DOCTYPE rss [<!ENTITY x SYSTEM '{target}'>]>",
                    f"<!DOCTYPE rss [<!ENTITY % p SYSTEM '{target}'> %p;]>",
                    f"<!DOCTYPE rss SYSTEM '{target}'>",
                ):
                    body = rss("<item><title>&x;</title><link>https://daily.example/1</link></item>", head)
                    feeds.append(await asyncio.to_thread(parse_document, body, "text/xml", URL, SOURCE))
            return server.accepts, feeds

    accepts, feeds = on_loop(run())
    assert accepts == 0
    assert all("SECRET" not in repr(feed) for feed in feeds)


@pytest.mark.parametrize("depth", [9, 2])
def test_entity_bombs_are_harmless(depth: int) -> None:
    """Billion laughs and quadratic blow-up end quickly with little memory, without killing a process."""
    if depth == 9:
        entities = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
        head, text = f"<!DOCTYPE rss [<!ENTITY l0 'lol'>{entities}]>", "&l9;"
    else:
        head, text = f"<!DOCTYPE rss [<!ENTITY a '{'A' * 50_000}'>]>", "&a;" * 50_000
    body = rss(f"<item><title>{text}</title><link>https://daily.example/1</link></item>", head)
    with suppress(NotAFeed):
        feed = in_worker(parse_document, body, "text/xml", URL, SOURCE, limits=JobLimits(60, 3, 400_000_000))
        assert isinstance(feed, Feed)
        assert len(feed.entries[0].title) <= 2_000


@pytest.mark.parametrize(
    "body",
    [
        rss("<item " + " ".join(f"a{n}='1'" for n in range(60_000)) + "><title>t</title></item>"),
        rss("<item><title>" + "<b>" * 100_000 + "</title></item>"),
        rss("<item><title>t</title><description>" + "&lt;div&gt;" * 200_000 + "</description></item>"),
    ],
    ids=["attributes", "depth", "escaped"],
)
def test_slow_documents_cost_one_process(body: bytes) -> None:
    """Whatever a document does to feedparser, its job ends within the limit, and the next job gets a process."""

    async def run() -> None:
        async with SubprocessPool(1, QUICK) as workers:
            killed = ""
            try:
                await workers.run(parse_document, body, "text/xml", URL, SOURCE)
            except NotAFeed:
                pass
            except WorkerKilled as error:
                killed = str(error)
            assert not killed or "memory or processor time" in killed
            assert await workers.run(math.factorial, 5) == 120

    on_loop(run())


def test_a_body_that_looks_like_a_url_is_not_fetched(tmp_path: Path) -> None:
    """A string that feedparser could open as a URL or path is only parsed."""
    (tmp_path / "feed.xml").write_bytes(rss("<item><title>From a file</title></item>"))

    async def run() -> int:
        async with serving(respond_with(reply(rss("<item><title>Fetched</title></item>")))) as server:
            for text in (server.url("/x"), str(tmp_path / "feed.xml"), (tmp_path / "feed.xml").as_uri()):
                feed = await asyncio.to_thread(parse_with_feedparser, text, URL, SOURCE)
                assert not feed.entries
            return server.accepts

    assert on_loop(run()) == 0


def test_a_hundred_thousand_entries_are_limited() -> None:
    """The first two thousand are returned, and the feed is marked as truncated."""
    items = "".join(f"<item><title>T{n}</title><link>https://h.example/{n}</link></item>" for n in range(100_000))
    feed = in_worker(parse_document, rss(items), "text/xml", URL, SOURCE, limits=JobLimits(60, 10, 600_000_000))
    assert isinstance(feed, Feed)
    assert len(feed.entries) == 2_000
    assert feed.is_truncated


def test_processes_return_results_raise_errors_and_are_killed_alone() -> None:
    """Results and errors are returned, time and memory are limited, and many jobs share few processes."""

    async def run() -> None:
        async with SubprocessPool(2, JobLimits(60, 2, 300_000_000)) as workers:
            assert await asyncio.gather(*(workers.run(math.factorial, n) for n in range(20))) == [
                math.factorial(n) for n in range(20)
            ]
            with pytest.raises(ValueError, match="math domain"):
                await workers.run(math.sqrt, -1)
            with pytest.raises(WorkerKilled, match="memory"):
                await workers.run(bytearray, 10**9)
            with pytest.raises(WorkerKilled):
                await workers.run(exit_hard, 3)
            with pytest.raises(NotAFeed) as caught:
                await workers.run(parse_document, b"", "", URL, SOURCE)
            assert caught.value.fault is DocumentFault.EMPTY
            assert workers.killed_count == 1
        async with SubprocessPool(1, JobLimits(0.3)) as workers:
            with pytest.raises(WorkerKilled, match=r"longer than 0.3 s"):
                await workers.run(signal.pause)
            assert workers.killed_count == 1

    on_loop(run())


def exit_hard(code: int) -> None:
    raise SystemExit(code)


def test_the_result_of_a_cancelled_job_is_not_given_to_the_next(tmp_path: Path) -> None:
    """The process of a cancelled job is killed instead of reused with an unread result in its pipe."""
    begun, gate = tmp_path / "begun", tmp_path / "gate"

    async def run() -> None:
        async with SubprocessPool(1, JobLimits(wall_seconds=120)) as workers:
            task = asyncio.create_task(workers.run(return_late, begun, gate))
            assert await asyncio.to_thread(wait_until, begun.exists, 120)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            gate.touch()
            assert await workers.run(math.factorial, 4) == 24

    on_loop(run())


def return_late(begun: Path, gate: Path) -> str:
    """Signal that the job has started, and return when the gate is open."""
    begun.touch()
    wait_until(gate.exists, 120)
    return "stale"

"""Ten thousand sources in steady state, one in twenty hanging and one in twenty failing: lag, loop, memory.

Not one of `make bench`: it takes as long as it is told to. The collector is driven as the daemon drives it, every
second. "late" is by how much a timer of 10 ms came too late, whoever had the processor; "busy" is the loop's own
processor time between two such timers.
"""

import argparse
import asyncio
import gc
import resource
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import uvloop
from feeds import body

from monitor.domain.source import ArticleMode, Source, SourceKind
from monitor.fetch.client import HttpFetcher
from monitor.jobs import POLLS
from monitor.pipeline.collect import Collector
from monitor.pipeline.slots import Slots
from monitor.schedule.workers import Workers
from monitor.store.database import SqlDatabase

TEXT = body(1, 10)


def serve(pipe: Connection) -> None:
    """Answer, fail or hang by the number in the path."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            number = int(request.split(b" ", 2)[1][1:])
            if number % 20 == 0:
                await asyncio.sleep(60)
            elif number % 20 == 1:
                writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
            elif b'"1"' in request:
                writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
            else:
                writer.write(b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: %d\r\n\r\n%s' % (len(TEXT), TEXT))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(client, "0.0.0.0", 0, backlog=4096)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def load(count: int, every: timedelta, seconds: int, port: int, folder: Path) -> dict[str, object]:
    """Run the poll job for so long and return what was seen."""
    clock = lambda: datetime.now(UTC)  # noqa: E731 - the clock of this run
    urls = (f"http://127.{1 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}:{port}/{n}" for n in range(count))
    sources = {
        f"s{n}": Source(f"s{n}", f"s{n}", SourceKind.FEED, url, article=ArticleMode.FEED, every=every)
        for n, url in enumerate(urls)
    }
    database = SqlDatabase.open(f"sqlite:///{folder}/load.db")
    database.sources.register(list(sources.values()), clock())
    start = clock()
    for lease in database.sources.lease_due(start, count, start + timedelta(minutes=5)):
        at = start + every * (int(lease.source_id[1:]) * 7919 % count / count)
        database.sources.settle(lease, replace(lease.memory, next_poll_at=at))
    fetcher = HttpFetcher("bench@example.org", [ip_network("127.0.0.0/8")], clock)
    gc.collect()
    gc.freeze()  # as the daemon does once it is up: what lives for ever is not searched for garbage again
    slots, outcomes, lags, late, busy = Slots(POLLS), Counter[str](), [], [], []
    stop = time.monotonic() + seconds

    async def watch_loop() -> None:
        while True:
            before, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(0.01)
            late.append(time.monotonic() - before - 0.01)
            busy.append(time.thread_time() - worked)

    async with Workers() as workers:
        collector = Collector(database, fetcher, workers, clock, timedelta(days=1))

        async def one(lease: object) -> None:
            outcomes[(await collector.poll(lease, sources[lease.source_id])).outcome] += 1

        watcher = asyncio.create_task(watch_loop())
        cpu = time.process_time()
        while time.monotonic() < stop:
            tick = asyncio.create_task(asyncio.sleep(1))
            for lease in await collector.lease(slots.free) if slots.free else ():
                lags.append((clock() - lease.memory.next_poll_at).total_seconds())
                slots.start(one(lease))
            await tick
        cpu = time.process_time() - cpu
        watcher.cancel()
        await slots.drain(timedelta(0))
    database.close()
    return {
        "sources": count,
        "polls": dict(outcomes),
        "polls/s": round(sum(outcomes.values()) / seconds, 1),
        "due lag s, median and worst": (round(quantiles(lags, n=2)[0], 2), round(max(lags), 2)),
        "loop late ms, 99.9 % and worst": (round(1000 * quantiles(late, n=1000)[-1], 1), round(1000 * max(late), 1)),
        "loop busy ms, 99.9 % and worst": (round(1000 * quantiles(busy, n=1000)[-1], 1), round(1000 * max(busy), 1)),
        "CPU share of a core": round(cpu / seconds, 3),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> None:
    """Serve, load, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=300, help="seconds between polls of a source")
    parser.add_argument("--seconds", type=int, default=120)
    options = parser.parse_args()
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    with TemporaryDirectory() as home:
        work = load(options.sources, timedelta(seconds=options.every), options.seconds, ours.recv(), Path(home))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            for name, value in runner.run(work).items():
                print(f"{name}: {value}")
    process.terminate()


if __name__ == "__main__":
    main()

"""Outlets and webhook receivers of a simulated day, in one process.

Article ``k`` appears ``k / rate`` seconds after the start in the feed of one busy outlet, and every tenth names an
official with an immediate digest. The times of publication, first response and webhook are recorded. One outlet in
twenty hangs and one in twenty fails; the others start with ten old entries.
"""

import asyncio
import random
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection

from feeds import sentence

OLD = 10
HANG, FAIL = 0, 1  # remainders modulo 20 of the numbers of hanging and of failing outlets
NAMED_EVERY = 10  # one article in this number names an official
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    "<title>Outlet {0}</title><link>http://outlet-{0}.example/</link><description>News</description>"
)


def outlet_of(number: int, count: int) -> int:
    """Return the outlet, of the first ``count``, in which an article appears; only outlets that respond are used."""
    at = number * 7919 % count
    return at if at % 20 not in {HANG, FAIL} else (at + 2) % count


def old_item(outlet: int, number: int, opened: datetime) -> str:
    """Return an entry that was published before the start."""
    link = f"http://outlet-{outlet}.example/old/{number}"
    published = format_datetime(opened - timedelta(minutes=13 * number))
    return (
        f"<item><title>Old report {number} of outlet {outlet}</title><link>{link}</link><guid>old-{outlet}-{number}"
        f"</guid><pubDate>{published}</pubDate><description>What outlet {outlet} said then.</description></item>"
    )


def new_item(number: int, names: list[str]) -> str:
    """Return an article of the day, with its full text in the feed."""
    rng = random.Random(number)
    lines = [f"{sentence(rng)} {sentence(rng)} {sentence(rng)}" for _ in range(5)]
    if number % NAMED_EVERY == 0:
        lines[1] += f" The minister, {names[number // NAMED_EVERY % len(names)]}, said so on Monday."
    text = "".join(f"<p>{line}</p>" for line in lines)
    link = f"http://daily.example/day/{number}"
    return (
        f"<item><title>{sentence(rng)[:70]}</title><link>{link}</link><guid>{link}</guid>"
        f"<pubDate>{format_datetime(datetime.now(UTC))}</pubDate><content:encoded><![CDATA[{text}]]></content:encoded>"
        "</item>"
    )


class Day:
    """Articles of the first ``busy`` outlets and their times, by ``time.monotonic``."""

    def __init__(self, busy: int, rate: float, total: int, names: list[str], opened: datetime) -> None:
        self.rate, self.start, self.opened = rate, float("inf"), opened
        self.items = [new_item(number, names) for number in range(total)]
        self.numbers_by_outlet: dict[int, list[int]] = {}
        for number in range(total):
            self.numbers_by_outlet.setdefault(outlet_of(number, busy), []).append(number)
        self.served: dict[int, float] = {}
        self.delivered: dict[int, float] = {}

    def published_at(self, number: int) -> float:
        """Return the publication time of an article."""
        return self.start + number / self.rate

    def feed(self, outlet: int, request: bytes) -> bytes:
        """Return the response to a poll."""
        now = time.monotonic()
        numbers = [number for number in self.numbers_by_outlet.get(outlet, ()) if self.published_at(number) <= now]
        tag = b'"%d"' % len(numbers)
        if tag in request:
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
        for number in numbers:
            self.served.setdefault(number, now)
        items = [self.items[number] for number in reversed(numbers)]
        items += [old_item(outlet, number, self.opened) for number in range(OLD)]
        text = (HEAD.format(outlet) + "".join(items) + "</channel></rss>").encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nETag: " + tag
        return head + b"\r\nContent-Length: %d\r\n\r\n" % len(text) + text

    def record_webhook(self, payload: bytes) -> None:
        """Record the articles in a webhook payload."""
        now = time.monotonic()
        for found in re.findall(rb"http://daily\.example/day/(\d+)", payload):
            self.delivered.setdefault(int(found), now)


def serve(pipe: Connection, busy: int, rate: float, total: int, names: list[str], opened: datetime) -> None:
    """Serve until killed; the commands "start" and "report" in the pipe are answered with the times of each article."""
    day = Day(busy, rate, total, names, opened)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            path = request.split(b" ", 2)[1]
            if path.startswith(b"/hook"):
                length = re.search(rb"content-length: *(\d+)", request.lower())
                day.record_webhook(await reader.readexactly(int(length[1]) if length else 0))
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            elif int(path[1:]) % 20 == HANG:
                await asyncio.sleep(60)
            elif int(path[1:]) % 20 == FAIL:
                writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
            else:
                writer.write(day.feed(int(path[1:]), request))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def run_command() -> None:
        if pipe.recv() == "start":
            day.start = time.monotonic()
        pipe.send([(day.published_at(one), day.served.get(one), day.delivered.get(one)) for one in range(total)])

    async def main() -> None:
        server = await asyncio.start_server(client, "0.0.0.0", 0, backlog=4096)
        asyncio.get_running_loop().add_reader(pipe.fileno(), run_command)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())

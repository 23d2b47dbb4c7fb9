"""Local feeds for the polling benches: deterministic bodies, entity tags, and an address for each feed."""

import asyncio
import hashlib
import random
import re
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from itertools import accumulate
from multiprocessing import get_context
from multiprocessing.connection import Connection

SYLLABLES = re.findall("..", "badicefogukajelomunaperisotuvawexiyozuanerinoruntelit")
VOCABULARY = 8_000
NAMES = ("Phan Van Giang", "Thongloun Sisoulith", "Nguyen Tan Cuong", "Hun Manet", "Pete Hegseth", "Saichay Kommasith")
WATCHED = (  # officials, rules and digests of sources.yaml
    "officials:",
    *(f"  {name.lower().replace(' ', '-')}: {{name: {name}}}" for name in NAMES),
    "rules:",
    "  people: {officials: [all]}",
    "digests:",
    "  today: {rules: [people], at: immediately, channels: [outbox]}",
)


def body(number: int, entries: int, edition: int = 0, *, has_markup: bool = False) -> bytes:
    """Return feed ``number`` with this number of full-text entries; each edition adds two new ones at the top.

    With ``has_markup``, the texts have a picture with a caption, links, emphasis, attributes and entities, as blog
    systems write them: 54 KB for 30 entries instead of 42.
    """
    opened = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    items = []
    for position in range(edition * 2 + entries - 1, edition * 2 - 1, -1):
        rng = random.Random(number * 100_003 + position)
        paragraphs = "".join(f"<p>{sentence(rng)} {sentence(rng)} {sentence(rng)}</p>" for _ in range(4))
        if has_markup:
            paragraphs = add_markup(paragraphs, number, position)
        link = f"http://outlet-{number}.example/news/{position}-{rng.choice(_words()[0])}.html"
        published = format_datetime(opened - timedelta(minutes=20 * (entries + 10 - position)))
        items.append(
            f"<item><title>{sentence(rng)[:70]}</title><link>{link}</link><guid>{link}</guid>"
            f"<pubDate>{published}</pubDate><description>{sentence(rng)}</description>"
            f"<content:encoded><![CDATA[{paragraphs}]]></content:encoded></item>"
        )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Outlet {number}</title><link>http://outlet-{number}.example/</link><description>News</description>"
    )
    return (head + "".join(items) + "</channel></rss>").encode()


def add_markup(paragraphs: str, number: int, position: int) -> str:
    """Return paragraphs with a picture, links and the attributes of a blog system."""
    picture = f"https://images-{number}.example/{position}/large.jpg?w=800&amp;h=450"
    words = paragraphs.split(" ")
    words[3] = (
        f'<a href="https://outlet-{number}.example/topic/{position}?utm_source=rss&amp;utm_medium=feed">{words[3]}</a>'
    )
    words[9] = f"<strong>{words[9]}</strong>&nbsp;&mdash;"
    words[15] = f"<em>{words[15]}</em>"
    text = " ".join(words).replace("<p>", '<p class="wp-block-paragraph">')
    return (
        f'<figure class="wp-block-image size-large"><img src="{picture}" alt="" width="800" height="450"/>'
        f"<figcaption>Picture {position}</figcaption></figure>\n{text}"
        f'<p>The post <a rel="nofollow" href="https://outlet-{number}.example/{position}">appeared first</a>.</p>'
    )


@cache
def _words() -> tuple[list[str], list[float]]:
    """Generate words and their cumulative weights, distributed as in languages (Zipf)."""
    rng = random.Random(7)
    words = ["".join(rng.choices(SYLLABLES, k=rng.randint(1, 4))) for _ in range(VOCABULARY)]
    return words, list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))


def sentence(rng: random.Random) -> str:
    """Generate a sentence; one in 250 names an official, and so does about one article in twenty."""
    words, weights = _words()
    words = rng.choices(words, cum_weights=weights, k=rng.randint(10, 18))
    if rng.random() < 0.004:
        words.insert(rng.randrange(len(words)), rng.choice(NAMES))
    text = " ".join(words)
    return text[0].upper() + text[1:] + "."


@contextmanager
def serve_feeds(count: int, entries: int = 30, *, has_markup: bool = False) -> Iterator["Feeds"]:
    """Serve feeds from another process until the block ends; ``has_markup`` is as for ``body``."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, count, entries, has_markup), daemon=True)
    process.start()
    feeds = Feeds(ours, count, ours.recv())
    try:
        yield feeds
    finally:
        process.terminate()
        process.join()


class Feeds:
    """The served feeds, each on its own loopback address, so that delays per host do not influence the result."""

    def __init__(self, pipe: Connection, count: int, port: int) -> None:
        self.pipe, self.port = pipe, port
        self.urls = [
            f"http://127.{1 + n // 62500}.{n // 250 % 250}.{n % 250 + 1}:{port}/feed/{n}" for n in range(count)
        ]

    def update(self, edition: int) -> None:
        """Add two new entries to every feed."""
        self.pipe.send(edition)
        self.pipe.recv()

    def count_responses(self) -> tuple[int, int]:
        """Return the numbers of 200 and of 304 responses since the last call."""
        self.pipe.send(None)
        full, unchanged = self.pipe.recv()
        return full, unchanged


def _serve(pipe: Connection, count: int, entries: int, has_markup: bool = False) -> None:
    answers, counts = _answers(count, entries, 0, has_markup=has_markup), Counter[int]()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                answer = _answer(answers, request)
                counts[int(answer[9:12])] += 1
                writer.write(answer)
                await writer.drain()
                if b"connection: close" in request.lower():
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def main() -> None:
        listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        server = await asyncio.start_server(client, sock=listener)
        loop = asyncio.get_running_loop()
        loop.add_reader(pipe.fileno(), update)
        pipe.send(listener.getsockname()[1])
        await server.serve_forever()

    def update() -> None:
        try:
            edition = pipe.recv()
            if edition is None:
                pipe.send((counts.pop(200, 0), counts.pop(304, 0)))
            else:
                answers[:] = _answers(count, entries, edition, has_markup=has_markup)
                pipe.send(True)
        except (EOFError, OSError):
            sys.exit(0)

    asyncio.run(main())


def _answers(count: int, entries: int, edition: int, *, has_markup: bool) -> list[tuple[bytes, bytes]]:
    bodies = (body(number, entries, edition, has_markup=has_markup) for number in range(count))
    return [(f'"{hashlib.sha1(text, usedforsecurity=False).hexdigest()}"'.encode(), text) for text in bodies]


def _answer(answers: list[tuple[bytes, bytes]], request: bytes) -> bytes:
    path = request.split(b" ", 2)[1]
    if not path.startswith(b"/feed/"):
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    tag, text = answers[int(path[6:])]
    if tag in request:
        return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\nContent-Length: 0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nETag: " + tag
    return head + b"\r\nContent-Length: " + str(len(text)).encode() + b"\r\n\r\n" + text

"""A pass of named sources: each is polled once, whether it is due or not, also if there are more than run at once."""

import asyncio
import json
from collections import Counter
from pathlib import Path

from support.command_line import app
from support.http_server import on_loop, serving
from typer.testing import CliRunner

from monitor.pipeline.one_pass import BATCH_SIZE

FEED = b"<rss version='2.0'><channel><title>Daily</title><item><title>Rain</title></item></channel></rss>"


def test_each_named_source_is_polled_once(tmp_path: Path) -> None:
    """In every pass; sources that are not named are not polled."""
    count, requests = 2 * BATCH_SIZE + 5, Counter[str]()

    async def handler(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        requests[path] += path != "/robots.txt"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(FEED), FEED))

    async def poll() -> list[int]:
        async with serving(handler) as server:
            sources = "".join(f"  s{n}: {{feed: '{server.url(f'/{n}')}', text_from: feed}}\n" for n in range(count))
            config = tmp_path / "sources.yaml"
            config.write_text(
                f"settings: {{allowed_networks: [127.0.0.0/8], probe_address: 'off'}}\nsources:\n{sources}"
            )
            names = [f"s{number}" for number in range(count - 1)]
            results = [
                await asyncio.to_thread(CliRunner().invoke, app, ["poll", "--json", "-c", str(config), *names])
                for _ in range(2)
            ]
            return [json.loads(result.stdout)["sources"] for result in results]

    assert on_loop(poll()) == [count - 1] * 2
    assert +requests == {f"/{number}": 2 for number in range(count - 1)}

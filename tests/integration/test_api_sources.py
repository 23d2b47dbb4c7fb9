"""JSON APIs as sources, over HTTP: pages, tokens, POST bodies, and redirects."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

from support.fakes import NOON, FakeClock, InlineProcessPool
from support.http_server import Loopback, on_loop, reply, serving

from monitor.domain.fetch_result import Failed, FetchPurpose, FetchRequest
from monitor.domain.poll_state import SourceState
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.special_sources import Api
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.collect import Collector
from monitor.store.database import Database

NETWORK = (ip_network("127.0.0.0/8"),)


def page(numbers: range, cursor: str) -> bytes:
    items = [{"url": f"/{n}", "title": f"Story {n}", "date": "2026-03-05T11:00:00Z"} for n in numbers]
    return json.dumps({"items": items, "cursor": cursor}).encode()


def test_the_pages_of_an_api_are_requested_with_token_and_cursor(tmp_path: Path) -> None:
    """By POST; robots.txt does not apply, and the token is sent with each page."""

    async def respond(_path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        body = json.loads(servers[-1].asked[-1].body)
        answer = page(range(3, 6), "") if body.get("after") else page(range(3), "c2")
        writer.write(reply(answer, Content_Type="application/json"))

    async def run() -> None:
        async with serving(respond) as server:
            servers.append(server)
            api = Api(
                server.url("/news"),
                "items",
                published="date",
                body={"topic": "defence"},
                next="cursor",
                next_parameter="after",
                max_pages=5,
            )
            source = Source("api", "The API", api=api, headers={"Authorization": Secret("Bearer t0ken")})
            database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
            database.sources.register([source], NOON)
            fetcher = HttpFetcher("", NETWORK, lambda: datetime.now(UTC))
            collector = Collector(database, fetcher, InlineProcessPool(), FakeClock(), timedelta(days=1))
            (result,) = await collector.run_due({"api": source}, source_ids={"api"})
            assert (result.new_count, result.state_after) == (6, SourceState.OK)
            database.close()
            await fetcher.aclose()
        assert [(asked.method, json.loads(asked.body)) for asked in server.asked] == [
            ("POST", {"topic": "defence"}),
            ("POST", {"topic": "defence", "after": "c2"}),
        ]
        assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer t0ken"}

    servers: list[Loopback] = []
    on_loop(run())


def test_a_post_is_never_sent_to_another_address() -> None:
    """Its body may have a token; the reason names the new address."""

    async def respond(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", "307 Temporary Redirect", Location="http://127.0.0.2:1/steal"))

    async def run() -> None:
        async with serving(respond) as server:
            fetcher = HttpFetcher("", NETWORK, lambda: datetime.now(UTC))
            result = await fetcher.fetch(FetchRequest(server.url("/"), FetchPurpose.API, body=b"{}"))
            await fetcher.aclose()
            assert isinstance(result, Failed)
            assert "redirects a POST request to http://127.0.0.2:1/steal" in result.reason

    on_loop(run())

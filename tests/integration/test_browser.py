"""Pages that scripts make, in a real Chromium: what is read, and what hostile scripts cannot do."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from support.browser import requires_browser
from support.fakes import FakeFetcher, InlineProcessPool
from support.http_server import Loopback, on_loop, reply, serving

from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Blocked, Failed, FailureCause, Fetched, FetchPurpose, FetchRequest, FetchResult
from monitor.domain.secret import Secret
from monitor.domain.source import FetchMethod, Listing, Source
from monitor.fetch.address_guard import AddressGuard
from monitor.fetch.browser import BrowserLimits, BrowserRenderer, find_process_tree
from monitor.fetch.client import HttpFetcher
from monitor.parse.dispatch import parse_document
from monitor.pipeline.article_pages import extract_article

NETWORK = (ip_network("127.0.0.1/32"),)
SENTENCE = "General Phan Van Giang opened the bridge on Monday and thanked the engineers who had built it in two years."
SHELL = "<!doctype html><title>Bridge opened</title><div id=root></div><script src=/main.js></script>"
MAIN = """fetch('/api/story').then(answer => answer.json()).then(story => {
  document.getElementById('root').innerHTML = '<article><h1>' + story.title + '</h1>'
    + story.paragraphs.map(text => '<p>' + text + '</p>').join('') + '</article>';
});"""
STORY = json.dumps({"title": "Bridge opened", "paragraphs": [f"{n}. {SENTENCE}" for n in range(9)]})
SITE = {
    "/story": (SHELL, "text/html"),
    "/main.js": (MAIN, "text/javascript"),
    "/api/story": (STORY, "application/json"),
    "/list": ("<title>News</title><div id=root></div><script src=/list.js></script>", "text/html"),
    "/list.js": (
        "document.body.innerHTML = '<ul><li><a href=/1>Bridge opened by him</a></li></ul>'",
        "text/javascript",
    ),
    "/robots.txt": ("User-agent: *\nDisallow: /private", "text/plain"),
}
SMALL = BrowserLimits(load_seconds=5, settle_seconds=1)


@asynccontextmanager
async def website(pages: dict[str, tuple[str, str]] = SITE, host: str = "127.0.0.1") -> AsyncIterator[Loopback]:
    """Serve pages; a request for another path is answered with 404."""

    async def respond(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        text, kind = pages.get(path.partition("?")[0], ("", ""))
        writer.write(
            reply(text.encode(), Content_Type=f"{kind}; charset=utf-8") if kind else reply(b"", "404 Not Found")
        )

    async with serving(respond, host) as server:
        yield server


def with_fetcher(work: Callable[[HttpFetcher, Loopback], Awaitable[None]]) -> None:
    """Run a test with a fetcher and the site."""

    async def run() -> None:
        async with website() as server:
            fetcher = HttpFetcher("", NETWORK, lambda: datetime.now(UTC))
            try:
                await work(fetcher, server)
            finally:
                await fetcher.aclose()

    on_loop(run())


async def show(script: str, *more: str, limits: BrowserLimits = SMALL) -> list[FetchResult]:
    """Show pages with these scripts in one browser; return the results."""
    renderer = BrowserRenderer(AddressGuard(NETWORK), "monitor-test", limits=limits)
    async with website() as server:
        try:
            return [
                await renderer.render(
                    Fetched(server.url("/story"), 200, (), f"<html><p id=p>text</p><script>{one}</script>".encode())
                )
                for one in (script, *more)
            ]
        finally:
            await renderer.aclose()
            assert not find_process_tree(renderer._mark), "no process is left"


@requires_browser
def test_a_page_is_read_after_its_scripts_ran() -> None:
    """Articles and lists; robots.txt applies, and requests of scripts to the page's own host have its cookies."""

    async def work(fetcher: HttpFetcher, server: Loopback) -> None:
        url = server.url("/story")
        source = Source("s", feed=server.url("/rss"), fetch=FetchMethod.BROWSER, headers={"Cookie": Secret("SID=abc")})
        plain = await fetcher.fetch(FetchRequest(url, FetchPurpose.PAGE))
        assert isinstance(plain, Fetched)
        page, article = await extract_article(plain, source, None, fetcher, InlineProcessPool())
        assert isinstance(page, Fetched)
        assert (article.title, article.partial_reason) == ("Bridge opened", "")
        assert article.body.count(SENTENCE) == 9
        assert [asked.headers.get("cookie") for asked in server.asked if asked.path == "/api/story"] == ["SID=abc"]
        listing = await fetcher.fetch(FetchRequest(server.url("/list"), FetchPurpose.PAGE, uses_browser=True))
        assert isinstance(listing, Fetched)
        lister = Source("l", listing=Listing(listing.url, "li"), fetch=FetchMethod.BROWSER)
        (entry,) = parse_document(listing.body, listing.content_type, listing.url, lister).entries
        assert entry.title == "Bridge opened by him"
        forbidden = FetchRequest(server.url("/private/1"), FetchPurpose.PAGE, uses_browser=True)
        assert isinstance(await fetcher.fetch(forbidden), Blocked)

    with_fetcher(work)


def test_page_data_is_read_before_a_browser_is_used() -> None:
    """An article in the JSON of a page needs no browser; a fetcher that is asked would be an error of the test."""
    paragraphs = " ".join(f"{n}. {SENTENCE}" for n in range(20))
    html = (
        f"<title>Bridge opened</title><h1>Bridge opened</h1><div id=__next></div>"
        f'<script id="__NEXT_DATA__" type="application/json">{{"props": {{"title": "Bridge opened", '
        f'"body": "{paragraphs}"}}}}</script><script src=/main.js></script>'
    )
    page = Fetched("https://daily.example/1", 200, (), html.encode(), "text/html")
    source = Source("s", feed="https://daily.example/rss", fetch=FetchMethod.BROWSER)
    outcome, article = asyncio.run(extract_article(page, source, None, FakeFetcher({}), InlineProcessPool()))
    assert outcome is page
    assert SENTENCE in article.body


@requires_browser
def test_scripts_reach_no_private_address() -> None:
    """Neither by requests, frames, pictures, sockets, redirects nor navigation, even if the user allows the network."""

    async def run() -> None:
        renderer = BrowserRenderer(AddressGuard((ip_network("127.0.0.0/8"),)), "monitor-test", limits=SMALL)
        async with website(host="127.0.0.2") as private, website() as server:
            target = private.url("/story")
            attempts = [
                f"fetch('{target}', {{mode: 'no-cors', method: 'POST', body: 'x'}})",
                f"new WebSocket('{target.replace('http', 'ws')}')",
                f'document.body.innerHTML = \'<iframe src="{target}"></iframe><img src="{target}">\'',
                f"navigator.sendBeacon('{target}', 'x')",
                f"const s = document.createElement('script'); s.src = '{target}'; document.body.append(s)",
                f"window.open('{target}')",
                f"setTimeout(() => location = '{target}', 100)",
                f"new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.2:{private.port}'}}]}}).createOffer()",
            ]
            script = ";".join(f"try {{ {attempt} }} catch (error) {{ }}" for attempt in attempts)
            page = Fetched(server.url("/story"), 200, (), f"<html><body><script>{script}</script>".encode())
            await renderer.render(page)
            await renderer.aclose()
            assert private.accepts == 0
            assert server.port

    on_loop(run())


@requires_browser
def test_pages_that_cost_too_much_end_alone() -> None:
    """An endless loop, too much memory and an endless transfer are stopped, and the next page is shown."""
    endless = "while (true) { }"
    hungry = "const kept = []; for (let n = 0; n < 16; n++) kept.push(new Uint8Array(6e7).fill(7)); while (true) {}"
    usual = "document.getElementById('p').textContent = 'shown'"
    limits = BrowserLimits(4, 1, memory_bytes=700_000_000)
    first, second, third = on_loop(show(endless, hungry, usual, limits=limits))
    assert isinstance(first, Failed)
    assert first.cause is FailureCause.TIMEOUT
    assert isinstance(second, Failed)
    assert "700 MB" in second.reason
    assert isinstance(third, Fetched)
    assert b"shown" in third.body


@requires_browser
def test_a_page_receives_a_limited_number_of_bytes_and_requests() -> None:
    """The connections end at the limit; what is there by then is read."""

    async def run() -> None:
        large = {**SITE, "/large": ("x" * 200_000, "text/plain")}
        async with website(large) as server:
            limits = BrowserLimits(5, 1, transfer_bytes=500_000, requests=20)
            renderer = BrowserRenderer(AddressGuard(NETWORK), "monitor-test", limits=limits)
            script = "for (let n = 0; n < 90; n++) fetch('/large?' + n)"
            page = Fetched(server.url("/story"), 200, (), f"<html><p>text</p><script>{script}</script>".encode())
            assert isinstance(await renderer.render(page), Fetched)
            await renderer.aclose()
            assert len(server.asked) < 20

    on_loop(run())


def test_without_the_extra_the_reason_names_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    (result,) = asyncio.run(show(""))
    assert isinstance(result, Blocked)
    assert result.problem is PageProblem.NEEDS_BROWSER_EXTRA
    assert "pip install 'monitor[browser]'" in result.reason


def test_without_chromium_the_reason_names_the_command_to_install_it() -> None:
    async def run() -> FetchResult:
        renderer = BrowserRenderer(AddressGuard(), "monitor-test", "/nowhere/chromium")
        try:
            return await renderer.render(Fetched("https://daily.example/1", 200, (), b"<html>"))
        finally:
            await renderer.aclose()

    result = asyncio.run(run())
    assert isinstance(result, Blocked)
    assert "apt install chromium" in result.reason

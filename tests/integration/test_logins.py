"""Sources with a login: cookies from a file, where they are sent, and the evidence that the login has expired."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from support.http_server import Loopback, on_loop, reply, respond_with, serving

from monitor.domain.article import Article
from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Blocked, Fetched, FetchPurpose, FetchRequest, FetchResult
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.article_pages import find_expired_login

NETWORK = (ip_network("127.0.0.0/8"),)
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
LATER, EARLIER = 1_900_000_000, 1_700_000_000
HEAD = "# Netscape HTTP Cookie File\n"
LOGIN_FORM = b"<h1>Welcome back</h1><form><input name=user><input type='password' name=p></form>"


def cookie(domain: str, name: str, expires: int = LATER, *, path: str = "/", secure: bool = False) -> str:
    is_wide = "TRUE" if domain.startswith(".") else "FALSE"
    return f"{domain}\t{is_wide}\t{path}\t{str(secure).upper()}\t{expires}\t{name}\tv-{name}\n"


async def fetch(url: str, file: Path | None, **keys: object) -> FetchResult:
    fetcher = HttpFetcher("", NETWORK, lambda: NOW)
    path = str(file) if file else ""
    try:
        return await fetcher.fetch(FetchRequest(url, FetchPurpose.FEED, cookie_file=path, **keys))  # type: ignore[arg-type]
    finally:
        await fetcher.aclose()


def test_cookies_of_a_file_are_sent_where_the_file_allows(tmp_path: Path) -> None:
    """By host, path and scheme, also after a redirect; a cookie of a browser session counts as valid."""
    file = tmp_path / "cookies.txt"

    async def run() -> None:
        async with serving(respond_with(reply(b"ok")), "127.0.0.2") as other:
            moved = reply(b"", "302 Found", Location=other.url("/x"), Set_Cookie="own=1")
            async with serving(respond_with(reply(b"ok"), moved)) as server:
                file.write_text(
                    HEAD
                    + cookie("127.0.0.1", "SID")
                    + cookie("127.0.0.1", "session", 0)
                    + cookie("127.0.0.1", "old", EARLIER)
                    + cookie("127.0.0.1", "deep", path="/deep")
                    + cookie("127.0.0.1", "safe", secure=True)
                    + cookie("127.0.0.2", "theirs")
                )
                await fetch(server.url("/news"), file)
                await fetch(server.url("/news"), file)
                await fetch(server.url("/news"), None)
                sent = [asked.headers.get("cookie", "") for asked in server.asked]
                assert [set(filter(None, text.split("; "))) for text in sent] == [
                    {"SID=v-SID", "session=v-session"},
                    {"SID=v-SID", "session=v-session"},
                    set(),
                ]
                assert other.asked[0].headers["cookie"] == "theirs=v-theirs"

    on_loop(run())


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """Without a restart."""
    file = tmp_path / "cookies.txt"

    async def run() -> None:
        async with serving(respond_with(reply(b"ok"))) as server:
            fetcher = HttpFetcher("", NETWORK, lambda: NOW)
            for name in ("first", "second-one"):
                file.write_text(HEAD + cookie("127.0.0.1", name))
                await fetcher.fetch(FetchRequest(server.url("/"), FetchPurpose.FEED, cookie_file=str(file)))
            await fetcher.aclose()
            assert [asked.headers["cookie"] for asked in server.asked] == ["first=v-first", "second-one=v-second-one"]

    on_loop(run())


def respond_to(server_answer: Callable[[Loopback], bytes], file: Path, **keys: object) -> FetchResult:
    """Fetch `/news` of a server whose other pages are a form."""

    async def run() -> FetchResult:
        servers: list[Loopback] = []

        async def respond(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            writer.write(server_answer(servers[0]) if path == "/news" else reply(LOGIN_FORM, Content_Type="text/html"))

        async with serving(respond) as server:
            servers.append(server)
            return await fetch(server.url("/news"), file, **keys)

    return on_loop(run())


@pytest.mark.parametrize(
    ("answer", "evidence"),
    [
        (lambda _server: reply(b"", "401 Unauthorized"), "asks for a login again (401)"),
        (lambda server: reply(b"", "302 Found", Location=server.url("/account/login?next=x")), "redirects to http://"),
        (lambda server: reply(b"", "302 Found", Location=server.url("/dang-nhap")), "/dang-nhap"),
    ],
    ids=["401", "redirect", "redirect in Vietnamese"],
)
def test_an_expired_login_is_reported_with_its_evidence(
    answer: Callable[[Loopback], bytes], evidence: str, tmp_path: Path
) -> None:
    file = tmp_path / "cookies.txt"
    file.write_text(HEAD + cookie("127.0.0.1", "SID"))
    result = respond_to(answer, file)
    assert isinstance(result, Blocked)
    assert result.problem is PageProblem.LOGIN_EXPIRED
    assert evidence in result.reason
    assert "next=x" not in result.reason
    assert "v-SID" not in result.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (HEAD + cookie("127.0.0.1", "SID", EARLIER), "have expired (SID), the last one on 2023-11-14"),
        ("SID=abc", "not in the Netscape format"),
        (None, "cannot be read: No such file"),
    ],
    ids=["expired", "another format", "missing"],
)
def test_a_cookie_file_that_cannot_be_used_is_the_reason(content: str | None, reason: str, tmp_path: Path) -> None:
    """Nothing is requested without the login."""
    file = tmp_path / "cookies.txt"
    if content is not None:
        file.write_text(content)
    result = respond_to(lambda _server: reply(b"public page"), file)
    assert isinstance(result, Blocked)
    assert result.problem is PageProblem.LOGIN_EXPIRED
    assert reason in result.reason


@pytest.mark.parametrize(
    ("body", "article", "evidence"),
    [
        (LOGIN_FORM, Article("u"), "login form"),
        (b"<p>", Article("u", body="The first lines.", partial_reason="paywall"), "before a paywall"),
        (LOGIN_FORM, Article("u", body="word " * 200), ""),
        (b"<p>", Article("u"), ""),
    ],
    ids=["form", "paywall", "an article with a form", "neither"],
)
def test_pages_show_that_the_login_has_expired(body: bytes, article: Article, evidence: str) -> None:
    """Only for a source that has a login."""
    page = Fetched("https://daily.example/1", 200, (), body)
    source = Source("s", feed="https://daily.example/rss", headers={"Cookie": Secret("SID=x")})
    found = find_expired_login(source, page, article)
    assert evidence in found
    assert bool(found) is bool(evidence)
    assert find_expired_login(Source("s", feed="https://daily.example/rss"), page, article) == ""

"""`monitor backfill`: the archive of a source is read from a server on loopback, and nothing of it is reported."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command_line import app
from support.http_server import Loopback, reply, serving
from typer.testing import CliRunner, Result

from monitor.store.database import Database

CONFIGURATION = """
settings: {{database: "sqlite:///monitor.db", allowed_networks: [127.0.0.0/8]}}
sources:
  feed: {{feed: "{0}rss", text_from: feed}}
  list: {{listing: {{url: "{0}list", items: li}}, language: en}}
  lao: {{feed: "{0}rss?lo", language: lo, text_from: feed}}
officials:
  giang: {{name: Phan Văn Giang, country: Vietnam}}
rules: {{people: {{officials: all}}}}
digests: {{daily: {{rules: all, at: "07:00"}}}}
"""
NOW = datetime.now(UTC)
AGES = (0, 5, 40, 41, 200, 900)
"""Days since the publication of each article; the feed has the first two."""
DATES = {f"/{age}.html": NOW - timedelta(days=age) for age in AGES}
Work = Callable[[Loopback, set[str]], None]


def page(path: str, server: str, missing: set[str]) -> tuple[bytes, str]:  # noqa: PLR0911 - one for each document
    """Return the document at a path, and its type."""
    path = path.partition("?lo")[0]
    if path in missing:
        return b"", ""
    if path in DATES:
        text = (
            f"Phan Văn Giang, Vietnam's defence minister, opened school number {path[1:-5]} and spoke to its pupils. "
        )
        head = (
            f"<title>School {path}</title><meta property='article:published_time' content='{DATES[path].isoformat()}'>"
        )
        return f"<html>{head}<article><h1>School {path}</h1><p>{text * 4}</p></article>".encode(), "text/html"
    if path == "/robots.txt":
        return f"Sitemap: {server}index.xml\n".encode(), "text/plain"
    if path == "/index.xml":
        names = ["map-2001-02.xml", "map-1.xml", "map-2.xml"]
        body = "".join(f"<sitemap><loc>{server}{name}</loc></sitemap>" for name in names)
        return f"<sitemapindex>{body}</sitemapindex>".encode(), "text/xml"
    if path.startswith("/map-"):
        chosen = list(DATES)[:3] if path == "/map-1.xml" else list(DATES)[3:]
        urls = (
            f"<url><loc>{server[:-1]}{one}</loc><lastmod>{DATES[one].isoformat()}</lastmod></url>" for one in chosen
        )
        return f"<urlset>{''.join(urls)}</urlset>".encode(), "text/xml"
    if path == "/rss":
        items = (
            f"<item><title>School {one}</title><link>{server[:-1]}{one}</link><description>Phan Văn Giang spoke."
            f"</description><pubDate>{DATES[one]:%a, %d %b %Y %H:%M:%S +0000}</pubDate></item>"
            for one in list(DATES)[:2]
        )
        return f"<rss version='2.0'><channel><title>x</title>{''.join(items)}</channel></rss>".encode(), "text/xml"
    number = int(path.partition("=")[2] or 0)
    one = list(DATES)[number]
    following = f"<a rel='next' href='/list?p={number + 1}'>older</a>" if number + 1 < len(DATES) else ""
    date = f"<time datetime='{DATES[one].isoformat()}'></time>"
    return f"<ul><li><a href='{one}'>School</a>{date}</li></ul>{following}".encode(), "text/html"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], None]:
    """Call a function while an outlet is served; it gets the server, and a set of paths that are missing (404)."""
    monkeypatch.chdir(tmp_path)

    def start(work: Work) -> None:
        async def serve() -> None:
            missing: set[str] = set()

            async def respond(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
                body, kind = page(path, server.url(), missing)
                writer.write(reply(body, content_type=kind) if kind else reply(b"", "404 Not Found"))

            async with serving(respond) as server:
                await asyncio.to_thread(configure, server)
                await asyncio.to_thread(work, server, missing)

        asyncio.run(serve())

    return start


def configure(server: Loopback) -> None:
    Path("sources.yaml").write_text(CONFIGURATION.format(server.url()), encoding="utf-8")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def day(age: int) -> str:
    return f"{NOW - timedelta(days=age):%Y-%m-%d}"


def stored() -> dict[str, bool]:
    """Return for each stored article, by the days since its publication, whether it may be reported."""
    database = Database.open("sqlite:///monitor.db")
    lines = [json.loads(line) for line in run("articles", "--json").output.splitlines()]
    found = {}
    for line in lines:
        article = database.queries.get_article(int(str(line["id"])))
        found[line["url"].rpartition("/")[2].removesuffix(".html")] = article.is_alertable
    database.close()
    return found


@pytest.mark.parametrize("source", ["feed", "list"])
def test_an_archive_is_stored_without_reports(archive: Callable[[Work], None], source: str) -> None:
    """From the sitemaps of robots.txt, and from listing pages with a link to the next one; up to the day."""

    def work(server: Loopback, _missing: set[str]) -> None:
        result = run("backfill", source, "--since", day(300), "--json")
        assert result.exit_code == 0, (result.output, result.exception)
        record = json.loads(result.output)
        assert (record["documents_left"], record["problems"]) == (0, [])
        assert stored() == {"0": True, "5": False, "40": False, "41": False, "200": False}
        asked = [one.path for one in server.asked]
        assert "/map-2001-02.xml" not in asked
        if source == "list":
            assert len(asked) == len(set(asked)) + 1, "each page once, and the list at the poll and for the archive"
        hits = [json.loads(line) for line in run("hits", "--json").output.splitlines()]
        assert len(hits) <= 1, "only the article of today"
        person = json.loads(run("people", "show", "giang", "--since", "400d", "--json").output)
        assert person["articles"] == 5
        assert person["first_named_at"][:10] == day(200)
        sources = {line["id"]: line for line in map(json.loads, run("sources", "list", "--json").output.splitlines())}
        assert sources[source]["complete_since"][:10] in {day(300), day(301)}

    archive(work)


def test_a_backfill_continues_where_it_ended(archive: Callable[[Work], None]) -> None:
    """After the limit; a document that cannot be read is reported, and the archive is not complete then."""

    def work(server: Loopback, missing: set[str]) -> None:
        first = run("backfill", "feed", "--since", day(300), "--limit", "1")
        assert first.exit_code == 3
        assert "run the command again to continue" in first.output
        missing.add("/map-2.xml")
        second = run("backfill", "feed", "--since", day(300))
        assert second.exit_code == 3
        assert "map-2.xml" in second.output
        missing.clear()
        third = run("backfill", "feed", "--since", day(300))
        assert third.exit_code == 0, third.output
        assert set(stored()) == {"0", "5", "40", "41", "200"}
        before = len(server.asked)
        assert "complete from" in run("backfill", "feed", "--since", day(100)).output
        assert [one.path for one in server.asked[before:]] == ["/rss"], "only the poll"

    archive(work)


def test_a_backfill_of_a_length_continues_on_the_next_day(archive: Callable[[Work], None]) -> None:
    """A length such as 300d means a later day each day; the documents that were read are not read again."""

    def work(server: Loopback, _missing: set[str]) -> None:
        assert run("backfill", "feed", "--since", day(300), "--limit", "1").exit_code == 3
        before = len(server.asked)
        result = run("backfill", "feed", "--since", day(299))
        assert result.exit_code == 0, result.output
        asked = [one.path for one in server.asked[before:]]
        assert "/index.xml" not in asked
        assert set(stored()) == {"0", "5", "40", "41", "200"}
        before = len(server.asked)
        assert run("backfill", "feed", "--since", day(900)).exit_code == 0, "a longer period is another backfill"
        assert "/index.xml" in [one.path for one in server.asked[before:]]

    archive(work)


def test_an_official_is_searched_in_the_sources_that_can_name_him(archive: Callable[[Work], None]) -> None:
    """Not in Lao texts if no name is in Lao letters."""

    def work(_server: Loopback, _missing: set[str]) -> None:
        result = run("backfill", "--official", "giang", "--since", day(30), "--json")
        assert [json.loads(line)["source"] for line in result.output.splitlines()] == ["feed", "list"]

    archive(work)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--since", "30d"], "name either a source"),
        (["feed", "--since", "soon"], "is not a date"),
        (["feed", "--since", "2999-01-01"], "a day in the past"),
        (["nobody", "--since", "30d"], "There is no source"),
    ],
)
def test_invalid_requests_are_refused(archive: Callable[[Work], None], words: list[str], expected: str) -> None:
    archive(lambda _server, _missing: _refused(words, expected))


def _refused(words: list[str], expected: str) -> None:
    assert expected in str(run("backfill", *words).exception)

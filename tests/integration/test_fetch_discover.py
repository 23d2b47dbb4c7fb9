"""Commands `sources discover`, `import` and `export`, against a site on loopback."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import app
from support.http_server import on_loop, reply, serving
from typer.testing import CliRunner

from monitor.domain.errors import ConfigError, MonitorError
from monitor.pipeline.discover import make_source_id
from monitor.store.database import Database

DATE = "Thu, 05 Mar 2026 09:00:00 GMT"
ITEM = f"<item><title>Head</title><link>https://daily.example/1</link><pubDate>{DATE}</pubDate></item>"
RSS = (
    f"<rss version='2.0'><channel><title>Daily: politics</title><language>en</language>{ITEM}</channel></rss>".encode()
)
SITEMAP = b"<urlset><url><loc>https://daily.example/1</loc><lastmod>2026-03-05</lastmod></url></urlset>"
CONFIG = "settings:\n  allowed_networks: [127.0.0.0/8]\nsources: # ours\n  old: {name: Old, feed: 'https://old.example/rss'}\n"


def serve_pages(pages: dict[str, bytes]) -> Callable[..., object]:
    async def handler(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        page = pages.get(path, reply(status="404 Not Found"))
        writer.write(page if page.startswith(b"HTTP/1.1") else reply(page))

    return handler


def run(
    pages: dict[str, bytes], path: str, folder: Path, *options: str, configuration: str = CONFIG
) -> tuple[int, str, str]:
    """Serve a site and run ``discover`` on it; ``{}`` in the configuration is replaced by the site's URL."""

    async def serve() -> tuple[int, str, str]:
        async with serving(serve_pages(pages)) as server:  # type: ignore[arg-type]  # a plain callable
            text = configuration.replace("{}", server.url("").rstrip("/"))
            (folder / "sources.yaml").write_text(text, encoding="utf-8")
            arguments = ["sources", "discover", server.url(path), "-c", str(folder / "sources.yaml"), *options]
            result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
            error = str(result.exception) if isinstance(result.exception, MonitorError) else result.stderr
            return result.exit_code, result.stdout.replace(str(server.port), "PORT"), error

    return on_loop(serve())


def test_named_feeds_and_sitemaps_are_printed_as_yaml(tmp_path: Path) -> None:
    """The output can be pasted: first the feed that the page names, then the sitemap from robots.txt."""
    pages = {
        "/": b"<html><link rel='alternate' type='application/rss+xml' href='/politics.rss'></html>",
        "/politics.rss": RSS,
        "/robots.txt": b"Sitemap: /map.xml",
        "/map.xml": SITEMAP,
    }
    code, out, _ = run(pages, "/", tmp_path)
    assert code == 0
    assert out.startswith(
        "# named: 1 entry, newest 2026-03-05 09:00 UTC\n  daily-politics:\n    name: 'Daily: politics'\n"
        "    feed: http://127.0.0.1:PORT/politics.rss\n    language: en\n"
    )
    assert "sitemap: http://127.0.0.1:PORT/map.xml" in out
    code, out, _ = run(pages, "/", tmp_path, "--json")
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["feed", "sitemap"]


def test_a_feed_url_is_printed_and_common_paths_are_guessed(tmp_path: Path) -> None:
    """The URL of a feed is used as it is; if the page names no feed, the usual paths are tried."""
    assert "# given" in run({"/x.rss": RSS}, "/x.rss", tmp_path)[1]
    assert "# guessed" in run({"/": b"<html>News</html>", "/feed": RSS}, "/", tmp_path)[1]
    code, out, err = run({"/": b"<html>News</html>"}, "/", tmp_path)
    assert (code, out) == (3, "")
    assert "names no feed" in err
    assert "suggestion: read a page that lists its articles, with `listing:` (`url` and `items`)" in err


def test_configured_feeds_are_not_printed_as_new_sources(tmp_path: Path) -> None:
    """A feed that is in the configuration is reported with its id and not printed for pasting."""
    code, out, _ = run({"/x.rss": RSS}, "/x.rss", tmp_path)
    assert (code, "  daily-politics:" in out) == (0, True)
    known = CONFIG.replace("https://old.example/rss", "{}/x.rss")
    code, out, _ = run({"/x.rss": RSS}, "/x.rss", tmp_path, configuration=known)
    assert (code, out.splitlines()[1:]) == (0, ["# Already configured as old."])


def test_a_site_without_a_title_is_named_by_its_host(tmp_path: Path) -> None:
    """The id is the host name, without the URL scheme."""
    _, out, _ = run({"/": b"<html></html>", "/robots.txt": b"Sitemap: /map.xml", "/map.xml": SITEMAP}, "/", tmp_path)
    assert "  127-0-0-1:\n    name: 127.0.0.1\n    sitemap:" in out


def test_a_forbidden_address_comes_with_a_suggestion(tmp_path: Path) -> None:
    """The error for a private address names the setting that allows it."""
    code, _, err = run({}, "/", tmp_path, configuration="settings: {user_agent_contact: desk@example.org}\n")
    assert (code, "settings.allowed_networks" in err) == (3, True)


def rss(title: str) -> bytes:
    return RSS.replace(b"Daily: politics", title.encode())


def found_urls(pages: dict[str, bytes], folder: Path) -> list[str]:
    code, out, err = run(pages, "/", folder, "--json")
    assert code == 0, err
    return [json.loads(line)["url"].rpartition("PORT")[2] for line in out.splitlines()]


def test_the_comments_feed_comes_after_the_main_feed(tmp_path: Path) -> None:
    """The order of the page counts, not that of the addresses, and comments come last."""
    link = "<link rel=alternate type=application/rss+xml href='{}'>"
    home = "".join(map(link.format, ("/comments/feed/", "/zeta/feed/", "/feed/")))
    pages = {"/": f"<html>{home}</html>".encode(), "/feed/": rss("Daily"), "/zeta/feed/": rss("Zeta")}
    pages["/comments/feed/"] = rss("Comments for Daily")
    assert found_urls(pages, tmp_path) == ["/zeta/feed/", "/feed/", "/comments/feed/"]


def test_a_feed_in_a_link_header_is_found(tmp_path: Path) -> None:
    """A page without any markup for feeds may name one in its headers."""
    link = '</news.php>; rel="alternate"; type="application/rss+xml"'
    pages = {"/": reply(b"<html>News</html>", Link=link), "/news.php": rss("News")}
    assert found_urls(pages, tmp_path) == ["/news.php"]


def test_a_home_page_that_redirects_by_an_element_is_followed(tmp_path: Path) -> None:
    """The feed is on the page of a language. A sitemap in plain text is found, too."""
    pages = {
        "/": b"<html><head><meta http-equiv=refresh content='0; url=/en/'></head></html>",
        "/en/": b"<html><link rel='alternate' type='application/rss+xml' href='/en/politics.rss'></html>",
        "/en/politics.rss": RSS,
        "/robots.txt": b"Sitemap: /map.txt",
        "/map.txt": b"https://daily.example/1\nhttps://daily.example/2\n",
    }
    code, out, _ = run(pages, "/", tmp_path, "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [(one["kind"], one["url"].rpartition("PORT")[2]) for one in found] == [
        ("feed", "/en/politics.rss"),
        ("sitemap", "/map.txt"),
    ]


def test_a_page_that_lists_feeds_is_followed_one_step_from_home(tmp_path: Path) -> None:
    """Outlets with many feeds link to a page of them; a page beyond that one is not searched."""
    pages = {
        "/": b"<html><a href='/services/feeds-overview.html'>RSS</a></html>",
        "/services/feeds-overview.html": b"<html><a href='/x/world.xml'>World</a><a href='/more'>more RSS</a></html>",
        "/more": b"<html><a href='/y/rss.xml'>Deep</a></html>",
        "/x/world.xml": rss("World"),
        "/y/rss.xml": rss("Deep"),
    }
    assert found_urls(pages, tmp_path) == ["/x/world.xml"]


def test_a_named_feed_that_cannot_be_read_is_named_in_the_reason(tmp_path: Path) -> None:
    """It would be untrue that the site names no feed."""
    pages = {"/": b"<html><link rel=alternate type=application/rss+xml href=/lost.xml></html>"}
    code, _, err = run(pages, "/", tmp_path)
    assert code == 3
    assert "/lost.xml is named by the site, but cannot be read" in err
    assert "404" in err


OPML = """<opml><body><outline text="Báo Đất" xmlUrl="https://a.example/rss"/><outline text="ລາວ" xmlUrl="https://b.example/"/>
<outline text="Old again" xmlUrl="https://old.example/rss"/><outline text="Empty"/></body></opml>"""


def test_import_prints_or_writes_and_export_writes_all_feeds(tmp_path: Path) -> None:
    """Known feeds are omitted, ids are made of names or hosts, and comments in the file are kept."""
    config, opml, exported = tmp_path / "sources.yaml", tmp_path / "in.opml", tmp_path / "out.opml"
    config.write_text(CONFIG, encoding="utf-8")
    opml.write_text(OPML, encoding="utf-8")
    runner = CliRunner()
    printed = runner.invoke(app, ["sources", "import", str(opml), "-c", str(config)])
    assert "  bao-dat:\n    name: Báo Đất\n    feed: https://a.example/rss\n" in printed.stdout
    assert "  b-example:" in printed.stdout
    assert "2 of 4 entries printed, 1 already configured, 1 not taken:\n  Empty: it has no xmlUrl" in printed.stderr
    assert config.read_text(encoding="utf-8") == CONFIG
    assert runner.invoke(app, ["sources", "import", str(opml), "-c", str(config), "--write"]).exit_code == 0
    assert config.read_text(encoding="utf-8").startswith(f"{CONFIG}  bao-dat:\n")
    assert runner.invoke(app, ["sources", "export", str(exported), "-c", str(config)]).exit_code == 0
    assert exported.read_text(encoding="utf-8").count("<outline ") == 3


def test_an_import_is_checked_and_recorded_and_can_be_undone(tmp_path: Path) -> None:
    """A feed that cannot be a source is left out with its reason; an invalid result changes nothing."""
    config, opml = tmp_path / "sources.yaml", tmp_path / "in.opml"
    url = f"sqlite:///{tmp_path}/monitor.db"
    Database.open(url).close()
    text = CONFIG.replace("settings:", f"settings:\n  database: {url}")
    opml.write_text(OPML.replace("Báo Đất", "${HOME}"), encoding="utf-8")
    words = ["sources", "import", str(opml), "-c", str(config), "--write"]
    config.write_text(text + "rules:\n  r: {officials: [nobody]}\n", encoding="utf-8")
    before = config.read_bytes()
    assert isinstance(CliRunner().invoke(app, words).exception, ConfigError)
    assert config.read_bytes() == before
    config.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, words)
    assert "1 of 4 entries added" in result.stderr
    assert "${HOME}: '${HOME}' refers to a secret" in result.stderr
    assert "To undo: monitor undo 1" in result.stderr
    assert "sources.b-example in sources.yaml" in CliRunner().invoke(app, ["feedback", "-c", str(config)]).stdout
    assert CliRunner().invoke(app, ["undo", "1", "-c", str(config)]).exit_code == 0
    assert config.read_text(encoding="utf-8") == text
    missing = CliRunner().invoke(app, ["sources", "import", str(opml), "-c", str(tmp_path / "no.yaml"), "--write"])
    assert "monitor init" in str(missing.exception)


def test_what_was_found_is_written_to_the_file(tmp_path: Path) -> None:
    """As a source of its own, with every other byte kept and a record of the change; never twice."""
    pages = {"/politics.rss": RSS}
    url = f"sqlite:///{tmp_path}/monitor.db"
    text = CONFIG.replace("settings:", f"settings:\n  database: {url}")
    Database.open(url).close()
    code, out, err = run(pages, "/politics.rss", tmp_path, "--write", configuration=text)
    assert (code, err) == (0, "To undo: monitor undo 1\n")
    assert "sources.daily-politics was added" in out
    written = (tmp_path / "sources.yaml").read_text(encoding="utf-8")
    assert written.startswith(text)
    assert 'name: "Daily: politics"' in written
    assert "--pick 2" in run(pages, "/politics.rss", tmp_path, "--write", "--pick", "2", configuration=text)[2]
    configured = text + "  new: {feed: '{}/politics.rss'}\n"
    _code, _out, err = run(pages, "/politics.rss", tmp_path, "--write", configuration=configured)
    assert "configured already, as new" in err
    (tmp_path / "sources.yaml").write_text(written, encoding="utf-8")
    assert CliRunner().invoke(app, ["undo", "1", "-c", str(tmp_path / "sources.yaml")]).exit_code == 0
    assert (tmp_path / "sources.yaml").read_text(encoding="utf-8") == text


def test_a_title_of_a_site_cannot_name_a_secret(tmp_path: Path) -> None:
    """A reference in it would be replaced by a secret of this machine when the file is read."""
    pages = {"/rss": RSS.replace(b"Daily: politics", b"${HOME}")}
    _code, _out, err = run(pages, "/rss", tmp_path, "--write")
    assert "refers to a secret" in err
    assert "HOME" not in (tmp_path / "sources.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("Viet Nam News", (), "viet-nam-news"),
        ("Viet Nam News", ("viet-nam-news",), "viet-nam-news-2"),
        ("新华", (), "h-example"),
    ],
)
def test_source_ids_are_readable_valid_and_unique(name: str, taken: tuple[str, ...], expected: str) -> None:
    """Ids are made of the name, or of the host if the name has no Latin letters."""
    assert make_source_id(name, "https://h.example/x", taken) == expected

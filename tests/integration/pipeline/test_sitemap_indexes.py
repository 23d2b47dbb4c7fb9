"""Sitemap indexes and long documents through the collector, the fetcher and real servers on loopback."""

import asyncio
import tracemalloc
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import urlsplit

import pytest
from support.fakes import FakeClock, InlineProcessPool
from support.http_server import Loopback, on_loop, reply, serving

from monitor.domain.poll_state import SourceState
from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Source, TextOrigin
from monitor.domain.values import replace
from monitor.fetch.client import HttpFetcher
from monitor.pipeline.collect import Collector, PollResult
from monitor.store.database import Database

Site = dict[str, bytes]


def index(*names: str) -> bytes:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{name}</loc></sitemap>' for name in names)}</sitemapindex>".encode()


def urlset(*names: str) -> bytes:
    return f"<urlset>{''.join(f'<url><loc>{name}</loc></url>' for name in names)}</urlset>".encode()


def poll_site(database: Database, *visits: Site, feed: str = "") -> list[tuple[PollResult, list[str]]]:
    """Poll a site once for each of its states; return the results with the paths asked for."""

    async def run() -> list[tuple[PollResult, list[str]]]:
        site: Site = {}

        async def handler(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            writer.write(reply(site[path]) if path in site else reply(status="404 Not Found"))

        async with serving(handler) as server:
            return [await _poll(database, server, site, visit, number, feed) for number, visit in enumerate(visits)]

    return on_loop(run())


async def _poll(
    database: Database, server: Loopback, site: Site, visit: Site, number: int, feed: str
) -> tuple[PollResult, list[str]]:
    site.clear()
    site.update(visit)
    server.asked.clear()
    clock = FakeClock()
    clock.now += timedelta(hours=number)
    source = Source("daily", sitemap=server.url("/index.xml"), text_from=TextOrigin.FEED)
    if feed:
        source = replace(source, sitemap="", feed=server.url(feed))
    database.sources.register([source], clock.now)
    fetcher = HttpFetcher("desk@example.org", [ip_network("127.0.0.0/8")], clock)
    collector = Collector(database, fetcher, InlineProcessPool(), clock, timedelta(days=1))
    (result,) = await collector.run_due({source.id: source}, source_ids={source.id})
    return result, [asked.path for asked in server.asked]


def stored_paths(database: Database) -> set[str]:
    return {urlsplit(one.article.url).path for one in database.queries.list_articles(ArticleFilter(limit=1000))}


def parts(names: Iterable[str]) -> Site:
    return {name: urlset(f"/story{name.removesuffix('.xml')}") for name in names}


def test_an_undated_index_is_read_where_the_new_addresses_are(database: Database) -> None:
    """Of numbered sitemaps both ends are read at first; later the productive ones come before others."""
    names = [f"/part-{n}.xml" for n in range(1, 12)]
    site = {"/index.xml": index(*names), **parts(names)}
    grown = site | {"/part-11.xml": urlset("/story/part-11", "/story/minister")}
    added = grown | {"/part-12.xml": urlset("/story/part-12"), "/index.xml": index(*names, "/part-12.xml")}
    (first, asked), (second, _), (third, later) = poll_site(database, site, grown, added)
    assert asked[1:5] == ["/part-11.xml", "/part-1.xml", "/part-10.xml", "/part-2.xml"]
    assert (first.new_count, second.new_count, third.new_count) == (8, 1, 1)
    assert len(asked) == 9
    assert len(later) == 6
    assert later[1] == "/part-11.xml"
    assert {"/story/minister", "/story/part-12"} <= stored_paths(database)
    (state,) = database.sources.load_poll_states().values()
    assert [url.rpartition("/")[2] for url in state.sitemaps.productive] == ["part-12.xml", "part-11.xml"]


def test_every_sitemap_of_a_short_index_is_read_in_turn_and_productive_ones_each_time(database: Database) -> None:
    """Addresses of an undated sitemap in the middle are found, and from then on at once."""
    names = [f"/{name}.xml" for name in ("ash", "birch", "cedar", "elm", "fir", "hazel", "larch", "oak")]
    site = {"/index.xml": index(*names), **parts(names)}
    grown = site | {"/elm.xml": urlset("/story/elm", "/story/first")}
    again = site | {"/elm.xml": urlset("/story/elm", "/story/first", "/story/second")}
    results = poll_site(database, site, grown, grown, grown, grown, again)
    assert results[0][0].new_count == 8
    assert sum(result.new_count for result, _ in results[1:-1]) == 1
    assert results[-1][0].new_count == 1
    assert max(len(asked) for _, asked in results[1:]) == 6
    assert {"/story/first", "/story/second"} <= stored_paths(database)


def test_a_dated_series_is_read_from_its_newest_month(database: Database) -> None:
    """Months in the addresses tell the order, wherever in the index they stand."""
    names = [f"/map-2026-{month}.xml" for month in range(1, 12)]
    ((result, asked),) = poll_site(database, {"/index.xml": index(*names), **parts(names)})
    assert asked == ["/index.xml", *(f"/map-2026-{month}.xml" for month in range(11, 3, -1))]
    assert result.new_count == 8


def test_an_index_of_indexes_is_followed_two_levels_within_the_limits(database: Database) -> None:
    """The sitemaps of nested indexes are read; at most eight are requested in addition to the index itself."""
    years = [f"/year-{year}.xml" for year in range(2016, 2027)]
    site: Site = {"/index.xml": index(*years)}
    for year in range(2016, 2027):
        months = [f"/map-{year}-{month:02}.xml" for month in range(1, 13)]
        site |= {f"/year-{year}.xml": index(*months), **parts(months)}
    ((result, asked),) = poll_site(database, site)
    assert result.state_after is SourceState.OK
    assert asked[:3] == ["/index.xml", "/year-2026.xml", "/map-2026-12.xml"]
    assert len(asked) == 9
    assert "/story/map-2026-12" in stored_paths(database)


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        ({"/index.xml": index("/gone.xml")}, "404"),
        ({"/index.xml": index("/a.xml"), "/a.xml": b"<html>hello</html>"}, "HTML page"),
        (
            {"/index.xml": index("/a.xml"), "/a.xml": index("/b.xml"), "/b.xml": index("/c.xml")},
            "two levels are read",
        ),
        ({"/index.xml": index("/index.xml", "/a.xml"), "/a.xml": index("/index.xml", "/a.xml")}, ""),
    ],
)
def test_an_index_without_a_readable_sitemap_is_a_failure(database: Database, site: Site, reason: str) -> None:
    """A source without articles is not healthy; indexes that name one another end."""
    ((result, asked),) = poll_site(database, site)
    assert len(asked) <= 4
    if reason:
        assert result.state_after is not SourceState.OK
        assert reason in result.detail


def long_feed(megabytes: int) -> bytes:
    item = "<item><title>Story {n}</title><link>http://daily.example/{n}</link></item>"
    items = "".join(item.format(n=n) for n in range(3))
    comments = f"<!--{' ' * 1_000_000}-->" * megabytes
    return f"<rss version='2.0'><channel><title>D</title>{comments}{items}</channel></rss>".encode()


def test_a_feed_above_the_usual_limit_is_read_again_with_a_higher_one(database: Database) -> None:
    """6 MB are read, 16 MB are not, and the reason names the higher limit; memory holds a few copies of the body."""
    tracemalloc.start()
    ((result, asked),) = poll_site(database, {"/feed": long_feed(6)}, feed="/feed")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (result.state_after, result.entry_count, asked) == (SourceState.OK, 3, ["/feed", "/feed"])
    assert peak < 100_000_000
    ((result, _),) = poll_site(database, {"/feed": long_feed(16)}, feed="/feed")
    assert "longer than 15 MB" in result.detail

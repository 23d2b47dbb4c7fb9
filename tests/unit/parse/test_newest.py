"""Order of entries and sitemaps by age: by dates, else by their addresses."""

import random

import pytest

from monitor.domain.source import Entry, Feed
from monitor.parse.newest import limit_entries, sort_newest_first, sort_sitemaps
from monitor.text.dates import parse_date

SITE = "https://daily.example"


def undated(*paths: str) -> list[tuple[str, None]]:
    return [(f"{SITE}{path}", None) for path in paths]


def paths(urls: list[str], count: int) -> list[str]:
    return [url.removeprefix(SITE) for url in urls[:count]]


@pytest.mark.parametrize(
    ("names", "first"),
    [
        ([f"/map-2026-{month:02}.xml" for month in range(1, 12)], ["/map-2026-11.xml", "/map-2026-10.xml"]),
        ([f"/map-2026-{month}.xml" for month in range(11, 0, -1)], ["/map-2026-11.xml", "/map-2026-10.xml"]),
        ([f"/{year}/{month}/map" for year in (2025, 2026) for month in (1, 12)], ["/2026/12/map", "/2026/1/map"]),
        ([f"/map?d={day:02}-11-2026" for day in range(1, 29)], ["/map?d=28-11-2026", "/map?d=27-11-2026"]),
        (["/may-2026.xml", "/june-2026.xml", "/november-2026.xml"], ["/november-2026.xml", "/june-2026.xml"]),
        (["/m/2026-janvier", "/m/2026-f%C3%A9vrier", "/m/2026-mars"], ["/m/2026-mars", "/m/2026-f%C3%A9vrier"]),
        ([f"/s{n}.xml" for n in range(1, 12)], ["/s11.xml", "/s1.xml", "/s10.xml", "/s2.xml"]),
        ([f"/s{n}.xml" for n in range(11, 0, -1)], ["/s11.xml", "/s1.xml", "/s10.xml", "/s2.xml"]),
        ([f"/s{n}.xml" for n in range(2012341, 2012350)], ["/s2012349.xml", "/s2012341.xml", "/s2012348.xml"]),
        ([f"/map-202611{day:02}.xml" for day in range(1, 12)], ["/map-20261111.xml", "/map-20261110.xml"]),
        (["/a.xml", "/b.xml", "/c.xml", "/d.xml", "/e.xml"], ["/e.xml", "/a.xml", "/d.xml", "/b.xml"]),
        (["/news.xml", *(f"/old-{n}.xml" for n in range(40))], ["/old-39.xml", "/news.xml", "/old-0.xml"]),
        (["/only.xml"], ["/only.xml"]),
        ([], []),
    ],
)
def test_undated_sitemaps_are_read_from_the_newest_end(names: list[str], first: list[str]) -> None:
    """Months and days in addresses decide; otherwise both ends are read in turn, because either may be the newest."""
    assert paths(sort_sitemaps(undated(*names)), len(first)) == first


def test_no_sitemap_is_lost_and_one_date_for_all_is_ignored() -> None:
    """All sitemaps are in the order; two different dates decide it."""
    same = parse_date("2026-03-05")
    names = [f"{SITE}/map-2026-{month:02}.xml" for month in range(1, 12)]
    assert sort_sitemaps([(name, same) for name in names]) == list(reversed(names))
    later = parse_date("2026-03-06")
    assert sort_sitemaps([(names[0], later), *((name, same) for name in names[1:])])[0] == names[0]
    pages = f"{SITE}/pages.xml"
    assert sort_sitemaps([(pages, later), *((name, same) for name in names)])[:3] == [pages, names[-1], names[-2]]
    assert sorted(sort_sitemaps([(name, None) for name in [*names, f"{SITE}/x"]])) == sorted([*names, f"{SITE}/x"])


@pytest.mark.parametrize(
    "template", ["/2026/{day:02}/story-{n}", "/n/{n}", "/story-{n}.html", "/c1000123/a?id={n}", "/{n}-top-of-2026"]
)
@pytest.mark.parametrize("order", ["up", "down", "mixed"])
def test_undated_addresses_are_sorted_by_their_dates_and_numbers(template: str, order: str) -> None:
    """Article numbers and dates in addresses count, whatever the place of the newest entry in the document."""
    entries = [Entry(SITE + template.format(n=n, day=1 + n // 250)) for n in range(1, 2_501)]
    newest = entries[-1]
    if order == "down":
        entries.reverse()
    if order == "mixed":
        random.Random(1).shuffle(entries)
    assert sort_newest_first(entries, is_newest_last=True)[0] == newest
    assert newest in limit_entries(Feed(tuple(entries)), 2_000).entries


def test_without_dates_and_numbers_the_usual_order_decides() -> None:
    """A sitemap has its newest address last, a feed its newest entry first; a number that many share does not count."""
    for template in ("/{}", "/top-10-{}"):
        entries = [Entry(SITE + template.format(word)) for word in ("ash", "birch", "cedar", "date")]
        assert sort_newest_first(entries, is_newest_last=True)[0] == entries[-1]
        assert limit_entries(Feed(tuple(entries)), 2).entries == tuple(entries[:2])


def test_a_feed_keeps_its_newest_entries_in_document_order() -> None:
    """Dates decide before addresses, an entry without a date is older than all others, and the others are counted."""
    entries = [
        Entry(f"{SITE}/{9 - n}", title=str(n), published_at=parse_date(f"2026-03-{n:02}") if n else None)
        for n in range(6)
    ]
    for order, titles in ((entries, ["3", "4", "5"]), (entries[::-1], ["5", "4", "3"])):
        kept = limit_entries(Feed(tuple(order), left_out_count=1), 3)
        assert ([one.title for one in kept.entries], kept.left_out_count) == (titles, 4)


@pytest.mark.parametrize(
    "paths", [["%23"], ["a%23.xml", "b%23.xml"], ["²", "1²"], ["", "#", "#map"], ["%23/7", "%23/8"]]
)
def test_signs_that_look_like_numbers_are_not_counted(paths: list[str]) -> None:
    """An escaped `#` and a superscript in an address do not number a series; every sitemap is kept."""
    urls = [f"{SITE}/{path}" for path in paths]
    assert sorted(sort_sitemaps([(url, None) for url in urls])) == sorted(urls)

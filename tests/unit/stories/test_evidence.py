"""Identity by the evidence of all keys: keys reused for another article, and edits of the same article."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.polled_source import PolledSource, temporary_database

from monitor.domain.source import Entry
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.stories.evidence import Likeness, compare_titles

NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
SITE = "https://harbour.example"
TITLES = (
    "Flood warning issued for the river valley",
    "Minister resigns over audit",
    "Bridge reopened to traffic after repairs",
    "Court orders recount in two districts",
    "Harvest festival draws record crowds",
    "Police seize smuggled timber at border",
    "New hospital wing planned in the capital",
    "Teachers end strike after pay deal",
    "Ferry service suspended in storm",
)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """Open one database for all tests; each polls a source of its own."""
    with temporary_database() as opened:
        yield opened


def article(number: int, **fields: object) -> Entry:
    """Return an entry that has nothing in common with entries of other numbers."""
    entry = Entry(
        url=f"{SITE}/news/{'abcdefghi'[number]}-story",
        guid=f"tag:harbour,{number}",
        title=TITLES[number],
        published_at=NOW + timedelta(minutes=37 * number, seconds=11),
        summary=f"Report of the day on this: {TITLES[number]}. More is to follow in the course of the day.",
    )
    return replace(entry, **fields)  # type: ignore[arg-type]  # fields are checked by the dataclass itself


def polled(database: Database, *entries: Entry) -> PolledSource:
    """Return a source that had these entries in its second poll."""
    source = PolledSource(database, NOW)
    source.poll()
    assert source.poll(*entries) == [entry.title for entry in entries]
    return source


@pytest.mark.parametrize("field", ["guid", "url"])
def test_new_entries_of_one_poll_that_share_a_key_are_all_stored(database: Database, field: str) -> None:
    """NewsBlur 1470, ViennaRSS 452, FreshRSS 5329: in the first poll and later, and each is known afterwards."""
    shared = {field: f"{SITE}/shared"}
    first = [article(number, **shared) for number in range(3)]
    source = polled(database, *first)
    later = [article(number, **shared) for number in (3, 4)]
    assert source.poll(*later) == [TITLES[3], TITLES[4]]
    assert source.poll(*later, *first) == []
    assert source.poll(article(5, **shared)) == [TITLES[5]]


def test_other_items_of_a_feed_with_a_shared_guid_are_known(database: Database) -> None:
    """A repeated guid in an established feed loses neither of its items."""
    old = [article(number) for number in range(4)]
    source = polled(database, *old)
    slipped = [article(number, guid="slipped") for number in (4, 5)]
    assert source.poll(*slipped, *old) == [TITLES[4], TITLES[5]]
    assert source.poll(*slipped, *old) == []


def test_a_guid_that_is_used_again_is_a_new_article(database: Database) -> None:
    """Feedbin 604: URL, title and date differ; afterwards the guid identifies nothing."""
    source = polled(database, article(0, guid="7"))
    assert source.poll(article(1, guid="7")) == [TITLES[1]]
    assert source.poll(article(1, guid="7")) == []
    assert source.poll(article(2, guid="7")) == [TITLES[2]]
    assert source.poll(article(0, guid="7"), article(1, guid="7")) == []


@pytest.mark.parametrize("dated", [True, False])
def test_a_guid_that_is_the_position_in_the_list_loses_nothing(database: Database, dated: bool) -> None:
    """Feedbin 573: each poll shifts the guids by the number of new items."""
    dates = {} if dated else {"published_at": None}
    source = polled(database, *(article(n, guid=str(place), **dates) for place, n in enumerate((1, 0))))
    for newest in range(2, 8):
        window = (newest, newest - 1, newest - 2)
        entries = [article(number, guid=str(place), **dates) for place, number in enumerate(window)]
        assert source.poll(*entries) == [TITLES[newest]]
        assert source.poll(*entries) == []


def test_similar_titles_under_positional_guids_are_separate(database: Database) -> None:
    """The older article is still listed under its own URL, so the similar one is another article."""
    north = article(0, guid="0", title="Flood warning for the north coast")
    source = polled(database, north)
    south = article(1, guid="0", title="Flood warning for the south coast")
    assert source.poll(south, replace(north, guid="1")) == [south.title]


def test_one_filler_guid_in_a_feed_of_one_item_loses_nothing(database: Database) -> None:
    """The guid "N/A" identifies nothing, with and without links."""
    for url in (None, ""):
        given_url = {} if url is None else {"url": url}
        source = polled(database, article(0, guid="N/A", **given_url))
        for number in range(1, 5):
            assert source.poll(article(number, guid="N/A", **given_url)) == [TITLES[number]]
            assert source.poll(article(number, guid="N/A", **given_url)) == []


def test_an_address_that_is_used_again_is_a_new_article(database: Database) -> None:
    """Status page, morning briefing: one URL, and another guid, title and date."""
    source = polled(database, article(0, url=f"{SITE}/live"))
    for number in (1, 2, 3):
        assert source.poll(article(number, url=f"{SITE}/live")) == [TITLES[number]]
        assert source.poll(article(number, url=f"{SITE}/live")) == []


def test_an_address_without_guid_is_used_again_for_the_next_edition(database: Database) -> None:
    """A day later with another title it is the next edition; within hours it is a live page retitled."""
    source = polled(database, article(0, guid="", url=f"{SITE}/briefing"))
    hours_later = NOW + timedelta(hours=3, seconds=7)
    assert source.poll(article(1, guid="", url=f"{SITE}/briefing", published_at=hours_later)) == []
    next_day = NOW + timedelta(hours=24, seconds=7)
    assert source.poll(article(2, guid="", url=f"{SITE}/briefing", published_at=next_day)) == [TITLES[2]]


@pytest.mark.parametrize("guid", ["", "link"])
def test_anchors_on_one_page_are_separate_articles(database: Database, guid: str) -> None:
    """FreshRSS 6474: in one poll and one at a time, dated or not."""

    def post(number: int) -> Entry:
        url = f"{SITE}/live#post-{number}"
        return article(number, url=url, guid=url if guid else "", published_at=None)

    source = polled(database, post(0), post(1))
    assert source.poll(post(2), post(1), post(0)) == [TITLES[2]]
    assert source.poll(post(3)) == [TITLES[3]]
    assert source.poll(post(3), post(2), post(1), post(0)) == []


def test_a_guid_that_is_the_address_with_another_fragment_is_compared_by_title(database: Database) -> None:
    """A large broadcaster counts the versions of an article in the fragment of its guid."""
    url = f"{SITE}/news/articles/c1"
    first = article(0, url=url, guid=f"{url}#0", title="Minister quits over audit of port")
    source = polled(database, first)
    edited = replace(first, guid=f"{url}#1", title="Minister quits after audit of port", published_at=NOW)
    assert source.poll(edited) == []
    assert source.poll(article(3, url=url, guid=f"{url}#2")) == [TITLES[3]]


@pytest.mark.parametrize("fragment", ["xtor=RSS-3", "top", "ref=rss&id=4"])
def test_fragments_of_campaigns_are_ignored(database: Database, fragment: str) -> None:
    """The article is the same with and without them."""
    source = polled(database, article(0, guid=""))
    assert source.poll(article(0, guid="", url=f"{article(0).url}#{fragment}", title="Another headline")) == []


def test_a_section_number_and_a_day_do_not_identify_an_article(database: Database) -> None:
    """The two articles are of one section and one day, one in each poll."""
    midnight = datetime(2026, 3, 5, tzinfo=UTC)
    one, two = (
        article(n, guid="", url=f"{SITE}:10443/c1000123/{TITLES[n].split()[0]}", published_at=midnight) for n in (0, 1)
    )
    source = polled(database, one)
    assert source.poll(two) == [two.title]


@pytest.mark.parametrize("guids", [False, True])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_small_undated_lists_with_a_token_in_the_url_are_reported_once(
    database: Database, count: int, guids: bool
) -> None:
    """node-rss 62: the token changes with each poll."""

    def listed(numbers: range, poll: int) -> list[Entry]:
        urls = {number: f"{SITE}/p?id={number}&t={poll}{number}x" for number in numbers}
        return [Entry(url, f"{url}&rss" if guids else "", title=TITLES[number]) for number, url in urls.items()]

    source = polled(database, *listed(range(count), 0))
    for poll in range(1, 4):
        assert source.poll(*listed(range(count), poll)) == []
    newest = TITLES[count]
    assert source.poll(*listed(range(1, count + 1), 5)) == [newest]
    assert source.plan is not None
    assert not source.plan.has_gap


def test_a_recurring_title_with_the_next_id_is_a_new_article(database: Database) -> None:
    """The parameter that distinguishes the articles of the list is not a token."""

    def priced(*numbers: int) -> list[Entry]:
        return [Entry(f"{SITE}/p?id={number}", title=("Gold", "Silver")[number % 2]) for number in numbers]

    source = polled(database, *priced(5, 4))
    assert source.poll(*priced(6, 7)) == ["Gold", "Silver"]


@pytest.mark.parametrize("spread", [0, 1])
def test_items_with_the_time_of_the_build_are_reported_without_a_date(database: Database, spread: int) -> None:
    """All thirty items have the time of the request, or a second later; twelve are new."""
    source = PolledSource(database, NOW)
    source.poll()

    def built(numbers: range) -> list[Entry]:
        stamp = source.now - timedelta(seconds=13)
        return [
            Entry(f"{SITE}/k/{n}", f"k{n}", f"Report {n}", stamp + timedelta(seconds=n % 2 * spread)) for n in numbers
        ]

    source.poll(*built(range(30)))
    assert len(source.poll(*built(range(12, 42)))) == 12
    assert source.plan is not None
    assert {one.entry.published_at for one in source.plan.new_entries} == {None}


def test_empty_entries_are_counted_and_not_stored(database: Database) -> None:
    """An empty item nested in another is not an article."""
    source = polled(database, article(0))
    assert source.poll(article(0), Entry(url=""), Entry(url="", guid="x", published_at=NOW), article(1)) == [TITLES[1]]
    assert source.plan is not None
    assert source.plan.poll_state.counts.empty == 2


@pytest.mark.parametrize("field", ["guid", "url"])
def test_posts_without_titles_that_share_a_key_are_separate(database: Database, field: str) -> None:
    """Posts of a channel with own guids and one link, or the reverse: in one poll and one at a time, undated."""
    posts = [article(n, title="", published_at=None, **{field: f"{SITE}/channel"}) for n in range(5)]
    source = PolledSource(database, NOW)
    source.poll()
    new = []
    for window in (posts[:2], posts[2:3], posts[3:4], posts):
        source.poll(*window)
        assert source.plan is not None
        new += [one.entry for one in source.plan.new_entries]
    assert new == posts


def test_editions_of_one_title_that_share_guid_and_url_are_separate(database: Database) -> None:
    """A filler guid, one page and one title, but other days and texts; without another text they are one item."""
    one_page = {"guid": "N/A", "url": f"{SITE}/weather", "title": "Weather"}
    days = [replace(article(n, **one_page), published_at=NOW - timedelta(hours=20 * n, seconds=7)) for n in range(3)]
    source = PolledSource(database, NOW)
    source.poll()
    source.poll(*days)
    assert source.stored_count == 3
    source.poll(*days)
    assert source.stored_count == 0
    same = PolledSource(database, NOW)
    same.poll()
    same.poll(*(replace(day, summary="Rain.") for day in days))
    assert same.stored_count == 1


def test_a_deleted_article_is_recognised_by_its_guid(database: Database) -> None:
    """Only its keys are left to compare, so the guid decides."""
    source = polled(database, article(0))
    with source.database._connections.write_transaction() as connection:
        connection.exec_driver_sql("DELETE FROM article WHERE source_id = ?", (source.source.id,))
    assert source.poll(article(0, url=f"{SITE}/elsewhere", title="Another", published_at=NOW)) == []


@given(
    st.sampled_from(["guid", "url", "title", "published_at", "summary"]),
    st.permutations(range(4)),
    st.booleans(),
)
def test_one_change_of_an_article_does_not_make_a_new_one(
    database: Database, field: str, order: list[int], without_guid: bool
) -> None:
    """Whatever single thing changes in one or all of the articles, none of them is new."""
    fields: dict[str, object] = {"guid": ""} if without_guid else {}
    assume(not (without_guid and field == "guid"))
    before = [article(number, **fields) for number in range(4)]
    source = polled(database, *before)
    others = [article(number + 4, **fields) for number in range(4)]
    changed = [replace(before[n], **{field: getattr(others[n], field)}) for n in order]
    mixed = [changed[0], *(before[n] for n in order[1:])]
    assert source.poll(*mixed) == []
    assert source.poll(*changed) == []
    assert source.poll(*before) == []


@given(
    st.sampled_from(["guid", "url"]),
    st.lists(st.integers(0, 8), min_size=2, max_size=7, unique=True),
    st.integers(1, 4),
    st.booleans(),
)
def test_a_shared_or_reused_key_loses_no_article(
    database: Database, field: str, numbers: list[int], per_poll: int, dated: bool
) -> None:
    """However the entries with one guid or URL are spread over polls, each is reported once."""
    fields: dict[str, object] = {field: f"{SITE}/same"} | ({} if dated else {"published_at": None})
    entries = [article(number, **fields) for number in numbers]
    source = PolledSource(database, NOW)
    source.poll()
    reported = []
    for start in range(0, len(entries), per_poll):
        window = entries[start : start + per_poll]
        reported += source.poll(*window)
        assert source.poll(*window) == []
    assert sorted(reported) == sorted(entry.title for entry in entries)
    assert source.poll(*entries) == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("Minister resigns", "MINISTER  resigns", Likeness.EQUAL),
        ("Minister resigns over audit", "Minister resigned over audit, sources say", Likeness.EDITED),
        ("At least 3 dead in flood", "At least 5 dead in flood", Likeness.RENUMBERED),
        ("Report 31 of the day", "Report 32 of the day", Likeness.RENUMBERED),
        ("Flood warning issued", "Minister resigns over audit", Likeness.OTHER),
        ("Weather", "Traffic", Likeness.OTHER),
        ("Weather", "", Likeness.UNKNOWN),
        ("国防部长访问老挝", "国防部长抵达老挝访问", Likeness.EDITED),
        ("国防部长访问老挝", "洪水警报发布", Likeness.OTHER),
        ("รัฐมนตรีลาออกหลังการตรวจสอบ", "รัฐมนตรีลาออกหลังตรวจสอบ", Likeness.EDITED),
        ("Bộ trưởng từ chức", "Bộ trưởng đã từ chức", Likeness.EDITED),
    ],
)
def test_titles_are_compared_by_their_words(first: str, second: str, expected: Likeness) -> None:
    """Case and spaces do not count, and numbers count on their own."""
    assert compare_titles(first, second) is expected
    assert compare_titles(second, first) is expected

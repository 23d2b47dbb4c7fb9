"""Entry identity; each case names the issue of another feed reader that it covers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.polled_source import PolledSource, temporary_database

from monitor.domain.source import Entry, Feed
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.stories.identity import assign_entry_keys

NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
HOME = "https://daily.example/"
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """Open one database for all tests; each polls a source of its own."""
    with temporary_database() as opened:
        yield opened


def item(number: int, **fields: object) -> Entry:
    """Make one of many ordinary entries, a minute apart, the first half an hour after the first poll."""
    entry = Entry(
        url=f"https://daily.example/politics/{number}-headline.html",
        guid=f"tag:daily,{number}",
        title=f"Headline {number}",
        published_at=NOW + timedelta(minutes=30 + number, seconds=number),
        summary=f"What happened as number {number}, told in a sentence that is long enough to speak for itself.",
    )
    return replace(entry, **fields)  # type: ignore[arg-type] # fields are checked by the dataclass itself


def polled_once(database: Database, *entries: Entry) -> PolledSource:
    """Return a source that has been polled before with these entries."""
    source = PolledSource(database, NOW)
    source.poll()
    source.poll(*entries)
    return source


def test_a_retitled_and_corrected_article_is_known(database: Database) -> None:
    """Miniflux 797: a fixed typo or a changed headline does not make a new article."""
    source = polled_once(database, item(1), item(2))
    assert source.poll(item(1, title="Headline one, corrected", summary="Another text."), item(2)) == []


def test_a_headline_in_guid_and_url_may_change(database: Database) -> None:
    """Miniflux 2358: guid and URL both contain the headline and change with it."""
    first = item(1, guid="https://daily.example/10523-old.html", url="https://daily.example/10523-old.html")
    edited = replace(first, guid="https://daily.example/10523-new.html", url="https://daily.example/10523-new.html")
    source = polled_once(database, first, item(2))
    assert source.poll(replace(edited, title="New headline"), item(2)) == []
    assert source.poll(replace(edited, title="Third headline"), item(2)) == []


def test_a_new_guid_at_the_same_url_is_known(database: Database) -> None:
    """Miniflux 3120: the permanent URL is unchanged."""
    source = polled_once(database, item(1), item(2))
    assert source.poll(item(1, guid="tag:daily,1,edited", title="Another headline"), item(2)) == []


def test_items_that_alternate_between_two_domains_are_known(database: Database) -> None:
    """Miniflux 458: for an hour every URL and guid has another host."""
    there = [item(n, guid="", url=f"https://www2.mirror.example/p/{n}") for n in range(4)]
    here = [item(n, guid="", url=f"https://daily.example/p/{n}") for n in range(4)]
    source = polled_once(database, *here)
    for _ in range(3):
        assert source.poll(*there) == []
        assert source.poll(*here) == []


def test_one_guid_for_all_entries_is_ignored(database: Database) -> None:
    """Miniflux 4197: nine of ten articles were lost."""
    items = [item(n, guid="1") for n in range(10)]
    source = polled_once(database, *items[:4])
    assert source.poll(*items[2:6]) == ["Headline 4", "Headline 5"]
    assert source.poll(items[7]) == ["Headline 7"]
    assert source.poll(items[7], items[8]) == ["Headline 8"]
    assert source.poll(*items[2:9]) == ["Headline 6"]


def test_one_link_for_all_entries_is_ignored(database: Database) -> None:
    """FreshRSS 4485: all items link to one page, with or without guids; none may be lost."""
    for guid in ("tag:{}", ""):
        items = [item(n, guid=guid.format(n), url="https://daily.example/bulletin") for n in range(6)]
        source = polled_once(database, *items[:3])
        assert source.poll(*items[:4]) == ["Headline 3"]
        assert source.poll(items[4]) == ["Headline 4"]
        assert source.poll(items[5]) == ["Headline 5"]
        assert source.poll(*items) == []


def test_links_to_the_front_page_are_ignored(database: Database) -> None:
    """FreshRSS 4485: the front page does not identify an article."""
    items = [item(n, guid="", url=HOME) for n in range(3)]
    source = polled_once(database, items[0])
    assert source.poll(items[1]) == ["Headline 1"]
    assert source.poll(items[2]) == ["Headline 2"]
    assert source.poll(*items) == []


def test_changing_guid_policies_report_nothing_twice(database: Database) -> None:
    """FreshRSS 5909: valid guids, then one for all, then valid ones again."""
    good = [item(n) for n in range(5)]
    bad = [item(n, guid="x") for n in range(5)]
    source = polled_once(database, *good)
    for feed in (bad, good, bad, good):
        assert source.poll(*feed) == []
    assert source.poll(*good, item(5)) == ["Headline 5"]


def test_a_changing_footer_is_not_a_new_article(database: Database) -> None:
    """FreshRSS 1840: another footer in each text is not a new article, even without a guid."""
    source = polled_once(database, item(1, guid="", content="text fingerprint 1"))
    for number in range(5):
        assert source.poll(item(1, guid="", content=f"text fingerprint {number}")) == []


def test_a_fixed_typo_in_the_text_is_not_a_new_article(database: Database) -> None:
    """taranis-ai 120: a corrected text keeps its identity."""
    source = polled_once(database, item(1, guid=""))
    assert source.poll(item(1, guid="", summary="What hapened, told in a sentence that is long enough to speak.")) == []


def test_repeated_items_are_one_article_in_any_order(database: Database) -> None:
    """Reader 340: the same item twice in one document, in either order, is always one article."""
    second_item = item(1, guid="tag:daily,1b")
    source = polled_once(database, item(1), second_item)
    assert source.plan is not None
    assert source.plan.poll_state.counts.merged == 1
    for feed in ((second_item, item(1)), (item(1),), (second_item,), (item(1), second_item)):
        assert source.poll(*feed) == []
        assert source.plan.alias_entries == ()


def test_equal_titles_alone_are_not_one_article(database: Database) -> None:
    """Reader 371: two items with the same title are two articles."""
    source = polled_once(database, item(1, title="Weather"))
    assert source.poll(item(1, title="Weather"), item(2, title="Weather")) == ["Weather"]


def test_changing_all_ids_at_once_reports_nothing(database: Database) -> None:
    """Reader 322: every guid and URL is new, the texts are unchanged, even with new dates."""
    old = [item(n) for n in range(12)]
    made_anew = [
        replace(one, guid=f"urn:new:{n}", url=f"https://new.example/{n}", published_at=None)
        for n, one in enumerate(old)
    ]
    source = polled_once(database, *old)
    assert source.poll(*made_anew, item(50)) == ["Headline 50"]
    assert source.plan is not None
    assert "12 known under other URLs" in source.plan.note
    assert source.poll(*made_anew, item(50)) == []
    redated = polled_once(database, *old)
    stamp = redated.now + timedelta(minutes=20)
    assert redated.poll(*(replace(one, published_at=stamp) for one in made_anew)) == []


def test_many_old_items_are_quarantined(database: Database) -> None:
    """FreshRSS 5490: a feed suddenly has items of past years; one line reports it, and real news is alerted."""
    source = polled_once(database, *(item(n) for n in range(5)))
    old = [item(100 + n, published_at=NOW - timedelta(days=400 + n)) for n in range(300)]
    assert source.poll(*old, item(7)) == ["Headline 7"]
    assert source.plan is not None
    assert source.plan.note.count("\n") == 0
    assert "300 published before the source was watched" in source.plan.note


def test_many_old_items_from_after_the_first_poll_are_quarantined(database: Database) -> None:
    """Items that earlier polls should have contained appear in large numbers."""
    source = polled_once(database, *(item(n) for n in range(5)))
    source.poll(item(6), after=timedelta(days=90))
    mass = [item(100 + n, published_at=NOW + timedelta(days=n)) for n in range(60)]
    news = source.poll(*mass, item(7, published_at=source.now))
    assert news == ["Headline 7"]
    assert source.plan is not None
    assert "one of many old articles" in source.plan.note
    assert sum(bool(one.quarantine_reason) for one in source.plan.new_entries) == 60


def test_an_older_item_that_replaces_a_deleted_one_is_not_alerted(database: Database) -> None:
    """matrix-hookshot 768: one item is deleted, and one older than all known items appears."""
    source = polled_once(database, *(item(n) for n in range(5)))
    assert source.poll(*(item(n) for n in range(1, 5)), item(99, published_at=NOW - timedelta(days=9))) == []


def test_the_first_item_of_an_empty_feed_is_news(database: Database) -> None:
    """Hookshot 893: it is news, not part of the first poll."""
    source = PolledSource(database, NOW)
    assert source.poll() == []
    assert source.poll(item(1, published_at=None), after=timedelta(days=3)) == ["Headline 1"]


def test_a_late_item_is_news(database: Database) -> None:
    """Simstudioai 7792: an item dated before the last poll but not seen before is news."""
    source = polled_once(database, *(item(n) for n in range(5)))
    source.poll(item(6), after=timedelta(days=30))
    assert source.poll(item(8, published_at=NOW + timedelta(days=3))) == ["Headline 8"]


def test_the_first_poll_alerts_only_recent_items(database: Database) -> None:
    """Feeder 660: older items are stored as seen; items of the last day are shown, so that a first run has a result."""
    source = PolledSource(database, NOW)
    catalogue = [item(n, published_at=NOW - timedelta(hours=5 * n)) for n in range(400)]
    assert source.poll(*catalogue) == [f"Headline {n}" for n in range(5)]
    assert source.plan is not None
    assert len(source.plan.new_entries) == 400
    assert not any(one.quarantine_reason for one in source.plan.new_entries)
    assert source.poll(*catalogue) == []


def test_impossible_dates_are_ignored(database: Database) -> None:
    """Miniflux 2971: a date in the future or in year one never keeps an item at the top."""
    source = polled_once(database, *(item(n) for n in range(3)))
    odd = [
        item(10, published_at=datetime(2199, 1, 1, tzinfo=UTC)),
        item(11, published_at=datetime(1, 1, 1, tzinfo=UTC)),
    ]
    assert source.poll(*odd) == ["Headline 10", "Headline 11"]
    assert source.plan is not None
    assert [one.entry.published_at for one in source.plan.new_entries] == [None, None]
    first = PolledSource(database, NOW)
    assert first.poll(*odd, item(1)) == ["Headline 10", "Headline 11", "Headline 1"]  # as if they had no date


def test_a_feed_with_new_dates_reports_nothing(database: Database) -> None:
    """Every known item has the time of the request as its date."""
    source = polled_once(database, *(item(n) for n in range(20)))
    for _ in range(3):
        assert source.poll(*(item(n, published_at=source.now) for n in range(20))) == []


def test_a_feed_that_moved_to_another_domain_reports_nothing(database: Database) -> None:
    """URLs and guids are new, and the feed contains more old items than before."""
    source = polled_once(database, *(item(n) for n in range(20)))
    source.poll(*(item(n) for n in range(20)), after=timedelta(days=20))
    moved = [
        item(n, guid=f"new{n}", url=f"https://moved.example/{n}", published_at=item(n).published_at) for n in range(20)
    ]
    past = [item(200 + n, published_at=NOW - timedelta(days=n)) for n in range(30)]
    assert source.poll(*moved, *past, item(70, published_at=source.now)) == ["Headline 70"]


def test_url_variants_are_one_article(database: Database) -> None:
    """The same URL over http, with www and with campaign parameters is known."""
    plain = item(1, guid="", published_at=None)
    source = polled_once(database, plain)
    for url in ("http://daily.example", "https://www.daily.example", "https://DAILY.example"):
        assert source.poll(replace(plain, url=f"{url}/politics/1-headline.html?utm_source=rss", title="x")) == []


def test_recurring_titles_are_news_every_day(database: Database) -> None:
    """A column with one title and one summary is a new article each day, even in a whole document of them."""
    source = polled_once(database, *(item(n, title=f"Gold {n % 3}", summary="Prices.") for n in range(3)))
    for day in range(1, 4):
        today = [
            item(n + 10 * day, title=f"Gold {n}", summary="Prices.", published_at=NOW + timedelta(days=day, minutes=n))
            for n in range(3)
        ]
        assert len(source.poll(*today, after=DAY)) == 3


def test_dates_in_urls_are_not_article_numbers(database: Database) -> None:
    """Two items of one day in a folder with the date are two articles."""
    midnight = datetime(2026, 3, 5, 17, tzinfo=UTC)
    one, two = (
        item(n, guid="", url=f"https://daily.example/20260306/story-{n}", published_at=midnight) for n in (1, 2)
    )
    source = polled_once(database, one)
    assert source.poll(one, two, after=DAY) == ["Headline 2"]


def test_an_entry_with_only_text_is_identified_by_it(database: Database) -> None:
    """Without guid and URL the hash of title and text is the key; the title may be missing too."""
    source = polled_once(database, Entry(url="", title="Notice", summary="a"), Entry(url="", summary="b"))
    assert source.poll(Entry(url="", title="Notice", summary="a"), Entry(url="", summary="b")) == []
    assert source.poll(Entry(url="", summary="c")) == [""]


@given(st.permutations(range(6)), st.integers(0, 3))
def test_order_in_the_document_does_not_matter(order: list[int], shared: int) -> None:
    """An entry has the same keys in any order, however many entries share a guid."""
    entries = [item(n, guid="same" if n < shared else f"g{n}") for n in range(6)]
    straight = {one.entry: one for one in assign_entry_keys(Feed(tuple(entries)))}
    mixed = {one.entry: one for one in assign_entry_keys(Feed(tuple(entries[n] for n in order)))}
    assert straight == mixed


@given(
    st.lists(
        st.builds(
            Entry,
            url=st.sampled_from(["", "https://a.example/1", "https://a.example/2", "https://a.example", "x:y"]),
            guid=st.sampled_from(["", "1", "2", "https://a.example/1"]),
            title=st.sampled_from(["", "A", "B"]),
            summary=st.sampled_from(["", "x", "y" * 80]),
            published_at=st.sampled_from([None, NOW, NOW + timedelta(seconds=61), datetime(1, 1, 1, tzinfo=UTC)]),
        ),
        max_size=7,
    )
)
def test_a_document_parsed_twice_has_nothing_new(database: Database, entries: list[Entry]) -> None:
    """Whatever keys collide, every entry is known in the second poll."""
    source = PolledSource(database, NOW)
    source.poll()
    source.poll(*entries)
    assert source.poll(*entries) == []
    assert source.plan is not None
    assert source.plan.new_entries == ()

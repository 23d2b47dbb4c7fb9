"""What makes an entry the same article; each case bears the name of the complaint it answers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.poll_state import PollState
from monitor.domain.source import Entry, Feed
from monitor.stories.identity import assign_entry_keys, collect_lookup_keys
from monitor.stories.novelty import PollNovelty, classify_entries

NOW = datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOME = "https://daily.example/"


class Desk:
    """A source polled again and again, with the store's promise about keys: any known key, and it is known."""

    def __init__(self) -> None:
        self.known: set[str] = set()
        self.memory = PollState("daily")
        self.now = NOW
        self.verdict: PollNovelty | None = None

    def poll(self, *entries: Entry, after: timedelta = timedelta(minutes=30)) -> list[str]:
        """Poll a document; return the titles that are news."""
        self.now += after
        identified = assign_entry_keys(Feed(entries, url=HOME))
        verdict = classify_entries(identified, collect_lookup_keys(identified) & self.known, self.memory, DAY, self.now)
        for one in verdict.aliases:
            assert set(one.keys) & self.known, "a learned entry holds a known key"
        for one in verdict.new:
            assert one.keys, "a fresh article has a key"
            assert not set(one.keys) & self.known, "a fresh article holds no known key"
        for one in (*verdict.new, *verdict.aliases):
            self.known |= set(one.keys)
        self.memory = replace(self.memory, baseline_at=verdict.baseline_at, last_success_at=self.now)
        self.verdict = verdict
        return [one.entry.title for one in verdict.new if one.is_alertable]


def item(number: int, **fields: object) -> Entry:
    """Make one of many ordinary entries, a minute apart, told half an hour after the desk opens."""
    entry = Entry(
        url=f"https://daily.example/politics/{number}-headline.html",
        guid=f"tag:daily,{number}",
        title=f"Headline {number}",
        published_at=NOW + timedelta(minutes=30 + number, seconds=number),
        summary=f"What happened as number {number}, told in a sentence that is long enough to speak for itself.",
    )
    return replace(entry, **fields)  # type: ignore[arg-type] # fields are checked by the dataclass itself


def opened(*entries: Entry) -> Desk:
    """Return a desk that has read its source before."""
    desk = Desk()
    desk.poll()
    desk.poll(*entries)
    return desk


def test_2a_1_a_retitled_and_corrected_article_is_known() -> None:
    """Miniflux 797: a typo mended, a headline sharpened: the same article."""
    desk = opened(item(1), item(2))
    assert desk.poll(item(1, title="Headline one, corrected", summary="Another text."), item(2)) == []


def test_2a_2_headline_in_the_guid() -> None:
    """Miniflux 2358: guid and address both hold the headline, and both change with it."""
    first = item(1, guid="https://daily.example/10523-old.html", url="https://daily.example/10523-old.html")
    edited = replace(first, guid="https://daily.example/10523-new.html", url="https://daily.example/10523-new.html")
    desk = opened(first, item(2))
    assert desk.poll(replace(edited, title="New headline"), item(2)) == []
    assert desk.poll(replace(edited, title="Third headline"), item(2)) == []


def test_2a_3_headline_change_makes_a_new_guid_at_the_same_address() -> None:
    """Miniflux 3120: the permanent address stays."""
    desk = opened(item(1), item(2))
    assert desk.poll(item(1, guid="tag:daily,1,edited", title="Another headline"), item(2)) == []


def test_2a_4_items_flip_between_two_domains() -> None:
    """Miniflux 458: for an hour every address and guid names another host."""
    there = [item(n, guid="", url=f"https://www2.mirror.example/p/{n}") for n in range(4)]
    here = [item(n, guid="", url=f"https://daily.example/p/{n}") for n in range(4)]
    desk = opened(*here)
    for _ in range(3):
        assert desk.poll(*there) == []
        assert desk.poll(*here) == []


def test_2a_5_one_guid_for_all() -> None:
    """Miniflux 4197: nine of ten articles were lost."""
    items = [item(n, guid="1") for n in range(10)]
    desk = opened(*items[:4])
    assert desk.poll(*items[2:6]) == ["Headline 4", "Headline 5"]
    assert desk.poll(items[7]) == ["Headline 7"]
    assert desk.poll(items[7], items[8]) == ["Headline 8"]
    assert desk.poll(*items[2:9]) == ["Headline 6"]


def test_2a_6_links_repeat() -> None:
    """FreshRSS 4485: all items link to one page, with guids or without; the newest must not be swallowed."""
    for guid in ("tag:{}", ""):
        items = [item(n, guid=guid.format(n), url="https://daily.example/bulletin") for n in range(6)]
        desk = opened(*items[:3])
        assert desk.poll(*items[:4]) == ["Headline 3"]
        assert desk.poll(items[4]) == ["Headline 4"]
        assert desk.poll(items[5]) == ["Headline 5"]
        assert desk.poll(*items) == []


def test_2a_6_links_to_the_front_page() -> None:
    """FreshRSS 4485: the front page is nobody's address."""
    items = [item(n, guid="", url=HOME) for n in range(3)]
    desk = opened(items[0])
    assert desk.poll(items[1]) == ["Headline 1"]
    assert desk.poll(items[2]) == ["Headline 2"]
    assert desk.poll(*items) == []


def test_2a_7_guid_policy_flips() -> None:
    """FreshRSS 5909: good guids, then one for all, then good ones again: nothing is told twice."""
    good = [item(n) for n in range(5)]
    bad = [item(n, guid="x") for n in range(5)]
    desk = opened(*good)
    for feed in (bad, good, bad, good):
        assert desk.poll(*feed) == []
    assert desk.poll(*good, item(5)) == ["Headline 5"]


def test_2a_8_a_changing_footer() -> None:
    """FreshRSS 1840: a new fingerprint in each text is no new article, not even without a guid."""
    desk = opened(item(1, guid="", content="text fingerprint 1"))
    for number in range(5):
        assert desk.poll(item(1, guid="", content=f"text fingerprint {number}")) == []


def test_2a_10_a_typo_fix() -> None:
    """taranis-ai 120: a corrected text keeps its identity."""
    desk = opened(item(1, guid=""))
    assert desk.poll(item(1, guid="", summary="What hapened, told in a sentence that is long enough to speak.")) == []


def test_2a_11_duplicates_do_not_flip_flop() -> None:
    """Reader 340: the same item twice in one document, in either order, is one article, for ever."""
    twin = item(1, guid="tag:daily,1b")
    desk = opened(item(1), twin)
    assert desk.verdict is not None
    before = len(desk.known)
    for feed in ((twin, item(1)), (item(1),), (twin,), (item(1), twin)):
        assert desk.poll(*feed) == []
    assert len(desk.known) == before


def test_2a_11_title_alone_is_not_enough() -> None:
    """Reader 371: two items of one title are two articles."""
    desk = opened(item(1, title="Weather"))
    assert desk.poll(item(1, title="Weather"), item(2, title="Weather")) == ["Weather"]


def test_2a_11_all_ids_change_at_once() -> None:
    """Reader 322: every guid and address is new, the texts are the old ones, with the new dates even."""
    old = [item(n) for n in range(12)]
    made_anew = [
        replace(one, guid=f"urn:new:{n}", url=f"https://new.example/{n}", published_at=None)
        for n, one in enumerate(old)
    ]
    desk = opened(*old)
    assert desk.poll(*made_anew, item(50)) == ["Headline 50"]
    assert desk.verdict is not None
    assert "12 known under other addresses" in desk.verdict.summary
    assert desk.poll(*made_anew, item(50)) == []
    redated = opened(*old)
    stamp = redated.now + timedelta(minutes=20)
    assert redated.poll(*(replace(one, published_at=stamp) for one in made_anew)) == []


def test_2d_32_old_items_dug_up() -> None:
    """FreshRSS 5490: a feed suddenly delivers items of past years; one line says so, and real news pass."""
    desk = opened(*(item(n) for n in range(5)))
    old = [item(100 + n, published_at=NOW - timedelta(days=400 + n)) for n in range(300)]
    assert desk.poll(*old, item(7)) == ["Headline 7"]
    assert desk.verdict is not None
    assert desk.verdict.summary.count("\n") == 0
    assert "300 published before the source was watched" in desk.verdict.summary


def test_2d_32_an_archive_from_after_the_baseline() -> None:
    """Items that a source we have read for months should have shown long ago come in a mass: held back."""
    desk = opened(*(item(n) for n in range(5)))
    desk.poll(item(6), after=timedelta(days=90))
    mass = [item(100 + n, published_at=NOW + timedelta(days=n)) for n in range(60)]
    news = desk.poll(*mass, item(7, published_at=desk.now))
    assert news == ["Headline 7"]
    assert desk.verdict is not None
    assert "one of many old articles" in desk.verdict.summary
    assert sum(bool(one.quarantine_reason) for one in desk.verdict.new) == 60


def test_2d_33_an_old_item_slides_into_the_window() -> None:
    """matrix-hookshot 768: one item is deleted, and one older than all we have seen appears."""
    desk = opened(*(item(n) for n in range(5)))
    assert desk.poll(*(item(n) for n in range(1, 5)), item(99, published_at=NOW - timedelta(days=9))) == []


def test_2d_34_the_first_item_of_a_once_empty_feed() -> None:
    """Hookshot 893: it is news, not part of the first poll."""
    desk = Desk()
    assert desk.poll() == []
    assert desk.poll(item(1, published_at=None), after=timedelta(days=3)) == ["Headline 1"]


def test_2d_34_a_late_published_item() -> None:
    """Simstudioai 7792: an item dated before the last poll but never seen is news."""
    desk = opened(*(item(n) for n in range(5)))
    desk.poll(item(6), after=timedelta(days=30))
    assert desk.poll(item(8, published_at=NOW + timedelta(days=3))) == ["Headline 8"]


def test_2d_35_the_first_poll_of_a_long_feed() -> None:
    """Feeder 660: the back catalogue is stored as seen; what is a day old is shown, so that a first run shows it."""
    desk = Desk()
    catalogue = [item(n, published_at=NOW - timedelta(hours=5 * n)) for n in range(400)]
    assert desk.poll(*catalogue) == [f"Headline {n}" for n in range(5)]
    assert desk.verdict is not None
    assert len(desk.verdict.new) == 400
    assert not any(one.quarantine_reason for one in desk.verdict.new)
    assert desk.poll(*catalogue) == []


def test_2d_36_dates_of_the_future_and_of_year_one() -> None:
    """Miniflux 2971: a date that cannot be true is no date, and never pins an item to the top."""
    desk = opened(*(item(n) for n in range(3)))
    odd = [
        item(10, published_at=datetime(2199, 1, 1, tzinfo=UTC)),
        item(11, published_at=datetime(1, 1, 1, tzinfo=UTC)),
    ]
    assert desk.poll(*odd) == ["Headline 10", "Headline 11"]
    assert desk.verdict is not None
    assert [one.entry.published_at for one in desk.verdict.new] == [None, None]
    first = Desk()
    assert first.poll(*odd, item(1)) == ["Headline 1"]


def test_a_redated_feed_tells_nothing() -> None:
    """Every known item carries the time of this very fetch: all are known."""
    desk = opened(*(item(n) for n in range(20)))
    for _ in range(3):
        assert desk.poll(*(item(n, published_at=desk.now) for n in range(20))) == []


def test_a_feed_that_moved() -> None:
    """The feed moves to another domain, new addresses and guids, and shows more of its past than before."""
    desk = opened(*(item(n) for n in range(20)))
    desk.poll(*(item(n) for n in range(20)), after=timedelta(days=20))
    moved = [
        item(n, guid=f"new{n}", url=f"https://moved.example/{n}", published_at=item(n).published_at) for n in range(20)
    ]
    past = [item(200 + n, published_at=NOW - timedelta(days=n)) for n in range(30)]
    assert desk.poll(*moved, *past, item(70, published_at=desk.now)) == ["Headline 70"]


def test_a_tracking_parameter_is_no_new_address() -> None:
    """The same address over http, with www and with campaign parameters."""
    plain = item(1, guid="", published_at=None)
    desk = opened(plain)
    for url in ("http://daily.example", "https://www.daily.example", "https://DAILY.example"):
        assert desk.poll(replace(plain, url=f"{url}/politics/1-headline.html?utm_source=rss", title="x")) == []


def test_recurring_titles_are_news_every_day() -> None:
    """A column of one title and one blurb is a new article each day, even a whole document of them."""
    desk = opened(*(item(n, title=f"Gold {n % 3}", summary="Prices.") for n in range(3)))
    for day in range(1, 4):
        today = [
            item(n + 10 * day, title=f"Gold {n}", summary="Prices.", published_at=NOW + timedelta(days=day, minutes=n))
            for n in range(3)
        ]
        assert len(desk.poll(*today, after=DAY)) == 3


def test_two_items_of_one_day_under_dated_folders() -> None:
    """A date inside the address is not the number of an article."""
    midnight = datetime(2026, 3, 5, 17, tzinfo=UTC)
    one, two = (
        item(n, guid="", url=f"https://daily.example/20260306/story-{n}", published_at=midnight) for n in (1, 2)
    )
    desk = opened(one)
    assert desk.poll(one, two, after=DAY) == ["Headline 2"]


def test_an_entry_with_nothing_but_a_text() -> None:
    """No guid, no address: the hash of title and text stands in, and a title of its own is not needed."""
    desk = opened(Entry(url="", title="Notice", summary="a"), Entry(url="", summary="b"))
    assert desk.poll(Entry(url="", title="Notice", summary="a"), Entry(url="", summary="b")) == []
    assert desk.poll(Entry(url="", summary="c")) == [""]


@given(st.permutations(range(6)), st.integers(0, 3))
def test_order_in_the_document_does_not_matter(order: list[int], shared: int) -> None:
    """Any order gives an entry the same keys, however many share a guid."""
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
def test_a_document_read_twice_brings_nothing_new(entries: list[Entry]) -> None:
    """Whatever collides, a second look at the same document finds everything known."""
    desk = Desk()
    desk.poll()
    desk.poll(*entries)
    assert desk.poll(*entries) == []

"""Stories in the database: placed once, found after a restart, merged with both ids resolvable, released."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from support.rows import MINUTE, NOW, draft, found, kept, screened

from monitor.domain.article import Stage, StoredArticle
from monitor.domain.errors import UsageError
from monitor.domain.feedback import Change, Way
from monitor.domain.grouping import GroupingIndex, GroupingWindow, Placement, StoryCentroid
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.pipeline.group import GroupingStep
from monitor.store.database import Database
from monitor.store.grouping_index import invalidate_windows
from monitor.stories.grouping_window import StoryWindow

BRIDGE = """Transport Minister Keo Somphone opened a 900-metre bridge over the Nam Ou in Bansavan on March 5.
The bridge cost 41 million dollars and shortens the way to Muang Ngoi by two hours, the ministry said.
"Farmers will sell in the morning what they cut at night," Keo Somphone told some 400 guests at the ceremony.
Work began in 2022 and was delayed twice by floods that swept away the scaffolding of the third pier."""
NURSES = """Nurses at five hospitals of Lonville walked out on March 5 after talks on night pay collapsed.
The union of Greta Halloran wants a supplement of 12 per cent; the health board offered 4 per cent."""


def group(database: Database) -> int:
    """Group what waits, as the daemon does."""
    return asyncio.run(GroupingStep(database, lambda: NOW).run_all())


def placed(database: Database) -> dict[int, tuple[str, int | None, Stage]]:
    """Return where every article stands."""
    return {
        one.id: (one.story_id, one.duplicate_of, one.stage) for one in database.queries.list_articles(ArticleFilter())
    }


def window_of(database: Database) -> GroupingWindow:
    """Return the grouping window of this process."""
    database.stories.window = database.stories.window or StoryWindow()
    return database.stories.window


def apply(database: Database, articles: Sequence[StoredArticle], work: Callable[[GroupingIndex], object]) -> None:
    """Group articles with a function."""
    database.stories.apply_grouping(articles, window_of(database), work)


def begin_story(database: Database, centroid: StoryCentroid, *terms: int) -> None:
    """Store a story that begins with the article whose id it has."""

    def begin(index: GroupingIndex) -> None:
        index.save_centroid(centroid)
        index.place(Placement(int(centroid.id[1:]), centroid.id), terms)

    with_index(database, begin)


def with_index(database: Database, work: Callable[[GroupingIndex], object]) -> None:
    """Work on the window and store what was changed."""
    apply(database, [], work)


def test_matched_articles_are_grouped_once(database: Database) -> None:
    """A duplicate refers to its original and shares its story; a second run does nothing."""
    screened(database, draft("a", body=BRIDGE))
    screened(database, draft("b", body=BRIDGE), draft("c", body=NURSES), now=NOW + MINUTE)
    assert group(database) == 3
    assert group(database) == 0
    assert placed(database) == {
        1: ("s1", None, Stage.GROUPED),
        2: ("s1", 1, Stage.GROUPED),
        3: ("s3", None, Stage.GROUPED),
    }


def test_grouping_continues_after_a_restart(url: str) -> None:
    """Later articles join the stories of the former process."""
    first = Database.open(url)
    screened(first, draft("a", body=BRIDGE))
    group(first)
    first.close()
    second = Database.open(url)
    screened(second, draft("b", body="New headline.\n" + BRIDGE), now=NOW + MINUTE)
    group(second)
    assert placed(second)[2][:2] == ("s1", 1)
    second.close()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_the_batch_size_does_not_change_the_grouping(database: Database, size: int) -> None:
    """Copies, reports that join and stories that are tied together find the same places in batches of any size."""
    lines = (BRIDGE + "\n" + NURSES).split("\n")
    bodies = [BRIDGE, NURSES, "\n".join(lines[:3]), "\n".join(lines[1:5]), BRIDGE + " More.", "\n".join(lines[4:])]
    for number, body in enumerate(bodies):
        screened(database, draft(f"a{number}", body=body), now=NOW + number * MINUTE)

    async def in_batches() -> None:
        keeper = GroupingStep(database, lambda: NOW)
        while await keeper.run_batch(size):
            pass

    asyncio.run(in_batches())
    assert {number: place[:2] for number, place in placed(database).items()} == {
        1: ("s1", None), 2: ("s2", None), 3: ("s1", 1), 4: ("s1", 1), 5: ("s1", 1), 6: ("s2", 2),
    }  # fmt: skip


def test_a_story_knows_its_articles_and_people(database: Database) -> None:
    """Members in order, officials named in them, times of first and last sight."""
    screened(database, draft("a", body=BRIDGE))
    screened(database, draft("b", body=BRIDGE), now=NOW + MINUTE)
    group(database)
    (story,) = database.stories.list_stories()
    assert (story.id, story.article_ids, story.official_ids) == ("s1", (1, 2), ("somebody",))
    assert (story.first_seen_at, story.last_seen_at) == (NOW, NOW + MINUTE)
    assert database.stories.get_story("s1") == story
    assert database.stories.list_stories(since_at=NOW + 2 * MINUTE) == []
    with pytest.raises(UsageError, match="monitor stories"):
        database.stories.get_story("s99")


def test_a_list_of_stories_continues_after_a_story(database: Database) -> None:
    """Latest first; stories of one time by their ids."""
    screened(database, draft("a", body=BRIDGE), draft("b", body=NURSES))
    screened(database, draft("c", body="A ferry sank off Porto Velho; eleven sailors died."), now=NOW + MINUTE)
    group(database)
    stories = database.stories.list_stories()
    assert [story.id for story in stories] == ["s3", "s1", "s2"]
    rests = [database.stories.list_stories(after=story) for story in stories]
    assert rests == [stories[1:], stories[2:], []]


def test_merged_stories_are_both_resolvable(database: Database) -> None:
    """The older story gets the articles; the younger id, and one merged into it before, refer to it."""
    articles = screened(database, *(draft(name) for name in "abc"))

    def place(index: GroupingIndex) -> None:
        for one in articles:
            index.place(Placement(one.id, f"s{one.id}"), [7])
            index.save_centroid(
                StoryCentroid(f"s{one.id}", b"\1\0\0\0", b"\0\0\0?", b"\1", frozenset({(3, 5)}), 1, NOW, NOW)
            )
        index.merge("s3", "s2")
        index.merge("s2", "s1")
        assert [one.id for one in index.similar_stories([7], 5)] == ["s1"]

    apply(database, articles, place)
    assert {database.stories.get_story(name).id for name in ("s1", "s2", "s3")} == {"s1"}
    assert database.stories.get_story("s3").article_ids == (1, 2, 3)
    assert [story.id for story in database.stories.list_stories()] == ["s1"]


def test_a_centroid_is_restored_as_it_was_stored(database: Database) -> None:
    """Weights, names, days and times."""
    days = frozenset({(3, 5), (12, 31)})
    cluster = StoryCentroid("s1", b"\xff" * 4 + b"\7\0\0\0", b"\0\0\0?\0\0\x80>", b"\0\1", days, 4, NOW, None)
    screened(database, draft("a"))
    begin_story(database, cluster, 7, 2**32 - 1)
    database.stories.window = None
    with_index(database, lambda index: _same(index.similar_stories([7], 3), [cluster]))


def _same(found: Sequence[StoryCentroid], expected: Sequence[StoryCentroid]) -> None:
    assert list(found) == list(expected)


def test_a_fingerprint_has_a_limited_number_of_articles(database: Database) -> None:
    """The latest ones, however many share it."""

    def work(index: GroupingIndex) -> None:
        for number in range(1, 301):
            index.add_fingerprints(number, [5, 2**63 - 1])
        assert len(index.articles_with([5])) == 16
        assert set(index.articles_with([5, 2**63 - 1]).values()) == {2}
        assert index.articles_with([]) == {}
        assert index.get_placement(4711) is None

    with_index(database, work)


def test_old_fingerprints_and_stories_expire(database: Database) -> None:
    """After that, the same text begins a new story."""
    screened(database, draft("a", body=BRIDGE))
    group(database)
    later = NOW + timedelta(days=40)
    screened(database, draft("b", body=NURSES), now=later)
    group(database)
    database.stories.delete_expired(later, timedelta(days=30), timedelta(days=7))
    screened(database, draft("c", body=BRIDGE), draft("d", body=NURSES), now=later)
    group(database)
    assert [placed(database)[number][:2] for number in (3, 4)] == [("s3", None), ("s2", 2)]


def test_fingerprints_of_an_old_article_are_deleted(database: Database) -> None:
    """Fingerprints of the whole range of values are deleted; the ones of a young article remain."""
    later = NOW + timedelta(days=40)
    screened(database, draft("a"))
    screened(database, draft("b"), now=later)
    prints = [0, 5, 2**59, 2**63 - 1]

    def place(index: GroupingIndex) -> None:
        for number in (1, 2):
            index.add_fingerprints(number, prints)
            index.place(Placement(number, "s1"))

    with_index(database, place)
    database.stories.delete_expired(later, timedelta(days=30), timedelta(days=14))
    with_index(database, lambda index: _only(index.articles_with(prints), {2: 4}))
    database.stories.window = None
    with_index(database, lambda index: _only(index.articles_with(prints), {2: 4}))


def _only(found: Mapping[int, int], expected: dict[int, int]) -> None:
    assert dict(found) == expected


def test_terms_are_deleted_with_their_stories(database: Database) -> None:
    """An open story keeps its terms."""
    old, young = StoryCentroid("s1", last_article_at=NOW - timedelta(days=20)), StoryCentroid("s2", last_article_at=NOW)
    screened(database, draft("a"), draft("b"))
    begin_story(database, old, 7, 2**32 - 1)
    begin_story(database, young, 7)
    database.stories.delete_expired(NOW, timedelta(0), timedelta(days=14))
    with_index(database, lambda index: _same(index.similar_stories([7], 1), [young]))


def test_stories_stay_open_after_a_clock_jump(database: Database) -> None:
    """A clock in 2099 closes none of them: the reports of the next day would begin them again."""
    story = StoryCentroid("s1", last_article_at=NOW)
    screened(database, draft("a"))
    begin_story(database, story, 7)
    wrong = NOW.replace(year=2099)
    for now in (NOW, wrong):
        database.maintenance.record_clock(now)
    database.stories.delete_expired(wrong, timedelta(days=30), timedelta(days=14))
    with_index(database, lambda index: _same(index.similar_stories([7], 1), [story]))


def test_a_failure_stores_nothing_and_marks_one_article(database: Database) -> None:
    """If placing raises, the transaction leaves nothing; an abandoned article is not tried again."""
    articles = screened(database, draft("a"), draft("b"))

    def fail(index: GroupingIndex) -> None:
        index.place(Placement(1, "s1"))
        raise ValueError("odd text")

    with pytest.raises(ValueError, match="odd text"):
        apply(database, articles, fail)
    assert {stage for _, _, stage in placed(database).values()} == {Stage.MATCHED}
    database.attempts.begin_grouping([articles[0].id])
    assert not database.attempts.record_failure(articles[0], "odd text", NOW)
    stored = database.attempts.begin(articles[0].id, Stage.MATCHED, NOW)
    assert stored
    assert database.attempts.record_failure(stored, "odd text", NOW)
    assert [one.id for one in database.stories.ungrouped(9)] == [2]


def test_articles_grouped_by_another_process_are_not_grouped_again(database: Database) -> None:
    """A batch read before somebody else grouped it is not placed again."""
    articles = screened(database, draft("a", body=BRIDGE))
    group(database)
    apply(database, articles, lambda index: index.place(Placement(1, "s77")))
    assert placed(database)[1][0] == "s1"


def test_another_process_is_read_before_an_article_is_placed(url: str) -> None:
    """Whatever it grouped since: copies, reports of one event, and merged stories."""
    first, second = Database.open(url), Database.open(url)
    screened(first, draft("a", body=BRIDGE))
    group(first)
    screened(first, draft("b", body=NURSES), now=NOW + MINUTE)
    group(second)
    screened(first, draft("c", body="Once more.\n" + NURSES), draft("d", body=BRIDGE), now=NOW + 2 * MINUTE)
    group(first)
    assert [placed(first)[number][:2] for number in (3, 4)] == [("s2", 2), ("s1", 1)]

    def merge(index: GroupingIndex) -> None:
        index.merge("s2", "s1")

    with_index(first, merge)
    screened(first, draft("e", body=NURSES), now=NOW + 3 * MINUTE)
    group(second)
    assert placed(first)[5][:2] == ("s1", 2)
    first.close()
    second.close()


def test_windows_are_loaded_again_after_a_change_by_hand(database: Database) -> None:
    """A story that was given other articles is found by their words in every process."""
    screened(database, draft("a", body=BRIDGE), draft("b", body=NURSES))
    group(database)
    with database._connections.write_transaction() as connection:
        connection.execute(text("UPDATE article SET story_id = 's1' WHERE id = 2"))
        invalidate_windows(connection)
    screened(database, draft("c", body="Once more.\n" + NURSES), now=NOW + MINUTE)
    group(database)
    assert placed(database)[3][:2] == ("s1", 2)


def test_a_story_joined_by_hand_is_found_as_the_one_that_took_it(url: str) -> None:
    """Another process joined two stories: this one finds the open story by the terms of both."""
    first, second = Database.open(url), Database.open(url)
    screened(first, draft("a"), draft("b"))
    begin_story(first, StoryCentroid("s1", b"\7\0\0\0", b"\0\0\0?", b"\1", last_article_at=NOW), 7)
    begin_story(first, StoryCentroid("s2", b"\t\0\0\0", b"\0\0\0?", b"\1", last_article_at=NOW), 9)
    reader = second.feedback.ensure_reader("ada", NOW)
    second.story_edits.join("s2", "s1", reader, Change(0, "join", "", "ada", Way.API, NOW))
    found = list[str]()
    with_index(first, lambda index: found.extend(one.id for one in index.similar_stories([9], 5)))
    assert found == ["s1"]
    first.close()
    second.close()


def test_term_frequencies_are_stored(database: Database) -> None:
    """They are available after a restart."""
    assert database.stories.load_term_frequencies() == b""
    database.stories.apply_grouping([], window_of(database), lambda _index: None, b"\x01" * 1000)
    assert database.stories.load_term_frequencies() == b"\x01" * 1000


def test_quarantined_articles_are_released(database: Database) -> None:
    """They become alertable and are matched again; other sources are not changed."""
    flood = [replace(draft(name, news=False), quarantine_reason="one of many old articles") for name in "ab"]
    stored = kept(database, *flood, draft("c", news=False))
    database.findings.save([(one, found("rule")) for one in stored], NOW)
    assert database.stories.release_quarantined("elsewhere") == 0
    assert database.stories.release_quarantined("times") == 2
    again = database.articles.unmatched(9)
    assert [(one.id, one.is_alertable) for one in again] == [(1, True), (2, True)]
    assert database.findings.save([(one, found("rule")) for one in again], NOW) == 2
    assert database.stories.release_quarantined("times") == 0

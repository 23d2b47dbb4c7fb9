"""From hits to stories: once each, by official, the most prominent first, nothing cut silently."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.factories import NOW, OFFICIALS, ONCE, hit

from monitor.digest.compose import compose_digest
from monitor.domain.article import Region
from monitor.domain.digest import Coverage, Digest, ReportableHit, Window
from monitor.domain.mention import HitKind, Passage

WINDOW = Window(NOW - timedelta(days=1), NOW)


def made(*hits: ReportableHit, limit: int = 200) -> Digest:
    plan = replace(ONCE, max_articles=limit)
    return compose_digest(
        plan, WINDOW, hits, Coverage(3, 3, 40), OFFICIALS, {"ada-example": (0, 2)}, NOW, is_overdue=False
    )


def shown(digest: Digest) -> list[int]:
    return [item.article_id for story in digest.stories for item in story.items]


def test_stories_stand_by_official_and_each_once() -> None:
    """The stories of one official stand together, in the order of their strongest story."""
    digest = made(
        hit(1),
        hit(2, "Bến Sample", "ben-sample", "Bến Sample resigns", region=Region.TITLE),
        hit(3),
        hit(4, "Bến Sample", "ben-sample"),
    )
    assert [story.officials[0] for story in digest.stories] == [
        "ben-sample",
        "ben-sample",
        "ada-example",
        "ada-example",
    ]
    assert sorted(shown(digest)) == [1, 2, 3, 4]


def test_a_story_that_names_two_is_told_once() -> None:
    """The same article found for two officials is one item, under the more prominent of them."""
    both = hit(1), hit(1, "Bến Sample", "ben-sample", id=2, title="Bến Sample visits", region=Region.TITLE)
    digest = made(*both)
    assert shown(digest) == [1]
    assert digest.stories[0].officials == ("ben-sample", "ada-example")
    assert [subject.id for subject in digest.subjects] == ["ben-sample", "ada-example"]


def test_two_rules_make_one_item_with_the_passages_of_both() -> None:
    """Rules are named, an identical passage stands once with the marks of both."""
    first, second = hit(1), hit(1, id=2, rule_id="border")
    marked = replace(second, passages=(replace(second.passages[0], marks=((0, 9),)),))
    (story,) = made(first, marked).stories
    assert story.items[0].rules == ("people", "border")
    assert [len(passage.marks) for passage in story.items[0].passages] == [2]


def test_prominence_before_outlets_before_time() -> None:
    """A headline beats three outlets, three outlets beat one, the newest comes first among equals."""
    digest = made(
        hit(1, first_seen_at=NOW - timedelta(hours=1)),
        hit(2, first_seen_at=NOW - timedelta(minutes=30)),
        hit(3, story_id="many"),
        hit(4, story_id="many"),
        hit(5, title="Ada Example resigns", region=Region.TITLE),
    )
    assert [story.id for story in digest.stories] == ["story-5", "many", "story-2", "story-1"]


def test_copies_are_one_line_under_the_text_they_repeat() -> None:
    """Four outlets with one text are one item and three lines; the outlet that was first leads."""
    digest = made(hit(2, duplicate_of=1), hit(1), hit(3, duplicate_of=1), hit(4, duplicate_of=1))
    (story,) = [story for story in digest.stories if story.items[0].article_id == 1]
    assert shown(digest) == [1]
    assert [copy.article_id for copy in story.also_in] == [2, 3, 4]


def test_a_copy_whose_original_was_never_told_is_told() -> None:
    """Nothing is missed because the first outlet's text was outside of the rule."""
    digest = made(hit(2, duplicate_of=1), hit(3, duplicate_of=1))
    assert shown(digest) == [2]
    assert [copy.article_id for copy in digest.stories[0].also_in] == [3]


def test_a_copy_that_names_somebody_else_or_changed_is_told() -> None:
    """An added caption with another official, or a correction, is news of its own."""
    digest = made(
        hit(1), hit(2, "Bến Sample", "ben-sample", duplicate_of=1), hit(3, duplicate_of=1, kind=HitKind.CORRECTION)
    )
    assert sorted(shown(digest)) == [1, 2, 3]


def test_a_text_told_before_is_a_notice_and_no_story() -> None:
    """The sixth outlet, two hours later, is one line for those who read on, and never an alert."""
    digest = made(hit(6, duplicate_of=1, is_original_reported=True))
    assert digest.stories == ()
    assert "Outlet 6" in digest.notices[0]


def test_kinds_and_notes_come_through() -> None:
    """A correction says what changed; an update of what was never told is simply new."""
    digest = made(
        hit(1, kind=HitKind.CORRECTION, note="18 is now 8"),
        hit(2),
        hit(2, id=9, rule_id="border", kind=HitKind.UPDATE, note="more"),
        hit(3, kind=HitKind.WITHDRAWN),
    )
    kinds = {item.article_id: (item.kind, item.note) for story in digest.stories for item in story.items}
    assert kinds == {1: (HitKind.CORRECTION, "18 is now 8"), 2: (HitKind.NEW, ""), 3: (HitKind.WITHDRAWN, "")}


def test_posts_are_those_of_the_articles_date() -> None:
    """An article of 2023 names the post of 2023."""
    old = hit(1)
    old = replace(old, article=replace(old.article, published_at=datetime(2023, 5, 1, tzinfo=UTC)))
    assert made(old).subjects[0].post == "Mayor of Northport"
    assert made(hit(1)).subjects[0].post == "Minister of Trade"
    assert OFFICIALS[0].roles[0].from_on == date(2024, 1, 1)


def test_a_story_without_an_official_stands_under_its_rule() -> None:
    """A query's hit names nobody and is told all the same."""
    digest = made(hit(1, official="", rule_id="border"))
    assert (digest.stories[0].officials, digest.stories[0].items[0].rules) == ((), ("border",))


def test_row_50_what_is_over_the_limit_is_summed_up() -> None:
    """10,000 hits show 200 articles and count the others, by official."""
    digest = made(*(hit(number) for number in range(1, 10_001)))
    assert len(shown(digest)) == 200
    assert digest.overflow == 9800
    assert "9800 more articles" in digest.notices[-1]
    assert "Ada Example 9800" in digest.notices[-1]


def test_one_story_longer_than_the_limit_is_cut_and_counted() -> None:
    """The most prominent reports are shown, the rest is counted."""
    digest = made(*(hit(number, story_id="one") for number in range(1, 8)), limit=5)
    assert (len(shown(digest)), digest.overflow) == (5, 2)


def test_without_stories_all_who_are_watched_are_named() -> None:
    """A quiet digest shows whom it watched for."""
    assert [subject.name for subject in made().subjects] == ["Ada Example", "Bến Sample"]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 12),
            st.sampled_from(["ada-example", "ben-sample", ""]),
            st.sampled_from(list(HitKind)),
            st.sampled_from(["a", "b", ""]),
            st.none() | st.integers(1, 12),
            st.booleans(),
        ),
        max_size=30,
    ),
    st.integers(1, 8),
)
def test_every_hit_is_accounted_for(facts: list[tuple[int, str, HitKind, str, int | None, bool]], limit: int) -> None:
    """Whatever the hits: each article is shown, listed as a copy, counted, or named as told before; never twice."""
    seen: dict[int, tuple[str, int | None, bool]] = {}
    hits = []
    for number, (article, official, kind, story, copied, told) in enumerate(facts, 1):
        story_id, duplicate_of, is_original_reported = seen.setdefault(
            article, (story, copied if copied != article else None, told)
        )
        hits.append(
            hit(
                article,
                official=official,
                kind=kind,
                id=number,
                story_id=story_id,
                duplicate_of=duplicate_of,
                is_original_reported=bool(duplicate_of) and is_original_reported,
            )
        )
    digest = made(*hits, limit=limit)
    items = shown(digest)
    listed = [copy.article_id for story in digest.stories for copy in story.also_in]
    assert len(items) == len(set(items)) <= limit
    assert not set(items) & set(listed)
    repeated = {h.article_id for h in hits} - {
        h.article_id for h in hits if not (h.is_original_reported and h.kind is HitKind.NEW)
    }
    assert len(items) + len(listed) + digest.overflow + len(repeated) == len({h.article_id for h in hits})


def test_a_passage_inside_another_is_not_repeated() -> None:
    """The longer of two passages at one place is enough, if it marks the same words."""
    whole = hit(1)
    passage = whole.passages[0]
    part = Passage(passage.text[29:], passage.region, 29, passage.end, passage.marks)
    digest = made(whole, replace(whole, id=2, passages=(part,)))
    assert digest.stories[0].items[0].passages == (passage,)


def test_the_leading_official_is_the_one_most_of_the_story_is_about() -> None:
    """Three articles on one, the third of which greets another in its headline, are the first one's story."""
    digest = made(
        hit(1, story_id="one"),
        hit(2, story_id="one"),
        hit(3, story_id="one"),
        hit(3, "Bến Sample", "ben-sample", id=9, title="Bến Sample greets", region=Region.TITLE, story_id="one"),
    )
    assert digest.stories[0].officials == ("ada-example", "ben-sample")
    assert digest.stories[0].items[0].article_id == 3


def test_passages_on_officials_come_before_those_of_queries() -> None:
    """What a query found in the first line does not push the proof of a mention down."""
    person, query = hit(1), hit(1, official="", rule_id="border", id=2)
    early = Passage("Officials met", Region.BODY, 0, 13, ((0, 9),))
    digest = made(replace(query, passages=(early,)), replace(person, passages=(replace(person.passages[0], start=29),)))
    assert [passage.start for passage in digest.stories[0].items[0].passages] == [29, 0]

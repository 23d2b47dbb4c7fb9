"""Digest composition: each hit once, by official, most prominent first, nothing dropped silently."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.factories import NOW, OFFICIALS, ONCE, hit

from monitor.digest.compose import compose_digest
from monitor.domain.article import REPOST, Region
from monitor.domain.digest import Coverage, Digest, ReportableHit, Window
from monitor.domain.mention import HitKind, Passage
from monitor.domain.values import replace

WINDOW = Window(NOW - timedelta(days=1), NOW)


def compose(*hits: ReportableHit, limit: int = 200) -> Digest:
    plan = replace(ONCE, max_articles=limit)
    return compose_digest(
        plan, WINDOW, hits, Coverage(3, 3, 40), OFFICIALS, {"ada-example": (0, 2)}, NOW, is_overdue=False
    )


def shown_ids(digest: Digest) -> list[int]:
    return [item.article_id for story in digest.stories for item in story.items]


def test_stories_are_grouped_by_official() -> None:
    """The stories of one official are listed together, in the order of their most prominent story."""
    digest = compose(
        hit(1),
        hit(2, "Bến Sample", "ben-sample", "Bến Sample resigns", region=Region.TITLE),
        hit(3),
        hit(4, "Bến Sample", "ben-sample"),
    )
    assert [story.official_ids[0] for story in digest.stories] == [
        "ben-sample",
        "ben-sample",
        "ada-example",
        "ada-example",
    ]
    assert sorted(shown_ids(digest)) == [1, 2, 3, 4]


def test_a_story_about_two_officials_is_listed_once() -> None:
    """An article found for two officials is one item, in the section of the more prominent one."""
    both = hit(1), hit(1, "Bến Sample", "ben-sample", id=2, title="Bến Sample visits", region=Region.TITLE)
    digest = compose(*both)
    assert shown_ids(digest) == [1]
    assert digest.stories[0].official_ids == ("ben-sample", "ada-example")
    assert [subject.id for subject in digest.officials] == ["ben-sample", "ada-example"]


def test_hits_of_two_rules_are_one_item() -> None:
    """Both rules are named; an identical passage appears once with the marks of both."""
    first, second = hit(1), hit(1, id=2, rule_id="border")
    marked = replace(second, passages=(replace(second.passages[0], highlights=((0, 9),)),))
    (story,) = compose(first, marked).stories
    assert story.items[0].rule_ids == ("people", "border")
    assert [len(passage.highlights) for passage in story.items[0].passages] == [2]


def test_stories_are_sorted_by_prominence_then_outlets_then_time() -> None:
    """A headline ranks before three outlets, three outlets before one, and the newest first among equals."""
    digest = compose(
        hit(1, first_seen_at=NOW - timedelta(hours=1)),
        hit(2, first_seen_at=NOW - timedelta(minutes=30)),
        hit(3, story_id="many"),
        hit(4, story_id="many"),
        hit(5, title="Ada Example resigns", region=Region.TITLE),
    )
    assert [story.id for story in digest.stories] == ["story-5", "many", "story-2", "story-1"]


def test_duplicates_are_listed_below_the_first_text() -> None:
    """Four outlets with one text are one item and three lines; the first outlet leads."""
    digest = compose(hit(2, duplicate_of=1), hit(1), hit(3, duplicate_of=1), hit(4, duplicate_of=1))
    (story,) = [story for story in digest.stories if story.items[0].article_id == 1]
    assert shown_ids(digest) == [1]
    assert [copy.article_id for copy in story.also_in] == [2, 3, 4]


def test_the_first_seen_article_leads_whatever_date_its_feed_claims() -> None:
    """An outlet that dates its copy back does not take the place of the original."""
    early, late = NOW - timedelta(hours=3), NOW - timedelta(hours=1)
    digest = compose(hit(2, first_seen_at=late), hit(1, first_seen_at=early, duplicate_of=2))
    assert shown_ids(digest) == [1]
    assert [copy.article_id for copy in digest.stories[0].also_in] == [2]


def test_the_article_of_the_agency_leads_its_copies() -> None:
    """The text credits the agency, so its own article is the original, also if it was seen later."""
    early, late = NOW - timedelta(hours=3), NOW - timedelta(hours=1)
    records = [
        hit(1, first_seen_at=early, outlet="Harbour Times"),
        hit(2, first_seen_at=late, outlet="Bay Agency News", duplicate_of=1),
    ]
    digest = compose(*(replace(one, article=replace(one.article, agency="Bay Agency")) for one in records))
    assert shown_ids(digest) == [2]
    assert [copy.article_id for copy in digest.stories[0].also_in] == [1]


def test_a_repost_is_marked_and_never_leads_its_original() -> None:
    """Also if the repost was seen first."""
    repost = hit(1, outlet="Ministry")
    repost = replace(repost, article=replace(repost.article, section=REPOST, authors=("Weather Office",)))
    (story,) = compose(repost).stories
    assert story.items[0].outlet == "Ministry, repost of Weather Office"
    original = replace(
        hit(2, outlet="Weather"), duplicate_of=1, first_seen_at=repost.first_seen_at + timedelta(hours=1)
    )
    (story,) = compose(repost, original).stories
    assert [item.article_id for item in story.items] == [2]
    assert [one.outlet for one in story.also_in] == ["Ministry, repost of Weather Office"]


def test_a_duplicate_of_an_unreported_text_is_reported() -> None:
    """Nothing is missed if the first outlet's text did not match the rule."""
    digest = compose(hit(2, duplicate_of=1), hit(3, duplicate_of=1))
    assert shown_ids(digest) == [2]
    assert [copy.article_id for copy in digest.stories[0].also_in] == [3]


def test_a_duplicate_that_names_another_official_or_changed_is_listed() -> None:
    """An added caption with another official, or a correction, is an item of its own."""
    digest = compose(
        hit(1), hit(2, "Bến Sample", "ben-sample", duplicate_of=1), hit(3, duplicate_of=1, kind=HitKind.CORRECTION)
    )
    assert sorted(shown_ids(digest)) == [1, 2, 3]


def test_a_text_reported_before_is_a_notice() -> None:
    """The same text at another outlet, two hours later, is one line in the notices and not a story."""
    digest = compose(hit(6, duplicate_of=1, is_original_reported=True))
    assert digest.stories == ()
    assert "Outlet 6" in digest.notices[0]


def test_a_text_reported_before_is_shown_with_its_new_headline() -> None:
    """Readers see what another outlet makes of the text; an unchanged headline is not repeated."""
    digest = compose(
        hit(6, duplicate_of=1, is_original_reported=True, original_title="Harbour opens", title="Harbour a failure"),
        hit(7, duplicate_of=1, is_original_reported=True, original_title="Harbour opens", title="Harbour OPENS"),
    )
    assert digest.stories == ()
    assert digest.notices[1:] == (
        "Reported before, now under another headline: Outlet 6: Harbour a failure (https://news.example/6)",
    )


def test_kinds_and_notes_of_hits_are_kept() -> None:
    """A correction has its note; an update of an unreported article is new."""
    digest = compose(
        hit(1, kind=HitKind.CORRECTION, note="18 is now 8"),
        hit(2),
        hit(2, id=9, rule_id="border", kind=HitKind.UPDATE, note="more"),
        hit(3, kind=HitKind.WITHDRAWN),
    )
    kinds = {item.article_id: (item.kind, item.note) for story in digest.stories for item in story.items}
    assert kinds == {1: (HitKind.CORRECTION, "18 is now 8"), 2: (HitKind.NEW, ""), 3: (HitKind.WITHDRAWN, "")}


def test_positions_are_those_of_the_article_date() -> None:
    """An article of 2023 has the position held in 2023."""
    old = hit(1)
    old = replace(old, article=replace(old.article, published_at=datetime(2023, 5, 1, tzinfo=UTC)))
    assert compose(old).officials[0].position == "Mayor of Northport"
    assert compose(hit(1)).officials[0].position == "Minister of Trade"
    assert OFFICIALS[0].roles[0].from_on == date(2024, 1, 1)


def test_a_story_without_an_official_is_in_the_section_of_its_rule() -> None:
    """The hit of a query names no official and is still reported."""
    digest = compose(hit(1, official="", rule_id="border"))
    assert (digest.stories[0].official_ids, digest.stories[0].items[0].rule_ids) == ((), ("border",))


def test_articles_over_the_limit_are_counted_by_official() -> None:
    """10,000 hits show 200 articles and a count of the others."""
    digest = compose(*(hit(number) for number in range(1, 10_001)))
    assert len(shown_ids(digest)) == 200
    assert digest.omitted_articles == 9800
    assert "9800 more articles" in digest.notices[-1]
    assert "Ada Example 9800" in digest.notices[-1]


def test_a_story_longer_than_the_limit_is_cut_and_counted() -> None:
    """The most prominent reports are shown, the others are counted."""
    digest = compose(*(hit(number, story_id="one") for number in range(1, 8)), limit=5)
    assert (len(shown_ids(digest)), digest.omitted_articles) == (5, 2)


def test_a_digest_without_stories_lists_all_watched_officials() -> None:
    """A quiet digest shows which officials it watched."""
    assert [subject.name for subject in compose().officials] == ["Ada Example", "Bến Sample"]


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
def test_every_hit_is_accounted_for_once(
    facts: list[tuple[int, str, HitKind, str, int | None, bool]], limit: int
) -> None:
    """Each article is shown, listed as a duplicate, counted, or named as reported before."""
    seen: dict[int, tuple[str, int | None, bool]] = {}
    hits = []
    for number, (article, official, kind, story, copied, reported) in enumerate(facts, 1):
        story_id, duplicate_of, is_original_reported = seen.setdefault(
            article, (story, copied if copied != article else None, reported)
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
    digest = compose(*hits, limit=limit)
    items = shown_ids(digest)
    listed = [copy.article_id for story in digest.stories for copy in story.also_in]
    assert len(items) == len(set(items)) <= limit
    assert not set(items) & set(listed)
    repeated = {h.article_id for h in hits} - {
        h.article_id for h in hits if not (h.is_original_reported and h.kind is HitKind.NEW)
    }
    assert len(items) + len(listed) + digest.omitted_articles + len(repeated) == len({h.article_id for h in hits})


def test_a_passage_within_another_is_dropped() -> None:
    """The longer of two passages at one place is kept if it marks the same words."""
    whole = hit(1)
    passage = whole.passages[0]
    part = Passage(passage.text[29:], passage.region, 29, passage.end, passage.highlights)
    digest = compose(whole, replace(whole, id=2, passages=(part,)))
    assert digest.stories[0].items[0].passages == (passage,)


def test_the_leading_official_is_the_most_prominent_one_of_the_whole_story() -> None:
    """A story of three articles about one official is in their section, though one headline names another official."""
    digest = compose(
        hit(1, story_id="one"),
        hit(2, story_id="one"),
        hit(3, story_id="one"),
        hit(3, "Bến Sample", "ben-sample", id=9, title="Bến Sample greets", region=Region.TITLE, story_id="one"),
    )
    assert digest.stories[0].official_ids == ("ada-example", "ben-sample")
    assert digest.stories[0].items[0].article_id == 3


def test_passages_about_officials_come_before_query_passages() -> None:
    """A query's passage at the start of the text does not come before a mention's."""
    person, query = hit(1), hit(1, official="", rule_id="border", id=2)
    early = Passage("Officials met", Region.BODY, 0, 13, ((0, 9),))
    digest = compose(
        replace(query, passages=(early,)), replace(person, passages=(replace(person.passages[0], start=29),))
    )
    assert [passage.start for passage in digest.stories[0].items[0].passages] == [29, 0]

"""Queries about people over time, on both engines."""

from datetime import timedelta

from support.rows import MINUTE, NOW, draft, found, kept, screened

from monitor.domain.article import Region
from monitor.domain.desk_models import MentionPlace, NamedCount, StoryHour
from monitor.domain.read_models import ArticleFilter
from monitor.domain.watchlist import Official
from monitor.insight.notices import find_attention, load_attention_notices
from monitor.store.database import Database

HOUR = timedelta(hours=1)
SOMEBODY = Official("somebody", "Some Body")


def test_a_person_is_counted_by_story_rule_and_place(database: Database) -> None:
    """Articles without a story count by themselves; withdrawn periods and other people are left out."""
    screened(database, draft("a"), draft("b"), rules=("one", "two"))
    kept(database, draft("c"), now=NOW + HOUR)
    desk = database.desk
    hours = desk.list_story_hours(["somebody", "nobody"], NOW - HOUR)
    assert {key: sorted(some, key=lambda one: one.story_id) for key, some in hours.items()} == {
        "somebody": [StoryHour(NOW, "a1"), StoryHour(NOW, "a2")]
    }
    assert desk.list_story_hours(["somebody"], NOW + MINUTE) == {}
    assert desk.count_rules("somebody", NOW) == (NamedCount("one", "one", 2), NamedCount("two", "two", 2))
    assert desk.list_mention_places("somebody", NOW, 1) == {2: [MentionPlace(Region.BODY, 0, 9)]}
    assert (desk.first_seen("somebody"), desk.first_seen("nobody")) == (NOW, None)
    assert (desk.count_articles(NOW), desk.count_articles(NOW + MINUTE), desk.first_article_at()) == (3, 1, NOW)
    chosen = desk.list_lines(ArticleFilter(source_ids=("times", "post")))
    assert [line.id for line in chosen] == [3, 2, 1]
    assert desk.list_lines(ArticleFilter(source_ids=("post",))) == []


def test_unusual_attention_is_found_in_the_archive(database: Database) -> None:
    """A person with one story a day is in seven; on an empty or young archive nothing is unusual."""
    assert find_attention(database, ["somebody"], NOW) == {}
    for day in range(30):
        at = NOW - timedelta(days=30 - day)
        names = [f"n{day}-{number}" for number in range(9 if day == 29 else 1)]
        stored = kept(database, *(draft(name) for name in names), now=at)
        database.findings.save([(one, found("rule")) for one in stored], at)
        if day == 5:
            assert find_attention(database, ["somebody"], at + HOUR) == {}
    notices = load_attention_notices(database, [SOMEBODY], NOW - timedelta(days=1) + HOUR)
    assert notices == ["Some Body: 9 stories in 24 hours, usually 1."]
    assert load_attention_notices(database, [Official("nobody", "No Body")], NOW) == []

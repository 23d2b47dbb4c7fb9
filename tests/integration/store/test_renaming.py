"""`formerly`: the history of a source or official moves to the present id, once."""

from sqlalchemy import text
from support.feedback_desk import ADA, BEN, OUTLETS, FeedbackDesk

from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.domain.watchlist import Rule, Watchlist
from monitor.store.database import Database


def test_articles_keys_and_state_move_to_the_present_source(database: Database) -> None:
    """Entries stay known, and the old source is gone."""
    desk = FeedbackDesk(database)
    article = desk.add()
    sources = [Source(one, feed=f"https://{one}.example/rss") for one in OUTLETS[1:]]
    database.sources.register([*sources, Source("the-times", feed="https://times.example/rss")], desk.now)
    assert database.renames.move_histories({"times": "the-times"}, {}) == 1
    assert database.renames.move_histories({"times": "the-times"}, {}) == 0
    assert database.queries.get_article(article).source_id == "the-times"
    assert database.articles.known_keys("the-times", ["guid:1"]) == {"guid:1"}
    counts = {one.poll_state.source_id: one.article_count for one in database.queries.list_sources()}
    assert counts == {"the-times": 1, "post": 0, "echo": 0}
    assert database.maintenance.check_database() == ()


def test_a_configured_source_is_not_moved(database: Database) -> None:
    """Its id is in use."""
    desk = FeedbackDesk(database)
    article = desk.add()
    assert database.renames.move_histories({"times": "post"}, {}) == 0
    assert database.queries.get_article(article).source_id == "times"


def test_mentions_hits_and_verdicts_move_to_the_present_official(database: Database) -> None:
    """A reported hit stays reported, and a rejected one is retracted."""
    desk = FeedbackDesk(database)
    desk.compose()
    first, second = desk.add(), desk.add("Ada Lovell slept late. The garden was full of birds and bees.", "A garden")
    desk.compose()
    desk.reject(second)
    assert database.renames.move_histories({}, {"ada": "ada-lovell"}) == 1
    renamed = replace(ADA, id="ada-lovell", formerly=("ada",))
    desk.configure(Watchlist((renamed, BEN), (Rule("people", ("ada-lovell", "ben")),)))
    assert [hit.article_id for hit in database.queries.list_hits(ArticleFilter(official_id="ada-lovell"))] == [first]
    assert [one.official_id for one in database.feedback.list_verdicts()] == ["ada-lovell"]
    with database._connections.read_transaction() as connection:
        marks = connection.execute(text("SELECT official_ids FROM digest_hit ORDER BY hit_id")).scalars().all()
    assert marks == ['["ada-lovell"]', '["ada-lovell"]']
    (digest,) = desk.compose()
    assert digest.stories == ()

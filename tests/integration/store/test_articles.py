"""Articles, pages and findings that polls store, on both engines."""

from datetime import timedelta

import pytest
from support.rows import MINUTE, NOW, draft, found, kept, leased, source

from monitor.domain.article import Article, KnownArticle, Stage
from monitor.domain.errors import LeaseLost
from monitor.domain.fetch_result import Fetched
from monitor.domain.poll_state import EntryCounts
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.store.database import Database


def test_a_repeated_poll_stores_no_article_twice(database: Database) -> None:
    """The same entries at the next poll bring nothing new."""
    database.sources.register([source()], NOW)
    drafts = [draft("a"), draft("b")]
    for expected in (2, 0):
        lease = leased(database)
        assert len(database.articles.commit_poll(lease, lease.poll_state, drafts, NOW)) == expected
    assert [one.article.title for one in database.queries.list_articles(ArticleFilter())] == ["About b", "About a"]
    assert database.queries.list_sources()[0].article_count == 2


def test_an_entry_with_one_known_key_is_known_by_its_other_keys(database: Database) -> None:
    """An entry known by its URL is known by its new guid from then on."""
    kept(database, draft("a", keys=("guid:1", "url:a")))
    lease = leased(database)
    assert len(database.articles.commit_poll(lease, lease.poll_state, [draft("a", keys=("guid:2", "url:a"))], NOW)) == 0
    assert database.articles.known_keys("times", ["guid:1", "guid:2", "guid:3", "url:a"]) == {
        "guid:1",
        "guid:2",
        "url:a",
    }


def test_keys_belong_to_a_source(database: Database) -> None:
    """Two sources may use the same guid for different articles."""
    kept(database, draft("a"))
    assert len(kept(database, draft("a"), name="post")) == 2
    assert database.articles.known_keys("other", ["guid:a"]) == set()


def test_entries_that_share_a_key_in_one_document_are_one(database: Database) -> None:
    """The first of them is kept."""
    stored = kept(database, draft("a", keys=("guid:1",)), draft("b", keys=("guid:1", "guid:2")))
    assert [one.article.title for one in stored] == ["About a"]
    assert database.articles.known_keys("times", ["guid:2"]) == {"guid:2"}


def test_marks_and_evidence_never_decide_which_article_one_is(database: Database) -> None:
    """Three drafts with one mark are three articles, and the mark is stored once."""
    drafts = [replace(draft(name), evidence_keys=("!gshared", "ttitle")) for name in "abc"]
    assert len(kept(database, *drafts)) == 3
    known = database.articles.known_articles("times", ["!gshared", "guid:b"])
    assert (known["!gshared"].id, known["guid:b"].title) == (1, "About b")


def test_an_article_that_was_stored_meanwhile_counts_as_known(database: Database) -> None:
    """If another process polled the source while this one parsed, the counts of the poll state include its articles."""
    kept(database, draft("a"))
    lease = leased(database)
    poll_state = replace(lease.poll_state, counts=EntryCounts(total=2, new=2))
    assert len(database.articles.commit_poll(lease, poll_state, [draft("a"), draft("b")], NOW)) == 1
    assert database.sources.load_poll_states()["times"].counts == EntryCounts(total=2, new=1, known=1)


def test_a_known_article_is_found_by_its_other_address(database: Database) -> None:
    """The poll names the article; a deleted one gets no address."""
    (stored,) = kept(database, draft("a"))
    moved = replace(draft("b", keys=("guid:2",)), known_article_id=stored.id)
    gone = replace(draft("c", keys=("guid:3",)), known_article_id=99, article=Article(""))
    lease = leased(database)
    assert len(database.articles.commit_poll(lease, lease.poll_state, [moved, gone], NOW)) == 0
    assert [one.id for one in database.queries.find_by_url("https://times.example/b")] == [stored.id]
    assert database.articles.known_articles("times", ["guid:3"]) == {"guid:3": KnownArticle(99, is_deleted=True)}


def test_a_poll_with_an_expired_lease_stores_nothing(database: Database) -> None:
    """Neither articles nor keys nor poll state."""
    database.sources.register([source()], NOW)
    lease = leased(database)
    leased(database, now=NOW + 10 * MINUTE)
    with pytest.raises(LeaseLost):
        database.articles.commit_poll(lease, replace(lease.poll_state, etag="x"), [draft("a")], NOW)
    assert database.queries.list_articles(ArticleFilter()) == []
    assert database.articles.known_keys("times", ["guid:a"]) == set()
    assert database.sources.load_poll_states()["times"].etag == ""


def test_an_article_is_restored_with_all_fields(database: Database) -> None:
    """Also with empty ones."""
    article = Article(
        url="https://times.example/1?a=1",
        title="Đại tướng Phan Văn Giang",
        standfirst="ພົນເອກ",
        dateline="HA NOI",
        captions=("One", "Two"),
        body="First.\nSecond.",
        canonical_url="https://times.example/1",
        published_at=NOW - timedelta(days=1),
        modified_at=NOW,
        authors=("A", "B"),
        agency="VNA",
        section="Politics",
        language="en",
        confidence=0.75,
        partial_reason="teaser",
    )
    whole, bare = kept(database, replace(draft("1"), article=article), replace(draft("2"), article=Article("u")))
    assert whole.article == article
    assert bare.article == Article("u")
    assert (whole.first_seen_at, whole.is_alertable, whole.stage) == (NOW, True, Stage.EXTRACTED)


@pytest.mark.parametrize("text", ["NUL \0 inside", "half \ud800 a pair", "\u202eright to left", "🧨", "x" * 300_000])
def test_any_text_is_stored(database: Database, text: str) -> None:
    """No text from outside stops a poll."""
    article = Article(url=f"https://x/{text}"[:5000], title=text, body=text, captions=(text,))
    (stored,) = kept(database, replace(draft("1", keys=(text, "k" * 9000)), article=article))
    assert stored.article.title.encode()
    assert database.queries.get_article(stored.id) == stored
    assert [one.id for one in database.queries.find_by_url(article.url)] == [stored.id]


def test_a_page_is_leased_extracted_and_matched(database: Database) -> None:
    """Each step once."""
    assert kept(database, draft("a", stage=Stage.LISTED, body="teaser")) == []
    (unread,) = database.articles.lease_pages(NOW, 10, NOW + MINUTE)
    assert (unread.attempts, unread.article.body) == (0, "teaser")
    assert database.articles.lease_pages(NOW, 10, NOW + MINUTE) == []
    database.articles.save_page(unread, replace(unread.article, body="the whole"))
    (stored,) = database.articles.unmatched(10)
    assert (stored.article.body, stored.stage) == ("the whole", Stage.EXTRACTED)
    database.findings.save([(stored, found("r"))], NOW)
    assert database.articles.unmatched(10) == []


def test_an_expired_page_lease_is_given_to_another_worker(database: Database) -> None:
    """The late result is discarded; attempts are counted."""
    kept(database, draft("a", stage=Stage.LISTED))
    (first,) = database.articles.lease_pages(NOW, 10, NOW + MINUTE)
    (second,) = database.articles.lease_pages(NOW + 2 * MINUTE, 10, NOW + 3 * MINUTE)
    assert second.attempts == 1
    with pytest.raises(LeaseLost):
        database.articles.save_page(first, first.article)
    database.articles.save_page(second, second.article)
    with pytest.raises(LeaseLost):
        database.articles.postpone_page(second, "late", NOW)


def test_a_postponed_page_is_due_later(database: Database) -> None:
    """It is leased again when its time has come."""
    kept(database, draft("a", stage=Stage.LISTED))
    (unread,) = database.articles.lease_pages(NOW, 10, NOW + MINUTE)
    database.articles.postpone_page(unread, "503", NOW + 9 * MINUTE)
    assert database.articles.lease_pages(NOW + 8 * MINUTE, 10, NOW + 10 * MINUTE) == []
    assert len(database.articles.lease_pages(NOW + 9 * MINUTE, 10, NOW + 10 * MINUTE)) == 1


def test_findings_are_stored_once(database: Database) -> None:
    """Storing them again changes and counts nothing."""
    (stored,) = kept(database, draft("a"))
    assert database.findings.save([(stored, found("r1", "r2"))], NOW) == 2
    assert database.findings.save([(stored, found("r1", "r2"))], NOW) == 0
    assert database.queries.get_findings(stored.id) == found("r1", "r2")
    assert len(database.queries.list_hits(ArticleFilter())) == 2


def test_an_article_that_is_not_alertable_gets_no_hits(database: Database) -> None:
    """Its mentions are stored for search and counts."""
    (stored,) = kept(database, draft("a", news=False))
    assert database.findings.save([(stored, found("r"))], NOW) == 0
    assert len(database.queries.get_findings(stored.id).mentions) == 1
    assert database.queries.list_hits(ArticleFilter()) == []


def test_an_article_whose_matching_failed_leaves_the_queue(database: Database) -> None:
    """With its error."""
    (stored,) = kept(database, draft("a"))
    database.attempts.claim_unmatched(10, 1000)
    assert not database.attempts.record_failure(stored, "too long", NOW)
    assert database.attempts.begin(stored.id, Stage.EXTRACTED, NOW) == stored
    assert database.attempts.record_failure(stored, "too long", NOW)
    assert database.articles.unmatched(10) == []


def test_the_raw_page_of_a_matched_article_is_kept(database: Database) -> None:
    """The page of an article without findings is deleted."""
    kept(database, draft("a", stage=Stage.LISTED), draft("b", stage=Stage.LISTED))
    page = Fetched("https://times.example/a", 200, (("Date", "Sun"),), b"<p>raw</p>" * 50, fetched_at=NOW)
    for unread in database.articles.lease_pages(NOW, 10, NOW + MINUTE):
        database.articles.save_page(unread, unread.article, page)
    matched, unmatched = database.articles.unmatched(10)
    database.findings.save([(matched, found("r")), (unmatched, replace(found(), mentions=()))], NOW)
    capture = database.page_snapshots.get_page_snapshot(matched.id)
    assert capture is not None
    assert (capture.body, capture.headers, capture.captured_at) == (page.body, page.headers, NOW)
    assert database.page_snapshots.get_page_snapshot(unmatched.id) is None

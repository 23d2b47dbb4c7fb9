"""Page quality that is stored with a source after its pages are read, on both engines."""

from datetime import timedelta

from support.rows import MINUTE, NOW, draft, leased, source

from monitor.domain.article import Stage
from monitor.domain.digest import Window
from monitor.domain.errors import PageProblem
from monitor.domain.fetch_result import Fetched
from monitor.domain.poll_state import SourceState
from monitor.domain.values import replace
from monitor.store.database import Database

DAY = timedelta(days=1)


def read(database: Database, confidence: float | None, count: int, name: str) -> None:
    """List articles and keep their pages, each read with that confidence."""
    lease = leased(database)
    drafts = [draft(f"{name}{number}", stage=Stage.LISTED) for number in range(count)]
    database.articles.commit_poll(lease, lease.poll_state, drafts, NOW)
    for unread in database.articles.lease_pages(NOW, 100, NOW + MINUTE):
        page = Fetched(unread.article.url, 200, (), b"page", fetched_at=NOW)
        database.articles.save_page(unread, unread.article, page, "", confidence)


def state(database: Database) -> SourceState:
    (line,) = database.queries.list_sources()
    assert database.sources.load_poll_states()["times"] == line.poll_state
    return line.poll_state.state


def test_a_layout_change_is_visible_until_pages_are_read_again(database: Database) -> None:
    """In the status, in the coverage of digests, and to the next poll."""
    database.sources.register([source()], NOW)
    read(database, 0.9, 12, "good")
    read(database, None, 9, "locked")
    assert state(database) is SourceState.OK
    read(database, 0.2, 5, "bad")
    assert state(database) is SourceState.FAILING
    (fault,) = database.digests.load_coverage(Window(NOW - DAY, NOW + DAY)).problems
    assert (fault.source_id, fault.state, fault.since_at) == ("times", SourceState.FAILING, NOW)
    assert "usually 0.90" in fault.detail
    assert "https://times.example/bad4" in fault.suggestion
    read(database, 0.8, 3, "mended")
    assert state(database) is SourceState.OK
    assert database.digests.load_coverage(Window(NOW - DAY, NOW + DAY)).problems == ()


def test_a_poll_does_not_overwrite_the_page_quality(database: Database) -> None:
    """Each updates its own columns."""
    database.sources.register([source()], NOW)
    read(database, 0.9, 12, "good")
    lease = leased(database)
    assert lease.poll_state.page_quality.usual == 0.9
    drafts = [draft(f"bad{number}", stage=Stage.LISTED) for number in range(5)]
    database.articles.commit_poll(lease, lease.poll_state, drafts, NOW)
    late = leased(database)
    for unread in database.articles.lease_pages(NOW, 100, NOW + MINUTE):
        page = Fetched(unread.article.url, 200, (), b"page", fetched_at=NOW)
        database.articles.save_page(unread, unread.article, page, "", 0.1)
    database.sources.record_poll(late, replace(late.poll_state, etag="new"))
    assert state(database) is SourceState.FAILING
    assert database.sources.load_poll_states()["times"].etag == "new"


def test_an_accepted_layout_change_becomes_the_usual_quality(database: Database) -> None:
    """The poll accepts it; the next page applies it."""
    database.sources.register([source()], NOW)
    read(database, 0.9, 12, "good")
    read(database, 0.2, 10, "bad")
    lease = leased(database)
    database.sources.record_poll(
        lease, replace(lease.poll_state, accepted_at=lease.poll_state.page_quality.layout_changed_at)
    )
    assert state(database) is SourceState.OK
    read(database, 0.2, 1, "later")
    pages = leased(database).poll_state.page_quality
    assert (pages.usual, pages.layout_changed_at) == (0.2, None)


def test_a_problem_of_pages_is_visible_until_one_is_read(database: Database) -> None:
    """In the status, the counts and the coverage of digests, without a change of the usual quality."""
    database.sources.register([source()], NOW)
    read(database, 0.9, 12, "good")
    for number in range(3):
        assert state(database) is SourceState.OK
        url = f"https://times.example/{number}"
        database.sources.record_page_problem("times", PageProblem.NEEDS_JAVASCRIPT, "no text", url, NOW)
    assert state(database) is SourceState.NEEDS_JAVASCRIPT
    assert database.sources.count_by_state() == {SourceState.NEEDS_JAVASCRIPT: 1}
    (fault,) = database.digests.load_coverage(Window(NOW - DAY, NOW + DAY)).problems
    assert (fault.state, fault.since_at) == (SourceState.NEEDS_JAVASCRIPT, NOW)
    database.sources.record_page_problem("times", PageProblem.SCANNED_PDF, "a scan", "https://times.example/4", NOW)
    assert state(database) is SourceState.OK
    read(database, 0.9, 1, "later")
    assert database.sources.load_poll_states()["times"].page_quality.problem is PageProblem.NONE


def test_a_changed_url_resets_the_page_quality(database: Database) -> None:
    """An edit that keeps the URL changes nothing."""
    database.sources.register([source()], NOW)
    read(database, 0.9, 12, "good")
    read(database, 0.1, 5, "bad")
    database.sources.register([replace(source(), name="Times of the day")], NOW)
    assert state(database) is SourceState.FAILING
    database.sources.register([source(url="https://times.example/new")], NOW)
    assert state(database) is SourceState.OK
    assert database.sources.load_poll_states()["times"].page_quality.usual == 0

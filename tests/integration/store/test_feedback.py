"""Feedback on both engines: verdicts, their effect on hits and digests, marks, and the record of changes."""

from collections.abc import Sequence
from datetime import timedelta
from threading import Thread

import pytest
from sqlalchemy import text
from support.feedback_desk import HARBOUR, PLAN, FeedbackDesk, notices, reported

from monitor.domain.errors import UsageError
from monitor.domain.feedback import Change, Mark, MarkKind, Verdict, VerdictKind, Way
from monitor.domain.grouping import GroupingIndex
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.stories.grouping import Grouper, IncomingArticle
from monitor.stories.grouping_window import StoryWindow


def test_verdicts_work_on_both_engines(database: Database) -> None:
    """Reject a reported hit, correct it, undo, report it again; a copy that comes later follows its original."""
    desk = FeedbackDesk(database)
    desk.compose()
    article = desk.add()
    assert reported(desk.compose()) == [article]
    rejected = desk.reject(article)
    assert len(notices(desk.compose())) == 1
    assert desk.compose() == []
    copy = desk.add(HARBOUR, outlet="post")
    assert (database.queries.get_article(copy).duplicate_of, desk.waiting()) == (article, set())
    undone = desk.undo(rejected.change.id)
    assert (undone.rescreened.articles, undone.rescreened.added) == (2, 2)
    assert reported(desk.compose()) == [article, copy]
    with pytest.raises(UsageError, match="was undone by ann"):
        desk.undo(rejected.change.id)
    assert [one.what for one in database.feedback.list_changes()] == ["undo", "reject"]


def test_a_verdict_on_outdated_articles_is_not_stored(database: Database) -> None:
    """Another verdict came in between: the caller screens again."""
    desk = FeedbackDesk(database)
    article = desk.add()
    basis = database.feedback.load_basis(article)
    desk.reject(article)
    reader = database.feedback.ensure_reader("bob", desk.now)
    verdict = Verdict(0, VerdictKind.REJECTED, "ada", article, article, "bob", desk.now)
    change = Change(0, "reject", "ada", "bob", Way.API, desk.now)
    assert database.feedback.add_verdict(verdict, reader, basis, [], change) is None
    assert len(database.feedback.list_verdicts()) == 1


def test_marks_and_verdicts_follow_a_merged_story(database: Database) -> None:
    """The story that absorbed another has its marks."""
    desk = FeedbackDesk(database)
    first, second = (
        desk.add(),
        desk.add("Quite another text on quite another matter, of no concern to anybody.", "Rain"),
    )
    stories = [database.queries.get_article(one).story_id for one in (first, second)]
    actor = desk.actor()
    mark = Mark(0, MarkKind.MUTED, stories[1], "", desk.now, plan_id=PLAN.id)
    database.feedback.add_mark(mark, actor.reader, Change(0, "mute", "x", "ann", Way.CLI, desk.now))

    def merge(index: GroupingIndex) -> None:
        index.merge(stories[1], stories[0])

    desk.store("A third text.", "Snow")
    desk.match()
    database.stories.apply_grouping(database.stories.ungrouped(5), StoryWindow(), merge)
    (moved,) = database.feedback.list_marks()
    assert (moved.story_id, moved.made_by, moved.plan_id) == (stories[0], "ann", PLAN.id)


def test_an_article_that_became_a_duplicate_takes_its_verdict_along(database: Database) -> None:
    """The verdict was given before grouping; it counts for the original and all its copies then."""
    desk = FeedbackDesk(database)
    first = desk.add()
    desk.store(HARBOUR, outlet="post")
    desk.match()
    (copy,) = database.stories.ungrouped(5)
    desk.reject(copy.id)
    assert desk.waiting() == {(first, ("ada",))}
    desk.process()
    assert database.queries.get_article(copy.id).duplicate_of == first
    assert desk.waiting() == set()
    assert [one.root_id for one in database.feedback.list_verdicts()] == [first]


def test_hits_counted_as_reported_when_a_digest_begins_are_not_taken_back(database: Database) -> None:
    """They reached no reader."""
    desk = FeedbackDesk(database)
    article = desk.add()
    desk.clock.advance(timedelta(days=400))
    desk.compose()
    with database._connections.read_transaction() as connection:
        assert connection.execute(text("SELECT official_ids FROM digest_hit")).scalars().all() == ['["-"]']
    change = desk.reject(article).change
    assert desk.compose() == []
    desk.undo(change.id)
    assert desk.compose() == []


def test_a_disabled_reader_gives_no_feedback(database: Database) -> None:
    """The login is kept, and refused."""
    desk = FeedbackDesk(database)
    desk.actor("bob")
    with database._connections.write_transaction() as connection:
        connection.execute(text("UPDATE reader SET disabled_at = made_at"))
    with pytest.raises(UsageError, match="disabled"):
        desk.actor("bob")


def test_feedback_does_not_keep_an_article_from_being_deleted(database: Database) -> None:
    """The verdict has the sentence, and is kept."""
    desk = FeedbackDesk(database)
    article = desk.add()
    desk.reject(article)
    with database._connections.write_transaction() as connection:
        connection.execute(text("DELETE FROM article WHERE id = :id"), {"id": article})
    (verdict,) = database.feedback.list_verdicts()
    assert verdict.sentence.startswith("Ada Lovell opened the new harbour")
    assert replace(verdict, id=0).article_id == article


def test_a_verdict_given_while_a_copy_is_grouped_counts_for_the_copy(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process gives it; it sees the copy, or grouping sees the verdict."""
    desk = FeedbackDesk(database)
    article = desk.add()
    desk.store(HARBOUR, outlet="post")
    desk.match()
    other_database = Database.open(url)
    other = FeedbackDesk(other_database)
    verdict = Thread(target=other.reject, args=(article,))
    place = Grouper.place

    def place_slowly(grouper: Grouper, articles: Sequence[IncomingArticle]) -> object:
        verdict.start()
        verdict.join(1)  # without a lock, the verdict is stored now
        return place(grouper, articles)

    monkeypatch.setattr(Grouper, "place", place_slowly)
    desk.process()
    verdict.join(30)
    desk.process()
    other_database.close()
    assert len(database.feedback.list_verdicts()) == 1
    assert desk.waiting() == set()

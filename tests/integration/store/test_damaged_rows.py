"""Damaged rows, on both engines: they are logged and left out, and the other rows are read."""

import pytest
from sqlalchemy import text
from support.feedback_desk import PLAN, FeedbackDesk, reported
from support.rows import MINUTE, NOW, draft, screened

from monitor.digest.render import render_digest
from monitor.domain.article import Stage
from monitor.domain.errors import DamagedRow
from monitor.domain.feedback import Change, Mark, MarkKind, Way
from monitor.store.database import Database


def damage(database: Database, table: str, column: str, where: str) -> None:
    """Overwrite a column with text that is not JSON."""
    with database._connections.write_transaction() as connection:
        connection.execute(text(f"UPDATE {table} SET {column} = '[\"cut o' WHERE {where}"))  # of this test


def test_a_damaged_article_does_not_stop_rechecks(database: Database) -> None:
    """The other due articles are rechecked."""
    screened(database, draft("a"), draft("b"))
    with database._connections.write_transaction() as connection:
        connection.execute(text("INSERT INTO recheck SELECT id, first_seen_at, NULL, 0, '' FROM article"))
    damage(database, "article_text", "captions", "article_id = 1")
    assert [one.stored.id for one in database.rechecks.lease_due(NOW, 10, NOW + MINUTE)] == [2]


def test_a_damaged_article_does_not_stop_feedback(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The other articles of the queue are matched again, and a verdict on another copy is possible."""
    screened(database, draft("a"), draft("b"))
    with database._connections.write_transaction() as connection:
        connection.execute(text("INSERT INTO rescreen SELECT id FROM article"))
        connection.execute(text("UPDATE article SET duplicate_of = 1 WHERE id = 2"))
    damage(database, "article_text", "captions", "article_id = 1")
    assert [one.id for one in database.feedback.load_rescreen_queue(10).articles] == [2]
    assert [(one.id, one.stage) for one in database.feedback.load_basis(1).articles] == [(2, Stage.MATCHED)]
    assert "row 1 of the table article cannot be read" in caplog.text


def test_a_damaged_hit_does_not_stop_the_pages_of_the_desk(database: Database) -> None:
    """The other hits, and their passages, are shown."""
    screened(database, draft("a"), draft("b"), draft("c"))
    damage(database, "hit", "official_ids", "id = 1")
    damage(database, "hit", "passages", "id = 2")
    assert [one.id for one in database.desk.list_hits(10)] == [3, 2]
    assert list(database.desk.load_passages([1, 2, 3])) == [1, 3]


def test_damaged_rows_do_not_stop_the_digests_of_a_plan_with_marks(database: Database) -> None:
    """A damaged hit counts for nothing, and a damaged article of a followed story is left out."""
    desk = FeedbackDesk(database)
    desk.compose()
    desk.add()
    desk.compose()
    story_id = database.queries.get_article(1).story_id
    mark = Mark(0, MarkKind.FOLLOWED, story_id, "", desk.now, plan_id=PLAN.id)
    database.feedback.add_mark(mark, desk.actor().reader, Change(0, "follow", "x", "ann", Way.CLI, desk.now))
    damage(database, "hit", "official_ids", "id = 1")
    desk.store("Rain fell.")
    desk.store("Snow fell.")
    with database._connections.write_transaction() as connection:
        connection.execute(text(f"UPDATE article SET story_id = '{story_id}', stage = 'grouped' WHERE id > 1"))
    damage(database, "article_text", "captions", "article_id = 2")
    assert reported(desk.compose()) == [3]


def test_the_person_cannot_be_erased_from_a_damaged_digest(database: Database) -> None:
    """The error names the row, and nothing is erased."""
    desk = FeedbackDesk(database)
    desk.compose()
    desk.add()
    desk.compose()
    with database._connections.write_transaction() as connection:
        connection.execute(text("UPDATE digest SET content = '{\"ada\"' WHERE id = 2"))
    with pytest.raises(DamagedRow, match="row 2 of the table digest"):
        database.forgetting.forget_official("ada", (), render_digest)
    assert database.queries.get_findings(1).mentions

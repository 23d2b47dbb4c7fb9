"""`monitor forget official`: nothing that was found about the person is left; others stay as they were."""

from sqlalchemy import text
from support.feedback_desk import HARBOUR, ORCHARD, FeedbackDesk

from monitor.digest.render import render_digest
from monitor.domain.read_models import ArticleFilter
from monitor.store.database import Database

TABLES = ("mention", "near_miss", "hit", "verdict", "digest", "rendered_digest")


def rows(database: Database) -> dict[str, list[str]]:
    """Return all rows of the tables, as text."""
    with database._connections.read_transaction() as connection:
        return {
            name: [str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY id"))]
            for name in TABLES
        }


def test_everything_about_a_person_is_erased_and_others_stay(database: Database) -> None:
    """Hits on both, and digests with both, keep the other person; a dry run changes nothing."""
    desk = FeedbackDesk(database)
    desk.compose()
    alone, both, other = (
        desk.add(HARBOUR),
        desk.add(ORCHARD + " Ada Lovell bought apples.", "Apples"),
        desk.add(ORCHARD),
    )
    desk.compose()
    desk.reject(alone, "ada")
    before = rows(database)
    assert any("Lovell" in row for row in before["rendered_digest"])

    counted = database.forgetting.forget_official("ada", (), render_digest, is_dry_run=True)
    assert rows(database) == before
    report = database.forgetting.forget_official("ada", (), render_digest)
    assert report == counted
    assert (report.hits, report.shared_hits, report.verdicts, report.digests) == (1, 1, 1, 1)

    after = rows(database)
    assert not [row for found in after.values() for row in found if "Lovell" in row or "'ada'" in row or '"ada"' in row]
    assert any("Harcastle" in row for row in after["rendered_digest"])
    assert [hit.article_id for hit in database.queries.list_hits(ArticleFilter(official_id="ben"))] == [other, both]
    assert {hit.official_ids for hit in database.queries.list_hits(ArticleFilter())} == {("ben",)}
    assert database.maintenance.check_database() == ()
    assert database.forgetting.forget_official("ada", (), render_digest).mentions == 0

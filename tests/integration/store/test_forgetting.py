"""`monitor forget official`: nothing that was found about the person is left; others stay as they were."""

import pytest
from sqlalchemy import text
from support.feedback_desk import HARBOUR, ORCHARD, FeedbackDesk
from support.rows import NOW, digest

from monitor.digest.render import render_digest
from monitor.domain.article import Region
from monitor.domain.errors import UsageError
from monitor.domain.mention import Passage
from monitor.domain.read_models import ArticleFilter
from monitor.domain.translation import TextToTranslate, Translation
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.store.forgetting import redact_digest

TABLES = ("mention", "near_miss", "hit", "verdict", "change", "digest", "rendered_digest")


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
    undone = desk.reject(both, "ada", written="Ada Lovell")
    desk.undo(undone.change.id)
    desk.reject(alone, "ada")
    before = rows(database)
    assert any("Lovell" in row for row in before["rendered_digest"])

    counted = database.forgetting.forget_official("ada", (), render_digest, is_dry_run=True)
    assert rows(database) == before
    report = database.forgetting.forget_official("ada", (), render_digest)
    assert report == counted
    assert (report.hits, report.shared_hits, report.verdicts, report.digests) == (1, 1, 2, 1)

    after = rows(database)
    left = [row for found in after.values() for row in found]
    assert not [row for row in left if "lovell" in row.casefold() or "'ada'" in row or '"ada"' in row]
    assert any("Harcastle" in row for row in after["rendered_digest"])
    assert [hit.article_id for hit in database.queries.list_hits(ArticleFilter(official_id="ben"))] == [other, both]
    assert {hit.official_ids for hit in database.queries.list_hits(ArticleFilter())} == {("ben",)}
    assert database.maintenance.check_database() == ()
    with pytest.raises(UsageError, match="Nothing about an official with the id 'ada' is stored"):
        database.forgetting.forget_official("ada", (), render_digest)


def test_translations_of_erased_passages_are_erased(database: Database) -> None:
    """Those in stored digests, and all that are kept for later digests."""
    passages = tuple(Passage(f"{name} spoke.", Region.BODY, 0, 5) for name in ("Ada Lovell", "Ben Harcastle"))
    translation = Translation("de", tuple((one.text, f"{one.text.split()[0]} sprach.") for one in passages))
    stored = digest("morning")
    (story,) = stored.stories
    item = replace(story.items[0], official_ids=("ada", "ben"), passages=passages, translation=translation)
    stored = replace(stored, stories=(replace(story, official_ids=("ada", "ben"), items=(item,)),))
    (redacted,) = redact_digest(stored, "ada", {"ada lovell"}).stories[0].items
    assert redacted.translation.texts == (("Ben Harcastle spoke.", "Ben sprach."),)

    FeedbackDesk(database).add()
    asked = TextToTranslate("en", "Ada Lovell spoke.")
    database.translations.save({asked: "Ada sprach."}, "de", "x", NOW)
    database.forgetting.forget_official("ada", (), render_digest, is_dry_run=True)
    assert database.translations.load([asked], "de", "x") == {asked: "Ada sprach."}
    database.forgetting.forget_official("ada", (), render_digest)
    assert database.translations.load([asked], "de", "x") == {}

"""Feedback on the desk: verdicts, marks and their undo, by role."""

import re
from asyncio import run
from datetime import timedelta
from pathlib import Path

import pytest
from support.desk import Desk, Reader
from support.rows import draft, kept
from support.stores import open_database

from monitor.domain.feedback import Proposal, ProposalKind
from monitor.domain.readers import Role
from monitor.match.engine import compile_watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingStep
from monitor.pipeline.process_offloader import ProcessOffloader
from monitor.store.database import Database

TEXT = "The minister Some Body spoke in Vientiane about rivers. The ministry published the speech of Some Body."
REJECTED = {"article": "1", "official": "somebody", "reason": "namesake"}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Open a database with articles that the pipeline has matched and grouped."""
    database = open_database(tmp_path)
    kept(database, draft("a", body=TEXT), draft("b", body="Other One opened a bridge in Pakse on Monday morning."))
    return database


@pytest.fixture
def desk(database: Database) -> Desk:
    desk = Desk(database)
    run(process(desk))
    return desk


async def process(desk: Desk) -> None:
    """Match and group what waits."""
    watchlist = desk.loader.snapshot.configuration.watchlist
    matcher = BoundedMatcher(compile_watchlist(watchlist), watchlist)
    await MatchingStep(desk.database, matcher, desk.clock).run_all()
    await GroupingStep(desk.database, desk.clock, ProcessOffloader(None, 0)).run_all()


def preview(reader: Reader) -> str:
    return str(reader.get("/digests/next/morning").text)


def last_change(desk: Desk) -> int:
    return desk.database.feedback.list_changes()[0].id


def test_a_rejected_person_leaves_today_and_the_next_digest(desk: Desk) -> None:
    """An undo brings both back."""
    reader = desk.log_in()
    assert "About a" in preview(reader)
    answer = reader.post("/feedback/reject", REJECTED | {"next": "/?by=story"})
    assert answer.headers["location"] == f"/?by=story&done={last_change(desk)}"
    assert "About a" not in preview(reader)
    page = reader.get(answer.headers["location"]).text
    assert "About a" not in page.partition("<main")[2].replace("somebody (every way) in article a1", "")
    change = re.search(r'name="change" value="(\d+)"', page)
    assert change
    assert reader.post("/feedback/undo", {"change": change[1]}).status_code == 303
    assert "About a" in preview(reader)
    assert "About a" in reader.get("/").text


def test_a_card_marks_the_name_of_its_person_and_the_words_of_other_rules(desk: Desk) -> None:
    body = "Villagers waited.\nOther One spoke first.\nThen the river rose in Pakse, where Some Body had come."
    kept(desk.database, draft("c", body=body))
    run(process(desk))
    cards = re.findall(r"<article.*?</article>", desk.log_in().get("/").text, re.DOTALL)
    (card,) = [one for one in cards if "About c" in one]
    assert "<mark>river</mark> rose in Pakse, where <mark>Some Body</mark>" in card
    story = desk.database.queries.get_article(3).story_id
    assert "<mark>river</mark> rose in Pakse, where <mark>Some Body</mark>" in desk.log_in().get(f"/story/{story}").text


def test_a_near_miss_or_another_text_can_be_confirmed(desk: Desk) -> None:
    reader = desk.log_in()
    reader.post("/feedback/reject", REJECTED)
    assert "Not <a" in reader.get("/article/1").text
    answer = reader.post("/feedback/confirm", {"article": "2", "official": "somebody", "written": "Pakse"})
    assert answer.status_code == 303
    assert "confirmed by owner" in reader.get("/article/2").text


@pytest.mark.parametrize("kind", ["muted", "irrelevant", "read"])
def test_a_marked_story_is_hidden_and_counted(desk: Desk, kind: str) -> None:
    """Only for the reader who marked it."""
    reader, other = desk.log_in(), desk.log_in("anna", Role.VIEWER)
    story = desk.database.queries.get_article(1).story_id
    assert reader.post("/feedback/mark", {"story": story, "kind": kind}).status_code == 303
    text = reader.get("/").text
    assert "About a" not in text
    assert f"Hidden: 1 {kind}" in text
    assert "About a" in reader.get("/?hidden=1").text
    assert "About a" in other.get("/").text


def test_a_story_with_new_hits_can_be_marked_as_read_again(desk: Desk) -> None:
    reader = desk.log_in()
    story = desk.database.queries.get_article(1).story_id
    reader.post("/feedback/mark", {"story": story, "kind": "read"})
    with desk.database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE hit SET found_at = '2026-03-01T14:00:00.000000Z' WHERE article_id = 1")
    desk.clock.now += timedelta(hours=2)
    assert "About a" in reader.get("/").text
    reader.post("/feedback/mark", {"story": story, "kind": "read"})
    assert "About a" not in reader.get("/").text


def test_a_followed_story_is_marked(desk: Desk) -> None:
    reader = desk.log_in()
    story = desk.database.queries.get_article(1).story_id
    reader.post("/feedback/mark", {"story": story, "kind": "followed"})
    assert '<span class="tag good">followed</span>' in reader.get("/").text
    assert '<span class="tag good">followed</span>' in reader.get(f"/story/{story}").text


def test_these_are_read_moves_the_line_to_what_was_shown(desk: Desk) -> None:
    """A hit that is found while the reader looks at the page stays new."""
    reader = desk.log_in()
    shown = re.search(r'name="hit" value="(\d+)"', reader.get("/").text)
    assert shown
    kept(desk.database, draft("c", body="Some Body opened a school in Thakhek."))
    run(process(desk))
    answer = reader.post("/feedback/read", {"hit": shown[1]})
    text = reader.get(answer.headers["location"]).text
    assert "About c" in text
    assert "About b" not in text
    undo = re.search(r'name="change" value="(\d+)" data-page-key="z"', text)
    assert undo
    reader.post("/feedback/undo", {"change": undo[1]})
    assert "About b" in reader.get("/").text


def test_these_are_read_is_one_change_with_one_undo(desk: Desk) -> None:
    """Of the stories that are shown, or of all; a mark of the reader before it stays."""
    reader, editor = desk.log_in("anna", Role.VIEWER), desk.log_in("eva", Role.EDITOR)
    stories = [desk.database.queries.get_article(number).story_id for number in (1, 2)]
    editor.post("/feedback/mark", {"story": stories[0], "kind": "read"})
    answer = reader.post("/feedback/read", {"stories": " ".join(stories), "next": "/?by=story"})
    (change, _earlier) = desk.database.feedback.list_changes()
    assert (change.what, change.subject) == ("read", "2 stories")
    assert answer.headers["location"] == f"/?by=story&done={change.id}"
    assert "Nothing new" in reader.get("/").text
    assert editor.post("/feedback/undo", {"change": change.id}).status_code == 303
    text = reader.get("/").text
    assert ("About a" in text, "About b" in text) == (True, True)
    assert "About a" not in editor.get("/").text
    assert reader.post("/feedback/undo", {"change": change.id}).status_code == 404


def test_the_line_of_what_is_read_is_moved_back_in_order(desk: Desk) -> None:
    """Otherwise the undo of an older change would show what a newer one has marked."""
    reader = desk.log_in()
    for number in (1, 2):
        reader.post("/feedback/read", {"hit": number})
    newer, older = desk.database.feedback.list_changes()
    assert reader.post("/feedback/undo", {"change": older.id}).status_code == 404
    assert desk.database.feedback.get_change(older.id).undone_at is None
    for one in (newer, older):
        assert reader.post("/feedback/undo", {"change": one.id}).status_code == 303
    assert [one.seen_hit_id for one in desk.database.feedback.list_readers()] == [0]


def test_a_script_gets_the_changed_row_only(desk: Desk) -> None:
    answer = desk.log_in().post("/feedback/reject", REJECTED, **{"X-Fragment": "1"})
    assert answer.headers["x-fragment"] == "1"
    assert answer.text.startswith('<div class="card done"')
    assert "Undo" in answer.text


def test_a_repeated_act_offers_no_undo_of_the_change_of_another_reader(desk: Desk) -> None:
    """The key z would undo what the reader did not do."""
    desk.log_in("anna", Role.EDITOR).post("/feedback/reject", REJECTED)
    other = desk.log_in("eva", Role.EDITOR)
    answer = other.post("/feedback/reject", REJECTED, **{"X-Fragment": "1"})
    assert "Rejected before" in answer.text
    assert "Undo" not in answer.text
    location = other.post("/feedback/reject", REJECTED).headers["location"]
    assert 'data-page-key="z"' not in other.get(location).text


@pytest.mark.parametrize(
    ("role", "action", "fields", "status"),
    [
        (Role.VIEWER, "decide", {"proposal": "1", "outcome": "accept"}, 403),
        (Role.VIEWER, "mark", {"story": "s1", "kind": "muted"}, 303),
        (Role.VIEWER, "mark", {"story": "s1", "kind": "followed", "digest": "morning"}, 403),
        (Role.VIEWER, "read", {"hit": "1"}, 303),
        (Role.EDITOR, "reject", REJECTED, 303),
        (Role.EDITOR, "mark", {"story": "s1", "kind": "muted", "digest": "morning"}, 303),
        (Role.EDITOR, "mark", {"story": "s1", "kind": "loved"}, 400),
        (Role.EDITOR, "mark", {"story": "nothing", "kind": "muted"}, 404),
        (Role.EDITOR, "reject", REJECTED | {"official": "nobody"}, 404),
        (Role.EDITOR, "reject", REJECTED | {"article": "x"}, 400),
        (Role.EDITOR, "reject", REJECTED | {"reason": "x"}, 400),
        (Role.EDITOR, "undo", {"change": "999"}, 404),
    ],
)
def test_each_role_may_do_what_the_table_says(
    desk: Desk, role: Role, action: str, fields: dict[str, str], status: int
) -> None:
    answer = desk.log_in("anna", role).post(f"/feedback/{action}", fields)
    assert answer.status_code == status, answer.text
    assert bool(desk.database.feedback.list_changes()) == (status == 303)


PROPOSALS = (
    ("reject", REJECTED | {"note": "a namesake"}, "About a"),
    ("confirm", {"article": "2", "official": "somebody", "written": "Pakse"}, "Pakse"),
    ("mark", {"story": "s1", "kind": "muted", "digest": "morning"}, "Mute in morning"),
)


@pytest.mark.parametrize(("action", "fields", "shown"), PROPOSALS)
def test_a_viewer_proposes_and_an_editor_decides(desk: Desk, action: str, fields: dict[str, str], shown: str) -> None:
    """The proposal has no effect until then; the change is that of the editor, and can be undone."""
    viewer, editor = desk.log_in("anna", Role.VIEWER), desk.log_in("eva", Role.EDITOR)
    for _ in range(2):  # pressing twice is one proposal
        answer = viewer.post(f"/feedback/{action}", fields)
        assert answer.headers["location"] == "/?done=proposed"
    assert "Proposed: an editor decides" in viewer.get("/?done=proposed").text
    assert desk.database.feedback.list_changes() == []
    assert "1 proposal waits for an editor" in editor.get("/").text
    assert "for an editor" not in viewer.get("/").text
    page = editor.get("/changes").text
    assert shown in page
    assert "Accept</button>" in page
    assert "Accept</button>" not in viewer.get("/changes").text
    answer = editor.post("/feedback/decide", {"proposal": "1", "outcome": "accept"})
    assert answer.status_code == 303
    change = desk.database.feedback.list_changes()[0]
    assert (change.login, desk.database.proposals.get(1).outcome) == ("eva", "accepted")
    assert editor.post("/feedback/undo", {"change": change.id}).status_code == 303
    assert editor.post("/feedback/decide", {"proposal": "1", "outcome": "accept"}).status_code == 404


def test_a_refused_proposal_has_no_effect(desk: Desk) -> None:
    viewer, editor = desk.log_in("anna", Role.VIEWER), desk.log_in("eva", Role.EDITOR)
    viewer.post("/feedback/reject", REJECTED | {"scope": "story"}, **{"X-Fragment": "1"})
    assert editor.post("/feedback/decide", {"proposal": "1", "outcome": "refuse"}).status_code == 303
    assert desk.database.proposals.count_open() == 0
    assert desk.database.feedback.list_changes() == []
    assert viewer.post("/feedback/reject", REJECTED | {"article": "99"}).status_code == 404


def test_all_proposals_are_counted(desk: Desk) -> None:
    """The page shows the oldest ones, and more after a decision."""
    author = desk.database.feedback.ensure_reader("anna", desk.clock())
    editor = desk.log_in("eva", Role.EDITOR)
    for number in range(101):
        proposal = Proposal(0, ProposalKind.MUTED, "", desk.clock(), story_id="s1", plan_id=f"digest-{number}")
        desk.database.proposals.add(proposal, author)
    assert "101 proposals wait for an editor" in editor.get("/").text
    page = editor.get("/changes").text
    assert "101 proposals wait for an editor" in page
    assert page.count("Accept</button>") == 100


def test_only_an_editor_undoes_what_others_did(desk: Desk) -> None:
    """Also if readers have the same name."""
    viewer, other, editor = (
        desk.log_in(*one) for one in (("anna", Role.VIEWER), ("ben", Role.VIEWER), ("eva", Role.EDITOR))
    )
    viewer.post("/feedback/mark", {"story": "s1", "kind": "muted"})
    number = str(last_change(desk))
    with desk.database._connections.write_transaction() as connection:
        connection.exec_driver_sql("UPDATE reader SET name = 'Anna' WHERE login IN ('anna', 'ben')")
    assert other.post("/feedback/undo", {"change": number}).status_code == 403
    assert "Undo</button>" not in other.get("/changes").text
    assert "Undo</button>" in viewer.get("/changes").text
    assert editor.post("/feedback/undo", {"change": number}).status_code == 303
    assert "undone by eva" in editor.get("/changes").text


def test_all_changes_are_listed(desk: Desk) -> None:
    reader = desk.log_in()
    assert "No change yet" in reader.get("/changes").text
    reader.post("/feedback/reject", REJECTED)
    text = reader.get("/changes").text
    assert "somebody (every way) in article a1" in text
    assert "page" in text
    assert "Rejected" in reader.get("/article/1").text
    assert "Verdicts" in reader.get("/people/somebody").text

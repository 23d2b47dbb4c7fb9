"""`monitor reject`, `confirm`, `mark`, `undo`, `feedback`, and the edits of stories."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.command_line import app, run_command
from support.feedback_desk import HARBOUR, ORCHARD, FeedbackDesk
from support.stores import open_database
from typer.testing import CliRunner

from monitor.cli.feedback import parse_until
from monitor.config.file_editor import FileEditor
from monitor.domain.codes import Code, CodeKind, parse_code
from monitor.domain.errors import UsageError
from monitor.domain.feedback import MarkKind, Proposal, ProposalKind
from monitor.domain.values import replace
from monitor.feedback.configuration import ConfigurationService

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
officials:
  ada: {name: Ada Lovell, country: United Kingdom}
  ben: {name: Ben Harcastle, country: United Kingdom}
rules: {people: {officials: [ada, ben]}}
digests: {morning: {rules: [people], at: "07:00"}}
"""
NEAR = "The barge Lovell sank off Northport. The crew of five was saved by a fishing boat, the harbour police said."
Run = Callable[..., str]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FeedbackDesk]:
    """Store a text in two outlets, another text, and one with a near miss."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MONITOR_READER", "ann")
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    desk = FeedbackDesk(open_database(tmp_path))
    desk.compose()
    desk.add(HARBOUR, outlet="times")
    desk.add(HARBOUR, outlet="post")
    desk.add(ORCHARD, "Apples")
    desk.add(NEAR, "A barge")
    yield desk
    desk.database.close()


@pytest.fixture
def run(desk: FeedbackDesk) -> Run:
    """Run a command in the folder."""
    return run_command


def test_a_code_of_a_digest_is_enough_to_reject_and_undo(run: Run, desk: FeedbackDesk) -> None:
    """The official is not needed if there is only one; the answer counts articles and hits."""
    assert desk.waiting() == {(1, ("ada",)), (2, ("ada",)), (3, ("ben",))}
    answer = run("reject", "a1", "--reason", "namesake")
    assert "It counts for 2 articles" in answer
    assert "2 hits will not be reported." in answer
    assert "monitor undo 1" in answer
    assert desk.waiting() == {(3, ("ben",))}
    assert run("hits").count("withdrawn") == 2
    run("undo", "1")
    assert "withdrawn" not in run("hits")
    assert desk.waiting() == {(1, ("ada",)), (2, ("ada",)), (3, ("ben",))}


@pytest.mark.parametrize("target", ["h3", "3", "a3", "s3", "https://times.example/3"])
def test_hits_articles_stories_and_urls_name_an_article(run: Run, desk: FeedbackDesk, target: str) -> None:
    """For all commands that take one."""
    assert json.loads(run("reject", target, "--json"))["verdict"]["article"] == 3
    assert "rejected by ann" in run("why", target)
    assert "Ben Harcastle" in run("articles", "show", target)
    assert "Apples" in run("stories", "show", target)


def test_a_near_miss_is_confirmed_without_naming_it(run: Run, desk: FeedbackDesk) -> None:
    """It must be the only one; else the answer lists the options."""
    near_miss = desk.database.queries.get_findings(4).near_misses
    words = ("--official", "ada", "--written", "Lovell") if not near_miss else ()
    record = json.loads(run("confirm", "a4", *words, "--json"))
    assert (record["verdict"]["written"], record["added"]) == ("lovell", 1)
    assert "no such near miss" in run("confirm", "a3", fails=UsageError)


def test_feedback_lists_changes_with_the_documented_keys(run: Run, desk: FeedbackDesk) -> None:
    """Newest first, also as CSV; an undone one has the reader who undid it."""
    run("reject", "a3")
    run("mark", "mute", "s1", "--digest", "morning", "--until", "7d")
    run("undo", "1")
    records = [json.loads(line) for line in run("feedback", "--json").splitlines()]
    assert [one["what"] for one in records] == ["undo", "mute", "reject"]
    assert set(records[0]) == {"change", "at", "by", "way", "what", "of", "effect", "undone_at", "undone_by", "verdict"}
    assert records[2]["undone_by"] == "ann"
    assert "undone by ann" in run("feedback")
    assert run("feedback", "--official", "ben", "--csv").count("reject") == 1


def test_marks_are_for_a_reader_or_a_digest(run: Run, desk: FeedbackDesk) -> None:
    """A mark again changes nothing; an unknown digest is refused."""
    output = run("mark", "mute", "a1", "--digest", "morning")
    assert "mute story s1: for digest morning" in output
    assert "The story: " in output  # its headline shows a mistyped code at once
    assert "counts already" in run("mark", "mute", "s1", "--digest", "morning")
    assert "follow story s3: for ann" in run("mark", "follow", "s3")
    run("mark", "irrelevant", "s3")
    run("mark", "read", "h1")
    run("mark", "read", "--until", "h2")
    assert [reader.seen_hit_id for reader in desk.database.feedback.list_readers()] == [2]
    assert "There is no digest 'evening'" in run("mark", "mute", "s1", "--digest", "evening", fails=UsageError)
    assert "no story 's99'" in run("mark", "mute", "s99", fails=UsageError)
    assert "To change a digest, add --digest ID" in run("mark", "mute", "s1")
    assert "give the code" in run("mark", "read", fails=UsageError)


def test_a_mark_without_a_reader_is_for_the_digest(
    run: Run, desk: FeedbackDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several digests, one must be named; a story is always read by a reader."""
    monkeypatch.delenv("MONITOR_READER")
    assert "mute story s1: for digest morning" in run("mark", "mute", "s1")
    assert "follow story s3: for ben" in run("mark", "follow", "s3", "--by", "ben")
    evening = CONFIGURATION.replace("digests: {", 'digests: {evening: {rules: [people], at: "18:00"}, ')
    (tmp_path / "sources.yaml").write_text(evening)
    refused = run("mark", "irrelevant", "s3", fails=UsageError)
    assert "--digest evening or --digest morning, or --by LOGIN" in refused
    run("mark", "read", "s3")
    assert [(one.kind, one.plan_id) for one in desk.database.feedback.list_marks(["s1", "s3"])] == [
        (MarkKind.READ, ""),
        (MarkKind.FOLLOWED, ""),
        (MarkKind.MUTED, "morning"),
    ]


def test_stories_are_split_and_joined(run: Run, desk: FeedbackDesk) -> None:
    """Copies go along; the id of a joined story still names it; each edit can be undone."""
    assert "join story s3 into s1" in run("stories", "join", "s3", "s1")
    assert desk.database.stories.get_story("s3").article_ids == (1, 2, 3, 4)
    assert desk.database.stories.get_story("s1").title == "The harbour of Northport"
    assert "split a1, a2 from story s1: s2" in run("stories", "split", "s1", "a2")
    rest = desk.database.stories.get_story("s1")
    assert rest.article_ids == (3, 4)
    assert rest.title == "Apples", "the article that gave the story its title has left"
    assert "all articles" in run("stories", "split", "s1", "a3", "a4", fails=UsageError)
    assert "is not in story" in run("stories", "split", "s1", "a1", fails=UsageError)
    desk.process()
    assert desk.database.stories.get_story("s2").article_ids == (1, 2)
    run("undo", "2")
    assert desk.database.stories.get_story("s2").article_ids == (1, 2, 3, 4)
    run("undo", "1")
    assert desk.database.stories.get_story("s3").article_ids == (3,)
    assert desk.database.stories.get_story("s1").article_ids == (1, 2, 4)


def test_errors_say_what_to_give(run: Run, desk: FeedbackDesk) -> None:
    """Unknown codes, several officials, and changes that cannot be undone."""
    desk.add(HARBOUR + " Ben Harcastle objected.", "Both", outlet="echo")
    assert "ada, ben: add --official" in run("reject", "a5", fails=UsageError)
    assert "1 hit on other officials, too" in run("reject", "a5", "--official", "ben")
    run("undo", "1")
    assert "not known" in run("reject", "x5", fails=UsageError)
    assert "there is no article 77" in run("reject", "a77", fails=UsageError)
    assert "there is no hit 77" in run("reject", "h77", fails=UsageError)
    assert "there is no change 7" in run("undo", "7", fails=UsageError)
    assert "was undone by ann" in run("undo", "1", fails=UsageError)
    assert "cannot be undone" in run("undo", "2", fails=UsageError)


@pytest.mark.parametrize(
    "command",
    ["articles show", "reject", "mark read --until", "undo", "suggest", "evidence export", "deliveries show",
     "deliveries resend", "deliveries cancel", "deliveries dismiss", "tokens revoke", "digests show", "stories show",
     "hits -n", "search x --cursor"],
)  # fmt: skip
@pytest.mark.parametrize("number", ["9" * 20, "²", "a²"])
@pytest.mark.usefixtures("desk")
def test_a_number_that_no_database_holds_is_refused(command: str, number: str) -> None:
    """With a message, not with an error of the database or of Python."""
    result = CliRunner().invoke(app, [*command.split(), number])
    assert result.exit_code == 2 or isinstance(result.exception, UsageError), (result.output, result.exception)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("53", Code(CodeKind.ARTICLE, 53)),
        ("A53", Code(CodeKind.ARTICLE, 53)),
        ("h45", Code(CodeKind.HIT, 45)),
        ("s12", Code(CodeKind.STORY, story_id="s12")),
        ("s12b", Code(CodeKind.STORY, story_id="s12b")),
        ("https://x.example/53", None),
        ("a0", None),
        ("a" + "9" * 19, None),
        ("", None),
    ],
)
def test_codes(text: str, code: Code | None) -> None:
    """A number alone is an article."""
    assert parse_code(text) == code


def test_the_end_of_a_mark_is_a_length_or_a_day() -> None:
    """Other texts, and times that have passed, are refused."""
    assert parse_until("2999-01-31") is not None
    assert parse_until("7d") is not None
    assert parse_until("") is None
    for text in ("soon", "0d", "2020-01-01", "0001-01-01"):
        with pytest.raises(UsageError, match=r"^--until"):
            parse_until(text)


def test_the_report_on_noise_has_the_documented_keys(run: Run, desk: FeedbackDesk) -> None:
    """As tables, and as one JSON document."""
    run("reject", "a3")
    assert "Only rejected since" in run("report", "--since", "4000d")
    record = json.loads(run("report", "--since", "4000d", "--json"))
    assert set(record) == {"since", "rules", "officials", "forms", "names", "never_found", "always_rejected"}
    assert record["always_rejected"][0]["text"] == "Ben Harcastle"


def test_a_suggestion_is_shown_and_written_without_touching_other_bytes(
    run: Run, desk: FeedbackDesk, tmp_path: Path
) -> None:
    """The edited file is valid; the edit is recorded as a change."""
    race = desk.add("On Friday the mare Ada Lovell won the third race. The track was wet after the rain.", "Racing")
    run("reject", f"a{race}", "--reason", "thing-or-place")
    shown = run("suggest", "1")
    assert "officials.ada.exclude_phrases" in shown
    assert "1 rejected, 0 others" in shown
    assert "monitor suggest 1 --write" in shown
    record = json.loads(run("suggest", "--json").splitlines()[0])
    assert (record["change"], record["kind"], record["silenced_rejected"]) == (1, "exclude_phrases", 1)
    before = (tmp_path / "sources.yaml").read_text()
    run("suggest", "1", "--write")
    after = (tmp_path / "sources.yaml").read_text()
    addition = f"exclude_phrases: [{record['value']}]"
    assert after.count(addition) == 1
    assert [line for line in after.splitlines() if addition not in line] == [
        line for line in before.splitlines() if "Ada Lovell" not in line
    ]
    run("check")
    assert f"officials.ada.exclude_phrases: {record['value']} in sources.yaml" in run("feedback")
    run("undo", "2")
    assert (tmp_path / "sources.yaml").read_text() == before
    assert "needs the number" in run("suggest", "--write", fails=UsageError)
    assert "there is no 9" in run("suggest", "1", "--write", "--pick", "9", fails=UsageError)


def test_a_backtest_can_store_the_hits_that_it_shows(run: Run, desk: FeedbackDesk, tmp_path: Path) -> None:
    """The next digest reports them; rejected mentions stay rejected."""
    run("reject", "a1")
    file = tmp_path / "sources.yaml"
    file.write_text(CONFIGURATION.replace("rules: {people:", "rules: {more: {officials: [ada, ben]}, people:"))
    shown = json.loads(run("backtest", "--since", "4000d", "--json"))
    assert [(one["rule"], one["new"]) for one in shown["rules"]] == [("more", 1), ("people", 0)]
    assert "1 new hits are stored" in run("backtest", "--since", "4000d", "--apply")
    assert [hit.rule_id for hit in desk.database.queries.list_article_hits(3)] == ["people", "more"]
    assert json.loads(run("backtest", "--since", "4000d", "--json"))["rules"][0]["new"] == 0


def test_proposals_are_listed_accepted_and_refused(run: Run, desk: FeedbackDesk) -> None:
    """The twin of the buttons on the page Changes; the editor is the reader of the shell."""
    assert "No proposal waits" in run("feedback", "--proposals")
    proposal = Proposal(0, ProposalKind.REJECTED, "", desk.now, 1, "ada", reason="namesake", note="another")
    for one in (proposal, replace(proposal, article_id=3, official_id="ben")):
        asyncio.run(desk.service.propose(one, desk.actor("viv")))
    records = [json.loads(line) for line in run("feedback", "--proposals", "--json").splitlines()]
    assert [(one["proposal"], one["by"], one["official"], one["outcome"]) for one in records] == [
        (1, "viv", "ada", "open"),
        (2, "viv", "ben", "open"),
    ]
    run("feedback", "--accept", "1")
    run("feedback", "--refuse", "2")
    assert "No proposal waits" in run("feedback", "--proposals")
    (verdict,) = desk.database.feedback.list_verdicts()
    assert (verdict.official_id, verdict.reader, verdict.note) == ("ada", "ann", "proposed by viv: another")
    run("feedback", "--accept", "2", fails=UsageError)


def test_an_edit_of_the_file_is_undone_from_the_shell(run: Run, desk: FeedbackDesk, tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    editor = FileEditor(file, {}, str)
    opened = editor.open()
    service = ConfigurationService(desk.database, editor, desk.clock)
    text = opened.text.replace("07:00", "08:00")
    change = asyncio.run(service.save("", text, opened.tag, desk.actor("eva")))
    assert "08:00" in file.read_text()
    run("undo", str(change.id))
    assert file.read_text() == CONFIGURATION
    run("undo", str(change.id), fails=UsageError)

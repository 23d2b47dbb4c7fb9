"""Page Rules: open, check, review, save, conflicts, undo, and what each role may do."""

import asyncio
import hashlib
import html
import re
from pathlib import Path
from typing import Any

import pytest
from support.desk import CONFIGURATION, Desk, FixedLoader, Reader

from monitor.domain.read_models import SavedConfiguration
from monitor.domain.readers import Role
from monitor.domain.secret import Secret
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.telemetry.redact import Redactor
from monitor.web.context import TooManyRequests
from monitor.web.rehearsals import Rehearsals, run_until_left

CANARY = "c4nary-secret"
FILE = CONFIGURATION.replace('rss"}\n  post', f'rss", headers: {{X-Key: {CANARY}}}}}\n  post', 1) + "# the end\n"


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    """Build a desk with a file that can be edited."""
    file = tmp_path / "sources.yaml"
    file.write_text(FILE, encoding="utf-8")
    return Desk(database, file=file, redact=Redactor([Secret(CANARY)]))


def fields_of(answer: Any) -> dict[str, str]:
    """Return the fields of the first form of the editor or the review on a page."""
    form = re.search(r'<form method="post" action="/rules/(?:review|save)".*?</form>', answer.text, re.DOTALL)
    assert form, answer.text
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    text = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", form[0], re.DOTALL)
    assert text
    return {name: html.unescape(value) for name, value in found.items()} | {"text": html.unescape(text[1])}


def type_text(reader: Reader, old: str, new: str) -> dict[str, str]:
    """Open the editor and return its fields after an edit of the text, with the line ends of a browser."""
    fields = fields_of(reader.get("/rules"))
    assert old in fields["text"]
    return fields | {"text": fields["text"].replace(old, new).replace("\n", "\r\n")}


def save(reader: Reader, fields: dict[str, str]) -> Any:
    """Send a text to the review, and save it as the form of the review does."""
    reviewed = reader.post("/rules/review", fields)
    assert reviewed.status_code == 200, reviewed.text
    form = re.search(r'action="/rules/save".*?</form>', reviewed.text, re.DOTALL)
    assert form
    return reader.post("/rules/save", fields_of(type("Page", (), {"text": f'<form method="post" {form[0]}'})))


def test_an_edit_is_reviewed_saved_recorded_and_undone(desk: Desk) -> None:
    """The file is what was typed; the secret and every other byte stay."""
    reader, file = desk.log_in(), desk.file
    assert file
    opened = reader.get("/rules")
    assert CANARY not in opened.text
    fields = type_text(reader, "query: river", "query: listened")
    reviewed = reader.post("/rules/review", fields)
    assert "<del>-rules: {rule: {officials: all}, rivers: {query: river}}</del>" in html.unescape(reviewed.text)
    assert "Other people listened" in reviewed.text  # an article that the new rule would have reported
    assert file.read_text() == FILE
    answer = save(reader, fields)
    assert answer.status_code == 303
    assert file.read_text() == FILE.replace("query: river", "query: listened")
    change = desk.database.feedback.list_changes()[0]
    assert (change.what, change.subject, change.after) == ("edit", "sources.yaml", "1 line added, 1 line removed")
    assert "Undo" in reader.get("/changes").text
    assert "Undo" in reader.get(answer.headers["location"]).text
    reader.post("/feedback/undo", {"change": change.id})
    assert file.read_text() == FILE
    assert "undone by owner" in reader.get("/changes").text


def test_the_undo_of_an_edit_is_offered_only_if_it_is_possible(desk: Desk) -> None:
    """That of an earlier one, after the undo of the later one."""
    reader, file = desk.log_in(), desk.file
    assert file
    numbers = []
    for before, after in (("query: river", "query: flood"), ("query: flood", "query: storm")):
        save(reader, type_text(reader, before, after))
        numbers.append(desk.database.feedback.list_changes()[0].id)
    for number in reversed(numbers):
        offered = re.findall(r'name="change" value="(\d+)">Undo', reader.get("/changes").text)
        assert offered == [str(number)]
        reader.post("/feedback/undo", {"change": number})
    assert file.read_text() == FILE


def test_a_text_with_errors_is_kept_and_its_errors_come_first(desk: Desk) -> None:
    reader, file = desk.log_in(), desk.file
    assert file
    fields = type_text(reader, "country: Laos}\n", "contry: Laos}\n")
    for path, status in (("/rules/check", 200), ("/rules/review", 422)):
        answer = reader.post(path, fields)
        assert answer.status_code == status
        assert re.search(r'data-line="(\d+)" data-column="\d+">sources\.yaml:\1:', answer.text)
        assert answer.text.index('id="faults"') < answer.text.index('id="text"')
        assert fields_of(answer)["text"] == fields["text"].replace("\r\n", "\n")
    fragment = reader.post("/rules/check", fields, **{"X-Fragment": "1"})
    assert fragment.headers["x-fragment"] == "1"
    assert fragment.text.startswith('<section id="faults"')
    assert file.read_text() == FILE


def test_nothing_is_saved_before_the_difference_was_shown(desk: Desk) -> None:
    reader = desk.log_in()
    answer = reader.post("/rules/save", type_text(reader, "Some Body", "Some Person"))
    assert "Save this change?" in answer.text
    assert desk.file
    assert desk.file.read_text() == FILE


def test_two_editors_at_once_lose_nothing(desk: Desk) -> None:
    """W17: the second one sees both texts, and saves over the first only after another review."""
    first, second = desk.log_in(), desk.log_in("anna", Role.EDITOR)
    mine = type_text(second, "Some Body", "Some Person")
    assert save(first, type_text(first, "Other One", "Other Two")).status_code == 303
    for path in ("/rules/review", "/rules/save"):
        answer = second.post(path, mine)
        assert answer.status_code == 409
        shown = html.unescape(answer.text)
        assert "Other Two" in shown.partition("<textarea")[0]
        assert "Some Person" in shown.partition("<textarea")[0]
        assert fields_of(answer)["text"] == mine["text"].replace("\r\n", "\n")
        for heading in ("When you opened it", "In the file now", "Your text"):
            assert heading in shown
    assert desk.file
    assert desk.file.read_text() == FILE.replace("Other One", "Other Two")
    form = re.search(r'<form method="post" action="/rules/edit">.*?</form>', answer.text, re.DOTALL)
    assert form
    taken = fields_of(type("Page", (), {"text": form[0].replace("/rules/edit", "/rules/review")}))
    merged = fields_of(second.post("/rules/edit", taken))
    assert save(second, merged).status_code == 303
    assert desk.file.read_text() == FILE.replace("Other One", "Other Two").replace("Some Body", "Some Person")


def test_a_conflict_after_a_restart_shows_two_texts(desk: Desk) -> None:
    """The text that was opened is not known any more; the typed one is in the form."""
    reader, file = desk.log_in(), desk.file
    assert file
    mine = type_text(reader, "Some Body", "Some Person") | {"tag": "of an earlier process"}
    file.write_text(FILE.replace("Other One", "Other Two"), encoding="utf-8")
    answer = reader.post("/rules/review", mine)
    assert answer.status_code == 409
    assert "<del>-  other: {name: Other Two" in html.unescape(answer.text)
    assert "When you opened it" not in answer.text


def test_a_file_that_is_not_valid_yaml_is_corrected_on_the_page(desk: Desk) -> None:
    """W25: its secrets stay hidden, and the correction keeps them. A viewer sees the error, too."""
    reader, viewer, file = desk.log_in(), desk.log_in("anna", Role.VIEWER), desk.file
    assert file
    desk.database.key_values.save_configuration(SavedConfiguration(FILE, desk.clock()))
    file.write_text(FILE.replace("query: river}}", "query: river}"), encoding="utf-8")
    for one in (reader, viewer):
        text = one.get("/rules").text
        assert CANARY not in text
        assert re.search(
            r'data-line="\d+" data-column="\d+">sources\.yaml:\d+:\d+</a>.*this cannot be read as YAML', text
        )
    assert "Some Body" in viewer.get("/rules").text
    save(reader, type_text(reader, "query: river}", "query: river}}"))
    assert file.read_text() == FILE


def test_a_long_file_is_edited_in_parts(desk: Desk) -> None:
    """Every other byte stays. A fault in another part is named, and a conflict shows the whole text."""
    reader, file = desk.log_in(), desk.file
    assert file
    people = "".join(f"  person-{n}: {{name: Some Person{n}, country: Laos}}\n" for n in range(3000))
    text = FILE.replace("officials:\n", "officials:\n" + people)
    file.write_text(text, encoding="utf-8")
    opened = reader.get("/rules")
    assert len(opened.content) < 100_000
    assert "Lines 1 to" in opened.text
    fields = fields_of(reader.get("/rules?find=person2500,"))
    assert fields["part"] != "1"
    assert "Some Person2500," in fields["text"]
    assert len(fields["text"]) < 100_000
    mine = fields | {"text": fields["text"].replace("Some Person2500,", "Some Citizen2500,")}
    other = fields_of(reader.get("/rules"))
    assert save(reader, mine).status_code == 303
    text = text.replace("Some Person2500,", "Some Citizen2500,")
    assert file.read_text() == text
    broken = reader.post("/rules/check", other | {"text": other["text"].replace("country: Laos", "contry: Laos", 1)})
    assert 'data-line="7"' in broken.text
    late = reader.post("/rules/review", other | {"text": other["text"].replace("Some Person1,", "Some Citizen1,")})
    assert late.status_code == 409
    whole = fields_of(late)
    assert "part" not in whole
    typed = text.replace("Citizen2500", "Person2500").replace("Some Person1,", "Some Citizen1,")
    assert whole["text"] == typed.replace(CANARY, '"***"')


def test_a_viewer_reads_and_changes_nothing(desk: Desk) -> None:
    """W22; the secrets are hidden from every role."""
    editor, viewer = desk.log_in(), desk.log_in("anna", Role.VIEWER)
    text = viewer.get("/rules").text
    assert "Some Body" in text
    assert "<textarea" not in text
    assert CANARY not in text
    fields = type_text(editor, "Some Body", "Some Person")
    for path in ("check", "review", "save", "edit", "search"):
        answer = viewer.post(f"/rules/{path}", {**fields, "form_token": ""} | {"id": "x", "q": "river"})
        assert answer.status_code == 403, path
    save(editor, fields)
    assert "Undo</button>" not in viewer.get("/changes").text
    change = desk.database.feedback.list_changes()[0].id
    assert viewer.post("/feedback/undo", {"change": change}).status_code == 403


def test_edits_can_be_turned_off(desk: Desk) -> None:
    """Then the review shows the difference to be copied."""
    text = FILE.replace("settings: {", "settings: {web: {edit: false}, ")
    desk.loader.snapshot = replace(FixedLoader(text).snapshot, version="2")
    reader = desk.log_in()
    fields = type_text(reader, "Some Body", "Some Person")
    reviewed = reader.post("/rules/review", fields).text
    assert "settings.web.edit is false" in reviewed
    assert 'action="/rules/save"' not in reviewed
    seen = re.search(r'name="seen" value="(\w+)"', reviewed)
    assert seen is None
    forged = fields | {"seen": hashlib.sha256(fields["text"].replace("\r\n", "\n").encode()).hexdigest()}
    assert reader.post("/rules/save", forged).status_code == 403
    assert desk.file
    assert desk.file.read_text() == FILE


def test_a_search_is_reviewed_as_a_rule_before_it_is_saved(desk: Desk) -> None:
    """The review shows the lines, and what the rule would have found."""
    reader, viewer = desk.log_in(), desk.log_in("anna", Role.VIEWER)
    assert "Save as rule" in reader.get("/search?q=listened&source=times").text
    assert "Save as rule" not in viewer.get("/search?q=listened").text
    search = {"q": "listened", "source": "times", "id": "listeners"}
    reviewed = reader.post("/rules/search", search)
    assert "Other people listened" in reviewed.text
    assert "listeners" in reviewed.text
    assert desk.file
    assert desk.file.read_text() == FILE
    form = re.search(r'action="/rules/save".*?</form>', reviewed.text, re.DOTALL)
    assert form
    fields = fields_of(type("Page", (), {"text": f'<form method="post" {form[0]}'}))
    assert reader.post("/rules/save", fields).status_code == 303
    assert "listeners: {query: listened, sources: [times]}" in desk.file.read_text()
    written = desk.file.read_text()
    for broken, message in (
        ({}, "the id &#39;listeners&#39; is used by another rule"),
        ({"id": ""}, "the rule needs an id"),
        ({"q": "", "source": ""}, "a rule needs a query or a person"),
    ):
        answer = reader.post("/rules/search", search | {"since": "2026-01-02"} | broken)
        assert answer.status_code == 422
        assert message in answer.text, re.findall(r'role="alert">.*', answer.text)
        typed = search | {"since": "2026-01-02"} | broken
        if typed["q"]:
            assert "About a" in answer.text
            assert all(f'name="{name}" value="{typed[name]}"' in answer.text for name in ("q", "id", "since"))
            assert re.search(r'<option value="times" selected', answer.text)
    assert desk.file.read_text() == written


def test_the_loss_of_most_sources_asks_first(desk: Desk) -> None:
    """W18: as `monitor check --accept` does; the daemon then need not ask again."""
    reader = desk.log_in()
    fields = fields_of(reader.get("/rules"))
    lines = [line for line in fields["text"].split("\n") if "times:" not in line and "post:" not in line]
    fields["text"] = "\n".join(lines).replace("sources:", "sources:\n  new: {feed: 'https://new.example/rss'}")
    reviewed = reader.post("/rules/review", fields)
    assert "More than half of the sources are removed: times, post" in reviewed.text
    answer = save(reader, fields)
    assert answer.status_code == 422
    assert desk.file
    assert desk.file.read_text() == FILE
    seen = re.search(r'name="seen" value="(\w+)"', reviewed.text)
    assert seen
    confirmed = reader.post("/rules/save", fields | {"seen": seen[1], "confirmed": "on"})
    assert confirmed.status_code == 303
    assert desk.database.key_values.get("accepted-losses")


@pytest.mark.parametrize("name", ["../sources.yaml", "/etc/passwd", "monitor.db", "x\0y", "people.yaml/../monitor.db"])
def test_no_other_file_is_opened(desk: Desk, name: str) -> None:
    """W10: names are looked up among the files of the configuration."""
    reader = desk.log_in()
    assert reader.get("/rules?file=" + name.replace("\0", "%00")).status_code == 404
    fields = type_text(reader, "Some Body", "Some Person") | {"file": name}
    assert reader.post("/rules/save", fields).status_code == 404


def test_a_reference_to_a_file_is_refused_with_its_line(desk: Desk) -> None:
    """W25: the file is not even checked, because a check reads the secret."""
    reader = desk.log_in()
    fields = type_text(
        reader, 'feed: "https://post.example/rss"', 'feed: "https://post.example/rss", cookie_file: /etc/passwd'
    )
    answer = reader.post("/rules/review", fields)
    assert answer.status_code == 422
    assert "cookie_file reads a file of this machine" in answer.text
    assert "cannot be read as" not in answer.text


def test_hostile_text_is_never_markup(desk: Desk) -> None:
    """W1: neither in the editor nor in the difference."""
    reader = desk.log_in()
    script = "</textarea><script>alert(1)</script>"
    fields = type_text(reader, "# the end", f"# {script}")
    for path in ("check", "review", "edit"):
        answer = reader.post(f"/rules/{path}", fields)
        assert "<script>alert" not in answer.text
    save(reader, fields)
    assert "<script>alert" not in reader.get("/rules").text
    assert desk.file
    assert desk.file.read_text() == FILE.replace("# the end", f"# {script}")


class Waiting:
    """Pool of processes whose work never ends."""

    def __init__(self) -> None:
        self.is_cancelled, self.started = False, asyncio.Event()

    async def run(self, *_: object) -> Any:
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise


def test_one_rehearsal_runs_at_a_time_and_ends_when_the_asker_leaves(desk: Desk) -> None:
    configuration = desk.loader.snapshot.configuration

    class Leaving:
        """A request whose client leaves after a second rehearsal was refused."""

        async def receive(self) -> object:
            await pool.started.wait()
            with pytest.raises(TooManyRequests):
                await rehearsals.run(configuration, 7, desk.clock())
            return {"type": "http.disconnect"}

    pool = Waiting()
    rehearsals = Rehearsals(pool, Secret(""))

    async def ask() -> None:
        with pytest.raises(TooManyRequests, match="cancelled"):
            await run_until_left(Leaving(), rehearsals.run(configuration, 7, desk.clock()))  # type: ignore[arg-type]

    asyncio.run(ask())
    assert pool.is_cancelled

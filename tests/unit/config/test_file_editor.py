"""The editor of the configuration files: secrets stay hidden, forbidden edits are refused, other bytes are kept."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from monitor.config.file_editor import FileEditor
from monitor.config.file_edits import FileEdit, edit_files
from monitor.config.yaml_edit import Edit
from monitor.domain.configuration_edits import EditConflict, EditNotAllowed
from monitor.domain.errors import ConfigError, UsageError
from monitor.domain.secret import Secret
from monitor.match.lint import lint_watchlist
from monitor.telemetry.redact import Redactor

CANARY = "c4nary-secret"
FILE = f"""\
# the desk's file; the old password was {CANARY}
settings:
  timezone: Asia/Vientiane
  database: "sqlite:///monitor.db"
sources:
  times: {{name: The Times, feed: "https://times.example/rss"}}   # morning
  post:
    name: The Post
    feed: https://post.example/rss?token={CANARY}
    headers:
      X-Api-Key: {CANARY}
  echo:
    feed: https://echo.example/rss
    headers: {{X-Api-Key: "${{ECHO_KEY}}"}}
  mail: {{mailbox: {{server: "imaps://desk:{CANARY}@imap.example"}}}}

officials:
  somebody: {{name: Some Body}}
rules:
  rule: {{officials: all}}
channels:
  mail: {{email: {{to: a@desk.example, from: m@desk.example, server: "smtps://u:{CANARY}@smtp.example"}}}}
  hook: {{webhook: {{url: "https://hook.example/{CANARY}", secret: "${{HOOK}}"}}}}
  out: {{folder: outbox}}
digests:
  morning: {{rules: [rule], at: "07:00", channels: [mail, out, hook]}}
"""


def make_editor(folder: Path, text: str = FILE, **others: str) -> FileEditor:
    """Write a configuration and return its editor."""
    path = folder / "sources.yaml"
    path.write_bytes(text.encode())
    for name, content in others.items():
        (folder / f"{name}.yaml").write_text(content, encoding="utf-8")
    return FileEditor(path, {}, Redactor([Secret(CANARY)]), (lint_watchlist,))


def edit(editor: FileEditor, old: str, new: str, name: str = "") -> Any:
    """Check the text of a file after a replacement."""
    opened = editor.open(name)
    assert old in opened.text
    return editor.check(name, opened.text.replace(old, new))


def test_no_typed_secret_is_shown_and_each_is_saved_as_it_was(tmp_path: Path) -> None:
    """Also in comments and addresses; references are shown. An unedited text is the same file, byte for byte."""
    editor = make_editor(tmp_path)
    opened = editor.open()
    assert CANARY not in opened.text
    assert "${ECHO_KEY}" in opened.text
    assert 'server: "imaps://***@imap.example"' in opened.text
    checked = editor.check("", opened.text)
    assert (checked.errors, checked.is_changed) == ((), False)
    saved = editor.save("", opened.text.replace("Some Body}", "Some Body, country: Laos}  # new"), opened.tag)
    text = (tmp_path / "sources.yaml").read_text()
    assert text == FILE.replace("Some Body}", "Some Body, country: Laos}  # new")
    assert saved.before == FILE
    assert CANARY not in "\n".join(edit(editor, "07:00", "08:00").difference)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: The Times", 'name: The Times, headers: {X-A: "file:/etc/hostname"}'),
        ("name: The Times", 'name: "${PATH}"'),
        ("name: The Times", "name: The Times, headers: {X-A: '${file:/etc/passwd}'}"),
        ("name: The Times", "name: The Times, cookie_file: /etc/passwd"),
        ("https://echo.example/rss", "https://evil.example/rss"),
        ("https://echo.example/rss", "http://echo.example/rss"),
        ("feed: https://echo.example/rss", "feed: https://echo.example/rss\n    sitemap: https://evil.example/x"),
        ("echo:\n", "echo2:\n"),
        ('X-Api-Key: "***"', 'X-Other: "***"'),
        ("name: The Times", 'name: "***"'),
        ("imaps://***@imap.example", "imaps://***@evil.example"),
        ("sqlite:///monitor.db", "sqlite:///other.db"),
        ("timezone: Asia/Vientiane", "timezone: Asia/Vientiane\n  allowed_networks: [10.0.0.0/8]"),
        ("timezone: Asia/Vientiane", "timezone: Asia/Vientiane\n  web: {login: token}"),
        ("timezone: Asia/Vientiane", "timezone: Asia/Vientiane\n  template_dir: /etc"),
        ("timezone: Asia/Vientiane", "timezone: Asia/Vientiane\n  translate: {to: en, command: [sh, -c, id]}"),
        ("timezone: Asia/Vientiane", "timezone: Asia/Vientiane\n  browser_path: /bin/sh"),
        ("folder: outbox", "folder: /etc/cron.d"),
        ("out: {folder: outbox}", "out: {folder: outbox}\n  other: {folder: /tmp/x}"),
        ("out: {folder: outbox}", "out: {folder: outbox}\n  other: {chat: 'json://169.254.169.254/'}"),
        ('at: "07:00"', 'at: "07:00", except: [../../etc/passwd]'),
        ("settings:\n", "include: [../../etc/*]\nsettings:\n"),
        ("officials:\n", "officials:\n  from: ../../etc/passwd\n"),
        ("smtps://***@smtp.example", "smtps://***@evil.example"),
        ('secret: "${HOOK}"', 'secret: "${HOME}"'),
    ],
)
def test_an_edit_can_neither_read_files_nor_send_secrets_elsewhere(tmp_path: Path, old: str, new: str) -> None:
    """The fault names the line; the file is not checked further, because a check reads what it names."""
    editor = make_editor(tmp_path)
    opened = editor.open()
    assert old in opened.text
    text = opened.text.replace(old, new, 1)
    checked = editor.check("", text)
    assert checked.errors
    assert checked.configuration is None
    assert all(issue.line > 1 or "include" in new for issue in checked.errors)
    with pytest.raises(ConfigError):
        editor.save("", text, opened.tag)
    assert (tmp_path / "sources.yaml").read_text() == FILE


def test_what_carries_a_secret_can_be_renamed_paused_and_removed(tmp_path: Path) -> None:
    editor = make_editor(tmp_path)
    assert not edit(editor, "name: The Post", "name: Post\n    paused: true").errors
    text = editor.open().text
    assert not editor.check("", text.replace('  mail: {mailbox: {server: "imaps://***@imap.example"}}\n', "")).errors
    assert not edit(editor, "to: a@desk.example", "to: b@desk.example").errors


def test_an_error_has_the_place_in_the_shown_text(tmp_path: Path) -> None:
    """Hidden secrets are shorter than the text of the file."""
    editor = make_editor(tmp_path)
    new = 'server: "smtps://***@smtp.example", wrong: 1'
    issue = edit(editor, 'server: "smtps://***@smtp.example"', new).errors[0]
    line = editor.open().text.replace('server: "smtps://***@smtp.example"', new).split("\n")[issue.line - 1]
    assert line[issue.column - 1 :].startswith("1}}")


def test_an_edit_of_a_changed_file_is_a_conflict(tmp_path: Path) -> None:
    editor = make_editor(tmp_path)
    opened = editor.open()
    mine = opened.text.replace("07:00", "08:00")
    (tmp_path / "sources.yaml").write_text(FILE.replace("07:00", "09:00"))
    with pytest.raises(EditConflict):
        editor.save("", mine, opened.tag)
    assert "09:00" in (tmp_path / "sources.yaml").read_text()
    compared = editor.compare("", mine, opened.tag)
    assert [line for line in compared.difference if line.startswith(("-  ", "+  "))]
    (region,) = compared.regions
    assert (region.is_conflict, compared.can_merge, compared.merged) == (True, False, mine)
    assert ["07:00" in region.base[0], "09:00" in region.theirs[0], "08:00" in region.mine[0]] == [True] * 3
    assert editor.compare("", mine, "another tag").regions == ()


def test_the_mode_and_the_line_ends_are_kept(tmp_path: Path) -> None:
    """A browser sends all line ends as CR LF."""
    text = "# a\r\n" + FILE.replace("\n", "\r\n").replace("# morning\r\n", "# morning\n") + "# end"
    editor = make_editor(tmp_path, "\ufeff" + text)
    path = tmp_path / "sources.yaml"
    path.chmod(0o640)
    opened = editor.open()
    sent = opened.text.replace("\r\n", "\n").replace("\n", "\r\n").replace("07:00", "08:00")
    editor.save("", sent, opened.tag)
    assert path.read_bytes() == ("\ufeff" + text.replace("07:00", "08:00")).encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["sources.yaml"]


def test_only_files_of_the_configuration_are_opened(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("password: x")
    people = "officials:\n  ada: {name: Ada Lovell}\n"
    editor = make_editor(tmp_path, "include: [people.yaml]\n" + FILE, people=people)
    assert editor.open().names == ("sources.yaml", "people.yaml")
    for name in ("other.yaml", "../people.yaml", "/etc/passwd", str(tmp_path / "people.yaml"), "x\0y"):
        with pytest.raises(UsageError):
            editor.open(name)
    opened = editor.open("people.yaml")
    assert opened.text == people
    broken = editor.check("people.yaml", people.replace("name", "nmae"))
    assert [(issue.file, issue.line) for issue in broken.errors] == [("people.yaml", 2)] * len(broken.errors)
    assert broken.errors
    saved = editor.save("people.yaml", people.replace("Lovell", "Lovel"), opened.tag)
    assert editor.restore("people.yaml", saved.before, saved.tag).name == "people.yaml"
    assert (tmp_path / "people.yaml").read_text() == people


def test_the_loss_of_most_sources_needs_a_confirmation(tmp_path: Path) -> None:
    editor = make_editor(tmp_path)
    opened = editor.open()
    start, end = opened.text.index("  post:"), opened.text.index("\nofficials")
    text = opened.text[:start] + opened.text[end:]
    assert editor.check("", text).lost_sources == ("post", "echo", "mail")
    with pytest.raises(ConfigError, match="more than half"):
        editor.save("", text, opened.tag)
    assert editor.save("", text, opened.tag, is_confirmed=True).accepted_hash


def test_a_file_that_is_not_writable_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system is asked, because tests may run as root, who may write every file."""
    editor = make_editor(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    opened = editor.open()
    assert opened.refusal
    with pytest.raises(EditNotAllowed):
        editor.save("", opened.text.replace("07:00", "08:00"), opened.tag)


def test_an_undo_needs_the_file_as_the_edit_left_it(tmp_path: Path) -> None:
    editor = make_editor(tmp_path)
    opened = editor.open()
    saved = editor.save("", opened.text.replace("07:00", "08:00"), opened.tag)
    editor.save("", editor.open().text.replace("08:00", "09:00"), saved.tag)
    with pytest.raises(EditConflict):
        editor.restore("", saved.before, saved.tag)


def test_a_rule_is_proposed_with_the_tag_of_the_text_that_it_was_added_to(tmp_path: Path) -> None:
    """An edit while the reader looks at the proposal is then a conflict."""
    editor = make_editor(tmp_path)
    proposed = editor.propose_rule("river", {"query": "river AND bridge"})
    checked = editor.check("", proposed.text)
    assert (checked.errors, checked.counts) == ((), (2, 0))
    with pytest.raises(UsageError):
        editor.propose_rule("rule", {"query": "x"})
    path = tmp_path / "sources.yaml"
    path.write_text(path.read_text().replace("07:00", "08:00"))
    with pytest.raises(EditConflict):
        editor.save("", proposed.text, proposed.tag)


def test_sources_and_rules_are_added_without_touching_other_bytes(tmp_path: Path) -> None:
    """The undo of the saved edit gives the former file."""
    editor = make_editor(tmp_path)
    path = tmp_path / "sources.yaml"
    before = path.read_bytes()
    new = {name: {"name": f"The {name}", "feed": f"https://{name}.example/rss"} for name in ("sun", "star")}
    saved = editor.add_sources(new)
    added = "".join(f'  {name}:\n    name: The {name}\n    feed: "https://{name}.example/rss"\n' for name in new)
    assert path.read_text().replace(added, "").encode() == before
    assert (saved.name, saved.summary) == ("sources.yaml", "6 lines added, 0 lines removed")
    with pytest.raises(UsageError, match="'sun' is used by another source"):
        editor.add_sources({"moon": {"feed": "https://moon.example/rss"}, "sun": {"feed": "https://x.example/rss"}})
    editor.restore(saved.name, saved.before, saved.tag)
    assert path.read_bytes() == before
    editor.add_rule("river", {"query": "river"})
    with pytest.raises(ConfigError, match="nobody"):
        editor.add_rule("new", {"officials": ["nobody"]})
    with pytest.raises(UsageError, match="secret"):
        editor.add_sources({"moon": {"feed": "https://moon.example/${TOKEN}"}})


def test_an_edit_by_key_path_goes_to_the_file_with_the_key(tmp_path: Path) -> None:
    """An edit after which the whole configuration is not valid is not saved."""
    people = "officials:\n  ada: {name: Ada Lovell}   # the mayor\n"
    editor = make_editor(tmp_path, "include: [people.yaml]\n" + FILE, people=people)
    (saved,) = editor.apply([Edit(("officials", "ada", "aliases"), ["A. Lovell"], is_append=True)])
    assert saved.name == "people.yaml"
    assert "{name: Ada Lovell, aliases: [A. Lovell]}   # the mayor" in (tmp_path / "people.yaml").read_text()
    with pytest.raises(ConfigError, match="colour"):
        editor.apply([Edit(("officials", "ada", "colour"), "red")])
    editor.restore(saved.name, saved.before, saved.tag)
    assert (tmp_path / "people.yaml").read_text() == people


def test_an_official_in_a_table_is_edited_there_by_the_user(tmp_path: Path) -> None:
    """The message has the file, the line and the value; other edits of the configuration are possible."""
    (tmp_path / "people.csv").write_text("name\nEva Holm\nAda Lovell\n", encoding="utf-8")
    editor = make_editor(tmp_path, FILE.replace("officials:\n", "officials:\n  from: people.csv\n"))
    expected = rf"officials.ada-lovell is in line 3 of {tmp_path}/people.csv, .* add to aliases: \[\"A. Lovell\"\]"
    with pytest.raises(UsageError, match=expected):
        editor.apply([Edit(("officials", "ada-lovell", "aliases"), ["A. Lovell"], is_append=True)])
    checked = edit(editor, "somebody: {name: Some Body}", "ada-lovell: {name: Ada Lovell}")
    (issue,) = checked.errors
    assert (issue.file, issue.line) == ("people.csv", 3)
    assert "is repeated, first in" in issue.message
    assert edit(editor, "Some Body", "Any Body").errors == ()


def test_files_are_replaced_together_or_not_at_all(tmp_path: Path) -> None:
    """A file that was changed meanwhile stays as it is, and so do the others."""
    people = "officials:\n  ada: {name: Ada Lovell}\n"
    editor = make_editor(tmp_path, "include: [people.yaml]\n" + FILE, people=people)
    files = editor.read()
    edits = edit_files(files, [Edit(("officials", one, "country"), "Laos") for one in ("ada", "somebody")])
    main = tmp_path / "sources.yaml"
    main.write_text(main.read_text() + "# meanwhile\n")
    before = main.read_bytes()
    with pytest.raises(EditConflict, match="changed meanwhile"):
        editor.replace_files(edits)
    assert (main.read_bytes(), (tmp_path / "people.yaml").read_text()) == (before, people)


def test_a_created_file_is_checked_before_it_is_written(tmp_path: Path) -> None:
    """It is included by the same edit; nothing is written if it is not valid."""
    editor = make_editor(tmp_path)
    include = edit_files(editor.read(), [Edit(("include",), ["new.yaml"], is_append=True)])
    new = tmp_path / "new.yaml"
    with pytest.raises(ConfigError, match="nmae"):
        editor.replace_files([FileEdit(new, None, b"officials: {ada: {nmae: Ada}}\n"), *include])
    assert not new.exists()
    (saved,) = editor.replace_files([FileEdit(new, None, b"officials: {ada: {name: Ada Lovell}}\n"), *include])
    assert (saved.name, new.exists()) == ("sources.yaml", True)


def test_a_source_for_a_file_that_is_not_writable_is_in_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = make_editor(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(EditNotAllowed, match=r"by hand:\nsources:\n  sun:\n    feed:"):
        editor.add_sources({"sun": {"feed": "https://sun.example/rss"}})

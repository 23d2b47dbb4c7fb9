"""Files that are not valid YAML: no secret is shown, and a correction neither loses nor moves one."""

from pathlib import Path

import pytest

from monitor.config.broken_files import hide_by_keys
from monitor.config.file_editor import FileEditor
from monitor.domain.configuration_edits import EditNotAllowed
from monitor.domain.errors import ConfigError, UsageError
from monitor.domain.secret import Secret
from monitor.telemetry.redact import Redactor

CANARY = "c4nary-secret"
FILE = f"""\
settings:
  timezone: Asia/Vientiane
sources:
  times: {{name: The Times, feed: "https://times.example/rss"}}   # morning
  post:
    feed: https://post.example/rss
    headers:
      X-Api-Key: {CANARY}
  list:
    listing:
      url: https://list.example/news
      items: article
  echo: {{feed: "https://echo.example/rss", headers: {{X-Api-Key: "${{ECHO_KEY}}"}}}}
  mail: {{mailbox: {{server: "imaps://desk:{CANARY}@imap.example"}}}}
officials:
  somebody: {{name: Some Body}}
rules:
  rule: {{officials: all}}
channels:
  hook: {{webhook: {{url: "https://hook.example/{CANARY}", secret: "${{HOOK}}"}}}}
digests:
  morning: {{rules: [rule], at: "07:00", channels: [hook]}}
"""
BROKEN = FILE.replace("  somebody: {name: Some Body}", "  somebody: {name: Some Body")


def make_editor(folder: Path, text: str, last_good: str = FILE) -> FileEditor:
    (folder / "sources.yaml").write_text(text, encoding="utf-8")
    return FileEditor(folder / "sources.yaml", {}, Redactor(), load_last_good=lambda: last_good)


@pytest.mark.parametrize(
    "text",
    [
        f"secret: {CANARY}",
        f"secret: '{CANARY}'",
        f'secret: "{CANARY}',
        f"secret: '{CANARY} and more",
        f"secret {CANARY}",
        f"secret = {CANARY}",
        f"'secret': {CANARY}",
        f"- secret: {CANARY}",
        f"secret: {CANARY}   # the old one",
        f"chat: tgram://{CANARY}/1",
        f"chat: {{url: json://{CANARY}}}",
        f"hook: {{webhook: {{url: https://x.example/{CANARY}, secret: {CANARY}}}}}",
        f"hook: {{webhook: {{secret: {CANARY}, url: 'https://x.example/{CANARY}'",
        f"  webhook:\n    url: https://x.example/{CANARY}",
        f"headers: {{X-Any: {CANARY}, Other: '{CANARY}'}}",
        f"headers: [{CANARY}, {CANARY}]",
        f"headers:\n  X-Any: {CANARY}\n  Other: {CANARY}",
        f"headers:\n  {CANARY}",
        f"headers\n  X-Any: {CANARY}",
        f"secret: |\n  {CANARY}\n  {CANARY}\nnext: x",
        f"secret:\n  {CANARY}",
        f'secret: "one\n  {CANARY}"',
        f"secret: one\n  {CANARY}",
        f"my_password: {CANARY}",
        f"server: smtps://user:{CANARY}@smtp.example",
        f"server: smtps://user:pa/{CANARY}@smtp.example",
        f"server smtps://user:{CANARY}@smtp.example",
        f"feed: https://x.example/rss?token={CANARY}",
        f"feed: https://user:{CANARY}@x.example/rss",
        f"# Authorization: {CANARY}",
        f"oauth: {{client_id: a, refresh_token: {CANARY}",
        f"token: {CANARY}\r\nnext: x\r",
    ],
)
def test_what_may_be_a_secret_is_not_shown(text: str) -> None:
    """Whatever the mistake in the file is, and wherever the value ends."""
    hidden = hide_by_keys(f"a:\n{text}\nb: shown [", Redactor())
    assert CANARY not in hidden.text
    assert hidden.text.endswith("b: shown [")
    assert hidden.text.count("\n") == text.count("\n") + 2


def test_known_secrets_are_hidden_everywhere() -> None:
    text = hide_by_keys(f"name: {CANARY} [", Redactor([Secret(CANARY)])).text
    assert CANARY not in text


def test_the_rest_of_the_file_is_shown() -> None:
    """References, the keys of hidden values, and addresses without a secret."""
    text = hide_by_keys(BROKEN, Redactor()).text
    assert CANARY not in text
    expected = FILE.replace(f"X-Api-Key: {CANARY}", 'X-Api-Key: "***"').replace(f"desk:{CANARY}", "***")
    expected = expected.replace(f'"https://hook.example/{CANARY}"', '"***"')
    assert text == expected.replace("Some Body}", "Some Body")


def test_a_correction_keeps_every_secret(tmp_path: Path) -> None:
    """Only the corrected line differs from the broken file."""
    editor = make_editor(tmp_path, BROKEN)
    opened = editor.open()
    assert (opened.problem, len(opened.issues)) == ("", 1)
    text = opened.text.replace("Some Body", "Some Body}")
    checked = editor.check("", text)
    assert checked.errors == ()
    assert CANARY not in "\n".join(checked.difference)
    assert checked.counts == (1, 1)
    editor.save("", text, opened.tag)
    assert (tmp_path / "sources.yaml").read_text() == FILE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://post.example/rss", "https://evil.example/rss"),
        ("https://echo.example/rss", "https://evil.example/rss"),
        ('X-Api-Key: "***"', 'Other: "***"'),
        ("name: The Times", 'name: "***"'),
        ("name: The Times", 'name: The Times, headers: {X-A: "file:/etc/hostname"}'),
        ("# morning", "# ***"),
        ("imaps://***@imap.example", "imaps://***@evil.example"),
        ("timezone: Asia/Vientiane", "timezone: Asia/Vientiane\n  web: {login: token}"),
    ],
)
def test_a_correction_cannot_move_a_secret(tmp_path: Path, old: str, new: str) -> None:
    editor = make_editor(tmp_path, BROKEN)
    opened = editor.open()
    assert old in opened.text
    text = opened.text.replace("Some Body", "Some Body}").replace(old, new, 1)
    assert editor.check("", text).errors
    with pytest.raises(ConfigError):
        editor.save("", text, opened.tag)
    assert (tmp_path / "sources.yaml").read_text() == BROKEN


def test_a_secret_that_was_edited_with_the_mistake_is_not_lost(tmp_path: Path) -> None:
    """The daemon does not know it, and it is not shown: the file must be corrected in a shell."""
    editor = make_editor(tmp_path, BROKEN.replace(f"X-Api-Key: {CANARY}", "X-Api-Key: new-one"))
    opened = editor.open()
    assert "new-one" not in opened.text
    (error,) = editor.check("", opened.text.replace("Some Body", "Some Body}")).errors
    assert "not the one that the daemon uses" in error.message
    assert "X-Api-Key" in opened.text.split("\n")[error.line - 1]


def test_without_a_last_configuration_only_a_file_without_secrets_is_corrected(tmp_path: Path) -> None:
    editor = make_editor(tmp_path, BROKEN, last_good="")
    assert editor.check("", editor.open().text.replace("Some Body", "Some Body}")).errors
    plain = 'sources:\n  times: {feed: "https://times.example/rss"\n'
    editor = make_editor(tmp_path, plain, last_good="")
    opened = editor.open()
    editor.save("", opened.text.replace('rss"', 'rss"}'), opened.tag)
    assert (tmp_path / "sources.yaml").read_text() == plain.replace('rss"', 'rss"}')


def test_a_broken_included_file_is_compared_with_the_whole_configuration(tmp_path: Path) -> None:
    channels = f"channels:\n  hook: {{webhook: {{url: 'https://hook.example/{CANARY}'}}}}\n"
    people = "officials:\n  somebody: {name: Some Body}\n"
    (tmp_path / "more.yaml").write_text(channels + people.replace("}", ""))
    main = "include: [more.yaml]\nsettings: {timezone: Asia/Vientiane}\n"
    whole = f"settings: {{timezone: Asia/Vientiane}}\n{channels}{people}"
    editor = make_editor(tmp_path, main, whole)
    opened = editor.open("more.yaml")
    assert CANARY not in opened.text
    text = opened.text.replace("Some Body", "Some Body}")
    assert editor.check("more.yaml", text).errors == ()
    editor.save("more.yaml", text, opened.tag)
    assert f"https://hook.example/{CANARY}" in (tmp_path / "more.yaml").read_text()


def test_what_is_no_text_is_neither_shown_nor_saved(tmp_path: Path) -> None:
    editor = make_editor(tmp_path, "")
    (tmp_path / "sources.yaml").write_bytes(b"sources: \xff")
    opened = editor.open()
    assert (opened.text, bool(opened.problem), len(opened.issues)) == ("", True, 1)
    with pytest.raises(EditNotAllowed):
        editor.check("", "sources: {}")
    with pytest.raises(UsageError):
        editor.propose_rule("x", {"query": "x"})

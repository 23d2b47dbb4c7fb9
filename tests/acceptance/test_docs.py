"""Examples in the documents: YAML is valid, commands run or at least exist."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml

from monitor.cli.main import COMMANDS, load_command
from monitor.config.load import parse_configuration

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL_DOCUMENTS = [
    *DOCUMENTS,
    *(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "seeds/README.md")),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
    *sorted((ROOT / "tests" / "quality").glob("**/README.md")),
]
INLINE_CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECRETS = {"WEB_SECRET": "w" * 32, "HOOK_SECRET": "whsec_" + "YWJj" * 8, "SLACK_WEBHOOK_URL": "slack://T1/B2/C3"}
SECRETS |= {
    "TEAMS_WEBHOOK_URL": "https://prod-12.logic.azure.com:443/workflows/0123/triggers/manual/paths/invoke?sig=x"
}
SECRETS |= {"DATABASE_URL": "postgresql+psycopg://monitor:p4ss@database/monitor"}
"""Secrets that must have a certain form; any other variable of an example has the value "t0ken"."""
FILLING = """
sources: {viet-nam-news: {feed: "https://news.example/rss"}}
officials:
  phan-van-giang: {name: Phan Văn Giang, country: Vietnam}
  khamlieng-outhakaysone: {name: Khamlieng Outhakaysone, country: Laos}
rules: {lao-defence: {officials: [all]}, border: {query: border}}
"""
SUBCOMMANDS = {
    name: [one.name or one.callback.__name__.replace("_", "-") for one in command.registered_commands if one.callback]
    for _, name, place in COMMANDS
    if isinstance(command := load_command(place), typer.Typer)
}
MARKS = {"checkout", "internet"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document. Its marks: "internet" needs a connection, "checkout" needs make."""

    document: Path
    line: int
    marks: frozenset[str]
    text: str

    @property
    def name(self) -> str:
        """The file and line of the block."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks(language: str) -> Iterator[Block]:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for found in FENCE.finditer(text):
            if found[1] == language:
                line = text.count("\n", 0, found.start()) + 1
                yield Block(document, line, frozenset(found[2].split()), found[3])


def each(language: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in blocks(language)])


@each("yaml")
def test_yaml_examples_are_valid(block: Block, tmp_path: Path) -> None:
    """An example is a complete configuration, or becomes one with the missing sections of ``FILLING``."""
    example = yaml.safe_load(block.text)
    data = yaml.safe_dump(yaml.safe_load(FILLING) | example, allow_unicode=True).encode()
    tables = example.get("officials", {}).get("from", ())
    for number, pattern in enumerate((*example.get("include", ()), *tables)):
        path = tmp_path / pattern.replace("*", "any")
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"name\nNova {'abc'[number]}berg\n" if pattern in tables else "", encoding="utf-8")
    secrets = dict.fromkeys(re.findall(r"\$\{(\w+)\}", block.text), "t0ken") | SECRETS
    parse_configuration(data, tmp_path / "sources.yaml", secrets)


def test_shell_examples_have_known_marks() -> None:
    """A misspelt mark would leave an example untested."""
    assert {mark for block in blocks("sh") for mark in block.marks} <= MARKS


@each("sh")
def test_commands_exist(block: Block) -> None:
    """Every ``monitor`` command in the documents is one, with the options it is shown with; every make target too."""
    for line in block.text.splitlines():
        check_command(line)


@pytest.mark.parametrize("document", ALL_DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_inside_sentences_exist(document: Path) -> None:
    """Also a command that is broken over two lines, or that has a placeholder, such as `monitor why ID`."""
    for code in inline_code(document):
        if re.match(r"(?:\.venv/bin/)?monitor [a-z]|make [a-z]", code):
            check_command(code.removeprefix(".venv/bin/"))


def test_every_command_is_in_the_documents() -> None:
    text = " ".join(" ".join(document.read_text(encoding="utf-8") for document in DOCUMENTS).split())
    names = [name for _, name, _ in COMMANDS if name not in SUBCOMMANDS]
    names += [f"{group} {name}" for group, subcommands in SUBCOMMANDS.items() for name in subcommands]
    assert [name for name in names if f"monitor {name}" not in text and f"`{name}`" not in text] == []


def inline_code(document: Path) -> list[str]:
    """Return the code inside the sentences of a document; line breaks are spaces."""
    text = FENCE.sub("", document.read_text(encoding="utf-8"))
    return [" ".join(code.split()) for code in INLINE_CODE.findall(text)]


def check_command(line: str) -> None:
    """Check the command and options of a line that begins with ``monitor`` or ``make``."""
    program, *words = shlex.split(line, comments=True) or [""]
    if program == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{words[0]}:", makefile, re.MULTILINE), line
    elif program == "monitor":
        has_subcommand = words[0] in SUBCOMMANDS and len(words) > 1 and not words[1].startswith("-")
        help_text = monitor_help(*words[: 2 if has_subcommand else 1])
        assert all(word in help_text for word in words if word.startswith("-")), line


@pytest.mark.parametrize("document", ALL_DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_named_in_sentences_exist(document: Path) -> None:
    """A path in a sentence begins at the root, at ``monitor/`` or ``tests/``, or at the folder of the document."""
    bases = [ROOT, ROOT / "monitor", ROOT / "tests", document.parent]
    for code in inline_code(document):
        if re.fullmatch(r"(?:\.\./)*\w[\w.-]*/[\w./-]*(?:\.(?:py|toml|md|jsonl|sql)|/)", code):
            assert any((base / code).exists() for base in bases), f"{document.name}: {code}"


@cache
def monitor_help(*command: str) -> str:
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    line = [sys.executable, "-m", "monitor", *command, "--help"]
    asked = subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


@pytest.mark.parametrize("document", ["README.md", "docs/first-steps.md"])
def test_the_commands_of_a_first_use_succeed(document: str, tmp_path: Path) -> None:
    """All commands run one after the other in one shell, except the blocks marked "internet" or "checkout"."""
    lines = ["set -e", f'monitor() {{ "{sys.executable}" -m monitor "$@"; }}']
    lines += [block.text for block in blocks("sh") if block.document == ROOT / document and not block.marks]
    ran = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]


def test_relative_links_exist() -> None:
    """Every relative link in the documents is a file of the checkout."""
    for document in [*ALL_DOCUMENTS, ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"

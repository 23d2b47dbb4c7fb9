"""`monitor man`: manual pages that are generated from the help."""

import subprocess
from pathlib import Path
from shutil import which

import pytest
import typer.main
from support.command_line import app
from typer.testing import CliRunner

from monitor.cli.main import COMMANDS
from monitor.cli.man import format_reference, list_commands
from monitor.domain.errors import UsageError


def test_each_command_has_a_page(tmp_path: Path) -> None:
    """Groups and their commands; a page has the options, the environment and the exit codes."""
    result = CliRunner().invoke(app, ["man", str(tmp_path / "man1")])
    assert result.exit_code == 0, result.exception
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "man1").iterdir()}
    assert {f"monitor-{name}" for _, name, _ in COMMANDS} < pages.keys()
    page = pages["monitor-sources-import"]
    assert ".SH NAME\nmonitor\\-sources\\-import \\- Import the feeds" in page
    assert "\\-\\-write" in page
    assert "MONITOR_DATABASE" in page
    assert ".BR monitor\\-sources (1)" in page
    assert "monitor-channel" not in pages  # another name of a command has no page of its own


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert isinstance(CliRunner().invoke(app, ["man", str(tmp_path / "file" / "man1")]).exception, UsageError)


@pytest.mark.skipif(which("groff") is None, reason="groff is not installed")
def test_pages_are_valid_roff(tmp_path: Path) -> None:
    """Groff reports nothing."""
    CliRunner().invoke(app, ["man", str(tmp_path)])
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_reference_has_each_command() -> None:
    """It is the page of commands of the site."""
    program = typer.main.get_command(app)
    text = format_reference(program)
    assert all(f"\n## {one.name}\n" in text for one in list_commands(program))

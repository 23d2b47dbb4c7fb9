"""Folder of `monitor demo`: files of the user are kept."""

import re
from pathlib import Path

import pytest

from monitor.cli.demo import prepare_folder, write_configuration
from monitor.demo.content import SEEDS_FOLDER
from monitor.domain.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an earlier demo."""
    configuration = (SEEDS_FOLDER / "sources.yaml").read_text(encoding="utf-8")
    write_configuration(tmp_path, configuration)
    (database,) = re.findall(r"sqlite:///(\S+)", configuration)
    for name in ("digest.html", "update.eml", "web.key", database, f"{database}-wal", f"{database}.lock"):
        (tmp_path / name).touch()
    (tmp_path / "outbox").mkdir()
    return tmp_path


def test_an_earlier_demo_is_replaced(folder: Path) -> None:
    """Its own files are deleted."""
    prepare_folder(folder)
    assert list(folder.iterdir()) == []


def test_an_edited_configuration_is_kept(folder: Path) -> None:
    (folder / "sources.yaml").write_text("sources: {a: {feed: x}}\n")
    with pytest.raises(UsageError, match=r"sources\.yaml, which was edited; move them, or name another"):
        prepare_folder(folder)
    assert (folder / "digest.html").exists()


def test_own_files_are_kept(folder: Path) -> None:
    (folder / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"would delete: notes\.txt;"):
        prepare_folder(folder)

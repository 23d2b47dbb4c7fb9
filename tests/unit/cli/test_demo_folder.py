"""Folder of `monitor demo`: files of the user are kept."""

from pathlib import Path

import pytest

from monitor.cli.demo import CONFIG_FIRST_LINE, prepare_folder, write_configuration
from monitor.domain.errors import UsageError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an earlier demo."""
    write_configuration(tmp_path, f"{CONFIG_FIRST_LINE}\nsources: {{}}\n")
    for name in ("digest.html", "update.eml", "monitor.db", "monitor.db-wal"):
        (tmp_path / name).touch()
    (tmp_path / "outbox").mkdir()
    return tmp_path


def test_an_earlier_demo_is_replaced(folder: Path) -> None:
    """Its own files are deleted."""
    prepare_folder(folder)
    assert list(folder.iterdir()) == []


def test_an_edited_configuration_is_kept(folder: Path) -> None:
    (folder / "sources.yaml").write_text(f"{CONFIG_FIRST_LINE}\nsources: {{a: {{feed: x}}}}\n")
    with pytest.raises(UsageError, match=r"sources\.yaml, which was edited; move them, or name another"):
        prepare_folder(folder)
    assert (folder / "digest.html").exists()


def test_own_files_are_kept(folder: Path) -> None:
    (folder / "notes.txt").touch()
    with pytest.raises(UsageError, match=r"would delete: notes\.txt;"):
        prepare_folder(folder)

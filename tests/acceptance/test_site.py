"""The site of the documentation: it is built without a broken link, and has search and pictures."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_site_is_built_without_a_broken_link(tmp_path: Path) -> None:
    """Mkdocs is strict: a broken link or anchor, or a page without a place in the navigation, is an error."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    index = json.loads((tmp_path / "site/search/search_index.json").read_text(encoding="utf-8"))
    places = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert {"index.html", "cookbook.html", "commands.html", "changes.html"} <= places
    start = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert 'src="digest.png"' in start
    assert 'href="first-steps.html"' in start
    assert "http://" not in (tmp_path / "site/cookbook.html").read_text(encoding="utf-8").partition("<body")[0]

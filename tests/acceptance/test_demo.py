"""`monitor demo`: the real program, started like a user starts it, with the demo outlets."""

import email
import email.policy
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.baselines import assert_floor

from monitor.demo.content import SEEDS_FOLDER
from monitor.demo.server import load_annotations

ROOT = Path(__file__).resolve().parents[2]
HANG = 300  # seconds, after which a test has failed


def monitor(*words: str, cwd: Path, code: int = 0, path: Path = ROOT) -> str:
    """Run the command line in a folder and return what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "monitor", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(path), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Run the demo once, in an empty folder; return its folder and its output."""
    home = tmp_path_factory.mktemp("anywhere")
    return home / "demo", monitor("demo", cwd=home)


def items(path: Path) -> list[dict[str, Any]]:
    """Return every article in the JSON of a digest."""
    stories = json.loads(path.read_text(encoding="utf-8"))["data"]["stories"]
    return [item for story in stories for item in [*story["items"], *story["also_in"]]]


def documents(folder: Path) -> dict[str, str]:
    """Return the document name in the annotations by URL."""
    sources = {row[0]: row[1] for row in rows(folder, "select id, url from source")}
    bases = {url.partition("//")[2].partition("/")[0]: one for one, url in sources.items()}
    names = {}
    for url in (row[0] for row in rows(folder, "select url from article")):
        host, _, path = url.partition("//")[2].partition("/")
        for name in load_annotations()["documents"]:
            outlet, _, slug = name.partition("/")
            if outlet == bases[host] and slug.removesuffix("@2") in path:
                names[url] = name.removesuffix("@2")
    return names


def rows(folder: Path, query: str) -> list[Any]:
    database = sqlite3.connect(folder / "demo.db")
    try:
        return database.execute(query).fetchall()
    finally:
        database.close()


def test_demo_writes_digests_and_a_database(demo: tuple[Path, str]) -> None:
    """The folder contains the digest in three formats, the configuration and the database."""
    folder, output = demo
    for name in ("digest.html", "digest.eml", "digest.json", "update.html", "sources.yaml", "demo.db"):
        assert (folder / name).stat().st_size > 0, name
    assert "digest.html" in output
    assert "12 sources" in output


def test_every_article_is_stored_once(demo: tuple[Path, str]) -> None:
    """All 53 URLs of both editions are stored, none twice."""
    urls = [row[0].partition("?")[0] for row in rows(demo[0], "select url from article")]
    expected = {name.removesuffix("@2") for name in load_annotations()["documents"]}
    assert len(urls) == len(set(urls)) == len(expected)


def test_the_digest_contains_the_relevant_articles(demo: tuple[Path, str]) -> None:
    """Every new article that mentions an official is in, as an item or a duplicate; other articles are not."""
    names = documents(demo[0])
    truths = load_annotations()["documents"]
    reported = {
        names[item["url"]] for item in items(demo[0] / "digest.json") if "people" in item.get("rules", ["people"])
    }
    fresh = {name for name, truth in truths.items() if (truth["published"] or "1h")[-1] in "mh" and "@" not in name}
    wanted = {name for name in fresh if truths[name]["mentions"]}
    assert_floor("demo.precision", len(reported & wanted) / len(reported), sorted(reported - wanted))
    assert_floor("demo.recall", len(reported & wanted) / len(wanted), sorted(wanted - reported))


def test_the_page_loads_nothing_and_the_mail_is_complete(demo: tuple[Path, str]) -> None:
    """The page has no remote resource; the mail has a subject, a text part and an HTML part."""
    page = (demo[0] / "digest.html").read_text(encoding="utf-8")
    assert not re.search(r"<(?:script|iframe|link)\b|\bsrc\s*=\s*[\"']?(?!data:|cid:)\w", page, re.IGNORECASE)
    mail = email.message_from_bytes((demo[0] / "digest.eml").read_bytes(), policy=email.policy.default)
    assert mail["Subject"]
    kinds = {part.get_content_type() for part in mail.walk()}
    assert {"text/plain", "text/html"} <= kinds


def test_the_mail_is_short_and_has_every_story(demo: tuple[Path, str]) -> None:
    """Mail programs cut long messages, and phones load them slowly."""
    data = (demo[0] / "digest.eml").read_bytes()
    assert len(data) < 60_000
    mail = email.message_from_bytes(data, policy=email.policy.default)
    parts = {kind: mail.get_body((kind,)) for kind in ("html", "plain")}
    texts = {kind: part.get_content() for kind, part in parts.items() if part}
    stories = json.loads((demo[0] / "digest.json").read_text(encoding="utf-8"))["data"]["stories"]
    for text in texts.values():
        assert len({*re.findall(r"\bs\d+(?= a\d)", text)}) == len(stories) > 20


def test_the_numbers_of_each_kind_are_printed(demo: tuple[Path, str]) -> None:
    assert re.search(r"^2 stories, 3 articles \(.*1 correction.*\); 12 sources read\.", demo[1], re.MULTILINE)


def test_every_source_is_healthy(demo: tuple[Path, str]) -> None:
    """Each of the twelve ways to list articles is read without an error."""
    status = json.loads(monitor("status", "--json", "--config", "demo/sources.yaml", cwd=demo[0].parent))
    assert {source["id"]: source["state"] for source in status["sources"]} == dict.fromkeys(
        (path.name for path in (SEEDS_FOLDER / "outlets").iterdir()), "ok"
    )


def test_a_second_pass_reports_only_changes(demo: tuple[Path, str]) -> None:
    """The update contains the new report, the correction and the withdrawal, and nothing unchanged."""
    names = documents(demo[0])
    reported = {names[item["url"]]: item["kind"] for item in items(demo[0] / "update.json")}
    assert reported.pop("delta-wire/giang-leaves-vientiane") == "new"
    assert set(reported) == {"regional-report/border-rescue-drill", "straits-observer/chan-to-visit-vientiane"}
    assert set(reported.values()) <= {"update", "correction", "withdrawn"}


def test_a_folder_with_other_files_is_not_changed(tmp_path: Path) -> None:
    """The demo never deletes files of the user."""
    (tmp_path / "precious.txt").write_text("mine", encoding="utf-8")
    assert "not a demo folder" in monitor("demo", ".", cwd=tmp_path, code=2)
    assert (tmp_path / "precious.txt").read_text(encoding="utf-8") == "mine"


def test_an_installed_wheel_runs_the_demo_in_any_folder(tmp_path: Path) -> None:
    """The seeds are part of the package, so the demo works without a checkout."""
    source = tmp_path / "source"
    for name in ("monitor", "seeds"):
        shutil.copytree(ROOT / name, source / name, symlinks=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    build += ["--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(build, check=True, capture_output=True, timeout=HANG)
    (wheel,) = tmp_path.glob("monitor-*.whl")
    site = tmp_path / "site"
    install = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True, capture_output=True, timeout=HANG)
    (tmp_path / "elsewhere").mkdir()
    monitor("demo", cwd=tmp_path / "elsewhere", path=site)
    assert (tmp_path / "elsewhere" / "demo" / "digest.html").exists()

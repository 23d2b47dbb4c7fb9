"""`monitor stories`, `monitor articles show` and `release`, and `monitor group`."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from support.command_line import run_command
from support.rows import NOW, draft, screened
from support.stores import open_database

from monitor.domain.errors import ConfigError, UsageError
from monitor.domain.values import replace
from monitor.pipeline.group import GroupingStep

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
officials: {somebody: {name: Some Body, country: Vietnam}}
rules: {rule: {officials: [somebody]}}
"""
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command in a folder with a story of two articles, one a duplicate, and a quarantined article."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = open_database(tmp_path)
    text = "Some Body opened a bridge over the Nam Ou in Bansavan on Thursday before four hundred guests. " * 2
    screened(database, draft("bridge", body=text), now=NOW)
    quarantined = replace(draft("flood", news=False), quarantine_reason="dug up with many others")
    screened(database, draft("crossing", body=text), quarantined, now=NOW + timedelta(hours=1))
    asyncio.run(GroupingStep(database, lambda: NOW).run_all())
    database.close()
    return run_command


def test_stories_are_listed_and_shown(run: Run) -> None:
    """The list has the documented keys; a story shows its articles, duplicates and officials."""
    stories = {story["id"]: story for story in map(json.loads, run("stories", "--json").splitlines())}
    assert set(stories) == {"s1", "s3"}
    assert set(stories["s1"]) == {"id", "title", "articles", "officials", "first_seen_at", "last_seen_at"}
    assert (stories["s1"]["articles"], stories["s1"]["officials"]) == ([1, 2], ["somebody"])
    assert "About bridge" in run("stories")
    shown = json.loads(run("stories", "show", "s1", "--json"))
    assert [(one["id"], one["copy_of"]) for one in shown["members"]] == [(1, None), (2, 1)]
    assert "somebody" in run("stories", "show", "s1")
    assert "monitor stories" in run("stories", "show", "s9", fails=UsageError)


def test_an_article_is_shown(run: Run) -> None:
    """With its text and its original; the options of the list still work."""
    assert "duplicate of 1" in run("articles", "show", "2")
    assert json.loads(run("articles", "show", "1", "--json"))["changes"] == []
    assert len(run("articles", "--json", "--limit", "3").splitlines()) == 3


def test_quarantined_articles_are_released(run: Run) -> None:
    """Only once; an unknown source is rejected with the known ones."""
    assert run("articles", "release", "times").strip() == "1 article of times released."
    assert run("articles", "release", "times").strip() == "No article of times is in quarantine or abandoned."
    for code in ("1", "a1"):
        assert run("articles", "release", code).strip() == "Article 1 is not in quarantine and not abandoned."
    assert "no article 4711" in run("articles", "release", "4711", fails=UsageError)
    assert "There are: times" in run("articles", "release", "thymes", fails=UsageError)


def test_a_file_is_grouped(run: Run, tmp_path: Path) -> None:
    """One line per article in the given order; ids may repeat, dates may be missing or invalid."""
    rows = [
        {"id": "a", "title": "T", "text": "Keo Somphone opened the bridge of Bansavan on March 5. " * 5},
        {
            "id": 7,
            "title": "U",
            "text": "Keo Somphone opened the bridge of Bansavan on March 5. " * 5,
            "published": "?",
        },
        {"id": "a", "title": "", "text": "", "published": "2026-03-05"},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    lines = [json.loads(line) for line in run("group", "--json", str(file)).splitlines()]
    assert [line["id"] for line in lines] == ["a", "7", "a"]
    assert lines[0]["story"] == lines[1]["story"] != lines[2]["story"]
    assert {lines[0]["copy_of"], lines[1]["copy_of"]} in ({None, "a"}, {None, "7"})
    assert "T" in run("group", str(file))


def test_every_invalid_line_of_a_file_is_reported(run: Run, tmp_path: Path) -> None:
    """All errors at once, with line numbers; a missing file is named."""
    file = tmp_path / "rows.jsonl"
    file.write_text('{"id": "a"}\nnonsense\n[]\n{"title": "no id"}\n')
    errors = run("group", str(file), fails=ConfigError)
    assert [line.split(":")[1] for line in errors.splitlines()] == ["2", "3", "4"]
    assert "cannot be read" in run("group", str(tmp_path / "none.jsonl"), fails=UsageError)

"""`monitor succession`: posts of watched officials that may have changed hands."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from support.command_line import run_command
from support.rows import NOW, draft, kept
from support.stores import open_database
from time_machine import travel

from monitor.config.load import load_configuration
from monitor.domain.values import replace
from monitor.match.engine import compile_watchlist

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources:
  times: {feed: "https://times.example/rss", name: The Times}
  post: {feed: "https://post.example/rss", name: The Post}
officials:
  giang: {name: Phan Văn Giang, country: Vietnam, roles: [{title: Minister of National Defence, from: 2021-04-08}]}
rules: {people: {officials: all}}
"""
TEXTS = (
    ("times", "Le Van Moi was appointed Vietnam's defence minister, replacing Phan Van Giang."),
    ("post", "Vietnam's new defence minister, Le Van Moi, opened a school."),
    ("post", "Le Van Ba may become Vietnam's defence minister next year."),
)
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command in a folder with articles of three days ago."""
    monkeypatch.chdir(tmp_path)
    Path("sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    matcher = compile_watchlist(load_configuration(Path("sources.yaml"), {}).watchlist)
    database, at = open_database(tmp_path), NOW - timedelta(days=3)
    for number, (source, text) in enumerate(TEXTS):
        new = draft(f"{source}-{number}", body=text)
        kept(database, replace(new, article=replace(new.article, language="en")), name=source, now=at)
        database.findings.save([(one, matcher.match(one.article)) for one in database.articles.unmatched(100)], at)
    database.close()

    with travel(NOW, tick=False):
        yield partial(run_command, "succession")


def test_a_succession_is_listed_with_its_passages(run: Run) -> None:
    """And with the line for sources.yaml, which is not changed."""
    shown = run()
    assert "Le Van Moi may now hold the post of Phan Văn Giang: Minister of National Defence." in shown
    assert "opened a school." in shown
    assert "roles: - {title: Minister of National Defence, from: 2021-04-08, until: 2026-02-26}" in shown
    assert Path("sources.yaml").read_text(encoding="utf-8") == CONFIGURATION


def test_records_have_the_evidence(run: Run) -> None:
    """As JSON; as CSV without the passages."""
    (record,) = [json.loads(line) for line in run("--json").splitlines()]
    assert (record["official"], record["kind"], record["person"]) == ("giang", "holder", "Le Van Moi")
    assert [one["article"] for one in record["statements"]] == [1, 2]
    (row,) = csv.DictReader(io.StringIO(run("--csv", "--official", "giang").lstrip("\ufeff")))
    assert (row["person"], row["since"]) == ("Le Van Moi", "2026-02-26")


def test_an_edited_role_and_a_short_period_leave_nothing(run: Run) -> None:
    """After the edit that it asks for, the succession is settled."""
    assert run("--since", "1d") == "No post of a watched official has changed hands in articles of the last 1d.\n"
    edited = CONFIGURATION.replace("2021-04-08}", "2021-04-08, until: 2026-02-26}")
    Path("sources.yaml").write_text(edited, encoding="utf-8")
    assert "No post" in run()

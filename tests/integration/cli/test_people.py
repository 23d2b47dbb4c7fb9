"""`monitor people`: the watched people, and one person over time."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from support.command_line import app
from support.rows import NOW, draft, kept
from support.stores import open_database
from time_machine import travel
from typer.testing import CliRunner

from monitor.config.load import load_configuration
from monitor.domain.errors import UsageError
from monitor.domain.values import replace
from monitor.match.engine import compile_watchlist

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
officials:
  giang: {name: Phan Văn Giang, country: Vietnam, roles: [Minister of National Defence]}
  boualapha: {name: Khamliang Outhakaysone, country: Laos}
rules: {people: {officials: all}}
"""
PAIR = "Vietnam's Defence Minister Phan Văn Giang met Khamliang Outhakaysone in Hanoi."
TEXTS = (
    (20, PAIR),
    (20, PAIR),  # a copy: one story, two articles
    (8, "General Phan Văn Giang, Minister of National Defence of Vietnam, opened a school."),
    (1, "Rain is expected along the coast on Thursday."),
    (1, "A market was opened in the old town."),
    (0, "Phan Văn Giang spoke to the press."),
)
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command in a folder with articles of the last three weeks that were matched."""
    monkeypatch.chdir(tmp_path)
    Path("sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    matcher = compile_watchlist(load_configuration(Path("sources.yaml"), {}).watchlist)
    database = open_database(tmp_path)
    for number, (days, text) in enumerate(TEXTS):
        at = NOW - timedelta(days=days)
        new = draft(f"n{number}", body=text)
        new = replace(new, article=replace(new.article, language="en", published_at=at))
        kept(database, new, now=at)
        database.findings.save([(one, matcher.match(one.article)) for one in database.articles.unmatched(100)], at)
    database.close()

    def call(*words: str, fails: bool = False) -> str:
        result = CliRunner().invoke(app, words)
        if fails:
            assert isinstance(result.exception, UsageError), result.output
            return str(result.exception)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    with travel(NOW, tick=False):
        yield call


def test_people_are_listed_the_most_named_first(run: Run) -> None:
    people = [json.loads(line) for line in run("people", "--json").splitlines()]
    assert [(one["id"], one["week"], one["usual_week"]) for one in people] == [("giang", 1, 1), ("boualapha", 0, 0)]
    assert people[0]["position"] == "Minister of National Defence"
    assert "boualapha" in run("people", "--country", "Laos")
    assert run("people", "--country", "Peru") == "Nobody is watched.\n"


def test_a_usual_week_is_counted_only_from_complete_weeks(run: Run) -> None:
    """On the first days of a new archive nothing is usual yet, instead of "usually 0"."""
    with travel(NOW - timedelta(days=14), tick=False):
        people = [json.loads(line) for line in run("people", "--json").splitlines()]
        assert [one["usual_week"] for one in people] == [None, None]
        since = people[0]["archive_since"][:10]
        assert f"No usual week yet (archive since {since})" in run("people")
    assert "not yet" not in run("people")


def test_a_person_is_shown_over_time(run: Run) -> None:
    """Counts, companions with their lift, posts next to the name, and the first and last mention."""
    shown = json.loads(run("people", "show", "giang", "--since", "30d", "--json"))
    assert (shown["articles"], shown["stories"]) == (4, 4)
    assert sum(step["articles"] for step in shown["timeline"]) == 4
    assert shown["rules"] == [{"id": "people", "name": "people", "articles": 4}]
    assert shown["languages"] == [{"id": "en", "name": "en", "articles": 4}]
    assert shown["named_with"] == [{"id": "boualapha", "name": "Khamliang Outhakaysone", "articles": 2, "lift": 1.5}]
    assert [(post["post"], post["articles"], post["last_on"]) for post in shown["posts"]] == [
        ("defence minister (Vietnam)", 3, "2026-02-21")
    ]
    assert (shown["first_named_at"], shown["last_named_at"]) == ("2026-02-09T12:00:00Z", "2026-03-01T12:00:00Z")
    text = run("people", "show", "giang", "--since", "30d")
    assert "defence minister (Vietnam)" in text
    assert "4 articles, 4 stories in 30d" in text


def test_a_timeline_is_exported(run: Run, tmp_path: Path) -> None:
    """CSV has a row a day; the chart is valid XML with two columns a bar."""
    rows = list(csv.DictReader(io.StringIO(run("people", "show", "giang", "--since", "21d", "--by", "day", "--csv"))))
    assert len(rows) == 21
    assert [(row["articles"], row["stories"]) for row in rows if row["articles"] != "0"] == [
        ("2", "2"),
        ("1", "1"),
        ("1", "1"),
    ]
    assert run("people", "show", "giang", "--since", "21d", "--chart", "chart.svg") == ""
    root = ET.fromstring((tmp_path / "chart.svg").read_text(encoding="utf-8"))
    assert len([one for one in root.iter() if one.tag.endswith("rect")]) == 1 + 2 * 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gian",), "giang"),
        (("giang", "--since", "soon"), "--since 'soon'"),
        (("giang", "--since", "90y"), "between 1d and 3660d"),
        (("giang", "--by", "hour"), "--by 'hour'"),
        (("giang", "--chart", "a.png"), "ends with .svg"),
        (("giang", "--json", "--csv"), "choose one"),
    ],
)
def test_wrong_options_are_named(run: Run, words: tuple[str, ...], message: str) -> None:
    assert message in run("people", "show", *words, fails=True)

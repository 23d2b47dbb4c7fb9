"""Lists of articles and hits: tables, JSON and CSV."""

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.command_line import app
from support.rows import MINUTE, NOW, digest, draft, plan, screened
from support.stores import open_database
from time_machine import travel
from typer.testing import CliRunner

from monitor.cli.common import load_rows, print_csv, print_table, print_wrapped, stream_rows
from monitor.domain.errors import UsageError
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.records.values import FORMULA_PREFIXES
from monitor.store.database import Database

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
"""
WITH_SECRETS = """
settings: {database: "sqlite:///monitor.db", heartbeat_url: "${NOT_HERE}"}
sources: {times: {feed: "https://times.example/rss", headers: {Authorization: "Bearer ${NOT_HERE}"}}}
officials: {phan-van-giang: {name: Phan Văn Giang, country: Vietnam}}
rules: {people: {officials: all}}
channels:
  desk: {email: {to: a@b.example, from: a@b.example, server: "file:/not/here"}}
  bridge: {webhook: {url: "${NOT_HERE}", secret: "${NOT_HERE}"}}
  team: {chat: "${NOT_HERE}"}
digests: {morning: {rules: all, at: "07:00", channels: [desk, bridge, team]}}
"""
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command in a folder with two hits of the previous year; one headline is a formula."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = open_database(tmp_path)
    bad = draft("bad")
    bad = replace(bad, article=replace(bad.article, title='=HYPERLINK("https://evil.example","Phan Văn Giang")'))
    screened(database, draft("good"), bad)
    database.close()

    def call(*words: str) -> str:
        result = CliRunner().invoke(app, words)
        if isinstance(result.exception, UsageError):
            return str(result.exception)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    with travel(NOW + timedelta(days=365)):
        yield call


READING_COMMANDS = (
    *("hits", "articles", "search words", "stories", "sources list", "digests list", "digests preview morning"),
    *("deliveries list", "db check", "officials forms phan-van-giang", "officials near-misses", "status --json"),
    *("backtest", "sources export -"),
)


@pytest.mark.parametrize("words", READING_COMMANDS)
def test_commands_that_only_read_work_without_secrets(run: Run, words: str) -> None:
    """Secrets are set for the daemon, not in the shell of every user."""
    Path("sources.yaml").write_text(WITH_SECRETS, encoding="utf-8")
    output = run(*words.split())
    assert "NOT_HERE" not in output
    assert '"errors": ["' not in output


@pytest.mark.parametrize("words", ["check", "poll", "digests send morning", "deliveries resend --failed"])
def test_commands_that_fetch_or_send_report_missing_secrets(run: Run, words: str) -> None:
    """The error names each secret that is missing, with its place in the file."""
    Path("sources.yaml").write_text(WITH_SECRETS, encoding="utf-8")
    result = CliRunner().invoke(app, words.split())
    output = result.output + str(result.exception)
    assert output.count("the environment variable NOT_HERE is not set") == 5
    assert "secret file /not/here cannot be read" in output


def test_commands_that_only_read_need_the_database_secret(run: Run) -> None:
    """The URL of the database is the only secret that a reading command needs."""
    Path("sources.yaml").write_text(WITH_SECRETS.replace("sqlite:///monitor.db", "${NOT_HERE}"), encoding="utf-8")
    assert "settings.database: the environment variable NOT_HERE is not set" in str(
        CliRunner().invoke(app, ["hits"]).exception
    )


def test_why_lists_every_digest_that_reported_a_hit(run: Run) -> None:
    """A hit that two digests reported is listed with both."""
    database = Database.open("sqlite:///monitor.db")
    for name in ("urgent", "morning"):
        hits = database.digests.undelivered_hits(plan(name), NOW + MINUTE)
        assert database.digests.commit_digest(digest(name), [], [hit.id for hit in hits])
    url = database.queries.list_articles(ArticleFilter(limit=1))[0].article.url
    database.close()
    assert "  reported: rule in morning, rule in urgent\n" in run("why", url)
    assert {report["digest"] for report in json.loads(run("why", url, "--json"))["articles"][0]["reports"]} == {
        "urgent",
        "morning",
    }


@pytest.mark.parametrize("words", ["hits --rule peple", "hits --official phan-van-gian", "articles --source tims"])
def test_an_unknown_id_is_an_error_instead_of_an_empty_list(run: Run, words: str) -> None:
    """A mistyped id is answered with similar ids; a rule that was removed still lists its hits."""
    Path("sources.yaml").write_text(WITH_SECRETS, encoding="utf-8")
    assert re.search(
        r"There is no \w+ '.+' in sources.yaml; did you mean (people|phan-van-giang|times)\?", run(*words.split())
    )
    assert "rule" in run("hits", "--rule", "rule")  # the hits of a rule that is no longer in the file


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("words", [("hits",), ("articles",), ("search", "words")])
def test_csv_output_contains_no_formula(run: Run, words: tuple[str, ...]) -> None:
    """A headline that looks like a formula is prefixed with an apostrophe; the columns are the keys of --json."""
    rows = read(run(*words, "--csv"))
    assert {row["title"] for row in rows} == {"About good", '\'=HYPERLINK("https://evil.example","Phan Văn Giang")'}
    keys = run(*words, "--json").splitlines()[0]
    assert all(f'"{column}":' in keys for column in rows[0])


@pytest.mark.parametrize("first", FORMULA_PREFIXES)
def test_every_formula_prefix_is_escaped(first: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a text and in the first text of a list; negative numbers are not changed."""
    print_csv(("text", "several", "number"), [{"text": f"{first}1+1", "several": [f"{first}x", "y"], "number": -3}])
    (row,) = read(capsys.readouterr().out)
    assert row == {"text": f"'{first}1+1", "several": f"'{first}x; y", "number": "-3"}


def test_an_empty_csv_has_a_header(run: Run) -> None:
    """Two output formats at once are rejected."""
    assert run("hits", "--csv", "--rule", "other").removeprefix("\ufeff").startswith("id,article,rule,officials")
    assert "choose one" in run("hits", "--csv", "--json")


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store 1,200 articles with a hit each: more than a screen shows, and more than one statement may name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = open_database(tmp_path)
    for start in (0, 600):
        screened(database, *(draft(f"a{number}") for number in range(start, start + 600)))
    database.close()


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("words", [["articles"], ["hits"], ["search", "about"]])
def test_programs_get_every_row(words: list[str]) -> None:
    """JSON, CSV and piped tables are complete; with --limit, standard error states that there is more."""
    runner = CliRunner()
    assert len(runner.invoke(app, [*words, "--json"]).stdout.splitlines()) == 1200
    assert len(list(csv.reader(io.StringIO(runner.invoke(app, [*words, "--csv"]).stdout)))) == 1201
    assert "a1199" in (table := runner.invoke(app, words).stdout)
    assert "a0" in table
    limited = runner.invoke(app, [*words, "--json", "--limit", "30"])
    assert len(limited.stdout.splitlines()) == 30
    assert limited.stderr.startswith("There are more than 30 results; add --limit N to print more of them")


def test_a_terminal_shows_fifty_rows_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest rows come first; JSON is complete on a terminal, too."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    parts: list[int] = []

    def load(count: int, last: int | None) -> list[int]:
        found = list(range(1000))[0 if last is None else last + 1 :][:count]
        parts.append(len(found))
        return found

    assert load_rows(load, None) == list(range(50))
    assert "more than 50 results" in capsys.readouterr().err
    assert load_rows(load, 100) == list(range(100))
    assert "more than 100 results" in capsys.readouterr().err
    assert list(stream_rows(load, None)) == list(range(1000))
    assert parts == [51, 101, 500, 500, 0], "a document is loaded in parts"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", [["articles"], ["articles", "--since", "400d"], ["hits"]])
def test_a_list_loaded_in_parts_has_every_row_once(run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """In the order of the list, whatever the size of the parts."""
    with travel(NOW + timedelta(days=300), tick=False):
        whole = run(*words, "--json")
        assert len(whole.splitlines()) == 2
        monkeypatch.setattr("monitor.cli.common.PART_ROWS", 1)
        assert run(*words, "--json") == whole
        assert len(run(*words).splitlines()) >= 2


@pytest.mark.parametrize(
    "words", [["articles"], ["articles", "show", "1"], ["hits"], ["why", "https://times.example/evil"]]
)
def test_a_stored_title_cannot_control_the_terminal(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escape sequences and direction overrides do not reach the screen, whatever is in the database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = open_database(tmp_path)
    screened(database, draft("evil"))
    database.close()
    with sqlite3.connect("monitor.db") as connection:
        connection.execute("UPDATE article SET title = ?", ("\x1b[2J\x1b]0;owned\x07Evil\u202e title",))
    connection.close()
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0
    assert "Evil title" in result.stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(result.output)


HIT_DETAILS = ("source", "outlet", "published", "language", "passage", "form", "confidence")


def test_a_hit_has_its_outlet_date_passage_and_certainty(run: Run) -> None:
    """In JSON with times in UTC; the table has codes, and times in the zone that the heading names."""
    hit = json.loads(run("hits", "--json").splitlines()[0])
    assert {key: hit[key] for key in HIT_DETAILS} == {
        "source": "times",
        "outlet": "Times",
        "published": None,
        "language": "",
        "passage": hit["passage"],
        "form": "full",
        "confidence": 0.9,
    }
    assert hit["passage"]
    table = run("hits")
    assert re.search(r"^ ?id +article +published \(\S+\) +outlet +rule", table, re.MULTILINE)
    assert re.search(rf"^ ?h{hit['id']} +a{hit['article']} +2026-03-01", table, re.MULTILINE)
    assert f"a{hit['article']} " in run("articles")


def print_on_terminal(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    title = "Ein Titel mit vielen Wörtern, die nicht zerschnitten werden sollen"
    print_table(("id", "found", "title"), [("h1", NOW, title), ("h2", None, "short")], "nothing")
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def test_a_table_fits_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Long texts wrap between words; where the columns do not fit, each row is a block of lines."""
    for width in (120, 80, 60, 40):
        lines = print_on_terminal(width, monkeypatch, capsys).splitlines()
        assert max(map(len, lines)) <= width
        assert any("2026-03-01 " in line for line in lines)
        assert {"zerschnitten", "Wörtern,"} <= set(" ".join(lines).split())
    assert lines[0] == "h1"
    assert lines[-2:] == ["h2", "  title: short"]


def test_long_lines_are_wrapped_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal; in a pipe each line stays one line, unless COLUMNS is set."""
    monkeypatch.delenv("COLUMNS", raising=False)
    text = (
        "! One sentence about a source that cannot be read.\n  an indented line that is longer than the terminal, too"
    )
    print_wrapped(text)
    assert capsys.readouterr().out == f"{text}\n"
    monkeypatch.setenv("COLUMNS", "30")
    print_wrapped(text)
    in_a_pipe = capsys.readouterr().out
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_wrapped(text)
    lines = capsys.readouterr().out.splitlines()
    assert in_a_pipe.splitlines() == lines
    assert max(map(len, lines)) <= 30
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert lines[-1].startswith("    ")


@pytest.mark.parametrize(
    ("words", "encoding"), [("hits", "latin-1"), ("hits --json", "utf-8"), ("hits --csv", "utf-8-sig")]
)
def test_a_locale_without_the_letters_is_no_error(run: Run, tmp_path: Path, words: str, encoding: str) -> None:
    """A table has "?" for them; JSON and CSV are UTF-8 in any locale."""
    run("hits")
    environ = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "monitor", *words.split()]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    assert ("Giang" in text, "Văn" in text, "V?n" in text) == (True, encoding != "latin-1", encoding == "latin-1")


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        (("nothing OR good",), ["About good"]),
        (("about NOT good",), []),
        (("good", "--source", "times"), ["About good"]),
        (("good", "--since", "1h"), []),
        (("good",), ["About good"]),
    ],
)
def test_search_takes_queries_of_rules_and_filters(run: Run, words: tuple[str, ...], titles: list[str]) -> None:
    """With an operator or a filter; words alone are searched for as before."""
    lines = run("search", *words, "--json").splitlines()
    assert [json.loads(line)["title"] for line in lines] == titles


def test_search_for_an_unknown_source_names_the_known_ones(run: Run) -> None:
    assert "did you mean times?" in run("search", "good", "--source", "time")

"""Lists for people, programs and spreadsheets."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.rows import MINUTE, NOW, digest, draft, plan, screened
from time_machine import travel
from typer.testing import CliRunner

from monitor.cli.common import FORMULA_PREFIXES, print_csv
from monitor.cli.main import app
from monitor.domain.errors import UsageError
from monitor.domain.read_models import ArticleFilter
from monitor.store.database import SqlDatabase

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources: {times: {feed: "https://times.example/rss"}}
"""
SEALED = """
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
    """Run a command in a folder with two hits of the year before; one headline is a formula."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sources.yaml").write_text(CONFIGURATION)
    database = SqlDatabase.open("sqlite:///monitor.db")
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


LOOKS = (
    *("hits", "articles", "search words", "stories", "sources list", "digests list", "digests preview morning"),
    *("deliveries list", "db check", "officials forms phan-van-giang", "officials near-misses", "status --json"),
    *("backtest", "sources export -"),
)


@pytest.mark.parametrize("words", LOOKS)
def test_who_only_looks_need_not_know_the_secrets(run: Run, words: str) -> None:
    """The passwords are in the daemon's environment, not in the shell of who wants to know how it is."""
    Path("sources.yaml").write_text(SEALED, encoding="utf-8")
    said = run(*words.split())
    assert "NOT_HERE" not in said
    assert '"faults": ["' not in said


@pytest.mark.parametrize("words", ["check", "poll", "digests send morning", "deliveries resend --failed"])
def test_who_fetches_or_sends_needs_the_secrets(run: Run, words: str) -> None:
    """What cannot be done without them says which are missing, and where they are named."""
    Path("sources.yaml").write_text(SEALED, encoding="utf-8")
    result = CliRunner().invoke(app, words.split())
    said = result.output + str(result.exception)
    assert said.count("the environment variable NOT_HERE is not set") == 5
    assert "secret file /not/here cannot be read" in said


def test_the_database_must_be_known_to_look_into_it(run: Run) -> None:
    """A database that only the environment names is the one thing that a look cannot do without."""
    Path("sources.yaml").write_text(SEALED.replace("sqlite:///monitor.db", "${NOT_HERE}"), encoding="utf-8")
    assert "settings.database: the environment variable NOT_HERE is not set" in str(
        CliRunner().invoke(app, ["hits"]).exception
    )


def test_why_names_every_digest_that_told_it(run: Run) -> None:
    """Who asks whether the morning digest had it is not answered with the urgent one alone."""
    database = SqlDatabase.open("sqlite:///monitor.db")
    for name in ("urgent", "morning"):
        hits = database.outbox.undelivered_hits(plan(name), NOW + MINUTE)
        assert database.outbox.commit_digest(digest(name), [], [hit.id for hit in hits])
    url = database.queries.list_articles(ArticleFilter(limit=1))[0].article.url
    database.close()
    assert "  told: rule in morning, rule in urgent\n" in run("why", url)
    assert {told["digest"] for told in json.loads(run("why", url, "--json"))["articles"][0]["told"]} == {
        "urgent",
        "morning",
    }


@pytest.mark.parametrize("words", ["hits --rule peple", "hits --official phan-van-gian", "articles --source tims"])
def test_an_id_that_is_none_is_no_empty_list(run: Run, words: str) -> None:
    """Who mistypes an id hears of it, and is not told that nothing was found."""
    Path("sources.yaml").write_text(SEALED, encoding="utf-8")
    assert re.search(
        r"There is no \w+ '.+' in sources.yaml; did you mean (people|phan-van-giang|times)\?", run(*words.split())
    )
    assert "rule" in run("hits", "--rule", "rule")  # found by a rule that the file has no more


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize("words", [("hits",), ("articles",), ("search", "words")])
def test_no_list_hands_a_formula_to_a_spreadsheet(run: Run, words: tuple[str, ...]) -> None:
    """A headline that begins like one is led by an apostrophe; the columns are the keys of --json."""
    rows = read(run(*words, "--csv"))
    assert {row["title"] for row in rows} == {"About good", '\'=HYPERLINK("https://evil.example","Phan Văn Giang")'}
    keys = run(*words, "--json").splitlines()[0]
    assert all(f'"{column}":' in keys for column in rows[0])


@pytest.mark.parametrize("first", FORMULA_PREFIXES)
def test_every_beginning_of_a_formula_is_guarded(first: str, capsys: pytest.CaptureFixture[str]) -> None:
    """In a text or in the first of several; numbers stay numbers, however negative."""
    print_csv(("text", "several", "number"), [{"text": f"{first}1+1", "several": [f"{first}x", "y"], "number": -3}])
    (row,) = read(capsys.readouterr().out)
    assert row == {"text": f"'{first}1+1", "several": f"'{first}x; y", "number": "-3"}


def test_an_empty_list_is_a_table_with_headings(run: Run) -> None:
    """So that a program that reads it does not stumble; two forms at once are refused."""
    assert run("hits", "--csv", "--rule", "other").removeprefix("\ufeff").startswith("id,article,rule,officials")
    assert "choose one" in run("hits", "--csv", "--json")

"""`monitor search`: queries of rules, filters, counts, order, cursor, and rules made from searches."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from support.command_line import app, run_command
from support.rows import NOW, draft, found, kept
from support.stores import open_database
from time_machine import travel
from typer.testing import CliRunner

from monitor.config.load import load_configuration
from monitor.domain.errors import QueryError, UsageError
from monitor.domain.values import replace
from monitor.insight.search import read_minus_as_not

CONFIGURATION = """
settings: {database: "sqlite:///monitor.db"}
sources:
  times: {feed: "https://times.example/rss", groups: [capital]}
  post: {feed: "https://post.example/rss"}
officials: {somebody: {name: Some Body, country: Vietnam}}
rules:
  rule: {officials: [somebody]}  # the first rule
"""
ARTICLES = (
    ("times", 9, "en", "The minister opened the border bridge with Some Body."),
    ("times", 3, "en", "Talks about the border ended without result."),
    ("post", 2, "lo", "ທ່ານ ທອງລຸນ ສີສຸລິດ ໄດ້ຢ້ຽມຢາມຊາຍແດນ"),
    ("post", 2, "th", "นายกรัฐมนตรีเดินทางไปชายแดนลาวเมื่อวานนี้"),
    ("post", 1, "km", "នាយករដ្ឋមន្ត្រីបានទៅទស្សនាព្រំដែន"),
    ("post", 1, "zh", "老挝国家主席会见防长并访问边境"),
    ("post", 0, "ja", "ラオスの国防大臣が国境を訪問した"),
)
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run a command in a folder with articles of two sources in six languages."""
    monkeypatch.chdir(tmp_path)
    Path("sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    database = open_database(tmp_path)
    for number, (outlet, days, language, text) in enumerate(ARTICLES):
        new = draft(f"n{number}", body=text)
        new = replace(new, article=replace(new.article, title=f"Item {number}", language=language))
        at = NOW - timedelta(days=days)
        kept(database, new, name=outlet, now=at)
        matched = found("rule") if "Some Body" in text else replace(found(), mentions=(), near_misses=())
        database.findings.save([(one, matched) for one in database.articles.unmatched(10)], at)
    database.close()

    with travel(NOW, tick=False):
        yield partial(run_command, "search")


def titles(output: str) -> list[int]:
    return [int(json.loads(line)["title"].removeprefix("Item ")) for line in output.splitlines() if line[:1] == "{"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("border",), [1, 0]),
        (("border -talks",), [0]),
        (("border NOT minister",), [1]),
        (("talks NEAR/3 border",), [1]),
        (("@somebody",), None),
        (("@somebody border",), [0]),
        (("border", "--since", "5d"), [1]),
        (("border", "--until", "2026-02-25"), [0]),
        (("--group", "capital"), [1, 0]),
        (("border", "--official", "somebody"), [0]),
        (("--rule", "rule"), [0]),
        (("--language", "zh"), [5]),
        (("item", "--region", "title", "--source", "times"), [1, 0]),
        (("item", "--region", "body"), []),
        (("border", "--sort", "oldest"), [0, 1]),
        (("item", "--limit", "2"), [6, 5]),
        (("item", "--limit", "2", "--cursor", "6"), [4, 3]),
        (("ທອງລຸນ",), [2]),
        (("ชายแดน",), [3]),
        (("ព្រំដែន",), [4]),
        (("国家主席",), [5]),
        (("国防大臣",), [6]),
    ],
)
def test_articles_are_found(run: Run, words: tuple[str, ...], expected: list[int] | None) -> None:
    """Queries, filters and orders, also for words inside the running text of scripts without spaces."""
    if expected is None:
        assert "period of at most 7 days" in run(*words, fails=QueryError)
    else:
        assert titles(run(*words, "--json")) == expected


def test_results_have_passages_officials_and_counts(run: Run) -> None:
    (article,) = map(json.loads, run("bridge", "--json").splitlines())
    assert article["officials"] == ["somebody"]
    assert "border bridge" in article["passages"][0]["text"]
    assert "border bridge" in run("bridge")
    counts = {
        by: dict(line.split(",") for line in run("item", "--count", by, "--csv").split()[1:]) for by in ("source",)
    }
    assert counts["source"] == {"post": "5", "times": "2"}
    assert json.loads(run("bridge", "--count", "official", "--json")) == {"official": "somebody", "articles": 1}
    days = [json.loads(line)["day"] for line in run("item", "--count", "day", "--json").splitlines()]
    assert days == ["2026-02-20", "2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01"]


def test_saving_a_rule_names_the_digests_that_report_it(run: Run) -> None:
    """A digest with `rules: all` reports it at once; without such a digest, the message asks for one."""
    assert "Add it to `rules:` of a digest" in run("bridge", "--save-rule", "bridge")
    file = Path("sources.yaml")
    file.write_text(
        file.read_text(encoding="utf-8") + "digests: {morning: {rules: all, at: '07:00'}}\n", encoding="utf-8"
    )
    output = run("talks", "--save-rule", "talks")
    assert "Its hits are reported in: morning." in output
    assert "Add it" not in output


def test_a_search_becomes_a_rule(run: Run) -> None:
    """The file keeps its comments and finds the same; an existing rule and a wrong id are refused."""
    options = ("--official", "somebody", "--group", "capital", "--language", "en", "--region", "body")
    assert "no period" in run("border -talks", *options, "--since", "30d", "--save-rule", "border")
    assert "# the first rule" in Path("sources.yaml").read_text(encoding="utf-8")
    rule = load_configuration(Path("sources.yaml"), {}).watchlist.rules[1]
    assert (rule.id, rule.query, rule.groups) == ("border", "@somebody (border NOT talks)", ("capital",))
    assert (rule.languages, rule.regions) == (("en",), ("body",))
    before = Path("sources.yaml").read_bytes()
    assert "another rule" in run("bridge", "--save-rule", "border", fails=UsageError)
    assert "another rule" in run("bridge", "--rule", "rule", "--save-rule", "more", fails=UsageError)
    run("bridge", "--save-rule", "Not an id!", fails=Exception)
    assert Path("sources.yaml").read_bytes() == before
    assert CliRunner().invoke(app, ["undo", "1"]).exit_code == 0
    assert Path("sources.yaml").read_text(encoding="utf-8") == CONFIGURATION


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sort", "size"), "newest, oldest"),
        (("--count", "hour"), "day, source"),
        (("--group", "nowhere"), "groups are: capital"),
        (("border", "--region", "footer"), "title, standfirst"),
        (("--region", "title"), "needs a query"),
        (("--since", "soon"), "2026-11-30"),
        (("--source", "time"), "times"),
        (("border", "--cursor", "3", "--count", "day"), "--cursor"),
    ],
)
def test_wrong_options_are_named(run: Run, words: tuple[str, ...], message: str) -> None:
    assert message in run(*words, fails=UsageError)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("-border talks", "NOT border talks"),
        ('a -"b -c" d-e', 'a NOT "b -c" d-e'),
        ("(-a OR b) /x -y/ - z", "(NOT a OR b) /x -y/ - z"),
    ],
)
def test_a_minus_before_a_word_is_not(written: str, expected: str) -> None:
    assert read_minus_as_not(written) == expected

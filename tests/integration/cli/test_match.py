"""`monitor match`, `officials`, `why` and `backtest`."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.command_line import app
from support.stores import open_database
from typer.testing import CliRunner

from monitor.cli.input_documents import read_documents
from monitor.domain.article import Article, NewArticle, Region, Stage
from monitor.domain.errors import InputError, UsageError
from monitor.domain.mention import Findings, NearMiss
from monitor.domain.poll_state import EntryCounts
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.store.database import Database

CONFIG = """\
settings: {{database: "sqlite:///{folder}/monitor.db"}}
sources:
  wire: {{name: Wire, feed: "https://wire.example/feed"}}
officials:
  hai: {{name: Trần Minh Hải, country: Vietnam, roles: [Minister of National Defence]}}
rules:
  people: {{officials: [hai]}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "sources.yaml"
    path.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    open_database(tmp_path).close()
    return path


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.output


def test_match_prints_a_json_line_per_article(config: Path, tmp_path: Path) -> None:
    """Records keep their id; each line has mentions, hits and near misses with their reasons."""
    texts = tmp_path / "texts.jsonl"
    records = [
        {"id": "a", "title": "T", "text": "General Tran Minh Hai spoke.", "published": "2025-05-05"},
        {"text": "Bac Hai slept."},
    ]
    texts.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    code, output = run("match", "-c", config, "--json", texts)
    first, second = map(json.loads, output.splitlines())
    assert code == 0
    assert first["id"] == "a"
    (mention,) = first["mentions"]
    assert (mention["official"], mention["text"], mention["form"]) == ("hai", "Tran Minh Hai", "full")
    assert records[0]["text"][mention["start"] : mention["end"]] == "Tran Minh Hai"
    assert first["hits"][0]["rule"] == "people"
    assert (second["id"], second["mentions"]) == ("texts:2", [])


def test_match_prints_readable_reasons(config: Path, tmp_path: Path) -> None:
    """Without --json each mention is a line with its reason."""
    (tmp_path / "a.txt").write_text("Tran Minh Hai spoke at Tran Minh Hai Street.", encoding="utf-8")
    _, output = run("match", "-c", config, tmp_path / "a.txt")
    assert "hai: 'Tran Minh Hai' in the body, full" in output
    assert "not hai: 'Tran Minh Hai' in the body: part of a longer name: ... Street" in output


def test_name_forms_are_listed(config: Path) -> None:
    """Every form is listed, the risky ones marked."""
    code, output = run("officials", "forms", "hai", "-c", config, "--json")
    forms = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert forms[0]["text"] == "Trần Minh Hải"
    assert any(form["risky"] and form["text"] == "Hải" for form in forms)


def test_near_misses_are_listed(config: Path, tmp_path: Path) -> None:
    """Rejected spellings are listed with their latest article; `forms` needs the id of an official."""
    code, output = run("officials", "near-misses", "-c", config)
    assert (code, output.strip()) == (0, "There are no near misses.")
    now = datetime.now(UTC)
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([Source("wire", "Wire", feed="https://wire.example/feed")], now)
    (lease,) = database.sources.lease_due(now, 1, now + timedelta(minutes=5))
    article = Article("https://wire.example/1", title="Bac Hai floods", body="Bac Hai is flooded.")
    database.articles.commit_poll(
        lease, lease.poll_state, [NewArticle(("guid:1",), article, is_alertable=True, stage=Stage.EXTRACTED)], now
    )
    (stored,) = database.articles.unmatched(10)
    miss = NearMiss("hai", "Hai", Region.BODY, 4, 7, "part of a longer name: Bac ...")
    database.findings.save([(stored, Findings(near_misses=(miss,)))], now)
    database.close()
    code, output = run("officials", "near-misses", "hai", "-c", config, "--json")
    assert code == 0
    assert json.loads(output) == {
        "official": "hai", "text": "Hai", "reason": "part of a longer name: Bac ...", "article_count": 1,
        "article": stored.id, "title": "Bac Hai floods", "url": "https://wire.example/1",
    }  # fmt: skip
    assert "Bac Hai floods" in run("officials", "near-misses", "-c", config)[1]
    assert run("officials", "forms", "-c", config)[0] == 2


def test_why_names_an_exclude_that_prevents_a_hit(config: Path, tmp_path: Path) -> None:
    """The reason is the query under `exclude`, not a missing official."""
    config.write_text(config.read_text("utf-8").replace("[hai]}", "[hai], exclude: golf OR tennis}"), encoding="utf-8")
    now = datetime.now(UTC)
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([Source("wire", "Wire", feed="https://wire.example/feed")], now)
    (lease,) = database.sources.lease_due(now, 1, now + timedelta(minutes=5))
    article = Article("https://wire.example/1", title="Golf", body="Tran Minh Hai played golf.", language="en")
    new = NewArticle(("guid:1",), article, is_alertable=True, stage=Stage.EXTRACTED)
    database.articles.commit_poll(lease, lease.poll_state, [new], now)
    (stored,) = database.articles.unmatched(10)
    database.findings.save([(stored, Findings())], now)
    database.close()
    _, output = run("why", stored.id, "-c", config)
    assert "rule people has no hit: the article matches its exclude: golf OR tennis" in " ".join(output.split())


def test_why_of_an_unknown_url(config: Path) -> None:
    """The answer depends on whether a source of the same host is configured."""
    _, known_site = run("why", "https://www.wire.example/x", "-c", config, "--json")
    assert json.loads(known_site)["sources"][0]["id"] == "wire"
    _, other = run("why", "https://other.example/x", "-c", config, "--json")
    assert "monitor sources discover" in json.loads(other)["verdict"]


def test_why_names_the_reason_of_quarantine_the_error_and_other_addresses(config: Path, tmp_path: Path) -> None:
    """A quarantined article has its own reason, and an address under which an article is listed again leads to it."""
    now = datetime.now(UTC)
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([Source("wire", "Wire", feed="https://wire.example/feed")], now)
    (lease,) = database.sources.lease_due(now, 1, now + timedelta(minutes=5))
    article = Article("https://wire.example/1", title="Floods", body="Bac Hai is flooded.")
    held = NewArticle(
        ("g1",), article, is_alertable=False, stage=Stage.EXTRACTED, quarantine_reason="one of many old articles"
    )
    database.articles.commit_poll(lease, lease.poll_state, [held], now)
    (lease,) = database.sources.lease_due(now, 1, now + timedelta(minutes=15), {"wire"})
    moved = NewArticle(("g2",), Article("https://wire.example/2"), False, Stage.LISTED, known_article_id=1)
    database.articles.commit_poll(lease, lease.poll_state, [moved], now)
    (stored,), _ = database.attempts.claim_unmatched(1, 1000)
    database.attempts.record_failure(stored, "odd text", now)
    assert database.attempts.begin(stored.id, Stage.EXTRACTED, now)
    assert database.attempts.record_failure(stored, "odd text", now)
    database.close()
    _, output = run("why", "https://wire.example/2", "-c", config)
    assert "abandoned after its last attempt (odd text): `monitor articles release 1` tries it again" in output
    assert "in quarantine: not matched in 2 attempts. `monitor articles release 1` makes it news" in output
    assert "https://wire.example/2 is another address of this article" in output


def test_why_of_an_unlisted_url_says_what_was_left_out(config: Path, tmp_path: Path) -> None:
    """A document that is too long is the reason that is named."""
    now = datetime.now(UTC)
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db")
    database.sources.register([Source("wire", "Wire", feed="https://wire.example/feed")], now)
    (lease,) = database.sources.lease_due(now, 1, now + timedelta(minutes=5))
    counts = EntryCounts(total=2000, new=2000, left_out=40)
    database.articles.commit_poll(lease, replace(lease.poll_state, last_success_at=now, counts=counts), [], now)
    database.close()
    _, output = run("why", "https://wire.example/3", "-c", config)
    assert "40 entries of wire were left out: its document is too long or cut off" in output


def test_backtest_without_stored_articles(config: Path) -> None:
    """There are no new and no lost hits, and the exit code is 0."""
    code, output = run("backtest", "-c", config, "--json")
    assert code == 0
    assert json.loads(output)["rules"][0] | {"days": {}} == {
        "rule": "people", "hits": 0, "new": 0, "lost": 0, "days": {}, "new_examples": [], "lost_examples": []
    }  # fmt: skip


def test_text_on_standard_input_is_matched(config: Path) -> None:
    """The file - is plain text."""
    text = "Minister of National Defence Trần Minh Hải met the guests."
    result = CliRunner().invoke(app, ["match", "-", "-c", str(config)], input=text)
    assert result.output.startswith("stdin: ")
    assert "hai: 'Trần Minh Hải'" in result.output


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.json", b"{"), ("a.json", b'{"text": 1}'), ("a.json", b'{"text": "x", "published": "soon"}'), ("a.xyz", b"")],
)
def test_invalid_documents_are_rejected(tmp_path: Path, name: str, content: bytes) -> None:
    """The error names the file."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises((InputError, UsageError), match=name):
        list(read_documents([tmp_path / name]))


def test_folders_and_compressed_pages_are_read(tmp_path: Path) -> None:
    """The documents of a folder are sorted by name; gzip-compressed pages are decompressed."""
    page = (
        b"<html><body><article><h1>T</h1><p>"
        + b"Tran Minh Hai spoke of the sea. " * 20
        + b"</p></article></body></html>"
    )
    (tmp_path / "b.html.gz").write_bytes(gzip.compress(page))
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    assert [given.id for given in read_documents([tmp_path])] == ["a", "b"]
    assert "Tran Minh Hai" in list(read_documents([tmp_path]))[1].article.body

"""Evidence that a third party can check: kept pages, a chain that breaks when touched, bundles."""

import io
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text
from support.feedback_desk import ORCHARD, FeedbackDesk
from support.rows import MINUTE, NOW, draft, found, kept
from warcio.archiveiterator import ArchiveIterator

from monitor.cli.evidence import write_article_evidence
from monitor.domain.article import Stage
from monitor.domain.configuration import PageRetention
from monitor.domain.errors import UsageError
from monitor.domain.fetch_result import Fetched
from monitor.domain.mention import Findings
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.store.evidence import append_records, save_page_snapshot
from monitor.store.evidence_verify import GENESIS_HASH, find_errors

HEADERS = (("Date", "Sun, 01 Mar 2026 12:00:00 GMT"), ("Content-Encoding", "gzip"), ("Content-Type", "text/html"))


def matched(database: Database, *names: str) -> list[int]:
    """Keep articles with their pages and a mention in each; return their numbers."""
    kept(database, *(draft(name, stage=Stage.LISTED) for name in names))
    for unread in database.articles.lease_pages(NOW, 100, NOW + MINUTE):
        page = Fetched(
            unread.article.url, 200, HEADERS, f"<p>{unread.article.title} ພາສາລາວ</p>".encode(), fetched_at=NOW
        )
        database.articles.save_page(unread, unread.article, page)
    waiting = database.articles.unmatched(100)
    database.findings.save([(stored, found("r")) for stored in waiting], NOW)
    return [stored.id for stored in waiting]


def test_each_record_contains_the_hash_of_the_previous_one(database: Database) -> None:
    """Over several transactions, without a gap."""
    first, second = matched(database, "a", "b")
    (third,) = matched(database, "c")
    proofs = [database.evidence.list_proofs(number)[0] for number in (first, second, third)]
    assert proofs[0].previous_hash == GENESIS_HASH
    assert [proof.previous_hash for proof in proofs[1:]] == [proof.hash for proof in proofs[:-1]]
    record = json.loads(proofs[2].record)
    assert (record["article"], record["captured"], record["url"]) == (
        third,
        "2026-03-01T12:00:00Z",
        "https://times.example/c",
    )
    assert record["sha256"] == sha256("<p>About c ພາສາລາວ</p>".encode()).hexdigest()
    assert database.evidence.find_broken_record() == ""


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE evidence_record SET record = replace(record, 'About a', 'About z') WHERE id = 1",
        "UPDATE evidence_record SET hash = previous_hash WHERE id = 2",
        "DELETE FROM evidence_record WHERE id = 2",
    ],
)
def test_a_changed_chain_is_detected(database: Database, change: str) -> None:
    """A changed record, a changed hash and a deleted record."""
    matched(database, "a", "b", "c")
    with database._connections.write_transaction() as connection:
        connection.execute(text(change))
    assert "was changed, or the record before it" in database.evidence.find_broken_record()
    assert database.maintenance.check_database() == (database.evidence.find_broken_record(),)


def test_a_bundle_is_checked_with_python_alone(database: Database, tmp_path: Path) -> None:
    """Nothing of this program is needed."""
    first, *_others = matched(database, "a", "b", "c")
    folder = write_article_evidence(database, first, tmp_path / "evidence")
    command = [sys.executable, "-I", str(folder / "verify.py")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    last_hash = database.evidence.list_chain_after(2)[0][1]
    assert done.stdout == f"The evidence is unchanged. The chain ends with {last_hash}\n"
    facts = json.loads((folder / "article.json").read_text())
    assert facts["article"]["article"]["title"] == "About a"
    assert facts["findings"]["mentions"][0]["official_id"] == "somebody"


@pytest.mark.parametrize("name", ["page.body", "record.json", "article.json", "chain.txt", "page.warc.gz"])
def test_a_changed_bundle_is_detected(database: Database, tmp_path: Path, name: str) -> None:
    """Also if the checksums were changed to match."""
    (number,) = matched(database, "a")
    folder = write_article_evidence(database, number, tmp_path / "evidence")
    content = (folder / name).read_bytes().replace(b"About a", b"About z").replace(b"0000", b"0001", 1)
    (folder / name).write_bytes(content if content != (folder / name).read_bytes() else content + b"x")
    assert find_errors(folder)
    if name in {"page.body", "record.json", "chain.txt"}:
        sums = (folder / "SHA256SUMS").read_text().splitlines()
        names = [line.partition("  ")[2] for line in sums]
        fitted = [f"{sha256((folder / one).read_bytes()).hexdigest()}  {one}" for one in names]
        (folder / "SHA256SUMS").write_text("\n".join(fitted))
        assert find_errors(folder)


def test_verdicts_on_an_article_are_in_its_chain(database: Database, tmp_path: Path) -> None:
    """And in its bundle, also if one was undone; a changed line is detected, even if the checksums fit."""
    desk = FeedbackDesk(database)
    number, other = desk.add(), desk.add(ORCHARD, "Apples")
    with database._connections.write_transaction() as connection:
        save_page_snapshot(connection, number, Fetched("https://x", 200, (), b"page", fetched_at=NOW))
        append_records(connection, [number], NOW)
    rejected = desk.reject(number, note="his brother")
    desk.undo(rejected.change.id)
    desk.reject(other, "ben")
    records = [json.loads(proof.record) for proof in database.evidence.list_proofs(number)]
    assert [(one.get("kind", ""), one.get("official"), bool(one.get("undone"))) for one in records] == [
        ("", None, False),
        ("rejected", "ada", False),
        ("rejected", "ada", True),
    ]
    assert "brother" not in json.dumps(records)
    assert database.evidence.list_proofs(other) == []
    assert database.evidence.find_broken_record() == ""
    folder = write_article_evidence(database, number, tmp_path / "evidence")
    assert find_errors(folder) == []
    lines = (folder / "verdicts.txt").read_text().splitlines()
    assert [json.loads(line) for line in lines] == records[1:]
    changed = (folder / "verdicts.txt").read_bytes().replace(b"ada", b"ben", 1)
    (folder / "verdicts.txt").write_bytes(changed)
    sums = (
        (folder / "SHA256SUMS")
        .read_text()
        .replace(sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest(), sha256(changed).hexdigest())
    )
    (folder / "SHA256SUMS").write_text(sums)
    assert find_errors(folder) == ["chain.txt does not contain line 1 of verdicts.txt"]


def test_the_warc_is_readable_by_other_tools(database: Database, tmp_path: Path) -> None:
    """The page with its headers, and the evidence record."""
    (number,) = matched(database, "a")
    folder = write_article_evidence(database, number, tmp_path / "evidence")
    archive = ArchiveIterator(io.BytesIO((folder / "page.warc.gz").read_bytes()), check_digests="raise")
    records = [(one.rec_type, one.rec_headers, one.http_headers, one.content_stream().read()) for one in archive]
    (kind, headers, http, body), (second, _headers, _http, note) = records
    assert (kind, second) == ("response", "metadata")
    assert headers.get_header("WARC-Target-URI") == "https://times.example/a"
    assert headers.get_header("WARC-Date") == "2026-03-01T12:00:00Z"
    assert (http.get_statuscode(), http.get_header("Content-Type")) == ("200", "text/html")
    assert http.get_header("X-Archive-Orig-Content-Encoding") == "gzip"
    assert body == (folder / "page.body").read_bytes()
    assert note == (folder / "record.json").read_bytes()


def test_evidence_is_never_overwritten(database: Database, tmp_path: Path) -> None:
    """A folder that is there is refused; so is an article without a kept page, or none at all."""
    (number,) = matched(database, "a")
    write_article_evidence(database, number, tmp_path / "evidence")
    with pytest.raises(UsageError, match="already exists"):
        write_article_evidence(database, number, tmp_path / "evidence")
    (bare,) = [stored.id for stored in kept(database, draft("bare"))]
    for wrong, reason in ((bare, "no page of article"), (999, "no article 999")):
        with pytest.raises(UsageError, match=reason):
            write_article_evidence(database, wrong, tmp_path / "other")


@pytest.mark.parametrize(
    ("keep", "pages"), [(PageRetention.NONE, 0), (PageRetention.MATCHED, 1), (PageRetention.ALL, 2)]
)
def test_pages_are_kept_according_to_the_settings(tmp_path: Path, keep: PageRetention, pages: int) -> None:
    """None, those in which something was found, or all; only matched ones are sealed."""
    database = Database.open(f"sqlite:///{tmp_path}/monitor.db", page_retention=keep)
    kept(database, draft("a", stage=Stage.LISTED), draft("b", stage=Stage.LISTED))
    for unread in database.articles.lease_pages(NOW, 10, NOW + MINUTE):
        database.articles.save_page(unread, unread.article, Fetched("https://x", 200, (), b"page", fetched_at=NOW))
    one, other = database.articles.unmatched(10)
    database.findings.save([(one, found("r")), (other, replace(Findings()))], NOW)
    numbers = [stored.id for stored in database.queries.list_articles(ArticleFilter())]
    assert sum(database.page_snapshots.get_page_snapshot(number) is not None for number in numbers) == pages
    assert len(database.evidence.list_chain_after(0)) == (0 if keep is PageRetention.NONE else 1)
    database.close()

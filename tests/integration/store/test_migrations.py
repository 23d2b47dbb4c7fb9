"""From every schema that was released, with rows in each of its tables, on both engines: nothing is lost."""

import gzip
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from integration.store.test_migrate import FAILING
from sqlalchemy import MetaData, Table, inspect, select, text
from support.postgres import Postgres
from support.rows import MINUTE, NOW, digest, draft, kept, plan

from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import SchemaMismatch
from monitor.domain.read_models import ArticleFilter
from monitor.store.column_types import to_json
from monitor.store.connections import Connections
from monitor.store.core_tables import CORE_METADATA
from monitor.store.database import Database
from monitor.store.migrate import MIGRATIONS_DIR, migrate, schema_version
from monitor.store.row_mapping import hash_text as short

RELEASED = sorted(path.stem[:4] for path in MIGRATIONS_DIR.glob("versions/0*.py"))
AT = "2026-03-01T12:00:00.000000Z"
GENESIS = "0" * 64
BODY = "Bộ trưởng Phan Văn Giang spoke in Hanoi."
FOLDED = "giang on the border bo truong phan van giang spoke in hanoi"
MEMORY = json.dumps({"source_id": "times", "etag": '"v1"', "polls": 7, "next_poll_at": AT, "future_field": 1})
RECORD = json.dumps({"article": 1, "sha256": "ab"})
RENDERED = json.dumps({"subject": "Giang", "text": "told", "html": "<p>told</p>", "payload": "{}"})

Rows = dict[str, list[dict[str, Any]]]
SOURCE: dict[str, Any] = {"kind": "feed", "paused": "", "configured": True, "state": "ok"}
SOURCE |= {"lease_token": "", "leased_until_at": None}
ARTICLE: dict[str, Any] = {
    "canonical_url": "",
    "authors": '["A. Writer"]',
    "agency": "",
    "section": "",
    "language": "en",
    "partial": "",
}
ARTICLE |= {"confidence": 0.9, "published_at": AT, "modified_at": None, "first_seen_at": AT, "news": True, "held": ""}
ARTICLE |= {"story_id": "", "copy_of": None, "revisions": 0, "attempts": 0, "last_error": "", "lease_token": ""}
TEXT: dict[str, Any] = {"standfirst": "", "dateline": "", "captions": "", "body": BODY, "folded": FOLDED}

ROWS: dict[str, Rows] = {  # what each revision's new tables held, in plain values
    "0001": {
        "source": [
            SOURCE
            | {"id": "times", "name": "Times", "url": "https://times.example/rss", "memory": MEMORY}
            | {"articles": 2, "next_poll_at": AT, "last_success_at": AT}
        ],
        "article": [
            ARTICLE
            | {"id": 1, "source_id": "times", "url": "https://times.example/1", "title": "Giang on the border"}
            | {"stage": "grouped", "next_attempt_at": None},
            ARTICLE
            | {"id": 2, "source_id": "times", "url": "https://times.example/2", "title": "To be read"}
            | {"stage": "listed", "next_attempt_at": AT},
        ],
        "content": [TEXT | {"article_id": 1}, TEXT | {"article_id": 2, "body": "", "folded": ""}],
        "identity": [{"source_id": "times", "key": short("guid:1"), "article_id": 1}],
        "address": [{"url": short("https://times.example/1"), "article_id": 1}],
        "revision": [
            {
                "article_id": 1,
                "number": 0,
                "replaced_at": AT,
                "article": '{"url":"https://times.example/1","title":"Old"}',
            }
        ],
        "capture": [
            {"article_id": 1, "url": "https://times.example/1", "status": 200, "headers": "[]", "sha256": "ab"}
            | {"captured_at": AT, "body": gzip.compress(b"<html>", mtime=0)}
        ],
        "evidence": [
            {"id": 1, "article_id": 1, "record": RECORD, "previous": GENESIS}
            | {"sha256": hashlib.sha256(RECORD.encode()).hexdigest()}
            | {"hash": hashlib.sha256((GENESIS + hashlib.sha256(RECORD.encode()).hexdigest()).encode()).hexdigest()}
        ],
    },
    "0002": {
        "mention": [
            {
                "id": 1,
                "article_id": 1,
                "official_id": "giang",
                "seen_at": AT,
                "text": "Phan Văn Giang",
                "region": "body",
            }
            | {"start": 10, "end": 24, "form": "full", "confidence": 0.9, "reason": "full name"}
        ],
        "nearmiss": [
            {"id": 1, "article_id": 1, "official_id": "hung", "seen_at": AT, "text": "Hung", "region": "body"}
            | {"start": 0, "end": 4, "reason": "a street"}
        ],
        "hit": [
            {"id": number, "article_id": 1, "rule_id": rule, "kind": "new", "revision": 0, "officials": '["giang"]'}
            | {"passages": "[]", "found_at": AT, "note": ""}
            for number, rule in ((1, "rule"), (2, "other"))
        ],
        "story": [{"id": "s1", "title": "Border", "first_seen_at": AT, "last_seen_at": AT, "merged_into": ""}],
    },
    "0003": {
        "digest": [
            {"id": 1, "digest_id": "one", "start_at": "2026-02-28T12:00:00.000000Z", "end_at": AT, "composed_at": AT}
            | {"late": False, "seen": 1, "content": to_json(digest("one"))}
        ],
        "told": [{"hit_id": 1, "digest_id": "one", "digest": 1}],
        "rendition": [{"id": 1, "digest": 1, "content": RENDERED}],
        "delivery": [
            {"id": 1, "key": "k1", "digest": 1, "digest_id": "one", "channel_id": "desk", "target": "a@b.example"}
            | {"rendition": 1, "created_at": AT, "state": "pending", "attempts": 3, "first_attempt_at": AT}
            | {"next_attempt_at": AT, "settled_at": None, "last_error": "greylisted", "lease_token": ""}
        ],
        "meta": [{"name": "installed_at", "value": "2026-01-01T00:00:00+00:00", "changed_at": AT}],
    },
    "0004": {
        "fingerprint": [{"print": 99, "place": 0, "article_id": 1}],
        "term": [{"term": 7, "place": 0, "story_id": "s1"}],
        "cluster": [
            {"story_id": "s1", "terms": b"", "weights": b"", "names": b"", "days": "[]", "size": 1}
            | {"first_at": AT, "last_at": AT}
        ],
        "vocabulary": [{"id": 1, "counts": b""}],
    },
    "0005": {"recheck": [{"article_id": 1, "next_at": AT, "checked_at": None, "missing": 1, "lease_token": ""}]},
    "0006": {},
    "0007": {},
    "0008": {},
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/monitor.db"
    server: Postgres = request.getfixturevalue("server")
    return server.url(server.new())


def until(revision: str, folder: Path) -> Path:
    """Copy the migrations that there were when a revision was the newest."""
    scripts = Path(shutil.copytree(MIGRATIONS_DIR, folder / f"until{revision}"))
    for path in scripts.glob("versions/0*.py"):
        if path.stem[:4] > revision:
            path.unlink()
    return scripts


def fill(connections: Connections, revision: str) -> None:
    """Put rows into every table of a revision, in SQL as plain as it comes."""
    with connections.write_transaction() as connection:
        for one in RELEASED[: RELEASED.index(revision) + 1]:
            for name, rows in ROWS[one].items():
                for row in rows:
                    columns = ", ".join(f'"{column}"' for column in row)
                    values = ", ".join(f":{column}" for column in row)
                    connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({values})"), row)
                    if not connections.is_sqlite and isinstance(row.get("id"), int):
                        serial = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), :id)"
                        if name != "vocabulary":
                            connection.execute(text(serial), {"id": row["id"]})
        if connections.is_sqlite:
            words = "INSERT INTO content_words (rowid, folded) VALUES (1, :folded)"
            connection.execute(text(words), {"folded": FOLDED})


def dump(connections: Connections, like: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """Return all rows of our tables, of the columns that ``like`` names for each, in an order that rests."""
    with connections.read_transaction() as connection:
        found = {}
        for name in like or set(inspect(connection).get_table_names()) & set(CORE_METADATA.tables):
            table = Table(name, MetaData(), autoload_with=connection)
            columns = like[name] if like else list(table.columns.keys())
            found[name] = sorted(map(repr, connection.execute(select(*(table.c[one] for one in columns)))))
        return found


def columns_of(connections: Connections) -> dict[str, list[str]]:
    with connections.read_transaction() as connection:
        seen = inspect(connection)
        names = set(seen.get_table_names()) & set(CORE_METADATA.tables)
        return {name: [str(column["name"]) for column in seen.get_columns(name)] for name in sorted(names)}


@pytest.mark.parametrize("revision", RELEASED)
def test_what_an_older_schema_held_is_there_after_the_upgrade(fresh: str, revision: str, tmp_path: Path) -> None:
    """Every row of every table, in every column it had; and the program reads and goes on with it."""
    connections = Connections(fresh)
    migrate(connections, until(revision, tmp_path))
    fill(connections, revision)
    columns = columns_of(connections)
    before = dump(connections, columns)
    assert all(before.values()), "ROWS must hold something for every table that there is"
    connections.close()

    database = Database.open(fresh)
    connections = database._connections
    assert schema_version(connections) == RELEASED[-1]
    assert dump(connections, columns) == before
    assert database.maintenance.check_database() == ()
    read_all(database, revision)
    database.close()


def read_all(database: Database, revision: str) -> None:
    """Read by the program itself what its tables hold, and go on working with it."""
    memory = database.sources.load_poll_states()["times"]
    assert (memory.etag, memory.polls, memory.next_poll_at) == ('"v1"', 7, NOW)
    assert [one.article.title for one in database.queries.list_articles(ArticleFilter())] == [
        "To be read",
        "Giang on the border",
    ]
    assert database.queries.get_article(1).article.body == BODY
    assert [one.article.title for one in database.queries.search("Phan Văn Giang")] == ["Giang on the border"]
    assert database.articles.known_keys("times", ["guid:1", "guid:9"]) == {"guid:1"}
    assert [one.article.title for one in database.queries.list_versions(1)][:1] == ["Old"]
    capture = database.page_snapshots.get_page_snapshot(1)
    assert capture is not None
    assert capture.body == b"<html>"
    assert [proof.record for proof in database.evidence.list_proofs(1)] == [RECORD]
    if revision >= "0002":
        findings = database.queries.get_findings(1)
        assert [mention.text for mention in findings.mentions] == ["Phan Văn Giang"]
        assert [miss.reason for miss in findings.near_misses] == ["a street"]
    if revision >= "0003":
        untold = database.digests.undelivered_hits(plan("one", "rule", "other"), NOW + MINUTE)
        assert [hit.rule_id for hit in untold] == ["other"]
        (delivery,) = database.deliveries.list_deliveries((), 10)
        assert (delivery.state, delivery.attempts, delivery.message.key) == (DeliveryState.PENDING, 3, "k1")
        assert database.deliveries.get_digest(1) == digest("one")
        assert database.key_values.installed_at(NOW).year == 2026
    assert [unread.article.title for unread in database.articles.lease_pages(NOW, 10, NOW)] == ["To be read"]
    kept(database, draft("later"))
    assert database.queries.get_database_info().articles == 3


@pytest.mark.parametrize("revision", [RELEASED[0], RELEASED[-2]])
def test_row_60_an_upgrade_that_fails_leaves_the_older_schema(fresh: str, revision: str, tmp_path: Path) -> None:
    """With all that was in it, at the revision it was; and the next try with a whole program succeeds."""
    connections = Connections(fresh)
    migrate(connections, until(revision, tmp_path))
    fill(connections, revision)
    columns = columns_of(connections)
    before = dump(connections, columns)
    broken = Path(shutil.copytree(MIGRATIONS_DIR, tmp_path / "broken"))
    (broken / "versions" / "9999_failing.py").write_text(FAILING.format(parent=RELEASED[-1]))
    with pytest.raises(SchemaMismatch, match="is as it was"):
        migrate(connections, broken)
    assert schema_version(connections) == revision
    assert columns_of(connections) == columns
    assert dump(connections, columns) == before
    connections.close()
    database = Database.open(fresh)
    assert dump(database._connections, columns) == before
    database.close()

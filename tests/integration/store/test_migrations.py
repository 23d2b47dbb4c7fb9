"""From every schema that was released, with rows in each of its tables, on both engines: nothing is lost."""

import gzip
import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from integration.store.test_migrate import FAILING
from sqlalchemy import MetaData, Table, inspect, select, text
from sqlalchemy.exc import IntegrityError
from support.postgres import Postgres
from support.rows import MINUTE, NOW, draft, kept, plan

from monitor.domain.article import Stage
from monitor.domain.delivery import DeliveryState
from monitor.domain.errors import SchemaMismatch
from monitor.domain.mention import MatchForm
from monitor.domain.poll_state import SourceState
from monitor.domain.polling_policy import ClockTrust
from monitor.domain.read_models import ArticleFilter
from monitor.pipeline.heartbeats import load_heartbeats
from monitor.pipeline.status_report import parse_daemon_status
from monitor.store.connections import Connections
from monitor.store.database import Database
from monitor.store.key_value import load_clock_trust
from monitor.store.migrate import MIGRATIONS_DIR, migrate, schema_version
from monitor.store.row_mapping import hash_text as short
from monitor.stories.grouping_window import StoryWindow

RELEASED = sorted(path.stem[:4] for path in MIGRATIONS_DIR.glob("versions/0*.py"))
BEFORE_PLAIN_NAMES = [revision for revision in RELEASED if revision < "0009"]
PLAIN_NAMES = runpy.run_path(str(MIGRATIONS_DIR / "versions" / "0009_plain_names.py"))
TESTS = Path(__file__).parents[2]
AT = "2026-03-01T12:00:00.000000Z"
ISO = "2026-03-01T12:00:00+00:00"
DAY_BEFORE = "2026-02-28T12:00:00+00:00"
GENESIS = "0" * 64
BODY = "Bộ trưởng Phan Văn Giang spoke in Hanoi."
FOLDED = "giang on the border bo truong phan van giang spoke in hanoi"
RECORD = json.dumps({"article": 1, "sha256": "ab"})
RENDERED = json.dumps({"subject": "Giang", "text": "told", "html": "<p>told</p>", "payload": '{"late":true}'})

# JSON as the program of schema 0008 wrote it
OLD_POLL_STATE: dict[str, Any] = {
    "source_id": "times",
    "state": "failing",
    "detail": "the server answered 500",
    "remedy": "Look at the address.",
    "state_since_at": ISO,
    "etag": '"v1"',
    "interval": 900.0,
    "next_poll_at": ISO,
    "polls": 7,
    "reported_state": "failing",
    "reported_at": ISO,
    "notice": "times fails",
    "told_at": DAY_BEFORE,
    "future_field": 1,
}
OLD_PAGE_QUALITY = {
    "usual": 0.9,
    "odd": 0.02,
    "recent": [0.9, 0.2],
    "row": 3,
    "row_began_at": ISO,
    "url": "https://times.example/9",
    "mended_at": DAY_BEFORE,
}
OLD_PASSAGES = [{"text": "Phan Văn Giang", "region": "body", "start": 10, "end": 24, "marks": [[10, 24]]}]
OLD_ARTICLE = {"url": "https://times.example/1", "title": "Old", "partial": "teaser"}
OLD_ITEM = {
    "article_id": 1,
    "url": "https://times.example/1",
    "title": "Giang on the border",
    "source_id": "times",
    "outlet": "Times",
    "published_at": ISO,
    "first_seen_at": ISO,
    "language": "en",
    "rules": ["rule"],
    "officials": ["giang"],
    "passages": OLD_PASSAGES,
    "kind": "update",
    "note": "The title changed.",
    "partial": "teaser",
}
OLD_DUPLICATE = {
    "article_id": 2,
    "url": "https://post.example/2",
    "title": "Giang",
    "outlet": "Post",
    "language": "en",
}
OLD_PROBLEM = {
    "source_id": "times",
    "outlet": "Times",
    "state": "failing",
    "detail": "500",
    "since_at": ISO,
    "remedy": "Look at the address.",
}
OLD_DIGEST = {
    "id": "one",
    "title": "Morning",
    "window": {"start_at": DAY_BEFORE, "end_at": ISO},
    "composed_at": ISO,
    "timezone": "UTC",
    "late": True,
    "stories": [
        {"id": "s1", "title": "Border", "officials": ["giang"], "items": [OLD_ITEM], "also_in": [OLD_DUPLICATE]}
    ],
    "subjects": [{"id": "giang", "name": "Phan Văn Giang", "post": "Minister of Defence", "daily": [0, 2]}],
    "coverage": {"sources": 3, "read": 2, "articles": 10, "faults": [OLD_PROBLEM]},
    "notices": ["A notice."],
    "overflow": 4,
}
OLD_SETTINGS = {
    "installed_at": "2026-01-01T00:00:00+00:00",
    "configuration": json.dumps({"text": "settings: {}", "loaded_at": ISO, "faults": ["sources.yaml:1:1: wrong"]}),
    "believed_clock": json.dumps({"at": ISO, "lived": 7200.0}),
    "daemon": json.dumps({"at": ISO, "stopped": False, "faults": ["the poll job is stuck"]}),
    "worker:w1": json.dumps(
        {"name": "w1", "at": ISO, "began_at": ISO, "running": 1, "done": 2, "failed": 0, "new": 3, "faults": ["slow"]}
    ),
}

Rows = dict[str, list[dict[str, Any]]]
SOURCE: dict[str, Any] = {"kind": "feed", "paused": "", "configured": True, "state": "failing"}
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
ARTICLE |= {"source_id": "times", "next_attempt_at": None}
TEXT: dict[str, Any] = {"standfirst": "", "dateline": "", "captions": "", "body": "", "folded": ""}
MENTION: dict[str, Any] = {"article_id": 1, "official_id": "giang", "seen_at": AT, "text": "Phan Văn Giang"}
MENTION |= {"region": "body", "start": 10, "end": 24, "confidence": 0.9, "reason": "full name"}
DELIVERY: dict[str, Any] = {"digest": 1, "digest_id": "one", "channel_id": "desk", "target": "a@b.example"}
DELIVERY |= {"rendition": 1, "created_at": AT, "attempts": 3, "first_attempt_at": AT, "next_attempt_at": None}
DELIVERY |= {"settled_at": AT, "lease_token": ""}


def _article(number: int, title: str, **columns: Any) -> dict[str, Any]:
    return ARTICLE | {"id": number, "url": f"https://times.example/{number}", "title": title} | columns


ROWS: dict[str, Rows] = {  # the rows of each revision's new tables, in SQL values
    "0001": {
        "source": [
            SOURCE
            | {"id": "times", "name": "Times", "url": "https://times.example/rss", "memory": json.dumps(OLD_POLL_STATE)}
            | {"articles": 5, "next_poll_at": AT, "last_success_at": AT}
        ],
        "article": [
            _article(1, "Giang on the border", stage="grouped", partial="teaser", revisions=1, story_id="s1"),
            _article(2, "To be read", stage="listed", next_attempt_at=AT),
            _article(3, "To be matched", stage="read"),
            _article(4, "To be grouped", stage="screened", copy_of=1),
            _article(5, "In quarantine", stage="grouped", news=False, held="too many at once"),
        ],
        "content": [
            TEXT | {"article_id": 1, "body": BODY, "folded": FOLDED},
            *(TEXT | {"article_id": number} for number in (2, 3, 4, 5)),
        ],
        "identity": [{"source_id": "times", "key": short("guid:1"), "article_id": 1}],
        "address": [{"url": short("https://times.example/1"), "article_id": 1}],
        "revision": [{"article_id": 1, "number": 0, "replaced_at": AT, "article": json.dumps(OLD_ARTICLE)}],
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
            MENTION | {"id": number, "form": form}
            for number, form in enumerate(("full", "titled", "short", "role"), start=1)
        ],
        "nearmiss": [
            {"id": 1, "article_id": 1, "official_id": "hung", "seen_at": AT, "text": "Hung", "region": "body"}
            | {"start": 0, "end": 4, "reason": "a street"}
        ],
        "hit": [
            {"id": number, "article_id": 1, "rule_id": rule, "kind": "new", "revision": 0, "officials": '["giang"]'}
            | {"passages": json.dumps(OLD_PASSAGES), "found_at": AT, "note": ""}
            for number, rule in ((1, "rule"), (2, "other"))
        ],
        "story": [{"id": "s1", "title": "Border", "first_seen_at": AT, "last_seen_at": AT, "merged_into": ""}],
    },
    "0003": {
        "digest": [
            {"id": 1, "digest_id": "one", "start_at": "2026-02-28T12:00:00.000000Z", "end_at": AT, "composed_at": AT}
            | {"late": True, "seen": 1, "content": json.dumps(OLD_DIGEST)}
        ],
        "told": [{"hit_id": 1, "digest_id": "one", "digest": 1}],
        "rendition": [{"id": 1, "digest": 1, "content": RENDERED}],
        "delivery": [
            DELIVERY
            | {"id": 1, "key": "k1", "state": "pending", "last_error": "greylisted"}
            | {"next_attempt_at": AT, "settled_at": None},
            DELIVERY | {"id": 2, "key": "k2", "state": "sent", "last_error": ""},
            DELIVERY | {"id": 3, "key": "k3", "state": "refused", "last_error": "550 no such user"},
            DELIVERY | {"id": 4, "key": "k4", "state": "dead", "last_error": "timed out"},
            DELIVERY | {"id": 5, "key": "k5", "state": "dead", "last_error": "dropped by hand"},
        ],
        "meta": [{"name": name, "value": value, "changed_at": AT} for name, value in OLD_SETTINGS.items()],
    },
    "0004": {
        "fingerprint": [{"print": 99, "place": 0, "article_id": 1}],
        "term": [{"term": 7, "place": 0, "story_id": "s1"}, {"term": 9, "place": 0, "story_id": "gone"}],
        "cluster": [
            {
                "story_id": "s1",
                "terms": b"\7\0\0\0",
                "weights": b"\0\0\0?",
                "names": b"\1",
                "days": "[[3, 1]]",
                "size": 1,
            }
            | {"first_at": AT, "last_at": AT}
        ],
        "vocabulary": [{"id": 1, "counts": b""}],
    },
    "0005": {"recheck": [{"article_id": 1, "next_at": AT, "checked_at": None, "missing": 1, "lease_token": ""}]},
    "0006": {},
    "0007": {},
    "0008": {},
    "0010": {"article_attempt": [{"article_id": 1, "attempts": 1, "error": "", "abandoned_at": None}]},
}
CONVERTED_COLUMNS = {  # values that the upgrade changes; the tests of the stores check them
    "article": {"stage"},
    "article_text": {"search_text"},
    "mention": {"form"},
    "delivery": {"state", "last_error"},
    "source": {"poll_state", "page_quality"},
    "hit": {"passages"},
    "digest": {"content"},
    "article_version": {"snapshot"},
    "setting": {"name", "value"},
}
REPLACED_TABLES = {"fingerprint", "story_term", "story_centroid"}  # their rows were put together in other ones


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/monitor.db"
    server: Postgres = request.getfixturevalue("server")
    return server.url(server.new())


def until(revision: str, folder: Path) -> Path:
    """Copy the migrations up to a revision."""
    scripts = Path(shutil.copytree(MIGRATIONS_DIR, folder / f"until{revision}"))
    for path in scripts.glob("versions/0*.py"):
        if path.stem[:4] > revision:
            path.unlink()
    return scripts


def fill(connections: Connections, revision: str) -> None:
    """Insert rows into every table of a revision, with plain SQL."""
    with connections.write_transaction() as connection:
        for one in BEFORE_PLAIN_NAMES[: BEFORE_PLAIN_NAMES.index(revision) + 1]:
            for name, rows in ROWS[one].items():
                for row in rows:
                    columns = ", ".join(f'"{column}"' for column in row)
                    values = ", ".join(f":{column}" for column in row)
                    connection.execute(text(f"INSERT INTO {name} ({columns}) VALUES ({values})"), row)
                    if not connections.is_sqlite and isinstance(row.get("id"), int):
                        serial = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), :id)"
                        if name != "vocabulary":
                            connection.execute(text(serial), {"id": row["id"]})
        if revision >= "0006":
            quality = {"pages": json.dumps(OLD_PAGE_QUALITY)}
            connection.execute(text("UPDATE source SET pages = :pages"), quality)
        if connections.is_sqlite:
            words = "INSERT INTO content_words (rowid, folded) VALUES (1, :folded)"
            connection.execute(text(words), {"folded": FOLDED})


def old_database(url: str, revision: str, folder: Path) -> Connections:
    """Create a database of a revision with rows in each table, and return its connections."""
    connections = Connections(url)
    migrate(connections, until(revision, folder))
    fill(connections, revision)
    return connections


def dump(connections: Connections, columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the rows of these columns of these tables, sorted."""
    with connections.read_transaction() as connection:
        found = {}
        for name, wanted in columns.items():
            table = Table(name, MetaData(), autoload_with=connection)
            found[name] = sorted(map(repr, connection.execute(select(*(table.c[one] for one in wanted)))))
        return found


def columns_of(connections: Connections) -> dict[str, list[str]]:
    """Return the columns of our tables, without the search index and the tables of Procrastinate."""
    with connections.read_transaction() as connection:
        seen = inspect(connection)
        return {
            name: [str(column["name"]) for column in seen.get_columns(name)]
            for name in sorted(seen.get_table_names())
            if not name.startswith(("content_words", "article_search", "procrastinate", "alembic_version"))
        }


def new_names(columns: dict[str, list[str]]) -> dict[str, dict[str, str]]:
    """Return the new name of each old column, by the new name of its table."""
    tables = {PLAIN_NAMES["TABLES"].get(old, old): names for old, names in columns.items()}
    return {
        table: {old: PLAIN_NAMES["COLUMNS"].get(table, {}).get(old, old) for old in names}
        for table, names in tables.items()
    }


@pytest.mark.parametrize("revision", BEFORE_PLAIN_NAMES)
def test_an_upgrade_keeps_every_row_of_each_earlier_schema(fresh: str, revision: str, tmp_path: Path) -> None:
    """Every row of every table with its values; the stores read them, and the program works on with them."""
    connections = old_database(fresh, revision, tmp_path)
    old_columns = columns_of(connections)
    renamed = new_names(old_columns)
    kept_columns = {
        table: {old: new for old, new in names.items() if new not in CONVERTED_COLUMNS.get(table, ())}
        for table, names in renamed.items()
        if table not in REPLACED_TABLES
    }
    old_tables = dict(zip(renamed, old_columns, strict=True))
    before = dump(connections, {old_tables[table]: list(names) for table, names in kept_columns.items()})
    assert all(before.values()), "ROWS must hold something for every table that there is"
    connections.close()

    database = Database.open(fresh)
    connections = database._connections
    assert schema_version(connections) == RELEASED[-1]
    assert {table: set(names.values()) for table, names in renamed.items() if table not in REPLACED_TABLES}.items() <= {
        table: set(names) & set(renamed.get(table, {}).values()) for table, names in columns_of(connections).items()
    }.items()
    after = dump(connections, {table: list(names.values()) for table, names in kept_columns.items()})
    assert {old_tables[table]: rows for table, rows in after.items()} == before
    assert database.maintenance.check_database() == ()
    read_all(database, revision)
    database.close()


def read_all(database: Database, revision: str) -> None:
    """Read the content of all tables through the stores, then store another article."""
    read_articles(database)
    if revision >= "0002":
        read_findings(database)
    if revision >= "0003":
        read_digests_and_settings(database)
    if revision >= "0004":
        read_grouping(database)
    if revision >= "0005":
        (recheck,) = database.rechecks.lease_due(NOW, 10, NOW + MINUTE)
        assert (recheck.stored.id, recheck.missing_count) == (1, 1)
    if revision >= "0006":
        quality = database.sources.load_poll_states()["times"].page_quality
        assert (quality.outlier_share, quality.streak, quality.streak_began_at) == (0.02, 3, NOW)
        assert (quality.example_url, quality.layout_restored_at) == ("https://times.example/9", NOW - timedelta(days=1))
    assert [pending.article.title for pending in database.articles.lease_pages(NOW, 10, NOW)] == ["To be read"]
    kept(database, draft("later"))
    assert database.queries.get_database_info().article_count == 6


def read_articles(database: Database) -> None:
    poll_state = database.sources.load_poll_states()["times"]
    assert (poll_state.etag, poll_state.polls, poll_state.next_poll_at) == ('"v1"', 7, NOW)
    assert (poll_state.state, poll_state.suggestion) == (SourceState.FAILING, "Look at the address.")
    assert poll_state.first_reported_at == NOW - timedelta(days=1)
    articles = {one.id: one for one in database.queries.list_articles(ArticleFilter())}
    assert {number: one.stage for number, one in articles.items()} == {
        1: Stage.GROUPED,
        2: Stage.LISTED,
        3: Stage.EXTRACTED,
        4: Stage.MATCHED,
        5: Stage.GROUPED,
    }
    assert (articles[1].article.body, articles[1].article.partial_reason, articles[1].version_count) == (
        BODY,
        "teaser",
        1,
    )
    assert [one.id for one in database.articles.unmatched(9)] == [3]
    assert [one.id for one in database.stories.ungrouped(9)] == [4]
    assert (articles[4].duplicate_of, articles[5].is_alertable) == (1, False)
    assert [one.id for one in database.queries.search("Phan Văn Giang")] == [1]
    assert database.articles.known_keys("times", ["guid:1", "guid:9"]) == {"guid:1"}
    assert [one.id for one in database.queries.find_by_url("https://times.example/1")] == [1]
    (version,) = database.queries.list_versions(1)
    assert (version.version, version.article.title, version.article.partial_reason) == (0, "Old", "teaser")
    snapshot = database.page_snapshots.get_page_snapshot(1)
    assert snapshot is not None
    assert snapshot.body == b"<html>"
    assert [proof.record for proof in database.evidence.list_proofs(1)] == [RECORD]


def read_findings(database: Database) -> None:
    findings = database.queries.get_findings(1)
    assert [mention.form for mention in findings.mentions] == [
        one for one in MatchForm if one is not MatchForm.CONFIRMED
    ]
    assert [near_miss.reason for near_miss in findings.near_misses] == ["a street"]
    assert [hit.official_ids for hit in findings.hits] == [("giang",), ("giang",)]
    assert findings.hits[0].passages[0].highlights == ((10, 24),)
    assert [story.id for story in database.stories.list_stories()] == ["s1"]


def read_grouping(database: Database) -> None:
    window = StoryWindow()
    database.stories.load_window(window)
    index = window.begin(lambda _: (None, "", ""))
    assert dict(index.articles_with([99])) == {1: 1}
    (story,) = index.similar_stories([7], 9)
    assert (story.id, story.days, story.size, story.last_article_at) == ("s1", frozenset({(3, 1)}), 1, NOW)
    assert (story.terms, story.weights, story.kinds) == (b"\7\0\0\0", b"\0\0\0?", b"\1")
    assert not index.similar_stories([9], 9)


def read_digests_and_settings(database: Database) -> None:
    undelivered = database.digests.undelivered_hits(plan("one", "rule", "other"), NOW + MINUTE)
    assert [hit.rule_id for hit in undelivered] == ["other"]
    deliveries = {one.message.key: one for one in database.deliveries.list_deliveries((), 10)}
    assert {key: str(one.state) for key, one in deliveries.items()} == {
        "k1": "pending",
        "k2": "sent",
        "k3": "rejected",
        "k4": "failed",
        "k5": "cancelled",
    }
    assert (deliveries["k1"].attempts, deliveries["k1"].message.plan_id) == (3, "one")
    assert deliveries["k1"].message.rendered.payload == '{"late":true}'
    assert deliveries["k5"].last_error == "cancelled by the user"
    assert database.deliveries.count_outbox().failed == 1
    digest = database.deliveries.get_digest(1)
    assert (digest.plan_id, digest.is_overdue, digest.omitted_articles) == ("one", True, 4)
    ((item,),) = (story.items for story in digest.stories)
    assert (item.rule_ids, item.official_ids, item.partial_reason) == (("rule",), ("giang",), "teaser")
    assert item.passages[0].highlights == ((10, 24),)
    assert (digest.stories[0].official_ids, digest.stories[0].also_in[0].article_id) == (("giang",), 2)
    assert (digest.officials[0].position, digest.officials[0].daily_mentions) == ("Minister of Defence", (0, 2))
    coverage = digest.coverage
    assert (coverage.source_count, coverage.read_count, coverage.article_count) == (3, 2, 10)
    assert coverage.problems[0].suggestion == "Look at the address."
    (summary,) = database.deliveries.list_digests()
    assert (summary.plan_id, summary.is_overdue, summary.hit_count) == ("one", True, 1)
    assert set(summary.delivery_states) == set(DeliveryState)
    assert database.key_values.installed_at(NOW).year == 2026
    saved = database.key_values.get_saved_configuration()
    assert saved is not None
    assert saved.errors == ("sources.yaml:1:1: wrong",)
    assert parse_daemon_status(database.key_values.get("daemon"), NOW).problems == ("the poll job is stuck",)
    assert [(one.name, one.new, one.problems) for one in load_heartbeats(database.key_values)] == [("w1", 3, ("slow",))]
    with database._connections.read_transaction() as connection:
        assert load_clock_trust(connection) == ClockTrust(NOW, timedelta(hours=2))


def test_constraints_hold_after_an_upgrade(fresh: str, tmp_path: Path) -> None:
    """Duplicates are refused, references must exist, and the rows of a deleted article go with it."""
    old_database(fresh, BEFORE_PLAIN_NAMES[-1], tmp_path).close()
    database = Database.open(fresh)
    hit = "INSERT INTO hit (article_id, rule_id, kind, version, official_ids, passages, found_at, note) "
    digest = "INSERT INTO digest (plan_id, start_at, end_at, composed_at, is_overdue, last_hit_id, content) "
    record = "INSERT INTO evidence_record (article_id, record, sha256, previous_hash, hash) "
    delivery = (
        "INSERT INTO delivery (key, digest_id, plan_id, channel_id, target, rendered_digest_id, created_at, state,"
        " attempts, last_error, lease_token) "
    )
    for statement in (
        hit + "SELECT article_id, rule_id, kind, version, official_ids, passages, found_at, note FROM hit",
        hit + f"VALUES (99, 'rule', 'new', 0, '', '', '{AT}', '')",
        digest + "SELECT plan_id, start_at, end_at, composed_at, is_overdue, last_hit_id, content FROM digest",
        "INSERT INTO digest_hit (hit_id, plan_id, digest_id) VALUES (1, 'one', 1)",
        "INSERT INTO digest_hit (hit_id, plan_id, digest_id) VALUES (1, 'two', 99)",
        delivery + f"VALUES ('k1', 1, 'one', 'desk', '', 1, '{AT}', 'pending', 0, '', '')",
        delivery + f"VALUES ('k9', 1, 'one', 'desk', '', 99, '{AT}', 'pending', 0, '', '')",
        record + "SELECT 7, record, sha256, previous_hash, 'other' FROM evidence_record",
        "INSERT INTO article_text SELECT * FROM article_text",
    ):
        with pytest.raises(IntegrityError), database._connections.write_transaction() as connection:
            connection.execute(text(statement))
    with database._connections.write_transaction() as connection:
        connection.execute(text("DELETE FROM article WHERE id = 1"))
        deleted = ("article_text", "article_url", "article_version", "page_snapshot", "mention", "near_miss", "hit")
        left = [
            connection.execute(text(f"SELECT count(*) FROM {table} WHERE article_id = 1")).scalar_one()
            for table in (*deleted, "recheck", "entry_key", "evidence_record")
        ]
    assert left == [0, 0, 0, 0, 0, 0, 0, 0, 1, 1], "entry keys and evidence remain"
    database.close()


def test_no_name_of_the_old_schema_remains(fresh: str, tmp_path: Path) -> None:
    """Neither in tables and columns nor in indexes, constraints and sequences."""
    old_database(fresh, BEFORE_PLAIN_NAMES[-1], tmp_path).close()
    database = Database.open(fresh)
    catalogue = (
        "SELECT name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name != 'alembic_version'"
        if database._connections.is_sqlite
        else "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ 'procrastinate'"
        " UNION ALL SELECT conname FROM pg_constraint WHERE conrelid::regclass::text !~ 'procrastinate'"
    )
    with database._connections.read_transaction() as connection:
        schema = "\n".join(connection.execute(text(catalogue)).scalars())
    old_names = {old for names in PLAIN_NAMES["CONSTRAINTS"].values() for old in names}
    old_names |= {*PLAIN_NAMES["TABLES"], *PLAIN_NAMES["OLD_INDEXES"], *PLAIN_NAMES["SEQUENCES"], "content_words"}
    old_names -= {"content", "term"}  # columns of other tables
    assert old_names.intersection(re.findall(r"\w+", schema)) == set()
    database.close()


@pytest.mark.parametrize("revision", [BEFORE_PLAIN_NAMES[0], BEFORE_PLAIN_NAMES[-1]])
def test_an_upgrade_that_fails_leaves_the_older_schema(fresh: str, revision: str, tmp_path: Path) -> None:
    """With all that was in it, at the revision it was; and the next try with a whole program succeeds."""
    connections = old_database(fresh, revision, tmp_path)
    columns = columns_of(connections)
    before = dump(connections, columns)
    broken = Path(shutil.copytree(MIGRATIONS_DIR, tmp_path / "broken"))
    (broken / "versions" / "9999_failing.py").write_text(FAILING.format(parent=RELEASED[-1]))
    with pytest.raises(SchemaMismatch, match="unchanged"):
        migrate(connections, broken)
    assert schema_version(connections) == revision
    assert columns_of(connections) == columns
    assert dump(connections, columns) == before
    connections.close()
    database = Database.open(fresh)
    assert schema_version(database._connections) == RELEASED[-1]
    read_all(database, revision)
    database.close()


@pytest.mark.parametrize("killed_at", [1, 40, 90, 130, "commit"])
def test_a_process_killed_in_an_upgrade_leaves_the_older_schema(
    fresh: str, killed_at: int | str, tmp_path: Path
) -> None:
    """At whatever statement it dies; the next process upgrades the database."""
    connections = old_database(fresh, "0008", tmp_path)
    columns = columns_of(connections)
    before = dump(connections, columns)
    connections.close()
    command = [sys.executable, "-m", "support.killed_migration", fresh, str(killed_at)]
    paths = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL

    connections = Connections(fresh)
    assert schema_version(connections) == "0008"
    assert columns_of(connections) == columns
    assert dump(connections, columns) == before
    connections.close()
    database = Database.open(fresh)
    read_all(database, "0008")
    database.close()

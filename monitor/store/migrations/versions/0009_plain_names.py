"""Rename tables, columns, indexes, constraints, stored states and keys of stored JSON to the terms of the glossary.

Tables and columns are renamed in place, so the cost does not grow with the number of articles. The full-text index of
SQLite is an exception: it contains the names of its columns and its table, and is built again from the stored search
texts.

Rendered digests and evidence records keep their content. A delivery sends the same bytes at every attempt, and the
records are part of a hash chain.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = {
    "content": "article_text",
    "identity": "entry_key",
    "address": "article_url",
    "revision": "article_version",
    "capture": "page_snapshot",
    "evidence": "evidence_record",
    "nearmiss": "near_miss",
    "told": "digest_hit",
    "rendition": "rendered_digest",
    "meta": "setting",
    "term": "story_term",
    "cluster": "story_centroid",
    "vocabulary": "term_frequency",
}
COLUMNS = {  # by the new name of the table; in this order, because some old names are new names of other columns
    "source": {
        "memory": "poll_state",
        "pages": "page_quality",
        "changed_at": "layout_changed_at",
        "articles": "article_count",
        "leased_until_at": "lease_expires_at",
    },
    "article": {
        "news": "is_alertable",
        "held": "quarantine_reason",
        "partial": "partial_reason",
        "copy_of": "duplicate_of",
        "revisions": "version_count",
    },
    "article_text": {"folded": "search_text"},
    "article_url": {"url": "url_hash"},
    "article_version": {"number": "version", "article": "snapshot"},
    "evidence_record": {"previous": "previous_hash"},
    "hit": {"officials": "official_ids", "revision": "version"},
    "digest": {"digest_id": "plan_id", "seen": "last_hit_id", "late": "is_overdue"},
    "digest_hit": {"digest_id": "plan_id", "digest": "digest_id"},
    "rendered_digest": {"digest": "digest_id"},
    "delivery": {
        "digest_id": "plan_id",
        "digest": "digest_id",
        "rendition": "rendered_digest_id",
        "settled_at": "finished_at",
    },
    "recheck": {"next_at": "due_at", "missing": "missing_count"},
    "fingerprint": {"print": "value", "place": "slot"},
    "story_term": {"place": "slot"},
    "story_centroid": {"names": "name_flags", "first_at": "first_article_at", "last_at": "last_article_at"},
}
CONSTRAINTS = {  # by the new name of the table
    "article_text": {
        "pk_content": "pk_article_text",
        "fk_content_article_id_article": "fk_article_text_article_id_article",
    },
    "entry_key": {
        "pk_identity": "pk_entry_key",
        "fk_identity_source_id_source": "fk_entry_key_source_id_source",
    },
    "article_url": {
        "pk_address": "pk_article_url",
        "fk_address_article_id_article": "fk_article_url_article_id_article",
    },
    "article_version": {
        "pk_revision": "pk_article_version",
        "fk_revision_article_id_article": "fk_article_version_article_id_article",
    },
    "page_snapshot": {
        "pk_capture": "pk_page_snapshot",
        "fk_capture_article_id_article": "fk_page_snapshot_article_id_article",
    },
    "evidence_record": {
        "pk_evidence": "pk_evidence_record",
        "uq_evidence_previous": "uq_evidence_record_previous_hash",
    },
    "near_miss": {
        "pk_nearmiss": "pk_near_miss",
        "fk_nearmiss_article_id_article": "fk_near_miss_article_id_article",
    },
    "hit": {"uq_hit_article_id_rule_id_kind_revision": "uq_hit_article_id_rule_id_kind_version"},
    "digest": {"uq_digest_digest_id_start_at": "uq_digest_plan_id_start_at"},
    "digest_hit": {
        "pk_told": "pk_digest_hit",
        "fk_told_hit_id_hit": "fk_digest_hit_hit_id_hit",
        "fk_told_digest_digest": "fk_digest_hit_digest_id_digest",
    },
    "rendered_digest": {
        "pk_rendition": "pk_rendered_digest",
        "fk_rendition_digest_digest": "fk_rendered_digest_digest_id_digest",
    },
    "delivery": {
        "fk_delivery_digest_digest": "fk_delivery_digest_id_digest",
        "fk_delivery_rendition_rendition": "fk_delivery_rendered_digest_id_rendered_digest",
    },
    "setting": {"pk_meta": "pk_setting"},
    "story_term": {"pk_term": "pk_story_term"},
    "story_centroid": {"pk_cluster": "pk_story_centroid"},
    "term_frequency": {"pk_vocabulary": "pk_term_frequency"},
}
SEQUENCES = {
    "evidence_id_seq": "evidence_record_id_seq",
    "nearmiss_id_seq": "near_miss_id_seq",
    "rendition_id_seq": "rendered_digest_id_seq",
}
OLD_INDEXES = (
    "ix_address_article_id",
    "ix_evidence_article_id",
    "ix_nearmiss_article_id",
    "ix_nearmiss_seen_at",
    "ix_told_digest",
    "ix_rendition_digest",
    "ix_delivery_digest",
    "ix_delivery_rendition",
    "ix_digest_seen",
    "ix_recheck_next_at",
    "ix_cluster_last_at",
    "ix_article_copy_of",
    "ix_article_held",
    "ix_article_unread",
    "ix_article_waiting",
)
NEW_INDEXES = (  # name, table, columns, condition
    ("ix_article_url_article_id", "article_url", ["article_id"], ""),
    ("ix_evidence_record_article_id", "evidence_record", ["article_id"], ""),
    ("ix_near_miss_article_id", "near_miss", ["article_id"], ""),
    ("ix_near_miss_seen_at", "near_miss", ["seen_at"], ""),
    ("ix_digest_hit_digest_id", "digest_hit", ["digest_id"], ""),
    ("ix_rendered_digest_digest_id", "rendered_digest", ["digest_id"], ""),
    ("ix_delivery_digest_id", "delivery", ["digest_id"], ""),
    ("ix_delivery_rendered_digest_id", "delivery", ["rendered_digest_id"], ""),
    ("ix_digest_last_hit_id", "digest", ["plan_id", "last_hit_id"], ""),
    ("ix_recheck_due_at", "recheck", ["due_at"], ""),
    ("ix_story_centroid_last_article_at", "story_centroid", ["last_article_at"], ""),
    ("ix_article_duplicate_of", "article", ["duplicate_of"], "duplicate_of IS NOT NULL"),
    ("ix_article_quarantined", "article", ["source_id"], "quarantine_reason != ''"),
    ("ix_article_listed", "article", ["next_attempt_at", "id"], "stage = 'listed'"),
    ("ix_article_in_progress", "article", ["stage", "id"], "stage IN ('extracted', 'matched')"),
)
STATES = (  # a delivery that the user dropped was marked as dead, like one whose attempts had all failed
    "UPDATE article SET stage = 'extracted' WHERE stage = 'read'",
    "UPDATE article SET stage = 'matched' WHERE stage = 'screened'",
    "UPDATE mention SET form = 'with_title' WHERE form = 'titled'",
    "UPDATE mention SET form = 'position' WHERE form = 'role'",
    "UPDATE delivery SET state = 'rejected' WHERE state = 'refused'",
    """UPDATE delivery SET state = 'cancelled', last_error = 'cancelled by the user'
        WHERE state = 'dead' AND last_error = 'dropped by hand'""",
    "UPDATE delivery SET state = 'failed' WHERE state = 'dead'",
    "UPDATE setting SET name = 'clock_trust' WHERE name = 'believed_clock'",
)
SQLITE_SEARCH = (
    """CREATE VIRTUAL TABLE article_search USING fts5(
        search_text, content='article_text', content_rowid='article_id', columnsize=0, tokenize='ascii')""",
    "INSERT INTO article_search (article_search, rank) VALUES ('automerge', 16)",
    "INSERT INTO article_search (article_search, rank) VALUES ('crisismerge', 32)",
    """INSERT INTO article_search (rowid, search_text)
        SELECT article_id, search_text FROM article_text WHERE search_text != '' ORDER BY article_id""",
)

Keys = dict[str, str]
PASSAGE: Keys = {"marks": "highlights"}
ARTICLE: Keys = {"partial": "partial_reason"}
POLL_STATE: Keys = {"remedy": "suggestion", "told_at": "first_reported_at", "pages": "page_quality"}
PAGE_QUALITY: Keys = {
    "odd": "outlier_share",
    "row": "streak",
    "row_began_at": "streak_began_at",
    "url": "example_url",
    "changed_at": "layout_changed_at",
    "mended_at": "layout_restored_at",
}
DIGEST: Keys = {"id": "plan_id", "late": "is_overdue", "subjects": "officials", "overflow": "omitted_articles"}
STORY: Keys = {"officials": "official_ids"}
ITEM: Keys = {"officials": "official_ids", "rules": "rule_ids", "partial": "partial_reason"}
OFFICIAL: Keys = {"post": "position", "daily": "daily_mentions"}
COVERAGE: Keys = {
    "sources": "source_count",
    "read": "read_count",
    "articles": "article_count",
    "faults": "problems",
}
SOURCE_PROBLEM: Keys = {"remedy": "suggestion"}
CLOCK_TRUST: Keys = {"at": "trusted_at", "lived": "run_time"}
BATCH_SIZE = 500  # rows converted at a time


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("DROP TABLE content_words")
    for name in OLD_INDEXES:
        op.execute(f"DROP INDEX {name}")
    _rename_tables_and_columns()
    if is_sqlite:
        _rename_sqlite_constraints()
    else:
        _rename_postgres_constraints()
    for statement in STATES:
        op.execute(statement)
    _convert_json()
    for name, table, columns, condition in NEW_INDEXES:
        where = sa.text(condition) if condition else None
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    for statement in SQLITE_SEARCH if is_sqlite else ():
        op.execute(statement)


def _rename_tables_and_columns() -> None:
    for old, new in TABLES.items():
        op.execute(f"ALTER TABLE {old} RENAME TO {new}")
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            op.execute(f'ALTER TABLE {table} RENAME COLUMN "{old}" TO "{new}"')


def _rename_postgres_constraints() -> None:
    for table, names in CONSTRAINTS.items():
        for old, new in names.items():
            op.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}")
    for old, new in SEQUENCES.items():
        op.execute(f"ALTER SEQUENCE {old} RENAME TO {new}")
    op.execute("ALTER INDEX ix_content_words RENAME TO ix_article_search")


def _rename_sqlite_constraints() -> None:
    """Change the names of constraints in SQLite's schema table, because SQLite has no statement for this.

    Stored rows do not depend on these names. See https://sqlite.org/lang_altertable.html#otheralter: raising the
    version of the schema makes every connection read it again.
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    for table, names in CONSTRAINTS.items():
        for old, new in names.items():
            statement = "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?"
            connection.exec_driver_sql(statement, (f"CONSTRAINT {old} ", f"CONSTRAINT {new} ", table))
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = OFF")


def _convert_json() -> None:
    _convert_column("source", ("id",), "poll_state", _poll_state)
    _convert_column("source", ("id",), "page_quality", lambda value: _renamed(value, PAGE_QUALITY))
    _convert_column("article_version", ("article_id", "version"), "snapshot", lambda value: _renamed(value, ARTICLE))
    _convert_column("hit", ("id",), "passages", _passages)
    _convert_column("digest", ("id",), "content", _digest)
    _convert_column("setting", ("name",), "value", lambda value: _renamed(value, CLOCK_TRUST), "name = 'clock_trust'")
    _convert_column(
        "setting", ("name",), "value", lambda value: _renamed(value, {"faults": "errors"}), "name = 'configuration'"
    )
    _convert_column(
        "setting",
        ("name",),
        "value",
        lambda value: _renamed(value, {"faults": "problems"}),
        "(name = 'daemon' OR name LIKE 'worker:%')",
    )


def _convert_column(
    table: str, keys: tuple[str, ...], column: str, convert: Callable[[Any], Any], condition: str = "1 = 1"
) -> None:
    """Convert the JSON of a column in all rows that satisfy ``condition``; empty texts remain empty."""
    connection = op.get_bind()
    changed = " AND ".join(f"{key} = :key_{key}" for key in keys)
    update = sa.text(f"UPDATE {table} SET {column} = :value WHERE {changed}")  # noqa: S608 - names of this module
    for batch in _batches(table, keys, column, condition):
        rows = []
        for *key_values, text in batch:
            value = _dump(convert(json.loads(text)))
            if value != text:
                row = {f"key_{key}": found for key, found in zip(keys, key_values, strict=True)}
                rows.append(row | {"value": value})
        if rows:
            connection.execute(update, rows)


def _batches(table: str, keys: tuple[str, ...], column: str, condition: str) -> Iterator[list[Any]]:
    """Yield the rows of a table in batches, in the order of their keys."""
    names, marks = ", ".join(keys), ", ".join(f":last_{key}" for key in keys)
    query = f"SELECT {names}, {column} FROM {table} WHERE {column} != '' AND {condition}"  # noqa: S608 - names of this module
    order = f" ORDER BY {names} LIMIT {BATCH_SIZE}"
    last: dict[str, Any] = {}
    while True:
        after = f" AND ({names}) > ({marks})" if last else ""
        rows = list(op.get_bind().execute(sa.text(query + after + order), last))
        if rows:
            yield rows
        if len(rows) < BATCH_SIZE:
            return
        last = {f"last_{key}": value for key, value in zip(keys, rows[-1], strict=False)}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _renamed(value: dict[str, Any], keys: Keys) -> dict[str, Any]:
    return {keys.get(key, key): part for key, part in value.items()}


def _poll_state(value: dict[str, Any]) -> dict[str, Any]:
    value = _renamed(value, POLL_STATE)
    if "page_quality" in value:
        value["page_quality"] = _renamed(value["page_quality"], PAGE_QUALITY)
    return value


def _passages(value: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_renamed(passage, PASSAGE) for passage in value]


def _item(value: dict[str, Any]) -> dict[str, Any]:
    return _renamed(value, ITEM) | {"passages": _passages(value.get("passages", []))}


def _story(value: dict[str, Any]) -> dict[str, Any]:
    return _renamed(value, STORY) | {"items": [_item(item) for item in value.get("items", [])]}


def _digest(value: dict[str, Any]) -> dict[str, Any]:
    value = _renamed(value, DIGEST)
    if "stories" in value:
        value["stories"] = [_story(story) for story in value["stories"]]
    if "officials" in value:
        value["officials"] = [_renamed(official, OFFICIAL) for official in value["officials"]]
    if "coverage" in value:
        value["coverage"] = _renamed(value["coverage"], COVERAGE)
        if "problems" in value["coverage"]:
            problems = value["coverage"]["problems"]
            value["coverage"]["problems"] = [_renamed(problem, SOURCE_PROBLEM) for problem in problems]
    return value


def downgrade() -> None:
    raise NotImplementedError("the old names are not restored; use the backup that was made before the migration")

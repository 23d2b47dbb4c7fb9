"""Renaming of sources and officials: rows stored under a former id move to the new id.

The key ``formerly`` in sources.yaml names the former ids.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, select, text, update

from monitor.domain.values import replace
from monitor.store.column_types import to_json
from monitor.store.connections import Connections
from monitor.store.core_tables import (
    ARTICLE,
    DIGEST_HIT,
    ENTRY_KEY,
    HIT,
    MENTION,
    NEAR_MISS,
    POST_STATEMENT,
    SOURCE,
    SUCCESSION_NOTICE,
    VERDICT,
)
from monitor.store.row_mapping import decode_texts, encode_texts
from monitor.store.sources import decode_poll_state


class RenameStore:
    """Store that moves rows from former ids of sources and officials to their present ids, in one transaction."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def move_histories(self, sources: Mapping[str, str], officials: Mapping[str, str]) -> int:
        """Move rows stored under former ids to present ids; return the number of former ids that had rows.

        ``sources`` and ``officials`` map each former id to the present one. The present sources must be stored already
        (see ``SourceStore.register``). A repeated call changes nothing.
        """
        if not sources and not officials:
            return 0
        with self._connections.write_transaction() as connection:
            moved = sum(_move_source(connection, old, new) for old, new in sources.items())
            return moved + sum(_move_official(connection, old, new) for old, new in officials.items())


def _move_source(connection: Connection, old: str, new: str) -> bool:
    rows = {
        row.id: row for row in connection.execute(select(SOURCE).where(SOURCE.c.id.in_([old, new])).with_for_update())
    }
    if old not in rows or new not in rows or rows[old].configured:
        return False
    connection.execute(update(ARTICLE).where(ARTICLE.c.source_id == old).values(source_id=new))
    copy_keys = (
        "INSERT INTO entry_key (source_id, key, article_id) "
        "SELECT :new, key, article_id FROM entry_key WHERE source_id = :old ON CONFLICT (source_id, key) DO NOTHING"
    )
    connection.execute(text(copy_keys), {"old": old, "new": new})
    connection.execute(delete(ENTRY_KEY).where(ENTRY_KEY.c.source_id == old))
    values: dict[str, Any] = {"article_count": rows[old].article_count + rows[new].article_count}
    if rows[new].last_success_at is None and rows[old].poll_state:
        state = replace(decode_poll_state(rows[old]), source_id=new)
        names = ("page_quality", "layout_changed_at", "state", "last_success_at")
        values |= {"poll_state": to_json(state), **{name: getattr(rows[old], name) for name in names}}
    connection.execute(update(SOURCE).where(SOURCE.c.id == new).values(values))
    connection.execute(delete(SOURCE).where(SOURCE.c.id == old))
    return True


def _move_official(connection: Connection, old: str, new: str) -> bool:
    count = 0
    for table in (MENTION, NEAR_MISS, VERDICT, POST_STATEMENT, SUCCESSION_NOTICE):
        renamed = update(table).where(table.c.official_id == old).values(official_id=new)
        count += connection.execute(renamed).rowcount
    if count:
        for table in (HIT, DIGEST_HIT):
            _rename_in_list(connection, table, old, new)
    return bool(count)


def _rename_in_list(connection: Connection, table: Table, old: str, new: str) -> None:
    named = table.c.official_ids.contains(f'"{old}"', autoescape=True)
    keys = list(table.primary_key)
    for row in connection.execute(select(*keys, table.c.official_ids).where(named)).all():
        officials = dict.fromkeys(new if one == old else one for one in decode_texts(row.official_ids))
        is_row = [key == getattr(row, key.name) for key in keys]
        connection.execute(update(table).where(*is_row).values(official_ids=encode_texts(tuple(officials))))

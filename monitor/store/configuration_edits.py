"""Store of edits of the configuration files.

Each edit is stored with the text before the edit, so that it can be undone.
"""

from msgspec import Struct
from sqlalchemy import delete, insert, select

from monitor.domain.configuration_edits import MAX_KEPT_TEXTS, SavedEdit
from monitor.domain.errors import UsageError
from monitor.domain.feedback import Change, Reader
from monitor.store.connections import Connections
from monitor.store.core_tables import CONFIGURATION_EDIT
from monitor.store.feedback import add_change, set_undone


class KeptText(Struct, frozen=True):
    """Text that a configuration file had before an edit.

    ``tag`` identifies the content of the file after the edit. It shows later whether the file was edited again.
    """

    file_name: str
    text: str
    tag: str


class ConfigurationEditStore:
    """Store of edits of the configuration files. Every method is one transaction and may raise ``StoreError``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, saved: SavedEdit, change: Change, reader: Reader, undone: Change | None = None) -> Change:
        """Record a saved edit. Return ``change``, the record of the edit, with its new id.

        If this edit undoes an earlier one, ``undone`` is the earlier edit. For each file, only the newest
        ``MAX_KEPT_TEXTS`` former texts are kept.
        """
        with self._connections.write_transaction() as connection:
            if undone:
                set_undone(connection, undone, reader, change)
            added = add_change(connection, change, reader)
            row = {"change_id": added.id, "file_name": saved.name, "former_text": saved.before, "file_tag": saved.tag}
            connection.execute(insert(CONFIGURATION_EDIT).values(row))
            of_file = CONFIGURATION_EDIT.c.file_name == saved.name
            kept = select(CONFIGURATION_EDIT.c.change_id).where(of_file)
            kept = kept.order_by(CONFIGURATION_EDIT.c.change_id.desc()).limit(MAX_KEPT_TEXTS)
            oldest = min(connection.execute(kept).scalars())
            connection.execute(delete(CONFIGURATION_EDIT).where(of_file, CONFIGURATION_EDIT.c.change_id < oldest))
        return added

    def get(self, change_id: int) -> KeptText:
        """Return the text that a file had before the edit with the id ``change_id``.

        Raises ``UsageError`` if this text is not kept.
        """
        query = select(CONFIGURATION_EDIT).where(CONFIGURATION_EDIT.c.change_id == change_id)
        with self._connections.read_transaction() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise UsageError(f"the former text of change {change_id} is not kept; edit the file instead")
        return KeptText(row.file_name, row.former_text, row.file_tag)

    def list_undoable(self, change_ids: list[int]) -> frozenset[int]:
        """Return the ids among ``change_ids`` whose edit can be undone.

        An edit can be undone if the text before it is still kept, and if the last recorded edit of the file left the
        same text as this edit.
        """
        last = CONFIGURATION_EDIT.alias("last")
        of_file = select(last.c.file_tag).where(last.c.file_name == CONFIGURATION_EDIT.c.file_name)
        last_tag = of_file.order_by(last.c.change_id.desc()).limit(1).scalar_subquery()
        is_wanted = (CONFIGURATION_EDIT.c.change_id.in_(change_ids), CONFIGURATION_EDIT.c.file_tag == last_tag)
        query = select(CONFIGURATION_EDIT.c.change_id).where(*is_wanted)
        with self._connections.read_transaction() as connection:
            return frozenset(connection.execute(query).scalars())

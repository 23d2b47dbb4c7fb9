"""Key-value store: installation time, saved configuration, daemon status, heartbeats, and the trusted time.

The trusted time is the last time of the clock that is known to be right.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select

from monitor.domain.backfill import BackfillProgress
from monitor.domain.polling_policy import ClockTrust
from monitor.domain.read_models import SavedConfiguration
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, insert_ignore, upsert
from monitor.store.core_tables import SETTING

CLOCK_KEY, CLOCK_TRUST_KEY, CONFIGURATION_KEY = "clock", "clock_trust", "configuration"
BACKFILL_PREFIX = "backfill:"


def trusted_now(connection: Connection, now: datetime) -> datetime:
    """Return the time that counts as the present when expired data is deleted.

    Normally this is ``now``. If the clock has jumped far ahead, it is the last trusted time instead.
    """
    trust = load_clock_trust(connection)
    return trust.trusted_time(now) if trust else now


def load_clock_trust(connection: Connection) -> ClockTrust | None:
    """Return the stored record of when the clock was last trusted, or None if the clock was not checked yet."""
    stored = connection.execute(select(SETTING.c.value).where(SETTING.c.name == CLOCK_TRUST_KEY)).scalar()
    return from_json(ClockTrust, stored) if stored else None


class KeyValueStore:
    """Key-value store; every method is one transaction and may raise ``StoreError``."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def installed_at(self, now: datetime) -> datetime:
        """Return the time at which this program first used the database.

        The first call of this method stores ``now``; later calls return the stored time.
        """
        with self._connections.write_transaction() as connection:
            row = {"name": "installed_at", "value": now.isoformat(), "changed_at": now}
            connection.execute(insert_ignore(SETTING, connection), row)
            value = connection.execute(select(SETTING.c.value).where(SETTING.c.name == "installed_at")).scalar_one()
        return datetime.fromisoformat(value)

    def get_saved_configuration(self) -> SavedConfiguration | None:
        """Return the last valid configuration, or None if none was saved yet."""
        value = self.get(CONFIGURATION_KEY)
        return from_json(SavedConfiguration, value) if value else None

    def get_backfill(self, source_id: str) -> BackfillProgress | None:
        """Return the progress of the backfill of a source (the reading of its archive), or None if there was none."""
        value = self.get(f"{BACKFILL_PREFIX}{source_id}")
        return from_json(BackfillProgress, value) if value else None

    def save_backfill(self, progress: BackfillProgress) -> None:
        """Store the progress of the backfill of a source: how far its archive was read."""
        self.set(f"{BACKFILL_PREFIX}{progress.source_id}", to_json(progress), progress.changed_at)

    def list_backfills(self) -> dict[str, BackfillProgress]:
        """Return a dictionary that maps the id of a source to the progress of its backfill.

        A backfill is the reading of the archive of a source. Sources without a backfill are left out.
        """
        query = select(SETTING.c.value).where(SETTING.c.name.startswith(BACKFILL_PREFIX, autoescape=True))
        with self._connections.read_transaction() as connection:
            found = [from_json(BackfillProgress, value) for value in connection.execute(query).scalars()]
        return {one.source_id: one for one in found}

    def save_configuration(self, configuration: SavedConfiguration) -> None:
        """Store a valid configuration.

        If a later edit of the file was rejected, the errors of this edit are stored, too.
        """
        self.set(CONFIGURATION_KEY, to_json(configuration), configuration.loaded_at)

    def get(self, name: str) -> str:
        """Return the value of a key, or an empty string if the key is not stored."""
        with self._connections.read_transaction() as connection:
            return connection.execute(select(SETTING.c.value).where(SETTING.c.name == name)).scalar() or ""

    def changed_at(self, name: str) -> datetime | None:
        """Return the time at which the value of a key was last stored, or None if the key is not stored."""
        with self._connections.read_transaction() as connection:
            at: datetime | None = connection.execute(
                select(SETTING.c.changed_at).where(SETTING.c.name == name)
            ).scalar()
            return at

    def set(self, name: str, value: str, now: datetime) -> None:
        """Store the value of a key; replaces the previous value."""
        with self._connections.write_transaction() as connection:
            row = {"name": name, "value": value, "changed_at": now}
            connection.execute(upsert(SETTING, connection, "name", row), row)

    def get_by_prefix(self, prefix: str) -> dict[str, str]:
        """Return a dictionary with all keys that begin with ``prefix``, and their values."""
        with self._connections.read_transaction() as connection:
            rows = connection.execute(select(SETTING.c.name, SETTING.c.value).where(SETTING.c.name.startswith(prefix)))
            return {row.name: row.value for row in rows}

    def delete(self, names: Collection[str]) -> None:
        """Delete these keys with their values."""
        with self._connections.write_transaction() as connection:
            connection.execute(delete(SETTING).where(SETTING.c.name.in_(sorted(names))))

"""Facts about the whole installation: when it began, and the last configuration that was good."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, delete, select

from monitor.domain.polling_policy import ClockTrust
from monitor.domain.read_models import SavedConfiguration
from monitor.store.column_types import from_json, to_json
from monitor.store.connections import Connections, insert_ignore, upsert
from monitor.store.core_tables import META

CLOCK_KEY, CLOCK_TRUST_KEY = "clock", "believed_clock"


def trusted_now(connection: Connection, now: datetime) -> datetime:
    """Return the time by which things may be let go of: not that of a clock which has only just jumped far ahead."""
    trust = _load_clock_trust(connection)
    return trust.trusted_time(now) if trust else now


def _load_clock_trust(connection: Connection) -> ClockTrust | None:
    noted = connection.execute(select(META.c.value).where(META.c.name == CLOCK_TRUST_KEY)).scalar()
    return from_json(ClockTrust, noted) if noted else None


class KeyValueStore:
    """Key-value store for facts about the installation."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def installed_at(self, now: datetime) -> datetime:
        """Return when this database was first asked this; the first time, that is ``now``."""
        with self._connections.write_transaction() as connection:
            fact = {"name": "installed_at", "value": now.isoformat(), "changed_at": now}
            connection.execute(insert_ignore(META, connection), fact)
            value = connection.execute(select(META.c.value).where(META.c.name == "installed_at")).scalar_one()
        return datetime.fromisoformat(value)

    def get_saved_configuration(self) -> SavedConfiguration | None:
        """Return the last configuration that was good, or None before the first."""
        value = self.get("configuration")
        return from_json(SavedConfiguration, value) if value else None

    def save_configuration(self, configuration: SavedConfiguration) -> None:
        """Keep a good configuration, or the faults of a bad edit beside the good one that goes on."""
        self.set("configuration", to_json(configuration), configuration.loaded_at)

    def get(self, name: str) -> str:
        """Return a fact by its name, or an empty text."""
        with self._connections.read_transaction() as connection:
            return connection.execute(select(META.c.value).where(META.c.name == name)).scalar() or ""

    def set(self, name: str, value: str, now: datetime) -> None:
        """Keep a fact under a name, in place of what was there."""
        with self._connections.write_transaction() as connection:
            fact = {"name": name, "value": value, "changed_at": now}
            connection.execute(upsert(META, connection, "name", fact), fact)

    def get_by_prefix(self, prefix: str) -> dict[str, str]:
        """Return the facts whose names begin so."""
        with self._connections.read_transaction() as connection:
            rows = connection.execute(select(META.c.name, META.c.value).where(META.c.name.startswith(prefix)))
            return {row.name: row.value for row in rows}

    def delete(self, names: Collection[str]) -> None:
        """Forget facts."""
        with self._connections.write_transaction() as connection:
            connection.execute(delete(META).where(META.c.name.in_(sorted(names))))

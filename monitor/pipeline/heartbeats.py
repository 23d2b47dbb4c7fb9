"""Heartbeats of worker processes, which they store in the database.

They have a module of their own, so that ``monitor status`` can read them without loading the code for polls.
"""

import json
from datetime import datetime

from msgspec.structs import asdict

from monitor.domain.workers import DEAD_WORKER_RETENTION, HEARTBEAT_KEY_PREFIX, WorkerHeartbeat
from monitor.store.database import Database
from monitor.store.key_value import KeyValueStore


def save_heartbeat(store: KeyValueStore, heartbeat: WorkerHeartbeat) -> None:
    """Store the heartbeat of a worker process; it replaces the previous heartbeat."""
    fields = asdict(heartbeat) | {"at": heartbeat.at.isoformat(), "began_at": heartbeat.began_at.isoformat()}
    store.set(HEARTBEAT_KEY_PREFIX + heartbeat.name, json.dumps(fields), heartbeat.at)


def load_heartbeats(store: KeyValueStore) -> list[WorkerHeartbeat]:
    """Return the last heartbeat of each worker process, sorted by the name of the process."""
    heartbeats = map(_parse_heartbeat, store.get_by_prefix(HEARTBEAT_KEY_PREFIX).values())
    return sorted(heartbeats, key=lambda heartbeat: heartbeat.name)


def delete_heartbeat(store: KeyValueStore, worker_name: str) -> None:
    """Delete the heartbeat of a worker process that has shut down normally."""
    store.delete([HEARTBEAT_KEY_PREFIX + worker_name])


async def delete_expired_heartbeats(database: Database, now: datetime) -> None:
    """Delete the heartbeats of worker processes that have been dead for ``DEAD_WORKER_RETENTION``."""
    heartbeats = await database.read(load_heartbeats, database.key_values)
    expired = [one for one in heartbeats if now - one.at > DEAD_WORKER_RETENTION]
    if expired:
        await database.run(database.key_values.delete, [HEARTBEAT_KEY_PREFIX + one.name for one in expired])


def _parse_heartbeat(text: str) -> WorkerHeartbeat:
    fields = json.loads(text)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("at", "began_at")}
    return WorkerHeartbeat(**fields | times | {"problems": tuple(fields["problems"])})

"""What workers say of themselves, kept as facts in the ledger for ``monitor status``."""

import json
from dataclasses import asdict
from datetime import datetime

from monitor.domain.crew import DEAD_WORKER_RETENTION, HEARTBEAT_KEY_PREFIX, HeartbeatStore, WorkerHeartbeat
from monitor.domain.ports import ApplicationDatabase


def save_heartbeat(store: HeartbeatStore, heartbeat: WorkerHeartbeat) -> None:
    """Keep a worker's word in place of the one before."""
    fields = asdict(heartbeat) | {"at": heartbeat.at.isoformat(), "began_at": heartbeat.began_at.isoformat()}
    store.set(HEARTBEAT_KEY_PREFIX + heartbeat.name, json.dumps(fields), heartbeat.at)


def load_heartbeats(store: HeartbeatStore) -> list[WorkerHeartbeat]:
    """Return the last word of each worker, by name."""
    return sorted(map(_parse_heartbeat, store.get_by_prefix(HEARTBEAT_KEY_PREFIX).values()), key=lambda word: word.name)


def delete_heartbeat(store: HeartbeatStore, worker_name: str) -> None:
    """Drop the word of a worker that has ended in good order."""
    store.delete([HEARTBEAT_KEY_PREFIX + worker_name])


async def delete_expired_heartbeats(database: ApplicationDatabase, now: datetime) -> None:
    """Drop the words of workers that fell silent long ago."""
    said = await database.read(load_heartbeats, database.key_values)
    if gone := [HEARTBEAT_KEY_PREFIX + word.name for word in said if now - word.at > DEAD_WORKER_RETENTION]:
        await database.run(database.key_values.delete, gone)


def _parse_heartbeat(text: str) -> WorkerHeartbeat:
    fields = json.loads(text)
    times = {name: datetime.fromisoformat(fields[name]) for name in ("at", "began_at")}
    return WorkerHeartbeat(**fields | times | {"faults": tuple(fields["faults"])})

"""Workers in ``monitor status``: who is alive, what they have done, and what waits for them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.common import when
from monitor.domain.crew import FORGOTTEN, SILENT, QueueCounts, Word

if TYPE_CHECKING:
    from monitor.store.database import SqlDatabase


@dataclass(frozen=True, slots=True)
class CrewSight:
    """What one look at workers and queue brought; without PostgreSQL there are none."""

    words: tuple[Word, ...] = ()
    queue: QueueCounts = field(default_factory=QueueCounts)


def look_at_crew(opened: "SqlDatabase", now: datetime) -> CrewSight:
    """Look at the workers that spoke of late, and count the jobs."""
    from monitor.pipeline.words import hear

    if opened.queue is None:
        return CrewSight()
    words = tuple(word for word in hear(opened.ledger) if now - word.at <= FORGOTTEN)
    return CrewSight(words, opened.queue.counts())


def state_of(word: Word, now: datetime) -> str:
    """Tell whether a worker is alive, by its last word."""
    return "silent" if now - word.at > SILENT else "alive"


def crew_record(sight: CrewSight, now: datetime) -> dict[str, object]:
    """Give the keys of ``status --json`` that speak of workers."""
    workers = [
        {
            "id": word.name,
            "state": state_of(word, now),
            "seen_at": word.at,
            "began_at": word.began_at,
            "running": word.running,
            "done": word.done,
            "failed": word.failed,
            "articles": word.new,
            "faults": list(word.faults),
        }
        for word in sight.words
    ]
    queue = sight.queue
    return {
        "workers": workers,
        "jobs": {"queued": queue.queued, "running": queue.running, "failed": queue.failed},
    }


def crew_needs(sight: CrewSight, now: datetime) -> Iterator[str]:
    """Yield what is wrong with workers, each with what to do."""
    for word in sight.words:
        if state_of(word, now) == "silent":
            yield (
                f"Worker {word.name} is silent since {when(word.at)}: see its log, and start it by monitor worker; "
                "others have taken its work over."
            )
        else:
            yield from (f"Worker {word.name} reports: {fault}." for fault in word.faults)


def crew_lines(sight: CrewSight, now: datetime) -> Iterator[str]:
    """Yield a line for the queue and one for each worker; nothing where there are no workers."""
    queue = sight.queue
    if not (sight.words or queue.workers or queue.queued):
        return
    alive = f"{queue.workers} worker{'s' if queue.workers != 1 else ''}"
    yield f"{alive}; {queue.queued} jobs queued, {queue.running} running, {queue.failed} failed."
    for word in sight.words:
        yield (
            f"  {word.name}: {state_of(word, now)}, seen {when(word.at)}; {word.done} jobs done, {word.failed} failed, "
            f"{word.running} running, {word.new} new articles."
        )

"""Polls that wait for the writer are written together, and none of them can tell."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import event
from support.rows import MINUTE, NOW, draft, leased, source

from monitor.domain.errors import LeaseLost
from monitor.domain.poll_state import Lease
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.store.database import Database
from monitor.store.write_queue import MAX_BATCH_SIZE

NAMES = [f"s{number}" for number in range(MAX_BATCH_SIZE + 2)]


def leases(database: Database) -> list[Lease]:
    """Register the sources and lease each."""
    database.sources.register([source(name, f"https://{name}.example/rss") for name in NAMES], NOW)
    return [leased(database, name) for name in NAMES]


def all_at_once(database: Database, works: Sequence[tuple[Callable[..., Any], tuple[object, ...]]]) -> list[Any]:
    """Queue all calls while the writer is busy, and return the result of each."""
    free = threading.Event()

    async def hand_over() -> list[Any]:
        busy = asyncio.ensure_future(database.run(free.wait, 30))
        waiting = [asyncio.ensure_future(database.run(work, *args)) for work, args in works]
        await asyncio.sleep(0)
        free.set()
        await busy
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(hand_over())


def polls(database: Database, taken: Sequence[Lease]) -> list[tuple[Callable[..., Any], tuple[object, ...]]]:
    """Make a poll with one new article for each lease."""
    keep = database.articles.commit_poll
    return [(keep, (lease, lease.poll_state, [draft(lease.source_id)], NOW)) for lease in taken]


def commits(database: Database) -> list[int]:
    """Count the commits of the writer from now on, one element each."""
    seen: list[int] = []
    event.listen(database._connections._write_engine, "commit", lambda _connection: seen.append(1))
    return seen


def titles(database: Database) -> set[str]:
    return {line.article.title for line in database.queries.list_articles(ArticleFilter(limit=100))}


def test_waiting_polls_share_a_commit(database: Database) -> None:
    """Eight polls cost SQLite one commit; PostgreSQL, where others write too, has one for each."""
    works = polls(database, leases(database))
    seen = commits(database)
    assert [len(stored) for stored in all_at_once(database, works)] == [1] * len(NAMES)
    assert len(seen) == (2 if database._connections.is_sqlite else len(NAMES))
    assert titles(database) == {f"About {name}" for name in NAMES}
    assert database.queries.search("words") != []


def test_an_expired_lease_in_a_batch_loses_one_poll(database: Database) -> None:
    """The others are stored, each once."""
    taken = leases(database)
    taken[3] = replace(taken[3], token="another's")
    outcomes = all_at_once(database, polls(database, taken))
    assert [type(outcome) for outcome in outcomes] == [LeaseLost if at == 3 else dict for at in range(len(NAMES))]
    assert titles(database) == {f"About {name}" for name in NAMES if name != "s3"}


def test_a_later_call_sees_the_results_of_earlier_ones(database: Database) -> None:
    """A question asked after a poll is answered with that poll."""
    taken = leases(database)
    known = (database.articles.known_keys, ("s9", ["guid:s9"]))
    settled = [(database.sources.record_poll, (lease, replace(lease.poll_state, polls=7))) for lease in taken[:9]]
    *_, answer = all_at_once(database, [*settled, *polls(database, taken[9:]), known])
    assert answer == {"guid:s9"}
    assert database.sources.load_poll_states()["s0"].polls == 7
    assert database.sources.lease_due(NOW + MINUTE, 20, NOW + 2 * MINUTE, only=NAMES) != []


def test_a_cancelled_call_does_not_affect_others(database: Database) -> None:
    """Its poll may be stored or not."""
    works = polls(database, leases(database)[:3])

    async def cancel_one() -> list[Any]:
        waiting = [asyncio.ensure_future(database.run(work, *args)) for work, args in works]
        await asyncio.sleep(0)
        waiting[1].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, gone, last = asyncio.run(cancel_one())
    assert (len(first), len(last)) == (1, 1)
    assert isinstance(gone, asyncio.CancelledError)

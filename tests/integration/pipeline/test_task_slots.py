"""Bounded pool of background tasks."""

import asyncio
from datetime import timedelta

from monitor.pipeline.one_pass import TaskSlots


def test_a_hanging_task_occupies_one_slot() -> None:
    """Other tasks start and end meanwhile; draining cancels the hanging task."""

    async def scenario() -> None:
        slots, done = TaskSlots(2), asyncio.Event()

        async def quick() -> None:
            done.set()

        slots.start(asyncio.Event().wait())
        assert slots.free_count == 1
        slots.start(quick())
        assert slots.free_count == 0
        await done.wait()
        await asyncio.sleep(0)
        assert slots.free_count == 1
        assert await slots.drain(timedelta(0)) == 1
        assert slots.free_count == 2

    asyncio.run(scenario())


def test_draining_without_tasks_returns_at_once() -> None:
    """An idle daemon shuts down at once."""
    assert asyncio.run(TaskSlots(1).drain(timedelta(seconds=9))) == 0

"""The runner never drops a job silently."""

import asyncio
from datetime import timedelta

from monitor.schedule.runner import Runner


def test_an_error_is_told_and_the_job_goes_on() -> None:
    """A job that raises is reported with its name, and runs again."""

    async def scene() -> None:
        told: list[tuple[str, str, str]] = []
        again = asyncio.Event()
        runner = Runner(lambda job, what, error: told.append((job, what, str(error))))

        async def work() -> None:
            if told:
                again.set()
            raise ValueError("boom")

        runner.add("poll", timedelta(seconds=0.01), work)
        runner.start()
        await asyncio.wait_for(again.wait(), 5)
        runner.stop()
        assert told[0] == ("poll", "failed", "boom")

    asyncio.run(scene())


def test_a_long_run_is_not_doubled_but_told() -> None:
    """While a run lasts the next is skipped, and that is said."""

    async def scene() -> None:
        told: asyncio.Queue[str] = asyncio.Queue()
        runner = Runner(lambda _job, what, _error: told.put_nowait(what))
        starts = []

        async def work() -> None:
            starts.append(1)
            await asyncio.Event().wait()

        runner.add("deliver", timedelta(seconds=0.01), work)
        runner.start()
        assert await asyncio.wait_for(told.get(), 5) == "still running"
        runner.stop()
        assert len(starts) == 1
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(scene())

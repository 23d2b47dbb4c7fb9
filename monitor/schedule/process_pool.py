"""Process pool for untrusted input: each job has a time limit and a memory limit, and can be killed without the others.

``concurrent.futures`` cannot kill a single worker, and the library pebble wakes up regularly to check its workers. Here
a worker is a plain process that reads pickled calls from standard input and writes pickled results to standard output.
Only the daemon uses these pipes. Workers start when first needed, and end with the daemon, even if it is killed.
"""

import asyncio
import contextlib
import json
import os
import pickle
import sys
from collections.abc import Callable
from typing import Self, TypeVar

from msgspec import Struct

from monitor.domain.errors import WorkerKilled

T = TypeVar("T")
_BOOTSTRAP_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from monitor.schedule.pool_worker import run_worker_loop; run_worker_loop()"
)
_LENGTH_BYTES = 8
_MAX_JOBS_PER_PROCESS = 2_000


class JobLimits(Struct, frozen=True):
    """Limits of one job: elapsed time and processor time in seconds, and address space of its process in bytes."""

    wall_seconds: float = 15.0
    cpu_seconds: int = 10
    memory_bytes: int = 768_000_000


class _PoolProcess:
    """Worker process of the pool, with the number of its jobs and the time at which its last job ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process, self.job_count, self.idle_since = process, 0, 0.0

    @classmethod
    async def start(cls, limits: JobLimits) -> "_PoolProcess":
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _BOOTSTRAP_CODE,
            json.dumps(sys.path),
            str(limits.memory_bytes),
            str(limits.cpu_seconds),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        return cls(process)

    async def run_job(self, job: bytes) -> tuple[bool, object]:
        """Run one job; return (True, result) or (False, exception). Raises ``EOFError`` if the process has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018 - both are pipes, see start()
        self.job_count += 1
        try:
            self._process.stdin.write(len(job).to_bytes(_LENGTH_BYTES, "big") + job)
            await self._process.stdin.drain()
            length = int.from_bytes(await self._process.stdout.readexactly(_LENGTH_BYTES), "big")
            result = pickle.loads(await self._process.stdout.readexactly(length))  # noqa: S301 - written by our own process
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error
        return result[0], result[1]

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def kill(self) -> None:
        """Kill the process and wait until it has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()


class SubprocessPool:
    """Pool of worker processes. Use it as an asynchronous context manager, or call ``aclose`` at the end.

    A process without a job for ``idle_seconds`` is ended. The next job then starts another process.
    """

    def __init__(
        self, max_processes: int = 2, limits: JobLimits | None = None, idle_seconds: float | None = None
    ) -> None:
        self._limits, self._idle_seconds = limits or JobLimits(), idle_seconds
        self._idle_timer: asyncio.TimerHandle | None = None
        self._kill_tasks = set[asyncio.Task[None]]()
        self._free_slots = asyncio.Semaphore(max_processes)
        self._idle: list[_PoolProcess] = []
        self._busy: set[_PoolProcess] = set()
        self.killed_count = 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run ``work``, a pure function at module level, in a worker process, and return its result.

        Exceptions of the function are raised here, too. Raises ``WorkerKilled`` if the function exceeds a limit.
        """
        async with self._free_slots:
            job = pickle.dumps(
                (work, args), protocol=pickle.HIGHEST_PROTOCOL
            )  # pickled as late as this, because many jobs may be waiting
            worker = await self._acquire_process()
            is_reusable = False
            try:
                async with asyncio.timeout(self._limits.wall_seconds):
                    is_success, result = await worker.run_job(job)
                is_reusable = worker.job_count < _MAX_JOBS_PER_PROCESS
            except TimeoutError as error:
                self.killed_count += 1
                raise WorkerKilled(f"{work.__name__} took longer than {self._limits.wall_seconds:g} s") from error
            except EOFError as error:
                self.killed_count += 1
                raise WorkerKilled(f"{work.__name__} exceeded its limit of memory or processor time") from error
            finally:
                self._busy.discard(worker)
                if is_reusable:
                    self._release_process(worker)
                else:
                    await asyncio.shield(worker.kill())
        if is_success:
            return result  # type: ignore[return-value]  # what the pickled function returned
        if isinstance(result, MemoryError):
            raise WorkerKilled(f"{work.__name__} exceeded its limit of memory")
        raise result if isinstance(result, BaseException) else RuntimeError(str(result))

    async def _acquire_process(self) -> _PoolProcess:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                break
            await worker.kill()
        else:
            worker = await _PoolProcess.start(self._limits)
        self._busy.add(worker)
        return worker

    def _release_process(self, process: _PoolProcess) -> None:
        """Make a process available for the next job. If no job needs it for some time, it is ended."""
        loop = asyncio.get_running_loop()
        process.idle_since = loop.time()
        self._idle.append(process)
        if self._idle_seconds is not None and self._idle_timer is None:
            self._idle_timer = loop.call_later(self._idle_seconds, self._kill_idle_processes)

    def _kill_idle_processes(self) -> None:
        """Kill processes that have had no job for too long, and schedule the next check."""
        loop, self._idle_timer = asyncio.get_running_loop(), None
        assert self._idle_seconds is not None  # noqa: S101 - without it no timer is started
        idle_until = loop.time() - self._idle_seconds
        for worker in [one for one in self._idle if one.idle_since <= idle_until]:
            self._idle.remove(worker)
            task = loop.create_task(worker.kill())
            self._kill_tasks.add(task)
            task.add_done_callback(self._kill_tasks.discard)
        if self._idle:
            self._idle_timer = loop.call_at(
                min(one.idle_since for one in self._idle) + self._idle_seconds, self._kill_idle_processes
            )

    async def aclose(self) -> None:
        """Kill all processes, idle or busy."""
        if self._idle_timer:
            self._idle_timer.cancel()
            self._idle_timer = None
        await asyncio.gather(*self._kill_tasks)
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        for worker in workers:
            await worker.kill()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

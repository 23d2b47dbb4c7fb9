"""Worker processes for foreign bytes: each job has a limit of time and of memory, and dies alone.

``concurrent.futures`` cannot kill one worker, and pebble's manager threads poll. Here a worker is a plain process that
reads pickled calls from its standard input and writes pickled results to its standard output; nothing but the daemon
itself ever speaks on these pipes. Workers start when first needed and end when the daemon does, however it ends.
"""

import asyncio
import contextlib
import json
import os
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

from monitor.domain.errors import WorkerKilled

T = TypeVar("T")
_BOOTSTRAP_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from monitor.schedule.pool_worker import run_worker_loop; run_worker_loop()"
)
_LENGTH_BYTES = 8
_MAX_JOBS_PER_PROCESS = 2_000


@dataclass(frozen=True, slots=True)
class JobLimits:
    """What one job may take: seconds on the clock and on the processor, and the process's bytes of address space."""

    wall_seconds: float = 15.0
    cpu_seconds: int = 10
    memory_bytes: int = 768_000_000


class _PoolProcess:
    """One process, how many jobs it has done, and when its last one ended."""

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
        """Do one job; (True, result) or (False, what it raised). Raises ``EOFError`` if the process died of it."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018 - both are pipes, see start()
        self.job_count += 1
        try:
            self._process.stdin.write(len(job).to_bytes(_LENGTH_BYTES, "big") + job)
            await self._process.stdin.drain()
            length = int.from_bytes(await self._process.stdout.readexactly(_LENGTH_BYTES), "big")
            answer = pickle.loads(await self._process.stdout.readexactly(length))  # noqa: S301 - written by our own process
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error
        return answer[0], answer[1]

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def kill(self) -> None:
        """Kill the process and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()


class SubprocessPool:
    """A pool of such processes. Use it as an asynchronous context manager, or call ``aclose``.

    With ``rest_seconds``, a process that had nothing to do for so long is ended; the next job starts another.
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
        """Run a pure module-level function in a worker. Raises what it raises, or ``WorkerKilled``."""
        async with self._free_slots:
            job = pickle.dumps((work, args), protocol=pickle.HIGHEST_PROTOCOL)  # not before: many may wait
            worker = await self._acquire_process()
            done = False
            try:
                async with asyncio.timeout(self._limits.wall_seconds):
                    good, result = await worker.run_job(job)
                done = worker.job_count < _MAX_JOBS_PER_PROCESS
            except TimeoutError as error:
                self.killed_count += 1
                raise WorkerKilled(f"{work.__name__} took longer than {self._limits.wall_seconds:g} s") from error
            except EOFError as error:
                self.killed_count += 1
                raise WorkerKilled(f"{work.__name__} exceeded its limit of memory or processor time") from error
            finally:
                self._busy.discard(worker)
                if done:
                    self._release_process(worker)
                else:
                    await asyncio.shield(worker.kill())
        if good:
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
        """Keep a worker for the next job; some time without one, and it may go."""
        loop = asyncio.get_running_loop()
        process.idle_since = loop.time()
        self._idle.append(process)
        if self._idle_seconds is not None and self._idle_timer is None:
            self._idle_timer = loop.call_later(self._idle_seconds, self._kill_idle_processes)

    def _kill_idle_processes(self) -> None:
        """End who was idle for long, and look again when the next one will have been."""
        loop, self._idle_timer = asyncio.get_running_loop(), None
        assert self._idle_seconds is not None  # noqa: S101 - else there is no timer
        rested = loop.time() - self._idle_seconds
        for worker in [one for one in self._idle if one.idle_since <= rested]:
            self._idle.remove(worker)
            task = loop.create_task(worker.kill())
            self._kill_tasks.add(task)
            task.add_done_callback(self._kill_tasks.discard)
        if self._idle:
            self._idle_timer = loop.call_at(
                min(one.idle_since for one in self._idle) + self._idle_seconds, self._kill_idle_processes
            )

    async def aclose(self) -> None:
        """End all workers, idle or busy."""
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

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
_BOOT = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from monitor.schedule.worker import serve; serve()"
_LENGTH = 8
_JOBS_A_LIFE = 2_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may take: seconds on the clock and on the processor, and the process's bytes of address space."""

    wall_seconds: float = 15.0
    cpu_seconds: int = 10
    memory_bytes: int = 768_000_000


class _Worker:
    """One process, how many jobs it has done, and when its last one ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process, self.jobs, self.idle_since = process, 0, 0.0

    @classmethod
    async def start(cls, limits: Limits) -> "_Worker":
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _BOOT,
            json.dumps(sys.path),
            str(limits.memory_bytes),
            str(limits.cpu_seconds),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        return cls(process)

    async def call(self, job: bytes) -> tuple[bool, object]:
        """Do one job; (True, result) or (False, what it raised). Raises ``EOFError`` if the process died of it."""
        assert self._process.stdin is not None and self._process.stdout is not None  # noqa: S101, PT018 - both are pipes, see start()
        self.jobs += 1
        try:
            self._process.stdin.write(len(job).to_bytes(_LENGTH, "big") + job)
            await self._process.stdin.drain()
            length = int.from_bytes(await self._process.stdout.readexactly(_LENGTH), "big")
            answer = pickle.loads(await self._process.stdout.readexactly(length))  # noqa: S301 - written by our own process
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error
        return answer[0], answer[1]

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def end(self) -> None:
        """Kill the process and wait until it is gone."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()


class Workers:
    """A pool of such processes. Use it as an asynchronous context manager, or call ``aclose``.

    With ``rest_seconds``, a process that had nothing to do for so long is ended; the next job starts another.
    """

    def __init__(self, count: int = 2, limits: Limits | None = None, rest_seconds: float | None = None) -> None:
        self._limits, self._rest = limits or Limits(), rest_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._ending = set[asyncio.Task[None]]()
        self._free = asyncio.Semaphore(count)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self.killed = 0

    async def run(self, work: Callable[..., T], *args: object) -> T:
        """Run a pure module-level function in a worker. Raises what it raises, or ``WorkerKilled``."""
        async with self._free:
            job = pickle.dumps((work, args), protocol=pickle.HIGHEST_PROTOCOL)  # not before: many may wait
            worker = await self._take()
            done = False
            try:
                async with asyncio.timeout(self._limits.wall_seconds):
                    good, result = await worker.call(job)
                done = worker.jobs < _JOBS_A_LIFE
            except TimeoutError as error:
                self.killed += 1
                raise WorkerKilled(f"{work.__name__} took longer than {self._limits.wall_seconds:g} s") from error
            except EOFError as error:
                self.killed += 1
                raise WorkerKilled(f"{work.__name__} exceeded its limit of memory or processor time") from error
            finally:
                self._busy.discard(worker)
                if done:
                    self._lay_by(worker)
                else:
                    await asyncio.shield(worker.end())
        if good:
            return result  # type: ignore[return-value]  # what the pickled function returned
        if isinstance(result, MemoryError):
            raise WorkerKilled(f"{work.__name__} exceeded its limit of memory")
        raise result if isinstance(result, BaseException) else RuntimeError(str(result))

    async def _take(self) -> _Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                break
            await worker.end()
        else:
            worker = await _Worker.start(self._limits)
        self._busy.add(worker)
        return worker

    def _lay_by(self, worker: _Worker) -> None:
        """Keep a worker for the next job; some time without one, and it may go."""
        loop = asyncio.get_running_loop()
        worker.idle_since = loop.time()
        self._idle.append(worker)
        if self._rest is not None and self._timer is None:
            self._timer = loop.call_later(self._rest, self._retire)

    def _retire(self) -> None:
        """End who was idle for long, and look again when the next one will have been."""
        loop, self._timer = asyncio.get_running_loop(), None
        assert self._rest is not None  # noqa: S101 - else there is no timer
        rested = loop.time() - self._rest
        for worker in [one for one in self._idle if one.idle_since <= rested]:
            self._idle.remove(worker)
            task = loop.create_task(worker.end())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)
        if self._idle:
            self._timer = loop.call_at(min(one.idle_since for one in self._idle) + self._rest, self._retire)

    async def aclose(self) -> None:
        """End all workers, idle or busy."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        await asyncio.gather(*self._ending)
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        for worker in workers:
            await worker.end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

"""Child process: a program that runs next to the daemon, and is restarted when it ends."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

MIN_RESTART_SECONDS, MAX_RESTART_SECONDS, STOP_SECONDS = 1.0, 60.0, 10.0


class ChildProcess:
    """Runner that keeps a command running until ``stop`` is called.

    The command's standard input is a pipe. If the process that uses this class ends, the pipe is closed, so that the
    command notices it. ``on_exit`` is called with the exit code whenever the command ends by itself.
    """

    def __init__(
        self, command: Sequence[str], on_exit: Callable[[int], None], min_restart_seconds: float = MIN_RESTART_SECONDS
    ) -> None:
        self._command, self._on_exit, self._min_restart_seconds = tuple(command), on_exit, min_restart_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Id of the process that runs the command, or None if it is not running."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the command. This must be called within the running event loop."""
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """Run the command, and restart it after a pause whenever it ends.

        If the command ends soon after its start, the next pause is twice as long.
        """
        loop = asyncio.get_running_loop()
        pause = self._min_restart_seconds
        while True:
            started_at = loop.time()
            self._process = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.PIPE)
            code = await self._process.wait()
            self._process = None
            self._on_exit(code)
            is_stable = loop.time() - started_at > MAX_RESTART_SECONDS
            pause = self._min_restart_seconds if is_stable else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_RESTART_SECONDS)

    async def stop(self) -> None:
        """End the command by closing its input. If it has not ended after ``STOP_SECONDS``, kill it with SIGKILL."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

"""Main loop of a worker process, which ``process_pool.py`` starts."""

import gc
import os
import pickle
import resource
import signal
import sys
from typing import BinaryIO

_HEADER_BYTES = 8
GC_THRESHOLD = 100_000
"""Number of new objects after which garbage is collected.

With Python's default of 700, a process that loads the language data and works on a first poll needs 3 % more processor
time.
"""


def run_worker_loop() -> None:
    """Run jobs from standard input until the daemon closes the pipe.

    ``sys.argv`` contains the limits of memory and processor time, which this process sets for itself.
    """
    memory, seconds = int(sys.argv[2]), int(sys.argv[3])
    jobs, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    gc.set_threshold(GC_THRESHOLD)
    os.dup2(2, 1)  # the output of libraries must not mix with the results
    for number in (signal.SIGINT, signal.SIGTERM):  # both may reach the whole group; the daemon decides what ends when
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while job := _read_job(jobs):
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        result = _run_job(job)
        try:
            results.write(len(result).to_bytes(_HEADER_BYTES, "big") + result)
            results.flush()
        except BrokenPipeError:  # the daemon was killed, so no process waits for the result
            os._exit(0)


def _read_job(jobs: BinaryIO) -> bytes:
    head = jobs.read(_HEADER_BYTES)
    return jobs.read(int.from_bytes(head, "big")) if len(head) == _HEADER_BYTES else b""


def _run_job(job: bytes) -> bytes:
    """Run one job, given as pickled bytes, and return its pickled result.

    If the job raises an exception, the result is this exception, so that the caller can raise it.
    """
    try:
        work, args = pickle.loads(job)  # noqa: S301 - written by the daemon that started this process
        result = (True, work(*args))
    except Exception as error:  # noqa: BLE001 - the caller gets every error, as without another process
        result = (False, error)
    try:
        return pickle.dumps(result, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - `__reduce__` of a foreign class may raise anything
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}; {result[1]!r:.200}")))

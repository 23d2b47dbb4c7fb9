"""The other side of ``workers.py``: what runs inside a worker process."""

import os
import pickle
import resource
import signal
import sys
from typing import BinaryIO

_HEADER_BYTES = 8


def run_worker_loop() -> None:
    """Do jobs until the daemon closes the pipe; ``sys.argv`` brings the limits of memory and processor time."""
    memory, seconds = int(sys.argv[2]), int(sys.argv[3])
    jobs, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the results
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to handle
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while job := _read_job(jobs):
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        answer = _run_job(job)
        try:
            results.write(len(answer).to_bytes(_HEADER_BYTES, "big") + answer)
            results.flush()
        except BrokenPipeError:  # the daemon was killed; nobody waits for the answer
            os._exit(0)


def _read_job(jobs: BinaryIO) -> bytes:
    head = jobs.read(_HEADER_BYTES)
    return jobs.read(int.from_bytes(head, "big")) if len(head) == _HEADER_BYTES else b""


def _run_job(job: bytes) -> bytes:
    """Do one job; what it raises is its answer, so that the caller sees it as if it had called directly."""
    try:
        work, args = pickle.loads(job)  # noqa: S301 - written by the daemon that started this process
        answer = (True, work(*args))
    except Exception as error:  # noqa: BLE001 - the per-item guard: any error belongs to the caller
        answer = (False, error)
    try:
        return pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - a result or an error that cannot travel is told in words
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}; {answer[1]!r:.200}")))

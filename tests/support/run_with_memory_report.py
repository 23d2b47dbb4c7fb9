"""Run ``monitor``; at SIGUSR1 it writes its allocated bytes to the file ``allocated_bytes``.

Run it with PYTHONMALLOC=malloc, so that the C library counts all objects.
"""

import ctypes
import gc
import signal
from pathlib import Path

from monitor.cli.main import main

NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class Mallinfo(ctypes.Structure):
    """Heap statistics of the C library."""

    _fields_ = [(name, ctypes.c_size_t) for name in NAMES.split()]


LIBC = ctypes.CDLL("libc.so.6")
LIBC.mallinfo2.restype = Mallinfo


def write_allocated_bytes(*_: object) -> None:
    """Write the number of bytes in use, including large blocks with a mapping of their own."""
    gc.collect()
    info = LIBC.mallinfo2()
    new_file = Path("allocated_bytes.new")
    new_file.write_text(str(info.uordblks + info.hblkhd), encoding="ascii")
    new_file.replace("allocated_bytes")


signal.signal(signal.SIGUSR1, write_allocated_bytes)
main()

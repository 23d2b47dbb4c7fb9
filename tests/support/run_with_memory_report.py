"""Run ``monitor``; at SIGUSR1 it writes how many bytes its process has allocated to the file ``weight``.

To be run with PYTHONMALLOC=malloc, so that the C library knows of every object.
"""

import ctypes
import gc
import signal
from pathlib import Path

from monitor.cli.main import main

NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"


class Mallinfo(ctypes.Structure):
    """What the C library tells of its heaps."""

    _fields_ = [(name, ctypes.c_size_t) for name in NAMES.split()]


LIBC = ctypes.CDLL("libc.so.6")
LIBC.mallinfo2.restype = Mallinfo


def weigh(*_: object) -> None:
    """Write the number of bytes in use, those of large blocks with a mapping of their own among them."""
    gc.collect()
    told = LIBC.mallinfo2()
    beside = Path("weight.new")
    beside.write_text(str(told.uordblks + told.hblkhd), encoding="ascii")
    beside.replace("weight")


signal.signal(signal.SIGUSR1, weigh)
main()

"""Memory that a flood took is given back to the system: glibc keeps what was freed for later, for ever.

Bodies are the only large things here. With a fixed threshold each of them is a mapping of its own, which is gone when
it is freed; what the many small objects of a flood leave behind is trimmed when it is more than ``SLACK_BYTES``.
Sources: mallopt(3), malloc_trim(3), proc(5). Elsewhere than on glibc nothing is done.
"""

from __future__ import annotations

import ctypes
import gc
import os
import platform
import threading
from pathlib import Path

LARGE_BYTES = 256 * 1024
SLACK_BYTES = 24 * 1024 * 1024
SECONDS = 5.0

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc


def give_back() -> None:
    """Start to watch this process; the thread ends with it."""
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)
    libc.mallopt(_M_TRIM_THRESHOLD, 4 * LARGE_BYTES)
    threading.Thread(target=_watch, args=(libc,), name="memory", daemon=True).start()


def _watch(libc: ctypes.CDLL) -> None:
    page = os.sysconf("SC_PAGE_SIZE")
    least = resident(page)
    while not threading.Event().wait(SECONDS):
        now = resident(page)
        if now > least + SLACK_BYTES:
            gc.collect()  # a process that seldom looks for cycles keeps what hangs on them
            libc.malloc_trim(0)
            now = resident(page)
        least = min(least, now)


def resident(page: int) -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * page

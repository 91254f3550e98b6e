"""What a long-running process does about its memory."""

from __future__ import annotations

import ctypes
import gc
import platform

_M_ARENA_MAX = -8  # malloc.h of glibc


def tune_memory() -> None:
    """Settings of this process's memory, once everything is imported.

    A batch makes hundreds of thousands of short-lived objects without cycles; looking for cycles among them took a
    fifth of a worker's time. And glibc keeps what each thread once needed in an arena of the thread's own: with two
    arenas for all threads, a worker's memory stays flat.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(400_000, 20, 20)
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)

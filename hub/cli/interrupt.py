"""Ctrl-C and SIGTERM end long work in one way, and clearing away in none."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def signals() -> list[signal.Signals]:
    """Those that end a command in order: a closed terminal too, unless it was told to ignore that (``nohup``)."""
    ends = [signal.SIGINT, signal.SIGTERM]
    return ends if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [*ends, signal.SIGHUP]


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise KeyboardInterrupt for any of them, also where a library made an error of its own of it."""
    came: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in signals()}
    try:
        yield
    except Exception:
        if came:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no signal end this block half done; it is raised at the end, instead of what it did to helpers meanwhile."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda signum, _: came.append(signum)) for number in signals()}
    try:
        yield
    except Exception:
        if not came:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt

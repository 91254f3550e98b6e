"""parent: a process that Hub starts ends with the one that started it, also when that was killed.

The parent holds one end of a pipe and never writes to it; the child has the other end as its standard input. The kernel
closes the parent's end whatever becomes of it, and the child sees that. Unlike Linux's ``PR_SET_PDEATHSIG`` this holds
on macOS too, for the whole process and not for the thread that started the child.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO

VARIABLE = "HUB_FOLLOWS_STDIN"
GRACE_SECONDS = 15.0
"""How long a child may take to end in order once its parent is gone."""


def spawn(
    command: Sequence[str], environment: Mapping[str, str], *, output: IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    """Start a child that calls ``follow``. Keep what is given: when it is dropped, the child ends.

    It has a session of its own: Ctrl-C reaches the parent, which stops its children in order.
    """
    return subprocess.Popen(  # noqa: S603 - our own command
        list(command),
        env={**environment, VARIABLE: "1"},
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )


def follow() -> bool:
    """End with the parent, if it asked for that; gives whether it did. What it wrote before must have been read."""
    asked = bool(os.environ.pop(VARIABLE, None))
    if asked:
        threading.Thread(target=_watch, args=(sys.stdin.fileno(),), name="parent", daemon=True).start()
    return asked


def _watch(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE_SECONDS)
    os._exit(1)

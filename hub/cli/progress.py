"""How long work is shown: a bar on a terminal, plain lines now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from hub.cli import output

LINE_SECONDS = 2.0
"""Off a terminal: at most one line in this time."""


class Shown(Protocol):
    """Where progress is shown."""

    def __call__(self, step: str, done: int = 0, total: int | None = None) -> None:
        """``done`` of ``total`` of a step, where that is known; another step than before ends that one."""


@contextmanager
def shown(unit: str) -> Iterator[Shown]:
    """Show steps of work; ``unit`` is what is counted, such as ``records``."""
    if not sys.stderr.isatty():
        yield _Lines(unit)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=output.SafeConsole(stderr=True), transient=True) as bar:
        tasks: dict[str, object] = {}

        def show(step: str, done: int = 0, total: int | None = None) -> None:
            if step not in tasks:
                for before in bar.tasks:
                    bar.update(before.id, total=max(before.completed, 1), completed=max(before.completed, 1))
                    bar.stop_task(before.id)
                tasks[step] = bar.add_task(step, total=total)
            bar.update(bar.tasks[-1].id, completed=done, total=total)

        yield show


class _Lines:
    """One line now and then, for logs."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._step = ""
        self._next = 0.0

    def __call__(self, step: str, done: int = 0, total: int | None = None) -> None:
        if step == self._step and time.monotonic() < self._next:
            return
        self._step, self._next = step, time.monotonic() + LINE_SECONDS
        output.say(f"{step}: {done} of {total} {self._unit}" if total else step)

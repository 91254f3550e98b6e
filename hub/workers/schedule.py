"""schedule: what happens by the clock. One loop; each task has its interval, and a task that fails is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger()

SWEEP_SECONDS = 2.0
REROUTE_SECONDS = 30.0
REVIEWS_SECONDS = 300.0
INSIGHT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Task:
    """``run`` is called every ``seconds``."""

    name: str
    seconds: float
    run: Callable[[], object]


def run_schedule(tasks: Sequence[Task], stopping: threading.Event) -> None:
    """Run the tasks until ``stopping`` is set."""
    due = {task.name: time.monotonic() for task in tasks}
    while not stopping.is_set():
        for task in tasks:
            if time.monotonic() < due[task.name]:
                continue
            try:
                task.run()
            except Exception as error:
                log.warning("schedule.failed", task=task.name, error=type(error).__name__)
            due[task.name] = time.monotonic() + task.seconds
        stopping.wait(min(0.2, *(task.seconds for task in tasks)))

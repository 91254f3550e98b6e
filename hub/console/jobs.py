"""What takes longer than a page may: done in the background of this process, while the page looks again and again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import structlog

from hub.errors import HubError, RefusedError

log = structlog.get_logger()

KEPT_SECONDS = 3600.0
"""How long what was found can be looked at."""

MOST = 4
"""Jobs at a time: each holds a connection to the database."""


@dataclass(slots=True)
class Job:
    """One task. ``result`` is what it gave, ``fault`` why it failed, "" where it did not; ``total`` 0 is unknown."""

    kind: str
    by: str
    about: str = ""
    id: UUID = field(default_factory=uuid4)
    stage: str = ""
    done: int = 0
    total: int = 0
    result: Any = None
    fault: str = ""
    running: bool = True
    began: float = field(default_factory=monotonic)
    stopping: threading.Event = field(default_factory=threading.Event)

    def progress(self, stage: str, done: int, total: int) -> None:
        """Note how far it is."""
        self.stage, self.done, self.total = stage, done, total


Work = Callable[[Job], Any]


class Jobs:
    """The jobs of one process."""

    def __init__(self) -> None:
        self._jobs: dict[UUID, Job] = {}
        self._lock = threading.Lock()

    def start(self, kind: str, by: str, work: Work, *, about: str = "") -> Job:
        """Begin one, unless the same is under way already: then that one. Raises RefusedError when too many are."""
        with self._lock:
            now = monotonic()
            self._jobs = {id_: job for id_, job in self._jobs.items() if job.running or now - job.began < KEPT_SECONDS}
            running = [job for job in self._jobs.values() if job.running]
            same = next((job for job in running if (job.kind, job.about) == (kind, about) and about), None)
            if same is not None:
                return same
            if len(running) >= MOST:
                raise RefusedError("this Hub is busy with other tasks of these pages; try again when one has ended")
            job = Job(kind, by, about)
            self._jobs[job.id] = job
        threading.Thread(target=_run, args=(job, work), name=f"console {kind}", daemon=True).start()
        return job

    def get(self, id_: UUID, *kinds: str) -> Job | None:
        """One of them; None for one that is forgotten, of another process, or of a kind that another page shows."""
        found = self._jobs.get(id_)
        return found if found is not None and (not kinds or found.kind in kinds) else None

    def latest(self, kind: str, about: str) -> Job | None:
        """The newest of a kind about something."""
        found = [job for job in list(self._jobs.values()) if (job.kind, job.about) == (kind, about)]
        return max(found, key=lambda job: job.began, default=None)


def _run(job: Job, work: Work) -> None:
    try:
        job.result = work(job)
    except HubError as error:
        job.fault = str(error)
    except Exception as error:
        # Its text may hold personal data.
        log.error("console.job_failed", kind=job.kind, error=type(error).__name__)  # noqa: TRY400
        job.fault = f"Hub failed: {type(error).__name__}; the log says more"
    finally:
        job.running = False

"""One worker under measurement by ``identity_workers.py``: works through the inbox of HUB_DATABASE_URL to its end.

``identity_workers_side.py FILE`` says "ready", begins at the first line it is told, and prints as JSON: seconds of its
CPU, seconds it waited for the lock of counting and held it, records that were put off, batches that were repeated, and
statements.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from benchmarks.identity_workers import connection
from hub import metrics
from hub.application import placing
from hub.application.process import Processing, process_batch
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import identity_locks
from hub.store.database import Database, Session
from hub.workers.memory import tune_memory


class Watch:
    """Seconds and counts by name."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self._held: float | None = None
        identity_locks.counting = self._counting(identity_locks.counting)
        place: Any = placing
        place.resolve = self._resolve(place.resolve)

    @contextmanager
    def session(self, real: Any, database: Database) -> Iterator[Session]:
        with real(database) as session:
            yield session
        if self._held is not None:
            self.told["held"] += time.perf_counter() - self._held  # type: ignore[assignment]
        self._held = None

    def log(self, logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        self.told["repeated"] += event["event"] == "process.repeated"
        raise structlog.DropEvent

    def _counting(self, real: Any) -> Any:
        def counting(session: Session) -> None:
            began = time.perf_counter()
            real(session)
            self._held = time.perf_counter()
            self.told["waited"] += self._held - began  # type: ignore[assignment]

        return counting

    def _resolve(self, real: Any) -> Any:
        def resolve(*given: Any, **named: Any) -> Any:
            done = real(*given, **named)
            self.told["put_off"] += len(done.put_off.records) if done.put_off else 0
            return done

        return resolve


def main() -> None:
    file = Path(sys.argv[1])
    watch = Watch()
    structlog.configure(processors=[watch.log])
    real = Database.session
    Database.session = lambda database: watch.session(real, database)  # type: ignore[assignment, method-assign]
    database = Database(os.environ["HUB_DATABASE_URL"])
    database.open()
    tune_memory()
    processing = Processing(database, {"people": connection(file)}, (), IdentityRules(), SurvivorshipRules())
    print("ready", flush=True)
    sys.stdin.readline()
    began, statements = time.process_time(), metrics.SQL_STATEMENTS._value.get()  # noqa: SLF001
    while process_batch(processing).entries:
        pass
    told: dict[str, float] = {name: float(watch.told[name]) for name in ("waited", "held", "put_off", "repeated")}
    told["hub"] = time.process_time() - began
    told["statements"] = metrics.SQL_STATEMENTS._value.get() - statements  # noqa: SLF001
    database.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main()

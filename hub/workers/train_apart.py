"""train_apart: automatic training in a process of its own, so that workers and sweeps go on while it counts.

What it needs comes on stdin, because a password has no place among the arguments. When the scheduler ends, killed or
not, so does it: nothing is stored then. What it queued is resolved by the workers, like anything else.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import orjson
import structlog

from hub import log as log_setup
from hub.application.train import train_if_due
from hub.matching import rules as identity_rules
from hub.matching.rules import IdentityRules
from hub.settings import Settings
from hub.store import training
from hub.store.database import Database
from hub.store.training import is_due
from hub.workers import parent

log = structlog.get_logger()

CHECK_SECONDS = 30.0
"""How often it is looked whether it is time to train."""

FAILED_SECONDS = 600.0
"""How long training is left alone after it failed."""

_POLL = 0.5
_NICE = 10


def check(database: Database, settings: Settings, rules: IdentityRules, stopping: threading.Event) -> None:
    """Train in a process of its own if it is time to, and wait for its end or that of this process."""
    with database.session() as session:
        state = training.state(session)
    if not is_due(state):
        return
    log.info("train.begins", records=state.records)
    told = {
        "dsn": database.dsn,
        "rules": identity_rules.dumped(rules),
        "log": [settings.log_level, settings.log_format],
    }
    if not _run([sys.executable, "-m", "hub.workers.train_apart"], orjson.dumps(told), stopping.wait):
        log.warning("train.failed", again_in_seconds=FAILED_SECONDS)
        stopping.wait(FAILED_SECONDS)


def _run(command: list[str], told: bytes, stopped: Callable[[float], bool]) -> bool:
    """False when it failed; what is stopped has not."""
    with suppress(BrokenPipeError), parent.spawn(command, os.environ) as child:
        try:
            assert child.stdin is not None
            with suppress(BrokenPipeError):  # its exit code says more
                child.stdin.write(told + b"\n")
                child.stdin.flush()
            while child.poll() is None:
                if stopped(_POLL):
                    return True
        finally:
            child.terminate()
    return child.returncode == 0


def main() -> None:
    """The process itself."""
    told = orjson.loads(sys.stdin.buffer.readline())
    parent.follow()
    log_setup.configure(*told["log"])
    with suppress(OSError, AttributeError):
        os.nice(_NICE)
    database = Database(told["dsn"], size=2)
    database.open()
    try:
        train_if_due(database, identity_rules.loaded(told["rules"]), datetime.now(UTC))
    finally:
        database.close()


if __name__ == "__main__":
    main()

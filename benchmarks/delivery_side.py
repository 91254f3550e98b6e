"""One tree of Hub under measurement by ``delivery.py``, which runs this file by its path: ``hub`` is that tree's.

Takes signed orders from a file, half of them at first: people and deals are made; then the rest, of the same people,
most of whom are there. Only what ``deliver`` does is counted; prints CPU seconds and rows as JSON.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from hub import bootstrap, log
from hub.outbox.deliver import Sender, deliver
from hub.settings import load
from hub.store import inbox
from hub.store.inbox import NewEntry

PLACES = ("hub.application.process", "hub.workers.process")
"""Where a batch is processed: now, and before issue 12."""


MEMORY = ("hub.workers.memory", "hub.bootstrap")
"""Where memory is tuned: now, and before the console."""


def _memory() -> Any:
    return importlib.import_module(next(place for place in MEMORY if importlib.util.find_spec(place)))


def main() -> None:
    """``delivery_side.py WEBHOOKS POSTMASTER [PROFILE]``; configured by HUB_CONFIG and HUB_DATABASE_URL."""
    webhooks, postmaster = json.loads(Path(sys.argv[1]).read_text()), int(sys.argv[2])
    log.configure("warning", "console")
    settings = load(Path(os.environ["HUB_CONFIG"]), os.environ)
    with bootstrap.runtime(settings) as run:
        _memory().tune_memory()  # as every worker does: without it one collection costs as much as 300 rows
        sender = Sender(run.database, run.connections["crm"], run.routes, "bench:1:1")
        half = len(webhooks) // 2
        found = {}
        for name, part in {"warm-up": webhooks[:20], "made": webhooks[20:half], "changed": webhooks[half:]}.items():
            _take(run, part)
            found[name] = _delivered(run, sender, postmaster, name if len(sys.argv) > 3 else "")
    print(json.dumps(found))


def _take(run: Any, webhooks: list[dict[str, str]]) -> None:
    process = _process_module()
    with run.database.session() as session:
        inbox.insert(
            session,
            [
                NewEntry("shop", one["id"], "orders/create", one["headers"], base64.b64decode(one["body"]), _now())
                for one in webhooks
            ],
        )
    while process.process_batch(run.processing).entries:
        pass
    with run.database.session() as session:
        session.run("UPDATE outbox SET due_at = now() WHERE state = 'pending'")


def _process_module() -> Any:
    for place in PLACES:
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError:
            continue
    raise RuntimeError("this tree has no step that processes a batch")


def _delivered(run: Any, sender: Sender, postmaster: int, profile: str) -> dict[str, float]:
    """CPU seconds until nothing is due: Hub's and PostgreSQL's; what is left waiting is no row of it."""
    database = _cpu_of(postmaster)
    began = time.process_time()
    if profile:
        import cProfile

        with cProfile.Profile(time.process_time) as running:
            deliver(sender)
        running.dump_stats(f"{sys.argv[3]}.{profile}")
    else:
        deliver(sender)
    hub = time.process_time() - began
    with run.database.session() as session:
        counts = dict(session.rows("SELECT outcome, count(*) FROM attempt GROUP BY 1"))
        session.run("DELETE FROM attempt")
        waiting = session.one("SELECT count(*) FROM outbox WHERE state <> 'delivered'")
    return {
        "hub": hub,
        "postgres": _cpu_of(postmaster) - database,
        "rows": counts.pop("delivered", 0),
        "others": sum(counts.values()),
        "waiting": waiting[0] if waiting else 0,
    }


def _cpu_of(postmaster: int) -> float:
    parent = psutil.Process(postmaster)
    return sum(sum(one.cpu_times()[:4]) for one in (parent, *parent.children(recursive=True)))


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()

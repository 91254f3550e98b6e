"""Hub under measurement: its configuration, its processes as an operator starts them, and what its tables say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml

from benchmarks import load
from benchmarks.payloads import SECRET, event_id
from benchmarks.processes import ROOT, Running, free_port, running
from benchmarks.sandbox import TOKEN
from benchmarks.server import Postgres

_UUID = re.compile(r"[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}")
UNDONE = "(SELECT FROM inbox_queue LIMIT 1) UNION ALL (SELECT FROM mark WHERE failed IS NULL LIMIT 1)"
"""Rows while any entry waits to be worked on, or any record to be put into a profile."""

CRM_CALLS_PER_10_SECONDS = 250
"""The most the connector can be set to; HubSpot itself allows 190."""


@dataclass(frozen=True, slots=True)
class Hub:
    """One Hub on a database of its own. ``crm_port`` is its CRM's."""

    database_url: str
    config: Path
    crm_port: int

    @property
    def environment(self) -> dict[str, str]:
        """What every process of it is started with."""
        return {"HUB_DATABASE_URL": self.database_url, "HUB_CONFIG": str(self.config), "HUB_LOG_LEVEL": "warning"}

    @contextmanager
    def role(self, *arguments: str, port: int) -> Iterator[Running]:
        """Run one role as a process until the block ends; entered when it listens on ``port``."""
        with running([sys.executable, "-m", "hub.cli", *arguments], port=port, env=self.environment) as process:
            yield process

    def command(self, *arguments: str, limit_seconds: float = 300.0) -> None:
        """Run one ``hub`` command to its end. Raises CalledProcessError when it fails."""
        subprocess.run(
            [sys.executable, "-m", "hub.cli", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=limit_seconds,
        )

    @contextmanager
    def api(self) -> Iterator[tuple[int, Running]]:
        """One API process; gives its port."""
        port = free_port()
        with self.role("api", "--port", str(port), port=port) as process:
            yield port, process

    @contextmanager
    def worker(self, queues: str = "process,complete,deliver") -> Iterator[tuple[int, Running]]:
        """One worker process that runs these steps; gives the port of its metrics."""
        port = free_port()
        with self.role("worker", "--queues", queues, "--metrics-port", str(port), port=port) as process:
            yield port, process

    def crm(self) -> dict[str, Any]:
        """The counters of the CRM."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.crm_port}/sandbox/stats", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def one(self, sql: str) -> int:
        """A number out of the database."""
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute(sql.encode()).fetchone()
        assert row is not None
        return int(row[0])

    def lost(self, sent: load.Load, outcome: load.Outcome) -> int:
        """Acknowledged events that are not in the inbox."""
        with psycopg.connect(self.database_url) as connection:
            stored = {
                found[0]
                for (text,) in connection.execute("SELECT event_id FROM inbox")
                if (found := _UUID.search(text)) is not None
            }
        missing = set(outcome.missing)
        return sum(event_id(place, seed=sent.seed) not in stored for place in range(sent.count) if place not in missing)

    def wait_processed(self, *, limit_seconds: float = 300.0) -> float:
        """Wait until no entry is queued and no record is to be placed; gives the time of day. Raises TimeoutError."""
        return self._wait(f"SELECT count(*) FROM ({UNDONE}) q", limit_seconds)

    def wait_delivered(self, *, limit_seconds: float = 300.0) -> float:
        """Wait until no outbox row is waiting; gives the time of day. Raises TimeoutError."""
        waiting = "SELECT count(*) FROM (SELECT FROM outbox WHERE state IN ('pending', 'retrying') LIMIT 1) o"
        return self._wait(waiting, limit_seconds)

    def _wait(self, waiting: str, limit_seconds: float) -> float:
        give_up = time.monotonic() + limit_seconds
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            while time.monotonic() < give_up:
                row = connection.execute(waiting.encode()).fetchone()
                if row == (0,):
                    return time.time()
                time.sleep(0.02)
        raise TimeoutError(f"still waiting after {limit_seconds:.0f} s: {waiting}")


@contextmanager
def hub(server: Postgres, name: str, *, csv: Path | None = None, strict: bool = False) -> Iterator[Hub]:
    """A Hub on a fresh database, with a signed shop as its source and a CRM as its destination.

    The CRM is the double that only counts, as the peers have it; ``strict`` takes the sandbox that checks what HubSpot
    checks. Orders are not written to the CRM as deals: the peers' flow makes one contact call per event, and so does
    ours at most. ``csv`` adds a connection ``old-crm`` that reads this file.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-bench-config-")))
        crm_port = free_port()
        crm = "benchmarks.sandbox" if strict else "benchmarks.crm_double"
        stack.enter_context(running([sys.executable, "-m", crm, "--port", str(crm_port)], port=crm_port))
        config = folder / "hub.yaml"
        # Training would change who is who while the clock runs, and begins a second round of work when it stops.
        settings = {"hub": {"automatic_training": False}, **_configuration(crm_port, csv)}
        config.write_text(yaml.safe_dump(settings))
        found = Hub(server.database(name), config, crm_port)
        found.command("migrate")
        yield found


def _configuration(crm_port: int, csv: Path | None) -> dict[str, Any]:
    connections: dict[str, Any] = {
        "shop": {"connector": "shopify", "webhook_secret": SECRET},
        "crm": {
            "connector": "hubspot",
            "access_token": TOKEN,
            "base_url": f"http://127.0.0.1:{crm_port}",
            "orders": "none",
            "calls_per_10_seconds": CRM_CALLS_PER_10_SECONDS,
        },
    }
    if csv is not None:
        columns = ("external_id", "email", "first_name", "last_name", "phone", "street", "postal_code", "city")
        connections["old-crm"] = {"connector": "csv", "path": str(csv), "fields": {name: name for name in columns}}
    return {"connections": connections, "routes": [{"to": "crm"}]}


def metric(port: int, name: str) -> float:
    """The sum of a metric over its labels, from a process's ``/metrics``."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}(\{{| )", line))

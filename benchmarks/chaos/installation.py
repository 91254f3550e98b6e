"""A ``hub up`` of an attack's own, a sender that never gives up, and what the database says in the end."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.payloads import SECRET, Webhook, webhooks
from benchmarks.processes import free_port
from hub.store import embedded

ROOT = Path(__file__).resolve().parents[2]
CONFIG = f"""
connections: {{shop: {{connector: shopify, webhook_secret: "{SECRET}"}}}}
"""


def wait_for(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until it holds; gives the seconds it took. Raises TimeoutError."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - began


@dataclass(slots=True)
class Up:
    """A `hub up` with a folder and a port of its own; its data may lie elsewhere."""

    folder: Path
    data: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / "up.log"

    def start(self) -> None:
        """Start it, or start it again."""
        config = self.folder / "hub.yaml"
        config.write_text(CONFIG, encoding="utf-8")
        environment = {"HUB_CONFIG": str(config), "HUB_DATA_DIR": str(self.data)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli", "up", "--port", str(self.port)],
                cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log,
            )  # fmt: skip

    def ends(self, number: int) -> int:
        """Send it a signal, and give how it ended."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def lives(self) -> bool:
        """True while it has not ended."""
        return self.process is not None and self.process.poll() is None

    def family(self) -> list[psutil.Process]:
        """Its roles; PostgreSQL is not among them, it outlives them to finish what it is at."""
        assert self.process is not None
        found = psutil.Process(self.process.pid).children(recursive=True)
        return [process for process in found if "hub.cli" in process.cmdline()]

    def status(self, path: str = "/health/ready") -> int:
        """The status of an answer, 0 without one."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.url}{path}", timeout=5).status_code
        return 0

    def postmaster(self) -> psutil.Process:
        """PostgreSQL's first process."""
        return psutil.Process(int((self.data / "postgres" / "postmaster.pid").read_text().split()[0]))

    def kill_postgresql(self) -> None:
        """``kill -9`` of all of it at once."""
        postmaster = self.postmaster()
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_for(lambda: gone(family), 10, "the end of PostgreSQL")

    def number(self, sql: str) -> int:
        """What a statement counts."""
        with psycopg.connect(embedded.url(self.data)) as connection:
            row = connection.execute(sql.encode()).fetchone()
        assert row is not None
        return int(row[0])


def gone(processes: list[psutil.Process]) -> bool:
    """True when all of them have ended."""
    return not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


@contextmanager
def installation(data: Path | None = None) -> Iterator[Up]:
    """A `hub up` that is not started yet; nothing of it is left afterwards."""
    made = Path(tempfile.mkdtemp(prefix="hub-chaos-"))
    up = Up(made, data or made / "data")
    try:
        yield up
    finally:
        if up.process is not None and up.process.poll() is None:
            up.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                up.process.wait(60)
            up.process.kill()
        with suppress(Exception):
            embedded.stop(embedded.start(up.data))
        shutil.rmtree(made, ignore_errors=True)


class Sender:
    """Sends signed events until it is stopped, each until it is acknowledged, and counts the answers."""

    def __init__(self, up: Up, seed: int, pause: float = 0.005) -> None:
        self._up = up
        self._events = webhooks(1_000_000, seed=seed)
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.acknowledged: list[str] = []
        self.answers: dict[int, int] = {}

    def __enter__(self) -> Sender:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(30)

    def reached(self, more: int) -> Callable[[], bool]:
        """Whether so many more were acknowledged since this call."""
        goal = len(self.acknowledged) + more
        return lambda: len(self.acknowledged) >= goal

    def lost(self) -> int:
        """How many were acknowledged and are not in the inbox once each; the database must run."""
        acknowledged = set(self.acknowledged)
        with psycopg.connect(embedded.url(self._up.data)) as connection:
            rows = connection.execute("SELECT event_id FROM inbox").fetchall()
        stored = [row[0].rpartition(":")[2] for row in rows]  # the connector puts the topic before it
        return len(acknowledged - set(stored)) + len(stored) - len(set(stored))

    def _run(self) -> None:
        with httpx.Client(timeout=6) as client:
            for event in itertools.takewhile(lambda _: not self._stopping.is_set(), self._events):
                while not self._stopping.is_set() and not self._send(client, event):
                    self._stopping.wait(0.1)
                self._stopping.wait(self._pause)

    def _send(self, client: httpx.Client, event: Webhook) -> bool:
        try:
            url = f"{self._up.url}/webhooks/shop"
            status = client.post(url, content=event.body, headers=event.headers).status_code
        except httpx.HTTPError:
            status = 0
        self.answers[status] = self.answers.get(status, 0) + 1
        if status == 202:
            self.acknowledged.append(event.event_id)
        return status == 202

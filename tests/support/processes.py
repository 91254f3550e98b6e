"""A PostgreSQL of a test's own that may be killed, and Hub's processes around it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg

from benchmarks.processes import free_port as free_port
from hub.store import embedded, migrate

ROOT = Path(__file__).resolve().parents[2]


def wait_for(condition: Callable[[], object], *, seconds: float = 90.0, what: str = "it") -> None:
    """Return once the condition holds; fail when it does not in time.

    The condition has to stay once it holds: what lasts for a moment is not seen on a busy machine. It is asked ever
    more slowly: many connect to ask, and take the time of what they wait for.
    """
    give_up, pause = time.monotonic() + seconds, 0.05
    while not condition():
        assert time.monotonic() < give_up, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(pause)
        pause = min(1.2 * pause, 0.25)


# -- PostgreSQL -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class OwnPostgres:
    """A server with full durability, for tests that end it."""

    folder: Path
    uri: str = ""
    pid: int = 0

    def start(self) -> None:
        """Start it, or start it again after it was killed: it recovers from its log."""
        server = embedded.start(self.folder)
        self.uri = server.get_uri()
        self.pid = int((self.folder / "postgres" / "postmaster.pid").read_text().split("\n")[0])

    def kill(self) -> None:
        """kill -9 of the server and all its children; returns when they are gone."""
        family = self._family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_for(lambda: all(_gone(process) for process in family), what="the end of PostgreSQL")

    def freeze(self) -> None:
        """Let it hang: connections stay open and nothing is answered."""
        for process in self._family():
            process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for process in self._family():
            process.resume()

    def _family(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self.pid)
        return [postmaster, *postmaster.children(recursive=True)]


def _gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """A migrated server of the test's own, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="hub-own-"))
    folder.chmod(0o755)  # the server runs under another account when we are root
    postgres = OwnPostgres(folder)
    postgres.start()
    try:
        migrate.migrate(postgres.uri)
        yield postgres
    finally:
        with suppress(psutil.NoSuchProcess):
            postgres.thaw()
        embedded.stop(embedded.start(folder))
        shutil.rmtree(folder, ignore_errors=True)


# -- Hub --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Role:
    """A ``hub`` process that may be killed and started again."""

    arguments: list[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it; does not wait until it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", *self.arguments],
            cwd=ROOT,
            env={**os.environ, "HUB_LOG_LEVEL": "warning", **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)

    def stop(self) -> None:
        """End it as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)


def wait_until_ready(url: str) -> None:
    """Until an API process can make events durable."""

    def ready() -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
        return False

    wait_for(ready, what="the API's readiness")


def count(uri: str, sql: str) -> int:
    """The number that a statement gives."""
    with psycopg.connect(uri) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return int(row[0])

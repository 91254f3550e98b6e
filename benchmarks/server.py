"""A PostgreSQL of its own for one measurement, configured as Hub ships it, and what it says about itself."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.processes import Running
from hub.store import embedded

SHOWN = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "wal_init_zero",
    "shared_buffers",
    "max_wal_size",
)


@dataclass(frozen=True, slots=True)
class Postgres:
    """``url`` of the server's ``postgres`` database; ``process`` is its postmaster."""

    url: str
    process: Running

    def database(self, name: str) -> str:
        """Create an empty database, dropping one of the same name, and give its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return self.url.replace("/postgres?", f"/{name}?")

    def durability(self) -> dict[str, str]:
        """What ``SHOW`` answers; raises when the server could lose what it has acknowledged."""
        with psycopg.connect(self.url) as connection:
            shown = {name: _show(connection, name) for name in SHOWN}
        if shown["fsync"] != "on" or shown["synchronous_commit"] != "on":
            raise RuntimeError(f"not durable, so not measured: {shown}")
        return shown

    def commit_ms(self, commits: int = 100) -> float:
        """Median time of one small INSERT and its commit on one connection: what one fsync costs here."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS probe (value int)")
            times = []
            for value in range(commits):
                began = time.perf_counter()
                connection.execute("INSERT INTO probe VALUES (%s)", (value,))
                times.append(time.perf_counter() - began)
            connection.execute("DROP TABLE probe")
        return 1e3 * statistics.median(times)


def _show(connection: psycopg.Connection[tuple[str]], name: str) -> str:
    row = connection.execute(f"SHOW {name}".encode()).fetchone()
    assert row is not None
    return row[0]


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A fresh server with its data in a temporary folder, both gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    server = embedded.start(folder)
    try:
        postmaster = (folder / "postgres" / "postmaster.pid").read_text().split()[0]
        found = Postgres(server.get_uri(), Running(int(postmaster)))
        found.durability()
        yield found
    finally:
        embedded.stop(server)
        shutil.rmtree(folder, ignore_errors=True)

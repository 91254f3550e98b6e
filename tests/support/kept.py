"""One database for many tests: emptied after each, and thrown away as soon as anything of a test might be left in it.

To make one takes forty milliseconds, and its first statements are slow: each connection reads the catalogue anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from hub.store.database import DISCREET, Database
from tests.support.servers import Postgres

SIZE = 4
ROOMY = 2 * 1024**2
"""A database whose tables hold more bytes than this is cheaper to make anew than to empty."""
LINGER_SECONDS = 0.2
"""How long the server may take to see that a process is gone which had a connection."""

_FIRST = 16_384
"""The first id of what is not PostgreSQL's own."""

# What vacuum and analyse leave behind is looked at as well: it changes plans.
_SHAPE = f"""
    SELECT ARRAY[
        (SELECT (count(*), sum(xmin::text::bigint), sum(relpages), sum(reltuples))::text FROM pg_class WHERE oid >= {_FIRST}),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_attribute WHERE attrelid >= {_FIRST}),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_attrdef),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_constraint WHERE oid >= {_FIRST}),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_trigger),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_sequence),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_statistic WHERE starelid >= {_FIRST}),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_proc WHERE oid >= {_FIRST}),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_namespace WHERE oid >= {_FIRST}),
        (SELECT (count(*), sum(xmin::text::bigint))::text FROM pg_extension),
        (SELECT array_agg(setting::text)::text FROM pg_db_role_setting AS setting
            JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()),
        (SELECT array_agg(version_num::text)::text FROM alembic_version),
        (SELECT array_agg(retention::text ORDER BY retention::text)::text FROM retention)
    ]
    """  # noqa: E501
_BYTES = f"""
    SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE oid >= {_FIRST} AND relkind = 'r'
    """
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> ALL (%s)
    """
_PREPARED = "SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()"
# A session is to be as the pool made it. What it prepared stays: the driver knows of it.
_AS_NEW = f"CLOSE ALL; UNLISTEN *; RESET ALL; RESET SESSION AUTHORIZATION; SELECT pg_advisory_unlock_all(); {DISCREET}"

SEEDED = ("alembic_version", "retention")
"""Tables that are not empty in a new database. They are compared, not emptied."""


@dataclass
class _One:
    """A database of ours and its pool; ``shape`` is its schema, its settings, and what it holds from the start."""

    stack: ExitStack
    database: Database
    shape: Any
    emptying: bytes


@dataclass
class Kept:
    """The kept database of one process. ``made`` counts how many there were."""

    server: Postgres
    made: int = 0
    _one: _One | None = field(default=None, repr=False)

    @contextmanager
    def lent(self) -> Iterator[Database]:
        """A pool on an empty, migrated database, for one test."""
        one = self._one or self._make()
        before = set(threading.enumerate())
        self._one = None
        try:
            yield one.database
        finally:
            ours = {thread for thread in threading.enumerate() if thread.name.startswith(_threads(one.database))}
            if set(threading.enumerate()) - ours <= before and _as_before(one):
                self._one = one
            else:
                one.stack.close()

    def close(self) -> None:
        """Throw it away."""
        if self._one is not None:
            self._one.stack.close()
            self._one = None

    def _make(self) -> _One:
        self.made += 1
        stack = ExitStack()
        with ExitStack() as made:
            database = Database(made.enter_context(self.server.fresh()), size=SIZE)
            database.open()
            made.callback(database.close)
            with database.session() as session:
                tables = [
                    name
                    for (name,) in session.rows(
                        "SELECT relname::text FROM pg_class WHERE oid >= %s AND relkind IN ('r', 'p') AND"
                        " relnamespace = 'public'::regnamespace",
                        [_FIRST],
                    )
                    if name not in SEEDED
                ]
                (shape,) = session.rows(_SHAPE)
            stack = made.pop_all()
        return _One(stack, database, shape, _emptying(tables))


def _threads(database: Database) -> str:
    return database._pool.name


def _emptying(tables: list[str]) -> bytes:
    deletes = "; ".join(f"DELETE FROM {table}" for table in tables)
    return (
        "SET LOCAL session_replication_role = replica; SET LOCAL lock_timeout = '1s'; "
        f"{deletes}; SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
    ).encode()


def _as_before(one: _One) -> bool:
    """Empty it; False where it could not be, or where it differs from a new one in anything else."""
    with suppress(psycopg.Error, PoolTimeout), ExitStack() as held:
        pool = one.database._pool
        stats = pool.get_stats()
        if pool.closed or stats["pool_available"] != stats["pool_size"] or not stats["pool_size"]:
            return False
        connections = [held.enter_context(pool.connection(timeout=1)) for _ in range(stats["pool_size"])]
        first = connections[0]
        if not _alone(first, [connection.info.backend_pid for connection in connections]):
            return False
        for connection in connections:
            connection.execute(_AS_NEW.encode())
            connection.commit()
        if first.execute(_SHAPE.encode(), binary=True).fetchone() != one.shape:
            return False
        (size,) = first.execute(_BYTES.encode()).fetchone() or (0,)
        if size > ROOMY:
            return False
        first.execute(one.emptying)
        return True
    return False


def _alone(connection: psycopg.Connection, ours: list[int]) -> bool:
    """True when nobody else is connected, or soon nobody is, and no transaction waits for its second phase."""
    give_up = time.monotonic() + LINGER_SECONDS
    while True:
        row = connection.execute(_OTHERS, [ours]).fetchone()
        connection.commit()
        if row == (0,):
            return connection.execute(_PREPARED).fetchone() == (0,)
        if time.monotonic() > give_up:
            return False
        time.sleep(0.005)

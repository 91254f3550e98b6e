"""Connections: pools with the session settings Hub needs, and a counter of statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import TupleRow, tuple_row
from psycopg_pool import ConnectionPool

from hub import metrics
from hub.store import arrays
from hub.store.text import storable

Row = TupleRow
Parameters = Sequence[Any] | Mapping[str, Any] | None

# Every hot statement looks rows up by key. Tables that were just filled have stale statistics, and a plan made for an
# empty table scans a full one: with the scans and joins that read whole tables switched off, plans stay the same
# however fast the tables grow.
_STABLE_PLANS = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off"
_SESSION = "-c timezone=UTC -c idle_in_transaction_session_timeout=120s -c log_parameter_max_length_on_error=0"

DISCREET = """
    SELECT set_config(name, value, false)
    FROM (VALUES ('log_min_messages', 'log'), ('log_min_error_statement', 'panic'), ('log_error_verbosity', 'terse'),
        ('log_parameter_max_length', '0'), ('log_parameter_max_length_on_error', '0'), ('log_statement', 'none'),
        ('log_min_duration_statement', '-1'), ('log_min_duration_sample', '-1'), ('log_duration', 'off'),
        ('log_lock_waits', 'off')) AS wanted (name, value)
    WHERE has_parameter_privilege(current_user, name, 'SET') AND current_setting(name) IS DISTINCT FROM value
    """
"""Keeps what a session says and is refused out of the server's log, as far as its role may ask for that.

The embedded server is told so for good; another one, where the role may not, by its administrator (docs/operations.md).
"""


CHANNEL = "hub_wake"
"""The NOTIFY channel on which new work is announced; the payload is the name of a queue."""


class Session:
    """One transaction on one connection. Every statement is counted (``hub_sql_statements_total``)."""

    def __init__(self, connection: psycopg.Connection[Row], keys: Sequence[bytes] = ()) -> None:
        self.connection = connection
        self.keys = tuple(keys)
        """Of the list of addresses nobody may write to, from outside: the newest first."""

    def rows(self, sql: str, parameters: Parameters = None) -> list[Row]:
        """Run a statement and give all its rows."""
        metrics.SQL_STATEMENTS.inc()
        return self.connection.execute(sql.encode(), _storable(parameters), binary=True).fetchall()

    def run(self, sql: str, parameters: Parameters = None) -> int:
        """Run a statement and give the number of rows it touched."""
        metrics.SQL_STATEMENTS.inc()
        return self.connection.execute(sql.encode(), _storable(parameters)).rowcount

    def now(self) -> datetime:
        """PostgreSQL's time at the begin of this transaction: the one clock by which rows are due and leases run."""
        row = self.one("SELECT now()")
        assert row is not None
        found: datetime = row[0]
        return found

    @contextmanager
    def scanning(self) -> Iterator[None]:
        """Statements of the block may read whole tables, for counts over all rows; hot ones look rows up by key."""
        row = self.one("SELECT current_setting('enable_seqscan')")
        self.run("SET LOCAL enable_seqscan = on")
        yield
        self.run("SELECT set_config('enable_seqscan', %s, true)", [row[0] if row else "off"])

    def announce(self, queue: str) -> None:
        """Wake those who work on a queue, once this transaction is committed."""
        self.run("SELECT pg_notify(%s, %s)", [CHANNEL, queue])

    def one(self, sql: str, parameters: Parameters = None) -> Row | None:
        """Run a statement and give its first row, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None


def _storable(parameters: Parameters) -> Parameters:
    """The parameters with texts that PostgreSQL can hold; lists are looked after where they are dumped."""
    if isinstance(parameters, Mapping):
        return {name: storable(value) if type(value) is str else value for name, value in parameters.items()}
    return parameters and [storable(value) if type(value) is str else value for value in parameters]


class Database:
    """A pool of connections to one PostgreSQL. ``statement_seconds`` ends statements that take longer (0: never).

    ``keys`` are those of the list of addresses nobody may write to (``hub.store.suppression_keys``).
    """

    def __init__(
        self,
        dsn: str,
        *,
        size: int = 8,
        stable_plans: bool = True,
        statement_seconds: int = 0,
        keys: Sequence[bytes] = (),
    ) -> None:
        self.dsn = dsn
        self._keys = tuple(keys)
        options = f"{_SESSION} -c statement_timeout={statement_seconds}s"
        if stable_plans:
            options = f"{options} {_STABLE_PLANS}"
        self._pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            open=False,
            timeout=10.0,
            reconnect_timeout=5.0,
            check=ConnectionPool.check_connection,
            configure=_configure,
            kwargs={"row_factory": tuple_row, "options": options},
        )

    def open(self, *, wait: bool = True) -> None:
        """Start the pool. Raises psycopg_pool.PoolTimeout when the server cannot be reached in 10 s.

        Without ``wait`` it is started all the same, and connects once the server is there.
        """
        self._pool.open(wait=wait, timeout=10.0)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: commits at the end, rolls back when the block raises."""
        with self._pool.connection() as connection:
            yield Session(connection, self._keys)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """For statements that only read: each is a transaction of its own, so that none has to be begun and ended."""
        with self._pool.connection() as connection:
            connection.autocommit = True
            try:
                yield Session(connection, self._keys)
            finally:
                if not connection.closed:
                    connection.autocommit = False


def _configure(connection: psycopg.Connection[Row]) -> None:
    arrays.register(connection)
    connection.execute(DISCREET.encode())
    connection.commit()

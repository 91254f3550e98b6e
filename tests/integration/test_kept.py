"""The database that tests share: nothing of one test reaches another."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from hub.store.database import Database
from tests.support import kept as kept_module
from tests.support.kept import Kept
from tests.support.servers import Postgres


@pytest.fixture
def kept(postgres_server: Postgres) -> Iterator[Kept]:
    with closing(Kept(postgres_server)) as made:
        yield made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "LINGER_SECONDS", 0.0)


def run(database: Database, sql: str) -> None:
    with psycopg.connect(database.dsn) as connection:
        connection.execute(sql.encode())


def test_rows_of_every_table_and_their_numbers_are_gone_for_the_next_test(kept: Kept) -> None:
    # given a test that left a row wherever a row alone can be, the tables named here among them
    with kept.lent() as database:
        name = database.dsn
        run(database, "INSERT INTO retention_held VALUES (7); INSERT INTO audit (who, action) VALUES ('me', 'looked')")
        run(database, "INSERT INTO inbox (connection, topic, event_id, body, headers, received_at)"
                      " VALUES ('shop', 'events', 'e1', '', '{}', now())")  # fmt: skip
    # when the next test asks
    with kept.lent() as database, database.session() as session:
        # then it has the same database, as new
        assert (database.dsn, kept.made) == (name, 1)
        tables = session.rows("SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200")
        held = {table for (table,) in tables if session.one(f"SELECT 1 FROM {table} LIMIT 1")}
        assert held == {"alembic_version", "retention"}
        assert session.one("SELECT nextval('audit_id_seq'), nextval('inbox_id_seq')") == (1, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE record ADD CHECK (external_id <> '9')",
        "ALTER TABLE record ADD COLUMN further text",
        "ALTER TABLE record ALTER COLUMN connection SET DEFAULT 'shop'",
        "CREATE TABLE further (id int)",
        "CREATE SCHEMA further",
        "DROP TABLE stake",
        "DROP TRIGGER inbox_enqueue ON inbox",
        "ALTER TABLE inbox DISABLE TRIGGER ALL",
        "ALTER SEQUENCE audit_id_seq INCREMENT BY 5",
        "CREATE FUNCTION further() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database()); END $$",
        "UPDATE alembic_version SET version_num = '0001'",
        "UPDATE retention SET upto = 5",
        "DELETE FROM retention",
        "ANALYZE pg_catalog.pg_class; INSERT INTO retention_held VALUES (1); ANALYZE retention_held",
    ],
)
def test_another_schema_setting_or_statistic_means_another_database(kept: Kept, statement: str) -> None:
    with kept.lent() as database:
        name = database.dsn
        run(database, statement)
    with kept.lent() as database:
        assert database.dsn != name


def test_much_that_was_written_means_another_database(kept: Kept) -> None:
    with kept.lent() as database:
        run(database, "INSERT INTO audit (who, action) SELECT repeat('x', 1000), 'y' FROM generate_series(1, 3000)")
    with kept.lent():
        assert kept.made == 2


def connected(database: Database) -> Callable[[], object]:
    return psycopg.connect(database.dsn).close


def locking(database: Database) -> Callable[[], object]:
    connection = psycopg.connect(database.dsn)
    connection.execute("LOCK TABLE record")
    return connection.close


def unfinished(database: Database) -> Callable[[], object]:
    taken = database.session()
    taken.__enter__()
    return lambda: taken.__exit__(None, None, None)


def closed(database: Database) -> Callable[[], object]:
    database.close()
    return lambda: None


def working(database: Database) -> Callable[[], object]:
    end = threading.Event()
    threading.Thread(target=end.wait).start()
    return end.set


def killed(database: Database) -> Callable[[], object]:
    run(database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                  " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
    return lambda: None


@pytest.mark.parametrize("leave", [connected, locking, unfinished, closed, working])
@pytest.mark.usefixtures("impatient")
def test_whoever_is_still_connected_or_at_work_means_another_database(
    kept: Kept, leave: Callable[[Database], Callable[[], object]]
) -> None:
    with kept.lent() as database:
        name, end = database.dsn, leave(database)
    try:
        with kept.lent() as database, database.session() as session:
            assert (database.dsn != name, session.one("SELECT 1")) == (True, (1,))
    finally:
        end()


@pytest.mark.usefixtures("impatient")
def test_after_connections_were_killed_the_next_test_has_a_database_that_works(kept: Kept) -> None:
    # the pool may have made others by then, or a new database is made: either will do
    with kept.lent() as database:
        killed(database)
    with kept.lent() as database, database.session() as session:
        assert session.one("SELECT 1") == (1,)


def test_a_process_that_ended_a_moment_ago_costs_nothing(kept: Kept) -> None:
    with kept.lent() as database:
        script = "import sys, psycopg; psycopg.connect(sys.argv[1]).execute('SELECT 1')"
        subprocess.run([sys.executable, "-W", "ignore", "-c", script, database.dsn], check=True)
    assert kept.made == 1


def test_what_a_test_asked_of_its_session_ends_with_it(kept: Kept) -> None:
    with kept.lent() as database, database.session() as session:
        as_made = session.rows("SELECT name, setting FROM pg_settings ORDER BY name")
        session.run("SET enable_seqscan = on; SET log_min_messages = debug5; LISTEN further")
        session.one("SELECT pg_advisory_lock(7)")
    with kept.lent() as database, database.session() as session:
        assert kept.made == 1
        assert session.rows("SELECT name, setting FROM pg_settings ORDER BY name") == as_made
        assert session.rows("SELECT pg_listening_channels()") == []
        here = "(SELECT oid FROM pg_database WHERE datname = current_database())"  # other workers have locks of theirs
        assert session.rows(f"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = {here}") == []


def test_a_failed_transaction_and_many_sessions_cost_nothing(kept: Kept) -> None:
    with kept.lent() as database:
        with pytest.raises(psycopg.Error), database.session() as session:
            session.run("SELECT 1 / 0")
        everybody = threading.Barrier(kept_module.SIZE)

        def ask() -> None:
            with database.session() as session:
                session.run("SELECT 1")
                everybody.wait(30)

        threads = [threading.Thread(target=ask) for _ in range(kept_module.SIZE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with kept.lent() as database, database.session() as session:
        assert (kept.made, session.one("SELECT 1")) == (1, (1,))

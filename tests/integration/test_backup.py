"""The commands of docs/operations.md under "Backup and restore", run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from hub import bootstrap
from hub.application.process import process_batch
from hub.cli.app import app
from hub.settings import load
from tests.support.processes import ROOT

CONFIG = """
connections:
  old-crm: {connector: csv, path: kunden.csv, fields: {external_id: id, email: mail, last_name: name}}
"""
ROWS = "id;mail;name\n" + "".join(f"{number};person{number % 20}@example.com;Ohm\n" for number in range(30))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a configuration, which the test works in."""
    # Not under pytest's own folder, which is closed to the account the embedded server runs under when we are root.
    made = Path(tempfile.mkdtemp(prefix="hub-b-"))
    (made / "config").mkdir()
    (made / "config" / "hub.yaml").write_text(CONFIG)
    (made / "kunden.csv").write_text(ROWS)
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(made)
    yield made
    shutil.rmtree(made)


def hub(arguments: str, ends: int = 0) -> str:
    """What a command says, in this process."""
    done = CliRunner().invoke(app, arguments.split())
    assert done.exit_code == ends, done.output
    return done.output


def shell(folder: Path, script: str) -> None:
    """Run a script as an operator does."""
    program = folder / "bin" / "hub"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m hub.cli "$@"\n')
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-ec", script], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def documented() -> tuple[str, str]:
    """The two scripts of the chapter: backup, and restore into a fresh data directory."""
    chapter = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("## Backup and restore")[2]
    backup, restore, *_ = re.findall(r"```sh\n(.*?)```", chapter.partition("\n## ")[0], re.DOTALL)
    return backup, restore


def test_a_backup_is_restored_into_a_fresh_folder_with_every_id_and_profile(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, restore = documented()
    # given a Hub with people, which runs on while it is saved
    hub("backfill old-crm")
    with bootstrap.runtime(load(None, {})) as run:
        while process_batch(run.processing, 100).entries:
            pass
        before = hub("profile export")
        assert len(before.splitlines()) == 20
        shell(folder, backup)
        # then nobody else may read the file, and none is overwritten
        assert (folder / "hub-backup.dump").stat().st_mode & 0o077 == 0
        assert "is there already" in hub("database backup hub-backup.dump", ends=1)
    # when it is restored as written, then it is the same Hub
    shell(folder, restore)
    monkeypatch.setenv("HUB_DATA_DIR", ".hub-restored")
    assert hub("profile export") == before
    assert '"done":30' in hub("stats --json")
    # and a Hub that holds people is never overwritten
    assert "not empty" in hub("database restore hub-backup.dump", ends=1)


def test_a_schema_of_a_newer_hub_is_refused_in_words(folder: Path, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a database that a newer Hub has upgraded
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    monkeypatch.setenv("HUB_DATABASE_URL", dsn)
    # then every role and command says so, and ends
    for command in ("stats", "up --port 0", "worker", "api --port 0"):
        assert "schema is 0999, newer than this Hub's" in hub(command, ends=2)


def test_a_command_in_the_wrong_folder_says_so_and_makes_no_hub_there(folder: Path) -> None:
    shutil.rmtree(folder / "config")
    for command in ("stats", "inbox list", "worker", "migrate", "database sizes"):
        assert "there is no Hub in" in hub(command, ends=2)
    assert not (folder / ".hub").exists()


def test_an_unusable_data_folder_is_told_in_words(folder: Path) -> None:
    (folder / ".hub").write_text("a file")
    for command in ("stats", "up --port 0", "worker", "api --port 0"):
        assert "data_dir: " in hub(command, ends=2)

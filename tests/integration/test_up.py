"""What `hub up` promises of itself: it stays while the database is away, and leaves nothing behind when it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from benchmarks.chaos.installation import Up, gone, installation
from benchmarks.payloads import Webhook, webhooks
from hub.cli import interrupt
from hub.store import embedded
from tests.support.processes import ROOT, count, free_port, wait_for, wait_until_ready


@pytest.fixture
def up() -> Iterator[Up]:
    """A `hub up` that is not started yet."""
    with installation() as made:
        yield made


def postmaster(data: Path) -> int:
    """The process of the PostgreSQL under ``data``, 0 where none has written its number yet."""
    try:
        return int((data / "postgres" / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return 0


def another_postmaster(data: Path, killed: int) -> bool:
    """True once another one runs. Hub may be quicker to start it than a test is to see none."""
    return postmaster(data) not in (0, killed)


def send(up: Up, event: Webhook) -> int:
    return httpx.post(f"{up.url}/webhooks/shop", content=event.body, headers=event.headers).status_code


def test_hub_up_answers_503_while_postgresql_cannot_start_and_goes_on_by_itself_once_it_can(up: Up) -> None:
    # given a PostgreSQL that does not start
    data = up.data
    embedded.stop(embedded.start(data))
    broken = data / "postgres" / "postgresql.auto.conf"
    broken.write_text("shared_buffers = 'plenty'\n")
    first, second, third = webhooks(3, seed=3)
    up.start()
    # when a sender comes
    wait_for(lambda: up.status("/health/live") == 200, what="the API")
    # then it is told to come again, and hub up says what is wrong and stays
    assert (send(up, first), up.status("/health/ready")) == (503, 503)
    wait_for(lambda: "configuration file" in up.log.read_text(), what="the reason")
    stats = subprocess.run(
        [sys.executable, "-m", "hub.cli", "stats"], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env={**os.environ, "HUB_CONFIG": str(up.folder / "hub.yaml"), "HUB_DATA_DIR": str(data)},
    )  # fmt: skip
    assert (stats.returncode, "did not start: configuration file" in stats.stderr) == (1, True)
    assert up.process is not None
    assert up.process.poll() is None
    # when it can start again
    broken.write_text("")
    wait_until_ready(up.url)
    # then the same event is taken and worked on, without a restart
    assert send(up, first) == 202
    server = embedded.start(data)
    uri = server.get_uri()
    wait_for(lambda: count(uri, "SELECT count(*) FROM profile") == 1, what="the profile")

    # when hub up alone is killed
    roles = up.family()
    assert len(roles) == 2
    assert up.ends(signal.SIGKILL) == -signal.SIGKILL
    # then its children end too, and another one takes the port and the data over at once
    up.start()
    wait_for(lambda: gone(roles), what="the end of the children")
    wait_until_ready(up.url)
    assert (send(up, second), send(up, first)) == (202, 202)
    assert count(uri, "SELECT count(*) FROM inbox") == 2

    # when PostgreSQL is killed while it starts, again and again
    for _ in range(2):
        killed = postmaster(data)
        os.kill(killed, signal.SIGKILL)
        wait_for(partial(another_postmaster, data, killed), what="another PostgreSQL")
    wait_until_ready(up.url)
    assert send(up, third) == 202

    # when the terminal is closed
    roles = up.family()
    embedded.stop(server)
    # then all of it ends in order
    assert up.ends(signal.SIGHUP) == 0
    assert (gone(roles), embedded.is_running(data)) == (True, False)
    assert "Traceback" not in up.log.read_text()


def test_what_a_killed_process_started_ends_with_it_to_the_last_grandchild() -> None:
    # given a parent, its child, and the child's child, started as Hub starts its roles and its training
    script = (
        "import os, sys, time; from hub.workers import parent; parent.follow()\n"
        "depth = int(sys.argv[1])\n"
        "child = parent.spawn([sys.executable, '-c', sys.argv[2], str(depth - 1), sys.argv[2]], os.environ,"
        " output=sys.stdout.buffer) if depth else None\n"
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, "2", script], cwd=ROOT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        processes = [psutil.Process(int(first.stdout.readline())) for _ in range(3)]
        # when the first is killed
        first.kill()
        first.wait(10)
        # then nobody is left
        wait_for(lambda: gone(processes), what="the end of the others")


def test_a_closed_terminal_is_ignored_by_who_was_told_to() -> None:
    # given nohup
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert signal.SIGHUP not in interrupt.signals()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signal.SIGHUP in interrupt.signals()


def test_hub_up_says_that_it_starts_without_a_configuration_and_which_variables_nothing_reads(
    dsn: str, tmp_path: Path
) -> None:
    # given a folder without a configuration, and a variable that is misspelt
    given = {"HUB_DATABASE_URL": dsn, "HUB_REDIS_ULR": "redis://:s3cret@y", "PYTHONPATH": str(ROOT)}
    environment = {name: value for name, value in os.environ.items() if name != "HUB_CONFIG"} | given
    log, port = tmp_path / "log", free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli", "up", "--port", str(port)],
            cwd=tmp_path, env=environment, stdout=out, stderr=out,
        )  # fmt: skip
    # when Hub starts
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(60)
    # then it says so once, in plain lines, and its roles do not say it again
    said = log.read_text()
    assert said.count("warning: there is no configuration: looked for ") == 1
    assert f"{tmp_path}/config/hub.yaml" in said
    assert "`hub init` writes it" in said
    assert said.count("HUB_REDIS_ULR; did you mean 'HUB_REDIS_URL'?") == 1
    assert "s3cret" not in said

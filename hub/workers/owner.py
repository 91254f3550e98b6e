"""owner: who holds a lease, and what becomes of the leases of a process that was killed.

A killed process gives nothing back, and its leases would run for minutes. The next worker of the same machine sees
that their owner lives no more, and ends them. Another machine's are left to run out: whether it lives cannot be seen.
"""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path

from hub.store import destinations
from hub.store.database import Database


def owner_name() -> str:
    """A name for this process that tells its machine (with the space its process ids are of) and its process id."""
    return f"{_machine()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def is_dead(owner: str, myself: str) -> bool:
    """True when ``owner`` was a process of this machine that runs no more; ``myself`` is this process's own name."""
    machine, pid, _ = owner.rsplit(":", 2)
    if machine != _machine() or owner == myself:
        return False
    if int(pid) == os.getpid():
        return True  # a container's first process is always number 1
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def end_dead_leases(database: Database, myself: str) -> int:
    """End the leases of dead processes of this machine; gives how many."""
    with database.session() as session:
        dead = [lease for lease in destinations.leases(session) if is_dead(lease[1], myself)]
        for destination, owner in dead:
            destinations.end_lease(session, destination, owner)
    return len(dead)


def _machine() -> str:
    # Two machines may have one host name, and the first space of process ids has the same number everywhere.
    node = os.uname().nodename
    with suppress(OSError):
        node += "/" + Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    with suppress(OSError):
        return f"{node}/{Path('/proc/self/ns/pid').readlink()}"
    return node

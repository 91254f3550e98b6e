"""Whose history is read or compared by the clock, as the connections' settings have it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from hub.application import backfill, reconcile
from hub.sdk.connection import Connection
from hub.store.database import Database


class Due(NamedTuple):
    """``run_if_due`` is called every ``seconds``; it gives something only when it did something."""

    name: str
    seconds: float
    run_if_due: Callable[[threading.Event], object]


def histories(database: Database, connections: Iterable[Connection]) -> Iterator[Due]:
    """One for each connection that says ``every`` or ``reconcile``, and two for who says both."""
    for one in connections:
        if every := one.settings.every:
            run = backfill.History(database, one, every).run_if_due
            yield Due(f"backfill {one.name}", backfill.CHECK_SECONDS, run)
        if every := one.settings.reconcile:
            compare = reconcile.Reconciling(database, one, every).run_if_due
            yield Due(f"reconcile {one.name}", reconcile.CHECK_SECONDS, compare)

"""Whose history is read or compared by the clock, as the connections' settings have it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from hub.application import backfill, listen, reconcile, subscribe
from hub.sdk.connection import Connection
from hub.store.database import Database


class Due(NamedTuple):
    """``run_if_due`` is called every ``seconds``; it gives something only when it did something."""

    name: str
    seconds: float
    run_if_due: Callable[[threading.Event], object]


def histories(database: Database, connections: Iterable[Connection], public_url: str) -> Iterator[Due]:
    """For each connection: ``every`` and ``reconcile`` where it says so, and the watchdog of its webhooks."""
    for one in connections:
        if every := one.settings.every:
            run = backfill.History(database, one, every).run_if_due
            yield Due(f"backfill {one.name}", backfill.CHECK_SECONDS, run)
            if one.connector.source is not None and one.connector.source.listen is not None:
                hear = listen.Listening(database, one).run_if_due
                yield Due(f"listen {one.name}", listen.CHECK_SECONDS, hear)
        if every := one.settings.reconcile:
            compare = reconcile.Reconciling(database, one, every).run_if_due
            yield Due(f"reconcile {one.name}", reconcile.CHECK_SECONDS, compare)
        if one.connector.source is not None and one.connector.source.subscriptions is not None:
            watch = subscribe.Watchdog(database, one, public_url).run_if_due
            yield Due(f"watch {one.name}", subscribe.CHECK_SECONDS, watch)

"""resend: queue people and orders for a destination again, all of them or those that are not there.

Page by page, each in a transaction of its own: it can be broken off and begun again. What is queued is written whole,
as if nobody knew what stands there, so that a destination that lost something gets it back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.application.process import Processing
from hub.errors import NotFound
from hub.outbox.enqueue import Route, applying, look_again
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import Destination
from hub.sdk.http import HttpClient
from hub.store import due, facts, outbox, profiles, records, returned
from hub.store.database import Session
from hub.store.outbox import NewRow
from hub.store.profiles import FullRow
from hub.store.text import readable

PAGE = 500


@dataclass(frozen=True, slots=True)
class Resent:
    """``looked_at`` profiles, of which ``profiles`` and their ``orders`` were queued.

    ``asked`` tells whether the destination was asked who is there; else Hub's own memory had to do.
    """

    looked_at: int = 0
    profiles: int = 0
    orders: int = 0
    asked: bool = False

    def document(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {"looked_at": self.looked_at, "profiles": self.profiles, "orders": self.orders, "asked": self.asked}


def resend(
    processing: Processing,
    destination: str,
    *,
    missing: bool,
    client: HttpClient | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Resent:
    """Queue everything that is routed to a destination, or ``missing`` only what is not there.

    Raises NotFound when no route leads there, and the error tree when the destination cannot be asked.
    """
    routes = [route for route in processing.routes if route.destination == destination]
    if not routes:
        raise NotFound("no route leads to this destination")
    connection = processing.connections[destination]
    part = connection.connector.destination
    assert part is not None
    with processing.database.session() as session:
        total = profiles.count(session)
    done = Resent(asked=missing and part.absent is not None)
    opened = client is None and done.asked
    asking = open_client(connection, part) if opened else client
    try:
        after: UUID | None = None
        while True:
            with processing.database.session() as session:
                page = profiles.find(session, words=(), after=after, limit=PAGE)
                # A profile that cannot be read is left out; the others are queued.
                known = [row for row, _ in readable(page, lambda row: (row, row.profile()))]
                now = session.now()
                look_again(session, processing.routes, (row.profile() for row in known), now)
                chosen = _chosen(session, connection, routes, known, now, missing=missing)
            if missing:
                chosen = _absent(processing, connection, part, chosen, asking)
            with processing.database.session() as session:
                orders = _queue(session, destination, chosen, with_orders=any(route.orders for route in routes))
            done = replace(
                done,
                looked_at=done.looked_at + len(page),
                profiles=done.profiles + len(chosen),
                orders=done.orders + orders,
            )
            progress(done.looked_at, total)
            if len(page) < PAGE:
                return done
            after = page[-1].id
    finally:
        if opened and asking is not None:
            asking.close()


def _chosen(
    session: Session,
    connection: Connection,
    routes: Sequence[Route],
    page: Sequence[FullRow],
    now: datetime,
    *,
    missing: bool,
) -> list[FullRow]:
    """The profiles that a route takes now. With all of them, also those it took before: an opt-out must reach them."""
    before = set() if missing else outbox.queued(session, [connection.name], [row.id for row in page])
    return [row for row in page if applying(routes, row.profile(), now) or (connection.name, row.id) in before]


def _absent(
    processing: Processing,
    connection: Connection,
    part: Destination[Any],
    rows: Sequence[FullRow],
    client: HttpClient | None,
) -> list[FullRow]:
    with processing.database.session() as session:
        own = {row.id: (row.id, *row.aliases) for row in rows}
        every = [key for keys in own.values() for key in keys]
        ids = outbox.external_ids(session, connection.name, "profile", every)
    known = {profile: [one for key in keys for one in ids.get(key, ())] for profile, keys in own.items()}
    asked = sorted({one for external_ids in known.values() for one in external_ids})
    gone: Collection[str] = ()
    if asked and part.absent is not None and client is not None:
        gone = part.absent(asked, client, connection.settings)
    return [row for row in rows if not row.golden.get("suppressed") and {*known[row.id]} <= {*gone}]


def _queue(session: Session, destination: str, rows: Sequence[FullRow], *, with_orders: bool) -> int:
    """Queue these and their orders; gives the number of orders."""
    # The lock leaves out profiles that were merged away meanwhile. It is taken in the order of the pipeline.
    still = records.lock_profiles(session, [row.id for row in rows])
    queued = [NewRow(destination, row.id, "profile", row.id, row.version, []) for row in rows if row.id in still]
    profiles_queued = len(queued)
    if with_orders:
        homes = {record: row.profile_id for record, row in records.load(session, still, []).items() if row.profile_id}
        queued += [
            NewRow(destination, order, "order", homes[record], 1, [event])
            for order, record, event in facts.orders_of(session, homes)
        ]
    outbox.enqueue(session, queued)
    due.write_everything(session, destination, [row.key for row in queued])
    returned.back_there(session, destination, list(still))
    return len(queued) - profiles_queued

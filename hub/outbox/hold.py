"""hold: what cannot be undone at a destination waits while a bulk load may still change who is one person.

5,000 people who are imported before weights were trained are joined and taken apart again. A property is corrected by
the next write; an unsubscribed address, a merged record and an erased person are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import structlog

from hub.outbox.policy import BULK, LONGEST_HOLD, Load, bulk_load, must_wait
from hub.outbox.render import Rendered, Unreadable
from hub.sdk.connection import Connection
from hub.sdk.destination import ActivityChange, Change, ProfileChange, Write
from hub.store import loads
from hub.store.database import Session
from hub.store.loads import Coming

log = structlog.get_logger()


def irreversible(write: Write, connection: Connection) -> tuple[str, ...]:
    """What this write does that cannot be undone there: ``merge``, ``erase``, and what its connector names."""
    unmerge = connection.connector.manifest.unmerge
    merges = bool(write.merge) and (unmerge is None or unmerge.way != "restores")
    return (*write.irreversible, *(["merge"] if merges else []), *(["erase"] if write.erase else []))


def noted_bulk_load(session: Session, coming: Coming, *, trains: bool) -> str:
    """Why a bulk load goes on, stored for every process; "" when none does. ``trains``: training is automatic."""
    begun = loads.bulk_load(session) is not None
    load = Load(coming.fetching, coming.due, coming.waited, coming.rereading, coming.resolving)
    reason = bulk_load(load, begun=begun)
    if not reason and trains and loads.trains(session):
        reason = bulk_load(Load(training=True), begun=begun)
    if reason or begun:
        loads.note(session, reason)
    return reason


def hold_back(
    session: Session,
    rendered: Rendered,
    changes: Mapping[UUID, Change | ActivityChange | Unreadable],
    connection: Connection,
    *,
    trains: bool,
) -> list[UUID]:
    """Take the writes that have to wait out of ``rendered`` and let their rows wait; gives their keys."""
    final = {
        key: what
        for key, write in rendered.writes.items()
        if (what := irreversible(write, connection)) and _records(changes[key])
    }
    if not final:
        return []
    coming = loads.coming(session, BULK)
    if not (reason := noted_bulk_load(session, coming, trains=trains)):
        return []
    held_for = loads.held_for(session, connection.name, list(final))
    by_what: dict[tuple[str, ...], list[UUID]] = {}
    late = 0
    for key, what in final.items():
        waited, records = held_for.get(key, timedelta()), _records(changes[key])
        if must_wait(irreversible=True, records=records, waited=waited, rereading=coming.rereading):
            by_what.setdefault(what, []).append(key)
        late += waited >= LONGEST_HOLD
    for what, keys in by_what.items():
        loads.hold(session, connection.name, keys, f"held, as {' and '.join(what)} cannot be undone: {reason}")
    held = [key for keys in by_what.values() for key in keys]
    for key in held:
        del rendered.writes[key]
    if held:
        log.info("delivery.held", destination=connection.name, rows=len(held), reason=reason)
    if late:
        log.error("delivery.hold_ended", destination=connection.name, rows=late, reason=reason)
    return held


def release_when_over(session: Session, *, trains: bool) -> int:
    """The sweep's part: note a bulk load that begins or ends, and let go what was held; gives how many rows."""
    trains = trains and bool(loads.held_rows(session))
    reason = noted_bulk_load(session, loads.coming(session, BULK), trains=trains)
    released = 0 if reason else loads.release(session)
    if released:
        log.info("delivery.released", rows=released)
    return released


def _records(change: Change | ActivityChange | Unreadable) -> int:
    return len(change.profile.records) if isinstance(change, ProfileChange) else 0

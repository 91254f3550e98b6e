"""What training reads: all records page by page, whether it is due, and the lock that lets one process train."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import psycopg

from hub.mapping.record_state import State
from hub.store import inbox, text, versions
from hub.store.database import Database, Session
from hub.store.versions import VersionRow

PAGE = 2_000
ABANDONED = timedelta(minutes=15)
"""A history that was not fetched further for so long is not being fetched: its end may never come."""

_LOCK = 0x48554203  # "HUB" + 3


@dataclass(frozen=True, slots=True)
class TrainingState:
    """What decides whether to train: how many ``records`` there are, and which version brought the weights, if any.

    ``busy`` is True while history is fetched, or while entries or records wait: more records are about to come.
    """

    records: int
    origin: VersionRow | None
    busy: bool
    restored: int = 0
    """Records when somebody last went back to the weights in force; 0 when nobody did."""


LEAST = 100
"""Records from which on training begins by itself: with fewer, the shipped weights know better."""

GROWTH = 2
"""Times the records have to have grown since before training happens by itself again."""

BUSY_GROWTH = 4
"""The same while more is coming in or waiting: less often, since all is resolved again when it has come to rest."""

IMPORTED = "imported"
"""How the note of a version begins whose weights a team brought along: these are not replaced by themselves."""


def is_due(state: TrainingState) -> bool:
    """Whether it is time to train without being asked. Pure."""
    if state.records < LEAST:
        return False
    origin = state.origin
    if origin is not None and origin.note.startswith(IMPORTED):
        return False
    # After a rollback to earlier weights, training must not bring the later ones back at once.
    before = max(origin.records if origin else 0, state.restored)
    # Weights that know of a hundredth of the people take namesakes for one: a long import does not wait to its end.
    return state.records >= (BUSY_GROWTH if state.busy else GROWTH) * max(before, LEAST if state.busy else 0)


def states(database: Database) -> Iterator[tuple[UUID, State]]:
    """Every record's state, by id, each page in a transaction of its own."""
    after = UUID(int=0)
    while True:
        with database.session() as session:
            rows = session.rows("SELECT id, state FROM record WHERE id > %s ORDER BY id LIMIT %s", [after, PAGE])
        yield from text.readable(rows, lambda row: (row[0], text.read(row[1], f"record {row[0]}")))
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def state(session: Session) -> TrainingState:
    """See ``TrainingState``."""
    row = session.one(
        "SELECT (SELECT count(*) FROM record), EXISTS (SELECT FROM reresolve), "
        "EXISTS (SELECT FROM backfill WHERE NOT finished AND updated_at > now() - %s)",
        [ABANDONED],
    )
    records, resolving, fetching = row or (0, False, False)
    busy = resolving or fetching or inbox.oldest_due(session, "process") is not None
    return TrainingState(records, versions.origin(session), busy, _restored(session))


def _restored(session: Session) -> int:
    row = session.one(
        """
        SELECT records FROM identity_version WHERE restores IS NOT NULL
            AND model IS NOT DISTINCT FROM (SELECT model FROM identity_version WHERE active) ORDER BY id DESC LIMIT 1
        """
    )
    return int(row[0]) if row else 0


def placed(session: Session, connection: str) -> dict[str, UUID]:
    """The profile of each record of a connection, by the id at the source."""
    return dict(session.rows("SELECT external_id, profile_id FROM record WHERE connection = %s", [connection]))


def runs(session: Session) -> bool:
    """Whether a process is training now."""
    return bool(
        session.rows(
            """
            SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = 0
                AND objid = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """,
            [_LOCK],
        )
    )


@contextmanager
def alone(dsn: str) -> Iterator[bool]:
    """True for the one process that trains, False for whoever comes while it does. Ends with the process."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone()
        yield bool(row and row[0])

"""Dead letters: what waits for a person. Outbox rows that are dead or rejected, and inbox entries that are parked."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from hub.store import inbox, outbox
from hub.store.database import Session

_ID = re.compile(r"outbox:(?P<destination>[^:]+):(?P<key>[0-9a-f-]{36})|inbox:(?P<entry>[0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """``id`` is ``outbox:<connection>:<key>`` or ``inbox:<id>``; ``events`` are the inbox ids behind it."""

    id: str
    kind: Literal["outbox", "inbox"]
    connection: str
    state: Literal["dead", "rejected", "parked"]
    reason: str
    at: datetime
    attempts: int
    events: list[int]
    subject: str
    """``profile`` or ``order`` for an outbox row, the event's topic for an inbox entry."""
    profile_id: UUID | None = None


def page(session: Session, *, connection: str | None = None, after: str | None = None, limit: int) -> list[DeadLetter]:
    """Outbox rows first, then inbox entries, newest first. ``after`` is the id of the last one before.

    Raises ValueError when ``after`` is no dead letter's id.
    """
    match = _parsed(after) if after else None
    found: list[DeadLetter] = []
    if match is None or match["destination"]:
        last = (match["destination"], UUID(match["key"])) if match else None
        found = _outbox(session, connection, last, limit)
    if len(found) < limit:
        before = int(match["entry"]) if match and match["entry"] else None
        found += _parked(session, connection, before, limit - len(found))
    return found


def checked_id(text: str) -> str:
    """The given text, if it has the form of a dead letter's id. Raises ValueError when it has not."""
    match = _parsed(text)
    if match["key"]:
        UUID(match["key"])
    return text


def redrive(session: Session, dead_letter: str) -> bool:
    """Put one back to be worked on again; False when there is no such dead letter (any more)."""
    try:
        match = _parsed(dead_letter)
        key = UUID(match["key"]) if match["key"] else None
    except ValueError:
        return False
    if key is not None:
        return bool(outbox.redrive(session, destination=match["destination"], keys=[key]))
    return bool(inbox.requeue(session, ids=[int(match["entry"])], state="parked"))


def tried_again(session: Session, ids: Collection[int], reason: str) -> None:
    """Entries that are parked for this reason wait for nobody: what failed is being tried again."""
    session.run(
        "DELETE FROM inbox_outcome WHERE inbox_id = ANY(%b) AND state = 'parked' AND reason = %s", [list(ids), reason]
    )


def _parsed(text: str) -> re.Match[str]:
    match = _ID.fullmatch(text)
    if match is None:
        raise ValueError("not the id of a dead letter")
    return match


def _outbox(session: Session, connection: str | None, after: tuple[str, UUID] | None, limit: int) -> list[DeadLetter]:
    rows = outbox.page(session, states=("dead", "rejected"), destination=connection, after=after, limit=limit)
    return [
        DeadLetter(
            id=f"outbox:{row['destination']}:{row['key']}",
            kind="outbox",
            connection=row["destination"],
            state=row["state"],
            reason=row["reason"],
            at=row["updated_at"],
            attempts=row["attempts"],
            events=row["events"],
            subject=row["subject"],
            profile_id=row["profile_id"],
        )
        for row in rows
    ]


def _parked(session: Session, connection: str | None, before: int | None, limit: int) -> list[DeadLetter]:
    rows = session.rows(
        """
        SELECT i.id, i.connection, i.topic, o.reason, o.at
        FROM inbox_outcome o JOIN inbox i ON i.id = o.inbox_id
        WHERE o.state = 'parked' AND NOT EXISTS (SELECT FROM inbox_queue q WHERE q.inbox_id = o.inbox_id)
            AND (%(before)s::bigint IS NULL OR o.inbox_id < %(before)s)
            AND (%(connection)s::text IS NULL OR i.connection = %(connection)s)
        ORDER BY o.inbox_id DESC LIMIT %(limit)s
        """,
        {"before": before, "connection": connection, "limit": limit},
    )
    return [
        DeadLetter(f"inbox:{id_}", "inbox", name, "parked", reason, at, 0, [id_], topic)
        for id_, name, topic, reason, at in rows
    ]

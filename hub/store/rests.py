"""Sources whose vendor is left alone for a while, because what Hub asked of it failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from hub.errors import HubError
from hub.store.database import Session

Part = Literal["bodies", "history", "comparison", "webhooks"]
"""What failed: the bodies that thin events lack, reading the history by the clock, comparing, looking at webhooks.

Each rests for itself: a list that the credentials may not read must not hold up the bodies of events.
"""


def _key(connection: str, part: Part) -> str:
    """The row of a part; names of connections hold no space, so ``split_part`` takes both out again."""
    return connection if part == "bodies" else f"{connection} {part}"


def begin(
    session: Session, connection: str, wait: Sequence[timedelta], error: HubError, part: Part = "bodies"
) -> timedelta:
    """Start a rest, longer each time in a row (``wait``); gives how long it is. ``error`` is kept as kind and words."""
    row = session.one(
        """
        INSERT INTO completion_rest AS held (connection, not_before, failures, reason)
        VALUES (%(key)s, now() + (%(wait)s::interval[])[1], 1, %(reason)s)
        ON CONFLICT (connection) DO UPDATE SET failures = held.failures + 1, reason = excluded.reason,
            not_before = now() + (%(wait)s::interval[])[least(held.failures + 1, %(most)s)]
        RETURNING not_before - now()
        """,
        {
            "key": _key(connection, part),
            "wait": list(wait),
            "most": len(wait),
            "reason": f"{type(error).__name__}: {error}",
        },
    )
    assert row is not None
    found: timedelta = row[0]
    return found


def runs(session: Session, connection: str, part: Part = "bodies") -> bool:
    """Whether a connection's vendor is being left alone."""
    found = session.rows(
        "SELECT 1 FROM completion_rest WHERE connection = %s AND not_before > now()", [_key(connection, part)]
    )
    return bool(found)


def failed(session: Session, connection: str, part: Part) -> bool:
    """Whether this failed when it was tried last."""
    return bool(session.rows("SELECT 1 FROM completion_rest WHERE connection = %s", [_key(connection, part)]))


def end(session: Session, connection: str, part: Part = "bodies") -> None:
    """The vendor answers again."""
    session.run("DELETE FROM completion_rest WHERE connection = %s", [_key(connection, part)])

"""How many rows of the outbox are in which state, and how long the oldest waits: one look at the whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows by destination and state, and by destination the age in seconds of the oldest row that waits.

    ``retrying`` rows are shown apart and also count as pending. A destination without waiting rows has no age; one that
    is paused or left alone has.
    """

    rows: Mapping[str, Mapping[str, int]]
    lag: Mapping[str, float]


def counted(session: Session) -> Counted:
    """Count now. Half a million rows take a tenth of a second, read in one go; looked up by key they take three."""
    rows: dict[str, dict[str, int]] = {}
    lag: dict[str, float] = {}
    with session.scanning():
        found = session.rows(
            """
            SELECT destination, state, count(*), extract(epoch FROM now() - min(enqueued_at))::float8
            FROM outbox GROUP BY destination, state ORDER BY destination, state
            """
        )
    for destination, state, count, oldest in found:
        of = rows.setdefault(destination, {"pending": 0, "retrying": 0, "delivered": 0, "rejected": 0, "dead": 0})
        of[state] += count
        if state == "retrying":
            of["pending"] += count
        if state in ("pending", "retrying"):
            lag[destination] = max(0.0, oldest, lag.get(destination, 0.0))
    return Counted(rows, lag)

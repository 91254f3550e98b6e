"""What vendors told of their limits last, by connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.sdk.quota import Quota
from hub.store.database import Session


@dataclass(frozen=True, slots=True)
class ToldQuota:
    """A quota and when it was told."""

    quota: Quota
    at: datetime


def note(session: Session, connection: str, told: Sequence[Quota]) -> None:
    """Keep what was told now."""
    for one in sorted(told, key=lambda one: one.window):
        session.run(
            """
            INSERT INTO quota AS held (connection, period, allowed, remaining, at) VALUES (%s, %s, %s, %s, now())
            ON CONFLICT (connection, period) DO UPDATE
            SET allowed = excluded.allowed, remaining = excluded.remaining, at = excluded.at
            """,
            [connection, one.window, one.allowed, one.left],
        )


def by_connection(session: Session) -> dict[str, list[ToldQuota]]:
    """All of them; those of a day first."""
    found: dict[str, list[ToldQuota]] = {}
    for name, window, allowed, left, at in session.rows(
        "SELECT connection, period, allowed, remaining, at FROM quota ORDER BY connection, period"
    ):
        found.setdefault(name, []).append(ToldQuota(Quota(window, allowed, left), at))
    return found

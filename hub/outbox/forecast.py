"""forecast: what a destination would be sent if profiles were other than they are. Reads only, and renders for real."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.model.profile import Profile
from hub.outbox.enqueue import Route, applying
from hub.outbox.render import as_told, render
from hub.sdk.connection import Connection
from hub.sdk.destination import Change, ProfileChange
from hub.store import due
from hub.store.database import Session

MOST = 20_000
"""Profiles per destination that are rendered; of more, each that differs is counted as a write."""

WRITES = ("creates", "updates", "merges", "restores")


@dataclass(frozen=True, slots=True)
class Supposed:
    """A profile as it would be. ``keys``: all ids that would lead to it, its own among them."""

    profile: Profile
    version: int
    keys: tuple[UUID, ...]


@dataclass(slots=True)
class Forecast:
    """Writes to one destination.

    ``creates`` records that are not there, ``updates`` those that are, ``merges`` of two records there, and
    ``restores`` one that was merged away. ``unchanged`` profiles differ in nothing that goes there, ``failed`` ones
    cannot be rendered. ``orders`` go to another customer.
    """

    counted: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0

    def document(self) -> dict[str, object]:
        """The same as JSON has it."""
        by = "rendering" if self.looked_at <= MOST else f"rendering the first {MOST}, and the rest by what differs"
        names = (*WRITES, "orders", "unchanged", "failed")
        return {**{name: self.counted[name] for name in names}, "counted_by": by}


def forecast(
    session: Session,
    connection: Connection,
    routes: Sequence[Route],
    supposed: Sequence[Supposed],
    found: Forecast,
    now: datetime,
) -> None:
    """Add the writes that these profiles would cause ``now``. ``routes`` are those that lead to this destination."""
    standing = due.supposed_rows(session, connection.name, {one.profile.id: one.keys for one in supposed})
    changes: dict[UUID, Change] = {}
    for one in supposed:
        row = standing.get(one.profile.id)
        if row is None and not applying(routes, one.profile, now):
            continue
        changes[one.profile.id] = ProfileChange(
            profile=as_told(routes, one.profile, now),
            version=one.version,
            external_ids=tuple(row.external_ids) if row else (),
            mirror=row.mirror if row else {},
            uncertain=bool(row and row.uncertain),
            merged_ids=tuple(row.merged_ids) if row else (),
        )
    if found.looked_at < MOST:
        rendered = render(changes, connection)
        for key, write in rendered.writes.items():
            found.counted[_sort(changes[key], known=write.external_id is not None)] += 1
            found.counted["merges"] += len(write.merge)
        found.counted["unchanged"] += len(rendered.unchanged)
        found.counted["failed"] += len(rendered.failed)
    else:
        for change in changes.values():
            assert isinstance(change, ProfileChange)
            found.counted[_sort(change, known=bool(change.external_ids))] += 1
            found.counted["merges"] += max(0, len(change.external_ids) - 1)
    found.looked_at += len(changes)


def _sort(change: Change, *, known: bool) -> str:
    if known:
        return "updates"
    return "restores" if isinstance(change, ProfileChange) and change.merged_ids else "creates"

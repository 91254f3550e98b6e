"""render: due outbox rows to the minimal writes of a destination, or to none. No I/O: this is also the dry run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub import metrics
from hub.errors import HubError, UnreadableError
from hub.model.order import Order
from hub.model.profile import Profile
from hub.outbox.enqueue import Route, applying
from hub.sdk.connection import Connection
from hub.sdk.destination import ActivityChange, Change, Destination, OrderChange, ProfileChange, Write
from hub.store.due import DueRow
from hub.store.facts import StoredOrder
from hub.store.profiles import FullRow

GONE_THERE = "people deleted its record there; `hub outbox resend` makes it anew"
"""The reason of a row whose record people deleted at the destination."""

NOT_ROUTED = "not routed"
"""The reason of a row whose profile no route takes, and the destination never had (``hub.store.profiles`` reads it)."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """Writes by row key, and rows that need none with the reason; ``failed`` cannot be rendered, with the reason."""

    writes: dict[UUID, Write]
    unchanged: dict[UUID, str]
    failed: dict[UUID, str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a change should, because what is stored cannot be read: ``reason`` says what, without values."""

    reason: str


def profile_changes(
    rows: Sequence[DueRow], profiles: Mapping[UUID, FullRow], routes: Sequence[Route], now: datetime
) -> tuple[dict[UUID, Change | Unreadable], dict[UUID, str]]:
    """Rows to changes; rows whose profile is retired or no longer routed are left out, with the reason.

    A profile that cannot be read is in its place as ``Unreadable``: ``render`` tells why.
    """
    changes: dict[UUID, Change | Unreadable] = {}
    left_out: dict[UUID, str] = {}
    for row in rows:
        stored = profiles.get(row.key)
        if stored is None:
            left_out[row.key] = "retired"
            continue
        if row.gone:
            left_out[row.key] = GONE_THERE
            continue
        try:
            profile = stored.profile()
        except UnreadableError as error:
            changes[row.key] = Unreadable(str(error))
            continue
        if not row.external_ids and not applying(routes, profile, now):
            left_out[row.key] = NOT_ROUTED
            continue
        changes[row.key] = ProfileChange(
            profile=as_told(routes, profile, now),
            version=row.version,
            external_ids=tuple(row.external_ids),
            mirror=row.mirror,
            uncertain=row.uncertain,
            merged_ids=tuple(row.merged_ids),
        )
    return changes, left_out


def as_told(routes: Sequence[Route], profile: Profile, now: datetime) -> Profile:
    """The profile as the destination of these routes is told it."""
    told = next((route.told for route in routes if route.told is not None), None)
    return told(profile, now) if told is not None else profile


def order_changes(
    rows: Sequence[DueRow], orders: Mapping[UUID, StoredOrder], suppressed: Collection[UUID]
) -> tuple[dict[UUID, Change | Unreadable], dict[UUID, str]]:
    """Order rows to changes; those of ``suppressed`` profiles are left out, with the reason.

    An order that cannot be read is in its place as ``Unreadable``.
    """
    changes: dict[UUID, Change | Unreadable] = {}
    left_out: dict[UUID, str] = {}
    for row in rows:
        if row.profile_id in suppressed:
            left_out[row.key] = "suppressed"
            continue
        stored = orders.get(row.key)
        try:
            order = Order.model_validate_json(stored.payload if stored else "")
        except ValueError:
            stored = None
        if stored is None:
            changes[row.key] = Unreadable(f"order {row.key} cannot be read by this version of Hub")
            continue
        changes[row.key] = OrderChange(
            order=order,
            connection=stored.connection,
            key=str(row.key),
            contact_id=row.contact_id,
            version=row.version,
            external_ids=tuple(row.external_ids),
            mirror=row.mirror,
            uncertain=row.uncertain,
            refunded=stored.refunded,
            paid=stored.paid,
            deleted=stored.deleted,
        )
    return changes, left_out


def render(changes: Mapping[UUID, Change | ActivityChange | Unreadable], connection: Connection) -> Rendered:
    """Render every change; one that fails is set aside and stops nobody else."""
    destination: Destination[object] | None = connection.connector.destination  # type: ignore[type-var]
    assert destination is not None
    rendered = Rendered({}, {}, {})
    for key, change in changes.items():
        if isinstance(change, Unreadable):
            rendered.failed[key] = change.reason
            continue
        try:
            write = _write(destination, change, connection)
        except HubError as error:
            rendered.failed[key] = str(error)
        except Exception as error:
            rendered.failed[key] = f"the connector failed to render this ({type(error).__name__})"
        else:
            if write is None:
                rendered.unchanged[key] = "nothing differs"
            else:
                rendered.writes[key] = write
    metrics.RENDERED.labels(connection.name, "write").inc(len(rendered.writes))
    metrics.RENDERED.labels(connection.name, "unchanged").inc(len(rendered.unchanged))
    return rendered


def _write(destination: Destination[object], change: Change | ActivityChange, connection: Connection) -> Write | None:  # type: ignore[type-var]
    if not isinstance(change, ActivityChange):
        return destination.render(change, connection.settings)
    return destination.append(change, connection.settings) if destination.append else None

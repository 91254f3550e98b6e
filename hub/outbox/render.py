"""render: due outbox rows to the minimal writes of a destination, or to none. No I/O: this is also the dry run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub import metrics
from hub.errors import HubError
from hub.model.order import Order
from hub.outbox.enqueue import Route, applying
from hub.sdk.connection import Connection
from hub.sdk.destination import Change, Destination, OrderChange, ProfileChange, Write
from hub.store.due import DueRow
from hub.store.profiles import FullRow


@dataclass(frozen=True, slots=True)
class Rendered:
    """Writes by row key, and rows that need none with the reason; ``failed`` cannot be rendered, with the reason."""

    writes: dict[UUID, Write]
    unchanged: dict[UUID, str]
    failed: dict[UUID, str]


def profile_changes(
    rows: Sequence[DueRow], profiles: Mapping[UUID, FullRow], routes: Sequence[Route], now: datetime
) -> tuple[dict[UUID, Change], dict[UUID, str]]:
    """Rows to changes; rows whose profile is retired or no longer routed are left out, with the reason."""
    changes: dict[UUID, Change] = {}
    left_out: dict[UUID, str] = {}
    for row in rows:
        stored = profiles.get(row.key)
        if stored is None:
            left_out[row.key] = "retired"
            continue
        profile = stored.profile()
        if not row.external_ids and not applying(routes, profile, now):
            left_out[row.key] = "not routed"
            continue
        changes[row.key] = ProfileChange(
            profile=profile,
            version=row.version,
            external_ids=tuple(row.external_ids),
            mirror=row.mirror,
            uncertain=row.uncertain,
            merged_ids=tuple(row.merged_ids),
        )
    return changes, left_out


def order_changes(
    rows: Sequence[DueRow], payloads: Mapping[UUID, tuple[str, str]], suppressed: Collection[UUID]
) -> tuple[dict[UUID, Change], dict[UUID, str]]:
    """Order rows to changes; those of ``suppressed`` profiles are left out, with the reason."""
    changes: dict[UUID, Change] = {}
    left_out: dict[UUID, str] = {}
    for row in rows:
        if row.profile_id in suppressed:
            left_out[row.key] = "suppressed"
            continue
        connection, payload = payloads[row.key]
        changes[row.key] = OrderChange(
            order=Order.model_validate_json(payload),
            connection=connection,
            key=str(row.key),
            contact_id=row.contact_id,
            version=row.version,
            external_ids=tuple(row.external_ids),
            mirror=row.mirror,
            uncertain=row.uncertain,
        )
    return changes, left_out


def render(changes: Mapping[UUID, Change], connection: Connection) -> Rendered:
    """Render every change; one that fails is set aside and stops nobody else."""
    destination: Destination[object] | None = connection.connector.destination  # type: ignore[type-var]
    assert destination is not None
    rendered = Rendered({}, {}, {})
    for key, change in changes.items():
        try:
            write = destination.render(change, connection.settings)
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

"""preview: the requests that would go out to one destination now. Takes nothing, sends nothing, shows no secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr

from hub.outbox.appending import AnyChange, facts_changes
from hub.outbox.deliver import Sender
from hub.outbox.render import profile_changes, render
from hub.sdk.connection import Connection
from hub.sdk.destination import HttpRequest, Write
from hub.sdk.manifest import Capability
from hub.store import due, profiles
from hub.store.database import Session
from hub.store.due import DueRow
from hub.store.outbox import Subject

SECRET = "[secret]"  # noqa: S105 - what stands in a secret's place


@dataclass(frozen=True, slots=True)
class Preview:
    """``requests`` in the order they go out; ``nothing`` and ``failed`` are rows without one, by key, with the reason.

    ``waiting`` are orders and activities whose customer is not known there yet: they go out after the customer.
    """

    destination: str
    requests: list[HttpRequest]
    nothing: dict[UUID, str]
    failed: dict[UUID, str]
    waiting: list[UUID]


def preview(session: Session, sender: Sender, *, key: UUID | None = None, limit: int = 100) -> Preview:
    """Render and plan up to ``limit`` waiting rows per subject, in batches as they would be sent."""
    connection = sender.connection
    shown = Preview(connection.name, [], {}, {}, [])
    takes_orders = Capability.ORDERS in connection.connector.manifest.capabilities
    subjects: list[Subject] = ["profile"]
    if takes_orders:
        subjects.append("order")
    if any(route.activities for route in sender.routes):
        subjects.append("activity")
    for subject in subjects:
        rows = due.waiting_rows(session, connection.name, subject, key=key, limit=limit)
        if subject != "profile":
            shown.waiting.extend(row.key for row in rows if row.contact_id is None)
            rows = [row for row in rows if row.contact_id is not None]
        batch = sender.limits.batch
        for start in range(0, len(rows), batch):
            _add(shown, session, sender, subject, rows[start : start + batch])
    return shown


def _add(shown: Preview, session: Session, sender: Sender, subject: Subject, rows: Sequence[DueRow]) -> None:
    keys = [row.key for row in rows]
    changes: Mapping[UUID, AnyChange]
    if subject == "profile":
        changes, left_out = profile_changes(rows, profiles.by_ids(session, keys), sender.routes, sender.clock())
    else:
        suppressed = profiles.suppressed(session, [row.profile_id for row in rows])
        changes, left_out = facts_changes(session, subject, rows, suppressed, sender.clock())
    rendered = render(changes, sender.connection)
    shown.nothing.update({**left_out, **rendered.unchanged})
    shown.failed.update(rendered.failed)
    shown.requests.extend(planned(sender.connection, list(rendered.writes.values())))


def planned(connection: Connection, writes: Sequence[Write]) -> list[HttpRequest]:
    """The requests a batch starts with, each secret of the connection replaced wherever it stands."""
    destination = connection.connector.destination
    if destination is None or not writes:
        return []
    hidden = _secrets(connection)
    return [
        HttpRequest(request.method, _without(request.path, hidden), _without_in(request.body, hidden))
        for request in destination.plan(writes, connection.settings)
    ]


def _secrets(connection: Connection) -> list[str]:
    found = [part for _, value in connection.settings for part in (value if isinstance(value, tuple) else (value,))]
    texts = [part.get_secret_value() for part in found if isinstance(part, SecretStr)]
    return sorted((text for text in texts if text), key=len, reverse=True)


def _without(text: str, hidden: Sequence[str]) -> str:
    for secret in hidden:
        text = text.replace(secret, SECRET)
    return text


def _without_in(body: Any, hidden: Sequence[str]) -> Any:
    text = orjson.dumps(body, default=str).decode()
    for secret in hidden:
        text = text.replace(orjson.dumps(secret).decode()[1:-1], SECRET)
    return orjson.loads(text)

"""preview: what would go out to one destination now, field by field and as requests. Sends nothing, shows no secret.

With a client it asks: what stands in these fields now, and what of the account a connector has to know to write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import orjson

from hub.errors import HubError
from hub.outbox.appending import AnyChange, facts_changes
from hub.outbox.before_after import Record, record_of
from hub.outbox.deliver import Sender
from hub.outbox.render import Unreadable, profile_changes, render
from hub.sdk.connection import Connection
from hub.sdk.crm.calls import Caller
from hub.sdk.destination import ActivityChange, HttpRequest, Write
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Capability, ConnectionSettings
from hub.store import due, profiles
from hub.store.database import Session
from hub.store.due import DueRow
from hub.store.outbox import Subject

SECRET = "[secret]"  # noqa: S105 - what stands in a secret's place

UNLEARNED = "what only the account knows, such as the keys of its own fields, is not in these requests; --live asks it"


@dataclass(frozen=True, slots=True)
class Preview:
    """``requests`` in the order they go out; ``nothing`` and ``failed`` are rows without one, by key, with the reason.

    ``waiting`` are orders and activities whose customer is not known there yet: they go out after the customer.
    ``records`` are what becomes of each, and ``warnings`` what of this may be otherwise.
    """

    destination: str
    requests: list[HttpRequest]
    nothing: dict[UUID, str]
    failed: dict[UUID, str]
    waiting: list[UUID]
    records: list[Record] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def preview(
    session: Session,
    sender: Sender,
    *,
    key: UUID | None = None,
    profile: UUID | None = None,
    limit: int = 100,
    client: HttpClient | None = None,
    failed: Collection[UUID] | Literal["all"] = (),
) -> Preview:
    """Render and plan up to ``limit`` waiting rows per subject, in batches as they would be sent.

    With ``key`` only those of that profile or order. With ``profile`` those of that profile and its orders, and the
    profile also when it does not wait: as it would be written now. With ``failed`` none that wait, but these (or all)
    that are dead or rejected: what a redrive would send.
    """
    connection = sender.connection
    shown = Preview(connection.name, [], {}, {}, [])
    settings = _learned(shown, connection, client)
    takes_orders = Capability.ORDERS in connection.connector.manifest.capabilities
    subjects: list[Subject] = ["profile"]
    if takes_orders:
        subjects.append("order")
    if any(route.activities for route in sender.routes):
        subjects.append("activity")
    for subject in subjects:
        if failed:
            keys = None if failed == "all" else failed
            rows = due.failed_rows(session, connection.name, subject, keys=keys, limit=limit)
        else:
            rows = due.waiting_rows(session, connection.name, subject, key=profile or key, limit=limit)
        if subject == "profile" and profile is not None and not rows:
            rows = [_supposed(session, connection.name, profile)]
        if subject != "profile":
            shown.waiting.extend(row.key for row in rows if row.contact_id is None)
            rows = [row for row in rows if row.contact_id is not None]
        batch = sender.limits.batch
        for start in range(0, len(rows), batch):
            _add(shown, session, sender, subject, rows[start : start + batch], settings)
    if client is not None:
        _ask(shown, connection, client)
    return shown


def _supposed(session: Session, destination: str, profile: UUID) -> DueRow:
    """The row that a profile would have if it were due."""
    stored = profiles.get(session, profile)
    own = (stored.id, *stored.aliases) if stored else (profile,)
    found = due.supposed_rows(session, destination, {own[0]: own})
    return found.get(own[0]) or DueRow(own[0], own[0], 1, 0, False, [], {}, [], None, [], own[0], [], [])


def _learned(shown: Preview, connection: Connection, client: HttpClient | None) -> ConnectionSettings:
    destination = connection.connector.destination
    if destination is None or not destination.learns or destination.dialect is None:
        return connection.settings
    if client is None:
        shown.warnings.append(UNLEARNED)
        return connection.settings
    try:
        learned: ConnectionSettings = destination.dialect(client, connection.settings)[1]
    except HubError as error:
        shown.warnings.append(f"{UNLEARNED} ({error})")
        return connection.settings
    return learned


def _add(
    shown: Preview,
    session: Session,
    sender: Sender,
    subject: Subject,
    rows: Sequence[DueRow],
    settings: ConnectionSettings,
) -> None:
    keys = [row.key for row in rows]
    changes: Mapping[UUID, AnyChange]
    if subject == "profile":
        changes, left_out = profile_changes(rows, profiles.by_ids(session, keys), sender.routes, sender.clock())
    else:
        suppressed = profiles.suppressed(session, [row.profile_id for row in rows])
        changes, left_out = facts_changes(session, subject, rows, suppressed, sender.clock(), sender.derived)
    rendered = render(changes, sender.connection)
    shown.nothing.update({**left_out, **rendered.unchanged})
    shown.failed.update(rendered.failed)
    shown.records.extend(
        record_of(key, change, rendered.writes.get(key), sender.connection.settings)
        for key, change in changes.items()
        if key not in rendered.failed and not isinstance(change, Unreadable | ActivityChange)
    )
    shown.requests.extend(planned(sender.connection, list(rendered.writes.values()), settings))


def _ask(shown: Preview, connection: Connection, client: HttpClient) -> None:
    """Read what stands there now in the fields of known people. What cannot be read is told, and hides nothing."""
    destination = connection.connector.destination
    asked = [one for one in shown.records if one.kind == "profile" and one.external_id and one.fields]
    if destination is None or destination.dialect is None or not asked:
        return
    try:
        dialect, settings = destination.dialect(client, connection.settings)
        if dialect.people.values is None:
            return
        for place, one in enumerate(shown.records):
            if one in asked:
                names = tuple(each.name for each in one.fields)
                told: Mapping[str, Mapping[str, Any]] = Caller(client, settings).run(
                    dialect.people.values((str(one.external_id),), names, settings)
                )
                shown.records[place] = one.with_there(told.get(str(one.external_id), {}))
    except HubError as error:
        shown.warnings.append(f"what stands there now cannot be read: {error}")


def planned(
    connection: Connection, writes: Sequence[Write], settings: ConnectionSettings | None = None
) -> list[HttpRequest]:
    """The requests a batch starts with, each secret of the connection replaced wherever it stands."""
    destination = connection.connector.destination
    if destination is None or not writes:
        return []
    hidden = sorted(connection.settings.secret_texts, key=len, reverse=True)
    return [
        HttpRequest(
            request.method,
            _without(request.path, hidden),
            _without_in(request.body, hidden),
            _without_in(dict(request.query), hidden),
            _without_in(dict(request.headers), hidden),
        )
        for request in destination.plan(writes, settings or connection.settings)
    ]


def _without(text: str, hidden: Sequence[str]) -> str:
    for secret in hidden:
        text = text.replace(secret, SECRET)
    return text


def _without_in(body: Any, hidden: Sequence[str]) -> Any:
    text = orjson.dumps(body, default=str).decode()
    for secret in hidden:
        text = text.replace(orjson.dumps(secret).decode()[1:-1], SECRET)
    return orjson.loads(text)

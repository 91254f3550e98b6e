"""verify: a raw delivery becomes a verified one, or is refused. Pure."""

from __future__ import annotations

from hashlib import sha256

import orjson

from hub.errors import PayloadError, VerificationError
from hub.sdk.connection import Connection
from hub.sdk.source import EventName, RawDelivery
from hub.store.inbox import NewEntry

_NOT_KEPT = frozenset({"authorization", "cookie", "proxy-authorization"})


def verify(connection: Connection, delivery: RawDelivery) -> NewEntry:
    """Check the signature over the raw bytes, and name the event.

    A signed body that cannot be read is kept under the digest of its bytes: ``normalise`` parks it, visibly, instead of
    the sender switching its subscription off. Raises VerificationError when the signature is missing, wrong or old.
    """
    source = connection.connector.source
    if source is None or source.verify is None or source.name_event is None:
        raise VerificationError("this connection takes no webhooks")
    source.verify(delivery, connection.settings)
    try:
        name = source.name_event(delivery, connection.settings)
    except PayloadError:
        name = EventName(event_id=f"unreadable:{sha256(delivery.body).hexdigest()}", topic="unreadable")
    headers = {name: value for name, value in delivery.headers.items() if name not in _NOT_KEPT}
    return NewEntry(
        connection=connection.name,
        event_id=storable(name.event_id),
        topic=storable(name.topic),
        headers=storable(orjson.dumps(headers).decode()),
        body=delivery.body,
        received_at=delivery.received_at,
    )


def storable(text: str) -> str:
    """The text without NUL: PostgreSQL cannot hold one, and a signed header may."""
    return text.replace("\x00", "").replace("\\u0000", "")

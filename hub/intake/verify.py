"""verify: a raw delivery becomes a verified one, or is refused. Pure."""

from __future__ import annotations

from hashlib import sha256

import orjson

from hub.errors import VerificationError
from hub.sdk.connection import Connection
from hub.sdk.source import UNREADABLE, EventName, RawDelivery
from hub.store.inbox import NewEntry
from hub.store.text import key, storable

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
    return named(connection, delivery)


def named(connection: Connection, delivery: RawDelivery) -> NewEntry:
    """The entry that a verified delivery becomes; its names are the connector's, and no secret is kept with it."""
    source = connection.connector.source
    assert source is not None
    assert source.name_event is not None
    try:
        name = source.name_event(delivery, connection.settings)
    except Exception:  # a PayloadError, or the connector's mistake: the sender is not the one to suffer for it
        name = EventName(event_id=f"unreadable:{sha256(delivery.body).hexdigest()}", topic=UNREADABLE)
    own = connection.settings.secret_texts  # some senders sign nothing, and put the secret itself into a header
    headers = {name: value for name, value in delivery.headers.items() if name not in _NOT_KEPT}
    told = "\n".join(headers.values())
    if any(secret in told for secret in own):
        headers = {name: value for name, value in headers.items() if not any(secret in value for secret in own)}
    return NewEntry(
        connection=connection.name,
        event_id=key(name.event_id),
        topic=storable(name.topic),
        headers=orjson.dumps(headers).decode(),
        body=delivery.body,
        received_at=delivery.received_at,
    )

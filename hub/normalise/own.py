"""What people tell Hub itself: a note at a person, a pinned value. The source ``hub`` needs no configuration.

A note goes the way of every event, so that it is stored once, can be replayed, and follows its record through merges
and splits. It hangs on a record that another source told, and makes none of its own. A
pinned value is told by a record of its own, which is tied to that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from hub.errors import PayloadError
from hub.mapping.customer import CustomerField, customer
from hub.model.event import CanonicalEvent, CustomerEvent, InteractionEvent, LinkEvent
from hub.model.identifier import PIN, RecordKey
from hub.model.interaction import Interaction
from hub.model.keys import record_id
from hub.model.profile import RecordReference
from hub.sdk.source import InboxEntry

CONNECTION, TOPIC, PINNED = "hub", "hub/note", "hub/pin"


class WrittenNote(BaseModel):
    """``by`` is the name of the user or token that wrote it; ``record`` one of the person's at that time."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    record: RecordReference
    text: str
    by: str
    at: AwareDatetime

    def body(self) -> bytes:
        """As the inbox keeps it."""
        return orjson.dumps(self.model_dump(mode="json"))


class WrittenPin(BaseModel):
    """Values that somebody pins, or lets go.

    ``fields`` has them by the names of a customer's fields or as ``custom.NAME``, ``released`` the attributes that are
    let go; ``region`` is where a phone number without a country is dialled (ISO 3166).
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    record: RecordReference
    fields: Mapping[str, str] = {}
    released: tuple[str, ...] = ()
    region: str = "DE"
    by: str
    at: AwareDatetime

    def body(self) -> bytes:
        """As the inbox keeps it."""
        return orjson.dumps(self.model_dump(mode="json"))

    @property
    def key(self) -> RecordKey:
        """The record that holds what is pinned of that person: one for each record it is tied to."""
        anchor = record_id(self.record.connection, self.record.kind, self.record.external_id)
        return RecordKey(kind=PIN, external_id=anchor.hex)


def is_own(entry: InboxEntry) -> bool:
    """Whether people told it here. No vendor has such a topic, whatever a connection is called."""
    return entry.connection == CONNECTION and entry.topic in (TOPIC, PINNED)


def parse(entry: InboxEntry) -> list[CanonicalEvent]:
    """The events. Raises PayloadError."""
    try:
        return [_note(entry.body)] if entry.topic == TOPIC else _pin(WrittenPin.model_validate_json(entry.body))
    except ValidationError as error:
        raise PayloadError(f"{entry.topic}: {error.error_count()} of its fields cannot be read") from None


def _note(body: bytes) -> InteractionEvent:
    note = WrittenNote.model_validate_json(body)
    told = Interaction(
        external_id=str(note.id), kind="note", channel="hub", direction="out", text=note.text, details={"by": note.by}
    )
    key = RecordKey(kind=note.record.kind, external_id=note.record.external_id)
    return InteractionEvent(occurred_at=note.at, record=key, interaction=told, of=note.record.connection)


def _pin(pin: WrittenPin) -> list[CanonicalEvent]:
    own = {cast("CustomerField", name): (text,) for name, text in pin.fields.items() if not name.startswith("custom.")}
    custom = {name.removeprefix("custom."): text for name, text in pin.fields.items() if name.startswith("custom.")}
    told = customer(pin.key, own, region=pin.region, custom=custom)
    return [
        CustomerEvent(occurred_at=pin.at, customer=told, whole=("emails", "phones"), released=pin.released),
        LinkEvent(occurred_at=pin.at, records=(pin.key,), of=pin.record, reason="pinned at that person"),
    ]

"""What people tell Hub itself: a note at a person. The source ``hub`` is built in, and needs no configuration.

A note goes the way of every event, so that it is stored once, can be replayed, and follows its record through merges
and splits. It hangs on a record that another source told, and makes none of its own.
"""

from __future__ import annotations

from uuid import UUID

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from hub.errors import PayloadError
from hub.model.event import InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.model.profile import RecordReference
from hub.sdk.source import InboxEntry

CONNECTION, TOPIC = "hub", "hub/note"


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


def is_own(entry: InboxEntry) -> bool:
    """Whether people told it here. No vendor has such a topic, whatever a connection is called."""
    return (entry.connection, entry.topic) == (CONNECTION, TOPIC)


def parse(entry: InboxEntry) -> list[InteractionEvent]:
    """The interaction. Raises PayloadError."""
    try:
        note = WrittenNote.model_validate_json(entry.body)
    except ValidationError as error:
        raise PayloadError(f"{TOPIC}: {error.error_count()} of its fields cannot be read") from None
    told = Interaction(
        external_id=str(note.id), kind="note", channel="hub", direction="out", text=note.text, details={"by": note.by}
    )
    key = RecordKey(kind=note.record.kind, external_id=note.record.external_id)
    return [InteractionEvent(occurred_at=note.at, record=key, interaction=told, of=note.record.connection)]

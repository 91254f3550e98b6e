"""back: what is left to do with what came back from destinations once its records are placed; as a mark keeps it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.model.customer import CustomerSnapshot
from hub.model.keys import record_id


@dataclass(slots=True)
class Back:
    """What is left to do once the records are resolved, by connection.

    ``fresh`` are records that Hub did not know, and ``edited`` profiles of which something was changed there.
    """

    fresh: dict[str, dict[str, tuple[CustomerSnapshot, datetime]]] = field(default_factory=lambda: defaultdict(dict))
    edited: dict[str, dict[UUID, set[int]]] = field(default_factory=lambda: defaultdict(dict))
    touched: set[UUID] = field(default_factory=set)

    def document(self) -> Any:
        """As JSON, for whoever places the records; None where nothing is left to do."""
        if not any(self.fresh.values()) and not any(self.edited.values()):
            return None
        return {
            "fresh": {
                name: {one: [snapshot.model_dump(mode="json"), at.isoformat()] for one, (snapshot, at) in found.items()}
                for name, found in self.fresh.items()
            },
            "edited": {
                name: {str(key): sorted(events) for key, events in found.items()} for name, found in self.edited.items()
            },
        }


def back_of(document: Any) -> Back:
    """The inverse of ``Back.document``, without the records that were touched."""
    back = Back()
    for name, found in document["fresh"].items():
        back.fresh[name] = {
            one: (CustomerSnapshot.model_validate(snapshot), datetime.fromisoformat(at))
            for one, (snapshot, at) in found.items()
        }
    for name, edited in document["edited"].items():
        back.edited[name] = {UUID(key): set(events) for key, events in edited.items()}
    return back


def parts(document: Any) -> list[tuple[set[UUID], Any]]:
    """What is left to do one by one, each with the records that have to be placed for it; of ``Back.document``."""
    fresh = [
        ({contact_record(name, one)}, {"fresh": {name: {one: read}}, "edited": {}})
        for name, found in document["fresh"].items()
        for one, read in found.items()
    ]
    edited = [
        (set[UUID](), {"fresh": {}, "edited": {name: {key: events}}})
        for name, found in document["edited"].items()
        for key, events in found.items()
    ]
    return [*fresh, *edited]


def contact_record(connection: str, external_id: str) -> UUID:
    """The id of the record that a person's record at a destination is."""
    return record_id(connection, "contact", external_id)

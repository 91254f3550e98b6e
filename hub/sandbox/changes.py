"""What happens to the sandbox's contacts, as HubSpot's webhooks tell it, whoever did it; and people at work there.

Shapes: developers.hubspot.com/docs-beta/webhooks, developers.hubspot.com/changelog/new-subscription-types-for-webhooks.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from hub.sandbox.records import Json, Records, Stored

MOST = 100
"""Events of one request."""

KEPT = 10_000
"""Events that are kept where nobody asks for them."""

_HUMAN = {"changeSource": "CRM_UI", "sourceId": "userId:4711"}
_APP = {"changeSource": "INTEGRATION", "sourceId": "1160452"}


class Changes(Records):
    """Records that note what happens to contacts, until ``told`` takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.events: deque[Json] = deque(maxlen=KEPT)
        self._by = _APP
        self._merging = False

    def edit(self, contact: str, **properties: str) -> None:
        """A person changes a contact there."""
        self._by = _HUMAN
        try:
            self.change("contacts", self.known("contacts", contact), properties)
        finally:
            self._by = _APP

    def merge_by_hand(self, primary: str, other: str) -> str:
        """A person merges two contacts there; gives the id of the one that is left."""
        self._by = _HUMAN
        try:
            return self.merge(self.known("contacts", primary), self.known("contacts", other)).id
        finally:
            self._by = _APP

    def delete_by_hand(self, contact: str) -> None:
        """A person deletes a contact there."""
        self._by = _HUMAN
        self.remove(self.known("contacts", contact))
        self._by = _APP

    def told(self) -> list[Json]:
        """The events of the next webhook request, 100 at most; they are not told again."""
        return [self.events.popleft() for _ in range(min(MOST, len(self.events)))]

    def change(self, kind: str, record: Stored, properties: Mapping[str, str]) -> None:
        before, is_new = dict(record.properties), record.id not in self.records[kind]
        super().change(kind, record, properties)
        if kind != "contacts":
            return
        if is_new:
            self._note("creation", record.id, changeFlag="CREATED")
        for name, value in properties.items():
            if before.get(name, "") != value:
                self._note("propertyChange", record.id, propertyName=name, propertyValue=value)

    def merge(self, primary: Stored, other: Stored) -> Stored:
        self._merging = True
        try:
            left = super().merge(primary, other)
        finally:
            self._merging = False
        self._note(
            "merge",
            primary.id,
            primaryObjectId=int(primary.id),
            mergedObjectIds=[int(other.id)],
            newObjectId=int(left.id),
            numberOfPropertiesMoved=0,
        )
        return left

    def remove(self, record: Stored, kind: str = "contacts") -> None:
        super().remove(record, kind)
        if kind == "contacts" and not self._merging:
            self._note("deletion", record.id, changeFlag="DELETED")

    def _note(self, action: str, contact: str, **more: Any) -> None:
        self.events.append(
            {
                "eventId": len(self.events) + 100_500,
                "subscriptionId": 2_817_001,
                "portalId": 25_012_345,
                "appId": 1_160_452,
                "occurredAt": round(time.time() * 1000),
                "subscriptionType": f"contact.{action}",
                "attemptNumber": 0,
                "objectId": int(contact),
                **self._by,
                **more,
            }
        )

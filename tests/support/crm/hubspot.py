"""The sandbox that speaks HubSpot's API, as the shared laws see a double."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import httpx

from hub.sandbox.hubspot import SandboxCrm
from hub.sandbox.records import Stored, invalid
from tests.support.crm.double import Entry, Order, Person

SYSTEM = ("hs_merged_object_ids", "hs_additional_emails")


class Refusing(SandboxCrm):
    """A sandbox that refuses some texts, as HubSpot refuses a value it does not take."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()

    def _check(self, kind: str, record: Stored, name: str, value: object) -> None:
        super()._check(kind, record, name, value)
        if any(text in str(value) for text in self.refused):
            raise invalid(name, "INVALID_OPTION", f"{value} was not one of the allowed options")


class HubSpotDouble:
    """HubSpot in memory; see ``tests.support.crm.double.Double``."""

    slug = "hubspot"

    def __init__(self) -> None:
        self.crm = Refusing()

    def __deepcopy__(self, memo: dict[int, Any]) -> HubSpotDouble:
        copied = HubSpotDouble()
        for name, value in vars(self.crm).items():
            if name not in ("_lock", "clock"):
                setattr(copied.crm, name, deepcopy(value, memo))
        return copied

    @property
    def opted_out(self) -> set[str]:
        """The e-mails that are unsubscribed from everything."""
        return self.crm.unsubscribed

    def settings(self) -> dict[str, Any]:
        """A private app's token."""
        return {"access_token": self.crm.token}

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        query, headers = dict(request.url.params), dict(request.headers)
        reply = self.crm.handle(request.method, request.url.path, query, headers, request.content)
        made = {"content-type": "application/json;charset=utf-8", **reply.headers}
        return httpx.Response(reply.status, headers=made, content=reply.content)

    def people(self) -> list[Person]:
        """All contacts."""
        contacts = self.crm.records["contacts"].values()
        return [
            {
                "id": one.id,
                "owner": one.properties.get("hub_profile_id"),
                "emails": sorted(one.emails),
                "values": _values(one.properties),
            }
            for one in contacts
        ]

    def orders(self) -> list[Order]:
        """All deals; one that is associated with several contacts shows all of them."""
        return [
            {
                "id": deal["id"],
                "owner": deal.get("hub_order_key"),
                "person": ";".join(deal["contacts"]) or None,
                "values": {name: value for name, value in deal.items() if name not in ("id", "contacts")},
            }
            for deal in self.crm.deals()
        ]

    def activities(self) -> list[Entry]:
        """All notes and tasks at contacts."""
        return [
            {
                "id": note["id"],
                "owner": note.get("hub_activity_key"),
                "person": note["contact"],
                "values": {name: value for name, value in note.items() if name not in ("id", "contact")},
            }
            for note in (*self.crm.notes(), *self.crm.notes("tasks"))
        ]

    def lines(self) -> list[dict[str, Any]]:
        """All line items."""
        return self.crm.line_items()

    def add_person(self, email: str, **values: str) -> str:
        """Somebody there typed a contact."""
        return self.crm.add(email=email, **values)

    def delete_person(self, id: str) -> None:  # noqa: A002
        """Somebody there deleted a contact."""
        record = self.crm.known("contacts", id)
        self.crm.remove(record)
        self.crm.links = {(deal, to) for deal, to in self.crm.links if to != id}

    def delete_order(self, id: str) -> None:  # noqa: A002
        """Somebody there deleted a deal."""
        self.crm.remove(self.crm.known("deals", id), "deals")
        self.crm.links = {(deal, to) for deal, to in self.crm.links if id not in (deal, to)}

    def merge_people(self, kept: str, gone: str) -> None:
        """Somebody there merged two contacts."""
        self.crm.merge(self.crm.known("contacts", kept), self.crm.known("contacts", gone))

    def opt_out_there(self, email: str) -> None:
        """They unsubscribe by a link in a mailing."""
        self.opted_out.add(email)

    def lift_there(self, email: str) -> None:
        """Somebody there takes the opt-out back."""
        self.opted_out.discard(email)

    def refuse(self, text: str) -> None:
        """Refuse values that hold this text."""
        self.crm.refused.add(text)


def _values(properties: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in SYSTEM}

"""Brevo in memory, written from its OpenAPI description and the reports named in the connector's page.

A contact is blocked (``emailBlacklisted``) or not; who is asked by double opt-in is on no list until they confirm.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import httpx
import orjson

from tests.support.mailing.double import Double, Kept, answer

LISTS = {"3": "Newsletter", "7": "Deutsch"}


class BrevoDouble(Double):
    """See ``tests.support.mailing.double.Double``."""

    slug: ClassVar[str] = "brevo"
    own: ClassVar[str] = "HUB_PROFILE_ID"

    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, str] = {"FIRSTNAME": "text", "LASTNAME": "text"}
        self.lists = dict(LISTS)
        self.refuses_blocked = False
        """Whether a double opt-in of a blocked contact is refused, as some accounts were told."""

    def settings(self) -> dict[str, Any]:
        return {
            "api_key": "xkeysib-x", "lists": {"3": "", "7": "language == 'de'"}, "double_opt_in_template": 12,
            "double_opt_in_url": "https://shop.example.com/confirmed",
        }  # fmt: skip

    def main_list(self) -> str:
        return "3"

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("api-key") != "xkeysib-x":
            return answer(401, {"code": "unauthorized", "message": "Key not found"})
        path = request.url.path.removeprefix("/v3")
        body = orjson.loads(request.content) if request.content else {}
        match (request.method, path):
            case ("GET", "/contacts/attributes"):
                told = [{"name": name, "category": "normal", "type": kind} for name, kind in self.attributes.items()]
                return answer(200, {"attributes": told})
            case ("POST", "/contacts/batch"):
                return self._batch(body["contacts"])
            case ("POST", "/contacts/doubleOptinConfirmation"):
                return self._ask(body)
            case ("POST", "/contacts"):
                return self._create(body)
            case ("GET", "/contacts") if "filter" not in request.url.params:
                rows = [self._row(one) for one in self.kept.values()]
                return answer(200, {"contacts": rows[int(request.url.params["offset"]) :], "count": len(rows)})
            case ("GET", "/contacts"):
                owner = re.fullmatch(r'equals\(HUB_PROFILE_ID,"([^"]+)"\)', request.url.params["filter"])
                found = [self._shown(one) for one in self.owned(owner[1] if owner else None)]
                return answer(200, {"contacts": found, "count": len(found)})
        if (named := re.fullmatch(r"/contacts/attributes/normal/(\w+)", path)) and request.method == "POST":
            self.attributes[named[1]] = body["type"]
            return answer(201, {})
        if (named := re.fullmatch(r"/contacts/lists/(\d+)", path)) and request.method == "GET":
            held = self.lists.get(named[1])
            return answer(200, {"id": int(named[1]), "name": held}) if held else self._missing("List ID does not exist")
        return self._one(request.method, path.removeprefix("/contacts/"), body)

    def _one(self, method: str, identifier: str, body: dict[str, Any]) -> httpx.Response:
        contact = self.of(identifier) if "@" in identifier else self.kept.get(identifier)
        if contact is None:
            return self._missing("Contact does not exist")
        if method == "GET":
            return answer(200, self._shown(contact))
        if method == "DELETE":
            del self.kept[contact.id]
            return answer(204)
        return self._checked(body) or self._write(contact, body)

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        if self.of(body["email"]):
            assert not body.get("updateEnabled"), "Hub takes no contact over without looking"
            return self._duplicate("create")
        if fault := self._checked(body):
            return fault
        contact = self.make(body["email"])
        contact.state = "subscribed"
        self._write(contact, body)
        return answer(201, {"id": int(contact.id)})

    def _batch(self, contacts: list[dict[str, Any]]) -> httpx.Response:
        gone = [place for place, one in enumerate(contacts) if str(one["id"]) not in self.kept]
        if gone:
            return self._missing(f"No contact found for indexes {','.join(map(str, gone))}")
        for one in contacts:
            email = (one.get("attributes") or {}).get("EMAIL")
            if email and (held := self.of(email)) and held.id != str(one["id"]):
                return self._duplicate("update")
            if fault := self._checked(one):
                return fault
        for one in contacts:
            self._write(self.kept[str(one["id"])], one)
        return answer(204)

    def _write(self, contact: Kept, body: dict[str, Any]) -> httpx.Response:
        assert body.get("emailBlacklisted") is not False, "a block is lifted"
        for name, value in (body.get("attributes") or {}).items():
            if name == "EMAIL":
                contact.email = value.lower()
            elif name in self.attributes:
                contact.fields[name] = value
        contact.lists |= {str(one) for one in body.get("listIds") or ()}
        contact.lists -= {str(one) for one in body.get("unlinkListIds") or ()}
        if body.get("emailBlacklisted") and contact.state not in ("bounced", "complained", "unsubscribed"):
            contact.state, contact.since = "unsubscribed", self.now
        return answer(204)

    def _ask(self, body: dict[str, Any]) -> httpx.Response:
        contact = self.of(body["email"])
        if not body["includeListIds"] or (contact and contact.state != "subscribed" and self.refuses_blocked):
            words = "This sms number or email address is already associated with another user."
            return answer(400, {"code": "invalid_parameter", "message": words})
        contact = contact or self.make(body["email"])
        if contact.state == "none":
            contact.state = "subscribed"
        contact.awaits = {str(one) for one in body["includeListIds"]}
        self.asked.append(contact.email)
        return answer(201)

    def _checked(self, body: dict[str, Any]) -> httpx.Response | None:
        named = {str(one) for one in (*(body.get("listIds") or ()), *(body.get("unlinkListIds") or ()))}
        if named - self.lists.keys():
            return answer(400, {"code": "invalid_parameter", "message": "Invalid list ids"})
        if self.refuses(body):
            return answer(400, {"code": "invalid_parameter", "message": "Invalid value for the attribute"})
        return None

    def _missing(self, words: str) -> httpx.Response:
        return answer(404, {"code": "document_not_found", "message": words})

    def _duplicate(self, what: str) -> httpx.Response:
        words = f"Unable to {what} contact, email is already associated with another Contact"
        told = {"duplicate_identifiers": ["email"]}
        return answer(400, {"code": "duplicate_parameter", "message": words, "metadata": told})

    def _row(self, contact: Kept) -> dict[str, Any]:
        """As the list has it: without why a contact is blocklisted."""
        return {name: value for name, value in self._shown(contact).items() if name != "statistics"}

    def _shown(self, contact: Kept) -> dict[str, Any]:
        when = {"campaignId": 21, "eventTime": contact.since.strftime("%Y-%m-%dT%H:%M:%SZ") if contact.since else None}
        told = {"bounced": "hardBounces", "complained": "complaints"}
        out = {"userUnsubscription": [when] if contact.state == "unsubscribed" else [], "adminUnsubscription": []}
        statistics = {told[contact.state]: [when]} if contact.state in told else {"unsubscriptions": out}
        return {
            "email": contact.email, "id": int(contact.id), "emailBlacklisted": contact.state != "subscribed",
            "smsBlacklisted": False, "createdAt": "2026-03-01T09:00:00.000Z", "modifiedAt": "2026-03-01T09:00:00.000Z",
            "listIds": sorted(int(one) for one in contact.lists), "listUnsubscribed": [],
            "attributes": contact.fields, "statistics": statistics,
        }  # fmt: skip

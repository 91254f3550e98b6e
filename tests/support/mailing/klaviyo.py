"""Klaviyo in memory, from its own OpenAPI description: subscribing lifts a suppression, joining a list does not.

A profile that never subscribed is mailed as soon as it is on a list (``can_receive_email_marketing``).
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import httpx
import orjson

from tests.support.mailing.double import Double, Kept, answer

LIST = "Y6nRLr"
REASONS = {"bounced": "HARD_BOUNCE", "complained": "SPAM_COMPLAINT", "unsubscribed": "UNSUBSCRIBE"}


class KlaviyoDouble(Double):
    """See ``tests.support.mailing.double.Double``."""

    slug: ClassVar[str] = "klaviyo"
    own: ClassVar[str] = "hub_profile_id"
    reasks: ClassVar[bool] = False

    def settings(self) -> dict[str, Any]:
        return {"api_key": "pk_x", "lists": {LIST: ""}, "list_asks": True}

    def main_list(self) -> str:
        return LIST

    def id_of(self, email: str) -> str:
        return f"01GDDKASAP8TKDDA2GRZ{self.numbers:06d}"

    def mailable(self) -> set[str]:
        return {one.email for one in self.kept.values() if one.state in ("subscribed", "none") and one.lists}

    def handle(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["revision"] == "2026-07-15"
        path = request.url.path.removeprefix("/api")
        data: Any = orjson.loads(request.content)["data"] if request.content else {}
        if request.method != "GET":
            assert request.headers["content-type"] == "application/vnd.api+json"
        match (request.method, path):
            case ("GET", "/profiles") if "filter" not in request.url.params:
                return answer(200, {"data": [self._shown(one) for one in self.kept.values()], "links": {"next": None}})
            case ("GET", "/events"):
                return answer(200, {"data": [], "links": {"next": None}})
            case ("GET", "/profiles"):
                return self._found(request.url.params["filter"])
            case ("POST", "/profiles"):
                return self._create(data["attributes"])
            case ("POST", "/profile-subscription-bulk-create-jobs"):
                return self._subscribe(data)
            case ("POST", "/profile-subscription-bulk-delete-jobs"):
                for one in data["attributes"]["profiles"]["data"]:
                    self._suppress(one["attributes"]["email"])
                return answer(202)
            case ("POST", "/data-privacy-deletion-jobs"):
                self.kept.pop(data["attributes"]["profile"]["data"]["id"], None)
                return answer(202)
        if named := re.fullmatch(r"/lists/(\w+)/relationships/profiles", path):
            return self._members(request.method, named[1], data)
        named = re.fullmatch(r"/profiles/(\w+)", path)
        assert named is not None, path
        assert request.method == "PATCH"
        return self._update(self.kept.get(named[1]), data["attributes"])

    def _found(self, query: str) -> httpx.Response:
        named = re.fullmatch(r"any\((email|id),(\[.*\])\)", query)
        assert named is not None, query
        wanted = {one.lower() if named[1] == "email" else one for one in orjson.loads(named[2])}
        assert len(wanted) <= 100
        found = [one for one in self.kept.values() if getattr(one, named[1]) in wanted]
        return answer(200, {"data": [self._shown(one) for one in found], "links": {"next": None}})

    def _create(self, attributes: dict[str, Any]) -> httpx.Response:
        held = self.of(attributes["email"])
        if held:
            meta = {"duplicate_profile_id": held.id}
            return wrong(409, "duplicate_profile", "A profile already exists with one of these identifiers.", meta)
        if self.refuses(attributes):
            return wrong(400, "invalid", "Invalid input.")
        contact = self.make(attributes["email"])
        self._write(contact, attributes)
        return answer(201, {"data": self._shown(contact)})

    def _update(self, contact: Kept | None, attributes: dict[str, Any]) -> httpx.Response:
        if contact is None:
            return wrong(404, "not_found", "A profile with that id does not exist.")
        if self.refuses(attributes):
            return wrong(400, "invalid", "Invalid input.")
        email = (attributes.get("email") or contact.email).lower()
        if self.of(email) not in (None, contact):
            return wrong(409, "duplicate_profile", "A profile already exists with one of these identifiers.")
        contact.email = email
        self._write(contact, attributes)
        return answer(200, {"data": self._shown(contact)})

    def _write(self, contact: Kept, attributes: dict[str, Any]) -> None:
        flat = {**attributes, **(attributes.get("location") or {}), **(attributes.get("properties") or {})}
        contact.fields |= {name: flat[name] for name in flat if name not in ("email", "location", "properties")}

    def _subscribe(self, data: dict[str, Any]) -> httpx.Response:
        listed = ((data.get("relationships") or {}).get("list") or {}).get("data", {}).get("id")
        attributes = data["attributes"]
        for one in attributes["profiles"]["data"]:
            contact = self.of(one["attributes"]["email"]) or self.make(one["attributes"]["email"])
            # it lifts what stands there: no caller may take the risk
            assert contact.state in ("none", "subscribed"), "somebody is subscribed again"
            if attributes.get("historical_import"):
                assert one["attributes"]["subscriptions"]["email"]["marketing"]["consented_at"]
                contact.state, contact.since = "subscribed", self.now
            else:
                assert listed == LIST, "without a double opt-in list it subscribes at once"
                contact.awaits = {listed}
                self.asked.append(contact.email)
        return answer(202)

    def _suppress(self, email: str) -> None:
        contact = self.of(email) or self.make(email)
        if contact.state not in ("bounced", "complained"):
            contact.state, contact.since = "unsubscribed", self.now

    def _members(self, method: str, listed: str, data: list[dict[str, Any]]) -> httpx.Response:
        if listed != LIST:
            return wrong(404, "not_found", "A list with that id does not exist.")
        for one in data:
            contact = self.kept.get(one["id"])
            if contact is not None:
                (contact.lists.add if method == "POST" else contact.lists.discard)(listed)
        return answer(204)

    def _shown(self, contact: Kept) -> dict[str, Any]:
        at = contact.since.isoformat() if contact.since else None
        told = {"subscribed": "SUBSCRIBED", "unsubscribed": "UNSUBSCRIBED"}.get(contact.state, "NEVER_SUBSCRIBED")
        silent = contact.state in REASONS
        marketing = {
            "can_receive_email_marketing": not silent, "consent": told, "consent_timestamp": at, "last_updated": at,
            "suppression": [{"reason": REASONS[contact.state], "timestamp": at}] if silent else [],
            "list_suppressions": [],
        }  # fmt: skip
        own = {name: value for name, value in contact.fields.items() if name.startswith("hub_")}
        return {
            "type": "profile", "id": contact.id,
            "attributes": {"email": contact.email, "first_name": contact.fields.get("first_name"),
                           "last_name": contact.fields.get("last_name"), "properties": own,
                           "updated": self.now.isoformat(), "subscriptions": {"email": {"marketing": marketing}}},
        }  # fmt: skip


def wrong(status: int, code: str, words: str, meta: dict[str, Any] | None = None) -> httpx.Response:
    """An error as JSON:API has it."""
    error = {"id": "0", "status": status, "code": code, "title": words, "detail": words, "source": {"pointer": "/data"}}
    return answer(status, {"errors": [{**error, **({"meta": meta} if meta else {})}]})

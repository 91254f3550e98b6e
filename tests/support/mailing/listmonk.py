"""listmonk in memory, from its documentation and its SQL (queries/subscribers.sql); its two lists are double opt-in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar

import httpx
import orjson

from tests.support.mailing.double import Double, Kept, Standing, answer


class ListmonkDouble(Double):
    """See ``tests.support.mailing.double.Double``. ``left`` are the lists each unsubscribed from, by id."""

    slug: ClassVar[str] = "listmonk"
    own: ClassVar[str] = "hub_profile_id"
    final: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.left: dict[str, set[str]] = {}
        self.blocked: set[str] = set()
        self.optin = {"3": "double", "7": "double"}

    def settings(self) -> dict[str, Any]:
        return {
            "base_url": "https://lists.example.com", "username": "hub", "token": "x",
            "lists": {"3": "", "7": "language == 'de'"}, "lists_ask": True,
        }  # fmt: skip

    def main_list(self) -> str:
        return "3"

    def type_in(self, email: str, state: Standing = "subscribed") -> str:
        made = super().type_in(email)
        self.say(email, state)
        return made

    def say(self, email: str, state: Standing) -> None:
        """Who unsubscribes leaves the lists; who bounces or complains is blocklisted."""
        super().say(email, state)
        contact = self.of(email)
        if contact is not None and state != "subscribed":
            self.left.setdefault(contact.id, set()).update(contact.lists | contact.awaits)
            contact.lists, contact.awaits = set(), set()
            if state in ("bounced", "complained"):
                self.blocked.add(contact.id)

    def handle(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix("/api"), request.url.params.get("query")
        body = orjson.loads(request.content) if request.content else {}
        if named := re.fullmatch(r"/lists/(\d+)", path):
            held = self.optin.get(named[1])
            return answer(200, {"data": {"id": int(named[1]), "optin": held}}) if held else wrong(400, "List not found")
        match (request.method, path):
            case ("GET", "/subscribers"):
                found = [self._shown(one) for one in self._where(query)] if query else []
                return answer(200, {"data": {"results": found, "query": query or "", "total": len(found), "page": 1}})
            case ("POST", "/subscribers"):
                return self._create(body)
            case ("PUT", "/subscribers/blocklist"):
                for one in self._of_ids(body["ids"]):
                    self._block(one)
                return answer(200, {"data": True})
            case ("PUT", "/subscribers/query/lists"):
                return self._by_query(body)
            case ("PUT", "/subscribers/lists"):
                return self._lists(body)
        return self._one(request.method, path.removeprefix("/subscribers/"), body)

    def _one(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        number, _, action = path.partition("/")
        contact = self.kept.get(number)
        if contact is None:
            return wrong(400, "Subscriber not found")
        if action == "optin":
            if contact.awaits and contact.id not in self.blocked:
                self.asked.append(contact.email)
            return answer(200, {"data": True})
        if method == "DELETE":
            del self.kept[contact.id]
            return answer(200, {"data": True})
        assert method == "PATCH", "PUT ends the subscriptions it does not name"
        assert "lists" not in body
        if self.refuses(body):
            return wrong(400, "Invalid attributes")
        email = body.get("email", contact.email).lower()
        if self.of(email) not in (None, contact):
            return wrong(500, "Error updating subscriber: duplicate key value")
        contact.email = email
        contact.fields |= {**body.get("attribs", {}), **({"name": body["name"]} if "name" in body else {})}
        return answer(200, {"data": self._shown(contact)})

    def _create(self, body: dict[str, Any]) -> httpx.Response:
        if self.of(body["email"]):
            return wrong(409, "E-mail already exists.")
        if self.refuses(body):
            return wrong(400, "Invalid attributes")
        contact = self.make(body["email"])
        contact.fields = {**body.get("attribs", {}), "name": body.get("name", "")}
        contact.state, contact.since = "subscribed", self.now
        lists = {str(one) for one in body["lists"]}
        if body["status"] == "blocklisted":
            self.left[contact.id] = lists
            self._block(contact)
        elif body["preconfirm_subscriptions"]:
            contact.lists = lists
        elif lists:
            contact.awaits, contact.state = lists, "pending"
            self.asked.append(contact.email)
        return answer(200, {"data": self._shown(contact)})

    def _by_query(self, body: dict[str, Any]) -> httpx.Response:
        lists = {str(one) for one in body["target_list_ids"]}
        for one in self._where(body["query"]):
            if body["action"] == "remove":
                assert body["subscription_status"] == "confirmed", "an unsubscription would be forgotten"
                one.lists -= lists
                continue
            new = lists - one.lists - one.awaits - self.left.get(one.id, set())
            if one.id not in self.blocked:
                (one.lists if body["status"] == "confirmed" else one.awaits).update(new)
        return answer(200, {"data": True})

    def _lists(self, body: dict[str, Any]) -> httpx.Response:
        assert (body["action"], body["status"]) == ("add", "unconfirmed"), "a subscription is set whatever it was"
        lists = {str(one) for one in body["target_list_ids"]}
        for one in self._of_ids(body["ids"]):
            one.awaits |= lists
            one.lists -= lists
            self.left.setdefault(one.id, set()).difference_update(lists)
            if one.id not in self.blocked:
                one.state = "pending"
        return answer(200, {"data": True})

    def _block(self, contact: Kept) -> None:
        self.blocked.add(contact.id)
        self.left.setdefault(contact.id, set()).update(contact.lists | contact.awaits)
        contact.lists, contact.awaits = set(), set()
        if contact.state not in ("bounced", "complained"):
            contact.state, contact.since = "unsubscribed", self.now

    def _of_ids(self, ids: list[int]) -> list[Kept]:
        return [self.kept[str(one)] for one in ids if str(one) in self.kept]

    def _where(self, query: str) -> list[Kept]:
        """Subscribers by the conditions that Hub writes."""
        if beyond := re.match(r"subscribers\.id > (\d+)", query):
            return [one for one in self.kept.values() if int(one.id) > int(beyond[1])]
        field, _, listed = query.partition(" IN ")
        wanted = {one.replace("''", "'") for one in re.findall(r"'((?:[^']|'')*)'", listed)}
        reads: dict[str, Callable[[Kept], Any]] = {
            "subscribers.email": lambda one: one.email,
            "subscribers.id::text": lambda one: one.id,
            "subscribers.attribs->>'hub_profile_id'": lambda one: one.fields.get("hub_profile_id"),
        }
        return [one for one in self.kept.values() if reads[field](one) in wanted]

    def _shown(self, contact: Kept) -> dict[str, Any]:
        at = (contact.since or self.now).isoformat()
        told = (("confirmed", contact.lists), ("unconfirmed", contact.awaits),
                ("unsubscribed", self.left.get(contact.id, set())))  # fmt: skip
        return {
            "id": int(contact.id), "uuid": "ea06b2e7-4b08-4697-bcfc-2a5c6dde8f1c", "email": contact.email,
            "name": contact.fields.get("name", ""), "created_at": at, "updated_at": at,
            "attribs": {name: value for name, value in contact.fields.items() if name != "name"},
            "status": "blocklisted" if contact.id in self.blocked else "enabled",
            "lists": [
                {"subscription_status": status, "id": int(number), "optin": self.optin[number], "type": "public",
                 "subscription_created_at": at, "subscription_updated_at": at}
                for status, numbers in told
                for number in sorted(numbers)
            ],
        }  # fmt: skip


def wrong(status: int, words: str) -> httpx.Response:
    """An error of listmonk's."""
    return answer(status, {"message": words})

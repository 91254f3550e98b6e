"""A sandbox CRM that speaks the part of HubSpot's HTTP API that matters to Hub, in memory.

For the demo and the tests. It is strict where HubSpot is: bearer token, 100 inputs a call, known and writable
properties, string values, valid and unique e-mails, unique properties, rate limits; and it can be told to fail.
Merging gives a new id, as HubSpot does by default. Shapes and rules:
developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide and …/api-reference/error-handling.

    crm = SandboxCrm()
    with serve(crm) as url: ...            # over a socket
    httpx.Client(transport=crm.transport())  # without one
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx

from hub.sandbox.changes import Changes
from hub.sandbox.page import look
from hub.sandbox.records import Fault, Json, Records, Refusal, Reply, broken, matches, now, number_of
from hub.sandbox.server import serving

BATCH_LIMIT = 100


class SandboxCrm(Changes, Records):
    """The state, and ``handle`` for one request. ``clock`` gives seconds for the rate limit.

    ``rate`` is how many calls any ten seconds may have (None: no limit); every ``limit_every``-th call gets a 429.
    """

    def __init__(
        self,
        *,
        token: str = "pat-eu1-sample",  # noqa: S107
        rate: int | None = None,
        limit_every: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.token, self.rate, self.limit_every, self.clock = token, rate, limit_every, clock
        super().__init__()
        self.groups: dict[str, set[str]] = {kind: set() for kind in self.records}
        self.unsubscribed: set[str] = set()
        self.faults: list[Fault] = []
        self.calls: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self._recent: deque[float] = deque()
        self._lock = threading.RLock()

    # -- for tests and the demo

    def fail(self, **fault: Any) -> None:
        """Let the next calls fail; see ``Fault``."""
        self.faults.append(Fault(**fault))

    def add(self, kind: str = "contacts", **properties: str) -> str:
        """A record that somebody else made there; gives its id."""
        with self._lock:
            return self.create(kind, properties).id

    def contacts(self) -> list[Json]:
        """All contacts with their properties, oldest first."""
        with self._lock:
            return [{"id": one.id, **one.properties} for one in self.records["contacts"].values()]

    def deals(self) -> list[Json]:
        """All deals with their properties and the ids of their contacts, oldest first."""
        with self._lock:
            linked: dict[str, list[str]] = {}
            for deal, contact in sorted(self.links):
                linked.setdefault(deal, []).append(contact)
            deals = self.records["deals"].values()
            return [{"id": one.id, **one.properties, "contacts": linked.get(one.id, [])} for one in deals]

    def stats(self) -> Json:
        """Counters: ``duplicates`` counts contacts beyond the first of each profile id or e-mail."""
        contacts = self.records["contacts"].values()
        keys = Counter(one.properties.get("hub_profile_id") or one.id for one in contacts)
        emails = Counter(email for one in contacts for email in one.emails)
        return {
            "calls": sum(self.calls.values()),
            "by_endpoint": dict(sorted(self.calls.items())),
            "contacts": len(contacts),
            "contacts_created": self.created["contacts"],
            "deals": len(self.records["deals"]),
            "duplicates": sum(n - 1 for n in keys.values()) + sum(n - 1 for n in emails.values()),
            "unsubscribed": len(self.unsubscribed),
        }

    def transport(self) -> httpx.MockTransport:
        """A transport that answers from this state without a socket."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        reply = self.handle(
            request.method, request.url.path, dict(request.url.params), dict(request.headers), request.content
        )
        if reply.fault == "silent":
            raise httpx.ReadTimeout("no answer", request=request)
        if reply.fault == "cut" and not reply.content:
            raise httpx.RemoteProtocolError("connection dropped", request=request)
        headers = {"content-type": "application/json;charset=utf-8", **reply.headers}
        return httpx.Response(reply.status, headers=headers, content=reply.content)

    # -- one request

    def handle(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        """Answer one request."""
        reply = self._handle(method, path, query, headers, body)
        if not path.startswith("/sandbox/"):
            self.answers[reply.fault or str(reply.status)] += 1
        return reply

    def _handle(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        with self._lock:
            if path.startswith("/sandbox/"):
                return look(path, self.contacts(), self.deals(), self.stats())
            self.calls[f"{method} {re.sub(r'/[0-9]+|/[^/]+@[^/]+', '/{id}', path)}"] += 1
            if headers.get("authorization") != f"Bearer {self.token}":
                return Refusal(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.").reply()
            if limited := self._limit():
                return limited
            fault = self._fault(path)
            if fault and fault.status:
                return broken(fault)
            if fault and fault.before:
                return Reply(200, fault=fault.kind)
            try:
                reply = self._route(method, path, query, json.loads(body) if body else {})
            except Refusal as refusal:
                reply = refusal.reply()
            return Reply(reply.status, reply.body, reply.headers, fault.kind) if fault else reply

    def _limit(self) -> Reply | None:
        now = self.clock()
        while self._recent and now - self._recent[0] >= 10:
            self._recent.popleft()
        full = self.rate is not None and len(self._recent) >= self.rate
        if full or (self.limit_every and sum(self.calls.values()) % self.limit_every == 0):
            return broken(Fault(status=429, retry_after=max(1.0, 10 - (now - self._recent[0])) if full else 1.0))
        self._recent.append(now)
        return None

    def _fault(self, path: str) -> Fault | None:
        for fault in self.faults:
            if fault.path in path:
                fault.times -= 1
                self.faults = [one for one in self.faults if one.times > 0]
                return fault
        return None

    def _route(self, method: str, path: str, query: Mapping[str, str], body: Json) -> Reply:
        for verb, pattern, handler in _ROUTES:
            if verb == method and (match := pattern.fullmatch(path)):
                return handler(self, body, query, *(unquote(part) for part in match.groups()))
        raise Refusal(404, "OBJECT_NOT_FOUND", f"No route for {method} {path}")

    # -- records

    def batch(self, body: Json, query: Mapping[str, str], kind: str, action: str) -> Reply:
        """Batch upsert, update, create and read; in part where inputs carry trace ids, as HubSpot does it."""
        inputs = body.get("inputs", [])
        if action == "archive":
            self.archive(kind, [one["id"] for one in inputs])
            return Reply(204)
        if len(inputs) > BATCH_LIMIT:
            raise Refusal(400, "VALIDATION_ERROR", f"Batch size of {len(inputs)} exceeds the limit of {BATCH_LIMIT}")
        ids = [f"{one.get('idProperty') or ''}:{one['id']}".lower() for one in inputs if "id" in one]
        if len(set(ids)) < len(ids) and action != "read":
            raise Refusal(400, "VALIDATION_ERROR", "Duplicate IDs found in batch input", ids=[])
        results: list[Json] = []
        errors: list[Json] = []
        for one in inputs:
            trace = one.get("objectWriteTraceId")
            try:
                results.append(
                    getattr(self, f"_{action}_one")(kind, one, body) | ({"objectWriteTraceId": trace} if trace else {})
                )
            except Refusal as refusal:
                if trace is None and action != "read":
                    raise
                errors.append(refusal.of(trace))
        at = now()
        done: Json = {"status": "COMPLETE", "results": results, "startedAt": at, "completedAt": at}
        if errors:
            return Reply(207, {**done, "numErrors": len(errors), "errors": errors})
        return Reply(201 if action == "create" else 200, done)

    def _upsert_one(self, kind: str, one: Json, _: Json) -> Json:
        name = one.get("idProperty", "hs_object_id")
        if name != "email" and not self.definitions[kind].get(name, {}).get("hasUniqueValue"):
            raise Refusal(400, "VALIDATION_ERROR", f"Unable to perform update/upsert by non-unique property {name}")
        record = self.find(kind, name, one["id"])
        if record:
            self.change(kind, record, one["properties"])
        else:
            record = self.create(kind, {name: one["id"], **one["properties"]})
            return {**record.shown(), "new": True}
        return {**record.shown(), "new": False}

    def _update_one(self, kind: str, one: Json, _: Json) -> Json:
        record = self.known(kind, one["id"])
        self.change(kind, record, one["properties"])
        return record.shown([*one["properties"]])

    def _create_one(self, kind: str, one: Json, _: Json) -> Json:
        return self.create_at(kind, one["properties"], one.get("associations", [])).shown()

    def _read_one(self, kind: str, one: Json, body: Json) -> Json:
        name = body.get("idProperty") or "hs_object_id"
        record = self.known(kind, one["id"]) if name == "hs_object_id" else self.find(kind, name, one["id"])
        if record is None:
            raise Refusal(404, "OBJECT_NOT_FOUND", f"Could not get some {kind} objects", ids=[one["id"]])
        return record.shown(body.get("properties", []))

    def single(self, body: Json, query: Mapping[str, str], kind: str, key: str) -> Reply:
        """GET one record, by id or ``idProperty``."""
        record = self.known(kind, key) if "idProperty" not in query else self.find(kind, query["idProperty"], key)
        if record is None:
            raise Refusal(404, "OBJECT_NOT_FOUND", "resource not found")
        return Reply(200, record.shown([name for name in query.get("properties", "").split(",") if name] or None))

    def patch(self, body: Json, query: Mapping[str, str], kind: str, key: str) -> Reply:
        """PATCH one record."""
        record = self.known(kind, key)
        self.change(kind, record, body["properties"])
        return Reply(200, record.shown())

    def post(self, body: Json, query: Mapping[str, str], kind: str) -> Reply:
        """POST one record."""
        return Reply(201, self.create(kind, body["properties"]).shown())

    def search(self, body: Json, query: Mapping[str, str], kind: str) -> Reply:
        """Search by EQ, IN, GT and GTE; an e-mail also finds a contact by its additional ones."""
        found = [one for one in self.records[kind].values() if matches(one, body.get("filterGroups", []))]
        for by in body.get("sorts", [])[:1]:
            found.sort(key=lambda one: number_of(one, by["propertyName"]))
        shown = [one.shown(body.get("properties", [])) for one in found[: body.get("limit", 10)]]
        return Reply(200, {"total": len(found), "results": shown})

    def merge_two(self, body: Json, query: Mapping[str, str]) -> Reply:
        """Merge two contacts."""
        primary, other = (self.records["contacts"].get(body[n]) for n in ("primaryObjectId", "objectIdToMerge"))
        if primary is None or other is None or primary is other:
            raise Refusal(400, "VALIDATION_ERROR", "Contacts to merge must exist and differ")
        return Reply(200, self.merge(primary, other).shown())

    def gdpr_delete(self, body: Json, query: Mapping[str, str]) -> Reply:
        """Delete a contact for good; its e-mails cannot come back."""
        record = self.known("contacts", body["objectId"])
        self.blocked |= record.emails
        self.remove(record)
        for kind in ("notes", "tasks"):
            for one in {left for left, to in self.links if to == record.id} & self.records[kind].keys():
                del self.records[kind][one]
        self.links = {(deal, to) for deal, to in self.links if to != record.id}
        return Reply(204)

    def take_secondary_email(self, body: Json, query: Mapping[str, str], key: str, email: str) -> Reply:
        """Take an additional e-mail from a contact."""
        record = self.known("contacts", key)
        if not self.take_email(record, email):
            raise Refusal(404, "OBJECT_NOT_FOUND", "resource not found")
        emails = record.several("hs_additional_emails")
        return Reply(200, {"portalId": 1, "vid": int(record.id), "secondaryEmails": emails})

    def unsubscribe(self, body: Json, query: Mapping[str, str]) -> Reply:
        """Unsubscribe e-mails from everything."""
        if query.get("channel") != "EMAIL":
            raise Refusal(400, "VALIDATION_ERROR", "query param channel is required")
        self.unsubscribed |= {email.lower() for email in body["inputs"]}
        return Reply(200, {"status": "COMPLETE", "results": [], "startedAt": now(), "completedAt": now()})

    def associate(self, body: Json, query: Mapping[str, str], start: str, to: str, action: str) -> Reply:
        """Associate deals with contacts, read or end associations."""
        if len(body["inputs"]) > BATCH_LIMIT:
            raise Refusal(400, "VALIDATION_ERROR", "Batch size exceeds the limit")
        results: list[Json] = []
        for one in body["inputs"]:
            if action == "read":
                linked = sorted(right for left, right in self.links if left == one["id"])
                types = [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None}]
                results.append({"from": one, "to": [{"toObjectId": int(x), "associationTypes": types} for x in linked]})
            elif action == "archive":
                self.links -= {(one["from"]["id"], gone["id"]) for gone in one["to"]}
            else:
                pair = (self.known(start, one["from"]["id"]).id, self.known(to, one["to"]["id"]).id)
                self.links.add(pair)
                spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}
                results.append({"from": {"id": pair[0]}, "to": {"id": pair[1]}, "associationSpec": spec})
        if action == "archive":
            return Reply(204)
        return Reply(200, {"status": "COMPLETE", "results": results, "startedAt": now(), "completedAt": now()})

    # -- properties

    def list_properties(self, body: Json, query: Mapping[str, str], kind: str) -> Reply:
        """All properties of an object type."""
        return Reply(200, {"results": list(self.definitions[kind].values())})

    def create_property(self, body: Json, query: Mapping[str, str], kind: str) -> Reply:
        """Create a property; 409 when there is one of that name."""
        if body["name"] in self.definitions[kind]:
            raise Refusal(409, "CONFLICT", f"A property named '{body['name']}' already exists.")
        if body["groupName"] not in self.groups[kind]:
            raise Refusal(400, "VALIDATION_ERROR", f"Property group {body['groupName']} does not exist")
        made = {"description": "", "options": [], "hasUniqueValue": False, **body}
        self.definitions[kind][body["name"]] = made
        return Reply(201, made)

    def create_properties(self, body: Json, query: Mapping[str, str], kind: str) -> Reply:
        """Create several properties; all or none."""
        taken = [one["name"] for one in body["inputs"] if one["name"] in self.definitions[kind]]
        if taken:
            raise Refusal(409, "CONFLICT", f"A property named '{taken[0]}' already exists.")
        results = [json.loads(self.create_property(one, query, kind).content) for one in body["inputs"]]
        return Reply(201, {"status": "COMPLETE", "results": results, "startedAt": now(), "completedAt": now()})

    def create_group(self, body: Json, query: Mapping[str, str], kind: str) -> Reply:
        """Create a property group; 409 when there is one of that name."""
        if body["name"] in self.groups[kind]:
            raise Refusal(409, "CONFLICT", f"A property group named '{body['name']}' already exists.")
        self.groups[kind].add(body["name"])
        return Reply(201, {"name": body["name"], "label": body["label"], "displayOrder": -1, "archived": False})


_KIND = "(contacts|deals|notes|tasks|line_items)"
_ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Reply]], ...] = tuple(
    (method, re.compile(pattern), handler)
    for method, pattern, handler in (
        ("POST", "/crm/v3/objects/contacts/merge", SandboxCrm.merge_two),
        ("POST", "/crm/v3/objects/contacts/gdpr-delete", SandboxCrm.gdpr_delete),
        ("POST", f"/crm/v3/objects/{_KIND}/batch/(upsert|update|create|read|archive)", SandboxCrm.batch),
        ("POST", f"/crm/v3/objects/{_KIND}/search", SandboxCrm.search),
        ("POST", f"/crm/v3/objects/{_KIND}", SandboxCrm.post),
        ("GET", f"/crm/v3/objects/{_KIND}/([^/]+)", SandboxCrm.single),
        ("PATCH", f"/crm/v3/objects/{_KIND}/([^/]+)", SandboxCrm.patch),
        ("GET", f"/crm/v3/properties/{_KIND}", SandboxCrm.list_properties),
        ("POST", f"/crm/v3/properties/{_KIND}", SandboxCrm.create_property),
        ("POST", f"/crm/v3/properties/{_KIND}/batch/create", SandboxCrm.create_properties),
        ("POST", f"/crm/v3/properties/{_KIND}/groups", SandboxCrm.create_group),
        ("POST", f"/crm/v4/associations/{_KIND}/{_KIND}/batch/(associate/default|read|archive)", SandboxCrm.associate),
        ("DELETE", "/contacts/v1/secondary-email/([0-9]+)/email/([^/]+)", SandboxCrm.take_secondary_email),
        ("POST", "/communication-preferences/v4/statuses/batch/unsubscribe-all", SandboxCrm.unsubscribe),
    )
)

Message = dict[str, Any]


def asgi(
    crm: SandboxCrm, *, silence_seconds: float = 30.0
) -> Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]:
    """The sandbox as an ASGI application. A silent fault answers after ``silence_seconds``."""

    async def app(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = {name: ",".join(values) for name, values in parse_qs(scope["query_string"].decode()).items()}
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        reply = crm.handle(scope["method"], scope["path"], query, headers, body)
        if reply.fault == "silent":
            await asyncio.sleep(silence_seconds)
        content = reply.content
        sent = {"content-type": "application/json;charset=utf-8", "content-length": str(len(content)), **reply.headers}
        listed = [(name.encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": listed})
        await send({"type": "http.response.body", "body": content})

    return app


@contextmanager
def serve(crm: SandboxCrm, *, port: int = 0, silence_seconds: float = 30.0) -> Iterator[str]:
    """Run the sandbox on 127.0.0.1 in a thread (``port`` 0: any that is free); gives its URL."""
    with serving(asgi(crm, silence_seconds=silence_seconds), port=port) as url:
        yield url

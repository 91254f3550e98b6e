"""The far end that both sides get: a CRM that takes everything at once and counts what arrives.

``python -m benchmarks.crm_double --port N``. For Node-RED: ``POST /contacts`` takes one JSON contact with an
``event_id``; ``GET /count`` answers ``{"calls": …, "events": …}``, where ``events`` counts distinct event ids. For Hub:
the least of HubSpot's API that its connector calls: ``/crm/v3/properties/contacts…``, contacts in batches, the merge of
two (developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide: the one that is left has a new id, and
the old ones lead to it), the removal of an additional e-mail, and ``GET /sandbox/stats`` as the strict sandbox has it.
It checks nothing but that a contact exists.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

import httptools
import orjson
import uvloop

PROFILE_ID = "hub_profile_id"
PROPERTIES = "/crm/v3/properties/contacts"
BATCH = "/crm/v3/objects/contacts/batch/"
SECONDARY = "/contacts/v1/secondary-email/"
MERGE = "/crm/v3/objects/contacts/merge"
Json = dict[str, Any]
Reply = tuple[int, Json]


@dataclass(slots=True)
class Counted:
    """What Node-RED has sent since the start."""

    calls: int = 0
    events: set[str] = field(default_factory=set)

    def contact(self, body: bytes) -> Json:
        self.calls += 1
        self.events.add(orjson.loads(body)["event_id"])
        return {}

    def stats(self) -> Json:
        return {"calls": self.calls, "events": len(self.events)}


@dataclass(slots=True)
class Contact:
    """What is kept of a contact: what it is found by, and the ids that lead to it since a merge."""

    id: str
    profile: str
    emails: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()

    def shown(self) -> Json:
        """As HubSpot shows the properties that the connector reads."""
        told = {PROFILE_ID: self.profile, "email": self.emails[0] if self.emails else ""}
        told |= {"hs_additional_emails": ";".join(self.emails[1:]), "hs_merged_object_ids": ";".join(self.formerly)}
        return {"id": self.id, "properties": {name: value for name, value in told.items() if value}}


@dataclass(slots=True)
class Contacts:
    """What Hub has sent since the start, without the values that nobody looks for."""

    calls: Counter[str] = field(default_factory=Counter)
    properties: list[Json] = field(default_factory=list)
    by_id: dict[str, Contact] = field(default_factory=dict)
    """Also under the ids that contacts had before they were merged."""
    by_profile: dict[str, Contact] = field(default_factory=dict)
    by_email: dict[str, Contact] = field(default_factory=dict)
    made: int = 0
    unanswered: int = 0

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """Answer one call; what the double does not know is a 404, and counted."""
        call = f"{method} {path}"
        self.calls[call.partition("/email/")[0]] += 1
        if call == f"GET {PROPERTIES}":
            return 200, {"results": self.properties}
        if call == f"POST {PROPERTIES}/groups":
            return 201, orjson.loads(body)
        if call == f"POST {PROPERTIES}/batch/create":
            made = orjson.loads(body)["inputs"]
            self.properties += made
            return 201, {"status": "COMPLETE", "results": made}
        if call == f"POST {MERGE}":
            return self._merge(orjson.loads(body))
        if call.startswith(f"DELETE {SECONDARY}"):
            return self._free(*call.removeprefix(f"DELETE {SECONDARY}").split("/email/"))
        if call == f"POST {BATCH}read":
            asked = orjson.loads(body)
            return _batch([self._read(item["id"], asked.get("idProperty")) for item in asked["inputs"]])
        if call in (f"POST {BATCH}upsert", f"POST {BATCH}update"):
            one = self._upsert if path.endswith("upsert") else self._update
            return _batch([one(item) for item in orjson.loads(body)["inputs"]])
        self.unanswered += 1
        return 404, {"category": "OBJECT_NOT_FOUND", "message": f"the double does not answer {call}"}

    def stats(self) -> Json:
        """As the strict sandbox names them; ``profiles`` are the distinct values of ``hub_profile_id``."""
        contacts = {contact.id: contact.profile for contact in self.by_id.values()}
        profiles = set(contacts.values())
        return {
            "calls": sum(self.calls.values()),
            "by_endpoint": dict(sorted(self.calls.items())),
            "contacts": len(contacts),
            "profiles": len(profiles),
            "duplicates": len(contacts) - len(profiles),
            "unanswered": self.unanswered,
        }

    def _upsert(self, item: Json) -> Json:
        profile = item["id"] if item.get("idProperty") == PROFILE_ID else item["properties"][PROFILE_ID]
        known = self.by_profile.get(profile)
        contact = known or self._new(profile)
        return self._written(contact, item, new=known is None)

    def _update(self, item: Json) -> Json:
        contact = self.by_id.get(item["id"])
        if contact is None:
            return _missing("no such contact", objectWriteTraceId=[item["objectWriteTraceId"]])
        return self._written(contact, item, new=False)

    def _written(self, contact: Contact, item: Json, *, new: bool) -> Json:
        told = item["properties"]
        if profile := told.get(PROFILE_ID):
            contact.profile = profile
            self.by_profile[profile] = contact
        if email := told.get("email"):
            contact.emails = (email, *contact.emails[1:])
            self.by_email[email.lower()] = contact
        return {
            "id": contact.id,
            "properties": {PROFILE_ID: contact.profile},
            "new": new,
            "objectWriteTraceId": item["objectWriteTraceId"],
        }

    def _read(self, key: str, by: str | None) -> Json:
        held = {PROFILE_ID: self.by_profile, "email": self.by_email}.get(by or "", self.by_id)
        contact = held.get(key.lower() if by == "email" else key)
        return contact.shown() if contact else _missing("Could not get some contacts objects", ids=[key])

    def _merge(self, body: Json) -> Reply:
        primary, other = (self.by_id.get(body[name]) for name in ("primaryObjectId", "objectIdToMerge"))
        if primary is None or other is None or primary is other:
            return 400, {"category": "VALIDATION_ERROR", "message": "Contacts to merge must exist and differ"}
        kept = self._new(primary.profile)
        kept.emails = tuple(dict.fromkeys((*primary.emails, *other.emails)))
        kept.formerly = tuple(one for contact in (primary, other) for one in (*contact.formerly, contact.id))
        self.by_id.update(dict.fromkeys(kept.formerly, kept))
        self.by_email.update((email.lower(), kept) for email in kept.emails)
        self.by_profile.pop(other.profile, None)
        self.by_profile[kept.profile] = kept
        return 200, kept.shown()

    def _free(self, key: str, email: str) -> Reply:
        """Take an additional e-mail from a contact, if it has it."""
        contact, freed = self.by_id.get(key), unquote(email).lower()
        if contact is None:
            return 404, _missing("no such contact")
        contact.emails = (*contact.emails[:1], *(one for one in contact.emails[1:] if one.lower() != freed))
        if self.by_email.get(freed) is contact and freed not in map(str.lower, contact.emails):
            del self.by_email[freed]
        return 200, {}

    def _new(self, profile: str) -> Contact:
        self.made += 1
        contact = Contact(str(self.made), profile)
        self.by_id[contact.id] = self.by_profile[profile] = contact
        return contact


def _missing(message: str, **context: list[str]) -> Json:
    return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": context}


def _batch(answers: Sequence[Json]) -> Reply:
    errors = [answer for answer in answers if "category" in answer]
    body: Json = {"status": "COMPLETE", "results": [answer for answer in answers if "category" not in answer]}
    return (207, {**body, "numErrors": len(errors), "errors": errors}) if errors else (200, body)


class Double(asyncio.Protocol):
    """One connection to the double."""

    def __init__(self, counted: Counted, contacts: Contacts) -> None:
        self.counted = counted
        self.contacts = contacts
        self.parser = httptools.HttpRequestParser(self)
        self.transport: asyncio.WriteTransport | None = None
        self.url = b""
        self.parts: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's is one without inheriting from it

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.url = b""
        self.parts = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)

    def on_message_complete(self) -> None:
        status, answer = self._answer(b"".join(self.parts))
        content = orjson.dumps(answer)
        assert self.transport is not None
        self.transport.write(
            b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(content), content)
        )

    def _answer(self, body: bytes) -> Reply:
        path = self.url.partition(b"?")[0].decode()
        if path == "/contacts":
            return 200, self.counted.contact(body)
        if path == "/count":
            return 200, self.counted.stats()
        if path == "/sandbox/stats":
            return 200, self.contacts.stats()
        return self.contacts.answer(self.parser.get_method().decode(), path, body)


async def serve(port: int) -> None:
    counted, contacts = Counted(), Contacts()
    server = await asyncio.get_running_loop().create_server(lambda: Double(counted, contacts), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="A CRM double that counts what arrives.")
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()

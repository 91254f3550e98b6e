"""The far end that both sides get: a CRM that takes everything at once and counts what arrives.

``python -m benchmarks.crm_double --port N``. For Node-RED: ``POST /contacts`` takes one JSON contact with an
``event_id``; ``GET /count`` answers ``{"calls": …, "events": …}``, where ``events`` counts distinct event ids. For Hub:
the least of HubSpot's API that its connector calls, ``/crm/v3/properties/contacts…`` and contacts in batches, with
``GET /sandbox/stats`` as the strict sandbox has it. It checks nothing but that an updated contact exists.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import httptools
import orjson
import uvloop

PROFILE_ID = "hub_profile_id"
PROPERTIES = "/crm/v3/properties/contacts"
BATCH = "/crm/v3/objects/contacts/batch/"
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
class Contacts:
    """What Hub has sent since the start: the values are not kept, only which profile each contact is of."""

    calls: Counter[str] = field(default_factory=Counter)
    properties: list[Json] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    unanswered: int = 0

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        """Answer one call; what the double does not know is a 404, and counted."""
        call = f"{method} {path}"
        self.calls[call] += 1
        if call == f"GET {PROPERTIES}":
            return 200, {"results": self.properties}
        if call == f"POST {PROPERTIES}/groups":
            return 201, orjson.loads(body)
        if call == f"POST {PROPERTIES}/batch/create":
            made = orjson.loads(body)["inputs"]
            self.properties += made
            return 201, {"status": "COMPLETE", "results": made}
        if call in (f"POST {BATCH}upsert", f"POST {BATCH}update"):
            one = self._upsert if path.endswith("upsert") else self._update
            return _batch([one(item) for item in orjson.loads(body)["inputs"]])
        self.unanswered += 1
        return 404, {"category": "OBJECT_NOT_FOUND", "message": f"the double does not answer {call}"}

    def stats(self) -> Json:
        """As the strict sandbox names them; ``profiles`` are the distinct values of ``hub_profile_id``."""
        return {
            "calls": sum(self.calls.values()),
            "by_endpoint": dict(sorted(self.calls.items())),
            "contacts": len(self.profiles),
            "profiles": len(self.ids),
            "duplicates": len(self.profiles) - len(self.ids),
            "unanswered": self.unanswered,
        }

    def _upsert(self, item: Json) -> Json:
        profile = item["id"] if item.get("idProperty") == PROFILE_ID else item["properties"][PROFILE_ID]
        known = self.ids.get(profile)
        contact = known or str(len(self.profiles) + 1)
        self.ids[profile] = contact
        self.profiles[contact] = profile
        return _record(item, contact, profile, new=known is None)

    def _update(self, item: Json) -> Json:
        profile = self.profiles.get(item["id"])
        if profile is None:
            trace = {"objectWriteTraceId": [item["objectWriteTraceId"]]}
            return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "no such contact", "context": trace}
        return _record(item, item["id"], profile, new=False)


def _record(item: Json, contact: str, profile: str, *, new: bool) -> Json:
    return {
        "id": contact,
        "properties": {PROFILE_ID: profile},
        "new": new,
        "objectWriteTraceId": item["objectWriteTraceId"],
    }


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

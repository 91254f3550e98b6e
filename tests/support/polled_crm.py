"""A shop, Hub, and a CRM that is written to and polled: a double, or a real one (``tests/real``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from hub.application.process import Processing, process_batch
from hub.intake.backfill import entry_of
from hub.matching.rules import IdentityRules
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.testkit.wire import SampleTokens
from hub.store.database import Database
from tests.support.doubles import source, store

Writes = Callable[[httpx.Request], bool]
WRITES: Mapping[str, Writes] = {
    "odoo": lambda request: request.url.path.endswith("res.partner/load") or b'"load"' in request.content,
    "pipedrive": lambda request: request.method != "GET" and "/persons" in request.url.path,
    "zoho": lambda request: request.method != "GET" and "/Contacts" in request.url.path,
    "dynamics": lambda request: b"PATCH /api" in request.content or b"POST /api" in request.content,
    "twenty": lambda request: request.url.path == "/rest/batch/people",
    "suitecrm": lambda request: request.method != "GET",
    "activecampaign": lambda request: request.method != "GET" and "/contacts" in request.url.path,
}
"""Which requests write people."""


class Polled:
    """A shop, and a CRM that is written to and polled; each poll goes on where the last one ended."""

    def __init__(self, database: Database, crm: Any) -> None:
        self.database, self.slug, self.double = database, crm.slug, crm
        crm = load_connections({"crm": (crm.slug, crm.settings())}, default_region="DE")["crm"]
        self.connections: dict[str, Connection] = {"shop": source("shop"), "crm": crm}
        self.routes = (Route("crm"),)
        self.written = 0
        self.cursor: Any = None

    @property
    def processing(self) -> Processing:
        return Processing(self.database, self.connections, self.routes, IdentityRules(), SurvivorshipRules())

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.written += WRITES[self.slug](request)
        response: httpx.Response = self.double.handle(request)
        response.request = request
        return response

    def client(self, part: Any) -> HttpClient:
        crm, transport = self.connections["crm"], httpx.MockTransport(self.answer)
        return open_client(replace(crm, tokens=SampleTokens()), part, transport=transport, budget=Budget(Limits()))

    def take(self, *entries: Any) -> None:
        store(self.database, entries)
        while process_batch(self.processing).entries:
            pass

    def send(self) -> None:
        crm = self.connections["crm"]
        with self.client(crm.connector.destination) as client:
            sender = Sender(self.database, crm, self.routes, "one:1", client=client)
            if crm.connector.destination and crm.connector.destination.prepare:
                crm.connector.destination.prepare(client, crm.settings)
            deliver(sender)

    def poll(self) -> None:
        crm = self.connections["crm"]
        told = crm.connector.source
        assert told is not None
        assert told.backfill is not None
        with self.client(told) as client:
            for page in told.backfill(client, crm.settings, None, self.cursor):
                self.take(*(entry_of("crm", item, datetime.now(UTC)) for item in page.items))
                self.cursor = page.cursor if told.changed else None

    def settle(self) -> None:
        self.send()
        self.poll()
        self.send()

    def later(self) -> None:
        """What Hub wrote is a while ago: what a list tells is no late echo of it."""
        with self.database.session() as session:
            session.run("UPDATE mirror SET updated_at = updated_at - interval '1 minute'")

    def golden(self) -> dict[str, Any]:
        with self.database.session() as session:
            [row] = session.rows("SELECT golden FROM profile")
        found: dict[str, Any] = orjson.loads(row[0])
        return found

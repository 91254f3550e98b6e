"""Law L10 with a CRM that tells of nothing by itself: Odoo's contacts are polled, and what Hub wrote is no news."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from hub.application.process import Processing, process_batch
from hub.intake.backfill import entry_of
from hub.matching.rules import IdentityRules
from hub.model.address import Address
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.store.database import Database
from tests.support.crm.odoo import OdooDouble
from tests.support.doubles import at, customer, entry, source, store

HOME = Address(line1="Große Straße 12", postal_code="49074", city="Osnabrück", country="DE")


class Polled:
    """A shop, and an Odoo that is written to and polled."""

    def __init__(self, database: Database, api: str) -> None:
        self.database, self.odoo = database, OdooDouble()
        self.odoo.api = api
        crm = load_connections({"crm": ("odoo", self.odoo.settings())}, default_region="DE")["crm"]
        self.connections: dict[str, Connection] = {"shop": source("shop"), "crm": crm}
        self.routes = (Route("crm"),)
        self.loads = 0

    @property
    def processing(self) -> Processing:
        return Processing(self.database, self.connections, self.routes, IdentityRules(), SurvivorshipRules())

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.loads += request.url.path.endswith("res.partner/load") or b'"load"' in request.content
        response = self.odoo.handle(request)
        response.request = request
        return response

    def client(self, part: Any) -> HttpClient:
        return open_client(
            self.connections["crm"], part, transport=httpx.MockTransport(self.answer), budget=Budget(Limits())
        )

    def take(self, *entries: Any) -> None:
        store(self.database, entries)
        while process_batch(self.processing).entries:
            pass

    def send(self) -> None:
        crm = self.connections["crm"]
        client = self.client(crm.connector.destination)
        deliver(Sender(self.database, crm, self.routes, "one:1", client=client))

    def poll(self) -> None:
        crm = self.connections["crm"]
        assert crm.connector.source is not None
        assert crm.connector.source.backfill is not None
        with self.client(crm.connector.source) as client:
            for page in crm.connector.source.backfill(client, crm.settings, None, None):
                self.take(*(entry_of("crm", item, datetime.now(UTC)) for item in page.items))

    def settle(self) -> None:
        self.send()
        self.poll()
        self.send()

    def golden(self) -> dict[str, Any]:
        with self.database.session() as session:
            [row] = session.rows("SELECT golden FROM profile")
        found: dict[str, Any] = orjson.loads(row[0])
        return found


@pytest.mark.parametrize("api", ["json2", "jsonrpc"])
def test_what_people_change_in_odoo_is_told_and_what_hub_wrote_is_not(database: Database, api: str) -> None:
    way = Polled(database, api)
    event = customer(
        "1",
        when=at(0),
        name=("Anna", "Berg"),
        emails=["anna@example.com"],
        phones=["+49541987654"],
        addresses=(HOME,),
        language="de",
    )
    way.take(entry([event], "e1"))
    way.settle()
    before, loads = way.golden(), way.loads
    way.settle()
    assert (way.golden(), way.loads) == (before, loads)
    assert [record["connection"] for record in before["records"]] == ["shop"]

    [person] = way.odoo.people()
    way.odoo.edit(person["id"], phone="0541 987655", city="Melle")
    with way.database.session() as session:
        session.run("UPDATE mirror SET updated_at = updated_at - interval '1 minute'")
    way.settle()
    way.settle()
    told = way.golden()
    assert {"+49541987655", "+49541987654"} == {*told["phones"]}
    assert told["name"]["full"] == "Anna Berg"
    [person] = way.odoo.people()
    assert person["values"]["phone"] == "0541 987655"
    assert (person["values"]["city"], len(way.odoo.people())) == ("Melle", 1)
    assert told["addresses"][0]["city"] == "Melle"

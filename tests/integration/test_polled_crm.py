"""Law L10 with CRMs that tell of nothing by themselves: contacts are polled, and what Hub wrote is no news."""

from __future__ import annotations

from dataclasses import replace
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
from tests.support.crm.activecampaign import UNSUBSCRIBED, ActiveCampaignDouble
from tests.support.crm.odoo import OdooDouble
from tests.support.crm.suitecrm import SuiteCrmDouble
from tests.support.doubles import at, customer, entry, source, store

HOME = Address(line1="Große Straße 12", postal_code="49074", city="Osnabrück", country="DE")


class Polled:
    """A shop, and a CRM that is written to and polled."""

    def __init__(self, database: Database, double: Any) -> None:
        self.database, self.double = database, double
        crm = load_connections({"crm": (double.slug, double.settings())}, default_region="DE")["crm"]
        crm = replace(crm, connector=replace(crm.connector, oauth=None))
        self.connections: dict[str, Connection] = {"shop": source("shop"), "crm": crm}
        self.routes = (Route("crm"),)
        self.loads = 0

    @property
    def processing(self) -> Processing:
        return Processing(self.database, self.connections, self.routes, IdentityRules(), SurvivorshipRules())

    def answer(self, request: httpx.Request) -> httpx.Response:
        loads = request.url.path.endswith("res.partner/load") or b'"load"' in request.content
        self.loads += loads if self.double.slug == "odoo" else request.method != "GET"
        if self.double.slug == "suitecrm":
            request.headers["authorization"] = "Bearer sample-access-token"
        response: httpx.Response = self.double.handle(request)
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
    odoo = OdooDouble()
    odoo.api = api
    way = Polled(database, odoo)
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

    [person] = odoo.people()
    odoo.edit(person["id"], phone="0541 987655", city="Melle")
    with way.database.session() as session:
        session.run("UPDATE mirror SET updated_at = updated_at - interval '1 minute'")
    way.settle()
    way.settle()
    told = way.golden()
    assert {"+49541987655", "+49541987654"} == {*told["phones"]}
    assert told["name"]["full"] == "Anna Berg"
    [person] = odoo.people()
    assert person["values"]["phone"] == "0541 987655"
    assert (person["values"]["city"], len(odoo.people())) == ("Melle", 1)
    assert told["addresses"][0]["city"] == "Melle"


def known(database: Database, double: Any) -> tuple[Polled, str]:
    """Somebody whom a shop told of, written to a CRM and polled; gives the id there."""
    way = Polled(database, double)
    told = customer("1", when=at(0), name=("Anna", "Berg"), emails=["anna@example.com"], phones=["+49541987654"])
    way.take(entry([told], "e1"))
    crm = way.connections["crm"]
    if crm.connector.destination and crm.connector.destination.prepare:
        crm.connector.destination.prepare(way.client(crm.connector.destination), crm.settings)
    way.settle()
    before, writes = way.golden(), way.loads
    way.settle()
    # what Hub wrote is no news
    assert (way.golden(), way.loads) == (before, writes)
    with way.database.session() as session:
        session.run("UPDATE mirror SET updated_at = updated_at - interval '1 minute'")
    [person] = double.people()
    return way, person["id"]


def test_what_people_change_in_suitecrm_is_told(database: Database) -> None:
    double = SuiteCrmDouble()
    way, contact = known(database, double)
    double.update("Contacts", contact, {"phone_mobile": "0541 987655"})
    way.settle()
    way.settle()
    assert {*way.golden()["phones"]} == {"+49541987655", "+49541987654"}
    [person] = double.people()
    assert person["values"]["phone_mobile"] == "0541 987655"


def test_what_people_change_in_activecampaign_and_whom_they_tell_no_is_told(database: Database) -> None:
    double = ActiveCampaignDouble()
    way, contact = known(database, double)
    # when a colleague corrects the phone, gives a tag, and the person leaves the newsletter
    double.save(contact, {"phone": "0541 987655"})
    double.tags["900"] = {"id": "900", "tag": "Presse", "tagType": "contact"}
    double.given[contact]["901"] = "900"
    double.rows[contact]["3"] = UNSUBSCRIBED
    way.settle()
    way.settle()
    told = way.golden()
    assert {*told["phones"]} == {"+49541987655", "+49541987654"}
    assert told["tags"] == ["Presse"]
    assert [(one["channel"], one["state"]) for one in told["consents"]] == [("email", "opted_out")]
    [person] = double.people()
    assert (person["id"], person["values"]["phone"]) == (contact, "0541 987655")
    assert double.subscribed == []

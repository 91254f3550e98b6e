"""The demo's cast before every CRM at once: one person is one record everywhere, and a split comes back everywhere.

Hub's own way from signed webhooks to the outbox, on PostgreSQL; the CRMs are the doubles, each as strict as its vendor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock, patch
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from hub.application.complete import complete_batch
from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.application.stage_changes import stored_changes
from hub.application.traits import Insight
from hub.demo.cast import cast
from hub.demo.payloads import Delivery
from hub.demo.roles import Anchor, Cast
from hub.demo.stage import VENDOR_TOKEN, configuration
from hub.demo.vendor_api import VendorApi
from hub.intake.verify import verify
from hub.matching.rules import IdentityRules
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.sandbox.server import serving
from hub.sdk import registry
from hub.sdk.connection import Connection, load_connections, open_client
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Capability, Limits
from hub.sdk.source import RawDelivery
from hub.store import inbox, profiles
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.crm import House, doubles
from tests.support.crm.double import Double, Person

PASSES = 12


@dataclass
class Everywhere:
    """Hub before all CRMs side by side."""

    database: Database
    sources: Mapping[str, Connection]
    doubles: Mapping[str, Double]
    cast: Cast = field(default_factory=cast)

    def __post_init__(self) -> None:
        made = {name: House(double) for name, double in self.doubles.items()}
        self.crms = {name: replace(house.connection, name=name) for name, house in made.items()}
        self.processing = Processing(
            self.database, {**self.sources, **self.crms}, tuple(Route(name, orders=True) for name in self.crms),
            IdentityRules(), SurvivorshipRules(), Insight(),
        )  # fmt: skip
        self.clients: dict[str, HttpClient] = {}
        self.senders = [self._sender(name, house) for name, house in made.items()]
        for double in self.doubles.values():
            for who in self.cast.known_to_crm:
                double.add_person(who.email)

    def _sender(self, name: str, house: House) -> Sender:
        client = open_client(self.crms[name], house.destination, transport=house.hostile, budget=Budget(Limits()))
        routes = [Route(name, orders=True)]
        return Sender(self.database, self.crms[name], routes, "test", client=client, derived=stored_changes)

    def come_in(self, deliveries: Iterable[Delivery]) -> None:
        """These webhooks come in, and are worked on."""
        with self.database.session() as session:
            inbox.insert(session, [self._entry(one) for one in deliveries if one.expect != "refused"])
        while complete_batch(self.database, self.sources, self.clients) + process_batch(self.processing).entries:
            pass

    def _entry(self, delivery: Delivery) -> NewEntry:
        connection = self.sources[delivery.connection]
        source, now = connection.connector.source, datetime.now(UTC)
        assert source is not None
        assert source.sign is not None
        url = f"https://hub.example.com/webhooks/{delivery.connection}"
        signed = source.sign(RawDelivery("POST", url, {}, delivery.headers, delivery.body, now), connection.settings)
        return verify(connection, replace(signed, query=dict(parse_qsl(urlsplit(signed.url).query))))

    def settle(self) -> None:
        """Deliver to all, until nothing waits anywhere."""
        with patch("tenacity.nap.time", Mock()):
            for _ in range(PASSES):
                if not self.undelivered():
                    return
                for sender in self.senders:
                    deliver(sender)
                with self.database.session() as session:
                    session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")
                    session.run("UPDATE destination_state SET not_before = NULL, lease_until = NULL")

    def profile(self, anchor: Anchor) -> UUID:
        """The profile of a record."""
        wanted = {"connection": anchor.connection, "kind": anchor.kind, "external_id": anchor.external_id}
        return next(one for one, golden in self.golden().items() if wanted in golden["records"])

    def golden(self) -> dict[UUID, Mapping[str, Any]]:
        """All golden profiles."""
        with self.database.session() as session:
            return {one.id: one.golden for one in profiles.find(session, words=[], after=None, limit=10_000)}

    def undelivered(self) -> list[Any]:
        """What did not reach a CRM, and why."""
        asked = "SELECT destination, subject, state, reason FROM outbox WHERE state <> 'delivered' ORDER BY 1, 2"
        with self.database.session() as session:
            return session.rows(asked)

    def orders(self) -> dict[str, str]:
        """Whose each order is, by what Hub calls the two."""
        with self.database.session() as session:
            told = session.rows("SELECT DISTINCT key, profile_id FROM outbox WHERE subject = 'order'")
        return {str(key): str(profile) for key, profile in told}

    def people(self, name: str) -> dict[str, list[Person]]:
        """The records of each profile in one CRM; what Hub did not write is under ""."""
        found: dict[str, list[Person]] = {}
        for one in self.doubles[name].people():
            found.setdefault(one["owner"] or "", []).append(one)
        return found

    def ids(self, name: str) -> dict[UUID, str]:
        """The record of each profile in one CRM."""
        return {UUID(owner): records[0]["id"] for owner, records in self.people(name).items() if owner}

    def placed(self, name: str) -> list[tuple[str, str]]:
        """The records of orders in one CRM, and whose each is."""
        owner = {one["id"]: one["owner"] for one in self.doubles[name].people()}
        return sorted((str(one["owner"]), str(owner.get(one["person"] or ""))) for one in self.doubles[name].orders())


@pytest.fixture
def hub(database: Database) -> Iterator[Everywhere]:
    """Before every CRM that has a connector."""
    told = cast()
    with serving(VendorApi(VENDOR_TOKEN, told.objects, outages=0)) as url:
        described = configuration("https://hub.example.com", url, url)["connections"]
        named = {name: (one.pop("connector"), one) for name, one in described.items() if name != "crm"}
        sources = load_connections(named, default_region="DE")
        crms = {name: made() for name, made in doubles().items() if name in registry.slugs()}
        yield Everywhere(database, sources, crms, told)


def test_the_cast_is_the_same_in_every_crm_and_so_is_what_is_taken_apart(hub: Everywhere) -> None:
    hub.come_in([*hub.cast.opening, *hub.cast.counter])
    hub.settle()
    assert_same_everywhere(hub)
    before, ids = hub.golden(), {name: hub.ids(name) for name in hub.doubles}
    # when what joins people comes in
    hub.come_in(hub.cast.later)
    hub.settle()
    # then each person is one record in every CRM, and each order is under its person
    gone = before.keys() - hub.golden().keys()
    assert_same_everywhere(hub, gone)
    assert {one.taken.profile for one in hub.cast.mistakes} <= {str(key) for key in gone}
    # when people take apart who came together, rightly or wrongly
    for key in sorted(gone):
        anchors = [Anchor(**one) for one in before[key]["records"]]
        Judge(hub.processing).split(hub.profile(anchors[0]), [str(one) for one in anchors], "test")
    hub.come_in(hub.cast.evening)
    hub.settle()
    # then they are two again in every CRM, each with what is theirs, and under the id it had where the CRM can do that
    assert_same_everywhere(hub)
    for name in hub.doubles:
        ways = {
            "restores" if ids[name][key] == now else "recreates" for key, now in hub.ids(name).items() if key in gone
        }
        unmerge = registry.get(name).manifest.unmerge
        # where the CRM merges nothing, the second record stayed all the time
        assert (name, ways) == (name, {unmerge.way if unmerge else "restores"})


def assert_same_everywhere(hub: Everywhere, merged: Collection[UUID] = ()) -> None:
    golden, orders = hub.golden(), hub.orders()
    told = {name: hub.placed(name) for name in hub.doubles}
    [placed, *others] = {tuple(one) for one in told.values()}
    assert others == [], {name: len(one) for name, one in told.items()}
    assert {*placed} <= {*orders.items()}
    assert len(placed) >= len(orders) - 1  # somebody tried the shop out
    for name in hub.doubles:
        people = hub.people(name)
        if Capability.MERGE not in registry.get(name).manifest.capabilities:
            # the second record of a person stays beside the one that is kept, and is written to no more
            people = {owner: records for owner, records in people.items() if owner not in map(str, merged)}
        counted = {owner: len(records) for owner, records in people.items()}
        assert (name, counted) == (name, {str(key): 1 for key in golden})
        emails = {owner: {one.lower() for one in record["emails"]} for owner, [record] in people.items()}
        others_emails = {
            key: emails[str(key)] - {email.lower() for email in one.get("emails", ())} for key, one in golden.items()
        }
        assert (name, {key: more for key, more in others_emails.items() if more}) == (name, {})
    assert hub.undelivered() == []

"""The demo's cast before every CRM, and every mailing system, at once: one person is one record everywhere, and a split
comes back everywhere.

Hub's own way from signed webhooks to the outbox, on PostgreSQL; the systems are doubles, each as strict as its vendor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from unittest.mock import Mock, patch
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import pytest

from hub.application.complete import complete_batch
from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.application.stage_changes import stored_changes
from hub.application.suppress_address import suppress_address
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
from tests.support.crm.double import Person
from tests.support.mailing import doubles as mailing_doubles

PASSES = 12


@dataclass
class Everywhere:
    """Hub before all CRMs side by side."""

    database: Database
    sources: Mapping[str, Connection]
    doubles: Mapping[str, Any]
    cast: Cast = field(default_factory=cast)
    orders_too: bool = True

    def __post_init__(self) -> None:
        made = {name: House(double) for name, double in self.doubles.items()}
        self.crms = {name: replace(house.connection, name=name) for name, house in made.items()}
        self.processing = Processing(
            self.database, {**self.sources, **self.crms},
            tuple(Route(name, orders=self.orders_too) for name in self.crms),
            IdentityRules(), SurvivorshipRules(), Insight(),
        )  # fmt: skip
        self.clients: dict[str, HttpClient] = {}
        self.senders = [self._sender(name, house) for name, house in made.items()]

    def _sender(self, name: str, house: House) -> Sender:
        client = open_client(self.crms[name], house.destination, transport=house.hostile, budget=Budget(Limits()))
        routes = [Route(name, orders=self.orders_too)]
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
        """What did not reach a CRM that can take it, and why."""
        asked = (
            "SELECT destination, subject, state, reason, profile_id FROM outbox "
            "WHERE state <> 'delivered' ORDER BY 1, 2"
        )
        with self.database.session() as session:
            found = session.rows(asked)
        return [row for row in found if str(row[4]) not in self.out_of_reach(str(row[0]))]

    def out_of_reach(self, name: str) -> set[str]:
        """The profiles that a CRM cannot take, where it wants an address that nobody else has there, or a phone."""
        if not getattr(self.doubles[name], "needs_address", False):
            return set()
        holder = {one.lower(): key for key, several in self.people(name).items() for one in several[0]["emails"]}
        return {
            str(key)
            for key, one in self.golden().items()
            if not one.get("phones")
            and all(holder.get(email.lower(), str(key)) != str(key) for email in one.get("emails", ())[:1])
        }

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


@contextmanager
def before(database: Database, systems: Mapping[str, Any], *, orders_too: bool) -> Iterator[Everywhere]:
    """Hub before these, and behind all sources of the demo."""
    told = cast()
    with serving(VendorApi(VENDOR_TOKEN, told.objects, outages=0)) as url:
        described = configuration("https://hub.example.com", url, url)["connections"]
        named = {name: (one.pop("connector"), one) for name, one in described.items() if name != "crm"}
        sources = load_connections(named, default_region="DE")
        yield Everywhere(database, sources, systems, told, orders_too)


@pytest.fixture
def hub(database: Database) -> Iterator[Everywhere]:
    """Before every CRM that has a connector."""
    crms = {name: made() for name, made in doubles().items() if name in registry.slugs()}
    with before(database, crms, orders_too=True) as made:
        for double in crms.values():
            for who in made.cast.known_to_crm:
                double.add_person(who.email)
        yield made


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
    placed = max(told.values(), key=len)
    for name, found in told.items():
        assert (name, found) == (name, [one for one in placed if one[1] not in hub.out_of_reach(name)])
    assert {*placed} <= {*orders.items()}
    assert len(placed) >= len(orders) - 1  # somebody tried the shop out
    for name in hub.doubles:
        people = hub.people(name)
        if Capability.MERGE not in registry.get(name).manifest.capabilities:
            # the second record of a person stays beside the one that is kept, and is written to no more
            people = {owner: records for owner, records in people.items() if owner not in map(str, merged)}
        counted = {owner: len(records) for owner, records in people.items()}
        reached = {str(key): 1 for key in golden if str(key) not in hub.out_of_reach(name)}
        assert (name, counted) == (name, reached)
        emails = {owner: {one.lower() for one in record["emails"]} for owner, [record] in people.items()}
        others_emails = {
            key: emails.get(str(key), set()) - {email.lower() for email in one.get("emails", ())}
            for key, one in golden.items()
        }
        assert (name, {key: more for key, more in others_emails.items() if more}) == (name, {})
    assert hub.undelivered() == []


# -- every mailing system ---------------------------------------------------------------------------------------------


def test_the_cast_is_mailed_alike_by_every_mailing_system_and_who_says_no_by_none(database: Database) -> None:
    systems = {f"mail-{slug}": made() for slug, made in mailing_doubles().items()}
    with before(database, systems, orders_too=False) as hub:
        hub.come_in([*hub.cast.opening, *hub.cast.counter])
        # given that everybody whose address one person has signs up for the newsletter
        hub.come_in(sign_up(email) for email in _own_addresses(hub))
        hub.settle()
        assert_mailed_alike(hub)
        before_merges = hub.golden()
        # when what joins people comes in, and people take them apart again
        hub.come_in(hub.cast.later)
        hub.settle()
        assert_mailed_alike(hub)
        gone = before_merges.keys() - hub.golden().keys()
        assert gone
        for key in sorted(gone):
            anchors = [Anchor(**one) for one in before_merges[key]["records"]]
            Judge(hub.processing).split(hub.profile(anchors[0]), [str(one) for one in anchors], "test")
        hub.come_in(hub.cast.evening)
        hub.settle()
        # then each is mailed again under their own address: where their contact was put away, once they click
        for double in systems.values():
            for email in list(double.asked):
                double.confirm(email)
        mailed, golden = assert_mailed_alike(hub), hub.golden()
        back = [golden[key]["emails"][0] for key in gone if _consent(golden[key]) == "opted_in"]
        assert back
        assert {*back} <= mailed
        # and whoever says no is mailed by none
        suppress_address(hub.processing, f"email:{back[0]}", "DE")
        hub.settle()
        assert assert_mailed_alike(hub) == mailed - {back[0]}


def sign_up(email: str) -> Delivery:
    """The form of the newsletter, as the demo's Mailchimp tells of it."""
    told = {"list_id": "a6f0c2de41", "email": email, "ip_opt": "192.0.2.17", "merges][EMAIL": email}
    named = {"type": "subscribe", "fired_at": "2026-03-01 09:00:00", **{f"data[{name}]": v for name, v in told.items()}}
    return Delivery("newsletter", "subscribe", {}, urlencode(named).encode())


def _own_addresses(hub: Everywhere) -> list[str]:
    counted = Counter(email for one in hub.golden().values() for email in one.get("emails", ()))
    first = (one["emails"][0] for one in hub.golden().values() if one.get("emails"))
    return sorted(email for email in first if counted[email] == 1)


def assert_mailed_alike(hub: Everywhere) -> set[str]:
    """Who opted in is one contact that is mailed, everywhere, and nobody else is; gives the addresses."""
    wanted: dict[str, set[str]] = {}
    for key, golden in hub.golden().items():
        if _consent(golden) == "opted_in" and golden.get("emails"):
            wanted.setdefault(golden["emails"][0], set()).add(str(key))
    whose = []
    for name, double in hub.doubles.items():
        mailed = {one.email: one.fields.get(double.own) for one in double.kept.values() if one.email in wanted}
        assert (name, double.mailable()) == (name, set(wanted))
        # of two people with one address it is one's contact, the same one's everywhere
        assert (name, {email for email, owner in mailed.items() if owner not in wanted[email]}) == (name, set())
        whose.append(mailed)
    assert all(one == whose[0] for one in whose)
    waiting = {row[0] for row in hub.undelivered()}
    assert waiting == ({*hub.doubles} if any(len(keys) > 1 for keys in wanted.values()) else set())
    return set(wanted)


def _consent(golden: Mapping[str, Any]) -> str:
    told = {one["channel"]: one["state"] for one in golden.get("consents", ()) if one["purpose"] == "marketing"}
    return "opted_out" if told.get("any") == "opted_out" else str(told.get("email") or told.get("any"))

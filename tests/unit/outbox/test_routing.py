"""Who is told what: somebody a route takes no more, somebody who asked to be erased, an order without a customer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.application.process import Processing, process_batch
from hub.mapping.expression.when import compile_condition
from hub.matching.rules import IdentityRules
from hub.model.consent import Consent
from hub.model.event import OrderEvent, PrivacyEvent
from hub.model.identifier import RecordKey
from hub.model.order import Order
from hub.outbox.deliver import Sender, deliver
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.store.database import Database
from hub.store.inbox import NewEntry
from tests.support.doubles import Crm, at, by_name, customer, entry, source, store

MAIL = "anna@example.com"
OPTED_IN = compile_condition("consent.email == 'opted_in'")


class Installation:
    """One shop, one CRM, one route between them."""

    def __init__(self, database: Database, when: Any) -> None:
        self.database, self.crm = database, Crm()
        connection = self.crm.connection("crm")
        routes = (Route("crm", when, orders=True),)
        known = by_name(source("shop"), connection)
        self.processing = Processing(database, known, routes, IdentityRules(), SurvivorshipRules())
        self.sender = Sender(database, connection, routes, "here:1:a")

    def take(self, *entries: NewEntry) -> None:
        store(self.database, entries)
        while process_batch(self.processing).entries:
            pass
        deliver(self.sender)

    def rows(self, columns: str) -> list[Any]:
        with self.database.session() as session:
            return session.rows(f"SELECT {columns} FROM outbox ORDER BY subject, key")


def anna(state: str, when: int, **fields: Any) -> NewEntry:
    consent = Consent(channel="email", state=state, at=at(when), explicit=True)
    told = customer("1", when=at(when), emails=[MAIL], consents=(consent,), **fields)
    return entry([told], f"{state}-{when}")


def order(external_id: str, key: str, when: int) -> NewEntry:
    made = Order(external_id=external_id, state="paid", placed_at=at(0), currency="EUR", total=Decimal(10))
    event = OrderEvent(occurred_at=at(when), order=made, record=RecordKey(kind="customer", external_id=key))
    return entry([event], f"order-{external_id}-{when}")


def test_an_opt_out_reaches_the_destination_whose_route_asks_for_an_opt_in(database: Database) -> None:
    hub = Installation(database, OPTED_IN)
    hub.take(anna("opted_in", 1))
    hub.take(anna("opted_out", 2))
    [held] = hub.crm.people.values()
    assert [consent["state"] for consent in held["golden"]["consents"]] == ["opted_out"]


def test_somebody_whom_no_route_ever_took_is_not_told_of(database: Database) -> None:
    hub = Installation(database, OPTED_IN)
    hub.take(anna("opted_out", 1))
    hub.take(anna("opted_out", 2, company="Berg KG"))
    assert (hub.crm.people, hub.rows("state")) == ({}, [])


def test_no_order_goes_out_for_somebody_who_asked_to_be_erased(database: Database) -> None:
    hub = Installation(database, None)
    hub.take(entry([customer("1", emails=[MAIL])], "e1"))
    asked = PrivacyEvent(
        occurred_at=at(5), action="erasure", external_id="p1", record=RecordKey(kind="customer", external_id="1")
    )
    hub.take(entry([asked], "e2"))
    hub.take(order("o1", "1", 6))
    assert (hub.crm.orders, hub.rows("subject, state")) == ({}, [("order", "delivered"), ("profile", "delivered")])


def test_an_order_that_waits_for_its_customer_waits_ever_longer_and_holds_up_no_other(database: Database) -> None:
    hub = Installation(database, OPTED_IN)
    hub.take(order("o1", "stranger", 1))
    with database.session() as session:
        session.run("UPDATE outbox SET enqueued_at = now() - interval '1 hour', due_at = now() - interval '1 hour'")
    assert deliver(hub.sender) == 1
    [(waits,)] = hub.rows("due_at - now()")
    assert timedelta(minutes=59) < waits <= timedelta(hours=1, minutes=1)
    hub.take(entry([customer("stranger", when=at(2), emails=[MAIL], consents=(opted_in(),))], "e2"))
    assert len(hub.crm.orders) == 1


def test_an_order_that_went_to_a_known_customer_waits_no_more(database: Database) -> None:
    hub = Installation(database, OPTED_IN)
    hub.take(anna("opted_in", 1), order("o1", "stranger", 1))
    hub.take(order("o1", "1", 2))
    assert len(hub.crm.orders) == 1


def test_an_order_of_somebody_who_turns_out_to_be_known_waits_no_more(database: Database) -> None:
    hub = Installation(database, OPTED_IN)
    hub.take(anna("opted_in", 1), order("o1", "2", 1))
    hub.take(entry([customer("2", when=at(2), emails=[MAIL])], "e2"))
    assert len(hub.crm.orders) == 1


def opted_in() -> Consent:
    return Consent(channel="email", state="opted_in", at=at(2), explicit=True)


@pytest.mark.parametrize("merged", [False, True])
def test_a_merge_takes_the_loser_off_the_outbox_and_its_mirror(database: Database, merged: bool) -> None:
    hub = Installation(database, None)
    hub.take(entry([customer("1", emails=[MAIL])], "e1"), entry([customer("2", emails=["b@example.com"])], "e2"))
    if merged:
        hub.take(entry([customer("2", when=at(5), emails=[MAIL])], "e3"))
    with database.session() as session:
        assert session.one("SELECT count(*) FROM mirror") == (1 if merged else 2,)
    assert (len(hub.rows("key")), len(hub.crm.people)) == ((1, 1) if merged else (2, 2))

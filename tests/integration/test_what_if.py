"""What a trial of other rules foretells is what applying them does, and the trial itself does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub.identity.rules import IdentityRules
from hub.model.event import OrderEvent
from hub.model.identifier import RecordKey
from hub.model.keys import profile_id, record_id
from hub.model.order import Order
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import RuleSet, load_rules
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.workers.process import Processing, process_batch
from hub.workers.what_if import try_rules
from tests.support.doubles import TABLES, Crm, at, by_name, customer, entry, routes_to, source, store

FAMILY = "+493023125101"


def pid(key: str) -> UUID:
    """The profile that this customer record starts."""
    return profile_id(record_id("shop", "customer", key))


def person(key: str, first: str, last: str, **fields: Any) -> NewEntry:
    return entry([customer(key, when=at(int(key)), name=(first, last or None), **fields)], f"c{key}")


def order(number: str, key: str, total: str) -> NewEntry:
    made = Order(external_id=number, state="paid", placed_at=at(0), currency="EUR", total=Decimal(total))
    return entry([OrderEvent(occurred_at=at(1), order=made, record=RecordKey(kind="customer", external_id=key))], number)


PEOPLE = [
    person("1", "Anna", "", emails=["anna@example.com"], company="Bäckerei Ohm"),
    person("2", "Anna", "", emails=["anna@example.com"], phones=[FAMILY], company="Ohm"),
    person("3", "Bert", "", phones=[FAMILY], emails=["bert@example.com"]),
    person("4", "Carla", "", emails=["c.quast@example.org"]),
    person("5", "Dora", "", phones=["+493023125105"]),
    order("o1", "1", "20.00"),
    order("o2", "2", "22.00"),
    order("o4", "4", "9.00"),
]


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with database.session() as session:
        return {
            name: sorted(session.rows(f"SELECT to_jsonb(t)::text FROM {name} t"))
            for name in (*TABLES.split(", "), "alembic_version")
        }


class House:
    """A shop, and a CRM that is up to date."""

    def __init__(self, database: Database) -> None:
        self.database, self.crm = database, Crm()
        self.destination = self.crm.connection("crm")
        self.processing = Processing(
            database,
            by_name(source("shop"), self.destination),
            routes_to(self.destination),
            IdentityRules(),
            SurvivorshipRules(),
        )

    def process(self) -> None:
        while process_batch(self.processing).entries:
            pass

    def deliver(self) -> None:
        from hub.outbox.deliver import Sender, deliver

        deliver(Sender(self.database, self.destination, self.processing.routes, "elsewhere:1:x", client=None))


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    made = House(database)
    for one in PEOPLE:
        store(database, [one])
        made.process()
    made.deliver()
    yield made


def rules(text: str) -> RuleSet:
    return load_rules(text)


def test_a_blocked_address_splits_with_its_evidence_and_nothing_changes(house: House) -> None:
    before = everything(house.database)

    told = try_rules(house.processing, rules("identifiers: {email: {blocked: [anna@example.com]}}"))

    assert everything(house.database) == before
    assert (told["profiles"], told["profiles_after"]) == (4, 5)
    (split,) = told["splits"]["cases"]
    assert split["profile"] == pid("1")
    assert [part["profile"] for part in split["leaving"]] == [pid("2")]
    assert split["stake"] == {"orders": 2, "revenue": "42.00"}
    (pair,) = split["evidence"]
    assert pair["decided_by"] == ["identifiers.email.blocked +anna@example.com: anna@example.com"]
    assert told["destinations"]["crm"] == {
        "creates": 1,
        "updates": 1,
        "merges": 0,
        "restores": 0,
        "orders": 1,
        "unchanged": 0,
        "failed": 0,
        "counted_by": "rendering",
    }

"""What a trial of other rules foretells is what applying them does, and the trial itself does nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.application.rule_versions import RuleVersions
from hub.application.what_if import try_rules
from hub.matching.rules import IdentityRules
from hub.model.event import OrderEvent
from hub.model.identifier import RecordKey
from hub.model.keys import profile_id, record_id
from hub.model.order import Order
from hub.outbox.deliver import Sender, deliver
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import RuleSet, load_rules
from hub.sdk.destination import Write
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.store.database import Database
from hub.store.inbox import NewEntry
from hub.workers.owner import owner_name
from tests.support.doubles import TABLES, Crm, at, by_name, customer, entry, routes_to, source, store

NOBODY = HttpClient("http://crm.example.com", budget=Budget(Limits()))
FAMILY = "+493023125101"


DEFAULTS = RuleSet(IdentityRules(), SurvivorshipRules())
LONGEST = load_rules("attributes: {company: longest_lived}")


def pid(key: str) -> UUID:
    """The profile that this customer record starts."""
    return profile_id(record_id("shop", "customer", key))


def person(key: str, first: str, last: str, **fields: Any) -> NewEntry:
    return entry([customer(key, when=at(int(key)), name=(first, last or None), **fields)], f"c{key}")


def order(number: str, key: str, total: str) -> NewEntry:
    made = Order(external_id=number, state="paid", placed_at=at(0), currency="EUR", total=Decimal(total))
    told = OrderEvent(occurred_at=at(1), order=made, record=RecordKey(kind="customer", external_id=key))
    return entry([told], number)


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

    def deliver(self) -> dict[str, int]:
        """Deliver, and count the writes by what they do."""
        done: Counter[str] = Counter()

        def count(writes: Sequence[Write]) -> None:
            done.update("orders" if one.kind == "order" else "updates" for one in writes)

        self.crm.before, made = count, self.crm.created
        for _ in range(3):
            deliver(Sender(self.database, self.destination, self.processing.routes, owner_name(), client=NOBODY))
            with self.database.session() as session:
                session.run("UPDATE outbox SET due_at = now() WHERE state = 'pending'")
        done["creates"] = self.crm.created - made
        done["updates"] -= done["creates"]
        return dict(done)

    def apply(self, rules: RuleSet) -> dict[str, int]:
        """Put them in force, resolve, deliver."""
        RuleVersions(self.database, self.processing.identity, self.processing.survivorship).apply(rules, by="ops")
        self.process()
        return self.deliver()


@pytest.fixture
def house(database: Database) -> House:
    made = House(database)
    for one in PEOPLE:
        store(database, [one])
        made.process()
    made.deliver()
    return made


def test_a_blocked_address_splits_with_its_evidence_and_nothing_changes(house: House) -> None:
    before = everything(house.database)

    told = try_rules(house.processing, load_rules("identifiers: {email: {blocked: [anna@example.com]}}"))

    assert everything(house.database) == before
    assert (told["profiles"], told["profiles_after"]) == (4, 5)
    (split,) = told["splits"]["cases"]
    assert split["profile"] == pid("1")
    assert [part["profile"] for part in split["leaving"]] == [pid("2")]
    assert split["stake"] == {"orders": 2, "revenue": "42.00"}
    (pair,) = split["evidence"]
    assert pair["decided_by"] == ["identifiers.email.blocked now has anna@example.com: anna@example.com"]
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


def test_what_was_foretold_is_written(house: House) -> None:
    blocked = load_rules("identifiers: {email: {blocked: [anna@example.com]}}")

    split = try_rules(house.processing, blocked)
    written = house.apply(blocked)
    merge = try_rules(house.processing, DEFAULTS)
    written_again = house.apply(DEFAULTS)

    assert split["splits"]["count"] == 1
    assert written == {"creates": 1, "updates": 1, "orders": 1}
    assert (merge["merges"]["count"], merge["profiles_after"]) == (1, 4)
    (case,) = merge["merges"]["cases"]
    assert (case["profile"], case["retired"]) == (pid("1"), [pid("2")])
    assert case["evidence"][0]["before"]["weight"] < case["evidence"][0]["after"]["same"]
    assert {name: merge["destinations"]["crm"][name] for name in ("creates", "updates", "merges", "orders")} == {
        "creates": 0,
        "updates": 1,
        "merges": 1,
        "orders": 1,
    }
    assert written_again == {"creates": 0, "updates": 1, "orders": 1}


def test_a_shared_phone_is_told_with_how_many_share_it(house: House) -> None:
    told = try_rules(house.processing, load_rules("identifiers: {phone: {strength: strong, max_people: 1}}"))
    again = try_rules(house.processing, DEFAULTS)

    assert told["quarantined"] == {
        "new": {"count": 1, "cases": [{"kind": "phone", "value": "023125101", "records": 2, "people": 2}]},
        "gone": {"count": 0, "cases": []},
        "unused": {"count": 0, "cases": []},
    }
    assert again["rules"] == []
    assert again["quarantined"]["new"]["count"] == 0


@pytest.mark.parametrize(
    ("rule", "gone", "unused"),
    [
        ("max_people: 10", 1, []),
        (f"max_people: 1, blocked: ['{FAMILY}']", 0, ["is blocked"]),
        ("max_people: 10, blocked_patterns: ['3125']", 0, ["is blocked"]),
        ("strength: 'off'", 0, ["is off: it proves nothing"]),
    ],
)
def test_a_shared_phone_that_is_off_or_blocked_proves_nothing_again(
    house: House, rule: str, gone: int, unused: list[str]
) -> None:
    house.apply(load_rules("identifiers: {phone: {strength: strong, max_people: 1}}"))

    told = try_rules(house.processing, load_rules(f"identifiers: {{phone: {{{rule}}}}}"))["quarantined"]

    assert (told["new"]["count"], told["gone"]["count"], told["unused"]["count"]) == (0, gone, len(unused))
    assert told["unused"]["cases"] == [
        {"kind": "phone", "value": "023125101", "records": 2, "because": because} for because in unused
    ]


def test_survivorship_alone_changes_values_and_nobody(house: House) -> None:
    before = everything(house.database)

    told = try_rules(house.processing, LONGEST)

    assert everything(house.database) == before
    assert (told["merges"]["count"], told["splits"]["count"], told["profiles_after"]) == (0, 0, 4)
    assert told["values"] == {
        "count": 1,
        "attributes": {"company": 1},
        "cases": [
            {
                "profile": pid("1"),
                "attributes": {"company": {"before": "Ohm", "after": "Bäckerei Ohm"}},
                "stake": {"orders": 2, "revenue": "42.00"},
            }
        ],
    }
    assert told["destinations"]["crm"]["updates"] == 1
    assert house.apply(LONGEST) == {"creates": 0, "updates": 1}


def test_a_merge_above_the_limits_is_foretold_to_wait(house: House) -> None:
    house.apply(load_rules("identifiers: {email: {blocked: [anna@example.com]}}"))

    told = try_rules(house.processing, load_rules("limits: {orders: 1}"))

    assert (told["merges"]["count"], told["held"]["count"]) == (0, 1)
    assert told["held"]["cases"] == [
        {
            "reason": "2 orders, the limit is 1",
            "one": [pid("2")],
            "other": [pid("1")],
            "stake": {"orders": 1, "revenue": "22.00"},
        }
    ]


def test_what_people_decided_stays_under_other_rules(house: House) -> None:
    Judge(house.processing).merge(pid("3"), pid("4"), "Frau Sommer")

    told = try_rules(house.processing, load_rules("identifiers: {email: {strength: off}, phone: {strength: off}}"))

    assert {case["profile"] for case in told["splits"]["cases"]} == {pid("1")}


def test_a_trial_sees_one_moment_beside_a_worker(house: House) -> None:
    came: list[str] = []

    def progress(what: str, done: int, total: int) -> None:
        # somebody comes when everybody was read
        if what == "clustering" and not came:
            came.append(what)
            store(house.database, [person("9", "Anna", "", emails=["anna@example.com"])])
            house.process()

    blocked = load_rules("identifiers: {email: {blocked: [anna@example.com]}}")
    told = try_rules(house.processing, blocked, progress=progress)

    assert came
    assert (told["records"], told["profiles"], told["profiles_after"]) == (5, 4, 5)
    assert try_rules(house.processing, blocked)["profiles_after"] == 6


def test_of_many_cases_those_with_most_at_stake_are_told(house: House) -> None:
    told = try_rules(house.processing, load_rules("identifiers: {email: {strength: off}}"), limit=0)

    assert told["splits"] == {"count": 1, "cases": []}

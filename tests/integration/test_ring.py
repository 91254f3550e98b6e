"""Law L10 over random schedules: systems that are written to and read settle, and every edit is kept or shown as lost.

``HUB_SCHEDULES`` asks for more of them than the suite does.
"""

from __future__ import annotations

import os
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.mapping.phone import phones
from hub.store.database import Database
from tests.support.doubles import at, customer, empty, entry
from tests.support.two_way import Ring

SCHEDULES = int(os.environ.get("HUB_SCHEDULES", "6"))
CRMS = ("north", "south")
NUMBERS = [f"+4954198765{n}" for n in range(6)]
TYPED = [f"0541 98765{n}" for n in range(6)]


class Ringing(RuleBasedStateMachine):
    """Two CRMs and a shop around Hub; webhooks are late, come twice and in any order."""

    database: Database

    @initialize()
    def begin(self) -> None:
        empty(self.database)
        self.ring = Ring(self.database, CRMS)
        self.edits: list[tuple[str, str, str]] = []
        self.said: list[tuple[int, str]] = []
        self.told = 0
        self.shop("Anna Berg", 0)
        self.ring.settle()
        self.before = self.ring.writes()

    def contact(self, name: str) -> dict[str, Any] | None:
        found = self.ring.crms[name].contacts()
        assert len(found) < 2, "nobody is there twice"
        return found[0] if found else None

    def shop(self, name: str, number: int) -> None:
        self.told += 1
        first, last = name.split()
        event = customer(
            "1", when=at(self.told), name=(first, last), emails=["anna@example.com"], phones=[NUMBERS[number]]
        )
        self.ring.arrive(entry([event], f"s{self.told}"))

    @rule(number=st.integers(0, 5), name=st.sampled_from(["Anna Berg", "Anna Klein"]))
    def the_shop_tells(self, number: int, name: str) -> None:
        self.said.append((len(self.edits), NUMBERS[number]))
        self.shop(name, number)

    @rule(crm=st.sampled_from(CRMS), number=st.integers(0, 5))
    def a_person_types_a_number(self, crm: str, number: int) -> None:
        if (held := self.contact(crm)) is not None:
            if held["phone"] not in (NUMBERS[number], TYPED[number]):  # who types what stands there changes nothing
                self.edits.append((crm, "phone", NUMBERS[number]))
            self.ring.crms[crm].edit(held["id"], phone=TYPED[number])

    @rule(crm=st.sampled_from(CRMS), city=st.sampled_from(["Melle", "Bramsche"]))
    def a_person_types_a_city(self, crm: str, city: str) -> None:
        if (held := self.contact(crm)) is not None:
            self.edits.append((crm, "city", city))
            self.ring.crms[crm].edit(held["id"], city=city)

    @rule(data=st.data())
    def some_webhooks_come(self, data: st.DataObject) -> None:
        self.ring.collect()
        if not self.ring.waiting:
            return
        places = data.draw(st.lists(st.integers(0, len(self.ring.waiting) - 1), min_size=1, max_size=4))
        arriving = [self.ring.waiting[place] for place in places]
        self.ring.waiting = [one for place, one in enumerate(self.ring.waiting) if place not in places]
        self.ring.arrive(*arriving)

    @rule(crm=st.sampled_from(CRMS))
    def hub_sends(self, crm: str) -> None:
        self.ring.send(crm)

    @invariant()
    def nobody_is_twice(self) -> None:
        for crm in CRMS:
            self.contact(crm)

    def teardown(self) -> None:
        if not hasattr(self, "ring"):
            return
        self.ring.settle()
        writes = self.ring.writes()
        assert self.ring.settle() == 0
        assert self.ring.writes() == writes
        # one write to each system for what the shop told or a person changed, and one more for Hub's own lists
        assert writes - self.before <= 2 * len(CRMS) * (len(self.edits) + self.told)
        self.all_agree()

    def all_agree(self) -> None:
        with self.database.session() as session:
            rows = session.rows("SELECT golden FROM profile")
        assert len(rows) == 1, "one person stays one person"
        golden = orjson.loads(rows[0][0])
        for crm in CRMS:
            held = self.contact(crm)
            assert held is not None
            [point] = phones(held["phone"], "DE")
            assert point.value == golden["phones"][0]
            city = next((one["city"] for one in golden.get("addresses", []) if one.get("city")), None)
            assert held.get("city") == city
        typed = {value for _, field, value in self.edits if field == "phone"}
        sure = typed - self.written_too()
        if sure:
            assert golden["phones"][0] in typed, "what a person typed stands above what the shop said before"
            assert sure <= {*golden["phones"]} | self.replaced(), "no edit is lost without a trace"

    def written_too(self) -> set[str]:
        """Typed numbers that the shop told after the edit: Hub wrote them there itself before it heard of it."""
        return {
            value
            for place, (_, field, value) in enumerate(self.edits)
            if field == "phone" and any(before > place and told == value for before, told in self.said)
        }

    def replaced(self) -> set[str]:
        """Numbers that a person there replaced again, and those that a later edit covered before Hub looked."""
        with self.database.session() as session:
            states = [
                orjson.loads(row[0]) for row in session.rows("SELECT state FROM record WHERE connection <> 'shop'")
            ]
        told = {value for state in states for value in state.get("phones", {})}
        covered = {
            value
            for place, (crm, field, value) in enumerate(self.edits)
            if field == "phone" and any(other[:2] == (crm, "phone") for other in self.edits[place + 1 :])
        }
        return told | covered


@pytest.mark.filterwarnings("ignore")
def test_systems_in_a_ring_settle(database: Database) -> None:
    class Machine(Ringing):
        pass

    Machine.database = database
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=SCHEDULES,
            stateful_step_count=12,
            deadline=None,
            derandomize="HUB_SCHEDULES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )

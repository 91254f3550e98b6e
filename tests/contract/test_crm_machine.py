"""Any changes, in any order, with any faults: in the end one record per person, of the last values (L3, L6, L7)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from hub.model.profile import Profile
from hub.sdk.manifest import Capability
from tests.support.crm import AFTER, BEFORE, House, doubles, house_before
from tests.support.crm.cast import ANNA, BERT, CARLA, ORDER, SECOND, live, order, person, told

PEOPLE, ORDERS = (ANNA, BERT, CARLA), (ORDER, SECOND)
EXAMPLES = int(os.environ.get("HUB_LAW_EXAMPLES", "5"))
STEPS = 12
CALLS_PER_STEP = 60


@dataclass(frozen=True)
class Someone:
    """A person as the sources tell of them."""

    emails: tuple[str, ...]
    last: str = "Amsel"
    phone: str | None = None
    city: str | None = None
    company: str | None = None
    out: bool = False

    def profile(self, key: UUID, *others: Someone) -> Profile:
        """The golden profile, together with those who are taken for the same person."""
        emails = dict.fromkeys(email for one in (self, *others) for email in one.emails)
        out = any(one.out for one in (self, *others))
        return person(
            key, *emails, last=self.last, phone=self.phone, city=self.city, company=self.company,
            consent="opted_out" if out else "opted_in",
        )  # fmt: skip


@dataclass
class World:
    """What is true: who there is, who is taken for whom, who wants to be forgotten, and whose orders are which."""

    people: dict[UUID, Someone] = field(default_factory=dict)
    into: dict[UUID, UUID] = field(default_factory=dict)
    forgotten: set[UUID] = field(default_factory=set)
    orders: dict[UUID, tuple[UUID, str, Decimal | None]] = field(default_factory=dict)

    def leading(self, key: UUID) -> UUID:
        return self.into.get(key, key)

    def members(self, key: UUID) -> list[UUID]:
        return [one for one, led in self.into.items() if led == key]

    def golden(self, key: UUID) -> Profile:
        members = self.members(key)
        found = self.people[key].profile(key, *(self.people[one] for one in members))
        return found.model_copy(update={"aliases": tuple(sorted(members))})

    def profiles(self) -> list[Profile]:
        return [self.golden(key) for key in self.people if key not in self.into and key not in self.forgotten]


class Life(RuleBasedStateMachine):
    """One CRM, and whatever happens."""

    slug = ""

    @initialize(typed=st.sets(st.sampled_from(PEOPLE)))
    def begin(self, typed: set[UUID]) -> None:
        self.house, self.world, self.steps = house_before(self.slug), World(), 1
        self.typed = {key: self.house.double.add_person(_email(key)) for key in sorted(typed)}
        self.opted_out: set[str] = set()
        self.before: dict[UUID, Someone] = {}
        self.deleted = False

    def _tell(self, key: UUID) -> None:
        self.steps += 1
        leading = self.world.leading(key)
        if leading not in self.world.forgotten:
            self.house.known(self.world.golden(leading))

    @rule(
        key=st.sampled_from(PEOPLE),
        last=st.sampled_from(["Amsel", "Meise"]),
        phone=st.sampled_from([None, "+493023125101"]),
        city=st.sampled_from([None, "Bonn", "Köln"]),
        company=st.sampled_from([None, "Bäckerei Ohm"]),
        more=st.booleans(),
        out=st.booleans(),
    )
    def change(self, key: UUID, more: bool, out: bool, **fields: Any) -> None:
        before = self.world.people.get(key)
        emails = (f"second.{_email(key)}", _email(key)) if more else (_email(key),)
        if before is not None:
            self.before[key] = before
        self.world.people[key] = Someone(emails, **fields, out=out or (before is not None and before.out))
        self._tell(key)

    @precondition(lambda self: self.before)
    @rule(fault=st.sampled_from(["a killed process", "a time-out after the write", "429"]), call=st.integers(1, 6))
    def change_back_unheard(self, fault: str, call: int) -> None:
        """What was just told is sent, nobody hears of it, and it is as it was before it is sent again."""
        key, before = self.before.popitem()
        self.house.hostile.at[self.house.hostile.calls + call] = fault
        self.house.deliver()
        self.world.people[key] = replace(before, out=self.world.people[key].out)
        self._tell(key)

    @rule(
        number=st.sampled_from(ORDERS),
        key=st.sampled_from(PEOPLE),
        total=st.sampled_from(["10.00", "25.50"]),
        refunded=st.sampled_from([None, Decimal("4.00"), Decimal("10.00")]),
    )
    def buy(self, number: UUID, key: UUID, total: str, refunded: Decimal | None) -> None:
        whose = self.world.leading(key)
        if key in self.world.people and whose not in self.world.forgotten:
            self.steps += 1
            self.world.orders[number] = (key, total, refunded)
            self.house.ordered(number, order(str(number.int), total), whose, refunded=refunded)

    @rule(pair=st.permutations(PEOPLE))
    def join(self, pair: list[UUID]) -> None:
        winner, loser = pair[:2]
        taken = {*self.world.into, *self.world.into.values(), *self.world.forgotten}
        if {winner, loser} <= self.world.people.keys() and not {winner, loser} & taken:
            self.steps += 1
            self.world.into[loser] = winner
            self.house.merged(self.world.golden(winner), loser)

    @precondition(lambda self: self.world.into)
    @rule()
    def part(self) -> None:
        loser, winner = self.world.into.popitem()
        if winner in self.world.forgotten:
            self.world.into[loser] = winner
            return
        self.steps += 1
        orders = [number for number, (key, _, _) in self.world.orders.items() if key == loser]
        self.house.split(self.world.golden(winner), self.world.golden(loser), *orders)

    @rule(key=st.sampled_from(PEOPLE), sure=st.integers(0, 3))
    def forget(self, key: UUID, sure: int) -> None:
        leading = self.world.leading(key)
        if sure == 3 and key in self.world.people and leading not in self.world.forgotten:
            self.steps += 1
            self.world.forgotten.add(leading)
            self.house.erased(leading)

    @rule(key=st.sampled_from(PEOPLE))
    def delete_there(self, key: UUID) -> None:
        for one in live(self.house.double, key):
            self.house.double.delete_person(one["id"])
            self.deleted = True
            self.opted_out &= self.house.double.opted_out  # where that hangs on the record
            self.typed = {whose: typed for whose, typed in self.typed.items() if typed != one["id"]}

    @rule(fault=st.sampled_from([*BEFORE, *AFTER]), call=st.integers(1, 4))
    def break_soon(self, fault: str, call: int) -> None:
        self.steps += 1
        self.house.hostile.at[self.house.hostile.calls + call] = fault

    @rule(wait=st.booleans())
    def deliver(self, wait: bool) -> None:
        self.steps += 1
        self.house.deliver()
        if wait:
            due = [row.due_at for row in self.house.tables.outbox.values() if row.waits]
            self.house.tables.now = max(self.house.tables.now, self.house.tables.not_before, *due)
        # an opt-out that was passed on is never taken back
        assert self.opted_out <= self.house.double.opted_out
        self.opted_out = set(self.house.double.opted_out)

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        # given that nothing fails any more, and, where people deleted somebody there, that everybody changes once more
        self.house.hostile.at.clear()
        self.house.settle()
        if self.deleted:
            for key, one in self.world.people.items():
                self.world.people[key] = replace(one, city="Ende")
            for profile in self.world.profiles():
                self.house.known(profile)
            self.house.settle()
        self._one_record_each()
        self._of_the_last_values()
        assert self.house.hostile.calls <= CALLS_PER_STEP * (self.steps + len(PEOPLE))

    def _one_record_each(self) -> None:
        expected = {str(profile.id) for profile in self.world.profiles()}
        owners = [one["owner"] for one in self.house.double.people() if one["owner"]]
        assert len(owners) == len(set(owners)), "two records of one profile"
        left = set() if merges(self.house) else {str(loser) for loser in self.world.into}
        assert expected <= set(owners) <= expected | left
        unowned = {one["id"] for one in self.house.double.people() if not one["owner"]}
        assert unowned <= set(self.typed.values()), "a record that Hub made is nobody's"
        failed = {row.reason for row in self.house.tables.outbox.values() if row.state in ("rejected", "dead")}
        assert failed == set()

    def _of_the_last_values(self) -> None:
        calm = house_before(self.slug)
        calm.known(*self.world.profiles())
        for number, (key, total, refunded) in self.world.orders.items():
            whose = self.world.leading(key)
            if whose not in self.world.forgotten:
                calm.ordered(number, order(str(number.int), total), whose, refunded=refunded)
        calm.settle()
        expected, found = told(calm), told(self.house)
        for owner, (values,) in expected.people.items():
            held = found.people[owner][0]
            hanging = consent_names(self.slug)
            assert {name: held.get(name) for name in values if name not in hanging} == {
                name: value for name, value in values.items() if name not in hanging
            }
        assert expected.opted_out <= found.opted_out
        for placed, deals in expected.orders.items():
            assert found.orders[placed] == deals


@cache
def consent_names(slug: str) -> frozenset[str]:
    """What of a record hangs on consent: an opt-out may stand there longer than Hub tells of it; and its e-mails."""
    found = []
    for out in (True, False):
        house = house_before(slug)
        house.known(Someone((_email(ANNA),), out=out).profile(ANNA))
        house.settle()
        found.append(told(house).people[str(ANNA)][0])
    return frozenset(
        {"emails", *(name for name in {**found[0], **found[1]} if found[0].get(name) != found[1].get(name))}
    )


def merges(house: House) -> bool:
    return Capability.MERGE in house.connection.connector.manifest.capabilities


def _email(key: UUID) -> str:
    return {ANNA: "anna@example.com", BERT: "bert@example.com", CARLA: "carla@example.com"}[key]


@pytest.mark.parametrize("slug", doubles())
def test_whatever_happens_there_is_one_record_of_the_last_values(slug: str) -> None:
    machine = type("LifeOf", (Life,), {"slug": slug})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize="HUB_LAW_EXAMPLES" not in os.environ,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

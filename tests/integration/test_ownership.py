"""Ownership of fields: who is the master, what people pinned, and that a conflict is explained with both values."""

from __future__ import annotations

from typing import Any

import pytest

from hub.application.explain import explained
from hub.application.pins import Pins
from hub.application.process import Processing
from hub.errors import RejectedError
from hub.profiles.survivorship import SurvivorshipRules
from hub.store.database import Database
from tests.support.doubles import at, customer, entry
from tests.support.two_way import TwoWay

MAIL = "anna@example.com"
OLD, NEW, TYPED = "+49541987654", "+49301111111", "+49541987655"


class Owned(TwoWay):
    """A way with rules of ownership."""

    ownership = SurvivorshipRules()

    @property
    def processing(self) -> Processing:
        return Processing(self.database, self.connections, self.routes, self.rules, self.ownership, self.insight)


@pytest.fixture
def way(database: Database) -> Owned:
    return Owned(database)


def shop(way: TwoWay, event_id: str, *, when: float = 0, phone: str = OLD) -> None:
    event = customer("1", when=at(when), name=("Anna", "Berg"), emails=[MAIL], phones=[phone])
    way.take(entry([event], event_id))
    way.settle()


def typed(way: TwoWay, phone: str = "0541 987655") -> None:
    [contact] = way.crm.contacts()
    way.crm.edit(contact["id"], phone=phone)
    way.hear()
    way.settle()


AGES = 30_000_000.0
"""Seconds after the tests' own time that lie well after the clock by which the sandbox stamps edits."""


def phones(way: TwoWay) -> tuple[str, str]:
    """The golden phone, and what stands in the CRM."""
    [contact] = way.crm.contacts()
    return way.person()["phones"][0], contact["phone"]


@pytest.mark.parametrize(
    ("rules", "golden", "there"),
    [
        ({}, NEW, NEW),
        ({"owners": {"phones": "crm"}}, TYPED, "0541 987655"),
        ({"pinned": {"phones": "crm"}}, TYPED, "0541 987655"),
    ],
)
def test_newest_counts_unless_the_crm_is_the_master_or_edits_there_hold(
    way: Owned, rules: dict[str, Any], golden: str, there: str
) -> None:
    way.ownership = SurvivorshipRules.model_validate(rules)
    shop(way, "e1")
    typed(way)
    shop(way, "e2", when=AGES, phone=NEW)
    assert phones(way) == (golden, there)


def test_what_people_change_of_a_field_that_the_shop_owns_is_written_back_and_shown(way: Owned) -> None:
    way.ownership = SurvivorshipRules.model_validate({"owners": {"phones": ["shop", "*"]}})
    shop(way, "e1")
    typed(way)
    assert phones(way) == (OLD, OLD)
    [field] = _explained(way, "phones.0")
    assert (field["value"], field["record"]["connection"]) == (OLD, "shop")
    listed = _explained(way, "phones.1")
    assert listed[0]["value"] == TYPED


def test_a_conflict_is_explained_with_both_values_and_why_one_won(way: Owned) -> None:
    way.ownership = SurvivorshipRules.model_validate({"owners": {"name": "crm"}})
    shop(way, "e1")
    [contact] = way.crm.contacts()
    way.crm.edit(contact["id"], lastname="Klein")
    way.hear()
    way.settle()
    shop(way, "e2", when=AGES)
    [field] = _explained(way, "name")
    assert (field["value"]["last"], field["rule"]) == ("Klein", "its source is the master of this field")
    [lost] = field["lost"]
    assert (lost["value"]["last"], lost["why"]) == ("Berg", "its source is not the master of this field")


def test_a_pinned_value_holds_against_sources_until_a_person_changes_it(way: Owned) -> None:
    shop(way, "e1")
    pins = Pins(way.processing)
    pins.pin(way.person()["id"], "phone", "030 2222222", "ina")
    way.settle()
    assert phones(way) == ("+49302222222", "+49302222222")
    shop(way, "e2", when=AGES, phone=NEW)
    assert phones(way)[0] == "+49302222222"
    [field] = _explained(way, "phones.0")
    assert field["rule"] == "a person pinned it in Hub, until a person changes it"
    # a person in the CRM is a person too
    typed(way)
    assert phones(way) == (TYPED, "0541 987655")


def test_a_pinned_value_that_is_let_go_counts_no_more(way: Owned) -> None:
    shop(way, "e1")
    pins = Pins(way.processing)
    pins.pin(way.person()["id"], "last_name", "Klein", "ina")
    assert way.person()["name"] == {"first": "Anna", "full": "Anna Klein", "last": "Klein"}
    pins.release(way.person()["id"], "last_name", "ina")
    way.settle()
    assert way.person()["name"]["full"] == "Anna Berg"
    assert way.crm.contacts()[0]["lastname"] == "Berg"


def test_what_cannot_stand_in_a_field_is_not_pinned(way: Owned) -> None:
    shop(way, "e1")
    pins, anna = Pins(way.processing), way.person()["id"]
    for field, value in (("phone", "ruf an"), ("birth_date", "gestern"), ("telephone", "030 2222222"), ("email", " ")):
        with pytest.raises(RejectedError):
            pins.pin(anna, field, value, "ina")


def _explained(way: Owned, field: str) -> list[dict[str, Any]]:
    with way.database.session() as session:
        told = explained(session, way.person()["id"], way.processing.in_force(session), way.connections)
    assert told is not None
    return [one for one in told["values"] if one["field"] == field]

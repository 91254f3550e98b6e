"""The connector against a running Odoo 11, step by step beside the double: what stands in both is the same."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from hub.model.address import Address
from hub.model.profile import Profile
from hub.sdk.connection import open_client
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from tests.real.odoo_server import RealOdoo, running
from tests.support.crm import House
from tests.support.crm.cast import ANNA, BERT, CARLA, DORA, ORDER, SECOND, one, order, person, placed, told
from tests.support.crm.house import Happened
from tests.support.crm.odoo import OdooDouble
from tests.support.doubles import at

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def odoo() -> Iterator[RealOdoo]:
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def houses(odoo: RealOdoo) -> list[House]:
    """The real one and the double, with the same settings."""
    double = OdooDouble()
    double.api = "jsonrpc"
    return [House(odoo), House(double, unsubscribe="opt_out", revenue_field="planned_revenue")]


def both(houses: list[House]) -> None:
    """Deliver to both; then the same people and orders stand there."""
    for house in houses:
        house.settle()
    real, double = map(told, houses)
    assert real.people == double.people
    assert real.orders == double.orders
    assert real.opted_out == double.opted_out
    assert houses[0].states() == houses[1].states()


def test_a_life_leaves_the_same_in_odoo_and_in_the_double(houses: list[House]) -> None:
    # people and orders that are new, one of them typed there before
    for house in houses:
        house.double.add_person("anna@example.com", street="Getippt 1", city="Ulm")
        house.known(
            person(ANNA, phone="+493023125101", consent="opted_in", totals=[("100.00", "EUR")]),
            person(BERT, company="Bäckerei Ohm", city="Bonn"),
            person(CARLA, "carla@example.com", "c.drossel@example.org", company="Bäckerei Ohm", city="Köln"),
        )
        house.ordered(ORDER, order("1001"), ANNA)
        house.ordered(SECOND, order("1002", "25.50", state="open", currency="CHF"), BERT)
    both(houses)
    assert "Getippt 1" in str(one(houses[0].double, ANNA)["values"])
    # no private address became the company's
    assert "Am Markt" not in str(one(houses[0].double, CARLA)["values"].get("street"))

    # changes, an opt-out, a payment, and money that went back
    for house in houses:
        house.known(
            person(ANNA, last="Meise", city="Bonn", consent="opted_out", totals=[("60.00", "EUR")]),
            person(BERT, company="Bäckerei Ohm", phone="+493023125102"),
        )
        house.ordered(ORDER, order("1001"), ANNA, refunded=Decimal("100.00"))
        house.ordered(SECOND, order("1002", "25.50", currency="CHF"), BERT, paid=True)
    both(houses)

    # two of them are one, and are two again
    for house in houses:
        house.merged(
            person(ANNA, "anna@example.com", "bert@example.com", last="Meise", consent="opted_out"), loser=BERT
        )
    both(houses)
    for house in houses:
        assert placed(house.double, SECOND)["person"] == one(house.double, ANNA)["id"]
        house.split(person(ANNA, last="Meise", consent="opted_out"), person(BERT, company="Bäckerei Ohm"), SECOND)
    both(houses)

    # one is deleted there, one is merged there by the wizard
    for house in houses:
        house.double.delete_person(one(house.double, BERT)["id"])
        house.known(person(BERT, company="Bäckerei Ohm", last="Falke"))
        typed = house.double.add_person("typed@example.com")
        house.double.merge_people(typed, one(house.double, CARLA)["id"])
        house.known(person(CARLA, "carla@example.com", company="Bäckerei Ohm", last="Amsel"))
    both(houses)

    # one is forgotten
    for house in houses:
        house.erased(ANNA)
    both(houses)


def test_a_refused_record_keeps_none_of_the_others(houses: list[House]) -> None:
    def abroad(profile: Profile, country: str) -> Profile:
        return profile.model_copy(update={"addresses": (Address(line1="Rua 5", city="Dili", country=country),)})

    for house in houses:
        house.known(abroad(person(DORA), "XX"), abroad(person(BERT), "DE"))
        house.settle()
        row = house.tables.outbox[DORA]
        assert (row.state, row.refused) == ("delivered", "country_id/id: REFUSED")
        assert one(house.double, DORA)["values"]["street"] == "Rua 5"


def test_a_live_check_finds_what_prepare_made(houses: list[House]) -> None:
    house = houses[0]
    with open_client(house.connection, house.destination, transport=house.hostile, budget=Budget(Limits())) as client:
        assert house.destination.check is not None
        found = house.destination.check(client, house.connection.settings)
    assert found is not None
    assert "all fields of res.partner are there" in found.works
    assert found.wrong in ([], ["currency: the company's is USD, not EUR"])


def test_a_traceback_of_a_running_odoo_never_shows(houses: list[House]) -> None:
    house = houses[0]
    wrong = {**house.double.settings(), "api_key": "not-the-key", "user_id": 1}
    stranger = House(house.double, **wrong)
    stranger.known(person(ANNA, "x@example.com"))
    stranger.deliver()
    reason = stranger.tables.state.reason or ""
    assert "Access" in reason
    assert "Traceback" not in reason


def test_activities_stand_in_the_chatter_once_and_follow_a_merge(odoo: RealOdoo) -> None:
    # given two people, and something of each, one text with what looks like HTML
    house, keys = House(odoo, activities=["message"]), [UUID(int=0xAC00 + number) for number in range(3)]
    first, second = UUID(int=0xB001), UUID(int=0xB002)
    house.known(person(first, "f@example.org"), person(second, "s@example.org"))
    house.happened(keys[0], first, Happened("message", at(3), "Message (whatsapp, shop)", "<my> & <a@example.com>"))
    house.happened(keys[1], second, Happened("message", at(4), "Message (email, shop)", "of the second"))
    house.settle()
    entry = next(entry for entry in odoo.activities() if entry["owner"] == str(keys[0]))
    assert entry["values"]["date"] == f"{at(3):%Y-%m-%d %H:%M:%S}"
    assert "&lt;my&gt; &amp; &lt;a@example.com&gt;" in entry["values"]["body"]
    # when the answer to another one is lost, and the one before is sent again
    house.hostile.at[house.hostile.calls + 2] = "a time-out after the write"
    house.happened(keys[2], second, Happened("message", at(5), "Message (email, shop)", "again"))
    house.tables.outbox[keys[0]].state = "pending"
    house.tables.crosswalk = {name: held for name, held in house.tables.crosswalk.items() if name[0] != "activity"}
    house.settle()
    assert sorted(str(entry["owner"]) for entry in odoo.activities()) == sorted(map(str, keys))
    # and when the two are one, all of it stands at the one that is left
    house.merged(person(first, "f@example.org", "s@example.org"), loser=second)
    house.settle()
    assert {entry["person"] for entry in odoo.activities()} == {one(odoo, first)["id"]}
    # and nothing is left of somebody who is erased
    house.erased(first)
    house.settle()
    assert odoo.activities() == []

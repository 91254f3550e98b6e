"""What a mapping file's rules of writing do in every CRM: what people typed there stays, what Hub wrote does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from hub.application.target_fields import unknown_fields
from hub.mapping.overrides import RULES, compile_overrides
from hub.sdk.crm.rules import is_left, same
from hub.sdk.destination import Write
from hub.sdk.manifest import ProfileSettings
from tests.support.crm import House, house_before
from tests.support.crm.cast import ANNA, one, order, person, placed

FIRST = {
    "espocrm": "firstName", "espocrm-declared": "firstName", "hubspot": "firstname", "odoo": "name",
    "pipedrive": "name", "salesforce": "FirstName", "zoho": "First_Name",
    "twenty": "name.firstName",
    "dynamics": "firstname",
}  # fmt: skip
"""The property that is told of, by connector."""


@pytest.fixture(params=sorted(FIRST))
def house(request: pytest.FixtureRequest) -> House:
    return house_before(request.param)


def name_of(house: House) -> str:
    return FIRST[house.double.slug]


def under(house: House, rule: str) -> House:
    """The house under a mapping file that gives the name a rule."""
    own = house.connection.connector.own_fields
    held = house.connection.settings
    assert isinstance(held, ProfileSettings)
    assert own is not None
    field = {"value": "name.first", "write": rule}
    compiled, faults = compile_overrides({"fields": {name_of(house): field}}, own(held))
    assert not faults
    house.connection = replace(house.connection, settings=held.with_mapping(compiled))
    return house


def typed(house: House, text: str) -> None:
    """Somebody there changes the name of Hub's record."""
    values: Mapping[str, Any] = {name_of(house): text}
    write = Write("profile", str(ANNA), one(house.double, ANNA)["id"], values, values)
    [result] = house.destination.send([write], house._client(), house.connection.settings)
    assert result.outcome == "delivered"


def standing(house: House) -> str:
    return str(one(house.double, ANNA)["values"].get(name_of(house)) or "")


def test_only_what_is_empty_is_filled(house: House) -> None:
    # given a record that people made, with a name
    there = house.double.add_person("anna@example.com", **{name_of(house): "Annchen"})
    under(house, "only_if_empty").known(person(ANNA))
    # when Hub takes it over
    house.settle()
    # then the name stays, and does not count as written
    assert (one(house.double, ANNA)["id"], standing(house)) == (there, "Annchen")
    assert name_of(house) not in house.mirror_of(ANNA)
    # and nothing loops, or is sent but the question when the profile changes again
    house.known(person(ANNA, first="Anja"))
    house.settle()
    assert standing(house) == "Annchen"
    assert set(house.states().values()) == {"delivered"}


def test_without_a_rule_it_is_written_over(house: House) -> None:
    house.double.add_person("anna@example.com", **{name_of(house): "Annchen"})
    under(house, "always").known(person(ANNA))
    house.settle()
    assert standing(house) == "Anna"


@pytest.mark.parametrize("rule", RULES[1:])
def test_a_new_record_is_written_whole(house: House, rule: str) -> None:
    under(house, rule).known(person(ANNA))
    house.settle()
    assert standing(house) == "Anna"
    assert house.mirror_of(ANNA)[name_of(house)] == "Anna"


def test_what_hub_wrote_follows_the_profile_until_a_person_changes_it(house: House) -> None:
    # given a record that Hub made
    under(house, "never_after_edit").known(person(ANNA))
    house.settle()
    # when the profile changes, the record does
    house.known(person(ANNA, first="Anja"))
    house.settle()
    assert standing(house) == "Anja"
    # when a person changes it there, it stays
    typed(house, "Annchen")
    for first in ("Anke", "Antje"):
        house.known(person(ANNA, first=first, city="Bonn"))
        house.settle()
        assert standing(house) == "Annchen"
    # and Hub still knows what it wrote itself: put back, it follows again
    typed(house, "Anja")
    house.known(person(ANNA, first="Anke"))
    house.settle()
    assert standing(house) == "Anke"


def test_a_value_written_unseen_is_still_hubs_own(house: House) -> None:
    # given a record that Hub made, and a change of which the answer to the write got lost
    under(house, "never_after_edit").known(person(ANNA))
    house.settle()
    house.hostile.every["a time-out after the write"] = 1
    house.known(person(ANNA, first="Anja"))
    house.settle()
    # when the profile changes once more
    house.known(person(ANNA, first="Anke"))
    house.settle()
    # then it follows
    assert standing(house) == "Anke"


@pytest.mark.parametrize(
    ("rule", "value", "wrote", "there", "left"),
    [
        ("only_if_empty", "Anja", None, "", False),
        ("only_if_empty", "Anja", "Anna", "Anna", True),
        ("only_if_empty", "", "Anna", "Anna", False),  # what Hub wrote of another person is taken back
        ("only_if_empty", "", "Anna", "Annchen", True),
        ("never_after_edit", "8", "7", 7.0, False),
        ("never_after_edit", "Anja", "Anna", None, True),  # emptied by a person
        ("never_after_edit", "Anja", None, "Annchen", True),
        ("never_after_edit", "Anke", ["Anna", "Anja"], "Anja", False),
        ("never_after_edit", "Anke", ["Anna", "Anja"], "Annchen", True),
    ],
)
def test_what_stays(rule: Any, value: Any, wrote: Any, there: Any, left: bool) -> None:
    assert is_left(rule, value, wrote, there) is left


def test_values_compare_however_a_crm_spells_them() -> None:
    assert same("2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00+00:00")
    assert same("2026-03-01T12:00:00Z", "2026-03-01 12:00:00")
    assert same("7", 7.0)
    assert same("12.50", "12.5")
    assert not same("anna", "Anna")
    assert not same("Anna", None)


def test_a_file_with_the_rules_has_no_fault_where_they_are_kept(house: House) -> None:
    own = house.connection.connector.own_fields
    assert own is not None
    for rule in RULES:
        told = {"fields": {name_of(house): {"write": rule}}}
        assert compile_overrides(told, own(house.connection.settings))[1] == []


REAL = {
    "espocrm": ("addressCity", "firstName", "accountId"), "espocrm-declared": ("firstName",), "hubspot": ("firstname",),
    "odoo": ("country_id/id", "city"), "pipedrive": ("Hub profile id", "name"),
    "salesforce": ("LastName", "Hub_Profile_Id__c"), "zoho": ("Mailing_City", "Hub_Profile_ID"),
    "twenty": ("emails.primaryEmail", "hubProfileId"),
    "dynamics": ("emailaddress1", "hub_profile_id"),
}  # fmt: skip
"""Some fields that there are, however the system tells of them."""


def test_every_crm_tells_which_fields_it_has(house: House) -> None:
    assert house.destination.fields is not None
    there = house.destination.fields(house._client(), house.connection.settings)
    assert {*REAL[house.double.slug]} <= {*there["fields"]}
    assert "no_such_field" not in there["fields"]
    assert there["order_fields"]
    # nothing but names
    assert all(isinstance(name, str) for names in there.values() for name in names)


def test_a_mapping_file_that_names_what_is_there_has_no_fault_and_another_has(house: House) -> None:
    assert house.destination.fields is not None
    there = house.destination.fields(house._client(), house.connection.settings)
    own, held = house.connection.connector.own_fields, house.connection.settings
    assert own is not None
    assert isinstance(held, ProfileSettings)
    names = {*own(held).written} - {*own(held).kept}
    compiled, faults = compile_overrides({"fields": dict.fromkeys([*names, "shoe_sizee"], "custom.size")}, own(held))
    assert not faults
    named = replace(house.connection, settings=held.with_mapping(compiled))
    assert unknown_fields(named, there) == ["fields.shoe_sizee: there is no such field there"]


TITLE = {
    "espocrm": "name", "espocrm-declared": "name", "hubspot": "dealname", "odoo": "name", "pipedrive": "title",
    "salesforce": "Name", "zoho": "Deal_Name", "twenty": "name", "dynamics": "hub_name",
}  # fmt: skip
"""The title of an order's record."""
ORDER = UUID(int=77)


def titled(house: House, rule: str) -> House:
    """The house under a mapping file that gives an order's title a rule: it is the order's total."""
    own, held = house.connection.connector.own_fields, house.connection.settings
    assert own is not None
    assert isinstance(held, ProfileSettings)
    field = {"value": "to_string(total)", "write": rule}
    compiled, faults = compile_overrides({"order_fields": {TITLE[house.double.slug]: field}}, own(held))
    assert not faults
    house.connection = replace(house.connection, settings=held.with_mapping(compiled))
    house.known(person(ANNA, "anna@example.com"))
    house.ordered(ORDER, order("1", "10"), ANNA)
    house.settle()
    return house


def retitled(house: House, text: str) -> None:
    """Somebody there changes the title."""
    values = {TITLE[house.double.slug]: text}
    write = Write("order", str(ORDER), placed(house.double, ORDER)["id"], values, values)
    [result] = house.destination.send([write], house._client(), house.connection.settings)
    assert result.outcome == "delivered"


def title(house: House) -> str:
    return str(placed(house.double, ORDER)["values"].get(TITLE[house.double.slug]) or "")


def retold(house: House, total: str) -> None:
    house.ordered(ORDER, order("1", total), ANNA)
    house.settle()


def test_an_orders_field_follows_the_order_until_a_person_changes_it(house: House) -> None:
    # given an order that Hub wrote, of which a field follows it
    titled(house, "never_after_edit")
    assert title(house) == "10"
    retold(house, "11")
    assert title(house) == "11"
    # when a person changes it there, it stays, and the rest of the order goes on
    retitled(house, "Annas Bestellung")
    for total in ("12", "13"):
        retold(house, total)
        assert title(house) == "Annas Bestellung"
    assert set(house.states().values()) == {"delivered"}
    assert house.mirror_of(ORDER)[TITLE[house.double.slug]] == "11"
    # and put back, it follows again
    retitled(house, "11")
    retold(house, "14")
    assert title(house) == "14"


def test_an_orders_field_that_is_filled_stays_where_only_empty_ones_are(house: House) -> None:
    titled(house, "only_if_empty")
    assert title(house) == "10"  # a new record is written whole
    retold(house, "11")
    assert title(house) == "10"
    assert set(house.states().values()) == {"delivered"}


def test_an_orders_field_without_a_rule_is_written_over(house: House) -> None:
    titled(house, "always")
    retitled(house, "Annas Bestellung")
    retold(house, "11")
    assert title(house) == "11"

"""Faults of peers in mapping fields to a CRM, made anew: what each report has, and what is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.application.target_fields import unknown_fields
from hub.mapping.overrides import compile_overrides
from hub.model.traits import Traits
from hub.sdk.manifest import ProfileSettings
from tests.support.crm import House, house_before
from tests.support.crm.cast import ANNA, BERT, live, one, person

CITY = {"espocrm": "addressCity", "hubspot": "city", "odoo": "city", "salesforce": "MailingCity"}


def mapped(slug: str, fields: dict[str, Any]) -> House:
    house = house_before(slug)
    own, held = house.connection.connector.own_fields, house.connection.settings
    assert own is not None
    assert isinstance(held, ProfileSettings)
    compiled, faults = compile_overrides({"fields": fields}, own(held))
    assert not faults
    house.connection = replace(house.connection, settings=held.with_mapping(compiled))
    return house


@pytest.mark.parametrize("slug", ["espocrm", "hubspot", "salesforce"])
def test_an_option_that_a_list_does_not_have_costs_that_value_alone(slug: str) -> None:
    # MinnPost/object-sync-for-salesforce#128, supaglue-labs/supaglue#1262: a restricted picklist fails the record
    house = mapped(slug, {CITY[slug]: {"constant": "No such option"}})
    house.double.refuse("No such option")
    house.known(person(ANNA, "anna@example.com", first="Anna"), person(BERT, "bert@example.com"))
    house.settle()
    assert [len(live(house.double, key)) for key in (ANNA, BERT)] == [1, 1]
    assert set(house.states().values()) == {"delivered"}
    assert CITY[slug] in str(house.tables.outbox[ANNA].refused)
    assert "No such option" not in str(house.tables.outbox[ANNA].refused)


def test_two_fields_that_change_places_do_not_overwrite_each_other() -> None:
    # supaglue-labs/supaglue#1062: a mapped field that is the name of another one, too
    house = mapped("hubspot", {"firstname": {"mapped": "lastname"}, "lastname": {"mapped": "firstname"}})
    house.known(person(ANNA, "anna@example.com", first="Anna", last="Berg"))
    house.settle()
    held = one(house.double, ANNA)["values"]
    assert (held["firstname"], held["lastname"]) == ("Berg", "Anna")


def test_a_value_that_is_no_more_is_cleared_and_what_hub_never_wrote_is_not() -> None:
    # grahamr975/EWS-Office365-Contact-Sync#31 (left for ever), Automattic/jetpack-crm#31 (cleared unasked)
    house = mapped("hubspot", {"jobtitle": "company"})
    house.known(person(ANNA, "anna@example.com", company="Berg KG"))
    house.settle()
    assert one(house.double, ANNA)["values"]["jobtitle"] == "Berg KG"
    contact = one(house.double, ANNA)["id"]
    typed = {"inputs": [{"id": contact, "properties": {"mobilephone": "+49 171 1"}}]}
    house._client().request("POST", "/crm/v3/objects/contacts/batch/update", body=typed)
    house.known(person(ANNA, "anna@example.com", first="Anna"))
    house.settle()
    held = one(house.double, ANNA)["values"]
    assert (held.get("jobtitle") or "", held["mobilephone"]) == ("", "+49 171 1")


def test_what_was_worked_out_of_a_person_is_written_like_any_field_and_once() -> None:
    house = mapped("hubspot", {"jobtitle": "traits.stage", "company": "join(', ', traits.segments)"})
    anna = person(ANNA, "anna@example.com")
    house.known(anna.model_copy(update={"traits": Traits(stage="loyal", segments=("vip", "tea"))}))
    house.settle()
    held = one(house.double, ANNA)["values"]
    assert (held["jobtitle"], held["company"]) == ("loyal", "vip, tea")
    house.known(anna.model_copy(update={"traits": Traits(stage="at_risk")}))
    house.settle()
    held = one(house.double, ANNA)["values"]
    assert (held["jobtitle"], held.get("company") or "") == ("at_risk", "")


def test_a_customer_does_not_fall_back_to_a_lead() -> None:
    # Automattic/jetpack-crm#30: the status that a form sends with every submission
    house = mapped("hubspot", {"jobtitle": {"constant": "lead", "write": "only_if_empty"}})
    house.double.add_person("anna@example.com", jobtitle="customer")
    house.known(person(ANNA, "anna@example.com"))
    house.settle()
    house.known(person(ANNA, "anna@example.com", first="Anna"))
    house.settle()
    assert one(house.double, ANNA)["values"]["jobtitle"] == "customer"


def test_an_edit_is_kept_until_it_is_taken_back() -> None:
    # abhinavxd/libredesk#588, sneg55/pingcrm#48, Atlas-Authority/marketing-automation#64
    house = mapped("hubspot", {"firstname": {"write": "never_after_edit"}})
    house.known(person(ANNA, "anna@example.com", first="anna"))
    house.settle()

    def typed(text: str) -> None:
        contact = one(house.double, ANNA)["id"]
        body = {"inputs": [{"id": contact, "properties": {"firstname": text}}]}
        house._client().request("POST", "/crm/v3/objects/contacts/batch/update", body=body)

    typed("Anna Katharina")
    for first in ("Anni", "Anne"):
        house.known(person(ANNA, "anna@example.com", first=first))
        house.settle()
        assert one(house.double, ANNA)["values"]["firstname"] == "Anna Katharina"
    typed("anna")
    house.known(person(ANNA, "anna@example.com", first="Anja"))
    house.settle()
    assert one(house.double, ANNA)["values"]["firstname"] == "Anja"


@pytest.mark.parametrize(
    ("there", "faults"),
    [
        # Dapta-Tech/dapta-forms#88: what is unknown is not empty
        ({}, 0), ({"fields": []}, 0),
        # SalesforceFoundation/NPSP#4771, jsforce/jsforce#391: a field that was deleted is named, and nothing breaks
        ({"fields": ["firstname"]}, 1),
        ({"fields": ["firstname", "shoe_size"]}, 0),
        # HubSpot/…: names are the internal ones, in small letters (segment-boneyard/segment-docs#5646)
        ({"fields": ["Shoe_Size"]}, 1),
    ],
)  # fmt: skip
def test_a_field_that_was_deleted_is_named_and_a_crm_that_tells_nothing_refuses_nothing(
    there: dict[str, list[str]], faults: int
) -> None:
    house = mapped("hubspot", {"shoe_size": {"constant": "38"}})
    assert len(unknown_fields(house.connection, there)) == faults


def test_a_field_deleted_in_the_crm_after_the_start_costs_that_value_alone() -> None:
    # jsforce/jsforce#391: a field that went missing stops everything until the next start
    house = mapped("hubspot", {"shoe_size": {"constant": "38"}})
    house.known(person(ANNA, "anna@example.com", first="Anna"))
    house.settle()
    assert one(house.double, ANNA)["values"]["firstname"] == "Anna"
    assert set(house.states().values()) == {"delivered"}
    assert "shoe_size" in str(house.tables.outbox[ANNA].refused)

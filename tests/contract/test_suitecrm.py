"""SuiteCRM beyond the laws of all CRMs: addresses that are shared, refusals in words, its poll; and the field.

Each report of the field is named where it was tried; those without a repository are SuiteCRM/SuiteCRM's.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from hub.connectors.suitecrm import CONNECTOR, schemas
from hub.connectors.suitecrm.manifest import SuiteSettings, oauth
from hub.connectors.suitecrm.schemas_check import check
from hub.connectors.suitecrm.source import SOURCE
from hub.errors import Forbidden
from hub.sdk.connection import open_client
from hub.sdk.crm.dialect import Problem
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from tests.support.crm import House
from tests.support.crm.cast import ANNA, BERT, ORDER, one, order, person, placed
from tests.support.crm.suitecrm import SuiteCrmDouble


def there(house: House) -> SuiteCrmDouble:
    assert isinstance(house.double, SuiteCrmDouble)
    return house.double


@pytest.fixture
def house() -> House:
    return House(SuiteCrmDouble()).prepare()


def said(detail: str) -> httpx.Response:
    body = {"errors": {"status": 400, "title": None, "detail": detail}}
    return httpx.Response(400, json=body, request=httpx.Request("PATCH", "https://crm.example.com"))


# -- addresses ---------------------------------------------------------------------------------------------------------


def test_a_new_main_e_mail_is_the_main_one_and_what_people_added_stays_with_its_opt_out(house: House) -> None:
    """#10513, #9960: the e-mail of a change is ignored where there are addresses. #4145: opt-outs are lost."""
    house.known(person(ANNA, "anna@example.com"))
    house.settle()
    contact = one(house.double, ANNA)["id"]
    double = there(house)
    double.addresses[contact].append(double.address("a.amsel@example.org", "1"))
    house.known(person(ANNA, "anna@example.net"))
    house.settle()
    assert one(house.double, ANNA)["emails"] == ["anna@example.net", "a.amsel@example.org"]
    assert "a.amsel@example.org" in double.opted_out


@pytest.mark.parametrize("fault", ["", "a time-out after the write", "500"])
def test_a_new_contact_lifts_no_opt_out_of_an_address_that_another_has(house: House, fault: str) -> None:
    # given an address that was opted out at a contact that is no more
    house.double.delete_person(house.double.add_person("anna@example.com"))
    house.double.opt_out_there("anna@example.com")
    # when somebody new comes to have it
    house.hostile.every[fault or "500"] = 3 if fault else 0
    house.known(person(ANNA, "anna@example.com", consent="opted_in"))
    house.settle()
    assert one(house.double, ANNA)["emails"] == ["anna@example.com"]
    assert "anna@example.com" in house.double.opted_out


def test_an_e_mail_that_is_not_taken_is_told_and_costs_only_itself(house: House) -> None:
    """SuiteCRM leaves out an address that its pattern does not match, and answers as ever."""
    house.known(person(ANNA, "anna@@example", city="Bonn"))
    house.settle()
    assert one(house.double, ANNA)["values"]["primary_address_city"] == "Bonn"
    assert "email1" in house.tables.outbox[ANNA].refused


def test_who_had_the_address_once_is_not_taken_for_who_has_it(house: House) -> None:
    """#9378: the filter by e-mail joins every address that a contact ever had."""
    former = house.double.add_person("anna@example.com")
    there(house).addresses[former].clear()
    house.known(person(ANNA, "anna@example.com"))
    house.settle()
    assert one(house.double, ANNA)["id"] != former


# -- refusals ----------------------------------------------------------------------------------------------------------


def test_a_refusal_in_words_is_told_apart() -> None:
    """#10895: who may not see a module gets the same status as who asks for a record that is gone."""
    gone = schemas.answered(said("Contacts module with id 2a411c2e is not found"), new=False)
    unknown = schemas.answered(said("Property hub_tags_c in Contact module is invalid"), new=True)
    assert isinstance(gone, Problem)
    assert isinstance(unknown, Problem)
    assert (gone.kind, [one.property for one in unknown.refused]) == ("gone", ["hub_tags_c"])
    with pytest.raises(Forbidden):
        schemas.answered(said("[SuiteCRM] [Not Allowed] The API user does not have access to this module."), new=True)


def test_a_field_that_nobody_made_costs_only_itself(house: House) -> None:
    there(house).missing = {"hub_tags_c", "hub_order_state_c"}
    house.known(person(ANNA).model_copy(update={"tags": ("vip",)}))
    house.ordered(ORDER, order("1001"), ANNA)
    house.settle()
    assert placed(house.double, ORDER)["person"] == one(house.double, ANNA)["id"]
    assert "hub_tags_c" in house.tables.outbox[ANNA].refused


def test_a_live_check_names_the_fields_that_are_missing() -> None:
    """#8687: what a form shows need not be a field of the API's."""
    double = SuiteCrmDouble()
    double.missing = {"hub_profile_id_c", "hub_tags_c"}
    house = House(double, profile_fields={"opt_in_email1": "company"})
    settings = house.connection.settings
    assert isinstance(settings, SuiteSettings)
    with open_client(house.connection, house.destination, transport=house.hostile, budget=Budget(Limits())) as client:
        found = check(client, settings)
    assert any("hub_profile_id_c" in text for text in found.wrong)
    assert any("opt_in_email1" in text for text in found.wrong)
    assert any("hub_tags_c" in text for text in found.works)


def test_an_answer_without_a_relationship_has_no_data() -> None:
    """Api/V8/Service/RelationshipService.php: a relationship that holds nothing is told by ``meta`` alone."""
    empty = httpx.Response(200, json={"meta": {"message": "There is no relationship set"}})
    assert schemas.several(empty) == ()


def test_the_token_is_asked_where_the_api_lies() -> None:
    """#8251, #8358, #7623, #10268: the token's address is ``Api/access_token``, below ``legacy`` of SuiteCRM 8, and a
    client credentials client gets a new one without a refresh token."""
    told = oauth(SuiteSettings.model_validate(dict(CONNECTOR.manifest.sample_settings)))
    assert told.token_url == "https://crm.example.com/legacy/Api/access_token"
    assert (told.grant, told.client) == ("client_credentials", "body")


# -- money -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "told"), [("EUR", "-99"), ("USD", "usd-id"), ("CHF", None)])
def test_an_amount_is_of_its_own_currency_or_there_is_none(currency: str, told: str | None) -> None:
    house = House(SuiteCrmDouble(), currencies={"USD": "usd-id"}).prepare()
    house.known(person(ANNA))
    house.ordered(ORDER, order("1001", currency=currency), ANNA)
    house.settle()
    values = placed(house.double, ORDER)["values"]
    assert (values.get("currency_id"), values.get("amount")) == (told, "100.00" if told else None)


# -- reading back ------------------------------------------------------------------------------------------------------


def polled(double: SuiteCrmDouble, **settings: Any) -> list[Any]:
    house = House(double, **settings)
    # a poll asks by the same client as a delivery
    with open_client(house.connection, house.destination, transport=house.hostile, budget=Budget(Limits())) as http:
        assert SOURCE.backfill is not None
        pages = list(SOURCE.backfill(http, house.connection.settings, None, None))  # type: ignore[arg-type]
    return [json.loads(item.body) for page in pages for item in page.items]


def test_a_job_that_changes_more_than_a_page_in_one_second_is_read_whole_and_once() -> None:
    """#10015, #9760: by the number of the page alone, records are missing, and the number of pages is 0."""
    double = SuiteCrmDouble()
    for number in range(250):
        contact = double.add_person(f"k{number}@example.com")
        second = 0 if number < 20 else 1 if number < 240 else 2
        double.records["Contacts"][contact]["date_modified"] = f"2026-03-09 10:00:0{second}"
    found = polled(double)
    assert len({each["id"] for each in found}) == 250
    assert len(found) == 250


def test_who_was_deleted_is_not_asked_for(house: House) -> None:
    """#8631: a list with a deleted record fails as a whole."""
    house.known(person(ANNA), person(BERT))
    house.settle()
    house.double.delete_person(one(house.double, BERT)["id"])
    assert [each["attributes"]["hub_profile_id_c"] for each in polled(there(house))] == [str(ANNA)]


def test_what_hub_wrote_comes_back_as_it_wrote_it(house: House) -> None:
    """What equals the mirror is no edit (law L10)."""
    own = house.connection.settings
    assert isinstance(own, SuiteSettings)
    house.known(person(ANNA, phone="+493023125101", city="Bonn", company="Bäckerei Ohm"))
    house.settle()
    [told] = polled(there(house))
    assert SOURCE.reads is not None
    assert SOURCE.reads("1", told["attributes"], own) == SOURCE.reads("1", house.mirror_of(ANNA), own)


def test_quotes_and_brackets_are_read_as_they_were_typed(house: House) -> None:
    """#8101: they are told as entities, which would be edits of a person; an entity that was typed stays one."""
    told = {"data": {"id": "1", "attributes": {"last_name": "O&#039;Neil", "description": "&lt;b&gt; &quot;R&amp;D"}}}
    record = schemas.one(httpx.Response(200, json=told, request=httpx.Request("GET", "https://crm.example.com")))
    assert (record.text("last_name"), record.text("description")) == ("O'Neil", '<b> "R&amp;D')


def test_a_page_that_lacks_a_record_is_not_taken_for_the_last() -> None:
    """#10015: a page may have fewer records than were asked for."""
    double = SuiteCrmDouble()
    for number in range(250):
        contact = double.add_person(f"k{number}@example.com")
        double.records["Contacts"][contact]["date_modified"] = f"2026-03-09 10:{number // 60:02d}:{number % 60:02d}"
    house = House(double)
    answers: list[int] = []

    def lacking(request: httpx.Request) -> httpx.Response:
        response = double.handle(request)
        if request.method != "GET" or not request.url.path.endswith("/module/Contacts"):
            return response
        body = json.loads(response.content)
        answers.append(len(body["data"]))
        if len(answers) == 1:
            del body["data"][50]
        return httpx.Response(200, json=body)

    house.through(lacking)
    with open_client(house.connection, house.destination, transport=house.hostile, budget=Budget(Limits())) as http:
        assert SOURCE.backfill is not None
        pages = list(SOURCE.backfill(http, house.connection.settings, None, None))  # type: ignore[arg-type]
    found = [json.loads(item.body)["id"] for page in pages for item in page.items]
    assert (len(found), len(set(found))) == (249, 249)

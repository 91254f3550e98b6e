"""What the contract kit cannot know about Zoho CRM. The account is ``tests.support.crm.zoho``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from orjson import loads

from hub.connectors.zoho import schemas
from hub.connectors.zoho.manifest import ZohoSettings, oauth
from hub.connectors.zoho.schemas import Result
from hub.connectors.zoho.source import LISTS, SOURCE
from hub.errors import AuthError, RejectedError, Unavailable
from hub.sdk.connection import load_connections, open_client
from hub.sdk.crm import Problem
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from hub.sdk.oauth import GrantRevoked, consent_url, read_answer
from hub.sdk.testkit.wire import SampleTokens
from tests.support.crm import House
from tests.support.crm.cast import ANNA, BERT, CARLA, ORDER, one, order, person, placed
from tests.support.crm.house import Happened
from tests.support.crm.zoho import ZohoDouble


def account(house: House) -> ZohoDouble:
    assert isinstance(house.double, ZohoDouble)
    return house.double


def of(double: ZohoDouble, **settings: Any) -> House:
    return House(double, **settings).prepare()


# -- whose contact it is


def test_a_unique_email_never_leads_to_another_profiles_contact() -> None:
    # given an account that allows no second contact of an e-mail, in which an upsert by any field compares e-mails too
    house = of(ZohoDouble(unique_email=True))
    house.known(person(ANNA, "family@example.com"))
    house.settle()
    before = one(house.double, ANNA)
    # when another profile comes to share it
    house.known(person(BERT, "family@example.com"))
    house.settle()
    # then the first one's is as it was, and the other goes without
    assert one(house.double, ANNA) == before
    assert one(house.double, BERT)["emails"] == []


def test_a_contact_that_somebody_makes_meanwhile_is_taken_and_not_doubled() -> None:
    house = of(ZohoDouble(unique_email=True))
    typed: list[str] = []
    handle = house.double.handle

    def busy(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith("/Contacts") and not typed:
            typed.append(house.double.add_person("anna@example.com", Title="Chefin"))
        return handle(request)

    house.through(busy)
    house.known(person(ANNA))
    house.settle()
    assert (one(house.double, ANNA)["id"], len(house.double.people())) == (typed[0], 1)
    assert one(house.double, ANNA)["values"]["Title"] == "Chefin"


@pytest.mark.parametrize("email", ["o'hara@example.com", "kim+news@example.com", 'a"b@example.com'])
def test_a_quote_in_an_email_ends_no_query(email: str) -> None:
    # schmorrison/Zoho and mautic/mautic#4041: apostrophes made duplicates
    house = of(ZohoDouble())
    typed = house.double.add_person(email.upper())
    house.known(person(ANNA, email))
    house.settle()
    assert [each["id"] for each in house.double.people()] == [typed]


# -- merges


@pytest.mark.parametrize("slow", [1, 2, 5])
def test_a_merge_in_the_background_is_waited_for_and_done_once(slow: int) -> None:
    house = of(ZohoDouble(slow=slow))
    house.known(person(ANNA), person(BERT))
    house.ordered(ORDER, order("1001"), BERT)
    house.settle()
    house.merged(person(ANNA, "anna@example.com", "bert@example.com", city="Bonn"), loser=BERT)
    house.settle()
    # then one contact is left with Hub's last values, and the order is under it
    [left] = house.double.people()
    assert (left["owner"], left["values"]["Mailing_City"]) == (str(ANNA), "Bonn")
    assert placed(house.double, ORDER)["person"] == left["id"]
    assert sum(call.startswith("POST") and call.endswith("/merge") for call in account(house).calls) <= slow


def test_a_merge_that_zoho_refuses_is_told_in_its_words() -> None:
    house = of(ZohoDouble())
    house.known(person(ANNA), person(BERT))
    house.settle()
    account(house).locked.add(one(house.double, BERT)["id"])  # in an approval process, say
    house.merged(person(ANNA, "anna@example.com", "bert@example.com"), loser=BERT)
    house.deliver()
    row = house.tables.outbox[ANNA]
    assert "not allowed to be merged" in f"{row.reason} {house.tables.state.reason}"


# -- answers in part

NO_SUCH_ID = "the id given seems to be invalid"


def problem(body: dict[str, Any]) -> Problem:
    told = Result.model_validate(body).answer
    assert isinstance(told, Problem)
    return told


def test_an_invalid_phone_costs_the_phone_alone_and_is_named() -> None:
    # n8n-io/n8n#8508: {"code":"INVALID_DATA","details":{"expected_data_type":"phone","api_name":"Phone"}} was "UNKNOWN"
    house = of(ZohoDouble())
    house.known(person(ANNA, phone="unbekannt!"), person(BERT, phone="+493023125101"))
    house.settle()
    assert "Phone" not in one(house.double, ANNA)["values"]
    assert one(house.double, BERT)["values"]["Phone"] == "+493023125101"
    assert "Phone" in house.tables.outbox[ANNA].refused


@pytest.mark.parametrize(
    ("body", "kind", "names"),
    [
        ({"code": "INVALID_DATA", "message": NO_SUCH_ID, "details": {"api_name": "id"}}, "gone", []),
        ({"code": "INVALID_DATA", "message": NO_SUCH_ID, "details": {"api_name": "Contact_Name"}}, "refused",
         ["Contact_Name"]),
        ({"code": "INVALID_DATA", "message": "invalid data", "details": {"api_name": "Email"}}, "refused", ["Email"]),
        ({"code": "MANDATORY_NOT_FOUND", "details": {"api_name": "Stage"}}, "refused", ["Stage"]),
        ({"code": "DUPLICATE_DATA", "details": {"api_name": "Email", "id": "7"}}, "conflict", []),
        ({"code": "DUPLICATE_DATA", "details": {"api_name": "Email", "duplicate_record": {"id": "7"}}}, "conflict", []),
        ({"code": "RECORD_LOCKED", "message": "The record under merge is locked"}, "later", []),
        ({"code": "NOT_APPROVED", "message": "record not approved"}, "refused", []),
    ],
)  # fmt: skip
def test_an_answer_is_judged_by_its_code(body: dict[str, Any], kind: str, names: list[str]) -> None:
    told = problem({"status": "error", **body})
    assert (told.kind, [each.property for each in told.refused]) == (kind, names)
    assert told.holders == (("7",) if kind == "conflict" else ())


def test_several_unique_values_that_are_taken_are_one_conflict() -> None:
    # MULTIPLE_OR_MULTI_ERRORS: duplicates in several fields stand in a list of their own
    errors = [{"code": "DUPLICATE_DATA", "details": {"duplicate_record": {"id": one}}} for one in ("7", "8")]
    told = problem({"code": "MULTIPLE_OR_MULTI_ERRORS", "status": "error", "errors": errors})
    assert (told.kind, told.holders) == ("conflict", ("7", "8"))


def test_an_empty_answer_is_not_taken_for_done() -> None:
    # schmorrison/Zoho#22, zoho/zcrm-php-sdk#8: an insert whose answer held nothing was taken for one
    with pytest.raises(Unavailable):
        schemas.outcome(httpx.Response(201, json={"data": []}))
    with pytest.raises(Unavailable):
        schemas.outcomes(httpx.Response(200, json=[]))
    with pytest.raises(RejectedError, match="INVALID_MODULE"):
        schemas.rows(httpx.Response(400, json={"code": "INVALID_MODULE", "status": "error"}))


# -- notes


def test_a_person_with_many_notes_gets_none_twice() -> None:
    house = of(ZohoDouble(), activities=["message"])
    house.known(person(ANNA))
    house.settle()
    record = one(house.double, ANNA)["id"]
    for number in range(450):
        account(house).save("Notes", None, {"Note_Content": f"Anruf {number}", "Parent_Id": {"id": record}})
    house.happened(ORDER, ANNA, Happened("message", datetime(2026, 3, 1, tzinfo=UTC), "Message", "Hallo"))
    house.hostile.every["a time-out after the write"] = 1
    house.settle()
    assert [each["owner"] for each in house.double.activities()].count(str(ORDER)) == 1
    house.erased(ANNA)
    house.settle()
    assert house.double.people() == []


# -- set-up


def test_fields_are_made_five_at_a_time_and_only_once() -> None:
    house = of(ZohoDouble())
    made = [call for call in account(house).calls if call.startswith("POST")]
    assert len(made) == 4 + 1  # 16 of contacts, 2 of deals
    account(house).calls.clear()
    house.prepared = False
    house.prepare()
    assert [call.split()[0] for call in account(house).calls] == ["GET", "GET"]
    few = of(ZohoDouble(), custom_fields="essential")
    assert [name for name in account(few).fields["Contacts"] if name.startswith("Hub_")] == ["Hub_Profile_ID"]
    few.known(person(CARLA, consent="opted_out"))
    few.settle()
    assert few.double.opted_out == {"carla@example.com"}


def test_a_field_that_cannot_be_made_rests_the_connection_and_is_named() -> None:
    double = ZohoDouble()
    double.may_customise = False
    with pytest.raises(AuthError, match=r"no Contacts field Hub_Email_Consent.*NO_PERMISSION.*README"):
        of(double)


def test_a_live_check_tells_what_an_administrator_has_to_do() -> None:
    house = of(ZohoDouble(), stage_won="Gewonnen", org_currency="EUR")
    account(house).unique["Contacts"].clear()
    check = house.destination.check
    assert check is not None
    told = check(house._client(), house.connection.settings)
    assert told is not None
    assert told.works[0] == "the token is accepted"
    assert told.wrong == [
        "Contacts.Hub_Profile_ID must allow no duplicate values",
        "stage_won: there is no stage 'Gewonnen'",
        "the account has several currencies: leave org_currency out",
    ]


def test_workflows_run_unless_people_do_not_want_them() -> None:
    for workflows, sent in ((True, None), (False, [])):
        house = of(ZohoDouble(), workflows=workflows)
        account(house).triggers.clear()
        house.known(person(ANNA))
        house.settle()
        assert account(house).triggers[-1] == sent


def settings(**given: Any) -> ZohoSettings:
    return ZohoSettings.model_validate({"client_id": "app", "client_secret": "secret", "data_centre": "us", **given})


@pytest.mark.parametrize(
    ("centre", "accounts", "api"),
    [
        ("us", "https://accounts.zoho.com", "https://www.zohoapis.com"),
        ("au", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
        ("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
    ],
)
def test_tokens_and_calls_go_to_the_data_centre_of_the_account(centre: str, accounts: str, api: str) -> None:
    # PipedreamHQ/pipedream#2197: without offline access the tokens end after a day, and nobody is told
    given = oauth(settings(data_centre=centre))
    assert (given.token_url, settings(data_centre=centre).api) == (f"{accounts}/oauth/v2/token", api)
    url = consent_url(given, state="s", verifier="v")
    assert url.startswith(f"{accounts}/oauth/v2/auth?access_type=offline&prompt=consent&response_type=code")
    assert "scope=ZohoCRM.modules.ALL%2CZohoCRM.coql.READ" in url
    assert given.place("t") == {"authorization": "Zoho-oauthtoken t"}


def test_a_refresh_token_that_is_gone_is_told_as_such_though_the_status_is_200() -> None:
    # solspace/craft-freeform#1372, #1412: INVALID_TOKEN from time to time, and nobody knew what to do
    response = httpx.Response(200, json={"error": "invalid_code"})
    with pytest.raises(GrantRevoked):
        read_answer(oauth(settings()), response, refresh="gone")


def test_what_people_typed_is_kept_and_dates_have_their_offset() -> None:
    house = of(ZohoDouble())
    record = house.double.add_person("anna@example.com", Phone="+49 30 1", Description="Stammkundin")
    house.known(person(ANNA, totals=[("10.00", "EUR")]))
    house.settle()
    held = one(house.double, ANNA)["values"]
    assert (one(house.double, ANNA)["id"], held["Description"], held["Phone"]) == (record, "Stammkundin", "+49 30 1")
    assert held["Hub_First_Order_At"].endswith("+00:00")
    assert (held["Hub_Order_Count"], held["Hub_Lifetime_Value"]) == (1, 10.0)


def test_a_pipeline_is_named_where_the_account_has_some() -> None:
    house = of(ZohoDouble(), pipeline="Standard (Standard)")
    house.known(person(ANNA))
    house.ordered(UUID(int=9), order("9", state="cancelled"), ANNA)
    house.settle()
    held = placed(house.double, UUID(int=9))["values"]
    assert (held["Pipeline"], held["Stage"]) == ("Standard (Standard)", "Closed Lost")


# -- what comes back


def test_more_contacts_of_one_time_than_a_page_holds_are_all_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # airbytehq/airbyte#43317: a job gives thousands of records one time
    double = of(ZohoDouble()).double
    people = {double.add_person(f"{number}@example.com") for number in range(7)}
    monkeypatch.setattr("tests.support.crm.zoho._stamp", lambda number: "2026-06-01T02:00:00+02:00")
    monkeypatch.setattr("hub.connectors.zoho.source.MOST", 3)
    assert sorted(read_back(double)) == sorted(people)


def test_a_time_is_asked_for_as_zoho_takes_it() -> None:
    # airbytehq/airbyte#80275: a cursor that ends in Z stops everything
    double = of(ZohoDouble()).double
    later = double.add_person("later@example.com")
    assert read_back(double, datetime(2026, 5, 1, 12, tzinfo=UTC)) == [later]
    assert read_back(double, datetime(2026, 7, 1, tzinfo=UTC)) == []


def read_back(double: Any, since: datetime | None = None) -> list[str]:
    held = load_connections({"crm": ("zoho", double.settings())}, default_region="DE")["crm"]
    connection, transport = replace(held, tokens=SampleTokens()), httpx.MockTransport(double.handle)
    page = LISTS["people"].page
    found, at = [], None
    with open_client(connection, SOURCE, transport=transport, budget=Budget(Limits())) as client:
        while True:
            part = page(client, ZohoSettings.model_validate(double.settings()), since, at)
            found += [loads(item.body)["id"] for item in part.items]
            at = part.at
            if at is None:
                return found

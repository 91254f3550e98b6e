"""What the contract kit cannot know about Dynamics 365. The environment is ``tests.support.crm.dynamics``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest
from orjson import loads
from pydantic import ValidationError

from hub.connectors.dynamics import schemas
from hub.connectors.dynamics.manifest import DynamicsSettings, oauth
from hub.connectors.dynamics.schemas import Part, Told
from hub.connectors.dynamics.source import SOURCE
from hub.errors import AuthError, Unavailable
from hub.sdk.connection import load_connections, open_client
from hub.sdk.crm import Made, Problem
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from hub.sdk.testkit.wire import SampleTokens
from tests.support.crm import House
from tests.support.crm.cast import ANNA, BERT, ORDER, one, order, person, placed
from tests.support.crm.dynamics import DynamicsDouble

LINKS = {"account": "parentcustomerid_account@odata.bind", "contact": "hub_contact"}


def before(double: DynamicsDouble, **settings: Any) -> House:
    return House(double, **settings)


def of(double: DynamicsDouble, **settings: Any) -> House:
    return before(double, **settings).prepare()


def environment(house: House) -> DynamicsDouble:
    assert isinstance(house.double, DynamicsDouble)
    return house.double


# -- calls of many requests


def test_one_refusal_undoes_none_of_the_others() -> None:
    # MicrosoftDocs/powerapps-docs#2843, #2735: in a change set one refusal undid all, continue-on-error or not
    house = of(DynamicsDouble())
    house.known(person(ANNA, first="A" * 51), person(BERT))
    house.settle()
    # then the others are there, and the one too, without the value that was refused by name
    assert one(house.double, BERT)["values"]["firstname"] == "Bert"
    assert one(house.double, ANNA)["values"].get("firstname") is None
    assert "firstname" in house.tables.outbox[ANNA].refused


def test_a_key_does_not_stand_in_the_body_of_its_upsert() -> None:
    # microsoft/PowerPlatform-DataverseClient-Python#127: 400 where the record is new, and nothing where it is there
    house = of(DynamicsDouble())
    house.known(person(ANNA))
    house.ordered(ORDER, order("1001"), ANNA)
    house.settle()
    assert placed(house.double, ORDER)["person"] == one(house.double, ANNA)["id"]


def test_a_text_cannot_end_a_part_of_a_call_or_a_query() -> None:
    house = of(DynamicsDouble())
    house.known(person(ANNA, "o'hara+&%#@example.com", first="x\r\n--hub--\r\n", company="O'Hara & Söhne (100%)"))
    house.settle()
    house.known(person(BERT, company="o'hara & söhne (100%)"))
    house.settle()
    assert one(house.double, ANNA)["emails"] == ["o'hara+&%#@example.com"]
    assert len(environment(house).records["account"]) == 1


@pytest.mark.parametrize(
    "text", ["", "{}", "--b\r\n", "--b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}\r\n", "--b\r\nno answer\r\n--b--",
             "--b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\r\n--b--"],
)  # fmt: skip
def test_an_answer_that_breaks_off_is_not_read(text: str) -> None:
    with pytest.raises(Unavailable) as told:
        schemas.answers(httpx.Response(200, text=text))
    assert told.value.uncertain


def test_answers_stand_in_their_order() -> None:
    parts = ((201, '{"contactid": "1"}'), (204, ""), (404, '{"error": {"code": "0x1"}}'))
    head = "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1"
    text = "".join(f"{head} {status} X\r\nA: b\r\n\r\n{body}\r\n" for status, body in parts)
    told = schemas.answers(httpx.Response(200, text=f"{text}--b--\r\n"))
    assert [(one.status, one.words) for one in told] == [(201, "201"), (204, "204"), (404, "404 0x1")]


@pytest.mark.parametrize(
    ("status", "message", "kind", "names"),
    [
        (404, "Entity 'contact' With Id = 5 Does Not Exist", "gone", []),
        (404, "contact With Id = 5 Does Not Exist", "refused", ["hub_contact"]),
        (404, "account With Id = 5 Does Not Exist", "refused", ["parentcustomerid_account@odata.bind"]),
        (412, "A record with matching key values already exists.", "conflict", []),
        (400, "The length of the 'firstname' attribute of the 'contact' entity exceeded", "refused", ["firstname"]),
        (400, "Cannot convert the literal 'x' to type of property 'Hub_Tags'", "refused", ["hub_tags"]),
        (403, "Principal user is missing prvWriteContact", "later", []),
        (429, "Number of requests exceeded the limit of 6000", "later", []),
        (503, "busy", "later", []),
    ],
)
def test_an_answer_is_judged_by_its_status_and_words(status: int, message: str, kind: str, names: list[str]) -> None:
    own = {"contact": LINKS["contact"]} if names == ["hub_contact"] else {"account": LINKS["account"]}
    told = schemas._answer(Told(status, {"error": {"code": "0x80040217", "message": message}}), "contactid", own)
    assert isinstance(told, Problem)
    assert (told.kind, [each.property for each in told.refused]) == (kind, names)


def test_an_answer_without_the_record_is_not_taken_for_done() -> None:
    assert schemas._answer(Told(204, {}), "contactid", {}) == Problem("204")
    assert schemas._answer(Told(201, {"contactid": "5"}), "contactid", {}) == Made("5", new=True)


def test_a_part_is_written_as_the_pages_show_it() -> None:
    text = Part("PATCH", "contacts(5)?$select=contactid", {"lastname": "Ö"}, {"If-Match": "*"}).text
    assert text.splitlines() == [
        "--hub", "Content-Type: application/http", "Content-Transfer-Encoding: binary", "",
        "PATCH /api/data/v9.2/contacts(5)?$select=contactid HTTP/1.1", "Accept: application/json",
        "Content-Type: application/json", "If-Match: *", "", '{"lastname":"Ö"}',
    ]  # fmt: skip


# -- merges and erasure


def test_what_people_merged_is_written_where_it_went_to() -> None:
    house = of(DynamicsDouble())
    house.known(person(ANNA))
    house.settle()
    old, first = one(house.double, ANNA)["id"], house.double.add_person("first@example.com")
    second = house.double.add_person("second@example.com")
    house.double.merge_people(first, old)
    house.double.merge_people(second, first)
    house.known(person(ANNA, city="Bonn"))
    house.settle()
    assert one(house.double, ANNA)["id"] == second
    assert len(house.double.people()) == 1


def test_an_erased_person_is_gone_from_what_people_merged_too() -> None:
    house = of(DynamicsDouble())
    house.known(person(ANNA))
    house.settle()
    typed = house.double.add_person("anna.private@example.com")
    house.double.merge_people(one(house.double, ANNA)["id"], typed)
    house.erased(ANNA)
    house.settle()
    assert environment(house).records["contact"] == {}


def test_a_merge_of_hubs_leaves_nothing_of_the_second() -> None:
    house = of(DynamicsDouble())
    house.known(person(ANNA), person(BERT))
    house.settle()
    house.merged(person(ANNA, "anna@example.com", "bert@example.com"), loser=BERT)
    house.settle()
    assert len(environment(house).records["contact"]) == 1


# -- set-up


def test_the_key_of_orders_is_waited_for_and_everything_is_made_once() -> None:
    double = DynamicsDouble()
    double.building = 3
    house = before(double)
    with pytest.raises(Unavailable, match="building the key") as told:
        house.prepare()
    assert told.value.retry_after == 30.0
    double.building = 0
    double.calls.clear()
    house.prepare()
    assert {call.split()[0] for call in double.calls} == {"GET"}
    none = of(DynamicsDouble(), orders="none")
    assert "hub_order" not in environment(none).columns


def test_columns_that_cannot_be_made_rest_the_connection() -> None:
    double = DynamicsDouble()
    double.may_customise = False
    with pytest.raises(AuthError, match="README"):
        of(double)


def test_a_live_check_tells_what_is_missing_and_a_mapping_what_there_is() -> None:
    house = before(DynamicsDouble())
    check, fields = house.destination.check, house.destination.fields
    assert check is not None
    assert fields is not None
    house.client = None
    house.prepared = True
    told = check(house._client(), house.connection.settings)
    assert told is not None
    assert told.works[0] == "the application is accepted"
    assert "17 columns of contact are missing" in told.works[1]
    assert told.works[2].startswith("7 columns of hub_order are missing")
    house.prepared = False
    house.prepare()
    told = check(house._client(), house.connection.settings)
    assert told is not None
    assert told.works[1:] == [
        "all of Hub's columns of contact are there",
        "all of Hub's columns of hub_order are there",
    ]
    assert "hub_amount" in fields(house._client(), house.connection.settings)["order_fields"]


def test_an_application_signs_in_for_its_environment() -> None:
    given = {"tenant": "t", "client_id": "a", "client_secret": "s"}
    settings = DynamicsSettings.model_validate({**given, "environment": "https://Acme.crm4.dynamics.com/"})
    assert settings.environment == "acme.crm4.dynamics.com"
    assert oauth(settings).token_url == "https://login.microsoftonline.com/t/oauth2/v2.0/token"
    assert oauth(settings).scopes == ("https://acme.crm4.dynamics.com/.default",)
    for wrong in ("acme.example.com", "acme.crm4.dynamics.com.evil.example", "dynamics.com"):
        with pytest.raises(ValidationError):
            DynamicsSettings.model_validate({**given, "environment": wrong})


# -- what comes back


class Tracked:
    """A poll after the other of an environment whose clock stands at ``now``; ``on_page`` happens after each answer."""

    def __init__(self, double: DynamicsDouble) -> None:
        self.double, self.cursor, self.now = double, dict[str, Any](), "Mon, 01 Jun 2026 00:00:00 GMT"
        self.spoilt: httpx.Response | None = None
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url.params.get("$filter") or request.url.params.get("$deltatoken") or "all"))
        if self.spoilt is not None and "$deltatoken" in request.url.params:
            return self.spoilt
        return httpx.Response(200, headers={"date": self.now}, content=self.double.handle(request).content)

    def poll(self) -> dict[str, bool]:
        """The contacts that were told, and whether each was told as deleted."""
        held = load_connections({"crm": ("dynamics", self.double.settings())}, default_region="DE")["crm"]
        connection, transport = replace(held, tokens=SampleTokens()), httpx.MockTransport(self.answer)
        assert SOURCE.backfill is not None
        self.asked.clear()
        told: dict[str, bool] = {}
        with open_client(connection, SOURCE, transport=transport, budget=Budget(Limits())) as client:
            own = DynamicsSettings.model_validate(self.double.settings())
            for page in SOURCE.backfill(client, own, None, self.cursor):
                self.cursor = dict(page.cursor)
                told |= {body["id"]: body.get("deleted", False) for item in page.items if (body := loads(item.body))}
        return told


@pytest.mark.parametrize(
    "spoilt",
    [
        httpx.Response(500, json={"error": {"code": "0x80044352", "message": "Version stamp … has expired."}}),
        httpx.Response(410, json={}),
    ],
)
def test_a_delta_link_that_is_too_old_has_all_contacts_read_again(spoilt: httpx.Response) -> None:
    # MicrosoftDocs/powerapps-docs#3845: the token is good for less than the pages say, and the answer is a fault
    way = Tracked(of(DynamicsDouble()).double)  # type: ignore[arg-type]
    first, second = way.double.add_person("a@example.com"), way.double.add_person("b@example.com")
    assert way.poll() == {first: False, second: False}
    way.spoilt = spoilt
    assert way.poll() == {first: False, second: False}
    # and from then on only what changed is told, what was deleted too
    way.spoilt = None
    way.double.edit(first, phone="0541 987655")
    way.double.delete_person(second)
    assert way.poll() == {first: False, second: True}
    assert way.poll() == {}
    # and another fault is none of the link's
    way.spoilt = httpx.Response(500, json={"error": {"code": "0x80040216", "message": "An unexpected error."}})
    with pytest.raises(Unavailable):
        way.poll()


def test_what_changes_during_the_first_load_is_asked_for_by_its_time() -> None:
    # MicrosoftDocs/powerapps-docs#3862: the first link is of the end of a load that takes hours
    way = Tracked(of(DynamicsDouble()).double)  # type: ignore[arg-type]
    way.double.add_person("a@example.com")
    way.poll()
    assert way.asked[:2] == ["all", "modifiedon ge 2026-06-01T00:00:00Z"]
    way.poll()
    assert [one for one in way.asked if one.startswith("modifiedon ge 2026-06-01")] == []

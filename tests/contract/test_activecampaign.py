"""ActiveCampaign beyond the laws of all CRMs: who is put on a list; and the field.

Each report of the field is named where it was tried: OWNER/REPOSITORY#NUMBER.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from pydantic import SecretStr

from hub.connectors.activecampaign import CONNECTOR
from hub.connectors.activecampaign.manifest import ActiveCampaignSettings
from hub.connectors.activecampaign.mapping import MAP
from hub.connectors.activecampaign.schemas_consent import consents
from hub.connectors.activecampaign.schemas_source import Row
from hub.connectors.activecampaign.source import SOURCE
from hub.model.profile import Profile
from hub.sdk import registry
from hub.sdk.connection import open_client
from hub.sdk.destination import ProfileChange
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from hub.sdk.source import InboxEntry
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.wire import replayed
from tests.support.crm import House, house_before
from tests.support.crm.activecampaign import ACTIVE, BOUNCED, UNSUBSCRIBED, ActiveCampaignDouble
from tests.support.crm.cast import ANNA, BERT, ORDER, one, order, person

CASE = ConnectorCase(CONNECTOR, registry.folder("activecampaign"))


def there(house: House) -> ActiveCampaignDouble:
    assert isinstance(house.double, ActiveCampaignDouble)
    return house.double


@pytest.fixture
def house() -> House:
    return house_before("activecampaign")


# -- law L7: nobody who said no is put on a list again -----------------------------------------------------------------

EVENTS = st.lists(
    st.sampled_from(("in", "out", "unknown", "leaves there", "bounces there", "moves", "other address")), max_size=8
)


@given(EVENTS)
@tried(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_order_of_events_puts_on_a_list_whoever_left_or_bounced(events: list[str]) -> None:
    house = house_before("activecampaign")
    double = there(house)
    values: dict[str, Any] = {"consent": "opted_in"}
    email, said_no = "anna@example.com", False
    for number, event in enumerate(("in", *events)):
        match event:
            case "in":
                values["consent"] = "opted_in"
            case "out":
                values["consent"], said_no = "opted_out", True
            case "unknown":
                values["consent"] = None
            case "moves":
                values["city"] = f"Ort {number}"
            case "other address":
                email = f"anna.{number}@example.com"
            case _:
                for contact in double.contacts:
                    double.rows[contact]["3"] = UNSUBSCRIBED if event == "leaves there" else BOUNCED
                    said_no = True
        before = len(double.subscribed)
        house.known(person(ANNA, email, **values))
        house.settle()
        # then whoever left, or bounced, is active on no list, and every one who came to a list never was on it
        assert all(held == "" for _, held in double.subscribed)
        if said_no:
            assert len(double.subscribed) == before
            assert ACTIVE not in double.rows[one(double, ANNA)["id"]].values()


def test_who_left_one_of_several_lists_stays_on_the_others_and_comes_to_new_ones(house: House) -> None:
    # given somebody who left one list of two, by themselves
    contact = there(house).add_person("anna@example.com")
    there(house).rows[contact] = {"7": UNSUBSCRIBED, "55": ACTIVE}
    # when Hub comes to know of their opt-in
    house.known(person(ANNA, consent="opted_in"))
    house.settle()
    # then they are on Hub's list, and not on the one they left
    assert there(house).rows[contact] == {"7": UNSUBSCRIBED, "55": ACTIVE, "3": ACTIVE}


def test_an_opt_out_leaves_every_list_under_every_address(house: House) -> None:
    # given two contacts of one person, one of whom people typed
    there(house).lists["55"] = "Handel"
    house.known(person(ANNA, "anna@example.com", consent="opted_in"))
    house.settle()
    other = there(house).add_person("a.amsel@example.org")
    there(house).rows[other] = {"55": ACTIVE}
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org", consent="opted_out"))
    house.settle()
    # then neither is active anywhere, and both are kept from Hub's list
    mine = one(house.double, ANNA)["id"]
    assert there(house).rows == {mine: {"3": UNSUBSCRIBED}, other: {"3": UNSUBSCRIBED, "55": UNSUBSCRIBED}}


def test_an_automation_is_entered_once_and_never_by_who_refused(house: House) -> None:
    buyer: dict[str, Any] = {"totals": [("25.50", "EUR")]}
    house.known(person(ANNA, **buyer), person(BERT, consent="opted_out", **buyer))
    house.hostile.every["a time-out after the write"] = 6
    house.settle()
    assert there(house).entered == [(one(house.double, ANNA)["id"], "12")]
    # when something else changes
    house.known(person(ANNA, city="Bonn", totals=[("30.00", "EUR")]))
    house.settle()
    assert len(there(house).entered) == 1


# -- the field ---------------------------------------------------------------------------------------------------------


def test_what_hub_does_not_know_is_in_no_request(house: House) -> None:
    """verbb/formie#537, verbb/formie#2934: names and phones that a request leaves blank are emptied there."""
    now = datetime(2026, 3, 1, tzinfo=UTC)
    house.known(Profile(id=ANNA, created_at=now, updated_at=now, emails=("anna@example.com",)))
    house.settle()
    [made] = [json.loads(one.content)["contact"] for one in house.hostile.told if one.url.path == "/api/3/contacts"
              and one.method == "POST"]  # fmt: skip
    assert made.keys() == {"email", "fieldValues"}


def test_a_search_that_gives_somebody_else_takes_nobody_over(house: House) -> None:
    """PipedreamHQ/pipedream#4612: a search whose parameter is not heeded gives the first contact of all."""
    typed = there(house).add_person("somebody@example.com")
    handle = house.double.handle

    def unheeding(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/3/contacts" and request.method == "GET":
            return httpx.Response(200, json={"contacts": [there(house).contacts[typed]]})
        return handle(request)

    house.through(unheeding)
    house.known(person(ANNA, consent="opted_out"))
    house.settle()
    assert one(house.double, ANNA)["id"] != typed
    assert there(house).rows[typed] == {}, "somebody else was unsubscribed"


def test_fields_behind_the_first_page_are_found(house: House) -> None:
    """rudderlabs/rudder-transformer#1006, PipedreamHQ/pipedream#9966: 20 fields a page, and no more were seen."""
    double = ActiveCampaignDouble()
    double.fields = {str(n): {"id": str(n), "title": f"Own {n}", "perstag": f"OWN_{n}"} for n in range(1000, 1150)}
    busy = House(double, profile_fields={"Own 1149": "company"}).prepare()
    busy.known(person(ANNA, company="Bäckerei Ohm"))
    busy.settle()
    assert one(double, ANNA)["values"]["OWN_1149"] == "Bäckerei Ohm"


def test_a_tag_that_is_there_in_other_letters_is_not_made_again() -> None:
    """offload-project/laravel-waitlist#29: ActiveCampaign refuses a tag twice, and compares whatever the case."""
    double = ActiveCampaignDouble()
    double.tags["9"] = {"id": "9", "tag": "vip", "tagType": "contact"}
    house = House(double).prepare()
    house.known(person(ANNA).model_copy(update={"tags": ("vip",)}))
    house.settle()
    assert list(double.given[one(double, ANNA)["id"]].values()) == ["9"]
    assert len(double.tags) == 1


def test_dates_fields_and_amounts_are_in_the_forms_that_are_taken() -> None:
    """activecampaign-api-php#103 (dates as day-month-year fail), PipedreamHQ/pipedream#3507 and breatheco-de/breatheco-
    de#836 (a field is named by ``field`` and its number), module-integration#22 (a company is lost)."""
    own = CASE.settings
    write = MAP.render(ProfileChange(person(ANNA, company="Ohm", totals=[("25.50", "EUR")]), 1), own)  # type: ignore[arg-type]
    assert write is not None
    assert (write.properties["HUB_FIRST_ORDER_AT"], write.properties["HUB_COMPANY"]) == ("2026-03-01", "Ohm")
    [made] = [one for one in CASE.write_cases if one.sample.folder.name == "create"]
    assert made.sample.write is not None
    _, requests = replayed(made, [made.sample.write], made.sample.exchange("responses"))
    [body] = [json.loads(one.content) for one in requests if one.method == "POST" and one.url.path == "/api/3/contacts"]
    assert all(row.keys() == {"field", "value"} and row["field"].isdecimal() for row in body["contact"]["fieldValues"])
    assert all(one.headers["content-type"] == "application/json" for one in requests if one.content)


@pytest.mark.parametrize(
    ("total", "currency", "cents"), [("59.90", "EUR", 5990), ("1200", "JPY", 120000), ("0.015", "KWD", 2)]
)
def test_a_value_is_a_whole_number_of_hundredths(total: str, currency: str, cents: int) -> None:
    house = House(ActiveCampaignDouble()).prepare()
    house.known(person(ANNA))
    house.ordered(ORDER, order("1001", total, currency=currency), ANNA)
    house.settle()
    [deal] = there(house).deals.values()
    assert (deal["value"], deal["currency"]) == (str(cents), currency.lower())


def test_a_choice_of_several_is_read_without_its_bars() -> None:
    """solspace/craft-freeform#2143: options stand as ``||a||b||``."""
    own = CONNECTOR.manifest.settings.model_validate(
        {**CONNECTOR.manifest.sample_settings, "profile_fields": {"ROLE": "custom.role"}}
    )
    body = {"contact": {"id": "42", "email": "k42@example.com", "udate": "2026-03-09T10:15:30-05:00"},
            "fieldValues": [{"field": "77", "value": "||CEO||Buyer||", "perstag": "ROLE"}]}  # fmt: skip
    now = datetime(2026, 3, 9, tzinfo=UTC)
    [event] = SOURCE.parse(InboxEntry("ac", "1", "contact", {}, json.dumps(body).encode(), now), own)
    assert event.customer.custom["role"] == "CEO;Buyer"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("left", "told"),
    [(None, ["opted_in"]), ("2026-02-01T03:00:00-06:00", ["opted_in"]), ("2026-01-20T03:00:00-06:00", [])],
)
def test_who_is_put_on_a_list_again_did_not_opt_in_by_the_form_of_before(left: str | None, told: list[str]) -> None:
    """Law L7: the row keeps its form when an account's user or an API puts back who had left."""
    row = Row.model_validate({"list": "3", "status": "1", "form": "9", "sdate": "2026-02-01T03:00:00-06:00",
                              "udate": left})  # fmt: skip
    own = CONNECTOR.manifest.settings.model_validate({**CONNECTOR.manifest.sample_settings, "lists": {"3": ""}})
    assert isinstance(own, ActiveCampaignSettings)
    assert [one.state for one in consents([row], own)] == told


def test_an_automation_that_is_gone_costs_itself_and_a_key_that_is_refused_everything(house: House) -> None:
    there(house).automations.clear()
    house.known(person(ANNA, totals=[("25.50", "EUR")], consent="opted_in"))
    house.settle()
    row = house.tables.outbox[ANNA]
    assert (row.state, "automation 12" in row.refused) == ("delivered", True)
    assert there(house).rows[one(house.double, ANNA)["id"]] == {"3": ACTIVE}
    # while a 403 of any other kind is about the key
    handle = house.double.handle
    house.through(lambda request: httpx.Response(403, json={"message": "Forbidden"})
                  if request.url.path.endswith("/contactAutomations") else handle(request))  # fmt: skip
    house.known(person(BERT, totals=[("25.50", "EUR")]))
    house.deliver()
    assert house.tables.outbox[BERT].state == "retrying"


def test_one_webhook_carries_everything_and_takes_the_place_of_an_older_one(house: House) -> None:
    hooks: dict[str, dict[str, Any]] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        key = request.url.path.rpartition("/")[2]
        if request.method == "POST":
            told = json.loads(request.content)["webhook"]
            assert told["sources"] == ["public", "admin", "api", "system"]
            hooks[str(len(hooks) + 1)] = {"id": str(len(hooks) + 1), "listid": "0", **told}
            return httpx.Response(201, json={"webhook": told})
        if request.method == "DELETE":
            del hooks[key]
            return httpx.Response(200, json={})
        return httpx.Response(200, json={"webhooks": [*hooks.values()], "meta": {"total": str(len(hooks))}})

    subscriptions, url = SOURCE.subscriptions, "https://hub.example.com/webhooks/ac"
    assert subscriptions is not None
    with open_client(house.connection, SOURCE, transport=httpx.MockTransport(handle), budget=Budget(Limits())) as http:
        for secret in ("old", "new"):
            own: Any = house.connection.settings.model_copy(update={"webhook_secret": (SecretStr(secret),)})
            assert not [one for one in subscriptions.listed(http, own) if one.active]
            subscriptions.create(http, own, url, ["update"])
        listed = list(subscriptions.listed(http, own))
    assert [one["url"] for one in hooks.values()] == [f"{url}?secret=new"]
    assert all(one.active and one.url == url for one in listed)
    topics = {topic for topic in CONNECTOR.manifest.topics if topic != "contact"}
    assert {one.topic for one in listed} == topics


# -- reading back ------------------------------------------------------------------------------------------------------


def test_a_poll_reads_every_contact_once_by_id_and_names_its_fields_and_tags() -> None:
    # given more contacts than a page holds, one of whom is deleted while they are read
    double = ActiveCampaignDouble()
    house = House(double).prepare()
    double.tags["9"] = {"id": "9", "tag": "Presse", "tagType": "contact"}
    for number in range(45):
        double.add_person(f"k{number}@example.com")
    gone = [*double.contacts][30]
    handle = double.handle

    def listed(request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        if request.url.path == "/api/3/contacts":
            assert query["filters[updated_after]"] == "2026-03-01T00:00:00+00:00"
            rows = [row for key, row in double.contacts.items() if int(key) > int(query["id_greater"])]
            return httpx.Response(200, json={"contacts": rows[: int(query["limit"])]})
        if gone in double.contacts and request.url.path == f"/api/3/contacts/{gone}":
            double.delete_person(gone)
        answer = handle(request)
        if answer.is_success and request.url.path.rpartition("/")[0].endswith("/contacts"):
            told = answer.json()
            told["contact"]["udate"] = "2026-03-09T10:15:30-05:00"
            return httpx.Response(200, json=told)
        return answer

    with open_client(house.connection, SOURCE, transport=httpx.MockTransport(listed), budget=Budget(Limits())) as http:
        assert SOURCE.backfill is not None
        since = datetime(2026, 3, 1, tzinfo=UTC)
        pages = list(SOURCE.backfill(http, house.connection.settings, since, None))  # type: ignore[arg-type]
    items = [item for page in pages for item in page.items]
    assert len(items) == len({item.event_id for item in items}) == 44

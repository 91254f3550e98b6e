"""What the contract kit cannot know about HubSpot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from pydantic import ValidationError

from hub.connectors.hubspot import schemas
from hub.connectors.hubspot.destination import DESTINATION
from hub.connectors.hubspot.manifest import API_ROOT, HubSpotSettings
from hub.connectors.hubspot.mapping import MAP
from hub.connectors.hubspot.source import backfill, name_event, sign, verify
from hub.errors import Unavailable, VerificationError
from hub.model.base import FrozenTexts
from hub.model.consent import ConsentState
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.model.profile import ConsentSummary, Profile
from hub.sandbox.hubspot import SandboxCrm
from hub.sdk.destination import OrderChange, ProfileChange, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.source import RawDelivery

SETTINGS = HubSpotSettings.model_validate({"access_token": "t"})
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def profile(number: int = 1, **values: Any) -> Profile:
    known = {"id": UUID(int=number), "created_at": NOW, "updated_at": NOW, "emails": (f"k{number}@example.com",)}
    return Profile(**{**known, **values})


def rendered(change: ProfileChange) -> Write:
    write = MAP.render(change, SETTINGS)
    assert write is not None
    return write


def answered(writes: list[Write], *answers: httpx.Response) -> list[WriteResult]:
    left = iter(answers)
    transport = httpx.MockTransport(lambda _: next(left))
    with HttpClient(API_ROOT, status_table=DESTINATION.status_table, transport=transport) as client:
        return list(DESTINATION.send(writes, client, SETTINGS))


def consent(channel: Any, state: ConsentState) -> ConsentSummary:
    return ConsentSummary(purpose="marketing", channel=channel, state=state, at=NOW)


def test_an_opt_out_from_everything_is_one_from_every_channel() -> None:
    both = profile(consents=(consent("any", "opted_out"), consent("email", "opted_in")))
    properties = rendered(ProfileChange(both, 1)).properties
    told = {name: value for name, value in properties.items() if name.endswith("_consent")}
    assert set(told.values()) == {"opted_out"}
    assert len(told) == 5


def test_a_value_nobody_supports_any_more_is_cleared_once() -> None:
    before = rendered(ProfileChange(profile(company="Alt GmbH"), 1))
    after = rendered(ProfileChange(profile(), 2, ("501",), before.mirror))
    assert after.properties == {"company": ""}
    assert MAP.render(ProfileChange(profile(), 2, ("501",), after.mirror), SETTINGS) is None


@pytest.mark.parametrize(("status", "headers", "seconds"), [(423, {}, 2.0), (477, {"retry-after": "3600"}, 3600.0)])
def test_a_locked_or_moving_account_is_waited_out(status: int, headers: dict[str, str], seconds: float) -> None:
    with pytest.raises(Unavailable) as caught:
        answered([rendered(ProfileChange(profile(), 1))], httpx.Response(status, headers=headers, json={}))
    assert (caught.value.retry_after, caught.value.uncertain) == (seconds, False)


def test_a_record_hubspot_says_nothing_about_is_tried_again_as_uncertain() -> None:
    writes = [rendered(ProfileChange(profile(number), 1)) for number in (1, 2, 3)]
    one = {"id": "501", "properties": {"hub_profile_id": writes[0].key}, "new": True}
    results = answered(writes, httpx.Response(207, json={"results": [one], "errors": []}))
    assert [(r.outcome, r.external_id, r.uncertain) for r in results] == [
        ("delivered", "501", False),
        ("retry", None, True),
        ("retry", None, True),
    ]


def test_a_merged_contact_that_answers_under_its_new_id_is_delivered_there() -> None:
    write = rendered(ProfileChange(profile(company="Neu"), 2, ("501",), rendered(ProfileChange(profile(), 1)).mirror))
    answer = {"results": [{"id": "777", "properties": {"company": "Neu"}}]}
    [result] = answered([write], httpx.Response(200, json=answer))
    assert result == WriteResult(write.key, "delivered", "777")


def test_an_answer_that_names_every_record_is_read_without_comparing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def compare(one: object, other: object) -> bool:
        raise AssertionError("records were compared")

    monkeypatch.setattr(schemas.Record, "__eq__", compare)
    writes = [rendered(ProfileChange(profile(number), 1)) for number in range(1, 101)]
    told = [{"id": f"5{at}", "properties": {"hub_profile_id": write.key}} for at, write in enumerate(writes)]

    results = answered(writes, httpx.Response(200, json={"results": told}))

    assert [result.external_id for result in results] == [one["id"] for one in told]


def deal(*, order: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None, **told: Any) -> Any:
    placed = {"external_id": "4001", "state": "paid", "placed_at": NOW, "currency": "EUR", "total": Decimal(50)}
    own = HubSpotSettings.model_validate({"access_token": "pat-eu1-sample", **(settings or {})})
    change = OrderChange(Order.model_validate({**placed, **(order or {})}), "shop-de", "shop-de:4001", "1", 1, **told)
    write = MAP.render(change, own)
    assert write is not None
    return write.properties


def test_custom_fields_of_a_person_go_to_the_contact_properties_that_are_named() -> None:
    own = HubSpotSettings.model_validate(
        {"access_token": "t", "profile_fields": {"schuhgroesse": "custom.Größe", "email": "custom.Größe"}}
    )
    first = MAP.render(ProfileChange(profile(custom=FrozenTexts({"Größe": "42"})), 1), own)
    assert first is not None
    assert first.properties["schuhgroesse"] == "42"
    assert first.properties["email"] == profile().emails[0]
    # and what nobody tells any more is cleared
    after = MAP.render(ProfileChange(profile(), 2, ("501",), first.mirror), own)
    assert after is not None
    assert after.properties == {"schuhgroesse": ""}


def test_a_deal_is_net_of_refunds_in_the_orders_currency_also_of_those_told_apart() -> None:
    yen = Refund(external_id="r1", amount=Money(amount=Decimal(1600), currency="JPY"))
    euro = Refund(external_id="r2", amount=Money(amount=Decimal(8), currency="EUR"))

    assert deal(order={"refunds": (yen, euro)})["amount"] == "42"
    assert deal(refunded=Decimal(20))["amount"] == "30"


@pytest.mark.parametrize(
    ("order", "told", "stage"),
    [
        ({"state": "open"}, {}, "contractsent"),
        ({"state": "fulfilled", "payment_due": True}, {}, "contractsent"),
        ({"state": "open"}, {"paid": True}, "closedwon"),
        ({"state": "completed"}, {}, "closedwon"),
        ({}, {"refunded": Decimal(50)}, "closedlost"),
        ({}, {"deleted": True}, "closedlost"),
        ({"state": "failed"}, {}, "closedlost"),
    ],
)
def test_a_deal_is_won_once_it_is_paid_and_lost_once_nothing_is_left(
    order: dict[str, Any], told: dict[str, Any], stage: str
) -> None:
    assert deal(order=order, **told)["dealstage"] == stage


def test_what_people_wrote_goes_to_the_deal_properties_that_are_named() -> None:
    order = {"note": "Bitte klingeln", "tags": ("b2b", "vip"), "custom": {"PO number": "77"}}
    fields = {"kundenwunsch": "note", "marken": "tags", "bestellnr": "custom.PO number", "amount": "note"}

    found = deal(order=order, settings={"deal_fields": fields})

    assert [found[name] for name in ("kundenwunsch", "marken", "bestellnr")] == ["Bitte klingeln", "b2b;vip", "77"]
    assert found["amount"] == "50"
    with pytest.raises(ValidationError, match="did you mean 'note'"):
        deal(settings={"deal_fields": {"kundenwunsch": "nte"}})


# -- as a source


def test_more_contacts_of_one_time_than_a_page_holds_are_all_read_once_and_the_walk_ends() -> None:
    # airbytehq/airbyte#43317, #14988: a job gave thousands of contacts one time, and the cursor never passed it
    crm = SandboxCrm()
    for number in range(330):
        crm.add(email=f"k{number}@example.com")
    records = list(crm.records["contacts"].values())
    for place, record in enumerate(records):
        record.updated = "2026-03-01T09:00:00.500Z" if 20 <= place < 290 else f"2026-03-0{1 + place // 300}T08:00:00.0Z"
    records[-1].updated = "2026-03-02T10:00:00.000Z"
    with HttpClient(API_ROOT, headers={"authorization": f"Bearer {crm.token}"}, transport=crm.transport()) as client:
        pages = list(islice(backfill(client, SETTINGS, None, None), 40))
        rest = list(islice(backfill(client, SETTINGS, None, pages[1].cursor), 40))
    assert pages[-1].cursor["done"]
    assert {item.event_id.split(":")[1] for page in pages for item in page.items} == {one.id for one in records}
    assert {i.event_id for page in (*pages[:2], *rest) for i in page.items} >= {
        i.event_id for p in pages for i in p.items
    }


def test_a_delivery_that_is_sent_again_has_the_id_it_had_and_another_one_has_not() -> None:
    event = {
        "eventId": 1,
        "subscriptionType": "contact.propertyChange",
        "objectId": 501,
        "occurredAt": 1_773_051_330_000,
    }

    def name(**changes: Any) -> str:
        body = orjson.dumps([{**event, **changes}])
        return name_event(RawDelivery("POST", "", {}, {}, body, NOW), SETTINGS).event_id

    assert name(attemptNumber=0) == name(attemptNumber=3)
    # HubSpot does not promise that eventId is unique
    assert len({name(), name(occurredAt=1773051331000), name(propertyName="phone", propertyValue="1")}) == 3


def test_a_webhook_without_a_secret_or_with_an_old_timestamp_is_refused() -> None:
    own = HubSpotSettings.model_validate({"access_token": "t", "client_secret": "s3cret"})
    signed = sign(RawDelivery("POST", "https://hub.example.com/webhooks/crm", {}, {}, b"[]", NOW), own)
    verify(signed, own)
    for delivery, settings in (
        (signed, SETTINGS),
        (replace(signed, received_at=NOW + timedelta(minutes=6)), own),
        (replace(signed, url="https://other.example.com/webhooks/crm"), own),
        (replace(signed, body=b"[{}]"), own),
    ):
        with pytest.raises(VerificationError):
            verify(delivery, settings)

"""HubSpot: what the connector sends is what HubSpot describes, and one person is one contact (law L6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import hubspot
import pytest

from hub.connectors.hubspot.destination import DESTINATION, prepare
from hub.connectors.hubspot.manifest import API_ROOT, MANIFEST, HubSpotSettings
from hub.errors import Unavailable
from hub.model.address import Address
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Order, Refund
from hub.model.profile import ConsentSummary, OrderSummary, Profile
from hub.sandbox.hubspot import serve
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write, WriteResult
from hub.sdk.http import HttpClient
from tests.support.contract_server import CheckedCrm, assert_lawful

SETTINGS = HubSpotSettings.model_validate(MANIFEST.sample_settings)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def crm() -> Iterator[CheckedCrm]:
    crm = CheckedCrm()
    with client(crm) as http:
        prepare(http, SETTINGS)
    yield crm
    assert_lawful(crm)


def client(crm: CheckedCrm) -> HttpClient:
    return HttpClient(
        API_ROOT,
        headers={"authorization": "Bearer pat-eu1-sample"},
        status_table=DESTINATION.status_table,
        transport=crm.transport(),
    )


def person(number: int, *emails: str, **values: Any) -> Profile:
    defaults: dict[str, Any] = {
        "id": UUID(int=number),
        "created_at": NOW,
        "updated_at": NOW,
        "name": PersonName(first="Änne", last=f"Köhler-{number}", full=f"Änne Köhler-{number}"),
        "emails": emails,
        "addresses": (Address(line1="Lindenstraße 4", postal_code="10969", city="Berlin", country="DE"),),
    }
    return Profile(**{**defaults, **values})


def change(profile: Profile, *ids: str, **values: Any) -> ProfileChange:
    return ProfileChange(profile=profile, version=1, external_ids=ids, **values)


def rendered(*changes: Change) -> list[Write]:
    writes = [DESTINATION.render(one, SETTINGS) for one in changes]
    return [write for write in writes if write is not None]


def send(crm: CheckedCrm, *changes: Change) -> list[WriteResult]:
    with client(crm) as http:
        return list(DESTINATION.send(rendered(*changes), http, SETTINGS))


def outcomes(results: list[WriteResult]) -> list[tuple[str, str | None]]:
    return [(result.outcome, result.external_id) for result in results]


def calls_of(crm: CheckedCrm) -> dict[str, int]:
    return dict(crm.calls)


def test_preparing_twice_creates_once(crm: CheckedCrm) -> None:
    before = dict(crm.calls)
    with client(crm) as http:
        prepare(http, SETTINGS)
    made = {path: count - before.get(path, 0) for path, count in crm.calls.items() if count > before.get(path, 0)}
    assert made == {"GET /crm/v3/properties/contacts": 1, "GET /crm/v3/properties/deals": 1}
    assert crm.definitions["contacts"]["hub_profile_id"]["hasUniqueValue"] is True
    assert crm.definitions["deals"]["hub_order_key"]["hasUniqueValue"] is True


def test_a_fresh_load_of_a_hundred_is_one_call(crm: CheckedCrm) -> None:
    crm.calls.clear()
    results = send(crm, *(change(person(n, f"k{n}@example.com")) for n in range(100)))
    assert {result.outcome for result in results} == {"delivered"}
    assert calls_of(crm) == {"POST /crm/v3/objects/contacts/batch/upsert": 1}
    assert crm.stats()["contacts"] == 100


def test_every_value_arrives_as_text(crm: CheckedCrm) -> None:
    consent = ConsentSummary(purpose="marketing", channel="email", state="opted_in", at=NOW)
    totals = (Money(amount=Decimal("129.90"), currency="EUR"),)
    full = person(
        1,
        "aenne@example.de",
        "koehler@example.com",
        phones=("+493023125001", "+493023125002"),
        birth_date=date(1984, 2, 29),
        language="de-AT",
        company="Köhler GmbH",
        tags=("vip", "newsletter"),
        consents=(consent,),
        orders=OrderSummary(count=3, totals=totals, first_at=NOW, last_at=NOW),
    )
    send(crm, change(full))
    [contact] = crm.contacts()
    assert contact == {
        "id": contact["id"],
        "hub_profile_id": str(full.id),
        "email": "aenne@example.de",
        "hub_emails": "aenne@example.de;koehler@example.com",
        "firstname": "Änne",
        "lastname": "Köhler-1",
        "phone": "+493023125001",
        "hub_phones": "+493023125001;+493023125002",
        "address": "Lindenstraße 4",
        "zip": "10969",
        "city": "Berlin",
        "country": "DE",
        "company": "Köhler GmbH",
        "date_of_birth": "1984-02-29",
        "hs_language": "de",
        "hub_tags": "vip;newsletter",
        "hub_email_consent": "opted_in",
        "hub_email_consent_at": "2026-03-01T12:00:00.000Z",
        "hub_lifetime_value": "129.90",
        "hub_lifetime_totals": "EUR 129.90",
        "hub_order_count": "3",
        "hub_first_order_at": "2026-03-01T12:00:00.000Z",
        "hub_last_order_at": "2026-03-01T12:00:00.000Z",
    }


@pytest.mark.parametrize("kind", ["silent", "cut"])
def test_a_create_that_times_out_after_the_commit_leaves_one_contact(crm: CheckedCrm, kind: str) -> None:
    crm.fail(path="batch/upsert", kind=kind)
    first = change(person(1, "anna@example.com"))
    with pytest.raises(Unavailable) as caught:
        send(crm, first)
    assert caught.value.uncertain
    results = send(crm, change(first.profile, uncertain=True))
    [contact] = crm.contacts()
    assert outcomes(results) == [("delivered", contact["id"])]
    assert crm.stats()["contacts_created"] == 1


def test_two_sends_racing_leave_one_contact(crm: CheckedCrm) -> None:
    found: list[WriteResult] = []
    one = change(person(1, "anna@example.com"))
    threads = [threading.Thread(target=lambda: found.extend(send(crm, one))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [contact] = crm.contacts()
    assert outcomes(found) == [("delivered", contact["id"])] * 4


@pytest.mark.parametrize("emails", [("anna@example.com",), ("new@example.com", "anna@example.com")])
def test_a_person_the_crm_knows_by_any_email_is_updated(crm: CheckedCrm, emails: tuple[str, ...]) -> None:
    known = crm.add(email="Anna@example.com", jobtitle="Buchhalterin")
    results = send(crm, change(person(1, *emails)), change(person(2, "other@example.com")))
    assert outcomes(results)[0] == ("delivered", known)
    assert crm.stats()["contacts"] == 2
    assert crm.contacts()[0]["jobtitle"] == "Buchhalterin"
    assert crm.contacts()[0]["hub_profile_id"] == str(UUID(int=1))


def test_a_conflict_of_the_whole_call_is_looked_up_for_every_record(crm: CheckedCrm) -> None:
    known = [crm.add(email=f"k{n}@example.com") for n in range(3)]
    crm.fail(path="batch/upsert", status=409)
    results = send(crm, *(change(person(n, f"k{n}@example.com")) for n in range(3)))
    assert outcomes(results) == [("delivered", one) for one in known]


def test_a_merge_leaves_one_contact_under_its_new_id(crm: CheckedCrm) -> None:
    results = send(crm, change(person(1, "a@example.com")), change(person(2, "b@example.com")))
    ids = tuple(str(result.external_id) for result in results)
    winner = person(1, "a@example.com", "b@example.com", aliases=(UUID(int=2),))
    [result] = send(crm, change(winner, *ids, mirror=rendered(change(person(1, "a@example.com")))[0].mirror))
    [contact] = crm.contacts()
    assert (result.outcome, result.external_id) == ("delivered", contact["id"])
    assert contact["id"] not in ids
    assert contact["hub_profile_id"] == str(UUID(int=1))
    assert (contact["email"], contact["hs_additional_emails"]) == ("a@example.com", "b@example.com")


def test_a_merge_that_times_out_is_found_done(crm: CheckedCrm) -> None:
    results = send(crm, change(person(1, "a@example.com")), change(person(2, "b@example.com")))
    winner = change(person(1, "a@example.com", aliases=(UUID(int=2),)), *(str(r.external_id) for r in results))
    crm.fail(path="merge", kind="silent")
    with pytest.raises(Unavailable):
        send(crm, winner)
    [result] = send(crm, winner)
    assert outcomes([result]) == [("delivered", crm.contacts()[0]["id"])]
    assert crm.stats()["contacts"] == 1


def test_one_bad_record_does_not_sink_the_other_99(crm: CheckedCrm) -> None:
    changes = [change(person(n, "no.address@" if n == 41 else f"k{n}@example.com")) for n in range(100)]
    results = send(crm, *changes)
    assert [result.outcome for result in results].count("delivered") == 99
    assert results[41].outcome == "rejected"
    assert "INVALID_EMAIL" in results[41].reason
    assert "no.address" not in results[41].reason
    assert crm.stats()["contacts"] == 99


def test_a_known_contact_gets_only_what_differs(crm: CheckedCrm) -> None:
    [made] = send(crm, change(person(1, "anna@example.com")))
    mirror = rendered(change(person(1, "anna@example.com")))[0].mirror
    moved = person(1, "anna@example.com", company="Neu AG")
    [write] = rendered(change(moved, str(made.external_id), mirror=mirror))
    assert write.properties == {"company": "Neu AG"}
    assert outcomes(send(crm, change(moved, str(made.external_id), mirror=mirror))) == outcomes([made])
    assert crm.contacts()[0]["company"] == "Neu AG"


def test_a_contact_deleted_there_is_created_again_whole(crm: CheckedCrm) -> None:
    mirror = rendered(change(person(1, "anna@example.com")))[0].mirror
    [result] = send(crm, change(person(1, "anna@example.com", company="Neu AG"), "99", mirror=mirror))
    [contact] = crm.contacts()
    assert outcomes([result]) == [("delivered", contact["id"])]
    assert (contact["email"], contact["lastname"], contact["company"]) == ("anna@example.com", "Köhler-1", "Neu AG")


def test_an_undone_merge_gives_each_profile_its_own_contact(crm: CheckedCrm) -> None:
    both = person(1, "a@example.com", "b@example.com")
    [made] = send(crm, change(both))
    mirror = rendered(change(both))[0].mirror
    one, two = person(1, "a@example.com"), person(2, "b@example.com")
    results = send(crm, change(two), change(one, str(made.external_id), mirror=mirror))
    assert [result.outcome for result in results] == ["delivered", "delivered"]
    assert [(c["hub_profile_id"][-1], c["email"]) for c in crm.contacts()] == [
        ("1", "a@example.com"),
        ("2", "b@example.com"),
    ]
    assert "hub_emails" not in crm.contacts()[0]


def test_a_shared_email_is_not_taken_from_another_profile(crm: CheckedCrm) -> None:
    [first] = send(crm, change(person(1, "info@example.com")))
    second = person(2, "info@example.com", "two@example.com")
    [waiting] = send(crm, change(second))
    assert (waiting.outcome, waiting.uncertain) == ("retry", True)
    [done] = send(crm, change(second, uncertain=True))
    contacts = {contact["id"]: contact for contact in crm.contacts()}
    assert done.outcome == "delivered"
    assert done.mirror is not None
    assert "email" not in done.mirror
    assert contacts[str(first.external_id)]["hub_profile_id"] == str(UUID(int=1))
    assert contacts[str(done.external_id)].get("email") is None


def test_two_profiles_of_one_batch_with_one_email_do_not_break_it(crm: CheckedCrm) -> None:
    results = send(crm, change(person(1, "info@example.com")), change(person(2, "info@example.com")))
    assert [(result.outcome, result.uncertain) for result in results] == [("delivered", False), ("retry", True)]


def test_an_opt_out_unsubscribes_every_address(crm: CheckedCrm) -> None:
    refusal = ConsentSummary(purpose="marketing", channel="email", state="opted_out", at=NOW)
    send(
        crm,
        change(person(1, "a@example.com", "b@example.com", consents=(refusal,))),
        change(person(2, "c@example.com")),
    )
    assert crm.unsubscribed == {"a@example.com", "b@example.com"}
    assert (
        crm.contacts()[1]["hub_email_consent"] == "opted_out" or crm.contacts()[0]["hub_email_consent"] == "opted_out"
    )


def test_an_erasure_removes_every_contact_and_can_be_repeated(crm: CheckedCrm) -> None:
    results = send(crm, change(person(1, "a@example.com")), change(person(2, "b@example.com")))
    ids = tuple(str(result.external_id) for result in results)
    erased = change(person(1, suppressed=True), *ids, erased=True)
    assert outcomes(send(crm, erased)) == [("delivered", ids[0])]
    assert crm.contacts() == []
    assert outcomes(send(crm, erased)) == [("delivered", ids[0])]


def test_a_suppressed_person_gets_nothing(crm: CheckedCrm) -> None:
    assert rendered(change(person(1, "a@example.com", suppressed=True))) == []


def order(**values: Any) -> Order:
    defaults: dict[str, Any] = {
        "external_id": "4001",
        "number": "#1001",
        "state": "paid",
        "placed_at": NOW,
        "currency": "EUR",
        "total": Decimal("59.90"),
    }
    return Order(**{**defaults, **values})


def test_an_order_becomes_one_deal_of_its_contact(crm: CheckedCrm) -> None:
    [made] = send(crm, change(person(1, "anna@example.com")))
    placed = OrderChange(order(), "shop-de", "shop-de:4001", str(made.external_id), 1)
    [first], [again] = send(crm, placed), send(crm, placed)
    assert outcomes([first]) == outcomes([again])
    assert crm.deals() == [
        {
            "id": first.external_id,
            "hub_order_key": "shop-de:4001",
            "dealname": "#1001 (shop-de)",
            "amount": "59.90",
            "deal_currency_code": "EUR",
            "closedate": "2026-03-01T12:00:00.000Z",
            "pipeline": "default",
            "dealstage": "closedwon",
            "hub_order_state": "paid",
            "contacts": [made.external_id],
        }
    ]


def test_a_refund_and_a_new_owner_reach_the_deal(crm: CheckedCrm) -> None:
    made = send(crm, change(person(1, "a@example.com")), change(person(2, "b@example.com")))
    old, new = (str(result.external_id) for result in made)
    placed = OrderChange(order(), "shop-de", "shop-de:4001", old, 1)
    [deal] = send(crm, placed)
    refund = Refund(external_id="r1", amount=Money(amount=Decimal("10.00"), currency="EUR"))
    mirror = rendered(placed)[0].mirror
    moved = OrderChange(order(refunds=(refund,)), "shop-de", "shop-de:4001", new, 2, (str(deal.external_id),), mirror)
    assert rendered(moved)[0].properties == {"amount": "49.90"}
    send(crm, moved)
    assert [(one["amount"], one["contacts"]) for one in crm.deals()] == [("49.90", [new])]


def test_a_deal_hangs_on_its_contact_after_an_attempt_that_nobody_knows_the_end_of(crm: CheckedCrm) -> None:
    [made] = send(crm, change(person(1, "anna@example.com")))
    placed = OrderChange(order(), "shop-de", "shop-de:4001", str(made.external_id), 1)
    crm.fail(path="deals/batch/upsert", status=500)
    with pytest.raises(Unavailable):
        send(crm, placed)
    unknown = {**dict.fromkeys(rendered(placed)[0].properties), **rendered(placed)[0].unsure}
    send(crm, replace(placed, mirror=unknown, uncertain=True))
    assert [one["contacts"] for one in crm.deals()] == [[made.external_id]]


def test_the_official_client_reads_what_we_wrote(crm: CheckedCrm) -> None:
    [made] = send(crm, change(person(1, "anna@example.com")))
    with serve(crm) as url:
        api = hubspot.Client.create(access_token="pat-eu1-sample")
        contacts = api.crm.contacts.basic_api
        contacts.api_client.configuration.host = url
        found = contacts.get_by_id(str(made.external_id), properties=["email", "hub_profile_id"])
    assert found.properties["email"] == "anna@example.com"
    assert found.properties["hub_profile_id"] == str(UUID(int=1))

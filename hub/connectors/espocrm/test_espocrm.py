"""What the contract kit cannot know about EspoCRM's mapping; ``tests/contract/test_espocrm.py`` has what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from hub.connectors.espocrm.destination import DESTINATION
from hub.connectors.espocrm.manifest import EspoSettings
from hub.connectors.espocrm.mapping import MAP
from hub.mapping.overrides import compile_overrides
from hub.model.base import FrozenTexts
from hub.model.consent import ConsentState
from hub.model.customer import PersonName
from hub.model.order import Order
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.destination import OrderChange, ProfileChange, Write

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = {"base_url": "https://crm.example.com", "api_key": "k"}


def settings(**more: Any) -> EspoSettings:
    return EspoSettings.model_validate({**PLAIN, **more})


def profile(**values: Any) -> Profile:
    known = {"id": UUID(int=1), "created_at": NOW, "updated_at": NOW, "emails": ("k1@example.com",)}
    return Profile(**{**known, **values})


def rendered(change: ProfileChange, own: EspoSettings | None = None) -> Write:
    write = MAP.render(change, own or settings())
    assert write is not None
    return write


def consent(channel: Any, state: ConsentState) -> ConsentSummary:
    return ConsentSummary(purpose="marketing", channel=channel, state=state, at=NOW)


@pytest.mark.parametrize(
    ("channel", "flags"),
    [
        ("email", {"emailAddressIsOptedOut"}),
        ("sms", {"phoneNumberIsOptedOut"}),
        ("whatsapp", {"phoneNumberIsOptedOut"}),
        ("phone", {"doNotCall"}),
        ("post", set()),
        ("any", {"emailAddressIsOptedOut", "phoneNumberIsOptedOut", "doNotCall"}),
    ],
)
def test_an_opt_out_goes_where_espocrm_keeps_it_and_is_for_good(channel: str, flags: set[str]) -> None:
    change = ProfileChange(profile(consents=(consent(channel, "opted_out"), consent("push", "opted_in"))), 1)
    write = DESTINATION.render(change, settings())
    assert write is not None
    assert {name for name in write.properties if name.endswith(("OptedOut", "Call"))} == flags
    assert bool(write.irreversible) == bool(flags)


def test_an_opt_in_sets_nothing_that_could_lift_an_opt_out() -> None:
    write = rendered(ProfileChange(profile(consents=(consent("any", "opted_in"),)), 1))
    assert [write.properties[f"cHub{kind}Consent"] for kind in ("Email", "Phone")] == ["opted_in", "opted_in"]
    assert not [name for name in write.properties if name.endswith(("OptedOut", "Call"))]


def test_what_hub_wrote_and_is_gone_is_named_to_be_dropped_and_cleared_once() -> None:
    before = profile(emails=("a@example.com", "b@example.com"), phones=("+493023125101",), company="Alt GmbH")
    first = rendered(ProfileChange(before, 1))
    after = rendered(ProfileChange(profile(emails=("b@example.com",)), 2, ("65a1",), first.mirror))
    assert after.body["lost"] == ["a@example.com", "+493023125101"]
    assert {name: value for name, value in after.properties.items() if value == ""} == {
        "emailAddressData": "",
        "phoneNumber": "",
        "company": "",
    }
    assert MAP.render(ProfileChange(profile(emails=("b@example.com",)), 2, ("65a1",), after.mirror), settings()) is None


def test_a_name_that_is_whole_only_is_the_last_name() -> None:
    assert rendered(ProfileChange(profile(name=PersonName(full="Madonna")), 1)).properties["lastName"] == "Madonna"
    known = PersonName(first="Anna", full="Anna")
    assert "lastName" not in rendered(ProfileChange(profile(name=known), 1)).properties


def test_fields_that_people_name_are_written_and_hubs_stay_hubs() -> None:
    own = settings(profile_fields={"cSchuhgroesse": "custom.Größe", "emailAddress": "custom.Größe"})
    first = rendered(ProfileChange(profile(custom=FrozenTexts({"Größe": "42"})), 1), own)
    assert (first.properties["cSchuhgroesse"], first.properties["emailAddress"]) == ("42", "k1@example.com")


def test_a_mapping_file_changes_what_is_written_but_no_key_and_no_consent() -> None:
    data = {
        "fields": {"description": {"value": "tags[0]"}, "cHubTags": {"leave_out": True}},
        "order_fields": {"description": {"value": "note"}},
    }
    compiled, faults = compile_overrides(data, MAP.own_fields(settings()))
    own = settings().with_mapping(compiled)
    write = rendered(ProfileChange(profile(tags=("vip",)), 1), own)
    assert (faults, write.properties["description"], "cHubTags" in write.properties) == ([], "vip", False)
    assert opportunity(order={"note": "Bitte klingeln"}, own=own)["description"] == "Bitte klingeln"
    for kept in ("cHubProfileId", "emailAddress", "emailAddressIsOptedOut", "cHubEmailConsent"):
        assert compile_overrides({"fields": {kept: {"value": "tags[0]"}}}, MAP.own_fields(settings()))[1], kept


def opportunity(*, order: Mapping[str, Any] | None = None, own: EspoSettings | None = None, **told: Any) -> Any:
    placed = {"external_id": "4001", "state": "paid", "placed_at": NOW, "currency": "EUR", "total": Decimal(50)}
    change = OrderChange(Order.model_validate({**placed, **(order or {})}), "shop-de", "key", "1", 1, **told)
    write = MAP.render(change, own or settings())
    return write and write.properties


@pytest.mark.parametrize(
    ("order", "told", "stage", "amount"),
    [
        ({"state": "open"}, {}, "Negotiation", "50"),
        ({"state": "open"}, {"paid": True}, "Closed Won", "50"),
        ({"state": "completed"}, {}, "Closed Won", "50"),
        ({}, {"refunded": Decimal(20)}, "Closed Won", "30"),
        ({}, {"refunded": Decimal(50)}, "Closed Lost", "0"),
        ({}, {"refunded": Decimal(60)}, "Closed Lost", "0"),
        ({}, {"deleted": True}, "Closed Lost", "50"),
        ({"state": "failed"}, {}, "Closed Lost", "50"),
    ],
)
def test_an_opportunity_is_net_of_refunds_won_once_it_is_paid_and_lost_once_nothing_is_left(
    order: dict[str, Any], told: dict[str, Any], stage: str, amount: str
) -> None:
    found = opportunity(order=order, **told)
    assert (found["stage"], found["amount"], found["closeDate"]) == (stage, amount, "2026-03-01")


def test_orders_are_switched_off_and_tests_left_out() -> None:
    assert opportunity(own=settings(orders="none")) is None
    assert opportunity(order={"test": True}) is None
    noted = opportunity(order={"note": "Bitte klingeln"}, own=settings(opportunity_fields={"description": "note"}))
    assert noted["description"] == "Bitte klingeln"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"base_url": None}, "base_url is missing"),
        ({"people": "leads"}, "people: leads needs orders: none"),
        ({"opportunity_fields": {"description": "noet"}}, "did you mean 'note'"),
    ],
)
def test_settings_that_do_not_fit_are_refused_at_start(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings(**wrong)

"""Which values on a snapshot may join it to others, and which never do."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub.identity.rules import IdentifierRule, IdentityRules, identifiers
from hub.mapping.customer import customer
from hub.model.customer import ChannelAccount, CustomerSnapshot
from hub.model.identifier import Identifier, RecordKey

RULES = IdentityRules()
KEY = RecordKey(kind="customer", external_id="1")


def snapshot(**fields: tuple[str, ...]) -> CustomerSnapshot:
    return customer(KEY, fields)  # type: ignore[arg-type]


def test_everything_a_person_is_known_by_with_its_strength() -> None:
    told = customer(
        KEY,
        {
            "email": ("Anna@Example.com",),
            "phone": ("030 23125 100",),
            "loyalty_id": ("L-7",),
            "national_id": ("CPF 1",),
            "handle": ("Anna.B",),
        },
        accounts=[ChannelAccount(network="messenger", account_id="page:1")],
        identifiers=[Identifier(kind="email", value="order@example.com", strength="weak")],
    )
    assert set(identifiers(told, RULES)) == {
        ("email", "anna@example.com", "strong"),
        ("phone", "+493023125100", "weak"),
        ("loyalty", "L-7", "strong"),
        ("national_id", "CPF 1", "strong"),
        ("handle", "anna.b", "weak"),
        ("account", "messenger:page:1", "strong"),
        ("email", "order@example.com", "weak"),
    }


@pytest.mark.parametrize("text", ["null", "-", "test@test", "none@example.com", "a@b.invalid", "a@noemail.com", ""])
def test_a_junk_address_is_no_identity(text: str) -> None:
    assert list(identifiers(snapshot(email=(text,)), RULES)) == []


@pytest.mark.parametrize("text", ["+49000000", "123", "-", "0", "000000000", "+49 1111111111"])
def test_a_junk_number_is_no_identity(text: str) -> None:
    assert list(identifiers(snapshot(phone=(text,)), RULES)) == []


def test_junk_stays_on_the_record() -> None:
    told = snapshot(email=("null",), phone=("+49000000",))
    assert [(point.original, point.usable) for point in (*told.emails, *told.phones)] == [
        ("null", False),
        ("+49000000", False),
    ]


def test_a_role_inbox_is_weak_also_where_the_source_thinks_it_strong() -> None:
    told = customer(KEY, {"email": ("Info@Example.com",)}, identifiers=[Identifier(kind="email", value="kasse@a.de")])
    assert set(identifiers(told, RULES)) == {("email", "info@example.com", "weak"), ("email", "kasse@a.de", "weak")}


def test_a_marketplace_relay_is_none() -> None:
    told = customer(
        KEY,
        {"email": ("x1y2@marketplace.amazon.de",)},
        identifiers=[Identifier(kind="email", value="q@members.ebay.com", strength="weak")],
    )
    assert list(identifiers(told, RULES)) == []


def test_a_blocked_value_and_a_kind_that_is_off_are_none() -> None:
    rules = IdentityRules(
        identifiers={
            "phone": IdentifierRule(strength="weak", blocked=frozenset({"+493023125100"})),
            "loyalty": IdentifierRule(strength="off"),
        }
    ).with_defaults()
    told = snapshot(phone=("030 23125100", "030 23125101"), loyalty_id=("L-7",), email=("a@example.com",))
    assert set(identifiers(told, rules)) == {("phone", "+493023125101", "weak"), ("email", "a@example.com", "strong")}


def test_an_extra_identifier_never_is_stronger_than_its_rule() -> None:
    told = customer(KEY, {}, identifiers=[Identifier(kind="phone", value="+493023125100", strength="strong")])
    assert list(identifiers(told, RULES)) == [("phone", "+493023125100", "weak")]


def test_a_misspelt_rule_is_refused() -> None:
    with pytest.raises(ValidationError):
        IdentityRules.model_validate({"identifiers": {"phone": {"strength": "week"}}})

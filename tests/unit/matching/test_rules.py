"""Which values on a snapshot may join it to others, and which never do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hub.mapping.customer import customer
from hub.mapping.record_state import State, apply_customer
from hub.matching.carried import Carried, carried, key_of
from hub.matching.rules import IdentifierRule, IdentityRules, dumped, loaded, normalised, usable
from hub.model.customer import ChannelAccount, CustomerSnapshot
from hub.model.event import CustomerEvent
from hub.model.identifier import Identifier, RecordKey

RULES = IdentityRules()
KEY = RecordKey(kind="customer", external_id="1")
AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def snapshot(**fields: tuple[str, ...]) -> CustomerSnapshot:
    return customer(KEY, fields)  # type: ignore[arg-type]


def identifiers(snapshot: CustomerSnapshot, rules: IdentityRules) -> list[tuple[str, str, str]]:
    state: State = {}
    apply_customer(state, CustomerEvent(occurred_at=AT, customer=snapshot), [0, 0, 7])
    found = carried(state, rules)
    assert {one.event for one in found} <= {7}
    return [(one.kind, one.value, one.strength) for one in found]


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
    )
    told = snapshot(phone=("030 23125100", "030 23125101"), loyalty_id=("L-7",), email=("a@example.com",))
    assert set(identifiers(told, rules)) == {("phone", "+493023125101", "weak"), ("email", "a@example.com", "strong")}


def test_an_extra_identifier_never_is_stronger_than_its_rule() -> None:
    told = customer(KEY, {}, identifiers=[Identifier(kind="phone", value="+493023125100", strength="strong")])
    assert list(identifiers(told, RULES)) == [("phone", "+493023125100", "weak")]


def test_what_a_source_replaced_is_former_and_each_names_the_event_that_told_it_first() -> None:
    state: State = {}
    for number, address in enumerate(("old@example.com", "new@example.com", "new@example.com"), 1):
        told = CustomerEvent(
            occurred_at=AT + timedelta(days=number), customer=snapshot(email=(address,)), whole=("emails",)
        )
        apply_customer(state, told, [number * 1_000_000, 0, number])
    assert carried(state, RULES) == [
        Carried("email", "new@example.com", "strong", 2),
        Carried("email", "old@example.com", "former", 1),
    ]


def test_every_kind_has_a_key_to_find_its_carriers_by_and_no_other_has() -> None:
    keys = [
        key_of(kind, "a1b2c3") for kind in ("email", "phone", "account", "handle", "loyalty", "national_id", "link")
    ]
    assert None not in keys
    assert len(set(keys)) == 7
    assert key_of("fax", "1") is None


def test_a_misspelt_rule_is_refused() -> None:
    with pytest.raises(ValidationError):
        IdentityRules.model_validate({"identifiers": {"phone": {"strength": "week"}}})


@pytest.mark.parametrize(
    ("kind", "value", "trusted"),
    [
        ("email", "anna@example.com", "strong"),
        ("email", "info@example.com", "weak"),
        ("email", "info+web@example.com", "weak"),
        ("email", "x1@members.ebay.com", None),
        ("email", "x1@marketplace.amazon.it", None),
        ("email", "trn2j3ozug2gcd0f@customer.otto.market", None),
        ("email", "blocked@googlemail.com", None),
        ("email", "blocked@gmail.com", None),
        ("email", "Someone@Mailinator.com", None),
        ("phone", "+493023125100", "weak"),
        ("phone", "+493023125101", None),
        ("national_id", "cpf1", None),
        ("national_id", "CPF 1", None),
        ("national_id", "CPF 2", "strong"),
        ("handle", "anna.b", None),
        ("link", "digest", "strong"),
        ("unheard_of", "1", None),
    ],
)
def test_how_far_a_value_may_be_trusted(kind: str, value: str, trusted: str | None) -> None:
    rules = IdentityRules(
        identifiers={
            "email": IdentifierRule(
                strength="strong", blocked=frozenset({"blocked@googlemail.com"}), blocked_patterns=("@mailinator",)
            ),
            "phone": IdentifierRule(strength="weak", blocked=frozenset({"030 23125101"})),
            "national_id": IdentifierRule(strength="strong", blocked=frozenset({"CPF 1"})),
            "handle": IdentifierRule(strength="off"),
        }
    )
    assert usable(kind, value, rules) == trusted


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("email", " Anna@GoogleMail.com ", "anna@gmail.com"),
        ("email", "kunde@shop", "kunde@shop"),
        ("email", "nobody", None),
        ("phone", "030 23125-100", "+493023125100"),
        ("phone", "000000", None),
        ("national_id", "CPF 12-3", "cpf123"),
        ("handle", "Anna.B", "anna.b"),
        ("account", "messenger:1:2", "messenger:1:2"),
        ("account", "messenger", None),
        ("loyalty", " L-7 ", "L-7"),
        ("loyalty", " ", None),
    ],
)
def test_a_value_is_normalised_the_way_records_carry_it(kind: str, text: str, value: str | None) -> None:
    assert normalised(kind, text) == value


def test_only_what_the_source_itself_says_is_certain_unless_told() -> None:
    told = IdentityRules(identifiers={"loyalty": IdentifierRule(strength="certain")})
    assert [sorted(rules.certain) for rules in (RULES, told)] == [["link"], ["link", "loyalty"]]


def test_rules_survive_being_stored() -> None:
    rules = IdentityRules(identifiers={"phone": IdentifierRule(strength="weak", blocked=frozenset({"+493023125101"}))})
    assert loaded(dumped(rules)) == rules


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ({"account": {"max_records": 201}}, "account.max_records must be 200 or less"),
        ({"link": {"max_records": 2}}, "link takes no limits"),
    ],
)
def test_a_limit_that_could_not_be_kept_is_refused(rule: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        IdentityRules.model_validate({"identifiers": rule})

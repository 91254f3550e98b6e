"""Whom an order's addresses speak of: the buyer, or somebody else whom a present goes to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.mapping.buyer import buyer_key, completed, same_person, told_beside
from hub.mapping.customer import CustomerFields, customer
from hub.model.address import Address
from hub.model.identifier import Identifier, RecordKey

KEY = RecordKey(kind="customer", external_id="1")
AT = datetime(2026, 3, 1, tzinfo=UTC)
HOME = Address(line1="Am Markt 1", postal_code="89073", city="Ulm", country="DE")


def fields(name: str = "", **values: str) -> CustomerFields:
    first, _, last = name.rpartition(" ")
    told = {"first_name": first, "last_name": last, **values}
    return {key: (value,) for key, value in told.items() if value}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Uwe Ort", "UWE ORT", True),
        ("Uwe Ort", "Ort", True),
        ("Jürgen Groß", "Juergen Gross", True),
        ("", "Uwe Ort", True),
        ("Uwe Ort", "Ilse Ort", False),
        ("Uwe Ort", "Ilse Feld", False),
    ],
)
def test_two_names_are_one_person_where_they_do_not_contradict(one: str, other: str, same: bool) -> None:
    assert same_person(fields(one), fields(other)) is same


def test_what_one_address_lacks_the_other_fills_in() -> None:
    found = completed(fields("Uwe Ort", phone="1"), fields("Uwe Ort", phone="2", company="Ort GmbH"))

    assert found == {**fields("Uwe Ort", company="Ort GmbH"), "phone": ("1", "2")}
    assert completed(fields(email="a@b.example"), fields("Uwe Ort")) == fields("Uwe Ort", email="a@b.example")


def test_a_present_to_somebody_else_leaves_nothing_with_the_buyer() -> None:
    buyer = fields("Uwe Ort", phone="1")

    assert completed(buyer, fields("Ilse Feld", phone="2", company="Feld KG")) == buyer


def test_what_only_an_address_tells_reaches_the_account_as_weak_evidence() -> None:
    account = customer(KEY, fields("Uwe Ort", phone="0731 111111"))

    beside = told_beside(
        account, fields("Uwe Ort", phone="0731 5550123", company="Ort GmbH"), at=AT, region="DE", addresses=[HOME]
    )

    assert beside is not None
    assert (beside.occurred_at, beside.customer.key) == (AT, KEY)
    assert beside.customer.identifiers == (Identifier(kind="phone", value="+497315550123", strength="weak"),)
    assert (beside.customer.company, beside.customer.addresses, beside.customer.phones) == ("Ort GmbH", (HOME,), ())


def test_an_account_without_a_name_gets_the_one_at_the_address_and_one_with_a_name_keeps_it() -> None:
    nameless = told_beside(customer(KEY, {}), fields("Uwe Ort"), at=AT, region="DE")
    assert nameless is not None
    assert nameless.customer.name is not None
    assert nameless.customer.name.full == "Uwe Ort"

    other = told_beside(customer(KEY, fields("Kai Brandt")), fields("Uwe Ort"), at=AT, region="DE", addresses=[HOME])
    assert other is None


def test_an_address_that_adds_nothing_is_no_event() -> None:
    known = customer(KEY, fields("Uwe Ort", company="Ort GmbH"), addresses=[HOME])
    again = HOME.model_copy(update={"company": "Ort GmbH"})

    assert told_beside(known, fields("Uwe Ort", company="Alt GmbH"), at=AT, region="DE", addresses=[again]) is None


def test_given_no_account_when_neither_email_nor_phone_is_told_then_nobody_bought():
    account = RecordKey(kind="customer", external_id="7")
    guest = buyer_key(None, {"email": ("uwe@ort-online.de",)}, region="DE", fallback="1")

    assert buyer_key(None, {"first_name": ("Uwe",)}, region="DE", fallback="1") is None
    assert buyer_key(account, {"email": ("uwe@ort-online.de",)}, region="DE", fallback="1") == account
    assert guest is not None
    assert guest.kind == "guest"

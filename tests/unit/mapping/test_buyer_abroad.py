"""Numbers of a buyer are dialled where the payload says that they are, and only else where the connection is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from hub.mapping.buyer import completed, speaks_of, told_beside
from hub.model.address import Address
from hub.model.customer import CustomerSnapshot
from hub.model.identifier import RecordKey

ACCOUNT = CustomerSnapshot(key=RecordKey(kind="customer", external_id="1"))


class Given(BaseModel):
    country: str | None = None
    phone: str = "(212) 555-0142"


@pytest.mark.parametrize("country", ["US", "United States"])
def test_a_phone_at_an_address_abroad_is_one_of_that_country(country: str) -> None:
    assert completed({"last_name": ("Ort",)}, speaks_of(Given(country=country), "DE"))["phone"] == ("+12125550142",)


def test_a_phone_at_an_address_at_home_stays_as_it_was_written() -> None:
    assert speaks_of(Given(country="DE", phone="030 23125017"), "DE") == {"phone": ("030 23125017",)}
    assert speaks_of(Given(), "DE") == {"phone": ("(212) 555-0142",)}


def test_a_phone_beside_an_account_is_one_of_the_addresses_country() -> None:
    told = told_beside(
        ACCOUNT,
        {"phone": ("(212) 555-0142",)},
        at=datetime(2026, 1, 1, tzinfo=UTC),
        region="DE",
        addresses=[Address(line1="1 Main Street", country="US")],
    )

    assert told is not None
    assert [held.value for held in told.customer.identifiers] == ["+12125550142"]

from __future__ import annotations

from datetime import date
from typing import get_args
from uuid import UUID

import pytest

from hub.mapping.customer import CustomerField
from hub.mapping.fieldmap import FieldMap, PersonMap
from hub.mapping.payload import VendorModel
from hub.model.base import FrozenTexts
from hub.model.profile import OrderSummary, Profile
from tests.support.doubles import at


class Home(VendorModel):
    phone: str | None = None
    street: str | None = None


class Person(VendorModel):
    id: int
    phones: tuple[str, ...] = ()
    home: Home | None = None


MAPPED: dict[CustomerField, str | tuple[str, ...]] = {
    "external_id": "id",
    "phone": ("phones.1", "home.phone", "phones.0"),
    "street": "home.street",
}
OTHERS: dict[CustomerField, str] = {
    name: "not in this example" for name in get_args(CustomerField) if name not in MAPPED
}
FIELDS = FieldMap(Person, MAPPED, not_offered=OTHERS)


@pytest.mark.parametrize(
    ("person", "found"),
    [
        (Person(id=0), {"external_id": ("0",)}),
        (Person(id=1, home=Home()), {"external_id": ("1",)}),
        (
            Person(id=1, phones=("a", "b"), home=Home(phone="c", street="Weg 1")),
            {"external_id": ("1",), "phone": ("b", "c", "a"), "street": ("Weg 1",)},
        ),
        (Person(id=1, phones=("a",)), {"external_id": ("1",), "phone": ("a",)}),
    ],
)
def test_every_path_is_read_in_order_and_what_is_not_told_is_left_out(person, found):
    assert FIELDS.read(person) == found


def test_a_misspelt_path_is_refused_at_import():
    with pytest.raises(TypeError, match=r"home\.stret.*street"):
        FieldMap(Person, {**MAPPED, "street": "home.stret"}, not_offered=OTHERS)


def test_what_people_map_themselves_is_text_whatever_it_is() -> None:
    profile = Profile(
        id=UUID(int=1),
        created_at=at(0),
        updated_at=at(0),
        tags=("b2b", "vip"),
        custom=FrozenTexts({"P.O. number": "7", "it's (EU)": "42"}),
        birth_date=date(1980, 2, 1),
        orders=OrderSummary(count=3, last_at=at(0)),
    )
    paths = {
        "po": "custom.P.O. number",
        "tags": "tags",
        "born": "birth_date",
        "n": "orders.count",
        "last": "orders.last_at",
        "none": "custom.nobody told it",
        "town": "addresses.1.city",
        "all": "custom",
        "odd": "custom.it's (EU)",
        "or": "custom.size || language || 'none'",
        "first": "upper(tags[0])",
        "bad": "lower(to_array(@)[0])",
    }
    assert PersonMap(paths).read(profile) == {
        "po": "7",
        "tags": "b2b;vip",
        "born": "1980-02-01",
        "n": "3",
        "last": "2026-03-01T09:00:00Z",
        "all": "P.O. number: 7; it's (EU): 42",
        "odd": "42",
        "or": "none",
        "first": "B2B",
    }


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("emial.0", "did you mean 'emails'"),
        ("custm.size", "did you mean 'custom'"),
        ("orders", "leads to no text; name one of its parts, such as orders.count"),
        ("addresses", "leads to no text; name one of its parts, such as addresses.0.line1"),
        ("addresses.0", "leads to no text; name one of its parts, such as addresses.0.line1"),
        ("addresses.city", "of a list name the first with 0"),
        ("company.0", "is no list"),
        ("custom.size || compny", "a profile has no 'compny'; did you mean 'company'"),
        ("lowr(company)", "there is no function 'lowr'; did you mean 'lower'"),
    ],
)
def test_a_path_that_leads_nowhere_or_to_no_text_is_refused(path: str, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        PersonMap({"x": path})

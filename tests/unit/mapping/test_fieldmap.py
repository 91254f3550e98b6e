from __future__ import annotations

from typing import get_args

import pytest

from hub.mapping.customer import CustomerField
from hub.mapping.fieldmap import FieldMap
from hub.mapping.payload import VendorModel


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

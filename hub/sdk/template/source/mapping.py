"""New Connector's fields, and the canonical ones they become."""

from __future__ import annotations

from hub.errors import PayloadError
from hub.mapping.customer import customer, guest_key
from hub.mapping.fieldmap import FieldMap
from hub.mapping.money import amount, maybe_amount
from hub.mapping.time import instant
from hub.model.customer import CustomerSnapshot
from hub.model.identifier import RecordKey
from hub.model.money import CURRENCIES
from hub.model.order import Order, OrderLine, ProductReference

from . import schemas

CUSTOMER = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "phone": "phone",
        "street": "street",
        "postal_code": "postal_code",
        "city": "city",
        "country": "country",
        "language": "language",
    },
    not_offered={
        "middle_name": "not in the payload",
        "full_name": "not in the payload",
        "birth_date": "not in the payload",
        "house_number": "part of the street",
        "line2": "not in the payload",
        "region": "not in the payload",
        "company": "not in the payload",
        "national_id": "not in the payload",
        "contact_kind": "not in the payload",
        "handle": "not in the payload",
        "loyalty_id": "not in the payload",
    },
)


def snapshot(source: schemas.Customer, *, region: str, fallback: str) -> CustomerSnapshot | None:
    """The customer, or the guest where there is no id; None for an anonymous sale."""
    fields = CUSTOMER.read(source)
    if source.id:
        key = RecordKey(kind="customer", external_id=source.id)
    elif source.email or source.phone:
        key = guest_key(fields, region=region, fallback=fallback)
    else:
        return None
    return customer(key, fields, region=region)


def order(source: schemas.Order) -> Order:
    """A paid order. Raises PayloadError for an amount, a time or a currency that cannot be read."""
    if source.currency not in CURRENCIES:
        raise PayloadError("not an ISO 4217 currency", path="order.currency")
    return Order(
        external_id=source.id,
        state="paid",
        placed_at=instant(source.placed_at, path="order.placed_at"),
        currency=source.currency,
        total=amount(source.total, path="order.total"),
        lines=tuple(_line(line, f"order.lines.{index}") for index, line in enumerate(source.lines)),
    )


def _line(source: schemas.Line, path: str) -> OrderLine:
    return OrderLine(
        product=ProductReference(sku=source.sku, name=source.name),
        quantity=amount(source.quantity, path=f"{path}.quantity"),
        total=maybe_amount(source.total, path=f"{path}.total"),
    )

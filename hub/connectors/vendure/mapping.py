"""Vendure's objects to canonical ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from hub.connectors.vendure import schemas
from hub.errors import SkipEvent
from hub.mapping.address import country, postal_address
from hub.mapping.buyer import completed, same_person, told_beside, told_fields
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.custom import texts
from hub.mapping.customer import CustomerFields, customer
from hub.mapping.fieldmap import FieldMap
from hub.mapping.order import charge, is_given_back, is_paid, unexplained
from hub.mapping.product import product, variant
from hub.model.address import Address
from hub.model.event import CustomerEvent, Note, OrderEvent, ProductEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import (
    Discount,
    Fulfilment,
    Order,
    OrderLine,
    OrderState,
    Payment,
    ProductReference,
    Refund,
    ShippingLine,
    Tax,
)

_ADDRESSED = "addresses are a list, read beside the map"
CUSTOMER_MAP = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email_address",
        "phone": "phone_number",
    },
    not_offered={
        "middle_name": "Vendure has first and last name only",
        "full_name": "Vendure has first and last name only",
        "company": "part of the addresses, read beside the map",
        "birth_date": "no field of a customer",
        "street": _ADDRESSED,
        "house_number": _ADDRESSED,
        "line2": _ADDRESSED,
        "postal_code": _ADDRESSED,
        "city": _ADDRESSED,
        "region": _ADDRESSED,
        "country": _ADDRESSED,
        "language": "an order's language is the storefront's, and not told",
        "national_id": "no field of a customer",
        "contact_kind": "every customer is a buyer",
        "handle": "Vendure knows no social accounts",
        "loyalty_id": "loyalty lives in plug-ins",
    },
)

# https://docs.vendure.io/current/core/core-concepts/orders, the default order process; a shop may add states
_STATES: dict[str, OrderState] = {
    "ArrangingPayment": "open",
    "PaymentAuthorized": "open",
    "Shipped": "fulfilled",
    "Delivered": "completed",
    "Cancelled": "cancelled",
}
_Amount = Callable[[Decimal], Decimal]


def record_key(customer_id: str) -> RecordKey:
    """The record of a customer: Vendure has one for each e-mail, guest or not."""
    return RecordKey(kind="customer", external_id=customer_id)


def customer_event(given: schemas.Customer, region: str) -> CustomerEvent:
    """A customer or guest as of the last change. An address under another name is somebody else's."""
    fields = CUSTOMER_MAP.read(given)
    theirs = [one for one in given.addresses if same_person(fields, _speaks_of(one))]
    region = _region(*theirs, default=region)
    for one in theirs:
        fields = completed(fields, _speaks_of(one))
    known = customer(
        record_key(given.id),
        fields,
        region=region,
        addresses=map(_address, theirs),
        custom=texts([("title", given.title), ("account", given.user is not None)]),
    )
    return CustomerEvent(occurred_at=given.updated_at, customer=known, whole=("emails",))


def order_events(given: schemas.Order, precision: int, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer, what the order's parts lack of its total, and the order.

    Raises SkipEvent for a cart or draft, and for a seller's part of an order, which the whole order tells.
    """
    if given.order_placed_at is None:
        raise SkipEvent("not placed: a cart or a draft")
    if given.type == "Seller":
        raise SkipEvent("a seller's part of an order that is told as a whole")
    made = order(given, precision, region)
    told: list[CustomerEvent | OrderEvent | Note] = []
    record = None
    if given.customer is not None:
        who = customer_event(given.customer, region)
        told, record = [who], who.customer.key
        places = [one for one in (given.billing_address, given.shipping_address) if one]
        theirs = [one for one in places if same_person(CUSTOMER_MAP.read(given.customer), _speaks_of(one))]
        fields: CustomerFields = {}
        for one in theirs:
            fields = completed(fields, _speaks_of(one))
        beside = told_beside(
            who.customer,
            fields,
            at=given.order_placed_at,
            region=_region(*theirs, default=region),
            addresses=map(_address, theirs),
        )
        told += [beside] if beside else []
    what = OrderEvent(occurred_at=changed(given), order=made, record=record)
    return [*told, *unexplained(made), what]


def changed(given: schemas.Order) -> datetime:
    """When the order or anything of it changed: a refund leaves ``updatedAt`` of the order where it was."""
    return max(given.updated_at, *_moments(given))


def _moments(given: schemas.Order) -> Iterator[datetime]:
    yield given.created_at
    for payment in given.payments:
        yield payment.updated_at
        yield from (refund.updated_at for refund in payment.refunds)
    yield from (fulfilment.updated_at for fulfilment in given.fulfillments)


def order(given: schemas.Order, precision: int, region: str) -> Order:
    """One order, every amount with tax.

    What was cancelled after it was paid is off Vendure's total and is given back as a refund too
    (vendurehq/vendure#1414, #4811). Hub's total is what was bought, so that it counts once.
    """

    def amount(value: Decimal) -> Decimal:
        return value.scaleb(-precision)

    payments = tuple(_payment(one, amount, given.currency_code) for one in given.payments)
    refunds = tuple(_refund(one, amount, given.currency_code) for payment in given.payments for one in payment.refunds)
    total, paid = amount(given.total_with_tax), _sum(one.amount for one in payments if is_paid(one))
    given_back = _sum(one.amount for one in refunds if is_given_back(one))
    came_off = max(Decimal(0), min(paid - total, given_back))
    return Order(
        external_id=given.id,
        number=given.code or given.id,
        state=_state(given, paid, given_back),
        placed_at=given.order_placed_at or given.created_at,
        currency=given.currency_code,
        total=total + came_off,
        discount_total=-sum(
            (amount(one.amount_with_tax) for one in given.discounts if one.amount_with_tax), Decimal(0)
        ),
        tax_total=sum((amount(one.tax_total) for one in given.tax_summary if one.tax_total), Decimal(0)),
        tax_included=True,
        shipping_total=None if given.shipping_with_tax is None else amount(given.shipping_with_tax),
        lines=(
            *(_line(one, amount) for one in given.lines),
            *(
                line
                for one in given.surcharges
                if one.price_with_tax
                for line in charge(
                    one.description or "Surcharge", amount(one.price_with_tax), "fee", external_id=one.id
                )
            ),
            *charge("Cancelled after payment", came_off, "adjustment"),
        ),
        discounts=_discounts(given.discounts, amount),
        taxes=tuple(
            Tax(
                title=one.description,
                rate=one.tax_rate / 100 if one.tax_rate is not None else None,
                amount=amount(one.tax_total),
            )
            for one in given.tax_summary
            if one.tax_total is not None
        ),
        shipping=tuple(
            ShippingLine(
                title=one.shipping_method.name if one.shipping_method else None,
                amount=amount(one.discounted_price_with_tax),
            )
            for one in given.shipping_lines
            if one.discounted_price_with_tax is not None
        ),
        payments=payments,
        refunds=refunds,
        fulfilments=tuple(_fulfilment(one) for one in given.fulfillments if one.state != "Cancelled"),
        billing_address=_address(given.billing_address),
        shipping_address=_address(given.shipping_address),
        contact_email=usable_email(given.customer.email_address) if given.customer else None,
        contact_phone=_phone(given, region),
        payment_due=True if _STATES.get(given.state) in ("fulfilled", "completed") and total > 0 and not paid else None,
        custom=texts([("status", given.state), ("coupon codes", given.coupon_codes)]),
    )


def _sum(amounts: Iterable[Money]) -> Decimal:
    return sum((one.amount for one in amounts), Decimal(0))


def _state(given: schemas.Order, paid: Decimal, given_back: Decimal) -> OrderState:
    state = _STATES.get(given.state)
    if state != "cancelled" and paid and given_back >= paid:
        return "refunded"
    # an order that is being modified, is in part on its way or in a state of the shop's own is paid or is not
    return state or ("paid" if paid or given.state == "PaymentSettled" else "open")


def _line(line: schemas.Line, amount: _Amount) -> OrderLine:
    variant = line.product_variant or schemas.Variant()
    total, price = line.prorated_line_price_with_tax, line.unit_price_with_tax
    return OrderLine(
        external_id=line.id,
        product=ProductReference(
            external_id=variant.product.id if variant.product else None,
            variant_id=variant.id,
            sku=variant.sku,
            name=variant.name,
        ),
        quantity=line.quantity,
        unit_price=None if price is None else amount(price),
        total=None if total is None else amount(total),
        discounts=_discounts(line.discounts, amount),
    )


def _discounts(given: tuple[schemas.Discount, ...], amount: _Amount) -> tuple[Discount, ...]:
    return tuple(
        Discount(title=one.description, amount=-amount(one.amount_with_tax)) for one in given if one.amount_with_tax
    )


def _payment(given: schemas.Payment, amount: _Amount, currency: str) -> Payment:
    money = Money(amount=amount(given.amount), currency=currency)
    return Payment(external_id=given.id, amount=money, method=given.method, state=given.state, at=given.created_at)


def _refund(given: schemas.Refund, amount: _Amount, currency: str) -> Refund:
    money = Money(amount=amount(given.total), currency=currency)
    return Refund(external_id=given.id, amount=money, reason=given.reason, state=given.state, at=given.created_at)


def _fulfilment(given: schemas.Fulfilment) -> Fulfilment:
    return Fulfilment(
        external_id=given.id,
        kind="digital" if given.method and "digital" in given.method.lower() else "shipping",
        state=given.state,
        tracking_number=given.tracking_code,
        at=given.updated_at,
    )


def _phone(given: schemas.Order, region: str) -> str | None:
    """The customer's number, else that of the address the bill goes to."""
    own = given.customer.phone_number if given.customer else None
    here = _region(given.billing_address, given.shipping_address, default=region)
    return usable_phone((own, given.billing_address.phone_number if given.billing_address else None), here)


def _speaks_of(address: schemas.Address | schemas.OrderAddress) -> CustomerFields:
    return told_fields({"full_name": address.full_name, "phone": address.phone_number, "company": address.company})


def _region(*addresses: schemas.Address | schemas.OrderAddress | None, default: str) -> str:
    return next((code for one in addresses if one and (code := country(_code(one)))), default)


def _code(address: schemas.Address | schemas.OrderAddress) -> str | None:
    if isinstance(address, schemas.OrderAddress):
        return address.country_code
    return address.country.code if address.country else None


def _address(given: schemas.Address | schemas.OrderAddress | None) -> Address | None:
    if given is None:
        return None
    return postal_address(
        line1=given.street_line1,
        line2=given.street_line2,
        postal_code=given.postal_code,
        city=given.city,
        region=given.province,
        country_name=_code(given),
        company=given.company,
    )


def product_event(given: schemas.SoldProduct, precision: int) -> ProductEvent:
    """A product; its brand is a facet, as is whatever else it is found by (…/user-guide/catalog)."""
    brands = [one.name for one in given.facet_values if one.facet and one.facet.code == "brand"]
    told = product(
        given.id,
        given.name,
        state=None if given.enabled else "disabled",
        brand=next(iter(brands), None),
        categories=(one.name for one in given.collections),
        tags=(one.name for one in given.facet_values if one.name not in brands),
        image_url=given.featured_asset.preview if given.featured_asset else None,
        variants=(
            variant(
                one.id,
                one.name,
                sku=one.sku,
                price=one.price_with_tax.scaleb(-precision) if one.price_with_tax is not None else None,
                currency=one.currency_code,
            )
            for one in given.variants
            if one.enabled
        ),
    )
    changed = max([given.updated_at, *(one.updated_at for one in given.variants if one.updated_at)])
    return ProductEvent(occurred_at=changed, product=told)

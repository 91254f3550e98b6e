"""Medusa's objects to canonical ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from hub.connectors.medusa import schemas
from hub.errors import SkipEvent
from hub.mapping.address import postal_address
from hub.mapping.buyer import completed, country_among, same_person, speaks_of
from hub.mapping.contact import usable_email
from hub.mapping.custom import texts
from hub.mapping.customer import CustomerField, customer, guest_key
from hub.mapping.fieldmap import FieldMap
from hub.mapping.money import rounded
from hub.mapping.order import unexplained
from hub.mapping.phone import phone
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
from hub.model.product import Variant

_NO: dict[CustomerField, str] = {
    "middle_name": "Medusa has first and last name only",
    "full_name": "Medusa has first and last name only",
    "birth_date": "no field of a customer",
    "house_number": "part of address_1",
    "national_id": "no field of a customer",
    "contact_kind": "whoever is a customer of the shop is told as nothing else",
    "handle": "Medusa knows no social accounts",
    "loyalty_id": "loyalty lives in plug-ins",
    "language": "an order's locale is the storefront's, not the person's",
}
CUSTOMER_MAP = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "phone": "phone",
        "company": "company_name",
    },
    not_offered={
        **_NO,
        **dict.fromkeys(
            ("street", "line2", "postal_code", "city", "region", "country"), "addresses are a list, read beside the map"
        ),
    },
)
BUYER_MAP = FieldMap(
    schemas.Order,
    {
        "external_id": "customer_id",
        "first_name": "billing_address.first_name",
        "last_name": "billing_address.last_name",
        "email": "email",
        "phone": "billing_address.phone",
        "company": "billing_address.company",
        "street": "billing_address.address_1",
        "line2": "billing_address.address_2",
        "postal_code": "billing_address.postal_code",
        "city": "billing_address.city",
        "region": "billing_address.province",
        "country": "billing_address.country_code",
    },
    not_offered=_NO,
)

# https://docs.medusajs.com/api/admin, AdminOrder: payment_status and fulfillment_status
_PAID = frozenset({"captured", "partially_refunded", "refunded"})
_SENT = frozenset({"fulfilled", "shipped", "delivered"})


def record_key(customer_id: str) -> RecordKey:
    """The record of a customer with an account."""
    return RecordKey(kind="customer", external_id=customer_id)


def customer_event(given: schemas.Customer, region: str, at: datetime) -> CustomerEvent:
    """A customer with an account, as of the last change. Raises SkipEvent for a guest, whose orders tell more."""
    if not given.has_account:
        raise SkipEvent("a guest: the orders tell who it is")
    own = given.address
    region = country_among(own, default=region)
    fields = completed(CUSTOMER_MAP.read(given), speaks_of(own, region))
    theirs = [one for one in given.addresses if same_person(fields, speaks_of(one))]
    known = customer(
        record_key(given.id), fields, region=region, addresses=map(_address, theirs), custom=_metadata(given)
    )
    return CustomerEvent(occurred_at=given.updated_at or at, customer=known, whole=("emails",))


def buyer(given: schemas.Order, region: str) -> CustomerEvent | None:
    """Who buys, as of the order's creation: the account, else the guest of that e-mail or phone and name.

    The account's own e-mail stands before the one typed at the checkout.
    """
    region = country_among(given.billing_address, given.shipping_address, default=region)
    fields = BUYER_MAP.read(given)
    account = given.customer if given.customer and given.customer.has_account else None
    if account is not None:
        own = CUSTOMER_MAP.read(account)
        mails = dict.fromkeys((*own.get("email", ()), *fields.get("email", ())))
        fields = {**completed(own, fields), "email": tuple(mails)} if same_person(own, fields) else own
    told = speaks_of(given.shipping_address, region)
    theirs = [given.shipping_address] if same_person(fields, told) else []
    fields = completed(fields, told)
    if account is not None:
        key = record_key(account.id)
    elif fields.get("email") or fields.get("phone"):
        key = guest_key(fields, region=region, fallback=given.id)
    else:
        return None
    known = customer(key, fields, region=region, addresses=map(_address, theirs))
    return CustomerEvent(occurred_at=given.created_at, customer=known)


def order_events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer, if there is one, what the order's parts lack of its total, and the order. SkipEvent for a draft."""
    if given.is_draft_order or given.status == "draft":
        raise SkipEvent("a draft, not placed yet")
    who, made = buyer(given, region), order(given, region)
    what = OrderEvent(occurred_at=changed(given), order=made, record=who.customer.key if who else None)
    return [*([who] if who else []), *unexplained(made), what]


def changed(given: schemas.Order) -> datetime:
    """When the order or anything of it changed: a capture moves no ``updated_at`` of the order."""
    return max(given.updated_at, *_moments(given))


def _moments(given: schemas.Order) -> Iterator[datetime]:
    yield given.created_at
    for payment in given.payments:
        yield from (each.created_at for each in (*payment.captures, *payment.refunds))
        if payment.canceled_at:
            yield payment.canceled_at
    yield from (each.updated_at for each in given.fulfillments if each.updated_at)


def order(given: schemas.Order, region: str) -> Order:
    """One order as it was placed; what came back and what was credited stand in its refunds.

    Every amount but a unit price is with tax and after discounts, whatever the shop's prices are.
    """
    came_back = sum((item.came_back for item in given.items), Decimal(0))

    def money(value: Decimal) -> Decimal:
        # taxes are added up with all their digits, and paid in cents: https://github.com/medusajs/medusa/issues/14818
        return rounded(value, given.currency_code)

    def perhaps(value: Decimal | None) -> Decimal | None:
        return None if value is None else money(value)

    return Order(
        external_id=given.id,
        number=given.display_id,
        state=_state(given),
        placed_at=given.created_at,
        currency=given.currency_code,
        total=money(given.total + given.credit_line_total + came_back),
        discount_total=perhaps(given.discount_total),
        tax_total=perhaps(given.tax_total),
        tax_included=True,
        shipping_total=perhaps(given.shipping_total),
        lines=tuple(map(_line, given.items)),
        shipping=tuple(
            ShippingLine(title=each.name, amount=each.total)
            for each in given.shipping_methods
            if each.total is not None
        ),
        payments=tuple(_captures(given)),
        refunds=tuple(_refunds(given, came_back)),
        fulfilments=tuple(_fulfilment(each) for each in given.fulfillments if each.canceled_at is None),
        billing_address=_address(given.billing_address),
        shipping_address=_address(given.shipping_address),
        contact_email=usable_email(given.email),
        contact_phone=_phone(given, region),
        cancelled_at=given.canceled_at,
        payment_due=_due(given),
        custom=_metadata(given),
    )


def _state(given: schemas.Order) -> OrderState:
    if given.status == "canceled":
        return "cancelled"
    if given.payment_status == "refunded":
        return "refunded"
    if given.status == "completed":
        return "completed"
    if given.fulfillment_status in _SENT:
        return "fulfilled"
    return "paid" if given.payment_status in _PAID else "open"


def _due(given: schemas.Order) -> bool | None:
    """Where the state says less than Medusa does: goods are sent and not paid, or there is nothing to pay."""
    if _state(given) in ("fulfilled", "completed"):
        return given.payment_status not in _PAID and given.total > 0
    return False if _state(given) == "open" and given.total == 0 else None


def _line(item: schemas.Item) -> OrderLine:
    return OrderLine(
        external_id=item.id,
        product=ProductReference(
            external_id=item.product_id,
            variant_id=item.variant_id,
            sku=item.variant_sku,
            name=" – ".join(filter(None, (item.product_title or item.title, item.variant_title))) or None,
        ),
        quantity=item.quantity,
        unit_price=item.unit_price,
        total=item.total + item.came_back if item.total is not None else None,
        discounts=tuple(Discount(code=a.code, amount=a.amount) for a in item.adjustments if a.amount is not None),
        taxes=tuple(
            Tax(title=t.description or t.code, rate=t.rate / 100 if t.rate is not None else None, amount=t.total)
            for t in item.tax_lines
            if t.total is not None
        ),
        kind="gift_card" if item.is_giftcard else "product",
    )


def _captures(given: schemas.Order) -> Iterator[Payment]:
    for payment in given.payments:
        for each in payment.captures:
            amount = Money(amount=each.amount, currency=given.currency_code)
            yield Payment(
                external_id=each.id, amount=amount, method=payment.provider_id, state="paid", at=each.created_at
            )


def _refunds(given: schemas.Order, came_back: Decimal) -> Iterator[Refund]:
    """What is off the order (goods), and the money that went back for it or will: told as both, it counts once."""
    if off := rounded(given.credit_line_total + came_back, given.currency_code):
        amount = Money(amount=off, currency=given.currency_code)
        yield Refund(external_id=f"{given.id}:off", amount=amount, basis="goods")
    for payment in given.payments:
        for each in payment.refunds:
            amount = Money(amount=each.amount, currency=given.currency_code)
            yield Refund(external_id=each.id, amount=amount, basis="money", reason=each.note, at=each.created_at)


def _fulfilment(given: schemas.Fulfilment) -> Fulfilment:
    number = next((label.tracking_number for label in given.labels if label.tracking_number), None)
    state = "delivered" if given.delivered_at else "shipped" if given.shipped_at else "packed"
    return Fulfilment(
        external_id=given.id,
        kind="digital" if given.requires_shipping is False else "shipping",
        state=state,
        tracking_number=number,
        at=given.delivered_at or given.shipped_at or given.created_at,
    )


def _phone(given: schemas.Order, region: str) -> str | None:
    for one in (given.billing_address, given.shipping_address):
        number = phone(one.phone, country_among(one, default=region)) if one and one.phone else None
        if number and number.usable:
            return number.value
    return None


def _address(given: schemas.Address | None) -> Address | None:
    if given is None:
        return None
    return postal_address(
        line1=given.address_1,
        line2=given.address_2,
        postal_code=given.postal_code,
        city=given.city,
        region=given.province,
        country_name=given.country_code,
        company=given.company,
    )


def _metadata(given: schemas.Order | schemas.Customer) -> dict[str, str]:
    """What the shop keeps beside it, by its own names."""
    return texts(list((given.metadata or {}).items()))


def product_event(given: schemas.Product, received_at: datetime) -> ProductEvent:
    told = product(
        given.id,
        given.title,
        state=given.status,
        categories=(one.name for one in given.categories),
        tags=(one.value for one in given.tags),
        image_url=given.thumbnail,
        variants=map(_variant, given.variants),
    )
    return ProductEvent(occurred_at=given.updated_at or given.created_at or received_at, product=told)


def _variant(given: schemas.Variant) -> Variant:
    """Of several prices there is none that is the price: it depends on region and quantity."""
    [price] = given.prices if len(given.prices) == 1 else [None]
    return variant(
        given.id,
        given.title,
        sku=given.sku,
        barcodes=(given.ean, given.upc, given.barcode),
        price=price.amount if price else None,
        currency=price.currency_code if price else None,
    )

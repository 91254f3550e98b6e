"""WooCommerce's objects to canonical ones."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hub.connectors.woocommerce import schemas
from hub.errors import PayloadError, SkipEvent
from hub.mapping.address import postal_address
from hub.mapping.buyer import buyer_key, country_among, speaks_of, with_shipping
from hub.mapping.came import came_by, named
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.custom import note, texts
from hub.mapping.customer import CustomerField, customer
from hub.mapping.fieldmap import FieldMap
from hub.mapping.order import unexplained
from hub.mapping.product import product
from hub.mapping.review import review_events
from hub.model.address import Address
from hub.model.event import CustomerEvent, FeedbackEvent, Note, OrderEvent, ProductEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import (
    Discount,
    Fulfilment,
    FulfilmentKind,
    Order,
    OrderLine,
    OrderState,
    Payment,
    ProductReference,
    Refund,
    ShippingLine,
    Tax,
)

_NO: dict[CustomerField, str] = {
    "middle_name": "WooCommerce has first and last name only",
    "full_name": "WooCommerce has first and last name only",
    "birth_date": "not a field of the customer resource",
    "house_number": "part of address_1",
    "national_id": "not a field of the customer resource",
    "contact_kind": "every account and guest is a buyer; staff are left out",
    "handle": "WooCommerce knows no social accounts",
    "loyalty_id": "loyalty lives in plug-ins",
    "language": "translation plug-ins keep it in meta data of their own",
}
_BILLING: dict[CustomerField, str] = {
    "phone": "billing.phone",
    "street": "billing.address_1",
    "line2": "billing.address_2",
    "postal_code": "billing.postcode",
    "city": "billing.city",
    "region": "billing.state",
    "country": "billing.country",
    "company": "billing.company",
}

CUSTOMER_MAP = FieldMap(
    schemas.Customer,
    {
        **_BILLING,
        "external_id": "id",
        "first_name": ("first_name", "billing.first_name"),
        "last_name": ("last_name", "billing.last_name"),
        "email": ("email", "billing.email"),
    },
    not_offered=_NO,
)
BUYER_MAP = FieldMap(
    schemas.Order,
    {
        **_BILLING,
        "external_id": "customer_id",
        "first_name": "billing.first_name",
        "last_name": "billing.last_name",
        "email": "billing.email",
    },
    not_offered=_NO,
)

# https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties, status
_STATES: dict[str, OrderState] = {
    "pending": "open",
    "on-hold": "open",
    "completed": "completed",
    "cancelled": "cancelled",
    "trash": "cancelled",
    "refunded": "refunded",
    "failed": "failed",
}
_ON_DELIVERY = frozenset({"cod"})
"""Payment methods of which "processing" only says that the goods are to be sent: the money comes with the delivery.

Else the money is there with "processing" and "completed"; "pending" and "on-hold" wait for it (a card form not
finished, bank transfer, invoice): https://woocommerce.github.io/code-reference/classes/Automattic-WooCommerce-Enums-
OrderStatus.html.
"""
STAFF = frozenset({"administrator", "super_admin", "shop_manager", "editor", "author", "contributor"})
"""Roles of people who run the shop: https://wordpress.org/documentation/article/roles-and-capabilities/, and
WooCommerce's own "shop_manager". Buyers are "customer" or "subscriber", or have a role of a plug-in's."""
_DRAFTS = frozenset({"auto-draft", "checkout-draft", "draft", "new"})
_COLLECTED = frozenset({"local_pickup", "pickup_location"})


def record_key(customer_id: str) -> RecordKey:
    """The record of a registered customer."""
    return RecordKey(kind="customer", external_id=customer_id)


def created(given: schemas.Dated) -> datetime:
    """When it was created. Raises PayloadError when neither form of the date is there."""
    at = given.date_created_gmt or given.date_created
    if at is None:
        raise PayloadError("missing", path="date_created_gmt")
    return at


def _region(given: schemas.Customer | schemas.Order, default: str) -> str:
    return country_among(given.billing, given.shipping, default=default)


def _address(given: schemas.Address | None) -> Address | None:
    if given is None:
        return None
    return postal_address(
        line1=given.address_1,
        line2=given.address_2,
        postal_code=given.postcode,
        city=given.city,
        region=given.state,
        country_name=given.country,
        company=given.company,
    )


def customer_event(given: schemas.Customer, region: str) -> CustomerEvent:
    """A registered customer. The account's e-mail stands before the billing one, which may be empty or differ."""
    at = given.date_modified_gmt or created(given)
    fields, _ = with_shipping(CUSTOMER_MAP.read(given), given.shipping, _region(given, region))
    return CustomerEvent(
        occurred_at=at,
        customer=customer(
            record_key(given.id),
            fields,
            region=_region(given, region),
            addresses=[_address(given.shipping)],
            custom=texts(map(schemas.Meta.pair, given.meta_data), [("role", _role(given))]),
        ),
        whole=("emails", "phones"),
    )


def _role(given: schemas.Customer) -> str | None:
    return given.role if given.role != "customer" else None


def buyer(given: schemas.Order, region: str) -> CustomerEvent | None:
    """Who buys, from the billing data: the account, the guest (``customer_id`` 0), or None for an anonymous sale.

    The shipping address fills in what billing lacks, unless it goes to another person. Both hold as of the order's
    creation: a change of an old order's status tells nothing new of the person.
    """
    region = _region(given, region)
    fields, theirs = with_shipping(BUYER_MAP.read(given), given.shipping, region)
    account = record_key(str(given.customer_id)) if given.customer_id not in (None, "0") else None
    key = buyer_key(account, fields, region=region, fallback=given.id)
    if key is None:
        return None
    known = customer(key, fields, region=region, addresses=map(_address, theirs))
    return CustomerEvent(occurred_at=created(given), customer=known)


def order_events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer, if there is one, what the order's parts lack of its total, and the order.

    Raises SkipEvent for a draft that nobody has placed.
    """
    if given.status in _DRAFTS:
        raise SkipEvent("draft order")
    who, made = buyer(given, region), order(given, region)
    record = who.customer.key if who else None
    what = OrderEvent(occurred_at=given.date_modified_gmt or created(given), order=made, record=record)
    return [*([who] if who else []), *unexplained(made), what]


def order(given: schemas.Order, region: str) -> Order:
    """One order; line totals are without tax, as WooCommerce counts them."""
    billing = given.billing or schemas.Address()
    numbers, _ = with_shipping(speaks_of(billing), given.shipping, _region(given, region))
    subtotals = [line.subtotal for line in given.line_items if line.subtotal is not None]
    return Order(
        external_id=given.id,
        number=given.number,
        state=_state(given),
        placed_at=created(given),
        currency=given.currency,
        total=given.total,
        subtotal=sum(subtotals, Decimal(0)) if subtotals else None,
        discount_total=given.discount_total,
        tax_total=given.total_tax,
        shipping_total=given.shipping_total,
        lines=(*map(_line, given.line_items), *map(_fee, given.fee_lines)),
        discounts=tuple(Discount(code=c.code, amount=c.discount) for c in given.coupon_lines if c.discount is not None),
        taxes=tuple(
            Tax(
                title=tax.label,
                rate=tax.rate_percent / 100 if tax.rate_percent is not None else None,
                amount=(tax.tax_total or Decimal(0)) + (tax.shipping_tax_total or Decimal(0)),
            )
            for tax in given.tax_lines
        ),
        shipping=tuple(
            ShippingLine(title=s.method_title, amount=s.total) for s in given.shipping_lines if s.total is not None
        ),
        payments=_payments(given),
        refunds=tuple(
            Refund(external_id=r.id, amount=Money(amount=abs(r.total), currency=given.currency), reason=r.reason)
            for r in given.refunds
        ),
        fulfilments=_fulfilments(given),
        billing_address=_address(given.billing),
        shipping_address=_address(given.shipping),
        contact_email=usable_email(billing.email),
        contact_phone=usable_phone(numbers.get("phone", ()), _region(given, region)),
        payment_due=_due(given),
        note=note(given.customer_note),
        custom=texts(
            map(schemas.Meta.pair, given.meta_data),
            *(_chosen(line) for line in given.shipping_lines),
            _came(given).items(),
        ),
    )


_ATTRIBUTION = "_wc_order_attribution_"
"""What WooCommerce itself notes of an order's origin, under hidden names:
https://woocommerce.com/document/order-attribution-tracking/"""


def _came(given: schemas.Order) -> dict[str, str]:
    """The campaign an order came by. ``utm_source`` is also set for who came without one: the source's own word."""
    told = {
        str(meta.key).removeprefix(_ATTRIBUTION): meta.value
        for meta in given.meta_data
        if (meta.key or "").startswith(_ATTRIBUTION) and isinstance(meta.value, str)
    }
    kind = told.get("source_type")
    if kind not in ("utm", "organic", "referral"):
        return {}
    came = told if kind == "utm" else {"utm_source": told.get("utm_source", ""), "utm_medium": kind}
    return {**named(came), **{k: v for k, v in came_by(told.get("session_entry")).items() if k == "click_id"}}


def _state(given: schemas.Order) -> OrderState:
    # "processing" is a paid order, or one that is paid on delivery; plug-ins add states of their own
    return _STATES.get(given.status or "") or ("paid" if given.date_paid_gmt and not _on_delivery(given) else "open")


def _due(given: schemas.Order) -> bool | None:
    """Where the state says less than WooCommerce does."""
    if given.status != "processing":
        return None
    return True if _on_delivery(given) else None if given.date_paid_gmt else False


def _on_delivery(given: schemas.Order) -> bool:
    return given.status == "processing" and given.payment_method in _ON_DELIVERY


def _line(item: schemas.LineItem) -> OrderLine:
    off = item.subtotal - item.total if item.subtotal is not None and item.total is not None else Decimal(0)
    return OrderLine(
        external_id=item.id,
        product=ProductReference(
            external_id=item.product_id if item.product_id != "0" else None,
            variant_id=item.variation_id if item.variation_id != "0" else None,
            sku=item.sku,
            name=item.name,
        ),
        quantity=item.quantity,
        unit_price=item.price,
        total=item.total,
        discounts=(Discount(amount=off),) if off else (),
        taxes=_line_taxes(item.taxes),
        custom=texts(map(schemas.Meta.pair, item.meta_data)),
    )


def _fee(item: schemas.FeeLine) -> OrderLine:
    return OrderLine(
        external_id=item.id,
        product=ProductReference(name=item.name),
        quantity=Decimal(1),
        total=item.total,
        taxes=_line_taxes(item.taxes),
        kind="fee",
    )


def _chosen(line: schemas.ShippingLine) -> list[tuple[str | None, object]]:
    """What was chosen for the way of the goods (a place to collect them); "Items" repeats the lines."""
    return [meta.pair() for meta in line.meta_data if meta.key != "Items"]


def _line_taxes(taxes: tuple[schemas.LineTax, ...]) -> tuple[Tax, ...]:
    return tuple(Tax(amount=tax.total) for tax in taxes if tax.total is not None)


def _payments(given: schemas.Order) -> tuple[Payment, ...]:
    if given.date_paid_gmt is None:
        return ()
    return (
        Payment(
            external_id=given.transaction_id or f"order-{given.id}",
            amount=Money(amount=given.total, currency=given.currency),
            method=given.payment_method,
            state="paid",
            at=given.date_paid_gmt,
        ),
    )


def _fulfilments(given: schemas.Order) -> tuple[Fulfilment, ...]:
    """WooCommerce has no shipments: a completed order is a fulfilled one."""
    if given.date_completed_gmt is None:
        return ()
    kind: FulfilmentKind = "shipping" if given.shipping_lines else "digital"
    if given.created_via == "pos-rest-api":
        kind = "in_store"
    elif any(line.method_id in _COLLECTED for line in given.shipping_lines):
        kind = "pickup"
    return (Fulfilment(external_id=given.id, kind=kind, state=given.status, at=given.date_completed_gmt),)


def product_event(given: schemas.Product) -> ProductEvent:
    told = product(
        given.id,
        given.name,
        sku=given.sku,
        state=given.status,
        categories=(one.name for one in given.categories),
        tags=(one.name for one in given.tags),
        url=given.permalink,
        image_url=next((one.src for one in given.images), None),
    )
    return ProductEvent(occurred_at=given.date_modified_gmt or created(given), product=told)


def review_told(given: schemas.Review, region: str) -> list[CustomerEvent | FeedbackEvent]:
    """A change of its status has no time of its own."""
    return review_events(
        given.id,
        created(given),
        product_id=given.product_id,
        region=region,
        rating=given.rating,
        text=given.review,
        state=given.status,
        verified=given.verified,
        name=given.reviewer,
        email=given.reviewer_email,
    )

"""BigCommerce's objects to canonical ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from hub.connectors.bigcommerce import schemas
from hub.errors import SkipEvent
from hub.mapping.address import postal_address
from hub.mapping.buyer import completed, country_among, same_person, speaks_of, told_fields
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.custom import note, texts
from hub.mapping.customer import CustomerField, CustomerFields, customer, guest_key
from hub.mapping.fieldmap import FieldMap
from hub.mapping.order import charge, unexplained, with_charges
from hub.mapping.time import instant, maybe_instant
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.event import ConsentEvent, CustomerEvent, Note, OrderEvent
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

_NO: dict[CustomerField, str] = {
    "middle_name": "BigCommerce has first and last name only",
    "full_name": "BigCommerce has first and last name only",
    "birth_date": "no field of a customer",
    "house_number": "part of the street",
    "national_id": "no field of a customer",
    "contact_kind": "every account and guest is a buyer",
    "handle": "BigCommerce knows no social accounts",
    "loyalty_id": "loyalty lives in apps",
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
        "company": "company",
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
        "email": "billing_address.email",
        "phone": "billing_address.phone",
        "company": "billing_address.company",
        "street": "billing_address.street_1",
        "line2": "billing_address.street_2",
        "postal_code": "billing_address.zip",
        "city": "billing_address.city",
        "region": "billing_address.state",
        "country": ("billing_address.country_iso2", "billing_address.country"),
    },
    not_offered=_NO,
)

INCOMPLETE = 0
"""A shopper who reached the payment page and did not pay."""

# GET /v2/order_statuses in reference/orders.v2.oas2.yml; a store renames them, and the ids stay
_STATES: dict[int, OrderState] = {
    1: "open",
    2: "fulfilled",
    4: "refunded",
    5: "cancelled",
    6: "failed",
    7: "open",
    10: "completed",
    12: "open",
}
_UNPAID = frozenset({"authorized", "capture pending", "held for review", "pending", "declined"})
_PAID = frozenset({"captured", "paid", "partially refunded", "refunded"})
REFUNDED = frozenset({4, 14})
_TEST = "Test Payment Gateway"


def record_key(customer_id: str) -> RecordKey:
    """The record of a customer with an account."""
    return RecordKey(kind="customer", external_id=customer_id)


def subscriber_key(subscriber_id: str) -> RecordKey:
    """The record of a subscriber to the newsletter; it need not be a customer."""
    return RecordKey(kind="subscriber", external_id=subscriber_id)


def customer_event(given: schemas.Customer, region: str, at: datetime) -> CustomerEvent:
    """A customer with an account. An address under another name is somebody else's."""
    region = country_among(*given.addresses, default=region)
    fields = CUSTOMER_MAP.read(given)
    theirs = [one for one in given.addresses if same_person(fields, speaks_of(one))]
    for one in theirs:
        fields = completed(fields, speaks_of(one, region))
    accepts = given.accepts_product_review_abandoned_cart_emails
    known = customer(
        record_key(given.id),
        fields,
        region=region,
        addresses=[_own_address(one) for one in theirs],
        custom=texts(
            [(field.name, field.value) for field in given.form_fields],
            [(f"attribute {one.attribute_id}", one.attribute_value) for one in given.attributes if one.attribute_id],
            [
                ("notes", given.notes),
                ("customer group", given.customer_group_id if given.customer_group_id != "0" else None),
                ("accepts review and cart e-mails", accepts),
            ],
        ),
    )
    changed = given.date_modified or given.date_created
    return CustomerEvent(
        occurred_at=maybe_instant(changed, path="date_modified") or at, customer=known, whole=("emails",)
    )


def subscriber_event(given: schemas.Subscriber, region: str, at: datetime) -> CustomerEvent:
    """A subscriber; the opt-in is as old as the subscription, the opt-out as the last change."""
    created = maybe_instant(given.date_created, path="date_created")
    changed = maybe_instant(given.date_modified, path="date_modified") or created or at
    consents: list[Consent] = []
    if given.consents is None or "marketing_newsletter" in given.consents:
        where = f"{given.source or 'unknown'}{f', order {given.order_id}' if given.order_id else ''}"
        consents.append(
            Consent(
                channel="email",
                state="opted_in",
                at=created,
                evidence=f"subscribed to the newsletter ({where})",
                explicit=given.source in ("storefront", "order"),
            )
        )
    elif not given.consents:
        consents.append(_out(changed))
    fields = told_fields({"first_name": given.first_name, "last_name": given.last_name, "email": given.email})
    known = customer(subscriber_key(given.id), fields, region=region, consents=consents)
    return CustomerEvent(occurred_at=changed, customer=known, whole=("emails",))


def unsubscribed(subscriber_id: str, at: datetime) -> ConsentEvent:
    """A subscriber that is gone."""
    return ConsentEvent(occurred_at=at, record=subscriber_key(subscriber_id), consent=_out(at))


def _out(at: datetime) -> Consent:
    return Consent(
        channel="email", state="opted_out", at=at, evidence="not subscribed to the newsletter any more", explicit=True
    )


def buyer(given: schemas.Order, region: str) -> CustomerEvent | None:
    """Who buys, as of the order's creation: the account, the guest (``customer_id`` 0), None for a sale to nobody."""
    at = instant(given.date_created, path="date_created")
    fields, theirs = _with_recipient(given, region)
    region = country_among(given.billing_address, given.recipient, default=region)
    if given.customer_id not in (None, "0"):
        key = record_key(str(given.customer_id))
    elif fields.get("email") or fields.get("phone"):
        key = guest_key(fields, region=region, fallback=given.id)
    else:
        return None
    opted_in = Consent(
        channel="email",
        state="opted_in",
        at=at,
        evidence=f"box ticked at the checkout of order {given.id}",
        explicit=True,
    )
    known = customer(
        key,
        fields,
        region=region,
        addresses=map(_address, theirs),
        consents=[opted_in] if given.is_email_opt_in else [],
        custom=_asked(given.billing_address),
    )
    return CustomerEvent(occurred_at=at, customer=known)


def _with_recipient(given: schemas.Order, region: str) -> tuple[CustomerFields, list[schemas.Shipping]]:
    """The buyer's data, and the shipping addresses that are theirs and not somebody else's."""
    region = country_among(given.billing_address, given.recipient, default=region)
    fields = BUYER_MAP.read(given)
    theirs = [one for one in given.parts.shipping if same_person(fields, speaks_of(one))]
    for one in theirs:
        fields = completed(fields, speaks_of(one, region))
    return fields, theirs


def order_events(
    given: schemas.Order, refunds: Iterable[schemas.Refund], region: str
) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer, if any, what the order's parts lack of its total, and the order. SkipEvent for a mere attempt."""
    if given.status_id == INCOMPLETE:
        raise SkipEvent("incomplete: the shopper reached the payment page and did not pay")
    who, made = buyer(given, region), order(given, refunds, region)
    at = instant(given.date_modified or given.date_created, path="date_modified")
    at = max([at, *(refund.at for refund in made.refunds if refund.at)])
    what = OrderEvent(occurred_at=at, order=made, record=who.customer.key if who else None)
    return [*([who] if who else []), *unexplained(made), what]


def order(given: schemas.Order, refunds: Iterable[schemas.Refund], region: str) -> Order:
    """One order, every amount with tax."""
    currency, shipping = given.default_currency_code, given.shipping_cost_inc_tax
    fields, _ = _with_recipient(given, region)
    here = country_among(given.billing_address, given.recipient, default=region)
    made = Order(
        external_id=given.id,
        number=given.id,
        state=_state(given),
        placed_at=instant(given.date_created, path="date_created"),
        currency=currency,
        total=given.total_inc_tax,
        subtotal=given.subtotal_inc_tax,
        discount_total=given.discount_amount + given.coupon_discount,
        tax_total=given.total_tax,
        tax_included=True,
        shipping_total=shipping,
        lines=tuple(map(_line, given.items)),
        shipping=tuple(
            ShippingLine(title=one.shipping_method, amount=one.cost_inc_tax)
            for one in given.parts.shipping
            if one.cost_inc_tax is not None
        ),
        payments=_payments(given),
        refunds=tuple(_refund(one, currency) for one in refunds),
        fulfilments=_fulfilments(given),
        billing_address=_address(given.billing_address),
        shipping_address=_address(given.recipient),
        contact_email=usable_email(given.billing_address.email) if given.billing_address else None,
        contact_phone=usable_phone(fields.get("phone", ()), here),
        location=next((one.location.name for one in given.parts.pickups if one.location), None),
        test=given.payment_method == _TEST,
        payment_due=_due(given),
        note=note(given.customer_message),
        tags=("archived",) if given.is_deleted else (),
        custom=_custom(given),
    )
    charges = [
        *charge("Handling", given.handling_cost_inc_tax, "fee"),
        *charge("Gift wrapping", given.wrapping_cost_inc_tax, "fee"),
        *(
            line
            for fee in given.fees
            for line in charge(fee.display_name_customer or "Fee", fee.cost_inc_tax, "fee", external_id=fee.id)
        ),
    ]
    return with_charges(made, charges)


def _state(given: schemas.Order) -> OrderState:
    # what is waiting to be packed, shipped or collected, is disputed or refunded in part, has been paid
    state = _STATES.get(given.status_id, "paid")
    return "open" if state == "paid" and given.payment_status in _UNPAID else state


def _due(given: schemas.Order) -> bool | None:
    """Where the state says less than BigCommerce does: sent and not paid."""
    return True if _state(given) in ("fulfilled", "completed") and given.payment_status in _UNPAID else None


def _line(item: schemas.Item) -> OrderLine:
    off = tuple(
        Discount(code=one.code, title=one.name, amount=one.amount)
        for one in item.applied_discounts
        if one.amount is not None
    )
    total = item.discounted_total_inc_tax
    if total is None and item.total_inc_tax is not None:
        total = item.total_inc_tax - sum((one.amount for one in off), Decimal(0))
    return OrderLine(
        external_id=item.id,
        product=ProductReference(
            external_id=item.product_id if item.product_id != "0" else None,
            variant_id=item.variant_id if item.variant_id != "0" else None,
            sku=item.sku,
            name=item.name,
        ),
        quantity=item.quantity,
        unit_price=item.price_inc_tax,
        total=total,
        discounts=off,
        taxes=(Tax(amount=item.total_tax),) if item.total_tax else (),
        kind="gift_card" if item.type == "giftcertificate" else "product",
        custom=texts((option.display_name, option.display_value) for option in item.product_options),
    )


def _payments(given: schemas.Order) -> tuple[Payment, ...]:
    """The order tells its payment: /transactions would be one call more for every order."""
    if given.payment_status not in _PAID:
        return ()
    amount = Money(amount=given.total_inc_tax, currency=given.default_currency_code)
    identifier = given.payment_provider_id or f"order-{given.id}"
    return (Payment(external_id=identifier, amount=amount, method=given.payment_method, state="paid"),)


def _refund(given: schemas.Refund, currency: str) -> Refund:
    declined = bool(given.payments) and all(payment.is_declined for payment in given.payments)
    return Refund(
        external_id=given.id,
        amount=Money(amount=given.total_amount, currency=currency),
        reason=given.reason,
        state="failed" if declined else None,
        at=maybe_instant(given.created, path="created"),
    )


def _fulfilments(given: schemas.Order) -> tuple[Fulfilment, ...]:
    at = maybe_instant(given.date_shipped, path="date_shipped")
    if at is None:
        return ()
    kind = "digital" if given.order_is_digital else "pickup" if given.parts.pickups else "shipping"
    return (Fulfilment(external_id=given.id, kind=kind, state="shipped", at=at),)


def _custom(given: schemas.Order) -> dict[str, str]:
    return texts(
        [
            ("status", given.custom_status or given.status),
            ("payment method", given.payment_method),
            ("staff notes", given.staff_notes),
            ("order source", given.order_source),
            ("external source", given.external_source),
            ("external order id", given.external_order_id),
            ("channel", given.channel_id),
            ("locale", given.customer_locale),
            ("paid by store credit", given.store_credit_amount or None),
            ("paid by gift certificate", given.gift_certificate_amount or None),
        ],
        *([(field.name, field.value) for field in one.form_fields] for one in given.parts.shipping),
    )


def _asked(given: schemas.Street | None) -> dict[str, str]:
    return texts((field.name, field.value) for field in given.form_fields) if given else {}


def _address(given: schemas.Street | None) -> Address | None:
    if given is None:
        return None
    return postal_address(
        line1=given.street_1,
        line2=given.street_2,
        postal_code=given.zip,
        city=given.city,
        region=given.state,
        country_name=given.country_iso2 or given.country,
        company=given.company,
    )


def _own_address(given: schemas.Address) -> Address | None:
    return postal_address(
        line1=given.address1,
        line2=given.address2,
        postal_code=given.postal_code,
        city=given.city,
        region=given.state_or_province,
        country_name=given.country_code or given.country,
        company=given.company,
    )

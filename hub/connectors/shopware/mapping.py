"""Shopware's entities to canonical ones.

The states are those of https://developer.shopware.com/docs/concepts/commerce/checkout-concept/orders.html, how a total
is made of net and gross prices is https://github.com/shopware/shopware, AmountCalculator.php.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from hub.connectors.shopware import schemas
from hub.mapping.address import postal_address
from hub.mapping.buyer import buyer_key, completed, country_among, same_person, speaks_of, with_shipping
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.custom import note, texts
from hub.mapping.customer import CustomerField, CustomerFields, customer, guest_key
from hub.mapping.fieldmap import FieldMap
from hub.mapping.order import charge, unexplained, with_charges
from hub.model.address import Address
from hub.model.base import FrozenTexts
from hub.model.case import Case
from hub.model.consent import Consent, ConsentState
from hub.model.event import CaseEvent, CustomerEvent, Note, OrderEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import (
    Discount,
    Fulfilment,
    LineKind,
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
    "middle_name": "Shopware has first and last name only",
    "full_name": "Shopware has first and last name only",
    "house_number": "part of the street",
    "national_id": "not a field of Shopware's; the VAT id of a company is kept as a custom field",
    "contact_kind": "every account and guest is a buyer",
    "handle": "Shopware knows no social accounts",
    "loyalty_id": "loyalty lives in extensions",
}


def _placed(at: str) -> dict[CustomerField, str]:
    return {
        "phone": f"{at}.phone",
        "street": f"{at}.street",
        "line2": f"{at}.additional_address_line1",
        "postal_code": f"{at}.zipcode",
        "city": f"{at}.city",
        "region": f"{at}.state.name",
        "country": f"{at}.land.iso",
        "language": "language.locale.code",
    }


CUSTOMER_MAP = FieldMap(
    schemas.Customer,
    {
        **_placed("default_billing_address"),
        "external_id": "id",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "birth_date": "birthday",
        "company": ("company", "default_billing_address.company"),
    },
    not_offered=_NO,
)
BUYER_MAP = FieldMap(
    schemas.Order,
    {
        **_placed("billing_address"),
        "external_id": "order_customer.customer_id",
        "first_name": ("order_customer.first_name", "billing_address.first_name"),
        "last_name": ("order_customer.last_name", "billing_address.last_name"),
        "email": "order_customer.email",
        "company": ("order_customer.company", "billing_address.company"),
    },
    not_offered={**_NO, "birth_date": "an order does not tell it"},
)
RECIPIENT_MAP = FieldMap(
    schemas.Recipient,
    {
        "external_id": "id",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "street": "street",
        "postal_code": "zip_code",
        "city": "city",
        "language": "language.locale.code",
    },
    not_offered={
        **_NO,
        **dict.fromkeys(("phone", "line2", "region", "country", "company"), "not a field of a newsletter recipient"),
        "birth_date": "not a field of a newsletter recipient",
    },
)

# NewsletterSubscribeRoute.php: "direct" is a subscription that nobody had to confirm, "notSet" waits for the click
_CONSENTS: dict[str, ConsentState] = {"optIn": "opted_in", "direct": "opted_in", "optOut": "opted_out"}
_PROMOTION = "promotion"
_KINDS: dict[str, LineKind] = {_PROMOTION: "adjustment", "discount": "adjustment", "credit": "adjustment"}
_NOT_PAID = frozenset({"failed", "cancelled"})
_RECEIVED = frozenset({"paid", "refunded", "refunded_partially", "chargeback"})  # in these the money had come
_SENT = frozenset({"shipped", "shipped_partially", "returned", "returned_partially"})
_RETURNED = frozenset({"returned", "returned_partially"})


def record_key(entity: str, entity_id: str) -> RecordKey:
    """The record of a customer's account, or of a newsletter recipient, who needs none."""
    return RecordKey(kind="customer" if entity == "customer" else "subscriber", external_id=entity_id)


def changed_at(*parts: schemas.Dated) -> datetime:
    """When the newest of the parts was changed; one of them tells a time."""
    return max(at for part in parts for at in (part.updated_at, part.created_at) if at).astimezone(UTC)


def _address(given: schemas.Address | None) -> Address | None:
    if given is None:
        return None
    return postal_address(
        line1=given.street,
        line2=given.additional_address_line1 or given.additional_address_line2,
        postal_code=given.zipcode,
        city=given.city,
        region=given.state.name if given.state else None,
        country_name=given.country_code,
        company=given.company,
    )


def _said(given: schemas.Person) -> FrozenTexts:
    """What else is told of a person. ``not_specified`` is the salutation of who chose none."""
    form = given.salutation if given.salutation and given.salutation.salutation_key != "not_specified" else None
    told = (("salutation", form and form.display_name), ("title", given.title), ("VAT id", given.vat_ids))
    return texts(told, [("customerNumber", given.customer_number)], given.custom_fields.items())


def customer_event(given: schemas.Customer, region: str) -> CustomerEvent:
    """An account, or the account that Shopware makes for each order of a guest: those are one record by e-mail."""
    places = (given.default_billing_address, given.default_shipping_address, *given.addresses)
    region = country_among(*places, default=region)
    fields = CUSTOMER_MAP.read(given)
    for place in places[1:]:
        fields = completed(fields, speaks_of(place, region))
    own = [_address(place) for place in places if same_person(fields, speaks_of(place))]
    key = guest_key(fields, region=region, fallback=given.id) if given.guest else record_key("customer", given.id)
    group = given.group.name if given.group else None
    more = {"affiliateCode": given.affiliate_code, "campaignCode": given.campaign_code, "group": group}
    return CustomerEvent(
        occurred_at=changed_at(given, *given.addresses),
        customer=customer(
            key,
            fields,
            region=region,
            addresses=own,
            tags=[tag.name for tag in given.tags if tag.name],
            custom={**_said(given), **more},
        ),
        whole=() if given.guest else ("emails", "phones"),
    )


def recipient_event(given: schemas.Recipient, region: str) -> CustomerEvent:
    """Who gets the newsletter. ``confirmedAt`` stays after they left, and is the time of an opt-in alone."""
    state = _CONSENTS.get(given.status or "", "pending")
    confirmed = given.confirmed_at if given.status == "optIn" else None
    consent = Consent(
        channel="email",
        state=state,
        at=confirmed.astimezone(UTC) if confirmed else None,
        evidence=f"shopware newsletter {given.status}" + (", double opt-in" if confirmed else ""),
        explicit=confirmed is not None or state == "opted_out",
    )
    form = given.salutation.display_name if given.salutation else None
    return CustomerEvent(
        occurred_at=changed_at(given),
        customer=customer(
            record_key("newsletter_recipient", given.id),
            RECIPIENT_MAP.read(given),
            region=region,
            consents=[consent] if given.status else [],
            tags=[tag.name for tag in given.tags if tag.name],
            custom={"salutation": form, "title": given.title, **given.custom_fields},
        ),
    )


def order_events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | CaseEvent | Note]:
    """The buyer, what the parts lack of the total, the order, and a return for each delivery that came back."""
    shipping = next((one.shipping_order_address for one in given.deliveries if one.shipping_order_address), None)
    region = country_among(given.billing_address, shipping, default=region)
    fields, theirs = with_shipping(BUYER_MAP.read(given), shipping, region)
    who = given.order_customer
    account = who.customer_id if who and not (who.customer and who.customer.guest) else None
    key = buyer_key(record_key("customer", account) if account else None, fields, region=region, fallback=given.id)
    at = given.order_date_time.astimezone(UTC)
    events: list[CustomerEvent | OrderEvent | CaseEvent | Note] = []
    if key:
        custom = {**(_said(who) if who else {}), "VAT id": _vat_ids(given)}
        buyer = customer(key, fields, region=region, addresses=map(_address, theirs), custom=custom)
        events.append(CustomerEvent(occurred_at=at, customer=buyer))
    made = _order(given, fields, region, shipping)
    refunds = [refund for payment in given.transactions for held in payment.captures for refund in held.refunds]
    at = changed_at(schemas.Dated(createdAt=at), given, *given.transactions, *given.deliveries, *refunds)
    events += [*unexplained(made), OrderEvent(occurred_at=at, order=made, record=key)]
    events += [_return(given, delivery, at, key) for delivery in given.deliveries if _state(delivery) in _RETURNED]
    return [*events, *_unknown_refunds(given)]


def _vat_ids(given: schemas.Order) -> tuple[str, ...]:
    own = given.order_customer.vat_ids if given.order_customer else ()
    billed = given.billing_address.vat_id if given.billing_address else None
    return tuple(dict.fromkeys((*own, *([billed] if billed else []))))


def _state(part: schemas.Delivery | schemas.Transaction | schemas.CaptureRefund | schemas.Order) -> str:
    return part.state.technical_name or "open"


def _order(given: schemas.Order, fields: CustomerFields, region: str, shipping: schemas.Address | None) -> Order:
    """Prices of ``taxStatus`` gross hold the tax, of net lack it, and of tax-free there is none."""
    promotions = [line for line in given.line_items if line.type == _PROMOTION and line.total_price]
    currency = given.currency.iso_code
    made = Order(
        external_id=given.id,
        number=given.order_number,
        state=_order_state(given),
        placed_at=given.order_date_time.astimezone(UTC),
        currency=currency,
        total=given.amount_total,
        subtotal=given.position_price,
        discount_total=-sum((line.total_price or Decimal(0) for line in promotions), Decimal(0)),
        tax_total=sum((tax.tax for tax in given.price.calculated_taxes), Decimal(0)),
        tax_included=given.tax_status != "net",
        shipping_total=given.shipping_total,
        lines=tuple(map(_line, given.line_items)),
        discounts=tuple(
            Discount(code=line.payload.code, title=line.label, amount=-line.total_price)
            for line in promotions
            if line.total_price
        ),
        taxes=_taxes(given.price),
        shipping=tuple(
            ShippingLine(
                title=one.shipping_method.name if one.shipping_method else None, amount=one.shipping_costs.total_price
            )
            for one in given.deliveries
            if one.shipping_costs
        ),
        payments=tuple(
            Payment(
                external_id=one.id,
                amount=Money(amount=one.amount.total_price, currency=currency),
                method=one.payment_method.name if one.payment_method else None,
                state="paid" if _state(one) in _RECEIVED else _state(one),
                at=changed_at(one) if one.created_at else None,
            )
            for one in given.transactions
        ),
        refunds=tuple(_refunds(given)),
        fulfilments=tuple(
            Fulfilment(
                external_id=one.id,
                kind="shipping",
                state=_state(one),
                tracking_number=", ".join(one.tracking_codes) or None,
                at=one.updated_at.astimezone(UTC) if one.updated_at else None,
            )
            for one in given.deliveries
            if _state(one) in _SENT
        ),
        billing_address=_address(given.billing_address),
        shipping_address=_address(shipping),
        contact_email=usable_email(next(iter(fields.get("email", ())), None)),
        contact_phone=usable_phone(fields.get("phone", ()), region),
        payment_due=_due(given),
        note=note(given.customer_comment),
        tags=tuple(tag.name for tag in given.tags if tag.name),
        custom=texts(
            [("salesChannel", given.sales_channel.name if given.sales_channel else None)],
            [("affiliateCode", given.affiliate_code), ("campaignCode", given.campaign_code)],
            given.custom_fields.items(),
        ),
    )
    # a cash rounding to 5 Rappen stands in the total and in no line
    total, raw = given.price.total_price, given.price.raw_total
    gap = total - raw if total is not None and raw is not None else None
    return with_charges(made, charge("Rounding", gap, "rounding"))


def _line(item: schemas.LineItem) -> OrderLine:
    """A part of a bundle (``parentId``) has no price of its own in the total: that is its parent's."""
    own = item.parent_id is None
    return OrderLine(
        external_id=item.id,
        product=ProductReference(external_id=item.product_id, sku=item.payload.product_number, name=item.label),
        quantity=item.quantity,
        unit_price=item.unit_price if own else None,
        total=item.total_price if own else None,
        taxes=_taxes(item.price) if own and item.price else (),
        kind=_KINDS.get(item.type or "", "product"),
        custom=texts([(one.group, one.option) for one in item.payload.options], item.custom_fields.items()),
    )


def _taxes(price: schemas.Price | schemas.CartPrice) -> tuple[Tax, ...]:
    return tuple(
        Tax(
            title=f"{tax.tax_rate.normalize():f} %" if tax.tax_rate is not None else None,
            rate=tax.tax_rate / 100 if tax.tax_rate is not None else None,
            amount=tax.tax,
        )
        for tax in price.calculated_taxes
    )


def _current(given: schemas.Order) -> schemas.Transaction | None:
    """The payment that counts: a buyer may try several, and each try is a transaction of its own."""
    tried = sorted(given.transactions, key=lambda one: one.created_at or given.order_date_time)
    return next(iter([one for one in reversed(tried) if _state(one) not in _NOT_PAID] or tried[-1:]), None)


def _order_state(given: schemas.Order) -> OrderState:
    payment = _current(given)
    paid = _state(payment) if payment else "open"
    if _state(given) == "cancelled":
        return "cancelled"
    if paid in ("refunded", "chargeback"):
        return "refunded"
    if paid in _NOT_PAID:
        return "failed"
    if _state(given) == "completed":
        return "completed"
    if any(_state(one) in _SENT for one in given.deliveries):
        return "fulfilled"
    return "paid" if paid in _RECEIVED else "open"


def _due(given: schemas.Order) -> bool | None:
    """Goods on invoice are sent, and the order completed, before anybody has paid."""
    payment = _current(given)
    unpaid = payment is not None and _state(payment) not in _RECEIVED
    return True if unpaid and _order_state(given) in ("completed", "fulfilled") else None


def _refunds(given: schemas.Order) -> Iterator[Refund]:
    """What was given back: each refund of a capture that is completed, else the whole payment by its state."""
    currency = given.currency.iso_code
    for payment in given.transactions:
        done = [one for held in payment.captures for one in held.refunds if _state(one) == "completed"]
        for one in done:
            money = Money(amount=one.amount.total_price, currency=currency)
            at = changed_at(one) if one.created_at else None
            yield Refund(external_id=one.id, amount=money, reason=one.reason, state=_state(one), at=at)
        if not done and _state(payment) in ("refunded", "chargeback"):
            money = Money(amount=payment.amount.total_price, currency=currency)
            reason = "chargeback" if _state(payment) == "chargeback" else None
            yield Refund(external_id=payment.id, amount=money, reason=reason)


def _unknown_refunds(given: schemas.Order) -> Iterator[Note]:
    for place, payment in enumerate(given.transactions):
        if _state(payment) == "refunded_partially" and not any(held.refunds for held in payment.captures):
            yield Note(path=f"transactions.{place}", reason="refunded in part, and the shop does not tell how much")


def _return(given: schemas.Order, delivery: schemas.Delivery, at: datetime, key: RecordKey | None) -> CaseEvent:
    back = delivery.updated_at.astimezone(UTC) if delivery.updated_at else at
    case = Case(
        external_id=delivery.id,
        kind="return",
        state="closed",
        opened_at=back,
        closed_at=back,
        order_id=given.id,
        reason="in part" if _state(delivery) == "returned_partially" else None,
    )
    return CaseEvent(occurred_at=at, case=case, record=key)

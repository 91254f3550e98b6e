"""Square's objects to canonical ones. Pure.

Sources: https://developer.squareup.com/docs/orders-api/how-it-works (totals include tips, service charges and cash
rounding, so all become lines; a line's total has its tax),
https://developer.squareup.com/docs/customers-api/use-the-api/customer-webhooks (merges).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from hub.connectors.square import schemas
from hub.errors import PayloadError
from hub.mapping.address import postal_address
from hub.mapping.buyer import country_among
from hub.mapping.custom import note, texts
from hub.mapping.customer import CustomerFields, guest_key
from hub.mapping.customer import customer as snapshot_of
from hub.mapping.email import email
from hub.mapping.fieldmap import FieldMap
from hub.mapping.money import amount, maybe_amount, minor_units
from hub.mapping.name import clean
from hub.mapping.order import charge, with_charges
from hub.mapping.phone import phone
from hub.mapping.time import instant, maybe_instant
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.identifier import RecordKey
from hub.model.money import CURRENCIES, Money
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
    Tax,
)

CUSTOMER = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "given_name",
        "last_name": "family_name",
        "email": "email_address",
        "phone": "phone_number",
        "birth_date": "birthday",
        "street": "address.address_line_1",
        "line2": "address.address_line_2",
        "postal_code": "address.postal_code",
        "city": "address.locality",
        "region": "address.administrative_district_level_1",
        "country": "address.country",
        "company": "company_name",
    },
    not_offered={
        "middle_name": "Square has given and family name only",
        "full_name": "Square has given and family name only",
        "house_number": "part of address_line_1",
        "language": "not in the customer directory",
        "national_id": "tax_ids.eu_vat is a company's, not a person's",
        "contact_kind": "not told",
        "handle": "Square knows no public name",
        "loyalty_id": "comes with loyalty.account.* events",
    },
)

RECIPIENT = FieldMap(
    schemas.Recipient,
    {"external_id": "customer_id", "full_name": "display_name", "email": "email_address", "phone": "phone_number"},
    not_offered={
        "first_name": "only display_name",
        "middle_name": "only display_name",
        "last_name": "only display_name",
        "birth_date": "not told of a recipient",
        "street": "read as an address of the order",
        "house_number": "read as an address of the order",
        "line2": "read as an address of the order",
        "postal_code": "read as an address of the order",
        "city": "read as an address of the order",
        "region": "read as an address of the order",
        "country": "read as an address of the order",
        "company": "not told of a recipient",
        "language": "not told of a recipient",
        "national_id": "not told of a recipient",
        "contact_kind": "not told",
        "handle": "not told of a recipient",
        "loyalty_id": "comes with loyalty.account.* events",
    },
)

_UNNAMED = schemas.OrderTax()
_DONE = {"PICKUP": "picked_up_at", "SHIPMENT": "shipped_at", "DELIVERY": "delivered_at"}


def customer_key(customer_id: str) -> RecordKey:
    return RecordKey(kind="customer", external_id=customer_id)


def customer_snapshot(source: schemas.Customer, region: str) -> CustomerSnapshot:
    return snapshot_of(
        customer_key(source.id),
        CUSTOMER.read(source),
        region=region,
        consents=_consents(source.preferences),
        custom=texts([(name, getattr(source, name)) for name in ("note", "reference_id", "nickname")]),
    )


def _consents(preferences: schemas.Preferences | None) -> tuple[Consent, ...]:
    # False is Square's default and no opt-in; of True, Square does not tell when it was chosen.
    if preferences is None or not preferences.email_unsubscribed:
        return ()
    return (Consent(channel="email", state="opted_out", evidence="square: preferences.email_unsubscribed"),)


def guest_snapshot(
    fields: CustomerFields, region: str, *, fallback: str, addresses: Iterable[Address] = ()
) -> CustomerSnapshot:
    addresses = tuple(addresses)
    key = guest_key(fields, region=region, fallback=fallback, addresses=addresses)
    return snapshot_of(key, fields, region=region, addresses=addresses)


def address(source: schemas.Address | None) -> Address | None:
    if source is None:
        return None
    return postal_address(
        line1=source.address_line_1,
        line2=source.address_line_2,
        postal_code=source.postal_code,
        city=source.locality,
        region=source.administrative_district_level_1,
        country_name=source.country,
    )


def recipient_of(order: schemas.Order) -> schemas.Recipient | None:
    """Whoever picks up or receives the order: the first one of whom anything is told."""
    details = filter(None, map(_details, order.fulfillments))
    return next((found.recipient for found in details if found.recipient and found.recipient.model_fields_set), None)


def region(order: schemas.Order, customer: schemas.Customer | None, default: str) -> str:
    """Where the numbers of an order are dialled: where its recipient is, else where its customer lives."""
    recipient = recipient_of(order)
    return country_among(
        recipient.address if recipient else None, customer.address if customer else None, default=default
    )


def customer_id_of(order: schemas.Order) -> str | None:
    """The order's customer, else the recipient's profile, else the one behind a tender."""
    recipient = recipient_of(order)
    named = (order.customer_id, recipient.customer_id if recipient else None, *(t.customer_id for t in order.tenders))
    return next((customer_id for customer_id in named if customer_id), None)


def order(source: schemas.Order, region: str) -> Order:
    """The order with tips, service charges and rounding as lines, which keeps the sum of lines equal to the total.

    A contact phone without a country is one of ``region``: the recipient's, else the customer's.

    Raises PayloadError with the path of an amount, currency or time that cannot be read.
    """
    currency = _currency(source.total_money, "total_money.currency")
    recipient = recipient_of(source)
    shipped = [f for f in source.fulfillments if f.type in ("SHIPMENT", "DELIVERY")]
    details = _details(shipped[0]) if shipped else None
    made = Order(
        external_id=source.id,
        number=clean(source.reference_id),
        state=_state(source),
        placed_at=instant(source.created_at, path="created_at"),
        currency=currency,
        total=minor_units(source.total_money.amount, currency),
        discount_total=_amount(source.total_discount_money),
        tax_total=_amount(source.total_tax_money),
        tax_included=True,
        lines=tuple(_lines(source)),
        discounts=tuple(
            Discount(title=clean(d.name), amount=minor_units(d.applied_money.amount, currency))
            for d in source.discounts
            if d.applied_money
        ),
        taxes=tuple(_tax(tax, tax.applied_money) for tax in source.taxes if tax.applied_money),
        payments=tuple(_tender(tender) for tender in source.tenders if tender.amount_money),
        fulfilments=_fulfilments(source),
        shipping_address=address(details.recipient.address) if details and details.recipient else None,
        contact_email=_normalised(recipient.email_address) if recipient else None,
        contact_phone=_contact_phone(recipient, region) if recipient else None,
        location=clean(source.location_id),
        cancelled_at=maybe_instant(source.closed_at, path="closed_at") if source.state == "CANCELED" else None,
        note=note(*(text for found in source.fulfillments for text in _notes(found))),
        custom=texts(source.metadata.items(), [("ticket_name", source.ticket_name)]),
    )
    charges = [line for charged in source.service_charges for line in _charge(charged)]
    tip, rounding = _amount(source.total_tip_money), source.rounding_adjustment
    returned = [part for back in source.returns for part in _returned(back)]
    return with_charges(
        made,
        (
            *charges,
            *charge("Tip", tip, "tip", external_id="tip"),
            *(_rounding(rounding) if rounding else ()),
        ),
        charge("Returned goods", -sum(returned, Decimal(0)), "adjustment"),
    )


def _returned(back: schemas.OrderReturn) -> Iterator[Decimal]:
    """What one return takes off (https://developer.squareup.com/reference/square/objects/OrderReturn)."""
    lines = (*back.return_line_items, *back.return_service_charges)
    yield from (_amount(line.total_money) or Decimal(0) for line in lines)
    yield from (_amount(tip.applied_money) or Decimal(0) for tip in back.return_tips)
    yield (_amount(back.rounding_adjustment.amount_money) if back.rounding_adjustment else None) or Decimal(0)


def _charge(source: schemas.ServiceCharge) -> tuple[OrderLine, ...]:
    name, uid = clean(source.name) or "Service charge", source.uid or None
    return charge(name, _amount(source.total_money or source.applied_money), "fee", external_id=uid)


def _rounding(source: schemas.RoundingAdjustment) -> tuple[OrderLine, ...]:
    # https://developer.squareup.com/reference/square/objects/OrderRoundingAdjustment
    return charge(
        clean(source.name) or "Rounding", _amount(source.amount_money), "rounding", external_id=source.uid or None
    )


def _notes(found: schemas.OrderFulfilment) -> tuple[str | None, ...]:
    details = _details(found)
    if details is None:
        return ()
    curb = details.curbside_pickup_details
    return (details.note, details.shipping_note, details.dropoff_notes, curb.curbside_details if curb else None)


def _state(source: schemas.Order) -> OrderState:
    if source.state == "COMPLETED":
        return "completed"
    if source.state == "CANCELED":
        return "cancelled"
    # An open order is paid once nothing is due any more: a tender may only be authorised, and then it is still due
    # (https://developer.squareup.com/forums/t/when-is-net-amount-due-money-updated/20280). COMPLETED is paid in full.
    due = source.net_amount_due_money
    return "paid" if source.tenders and due and due.amount == 0 else "open"


def _lines(source: schemas.Order) -> Iterator[OrderLine]:
    taxes = {tax.uid: tax for tax in source.taxes}
    titles = {discount.uid: clean(discount.name) for discount in source.discounts}
    for position, item in enumerate(source.line_items):
        name = " – ".join(part for part in (clean(item.name), clean(item.variation_name)) if part)
        yield OrderLine(
            external_id=item.uid or None,
            product=ProductReference(variant_id=item.catalog_object_id or None, name=name or None),
            quantity=amount(item.quantity, path=f"line_items.{position}.quantity"),
            unit_price=_amount(item.base_price_money),
            total=_amount(item.total_money),
            discounts=tuple(
                Discount(title=titles.get(found.discount_uid), amount=minor_units(applied.amount, applied.currency))
                for found in item.applied_discounts
                if (applied := found.applied_money)
            ),
            taxes=tuple(
                _tax(taxes.get(found.tax_uid, _UNNAMED), found.applied_money)
                for found in item.applied_taxes
                if found.applied_money
            ),
            kind="gift_card" if item.item_type == "GIFT_CARD" else "product",
            custom=texts(
                item.metadata.items(), [("note", item.note), *(("modifier", found.name) for found in item.modifiers)]
            ),
        )


def _tax(tax: schemas.OrderTax, applied: schemas.Money) -> Tax:
    percentage = maybe_amount(tax.percentage, path="taxes.percentage")
    return Tax(
        title=clean(tax.name),
        rate=percentage / 100 if percentage is not None else None,
        amount=minor_units(applied.amount, applied.currency),
    )


def _tender(tender: schemas.Tender) -> Payment:
    if tender.amount_money is None:
        raise PayloadError("no amount", path="tenders.amount_money")
    return Payment(
        external_id=tender.payment_id or tender.id,
        amount=money(tender.amount_money, "tenders.amount_money"),
        method=(tender.type or "").lower() or None,
        at=maybe_instant(tender.created_at, path="tenders.created_at"),
    )


def _fulfilments(source: schemas.Order) -> tuple[Fulfilment, ...]:
    if not source.fulfillments:
        # A sale over the counter names no fulfilment: the goods left with the customer.
        if source.state != "COMPLETED":
            return ()
        closed_at = maybe_instant(source.closed_at, path="closed_at")
        return (
            Fulfilment(
                external_id=source.id,
                kind="in_store",
                state="completed",
                location=clean(source.location_id),
                at=closed_at,
            ),
        )
    return tuple(_fulfilment(n, found, source) for n, found in enumerate(source.fulfillments))


def _fulfilment(position: int, found: schemas.OrderFulfilment, source: schemas.Order) -> Fulfilment:
    details = _details(found)
    done = getattr(details, _DONE.get(found.type or "PICKUP", "picked_up_at"), None)
    kind: FulfilmentKind = "pickup" if found.type == "PICKUP" else "shipping"
    return Fulfilment(
        external_id=found.uid or f"{source.id}:{position}",
        kind=kind,
        state=(found.state or "").lower() or None,
        location=clean(source.location_id),
        tracking_number=clean(details.tracking_number) if details else None,
        at=maybe_instant(done, path=f"fulfillments.{position}"),
    )


def _details(found: schemas.OrderFulfilment) -> schemas.FulfilmentDetails | None:
    return found.pickup_details or found.shipment_details or found.delivery_details


def payment(source: schemas.Payment) -> Payment:
    """``amount`` includes the tip, as the order's total does."""
    return Payment(
        external_id=source.id,
        amount=money(source.total_money, "total_money"),
        method=(source.source_type or "").lower() or None,
        state=(source.status or "").lower() or None,
        at=instant(source.created_at, path="created_at"),
    )


def refund(source: schemas.Refund) -> Refund:
    return Refund(
        external_id=source.id,
        amount=money(source.amount_money, "amount_money"),
        reason=clean(source.reason),
        state=(source.status or "").lower() or None,
        at=instant(source.created_at, path="created_at"),
    )


def money(source: schemas.Money, path: str) -> Money:
    currency = _currency(source, f"{path}.currency")
    return Money(amount=minor_units(source.amount, currency), currency=currency)


def changed_at(source: schemas.Customer | schemas.LoyaltyAccount, event_at: str) -> datetime:
    """The object's own time; a deleted customer has none, then the event's."""
    return instant(source.updated_at or source.created_at or event_at, path="updated_at")


def _currency(source: schemas.Money, path: str) -> str:
    if source.currency not in CURRENCIES:
        raise PayloadError("not an ISO 4217 currency", path=path)
    return source.currency


def _amount(source: schemas.Money | None) -> Decimal | None:
    return None if source is None else minor_units(source.amount, source.currency)


def _contact_phone(recipient: schemas.Recipient, region: str) -> str | None:
    point = phone(recipient.phone_number, region)
    return point.value if point and point.usable else None


def _normalised(text: str | None) -> str | None:
    point = email(text)
    return point.value if point and point.usable else None

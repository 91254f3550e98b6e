"""Magento's objects to canonical ones. Amounts are in the order's currency, which the buyer saw and paid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from hub.connectors.magento import schemas
from hub.mapping.address import postal_address
from hub.mapping.buyer import buyer_key, completed, country_among, same_person, speaks_of, with_shipping
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.custom import note, texts
from hub.mapping.customer import CustomerField, CustomerFields, customer
from hub.mapping.fieldmap import FieldMap
from hub.mapping.order import charge, unexplained, with_charges
from hub.mapping.product import product
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.event import CustomerEvent, Note, OrderEvent, OrderPartEvent, ProductEvent
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
    "full_name": "Magento has the parts of a name",
    "house_number": "part of the street",
    "national_id": "not a field of Magento's; the VAT number is kept as a custom field",
    "contact_kind": "every account and guest is a buyer",
    "handle": "Magento knows no social accounts",
    "loyalty_id": "reward points have no number",
    "language": "a store view has one; customers and orders do not tell it",
}
CUSTOMER_MAP = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "firstname",
        "middle_name": "middlename",
        "last_name": "lastname",
        "email": "email",
        "birth_date": "dob",
    },
    not_offered={
        **_NO,
        **dict.fromkeys(
            ("phone", "street", "line2", "postal_code", "city", "region", "country", "company"),
            "of the addresses, which are read beside it",
        ),
    },
)
BUYER_MAP = FieldMap(
    schemas.Order,
    {
        "external_id": "customer_id",
        "first_name": ("customer_firstname", "billing_address.first_name"),
        "middle_name": "customer_middlename",
        "last_name": ("customer_lastname", "billing_address.last_name"),
        "email": "customer_email",
        "phone": "billing_address.phone",
        "birth_date": "customer_dob",
        "street": "billing_address.street.0",
        "line2": "billing_address.street.1",
        "postal_code": "billing_address.postcode",
        "city": "billing_address.city",
        "region": "billing_address.region",
        "country": "billing_address.country",
        "company": "billing_address.company",
    },
    not_offered=_NO,
)

# https://experienceleague.adobe.com/en/docs/commerce-admin/stores-sales/order-management/orders/order-status
_STATES: dict[str, OrderState] = {"canceled": "cancelled", "closed": "refunded", "complete": "completed"}
_CANCELLED_MEMO = "3"


def record_key(customer_id: str) -> RecordKey:
    """The record of an account."""
    return RecordKey(kind="customer", external_id=customer_id)


def _address(given: schemas.OrderAddress | schemas.CustomerAddress | None) -> Address | None:
    if given is None:
        return None
    region = given.region.region if isinstance(given.region, schemas.Region) else given.region
    return postal_address(
        line1=next(iter(given.street), None),
        line2=", ".join(given.street[1:]) or None,
        postal_code=given.postcode,
        city=given.city,
        region=region,
        country_name=given.country,
        company=given.company,
    )


def customer_event(given: schemas.Customer, region: str) -> CustomerEvent:
    """An account. ``is_subscribed`` is a flag without a time, so an opt-in by it is no proof of an act.

    False is what an account has that never asked for a newsletter as well as one that left it: unknown, which takes an
    earlier flag back and is no opt-out.
    """
    places = sorted(given.addresses, key=lambda place: not place.default_billing)
    region = country_among(*places, default=region)
    fields = CUSTOMER_MAP.read(given)
    for place in places:
        fields = completed(fields, speaks_of(place, region))
    flag = given.extension_attributes.is_subscribed
    consent = Consent(
        channel="email", state="opted_in" if flag else "unknown", evidence=f"magento is_subscribed {flag}"
    )
    return CustomerEvent(
        occurred_at=given.updated_at or given.created_at,
        customer=customer(
            record_key(given.id),
            fields,
            region=region,
            addresses=[_address(place) for place in places if same_person(fields, speaks_of(place))],
            consents=[] if flag is None else [consent],
            custom=texts(
                [("prefix", given.prefix), ("taxvat", given.taxvat)],
                [("VAT id", place.vat_id) for place in places],
                [(one.attribute_code, one.value) for one in given.custom_attributes],
            ),
        ),
        whole=("emails", "phones"),
    )


def order_events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer as of the order's creation, what the parts lack of the total, and the order."""
    shipping = next((one.shipping for one in given.extension_attributes.shipping_assignments if one.shipping), None)
    place = shipping.address if shipping else None
    region = country_among(given.billing_address, place, default=region)
    fields, theirs = with_shipping(BUYER_MAP.read(given), place, region)
    has_account = given.customer_id and given.customer_id != "0" and not given.customer_is_guest
    account = record_key(given.customer_id) if given.customer_id and has_account else None
    key = buyer_key(account, fields, region=region, fallback=given.entity_id)
    billed = given.billing_address.vat_id if given.billing_address else None
    custom = texts([("prefix", given.customer_prefix), ("taxvat", given.customer_taxvat), ("VAT id", billed)])
    who = customer(key, fields, region=region, addresses=map(_address, theirs), custom=custom) if key else None
    made = _order(given, fields, region, place)
    what = OrderEvent(occurred_at=given.updated_at or given.created_at, order=made, record=key)
    buyer = [CustomerEvent(occurred_at=given.created_at, customer=who)] if who else []
    return [*buyer, *unexplained(made), what]


def _order(given: schemas.Order, fields: CustomerFields, region: str, place: schemas.OrderAddress | None) -> Order:
    """Rows are without tax and before the discount; what the discount saves in tax is told apart, and added again."""
    off = -given.discount_amount if given.discount_amount else Decimal(0)
    discount = Discount(code=given.coupon_code, title=given.discount_description, amount=off)
    sent = None
    if given.shipping_amount is not None:
        sent = given.shipping_amount - given.shipping_discount_amount + given.shipping_discount_tax_compensation_amount
    made = Order(
        external_id=given.entity_id,
        number=given.increment_id,
        state=_state(given),
        placed_at=given.created_at,
        currency=given.order_currency_code,
        total=given.grand_total,
        subtotal=given.subtotal,
        discount_total=off,
        tax_total=given.tax_amount,
        shipping_total=sent,
        lines=tuple(_lines(given.items)),
        discounts=(discount,) if off else (),
        shipping=(ShippingLine(title=given.shipping_description, amount=sent),) if sent is not None else (),
        payments=_payments(given),
        fulfilments=_fulfilments(given),
        billing_address=_address(given.billing_address),
        shipping_address=_address(place),
        contact_email=usable_email(next(iter(fields.get("email", ())), None)),
        contact_phone=usable_phone(fields.get("phone", ()), region),
        payment_due=True if _state(given) == "completed" and not _is_paid(given) else None,
        note=note(given.customer_note),
        custom=_custom(given),
    )
    more = given.extension_attributes
    paid_else = (
        *charge("Gift card", -(more.gift_cards_amount or Decimal(0)), "gift_card"),
        *charge("Store credit", -(more.customer_balance_amount or Decimal(0)), "adjustment"),
        *charge("Reward points", -(more.reward_currency_amount or Decimal(0)), "adjustment"),
        *charge("Fixed product tax", _fixed_tax(given.items), "fee"),
    )
    return with_charges(made, (), paid_else) if paid_else else made


def _custom(given: schemas.Order) -> dict[str, str]:
    other = given.base_currency_code and given.base_currency_code != given.order_currency_code
    base = f"{given.base_grand_total:f} {given.base_currency_code}" if other and given.base_grand_total else None
    own = given.status if given.status != given.state else None
    po = given.payment.po_number if given.payment else None
    store = " / ".join((given.store_name or "").split("\n"))
    return dict(texts([("store", store), ("status", own), ("po_number", po), ("base_grand_total", base)]))


def _lines(items: Sequence[schemas.Item]) -> Iterator[OrderLine]:
    """A product of parts is a line, and each part is one: one of the two has the price, as Magento counted it.

    A configurable product is priced as a whole; a bundle may be priced by its parts, and then tells both.
    """
    priced = {item.parent_item_id for item in items if item.parent_item_id and item.row_total}
    wholes = {item.item_id for item in items if item.product_type != "configurable" and item.item_id in priced}
    for item in items:
        counts = item.item_id not in wholes and (not item.parent_item_id or item.parent_item_id in wholes)
        yield _line(item, counts=counts)


def _line(item: schemas.Item, *, counts: bool) -> OrderLine:
    off = item.discount_amount - item.discount_tax_compensation_amount
    rate = item.tax_percent / 100 if item.tax_percent else None
    return OrderLine(
        external_id=item.item_id,
        product=ProductReference(external_id=item.product_id, sku=item.sku, name=item.name),
        quantity=item.qty_ordered,
        unit_price=item.price if counts else None,
        total=item.row_total - off if counts and item.row_total is not None else None,
        discounts=(Discount(amount=off),) if counts and off else (),
        taxes=(Tax(rate=rate, amount=item.tax_amount),) if counts and item.tax_amount else (),
    )


def _fixed_tax(items: Sequence[schemas.Item]) -> Decimal:
    return sum((item.weee_tax_applied_row_amount or Decimal(0) for item in items), Decimal(0))


def _is_paid(given: schemas.Order) -> bool:
    return (given.total_paid or Decimal(0)) >= given.grand_total


def _state(given: schemas.Order) -> OrderState:
    """By ``state``, which is Magento's own; ``status`` is the shop's word. "processing" may wait for the money."""
    known = _STATES.get(given.state or "")
    return known or ("paid" if given.total_paid and _is_paid(given) else "open")


def _payments(given: schemas.Order) -> tuple[Payment, ...]:
    """What the invoices of the order come to."""
    if not given.total_paid:
        return ()
    own = given.payment or schemas.Payment()
    money = Money(amount=given.total_paid, currency=given.order_currency_code)
    key = own.last_trans_id or f"order-{given.entity_id}"
    return (Payment(external_id=key, amount=money, method=own.method, state="paid"),)


def _fulfilments(given: schemas.Order) -> tuple[Fulfilment, ...]:
    """A complete order is invoiced and sent; shipments are a list of their own, which is not read."""
    if given.state != "complete":
        return ()
    return (Fulfilment(external_id=given.entity_id, kind="digital" if given.is_virtual else "shipping", state="sent"),)


def refund_event(given: schemas.Creditmemo) -> OrderPartEvent:
    """A credit memo; one that was cancelled gives nothing back."""
    refund = Refund(
        external_id=given.entity_id,
        amount=Money(amount=given.grand_total, currency=given.order_currency_code),
        reason=note(*(comment.comment for comment in given.comments)),
        state="cancelled" if given.state == _CANCELLED_MEMO else None,
        at=given.created_at,
    )
    return OrderPartEvent(occurred_at=given.updated_at or given.created_at, order_id=given.order_id, part=refund)


_DISABLED = 2
"""Magento\\Catalog\\Model\\Product\\Attribute\\Source\\Status: 1 is enabled, 2 disabled."""


def product_event(given: schemas.Product, received_at: datetime) -> ProductEvent:
    told = product(given.id, given.name, sku=given.sku, state="disabled" if given.status == _DISABLED else None)
    return ProductEvent(occurred_at=given.updated_at or given.created_at or received_at, product=told)

"""Shopify's objects to canonical ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from hub.connectors.shopify import schemas
from hub.errors import PayloadError
from hub.mapping.address import country, postal_address
from hub.mapping.customer import CustomerField, CustomerFields, customer, guest_key
from hub.mapping.email import email
from hub.mapping.fieldmap import FieldMap
from hub.mapping.phone import phone
from hub.model.address import Address
from hub.model.consent import Consent, ConsentChannel, ConsentState
from hub.model.customer import CustomerSnapshot
from hub.model.event import CartEvent, CustomerEvent, OrderEvent
from hub.model.identifier import Identifier, RecordKey
from hub.model.money import Money
from hub.model.order import (
    Cart,
    Discount,
    Fulfilment,
    FulfilmentKind,
    Order,
    OrderLine,
    OrderState,
    ProductReference,
    Refund,
    ShippingLine,
    Tax,
)

_NO: dict[CustomerField, str] = {
    "middle_name": "Shopify has first and last name only",
    "full_name": "Shopify has first and last name only",
    "birth_date": "not a field of the Customer resource",
    "house_number": "part of address1",
    "national_id": "not a field of the Customer resource",
    "handle": "Shopify knows no social accounts",
    "loyalty_id": "loyalty lives in apps",
}

CUSTOMER_MAP = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "first_name",
        "last_name": "last_name",
        "email": "email",
        "phone": ("phone", "default_address.phone"),
        "street": "default_address.address1",
        "line2": "default_address.address2",
        "postal_code": "default_address.zip",
        "city": "default_address.city",
        "region": "default_address.province",
        "country": ("default_address.country_code", "default_address.country"),
        "company": "default_address.company",
    },
    not_offered={**_NO, "language": "taken from customer_locale of the order"},
)

_ADDRESS: tuple[CustomerField, ...] = ("street", "line2", "postal_code", "city", "region", "country")
GUEST_MAP = FieldMap(
    schemas.Purchase,
    {
        "first_name": ("billing_address.first_name", "shipping_address.first_name", "customer.first_name"),
        "last_name": ("billing_address.last_name", "shipping_address.last_name", "customer.last_name"),
        "email": ("email", "contact_email", "customer.email"),
        "phone": ("phone", "billing_address.phone"),
        "company": "billing_address.company",
        "language": "customer_locale",
    },
    not_offered={
        **_NO,
        **dict.fromkeys(_ADDRESS, "the billing (else the shipping) address is mapped whole"),
        "external_id": "a guest has none; the key is a digest of contact and name",
    },
)

# https://shopify.dev/docs/api/admin-graphql/latest/enums/CustomerEmailMarketingState: "not subscribed" is the state
# before any act, so it is no opt-out; redacted and invalid tell nothing of the person's will.
_CONSENT_STATES: dict[str, ConsentState] = {
    "subscribed": "opted_in",
    "unsubscribed": "opted_out",
    "pending": "pending",
}


def record_key(customer_id: str) -> RecordKey:
    """The record of a customer, by plain or GraphQL id (``gid://shopify/Customer/1``)."""
    return RecordKey(kind="customer", external_id=customer_id.rpartition("/")[2])


def consent(channel: ConsentChannel, given: schemas.MarketingConsent | None) -> Consent | None:
    """A consent record; explicit only where Shopify tells when the person acted."""
    if given is None or given.state is None:
        return None
    state = _CONSENT_STATES.get(given.state, "unknown")
    at = given.consent_updated_at if state != "unknown" else None
    level = given.opt_in_level or "level not told"
    return Consent(
        channel=channel, state=state, at=at, evidence=f"shopify {given.state}, {level}", explicit=at is not None
    )


def _address(given: schemas.Address | None) -> Address | None:
    if given is None:
        return None
    return postal_address(
        line1=given.address1,
        line2=given.address2,
        postal_code=given.zip,
        city=given.city,
        region=given.province,
        country_name=given.country_code or given.country,
        company=given.company,
    )


def _region(address: schemas.Address | None, default: str) -> str:
    """Numbers are written as one dials them where the address is: a US number is no German one."""
    return country(address.country_code or address.country) or default if address else default


def snapshot(
    given: schemas.Customer,
    region: str,
    *,
    locale: str | None = None,
    extra_consent: Consent | None = None,
    identifiers: Sequence[Identifier] = (),
) -> CustomerSnapshot:
    """The state of one customer who has an account. Raises PayloadError when there is no id."""
    if given.id is None:
        raise PayloadError("missing", path="id")
    fields: CustomerFields = CUSTOMER_MAP.read(given)
    if locale:
        fields = {**fields, "language": (locale,)}
    own = (consent("email", given.email_marketing_consent), consent("sms", given.sms_marketing_consent))
    consents = [c for c in own if c is not None]
    if extra_consent and not any(c.channel == extra_consent.channel for c in consents):
        consents.append(extra_consent)
    return customer(
        record_key(given.id),
        fields,
        region=_region(given.default_address, region),
        addresses=[_address(a) for a in given.addresses if not a.default],
        consents=consents,
        tags=[tag.strip() for tag in (given.tags or "").split(",") if tag.strip()],
        identifiers=identifiers,
    )


def customer_event(given: schemas.Customer, region: str, told_at: datetime) -> CustomerEvent:
    """A customer by itself; ``told_at`` is used when the payload has no time of its own."""
    return CustomerEvent(
        occurred_at=given.updated_at or given.created_at or told_at,
        customer=snapshot(given, region),
        whole=("emails", "phones"),
    )


def _typed(given: schemas.Purchase, account: schemas.Customer, region: str) -> list[Identifier]:
    """E-mail and phone typed at the checkout, where they are not the account's own: weak."""
    own = {point.value for point in (email(account.email), phone(account.phone, region)) if point}
    typed = (("email", email(given.email or given.contact_email)), ("phone", phone(given.phone, region)))
    return [
        Identifier(kind=kind, value=point.value, strength="weak")
        for kind, point in typed
        if point and point.usable and point.value not in own
    ]


def buyer(
    given: schemas.Purchase, region: str, *, fallback: str, extra_consent: Consent | None = None
) -> CustomerEvent | None:
    """Who buys: the embedded customer, else the guest (``fallback`` names one without usable contact data), or None.

    What was typed at the checkout is a weak identifier beside an account (the e-mails differ in everyday life), and
    the guest's own otherwise. A guest's data hold as of the order's creation: a later touch of an old order tells
    nothing new of the person.
    """
    account = given.customer
    region = _region(given.billing_address or given.shipping_address, region)
    if account and account.id:
        return CustomerEvent(
            occurred_at=account.updated_at or account.created_at or given.updated_at or given.created_at,
            customer=snapshot(
                account,
                region,
                locale=given.customer_locale,
                extra_consent=extra_consent,
                identifiers=_typed(given, account, region),
            ),
            # In an order the customer comes without the phone numbers of their address book.
            whole=("emails",),
        )
    fields = dict(GUEST_MAP.read(given))
    if not fields.get("email") and not fields.get("phone"):
        return None
    fields["email"] = fields.get("email", ())[:1]
    return CustomerEvent(
        occurred_at=given.created_at,
        customer=customer(
            guest_key(fields, region=region, fallback=fallback),
            fields,
            region=region,
            addresses=[_address(given.billing_address) or _address(given.shipping_address)],
            consents=[extra_consent] if extra_consent else [],
        ),
    )


def order_events(given: schemas.Order, region: str) -> list[CustomerEvent | OrderEvent]:
    """The buyer, if there is one, and the order."""
    ticked = None
    if given.buyer_accepts_marketing:
        # the box may have been ticked beforehand and its time is not told: never explicit
        ticked = Consent(
            channel="email",
            state="opted_in",
            at=given.processed_at or given.created_at,
            evidence=f"shopify buyer_accepts_marketing of order {given.id}",
        )
    who = buyer(given, region, fallback=given.id, extra_consent=ticked)
    what = OrderEvent(
        occurred_at=given.updated_at or given.created_at,
        order=order(given, region),
        record=who.customer.key if who else None,
    )
    return [who, what] if who else [what]


def order(given: schemas.Order, region: str) -> Order:
    """One order, in the shop's currency."""
    contact_email = email(given.email or given.contact_email)
    contact_phone = phone(given.phone, _region(given.billing_address or given.shipping_address, region))
    return Order(
        external_id=given.id,
        number=given.name,
        state=_state(given),
        placed_at=given.processed_at or given.created_at,
        currency=given.currency,
        total=given.total_price,
        subtotal=given.subtotal_price,
        discount_total=given.total_discounts,
        tax_total=given.total_tax,
        shipping_total=sum((line.price for line in given.shipping_lines if not line.is_removed), Decimal(0)),
        lines=_lines(given.line_items, given.discount_applications),
        discounts=tuple(Discount(code=code.code, amount=code.amount) for code in given.discount_codes),
        taxes=_taxes(given.tax_lines),
        shipping=tuple(
            ShippingLine(title=line.title, amount=line.price) for line in given.shipping_lines if not line.is_removed
        ),
        refunds=tuple(refund(item, given) for item in given.refunds),
        fulfilments=tuple(_order_fulfilments(given)),
        billing_address=_address(given.billing_address),
        shipping_address=_address(given.shipping_address),
        contact_email=contact_email.value if contact_email and contact_email.usable else None,
        contact_phone=contact_phone.value if contact_phone and contact_phone.usable else None,
        location=given.location_id,
        cancelled_at=given.cancelled_at,
        test=given.test,
    )


def _state(given: schemas.Order) -> OrderState:
    if given.cancelled_at or given.financial_status == "voided":
        return "cancelled"
    if given.financial_status == "refunded":
        return "refunded"
    paid = given.financial_status in ("paid", "partially_refunded")
    fulfilled = given.fulfillment_status == "fulfilled"
    if paid:
        return "completed" if fulfilled else "paid"
    return "fulfilled" if fulfilled else "open"


def _lines(
    items: Sequence[schemas.LineItem], applications: Sequence[schemas.DiscountApplication] = ()
) -> tuple[OrderLine, ...]:
    return tuple(_line(item, applications) for item in items)


def _line(item: schemas.LineItem, applications: Sequence[schemas.DiscountApplication]) -> OrderLine:
    discounts = tuple(_discount(allocation, applications) for allocation in item.discount_allocations)
    total = item.line_price
    if total is None and item.price is not None:
        # total_discount is for draft orders and scripts; the allocations hold it where there are any (Order resource)
        off = sum((d.amount for d in discounts), Decimal(0)) if discounts else item.total_discount or Decimal(0)
        total = item.price * item.quantity - off
    return OrderLine(
        external_id=item.id or item.key,
        product=ProductReference(
            external_id=item.product_id, variant_id=item.variant_id, sku=item.sku, name=item.name or item.title
        ),
        quantity=item.quantity,
        unit_price=item.price,
        total=total,
        discounts=discounts,
        taxes=_taxes(item.tax_lines),
    )


def _discount(given: schemas.DiscountAllocation, applications: Sequence[schemas.DiscountApplication]) -> Discount:
    index = given.discount_application_index
    applied = applications[index] if index is not None and 0 <= index < len(applications) else None
    return Discount(
        code=applied.code if applied else None, title=applied.title if applied else None, amount=given.amount
    )


def _taxes(given: Sequence[schemas.TaxLine]) -> tuple[Tax, ...]:
    return tuple(Tax(title=line.title, rate=line.rate, amount=line.price) for line in given)


def refund(given: schemas.Refund, order: schemas.Order | None = None) -> Refund:
    """Money given back: its refund transactions, else the refunded lines.

    Lines hold their tax where the order's prices do (``taxes_included``); a webhook does not tell, and the order's
    next update puts it right. A webhook's transactions may lack a currency; it is then taken from the refund's money
    sets. Raises PayloadError when no currency is told anywhere.
    """
    payouts = [t for t in given.transactions if t.kind in (None, "refund")]
    if payouts:
        amount = sum((t.amount for t in payouts if t.status in (None, "success", "pending")), Decimal(0))
    else:
        lines = given.refund_line_items
        amount = sum((line.subtotal or Decimal(0) for line in lines), Decimal(0))
        if order is not None and not order.taxes_included:
            amount += sum((line.total_tax or Decimal(0) for line in lines), Decimal(0))
    named = order.currency if order else next(_currencies(given), None)
    if named is None:
        raise PayloadError("no currency", path="transactions.0.currency")
    return Refund(
        external_id=given.id,
        amount=Money(amount=amount, currency=named),
        reason=given.note,
        state=payouts[0].status if payouts else None,
        at=given.processed_at or given.created_at,
    )


def _currencies(given: schemas.Refund) -> Iterator[str]:
    yield from (t.currency for t in given.transactions if t.currency)
    for money in (*(line.subtotal_set for line in given.refund_line_items), given.total_duties_set):
        if money and money.shop_money and money.shop_money.currency_code:
            yield money.shop_money.currency_code


def _order_fulfilments(given: schemas.Order) -> Iterator[Fulfilment]:
    till = given.source_name == "pos"
    # a pick-up order has a delivery method and no address to deliver to; REST names no delivery method
    collected = bool(given.shipping_lines) and given.shipping_address is None
    kind: FulfilmentKind | None = "in_store" if till else "pickup" if collected else None
    for item in given.fulfillments:
        yield fulfilment(item, kind)
    if till and not given.fulfillments:
        yield Fulfilment(
            external_id=given.id,
            kind="in_store",
            location=given.location_id,
            at=given.processed_at or given.created_at,
        )


def fulfilment(given: schemas.Fulfilment, kind: FulfilmentKind | None = None) -> Fulfilment:
    """A fulfilment; ``kind`` as the order tells it, else read from the fulfilment itself."""
    if kind is None:
        digital = bool(given.line_items) and not any(line.requires_shipping for line in given.line_items)
        collected = given.shipment_status in ("ready_for_pickup", "picked_up")
        kind = "digital" if digital else "pickup" if collected else "shipping"
    return Fulfilment(
        external_id=given.id,
        kind=kind,
        state=given.shipment_status or given.status,
        location=given.location_id,
        tracking_number=given.tracking_number,
        at=given.updated_at or given.created_at,
    )


def cart_events(given: schemas.Checkout, region: str) -> list[CustomerEvent | CartEvent]:
    """The buyer, if there is one, and the cart. The token is the id: webhooks have no other."""
    who = buyer(given, region, fallback=given.token)
    what = CartEvent(
        occurred_at=given.updated_at or given.created_at,
        cart=Cart(
            external_id=given.token,
            currency=given.currency,
            total=given.total_price,
            lines=_lines(given.line_items),
            recovery_url=given.abandoned_checkout_url,
            started_at=given.created_at,
            completed_at=given.completed_at,
        ),
        record=who.customer.key if who else None,
    )
    return [who, what] if who else [what]

"""Shopify's objects to canonical ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hub.connectors.shopify import schemas
from hub.connectors.shopify.manifest import HUB_TAG
from hub.connectors.shopify.mapping_fulfilments import fulfilments
from hub.connectors.shopify.mapping_refunds import refunds
from hub.errors import PayloadError
from hub.mapping.address import postal_address
from hub.mapping.buyer import (
    completed,
    country_among,
    names_of,
    same_person,
    speaks_of,
    told_beside,
    told_fields,
    weak_contacts,
)
from hub.mapping.came import came_by
from hub.mapping.custom import labels, note, texts
from hub.mapping.customer import CustomerField, CustomerFields, customer, guest_key
from hub.mapping.email import email
from hub.mapping.fieldmap import FieldMap
from hub.mapping.order import charge, with_charges
from hub.mapping.phone import phone
from hub.model.address import Address
from hub.model.built import built
from hub.model.consent import Consent, ConsentChannel, ConsentState
from hub.model.customer import CustomerSnapshot
from hub.model.event import CustomerEvent
from hub.model.identifier import RecordKey
from hub.model.money import Money
from hub.model.order import (
    Cart,
    Discount,
    Order,
    OrderLine,
    OrderState,
    Payment,
    ProductReference,
    ShippingLine,
    Tax,
)

_ORDER, _LINE, _PRODUCT = built(Order), built(OrderLine), built(ProductReference)
_NOTHING = Decimal(0)

_NO: dict[CustomerField, str] = {
    "middle_name": "Shopify has first and last name only",
    "full_name": "Shopify has first and last name only",
    "birth_date": "not a field of the Customer resource",
    "house_number": "part of address1",
    "national_id": "not a field of the Customer resource",
    "contact_kind": "not a field of the Customer resource",
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

# https://shopify.dev/docs/api/admin-graphql/latest/enums/CustomerEmailMarketingState: "not subscribed" is the state
# before any act, so it is no opt-out; redacted and invalid tell nothing of the person's will.
_CONSENT_STATES: dict[str, ConsentState] = {
    "subscribed": "opted_in",
    "unsubscribed": "opted_out",
    "pending": "pending",
}


def shops_own(tags: Sequence[str]) -> tuple[str, ...]:
    """Tags without those that Hub gave."""
    return tuple(tag for tag in tags if not tag.startswith(HUB_TAG))


def record_key(customer_id: str) -> RecordKey:
    """The record of a customer, by plain or GraphQL id (``gid://shopify/Customer/1``)."""
    return RecordKey(kind="customer", external_id=customer_id.rpartition("/")[2])


# https://shopify.dev/docs/api/admin-graphql/latest/enums/CustomerMarketingOptInLevel: of "unknown" nobody knows how the
# customer was opted in; and where nobody gave a date, Shopify tells when it heard of it.
_EVIDENCED = frozenset({"single_opt_in", "confirmed_opt_in"})


def consent(channel: ConsentChannel, given: schemas.MarketingConsent | None) -> Consent | None:
    """A consent record; explicit only where Shopify tells when the person acted, and of an opt-in also how."""
    if given is None or given.state is None:
        return None
    state = _CONSENT_STATES.get(given.state.lower(), "unknown")
    # that of the consent alone: what else has changed of the customer is no act on marketing
    told = given.consent_updated_at or (given.updated_at if channel == "whatsapp" else None)
    at = told if state != "unknown" else None
    level = given.opt_in_level or "level not told"
    explicit = at is not None and (state != "opted_in" or level.lower() in _EVIDENCED)
    return Consent(channel=channel, state=state, at=at, evidence=f"shopify {given.state}, {level}", explicit=explicit)


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


@dataclass(frozen=True, slots=True)
class Addresses:
    """What the addresses of an order or checkout tell of its buyer.

    ``region`` is where the buyer is: numbers are written as one dials them there, and a US number is no German one.
    ``fields`` are of the buyer, ``addresses`` are the buyer's own: a shipping address under another name is another
    person's.
    """

    region: str
    fields: CustomerFields
    billing: Address | None
    shipping: Address | None
    shipped_to_buyer: bool

    @property
    def addresses(self) -> tuple[Address | None, ...]:
        return (self.billing, self.shipping) if self.shipped_to_buyer else (self.billing,)


def addresses_of(given: schemas.Purchase, default_region: str) -> Addresses:
    """The addresses of ``given``, read once for its buyer and its order."""
    account = given.customer
    home = (account.default_address, *account.addresses) if account else ()
    region = country_among(given.billing_address, given.shipping_address, *home, default=default_region)
    known = names_of(account) if account and account.id else speaks_of(account)
    own = speaks_of(given.billing_address, region) or known
    shipping = speaks_of(given.shipping_address, region)
    return Addresses(
        region=region,
        fields=completed(own, shipping),
        billing=_address(given.billing_address),
        shipping=_address(given.shipping_address),
        shipped_to_buyer=same_person(own, shipping),
    )


def snapshot(
    given: schemas.Customer,
    region: str,
    *,
    locale: str | None = None,
    ticked: Sequence[Consent] = (),
) -> CustomerSnapshot:
    """The state of one customer who has an account. Raises PayloadError when there is no id."""
    if given.id is None:
        raise PayloadError("missing", path="id")
    region = country_among(given.default_address, *given.addresses, default=region)
    fields: CustomerFields = CUSTOMER_MAP.read(given)
    for address in given.addresses:
        fields = completed(fields, speaks_of(address, region))
    if locale:
        fields = {**fields, "language": (locale,)}
    own = (
        consent("email", given.email_consent),
        consent("sms", given.sms_marketing_consent),
        consent("whatsapp", given.whats_app_marketing_consent),
    )
    consents = [found for found in own if found]
    told = {found.channel for found in consents}
    return customer(
        record_key(given.id),
        fields,
        region=region,
        addresses=[_address(a) for a in given.addresses if not a.default],
        consents=[*consents, *(found for found in ticked if found.channel not in told)],
        tags=shops_own(labels(given.tags)),
        custom=texts([("note", given.note)]),
    )


def buyer(
    given: schemas.Purchase, told: Addresses, *, fallback: str, ticked: Sequence[Consent] = ()
) -> list[CustomerEvent]:
    """Who buys: the embedded customer, else the guest (``fallback`` names one without usable contact data), or nobody.

    What was typed at the checkout is a weak identifier beside an account (the e-mails differ in everyday life), and
    the guest's own otherwise. What only the addresses tell reaches the person (``hub.mapping.buyer``). A guest's data
    hold as of the order's creation: a later touch of an old order tells nothing new of the person.
    """
    account, region = given.customer, told.region
    if account and account.id:
        known = snapshot(account, region, locale=given.customer_locale, ticked=ticked)
        weak = weak_contacts(known, emails=[given.email or given.contact_email], phones=given.phones, region=region)
        known = known.model_copy(update={"identifiers": weak}) if weak else known
        changed = account.updated_at or account.created_at or given.updated_at or given.created_at
        beside = told_beside(known, told.fields, at=given.created_at, region=region, addresses=told.addresses)
        # In an order the customer comes without the phone numbers of their address book.
        own = CustomerEvent(occurred_at=changed, customer=known, whole=("emails",))
        return [own, beside] if beside else [own]
    mail = given.email or given.contact_email or (account.email if account else None)
    typed: dict[CustomerField, str | None] = {
        "email": mail,
        "phone": given.phone or given.sms_marketing_phone,
        "language": given.customer_locale,
    }
    fields = completed(told_fields(typed), told.fields)
    if not fields.get("email") and not fields.get("phone"):
        return []
    key = guest_key(fields, region=region, fallback=fallback)
    guest = customer(key, fields, region=region, addresses=told.addresses, consents=ticked)
    return [CustomerEvent(occurred_at=given.created_at, customer=guest)]


def order(given: schemas.Order, told: Addresses) -> Order:
    """One order, in the shop's currency."""
    contact_email = email(given.email or given.contact_email)
    numbers = (phone(text, told.region) for text in (*given.phones, *told.fields.get("phone", ())))
    state, shipping = _state(given), _shipping(given)
    rounding = schemas.in_shop_money(given.total_cash_rounding_payment_adjustment_set)
    came = came_by(given.landing_site).items()
    more = [("po_number", given.po_number), ("cash_rounding", rounding or None), *came]
    placed = _ORDER(
        external_id=given.id,
        number=given.name,
        state=state,
        placed_at=given.processed_at or given.created_at,
        currency=given.currency,
        total=given.total_price,
        subtotal=given.subtotal_price,
        discount_total=given.total_discounts,
        tax_total=given.total_tax,
        tax_included=given.taxes_included,
        shipping_total=sum([line.amount for line in shipping], _NOTHING),
        lines=tuple(_line(item, given.discount_applications) for item in given.line_items),
        discounts=tuple(Discount(code=code.code, amount=code.amount) for code in given.discount_codes),
        taxes=_taxes(given.tax_lines),
        shipping=shipping,
        payments=tuple(_payments(given)),
        refunds=refunds(given),
        fulfilments=tuple(fulfilments(given)),
        billing_address=told.billing,
        shipping_address=told.shipping,
        contact_email=contact_email.value if contact_email and contact_email.usable else None,
        contact_phone=next((number.value for number in numbers if number and number.usable), None),
        location=given.location_id,
        cancelled_at=given.cancelled_at,
        test=given.test,
        payment_due=True if state == "fulfilled" else None,
        note=note(given.note),
        tags=labels(given.tags),
        custom=texts(map(schemas.Attribute.pair, given.note_attributes), more),
    )
    duties = _NOTHING if given.duties_included else given.duties
    fees = schemas.in_shop_money(given.original_total_additional_fees_set)
    # The tip may be a line item, and rounding is of what was received: https://shopify.dev/docs/api/admin-graphql/
    # latest/objects/CashRoundingAdjustment
    return with_charges(
        placed,
        (*charge("Duties", duties, "duty"), *charge("Additional fees", fees, "fee")),
        (
            *charge("Tip", given.total_tip_received, "tip"),
            *charge("Cash rounding", rounding, "rounding"),
        ),
    )


def _payments(given: schemas.Order) -> Iterator[Payment]:
    """Money that came in, or is on its way, in the shop's currency where that is told.

    https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderTransactionKind: an authorisation moves none yet.
    """
    for one in given.transactions:
        if one.id is None or one.kind not in ("sale", "capture") or one.status not in ("success", "pending"):
            continue
        shop = one.amount_set.shop_money if one.amount_set else None
        told = (shop.amount, shop.currency_code) if shop else (one.amount, one.currency)
        amount, currency = told[0], told[1] or given.currency
        if amount is not None:
            yield Payment(
                external_id=one.id,
                amount=Money(amount=amount, currency=currency),
                method=one.gateway,
                state=one.status,
                at=one.processed_at,
            )


def _shipping(given: schemas.Order) -> tuple[ShippingLine, ...]:
    kept = (line for line in given.shipping_lines if not line.is_removed)
    return tuple(ShippingLine(title=line.title, amount=line.total) for line in kept)


def _state(given: schemas.Order) -> OrderState:
    if given.cancelled_at or given.financial_status == "voided":
        return "cancelled"
    if given.financial_status in ("refunded", "expired"):
        return "refunded" if given.financial_status == "refunded" else "failed"
    fulfilled = given.fulfillment_status == "fulfilled"
    if given.paid:
        return "completed" if fulfilled else "paid"
    return "fulfilled" if fulfilled else "open"


def _line(item: schemas.LineItem, applications: Sequence[schemas.DiscountApplication] = ()) -> OrderLine:
    discounts = tuple(_discount(allocation, applications) for allocation in item.discount_allocations)
    # line_price, as checkouts tell it, is before the allocations; total_discount is for draft orders and scripts, and
    # the allocations hold it where there are any (Order and AbandonedCheckout resources)
    total = item.line_price if item.price is None else item.price * item.quantity
    if total is not None:
        total -= sum((d.amount for d in discounts), _NOTHING) if discounts else item.total_discount or _NOTHING
    return _LINE(
        external_id=item.id or item.key,
        product=_PRODUCT(
            external_id=item.product_id, variant_id=item.variant_id, sku=item.sku, name=item.name or item.title
        ),
        quantity=item.quantity,
        unit_price=item.price,
        total=total,
        discounts=discounts,
        taxes=_taxes(item.tax_lines),
        kind="tip" if item.tip else "gift_card" if item.gift_card else "product",
        custom=texts(map(schemas.Attribute.pair, item.properties)),
    )


def _discount(given: schemas.DiscountAllocation, applications: Sequence[schemas.DiscountApplication]) -> Discount:
    index = given.discount_application_index
    applied = applications[index] if index is not None and 0 <= index < len(applications) else None
    return Discount(
        code=applied.code if applied else None, title=applied.title if applied else None, amount=given.amount
    )


def _taxes(given: Sequence[schemas.TaxLine]) -> tuple[Tax, ...]:
    return tuple(Tax(title=line.title, rate=line.rate, amount=line.price) for line in given)


def cart(given: schemas.Checkout) -> Cart:
    """A checkout, in the shop's currency. The token is the id: webhooks have no other."""
    return Cart(
        external_id=given.token,
        currency=given.currency,
        total=given.total_price,
        lines=tuple(map(_line, given.line_items)),
        recovery_url=given.abandoned_checkout_url,
        started_at=given.created_at,
        completed_at=given.completed_at,
        note=note(given.note),
        custom=texts(map(schemas.Attribute.pair, given.note_attributes)),
    )

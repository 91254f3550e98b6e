"""PrestaShop's objects to canonical ones."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from hub.connectors.prestashop import schemas
from hub.connectors.prestashop.manifest import PrestaShopSettings
from hub.errors import SkipEvent
from hub.mapping.address import postal_address
from hub.mapping.buyer import completed, country_among, same_person, speaks_of
from hub.mapping.contact import usable_email, usable_phone
from hub.mapping.custom import note, texts
from hub.mapping.customer import CustomerFields, customer, guest_key
from hub.mapping.fieldmap import FieldMap
from hub.mapping.order import charge, unexplained
from hub.mapping.phone import phone
from hub.mapping.product import product, variant
from hub.mapping.time import instant, maybe_instant
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, CustomerEvent, DeletionEvent, Note, OrderEvent, ProductEvent
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
)

_ADDRESSED = "addresses are a list, read beside the map"
CUSTOMER_MAP = FieldMap(
    schemas.Customer,
    {
        "external_id": "id",
        "first_name": "firstname",
        "last_name": "lastname",
        "email": "email",
        "company": "company",
        "birth_date": "birthday",
        "language": "language_iso",
    },
    not_offered={
        "middle_name": "PrestaShop has first and last name only",
        "full_name": "PrestaShop has first and last name only",
        "phone": _ADDRESSED,
        "street": _ADDRESSED,
        "line2": _ADDRESSED,
        "postal_code": _ADDRESSED,
        "city": _ADDRESSED,
        "region": _ADDRESSED,
        "country": _ADDRESSED,
        "house_number": "part of address1",
        "national_id": "siret and dni are of companies, or of some countries only",
        "contact_kind": "every customer is a buyer",
        "handle": "PrestaShop knows no social accounts",
        "loyalty_id": "loyalty lives in modules",
    },
)
_NOBODY = "anonymous@psgdpr.com"
"""Whom the official GDPR module gives the orders of people it deleted (PrestaShop/PrestaShop#24442)."""

# The mails of the states that are installed (install-dev/langs/en/data/order_state.xml): names and ids change with the
# shop, and the flags do not tell these apart
_BY_TEMPLATE: dict[str, OrderState] = {"order_canceled": "cancelled", "refund": "refunded", "payment_error": "failed"}
_ON_DELIVERY = frozenset({"ps_cashondelivery", "cashondelivery", "codfee"})


def record_key(customer_id: str) -> RecordKey:
    """The record of a customer with an account."""
    return RecordKey(kind="customer", external_id=customer_id)


def customer_events(item: schemas.CustomerItem, settings: PrestaShopSettings) -> list[CanonicalEvent]:
    """A customer or guest as of the last change, or that a customer is gone. SkipEvent for the stand-in of nobody."""
    given = item.customer
    if given.email == _NOBODY:
        raise SkipEvent("the stand-in for customers who were deleted")
    at = instant(given.date_upd or given.date_add, path="customer.date_upd", zone=settings.time_zone)
    if given.deleted:
        return [DeletionEvent(occurred_at=at, record=_key(given))]
    known = _person(given, [one for one in item.addresses if not one.deleted], settings)
    return [CustomerEvent(occurred_at=at, customer=known, whole=("emails",) if not given.is_guest else ())]


def _key(given: schemas.Customer) -> RecordKey:
    """PrestaShop makes a customer of every guest checkout (OCA/connector-prestashop#30): one guest of them all."""
    return guest_key(CUSTOMER_MAP.read(given), fallback=given.id) if given.is_guest else record_key(given.id)


def _person(
    given: schemas.Customer, addresses: Iterable[schemas.Address], settings: PrestaShopSettings
) -> CustomerSnapshot:
    fields, theirs, region = _told(given, addresses, settings)
    return customer(
        _key(given),
        fields,
        region=region,
        addresses=map(_address, theirs),
        consents=_consents(given, settings),
        custom=texts(
            [
                ("website", given.website),
                ("note", given.note),
                ("partner offers", given.optin or None),
                *(("VAT number", one.vat_number) for one in theirs),
            ]
        ),
    )


def _told(
    given: schemas.Customer, addresses: Iterable[schemas.Address], settings: PrestaShopSettings
) -> tuple[CustomerFields, list[schemas.Address], str]:
    """What is told of a person, which addresses are theirs and not somebody else's, and where they are at home."""
    fields = CUSTOMER_MAP.read(given)
    theirs = [one for one in addresses if same_person(fields, speaks_of(one))]
    region = country_among(*theirs, default=settings.default_region)
    for one in theirs:
        numbers = {"phone": tuple(n for n in (one.phone, one.phone_mobile) if n)}
        fields = completed(fields, {**speaks_of(one), **_dialled(numbers["phone"], one, region)})
    return fields, theirs, region


def _dialled(numbers: tuple[str, ...], address: schemas.Address, region: str) -> CustomerFields:
    """Numbers of an address in another country become international."""
    here = country_among(address, default=region)
    found = [(text, phone(text, here) if here != region else None) for text in numbers]
    return {"phone": tuple(n.value if n and n.usable else text for text, n in found)} if found else {}


def _consents(given: schemas.Customer, settings: PrestaShopSettings) -> list[Consent]:
    """The newsletter: who ticked it has a date; who has a date and no tick any more has opted out."""
    since = maybe_instant(given.newsletter_date_add, path="newsletter_date_add", zone=settings.time_zone)
    if given.newsletter:
        address = given.ip_registration_newsletter
        evidence = f"newsletter box ticked{f', from {address}' if address else ''}"
        return [Consent(channel="email", state="opted_in", at=since, evidence=evidence, explicit=since is not None)]
    if given.newsletter is None or since is None:
        return []
    until = maybe_instant(given.date_upd, path="date_upd", zone=settings.time_zone)
    return [Consent(channel="email", state="opted_out", at=until, evidence="newsletter box not ticked any more")]


def order_events(item: schemas.OrderItem, settings: PrestaShopSettings) -> list[CustomerEvent | OrderEvent | Note]:
    """The buyer as of the order, what the order's parts lack of its total, and the order."""
    given, made = item.order, order(item, settings)
    who = item.customer if item.customer and item.customer.email != _NOBODY else None
    told: list[CustomerEvent | OrderEvent | Note] = []
    if who is not None:
        # the consent is the customer's own, and newer than the order
        known = _person(who.model_copy(update={"newsletter": None}), item.addresses, settings)
        told.append(CustomerEvent(occurred_at=made.placed_at, customer=known))
    changed = instant(given.date_upd or given.date_add, path="order.date_upd", zone=settings.time_zone)
    at = max([changed, *(refund.at for refund in made.refunds if refund.at)])
    record = _key(who) if who else None
    return [*told, *unexplained(made), OrderEvent(occurred_at=at, order=made, record=record)]


def order(item: schemas.OrderItem, settings: PrestaShopSettings) -> Order:
    """One order, every amount with tax; vouchers are of the whole order, so they are a line of their own."""
    given, zone, currency = item.order, settings.time_zone, item.currency
    who = item.customer if item.customer and item.customer.email != _NOBODY else None
    fields, _, region = _told(who, item.addresses, settings) if who else ({}, [], settings.default_region)
    by_id = {one.id: one for one in item.addresses}
    shipping, off = given.total_shipping_tax_incl, given.total_discounts_tax_incl
    lines = tuple(map(_line, given.associations.order_rows if given.associations else ()))
    return Order(
        external_id=given.id,
        number=given.reference or given.id,
        state=_state(item),
        placed_at=instant(given.date_add, path="order.date_add", zone=zone),
        currency=currency,
        total=given.total_paid_tax_incl,
        subtotal=given.total_products_wt,
        discount_total=off,
        tax_total=None if given.total_paid_tax_excl is None else given.total_paid_tax_incl - given.total_paid_tax_excl,
        tax_included=True,
        shipping_total=shipping,
        lines=(
            *lines,
            *charge("Rounding", _rest(lines, given.total_products_wt), "rounding"),
            *charge("Gift wrapping", given.total_wrapping_tax_incl, "fee"),
            *charge("Vouchers", -off, "adjustment"),
        ),
        discounts=(Discount(amount=off),) if off else (),
        shipping=(ShippingLine(amount=shipping),) if shipping is not None else (),
        payments=_payments(item),
        refunds=tuple(_refund(slip, item.currency, zone) for slip in item.slips),
        fulfilments=_fulfilments(item, zone),
        billing_address=_address(by_id.get(given.id_address_invoice or "")),
        shipping_address=_address(by_id.get(given.id_address_delivery or "")),
        contact_email=usable_email(who.email) if who else None,
        contact_phone=usable_phone(fields.get("phone", ()), region),
        payment_due=_due(item),
        note=note(given.gift_message),
        custom=texts(
            [
                ("status", item.state.name if item.state else None),
                ("payment method", given.payment),
                ("note", given.note),
            ]
        ),
    )


def _state(item: schemas.OrderItem) -> OrderState:
    state = item.state or schemas.State()
    if found := _BY_TEMPLATE.get(state.template or ""):
        return found
    if state.shipped:
        return "fulfilled"
    return "paid" if state.paid and item.order.module not in _ON_DELIVERY else "open"


def _due(item: schemas.OrderItem) -> bool | None:
    """Sent and not paid: by the state's own word, or because the money comes with the goods."""
    state = item.state or schemas.State()
    if _state(item) != "fulfilled":
        return None
    return not state.paid or (item.order.module in _ON_DELIVERY and state.template == "shipped")


def _line(row: schemas.Row) -> OrderLine:
    price = row.unit_price_tax_incl
    return OrderLine(
        external_id=row.id,
        product=ProductReference(
            external_id=row.product_id if row.product_id != "0" else None,
            variant_id=row.product_attribute_id if row.product_attribute_id != "0" else None,
            sku=row.product_reference,
            name=row.product_name,
        ),
        quantity=row.product_quantity,
        unit_price=price,
        total=price * row.product_quantity if price is not None else None,
    )


def _rest(lines: tuple[OrderLine, ...], products: Decimal | None) -> Decimal | None:
    """What rounding (per item, line or order, as the shop is set) makes of the lines: a cent for each unit at most."""
    if products is None or not lines:
        return None
    rest = products - sum((line.total or schemas.NOUGHT for line in lines), schemas.NOUGHT)
    most = Decimal("0.01") * sum((abs(line.quantity) for line in lines), schemas.NOUGHT)
    return rest if abs(rest) <= most else None


def _payments(item: schemas.OrderItem) -> tuple[Payment, ...]:
    """``total_paid_real`` is what was received, whatever the state says."""
    given = item.order
    if not given.total_paid_real:
        return ()
    amount = Money(amount=given.total_paid_real, currency=item.currency)
    return (Payment(external_id=f"order-{given.id}", amount=amount, method=given.module, state="paid"),)


def _refund(slip: schemas.Slip, currency: str, zone: str) -> Refund:
    amount = slip.total_products_tax_incl + slip.total_shipping_tax_incl or slip.amount
    at = maybe_instant(slip.date_add, path="slips.date_add", zone=zone)
    return Refund(external_id=slip.id, amount=Money(amount=amount, currency=currency), at=at)


def _fulfilments(item: schemas.OrderItem, zone: str) -> tuple[Fulfilment, ...]:
    if _state(item) != "fulfilled":
        return ()
    given, state = item.order, item.state or schemas.State()
    at = maybe_instant(given.delivery_date, path="order.delivery_date", zone=zone)
    found = Fulfilment(
        external_id=given.id, kind="shipping", state=state.name, tracking_number=given.shipping_number, at=at
    )
    return (found,)


def _address(given: schemas.Address | None) -> Address | None:
    if given is None:
        return None
    return postal_address(
        line1=given.address1,
        line2=given.address2,
        postal_code=given.postcode,
        city=given.city,
        region=given.state_name,
        country_name=given.country_iso,
        company=given.company,
    )


def product_event(given: schemas.ProductItem, settings: PrestaShopSettings) -> ProductEvent:
    """A product; one without combinations has its own barcode, and is its only form."""
    sold = given.product
    told = product(
        sold.id,
        sold.name,
        sku=sold.reference,
        state=None if sold.active else "disabled",
        brand=sold.manufacturer_name,
        categories=[given.category.name] if given.category else (),
        price=sold.price,
        currency=given.currency,
        variants=(
            variant(one.id, sku=one.reference, barcodes=(one.ean13, one.isbn, one.upc)) for one in given.combinations
        ),
    )
    return ProductEvent(
        occurred_at=instant(sold.date_upd, path="product.date_upd", zone=settings.time_zone), product=told
    )

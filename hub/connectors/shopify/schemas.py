"""Shopify's payloads, only the fields Hub uses.

Sources: https://shopify.dev/docs/api/webhooks/latest (sample payload of every topic) and
https://shopify.dev/docs/api/admin-rest/latest/resources/order (the Order, Refund and Fulfillment resources).

Two currencies stand side by side: the shop's (``currency``, ``shop_money`` and every plain amount of an order or
checkout) and the customer's (``presentment_currency``, ``presentment_money``). Amounts of transactions, refunds' too,
are in the customer's: https://shopify.dev/changelog/we-re-launching-multi-currency-with-shopify-payments-which-lets-
merchants-offer-prices-in-their-customers-local-currencies (2018-10-24).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime

from hub.mapping.payload import PlainValue, VendorModel
from hub.model import money as model
from hub.model.consent import ConsentChannel
from hub.model.money import Currency

_NOTHING = Decimal(0)


class Address(VendorModel):
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    country: str | None = None
    country_code: str | None = None
    zip: str | None = None
    phone: str | None = None
    default: bool = False


class MarketingConsent(VendorModel):
    """``updated_at`` is the time of the person's act in the newer WhatsApp form, and in no other."""

    state: str | None = None
    opt_in_level: str | None = None
    consent_updated_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None


class Customer(VendorModel):
    """A customer, alone or inside an order. Webhooks from API version 2025-01 on have neither tags nor consents."""

    id: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    tags: str | None = None
    note: str | None = None
    accepts_marketing: bool | None = None
    accepts_marketing_updated_at: AwareDatetime | None = None
    marketing_opt_in_level: str | None = None
    email_marketing_consent: MarketingConsent | None = None
    sms_marketing_consent: MarketingConsent | None = None
    whats_app_marketing_consent: MarketingConsent | None = None
    default_address: Address | None = None
    addresses: tuple[Address, ...] = ()

    @property
    def email_consent(self) -> MarketingConsent | None:
        """Also in the form of before 2021-07, whose "false" is no refusal."""
        if self.email_marketing_consent or not self.accepts_marketing:
            return self.email_marketing_consent
        level, at = self.marketing_opt_in_level, self.accepts_marketing_updated_at
        return MarketingConsent(state="subscribed", opt_in_level=level, consent_updated_at=at)


class Money(VendorModel):
    amount: Decimal | None = None
    currency_code: Currency | None = None


class MoneySet(VendorModel):
    shop_money: Money | None = None
    presentment_money: Money | None = None

    @property
    def pair(self) -> tuple[model.Money, model.Money] | None:
        """The customer's money and the shop's, where both are told."""
        found = [one for one in (self.presentment_money, self.shop_money) if one and one.amount and one.currency_code]
        told = [model.Money(amount=one.amount, currency=one.currency_code) for one in found]
        return (told[0], told[1]) if len(told) == 2 else None


def in_shop_money(given: MoneySet | None) -> Decimal:
    """The amount in the shop's currency; nought where it is not told."""
    return (given.shop_money.amount if given and given.shop_money else None) or _NOTHING


class Attribute(VendorModel):
    """A note attribute of an order, or a property of a line."""

    name: str | None = None
    value: PlainValue = None

    def pair(self) -> tuple[str | None, Any]:
        """Name and value."""
        return self.name, self.value


class TaxLine(VendorModel):
    title: str | None = None
    rate: Decimal | None = None
    price: Decimal


class DiscountAllocation(VendorModel):
    amount: Decimal
    discount_application_index: int | None = None


class DiscountApplication(VendorModel):
    code: str | None = None
    title: str | None = None


class DiscountCode(VendorModel):
    code: str | None = None
    amount: Decimal


class Tip(VendorModel):
    """There only on a line that is a tip."""

    payment_gateway: str | None = None


class LineItem(VendorModel):
    """A line of an order; lines of a checkout have a ``key`` and a ``line_price`` and no id."""

    id: str | None = None
    key: str | None = None
    product_id: str | None = None
    variant_id: str | None = None
    sku: str | None = None
    name: str | None = None
    title: str | None = None
    quantity: Decimal
    price: Decimal | None = None
    line_price: Decimal | None = None
    total_discount: Decimal | None = None
    requires_shipping: bool = True
    gift_card: bool = False
    tip: Tip | None = None
    properties: tuple[Attribute, ...] = ()
    discount_allocations: tuple[DiscountAllocation, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    duties: tuple[MoneySet, ...] = ()


class ShippingLine(VendorModel):
    title: str | None = None
    price: Decimal
    discounted_price: Decimal | None = None
    is_removed: bool = False
    discount_allocations: tuple[DiscountAllocation, ...] = ()

    @property
    def total(self) -> Decimal:
        """The price after discounts."""
        if self.discounted_price is not None:
            return self.discounted_price
        return self.price - sum((found.amount for found in self.discount_allocations), _NOTHING)


class Transaction(VendorModel):
    id: str | None = None
    gateway: str | None = None
    processed_at: AwareDatetime | None = None
    kind: str | None = None
    status: str | None = None
    amount: Decimal
    currency: Currency | None = None
    amount_set: MoneySet | None = None


class RefundLine(VendorModel):
    subtotal: Decimal | None = None
    total_tax: Decimal | None = None
    subtotal_set: MoneySet | None = None


class RefundShippingLine(VendorModel):
    subtotal_amount_set: MoneySet | None = None


class OrderAdjustment(VendorModel):
    """``amount`` is negative for shipping that was given back."""

    kind: str | None = None
    amount: Decimal | None = None
    tax_amount: Decimal | None = None


class Refund(VendorModel):
    id: str
    order_id: str | None = None
    created_at: AwareDatetime
    processed_at: AwareDatetime | None = None
    note: str | None = None
    total_duties_set: MoneySet | None = None
    total_additional_fees_set: MoneySet | None = None
    order_adjustments: tuple[OrderAdjustment, ...] = ()
    refund_shipping_lines: tuple[RefundShippingLine, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    refund_line_items: tuple[RefundLine, ...] = ()

    @property
    def sets(self) -> tuple[MoneySet, ...]:
        """Every amount that this refund tells in both currencies."""
        lines = (line.subtotal_set for line in self.refund_line_items)
        shipping = (line.subtotal_amount_set for line in self.refund_shipping_lines)
        told = (*(t.amount_set for t in self.transactions), *lines, *shipping, self.total_duties_set)
        return tuple(found for found in told if found)

    @property
    def payouts(self) -> list[Transaction]:
        """The transactions that give money back."""
        return [found for found in self.transactions if found.kind in (None, "refund")]

    def goods(self, *, with_tax: bool) -> Decimal:
        """What came back or was taken off, in the shop's money: goods, shipping, duties, fees; ``with_tax`` on top."""
        parts = [line.subtotal or _NOTHING for line in self.refund_line_items]
        if with_tax:
            parts += [line.total_tax or _NOTHING for line in self.refund_line_items]
        shipping = [in_shop_money(line.subtotal_amount_set) for line in self.refund_shipping_lines]
        if not shipping:
            moved = [found for found in self.order_adjustments if found.kind == "shipping_refund"]
            shipping = [abs((found.amount or _NOTHING) + (found.tax_amount or _NOTHING)) for found in moved]
        more = map(in_shop_money, (self.total_duties_set, self.total_additional_fees_set))
        return sum((*parts, *shipping, *more), _NOTHING)


class Fulfilment(VendorModel):
    id: str
    order_id: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime | None = None
    status: str | None = None
    shipment_status: str | None = None
    location_id: str | None = None
    tracking_number: str | None = None
    line_items: tuple[LineItem, ...] = ()


class Purchase(VendorModel):
    """What an order and a checkout share: who buys, and how to reach them."""

    created_at: AwareDatetime
    updated_at: AwareDatetime | None = None
    email: str | None = None
    contact_email: str | None = None
    phone: str | None = None
    customer_locale: str | None = None
    customer: Customer | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    currency: Currency
    presentment_currency: Currency | None = None
    total_price: Decimal
    line_items: tuple[LineItem, ...] = ()
    buyer_accepts_marketing: bool = False
    buyer_accepts_sms_marketing: bool = False
    sms_marketing_phone: str | None = None
    note: str | None = None
    note_attributes: tuple[Attribute, ...] = ()

    @property
    def phones(self) -> tuple[str, ...]:
        """Typed at the checkout; the box for text messages has a field of its own."""
        return tuple(text for text in (self.phone, self.sms_marketing_phone) if text)

    @property
    def ticked(self) -> tuple[tuple[ConsentChannel, str], ...]:
        """The boxes of the checkout that were ticked: channel and the box's own name."""
        email: tuple[tuple[ConsentChannel, str], ...] = (("email", "buyer_accepts_marketing"),)
        sms: tuple[tuple[ConsentChannel, str], ...] = (("sms", "buyer_accepts_sms_marketing"),)
        return (email if self.buyer_accepts_marketing else ()) + (sms if self.buyer_accepts_sms_marketing else ())


class Order(Purchase):
    id: str
    name: str | None = None
    processed_at: AwareDatetime | None = None
    cancelled_at: AwareDatetime | None = None
    financial_status: str | None = None
    fulfillment_status: str | None = None
    subtotal_price: Decimal | None = None
    total_discounts: Decimal | None = None
    total_tax: Decimal | None = None
    taxes_included: bool = False
    current_total_price: Decimal | None = None
    total_price_set: MoneySet | None = None
    total_outstanding: Decimal | None = None
    total_tip_received: Decimal | None = None
    duties_included: bool = False
    original_total_duties_set: MoneySet | None = None
    current_total_duties_set: MoneySet | None = None
    original_total_additional_fees_set: MoneySet | None = None
    total_cash_rounding_payment_adjustment_set: MoneySet | None = None
    tags: str | None = None
    po_number: str | None = None
    source_name: str | None = None
    landing_site: str | None = None
    location_id: str | None = None
    test: bool = False
    shipping_lines: tuple[ShippingLine, ...] = ()
    discount_codes: tuple[DiscountCode, ...] = ()
    discount_applications: tuple[DiscountApplication, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    fulfillments: tuple[Fulfilment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    transactions: tuple[Transaction, ...] = ()

    @property
    def duties(self) -> Decimal:
        """In the shop's money: of the whole order, else of its lines."""
        told = self.original_total_duties_set or self.current_total_duties_set
        lines = [one for line in self.line_items for one in line.duties]
        return in_shop_money(told) if told else sum(map(in_shop_money, lines), _NOTHING)

    @property
    def paid(self) -> bool:
        """Whether the money is there.

        https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderDisplayFinancialStatus: "authorized" is a promise
        that nobody has captured, "pending" waits for the money (bank transfer, invoice, cash on delivery), of
        "partially_paid" a part is there.
        """
        if self.financial_status is None:
            return self.total_outstanding == 0
        return self.financial_status in ("paid", "partially_refunded", "refunded")


class Checkout(Purchase):
    token: str
    abandoned_checkout_url: str | None = None
    completed_at: AwareDatetime | None = None


class Deleted(VendorModel):
    id: str

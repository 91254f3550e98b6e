"""Shopify's payloads, only the fields Hub uses.

Sources: https://shopify.dev/docs/api/webhooks/latest (sample payload of every topic) and
https://shopify.dev/docs/api/admin-rest/latest/resources/order (the Order, Refund and Fulfillment resources).
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import AwareDatetime

from hub.mapping.payload import VendorModel
from hub.model.money import Currency


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
    state: str | None = None
    opt_in_level: str | None = None
    consent_updated_at: AwareDatetime | None = None


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
    email_marketing_consent: MarketingConsent | None = None
    sms_marketing_consent: MarketingConsent | None = None
    default_address: Address | None = None
    addresses: tuple[Address, ...] = ()


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
    discount_allocations: tuple[DiscountAllocation, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()


class ShippingLine(VendorModel):
    title: str | None = None
    price: Decimal
    is_removed: bool = False


class Transaction(VendorModel):
    kind: str | None = None
    status: str | None = None
    amount: Decimal
    currency: Currency | None = None


class ShopMoney(VendorModel):
    amount: Decimal | None = None
    currency_code: Currency | None = None


class MoneySet(VendorModel):
    shop_money: ShopMoney | None = None


class RefundLine(VendorModel):
    subtotal: Decimal | None = None
    total_tax: Decimal | None = None
    subtotal_set: MoneySet | None = None


class Refund(VendorModel):
    id: str
    order_id: str | None = None
    created_at: AwareDatetime
    processed_at: AwareDatetime | None = None
    note: str | None = None
    total_duties_set: MoneySet | None = None
    transactions: tuple[Transaction, ...] = ()
    refund_line_items: tuple[RefundLine, ...] = ()


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
    total_price: Decimal
    line_items: tuple[LineItem, ...] = ()


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
    buyer_accepts_marketing: bool = False
    source_name: str | None = None
    location_id: str | None = None
    test: bool = False
    shipping_lines: tuple[ShippingLine, ...] = ()
    discount_codes: tuple[DiscountCode, ...] = ()
    discount_applications: tuple[DiscountApplication, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    fulfillments: tuple[Fulfilment, ...] = ()
    refunds: tuple[Refund, ...] = ()


class Checkout(Purchase):
    token: str
    abandoned_checkout_url: str | None = None
    completed_at: AwareDatetime | None = None


class Deleted(VendorModel):
    id: str


class EmailConsentUpdate(VendorModel):
    customer_id: str
    email_marketing_consent: MarketingConsent | None = None


class SmsConsentUpdate(VendorModel):
    id: str
    sms_marketing_consent: MarketingConsent | None = None


class TagsChange(VendorModel):
    customerId: str  # noqa: N815
    tags: tuple[str, ...] = ()
    occurredAt: AwareDatetime  # noqa: N815


class CustomerMerge(VendorModel):
    admin_graphql_api_customer_kept_id: str
    admin_graphql_api_customer_deleted_id: str
    status: str | None = None


class Person(VendorModel):
    id: str | None = None
    email: str | None = None
    phone: str | None = None


class DataRequest(VendorModel):
    id: str | None = None


class PrivacyRequest(VendorModel):
    shop_id: str
    customer: Person | None = None
    data_request: DataRequest | None = None
    orders_requested: tuple[str, ...] = ()
    orders_to_redact: tuple[str, ...] = ()

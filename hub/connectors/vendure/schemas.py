"""Vendure's objects as the queries of ``source`` ask for them.

Source: github.com/vendurehq/vendure, packages/core/src/api/schema (common/order.type.graphql,
common/customer.type.graphql, common/address.type.graphql). Money is an integer, with as many decimals as
``moneyStrategyPrecision`` says, whatever the currency.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from hub.mapping.payload import VendorModel
from hub.model.money import Currency


class Camel(VendorModel):
    """Vendure's names are in camel case."""

    model_config = ConfigDict(alias_generator=to_camel)


class Country(Camel):
    code: str | None = None


class Address(Camel):
    """Of a customer. An order's names its country by ``countryCode``."""

    full_name: str | None = None
    company: str | None = None
    street_line1: str | None = None
    street_line2: str | None = None
    city: str | None = None
    province: str | None = None
    postal_code: str | None = None
    country: Country | None = None
    phone_number: str | None = None


class OrderAddress(Camel):
    full_name: str | None = None
    company: str | None = None
    street_line1: str | None = None
    street_line2: str | None = None
    city: str | None = None
    province: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone_number: str | None = None


class User(Camel):
    id: str


class Customer(Camel):
    """A guest has no ``user``, and one customer for every e-mail."""

    id: str
    updated_at: datetime
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None
    phone_number: str | None = None
    user: User | None = None
    addresses: tuple[Address, ...] = ()


class Discount(Camel):
    """``amountWithTax`` is negative."""

    description: str | None = None
    amount_with_tax: Decimal | None = None


class Product(Camel):
    id: str | None = None


class Variant(Camel):
    id: str | None = None
    sku: str | None = None
    name: str | None = None
    product: Product | None = None


class Line(Camel):
    """``proratedLinePriceWithTax`` is after the discounts of the line and its part of the order's."""

    id: str
    quantity: Decimal
    unit_price_with_tax: Decimal | None = None
    prorated_line_price_with_tax: Decimal | None = None
    discounts: tuple[Discount, ...] = ()
    product_variant: Variant | None = None


class Surcharge(Camel):
    id: str | None = None
    description: str | None = None
    price_with_tax: Decimal | None = None


class Method(Camel):
    name: str | None = None


class Shipping(Camel):
    discounted_price_with_tax: Decimal | None = None
    shipping_method: Method | None = None


class Tax(Camel):
    description: str | None = None
    tax_rate: Decimal | None = None
    tax_total: Decimal | None = None


class Refund(Camel):
    id: str
    total: Decimal
    state: str | None = None
    reason: str | None = None
    created_at: datetime
    updated_at: datetime


class Payment(Camel):
    id: str
    method: str | None = None
    amount: Decimal
    state: str | None = None
    transaction_id: str | None = None
    created_at: datetime
    updated_at: datetime
    refunds: tuple[Refund, ...] = ()


class Fulfilment(Camel):
    id: str
    state: str | None = None
    method: str | None = None
    tracking_code: str | None = None
    updated_at: datetime


class Order(Camel):
    """``totalWithTax`` is what the order is worth now: what was cancelled is off it."""

    id: str
    code: str | None = None
    type: str | None = None
    state: str
    active: bool = False
    created_at: datetime
    updated_at: datetime
    order_placed_at: datetime | None = None
    currency_code: Currency
    total_with_tax: Decimal
    total: Decimal | None = None
    shipping_with_tax: Decimal | None = None
    coupon_codes: tuple[str, ...] = ()
    discounts: tuple[Discount, ...] = ()
    customer: Customer | None = None
    billing_address: OrderAddress | None = None
    shipping_address: OrderAddress | None = None
    lines: tuple[Line, ...] = ()
    surcharges: tuple[Surcharge, ...] = ()
    shipping_lines: tuple[Shipping, ...] = ()
    tax_summary: tuple[Tax, ...] = ()
    payments: tuple[Payment, ...] = ()
    fulfillments: tuple[Fulfilment, ...] = ()


class Asset(Camel):
    preview: str | None = None


class Facet(Camel):
    code: str | None = None


class FacetValue(Camel):
    name: str | None = None
    facet: Facet | None = None


class Collection(Camel):
    name: str | None = None


class SoldVariant(Camel):
    """``priceWithTax`` is in the currency of the channel that was asked."""

    id: str
    sku: str | None = None
    name: str | None = None
    enabled: bool = True
    updated_at: datetime | None = None
    price_with_tax: Decimal | None = None
    currency_code: Currency | None = None


class SoldProduct(Camel):
    """Product of github.com/vendurehq/vendure, packages/core/src/api/schema/common/product.type.graphql.

    ``enabled`` is told by the Admin API alone: admin-api/product.api.graphql there.
    """

    id: str
    updated_at: datetime
    name: str | None = None
    enabled: bool = True
    featured_asset: Asset | None = None
    facet_values: tuple[FacetValue, ...] = ()
    collections: tuple[Collection, ...] = ()
    variants: tuple[SoldVariant, ...] = ()


class Item(Camel):
    """One item of the backfill."""

    order: Order | None = None
    customer: Customer | None = None
    product: SoldProduct | None = None
    precision: int = 2

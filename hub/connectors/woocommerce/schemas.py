"""WooCommerce's payloads, only the fields Hub uses; a webhook's body is the REST resource.

Source: https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties and #customer-properties.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from hub.mapping.payload import PlainValue, VendorModel, plain
from hub.model.money import Currency


def _gmt(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


Gmt = Annotated[datetime, AfterValidator(_gmt)]
"""``*_gmt`` fields are UTC and name no zone."""

Text = Annotated[str, AfterValidator(html.unescape)]
"""Names and titles come with HTML entities (``&ndash;``)."""


class Address(VendorModel):
    first_name: Text | None = None
    last_name: Text | None = None
    company: Text | None = None
    address_1: Text | None = None
    address_2: Text | None = None
    city: Text | None = None
    state: Text | None = None
    postcode: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None


_ASKED = ("_wc_billing/", "_wc_shipping/", "_wc_other/")
"""Fields that a plug-in added to the checkout, as ``_wc_other/namespace/field``: hidden, and typed by the buyer.

https://developer.woocommerce.com/docs/block-development/extensible-blocks/cart-and-checkout-blocks/
additional-checkout-fields/
"""


class Meta(VendorModel):
    """Meta data of a plug-in or of the shop; names with a leading underscore are hidden from people.

    ``display_*`` is there on lines only, and is how the shop shows it.
    """

    key: Text | None = None
    value: Any = None
    display_key: Text | None = None
    display_value: PlainValue = None

    @field_validator("value")
    @classmethod
    def _told_to_people(cls, value: Any, info: ValidationInfo) -> Any:
        """An object under a hidden name is a plug-in's own state, which nobody misses and no note tells."""
        return value if (info.data.get("key") or "").startswith("_") else plain(value)

    def pair(self) -> tuple[str | None, Any]:
        """Name and value, as the shop shows them."""
        key = self.key or ""
        if key.startswith(_ASKED):
            return key.rpartition("/")[2], self.value
        return (None, None) if key.startswith("_") else (self.display_key or key, self.display_value or self.value)


class Dated(VendorModel):
    """``date_created`` without ``_gmt`` is the site's time; version wp_api_v1 has it only, and in UTC."""

    id: str
    date_created_gmt: Gmt | None = None
    date_created: Gmt | None = None
    date_modified_gmt: Gmt | None = None


class Customer(Dated):
    email: str | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    role: str | None = None
    billing: Address | None = None
    shipping: Address | None = None
    meta_data: tuple[Meta, ...] = ()


class LineTax(VendorModel):
    total: Decimal | None = None


class LineItem(VendorModel):
    id: str | None = None
    name: Text | None = None
    product_id: str | None = None
    variation_id: str | None = None
    sku: str | None = None
    quantity: Decimal
    price: Decimal | None = None
    subtotal: Decimal | None = None
    total: Decimal | None = None
    taxes: tuple[LineTax, ...] = ()
    meta_data: tuple[Meta, ...] = ()


class FeeLine(VendorModel):
    """A surcharge, or with a negative total a rebate; ``total`` is without tax, as of every line."""

    id: str | None = None
    name: Text | None = None
    total: Decimal | None = None
    taxes: tuple[LineTax, ...] = ()


class TaxLine(VendorModel):
    label: Text | None = None
    rate_percent: Decimal | None = None
    tax_total: Decimal | None = None
    shipping_tax_total: Decimal | None = None


class ShippingLine(VendorModel):
    id: str | None = None
    method_id: str | None = None
    method_title: Text | None = None
    total: Decimal | None = None
    meta_data: tuple[Meta, ...] = ()


class CouponLine(VendorModel):
    code: Text | None = None
    discount: Decimal | None = None


class Refund(VendorModel):
    id: str
    reason: Text | None = None
    total: Decimal


class Order(Dated):
    number: str | None = None
    status: str | None = None
    currency: Currency
    total: Decimal
    discount_total: Decimal | None = None
    shipping_total: Decimal | None = None
    total_tax: Decimal | None = None
    customer_id: str | None = None
    created_via: str | None = None
    billing: Address | None = None
    shipping: Address | None = None
    payment_method: str | None = None
    transaction_id: str | None = None
    customer_note: Text | None = None
    date_paid_gmt: Gmt | None = None
    date_completed_gmt: Gmt | None = None
    line_items: tuple[LineItem, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    shipping_lines: tuple[ShippingLine, ...] = ()
    fee_lines: tuple[FeeLine, ...] = ()
    coupon_lines: tuple[CouponLine, ...] = ()
    meta_data: tuple[Meta, ...] = ()
    refunds: tuple[Refund, ...] = ()


class Deleted(VendorModel):
    id: str


class Named(VendorModel):
    name: Text | None = None


class Image(VendorModel):
    src: str | None = None


class Product(Dated):
    """#product-properties. Prices are in the shop's currency, which is not told with them."""

    name: Text
    sku: str | None = None
    permalink: str | None = None
    status: str | None = None
    categories: tuple[Named, ...] = ()
    tags: tuple[Named, ...] = ()
    images: tuple[Image, ...] = ()


def _without_marks(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).strip()


class Review(Dated):
    """#product-review-properties; ``rating`` is 0 where none was given, ``review`` is HTML."""

    product_id: str
    status: str | None = None
    reviewer: Text | None = None
    reviewer_email: str | None = None
    review: Annotated[str, AfterValidator(_without_marks)] | None = None
    rating: Annotated[int, Field(ge=0, le=5)] | None = None
    verified: bool | None = None

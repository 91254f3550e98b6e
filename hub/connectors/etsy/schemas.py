"""Etsy's receipts, reviews and webhooks: only what is read.

Source: https://www.etsy.com/openapi/generated/oas/3.0.0.json (ShopReceipt, TransactionReview),
https://developers.etsy.com/documentation/essentials/webhooks and https://github.com/etsy/open-api/discussions/1564
(the payload as it really is)
"""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency

Text = Annotated[str, AfterValidator(html.unescape)]
"""Texts come with HTML entities: https://github.com/etsy/open-api/issues/254."""

_RECEIPT = re.compile(r"/receipts/(\d+)")


class Part(VendorModel):
    """``amount`` over ``divisor`` is money in major units; nought where it is not told."""

    amount: Decimal = Decimal(0)
    divisor: Decimal = Decimal(100)

    @property
    def value(self) -> Decimal:
        """In major units."""
        return self.amount / self.divisor if self.divisor else self.amount


class Amount(Part):
    """Money with its currency."""

    amount: Decimal
    currency: Currency = Field(alias="currency_code")


class Variation(VendorModel):
    """What the buyer chose, or wrote to be engraved."""

    name: Text | None = Field(None, alias="formatted_name")
    value: Text | None = Field(None, alias="formatted_value")


class Line(VendorModel):
    """A listing that was bought; ``price`` is of one, before discounts."""

    id: str = Field(alias="transaction_id")
    listing: str | None = Field(None, alias="listing_id")
    product: str | None = Field(None, alias="product_id")
    sku: str | None = None
    title: Text | None = None
    quantity: Decimal = Decimal(1)
    price: Part = Part()
    variations: tuple[Variation, ...] = ()


class Shipment(VendorModel):
    """A parcel."""

    id: str | None = Field(None, alias="receipt_shipping_id")
    sent: TimeText | None = Field(None, alias="shipment_notification_timestamp")
    tracking: str | None = Field(None, alias="tracking_code")


class Refunded(VendorModel):
    """A refund; it has no id."""

    amount: Amount
    created: TimeText | None = Field(None, alias="created_timestamp")
    reason: Text | None = None
    status: str | None = None


class Receipt(VendorModel):
    """An order. Name and address are those of whoever gets it."""

    id: str = Field(alias="receipt_id")
    buyer: str | None = Field(None, alias="buyer_user_id")
    email: str | None = Field(None, alias="buyer_email")
    name: Text | None = None
    line1: Text | None = Field(None, alias="first_line")
    line2: Text | None = Field(None, alias="second_line")
    city: Text | None = None
    region: Text | None = Field(None, alias="state")
    postal_code: str | None = Field(None, alias="zip")
    country: str | None = Field(None, alias="country_iso")
    status: str | None = None
    paid: bool | None = Field(None, alias="is_paid")
    shipped: bool | None = Field(None, alias="is_shipped")
    gift: bool = Field(False, alias="is_gift")
    method: str | None = Field(None, alias="payment_method")
    note: Text | None = Field(None, alias="message_from_buyer")
    created: TimeText = Field(alias="created_timestamp")
    updated: TimeText = Field(alias="updated_timestamp")
    total: Amount = Field(alias="grandtotal")
    shipping: Part = Field(Part(), alias="total_shipping_cost")
    tax: Part = Field(Part(), alias="total_tax_cost")
    vat: Part = Field(Part(), alias="total_vat_cost")
    discount: Part = Field(Part(), alias="discount_amt")
    wrap: Part = Field(Part(), alias="gift_wrap_price")
    lines: tuple[Line, ...] = Field((), alias="transactions")
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[Refunded, ...] = ()


class Review(VendorModel):
    """What a buyer thinks of a listing; the buyer may hide."""

    id: str = Field(alias="transaction_id")
    listing: str | None = Field(None, alias="listing_id")
    buyer: str | None = Field(None, alias="buyer_user_id")
    rating: int | None = None
    text: Text | None = Field(None, alias="review")
    created: TimeText = Field(alias="created_timestamp")
    updated: TimeText | None = Field(None, alias="updated_timestamp")


class Event(VendorModel):
    """A webhook, which only points; or, as Hub keeps what it was listed, a receipt or review under its topic's name."""

    kind: str = Field(alias="event_type")
    resource: str | None = Field(None, alias="resource_url")
    shop: int | None = Field(None, alias="shop_id")
    receipt: Receipt | None = None
    review: Review | None = None

    @property
    def number(self) -> str | None:
        """The number of the receipt that the URL leads to."""
        found = _RECEIPT.search(self.resource or "")
        return found[1] if found else None

"""Bodies of the HTTP API, as far as they are read.

Sources: https://www.twilio.com/docs/segment/connections/spec/common (fields all messages share, timestamps),
https://www.twilio.com/docs/segment/connections/spec/identify (traits),
https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2 (shop events),
https://www.rudderstack.com/docs/data-governance/consent-management/passing-consent/ (consentManagement).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class Campaign(VendorModel):
    name: str | None = None
    source: str | None = None
    medium: str | None = None


class Page(VendorModel):
    url: str | None = None
    title: str | None = None
    referrer: str | None = None


class Device(VendorModel):
    type: str | None = None


class Context(VendorModel):
    campaign: Campaign = Campaign()
    page: Page = Page()
    device: Device = Device()
    traits: Mapping[str, Any] = Field(default_factory=dict)


class Message(VendorModel):
    """One call. ``timestamp`` is the clock of whoever sent it; RudderStack names it ``originalTimestamp``."""

    type: str | None = None
    messageId: str | None = None  # noqa: N815 - the vendor's name
    userId: str | None = None  # noqa: N815
    anonymousId: str | None = None  # noqa: N815
    previousId: str | None = None  # noqa: N815
    groupId: str | None = None  # noqa: N815
    event: str | None = None
    name: str | None = None
    category: str | None = None
    channel: str | None = None
    timestamp: TimeText | None = None
    originalTimestamp: TimeText | None = None  # noqa: N815
    sentAt: TimeText | None = None  # noqa: N815
    context: Context = Context()
    properties: Mapping[str, Any] = Field(default_factory=dict)
    traits: Mapping[str, Any] = Field(default_factory=dict)


class Properties(VendorModel):
    """Properties that mean the same in every event; all others are the shop's own."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None
    query: str | None = None
    order_id: str | None = None
    checkout_id: str | None = None
    cart_id: str | None = None


class Delivery(VendorModel):
    """A batch: what stands beside it holds for each message that says nothing of it."""

    batch: tuple[Mapping[str, Any], ...] = ()
    sentAt: TimeText | None = None  # noqa: N815


class Address(VendorModel):
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postalCode: str | None = None  # noqa: N815
    postal_code: str | None = None
    country: str | None = None


class Company(VendorModel):
    name: str | None = None


class Traits(VendorModel):
    """Traits that mean the same everywhere; all others are the shop's own."""

    firstName: str | None = None  # noqa: N815
    first_name: str | None = None
    lastName: str | None = None  # noqa: N815
    last_name: str | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    birthday: str | None = None
    address: Address = Address()
    company: Company = Company()
    username: str | None = None
    language: str | None = None


class Item(VendorModel):
    """A product, in ``properties`` or in ``products``."""

    product_id: str | None = None
    id: str | None = None
    sku: str | None = None
    name: str | None = None
    variant: str | None = None
    price: str | None = None
    quantity: str | None = None
    discount: str | None = None


class Sale(VendorModel):
    """The properties of an order, a refund or a checkout. Numbers may be texts."""

    order_id: str | None = None
    checkout_id: str | None = None
    cart_id: str | None = None
    total: str | None = None
    subtotal: str | None = None
    revenue: str | None = None
    value: str | None = None
    shipping: str | None = None
    tax: str | None = None
    discount: str | None = None
    coupon: str | None = None
    currency: str | None = None
    email: str | None = None
    payment_method: str | None = None
    payment_status: str | None = None
    products: tuple[Mapping[str, Any], ...] = ()

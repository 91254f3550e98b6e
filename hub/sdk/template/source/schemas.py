"""New Connector's payloads: only the fields that are used; anything else is ignored."""

from __future__ import annotations

from hub.mapping.payload import VendorModel


class Customer(VendorModel):
    """A customer; the e-mail and phone of a guest stand here too, without an id."""

    id: str | None = None
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None
    language: str | None = None


class Line(VendorModel):
    """One line of an order."""

    sku: str | None = None
    name: str | None = None
    quantity: str
    total: str | None = None


class Order(VendorModel):
    """A paid order. Amounts are text in major units."""

    id: str
    placed_at: str
    currency: str
    total: str
    lines: tuple[Line, ...] = ()


class Head(VendorModel):
    """What every event has; ``id`` is the same on every redelivery."""

    id: str
    type: str


class CustomerUpdated(VendorModel):
    """``customer.updated``."""

    created_at: str
    customer: Customer


class OrderPaid(VendorModel):
    """``order.paid``; an anonymous sale has no customer."""

    created_at: str
    order: Order
    customer: Customer | None = None

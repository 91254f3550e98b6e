"""BigCommerce's payloads, only the fields Hub uses.

Sources: github.com/bigcommerce/docs, reference/orders.v2.oas2.yml (order_Resp, orderConsignment_Get, orderProducts,
orderFees_Resp), reference/orders.v3.yml (Refund), reference/customers.v3.yml (customer_Full),
reference/subscribers.v3.yml (subscriber_Full), docs/integrations/webhooks/events (callback structure).
"""

from __future__ import annotations

from decimal import Decimal

from hub.mapping.payload import PlainValue, TimeText, VendorModel
from hub.model.money import Currency

NOUGHT = Decimal(0)


class FormField(VendorModel):
    """A question that the store added to a form."""

    name: str | None = None
    value: PlainValue = None


class Street(VendorModel):
    """An address of an order."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    street_1: str | None = None
    street_2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    country_iso2: str | None = None
    phone: str | None = None
    email: str | None = None
    form_fields: tuple[FormField, ...] = ()


class Applied(VendorModel):
    code: str | None = None
    name: str | None = None
    amount: Decimal | None = None


class Option(VendorModel):
    """What the buyer chose. ``display_*`` is what the shopper sees."""

    display_name: str | None = None
    display_value: PlainValue = None


class Item(VendorModel):
    """``discounted_total_inc_tax`` is after all discounts, ``total_inc_tax`` before them."""

    id: str
    product_id: str | None = None
    variant_id: str | None = None
    name: str | None = None
    sku: str | None = None
    type: str | None = None
    quantity: Decimal
    price_inc_tax: Decimal | None = None
    total_inc_tax: Decimal | None = None
    total_tax: Decimal | None = None
    discounted_total_inc_tax: Decimal | None = None
    applied_discounts: tuple[Applied, ...] = ()
    product_options: tuple[Option, ...] = ()


class Shipping(Street):
    id: str | None = None
    shipping_method: str | None = None
    cost_inc_tax: Decimal | None = None
    line_items: tuple[Item, ...] = ()


class Place(VendorModel):
    name: str | None = None


class Pickup(VendorModel):
    location: Place | None = None
    line_items: tuple[Item, ...] = ()


class Sent(VendorModel):
    """Downloads, or gift certificates to one address."""

    line_items: tuple[Item, ...] = ()


class Mailed(VendorModel):
    gift_certificates: tuple[Sent, ...] = ()


class Consignments(VendorModel):
    shipping: tuple[Shipping, ...] = ()
    pickups: tuple[Pickup, ...] = ()
    downloads: tuple[Sent, ...] = ()
    email: Mailed | None = None


class Fee(VendorModel):
    id: str | None = None
    display_name_customer: str | None = None
    cost_inc_tax: Decimal | None = None


class Order(VendorModel):
    """Amounts are in ``default_currency_code``, the currency the shopper pays in; dates are RFC 2822."""

    id: str
    customer_id: str | None = None
    date_created: TimeText
    date_modified: TimeText | None = None
    date_shipped: TimeText | None = None
    status_id: int
    status: str | None = None
    custom_status: str | None = None
    payment_status: str | None = None
    payment_method: str | None = None
    payment_provider_id: str | None = None
    default_currency_code: Currency
    subtotal_inc_tax: Decimal | None = None
    total_inc_tax: Decimal
    total_tax: Decimal | None = None
    shipping_cost_inc_tax: Decimal | None = None
    handling_cost_inc_tax: Decimal | None = None
    wrapping_cost_inc_tax: Decimal | None = None
    discount_amount: Decimal = NOUGHT
    coupon_discount: Decimal = NOUGHT
    refunded_amount: Decimal = NOUGHT
    store_credit_amount: Decimal = NOUGHT
    gift_certificate_amount: Decimal = NOUGHT
    items_total: Decimal | None = None
    items_shipped: Decimal | None = None
    order_is_digital: bool = False
    is_deleted: bool = False
    is_email_opt_in: bool = False
    billing_address: Street | None = None
    consignments: Consignments | None = None
    fees: tuple[Fee, ...] = ()
    customer_message: str | None = None
    staff_notes: str | None = None
    order_source: str | None = None
    external_source: str | None = None
    external_order_id: str | None = None
    channel_id: str | None = None
    customer_locale: str | None = None

    @property
    def parts(self) -> Consignments:
        """How the goods go, and the goods."""
        return self.consignments or Consignments()

    @property
    def items(self) -> tuple[Item, ...]:
        """Those of every way of the goods."""
        parts, ways = self.parts, [shipping.line_items for shipping in self.parts.shipping]
        ways += [pickup.line_items for pickup in parts.pickups]
        mailed = parts.email.gift_certificates if parts.email else ()
        ways += [sent.line_items for sent in (*parts.downloads, *mailed)]
        return tuple(item for way in ways for item in way)

    @property
    def recipient(self) -> Shipping | None:
        """Where the first part of the goods goes."""
        return self.parts.shipping[0] if self.parts.shipping else None


class RefundPayment(VendorModel):
    is_declined: bool = False


class Refund(VendorModel):
    id: str
    created: TimeText | None = None
    reason: str | None = None
    total_amount: Decimal
    payments: tuple[RefundPayment, ...] = ()


class Refunds(VendorModel):
    data: tuple[Refund, ...] = ()


class Address(VendorModel):
    """An address of a customer."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state_or_province: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    country: str | None = None
    phone: str | None = None


class Attribute(VendorModel):
    """Its name is not told with the customer."""

    attribute_id: str | None = None
    attribute_value: PlainValue = None


class Customer(VendorModel):
    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    phone: str | None = None
    notes: str | None = None
    customer_group_id: str | None = None
    date_created: TimeText | None = None
    date_modified: TimeText | None = None
    accepts_product_review_abandoned_cart_emails: bool | None = None
    addresses: tuple[Address, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    form_fields: tuple[FormField, ...] = ()


class Customers(VendorModel):
    data: tuple[Customer, ...] = ()


class Subscriber(VendorModel):
    """``consents`` is empty of who has unsubscribed, and missing in older answers."""

    id: str
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    source: str | None = None
    order_id: str | None = None
    consents: tuple[str, ...] | None = None
    date_created: TimeText | None = None
    date_modified: TimeText | None = None


class SubscriberAnswer(VendorModel):
    data: Subscriber


class OfAddress(VendorModel):
    customer_id: str | None = None


class Named(VendorModel):
    """What a webhook tells. Of an address, ``id`` is its own and the customer's stands in ``address``."""

    id: str
    address: OfAddress | None = None


class Event(VendorModel):
    """A webhook; ``created_at`` is in seconds. A backfilled item holds its object instead of ``data``."""

    scope: str
    hash: str | None = None
    created_at: TimeText
    data: Named


class Backfilled(VendorModel):
    """A backfilled item."""

    order: Order | None = None
    customer: Customer | None = None
    subscriber: Subscriber | None = None

"""Magento's REST objects, only the fields Hub uses.

Source: https://github.com/AdobeDocs/commerce-webapi, admin-schema-2.4.8.yaml (sales-data-order-interface,
sales-data-creditmemo-interface, customer-data-customer-interface). Times are UTC and name no zone
(https://github.com/magento/magento2/issues/24985).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from hub.mapping.payload import PlainValue, VendorModel
from hub.model.money import Currency


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Time = Annotated[datetime, AfterValidator(_utc)]


class Region(VendorModel):
    region: str | None = None


class Address(VendorModel):
    first_name: str | None = Field(None, alias="firstname")
    last_name: str | None = Field(None, alias="lastname")
    company: str | None = None
    street: tuple[str, ...] = ()
    postcode: str | None = None
    city: str | None = None
    country: str | None = Field(None, alias="country_id")
    phone: str | None = Field(None, alias="telephone")
    vat_id: str | None = None


class OrderAddress(Address):
    region: str | None = None


class CustomerAddress(Address):
    region: Region | None = None
    default_billing: bool = False


class Attribute(VendorModel):
    """``value`` is the number of an option where the shop gives a list to choose from."""

    attribute_code: str | None = None
    value: PlainValue = None


class Dated(VendorModel):
    created_at: Time
    updated_at: Time | None = None


class CustomerExtension(VendorModel):
    is_subscribed: bool | None = None


class Customer(Dated):
    id: str
    email: str | None = None
    firstname: str | None = None
    middlename: str | None = None
    lastname: str | None = None
    prefix: str | None = None
    dob: str | None = None
    taxvat: str | None = None
    addresses: tuple[CustomerAddress, ...] = ()
    extension_attributes: CustomerExtension = CustomerExtension()
    custom_attributes: tuple[Attribute, ...] = ()


class Item(VendorModel):
    """``discount_amount`` is positive here and negative of the order; the tax it saves is the compensation."""

    item_id: str | None = None
    parent_item_id: str | None = None
    product_id: str | None = None
    product_type: str | None = None
    sku: str | None = None
    name: str | None = None
    qty_ordered: Decimal
    price: Decimal | None = None
    row_total: Decimal | None = None
    discount_amount: Decimal = Decimal(0)
    discount_tax_compensation_amount: Decimal = Decimal(0)
    tax_amount: Decimal | None = None
    tax_percent: Decimal | None = None
    weee_tax_applied_row_amount: Decimal | None = None


class Payment(VendorModel):
    method: str | None = None
    last_trans_id: str | None = None
    po_number: str | None = None


class Shipping(VendorModel):
    address: OrderAddress | None = None
    method: str | None = None


class Assignment(VendorModel):
    shipping: Shipping | None = None


class OrderExtension(VendorModel):
    """What Adobe Commerce takes off a total for other means of payment, each positive."""

    shipping_assignments: tuple[Assignment, ...] = ()
    gift_cards_amount: Decimal | None = None
    customer_balance_amount: Decimal | None = None
    reward_currency_amount: Decimal | None = None


class Order(Dated):
    entity_id: str
    increment_id: str | None = None
    state: str | None = None
    status: str | None = None
    order_currency_code: Currency
    base_currency_code: str | None = None
    grand_total: Decimal
    base_grand_total: Decimal | None = None
    subtotal: Decimal | None = None
    discount_amount: Decimal | None = None
    discount_description: str | None = None
    coupon_code: str | None = None
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    shipping_discount_amount: Decimal = Decimal(0)
    shipping_discount_tax_compensation_amount: Decimal = Decimal(0)
    shipping_description: str | None = None
    total_paid: Decimal | None = None
    is_virtual: bool = False
    customer_id: str | None = None
    customer_is_guest: bool = False
    customer_email: str | None = None
    customer_firstname: str | None = None
    customer_middlename: str | None = None
    customer_lastname: str | None = None
    customer_prefix: str | None = None
    customer_dob: str | None = None
    customer_taxvat: str | None = None
    customer_note: str | None = None
    store_name: str | None = None
    billing_address: OrderAddress | None = None
    items: tuple[Item, ...] = ()
    payment: Payment | None = None
    extension_attributes: OrderExtension = OrderExtension()


class Comment(VendorModel):
    comment: str | None = None


class Creditmemo(Dated):
    """``state`` is 1 open, 2 refunded, 3 cancelled (Creditmemo.php of module-sales)."""

    entity_id: str
    order_id: str
    state: str | None = None
    grand_total: Decimal
    order_currency_code: Currency
    comments: tuple[Comment, ...] = ()


class Gone(VendorModel):
    entity_id: str


class Product(VendorModel):
    """catalog-data-product-interface. ``price`` is in the shop's base currency, which is not told with it."""

    id: str
    sku: str
    name: str | None = None
    status: int | None = None
    created_at: Time | None = None
    updated_at: Time | None = None

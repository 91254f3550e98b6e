"""PrestaShop's resources as the backfill puts them together, only the fields Hub uses.

Source: https://devdocs.prestashop-project.org/9/webservice/resources/ (orders, order_slips, order_states, customers,
addresses) and classes/order/Order.php, classes/Customer.php of github.com/PrestaShop/PrestaShop. Every value is text;
dates are the shop's time; "0" is no id and "0000-00-00 00:00:00" no date.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency

NOUGHT = Decimal(0)


def _date(value: Any) -> Any:
    return None if isinstance(value, str) and value.startswith("0000-00-00") else value


def _named(value: Any) -> Any:
    """A text of several languages is a list, of one a text."""
    if isinstance(value, list):
        return next((one.get("value") for one in value if isinstance(one, dict) and one.get("value")), None)
    return value


Moment = Annotated[TimeText | None, BeforeValidator(_date)]
Day = Annotated[str | None, BeforeValidator(_date)]
Words = Annotated[str | None, BeforeValidator(_named)]


class Address(VendorModel):
    """``country_iso`` and ``state_name`` are added by the backfill."""

    id: str
    firstname: str | None = None
    lastname: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    postcode: str | None = None
    city: str | None = None
    phone: str | None = None
    phone_mobile: str | None = None
    vat_number: str | None = None
    deleted: bool = False
    country_iso: str | None = None
    state_name: str | None = None

    @property
    def first_name(self) -> str | None:
        return self.firstname

    @property
    def last_name(self) -> str | None:
        return self.lastname

    @property
    def country(self) -> str | None:
        return self.country_iso


class Customer(VendorModel):
    id: str
    email: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    company: str | None = None
    birthday: Day = None
    website: str | None = None
    note: str | None = None
    newsletter: bool | None = None
    newsletter_date_add: Moment = None
    ip_registration_newsletter: str | None = None
    optin: bool | None = None
    is_guest: bool = False
    deleted: bool = False
    date_add: Moment = None
    date_upd: Moment = None
    language_iso: str | None = None


class Row(VendorModel):
    id: str | None = None
    product_id: str | None = None
    product_attribute_id: str | None = None
    product_quantity: Decimal
    product_name: str | None = None
    product_reference: str | None = None
    unit_price_tax_incl: Decimal | None = None


class Rows(VendorModel):
    order_rows: tuple[Row, ...] = ()


class State(VendorModel):
    """A status, which a shop renames and adds to. ``template`` is the mail that goes with it."""

    name: Words = None
    template: Words = None
    paid: bool = False
    shipped: bool = False
    logable: bool = False


class Slip(VendorModel):
    """A credit slip: money that goes back."""

    id: str
    total_products_tax_incl: Decimal = NOUGHT
    total_shipping_tax_incl: Decimal = NOUGHT
    amount: Decimal = NOUGHT
    date_add: Moment = None


class Order(VendorModel):
    """``reference`` is shared by the orders that one cart was split into."""

    id: str
    id_customer: str | None = None
    id_address_invoice: str | None = None
    id_address_delivery: str | None = None
    reference: str | None = None
    payment: str | None = None
    module: str | None = None
    shipping_number: str | None = None
    note: str | None = None
    gift_message: str | None = None
    total_paid_tax_incl: Decimal
    total_paid_tax_excl: Decimal | None = None
    total_paid_real: Decimal = NOUGHT
    total_products_wt: Decimal | None = None
    total_shipping_tax_incl: Decimal | None = None
    total_wrapping_tax_incl: Decimal = NOUGHT
    total_discounts_tax_incl: Decimal = NOUGHT
    date_add: TimeText
    date_upd: Moment = None
    delivery_date: Moment = None
    associations: Rows | None = None


class OrderItem(VendorModel):
    """An order with what belongs to it, as one item of the backfill."""

    order: Order
    currency: Currency
    state: State | None = None
    customer: Customer | None = None
    addresses: tuple[Address, ...] = ()
    slips: tuple[Slip, ...] = ()


class CustomerItem(VendorModel):
    """A customer with their addresses, as one item of the backfill."""

    customer: Customer
    addresses: tuple[Address, ...] = ()


class Category(VendorModel):
    name: Words = None


class Coded(VendorModel):
    """What a product and each of its combinations is known by."""

    id: str
    reference: str | None = None
    ean13: str | None = None
    isbn: str | None = None
    upc: str | None = None


class Product(Coded):
    """``price`` is without tax (…/webservice/resources/products)."""

    name: Words = None
    manufacturer_name: Words = None
    price: Decimal | None = None
    active: bool = True
    date_add: Moment = None
    date_upd: TimeText


class ProductItem(VendorModel):
    """A product with its combinations, as one item of the backfill."""

    product: Product
    category: Category | None = None
    combinations: tuple[Coded, ...] = ()
    currency: Currency | None = None


class Gone(VendorModel):
    id: str

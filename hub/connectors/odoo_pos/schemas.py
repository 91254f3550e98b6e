"""What Hub reads of Odoo's records. What is empty is False; what leads to a record is its number and its name.

Source: odoo/odoo, addons/point_of_sale/models/pos_order.py, pos_payment.py, odoo/addons/base/models/res_partner.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from hub.mapping.payload import TimeText, VendorModel


def _number(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None if value is False else value


def _name(value: Any) -> Any:
    return value[1] if isinstance(value, list) and len(value) > 1 else None if value is False else value


def _told(value: Any) -> Any:
    return None if value is False else value


Number = Annotated[str | None, BeforeValidator(_number)]
Name = Annotated[str | None, BeforeValidator(_name)]
Text = Annotated[str | None, BeforeValidator(_told)]

ORDER_FIELDS = (
    *("name", "pos_reference", "date_order", "amount_total", "amount_tax", "state", "partner_id", "config_id"),
    *("currency_id", "write_date"),
)
LINE_FIELDS = (
    *("order_id", "product_id", "full_product_name", "qty", "price_unit", "discount", "price_subtotal"),
    *("price_subtotal_incl", "refunded_orderline_id", "customer_note"),
)
PAYMENT_FIELDS = ("pos_order_id", "amount", "payment_method_id", "payment_date")
PARTNER_FIELDS = (
    *("name", "email", "phone", "street", "street2", "zip", "city", "country_id", "lang", "is_company"),
    *("parent_id", "write_date"),
)

PRODUCT_FIELDS = (
    "display_name",
    "default_code",
    "barcode",
    "lst_price",
    "currency_id",
    "categ_id",
    "active",
    "write_date",
)
"""addons/product/models/product_product.py: a record of product.product is one variant; the till's lines name it."""


class Product(VendorModel):
    id: str
    display_name: Text = None
    default_code: Text = None
    barcode: Text = None
    lst_price: Decimal | None = None
    currency_id: Name = None
    categ_id: Name = None
    active: bool = True
    write_date: TimeText


class Order(VendorModel):
    id: str
    name: Text = None
    pos_reference: Text = None
    date_order: TimeText
    write_date: TimeText | None = None
    amount_total: Decimal
    amount_tax: Decimal | None = None
    state: Text = None
    config_id: Name = None
    currency_id: Name = None


class Line(VendorModel):
    id: str
    product_id: Number = None
    full_product_name: Text = None
    qty: Decimal
    price_unit: Decimal | None = None
    discount: Decimal | None = None
    price_subtotal: Decimal | None = None
    price_subtotal_incl: Decimal | None = None
    refunded_orderline_id: Number = None
    customer_note: Text = None


class Payment(VendorModel):
    id: str
    amount: Decimal
    payment_method_id: Name = None
    payment_date: Text = None


class Partner(VendorModel):
    id: str
    name: Text = None
    email: Text = None
    phone: Text = None
    street: Text = None
    street2: Text = None
    zip: Text = None
    city: Text = None
    country: Text = None
    lang: Text = None
    is_company: bool = False
    parent_id: Name = None
    write_date: TimeText | None = None


class Sale(VendorModel):
    """An order with all that belongs to it, as the backfill puts it together; ``country`` is the name of a contact's.

    ``returned`` is line to order, of the lines that were given back.
    """

    order: Order
    lines: tuple[Line, ...] = ()
    payments: tuple[Payment, ...] = ()
    partner: Partner | None = None
    returned: dict[str, str] = Field(default_factory=dict)

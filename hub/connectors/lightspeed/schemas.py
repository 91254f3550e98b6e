"""What Hub reads of X-Series' objects, as webhooks (API 1.0) and lists (dated API) write them.

The two differ in names: ``register_sale_products`` is ``line_items`` there, ``register_sale_payments`` ``payments``,
``physical_address1`` ``physical_address_1``; the list has totals at the top and no customer within a sale
(https://x-series-api.lightspeedhq.com/docs/sales_editing, warnings). Times without a zone are UTC.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hub.mapping.payload import PlainValue, TimeText, VendorModel
from hub.model.money import Currency


class Contact(VendorModel):
    """Where the customer's contact data stood in the oldest form."""

    company_name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    physical_address1: str | None = None
    physical_address2: str | None = None
    physical_suburb: str | None = None
    physical_city: str | None = None
    physical_postcode: str | None = None
    physical_state: str | None = None
    physical_country_id: str | None = None


class Customer(VendorModel):
    id: str
    customer_code: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company_name: str | None = None
    email: str | None = None
    phone: str | None = None
    mobile: str | None = None
    date_of_birth: str | None = None
    do_not_email: bool | None = None
    enable_loyalty: bool | None = None
    loyalty_balance: PlainValue = None
    note: str | None = None
    custom_field_1: PlainValue = None
    custom_field_2: PlainValue = None
    custom_field_3: PlainValue = None
    custom_field_4: PlainValue = None
    contact: Contact = Contact()
    physical_address1: str | None = None
    physical_address_1: str | None = None
    physical_address2: str | None = None
    physical_address_2: str | None = None
    physical_suburb: str | None = None
    physical_city: str | None = None
    physical_postcode: str | None = None
    physical_state: str | None = None
    physical_country_id: str | None = None
    postal_address1: str | None = None
    postal_address_1: str | None = None
    postal_address2: str | None = None
    postal_address_2: str | None = None
    postal_city: str | None = None
    postal_postcode: str | None = None
    postal_state: str | None = None
    postal_country_id: str | None = None
    created_at: TimeText | None = None
    updated_at: TimeText | None = None
    deleted_at: TimeText | None = None


class Attribute(VendorModel):
    name: str | None = None
    value: PlainValue = None


class Line(VendorModel):
    """``price``, ``tax`` and ``discount`` are of one; ``price`` is after the discount."""

    id: str
    product_id: str | None = None
    sku: str | None = None
    name: str | None = None
    quantity: Decimal
    price: Decimal | None = None
    price_total: Decimal | None = None
    tax: Decimal | None = None
    tax_total: Decimal | None = None
    tax_name: str | None = None
    tax_rate: Decimal | None = None
    discount: Decimal | None = None
    is_return: bool | None = None
    return_reason: str | None = None
    note: str | None = None
    attributes: tuple[Attribute, ...] = ()


class PaymentType(VendorModel):
    name: str | None = None


class Payment(VendorModel):
    id: str
    amount: Decimal
    payment_date: TimeText | None = None
    name: str | None = None
    currency: Currency | None = None
    retailer_payment_type: PaymentType = PaymentType()


class Tax(VendorModel):
    """``tax`` in a webhook, ``amount`` in the list."""

    name: str | None = None
    rate: Decimal | None = None
    tax: Decimal | None = None
    amount: Decimal | None = None


class Totals(VendorModel):
    total_price: Decimal | None = None
    total_tax: Decimal | None = None
    total_loyalty: Decimal | None = None
    total_to_pay: Decimal | None = None


class Sale(VendorModel):
    """Prices are without tax."""

    id: str
    status: str | None = None
    customer_id: str | None = None
    customer: Customer | None = None
    invoice_number: str | None = None
    receipt_number: str | None = None
    return_for: str | None = None
    outlet_id: str | None = None
    register_id: str | None = None
    source: str | None = None
    source_id: str | None = None
    note: str | None = None
    short_code: str | None = None
    sale_date: TimeText
    updated_at: TimeText | None = None
    deleted_at: TimeText | None = None
    total_price: Decimal | None = None
    total_tax: Decimal | None = None
    total_loyalty: Decimal | None = None
    totals: Totals = Totals()
    register_sale_products: tuple[Line, ...] = ()
    line_items: tuple[Line, ...] = ()
    register_sale_payments: tuple[Payment, ...] = ()
    payments: tuple[Payment, ...] = ()
    taxes: tuple[Tax, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.register_sale_products or self.line_items

    @property
    def paid(self) -> tuple[Payment, ...]:
        return self.register_sale_payments or self.payments

    def sum_of(self, name: str) -> Decimal:
        """A total, from either place."""
        told: Any = getattr(self.totals, name)
        return Decimal((getattr(self, name) if told is None else told) or 0)


class Head(VendorModel):
    """What names an object; only a sale has a date of sale."""

    id: str
    version: str | None = None
    updated_at: str | None = None
    sale_date: str | None = None
    customer_code: str | None = None
    handle: str | None = None


class Envelope(VendorModel):
    """The form of a webhook; ``type`` may be absent."""

    payload: str
    type: str | None = None


class Named(VendorModel):
    name: str | None = None


class ProductCode(VendorModel):
    code: str | None = None


class Product(VendorModel):
    """A row of the list: a product, or one variant of it, each with an id of its own, which sales name."""

    id: str
    handle: str | None = None
    sku: str | None = None
    name: str | None = None
    variant_name: str | None = None
    active: bool = True
    image_url: str | None = None
    product_codes: tuple[ProductCode, ...] = ()
    brand: Named | None = None
    type: Named | None = None
    product_category: Named | None = None
    price_excluding_tax: Decimal | None = None
    price_including_tax: Decimal | None = None
    created_at: TimeText | None = None
    updated_at: TimeText | None = None
    deleted_at: TimeText | None = None

"""OTTO's orders: only what is read.

Source: https://api.otto.market/docs/functional-interfaces/orders (PartnerOrder of Orders v4)
"""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency


class Amount(VendorModel):
    """Money in major units, with tax."""

    value: Decimal = Field(alias="amount")
    currency: Currency


class Address(VendorModel):
    """Who pays, or gets the parcel. The e-mail of whoever pays is a pseudonym."""

    first_name: str | None = Field(None, alias="firstName")
    last_name: str | None = Field(None, alias="lastName")
    street: str | None = None
    house_number: str | None = Field(None, alias="houseNumber")
    line2: str | None = Field(None, alias="addition")
    postal_code: str | None = Field(None, alias="zipCode")
    city: str | None = None
    country: str | None = Field(None, alias="countryCode")
    email: str | None = None
    phone: str | None = Field(None, alias="phoneNumber")
    region: str | None = None

    @property
    def line1(self) -> str | None:
        """Street and number."""
        return " ".join(filter(None, (self.street, self.house_number))) or None


class Dimension(VendorModel):
    """Size or colour."""

    name: str | None = Field(None, alias="displayName")
    value: str | None = None


class Product(VendorModel):
    """What was bought."""

    article: str | None = Field(None, alias="articleNumber")
    sku: str | None = None
    title: str | None = Field(None, alias="productTitle")
    dimensions: tuple[Dimension, ...] = ()


class Tracking(VendorModel):
    """A parcel."""

    number: str | None = Field(None, alias="trackingNumber")


class Item(VendorModel):
    """One piece. ``reduced`` is its price after discounts, where it has any."""

    id: str = Field(alias="positionItemId")
    status: str = Field(alias="fulfillmentStatus")
    gross: Amount = Field(alias="itemValueGrossPrice")
    reduced: Amount | None = Field(None, alias="itemValueReducedGrossPrice")
    product: Product = Product()
    sent: TimeText | None = Field(None, alias="sentDate")
    returned: TimeText | None = Field(None, alias="returnedDate")
    tracking: Tracking = Field(Tracking(), alias="trackingInfo")

    @property
    def price(self) -> Amount:
        """What it cost."""
        return self.reduced or self.gross


class Fee(VendorModel):
    """For delivery."""

    amount: Amount = Field(alias="deliveryFeeAmount")


class Discount(VendorModel):
    """Taken off at the checkout."""

    name: str | None = Field(None, alias="discountName")
    amount: Amount = Field(alias="discountAmount")


class Payment(VendorModel):
    """How the buyer pays OTTO."""

    method: str | None = Field(None, alias="paymentMethod")


class Order(VendorModel):
    """An order; it tells no total."""

    id: str = Field(alias="salesOrderId")
    number: str | None = Field(None, alias="orderNumber")
    placed: TimeText = Field(alias="orderDate")
    changed: TimeText | None = Field(None, alias="lastModifiedDate")
    items: tuple[Item, ...] = Field((), alias="positionItems")
    fees: tuple[Fee, ...] = Field((), alias="initialDeliveryFees")
    discounts: tuple[Discount, ...] = Field((), alias="initialDiscounts")
    delivery: Address | None = Field(None, alias="deliveryAddress")
    invoice: Address | None = Field(None, alias="invoiceAddress")
    payment: Payment = Payment()
    fraud: bool | None = Field(None, alias="suspectedFraudCase")

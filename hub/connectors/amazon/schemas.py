"""Amazon's orders: only what is read.

Source: https://github.com/amzn/selling-partner-api-models/blob/main/models/orders-api-model/orders_2026-01-01.json
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel
from hub.model.money import Currency

# https://developer-docs.amazon.com/sp-api/docs/marketplace-ids
COUNTRIES: Mapping[str, str] = dict(
    pair.split(":")
    for pair in (  # noqa: SIM905 - a table
        "A2EUQ1WTGCTBG2:CA ATVPDKIKX0DER:US A1AM78C64UM0Y8:MX A2Q3Y263D00KWC:BR A28R8C7NBKEWEA:IE A1RKKUPIHCS9HS:ES "
        "A1F83G8C2ARO7P:GB A13V1IB3VIYZZH:FR AMEN7PMS3EDWL:BE A1805IZSGTT6HS:NL A1PA6795UKMFR9:DE APJ6JRA9NG5V4:IT "
        "A2NODRKZP88ZB9:SE AE08WJ6YKNBMC:ZA A1C3SOZRARQ6R3:PL ARBP9OOSHTCHU:EG A33AVAJ2PDY3EV:TR A17E79C6D8DWNP:SA "
        "A2VIGQ35RCS4UG:AE A21TJRUUN4KGV:IN A19VAU5U5O7RUS:SG A39IBJ37TRP1C6:AU A1VC38T7YXB528:JP"
    ).split()
)
"""The country of each marketplace, by its id."""


class Amount(VendorModel):
    """Money in major units."""

    value: Decimal = Field(alias="amount")
    currency: Currency = Field(alias="currencyCode")


class Alias(VendorModel):
    """Another name of the order, such as the seller's own number."""

    id: str | None = Field(None, alias="aliasId")


class Channel(VendorModel):
    """Where it was bought; NON_AMAZON: the seller's own shop, and Amazon only sends it."""

    name: str | None = Field(None, alias="channelName")
    marketplace: str | None = Field(None, alias="marketplaceName")
    marketplace_id: str | None = Field(None, alias="marketplaceId")


class Buyer(VendorModel):
    """Who bought. ``email`` is a relay."""

    name: str | None = Field(None, alias="buyerName")
    email: str | None = Field(None, alias="buyerEmail")
    company: str | None = Field(None, alias="buyerCompanyName")
    purchase_order: str | None = Field(None, alias="buyerPurchaseOrderNumber")


class Address(VendorModel):
    """Where a parcel goes, and to whom."""

    name: str | None = None
    company: str | None = Field(None, alias="companyName")
    line1: str | None = Field(None, alias="addressLine1")
    second: str | None = Field(None, alias="addressLine2")
    third: str | None = Field(None, alias="addressLine3")
    city: str | None = None
    region: str | None = Field(None, alias="stateOrRegion")
    postal_code: str | None = Field(None, alias="postalCode")
    country: str | None = Field(None, alias="countryCode")
    phone: str | None = None
    kind: str | None = Field(None, alias="addressType")

    @property
    def line2(self) -> str | None:
        """What stands below the street."""
        return ", ".join(filter(None, (self.second, self.third))) or None


class Recipient(VendorModel):
    """Who gets it."""

    address: Address = Field(Address(), alias="deliveryAddress")


class Detail(VendorModel):
    """A part of a tax or discount, by what it is on."""

    kind: str | None = Field(None, alias="subtype")
    amount: Amount | None = Field(None, alias="value")


class Part(VendorModel):
    """A part of what the seller receives: ITEM, SHIPPING, GIFT_WRAP, COD_FEE, TAX, DISCOUNT, DELIVERY_TIP, OTHER."""

    kind: str = Field(alias="type")
    amount: Amount = Field(alias="subtotal")
    details: tuple[Detail, ...] = Field((), alias="detailedBreakdowns")


class Proceeds(VendorModel):
    """What the seller receives for the order."""

    total: Amount | None = Field(None, alias="grandTotal")
    parts: tuple[Part, ...] = Field((), alias="breakdowns")


class Price(VendorModel):
    """Of one piece."""

    unit: Amount | None = Field(None, alias="unitPrice")


class Product(VendorModel):
    """What was bought."""

    asin: str | None = None
    sku: str | None = Field(None, alias="sellerSku")
    title: str | None = None
    price: Price = Price()


class Item(VendorModel):
    """A line."""

    id: str = Field(alias="orderItemId")
    quantity: Decimal = Field(Decimal(1), alias="quantityOrdered")
    product: Product = Product()
    proceeds: Proceeds = Proceeds()


class Fulfilment(VendorModel):
    """How far it is."""

    status: str | None = Field(None, alias="fulfillmentStatus")


class PackageStatus(VendorModel):
    """Where a package is."""

    status: str | None = None


class Package(VendorModel):
    """A package."""

    id: str = Field(alias="packageReferenceId")
    status: PackageStatus = Field(PackageStatus(), alias="packageStatus")
    tracking: str | None = Field(None, alias="trackingNumber")
    sent: TimeText | None = Field(None, alias="shipTime")


class Order(VendorModel):
    """An order."""

    id: str = Field(alias="orderId")
    aliases: tuple[Alias, ...] = Field((), alias="orderAliases")
    created: TimeText = Field(alias="createdTime")
    changed: TimeText = Field(alias="lastUpdatedTime")
    programs: tuple[str, ...] = ()
    channel: Channel = Field(Channel(), alias="salesChannel")
    buyer: Buyer = Buyer()
    recipient: Recipient = Recipient()
    proceeds: Proceeds = Proceeds()
    fulfilment: Fulfilment = Field(Fulfilment(), alias="fulfillment")
    items: tuple[Item, ...] = Field((), alias="orderItems")
    packages: tuple[Package, ...] = ()

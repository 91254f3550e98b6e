"""What is asked of Shopware's Admin API for its entities.

Source: https://developer.shopware.com/docs/guides/development/integrations-api/search-criteria.html (associations,
includes); the names are those of adminapi.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.connectors.shopware.schemas import Customers, Orders, Recipients
from hub.connectors.shopware.schemas_products import Products, Reviews


def _with(**parts: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"associations": dict(parts)}


_PLACE = _with(country={}, countryState={})
_STATE: Mapping[str, Any] = {"stateMachineState": {}}
_PERSON = ("email", "firstName", "lastName", "title", "company", "vatIds", "customerNumber", "salutation")
_TIMES = ("createdAt", "updatedAt")
_ADDRESS = (
    *("id", "firstName", "lastName", "company", "department", "street", "additionalAddressLine1"),
    *("additionalAddressLine2", "zipcode", "city", "phoneNumber", "country", "countryState"),
)
_SHARED = {
    "country": ("iso", "name"),
    "country_state": ("name",),
    "salutation": ("salutationKey", "displayName"),
    "language": ("locale",),
    "locale": ("code",),
    "tag": ("name",),
    "calculated_price": ("unitPrice", "totalPrice", "calculatedTaxes"),
    "cart_price": ("totalPrice", "rawTotal", "calculatedTaxes"),
    "cart_tax_calculated": ("tax", "taxRate"),
}


@dataclass(frozen=True, slots=True)
class Listed:
    """How one entity is asked for. ``changes`` are the times that move when something of it does.

    An order's own ``updatedAt`` stays when its payment or delivery changes its state. ``key`` counts the rows up, where
    the entity has such a number; ``includes`` leaves out what nobody reads (a product's whole payload stays).
    """

    schema: type[Orders | Customers | Recipients | Products | Reviews]
    topic: str
    path: str
    changes: tuple[str, ...]
    associations: Mapping[str, Any]
    includes: Mapping[str, tuple[str, ...]]
    key: str | None = "autoIncrement"


LISTS: Mapping[str, Listed] = {
    "customer": Listed(
        schema=Customers,
        topic="customer.written",
        path="/api/search/customer",
        changes=(*_TIMES, "addresses.createdAt", "addresses.updatedAt"),
        associations={
            "salutation": {},
            "group": {},
            "tags": {},
            "language": _with(locale={}),
            "defaultBillingAddress": _PLACE,
            "defaultShippingAddress": _PLACE,
            "addresses": _PLACE,
        },
        includes={
            **_SHARED,
            "customer": (
                *("id", "autoIncrement", "guest", "birthday", "language", "group", "defaultBillingAddress"),
                *("defaultShippingAddress", "addresses", "affiliateCode", "campaignCode", "tags", "customFields"),
                *_PERSON,
                *_TIMES,
            ),
            "customer_address": (*_ADDRESS, *_TIMES),
            "customer_group": ("name",),
        },
    ),
    "order": Listed(
        schema=Orders,
        topic="order.written",
        path="/api/search/order",
        changes=(
            *_TIMES,
            *("transactions.createdAt", "transactions.updatedAt", "deliveries.updatedAt"),
            *("transactions.captures.refunds.createdAt", "transactions.captures.refunds.updatedAt"),
        ),
        associations={
            "currency": {},
            "tags": {},
            "salesChannel": {},
            "language": _with(locale={}),
            "orderCustomer": _with(customer={}, salutation={}),
            "billingAddress": _PLACE,
            "lineItems": {},
            "deliveries": _with(shippingMethod={}, shippingOrderAddress=_PLACE, **_STATE),
            "transactions": _with(paymentMethod={}, captures=_with(refunds=_with(**_STATE)), **_STATE),
            **_STATE,
        },
        includes={
            **_SHARED,
            "order": (
                *("id", "autoIncrement", "orderNumber", "orderDateTime", "amountTotal", "positionPrice", "price"),
                *("shippingTotal", "taxStatus", "currency", "stateMachineState", "orderCustomer", "billingAddress"),
                *("lineItems", "deliveries", "transactions", "language", "salesChannel", "customerComment", "tags"),
                *("affiliateCode", "campaignCode", "customFields"),
                *_TIMES,
            ),
            "order_customer": (*_PERSON, "customerId", "customer", "customFields"),
            "customer": ("guest",),
            "order_address": (*_ADDRESS, "vatId"),
            "order_line_item": (
                *("id", "parentId", "productId", "label", "type", "quantity", "unitPrice", "totalPrice", "price"),
                *("payload", "states", "customFields"),
                *_TIMES,
            ),
            "order_delivery": (
                *("id", "trackingCodes", "shippingCosts", "shippingMethod", "shippingOrderAddress"),
                *("stateMachineState", *_TIMES),
            ),
            "order_transaction": ("id", "amount", "paymentMethod", "stateMachineState", "captures", *_TIMES),
            "order_transaction_capture": ("refunds",),
            "order_transaction_capture_refund": ("id", "reason", "amount", "stateMachineState", *_TIMES),
            "state_machine_state": ("technicalName",),
            "currency": ("isoCode",),
            "sales_channel": ("name",),
            "shipping_method": ("name",),
            "payment_method": ("name",),
        },
    ),
    "newsletter_recipient": Listed(
        schema=Recipients,
        topic="newsletter.confirm",
        path="/api/search/newsletter-recipient",
        changes=_TIMES,
        associations={"salutation": {}, "tags": {}, "language": _with(locale={})},
        includes={
            **_SHARED,
            "newsletter_recipient": (
                *("id", "email", "firstName", "lastName", "title", "street", "zipCode", "city", "status"),
                *("confirmedAt", "language", "salutation", "tags", "customFields"),
                *_TIMES,
            ),
        },
        key=None,
    ),
    "product": Listed(
        schema=Products,
        topic="product.listed",
        path="/api/search/product",
        changes=(*_TIMES, "parent.updatedAt"),
        associations={
            "parent": {},
            "manufacturer": {},
            "cover": _with(media={}),
            "categories": {},
            "tags": {},
            "options": {},
        },
        includes={
            "product": (
                *("id", "autoIncrement", "productNumber", "name", "active", "price"),
                *("parent", "manufacturer", "cover", "categories", "tags", "options", *_TIMES),
            ),
            "product_manufacturer": ("name",),
            "product_media": ("media",),
            "media": ("url",),
            "category": ("name",),
            "tag": ("name",),
            "property_group_option": ("name",),
        },
    ),
    "product_review": Listed(
        schema=Reviews,
        topic="product_review.listed",
        path="/api/search/product-review",
        changes=_TIMES,
        associations={},
        includes={
            "product_review": (
                *("id", "productId", "customerId", "externalUser", "externalEmail", "title", "content", "points"),
                *("status", *_TIMES),
            ),
        },
        key=None,
    ),
}

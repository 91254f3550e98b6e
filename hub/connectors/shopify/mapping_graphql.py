"""What the GraphQL Admin API gives, in the shape of a webhook: one mapping reads both, and they come out equal.

A webhook's customer within an order has neither tags nor consents (API version 2025-01), so an order has none here; the
customers that are listed have both. Sources: those of ``schemas_queries`` and ``schemas``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit

Tree = Mapping[str, Any]

# https://shopify.dev/docs/api/admin-graphql/latest/enums/OrderDisplayFulfillmentStatus beside the REST Order resource
_FULFILMENT = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial", "RESTOCKED": "restocked"}

# https://shopify.dev/docs/api/admin-graphql/latest/enums/FulfillmentDisplayStatus: the rest speaks of the status alone
_SHIPMENT = frozenset(
    {
        "ATTEMPTED_DELIVERY", "CONFIRMED", "DELAYED", "DELIVERED", "FAILURE", "IN_TRANSIT", "LABEL_PRINTED",
        "LABEL_PURCHASED", "OUT_FOR_DELIVERY", "PICKED_UP", "READY_FOR_PICKUP",
    }
)  # fmt: skip


def customer(given: Tree) -> dict[str, Any]:
    """A customer with consents, tags and all addresses."""
    mail, number = given.get("defaultEmailAddress") or {}, given.get("defaultPhoneNumber") or {}
    return {
        **_person(given),
        "tags": ", ".join(given.get("tags") or ()),
        "email_marketing_consent": _consent(mail),
        "sms_marketing_consent": _consent(number),
        "addresses": [_address(one) for one in _nodes(given, "addressesV2")],
    }


def order(given: Tree) -> dict[str, Any]:
    """An order with its payments, which no webhook of an order has."""
    lines, shipping = [_line(one) for one in _nodes(given, "lineItems")], list(_shipping(given))
    applied = sorted(_nodes(given, "discountApplications"), key=lambda one: one.get("index") or 0)
    rounding = (given.get("totalCashRoundingAdjustment") or {}).get("paymentSet")
    return {
        **_purchase(given),
        "id": _id(given),
        "name": given.get("name"),
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "tags": ", ".join(given.get("tags") or ()),
        "test": given.get("test") or False,
        "po_number": given.get("poNumber"),
        "source_name": given.get("sourceName"),
        "location_id": _id(given.get("retailLocation")),
        "customer_locale": given.get("customerLocale"),
        "landing_site": _landing(given.get("customerJourneySummary")),
        "buyer_accepts_marketing": given.get("customerAcceptsMarketing") or False,
        "processed_at": given.get("processedAt"),
        "cancelled_at": given.get("cancelledAt"),
        "currency": given.get("currencyCode"),
        "presentment_currency": given.get("presentmentCurrencyCode"),
        "taxes_included": given.get("taxesIncluded") or False,
        "duties_included": given.get("dutiesIncluded") or False,
        "financial_status": _lower(given.get("displayFinancialStatus")),
        "fulfillment_status": _FULFILMENT.get(str(given.get("displayFulfillmentStatus"))),
        "subtotal_price": _shop(given, "subtotalPriceSet"),
        "total_discounts": _shop(given, "totalDiscountsSet"),
        "total_tax": _shop(given, "totalTaxSet"),
        "current_total_price": _shop(given, "currentTotalPriceSet"),
        "total_outstanding": _shop(given, "totalOutstandingSet"),
        "total_tip_received": _shop(given, "totalTipReceivedSet"),
        "total_price_set": _bag(given.get("totalPriceSet")),
        "original_total_duties_set": _bag(given.get("originalTotalDutiesSet")),
        "current_total_duties_set": _bag(given.get("currentTotalDutiesSet")),
        "original_total_additional_fees_set": _bag(given.get("originalTotalAdditionalFeesSet")),
        "total_cash_rounding_payment_adjustment_set": _bag(rounding),
        "line_items": lines,
        "shipping_lines": shipping,
        "tax_lines": [_tax(one) for one in given.get("taxLines") or ()],
        "discount_applications": [{"code": one.get("code"), "title": one.get("title")} for one in applied],
        "discount_codes": list(_codes(applied, [*lines, *shipping])),
        "fulfillments": [_fulfilment(one) for one in given.get("fulfillments") or ()],
        "refunds": [_refund(one) for one in given.get("refunds") or ()],
        "transactions": [_transaction(one) for one in given.get("transactions") or ()],
    }


def checkout(given: Tree) -> dict[str, Any]:
    """An abandoned checkout. Its token is the part before ``recover`` in its address, where there is one."""
    parts = urlsplit(str(given.get("abandonedCheckoutUrl") or "")).path.split("/")
    token = parts[parts.index("recover") - 1] if "recover" in parts[1:] else None
    total = given.get("totalPriceSet") or {}
    return {
        **_purchase(given),
        "token": token or _id(given),
        "abandoned_checkout_url": given.get("abandonedCheckoutUrl"),
        "completed_at": given.get("completedAt"),
        "note": given.get("note") or None,
        "currency": (total.get("shopMoney") or {}).get("currencyCode"),
        "presentment_currency": (total.get("presentmentMoney") or {}).get("currencyCode"),
        "line_items": [_line(one) for one in _nodes(given, "lineItems")],
    }


WEBHOOK: Mapping[str, Callable[[Tree], dict[str, Any]]] = {
    "customers/update": customer,
    "orders/updated": order,
    "checkouts/update": checkout,
}
"""By topic, how an object is brought into the shape of that topic's webhook."""


def _purchase(given: Tree) -> dict[str, Any]:
    who = given.get("customer")
    return {
        "created_at": given.get("createdAt"),
        "updated_at": given.get("updatedAt"),
        "customer": _person(who) if who else None,
        "billing_address": _address(given.get("billingAddress")),
        "shipping_address": _address(given.get("shippingAddress")),
        "total_price": _shop(given, "totalPriceSet"),
        "note_attributes": _attributes(given),
    }


def _landing(journey: Tree | None) -> str | None:
    """The page that the visit which ended in the order began with, with its UTM parameters in its address.

    None while Shopify is still working the visits out, and where there was none, as at a till.
    """
    told = journey or {}
    visit = told.get("lastVisit") or told.get("firstVisit") or {}
    page, named = str(visit.get("landingPage") or ""), visit.get("utmParameters") or {}
    there = page.partition("#")[0]
    more = {f"utm_{name}": named.get(name) for name in ("source", "medium", "campaign")}
    query = urlencode({name: value for name, value in more.items() if value and f"{name}=" not in there})
    return f"{there or '/'}{'&' if '?' in there else '?'}{query}" if query else there or None


def _person(given: Tree) -> dict[str, Any]:
    home = _address(given.get("defaultAddress"))
    return {
        "id": _id(given),
        "created_at": given.get("createdAt"),
        "updated_at": given.get("updatedAt"),
        "first_name": given.get("firstName"),
        "last_name": given.get("lastName"),
        "email": (given.get("defaultEmailAddress") or {}).get("emailAddress"),
        "phone": (given.get("defaultPhoneNumber") or {}).get("phoneNumber"),
        "note": given.get("note"),
        "default_address": {**home, "default": True} if home else None,
    }


def _consent(given: Tree) -> dict[str, Any] | None:
    if not given.get("marketingState"):
        return None
    return {
        "state": _lower(given.get("marketingState")),
        "opt_in_level": _lower(given.get("marketingOptInLevel")),
        "consent_updated_at": given.get("marketingUpdatedAt"),
    }


def _address(given: Tree | None) -> dict[str, Any] | None:
    if not given:
        return None
    same = ("company", "address1", "address2", "city", "province", "country", "zip", "phone")
    return {
        **{name: given.get(name) for name in same},
        "first_name": given.get("firstName"),
        "last_name": given.get("lastName"),
        "country_code": given.get("countryCodeV2"),
    }


def _line(given: Tree) -> dict[str, Any]:
    return {
        "id": _id(given),
        "product_id": _id(given.get("product")),
        "variant_id": _id(given.get("variant")),
        "sku": given.get("sku"),
        "name": given.get("name"),
        "title": given.get("title"),
        "quantity": given.get("quantity"),
        "price": _shop(given, "originalUnitPriceSet"),
        "requires_shipping": given.get("requiresShipping") is not False,
        "gift_card": given.get("isGiftCard") or False,
        "properties": _attributes(given),
        "discount_allocations": [_allocation(one) for one in given.get("discountAllocations") or ()],
        "tax_lines": [_tax(one) for one in given.get("taxLines") or ()],
        "duties": [_bag(one.get("price")) for one in given.get("duties") or ()],
    }


def _shipping(given: Tree) -> Iterable[dict[str, Any]]:
    for one in _nodes(given, "shippingLines"):
        yield {
            "title": one.get("title"),
            "price": _shop(one, "originalPriceSet"),
            "discounted_price": _shop(one, "discountedPriceSet"),
            "is_removed": one.get("isRemoved") or False,
            "discount_allocations": [_allocation(each) for each in one.get("discountAllocations") or ()],
        }


def _codes(applied: Iterable[Tree], lines: Iterable[Tree]) -> Iterable[dict[str, Any]]:
    """A code's amount is not told; it is the sum of what it took off."""
    allocations = [one for line in lines for one in line["discount_allocations"]]
    for one in applied:
        if one.get("code"):
            own = [each for each in allocations if each["discount_application_index"] == one.get("index")]
            amount = sum((Decimal(str(each["amount"] or 0)) for each in own), Decimal(0))
            yield {"code": one["code"], "amount": str(amount)}


def _fulfilment(given: Tree) -> dict[str, Any]:
    shipment = given.get("displayStatus")
    tracked = given.get("trackingInfo") or [{}]
    return {
        "id": _id(given),
        "created_at": given.get("createdAt"),
        "updated_at": given.get("updatedAt"),
        "status": _lower(given.get("status")),
        "shipment_status": _lower(shipment) if shipment in _SHIPMENT else None,
        "location_id": _id(given.get("location")),
        "tracking_number": tracked[0].get("number"),
        "line_items": [{"quantity": 1, "requires_shipping": given.get("requiresShipping") is not False}],
    }


def _refund(given: Tree) -> dict[str, Any]:
    duties = [_bag(one.get("amountSet")) for one in given.get("duties") or ()]
    return {
        "id": _id(given),
        "created_at": given.get("createdAt"),
        "processed_at": given.get("processedAt"),
        "note": given.get("note"),
        "total_duties_set": duties[0] if len(duties) == 1 else None,
        "transactions": [_transaction(one) for one in _nodes(given, "transactions")],
        "refund_shipping_lines": [
            {"subtotal_amount_set": _bag(one.get("subtotalAmountSet"))} for one in _nodes(given, "refundShippingLines")
        ],
        "refund_line_items": [
            {
                "subtotal": _shop(one, "subtotalSet"),
                "total_tax": _shop(one, "totalTaxSet"),
                "subtotal_set": _bag(one.get("subtotalSet")),
            }
            for one in _nodes(given, "refundLineItems")
        ],
    }


def _transaction(given: Tree) -> dict[str, Any]:
    """Its plain amount is in the customer's money, as in a webhook."""
    paid = (given.get("amountSet") or {}).get("presentmentMoney") or {}
    return {
        "id": _id(given),
        "kind": _lower(given.get("kind")),
        "status": _lower(given.get("status")),
        "gateway": given.get("gateway"),
        "processed_at": given.get("processedAt") or given.get("createdAt"),
        "amount": paid.get("amount"),
        "currency": paid.get("currencyCode"),
        "amount_set": _bag(given.get("amountSet")),
    }


def _allocation(given: Tree) -> dict[str, Any]:
    applied = given.get("discountApplication") or {}
    return {"amount": _shop(given, "allocatedAmountSet"), "discount_application_index": applied.get("index")}


def _tax(given: Tree) -> dict[str, Any]:
    return {"title": given.get("title"), "rate": given.get("rate"), "price": _shop(given, "priceSet")}


def _attributes(given: Tree) -> list[dict[str, Any]]:
    return [{"name": one.get("key"), "value": one.get("value")} for one in given.get("customAttributes") or ()]


def _bag(given: Tree | None) -> dict[str, Any] | None:
    if not given:
        return None
    pairs = (("shop_money", given.get("shopMoney")), ("presentment_money", given.get("presentmentMoney")))
    return {name: {"amount": m.get("amount"), "currency_code": m.get("currencyCode")} for name, m in pairs if m}


def _shop(given: Tree, name: str) -> Any:
    return ((given.get(name) or {}).get("shopMoney") or {}).get("amount")


def _nodes(given: Tree, name: str) -> list[Tree]:
    return list((given.get(name) or {}).get("nodes") or ())


def _id(given: Tree | None) -> str | None:
    """The number of ``gid://shopify/Order/1``, without what may follow a ``?``."""
    text = str((given or {}).get("id") or "")
    return text.partition("?")[0].rpartition("/")[2] or None


def _lower(value: Any) -> str | None:
    return str(value).lower() if value else None

"""A Shopify that has the objects of webhooks, and tells them as its GraphQL Admin API does.

Written from https://shopify.dev/docs/api/admin-graphql/latest/objects/Order and the REST Order resource side by side,
independently of how Hub reads either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Tree = Mapping[str, Any]
_FULFILMENT = {"fulfilled": "FULFILLED", "partial": "PARTIALLY_FULFILLED", None: "UNFULFILLED"}


def gid(kind: str, number: Any) -> str | None:
    return None if number is None else f"gid://shopify/{kind}/{number}"


def _node(kind: str, number: Any) -> dict[str, Any] | None:
    return None if number is None else {"id": gid(kind, number)}


def _money(amount: Any, currency: str | None) -> dict[str, Any]:
    return {"amount": str(amount), "currencyCode": currency}


def _bag(amount: Any, shop: str, customers: str | None = None) -> dict[str, Any] | None:
    if amount is None:
        return None
    return {"shopMoney": _money(amount, shop), "presentmentMoney": _money(amount, customers or shop)}


def _set(given: Tree | None) -> dict[str, Any] | None:
    if not given:
        return None
    shop, customers = given["shop_money"], given["presentment_money"]
    return {
        "shopMoney": _money(shop["amount"], shop["currency_code"]),
        "presentmentMoney": _money(customers["amount"], customers["currency_code"]),
    }


def _address(a: Tree | None) -> dict[str, Any] | None:
    if not a:
        return None
    same = ("company", "address1", "address2", "city", "province", "country", "zip", "phone")
    names = {"firstName": a.get("first_name"), "lastName": a.get("last_name"), "countryCodeV2": a.get("country_code")}
    return {**{name: a.get(name) for name in same}, **names}


def _person(c: Tree | None) -> dict[str, Any] | None:
    if not c or not c.get("id"):
        return None
    mail, number = c.get("email"), c.get("phone")
    return {
        "id": gid("Customer", c["id"]), "createdAt": c.get("created_at"), "updatedAt": c.get("updated_at"),
        "firstName": c.get("first_name"), "lastName": c.get("last_name"), "note": c.get("note"),
        "defaultEmailAddress": {"emailAddress": mail, **_consent(c.get("email_marketing_consent"))} if mail else None,
        "defaultPhoneNumber": {"phoneNumber": number, **_consent(c.get("sms_marketing_consent"))} if number else None,
        "defaultAddress": _address(c.get("default_address")),
    }  # fmt: skip


def _consent(given: Tree | None) -> dict[str, Any]:
    state, level = (given or {}).get("state") or "not_subscribed", (given or {}).get("opt_in_level")
    at = (given or {}).get("consent_updated_at")
    return {
        "marketingState": state.upper(),
        "marketingOptInLevel": level.upper() if level else None,
        "marketingUpdatedAt": at,
    }


def _attributes(given: Iterable[Tree] | None) -> list[dict[str, Any]]:
    return [{"key": one["name"], "value": one["value"]} for one in given or ()]


def _taxes(given: Iterable[Tree] | None) -> list[dict[str, Any]]:
    found = list(given or ())
    return [{"title": t["title"], "rate": t["rate"], "priceSet": {"shopMoney": {"amount": t["price"]}}} for t in found]


def _allocations(given: Iterable[Tree] | None) -> list[dict[str, Any]]:
    return [
        {
            "allocatedAmountSet": {"shopMoney": {"amount": str(a["amount"])}},
            "discountApplication": {"index": a["discount_application_index"]},
        }
        for a in given or ()
    ]


def _line(i: Tree) -> dict[str, Any]:
    price = i.get("price") or i.get("line_price")
    return {
        "id": gid("LineItem", i.get("id") or i.get("key")), "name": i.get("name"), "title": i.get("title"),
        "sku": i.get("sku"), "quantity": i["quantity"], "requiresShipping": i.get("requires_shipping", True),
        "isGiftCard": i.get("gift_card", False), "product": _node("Product", i.get("product_id")),
        "variant": _node("ProductVariant", i.get("variant_id")),
        "originalUnitPriceSet": {"shopMoney": {"amount": price}}, "customAttributes": _attributes(i.get("properties")),
        "discountAllocations": _allocations(i.get("discount_allocations")), "taxLines": _taxes(i.get("tax_lines")),
        "duties": [{"price": _set(one)} for one in i.get("duties") or ()],
    }  # fmt: skip


def order(o: Tree) -> dict[str, Any]:
    """An order of a webhook, as GraphQL tells it, with one payment where it is paid."""
    shop, customers = o["currency"], o.get("presentment_currency") or o["currency"]
    total = _bag(o["total_price"], shop, customers)
    told = _set(o.get("total_price_set"))
    if told and total and customers != shop:
        total = {**total, "presentmentMoney": told["presentmentMoney"]}
    paid = o.get("financial_status") in ("paid", "refunded", "partially_refunded")
    rounding = {"paymentSet": _set(o.get("total_cash_rounding_payment_adjustment_set"))}
    return {
        "id": gid("Order", o["id"]), "name": o.get("name"), "email": o.get("email") or o.get("contact_email"),
        "phone": o.get("phone"), "note": o.get("note"), "tags": [t.strip() for t in (o.get("tags") or "").split(",")],
        "test": o.get("test", False), "poNumber": o.get("po_number"), "sourceName": o.get("source_name"),
        "customerLocale": o.get("customer_locale"), "customerAcceptsMarketing": o.get("buyer_accepts_marketing", False),
        "createdAt": o["created_at"], "updatedAt": o.get("updated_at"), "processedAt": o.get("processed_at"),
        "cancelledAt": o.get("cancelled_at"), "currencyCode": shop, "presentmentCurrencyCode": customers,
        "taxesIncluded": o.get("taxes_included", False), "dutiesIncluded": o.get("duties_included", False),
        "displayFinancialStatus": (o.get("financial_status") or "").upper() or None,
        "displayFulfillmentStatus": _FULFILMENT[o.get("fulfillment_status")],
        "retailLocation": _node("Location", o.get("location_id")),
        "customerJourneySummary": {"lastVisit": {"landingPage": o.get("landing_site"), "utmParameters": None}},
        "customAttributes": _attributes(o.get("note_attributes")), "totalPriceSet": total,
        "subtotalPriceSet": _bag(o.get("subtotal_price"), shop), "totalTaxSet": _bag(o.get("total_tax"), shop),
        "totalDiscountsSet": _bag(o.get("total_discounts"), shop),
        "totalOutstandingSet": _bag(o.get("total_outstanding"), shop),
        "totalTipReceivedSet": _bag(o.get("total_tip_received"), shop),
        "currentTotalPriceSet": _bag(o.get("current_total_price"), shop),
        "originalTotalDutiesSet": _set(o.get("original_total_duties_set")),
        "currentTotalDutiesSet": _set(o.get("current_total_duties_set")),
        "originalTotalAdditionalFeesSet": _set(o.get("original_total_additional_fees_set")),
        "totalCashRoundingAdjustment": rounding, "customer": _person(o.get("customer")),
        "billingAddress": _address(o.get("billing_address")), "shippingAddress": _address(o.get("shipping_address")),
        "taxLines": _taxes(o.get("tax_lines")),
        "discountApplications": {"nodes": [
            {"index": n, **({"code": a["code"]} if a.get("code") else {"title": a.get("title")})}
            for n, a in enumerate(o.get("discount_applications") or ())
        ]},
        "shippingLines": {"nodes": [_shipping(s) for s in o.get("shipping_lines") or ()]},
        "transactions": [{
            "id": gid("OrderTransaction", f"9{str(o['id'])[-9:]}"), "kind": "SALE", "status": "SUCCESS",
            "gateway": "shopify_payments", "createdAt": o["created_at"], "processedAt": o.get("processed_at"),
            "amountSet": total,
        }] if paid else [],
        "fulfillments": [_fulfilment(f) for f in o.get("fulfillments") or ()],
        "refunds": [_refund(r, shop) for r in o.get("refunds") or ()],
        "lineItems": {
            "nodes": [_line(i) for i in o.get("line_items") or ()],
            "pageInfo": {"hasNextPage": False, "endCursor": None},
        },
    }  # fmt: skip


def _shipping(s: Tree) -> dict[str, Any]:
    return {
        "title": s.get("title"), "isRemoved": s.get("is_removed", False),
        "originalPriceSet": {"shopMoney": {"amount": s["price"]}},
        "discountedPriceSet": {"shopMoney": {"amount": s["discounted_price"]}} if s.get("discounted_price") else None,
        "discountAllocations": _allocations(s.get("discount_allocations")),
    }  # fmt: skip


def _fulfilment(f: Tree) -> dict[str, Any]:
    lines = f.get("line_items") or ()
    return {
        "id": gid("Fulfillment", f["id"]), "createdAt": f["created_at"], "updatedAt": f.get("updated_at"),
        "status": (f.get("status") or "").upper() or None,
        "displayStatus": (f.get("shipment_status") or "FULFILLED").upper(),
        "requiresShipping": not lines or any(line.get("requires_shipping", True) for line in lines),
        "location": _node("Location", f.get("location_id")),
        "trackingInfo": [{"number": f["tracking_number"]}] if f.get("tracking_number") else [],
    }  # fmt: skip


def _refund(r: Tree, shop: str) -> dict[str, Any]:
    duties = _set(r.get("total_duties_set"))
    return {
        "id": gid("Refund", r["id"]), "createdAt": r["created_at"], "processedAt": r.get("processed_at"),
        "note": r.get("note"), "duties": [{"amountSet": duties}] if duties else [],
        "transactions": {"nodes": [
            {
                "kind": (t.get("kind") or "").upper(), "status": (t.get("status") or "").upper(),
                "amountSet": _set(t.get("amount_set")) or {"presentmentMoney": _money(t["amount"], t.get("currency"))},
            }
            for t in r.get("transactions") or ()
        ]},
        "refundShippingLines": {"nodes": [
            {"subtotalAmountSet": _set(line.get("subtotal_amount_set"))}
            for line in r.get("refund_shipping_lines") or ()
        ]},
        "refundLineItems": {"nodes": [
            {
                "subtotalSet": _set(line.get("subtotal_set")) or {"shopMoney": {"amount": line.get("subtotal")}},
                "totalTaxSet": {"shopMoney": {"amount": line.get("total_tax")}},
            }
            for line in r.get("refund_line_items") or ()
        ]},
    }  # fmt: skip


def customer(c: Tree) -> dict[str, Any]:
    """A customer of a webhook, as GraphQL tells it."""
    tags = [tag.strip() for tag in (c.get("tags") or "").split(",") if tag.strip()]
    addresses = [_address(a) for a in c.get("addresses") or ()]
    return {**(_person(c) or {}), "tags": tags, "addressesV2": {"nodes": addresses}}


def checkout(c: Tree) -> dict[str, Any]:
    """An abandoned checkout, as GraphQL tells it."""
    return {
        "id": gid("AbandonedCheckout", c["id"]), "name": c.get("name"), "note": c.get("note") or "",
        "abandonedCheckoutUrl": c.get("abandoned_checkout_url"), "createdAt": c["created_at"],
        "updatedAt": c.get("updated_at"), "completedAt": c.get("completed_at"),
        "totalPriceSet": _bag(c["total_price"], c["currency"], c.get("presentment_currency")),
        "customAttributes": _attributes(c.get("note_attributes")), "customer": _person(c.get("customer")),
        "billingAddress": _address(c.get("billing_address")), "shippingAddress": _address(c.get("shipping_address")),
        "lineItems": {"nodes": [_line(i) for i in c.get("line_items") or ()]},
    }  # fmt: skip

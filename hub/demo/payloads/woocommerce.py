"""WooCommerce's webhooks, wc/v3: https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from hub.demo.payloads import Delivery, Good, Who

Json = dict[str, Any]
CONNECTION = "shop-at"
_SITE = "https://laden.example.de"
_NET_SHIPPING = Decimal("4.12")


def delivery(topic: str, body: Json) -> Delivery:
    """The request WordPress makes. PHP escapes non-ASCII characters and slashes."""
    raw = json.dumps(body).replace("/", "\\/").encode()
    resource, _, event = topic.partition(".")
    headers = {
        "content-type": "application/json",
        "user-agent": "WooCommerce/9.9.0 Hookshot (WordPress/6.8)",
        "x-wc-webhook-source": f"{_SITE}/",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": resource,
        "x-wc-webhook-event": event,
        "x-wc-webhook-id": "5" if resource == "order" else "6",
        "x-wc-webhook-delivery-id": hashlib.blake2b(raw, digest_size=16).hexdigest(),
    }
    return Delivery(CONNECTION, topic, headers, raw)


def customer(number: int, who: Who, at: datetime) -> Json:
    """The body of customer.created and customer.updated."""
    return {
        "id": number,
        **_dates(at, at),
        "email": who.email,
        "first_name": who.first,
        "last_name": who.last,
        "role": "customer",
        "username": f"kunde{number}",
        "billing": _billing(who),
        "shipping": _address(who),
        "is_paying_customer": True,
        "avatar_url": "https://secure.gravatar.example.com/avatar/0?s=96",
        "meta_data": [],
        "_links": _links("customers", number),
    }


def order(
    number: int,
    who: Who,
    at: datetime,
    *,
    net: str = "25.21",
    account: int = 0,
    updated: datetime | None = None,
    status: str = "processing",
    refunds: tuple[str, ...] = (),
    goods: Sequence[Good] = (),
    came_by: Mapping[str, str] = MappingProxyType({"source_type": "typein"}),
) -> Json:
    """The body of order.created and order.updated; ``account`` 0: a guest.

    Without ``goods`` it is one jug of this ``net`` price. ``came_by`` is what its order attribution says.
    """
    nets = [Decimal(one.cents * 100 // 119) / 100 for one in goods]
    net = f"{sum(nets):.2f}" if goods else net
    tax, shipping_tax = Decimal(net) * 19 / 100, _NET_SHIPPING * 19 / 100
    total = Decimal(net) + tax + _NET_SHIPPING + shipping_tax
    return {
        "id": number,
        "parent_id": 0,
        "status": status,
        "currency": "EUR",
        "version": "9.9.0",
        "prices_include_tax": True,
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": str(_NET_SHIPPING),
        "shipping_tax": f"{shipping_tax:.2f}",
        "cart_tax": f"{tax:.2f}",
        "total": f"{total:.2f}",
        "total_tax": f"{tax + shipping_tax:.2f}",
        "customer_id": account,
        "order_key": f"wc_order_{number}",
        "billing": _billing(who),
        "shipping": _address(who),
        "payment_method": "ppcp-gateway",
        "payment_method_title": "PayPal",
        "transaction_id": f"8AB12345CD{number:07d}",
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": "checkout",
        "customer_note": "",
        "date_completed": None,
        "date_paid": _local(at),
        "cart_hash": "",
        "number": str(number),
        "meta_data": [
            {"id": 13106 + place, "key": f"_wc_order_attribution_{name}", "value": value}
            for place, (name, value) in enumerate(came_by.items())
        ],
        "line_items": [_sold(number, place, one, nets[place]) for place, one in enumerate(goods)]
        or [_line(number, net, tax)],
        "tax_lines": [_tax_line(number, tax, shipping_tax)],
        "shipping_lines": [_shipping_line(number, shipping_tax)],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [
            {"id": 700_000 + number * 10 + place, "reason": "Henkel gebrochen &amp; Sprung", "total": f"-{amount}"}
            for place, amount in enumerate(refunds)
        ],
        "payment_url": f"{_SITE}/kasse/",
        "is_editable": False,
        "needs_payment": False,
        "needs_processing": True,
        **_dates(at, updated or at),
        "date_completed_gmt": None,
        "date_paid_gmt": _gmt(at),
        "currency_symbol": "€",
        "_links": _links("orders", number),
    }


def _billing(who: Who) -> Json:
    return {**_address(who), "email": who.email, "phone": who.phone}


def _address(who: Who) -> Json:
    return {
        "first_name": who.first,
        "last_name": who.last,
        "company": "",
        "address_1": who.street,
        "address_2": "",
        "city": who.city,
        "state": "",
        "postcode": who.postal_code,
        "country": who.country,
    }


def _line(number: int, net: str, tax: Decimal) -> Json:
    return {
        "id": 300_000 + number,
        "name": "Kännchen &ndash; Größe: L",
        "product_id": 93,
        "variation_id": 94,
        "quantity": 1,
        "tax_class": "",
        "subtotal": net,
        "subtotal_tax": f"{tax:.2f}",
        "total": net,
        "total_tax": f"{tax:.2f}",
        "taxes": [{"id": 1, "total": f"{tax:.2f}", "subtotal": f"{tax:.2f}"}],
        "meta_data": [],
        "sku": "KS-1",
        "global_unique_id": "",
        "price": float(net),
        "image": {"id": "", "src": ""},
        "parent_name": None,
    }


def _sold(number: int, place: int, good: Good, net: Decimal) -> Json:
    named = {"id": 300_000 + number + place * 10**12, "name": good.name, "sku": good.sku}
    return {**_line(number, str(net), net * 19 / 100), **named, "product_id": 1_000 + good.number, "variation_id": 0}


def _tax_line(number: int, tax: Decimal, shipping_tax: Decimal) -> Json:
    return {
        "id": 500_000 + number,
        "rate_code": "DE-MWST-1",
        "rate_id": 1,
        "label": "MwSt.",
        "compound": False,
        "tax_total": f"{tax:.2f}",
        "shipping_tax_total": f"{shipping_tax:.2f}",
        "rate_percent": 19,
        "meta_data": [],
    }


def _shipping_line(number: int, shipping_tax: Decimal) -> Json:
    return {
        "id": 400_000 + number,
        "method_title": "Versand",
        "method_id": "flat_rate",
        "instance_id": "1",
        "total": str(_NET_SHIPPING),
        "total_tax": f"{shipping_tax:.2f}",
        "taxes": [{"id": 1, "total": f"{shipping_tax:.2f}", "subtotal": ""}],
        "tax_status": "taxable",
        "meta_data": [],
    }


def _dates(created: datetime, modified: datetime) -> Json:
    return {
        "date_created": _local(created),
        "date_created_gmt": _gmt(created),
        "date_modified": _local(modified),
        "date_modified_gmt": _gmt(modified),
    }


def _links(collection: str, number: int) -> Json:
    root = f"{_SITE}/wp-json/wc/v3/{collection}"
    methods = {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}
    return {"self": [{"href": f"{root}/{number}", "targetHints": methods}], "collection": [{"href": root}]}


def _gmt(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def _local(at: datetime) -> str:
    return _gmt(at + timedelta(hours=1))

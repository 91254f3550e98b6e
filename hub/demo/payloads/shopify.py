"""Shopify's webhooks, as of API version 2026-07: https://shopify.dev/docs/api/webhooks/latest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hub.demo.payloads import Delivery, Good, Outcome, Who

Json = dict[str, Any]
CONNECTION = "shop-de"
_SHIPPING = Decimal("4.90")


def delivery(
    topic: str, body: Json | bytes, at: datetime, *, expect: Outcome = "done", forged: bool = False
) -> Delivery:
    """The request Shopify makes; the event id follows from topic, content and time."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    name = uuid5(NAMESPACE_URL, f"{topic}:{at.isoformat()}:{raw.hex()}")
    headers = {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-shop-domain": "hafenkante.myshopify.com",
        "x-shopify-api-version": "2026-07",
        "x-shopify-event-id": str(name),
        "x-shopify-webhook-id": str(uuid5(name, "webhook")),
        "x-shopify-triggered-at": at.strftime("%Y-%m-%dT%H:%M:%S.000000000Z"),
    }
    return Delivery(CONNECTION, topic, headers, raw, expect, forged)


def customer_id(number: int) -> str:
    """The id of the ``number``-th account."""
    return str(7_206_113_349_000_000_000 + number)


def order_id(number: int) -> str:
    """The id of the ``number``-th order."""
    return str(6_120_987_654_000_000_000 + number)


def customer(number: int, who: Who, at: datetime) -> Json:
    """The body of customers/create and customers/update."""
    embedded = _customer(number, who, at)
    address = embedded["default_address"]
    return {**embedded, "tax_exempt": False, "addresses": [address]}


def email_consent(number: int, who: Who, state: str, at: datetime) -> Json:
    """The body of customers_email_marketing_consent/update."""
    return {
        "customer_id": int(customer_id(number)),
        "email_address": who.email,
        "email_marketing_consent": {
            "state": state,
            "opt_in_level": "single_opt_in",
            "consent_updated_at": _time(at),
        },
    }


def order(
    number: int,
    who: Who,
    at: datetime,
    *,
    price: str = "51.80",
    account: int | None = None,
    updated: datetime | None = None,
    fulfilled: bool = False,
    accepts_marketing: bool = False,
    test: bool = False,
    goods: Sequence[Good] = (),
    landing: str = "/",
) -> Json:
    """The body of orders/create, orders/updated and orders/fulfilled; ``account`` None: a guest.

    Without ``goods`` it is one shirt of this ``price``.
    """
    net = Decimal(sum(one.cents for one in goods)) / 100 if goods else Decimal(price)
    total, tax = net + _SHIPPING, (net + _SHIPPING) * 19 / 119
    changed = updated or at
    return {
        "id": int(order_id(number)),
        "admin_graphql_api_id": f"gid://shopify/Order/{order_id(number)}",
        "app_id": 580111,
        "browser_ip": None,
        "buyer_accepts_marketing": accepts_marketing,
        "cancel_reason": None,
        "cancelled_at": None,
        "cart_token": None,
        "checkout_id": None,
        "checkout_token": None,
        "client_details": None,
        "closed_at": None,
        "confirmation_number": f"HK{number:06d}",
        "confirmed": True,
        "contact_email": who.email,
        "created_at": _time(at),
        "currency": "EUR",
        "current_subtotal_price": str(net),
        "current_subtotal_price_set": _set(net),
        "current_total_discounts": "0.00",
        "current_total_discounts_set": _set(Decimal(0)),
        "current_total_price": str(total),
        "current_total_price_set": _set(total),
        "current_total_tax": f"{tax:.2f}",
        "current_total_tax_set": _set(tax),
        "customer_locale": "de-DE",
        "device_id": None,
        "discount_codes": [],
        "duties_included": False,
        "email": who.email,
        "estimated_taxes": False,
        "financial_status": "paid",
        "fulfillment_status": "fulfilled" if fulfilled else None,
        "landing_site": landing,
        "location_id": None,
        "name": f"#{number}",
        "note": None,
        "note_attributes": [],
        "number": number,
        "order_number": number,
        "order_status_url": f"https://hafenkante.example.de/61/orders/{number}/authenticate?key=none",
        "payment_gateway_names": ["shopify_payments"],
        "phone": None,
        "presentment_currency": "EUR",
        "processed_at": _time(at),
        "reference": None,
        "referring_site": None,
        "source_name": "web",
        "subtotal_price": str(net),
        "subtotal_price_set": _set(net),
        "tags": "",
        "tax_exempt": False,
        "tax_lines": [_tax(tax)],
        "taxes_included": True,
        "test": test,
        "token": f"{number:032x}",
        "total_discounts": "0.00",
        "total_discounts_set": _set(Decimal(0)),
        "total_line_items_price": str(net),
        "total_line_items_price_set": _set(net),
        "total_outstanding": "0.00",
        "total_price": str(total),
        "total_price_set": _set(total),
        "total_shipping_price_set": _set(_SHIPPING),
        "total_tax": f"{tax:.2f}",
        "total_tax_set": _set(tax),
        "total_tip_received": "0.00",
        "total_weight": 840,
        "updated_at": _time(changed),
        "user_id": None,
        "billing_address": _address(who),
        "customer": None if account is None else _customer(account, who, changed),
        "discount_applications": [],
        "fulfillments": [_fulfilment(number, changed)] if fulfilled else [],
        "line_items": [_sold(number, place, one) for place, one in enumerate(goods)] or [_line(number, net)],
        "payment_terms": None,
        "refunds": [],
        "shipping_address": _address(who),
        "shipping_lines": [_shipping_line(number)],
        "returns": [],
        "line_item_groups": [],
    }


def refund(number: int, amount: str, at: datetime) -> Json:
    """The body of refunds/create: money back for order ``number``."""
    identifier = 5_530_000_000_000_000_000 + number
    return {
        "id": identifier,
        "admin_graphql_api_id": f"gid://shopify/Refund/{identifier}",
        "order_id": int(order_id(number)),
        "created_at": _time(at),
        "processed_at": _time(at),
        "note": "Naht offen",
        "user_id": 880011,
        "restock": True,
        "duties": [],
        "total_duties_set": _set(Decimal(0)),
        "return": None,
        "refund_shipping_lines": [],
        "order_adjustments": [],
        "refund_line_items": [],
        "transactions": [
            {
                "id": 6_640_000_000_000_000_000 + number,
                "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{6_640_000_000_000_000_000 + number}",
                "amount": amount,
                "authorization": None,
                "created_at": _time(at),
                "currency": "EUR",
                "gateway": "shopify_payments",
                "kind": "refund",
                "location_id": None,
                "message": None,
                "order_id": int(order_id(number)),
                "parent_id": 7_710_000 + number,
                "payment_id": f"#{number}.2",
                "processed_at": _time(at),
                "receipt": {},
                "source_name": "web",
                "status": "success",
                "test": False,
                "user_id": None,
            }
        ],
    }


def collection(number: int, at: datetime) -> Json:
    """The body of collections/update, a topic Hub does not read."""
    return {
        "id": 8_800_112_233_000 + number,
        "handle": "hemden",
        "title": "Hemden",
        "updated_at": _time(at),
        "body_html": "",
        "published_at": None,
        "sort_order": "manual",
        "template_suffix": None,
        "published_scope": "web",
        "admin_graphql_api_id": f"gid://shopify/Collection/{8_800_112_233_000 + number}",
    }


def _customer(number: int, who: Who, at: datetime) -> Json:
    return {
        "id": int(customer_id(number)),
        "created_at": "2025-11-02T09:15:00+01:00",
        "updated_at": _time(at),
        "first_name": who.first,
        "last_name": who.last,
        "state": "enabled",
        "note": None,
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "email": who.email,
        "phone": who.phone or None,
        "currency": "EUR",
        "tax_exemptions": [],
        "admin_graphql_api_id": f"gid://shopify/Customer/{customer_id(number)}",
        "default_address": {
            "id": 9_310_442_211_000_000_000 + number,
            "customer_id": int(customer_id(number)),
            **_address(who),
            "country_name": "Germany",
            "default": True,
        },
    }


def _address(who: Who) -> Json:
    return {
        "first_name": who.first,
        "last_name": who.last,
        "company": None,
        "address1": who.street,
        "address2": None,
        "phone": who.phone or None,
        "city": who.city,
        "zip": who.postal_code,
        "province": None,
        "country": "Germany",
        "name": who.name,
        "country_code": who.country,
        "province_code": None,
        "latitude": None,
        "longitude": None,
    }


def _line(number: int, price: Decimal) -> Json:
    identifier = 14_880_001_112_000_000_000 + number
    return {
        "id": identifier,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{identifier}",
        "attributed_staffs": [],
        "current_quantity": 1,
        "fulfillable_quantity": 1,
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": 420,
        "name": "Fischerhemd - blau",
        "price": str(price),
        "price_set": _set(price),
        "product_exists": True,
        "product_id": 8800112233445566778,
        "properties": [],
        "quantity": 1,
        "requires_shipping": True,
        "sku": "FH-BL-M",
        "taxable": True,
        "title": "Fischerhemd",
        "total_discount": "0.00",
        "total_discount_set": _set(Decimal(0)),
        "variant_id": 4400998877665544332,
        "variant_inventory_management": "shopify",
        "variant_title": "blau",
        "vendor": "Hafenkante",
        "tax_lines": [_tax(price * 19 / 119)],
        "duties": [],
        "discount_allocations": [],
    }


def _sold(number: int, place: int, good: Good) -> Json:
    identifier = 14_880_001_112_000_000_000 + number + place * 10**13
    told = {"name": good.name, "title": good.name, "variant_title": None, "sku": good.sku}
    ids = {"product_id": product_id(good), "variant_id": product_id(good) + 1}
    named = {"id": identifier, "admin_graphql_api_id": f"gid://shopify/LineItem/{identifier}"}
    return {**_line(number, Decimal(good.cents) / 100), **told, **ids, **named}


def product_id(good: Good) -> int:
    """The id of a product."""
    return 8_800_112_200_000_000_000 + good.number * 10


def _shipping_line(number: int) -> Json:
    return {
        "id": 5_120_034_455_000_000_000 + number,
        "carrier_identifier": None,
        "code": "DHL Paket",
        "discounted_price": str(_SHIPPING),
        "discounted_price_set": _set(_SHIPPING),
        "is_removed": False,
        "phone": None,
        "price": str(_SHIPPING),
        "price_set": _set(_SHIPPING),
        "requested_fulfillment_service_id": None,
        "source": "shopify",
        "title": "DHL Paket",
        "tax_lines": [],
        "discount_allocations": [],
    }


def _fulfilment(number: int, at: datetime) -> Json:
    identifier = 8_810_000_000_000_000_000 + number
    return {
        "id": identifier,
        "admin_graphql_api_id": f"gid://shopify/Fulfillment/{identifier}",
        "created_at": _time(at),
        "location_id": 70011,
        "name": f"#{number}.1",
        "order_id": int(order_id(number)),
        "origin_address": {},
        "receipt": {},
        "service": "manual",
        "shipment_status": None,
        "status": "success",
        "tracking_company": "DHL",
        "tracking_number": f"0034043416109{number:07d}",
        "tracking_numbers": [f"0034043416109{number:07d}"],
        "tracking_url": f"https://www.dhl.example.de/0034043416109{number:07d}",
        "tracking_urls": [f"https://www.dhl.example.de/0034043416109{number:07d}"],
        "updated_at": _time(at),
        "line_items": [],
    }


def _tax(amount: Decimal) -> Json:
    return {
        "channel_liable": False,
        "price": f"{amount:.2f}",
        "price_set": _set(amount),
        "rate": 0.19,
        "title": "DE MwSt",
    }


def _set(amount: Decimal) -> Json:
    money = {"amount": f"{amount:.2f}", "currency_code": "EUR"}
    return {"shop_money": money, "presentment_money": money}


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")

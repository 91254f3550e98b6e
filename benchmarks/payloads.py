"""Invented Shopify orders, signed: the same people and orders for the same seed, on every machine.

Shape: the order object of https://shopify.dev/docs/api/admin-rest/latest/resources/order, written by hand with one line
item, 4 to 5 KB as compact JSON. Names are made of syllables, e-mails end in example.com or example.de, and telephone
numbers are of the range that is kept for fiction (555-0100 to 555-0199 in every area code).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson
import phonenumbers

from hub.connectors.shopify.source import SIGNATURE

SECRET = "benchmark-secret-that-protects-nothing"
SHOP = "benchmark-shop.example.com"
# fmt: off
FIRST = (
    "Anna", "Ben", "Clara", "David", "Emma", "Finn", "Greta", "Hannes", "Ida", "Jörg", "Käthe", "Leon", "Mia",
    "Noah", "Olga", "Paul", "Rüdiger", "Sofie", "Theo", "Ulla", "Viktor", "Wiebke", "Xaver", "Yasemin", "Zoë",
    "Ömer", "Änne", "Björn", "Cornelia", "Dörte",
)
NAME_HEADS = (
    "Berg", "Stein", "Acker", "Feld", "Wald", "Bach", "Hof", "Linden", "Eichen", "Sommer", "Winter", "Rosen",
    "Gold", "Silber", "Eisen", "Brück", "Mühl", "Kirch", "Schön", "Grün", "Weiß", "Schwarz", "Hoch", "Nieder",
    "Ober", "Unter", "Neu", "Alt", "Lang", "Kurz", "Breit", "Heid", "Moor", "See", "Sand", "Distel", "Dorn",
    "Falken", "Adler", "Möwen",
)
NAME_TAILS = (
    "mann", "bauer", "müller", "hofer", "berger", "meier", "schmidt", "kamp", "hausen", "dorf", "brink",
    "weber", "stedt", "ner", "huber", "thal", "rode", "wig", "bold", "hardt",
)
# fmt: on
STREETS = ("Lindenweg", "Goethestraße", "Am Mühlbach", "Gartenstraße", "Schillerplatz", "Königsallee", "Hafengasse")
CITIES = (
    ("10115", "Berlin"),
    ("20095", "Hamburg"),
    ("80331", "München"),
    ("50667", "Köln"),
    ("04109", "Leipzig"),
    ("90402", "Nürnberg"),
    ("48143", "Münster"),
    ("70173", "Stuttgart"),
)
GOODS = (
    ("Wollpullover", "WOOL-01", 7990),
    ("Regenjacke", "RAIN-07", 12950),
    ("Teekanne", "TEA-03", 3490),
    ("Notizbuch", "NOTE-11", 1290),
    ("Kaffeebohnen 1 kg", "BEAN-02", 1890),
)
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """One invented customer; ``phone`` is None for two of three, as in real shops."""

    number: int
    first: str
    last: str
    email: str
    phone: str | None
    street: str
    postal_code: str
    city: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """One signed delivery: ``event_id`` is in the headers, the signature over ``body``."""

    event_id: str
    body: bytes
    headers: dict[str, str]


@cache
def _area_codes() -> tuple[int, ...]:
    """Area codes whose 555-0100 the numbering plan accepts."""
    codes = range(201, 990)
    return tuple(code for code in codes if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{code}5550100", None)))


def _phone(number: int) -> str | None:
    area, line = divmod(number // 3, 100)
    if number % 3 or area >= len(_area_codes()):
        return None
    return f"+1{_area_codes()[area]}55501{line:02d}"


def person(number: int, *, seed: int) -> Person:
    """The customer of this number; numbers of one seed never share an e-mail, a telephone or a customer id."""
    chance = random.Random(seed * 1_000_003 + number)
    first = chance.choice(FIRST)
    last = chance.choice(NAME_HEADS) + chance.choice(NAME_TAILS)
    postal_code, city = chance.choice(CITIES)
    return Person(
        number=seed * 100_000_000 + number + 1,
        first=first,
        last=last,
        email=f"k{seed}.{number}@{chance.choice(('example.com', 'example.de'))}",
        phone=_phone(number),
        street=f"{chance.choice(STREETS)} {chance.randint(1, 180)}",
        postal_code=postal_code,
        city=city,
    )


def event_id(index: int, *, seed: int) -> str:
    """The id of the event at this place of the series: a UUID, as Shopify's are."""
    return f"{seed:08x}-0000-4000-8000-{index:012x}"


def webhooks(count: int, *, seed: int, repeat: float = 0.5) -> Iterator[Webhook]:
    """``count`` order webhooks; ``repeat`` is the share that comes from a customer who has ordered before."""
    chance = random.Random(seed)
    known = 0
    for index in range(count):
        if known and chance.random() < repeat:
            buyer = chance.randrange(known)
        else:
            buyer, known = known, known + 1
        yield sign(order(person(buyer, seed=seed), index, seed=seed), event_id(index, seed=seed))


def sign(payload: dict[str, Any], event: str) -> Webhook:
    """The delivery as Shopify makes it: HMAC-SHA256 over the raw body, base64, and the ids in the headers."""
    body = orjson.dumps(payload)
    return Webhook(
        event_id=event,
        body=body,
        headers={
            "X-Shopify-Topic": "orders/create",
            "X-Shopify-Hmac-Sha256": SIGNATURE.value(SECRET, body),
            "X-Shopify-Shop-Domain": SHOP,
            "X-Shopify-API-Version": "2025-07",
            "X-Shopify-Webhook-Id": event.replace("-4000-", "-4001-"),
            "X-Shopify-Event-Id": event,
            "X-Shopify-Triggered-At": payload["updated_at"],
        },
    )


def order(buyer: Person, index: int, *, seed: int) -> dict[str, Any]:
    """One paid order of one line item, with its customer and both addresses."""
    title, sku, cents = GOODS[index % len(GOODS)]
    quantity = 1 + index % 3
    price, total = _euros(cents), _euros(cents * quantity)
    tax = _euros(cents * quantity * 19 // 119)
    at = (EPOCH + timedelta(seconds=7 * index)).isoformat()
    number = seed * 100_000_000 + index + 1
    tax_line = {"price": tax, "rate": 0.19, "title": "MwSt", "channel_liable": False}
    return {
        "id": 5_000_000_000_000 + number,
        "admin_graphql_api_id": f"gid://shopify/Order/{5_000_000_000_000 + number}",
        **_heading(buyer, index, at),
        **_totals(total, tax),
        "tax_lines": [tax_line],
        "billing_address": _address(buyer),
        "shipping_address": _address(buyer),
        "customer": _customer(buyer, at),
        "line_items": [_line_item(number, title, sku, price, quantity, tax_line)],
        "fulfillments": [],
        "refunds": [],
        "shipping_lines": [],
        "discount_codes": [],
        "discount_applications": [],
        "payment_terms": None,
    }


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def _money_set(amount: str) -> dict[str, Any]:
    money = {"amount": amount, "currency_code": "EUR"}
    return {"shop_money": money, "presentment_money": money}


def _heading(buyer: Person, index: int, at: str) -> dict[str, Any]:
    token = f"{index:032x}"
    return {
        "app_id": 580111,
        "browser_ip": "203.0.113.7",
        "buyer_accepts_marketing": False,
        "cancel_reason": None,
        "cancelled_at": None,
        "cart_token": token,
        "checkout_id": 20_000_000 + index,
        "checkout_token": token,
        "client_details": {"accept_language": "de-DE", "browser_ip": "203.0.113.7", "user_agent": "Mozilla/5.0"},
        "closed_at": None,
        "confirmation_number": f"R{index:08X}",
        "confirmed": True,
        "contact_email": buyer.email,
        "created_at": at,
        "currency": "EUR",
        "customer_locale": "de-DE",
        "email": buyer.email,
        "estimated_taxes": False,
        "financial_status": "paid",
        "fulfillment_status": None,
        "landing_site": "/collections/alle?utm_source=newsletter",
        "location_id": None,
        "name": f"#{1000 + index}",
        "note": None,
        "note_attributes": [],
        "number": index + 1,
        "order_number": 1000 + index,
        "order_status_url": f"https://{SHOP}/orders/{token}/authenticate?key={token}",
        "payment_gateway_names": ["shopify_payments"],
        "phone": buyer.phone,
        "presentment_currency": "EUR",
        "processed_at": at,
        "referring_site": "https://search.example.com/",
        "source_name": "web",
        "tags": "",
        "tax_exempt": False,
        "taxes_included": True,
        "test": False,
        "token": token,
        "total_weight": 500,
        "updated_at": at,
        "user_id": None,
    }


def _totals(total: str, tax: str) -> dict[str, Any]:
    return {
        "current_subtotal_price": total,
        "current_total_price": total,
        "current_total_price_set": _money_set(total),
        "current_total_tax": tax,
        "current_total_discounts": "0.00",
        "subtotal_price": total,
        "subtotal_price_set": _money_set(total),
        "total_discounts": "0.00",
        "total_line_items_price": total,
        "total_outstanding": "0.00",
        "total_price": total,
        "total_price_set": _money_set(total),
        "total_tax": tax,
        "total_tax_set": _money_set(tax),
        "total_tip_received": "0.00",
    }


def _address(buyer: Person) -> dict[str, Any]:
    return {
        "first_name": buyer.first,
        "last_name": buyer.last,
        "name": f"{buyer.first} {buyer.last}",
        "company": None,
        "address1": buyer.street,
        "address2": "",
        "city": buyer.city,
        "zip": buyer.postal_code,
        "province": None,
        "province_code": None,
        "country": "Germany",
        "country_code": "DE",
        "phone": buyer.phone,
        "latitude": 52.52,
        "longitude": 13.405,
    }


def _customer(buyer: Person, at: str) -> dict[str, Any]:
    return {
        "id": buyer.number,
        "email": buyer.email,
        "created_at": EPOCH.isoformat(),
        "updated_at": at,
        "first_name": buyer.first,
        "last_name": buyer.last,
        "state": "enabled",
        "note": None,
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "phone": buyer.phone,
        "currency": "EUR",
        "tax_exemptions": [],
        "admin_graphql_api_id": f"gid://shopify/Customer/{buyer.number}",
        "default_address": {
            **_address(buyer),
            "id": buyer.number,
            "customer_id": buyer.number,
            "country_name": "Germany",
            "default": True,
        },
    }


def _line_item(
    number: int, title: str, sku: str, price: str, quantity: int, tax_line: dict[str, Any]
) -> dict[str, Any]:
    return {
        "id": 7_000_000_000_000 + number,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{7_000_000_000_000 + number}",
        "current_quantity": quantity,
        "fulfillable_quantity": quantity,
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": 500,
        "name": title,
        "price": price,
        "price_set": _money_set(price),
        "product_exists": True,
        "product_id": 900_000 + len(sku),
        "properties": [],
        "quantity": quantity,
        "requires_shipping": True,
        "sku": sku,
        "taxable": True,
        "title": title,
        "total_discount": "0.00",
        "total_discount_set": _money_set("0.00"),
        "variant_id": 800_000 + len(sku),
        "variant_inventory_management": "shopify",
        "variant_title": None,
        "vendor": "Beispiel GmbH",
        "tax_lines": [tax_line],
        "duties": [],
        "discount_allocations": [],
    }

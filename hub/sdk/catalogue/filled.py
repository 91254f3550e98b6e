"""Two invented people and two orders in which every field is filled, and no value of one is the other's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_PEOPLE = (
    ("11111111", "2026-01-02", "Änne", "Maria", "Köhler", "a", "+49302312510", "10", "BE", "Berlin", "DE", "Ohm", "de"),
    ("22222222", "2026-02-03", "Beat", "Urs", "Zürcher", "b", "+41442004321", "20", "ZH", "Zürich", "CH", "Volt", "fr"),
)  # fmt: skip
_CHANNELS = ("email", "sms", "whatsapp", "messenger", "instagram", "phone", "post", "push")


def person(which: int, custom: Sequence[str] = ()) -> dict[str, Any]:
    """A filled profile as JSON has it; ``which`` is 0 or 1, ``custom`` are the names of fields of the sources' own."""
    number, day, first, middle, last, box, phone, place, region, city, country, company, language = _PEOPLE[which]
    return {
        "id": f"{number}-0000-4000-8000-000000000000",
        "created_at": f"{day}T08:00:00Z",
        "updated_at": f"{day}T09:00:00Z",
        "name": {"first": first, "middle": middle, "last": last, "full": f"{first} {middle} {last} ({number})"},
        "emails": [f"{box}@example.com", f"{box}@example.org"],
        "phones": [f"{phone}1", f"{phone}2"],
        "addresses": [
            _address(place, region, city, country, company),
            _address(f"{place}0", f"{region}-2", f"{city} 2", country, f"{company} 2"),
        ],
        "birth_date": f"19{place[0]}0-0{place[0]}-1{place[0]}",
        "language": language,
        "company": f"{company} GmbH",
        "loyalty_ids": [f"L-{number}", f"M-{number}"],
        "accounts": [{"network": f"net{place}", "account_id": number, "handle": box}],
        "tags": [f"tag-{box}", f"mark-{box}"],
        "contact_kinds": [("customer", "lead")[which], "partner"],
        "custom": {name: f"{name} {number}" for name in custom or ("NAME",)},
        "consents": [
            {
                "purpose": "marketing",
                "channel": channel,
                "state": ("opted_in", "opted_out")[which],
                "at": f"{day}T{10 + hour}:00:00Z",
                "evidence": f"form {number}",
            }
            for hour, channel in enumerate(_CHANNELS)
        ],
        "orders": {
            "count": int(place),
            "totals": [{"amount": f"{place}.90", "currency": ("EUR", "CHF")[which]}],
            "first_at": f"{day}T11:00:00Z",
            "last_at": f"{day}T12:00:00Z",
            "open": {"count": int(place) + 1, "totals": [{"amount": f"{place}.70", "currency": ("EUR", "CHF")[which]}]},
        },
        "records": [{"connection": f"shop-{which}", "kind": ("customer", "member")[which], "external_id": number}],
        "traits": {
            "stage": ("loyal", "at_risk")[which],
            "stage_since": day,
            "stage_before": ("existing", "loyal")[which],
            **dict.fromkeys(("alive", "buys_in_90_days", "orders_next_year"), f"0.{place}"),
            "currency": ("EUR", "CHF")[which],
            "order_value": f"{place}1",
            "value_next_year": f"{place}2",
            "value_next_year_low": f"{place}3",
            "value_next_year_high": f"{place}4",
            "rfm": ("543", "135")[which],
            "rfm_group": ("champions", "dormant")[which],
            "last_order_via": f"shop-{which}",
            "persona": f"persona-{box}",
            "next_products": [f"Tea {number}", f"Pot {number}"],
            "up_sell": f"Samovar {number}",
            "replenish_product": f"Filter {number}",
            "replenish_on": day,
            "win_probability": f"0.{place}",
            "lead_score": int(place),
            "lead_action": ("task", "nurture")[which],
            "lead_reasons": [f"forms {number}", f"visits {number}"],
            "lead_value": f"{place}5",
            "lead_currency": ("EUR", "CHF")[which],
            "segments": [f"segment-{box}", f"also-{box}"],
        },
    }


def order(which: int, custom: Sequence[str] = ()) -> dict[str, Any]:
    """A filled order, with a refund, as JSON has it."""
    number, day, first, _, last, box, phone, place, region, city, country, company, _ = _PEOPLE[which]
    currency, money = ("EUR", "CHF")[which], f"{place}.10"
    tax = {"title": f"tax {which}", "rate": f"0.{place}", "amount": f"{place}.20"}
    discount = {"code": f"C{number}", "title": f"code {which}", "amount": f"{place}.30"}
    own = {name: f"{name} {number}" for name in custom or ("NAME",)}
    return {
        "external_id": number,
        "number": f"R-{number}",
        "state": ("paid", "cancelled")[which],
        "placed_at": f"{day}T13:00:00Z",
        "currency": currency,
        "total": f"{place}9.90",
        "subtotal": f"{place}8.90",
        "discount_total": f"{place}.40",
        "tax_total": f"{place}.50",
        "tax_included": bool(which),
        "shipping_total": f"{place}.60",
        "lines": [
            {
                "external_id": f"line-{number}",
                "product": {
                    "external_id": f"p-{number}",
                    "variant_id": f"v-{number}",
                    "sku": f"s-{number}",
                    "name": f"Tea {number}",
                },
                "quantity": str(which + 2),
                "unit_price": f"{place}.45",
                "total": f"{place}.55",
                "discounts": [discount],
                "taxes": [tax],
                "kind": ("product", "fee")[which],
                "custom": own,
            }
        ],
        "discounts": [discount],
        "taxes": [tax],
        "shipping": [{"title": f"post {which}", "amount": f"{place}.65"}],
        "payments": [
            {
                "external_id": f"pay-{number}",
                "amount": {"amount": money, "currency": currency},
                "method": f"card {which}",
                "state": f"done {which}",
                "at": f"{day}T14:00:00Z",
            }
        ],
        "refunds": [
            {
                "external_id": f"back-{number}",
                "amount": {"amount": f"{which + 1}.00", "currency": currency},
                "basis": ("goods", "money")[which],
                "reason": f"broken {which}",
                "state": f"sent {which}",
                "at": f"{day}T15:00:00Z",
            }
        ],
        "fulfilments": [
            {
                "external_id": f"box-{number}",
                "kind": ("shipping", "pickup")[which],
                "state": f"gone {which}",
                "location": f"store {which}",
                "tracking_number": f"t-{number}",
                "at": f"{day}T16:00:00Z",
            }
        ],
        "billing_address": _address(f"{place}2", region, city, country, f"{first} {last}"),
        "shipping_address": _address(f"{place}1", region, city, country, company),
        "contact_email": f"{box}@example.net",
        "contact_phone": f"{phone}3",
        "location": f"till {which}",
        "cancelled_at": f"{day}T17:00:00Z",
        "payment_due": bool(which),
        "note": f"ring twice {which}",
        "tags": [f"gift-{box}"],
        "custom": own,
    }


def _address(place: str, region: str, city: str, country: str, company: str) -> dict[str, str]:
    return {
        "line1": f"Lindenstraße {place}",
        "line2": f"Hof {place}",
        "postal_code": f"109{place}",
        "city": city,
        "region": region,
        "country": country,
        "company": company,
    }

"""Square's webhooks and the objects they point at: https://developer.squareup.com/docs/webhooks/overview."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hub.demo.payloads import Delivery, Good, Who

Json = dict[str, Any]
CONNECTION = "till"
_LOCATION = "L9BERLINMITTE"


def customer_id(number: int, letter: str = "A") -> str:
    """An id as Square gives them: 26 capital letters and digits."""
    return f"JQ6M0{letter}{number:020d}"


def order_id(number: int) -> str:
    """The id of the ``number``-th sale."""
    return f"ORDTILL{number:012d}ZY"


def customer(identifier: str, who: Who, at: datetime) -> Json:
    """A customer of the directory, as the API gives it."""
    found = {
        "id": identifier,
        "created_at": _time(at),
        "updated_at": _time(at),
        "given_name": who.first,
        "family_name": who.last,
        "email_address": who.email,
        "address": {
            "address_line_1": who.street,
            "locality": who.city,
            "postal_code": who.postal_code,
            "country": who.country,
        },
        "phone_number": who.phone,
        "birthday": who.birthday,
        "preferences": {"email_unsubscribed": False},
        "creation_source": "DIRECTORY",
        "version": 0,
    }
    return {name: value for name, value in found.items() if value != ""}


def customer_created(identifier: str, who: Who, at: datetime, *, merged: Sequence[str] = ()) -> Delivery:
    """A new customer; with ``merged``, the one that two others became."""
    found: Json = {"customer": customer(identifier, who, at)}
    if merged:
        found["customer"]["creation_source"] = "MERGE"
        found["event_context"] = _merge(identifier, merged)
    return _event("customer.created", "customer", identifier, found, at)


def customer_merged_away(identifier: str, who: Who, at: datetime, *, into: str, merged: Sequence[str]) -> Delivery:
    """A customer that was merged into another."""
    found = {"customer": customer(identifier, who, at), "event_context": _merge(into, merged)}
    return _event("customer.deleted", "customer", identifier, found, at, deleted=True)


def order_created(number: int, at: datetime) -> Delivery:
    """A sale. The event is thin: it names the order and nothing else."""
    pointer = {
        "order_id": order_id(number),
        "version": 1,
        "location_id": _LOCATION,
        "state": "OPEN",
        "created_at": _time(at),
    }
    return _event("order.created", "order_created", order_id(number), {"order_created": pointer}, at)


def order(number: int, at: datetime, *, cents: int, customer: str | None, goods: Sequence[Good] = ()) -> Json:
    """The order of ``order_created``, as ``GET /v2/orders/{id}`` gives it; without ``goods`` it is one bunch."""
    cents = sum(one.cents for one in goods) or cents
    sold: list[tuple[str, str | None, int]] = [(one.name, None, one.cents) for one in goods]
    sold = sold or [("Frühlingsstrauß", "groß", cents)]
    money = {"amount": cents, "currency": "EUR"}
    nothing = {"amount": 0, "currency": "EUR"}
    found = {
        "id": order_id(number),
        "location_id": _LOCATION,
        "source": {"name": "Square Point of Sale"},
        "line_items": [
            _line(f"li-{number}-{place}", name, variation, paid) for place, (name, variation, paid) in enumerate(sold)
        ],
        "created_at": _time(at),
        "updated_at": _time(at),
        "closed_at": _time(at),
        "state": "COMPLETED",
        "version": 4,
        "total_money": money,
        "total_tax_money": nothing,
        "total_discount_money": nothing,
        "total_tip_money": nothing,
        "total_service_charge_money": nothing,
        "tenders": [
            {
                "id": f"PAY{number:09d}ZY",
                "location_id": _LOCATION,
                "transaction_id": order_id(number),
                "created_at": _time(at),
                "amount_money": money,
                "type": "CARD",
                "card_details": {"status": "CAPTURED", "card": {"card_brand": "VISA", "last_4": "1111"}},
                "payment_id": f"PAY{number:09d}ZY",
            }
        ],
        "net_amount_due_money": nothing,
        "customer_id": customer,
        "reference_id": f"KASSE2-{number}",
    }
    return {"order": {name: value for name, value in found.items() if value is not None}}


def _line(uid: str, name: str, variation: str | None, cents: int) -> Json:
    money, nothing = {"amount": cents, "currency": "EUR"}, {"amount": 0, "currency": "EUR"}
    found = {
        "uid": uid,
        "quantity": "1",
        "name": name,
        "variation_name": variation,
        "item_type": "ITEM",
        "base_price_money": money,
        "variation_total_price_money": money,
        "gross_sales_money": money,
        "total_tax_money": nothing,
        "total_discount_money": nothing,
        "total_money": money,
    }
    return {name: value for name, value in found.items() if value is not None}


def payment(number: int, at: datetime, *, cents: int) -> Json:
    """The payment of a sale, as ``GET /v2/payments/{id}`` gives it."""
    money = {"amount": cents, "currency": "EUR"}
    return {
        "payment": {
            "id": payment_id(number),
            "created_at": _time(at),
            "updated_at": _time(at),
            "amount_money": money,
            "total_money": money,
            "approved_money": money,
            "status": "COMPLETED",
            "source_type": "CARD",
            "location_id": _LOCATION,
            "order_id": order_id(number),
        }
    }


def payment_id(number: int) -> str:
    """The id of the payment of the ``number``-th sale."""
    return f"PAY{number:09d}ZY"


def refund_updated(number: int, at: datetime, *, cents: int) -> Delivery:
    """Money back at the till. Its ``order_id`` is the return's, so that the payment has to be fetched."""
    identifier = f"{payment_id(number)}_REF01"
    found = {
        "id": identifier,
        "status": "COMPLETED",
        "amount_money": {"amount": cents, "currency": "EUR"},
        "payment_id": payment_id(number),
        "order_id": f"ORDRETN{number:012d}ZY",
        "created_at": _time(at),
        "updated_at": _time(at),
        "location_id": _LOCATION,
        "reason": "Rückgabe",
        "version": 10,
    }
    return _event("refund.updated", "refund", identifier, {"refund": found}, at)


def loyalty_account(number: int, phone: str, at: datetime, *, customer: str | None) -> Delivery:
    """A loyalty card; without ``customer`` only its phone number is known."""
    identifier = str(uuid5(NAMESPACE_URL, f"loyalty:{number}"))
    account = {
        "id": identifier,
        "program_id": "d619f755-2d17-41f3-990d-c04ecedd64dd",
        "balance": 12,
        "lifetime_points": 40,
        "customer_id": customer,
        "enrolled_at": _time(at),
        "created_at": _time(at),
        "updated_at": _time(at),
        "mapping": {"id": str(uuid5(NAMESPACE_URL, identifier)), "created_at": _time(at), "phone_number": phone},
    }
    known = {name: value for name, value in account.items() if value is not None}
    return _event("loyalty.account.created", "loyalty_account", identifier, {"loyalty_account": known}, at)


def _event(topic: str, kind: str, identifier: str, found: Json, at: datetime, **extra: bool) -> Delivery:
    body = {
        "merchant_id": "MLBERLIN7Q0VK",
        "type": topic,
        "event_id": str(uuid5(NAMESPACE_URL, f"{topic}:{identifier}:{_time(at)}")),
        "created_at": _time(at),
        "data": {"type": kind, "id": identifier, **extra, "object": found},
    }
    headers = {
        "content-type": "application/json",
        "square-environment": "Production",
        "square-initial-delivery-timestamp": _time(at),
        "user-agent": "Square Connect v2",
        "square-version": "2026-09-16",
    }
    return Delivery(CONNECTION, topic, headers, json.dumps(body, ensure_ascii=False).encode())


def _merge(into: str, merged: Sequence[str]) -> Json:
    return {"merge": {"from_customer_ids": list(merged), "to_customer_id": into}}


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")

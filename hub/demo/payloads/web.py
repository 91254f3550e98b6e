"""What an SDK in the pages of a shop sends, in batches: https://www.twilio.com/docs/segment/connections/spec."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hub.demo.payloads import Delivery, Good, Who

Json = dict[str, Any]
CONNECTION = "web"
SITE = "https://hafenkante.example.de"


def user_id(number: int) -> str:
    """The id of the ``number``-th visitor who told who they are."""
    return f"hk-{number}"


def identify(number: int, who: Who, at: datetime) -> Json:
    """Somebody tells who they are."""
    traits = {"firstName": who.first, "lastName": who.last, "email": who.email}
    return _message("identify", number, at, traits=traits)


def page(number: int, at: datetime, path: str, *, referrer: str = "") -> Json:
    """A page was opened."""
    return _message(
        "page", number, at, properties={"url": f"{SITE}{path}", "title": "Hafenkante", "referrer": referrer}
    )


def track(number: int, at: datetime, event: str, good: Good) -> Json:
    """``Product Viewed``, ``Product Added`` or ``Checkout Started``: the events of a shop."""
    told = {"product_id": str(good.number), "sku": good.sku, "name": good.name, "category": good.category}
    sold = {"price": good.cents / 100, "quantity": 1, "currency": "EUR"}
    return _message("track", number, at, event=event, properties={**told, **sold, "url": f"{SITE}/{good.sku.lower()}"})


def batch(messages: Iterable[Json]) -> Delivery:
    """All of these in one request."""
    body = json.dumps({"batch": list(messages)}, ensure_ascii=False).encode()
    return Delivery(CONNECTION, "batch", {"content-type": "application/json"}, body)


def _message(kind: str, number: int, at: datetime, referrer: str = f"{SITE}/", **told: Any) -> Json:
    name = uuid5(NAMESPACE_URL, f"{kind}:{number}:{at.isoformat()}:{told.get('event', '')}")
    return {
        "type": kind,
        "messageId": str(name),
        "userId": user_id(number),
        "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "context": {"library": {"name": "analytics.js", "version": "next-1.70.0"}, "page": {"referrer": referrer}},
        "integrations": {},
        **told,
    }

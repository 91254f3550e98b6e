"""Where the vendors' own payloads lie, and which topic each is.

They are read in place (``HUB_CONTRACTS_DIR``, else ``../shared/contracts`` beside the repository) and never copied.
Without that folder there is nothing to list, and so no test.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.sdk import registry

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("HUB_CONTRACTS_DIR", ROOT.parent / "shared" / "contracts"))


@dataclass(frozen=True)
class Payload:
    """One body as the vendor documents or sends it; ``topic`` is None where the body tells it."""

    connector: str
    name: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    topic: str | None = None

    @property
    def id(self) -> str:
        """``shopify/webhook-official-customers_create.json``."""
        return f"{self.connector}/{self.name}"


def payloads() -> list[Payload]:
    """Every vendor payload of every connector that says below how to read them."""
    return [payload for slug, find in _FINDERS.items() if slug in registry.slugs() for payload in find(slug)]


def completion(name: str) -> bytes:
    """The vendor's own answer for a body that a thin event lacks; b"" (it does not exist) where there is none."""
    for part, path in (
        ("lead", "meta-leads/lead-object.json"),
        ("checkout", "sumup/rest-checkout.json"),
        ("transaction", "sumup/rest-transaction.json"),
    ):
        if part in name and (FOLDER / path).exists():
            return (FOLDER / path).read_bytes()
    return b""


def vector(name: str) -> Mapping[str, Any]:
    """A signature vector of the folder."""
    found: Mapping[str, Any] = json.loads((FOLDER / "signatures" / f"{name}.json").read_bytes())
    return found


def _shopify(slug: str) -> Iterator[Payload]:
    old = {
        "webhook-orders-cancelled-test-2016": "orders/cancelled",
        "webhook-customers-create-2021": "customers/create",
    }
    for path in sorted((FOLDER / "shopify").glob("webhook-*.json")):
        topic = old.get(path.stem) or _shopify_topic(path.stem.removeprefix("webhook-official-"))
        yield _shopify_payload(slug, path.name, path.read_bytes(), topic)
    for key, topic in (
        ("orders", "orders/updated"),
        ("customers", "customers/update"),
        ("checkouts", "checkouts/update"),
    ):
        for path in sorted((FOLDER / "shopify").glob("rest-*.json")):
            for number, item in enumerate(_items(path, key)):
                yield _shopify_payload(slug, f"{path.name}#{key}.{number}", json.dumps(item).encode(), topic)


def _shopify_payload(slug: str, name: str, body: bytes, topic: str) -> Payload:
    headers = {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-shop-domain": "hafenkante.myshopify.com",
        "x-shopify-api-version": "2026-07",
        "x-shopify-event-id": f"vendor-{name}",
        "x-shopify-webhook-id": f"delivery-{name}",
        "x-shopify-triggered-at": "2026-02-28T08:00:00.123456789Z",
    }
    return Payload(slug, name, body, headers, topic)


def _shopify_topic(stem: str) -> str:
    known = {topic.replace("/", "_").replace(".", "_"): topic for topic in registry.get("shopify").manifest.topics}
    return known.get(stem.replace(".", "_"), stem.replace("_", "/", 1))


def _items(path: Path, key: str) -> list[Any]:
    document = json.loads(path.read_bytes())
    found = document.get(key) if isinstance(document, dict) else None
    single = document.get(key.removesuffix("s")) if isinstance(document, dict) else None
    return found if isinstance(found, list) else [single] if isinstance(single, dict) else []


def _shopware(slug: str) -> Iterator[Payload]:
    """The order that Shopware sent to an app, as Hub's own list of orders puts it beside an event."""
    for path in sorted((FOLDER / "shopware").glob("order-entity.json")):
        order = json.loads(path.read_bytes())
        named = {"event": "order.written", "payload": [{"entity": "order", "primaryKey": order["id"]}]}
        event = {"data": named, "source": {"eventId": "vendor"}, "fetched": {"data": [order]}}
        yield Payload(slug, path.name, json.dumps(event).encode(), topic="order.written")


def _woocommerce(slug: str) -> Iterator[Payload]:
    topics = {
        "customer-created": "customer.created",
        "order-created-guest": "order.created",
        "product": "product.created",
    }
    lists = {"orders-list": "order.updated", "customers-list-unicode": "customer.updated"}
    for path in sorted((FOLDER / "woocommerce").glob("*.json")):
        if path.stem in topics:
            yield _woocommerce_payload(slug, path.name, path.read_bytes(), topics[path.stem])
        elif path.stem in lists:
            for number, item in enumerate(json.loads(path.read_bytes())):
                yield _woocommerce_payload(slug, f"{path.name}#{number}", json.dumps(item).encode(), lists[path.stem])


def _woocommerce_payload(slug: str, name: str, body: bytes, topic: str) -> Payload:
    resource, _, event = topic.partition(".")
    headers = {
        "content-type": "application/json",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": resource,
        "x-wc-webhook-event": event,
        "x-wc-webhook-id": "5",
        "x-wc-webhook-delivery-id": "9dd4e461268c8034f5c8564e155c67a6",
        "x-wc-webhook-source": "https://laden.example.de/",
    }
    return Payload(slug, name, body, headers, topic)


def _bodies(pattern: str, content_type: str = "application/json") -> Callable[[str], Iterator[Payload]]:
    """Bodies that tell their topic themselves."""

    def find(slug: str) -> Iterator[Payload]:
        for path in sorted(FOLDER.glob(pattern)):
            yield Payload(slug, f"{path.parent.name}/{path.name}", path.read_bytes(), {"content-type": content_type})

    return find


def _meta(slug: str) -> Iterator[Payload]:
    for pattern in ("whatsapp/*.json", "messenger/*.json", "instagram/*.json", "meta-leads/leadgen.json"):
        yield from _bodies(pattern)(slug)


def _postmark(slug: str) -> Iterator[Payload]:
    """Its events; inbound mail is not read."""
    for name in ("bounce", "click", "open", "unsubscribe"):
        yield from _bodies(f"postmark/{name}.json")(slug)


_FINDERS: Mapping[str, Callable[[str], Iterator[Payload]]] = {
    "clover": _bodies("clover/webhook-orders.json"),
    "lightspeed": _bodies("lightspeed-x/*.form", "application/x-www-form-urlencoded"),
    "sumup": _bodies("sumup/webhook-*.json"),
    "shopify": _shopify,
    "woocommerce": _woocommerce,
    "shopware": _shopware,
    "square": _bodies("square/*.json"),
    "mailchimp": _bodies("mailchimp/audience-*.form", "application/x-www-form-urlencoded"),
    "meta": _meta,
    "brevo": _bodies("brevo/transactional-*.json"),
    "postmark": _postmark,
    "sendgrid": _bodies("sendgrid/event-*.json"),
    "telegram": _bodies("telegram/*.json"),
}

"""Labels customers by their meta data, 100 a call, and writes nothing else.

Sources: woocommerce.github.io/woocommerce-rest-api-docs/#batch-update-customers (up to 100 objects; ``error`` in place
of one that was refused); class WC_Data of woocommerce: a key that is there is written over, null takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from hub.connectors.woocommerce.manifest import MANIFEST, WooCommerceSettings
from hub.connectors.woocommerce.source import api_root, authorise
from hub.sdk.checked import Checked
from hub.sdk.crm.answers import read_as
from hub.sdk.crm.dialect import Answers, Batch, Call, Item, Made, Problem
from hub.sdk.crm.labels import FIELDS, Labels
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient

PREFIX = "_hub_"
"""Of the keys that are Hub's own. The source reads no hidden ones: what comes back is no news of the shop's (L10)."""


class Updated(BaseModel):
    """A customer as the answer has it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: int | None = None
    error: Mapping[str, Any] | None = None


class Batched(BaseModel):
    """The answer to many, in the order of the request."""

    update: tuple[Updated, ...] = ()


def update(items: Sequence[Item], settings: WooCommerceSettings) -> Call[Answers]:
    """Write the labels of up to 100 customers."""
    customers = [{"id": _number(item.id), "meta_data": _meta(item)} for item in items]

    def told(response: httpx.Response) -> Answers:
        found = read_as(Batched, response).update
        return {item.write.key: _answer(item, one) for item, one in zip(items, found, strict=False)}

    return Call(HttpRequest("POST", "/wp-json/wc/v3/customers/batch", {"update": customers}), told)


def _answer(item: Item, told: Updated) -> Made | Problem:
    if told.error is None:
        return Made(str(item.id))
    code, words = str(told.error.get("code") or ""), str(told.error.get("message") or "refused")
    return Problem(words, "gone" if code.endswith("invalid_id") else "refused")


def _meta(item: Item) -> list[dict[str, Any]]:
    labels = {name: value for name, value in item.properties.items() if name in FIELDS}
    return [{"key": f"{PREFIX}{name}", "value": value or None} for name, value in labels.items()]


def _number(text: str | None) -> int | str | None:
    return int(text) if text and text.isdecimal() else text


def lacks(settings: WooCommerceSettings) -> str | None:
    """What is missing for customers to be labelled."""
    needed = ("customers_from", "base_url", "consumer_key", "consumer_secret")
    missing = next((name for name in needed if getattr(settings, name) is None), None)
    return f"{missing}: is required to write labels to WooCommerce" if missing else None


def check(client: HttpClient, settings: WooCommerceSettings) -> Checked:
    """Whether the key may read customers; whether it may write is told by the first write alone."""
    found = Checked(untested=["whether the key may write: the first label will tell"])
    return found.reads("customers", lambda: client.get("wp-json/wc/v3/customers", {"per_page": "1"}))


LABELS: Labels[WooCommerceSettings] = Labels(Batch(MANIFEST.limits.batch, update))

DESTINATION = LABELS.destination(authorise=authorise, api_root=api_root, check=check, lacks=lacks)

"""What marketplaces' samples hold, and what is asked of them, against the vendors' own API descriptions.

On demand: the descriptions are none of ours to keep. They are read below ``HUB_CONTRACTS_DIR``:
``specs/amazon/orders_2026-01-01.json`` (github.com/amzn/selling-partner-api-models, orders-api-model) and
``specs/kaufland/swagger.json`` (sellerapi-playground.kaufland.com).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hub.sdk import registry
from tests.contract.vendor_payloads import FOLDER

pytestmark = pytest.mark.real

AMAZON, KAUFLAND = FOLDER / "specs/amazon/orders_2026-01-01.json", FOLDER / "specs/kaufland/swagger.json"
NOT_ASKED_FOR = {"order_units", "product", "files"}
"""Parts of a ticket that Kaufland sends only to whoever asks for them."""


def nullable(schema: Any) -> Any:
    """OpenAPI 3.0 says ``nullable`` where JSON Schema has a type of null."""
    if isinstance(schema, list):
        return [nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: nullable(one) for name, one in schema.items()}
    return {"anyOf": [{"type": "null"}, found]} if found.pop("nullable", False) else found


def samples(slug: str, pattern: str) -> Iterator[tuple[str, Any]]:
    for path in sorted((registry.folder(slug) / "samples").glob(pattern)):
        yield str(path.relative_to(registry.folder(slug))), json.loads(path.read_bytes())


def faults(description: dict[str, Any], pointer: str, body: Any) -> list[str]:
    validator = Draft202012Validator({**description, "$ref": f"#{pointer}"})
    return [f"{'.'.join(map(str, one.path))}: {one.message}" for one in validator.iter_errors(body)]


def test_amazons_samples_and_requests_are_as_amazon_describes_them() -> None:
    told = json.loads(AMAZON.read_bytes())
    known = {one["name"]: one for one in told["paths"]["/orders/2026-01-01/orders"]["get"]["parameters"]}

    for name, body in samples("amazon", "order/*/body.json"):
        assert faults(told, "/definitions/Order", body) == [], name
    for _, walk in samples("amazon", "backfill/*.json"):
        for one in walk:
            assert faults(told, "/definitions/SearchOrdersResponse", one["response"]["json"]) == []
            assert set(one["request"]["query"]) <= set(known)
            asked = set(one["request"]["query"]["includedData"].split(","))
            assert asked <= set(known["includedData"]["items"]["enum"])


@pytest.mark.parametrize(("topic", "schema"), [("order", "OrderDetails"), ("ticket", "TicketWithEmbedded")])
def test_kauflands_samples_are_as_kaufland_describes_them(topic: str, schema: str) -> None:
    told = nullable(json.loads(KAUFLAND.read_bytes()))
    whole = told["components"]["schemas"][schema]
    whole["required"] = [name for name in whole["required"] if name not in NOT_ASKED_FOR]

    for name, body in samples("kaufland", f"{topic}/*/completions/{topic}.json"):
        assert faults(told, f"/components/schemas/{schema}", body["data"]) == [], name

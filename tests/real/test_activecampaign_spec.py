"""What is asked of ActiveCampaign, against its API description.

On demand: the description is none of ours to keep. It is read below ``HUB_CONTRACTS_DIR``:
``specs/activecampaign/spec.json`` (github.com/api-evangelist/activecampaign, openapi/_original/activecampaign-v3.json).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from hub.connectors.activecampaign import CONNECTOR
from hub.sdk import registry
from hub.sdk.testkit.cases import ConnectorCase, WriteCase
from hub.sdk.testkit.wire import replayed
from tests.contract.vendor_payloads import FOLDER

pytestmark = pytest.mark.real

SPEC = FOLDER / "specs" / "activecampaign" / "spec.json"
CASE = ConnectorCase(CONNECTOR, registry.folder("activecampaign"))
PAGES = {"limit", "offset"}


@cache
def paths() -> dict[str, Any]:
    """The operations that ActiveCampaign describes, by path."""
    return dict(json.loads(SPEC.read_bytes())["paths"])


def operation(method: str, path: str) -> Any:
    """What is described for a request; the path with a name in place of each id."""
    parts = path.removeprefix("/api/3").strip("/").split("/")
    for template, operations in paths().items():
        named = template.strip("/").split("/")
        fits = len(named) == len(parts) and all(
            part == mine or part.startswith("{") for part, mine in zip(named, parts, strict=True)
        )
        if fits and method.lower() in operations:
            return operations[method.lower()]
    return None


def strict(schema: Any) -> Any:
    """A schema in which what is not named is a fault, and numbers may stand as text, as the examples have them."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: strict(value) for name, value in schema.items() if name not in ("required", "format")}
    if "properties" in found:
        found["additionalProperties"] = False
    if found.get("type") in ("integer", "string"):
        found["type"] = ["integer", "string", "null"]
    return found


def faults(request: httpx.Request) -> Iterator[str]:
    """What the description does not allow in a request; it lacks the list of a contact's tags."""
    if request.url.path.endswith("/contactTags") and request.method == "GET":
        return
    described = operation(request.method, request.url.path)
    if described is None:
        yield "is not described"
        return
    names = {one["name"].replace("[]", "") for one in described.get("parameters", ())} | PAGES
    yield from (f"there is no parameter {name}" for name in request.url.params if name not in names)
    if request.content:
        schema = described["requestBody"]["content"]["application/json"]["schema"]
        yield from (
            error.message for error in Draft202012Validator(strict(schema)).iter_errors(json.loads(request.content))
        )


@pytest.mark.parametrize(
    "case",
    [one for one in CASE.write_cases if one.sample.write is not None],
    ids=lambda case: case.sample.folder.name,
)
def test_every_request_is_as_activecampaign_describes_it(case: WriteCase) -> None:
    assert case.sample.write is not None
    _, requests = replayed(case, [case.sample.write], case.sample.exchange("responses"))
    told = [f"{request.method} {request.url.path}: {fault}" for request in requests for fault in faults(request)]
    assert told == []

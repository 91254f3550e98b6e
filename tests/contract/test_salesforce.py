"""What Hub sends to Salesforce, by the specification that others derived from its pages: Salesforce publishes none."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from hub.connectors.salesforce.schemas import API
from hub.sdk import registry
from hub.sdk.assertion import GRANT
from hub.sdk.testkit.cases import ConnectorCase, WriteCase
from hub.sdk.testkit.wire import replayed
from tests.contract.vendor_payloads import FOLDER

SPECS = FOLDER / "specs" / "salesforce"
KEYS = {"Hub_Profile_Id__c", "Hub_Order_Key__c"}


@cache
def operations() -> dict[tuple[str, str], Any]:
    """(method, path) to operation, its references resolved as far as requests need them."""
    found: dict[tuple[str, str], Any] = {}
    for name in ("composite", "sobjects"):
        spec = yaml.safe_load((SPECS / f"UNOFFICIAL-salesforce-{name}-api-openapi.yml").read_text())
        schemas = spec["components"]["schemas"]
        for path, methods in spec["paths"].items():
            for method, operation in methods.items():
                if not isinstance(operation, dict):
                    continue
                body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
                found[method.upper(), path] = resolved(body, schemas)
    return found


def resolved(schema: Any, schemas: dict[str, Any]) -> Any:
    if isinstance(schema, dict) and "$ref" in schema:
        return resolved(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    if isinstance(schema, dict):
        return {name: resolved(part, schemas) for name, part in schema.items() if name != "example"}
    return [resolved(part, schemas) for part in schema] if isinstance(schema, list) else schema


def faults(request: httpx.Request) -> Iterator[str]:
    parts = request.url.path.removeprefix(API).strip("/").split("/")
    if parts[-1] in KEYS:
        parts = parts[:2]  # an upsert takes what an update takes; the specification leaves it out
    if parts[0] == "sobjects":
        parts = ["sobjects", *("{sobjectType}", "{id}")[: len(parts) - 1]]
    operation = (request.method, "/" + "/".join(parts))
    if operation not in operations():
        yield f"there is no {' '.join(operation)}"
        return
    schema = operations()[operation]
    body = json.loads(request.content) if request.content else None
    if operation[1].startswith("/sobjects/"):
        body = {"attributes": {"type": "Contact"}, **body} if body else body  # the path tells the type
    if schema is not None:
        yield from (error.message for error in Draft202012Validator(schema).iter_errors(body))


def cases() -> Sequence[WriteCase]:
    case = ConnectorCase(registry.get("salesforce"), registry.folder("salesforce"))
    return case.write_cases if SPECS.is_dir() else ()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.sample.folder.name)
def test_what_is_sent_is_as_the_specification_says(case: WriteCase) -> None:
    write = case.sample.write
    _, requests = replayed(case, [write] if write else [], case.sample.exchange("responses"))
    assert [fault for request in requests for fault in faults(request)] == []


LONG = {"allOrNone": False, "records": [{"attributes": {"type": "Contact"}}] * 201}
UNTYPED = {"allOrNone": False, "records": [{"LastName": "X"}]}


@pytest.mark.parametrize("body", [LONG, UNTYPED, {"records": []}] if SPECS.is_dir() else ())
def test_a_fault_is_found(body: Any) -> None:
    request = httpx.Request("PATCH", f"https://x.my.salesforce.com{API}/composite/sobjects", json=body)
    assert [*faults(request)]


@pytest.mark.parametrize("file", sorted(SPECS.glob("postman-auth__jwt*.json")))
def test_a_signed_assertion_goes_out_as_salesforces_own_collection_has_it(file: Path) -> None:
    flow = json.loads(file.read_text())
    assert flow["url"].endswith("/services/oauth2/token")
    assert [(each["key"], each["value"] or "") for each in flow["data"]] == [("grant_type", GRANT), ("assertion", "")]

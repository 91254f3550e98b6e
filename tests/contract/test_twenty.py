"""What Hub sends to Twenty's REST API, by a specification that others derived from it: each workspace has its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from hub.sdk import registry
from hub.sdk.testkit.cases import ConnectorCase, WriteCase
from hub.sdk.testkit.wire import replayed
from tests.contract.vendor_payloads import FOLDER

SPEC = FOLDER / "specs" / "twenty" / "UNOFFICIAL-twenty-core-api-openapi.yml"
UNDESCRIBED = {"/graphql", "/rest/people/merge", "/rest/batch/opportunities"}
"""Paths that Twenty's own source has (``rest-api-core.controller.ts``), and this specification has not."""


@cache
def specification() -> dict[str, Any]:
    return dict(_nullable(yaml.safe_load(SPEC.read_text())))


def _nullable(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _nullable(one) for name, one in schema.items()}
    # the parts of composite fields are cleared by null or "" (transform-emails-value.util.ts)
    return {**found, "type": [found["type"], "null"]} if isinstance(found.get("type"), str) else found


def faults(request: httpx.Request) -> Iterator[str]:
    if request.url.path in UNDESCRIBED:
        return
    path = request.url.path.removeprefix("/rest")
    operation = specification()["paths"].get(path, {}).get(request.method.lower())
    if operation is None:
        yield f"there is no {request.method} {path}"
        return
    named = {one["$ref"].rpartition("/")[2] for one in operation.get("parameters", ())}
    yield from (f"there is no parameter {name}" for name in request.url.params if name not in named)
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": specification()["components"]})
    yield from (error.message for error in validator.iter_errors(json.loads(request.content)))


def cases() -> Sequence[WriteCase]:
    case = ConnectorCase(registry.get("twenty"), registry.folder("twenty"))
    return [one for one in case.write_cases if one.sample.write is not None] if SPEC.exists() else ()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.sample.folder.name)
def test_what_is_sent_is_as_the_specification_says(case: WriteCase) -> None:
    assert case.sample.write is not None
    _, requests = replayed(case, [case.sample.write], case.sample.exchange("responses"))
    assert [fault for request in requests for fault in faults(request)] == []


@pytest.mark.parametrize("body", [[{"emails": "a@example.com"}], [{}] * 61, {}] if SPEC.exists() else ())
def test_a_fault_is_found(body: Any) -> None:
    assert [*faults(httpx.Request("POST", "https://api.twenty.com/rest/batch/people?upsert=true", json=body))]

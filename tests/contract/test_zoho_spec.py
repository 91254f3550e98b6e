"""What the connector sends to Zoho CRM, and what its double answers, against Zoho's own API description (v8.0).

The description has neither COQL nor notes, and its body of POST /settings/fields demands what Zoho alone sets: those
are written from the pages that ``hub.connectors.zoho`` cites.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from hub.sdk import registry
from hub.sdk.testkit.cases import ConnectorCase, WriteCase
from hub.sdk.testkit.wire import replayed
from tests.contract.vendor_payloads import FOLDER

SPECS = FOLDER / "specs" / "zoho" / "v8.0-local"
FILES = ("record", "find_and_merge", "related_records")
UNDESCRIBED = {"/crm/v8/coql"}


@cache
def specifications() -> tuple[dict[str, Any], Registry[Any]]:
    """The descriptions by file, and all of them to be referred to."""
    found = {file.name: json.loads(file.read_text()) for file in sorted(SPECS.glob("*.json"))}
    resources = [
        (f"urn:zoho/{name}", Resource.from_contents(_nullable(spec), default_specification=DRAFT202012))
        for name, spec in found.items()
    ]
    return found, Registry().with_resources(resources)


def _nullable(schema: Any) -> Any:
    """OpenAPI 3.0 says ``nullable`` where JSON Schema has a type of null; references name files beside each other.

    Of the description's ``oneOf`` several fit, as nothing in them is required: they are meant as alternatives.
    """
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {("anyOf" if name == "oneOf" else name): _nullable(one) for name, one in schema.items()}
    if str(found.get("$ref", "")).startswith("./"):
        found["$ref"] = f"urn:zoho/{found['$ref'].removeprefix('./')}"
    if found.pop("nullable", False) and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def operation(method: str, path: str) -> tuple[str, str]:
    """The file and the JSON pointer of what the description has for a request."""
    parts = path.strip("/").split("/")
    for name in FILES:
        for template, operations in specifications()[0][f"{name}.json"]["paths"].items():
            named = template.strip("/").split("/")
            fits = len(named) == len(parts) and all(
                part == mine or part.startswith("{") for part, mine in zip(named, parts, strict=True)
            )
            if fits and method.lower() in operations:
                pointer = template.replace("~", "~0").replace("/", "~1")
                return f"{name}.json", f"/paths/{pointer}/{method.lower()}"
    raise AssertionError(f"the description has no {method} {path}")


def faults(file: str, pointer: str, body: Any) -> Iterator[str]:
    validator = Draft202012Validator({"$ref": f"urn:zoho/{file}#{pointer}"}, registry=specifications()[1])
    yield from (error.message for error in validator.iter_errors(body))


def compared(request: httpx.Request, status: int, answer: Any) -> Iterator[str]:
    """What the description does not allow in a request or its answer."""
    if request.url.path in UNDESCRIBED:
        return
    file, pointer = operation(request.method, request.url.path)
    described: Any = specifications()[0][file]
    for part in pointer.strip("/").split("/"):
        described = described[part.replace("~1", "/").replace("~0", "~")]
    names = {one["$ref"].rpartition("/")[2] for one in described["parameters"]}
    yield from (f"there is no parameter {name}" for name in request.url.params if name not in names)
    if request.content:
        yield from faults(file, f"{pointer}/requestBody/content/application~1json/schema", json.loads(request.content))
    if answer is not None:
        # 200, 201, 207 and 400 of a call for several records have one form
        told = str(status) if str(status) in described["responses"] else "200"
        schema = f"{pointer}/responses/{told}/content/application~1json/schema"
        if "$ref" not in described["responses"][told]:
            yield from faults(file, schema, answer)


def cases() -> Sequence[WriteCase]:
    case = ConnectorCase(registry.get("zoho"), registry.folder("zoho"))
    return [one for one in case.write_cases if one.sample.write is not None] if SPECS.is_dir() else ()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.sample.folder.name)
def test_every_request_and_every_answer_is_as_zoho_describes_it(case: WriteCase) -> None:
    assert case.sample.write is not None
    answers = case.sample.exchange("responses")
    _, requests = replayed(case, [case.sample.write], answers)
    told = [
        f"{request.method} {request.url.path}: {fault}"
        for request, answer in zip(requests, answers, strict=True)
        for fault in compared(request, answer["status"], answer.get("json"))
    ]
    assert told == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/crm/v8/Deals/upsert", {"data": {}}),
        ("PUT", "/crm/v8/Contacts", {"data": [{"id": 5}]}),
        ("POST", "/crm/v8/Contacts/1/actions/merge", {"merge": [{"data": [{"id": "2"}]}]}),
    ]
    if SPECS.is_dir()
    else (),
)
def test_a_fault_is_found(method: str, path: str, body: Any) -> None:
    assert [*compared(httpx.Request(method, f"https://www.zohoapis.eu{path}", json=body), 200, None)]


@pytest.mark.parametrize(
    "told", [{"status": "fine"}, {"status": "success", "action": "merged"}] if SPECS.is_dir() else ()
)
def test_a_fault_of_an_answer_is_found(told: Any) -> None:
    request = httpx.Request("PUT", "https://www.zohoapis.eu/crm/v8/Contacts", json={"data": []})
    assert [*compared(request, 200, {"data": [told], "status": 5, "code": 5})]

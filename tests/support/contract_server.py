"""The sandbox CRM behind HubSpot's own published API description: every request and answer is checked against it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from hub.sandbox.hubspot import SandboxCrm
from hub.sandbox.records import Reply

CONTRACTS = Path(os.environ.get("HUB_CONTRACTS_DIR", Path(__file__).parents[3] / "shared" / "contracts"))
SPECIFICATION = CONTRACTS / "specs" / "hubspot-apache" / "all.prism.json"
CHECKING = SPECIFICATION.exists() or "HUB_CONTRACTS_DIR" in os.environ
"""False only on a machine without the description; where the folder is named, a missing file is an error."""

UNDESCRIBED = ("/communication-preferences/",)
"""Paths of HubSpot's that this description does not hold."""


@cache
def specification() -> OpenAPI:
    """HubSpot's description, read once. Authorisation is left to the sandbox, which is stricter."""
    document: dict[str, Any] = json.loads(SPECIFICATION.read_bytes())
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                operation.pop("security", None)
    return OpenAPI.from_dict(document)


class CheckedCrm(SandboxCrm):
    """A sandbox that notes every request, and every answer of its own, that HubSpot's description does not allow."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.violations: list[str] = []
        self.checked = 0

    def handle(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Reply:
        reply = super().handle(method, path, query, headers, body)
        if CHECKING and not path.startswith(UNDESCRIBED):
            self.checked += 1
            self._compare(method, path, query, headers, body, reply)
        return reply

    def _compare(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes, reply: Reply
    ) -> None:
        request = MockRequest(
            "https://api.hubapi.com",
            method.lower(),
            path,
            args=dict(query),
            headers=dict(headers),
            data=body or None,
            content_type="application/json",
        )
        try:
            specification().validate_request(request)
        except OpenAPIError as error:
            self.violations.append(f"request {method} {path}: {error.__cause__ or error}")
        if reply.fault or reply.body is None:
            return
        answer = MockResponse(data=reply.content, status_code=reply.status, content_type="application/json")
        try:
            specification().validate_response(request, answer)
        except OpenAPIError as error:
            self.violations.append(f"answer {reply.status} to {method} {path}: {error.__cause__ or error}")


def assert_lawful(crm: CheckedCrm) -> None:
    """No violation, and something was checked where it can be."""
    assert crm.violations == []
    assert crm.checked > 0 or not CHECKING

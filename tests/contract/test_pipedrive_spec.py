"""What the connector sends to Pipedrive, and what its double answers, against Pipedrive's own API description.

The description is read in place (``HUB_CONTRACTS_DIR``, else ``../shared/contracts`` beside the repository).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import yaml
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from hub.connectors.pipedrive import CONNECTOR
from hub.connectors.pipedrive.destination import DESTINATION
from hub.connectors.pipedrive.manifest import PipedriveSettings
from hub.connectors.pipedrive.mapping import MAP
from hub.connectors.pipedrive.source import SOURCE
from hub.model.consent import ConsentState
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Order
from hub.model.profile import ConsentSummary, OrderSummary, Profile
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import ActivityChange, Change, OrderChange, ProfileChange
from hub.sdk.http import Budget
from hub.sdk.manifest import Limits
from tests.support.crm.pipedrive import PipedriveDouble

FOLDER = Path(os.environ.get("HUB_CONTRACTS_DIR", Path(__file__).parents[3] / "shared" / "contracts"))
SPECIFICATIONS = FOLDER / "specs" / "pipedrive"
CHECKING = SPECIFICATIONS.exists() or "HUB_CONTRACTS_DIR" in os.environ
"""False only on a machine without the description; where the folder is named, a missing file is an error."""
ROOTS = {"/api/v2": "v2.yaml", "/v1": "v1.yaml"}
USED = tuple(
    f"{path}{end}"
    for path in (
        "/persons",
        "/deals",
        "/organizations",
        "/personFields",
        "/dealFields",
        "/users/me",
        "/notes",
        "/activities",
    )
    for end in (":", "/search:", "/{id}':", "/{id}/merge':")
)
FIRST, SECOND = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@cache
def specification(file: str) -> OpenAPI:
    """Pipedrive's description, of which only what the connector uses is read; unknown parameters are not allowed."""
    # of 37,000 lines only those of these paths: to read them all takes seconds
    parts = re.split(r"\n(?=[a-z]|  '?/)", (SPECIFICATIONS / file).read_text(encoding="utf-8"))
    kept = [part for part in parts if not re.match(r"  '?/", part) or part.lstrip(" '").startswith(USED)]
    document = yaml.load("\n".join(kept), Loader=yaml.CSafeLoader)
    paths = document["paths"]
    for operation in (one for path in paths.values() for one in path.values()):
        operation.pop("security", None)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        if "properties" in body:
            body["additionalProperties"] = False
    if "/persons/{id}" in paths:
        # The description has no way to take a person out of an organization: null is ours, and costs only the company
        # where it is refused (test_what_is_refused_is_named_and_a_field_that_is_not_there_stops_nothing_else).
        body = paths["/persons/{id}"]["patch"]["requestBody"]["content"]["application/json"]["schema"]
        body["properties"]["org_id"]["nullable"] = True
    return OpenAPI.from_dict(document)


class Described:
    """The double behind Pipedrive's description: notes what that does not allow."""

    def __init__(self, double: PipedriveDouble) -> None:
        self.double, self.violations, self.checked = double, list[str](), set[str]()

    def handle(self, request: httpx.Request) -> httpx.Response:
        answer = self.double.handle(request)
        if CHECKING:
            self.compare(request, answer)
        return answer

    def compare(self, request: httpx.Request, answer: httpx.Response) -> None:
        root = next(root for root in ROOTS if request.url.path.startswith(root))
        path = request.url.path.removeprefix(root)
        described = specification(ROOTS[root])
        asked = MockRequest(
            "https://api.pipedrive.com",
            request.method.lower(),
            request.url.path,
            args=dict(request.url.params),
            data=request.content or None,
            content_type="application/json",
        )
        given = MockResponse(data=answer.content, status_code=answer.status_code, content_type="application/json")
        try:
            described.validate_request(asked)
            if answer.status_code == 200:
                described.validate_response(asked, given)
        except OpenAPIError as error:
            self.violations.append(f"{request.method} {path}: {error.__cause__ or error}")
        self.checked.add(f"{request.method} {re.sub(r'/[0-9]+', '/{id}', path)}")


def test_a_whole_life_is_written_as_pipedrive_describes_its_api() -> None:
    # given an account in which nothing of Hub's is yet
    described = Described(PipedriveDouble(prepared=False))
    settings = PipedriveSettings.model_validate({**described.double.settings(), "activities": ["message", "task"]})
    client = open_client(
        Connection("crm", CONNECTOR, settings), DESTINATION, transport=httpx.MockTransport(described.handle),
        budget=Budget(Limits()),
    )  # fmt: skip
    ids: dict[str, str] = {}
    mirrors: dict[str, Mapping[str, Any]] = {}

    def write(change: Change) -> None:
        written = MAP.render(change, settings)
        assert written is not None
        [result] = DESTINATION.send([written], client, settings)
        assert result.outcome == "delivered", result.reason
        ids[written.key] = str(result.external_id)
        mirrors[written.key] = written.mirror if result.mirror is None else result.mirror

    def person(key: UUID, *emails: str, state: ConsentState = "opted_in", **values: Any) -> Profile:
        consents = (ConsentSummary(purpose="marketing", channel="email", state=state, at=NOW),)
        orders = OrderSummary(count=1, totals=(Money(amount=Decimal("59.90"), currency="EUR"),), first_at=NOW)
        known = {"id": key, "created_at": NOW, "updated_at": NOW, "name": PersonName(full="Änne Köhler")}
        return Profile(**{**known, "emails": emails, "consents": consents, "orders": orders, **values})

    with client:
        # when fields are made, and two people come, are changed, merged, parted, and one is erased
        assert DESTINATION.prepare is not None
        assert DESTINATION.check is not None
        DESTINATION.prepare(client, settings)
        DESTINATION.check(client, settings)
        one, two = str(FIRST), str(SECOND)
        write(ProfileChange(person(FIRST, "a@example.com", phones=("+493023125042",), company="Ohm GmbH"), 1))
        write(ProfileChange(person(SECOND, "b@example.com"), 1))
        changed = person(FIRST, "c@example.com", state="opted_out", tags=("vip",))
        write(ProfileChange(changed, 2, (ids[one],), mirrors[one]))
        both, gone = person(FIRST, "c@example.com", "b@example.com", aliases=(SECOND,)), ids[two]
        write(ProfileChange(both, 3, (ids[one], gone), mirrors[one]))
        write(ProfileChange(person(FIRST, "c@example.com"), 4, (ids[one],), mirrors[one], merged_ids=(gone,)))
        # and an order is placed, paid and cancelled
        for state in ("open", "paid", "cancelled"):
            order = Order.model_validate(
                {"external_id": "1", "state": state, "placed_at": NOW, "currency": "EUR", "total": "59.90"}
            )
            known = (ids["shop:1"],) if "shop:1" in ids else ()
            write(OrderChange(order, "shop", "shop:1", ids[one], 1, known, mirrors.get("shop:1", {})))
        # and a message comes, whose answer is lost once
        assert DESTINATION.append is not None
        for uncertain in (False, True):
            told = ActivityChange("message", str(SECOND), NOW, "Message", "<b>?", ids[one], 1, uncertain=uncertain)
            appended = DESTINATION.append(told, settings)
            assert appended is not None
            [result] = DESTINATION.send([appended], client, settings)
            assert result.outcome == "delivered"
        work = ActivityChange("task", str(FIRST), NOW, "Task: to sales", "an offer", ids[one], 1, due=NOW, owner="Mara")
        planned = DESTINATION.append(work, settings.model_copy(update={"task_owners": {"Mara": "7"}}))
        assert planned is not None
        assert [one.outcome for one in DESTINATION.send([planned], client, settings)] == ["delivered"]
        assert len(described.double.activities()) == 2
        # and all is read back
        assert SOURCE.backfill is not None
        read = [item for page in SOURCE.backfill(client, settings, None, None) for item in page.items]
        assert {item.topic for item in read} == {"person", "note"}
        write(ProfileChange(person(FIRST), 5, (ids[one],), erased=True))
        assert described.double.activities() == []

    # then Pipedrive's description allows every request, and every answer of the double
    assert described.violations == []
    assert not CHECKING or described.checked == {
        *("GET /personFields", "POST /personFields", "GET /dealFields", "POST /dealFields", "GET /users/me"),
        *("GET /persons/search", "GET /persons", "POST /persons", "PATCH /persons/{id}"),
        *("PUT /persons/{id}/merge", "DELETE /persons/{id}"),
        *("GET /organizations/search", "GET /organizations", "POST /organizations"),
        *("GET /notes", "POST /notes", "DELETE /notes/{id}"),
        *("GET /activities", "POST /activities", "DELETE /activities/{id}"),
        *("GET /deals/search", "GET /deals", "POST /deals", "PATCH /deals/{id}"),
    }

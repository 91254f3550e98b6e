"""Help desks alike: who works there becomes no customer, notes stay inside, and no ticket is lost between pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from hub.errors import VerificationError
from hub.mapping.ticket import Reply, Ticket, person, ticket_events
from hub.model.event import CaseEvent, CustomerEvent, InteractionEvent
from hub.sdk import registry
from hub.sdk.connection import Connection, open_client
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.wire import SampleTokens

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OWN = ("hafenkante.example",)
CUSTOMER = person("1", email="anna@example.de", full_name="Anna Berg")


def told(*replies: Reply, requester: Any = CUSTOMER) -> list[Any]:
    ticket = Ticket("7", AT, AT, "open", requester=requester, subject="Frage", replies=replies)
    return ticket_events(ticket, region="DE", own=OWN)


@pytest.mark.parametrize(
    "asks",
    [
        person("2", staff=True, email="uwe@example.org"),
        person("2", email="Uwe@Lager.Hafenkante.example"),
        # frappe/helpdesk#3628: the desk.s own notices came back as tickets of a customer
        person("2", email="noreply@hafenkante-versand.example"),
    ],
)
def test_whoever_works_there_or_is_a_program_is_no_customer(asks: Any) -> None:
    [case] = told(Reply("1", AT, "Notiz", author=asks), requester=asks)

    assert isinstance(case, CaseEvent)
    assert case.record is None


def test_what_is_said_stands_with_whoever_said_it_or_was_answered() -> None:
    other = person("3", email="joerg@example.net")
    agent = person("9", staff=True)
    events = told(
        Reply("1", AT, "Moin", author=CUSTOMER),
        Reply("2", AT, "Klar", author=agent),
        Reply("3", AT, "unter uns", author=agent, public=False),
        Reply("4", AT, "ich auch", author=other),
        Reply("5", AT, "Automatik", author=None, staff=True),
    )

    said = [
        (event.interaction.text, event.interaction.direction, event.record.external_id)
        for event in events
        if isinstance(event, InteractionEvent)
    ]
    assert said == [("Moin", "in", "1"), ("Klar", "out", "1"), ("ich auch", "in", "3"), ("Automatik", "out", "1")]
    assert [event.customer.key.external_id for event in events if isinstance(event, CustomerEvent)] == ["1", "3"]


def test_what_an_agent_answers_to_a_colleague_reaches_nobody() -> None:
    agent = person("9", staff=True)

    events = told(Reply("1", AT, "Klar", author=agent), requester=person("8", staff=True))

    assert [type(event) for event in events] == [CaseEvent]


def zulu(second: int) -> str:
    return f"2026-02-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


class Desk:
    """Tickets by number with the second of their last change; ``between`` happens after each page."""

    def __init__(self, slug: str, changed: dict[int, int], between: Callable[[Desk], None]) -> None:
        self.slug, self.changed, self.between, self.asked = slug, changed, between, 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = request.url.params
        begin = query.get("updated_since") or query.get("startDateTime") or query["query"][len("updated_at:[") : -6]
        rows = [
            {"id": number, "state": "open", "status": 2, "created_at": zulu(0), "updated_at": zulu(second)}
            | ({"createdAt": zulu(second)} if self.slug == "trustpilot" else {})
            for number, second in sorted(self.changed.items(), key=lambda one: (one[1], one[0]))
            if zulu(second) >= begin
        ]
        page, size = int(query["page"]), int(query.get("per_page") or query["perPage"])
        self.asked += 1
        self.between(self)
        found = rows[(page - 1) * size : page * size]
        return httpx.Response(200, json={"reviews": found} if self.slug == "trustpilot" else found)

    def walked(self) -> Iterator[tuple[int, str]]:
        connector = registry.get(self.slug)
        settings = ConnectorCase(connector, registry.folder(self.slug)).settings
        source = connector.source
        assert source is not None
        assert source.backfill is not None
        connection = Connection("desk", connector, settings, tokens=SampleTokens())
        with open_client(connection, source, transport=httpx.MockTransport(self)) as http:
            for page in source.backfill(http, settings, None, None):
                for item in page.items:
                    body = json.loads(item.body)
                    ticket = body.get("ticket", body)
                    yield ticket["id"], ticket["updated_at"]


@pytest.mark.parametrize(("page", "changes"), [(1, 3), (2, 101)], ids=["on a page", "within a moment of several"])
@pytest.mark.parametrize("slug", ["zammad", "freshdesk", "trustpilot"])
def test_no_ticket_is_lost_where_many_changed_at_once_or_change_meanwhile(slug: str, page: int, changes: int) -> None:
    """airbytehq/airbyte#42958: a list by page number loses what moves while it is read."""

    def one_is_answered(desk: Desk) -> None:
        if desk.asked == page:
            desk.changed[changes] = 5_000

    changed = {number: 10 if number > 150 else number // 10 for number in range(1, 401)}
    desk = Desk(slug, changed, one_is_answered)

    found = set(desk.walked())

    assert {number for number, _ in found} == set(range(1, 401))
    assert (changes, zulu(5_000)) in found
    assert desk.asked < 12


def test_zendesks_signature_is_of_the_time_too() -> None:
    case = ConnectorCase(registry.get("zendesk"), registry.folder("zendesk"))
    assert case.source.sign
    assert case.source.verify
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/x", {}, {}, b'{"id":"1"}', AT)
    signed = case.source.sign(delivery, case.settings)
    header = "x-zendesk-webhook-signature-timestamp"

    case.source.verify(signed, case.settings)
    for time in ("2026-03-02T09:00:01Z", "", "yesterday"):
        with pytest.raises(VerificationError):
            case.source.verify(replace(signed, headers={**signed.headers, header: time}), case.settings)

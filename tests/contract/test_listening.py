"""What people say on networks: whose words they are, and that a list read by id loses none of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from hub.errors import SkipEvent
from hub.model.event import CustomerEvent, InteractionEvent
from hub.sdk import registry
from hub.sdk.connection import Connection, open_client
from hub.sdk.source import InboxEntry, RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import entry_of

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA = {"id": 7111111111, "is_bot": False, "first_name": "Anna"}


def telegram(**update: Any) -> list[Any]:
    case = ConnectorCase(registry.get("telegram"), registry.folder("telegram"))
    assert case.source.name_event
    body = json.dumps({"update_id": 1, **update}).encode()
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/bot", {}, {}, body, AT)
    return list(case.source.parse(entry_of(delivery, case.source.name_event(delivery, case.settings)), case.settings))


def message(**more: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1772442000, "chat": {"id": 71, "type": "private"}, "from": ANNA, **more}


@pytest.mark.parametrize(
    ("contact", "phones"),
    [
        ({"phone_number": "4915112345671", "user_id": ANNA["id"]}, ["+4915112345671"]),
        ({"phone_number": "+4915112345671", "user_id": ANNA["id"]}, ["+4915112345671"]),
        ({"phone_number": "4915112345671", "user_id": 9}, []),
        ({"phone_number": "4915112345671"}, []),
    ],
)
def test_a_number_is_of_whoever_shared_their_own_contact(contact: dict[str, Any], phones: list[str]) -> None:
    [who, _] = telegram(message=message(contact=contact))

    assert isinstance(who, CustomerEvent)
    assert [point.value for point in who.customer.phones] == phones


@pytest.mark.parametrize(
    "update",
    [
        {"message": message(**{"from": {"id": 1, "is_bot": True, "first_name": "Bot"}})},
        {"message": {"message_id": 5, "date": 1772442000, "chat": {"id": -1, "type": "channel"}, "text": "Post"}},
        {"channel_post": {"message_id": 5, "date": 1, "chat": {"id": -1, "type": "channel"}}},
        {"my_chat_member": {"from": ANNA, "chat": {"id": 71, "type": "private"}, "date": 1}},
    ],
)
def test_what_no_person_said_is_skipped(update: dict[str, Any]) -> None:
    with pytest.raises(SkipEvent):
        telegram(**update)


def test_an_edited_message_writes_nothing_over() -> None:
    [_, first] = telegram(message=message(text="M"))
    [_, second] = telegram(edited_message=message(text="L", edit_date=1772442060))

    assert isinstance(first, InteractionEvent)
    assert isinstance(second, InteractionEvent)
    assert second.interaction.reference == first.interaction.external_id != second.interaction.external_id


def status(number: int) -> dict[str, Any]:
    account = {"id": "9", "acct": "anna@elbe.example", "url": "https://elbe.example/@anna"}
    return {"id": str(number), "created_at": "2026-03-02T09:00:00Z", "account": account, "content": "<p>x</p>"}


def test_mastodon_is_read_on_by_id_whatever_the_number_of_digits() -> None:
    """Ids are text and grow a digit at times: 99 comes before 100."""
    posts = [status(number) for number in (95, 96, 97, 98, 99, 100, 101)]

    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["min_id"])
        found = [one for one in posts if int(one["id"]) > after][:3] if "timelines" in request.url.path else []
        return httpx.Response(200, json=found[::-1])

    connector = registry.get("mastodon")
    case = ConnectorCase(connector, registry.folder("mastodon"))
    source, connection = case.source, Connection("fediverse", connector, case.settings)
    assert source.backfill
    with open_client(connection, source, transport=httpx.MockTransport(answer)) as http:
        pages = list(source.backfill(http, case.settings, None, None))
        posts.append(status(102))
        again = [item for page in source.backfill(http, case.settings, None, pages[-1].cursor) for item in page.items]

    assert [json.loads(item.body)["id"] for page in pages for item in page.items] == [
        "97", "96", "95", "100", "99", "98", "101",
    ]  # fmt: skip
    assert [json.loads(item.body)["id"] for item in again] == ["102"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account": {**status(1)["account"], "bot": True}}, "bot"),
        ({"account": {**status(1)["account"], "acct": "Hafenkante"}}, "our own"),
    ],
)
def test_posts_of_bots_and_of_ourselves_are_no_mentions(change: dict[str, Any], reason: str) -> None:
    case = ConnectorCase(registry.get("mastodon"), registry.folder("mastodon"))
    body = json.dumps({**status(1), **change}).encode()

    with pytest.raises(SkipEvent, match=reason):
        case.source.parse(InboxEntry("fediverse", "1", "status", {}, body, AT), case.settings)

"""What of a delivery nobody reads is found without asking the connector."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hub.normalise.left_unread import left_unread
from hub.sdk.connection import Connection, load_connections
from hub.sdk.source import InboxEntry, RawDelivery

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def app(**options: Any) -> Connection:
    read = [{"customer": {"id": "id", "email": "mails", "custom": {"first article": "rows[0].name"}}}]
    given = {"verify": {"none": True}, "event": {"topic": "type"}, "read": read, **options}
    return load_connections({"app": ("webhook_in", given)}, default_region="DE")["app"]


def unread(body: Any, connection: Connection, **fetched: Any) -> list[str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = {f"{name}.0": json.dumps(value).encode() for name, value in fetched.items()}
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/app", {}, {}, raw, NOW)
    return left_unread(delivery, InboxEntry("app", "e", "seen", {}, raw, NOW, found), connection)


def test_a_path_that_changes_nothing_was_left_unread_and_one_member_read_is_the_list_read():
    body = {"type": "seen", "id": 5, "mails": ["ida@example.com"], "age": 30, "empty": None,
            "rows": [{"name": "Tee", "price": 5}, {"name": "Tasse", "price": 9}], "shop": {"name": "Nord"}}  # fmt: skip

    assert unread(body, app()) == ["age", "rows.*.price", "shop.name"]


def test_what_is_fetched_is_looked_at_too_and_what_leads_to_it_counts_as_read():
    read = [{"of": "person", "customer": {"id": "id", "email": "mail"}}]
    connection = app(base_url="https://api.example.com", complete={"person": {"path": "/people/{ref}"}}, read=read)

    found = unread(
        {"type": "seen", "ref": 7, "why": "x"}, connection, person={"id": 7, "mail": "a@example.com", "vip": True}
    )

    assert found == ["why", "person.0: vip"]


def test_a_list_as_the_body_and_what_is_no_json():
    connection = app()

    assert unread([{"id": 1, "x": 1}, {"id": 2, "x": 2}], connection) == ["*.x"]
    assert unread(b"<xml/>", connection) == []

"""What of a verified delivery is kept, and what is refused; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.errors import PayloadError, VerificationError
from hub.intake.verify import verify
from hub.sdk.source import UNREADABLE, EventName, RawDelivery
from hub.store.inbox import NewEntry
from tests.support.doubles import Crm, sign, source

BODY = b"[]"
NOW = datetime.now(UTC)


def delivery(body: bytes = BODY, **headers: str) -> RawDelivery:
    signed = {**sign(BODY, sent_at=NOW), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return RawDelivery("POST", "https://hub.example.com/webhooks/shop", {}, signed, body, NOW)


def test_a_signed_delivery_is_kept_as_it_came() -> None:
    found = verify(source("shop"), delivery())
    assert found == NewEntry("shop", "e1", "events", found.headers, BODY, NOW)
    assert '"x-event-id":"e1"' in found.headers


def test_another_body_under_the_same_signature_is_refused() -> None:
    with pytest.raises(VerificationError, match="wrong signature"):
        verify(source("shop"), delivery(b"[1]"))


def test_credentials_and_cookies_are_not_kept() -> None:
    found = verify(
        source("shop"), delivery(authorization="Bearer s3cret", cookie="s3cret", proxy_authorization="s3cret")
    )
    assert "s3cret" not in found.headers


def test_a_connection_that_only_receives_takes_no_webhooks() -> None:
    with pytest.raises(VerificationError):
        verify(Crm().connection("crm"), delivery())


@pytest.mark.parametrize("error", [PayloadError("missing", path="id"), KeyError("id")])
def test_a_signed_delivery_without_a_name_is_kept_under_its_bytes(error: Exception) -> None:
    def nameless(*_: Any) -> EventName:
        raise error

    made = source("shop", name_event=nameless)
    one, again = verify(made, delivery()), verify(made, replace(delivery(), received_at=NOW))
    assert one.topic == UNREADABLE
    assert one.event_id == again.event_id
    assert one.event_id.startswith("unreadable:")

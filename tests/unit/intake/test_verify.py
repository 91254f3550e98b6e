"""What a sender may write into headers and ids never makes an entry that cannot be stored or read again."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from hub.intake.verify import verify
from hub.sdk.connection import load_connections
from hub.sdk.source import EventName, RawDelivery
from hub.store.text import storable
from tests.support.doubles import START, sign, source

BODY = b"[]"


def delivery(**headers: str) -> RawDelivery:
    return RawDelivery("POST", "", {}, {**sign(BODY, sent_at=START), **headers}, BODY, START)


@pytest.mark.parametrize("value", ["a\\u0000", "\\\\u0000", "a\x00b", 'quote"', "\\"])
def test_a_header_comes_back_as_it_was(value: str) -> None:
    entry = verify(source("shop"), replace(delivery(), headers={**delivery().headers, "x-note": value}))
    assert orjson.loads(entry.headers)["x-note"] == value
    assert "\x00" not in entry.headers


@pytest.mark.parametrize("event_id", ["e\x001", "e\ud8001", "\ud800" * 600, "x" * 5_000])
def test_an_event_id_is_always_one_that_the_database_takes(event_id: str) -> None:
    named = source("shop", name_event=lambda *_: EventName(event_id, event_id))
    entry = verify(named, delivery())
    for text in (entry.event_id, entry.topic):
        assert "\x00" not in text
        text.encode()
    assert len(entry.event_id) <= 500


def test_an_id_of_plain_words_is_left_alone() -> None:
    assert storable("orders/create:Größe \\u0000") == "orders/create:Größe \\u0000"


def test_a_secret_that_comes_in_a_header_is_not_kept_with_the_delivery() -> None:
    given = {
        "verify": {"header": "X-Token"},
        "webhook_secret": ["new-one", "s3cret"],
        "read": [{"deletion": {"id": "id"}}],
    }
    connection = load_connections({"app": ("webhook_in", given)}, default_region="DE")["app"]
    headers = {"x-token": "s3cret", "x-forwarded-token": "Token s3cret", "x-kind": "order"}

    entry = verify(connection, RawDelivery("POST", "", {}, headers, b'{"id": 1}', START))

    assert orjson.loads(entry.headers) == {"x-kind": "order"}
